"""Skylines of all cells of a surface at once, one direction after the other.

Along a direction, cells are strung on parallel lines. Walking a line from its far end, the
near edges of the cells passed so far that still can be seen from further on are the corners
of a convex hull; the skyline of a cell is the steepest slope from it to one of them. What is
hidden once is hidden from all that follows, so each cell enters and leaves the hull once:
the cost per cell does not depend on how far is looked.

Lines pass cells beside their middle, by up to a quarter of a cell: skylines of cells that
stand next to a wall are coarser than those that rays give.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, compiled, over_runs
from hexi_solar.shading.surface import Heights

LINES = 2  # per row of cells: a line passes every cell within a quarter of its side
TOUCH = 1e-9  # a line this close to a corner goes through it [cells]


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
    height = np.ascontiguousarray(surface, dtype=np.float32)
    tangent = np.full((directions, *height.shape), np.nan, dtype=np.float32)
    for k in range(directions):
        _sweep(height, cell_m, _angle(k, directions, true_north), origin, tangent[k], threads)
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
    height = np.ascontiguousarray(surface, dtype=np.float32)
    view = np.zeros_like(height)
    tangent = np.empty_like(height)
    for k in range(directions):
        tangent[:] = np.nan
        _sweep(height, cell_m, _angle(k, directions, 0.0), (0, 0), tangent, threads)
        view += 1.0 / (1.0 + tangent * tangent)
    return view / np.float32(directions)


def _angle(k: int, directions: int, true_north: float) -> float:
    """Return a direction, clockwise from grid north. [rad]"""
    return math.radians(k * 360.0 / directions + true_north)


def _sweep(
    height: Heights,
    cell_m: float,
    angle: float,
    origin: tuple[int, int],
    tangent: Heights,
    threads: int | None,
) -> None:
    """Sweep in one direction, along the axis that it is nearer to."""
    east, south = math.sin(angle), -math.cos(angle)
    if abs(east) >= abs(south):
        along, across, first = height, (east, south), (origin[1], origin[0])
        result = tangent
    else:
        along, across, first = height.T, (south, east), origin
        result = tangent.T
    ahead = 1 if across[0] > 0 else -1
    # cos(90°) is not quite 0 in binary
    slope = across[1] / abs(across[0]) if abs(across[1]) > 1e-12 else 0.0
    lines, length = along.shape
    # places along the line count in the direction of sight
    start = first[0] if ahead > 0 else -(first[0] + length - 1)
    offsets = [first[1] - slope * (start + i) for i in (0, length - 1)]
    low = LINES * (math.floor(min(offsets)) - 1)
    high = LINES * (math.ceil(max(offsets)) + lines + 1)

    def work(begin: int, end: int) -> None:
        _lines(low + begin, low + end, along, cell_m, slope, ahead, start, first[1], result)

    over_runs(work, high - low, threads)


@compiled
def _lines(
    begin: int, end: int, height: Heights, cell: float, slope: float, ahead: int,
    start: int, first: int, tangent: Heights,
) -> None:  # fmt: skip
    """
    Sweep along a run of lines; each crosses the array from column to column.

    Line `o` is at place `i` in row ``o / LINES + 1/2 + slope i`` of the whole surface, and
    gives the skyline of those cells whose middle no line is nearer to. It meets every cell
    that it enters where it enters it; where it leaves a row between two places, that is
    one cell more.
    """
    rows, columns = height.shape
    step = cell * math.sqrt(1.0 + slope * slope)
    corner_x, corner_z = np.empty(2 * columns), np.empty(2 * columns)
    for line in range(begin, end):
        if slope == 0.0 and line % LINES:
            continue  # beside the middle of all cells
        count = 0
        base = line / LINES + 0.5 - first
        # only the places at which the line is inside the array
        low, high = _inside(base, slope, rows, start, start + columns - 1)
        row_before, column_before, before = -1, -1, -np.inf
        for i in range(high, low - 1, -1):
            across = base + slope * i
            row = int(across)
            column = i - start if ahead > 0 else start + columns - 1 - i
            known = not math.isnan(height[row, column])
            z = float(height[row, column]) if known else -np.inf
            # a cell that is not higher than the next one is hidden behind it from now on
            side = i + 0.5
            if row != row_before and row_before >= 0:
                crossing = (max(row, row_before) - base) / slope
                if before > z:
                    count = _push(corner_x, corner_z, count, max(crossing, side) * step, before)
                cut = (row_before, column) if crossing < side else (row, column_before)
                beside = float(height[cut])
                # through a corner, neither of the cells beside it is entered
                if beside > z and abs(crossing - side) > TOUCH:
                    count = _push(corner_x, corner_z, count, min(crossing, side) * step, beside)
            elif before > z:
                count = _push(corner_x, corner_z, count, side * step, before)
            row_before, column_before, before = row, column, z
            if known and math.floor((row + first - slope * i) * LINES + 0.5) == line:
                # along the hull, slopes rise to the corner that is seen highest
                rise, nearer, x = -np.inf, count - 1, i * step
                while nearer >= 0:
                    tangent_to = (corner_z[nearer] - z) / (corner_x[nearer] - x)
                    if tangent_to < rise:
                        break
                    rise, nearer = tangent_to, nearer - 1
                tangent[row, column] = max(rise, 0.0)


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
