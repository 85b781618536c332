"""A roof from the planes that a surface model shows.

Planes that meet at about the same height are one level: rows stop at a ridge, yet nobody
falls off it. The edge of a level, where the roof falls to the ground or steps to another
level, is the roof's outer edge. What no plane holds belongs to the largest plane's account.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hexi_solar.roofs.cuts import polygons, without_slivers
from hexi_solar.roofs.frame import Frame, Slope, Standing

EDGE = 0.5  # an edge between planes is known about this well: half a cell of a 1 m model [m]
NEAR = 0.05  # planes this near to each other touch [m]
LEAST_BORDER = 0.5  # two planes that meet along less than this meet in a corner [m]


def measured_slopes(
    footprint: BaseGeometry, planes: gpd.GeoDataFrame, step_m: float, frame: Frame
) -> list[Slope]:
    """
    Turn the planes of one building into slopes that add up to its footprint.

    Parameters
    ----------
    footprint
        Outline of the building.
    planes
        One row per plane, as `planes.roof_planes_from_surface` gives them, with
        `roof_kind`.
    step_m
        From this difference in height on, two planes are two levels. [m]
    frame
        Side of the equator, for planes that face nowhere.
    """
    shapes = _apart(planes.geometry.to_numpy())
    rest = without_slivers(footprint.difference(shapely.union_all(shapes)))
    levels = _levels(shapes, planes, step_m)
    largest = int(np.argmax(shapely.area(shapes)))
    regions = {
        level: without_slivers(footprint.difference(shapely.union_all(shapes[levels != level])))
        for level in np.unique(levels)
    }
    slopes = []
    for number, plane in enumerate(planes.itertuples()):
        azimuth = float(plane.surface_azimuth)
        slopes.append(
            Slope(
                shape=shapes[number],
                surface_tilt=float(plane.surface_tilt),
                surface_azimuth=frame.equator if np.isnan(azimuth) else azimuth,
                roof_kind=str(plane.roof_kind),
                tilt_source=str(plane.tilt_source),
                source="surface_model",
                region=regions[levels[number]],
                rest=rest if number == largest else shapely.Polygon(),
                standing=Standing(
                    plane.standing, int(plane.standing_count), float(plane.standing_height_m)
                ),
                parapet_m=float(plane.parapet_height_m),
            )
        )
    return slopes


def _apart(shapes: np.ndarray) -> np.ndarray:
    """Keep planes from overlapping, should rounding have made them."""
    alone = np.array([polygons(s) for s in shapes], dtype=object)
    both = shapely.area(alone).sum() - shapely.union_all(alone).area
    if both > 1e-6:
        for i in range(1, len(alone)):
            alone[i] = polygons(alone[i].difference(shapely.union_all(alone[:i])))
    return alone


def _levels(shapes: np.ndarray, planes: gpd.GeoDataFrame, step_m: float) -> np.ndarray:
    """Number the planes by level: those that meet without a step have the same number."""
    level = np.arange(len(shapes))
    slopes = planes[["slope_east", "slope_north", "height_at_origin_m"]].to_numpy(float)
    one, two = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=NEAR)
    for i, j in zip(one, two, strict=True):
        if (
            i < j
            and level[i] != level[j]
            and _step(shapes[i], shapes[j], slopes[i], slopes[j]) <= step_m
        ):
            level[level == level[j]] = level[i]
    return level


def _step(one: BaseGeometry, two: BaseGeometry, a: np.ndarray, b: np.ndarray) -> float:
    """
    Mean difference in height of two planes along their border; infinite without one. [m]

    What an edge drawn beside its true place makes of it does not count.
    """
    border = one.boundary.intersection(two.buffer(NEAR))
    if border.length < LEAST_BORDER:
        return float("inf")
    x, y = shapely.get_coordinates(shapely.segmentize(border, 1.0)).T
    east, north, height = a - b
    apart = np.abs(east * x + north * y + height).mean()
    return float(max(apart - EDGE * np.hypot(east, north), 0.0))
