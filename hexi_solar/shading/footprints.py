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

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, Integers, compiled, over_runs
from hexi_solar.shading.neighbours import Neighbours
from hexi_solar.shading.points import Points
from hexi_solar.shading.walls import LANES, Group, Sight, fence, group_of, survey

DIRECTIONS = 64
REACH_M = 800.0
RANKS = 64  # steps of apparent height by which neighbours are put in order


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
    floor_deg: float = 0.0,
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
    floor_deg
        Lower skylines are not looked for, and given as this. The lowest band of
        `lit_fraction` ends at half its height, so a city loses nothing up to there. [°]
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
        math.tan(math.radians(floor_deg)),
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
        mine = slice(int(points.first[begin]), int(points.first[end]))
        for tangent in (low, high) if doubt else (low,):
            np.degrees(np.arctan(tangent[mine], out=tangent[mine]), out=tangent[mine])

    over_runs(look, points.roofs, threads)
    return Skylines(low, high, unknown, covered)


@compiled
def _look(
    begin: int, end: int, first: Integers, x: Floats, y: Floats, z: Floats, own: Integers,
    parapet: Floats, around: Neighbours, sight: Sight, doubt: bool,
    low: Floats, high: Floats, unknown: npt.NDArray[np.bool_], covered: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Look around the points of a run of roofs, some points of a roof at a time."""
    for roof in range(begin, end):
        one, last = first[roof], first[roof + 1]
        if one == last:
            continue
        whole = slice(one, last)
        found = _nearby(x[whole], y[whole], z[whole], around, sight)
        known = found[~np.isnan(around.height[found])]
        unsure = np.isnan(z[whole]).any()
        guessed = found if unsure else found[np.isnan(around.height[found])]
        for here in range(one, last, LANES):
            mine = slice(here, min(here + LANES, last))
            group = group_of(x[mine], y[mine], z[mine], own[mine], around, sight)
            for p in range(here, mine.stop):
                if parapet[p] > 0.0 and own[p] >= 0:
                    fence(group, p - here, parapet[p], own[p], around, sight)
            survey(group, known, around, sight, covered[mine])
            _tangents(group, low[mine])
            if not doubt:
                continue
            # once more, with what may be there, seen from where the points may be
            unseen = np.isnan(z[mine])
            above = np.where(unseen, sight.unknown_roof, z[mine])
            group = group_of(x[mine], y[mine], above, own[mine], around, sight)
            for p in range(here, mine.stop):
                group.tangent[:, p - here] = low[p]
            survey(group, guessed, around, sight, unseen.copy())
            _tangents(group, high[mine])
            for p in range(here, mine.stop):
                unknown[p] = unseen[p - here] or (high[p] > low[p]).any()


@compiled
def _tangents(group: Group, tangent: Floats) -> None:
    """Write the skylines of a group, one row per point."""
    for p in range(len(tangent)):
        for k in range(tangent.shape[1]):
            tangent[p, k] = group.tangent[k, p]


@compiled
def _nearby(x: Floats, y: Floats, z: Floats, around: Neighbours, sight: Sight) -> Integers:
    """List what can be seen from a roof, roughly what seems highest from its middle first."""
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
    low = sight.floor * sight.floor
    most = 0
    for row in range(row_0, row_1 + 1):
        if column_1 >= column_0:
            most += around.first_entry[row * columns + column_1 + 1]
            most -= around.first_entry[row * columns + column_0]
    found, rank = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    begins = np.zeros(RANKS + 1, dtype=np.int64)
    count = 0
    for row in range(row_0, row_1 + 1):
        for column in range(column_0, column_1 + 1):
            here = row * columns + column
            for entry in range(around.first_entry[here], around.first_entry[here + 1]):
                shape = around.entries[entry]
                height = around.height[shape]
                rise = (sight.unknown_height if math.isnan(height) else height) - lowest
                if rise <= 0.0:
                    continue
                box_west, box_south = around.box[shape, 0], around.box[shape, 1]
                box_east, box_north = around.box[shape, 2], around.box[shape, 3]
                dx = max(box_west - right, left - box_east, 0.0)
                dy = max(box_south - top, bottom - box_north, 0.0)
                away = dx * dx + dy * dy
                if away > reach * reach or rise * rise <= low * away:
                    continue
                # a shape in many cells counts in its first one of the window
                if max(math.floor((box_west - west) / cell), column_0) != column:
                    continue
                if max(math.floor((box_south - south) / cell), row_0) != row:
                    continue
                dx = max(box_west - middle_x, middle_x - box_east, 0.0)
                dy = max(box_south - middle_y, middle_y - box_north, 0.0)
                away = math.sqrt(dx * dx + dy * dy + 1.0)
                found[count], rank[count] = shape, int(RANKS * away / (away + rise))
                begins[rank[count] + 1] += 1
                count += 1
    for i in range(RANKS):
        begins[i + 1] += begins[i]
    ordered = np.empty(count, dtype=np.int64)
    for i in range(count):
        ordered[begins[rank[i]]] = found[i]
        begins[rank[i]] += 1
    return ordered
