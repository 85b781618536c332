"""How much of the sky a plane sees over its skyline.

Diffuse light comes from the whole dome: as bright everywhere, and from a bright band along
the horizon. Both views are relative to the same plane under an open sky, so they are
factors on the light that a transposition model gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, compiled, over_runs
from hexi_solar.shading.points import Points

BAND = 6.5  # elevation of the bright band along the horizon (Perez et al. 1987) [°]


def sky_view(
    skyline: Floats, tilt: npt.ArrayLike, azimuth: npt.ArrayLike, *, threads: int | None = None
) -> Floats:
    r"""
    Calculate the part of the sky that tilted planes see over their skylines.

    Parameters
    ----------
    skyline
        Elevations, one row per plane and one column per direction from north. [°]
    tilt, azimuth
        Of each plane, or of all. [°]

    Returns
    -------
    view
        Weighted with the cosine of incidence, relative to the same plane under an open
        sky. [-]

    Notes
    -----
    .. math:: F = \frac{1}{2\pi} \int \left[ \cos\beta \cos^2 h + \sin\beta \cos(\varphi - \gamma)
              \left(\frac{\pi}{2} - h - \sin h \cos h\right) \right] d\varphi

    with the horizon h not below the plane itself [1]_.

    References
    ----------
    .. [1] J. Dozier and J. Frew, "Rapid calculation of terrain parameters for radiation
       modeling from digital elevation data," IEEE Trans. Geosci. Remote Sens. 28(5),
       963-969, 1990, :doi:`10.1109/36.58986`.

    Examples
    --------
    Walls that rise to 45° all around leave a horizontal plane half of the sky:

    >>> sky_view(np.full((1, 64), 45.0), 0.0, 180.0).round(6)
    array([0.5])
    """
    return _views(_see_dome, skyline, tilt, azimuth, threads)


def horizon_view(
    skyline: Floats, tilt: npt.ArrayLike, azimuth: npt.ArrayLike, *, threads: int | None = None
) -> Floats:
    """
    Calculate the part of the bright band along the horizon that tilted planes see.

    The band is 6.5° high and counts with the cosine of the azimuth it lies at from the
    plane's own, in front of the plane only.

    Parameters
    ----------
    skyline
        Elevations, one row per plane and one column per direction from north. [°]
    tilt, azimuth
        Of each plane, or of all. [°]

    Returns
    -------
    view
        Relative to the same plane with an open horizon. [-]

    Examples
    --------
    Where half of the band's height is hidden all around, half of it is left:

    >>> horizon_view(np.full((1, 64), 3.25), 30.0, 180.0).round(6)
    array([0.5])
    """
    return _views(_see_band, skyline, tilt, azimuth, threads)


def roof_means(values: Floats, points: Points) -> Floats:
    """Average over the points of each roof; 1 for roofs without points, as under an open sky."""
    count = np.diff(points.first)
    total = np.bincount(points.roof, weights=values, minlength=points.roofs)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0)


def _views(
    see: Callable[[int, int, Floats, Floats, Floats, Floats, Floats, Floats], None],
    skyline: Floats,
    tilt: npt.ArrayLike,
    azimuth: npt.ArrayLike,
    threads: int | None,
) -> Floats:
    """Let one of the loops below fill an array."""
    count = len(skyline)
    tilts = np.ascontiguousarray(np.broadcast_to(np.asarray(tilt, dtype=float), count))
    azimuths = np.ascontiguousarray(np.broadcast_to(np.asarray(azimuth, dtype=float), count))
    view = np.empty(count)
    around = np.deg2rad(np.arange(skyline.shape[1]) * (360.0 / skyline.shape[1]))
    sines, cosines = np.sin(around), np.cos(around)
    skyline = np.ascontiguousarray(skyline, dtype=float)

    def run(begin: int, end: int) -> None:
        see(begin, end, skyline, tilts, azimuths, sines, cosines, view)

    over_runs(run, count, threads)
    return view


@compiled
def _see_dome(
    begin: int, end: int, skyline: Floats, tilt: Floats, azimuth: Floats,
    sines: Floats, cosines: Floats, view: Floats,
) -> None:  # fmt: skip
    """Add up the dome over the skyline, direction by direction."""
    for p in range(begin, end):
        slope, flat = math.sin(math.radians(tilt[p])), math.cos(math.radians(tilt[p]))
        east, north = math.sin(math.radians(azimuth[p])), math.cos(math.radians(azimuth[p]))
        seen, whole = 0.0, 0.0
        for k in range(len(sines)):
            ahead = sines[k] * east + cosines[k] * north
            behind = -slope * ahead
            # where the plane itself is the horizon
            own = math.atan2(behind, flat) if behind > 0.0 else 0.0
            h = max(math.radians(skyline[p, k]), own)
            low, level = math.sin(h), math.cos(h)
            turned = slope * ahead
            seen += flat * level * level + turned * (0.5 * math.pi - h - low * level)
            low, level = math.sin(own), math.cos(own)
            whole += flat * level * level + turned * (0.5 * math.pi - own - low * level)
        view[p] = min(max(seen / whole, 0.0), 1.0) if whole > 0.0 else 0.0


@compiled
def _see_band(
    begin: int, end: int, skyline: Floats, tilt: Floats, azimuth: Floats,
    sines: Floats, cosines: Floats, view: Floats,
) -> None:  # fmt: skip
    """Add up the band in front of the plane; a level plane, the limit of all, sees all of it."""
    for p in range(begin, end):
        level = tilt[p] == 0.0
        east, north = math.sin(math.radians(azimuth[p])), math.cos(math.radians(azimuth[p]))
        seen, whole = 0.0, 0.0
        for k in range(len(sines)):
            weight = 1.0 if level else max(sines[k] * east + cosines[k] * north, 0.0)
            seen += weight * min(max(1.0 - skyline[p, k] / BAND, 0.0), 1.0)
            whole += weight
        view[p] = seen / whole
