"""The files of the demonstration district, the same bytes every time and everywhere.

GeoJSON and CSV are written here by hand, coordinates in whole centimetres: file formats
that carry a clock or the version of a library would differ from machine to machine.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from hexi_solar.demo.city import Building, build_city
from hexi_solar.demo.dice import Dice
from hexi_solar.demo.office import office_tables
from hexi_solar.demo.outline import areas, outline, zones
from hexi_solar.demo.register import COLUMNS, register
from hexi_solar.demo.tables import LEDGER, in_ledger, layer_row, ledger_row
from hexi_solar.errors import OutputError, Problem
from hexi_solar.facts import fact

CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}


def write_demo(folder: Path, *, force: bool = False) -> Path:
    """
    Write the demonstration district: layers, ledger, register, what else the office keeps, and plan.

    Parameters
    ----------
    folder
        Where to; made if it is not there.
    force
        Replace files whose content is not what is written here.

    Returns
    -------
    plan
        Path of the `plan.toml` to run.

    Raises
    ------
    OutputError
        If files of these names say something else: someone changed them. Nothing is
        written then.
    """
    folder = Path(folder)
    contents = demo_files()
    changed = [] if force else [n for n in contents if _differs(folder / n, contents[n])]
    if changed:
        facts = {"folder": folder, "files": ", ".join(changed)}
        raise OutputError(Problem("demo_changed", facts))
    folder.mkdir(parents=True, exist_ok=True)
    # all of it aside first, so that a full disk or an interrupt leaves no half file
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as aside:
        for name, content in contents.items():
            (Path(aside) / name).write_bytes(content)
        for name in contents:
            (Path(aside) / name).replace(folder / name)
    return folder / "plan.toml"


def _differs(file: Path, content: bytes) -> bool:
    """Tell whether something else stands where a file should go."""
    try:
        return file.read_bytes() != content
    except FileNotFoundError:
        return False


def demo_files() -> dict[str, bytes]:
    """Return every file of the demonstration district by name."""
    seed = int(fact("demo.seed"))
    buildings = build_city(seed)
    ledger = [ledger_row(b) for b in buildings if in_ledger(b)]
    texts = {
        name: files("hexi_solar.demo").joinpath(name).read_text("utf-8")
        for name in ("plan.toml", "README.txt")
    }
    return {
        "buildings.geojson": _buildings(buildings, seed),
        "boundary.geojson": geojson(
            "boundary", [({"name": "示范区范围（粗略，合成）"}, rings_of(outline()))]
        ),
        "subdistricts.geojson": geojson(
            "subdistricts", [({"code": a.code, "name": a.name}, rings_of(a.shape)) for a in areas()]
        ),
        "zones.geojson": geojson("zones", [({"name": n}, rings_of(shape)) for n, shape in zones()]),
        "ledger.csv": table(LEDGER, ledger),
        "register.csv": table(COLUMNS, register(buildings, seed)),
        **{name: table(*found) for name, found in office_tables(buildings, seed).items()},
    } | {name: text.encode("utf-8") for name, text in texts.items()}


def _buildings(buildings: list[Building], seed: int) -> bytes:
    """Write the footprints with their attributes and gaps."""
    dice = Dice(seed, 7)
    return geojson("buildings", [(layer_row(b, dice), b.rings) for b in buildings])


def rings_of(shape: Polygon) -> list[Any]:
    """Return the rings of a polygon, the closing point left to `geojson`."""
    return [np.array(r.coords)[:-1, :2] for r in (shape.exterior, *shape.interiors)]


def geojson(name: str, features: Iterable[tuple[dict[str, Any], list[Any]]]) -> bytes:
    """Write polygons in EPSG:4548 as GeoJSON with its system named, one line per feature."""
    lines = []
    for properties, rings in features:
        closed = [[*(r := ring.tolist()), r[0]] for ring in rings]
        shape = {"type": "Polygon", "coordinates": closed}
        feature = {"type": "Feature", "properties": properties, "geometry": shape}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    head = json.dumps({"type": "FeatureCollection", "name": name, "crs": CRS}, ensure_ascii=False)
    body = ",\n".join(lines)
    return f'{head[:-1]}, "features": [\n{body}\n]}}\n'.encode()


def table(columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """Write rows as the CSV that a spreadsheet opens: UTF-8 with its mark, CRLF."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
