"""Skylines of points from a surface model: rays over its cells.

A surface is an array of heights, its first row in the north, and the affine transform of
its cells. Each cell is taken as a block as high as its value; a ray meets it where it
enters it. Blocks of cells that are too low, as a whole, to raise the skyline are passed
over in one step, so a ray looks at few cells and still misses none.

A cell whose height is not known (NaN) is nothing in the low skyline and as high as the
caller says in the high one. Terrain far away may come from a coarser array.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rasterio.transform import Affine

from hexi_solar.shading.compiled import Floats, compiled, over_runs
from hexi_solar.shading.footprints import DIRECTIONS, REACH_M, Skylines
from hexi_solar.shading.points import Points

Heights = npt.NDArray[np.float32]

TOUCH = 1e-6  # a ray this close to a corner of cells goes through it [m]
BLOCK = 16  # cells along one side of what is passed over in one step
# a ray of light bends a little with the Earth; the sun's and a tower's alike
EARTH_M = 6_371_000.0 / (1.0 - 0.13)


class Terrain(NamedTuple):
    """Heights in cells, and the highest of each block of them."""

    height: Heights
    highest: Heights
    top: float
    west: float
    """Edge of the first column. [m]"""
    north: float
    """Edge of the first row. [m]"""
    width: float
    """Of a cell, eastwards. [m]"""
    depth: float
    """Of a cell, southwards. [m]"""


def terrain_of(surface: npt.ArrayLike, transform: Affine, *, unknown: float = np.nan) -> Terrain:
    """
    Prepare a surface for rays.

    Parameters
    ----------
    surface
        Heights, the first row in the north; NaN where not known. [m]
    transform
        From columns and rows to plane coordinates in metres, without rotation.
    unknown
        Height that unknown cells are taken to have; NaN leaves them out. [m]

    Raises
    ------
    ValueError
        If the array is turned, or lies with its first row in the south.
    """
    if transform.b or transform.d or transform.a <= 0.0 or transform.e >= 0.0:
        msg = f"a surface with north up is needed, not {tuple(transform)[:6]}"
        raise ValueError(msg)
    height = np.array(surface, dtype=np.float32, order="C", ndmin=2)
    if not math.isnan(unknown):
        height[np.isnan(height)] = unknown
    highest = _block_maxima(height)
    top = float(highest.max()) if highest.size else -np.inf
    return Terrain(height, highest, top, transform.c, transform.f, transform.a, -transform.e)


def on_surface(
    points: Points, surface: Heights, transform: Affine, *, clearance_m: float = 0.0
) -> Points:
    """
    Lift points to the height of the surface below them, and of the modules above it.

    Points beside the surface, or where it is not known, have the height NaN.
    """
    column = np.floor((points.x - transform.c) / transform.a).astype(np.int64)
    row = np.floor((points.y - transform.f) / transform.e).astype(np.int64)
    rows, columns = surface.shape
    on_it = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    z = np.full(len(points), np.nan)
    z[on_it] = surface[row[on_it], column[on_it]] + clearance_m
    return replace(points, z=z)


def known_share(points: Points, surface: Heights, transform: Affine, *, reach_m: float) -> Floats:
    """
    Calculate how much of the surface around each point is known.

    Parameters
    ----------
    reach_m
        Half the side of the square around the point that counts. [m]

    Returns
    -------
    share
        Of the square's area; what lies beside the array is not known. [-]
    """
    rows, columns = surface.shape
    total = np.zeros((rows + 1, columns + 1))
    total[1:, 1:] = np.isfinite(surface).cumsum(axis=0).cumsum(axis=1)
    wide, deep = reach_m / transform.a, reach_m / -transform.e
    column, row = (points.x - transform.c) / transform.a, (points.y - transform.f) / transform.e
    left, right = (np.rint(column + side).astype(np.int64) for side in (-wide, wide))
    upper, lower = (np.rint(row + side).astype(np.int64) for side in (-deep, deep))
    cells = np.maximum((right - left) * (lower - upper), 1)
    left, right = np.clip(left, 0, columns), np.clip(right, 0, columns)
    upper, lower = np.clip(upper, 0, rows), np.clip(lower, 0, rows)
    known = total[lower, right] - total[upper, right] - total[lower, left] + total[upper, left]
    return np.asarray(known / cells)


def skylines_from_surface(
    points: Points,
    surface: npt.ArrayLike,
    transform: Affine,
    *,
    directions: int = DIRECTIONS,
    reach_m: float = REACH_M,
    true_north: float = 0.0,
    unknown_m: float = np.nan,
    far: tuple[npt.ArrayLike, Affine] | None = None,
    far_reach_m: float = 0.0,
    threads: int | None = None,
) -> Skylines:
    """
    Look around each point over the cells of a surface.

    Parameters
    ----------
    points
        With heights above the same level as the surface; `on_surface` gives them.
    surface, transform
        As `terrain_of`. Its edge should be at least the reach away from all points;
        `known_share` says what is missing.
    directions
        Equally spaced, the first one true north.
    reach_m
        What is further away is looked for in `far` only. [m]
    true_north
        Direction of true north, clockwise from grid north. [°]
    unknown_m
        Height that the high skyline takes for unknown cells; if NaN, as if they were not
        there. [m]
    far
        Heights of the terrain and their transform, seen from `reach_m` to `far_reach_m`,
        lower with the curvature of the Earth.
    threads
        As many as there are cores if not given.

    Returns
    -------
    skylines
        A point of unknown height sees an open sky in the low one and none in the high one.
        `unknown` marks these and those whose skyline unknown cells may raise.
    """
    around = np.deg2rad(np.arange(directions) * (360.0 / directions) + true_north)
    east, north = np.sin(around), np.cos(around)
    lost = np.isnan(points.z)
    near = terrain_of(surface, transform)
    beyond = terrain_of(*far) if far is not None else None

    def seen(terrain: Terrain) -> Floats:
        tangent = np.zeros((len(points), directions))

        def rays(begin: int, end: int) -> None:
            place = (points.x, points.y, points.z, east, north)
            _rays(begin, end, *place, terrain, 0.0, float(reach_m), False, tangent)
            if beyond is not None:
                _rays(begin, end, *place, beyond, float(reach_m), float(far_reach_m), True, tangent)

        over_runs(rays, len(points), threads)
        return np.rad2deg(np.arctan(tangent))

    low = seen(near)
    filled = not math.isnan(unknown_m) and bool(np.isnan(near.height).any())
    high = seen(terrain_of(surface, transform, unknown=unknown_m)) if filled else low
    unknown = lost | (high > low).any(axis=1)
    if lost.any():
        high = high.copy() if high is low else high
        high[lost] = 90.0
    return Skylines(low, high, unknown, np.zeros(len(points), dtype=bool))


@compiled
def _block_maxima(height: Heights) -> Heights:
    """Find the highest known cell of each block."""
    rows, columns = height.shape
    shape = ((rows + BLOCK - 1) // BLOCK, (columns + BLOCK - 1) // BLOCK)
    highest = np.full(shape, np.float32(-np.inf))
    for row in range(rows):
        for column in range(columns):
            value = height[row, column]
            if value > highest[row // BLOCK, column // BLOCK]:
                highest[row // BLOCK, column // BLOCK] = value
    return highest


@compiled
def _rays(
    begin: int, end: int, x: Floats, y: Floats, z: Floats, east: Floats, north: Floats,
    terrain: Terrain, start: float, reach: float, curved: bool, tangent: Floats,
) -> None:  # fmt: skip
    """Send rays from a run of points."""
    for p in range(begin, end):
        u = (x[p] - terrain.west) / terrain.width
        v = (terrain.north - y[p]) / terrain.depth
        if math.isnan(z[p]):
            continue
        for k in range(len(east)):
            tangent[p, k] = _ray(
                u, v, z[p], east[k] / terrain.width, -north[k] / terrain.depth,
                terrain.height, terrain.highest, terrain.top, start, reach, curved, tangent[p, k],
            )  # fmt: skip


@compiled
def _ray(
    u: float, v: float, z: float, du: float, dv: float, height: Heights, highest: Heights,
    top: float, start: float, reach: float, curved: bool, tangent: float,
) -> float:  # fmt: skip
    """
    Follow one ray over the cells and return the skyline along it, as a tangent.

    `u` and `v` count cells from the north-western corner, `du` and `dv` cells per metre.
    """
    rows, columns = height.shape
    away = start
    column, row = math.floor(u + du * away), math.floor(v + dv * away)
    own_column, own_row = math.floor(u), math.floor(v)
    step_u, step_v = 1 if du > 0.0 else -1, 1 if dv > 0.0 else -1
    per_u = 1.0 / du if abs(du) > 1e-12 else np.inf
    per_v = 1.0 / dv if abs(dv) > 1e-12 else np.inf
    while True:
        if column < 0 or row < 0 or column >= columns or row >= rows:
            return tangent
        drop = away * away / (2.0 * EARTH_M) if curved else 0.0
        if away > reach or top - drop - z <= tangent * away:
            return tangent
        first_column, first_row = column // BLOCK * BLOCK, row // BLOCK * BLOCK
        look = highest[row // BLOCK, column // BLOCK] - drop - z > tangent * away
        if not look:
            # pass over the block: the next cell lies behind its nearer side
            edge_u = first_column + BLOCK if step_u > 0 else first_column
            edge_v = first_row + BLOCK if step_v > 0 else first_row
            to_u = (edge_u - u) * per_u if per_u != np.inf else np.inf
            to_v = (edge_v - v) * per_v if per_v != np.inf else np.inf
            if abs(to_u - to_v) < TOUCH:
                away = max(away, to_u)
                column = edge_u if step_u > 0 else edge_u - 1
                row = edge_v if step_v > 0 else edge_v - 1
            elif to_u < to_v:
                away = max(away, to_u)
                column = edge_u if step_u > 0 else edge_u - 1
                row = min(max(math.floor(v + dv * away), first_row), first_row + BLOCK - 1)
            else:
                away = max(away, to_v)
                row = edge_v if step_v > 0 else edge_v - 1
                column = min(max(math.floor(u + du * away), first_column), first_column + BLOCK - 1)
            continue
        last_column = min(first_column + BLOCK, columns)
        last_row = min(first_row + BLOCK, rows)
        to_u = (column + (step_u > 0) - u) * per_u if per_u != np.inf else np.inf
        to_v = (row + (step_v > 0) - v) * per_v if per_v != np.inf else np.inf
        while first_column <= column < last_column and first_row <= row < last_row:
            if away > reach:
                return tangent
            rise = height[row, column] - z
            if curved:
                rise -= away * away / (2.0 * EARTH_M)
            if rise > tangent * away and (column != own_column or row != own_row):
                tangent = rise / away
            if abs(to_u - to_v) < TOUCH:
                # through a corner: neither of the cells beside it is entered
                away, column, row = to_u, column + step_u, row + step_v
                to_u, to_v = to_u + abs(per_u), to_v + abs(per_v)
            elif to_u < to_v:
                away, column = to_u, column + step_u
                to_u += abs(per_u)
            else:
                away, row = to_v, row + step_v
                to_v += abs(per_v)
