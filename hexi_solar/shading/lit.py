"""Which part of a roof the sun reaches, wherever it stands.

A roof is not shaded at once: as the sun sinks behind a tower, its shadow moves over the
roof. So the skylines of a roof's points are not averaged; what is kept is the part of the
points that the sun reaches, for each direction and elevation of the sun.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hexi_solar.shading.compiled import Floats, Integers, compiled, over_runs
from hexi_solar.shading.points import Points

BINS = 32
Shares = npt.NDArray[np.float32]


def lit_fraction(
    skyline: Floats, points: Points, *, bins: int = BINS, threads: int | None = None
) -> Shares:
    """
    Count the points of each roof that the sun reaches from each part of the sky.

    Parameters
    ----------
    skyline
        Elevations, one row per point and one column per direction. [°]
    points
        As many as rows.
    bins
        Bands of equal height between horizon and zenith.

    Returns
    -------
    lit
        Of shape (roofs, directions, bins): the part of the points whose skyline lies below
        the middle of the band; 1 for roofs without points. [-]

    Examples
    --------
    The sun at azimuth 190° and elevation 20° falls into direction
    ``rint(190 / 360 * directions) % directions`` and band ``int(20 / 90 * bins)``.
    """
    lit = np.ones((points.roofs, skyline.shape[1], bins), dtype=np.float32)

    def count(begin: int, end: int) -> None:
        _count(begin, end, points.first, skyline, lit)

    over_runs(count, points.roofs, threads)
    return lit


@compiled
def _count(begin: int, end: int, first: Integers, skyline: Floats, lit: Shares) -> None:
    """Count the points of a run of roofs, band by band from the horizon upwards."""
    directions, bins = lit.shape[1], lit.shape[2]
    below = np.empty(bins + 1, dtype=np.int64)
    for roof in range(begin, end):
        one, last = first[roof], first[roof + 1]
        if one == last:
            continue
        for k in range(directions):
            below[:] = 0
            for p in range(one, last):
                # the first band whose middle is above the skyline
                band = int(np.floor(skyline[p, k] / 90.0 * bins + 0.5))
                below[min(band, bins)] += 1
            reached = 0
            for band in range(bins):
                reached += below[band]
                lit[roof, k, band] = reached / (last - one)


def sun_band(
    azimuth: Floats, elevation: Floats, directions: int, bins: int = BINS
) -> tuple[Integers, Integers]:
    """
    Find where in the table of `lit_fraction` the sun stands.

    Parameters
    ----------
    azimuth, elevation
        Of the sun; below the horizon it is taken as on it. [°]

    Returns
    -------
    direction, band
        The nearest direction and the band around the elevation.
    """
    direction = np.rint(azimuth / 360.0 * directions).astype(np.int64) % directions
    band = np.clip(np.floor(elevation / 90.0 * bins), 0, bins - 1).astype(np.int64)
    return direction, band


def lit_at(skyline: Floats, points: Points, azimuth: Floats, elevation: Floats) -> Floats:
    """
    Count the points of each roof that the sun reaches, hour by hour and without bands.

    Parameters
    ----------
    skyline
        Elevations, one row per point and one column per direction. [°]
    points
        As many as rows.
    azimuth, elevation
        Of the sun, one per hour. [°]

    Returns
    -------
    lit
        Of shape (hours, roofs); 1 for roofs without points. [-]
    """
    directions = skyline.shape[1]
    nearest = np.rint(azimuth / 360.0 * directions).astype(np.int64) % directions
    lit = np.ones((len(nearest), points.roofs))
    for roof in range(points.roofs):
        mine = skyline[points.first[roof] : points.first[roof + 1]]
        if not len(mine):
            continue
        ordered = np.sort(mine, axis=0)
        for k in np.unique(nearest):
            hours = nearest == k
            count = np.searchsorted(ordered[:, k], elevation[hours], side="left")
            lit[hours, roof] = count / len(mine)
    return lit
