"""Skylines from footprints and heights alone: the exact distance to the nearest walls.

A building is an upright prism. From a point, each of its walls covers a range of
directions; along each direction in that range the wall rises as high as its top stands
above the point over its distance. The skyline is the highest of all of them.

Where the height of a neighbour is not known, two skylines are given: a low one, as if it
were not there, and a high one, as if it were as high as the caller says. What is true lies
between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, Integers, compiled, over_runs
from hexi_solar.shading.neighbours import Neighbours
from hexi_solar.shading.points import Points

DIRECTIONS = 64
REACH_M = 800.0
TOUCH_M = 1e-6  # a wall that a line of sight passes this close is seen
FIRST_BATCH = 24  # buildings looked at before the first of the rest are dropped
ANGLE_ERROR = 1e-3  # of `_turns`, in radians, rounded up


@dataclass(frozen=True)
class Skylines:
    """How high the surroundings stand around each point; never below 0.

    One row per point, one column per direction, clockwise from true north.
    """

    low: Floats
    """As if neighbours of unknown height were not there. [°]"""
    high: Floats
    """As if they were as high as they may be; the same array where nothing is unknown. [°]"""
    unknown: npt.NDArray[np.bool_]
    """Points whose skyline depends on a height that is not known."""
    covered: npt.NDArray[np.bool_]
    """Points inside a higher building; their skyline is 90° all around."""

    @property
    def directions(self) -> int:
        """How many there are."""
        return int(self.low.shape[1])

    def __len__(self) -> int:
        return len(self.low)


class Sight(NamedTuple):
    """In which directions is looked, and how far."""

    east: Floats
    """Part of each direction along the grid's eastings. [-]"""
    north: Floats
    turn: float
    """First direction, clockwise from grid north. [rad]"""
    per_turn: float
    """Directions per radian."""
    reach: float
    """[m]"""
    unknown_height: float
    unknown_roof: float


def skylines_from_footprints(
    points: Points,
    neighbours: Neighbours,
    own: Integers,
    *,
    directions: int = DIRECTIONS,
    reach_m: float = REACH_M,
    true_north: float = 0.0,
    unknown_height_m: float = 0.0,
    unknown_roof_m: float = 0.0,
    parapet_m: float | Floats = 0.0,
    threads: int | None = None,
) -> Skylines:
    """
    Look around each point for the walls of higher buildings.

    Parameters
    ----------
    points
        On roofs.
    neighbours
        All buildings that may shade, from `neighbours_of`; higher parts of a building
        given as shapes of their own shade the rest of it.
    own
        For each point the shape that it stands on, by position; -1 for none. It and what
        is drawn in the same place never shade the point.
    directions
        Equally spaced, the first one true north.
    reach_m
        What is further away is not looked at. [m]
    true_north
        Direction of true north, clockwise from grid north. [°]
    unknown_height_m
        What the high skyline takes for neighbours of unknown height. [m]
    unknown_roof_m
        What the high skyline takes for points of unknown height, which see nothing in the
        low one. [m]
    parapet_m
        Top of the parapet above the point, along all edges of the own shape, for all or
        for each point; 0 for none. [m]
    threads
        As many as there are cores if not given.

    Returns
    -------
    skylines
        A line of sight that touches a wall sees it; a point on a wall sees it in all
        directions that lead into the building.
    """
    count = len(points)
    x, y = points.x - neighbours.origin[0], points.y - neighbours.origin[1]
    around = np.deg2rad(np.arange(directions) * (360.0 / directions) + true_north)
    sight = Sight(
        np.sin(around),
        np.cos(around),
        math.radians(true_north),
        directions / (2.0 * math.pi),
        float(reach_m),
        float(unknown_height_m),
        float(unknown_roof_m),
    )
    low = np.empty((count, directions))
    doubt = bool(np.isnan(neighbours.height).any() or np.isnan(points.z).any())
    high = np.empty_like(low) if doubt else low
    unknown, covered = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    own = np.ascontiguousarray(own, dtype=np.int64)
    parapet = np.ascontiguousarray(np.broadcast_to(np.asarray(parapet_m, dtype=float), count))

    def look(begin: int, end: int) -> None:
        _look(
            begin, end, points.first, x, y, points.z, own, parapet, neighbours, sight, doubt,
            low, high, unknown, covered,
        )  # fmt: skip

    over_runs(look, points.roofs, threads)
    return Skylines(low, high, unknown, covered)


@compiled
def _look(
    begin: int, end: int, first: Integers, x: Floats, y: Floats, z: Floats, own: Integers,
    parapet: Floats, around: Neighbours, sight: Sight, doubt: bool,
    low: Floats, high: Floats, unknown: npt.NDArray[np.bool_], covered: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Look around the points of a run of roofs."""
    directions = len(sight.east)
    for roof in range(begin, end):
        one, last = first[roof], first[roof + 1]
        if one == last:
            continue
        mine = slice(one, last)
        found = _nearby(x[mine], y[mine], z[mine], around, sight)
        tangent = np.zeros((last - one, directions))
        for p in range(one, last):
            if parapet[p] > 0.0 and own[p] >= 0:
                _fence(x[p], y[p], parapet[p], own[p], around, sight, tangent[p - one])
        known = found[~np.isnan(around.height[found])]
        _survey(x[mine], y[mine], z[mine], own[mine], known, around, sight, tangent, covered[mine])
        _degrees(tangent, low[mine])
        if not doubt:
            continue
        # once more, with what may be there, seen from where the points may be
        unsure = np.isnan(z[mine])
        if not unsure.any():
            found = found[np.isnan(around.height[found])]
        above = np.where(unsure, sight.unknown_roof, z[mine])
        _survey(x[mine], y[mine], above, own[mine], found, around, sight, tangent, unsure.copy())
        _degrees(tangent, high[mine])
        for p in range(one, last):
            unknown[p] = unsure[p - one] or (high[p] > low[p]).any()


@compiled
def _degrees(tangent: Floats, elevation: Floats) -> None:
    """Turn tangents into degrees."""
    for p in range(len(tangent)):
        for k in range(tangent.shape[1]):
            elevation[p, k] = math.degrees(math.atan(tangent[p, k]))


@compiled
def _survey(
    x: Floats, y: Floats, z: Floats, own: Integers, found: Integers, around: Neighbours,
    sight: Sight, tangent: Floats, covered: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """
    Raise the skylines of one roof's points to all buildings found.

    What seems highest comes first; after each batch, what is hidden behind the batches
    before from all over the roof is dropped for all its points at once.
    """
    left, right, bottom, top = x.min(), x.max(), y.min(), y.max()
    left_over, batch = found.copy(), FIRST_BATCH
    count, lowest = len(left_over), np.empty(tangent.shape[1])
    ground = np.nanmin(z)
    begin = 0
    while begin < count:
        end = min(begin + batch, count)
        for p in range(len(x)):
            me = around.alike[own[p]] if own[p] >= 0 else -1
            for i in range(begin, end):
                shape = left_over[i]
                height = around.height[shape]
                rise = (sight.unknown_height if math.isnan(height) else height) - z[p]
                if not rise > 0.0 or around.alike[shape] == me:
                    continue
                west, south = around.box[shape, 0] - x[p], around.box[shape, 1] - y[p]
                east, north = around.box[shape, 2] - x[p], around.box[shape, 3] - y[p]
                near = math.hypot(max(west, -east, 0.0), max(south, -north, 0.0))
                if near > sight.reach or (
                    near > 0.0
                    and _hidden(west, south, east, north, rise, near, sight.turn, tangent[p])
                ):
                    continue
                if _building(x[p], y[p], rise, shape, near > 0.0, around, sight, tangent[p]):
                    covered[p] = True
        begin, batch = end, 2 * batch
        if begin == count:
            return
        for k in range(len(lowest)):
            lowest[k] = tangent[:, k].min()
        kept = begin
        for i in range(begin, count):
            shape = left_over[i]
            height = around.height[shape]
            rise = (sight.unknown_height if math.isnan(height) else height) - ground
            # the roof shrinks to a point if all else grows by its size
            west, south = around.box[shape, 0] - right, around.box[shape, 1] - top
            east, north = around.box[shape, 2] - left, around.box[shape, 3] - bottom
            near = math.hypot(max(west, -east, 0.0), max(south, -north, 0.0))
            hidden = near > 0.0 and _hidden(
                west, south, east, north, rise, near, sight.turn, lowest
            )
            if not hidden:
                left_over[kept] = shape
                kept += 1
        count = kept


@compiled
def _nearby(x: Floats, y: Floats, z: Floats, around: Neighbours, sight: Sight) -> Integers:
    """List what can be seen from a roof, what seems highest from its middle first."""
    left, right, bottom, top, lowest = np.inf, -np.inf, np.inf, -np.inf, np.inf
    for p in range(len(x)):
        left, right = min(left, x[p]), max(right, x[p])
        bottom, top = min(bottom, y[p]), max(top, y[p])
        lowest = min(lowest, sight.unknown_roof if math.isnan(z[p]) else z[p])
    middle_x, middle_y = 0.5 * (left + right), 0.5 * (bottom + top)
    west, south = around.corner
    columns, cell, reach = around.columns, around.cell_m, sight.reach
    column_0 = max(0, math.floor((left - reach - west) / cell))
    column_1 = min(columns - 1, math.floor((right + reach - west) / cell))
    row_0 = max(0, math.floor((bottom - reach - south) / cell))
    row_1 = min(around.rows - 1, math.floor((top + reach - south) / cell))
    most = 0
    for row in range(row_0, row_1 + 1):
        if column_1 >= column_0:
            most += around.first_entry[row * columns + column_1 + 1]
            most -= around.first_entry[row * columns + column_0]
    found = np.empty(most, dtype=np.int64)
    rank = np.empty(most)
    count = 0
    for row in range(row_0, row_1 + 1):
        for column in range(column_0, column_1 + 1):
            here = row * columns + column
            for entry in range(around.first_entry[here], around.first_entry[here + 1]):
                shape = around.entries[entry]
                box, height = around.box[shape], around.height[shape]
                # a shape in many cells counts in its first one of the window
                if max(math.floor((box[0] - west) / cell), column_0) != column:
                    continue
                if max(math.floor((box[1] - south) / cell), row_0) != row:
                    continue
                rise = (sight.unknown_height if math.isnan(height) else height) - lowest
                if rise <= 0.0:
                    continue
                dx = max(box[0] - right, left - box[2], 0.0)
                dy = max(box[1] - top, bottom - box[3], 0.0)
                if dx * dx + dy * dy > reach * reach:
                    continue
                dx = max(box[0] - middle_x, middle_x - box[2], 0.0)
                dy = max(box[1] - middle_y, middle_y - box[3], 0.0)
                found[count] = shape
                rank[count] = -rise / math.sqrt(dx * dx + dy * dy + 1.0)
                count += 1
    return found[:count][np.argsort(rank[:count], kind="mergesort")]


@compiled
def _building(
    px: float,
    py: float,
    rise: float,
    shape: int,
    outside: bool,
    around: Neighbours,
    sight: Sight,
    tangent: Floats,
) -> bool:
    """Raise the skyline to one building; says whether the point is inside it."""
    on_wall, odd = False, False
    for ring in range(around.first_ring[shape], around.first_ring[shape + 1]):
        start, stop = around.first_corner[ring], around.first_corner[ring + 1]
        ax, ay = around.x[start] - px, around.y[start] - py
        angle_a, known = 0.0, False
        for corner in range(start + 1, stop):
            bx, by = around.x[corner] - px, around.y[corner] - py
            facing = ax * by - ay * bx
            if not outside:
                touch = TOUCH_M * math.hypot(bx - ax, by - ay)
                if abs(facing) <= touch and ax * bx + ay * by <= TOUCH_M * TOUCH_M:
                    on_wall = True
                    _against(bx - ax, by - ay, sight, tangent)
                if (ay > 0.0) != (by > 0.0) and (facing > 0.0) == (by > ay):
                    odd = not odd
            if facing < 0.0:
                if not known:
                    angle_a = _turns(ax, ay)
                angle_b = _turns(bx, by)
                _wall(ax, ay, bx, by, angle_a, angle_b, rise, sight.reach, sight, tangent)
                angle_a, known = angle_b, True
            else:
                known = False
            ax, ay = bx, by
    inside = odd and not on_wall
    if inside:
        tangent[:] = np.inf
    return inside


@compiled
def _hidden(
    west: float, south: float, east: float, north: float, rise: float, near: float,
    turn: float, tangent: Floats,
) -> bool:  # fmt: skip
    """Say whether a building is below the skyline wherever in its box it may stand."""
    middle_x, middle_y = 0.5 * (west + east), 0.5 * (south + north)
    width, depth = east - west, north - south
    away = math.sqrt(middle_x * middle_x + middle_y * middle_y)
    radius = 0.5 * math.sqrt(width * width + depth * depth)
    if radius > 0.5 * away:
        return False
    directions = len(tangent)
    per_turn = directions / (2.0 * math.pi)
    # asin(u) <= 1.05 u for u <= 1/2
    half = (1.05 * radius / away + 2.0 * ANGLE_ERROR) * per_turn
    centre = (_turns(middle_x, middle_y) - turn) * per_turn
    nearest = max(near, away - radius)
    begin = math.ceil(centre - half)
    k = begin % directions - 1
    for _ in range(begin, math.floor(centre + half) + 1):
        k = k + 1 if k + 1 < directions else 0
        if tangent[k] * nearest < rise:
            return False
    return True


@compiled
def _wall(
    ax: float, ay: float, bx: float, by: float, angle_a: float, angle_b: float,
    rise: float, reach: float, sight: Sight, tangent: Floats,
) -> None:  # fmt: skip
    """Raise the skyline to one wall that is seen from outside: from a clockwise to b."""
    directions = len(tangent)
    wide = angle_b - angle_a
    if wide < 0.0:
        wide += 2.0 * math.pi
    if wide > math.pi + 0.1:  # seen end on
        wide -= 2.0 * math.pi
    error = ANGLE_ERROR if wide >= 0.0 else ANGLE_ERROR - wide
    ex, ey = bx - ax, by - ay
    facing = ax * by - ay * bx
    end_on = 1e-9 * math.sqrt(ex * ex + ey * ey)
    begin = math.ceil((angle_a - sight.turn - error) * sight.per_turn)
    end = math.floor((angle_a - sight.turn + max(wide, 0.0) + error) * sight.per_turn)
    k = begin % directions - 1
    for _ in range(begin, end + 1):
        k = k + 1 if k + 1 < directions else 0
        sx, sy = sight.east[k], sight.north[k]
        if ax * sy - ay * sx > TOUCH_M or bx * sy - by * sx < -TOUCH_M:
            continue
        into = ex * sy - ey * sx  # the building is on the left of its walls
        along_a, along_b = ax * sx + ay * sy, bx * sx + by * sy
        if into > end_on:
            # where the line of sight only touches an end, it meets that end
            away = min(max(-facing / into, min(along_a, along_b)), max(along_a, along_b))
        else:
            away = min(along_a, along_b)
        if away > reach or away < -TOUCH_M:
            continue
        away = max(away, 0.0)
        if rise > tangent[k] * away:
            tangent[k] = rise / away


@compiled
def _against(ex: float, ey: float, sight: Sight, tangent: Floats) -> None:
    """Close all directions that lead through the wall on which the point stands."""
    length = math.sqrt(ex * ex + ey * ey)
    for k in range(len(tangent)):
        if ex * sight.north[k] - ey * sight.east[k] >= -1e-9 * length:
            tangent[k] = np.inf


@compiled
def _fence(
    px: float, py: float, rise: float, shape: int, around: Neighbours, sight: Sight, tangent: Floats
) -> None:
    """Raise the skyline to a thin wall along all rings of the own shape."""
    for ring in range(around.first_ring[shape], around.first_ring[shape + 1]):
        for corner in range(around.first_corner[ring], around.first_corner[ring + 1] - 1):
            ax, ay = around.x[corner] - px, around.y[corner] - py
            bx, by = around.x[corner + 1] - px, around.y[corner + 1] - py
            if ax * by - ay * bx > 0.0:
                ax, ay, bx, by = bx, by, ax, ay
            angles = _turns(ax, ay), _turns(bx, by)
            _wall(ax, ay, bx, by, angles[0], angles[1], rise, np.inf, sight, tangent)


@compiled
def _turns(x: float, y: float) -> float:
    """Approximate the direction of a vector, clockwise from north, to `ANGLE_ERROR`. [rad]"""
    wide, deep = abs(x), abs(y)
    large, small = max(wide, deep), min(wide, deep)
    if large == 0.0:
        return 0.0
    r = small / large
    s = r * r
    # a polynomial for atan on 0..1, fitted to 3e-4
    angle = ((-0.0464964749 * s + 0.15931422) * s - 0.327622764) * s * r + r
    if wide > deep:
        angle = 0.5 * math.pi - angle
    if y < 0.0:
        angle = math.pi - angle
    return -angle if x < 0.0 else angle
