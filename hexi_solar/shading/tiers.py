"""Which data a roof's skyline rests on: the surface model where it is known, else footprints.

The two are never mixed on one building: they stand on different heights, and a roof seen
over both would have edges that are neither's. What was used is written down per roof.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, Integers
from hexi_solar.shading.footprints import Skylines
from hexi_solar.shading.points import Points

SURFACE, FOOTPRINTS = "surface_model", "footprint"
KNOWN_SHARE = 0.95  # of the surface around a point, for its skyline to rest on it


def best_tiers(
    points: Points,
    building: npt.ArrayLike,
    known: Floats,
    surface: Skylines,
    *,
    at_least: float = KNOWN_SHARE,
) -> npt.NDArray[np.str_]:
    """
    Choose the data for each building: the surface model if all of its points can rest on it.

    Parameters
    ----------
    points
        On roofs.
    building
        Building of each roof, by any name.
    known
        From `known_share`, for each point. [-]
    surface
        Skylines from the surface model, for each point.
    at_least
        Share of the surface around that has to be known. [-]

    Returns
    -------
    tier
        ``"surface_model"`` or ``"footprint"`` for each roof; roofs without points have the
        tier of their building's other roofs, or ``"footprint"``.
    """
    _, number = np.unique(np.asarray(building), return_inverse=True)
    number = number.reshape(-1)
    fits = (known >= at_least) & np.isfinite(points.z)
    fits &= (surface.low < 90.0).any(axis=1)
    group = number[points.roof]
    total = np.bincount(group, minlength=number.max(initial=-1) + 1)
    good = np.bincount(group, weights=fits, minlength=len(total))
    chosen = (total > 0) & (good == total)
    return np.where(chosen[number], SURFACE, FOOTPRINTS)


def take_tiers(
    points: Points, tier: npt.NDArray[np.str_], surface: Skylines, footprints: Skylines
) -> Skylines:
    """
    Take each roof's skylines from its tier.

    Parameters
    ----------
    points
        On roofs.
    tier
        From `best_tiers`, for each roof.
    surface, footprints
        For each point, with the same directions.
    """
    if surface.low.shape != footprints.low.shape:
        msg = f"skylines of shape {surface.low.shape} and {footprints.low.shape}"
        raise ValueError(msg)
    use: Integers = np.flatnonzero(tier[points.roof] == SURFACE)
    low, unknown = footprints.low.copy(), footprints.unknown.copy()
    covered = footprints.covered.copy()
    low[use], unknown[use], covered[use] = surface.low[use], surface.unknown[use], False
    high = low
    if footprints.high is not footprints.low or surface.high is not surface.low:
        high = footprints.high.copy()
        high[use] = surface.high[use]
    return Skylines(low, high, unknown, covered)
