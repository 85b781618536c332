"""Walls as some points of a roof see them: how high they rise along each direction.

The points of a group look along parallel lines, so in each direction a wall is worked out
once, as what it covers across and how far away it is along, and then for all points of the
group side by side. What is below the skyline of all of them is passed over: by building and
direction, before its walls are touched. Points within the box around a building may be
inside it or on its walls; for those, one by one, that is found out as well.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, Integers, compiled, loosely, woven
from hexi_solar.shading.neighbours import Neighbours

LANES = 16  # points of a group
TOUCH_M = 1e-6  # a wall that a line of sight passes this close is seen
ANGLE_ERROR = 1e-3  # of `_turns`, in radians, rounded up
NOWHERE = 1e30  # height of a point that sees nothing [m]


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
    floor: float
    """Tangent of the elevation below which nothing is looked for."""


class Group(NamedTuple):
    """Points of a roof that look together; the last one fills up the lanes.

    Tables have one row per direction and one column per point.
    """

    points: int
    middle: tuple[float, float]
    """Of the box around the points; places count from here. [m]"""
    half: tuple[float, float]
    """Of the box's sides. [m]"""
    x: Floats
    """[m]"""
    y: Floats
    z: Floats
    mine: Integers
    """What shape never shades the point, as `alike` has it."""
    across: Floats
    """How far to the right of the middle each point's line of sight runs. [m]"""
    along: Floats
    """How far ahead of the middle each point lies. [m]"""
    least: Floats
    """Of `across`, by direction."""
    most: Floats
    behind: Floats
    """Least of `along`, by direction."""
    ahead: Floats
    tangent: Floats
    """Skylines so far. [-]"""
    lowest: Floats
    """Of the skylines, by direction."""


@compiled
def group_of(
    x: Floats, y: Floats, z: Floats, own: Integers, around: Neighbours, sight: Sight
) -> Group:
    """Put up to `LANES` points side by side; those of unknown height see nothing."""
    count, directions = len(x), len(sight.east)
    left, right, bottom, top = x.min(), x.max(), y.min(), y.max()
    middle = (0.5 * (left + right), 0.5 * (bottom + top))
    xs, ys, zs = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    mine = np.empty(LANES, dtype=np.int64)
    for lane in range(LANES):
        p = min(lane, count - 1)
        xs[lane], ys[lane] = x[p] - middle[0], y[p] - middle[1]
        zs[lane] = NOWHERE if math.isnan(z[p]) else z[p]
        mine[lane] = around.alike[own[p]] if own[p] >= 0 else -1
    across, along = np.empty((directions, LANES)), np.empty((directions, LANES))
    ends = np.empty((4, directions))
    for k in range(directions):
        _project(across, along, xs, ys, k, sight.east[k], sight.north[k])
        ends[0, k], ends[1, k] = _least(across, k), _most(across, k)
        ends[2, k], ends[3, k] = _least(along, k), _most(along, k)
    return Group(
        count, middle, (0.5 * (right - left), 0.5 * (top - bottom)), xs, ys, zs, mine,
        across, along, ends[0], ends[1], ends[2], ends[3],
        np.full((directions, LANES), sight.floor), np.zeros(directions),
    )  # fmt: skip


@compiled
def survey(
    group: Group, found: Integers, around: Neighbours, sight: Sight,
    covered: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Raise the skylines of a group to all buildings found; those seen highest come first."""
    rise = np.empty(LANES)
    ground = group.z.min()
    for k in range(len(group.lowest)):
        group.lowest[k] = _least(group.tangent, k)
    for shape in found:
        height = around.height[shape]
        if math.isnan(height):
            height = sight.unknown_height
        if not height > ground:
            continue
        for lane in range(LANES):
            rise[lane] = height - group.z[lane]
            if group.mine[lane] == around.alike[shape]:
                rise[lane] = -1.0
        _building(group, shape, height - ground, rise, around, sight, covered)


@woven
def _building(
    group: Group, shape: int, most: float, rise: Floats, around: Neighbours, sight: Sight,
    covered: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Raise the skylines of a group to one building, in all directions where it may be seen."""
    half_x = 0.5 * (around.box[shape, 2] - around.box[shape, 0])
    half_y = 0.5 * (around.box[shape, 3] - around.box[shape, 1])
    x = around.box[shape, 0] + half_x - group.middle[0]
    y = around.box[shape, 1] + half_y - group.middle[1]
    # the group shrinks to a point if the building grows by its size
    wide, deep = half_x + group.half[0], half_y + group.half[1]
    gap_x, gap_y = max(abs(x) - wide, 0.0), max(abs(y) - deep, 0.0)
    near = math.sqrt(gap_x * gap_x + gap_y * gap_y)
    if near > sight.reach:
        return
    directions = len(sight.east)
    begin, count = 0, directions
    if near > 0.0:
        first, wide_as = _spread(x, y, wide + TOUCH_M, deep + TOUCH_M)
        first = (first - sight.turn - ANGLE_ERROR) * sight.per_turn
        begin = math.ceil(first)
        last = math.floor(first + (wide_as + 2.0 * ANGLE_ERROR) * sight.per_turn)
        count = min(last - begin + 1, directions)
    k = begin % directions - 1
    for _ in range(count):
        k = k + 1 if k + 1 < directions else 0
        sx, sy = sight.east[k], sight.north[k]
        across, side = x * sy - y * sx, half_x * abs(sy) + half_y * abs(sx) + TOUCH_M
        if across + side < group.least[k] or across - side > group.most[k]:
            continue
        along, depth = x * sx + y * sy, half_x * abs(sx) + half_y * abs(sy)
        nearest = max(along - depth - group.ahead[k], near)
        if along + depth < group.behind[k] or nearest > sight.reach:
            continue
        if group.lowest[k] * nearest >= most:
            continue
        if _rings(group, shape, k, rise, around, sight):
            group.lowest[k] = _least(group.tangent, k)
    if near == 0.0:
        _within(group, shape, rise, around, sight, covered)


@compiled
def _spread(x: float, y: float, wide: float, deep: float) -> tuple[float, float]:
    """Return the direction of the first corner of a box around which is seen, and how wide it is."""
    aside = 1 if x > wide else (-1 if x < -wide else 0)
    ahead = 1 if y > deep else (-1 if y < -deep else 0)
    first_x = -wide if ahead > 0 or (ahead == 0 and aside > 0) else wide
    first_y = deep if aside > 0 or (aside == 0 and ahead < 0) else -deep
    last_x = wide if ahead > 0 or (ahead == 0 and aside < 0) else -wide
    last_y = deep if aside < 0 or (aside == 0 and ahead < 0) else -deep
    first = _turns(x + first_x, y + first_y)
    turned = _turns(x + last_x, y + last_y) - first
    return first, turned + 2.0 * math.pi if turned < 0.0 else turned


@woven
def _rings(
    group: Group, shape: int, k: int, rise: Floats, around: Neighbours, sight: Sight
) -> bool:
    """Raise the skylines in one direction to the walls of a building that face the group."""
    sx, sy = sight.east[k], sight.north[k]
    least, most = group.least[k] - TOUCH_M, group.most[k] + TOUCH_M
    seen = False
    for ring in range(around.first_ring[shape], around.first_ring[shape + 1]):
        start, stop = around.first_corner[ring], around.first_corner[ring + 1]
        x, y = around.x[start] - group.middle[0], around.y[start] - group.middle[1]
        a_across, a_along = x * sy - y * sx, x * sx + y * sy
        for corner in range(start + 1, stop):
            x, y = around.x[corner] - group.middle[0], around.y[corner] - group.middle[1]
            b_across, b_along = x * sy - y * sx, x * sx + y * sy
            into = b_across - a_across  # the building is on the left of its walls
            if into >= -2.0 * TOUCH_M and a_across <= most and b_across >= least:
                low, high = min(a_along, b_along), max(a_along, b_along)
                slope, base = 0.0, low
                if into > 1e-9 * (into + high - low):
                    slope, base = (b_along - a_along) / into, a_along
                _wall(
                    group.tangent, group.across, group.along, rise, k,
                    a_across, b_across, base, slope, low, high, sight.reach,
                )  # fmt: skip
                seen = True
            a_across, a_along = b_across, b_along
    return seen


@loosely
def _wall(
    tangent: Floats, across: Floats, along: Floats, rise: Floats, k: int,
    begin: float, end: float, base: float, slope: float, low: float, high: float, reach: float,
) -> None:  # fmt: skip
    """Raise the skylines to one wall, from `begin` to `end` across the direction."""
    first, last = begin - TOUCH_M, end + TOUCH_M
    for lane in range(LANES):
        place = across[k, lane]
        # where the line of sight only touches an end, it meets that end
        away = base + slope * (place - begin)
        away = away if away > low else low
        away = away if away < high else high
        away = away - along[k, lane]
        met = (place >= first) & (place <= last) & (away > 0.0) & (away <= reach)
        seen = rise[lane] / away if met else 0.0
        before = tangent[k, lane]
        tangent[k, lane] = seen if seen > before else before


@loosely
def _least(table: Floats, k: int) -> float:
    """Return the least of a row."""
    least = table[k, 0]
    for lane in range(LANES):
        least = table[k, lane] if table[k, lane] < least else least
    return float(least)


@loosely
def _most(table: Floats, k: int) -> float:
    """Return the most of a row."""
    most = table[k, 0]
    for lane in range(LANES):
        most = table[k, lane] if table[k, lane] > most else most
    return float(most)


@loosely
def _project(
    across: Floats, along: Floats, x: Floats, y: Floats, k: int, east: float, north: float
) -> None:
    """Say where the points of a group lie, as seen in one direction."""
    for lane in range(LANES):
        across[k, lane] = x[lane] * north - y[lane] * east
        along[k, lane] = x[lane] * east + y[lane] * north


@compiled
def _within(
    group: Group, shape: int, rise: Floats, around: Neighbours, sight: Sight,
    covered: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Close the sky over points of a group inside a building, and half of it on its walls."""
    for lane in range(group.points):
        x, y = group.x[lane] + group.middle[0], group.y[lane] + group.middle[1]
        west, south, east, north = around.box[shape]
        if not rise[lane] > 0.0 or x < west or x > east or y < south or y > north:
            continue
        on_wall, odd = False, False
        for ring in range(around.first_ring[shape], around.first_ring[shape + 1]):
            for corner in range(around.first_corner[ring], around.first_corner[ring + 1] - 1):
                ax, ay = around.x[corner] - x, around.y[corner] - y
                bx, by = around.x[corner + 1] - x, around.y[corner + 1] - y
                facing = ax * by - ay * bx
                touch = TOUCH_M * math.hypot(bx - ax, by - ay)
                if abs(facing) <= touch and ax * bx + ay * by <= TOUCH_M * TOUCH_M:
                    on_wall = True
                    _against(bx - ax, by - ay, sight, group.tangent[:, lane])
                if (ay > 0.0) != (by > 0.0) and (facing > 0.0) == (by > ay):
                    odd = not odd
        if odd and not on_wall:
            group.tangent[:, lane] = np.inf
            covered[lane] = True


@compiled
def _against(ex: float, ey: float, sight: Sight, tangent: Floats) -> None:
    """Close all directions that lead through the wall on which the point stands."""
    length = math.sqrt(ex * ex + ey * ey)
    for k in range(len(tangent)):
        if ex * sight.north[k] - ey * sight.east[k] >= -1e-9 * length:
            tangent[k] = np.inf


@compiled
def fence(
    group: Group, lane: int, rise: float, shape: int, around: Neighbours, sight: Sight
) -> None:
    """Raise the skyline of one point to a thin wall along all rings of a shape."""
    for k in range(len(sight.east)):
        sx, sy = sight.east[k], sight.north[k]
        nearest = np.inf
        for ring in range(around.first_ring[shape], around.first_ring[shape + 1]):
            for corner in range(around.first_corner[ring], around.first_corner[ring + 1] - 1):
                ax, ay = around.x[corner] - group.middle[0] - group.x[lane], 0.0
                ay = around.y[corner] - group.middle[1] - group.y[lane]
                bx = around.x[corner + 1] - group.middle[0] - group.x[lane]
                by = around.y[corner + 1] - group.middle[1] - group.y[lane]
                a, b = ax * sy - ay * sx, bx * sy - by * sx
                if min(a, b) > TOUCH_M or max(a, b) < -TOUCH_M:
                    continue
                a_along, b_along = ax * sx + ay * sy, bx * sx + by * sy
                away = min(a_along, b_along)
                if abs(b - a) > 1e-9 * (abs(b - a) + abs(b_along - a_along)):
                    low, high = away, max(a_along, b_along)
                    away = min(max(a_along - a * (b_along - a_along) / (b - a), low), high)
                if away > 0.0:
                    nearest = min(nearest, away)
        group.tangent[k, lane] = max(group.tangent[k, lane], rise / nearest)


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
