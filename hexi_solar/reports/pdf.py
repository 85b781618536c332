"""Writes a document as PDF, through typst.

The template `report.typ` is ours and fixed; what a document says reaches it as JSON, so
that no name of a building is ever read as markup. Fonts are the machine's: without one
that has Chinese letters nothing is written, rather than boxes.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from hexi_solar.errors import OutputError, Problem
from hexi_solar.reports.document import (
    Block,
    Bullets,
    Document,
    Figures,
    Heading,
    PageBreak,
    Paragraph,
    Picture,
    Pictures,
    Table,
)

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "Microsoft YaHei", "PingFang SC", "HarmonyOS Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "SimHei", "SimSun", "Noto Serif CJK SC",
)  # fmt: skip
DPI = 220


@cache
def fonts() -> typst.Fonts:
    """Find the machine's fonts, once."""
    return typst.Fonts(include_system_fonts=True)


def chinese_fonts() -> list[str]:
    """
    Return the families of this machine that have Chinese letters, the best first.

    Raises
    ------
    OutputError
        If there is none.
    """
    there = set(fonts().families())
    found = [family for family in CHINESE_FONTS if family in there]
    if not found:
        raise OutputError(Problem("no_chinese_font", {"known": ", ".join(CHINESE_FONTS[:6])}))
    return found


def pdf_of(documents: Document | Sequence[Document]) -> bytes:
    """
    Set a document, or several one after the other, as PDF.

    Returns
    -------
    pdf
        The same bytes for the same document and fonts.

    Raises
    ------
    OutputError
        If the machine has no font with Chinese letters.
    """
    document = documents if isinstance(documents, Document) else joined(documents)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "report.typ").write_bytes(_template())
        (folder / "document.json").write_text(
            json.dumps(_data(document, folder), ensure_ascii=False), "utf-8"
        )
        moment = dt.datetime.fromisoformat(document.day).replace(tzinfo=dt.UTC)
        compiler = typst.Compiler(folder / "report.typ", root=folder, font_paths=fonts())
        pdf = compiler.compile(format="pdf", timestamp=moment)
    assert isinstance(pdf, bytes)
    return pdf


def png_of(svg: str, width_mm: float) -> bytes:
    """Draw an SVG as PNG, for documents that take no other picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "picture.svg").write_text(svg, "utf-8")
        page = (
            f"#set page(width: {width_mm:.2f}mm, height: auto, margin: 0pt)\n"
            '#image("picture.svg", width: 100%)\n'
        )
        (folder / "page.typ").write_text(page, "utf-8")
        compiler = typst.Compiler(folder / "page.typ", root=folder, font_paths=fonts())
        png = compiler.compile(format="png", ppi=DPI)
    assert isinstance(png, bytes)
    return png


def joined(documents: Sequence[Document]) -> Document:
    """Put documents without covers one after the other, each on a new page."""
    blocks: list[Block] = []
    for number, document in enumerate(documents):
        if number:
            blocks += [PageBreak(), Heading(document.title), Paragraph(document.subtitle, "note")]
        blocks += document.blocks
    first = documents[0]
    return Document(
        first.title, first.subtitle, first.language, first.day, tuple(blocks), first.footer,
        first.stamp, cover=False, margin_mm=first.margin_mm,
    )  # fmt: skip


@cache
def _template() -> bytes:
    return files("hexi_solar.reports").joinpath("report.typ").read_bytes()


def _data(document: Document, folder: Path) -> dict[str, Any]:
    """Write a document out as what the template reads; pictures become files beside it."""
    # several put together: the first one's title is not that of the others
    several = not document.cover and any(isinstance(b, PageBreak) for b in document.blocks)
    return {
        "title": document.title, "subtitle": document.subtitle, "language": document.language,
        "day": document.day, "author": "hexi_solar", "footer": document.footer,
        "stamp": document.stamp, "running": "" if several else document.title, "cover": document.cover,
        "margin": document.margin_mm, "fonts": chinese_fonts(),
        "blocks": [_block(b, n, folder) for n, b in enumerate(document.blocks)],
    }  # fmt: skip


def _block(block: Block, number: int, folder: Path) -> dict[str, Any]:
    """Write one block out."""
    match block:
        case Heading(text, level):
            return {"kind": "heading", "text": text, "level": level}
        case Paragraph(text, tone):
            return {"kind": "paragraph", "text": text, "tone": tone}
        case Bullets(items, numbered):
            return {"kind": "bullets", "items": list(items), "numbered": numbered}
        case Figures(figures):
            return {"kind": "figures", "figures": [vars(f) for f in figures]}
        case Table():
            return _table(block)
        case Picture():
            return _picture(block, f"picture-{number}", folder)
        case Pictures(pictures):
            parts = [_picture(p, f"picture-{number}-{n}", folder) for n, p in enumerate(pictures)]
            return {"kind": "pictures", "pictures": parts}
        case PageBreak():
            return {"kind": "pagebreak"}


def _picture(picture: Picture, name: str, folder: Path) -> dict[str, Any]:
    """Write a drawing beside the document, and say where."""
    (folder / f"{name}.svg").write_text(picture.svg, "utf-8")
    about = {"width": picture.width_mm, "caption": picture.caption, "described": picture.described}
    return {"kind": "picture", "file": f"{name}.svg", **about}


def _table(table: Table) -> dict[str, Any]:
    return {
        "kind": "table", "caption": table.caption, "small": table.small,
        "columns": [vars(c) for c in table.columns], "rows": [list(r) for r in table.rows],
        "strong": sorted(table.strong),
    }  # fmt: skip
