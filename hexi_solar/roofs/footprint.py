"""A roof from its footprint alone: one plane if flat, two about a ridge if not."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hexi_solar.facts import fact
from hexi_solar.roofs.cuts import half_plane, polygons
from hexi_solar.roofs.frame import Frame, Slope


def long_side_azimuth(shape: BaseGeometry) -> float:
    """
    Return the grid direction of the longer side of a footprint.

    The direction is that of the smallest rectangle around it, within 0..180. [°]

    Examples
    --------
    >>> long_side_azimuth(shapely.box(0, 0, 30, 10))
    90.0
    """
    box = shapely.minimum_rotated_rectangle(shape)
    corners = shapely.get_coordinates(box)
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    # a square has no longer side: take the one nearer to east-west, so that noise does not decide
    east, north = sides[0] if lengths[0] > lengths[1] * (1 + 1e-9) else sides[1]
    if abs(lengths[0] - lengths[1]) <= 1e-9 * lengths.max():
        east, north = max(sides.tolist(), key=lambda side: abs(side[0]))
    return float(np.round(np.rad2deg(np.arctan2(east, north)) % 180.0, 9))


def footprint_slopes(
    shape: BaseGeometry, roof_kind: str, kind_source: str, frame: Frame
) -> list[Slope]:
    """
    Split a pitched roof along its ridge; a flat one is one plane.

    Parameters
    ----------
    shape
        Footprint.
    roof_kind, kind_source
        From the building. Only of a flat roof is the tilt as well known as the kind.
    frame
        True north and the side of the equator.
    """
    if roof_kind == "flat":
        return [Slope(shape, 0.0, frame.equator, "flat", kind_source, "footprint", shape)]
    tilt = float(fact(f"roofs.assumed_tilt.{roof_kind}"))
    ridge = long_side_azimuth(shape)
    middle = shapely.minimum_rotated_rectangle(shape).centroid
    slopes = []
    for side in (ridge + 90.0, ridge - 90.0):
        half = half_plane((middle.x, middle.y), np.deg2rad(side))
        part = polygons(shape.intersection(half))
        if not part.is_empty:
            azimuth = float((side - frame.true_north) % 360.0)
            slopes.append(Slope(part, tilt, azimuth, roof_kind, "assumed", "footprint", part))
    return slopes
