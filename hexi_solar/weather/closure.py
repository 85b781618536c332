"""Where in its hour the sun stands that a row's irradiance belongs to.

Files label an hour by its start or its end, and some were made with the sun at the
label itself. Global irradiance is diffuse irradiance plus the beam on the horizontal
plane, `ghi = dhi + dni cos z`, and only the right sun closes that sum.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from hexi_solar.weather.year import labels_of

MID_HOUR = 30.0
# [min] from the label, in the order of preference where two close equally well
OFFSETS = (MID_HOUR, 0.0, 60.0, -30.0)
# fewer hours with beam than this tell nothing
ENOUGH_HOURS = 100

Array = npt.NDArray[np.float64]


def sun_zenith(
    hours: pd.DatetimeIndex, latitude: float, longitude: float, altitude: float, offset: float
) -> Array:
    """
    Calculate the true zenith of the sun some minutes after each label.

    Parameters
    ----------
    hours
        Labels with their time zone.
    latitude, longitude
        [°]
    altitude
        Above sea level. [m]
    offset
        [min]

    Returns
    -------
    zenith
        Without refraction. [°]
    """
    times = hours + pd.Timedelta(minutes=offset)
    sun = pvlib.solarposition.get_solarposition(times, latitude, longitude, altitude=altitude)
    return np.asarray(sun["zenith"], float)


def possible(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """
    Tell which hours have light that could be true, wherever in the hour the sun stands.

    Parameters
    ----------
    table
        Columns ghi, dni and dhi, NaN where not known. [W/m²]

    Returns
    -------
    possible
        True with some light, no value missing or negative, and none above what arrives
        at the top of the atmosphere that day.
    """
    ceiling = pvlib.irradiance.get_extra_radiation(table.index).to_numpy()
    light = table[["ghi", "dni", "dhi"]].to_numpy(float)
    with np.errstate(invalid="ignore"):
        inside = ((light >= 0) & (light <= ceiling[:, None])).all(axis=1)
        lit = (light[:, 0] > 0) & (light[:, 2] <= light[:, 0] + 1)
    return np.asarray(inside & lit)


def closure_rmse(table: pd.DataFrame, zenith: Array) -> float:
    r"""
    Calculate how far global irradiance is from its parts.

    Parameters
    ----------
    table
        Columns ghi, dni and dhi. [W/m²]
    zenith
        Zenith of the sun of each row. [°]

    Returns
    -------
    rmse
        Over the hours of `possible`; NaN where fewer than 100 of them have beam. [W/m²]

    Notes
    -----
    .. math:: \epsilon = G - D - B \max(\cos z, 0)
    """
    used = possible(table)
    if (table["dni"].to_numpy(float)[used] > 0).sum() < ENOUGH_HOURS:
        return float("nan")
    ghi, dni, dhi = (table[c].to_numpy(float)[used] for c in ("ghi", "dni", "dhi"))
    beam = dni * np.maximum(np.cos(np.radians(zenith[used])), 0)
    return float(np.sqrt(np.mean((ghi - dhi - beam) ** 2)))


def find_offset(
    table: pd.DataFrame,
    latitude: float,
    longitude: float,
    altitude: float,
    declared: float | None = None,
) -> tuple[float, float]:
    """
    Find the sun's minute that closes the sum best.

    Parameters
    ----------
    table
        Columns ghi, dni and dhi with time-zone aware labels. [W/m²]
    latitude, longitude
        [°]
    altitude
        [m]
    declared
        Minute that the file itself names, tried besides -30, 0, 30 and 60. [min]

    Returns
    -------
    offset, rmse
        Minute from the label and what is left open there. Where nothing can be told
        (no beam given): the minute declared, else mid-hour, and NaN. [min], [W/m²]
    """
    tried = OFFSETS if declared is None or declared in OFFSETS else (declared, *OFFSETS)
    place = (latitude, longitude, altitude)
    left = {o: closure_rmse(table, sun_zenith(labels_of(table), *place, o)) for o in tried}
    if np.isnan(list(left.values())).any():
        return (MID_HOUR if declared is None else declared), float("nan")
    best = min(left, key=lambda o: left[o])
    return best, left[best]
