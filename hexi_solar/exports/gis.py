"""Candidates for geographic information systems: GeoPackage, GeoJSON and KML.

The shape of a candidate is the footprint of its building. GeoPackage stays in the
plan's projected system; GeoJSON (RFC 7946) and KML are in longitude and latitude.
"""

from __future__ import annotations

import errno
import html
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from hexi_solar.config import Plan
from hexi_solar.exports.tables import is_unknown, joined
from hexi_solar.exports.words import as_words, title, unit_value
from hexi_solar.labels import label, text
from hexi_solar.schema import CANDIDATES
from hexi_solar.study import Study

WGS84 = "EPSG:4326"
# 0.1 µ° is about 1 cm
COORDINATE_DECIMALS = 7
# when GDAL fails with less free than this, that is taken for the cause [bytes]
LITTLE_SPACE = 16 << 20
# what a balloon in KML says, in this order
BALLOON = (
    "rank", "owner_type", "public_institution", "department", "subdistrict", "eligible",
    "reasons", "roof_area_m2", "installable_area_m2", "capacity_kwp", "energy_ac_kwh",
    "specific_yield_kwh_kwp", "co2_t", "existing_kwp", "load_evidence",
)  # fmt: skip
# aabbggrr; by `eligible`: Okabe-Ito's bluish green, grey, orange
FILLS = {"yes": "b3739e00", "no": "80999999", "unknown": "b3009fe6"}


def candidate_shapes(study: Study) -> gpd.GeoDataFrame:
    """Join candidates, best first, with the footprints of their buildings."""
    table = study.candidates.sort_values(["rank"], kind="stable")
    shapes = study.buildings.geometry.reindex(table.index)
    return gpd.GeoDataFrame(table, geometry=shapes.array, crs=study.buildings.crs)


# -- GeoPackage --------------------------------------------------------------------------------


def write_gpkg(study: Study, path: Path) -> None:
    """
    Write candidates and their module fields as layers of one GeoPackage.

    Raises
    ------
    OSError
        If it could not be written in full.
    """
    fields = study.layouts.sort_index()
    layers = {"candidates": candidate_shapes(study), "layouts": fields}
    with _dated(study.plan), _as_os_error(path):
        for name, frame in layers.items():
            # polygons and their multiples in one layer: the general kind takes both
            pyogrio.write_dataframe(
                _flat(frame), path, layer=name, driver="GPKG", geometry_type="Unknown"
            )
        for name, frame in layers.items():
            _confirm(path, name, len(frame))


def _confirm(path: Path, name: str, rows: int) -> None:
    """Count the rows of a layer: GDAL does not always say that a disk is full."""
    found = pyogrio.read_info(path, layer=name)["features"]
    if found != rows:
        message = f"{found} of {rows} rows of layer {name} were written"
        raise RuntimeError(message)


@contextmanager
def _as_os_error(path: Path) -> Iterator[None]:
    """Turn GDAL's errors, which do not give the cause by number, into the system's."""
    try:
        yield
    except RuntimeError as error:
        full = shutil.disk_usage(path.parent).free < LITTLE_SPACE
        number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, f"{os.strerror(number)}: {error}", str(path)) from error


@contextmanager
def _dated(plan: Plan) -> Iterator[None]:
    """Let GDAL write the plan's day as the day of change, so that the bytes repeat."""
    key = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(key)
    pyogrio.set_gdal_config_options({key: f"{plan.today.isoformat()}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({key: before})


def _flat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Turn the index into columns and lists into text."""
    flat = frame.reset_index()
    for name in flat.columns.drop(flat.geometry.name):
        if flat[name].map(lambda v: isinstance(v, list | tuple | np.ndarray)).any():
            flat[name] = flat[name].map(joined)
    return flat


# -- GeoJSON -----------------------------------------------------------------------------------


def write_geojson(study: Study, path: Path) -> None:
    """Write candidates as GeoJSON (RFC 7946): WGS84, outer rings counterclockwise."""
    frame = _in_degrees(candidate_shapes(study))
    names = [c.name for c in CANDIDATES if c.name in frame]
    head = {
        "type": "FeatureCollection",
        "name": title(study.plan),
        "as_of": study.plan.today.isoformat(),
        "synthetic": study.plan.synthetic,
        "stamp": study.plan.map.stamp,
    }
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_json(head)[:-1] + ',"features":[\n')
        rows = frame[names].to_dict("records")
        for i, (key, row, shape) in enumerate(zip(frame.index, rows, frame.geometry, strict=True)):
            file.write((",\n" if i else "") + _feature(str(key), row, shape))
        file.write("\n]}\n")


def _feature(key: str, row: dict[str, Any], shape: shapely.Geometry | None) -> str:
    """Write one feature on one line."""
    properties = {"building_id": key}
    properties |= {c.name: unit_value(row[c.name], c) for c in CANDIDATES if c.name in row}
    geometry = shapely.to_geojson(shape) if shape is not None else "null"
    head = _json({"type": "Feature", "id": key, "properties": properties})
    return f'{head[:-1]},"geometry":{geometry}}}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _in_degrees(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bring shapes to WGS84, rings in RFC 7946's order, coordinates rounded."""
    shapes = frame.geometry.to_crs(WGS84)
    turned = shapely.orient_polygons(shapely.force_2d(shapes.to_numpy()))
    rounded = shapely.transform(turned, lambda c: np.round(c, COORDINATE_DECIMALS))
    return frame.set_geometry(gpd.GeoSeries(rounded, index=frame.index, crs=WGS84))


# -- KML ---------------------------------------------------------------------------------------


def write_kml(study: Study, path: Path) -> None:
    """Write candidates as KML, one folder per owner type, in the language of the study."""
    frame = _in_degrees(candidate_shapes(study))
    language = study.plan.language
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write('<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n')
        file.write(f"<name>{_xml(title(study.plan))}</name>\n")
        file.write(f"<description>{_xml(_said(study.plan))}</description>\n")
        file.writelines(_style(word, fill) for word, fill in FILLS.items())
        for kind, rows in frame.groupby("owner_type", sort=True):
            file.write(f"<Folder><name>{_xml(label('owner_type', kind, language))}</name>\n")
            file.writelines(_placemark(str(key), row, language) for key, row in rows.iterrows())
            file.write("</Folder>\n")
        file.write("</Document>\n</kml>\n")


def _said(plan: Plan) -> str:
    """Say what a file is, for people who open it without the rest."""
    lines = [plan.map.stamp, text("exports.as_of", plan.language, day=plan.today.isoformat())]
    if plan.synthetic:
        lines.insert(0, text("exports.synthetic", plan.language))
    return " | ".join(line for line in lines if line)


def _style(word: str, fill: str) -> str:
    line = "<LineStyle><color>ff404040</color><width>1</width></LineStyle>"
    polygon = f"<PolyStyle><color>{fill}</color></PolyStyle>"
    return f'<Style id="{word}">{line}{polygon}</Style>\n'


def _placemark(key: str, row: pd.Series, language: str) -> str:
    """Write one candidate; the balloon is HTML, so its texts are escaped twice."""
    name = key if is_unknown(row["name"]) else str(row["name"])
    facts = [("building_id", text("exports.building_id", language), key)]
    facts += [
        (c.name, c.label(language), as_words(row[c.name], c, language))
        for c in (CANDIDATES[n] for n in BALLOON if n in row)
    ]
    lines = "".join(
        f"<tr><th align='left'>{html.escape(said)}</th><td>{html.escape(value)}</td></tr>"
        for _, said, value in facts
    )
    data = "".join(
        f"<Data name={quoteattr(c)}><value>{_xml(_raw(row, c, key))}</value></Data>"
        for c, _, _ in facts
    )
    return (
        f"<Placemark><name>{_xml(name)}</name>"
        f"<description>{_xml(f'<table>{lines}</table>')}</description>"
        f"<styleUrl>#{_xml(str(row['eligible']))}</styleUrl>"
        f"<ExtendedData>{data}</ExtendedData>{_kml_shape(row.geometry)}</Placemark>\n"
    )


def _raw(row: pd.Series, name: str, key: str) -> str:
    """Write one value for machines."""
    value = key if name == "building_id" else unit_value(row[name], CANDIDATES[name])
    return "" if value is None else str(value)


def _kml_shape(shape: shapely.Geometry | None) -> str:
    """Write a polygon or several; a building without a shape has none."""
    parts = (
        [] if shape is None else [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    )
    polygons = "".join(
        "<Polygon>"
        + f"<outerBoundaryIs>{_ring(p.exterior)}</outerBoundaryIs>"
        + "".join(f"<innerBoundaryIs>{_ring(r)}</innerBoundaryIs>" for r in p.interiors)
        + "</Polygon>"
        for p in parts
    )
    return f"<MultiGeometry>{polygons}</MultiGeometry>" if len(parts) > 1 else polygons


def _ring(ring: shapely.LinearRing) -> str:
    points = " ".join(f"{x:.7f},{y:.7f}" for x, y in shapely.get_coordinates(ring))
    return f"<LinearRing><coordinates>{points}</coordinates></LinearRing>"


# what XML 1.0 cannot say at all
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _xml(value: str) -> str:
    """Write a text into XML."""
    return escape(_FORBIDDEN.sub("", value))
