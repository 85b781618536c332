"""Which files may be opened, and what lies inside an archive.

Only plain local files with a suffix that we know are opened, and only if their first
bytes are what the suffix says: a virtual dataset renamed to `.geojson` would read any
other file, or fetch one from the network. Archives are unpacked by us, by name and
size, never by the reader.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from hexi_solar.config import Plan
from hexi_solar.errors import LayerError, Problem

ARCHIVES = (".zip", ".kmz")
TABLES = (".xlsx", ".xlsm", ".csv", ".tsv")
PARQUET = (".parquet", ".geoparquet")
# suffix: drivers of GDAL that may answer to it
VECTORS: dict[str, tuple[str, ...]] = {
    ".shp": ("ESRI Shapefile",),
    ".gpkg": ("GPKG",),
    ".geojson": ("GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "JSONFG"),
    ".json": ("GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "JSONFG"),
    ".geojsonl": ("GeoJSONSeq", "GeoJSON"),
    ".geojsons": ("GeoJSONSeq", "GeoJSON"),
    ".ndjson": ("GeoJSONSeq", "GeoJSON"),
    ".topojson": ("TopoJSON",),
    ".fgb": ("FlatGeobuf",),
    ".gml": ("GML",),
    ".kml": ("LIBKML", "KML"),
    ".tab": ("MapInfo File",),
    ".mif": ("MapInfo File",),
    ".dxf": ("DXF",),
    ".gdb": ("OpenFileGDB",),
    ".sqlite": ("SQLite",),
}
JSON = (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".topojson")
XML = (".gml", ".kml")
SUFFIXES = (*VECTORS, *PARQUET, *TABLES, *ARCHIVES)

# files that belong to one shapefile or MapInfo table
SIBLINGS = (
    ".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx",
    ".tab", ".dat", ".map", ".id", ".ind", ".mif", ".mid",
)  # fmt: skip

_MAGIC = {
    ".gpkg": b"SQLite format 3",
    ".sqlite": b"SQLite format 3",
    ".fgb": b"fgb",
    ".shp": b"\x00\x00\x27\x0a",
    **dict.fromkeys(PARQUET, b"PAR1"),
    **dict.fromkeys((*ARCHIVES, ".xlsx", ".xlsm"), b"PK"),
}
# what a virtual dataset says of itself, in lower case
_VIRTUAL = (
    b"<ogrvrt", b"<vrtdataset", b"<gdaltileindex", b"<gdal_wms", b"gdal_streamed_alg",
    b"<ogrwfsdatasource", b"<ogrcswdatasource", b"<oapif",
)  # fmt: skip
_SNIFF = 1 << 20

# an honest archive of layers packs text to a twentieth; bombs to a thousandth
MAX_RATIO = 200
MAX_BYTES = 8 << 30
MAX_FILES = 2000


def check_file(path: Path, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """
    Refuse what is not a plain local file of a kind that we read.

    Raises
    ------
    LayerError
        If the file is missing, empty, remote, virtual, or not what its suffix says.
    """
    text, suffix = path.as_posix(), path.suffix.lower()
    if ":/" in text[2:] or text.lower().startswith("/vsi"):
        raise LayerError(Problem("layer_not_local", {"file": text}))
    if suffix not in suffixes:
        known = " ".join(suffixes)
        raise LayerError(Problem("layer_suffix", {"file": path.name, "known": known}))
    if not path.exists():
        raise LayerError(Problem("layer_missing", {"file": text}))
    if path.is_dir() != (suffix == ".gdb"):
        raise LayerError(Problem("layer_unreadable", {"file": path.name, "found": "folder"}))
    if not path.is_dir():
        _check_content(path, suffix)


def _check_content(path: Path, suffix: str) -> None:
    """Hold the first bytes of a file against its suffix."""
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFF)
    except OSError as error:
        raise LayerError(
            Problem("layer_unreadable", {"file": path.name, "found": error.strerror})
        ) from None
    if not head:
        raise LayerError(Problem("layer_empty", {"file": path.name}))
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    wrong = not head.startswith(_MAGIC.get(suffix, b""))
    wrong |= suffix in JSON and not start.startswith((b"{", b"[", b"\x1e"))
    wrong |= suffix in XML and not start.startswith(b"<")
    if suffix not in _MAGIC:
        lower = head.lower()
        wrong |= any(mark in lower for mark in _VIRTUAL)
    if wrong:
        raise LayerError(Problem("layer_disguised", {"file": path.name, "suffix": suffix}))


@contextmanager
def opened(path: Path, member: str = "") -> Iterator[Path]:
    """
    Give the file to read: the one named, or the one inside the archive.

    Parameters
    ----------
    path
        A file or an archive.
    member
        Which one, where an archive holds several; its name without suffix.

    Raises
    ------
    LayerError
        As `check_file`, and for archives that are bombs, leave their folder, or hold
        no layer or several.
    """
    check_file(path)
    if path.suffix.lower() not in ARCHIVES:
        yield path
        return
    with TemporaryDirectory(prefix="hexi_layers_") as folder:
        unpack(path, Path(folder))
        inner = _only_layer(path, Path(folder), member)
        check_file(inner)
        yield inner


def check_archive(path: Path) -> list[zipfile.ZipInfo]:
    """
    Refuse an archive that would burst, or write outside its folder.

    Returns
    -------
    members
        The files in it.

    Raises
    ------
    LayerError
        With what is wrong with it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise LayerError(Problem("layer_unreadable", {"file": path.name, "found": "zip"})) from None
    size = sum(m.file_size for m in members)
    ratio = size / max(path.stat().st_size, 1)
    if ratio > MAX_RATIO or size > MAX_BYTES or len(members) > MAX_FILES:
        facts = {"file": path.name, "size": f"{size / 1e6:,.0f}", "ratio": f"{ratio:,.0f}"}
        raise LayerError(Problem("layer_zip_bomb", facts))
    for m in members:
        inside = PurePosixPath(m.filename.replace("\\", "/"))
        link = (m.external_attr >> 16) & 0o170000 == 0o120000
        if inside.is_absolute() or ".." in inside.parts or ":" in m.filename or link:
            raise LayerError(Problem("layer_zip_path", {"file": path.name, "found": m.filename}))
        if m.flag_bits & 1:
            raise LayerError(Problem("layer_zip_locked", {"file": path.name}))
    return members


def unpack(path: Path, folder: Path) -> None:
    """Unpack an archive that passes `check_archive` into a folder."""
    members = check_archive(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for m in members:
                target = folder.joinpath(*PurePosixPath(_name(m).replace("\\", "/")).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(m) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError) as error:
        facts = {"file": path.name, "found": str(error)}
        raise LayerError(Problem("layer_unreadable", facts)) from None


def _name(member: zipfile.ZipInfo) -> str:
    """Read a member's name; without the flag for UTF-8, Chinese archivers write GBK."""
    if member.flag_bits & 0x800:
        return member.filename
    raw = member.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _only_layer(path: Path, folder: Path, member: str) -> Path:
    """Find the one layer of an unpacked archive, or the one that is named."""
    found = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in (*VECTORS, *PARQUET, *TABLES)
        and not any(p.suffix.lower() == ".gdb" for p in file.parents)
        and not file.name.startswith(("._", "."))
    ]
    named = [f for f in found if member and member in (f.stem, f.name)]
    if len(named) == 1:
        return named[0]
    # a container inside the archive has layers of its own, chosen when it is read
    if len(found) == 1:
        return found[0]
    names = ", ".join(f.name for f in found) or "-"
    code = "layer_zip_many" if found else "layer_zip_none"
    raise LayerError(Problem(code, {"file": path.name, "found": names}))


def input_checksums(plan: Plan) -> dict[str, str]:
    """
    Take the SHA-256 of every input file that a plan names.

    Parameters
    ----------
    plan
        The study; files that it names and that are not there are passed over.

    Returns
    -------
    checksums
        Path relative to the plan (as POSIX) and digest, with the companions of
        shapefiles and MapInfo tables and every file of a file geodatabase, sorted.
    """
    layers = plan.layers
    named = [layers.buildings.path, layers.boundary.path, layers.subdistricts.path]
    named += [layers.zones.path, layers.surface_model.path, layers.register.path]
    named += [layers.meters.path, plan.retrofit.meter_weather, plan.retrofit.equipment_grades]
    named += [
        layers.feeders.path,
        layers.detected.path,
        *plan.weather.paths,
        *plan.weather.period_paths,
    ]
    named += [table.path for table in layers.attributes] + [layer.path for layer in layers.points]
    base = plan.path.parent if plan.path else Path.cwd()
    found = {file for path in named if path is not None for file in _with_companions(path)}
    sums = {}
    for file in found:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        sums[Path(os.path.relpath(file, base)).as_posix()] = digest
    return dict(sorted(sums.items()))


def _with_companions(path: Path) -> list[Path]:
    """List a file with those that are read together with it."""
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file()]
    if path.suffix.lower() not in (".shp", ".tab", ".mif") or not path.is_file():
        return [path] if path.is_file() else []
    return [
        file
        for file in path.parent.iterdir()
        if file.stem == path.stem and file.suffix.lower() in SIBLINGS and file.is_file()
    ]
