"""Which characters the bytes of a table mean.

Chinese files seldom say it, and guessing wrong is silent. The order is: what the plan
says, the `.cpg` file, the language byte of the DBF, UTF-8 if every byte agrees with it,
and GB18030, which contains GBK and GB 2312.
"""

from __future__ import annotations

import codecs
import struct
from pathlib import Path

# language byte of a DBF (offset 29) where it settles the matter; 0x57 and 0x03 are
# written by default whatever the text is, so they settle nothing
DBF_LANGUAGES = {
    0x13: "cp932", 0x4D: "gb18030", 0x4E: "cp949", 0x4F: "cp950",
    0x78: "cp950", 0x79: "cp949", 0x7A: "gb18030", 0x7B: "cp932",
}  # fmt: skip
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# GBK is contained in GB18030, and so are the names that files give it
_CHINESE = ("936", "cp936", "gbk", "gb2312", "ms936", "ansi 936", "ansi936", "oem 936", "euc-cn")


def known_encoding(name: str) -> str:
    """
    Bring the name of an encoding to Python's; empty if there is no such encoding.

    Examples
    --------
    >>> known_encoding("ANSI 936"), known_encoding("UTF8"), known_encoding("klingon")
    ('gb18030', 'utf-8', '')
    """
    name = name.strip().lower()
    if name in _CHINESE:
        return "gb18030"
    for candidate in (name, f"cp{name}"):
        try:
            return codecs.lookup(candidate).name
        except (LookupError, ValueError):
            continue
    return ""


def decodes(data: bytes, encoding: str) -> bool:
    """Say whether bytes are text in an encoding."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def dbf_encoding(path: Path) -> tuple[str, str]:
    """
    Find the encoding of a DBF and what told it.

    Parameters
    ----------
    path
        The `.dbf`, with a `.cpg` beside it or not.

    Returns
    -------
    encoding, evidence
        Python's name of the encoding, and `cpg`, `ldid`, `utf-8` or `guess`; `cpg_wrong`
        where a `.cpg` is contradicted by the bytes.
    """
    header, texts = _dbf_texts(path)
    said = _cpg(path)
    if said and all(_fits(text, said) for text in texts):
        return said, "cpg"
    evidence = "cpg_wrong" if said else "ldid"
    language = DBF_LANGUAGES.get(header[29], "")
    if language and all(_fits(text, language) for text in texts):
        return language, evidence
    if all(_fits(text, "utf-8") for text in texts):
        return "utf-8", "cpg_wrong" if said else "utf-8"
    return "gb18030", "cpg_wrong" if said else "guess"


def _cpg(dbf: Path) -> str:
    """Read the encoding that a `.cpg` names."""
    for suffix in (".cpg", ".CPG", ".Cpg"):
        file = dbf.with_suffix(suffix)
        if file.is_file():
            return known_encoding(file.read_text("ascii", "ignore"))
    return ""


def _fits(text: bytes, encoding: str) -> bool:
    """Say whether a field is text in an encoding; a full field may end inside a character."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(text.rstrip(b" \0"), final=False)
    except UnicodeDecodeError:
        return False
    return True


def _dbf_texts(path: Path, rows: int = 20_000) -> tuple[bytes, list[bytes]]:
    """Read the header, the field names and the text fields of the first rows of a DBF."""
    with path.open("rb") as file:
        header = file.read(32).ljust(32, b"\0")
        count, header_size, row_size = struct.unpack("<IHH", header[4:12])
        fields = file.read(max(header_size - 32, 0))
        body = file.read(row_size * min(count, rows))
    texts, spans, offset = set(), [], 1
    for start in range(0, len(fields) - 31, 32):
        if fields[start] == 0x0D:
            break
        texts.add(fields[start : start + 11].split(b"\0")[0])
        width = fields[start + 16]
        if fields[start + 11 : start + 12] == b"C":
            spans.append((offset, offset + width))
        offset += width
    for start in range(0, len(body) - row_size + 1, row_size or 1):
        row = body[start : start + row_size]
        texts.update(row[a:b] for a, b in spans if not row[a:b].isascii())
    return header, [t for t in texts if not t.isascii()]


def text_encoding(data: bytes) -> str:
    """
    Find the encoding of a text file: its mark, strict UTF-8, or GB18030.

    Returns
    -------
    encoding
        Python's name, empty if the bytes are none of these.

    Examples
    --------
    >>> text_encoding("名称,面积".encode("gbk")), text_encoding("名称".encode())
    ('gb18030', 'utf-8')
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    return next((name for name in ("utf-8", "gb18030") if decodes(data, name)), "")
