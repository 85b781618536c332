"""The ground that the demonstration district stands on.

A coarse outline drawn by us, parted among fourteen subdistricts: each takes what lies
nearer to its seat than to any other. Names and codes are real, lines are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Polygon

from hexi_solar.facts import read_facts


@dataclass(frozen=True)
class Area:
    """One subdistrict as we lay it out; `turn` in degrees against east, lengths in metres."""

    code: str
    name: str
    seat: tuple[float, float]
    turn: float
    block: tuple[float, float]
    built: tuple[int, int]
    sites: dict[str, int]
    shape: Polygon


def outline() -> Polygon:
    """Return the coarse outline, EPSG:4548 [m]."""
    return Polygon(read_facts("demo")["outline"]["points"])


def river_side() -> LineString:
    """Return the side of the outline that lies along the river, EPSG:4548 [m]."""
    drawn = read_facts("demo")["outline"]
    first, last = drawn["river"]
    return LineString(drawn["points"][first - 1 : last])


def areas() -> list[Area]:
    """Part the outline among the subdistricts, in the order of their codes."""
    given: dict[str, Any] = read_facts("demo")["subdistricts"]
    seats = [tuple(entry["seat"]) for entry in given.values()]
    cells = shapely.voronoi_polygons(MultiPoint(seats), extend_to=outline().buffer(5000))
    found = []
    for (code, entry), seat in zip(given.items(), seats, strict=True):
        cell = next(c for c in cells.geoms if c.covers(shapely.Point(seat)))
        design = {k: entry[k] for k in ("name", "turn", "sites")}
        block, built = tuple(entry["block"]), tuple(entry["built"])
        shape = to_centimetres(largest(cell.intersection(outline())))
        found.append(Area(code, seat=seat, block=block, built=built, shape=shape, **design))
    return found


def zones() -> list[tuple[str, Polygon]]:
    """Return the invented zones by name, EPSG:4548 [m]."""
    boxes = read_facts("demo")["zones"]["boxes"]
    return [(z["name"], to_centimetres(shapely.box(*z["box"]))) for z in boxes]


def largest(shape: shapely.Geometry) -> Polygon:
    """Return the largest polygon of a shape."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    found: Polygon = max(parts, key=lambda part: part.area)
    return found


def to_centimetres(shape: Polygon) -> Polygon:
    """Round a polygon to whole centimetres, its ring started at one place on any machine."""
    rounded: Polygon = shapely.transform(shapely.normalize(shape), lambda xy: np.round(xy, 2))
    return rounded
