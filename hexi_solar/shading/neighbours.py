"""What stands around: the walls of all buildings, and a grid that finds those nearby.

Every ring is kept with the building on its left, so a wall is seen from outside exactly
if it runs clockwise around the one who looks; rings of courtyards run the other way round
and so shade inwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from hexi_solar.shading.compiled import Floats, Integers, compiled

CELL_M = 100.0
MOST_CELLS_ALONG = 2000  # wider cells where one building was drawn in another country
POLYGON, MULTIPOLYGON = 3, 6
SAME_M = 0.001  # corners of one building drawn twice agree to this
MIXER = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden section, as Knuth multiplies


class Neighbours(NamedTuple):
    """Buildings as upright walls: outline and height.

    `first_corner` says where each ring begins in `x` and `y`, `first_ring` where the rings
    of each shape begin in `first_corner`, `first_entry` where the shapes of each cell of
    the grid begin in `entries`. The first corner of a ring is also its last.
    """

    x: Floats
    """Corners, from `origin`. [m]"""
    y: Floats
    """[m]"""
    first_corner: Integers
    first_ring: Integers
    box: Floats
    """West, south, east, north of each shape, from `origin`. [m]"""
    height: Floats
    """Top of each shape; NaN where it is not known. [m]"""
    alike: Integers
    """The first shape with the same outline: a building drawn twice does not shade itself."""
    origin: tuple[float, float]
    """In the plane coordinates of the shapes. [m]"""
    corner: tuple[float, float]
    """South-west corner of the grid, from `origin`. [m]"""
    cell_m: float
    columns: int
    rows: int
    first_entry: Integers
    entries: Integers


class Outlines(NamedTuple):
    """Outlines of buildings in three arrays, to be cut into tiles without touching shapes again.

    `first_corner` says where each ring begins in `corners`, `first_ring` where the rings of
    each building begin in `first_corner`. Buildings are on the left of their rings.
    """

    corners: Floats
    """East and north; the first corner of a ring is also its last. [m]"""
    first_corner: Integers
    first_ring: Integers

    def taken(self, which: Integers) -> Outlines:
        """Return some of them, by position."""
        corners, first_corner, first_ring = _taken(*self, np.asarray(which, dtype=np.int64))
        return Outlines(corners, first_corner, first_ring)

    def boxes(self) -> tuple[Floats, Floats]:
        """Return west, south, east and north of each [m], NaN if empty, and the area [m²]."""
        box, area = np.full((self.shapes, 4), np.nan), np.zeros(self.shapes)
        _measure(*self, box, area)
        return box, area

    @property
    def shapes(self) -> int:
        """How many."""
        return len(self.first_ring) - 1


def neighbours_of(
    shapes: Sequence[BaseGeometry] | npt.NDArray[np.object_] | Outlines, heights: npt.ArrayLike
) -> Neighbours:
    """
    Prepare the walls of buildings for skylines.

    Parameters
    ----------
    shapes
        Polygons or multipolygons in a projected system in metres; anything else, empty
        or missing, is nothing that shades. Or their outlines.
    heights
        Top of each, above the same level as the points that look; NaN if unknown. [m]
    """
    outlines = shapes if isinstance(shapes, Outlines) else outlines_of(shapes)
    height = np.asarray(heights, dtype=float).copy()
    if outlines.shapes != len(height):
        msg = f"{outlines.shapes} shapes, {len(height)} heights"
        raise ValueError(msg)
    bounds, area = outlines.boxes()
    drawn = np.isfinite(bounds[:, 0])
    origin = (0.0, 0.0)
    if drawn.any():
        west, south, east, north = (float(np.median(bounds[drawn, i])) for i in range(4))
        origin = (np.round((west + east) / 2), np.round((south + north) / 2))
    bounds = bounds - np.array([*origin, *origin])
    corner, cell, columns, rows = _grid(bounds[drawn])
    reached = np.where(drawn[:, None], (bounds - np.array([*corner, *corner])) / cell, -1.0)
    reached = np.floor(reached).astype(np.int64)
    first_entry, entries = _register(reached, columns, rows)
    return Neighbours(
        x=outlines.corners[:, 0] - origin[0],
        y=outlines.corners[:, 1] - origin[1],
        first_corner=outlines.first_corner,
        first_ring=outlines.first_ring,
        box=np.ascontiguousarray(bounds),
        height=height,
        alike=_alike(bounds, np.diff(outlines.first_ring), area),
        origin=(float(origin[0]), float(origin[1])),
        corner=corner,
        cell_m=cell,
        columns=columns,
        rows=rows,
        first_entry=first_entry,
        entries=entries,
    )


def outlines_of(shapes: Sequence[BaseGeometry] | npt.NDArray[np.object_]) -> Outlines:
    """Lay the outlines of all shapes out in arrays; what is no polygon becomes an empty one."""
    geometry = np.array(shapes, dtype=object).reshape(-1)
    kind = shapely.get_type_id(geometry)
    geometry[(kind != POLYGON) & (kind != MULTIPOLYGON)] = shapely.Polygon()
    if not len(geometry):
        return Outlines(np.empty((0, 2)), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
    _, corners, starts = shapely.to_ragged_array(geometry, include_z=False)
    ring, part, *shape = (np.asarray(s, dtype=np.int64) for s in starts)
    corners = np.ascontiguousarray(corners, dtype=float).reshape(-1, 2)
    _turn_left(corners, ring, part)
    return Outlines(corners, ring, part[shape[0]] if shape else part)


def turned_left(outlines: Outlines) -> Outlines:
    """Turn the rings of plain polygons so that each building is on their left; in place."""
    _turn_left(*outlines)
    return outlines


def joined(parts: Sequence[Outlines]) -> Outlines:
    """Put outlines behind each other."""
    corners = np.concatenate([part.corners for part in parts])
    corner_counts = [np.diff(part.first_corner) for part in parts]
    ring_counts = [np.diff(part.first_ring) for part in parts]
    starts = [np.concatenate([[0], *counts]).cumsum() for counts in (corner_counts, ring_counts)]
    return Outlines(corners, starts[0].astype(np.int64), starts[1].astype(np.int64))


@compiled
def _taken(
    corners: Floats, first_corner: Integers, first_ring: Integers, which: Integers
) -> tuple[Floats, Integers, Integers]:
    """Copy some outlines."""
    rings, points = 0, 0
    for shape in which:
        begin, end = first_ring[shape], first_ring[shape + 1]
        rings += end - begin
        points += first_corner[end] - first_corner[begin]
    to, ring_to = np.empty((points, 2)), np.zeros(rings + 1, dtype=np.int64)
    shape_to = np.zeros(len(which) + 1, dtype=np.int64)
    rings, points = 0, 0
    for i in range(len(which)):
        for ring in range(first_ring[which[i]], first_ring[which[i] + 1]):
            for corner in range(first_corner[ring], first_corner[ring + 1]):
                to[points, 0], to[points, 1] = corners[corner, 0], corners[corner, 1]
                points += 1
            rings += 1
            ring_to[rings] = points
        shape_to[i + 1] = rings
    return to, ring_to, shape_to


@compiled
def _measure(
    corners: Floats, first_corner: Integers, first_ring: Integers, box: Floats, area: Floats
) -> None:
    """Find the box around each outline, and the area inside."""
    for shape in range(len(first_ring) - 1):
        west, south, east, north, double = np.inf, np.inf, -np.inf, -np.inf, 0.0
        for ring in range(first_ring[shape], first_ring[shape + 1]):
            begin, end = first_corner[ring], first_corner[ring + 1]
            for i in range(begin, end):
                x, y = corners[i, 0], corners[i, 1]
                west, east, south, north = min(west, x), max(east, x), min(south, y), max(north, y)
            for i in range(begin, end - 1):
                ax, ay = corners[i, 0] - corners[begin, 0], corners[i, 1] - corners[begin, 1]
                bx = corners[i + 1, 0] - corners[begin, 0]
                by = corners[i + 1, 1] - corners[begin, 1]
                double += ax * by - ay * bx
        if east >= west:
            box[shape, 0], box[shape, 1], box[shape, 2], box[shape, 3] = west, south, east, north
            area[shape] = 0.5 * double


@compiled
def _turn_left(corners: Floats, first_corner: Integers, first_ring: Integers) -> None:
    """Turn rings so that the building is on their left: the first of a part is its outside."""
    for part in range(len(first_ring) - 1):
        for ring in range(first_ring[part], first_ring[part + 1]):
            begin, end = first_corner[ring], first_corner[ring + 1]
            double_area = 0.0
            for i in range(begin, end - 1):
                ax, ay = corners[i, 0] - corners[begin, 0], corners[i, 1] - corners[begin, 1]
                bx, by = (
                    corners[i + 1, 0] - corners[begin, 0],
                    corners[i + 1, 1] - corners[begin, 1],
                )
                double_area += ax * by - ay * bx
            if (double_area > 0.0) != (ring == first_ring[part]):
                for i in range((end - begin) // 2):
                    j = end - 1 - i
                    for axis in range(2):
                        one = corners[begin + i, axis]
                        corners[begin + i, axis] = corners[j, axis]
                        corners[j, axis] = one


def _alike(bounds: Floats, rings: Integers, area: Floats) -> Integers:
    """Find shapes drawn more than once by their extent, area and number of rings."""
    size = np.nan_to_num(np.column_stack([bounds, np.sqrt(np.maximum(area, 0.0))])) / SAME_M
    key = np.column_stack([np.rint(size).astype(np.int64), rings])
    # six numbers in one, so that they are sorted at once
    one = np.zeros(len(key), dtype=np.uint64)
    for column in key.T:
        one = (one ^ column.astype(np.uint64)) * MIXER
        one ^= one >> np.uint64(29)
    _, first, group = np.unique(one, return_index=True, return_inverse=True)
    leader = first[group.reshape(-1)]
    # two that only happen to mix alike are not alike
    return np.where((key[leader] == key).all(axis=1), leader, np.arange(len(key)))


def _grid(bounds: Floats) -> tuple[tuple[float, float], float, int, int]:
    """Lay a grid over all shapes: south-west corner, width of a cell, columns and rows."""
    if not len(bounds):
        return (0.0, 0.0), CELL_M, 1, 1
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    cell = max(CELL_M, (east - west) / MOST_CELLS_ALONG, (north - south) / MOST_CELLS_ALONG)
    columns, rows = int((east - west) // cell) + 1, int((north - south) // cell) + 1
    return (float(west), float(south)), float(cell), columns, rows


@compiled
def _register(reached: Integers, columns: int, rows: int) -> tuple[Integers, Integers]:
    """List the shapes of each cell; `reached` holds the cells of west, south, east, north."""
    first = np.zeros(columns * rows + 1, dtype=np.int64)
    for shape in range(len(reached)):
        for row in range(reached[shape, 1], reached[shape, 3] + 1):
            for column in range(reached[shape, 0], reached[shape, 2] + 1):
                if row >= 0 and column >= 0:
                    first[row * columns + column + 1] += 1
    for cell in range(columns * rows):
        first[cell + 1] += first[cell]
    entries = np.empty(first[-1], dtype=np.int64)
    filled = first[:-1].copy()
    for shape in range(len(reached)):
        for row in range(reached[shape, 1], reached[shape, 3] + 1):
            for column in range(reached[shape, 0], reached[shape, 2] + 1):
                if row >= 0 and column >= 0:
                    cell = row * columns + column
                    entries[filled[cell]] = shape
                    filled[cell] += 1
    return first, entries
