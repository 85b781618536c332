"""Where on a roof the sky is looked at: a few points that stand for all of it.

The points follow a low-discrepancy sequence [1]_, so that any number of them is spread
evenly over any shape, and the same roof always has the same points. The sequence is laid
over a rectangle along the roof's longest edge and kept where it falls on the roof.

.. [1] M. Roberts, "The unreasonable effectiveness of quasirandom sequences," 2018: the
   fractional parts of n/g and n/g², where g = 1.3247… solves g³ = g + 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.shading.compiled import Floats, Integers, compiled, over_runs
from hexi_solar.shading.neighbours import Neighbours, neighbours_of

PLASTIC = 1.32471795724474602596
MOST_TRIES = 400  # of the sequence per point wanted, on the thinnest of roofs
AT_LEAST, AT_MOST, AREA_M2 = 16, 64, 25.0


@dataclass(frozen=True)
class Points:
    """Points that look at the sky, those of one roof side by side.

    Arrays of one length; `first` has one entry per roof and one more.
    """

    x: Floats
    """[m]"""
    y: Floats
    """[m]"""
    z: Floats
    """Above the same level as the heights of what may shade; NaN if not known. [m]"""
    roof: Integers
    """Which roof, by its position in the table; sorted."""
    first: Integers
    """Where the points of each roof begin."""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def roofs(self) -> int:
        """How many roofs there are, with or without points."""
        return len(self.first) - 1

    def of_roofs(self, begin: int, end: int) -> Points:
        """Return the points of a run of roofs, numbered from 0."""
        which = slice(int(self.first[begin]), int(self.first[end]))
        return Points(
            self.x[which],
            self.y[which],
            self.z[which],
            self.roof[which] - begin,
            self.first[begin : end + 1] - self.first[begin],
        )


def sample_points(
    roofs: gpd.GeoDataFrame,
    height_m: pd.Series,
    *,
    at_least: int = AT_LEAST,
    at_most: int = AT_MOST,
    area_per_point_m2: float = AREA_M2,
    clearance_m: float = 0.0,
    threads: int | None = None,
) -> Points:
    """
    Choose the points of each roof.

    Parameters
    ----------
    roofs
        Geometry is the usable area, in metres. A roof without any has no points.
    height_m
        Height of each roof above what the neighbours' heights count from, on the index of
        `roofs`; NaN if unknown. [m]
    at_least, at_most
        Points per roof.
    area_per_point_m2
        Between the two, a roof has one point for each of these. [m²]
    clearance_m
        Of the modules above the roof. [m]
    threads
        As many as there are cores if not given.

    Returns
    -------
    points
        In the order of `roofs`.
    """
    area = np.nan_to_num(roofs.geometry.area.to_numpy(float))
    wanted = np.clip(np.ceil(area / area_per_point_m2), at_least, at_most).astype(np.int64)
    wanted[area <= 0.0] = 0
    first = np.concatenate([[0], np.cumsum(wanted)]).astype(np.int64)
    outlines = neighbours_of(roofs.geometry.to_numpy(), np.zeros(len(roofs)))
    x, y = np.empty(first[-1]), np.empty(first[-1])
    over_runs(lambda begin, end: _fill(begin, end, outlines, first, x, y), len(roofs), threads)
    roof = np.repeat(np.arange(len(roofs)), wanted)
    z = height_m.reindex(roofs.index).to_numpy(float)[roof] + clearance_m
    return Points(x + outlines.origin[0], y + outlines.origin[1], z, roof, first)


@compiled
def _fill(
    begin: int, end: int, outlines: Neighbours, first: Integers, x: Floats, y: Floats
) -> None:
    """Place the points of a run of roofs."""
    for roof in range(begin, end):
        count = first[roof + 1] - first[roof]
        if count == 0:
            continue
        low = outlines.first_corner[outlines.first_ring[roof]]
        high = outlines.first_corner[outlines.first_ring[roof + 1]]
        east, north = _longest_edge(outlines, roof)
        # a rectangle along that edge, around all corners
        left, right, bottom, top = np.inf, -np.inf, np.inf, -np.inf
        for corner in range(low, high):
            along = outlines.x[corner] * east + outlines.y[corner] * north
            across = outlines.y[corner] * east - outlines.x[corner] * north
            left, right = min(left, along), max(right, along)
            bottom, top = min(bottom, across), max(top, across)
        found, turn = 0, 0
        while found < count:
            turn += 1
            along = left + (right - left) * ((0.5 + turn / PLASTIC) % 1.0)
            across = bottom + (top - bottom) * ((0.5 + turn / PLASTIC**2) % 1.0)
            px, py = along * east - across * north, along * north + across * east
            if _inside(px, py, outlines, roof):
                x[first[roof] + found], y[first[roof] + found] = px, py
                found += 1
            elif turn > MOST_TRIES * count and found > 0:
                # a sliver: what was found stands for the rest of it
                x[first[roof] + found] = x[first[roof] + found % max(found, 1)]
                y[first[roof] + found] = y[first[roof] + found % max(found, 1)]
                found += 1
            elif turn > 10 * MOST_TRIES * count:
                x[first[roof] + found], y[first[roof] + found] = outlines.x[low], outlines.y[low]
                found += 1


@compiled
def _longest_edge(outlines: Neighbours, roof: int) -> tuple[float, float]:
    """Return the direction of a roof's longest edge, as a unit vector."""
    longest, east, north = 0.0, 1.0, 0.0
    for ring in range(outlines.first_ring[roof], outlines.first_ring[roof + 1]):
        for corner in range(outlines.first_corner[ring], outlines.first_corner[ring + 1] - 1):
            dx = outlines.x[corner + 1] - outlines.x[corner]
            dy = outlines.y[corner + 1] - outlines.y[corner]
            length = np.hypot(dx, dy)
            if length > longest:
                longest, east, north = length, dx / length, dy / length
    return east, north


@compiled
def _inside(px: float, py: float, outlines: Neighbours, roof: int) -> bool:
    """Say whether a point lies on a roof: a line from it crosses the rings an odd number of times."""
    odd = False
    for ring in range(outlines.first_ring[roof], outlines.first_ring[roof + 1]):
        for corner in range(outlines.first_corner[ring], outlines.first_corner[ring + 1] - 1):
            ax, ay = outlines.x[corner] - px, outlines.y[corner] - py
            bx, by = outlines.x[corner + 1] - px, outlines.y[corner + 1] - py
            if (ay > 0.0) != (by > 0.0) and (ax * by - ay * bx > 0.0) == (by > ay):
                odd = not odd
    return odd
