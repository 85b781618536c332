"""Do the footprints lie where the surface has its steps?

Every wall tells how far off it is across itself: along a line through the wall, the
surface falls from roof to ground, and the point half way down should be the footprint's
edge. Walls of all directions together tell the shift; eaves that overhang on all sides
cancel out, because opposite walls pull in opposite directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from hexi_solar.compiled import machine_code
from hexi_solar.planes.fit import Floats, Ints
from hexi_solar.planes.settings import PlaneSettings

LEAST_STEP = 1.5  # lower steps may be a kerb or a hedge [m]
SPACING = 1.0  # between points along a wall [m]
LEAST_POINTS = 24
ROUNDS = 12  # of reweighting


@dataclass(frozen=True)
class Shift:
    """How to move the footprints so that they lie on the surface."""

    dx: float
    """To the east. [m]"""
    dy: float
    """To the north. [m]"""
    confidence: float
    """0 nothing known to 1: share of walls that agree, less where only one direction is seen. [-]"""
    error_m: float
    """Standard error of the shift; NaN without walls. [m]"""
    overhang_m: float
    """How far the roofs reach beyond the footprints on all sides. [m]"""
    points: int
    """Points of walls that were measured."""

    @property
    def length_m(self) -> float:
        """Distance. [m]"""
        return float(np.hypot(self.dx, self.dy))


UNKNOWN = Shift(0.0, 0.0, 0.0, float("nan"), float("nan"), 0)


def footprint_shift(
    surface: Floats,
    transform: Affine,
    footprints: Sequence[BaseGeometry],
    settings: PlaneSettings,
) -> Shift:
    """
    Find how far footprints are displaced against a surface model.

    Parameters
    ----------
    surface
        Heights, rows from north to south, NaN where unknown. [m]
    transform
        From column and row to map coordinates, north up.
    footprints
        Outlines in map coordinates; walls between neighbours are left out.
    settings
        How far to look.

    Returns
    -------
    shift
        What has to be added to the footprints' coordinates, with its confidence.

    Notes
    -----
    Each point of a wall with outward normal n sees its step at a distance t along n. The
    shift d and the overhang o solve n·d + o = t in least squares, walls that disagree weighing less.
    """
    points, normals, _ = wall_points(footprints, settings.shift_reach_m)
    return solve_shift(
        normals, [measure_walls(surface, transform, points, normals, settings)], transform.a
    )


def measure_walls(
    surface: Floats,
    transform: Affine,
    points: Floats,
    normals: Floats,
    settings: PlaneSettings,
) -> Floats:
    """
    Measure at which distance in front of each wall point the surface has its step.

    Returns
    -------
    distances
        Along the normals, NaN where there is no single step. [m]
    """
    columns = (points[:, 0] - transform.c) / transform.a - 0.5
    rows = (points[:, 1] - transform.f) / transform.e - 0.5
    distances: Floats = _step_distances(
        surface, rows, columns, normals, transform.a, -transform.e, settings.shift_reach_m
    )
    return distances


def solve_shift(normals: Floats, distances: Sequence[Floats], cell: float) -> Shift:
    """
    Put the distances of all walls together.

    Parameters
    ----------
    normals
        Unit vectors out of the buildings.
    distances
        From `measure_walls`, in the order of the normals. [m]
    cell
        Cell size. [m]
    """
    steps = np.concatenate(distances) if len(distances) else np.empty(0)
    seen = np.isfinite(steps)
    if seen.sum() < LEAST_POINTS:
        return UNKNOWN
    return _solve(normals[seen], steps[seen], cell)


def wall_points(
    footprints: Sequence[BaseGeometry],
    reach: float,
    around: Sequence[BaseGeometry] | None = None,
) -> tuple[Floats, Floats, Ints]:
    """
    Set points along the free walls of footprints.

    Parameters
    ----------
    footprints
        Outlines in map coordinates.
    reach
        How far in front of a wall nothing may stand. [m]
    around
        What may stand there; the footprints themselves if not given.

    Returns
    -------
    points, normals, owners
        Map coordinates [m], the unit vector that points out of the building, and which
        footprint it is; walls with another footprint within `reach` in front of them, or
        shorter than 2 m, give none.
    """
    edges, owner = _edges(footprints)
    if not len(edges):
        return np.empty((0, 2)), np.empty((0, 2)), owner
    along = edges[:, 2:] - edges[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    long = length >= 2.0
    edges, along, length, owner = edges[long], along[long], length[long], owner[long]
    count = np.maximum((length / SPACING).astype(int), 1)
    index = np.repeat(np.arange(len(edges)), count)
    place = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count) + 0.5
    place = place / np.repeat(count, count)
    points = edges[index, :2] + along[index] * place[:, None]
    # outer rings run clockwise and inner ones against: the outside lies to the left
    normals = np.column_stack([-along[index, 1], along[index, 0]]) / length[index, None]
    tree = shapely.STRtree(list(footprints if around is None else around))
    ahead = shapely.linestrings(
        np.stack([points + 0.05 * normals, points + reach * normals], axis=1)
    )
    blocked = np.zeros(len(points), bool)
    blocked[tree.query(ahead, predicate="intersects")[0]] = True
    return points[~blocked], normals[~blocked], owner[index][~blocked]


def _edges(footprints: Sequence[BaseGeometry]) -> tuple[Floats, Ints]:
    """List the edges of all rings, the building on the right hand."""
    edges, owner = [np.empty((0, 4))], [np.empty(0, np.int64)]
    for i, footprint in enumerate(footprints):
        for polygon in shapely.get_parts(footprint):
            if polygon.geom_type != "Polygon" or polygon.is_empty:
                continue
            turned = shapely.orient_polygons(polygon, exterior_cw=True)
            for ring in (turned.exterior, *turned.interiors):
                corners = shapely.get_coordinates(ring)
                edges.append(np.hstack([corners[:-1], corners[1:]]))
                owner.append(np.full(len(corners) - 1, i, np.int64))
    return np.vstack(edges), np.concatenate(owner)


@machine_code
def _step_distances(
    surface: Floats,
    rows: Floats,
    columns: Floats,
    normals: Floats,
    dx: float,
    dy: float,
    reach: float,
) -> Floats:
    """Find where along its normal each point sees the step half done; NaN without a step. [m]"""
    found = np.full(len(rows), np.nan)
    spacing = 0.25 * min(dx, dy)
    half = int(reach / spacing)
    profile = np.empty(2 * half + 1)
    for i in range(len(rows)):
        whole = True
        for s in range(-half, half + 1):
            r = rows[i] - normals[i, 1] * s * spacing / dy
            c = columns[i] + normals[i, 0] * s * spacing / dx
            profile[s + half] = _height(surface, r, c)
            whole &= not np.isnan(profile[s + half])
        if whole:
            found[i] = _half_way(profile, spacing, max(dx, dy))
    return found


@machine_code
def _height(surface: Floats, r: float, c: float) -> float:
    """Height between cells, linear in both directions; NaN beyond the surface."""
    if not (0.0 <= r < surface.shape[0] - 1 and 0.0 <= c < surface.shape[1] - 1):
        return np.nan
    i, j = int(r), int(c)
    u, v = r - i, c - j
    north = (1.0 - v) * surface[i, j] + v * surface[i, j + 1]
    south = (1.0 - v) * surface[i + 1, j] + v * surface[i + 1, j + 1]
    return float((1.0 - u) * north + u * south)


@machine_code
def _half_way(profile: Floats, spacing: float, cell: float) -> float:
    """Place the largest fall of a profile; NaN if it is none or not a single step."""
    n = len(profile)
    width = max(int(cell / spacing + 0.5), 1)
    best, fall = -1, 0.0
    for s in range(n - width):
        drop = profile[s] - profile[s + width]
        if drop > fall:
            best, fall = s, drop
    # the ramp of a step may be cut by the end of the profile
    low, high = best - width, best + 2 * width
    if best < 0 or low < 0 or high >= n:
        return np.nan
    top, bottom = profile[low], profile[high]
    if top - bottom < LEAST_STEP:
        return np.nan
    level = 0.5 * (top + bottom)
    for s in range(low, high):
        if profile[s] >= level > profile[s + 1]:
            part = (profile[s] - level) / (profile[s] - profile[s + 1])
            return float((s + part - (n - 1) / 2) * spacing)
    return np.nan


def _solve(normals: Floats, steps: Floats, cell: float) -> Shift:
    """Solve n·d + o = t, walls that disagree weighing less and less."""
    design = np.column_stack([normals, np.ones(len(normals))])
    weights = np.ones(len(steps))
    found: Floats = np.zeros(3)
    scale = 1.0
    for _ in range(ROUNDS):
        weighed = design * weights[:, None]
        normal = weighed.T @ design + 1e-9 * np.eye(3)
        found = np.asarray(np.linalg.solve(normal, weighed.T @ steps), float)
        miss = np.abs(steps - design @ found)
        scale = max(1.4826 * float(np.median(miss)), 0.1 * cell)
        weights = np.minimum(1.0, (scale / np.maximum(miss, 1e-12)) ** 2)
    moments = (normals * weights[:, None]).T @ normals / weights.sum()
    evenness = float(np.clip(2.0 * np.linalg.eigvalsh(moments)[0], 0.0, 1.0))
    miss = np.abs(steps - design @ found)
    agree = float((miss <= max(0.5 * cell, 0.3)).mean())
    covariance = np.linalg.inv((design * weights[:, None]).T @ design + 1e-9 * np.eye(3))
    error = scale * float(np.sqrt(covariance[0, 0] + covariance[1, 1]))
    confidence = agree * min(1.0, 4.0 * evenness) * min(1.0, len(steps) / (4 * LEAST_POINTS))
    return Shift(
        float(found[0]), float(found[1]), float(confidence), error, float(found[2]), len(steps)
    )
