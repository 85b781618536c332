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


def neighbours_of(
    shapes: Sequence[BaseGeometry] | npt.NDArray[np.object_], heights: npt.ArrayLike
) -> Neighbours:
    """
    Prepare the walls of buildings for skylines.

    Parameters
    ----------
    shapes
        Polygons or multipolygons in a projected system in metres; anything else, empty
        or missing, is nothing that shades.
    heights
        Top of each, above the same level as the points that look; NaN if unknown. [m]
    """
    geometry, height = _areas(shapes), np.asarray(heights, dtype=float).copy()
    if len(geometry) != len(height):
        msg = f"{len(geometry)} shapes, {len(height)} heights"
        raise ValueError(msg)
    bounds = np.asarray(shapely.bounds(geometry)).reshape(-1, 4)
    drawn = np.isfinite(bounds[:, 0])
    origin = (0.0, 0.0)
    if drawn.any():
        west, south, east, north = (float(np.median(bounds[drawn, i])) for i in range(4))
        origin = (np.round((west + east) / 2), np.round((south + north) / 2))
    bounds = bounds - np.array([*origin, *origin])
    corners, first_corner, first_ring = _rings(geometry)
    corner, cell, columns, rows = _grid(bounds[drawn])
    reached = np.where(drawn[:, None], (bounds - np.array([*corner, *corner])) / cell, -1.0)
    reached = np.floor(reached).astype(np.int64)
    first_entry, entries = _register(reached, columns, rows)
    return Neighbours(
        x=corners[:, 0] - origin[0],
        y=corners[:, 1] - origin[1],
        first_corner=first_corner,
        first_ring=first_ring,
        box=np.ascontiguousarray(bounds),
        height=height,
        alike=_alike(bounds, np.diff(first_ring), shapely.area(geometry)),
        origin=(float(origin[0]), float(origin[1])),
        corner=corner,
        cell_m=cell,
        columns=columns,
        rows=rows,
        first_entry=first_entry,
        entries=entries,
    )


def _areas(
    shapes: Sequence[BaseGeometry] | npt.NDArray[np.object_],
) -> npt.NDArray[np.object_]:
    """Keep polygons; what has no area, or is missing, becomes an empty one."""
    geometry = np.array(shapes, dtype=object).reshape(-1)
    kind = shapely.get_type_id(geometry)
    geometry[(kind != POLYGON) & (kind != MULTIPOLYGON)] = shapely.Polygon()
    return geometry


def _rings(geometry: npt.NDArray[np.object_]) -> tuple[Floats, Integers, Integers]:
    """Lay all corners out in one array, with the beginnings of rings and shapes."""
    if not len(geometry):
        return np.empty((0, 2)), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    _, corners, starts = shapely.to_ragged_array(geometry, include_z=False)
    ring, part, *shape = (np.asarray(s, dtype=np.int64) for s in starts)
    corners = np.ascontiguousarray(corners, dtype=float).reshape(-1, 2)
    _turn_left(corners, ring, part)
    return corners, ring, part[shape[0]] if shape else part


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
    if not len(area):
        return np.zeros(0, dtype=np.int64)
    size = np.nan_to_num(np.column_stack([bounds, np.sqrt(area)])) / SAME_M
    key = np.column_stack([np.rint(size).astype(np.int64), rings])
    order = np.lexsort(key.T[::-1])
    new = np.ones(len(key), dtype=bool)
    new[1:] = (key[order][1:] != key[order][:-1]).any(axis=1)
    group = np.cumsum(new) - 1
    leader = np.full(group[-1] + 1, len(key), dtype=np.int64)
    np.minimum.at(leader, group, order)
    alike = np.empty(len(key), dtype=np.int64)
    alike[order] = leader[group]
    return alike


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
