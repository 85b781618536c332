"""Where on a roof the sky is looked at: a few points that stand for all of it.

The points of a Fibonacci lattice [1]_ lie evenly in the unit square. The square is mapped
onto the roof so that equal parts of it cover equal areas: the first coordinate is the part
of the roof's area that lies to one side, along its longest edge; the second the part of
the cut through the roof at that place. So every point stands for the same area, on any
shape, and the same roof always has the same points.

.. [1] H. Niederreiter and I. H. Sloan, "Integration of nonperiodic functions of two
   variables by Fibonacci lattice rules," J. Comput. Appl. Math. 51(1), 57-70, 1994,
   :doi:`10.1016/0377-0427(92)00004-S`. The golden section takes the place of the ratio of
   two Fibonacci numbers, so that any number of points will do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from hexi_solar.shading.compiled import Floats, Integers, compiled, over_runs
from hexi_solar.shading.neighbours import Outlines, outlines_of

GOLDEN = 0.61803398874989484820
CLOSE = 1e-12  # of a roof's area, to find where a part of it ends
MOST_SECANTS = 60
AT_LEAST, AT_MOST, AREA_M2 = 64, 128, 25.0


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
    roofs: gpd.GeoDataFrame | Outlines,
    height_m: pd.Series | Floats,
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
        Geometry is the usable area, in metres. A roof without any has no points. Or the
        outlines of these areas, with heights in their order.
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
    if isinstance(roofs, Outlines):
        outlines, area, height = roofs, roofs.boxes()[1], np.asarray(height_m, dtype=float)
    else:
        outlines = outlines_of(roofs.geometry.to_numpy())
        area = np.nan_to_num(roofs.geometry.area.to_numpy(float))
        height = pd.Series(height_m).reindex(roofs.index).to_numpy(float)
    origin = np.round(np.median(outlines.corners, axis=0)) if len(outlines.corners) else np.zeros(2)
    near = outlines._replace(corners=outlines.corners - origin)
    wanted = np.clip(np.ceil(area / area_per_point_m2), at_least, at_most).astype(np.int64)
    wanted[area <= 0.0] = 0
    first = np.concatenate([[0], np.cumsum(wanted)]).astype(np.int64)
    x, y = np.empty(first[-1]), np.empty(first[-1])
    over_runs(lambda begin, end: _fill(begin, end, near, first, x, y), len(area), threads)
    roof = np.repeat(np.arange(len(area)), wanted)
    return Points(x + origin[0], y + origin[1], height[roof] + clearance_m, roof, first)


@compiled
def _fill(begin: int, end: int, outlines: Outlines, first: Integers, x: Floats, y: Floats) -> None:
    """Place the points of a run of roofs."""
    for roof in range(begin, end):
        count = first[roof + 1] - first[roof]
        if count == 0:
            continue
        east, north = _longest_edge(outlines, roof)
        along, across, ring_end = _turned(outlines, roof, east, north)
        area = _area_before(along.max(), along, across, ring_end)
        for i in range(count):
            place = _place_of(area * (i + 0.5) / count, along, across, ring_end)
            height = _part_of_cut((i * GOLDEN + 0.5) % 1.0, place, along, across, ring_end)
            x[first[roof] + i] = place * east - height * north
            y[first[roof] + i] = place * north + height * east


@compiled
def _longest_edge(outlines: Outlines, roof: int) -> tuple[float, float]:
    """Return the direction of a roof's longest edge, as a unit vector."""
    longest, east, north = 0.0, 1.0, 0.0
    for ring in range(outlines.first_ring[roof], outlines.first_ring[roof + 1]):
        for corner in range(outlines.first_corner[ring], outlines.first_corner[ring + 1] - 1):
            dx = outlines.corners[corner + 1, 0] - outlines.corners[corner, 0]
            dy = outlines.corners[corner + 1, 1] - outlines.corners[corner, 1]
            length = math.hypot(dx, dy)
            if length > longest:
                longest, east, north = length, dx / length, dy / length
    return east, north


@compiled
def _turned(
    outlines: Outlines, roof: int, east: float, north: float
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return the corners of a roof along and across its longest edge, and where rings end."""
    low = outlines.first_corner[outlines.first_ring[roof]]
    high = outlines.first_corner[outlines.first_ring[roof + 1]]
    along = outlines.corners[low:high, 0] * east + outlines.corners[low:high, 1] * north
    across = outlines.corners[low:high, 1] * east - outlines.corners[low:high, 0] * north
    ring_end = np.zeros(high - low, dtype=np.bool_)
    for ring in range(outlines.first_ring[roof], outlines.first_ring[roof + 1]):
        ring_end[outlines.first_corner[ring + 1] - 1 - low] = True
    return along, across, ring_end


@compiled
def _area_before(
    place: float, along: Floats, across: Floats, ring_end: npt.NDArray[np.bool_]
) -> float:
    """Add up the area that lies before a place: below each edge, less below those that lead back."""
    area, base = 0.0, across[0]
    for i in range(len(along) - 1):
        if ring_end[i] or along[i] == along[i + 1]:
            continue
        a, b = min(along[i], place), min(along[i + 1], place)
        slope = (across[i + 1] - across[i]) / (along[i + 1] - along[i])
        middle = across[i] - base + slope * (0.5 * (a + b) - along[i])
        area += middle * (a - b)
    return area


@compiled
def _place_of(area: float, along: Floats, across: Floats, ring_end: npt.NDArray[np.bool_]) -> float:
    """Find the place before which an area lies, by secants that keep it between their ends."""
    low, high = along.min(), along.max()
    short, over = -area, _area_before(high, along, across, ring_end) - area
    enough, place, side = CLOSE * (over - short), low, 0
    for _ in range(MOST_SECANTS):
        if over - short <= enough:
            break
        place = (low * over - high * short) / (over - short)
        beyond = _area_before(place, along, across, ring_end) - area
        if abs(beyond) <= enough:
            break
        # an end that stays is given less weight (the Illinois method)
        if beyond < 0.0:
            low, short, over = place, beyond, over * (0.5 if side < 0 else 1.0)
            side = -1
        else:
            high, over, short = place, beyond, short * (0.5 if side > 0 else 1.0)
            side = 1
    return float(place)


@compiled
def _part_of_cut(
    part: float, place: float, along: Floats, across: Floats, ring_end: npt.NDArray[np.bool_]
) -> float:
    """Find where a part of the cut through the roof at a place ends."""
    cuts, count = np.empty(len(along)), 0
    for i in range(len(along) - 1):
        if not ring_end[i] and (along[i] <= place) != (along[i + 1] <= place):
            ratio = (place - along[i]) / (along[i + 1] - along[i])
            cuts[count] = across[i] + ratio * (across[i + 1] - across[i])
            count += 1
    # a place beside every edge, by a rounding error: the first corner will do
    if count < 2:
        return float(across[0])
    found = np.sort(cuts[:count])
    rest = 0.0
    for i in range(0, count - 1, 2):
        rest += found[i + 1] - found[i]
    rest *= part
    for i in range(0, count - 1, 2):
        if rest <= found[i + 1] - found[i]:
            return float(found[i] + rest)
        rest -= found[i + 1] - found[i]
    return float(found[count - 1])
