"""Shapes with something cut off: a side, lanes, a parapet's shadow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.affinity import rotate, translate
from shapely.geometry.base import BaseGeometry

from hexi_solar.config import Roofs
from hexi_solar.roofs.frame import Frame

FAR = 1e7  # beyond any roof [m]
SLIVER = 1e-8  # left between outlines that should meet [m²]


def polygons(shape: BaseGeometry) -> BaseGeometry:
    """Keep the areas of a shape; lines and points left by an overlay go."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    return _areas_of(shape, 0.0)


def without_slivers(shape: BaseGeometry) -> BaseGeometry:
    """Keep the areas of a shape that are more than a rounding error."""
    return _areas_of(shape, SLIVER)


def _areas_of(shape: BaseGeometry, least: float) -> BaseGeometry:
    """Keep the polygons of more than some area."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and p.area > least]
    return shapely.MultiPolygon(parts) if parts else shapely.Polygon()


def shrunk(shape: BaseGeometry, distance_m: float) -> BaseGeometry:
    """Take a strip off along all edges of a shape."""
    return polygons(shape.buffer(-distance_m, join_style="mitre"))


def half_plane(point: tuple[float, float], direction: float) -> BaseGeometry:
    """Build the half plane that lies from a point towards a grid direction. [rad]"""
    square = shapely.box(point[0] - FAR, point[1], point[0] + FAR, point[1] + FAR)
    return rotate(square, -direction, origin=point, use_radians=True)


def cut_side(shape: BaseGeometry, area: float, towards: tuple[float, float]) -> BaseGeometry:
    """Take an area off the side of a shape that lies towards a direction."""
    if area <= 0.0 or shape.is_empty:
        return shape
    if area >= shape.area:
        return shapely.Polygon()
    # turned so that the side is up, the cut is a level line, found by halving
    angle = np.arctan2(towards[0], towards[1])
    turned = rotate(shape, angle, origin=(0.0, 0.0), use_radians=True)
    west, low, east, high = turned.bounds
    wanted = shape.area - area
    bottom = low
    for _ in range(26):
        level = 0.5 * (low + high)
        below = shapely.clip_by_rect(turned, west - 1.0, bottom - 1.0, east + 1.0, level).area
        low, high = (level, high) if below < wanted else (low, level)
    left = shapely.box(west - 1.0, bottom - 1.0, east + 1.0, 0.5 * (low + high))
    return polygons(shape.intersection(rotate(left, -angle, origin=(0.0, 0.0), use_radians=True)))


def cut_lanes(
    shape: BaseGeometry, row_azimuth: float, settings: Roofs, frame: Frame
) -> BaseGeometry:
    """Take out lanes that run across the rows, evenly spaced and not wider apart than set."""
    if shape.is_empty or settings.lane_width_m <= 0.0:
        return shape
    east, north = frame.unit(row_azimuth)
    angle = np.arctan2(east, north)
    turned = rotate(shape, angle, origin=(0.0, 0.0), use_radians=True)
    west, low, right, high = turned.bounds
    count = int(np.ceil((right - west) / settings.lane_spacing_m)) - 1
    if count < 1:
        return shape
    middles = west + (right - west) * np.arange(1, count + 1) / (count + 1)
    half = settings.lane_width_m / 2
    strips = [shapely.box(m - half, low - 1.0, m + half, high + 1.0) for m in middles]
    lanes = shapely.union_all(strips)
    back = rotate(lanes, -angle, origin=(0.0, 0.0), use_radians=True)
    return polygons(shape.difference(back))


def cut_shadow(
    shape: BaseGeometry,
    footprint: BaseGeometry,
    height: float,
    shadows: Sequence[tuple[float, float]],
) -> BaseGeometry:
    """
    Keep what the parapet never shades while the roof should be free of shade.

    A point lies outside the shadow of a wall along the footprint's edge if the way back
    along the shadow, at half and at full length, stays inside the footprint.
    """
    if height <= 0.0 or shape.is_empty:
        return shape
    for east, north in shadows:
        for part in (0.5, 1.0):
            moved = translate(footprint, part * height * east, part * height * north)
            shape = shape.intersection(moved)
    return polygons(shape)
