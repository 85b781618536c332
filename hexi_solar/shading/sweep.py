"""Skylines of all cells of a surface at once, one direction after the other.

In one direction, the rays from the middles of all cells enter cells at the same places
beside them, at the same distances. Near by, the surface is therefore shifted by each of
these places in turn and held against itself, many cells at once: these are the skylines that
rays give, without their error.

Further off, cells are strung on parallel lines. Walking a line from its far end, the
near edges of the cells passed so far that still can be seen from further on are the corners
of a convex hull; the skyline of a cell is the steepest slope from it to one of them. What is
hidden once is hidden from all that follows, so each cell enters and leaves the hull once:
the cost per cell does not depend on how far is looked. A line passes a cell up to half of its
side beside its middle, which is little against the distance of what is looked at.
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, Integers, compiled, over_runs, woven
from hexi_solar.shading.surface import Heights

NEAR = 112  # cells along a ray within which it is followed from the middle of each cell
WIDTH = 512  # cells of a row that are looked at together, so that they stay in the cache
TOUCH = 1e-6  # a ray this close to a corner goes through it [cells]


def sweep_skylines(
    surface: npt.ArrayLike,
    cell_m: float,
    *,
    directions: int = 36,
    true_north: float = 0.0,
    origin: tuple[int, int] = (0, 0),
    threads: int | None = None,
) -> Heights:
    """
    Calculate the skylines of all cells.

    Parameters
    ----------
    surface
        Heights, the first row in the north; NaN where not known. [m]
    cell_m
        Side of the square cells. [m]
    directions
        Equally spaced, the first one true north.
    true_north
        Direction of true north, clockwise from grid north. [°]
    origin
        Row and column of the first cell in a larger surface of which this is a tile, so
        that lines run as they would there.

    Returns
    -------
    tangent
        Of the elevation of the skyline, of shape (directions, rows, columns); never below
        0; NaN where the cell itself is not known. [-]
    """
    height = np.array(surface, dtype=np.float32, ndmin=2)
    grounds = _grounds(height, origin)
    tangent = np.empty((directions, *height.shape), dtype=np.float32)
    across = np.empty(height.T.shape, dtype=np.float32)
    for k in range(directions):
        way = _way(k, directions, true_north)
        if way.upright:
            _sweep(grounds[1], way, cell_m, across, threads)
            tangent[k] = across.T
        else:
            _sweep(grounds[0], way, cell_m, tangent[k], threads)
    tangent[:, np.isnan(height)] = np.nan
    return tangent


def sweep_sky_view(
    surface: npt.ArrayLike,
    cell_m: float,
    *,
    directions: int = 36,
    threads: int | None = None,
) -> Heights:
    r"""
    Calculate the part of the sky that a level plane sees from each cell.

    Parameters
    ----------
    surface, cell_m, directions
        As `sweep_skylines`.

    Returns
    -------
    view
        NaN where the cell itself is not known. [-]

    Notes
    -----
    .. math:: F = \frac{1}{n} \sum_k \cos^2 h_k = \frac{1}{n} \sum_k \frac{1}{1 + \tan^2 h_k}
    """
    height = np.array(surface, dtype=np.float32, ndmin=2)
    grounds = _grounds(height, (0, 0))
    # one for rows and one for columns, so that each is added up as it lies in memory
    views = [np.zeros(ground.shape, dtype=np.float32) for ground in grounds]
    tangents = [np.empty_like(view) for view in views]
    for k in range(directions):
        way = _way(k, directions, 0.0)
        _sweep(grounds[way.upright], way, cell_m, tangents[way.upright], threads)
        over_runs(
            partial(_add_view, tangents[way.upright], views[way.upright]),
            len(views[way.upright]),
            threads,
        )
    view = (views[0] + views[1].T) / np.float32(directions)
    view[np.isnan(height)] = np.nan
    return view


class Ground(NamedTuple):
    """A surface with nothing around it, or the same with rows and columns exchanged."""

    height: Heights
    """With `NEAR` cells more on each side; minus infinity where nothing is known. [m]"""
    shape: tuple[int, int]
    """Of the surface itself."""
    first: tuple[int, int]
    """Row and column of its first cell in the whole surface."""


class Way(NamedTuple):
    """A direction of sight."""

    along: float
    """Cells along the row for each cell of length; the larger part."""
    across: float
    """Rows for each cell of length."""
    upright: int
    """1 if rows and columns are to be exchanged."""


def _grounds(height: Heights, origin: tuple[int, int]) -> tuple[Ground, Ground]:
    """Prepare a surface for directions along its rows, and for those along its columns."""
    known = np.where(np.isnan(height), np.float32(-np.inf), height)
    lying = np.pad(known, NEAR, constant_values=-np.inf)
    standing = np.ascontiguousarray(lying.T)
    rows, columns = height.shape
    return Ground(lying, (rows, columns), origin), Ground(standing, (columns, rows), origin[::-1])


def _way(k: int, directions: int, true_north: float) -> Way:
    """Return a direction, clockwise from true north."""
    angle = math.radians(k * 360.0 / directions + true_north)
    # cos(90°) is not quite 0 in binary
    east, south = (0.0 if abs(x) < 1e-12 else x for x in (math.sin(angle), -math.cos(angle)))
    return Way(east, south, 0) if abs(east) >= abs(south) else Way(south, east, 1)


def _sweep(ground: Ground, way: Way, cell_m: float, tangent: Heights, threads: int | None) -> None:
    """Sweep in one direction."""
    rows, columns = ground.shape
    down, ahead, away = _entered(way)
    steep = (1.0 / (cell_m * away)).astype(np.float32)

    def near(begin: int, end: int) -> None:
        _near(begin, end, ground.height, down, ahead, steep, tangent)

    over_runs(near, rows, threads)
    slope, sense = way.across / abs(way.along), 1 if way.along > 0.0 else -1
    # places along the line count in the direction of sight
    start = ground.first[1] if sense > 0 else -(ground.first[1] + columns - 1)
    offsets = [ground.first[0] - slope * (start + i) for i in (0, columns - 1)]
    low, high = math.floor(min(offsets)) - 1, math.ceil(max(offsets)) + rows + 1
    step = cell_m / abs(way.along)

    def far(begin: int, end: int) -> None:
        lines = low + begin, low + end
        _far(*lines, ground.height, step, slope, sense, start, ground.first[0], tangent)

    over_runs(far, high - low, threads)


def _entered(way: Way) -> tuple[Integers, Integers, Floats]:
    """
    List the cells that a ray from the middle of a cell enters near by.

    Returns
    -------
    down, ahead, away
        Rows and columns from its own cell, and how far away the ray enters. [cells]
    """
    step = [1 if part > 0.0 else -1 for part in (way.across, way.along)]
    each = [1.0 / abs(part) if part else math.inf for part in (way.across, way.along)]
    following, place = [0.5 * each[0], 0.5 * each[1]], [0, 0]
    found: list[tuple[int, int, float]] = []
    while True:
        away = min(following)
        # through a corner, neither of the cells beside it is entered
        for axis in (0, 1):
            if following[axis] - away < TOUCH:
                place[axis] += step[axis]
                following[axis] += each[axis]
        if abs(place[1]) > NEAR:
            # full fours; one more of the last changes nothing
            found += found[-1:] * (-len(found) % 4)
            down, ahead, distance = zip(*found, strict=True)
            return np.array(down), np.array(ahead), np.array(distance)
        found.append((place[0], place[1], away))


@compiled
def _near(
    begin: int, end: int, height: Heights, down: Integers, ahead: Integers, steep: Heights,
    tangent: Heights,
) -> None:  # fmt: skip
    """Take the steepest of the slopes to cells at given places from each cell, and 0."""
    columns = tangent.shape[1]
    most, none = np.empty(WIDTH, np.float32), np.float32(0.0)
    for left in range(0, columns, WIDTH):
        wide = min(WIDTH, columns - left)
        for row in range(begin, end):
            own = _beside(height, row, left, wide)
            most[:] = none
            for j in range(0, len(steep), 4):
                # four places at a time, so that what was found is read and written less often
                first = _beside(height, row + down[j], left + ahead[j], wide)
                second = _beside(height, row + down[j + 1], left + ahead[j + 1], wide)
                third = _beside(height, row + down[j + 2], left + ahead[j + 2], wide)
                fourth = _beside(height, row + down[j + 3], left + ahead[j + 3], wide)
                for c in range(wide):
                    z = own[c]
                    rise, other = (first[c] - z) * steep[j], (second[c] - z) * steep[j + 1]
                    rise = rise if rise > other else other
                    more, other = (third[c] - z) * steep[j + 2], (fourth[c] - z) * steep[j + 3]
                    more = more if more > other else other
                    rise = rise if rise > more else more
                    most[c] = rise if rise > most[c] else most[c]
            tangent[row, left : left + wide] = most[:wide]


@woven
def _beside(height: Heights, row: int, left: int, wide: int) -> Heights:
    """Return cells of a row, both counted from the first cell of the surface itself."""
    return height[row + NEAR, left + NEAR : left + NEAR + wide]


@compiled
def _far(
    begin: int, end: int, height: Heights, step: float, slope: float, sense: int,
    start: int, first: int, tangent: Heights,
) -> None:  # fmt: skip
    """
    Raise skylines by what lies beyond `NEAR` columns, along a run of lines.

    Line `o` is at place `i` in row ``o + 1/2 + slope i`` of the whole surface; no other is
    nearer to the middle of the cell there. Corners are in columns, and metres.
    """
    rows, columns = tangent.shape
    corner_x, corner_z = np.empty(columns + 1), np.empty(columns + 1)
    for line in range(begin, end):
        count, top, before = 0, -np.inf, -np.inf
        base = line + 0.5 - first
        # only the places at which the line is inside the array
        low, high = _inside(base, slope, rows, start, start + columns - 1)
        for i in range(high, low + NEAR - 1, -1):
            column = i - start if sense > 0 else start + columns - 1 - i
            z = float(height[int(base + slope * i) + NEAR, column + NEAR])
            # a cell that is not higher than the next one is hidden behind it from now on
            if before > z:
                count = _push(corner_x, corner_z, count, i + 0.5, before)
                top = max(top, before)
            before = z
            # the cell whose near surroundings end here
            here = i - NEAR
            row, column = int(base + slope * here), column - sense * NEAR
            z, found = float(height[row + NEAR, column + NEAR]), tangent[row, column] * step
            if count == 0 or not top - z > found * NEAR:
                continue
            # along the hull, slopes rise to the corner that is seen highest
            seen = count - 1
            rise, away = corner_z[seen] - z, corner_x[seen] - here
            while seen > 0:
                seen -= 1
                further_rise, further = corner_z[seen] - z, corner_x[seen] - here
                if further_rise * away < rise * further:
                    break
                rise, away = further_rise, further
            if rise > found * away:
                tangent[row, column] = rise / (away * step)


@compiled
def _add_view(tangent: Heights, view: Heights, begin: int, end: int) -> None:
    """Add the squared cosine of elevations to the rows of a run."""
    one = np.float32(1.0)
    for row in range(begin, end):
        for column in range(tangent.shape[1]):
            rise = tangent[row, column]
            view[row, column] += one / (one + rise * rise)


@compiled
def _push(corner_x: Floats, corner_z: Floats, count: int, x: float, z: float) -> int:
    """Put a corner before the others, without those that are hidden from it."""
    while count > 1 and (corner_z[count - 1] - z) * (corner_x[count - 2] - x) <= (
        corner_z[count - 2] - z
    ) * (corner_x[count - 1] - x):
        count -= 1
    corner_x[count], corner_z[count] = x, z
    return count + 1


@compiled
def _inside(base: float, slope: float, rows: int, low: int, high: int) -> tuple[int, int]:
    """Cut a line to the places where 0 <= base + slope i < rows."""
    while low <= high and not 0.0 <= base + slope * low < rows:
        gap = -base if slope > 0.0 else rows - base
        guess = math.floor(gap / slope) if slope != 0.0 else high + 1
        low = max(low + 1, min(guess, high + 1))
    while low <= high and not 0.0 <= base + slope * high < rows:
        gap = rows - base if slope > 0.0 else -base
        guess = math.ceil(gap / slope) if slope != 0.0 else low - 1
        high = min(high - 1, max(guess, low - 1))
    return low, high
