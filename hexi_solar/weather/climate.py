"""A year for Tianjin where no weather file is at hand: the built-in climate year.

Monthly means of `facts/climate.toml` become 8760 hours. Days differ in clearness as a
published distribution says, the day has the shape of a clear sky, and the light is split
into beam and diffuse hour by hour *after* it has been scaled, because that share
decides between orientations. Nothing is drawn at random: the same place gives the
same bytes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
from scipy.optimize import brentq

from hexi_solar.facts import fact
from hexi_solar.weather.closure import MID_HOUR, Array, sun_zenith
from hexi_solar.weather.repair import decompose, light_limits
from hexi_solar.weather.year import COMMON_YEAR, WeatherYear, hours_ahead, hours_of

NAME = "climate_year"
# weather passes in about five or six days; no multiple of it is a whole number of days. [d]
PASSAGE = 4 + (1 + 5**0.5) / 2
LEAST_CLEARNESS = 0.05


def climate_year(latitude: float, longitude: float, altitude: float, tz: str) -> WeatherYear:
    """
    Build a year of hours from the monthly means of Tianjin.

    Parameters
    ----------
    latitude, longitude
        Where the sun is seen from; the climate is Tianjin's wherever that is. [°]
    altitude
        [m]
    tz
        Time zone; its standard time is used.

    Returns
    -------
    year
        With the sun at mid-hour, exact closure and `source` "assumed". The sums of global
        irradiance and the means of temperature and wind are those of the facts, month by month.
    """
    hours = hours_of(COMMON_YEAR, tz)
    zenith = sun_zenith(hours, latitude, longitude, altitude, MID_HOUR)
    ghi = _global(hours, zenith)
    dni, dhi = decompose(hours, ghi, zenith, light_limits(hours, zenith)["dni"])
    clearness = _month_sums(hours, ghi) / _month_sums(hours, _extraterrestrial(hours, zenith))
    solar_time = _solar_time(hours, longitude)
    temp_air = _through_the_months(hours, fact("climate.temp_air")) + _daily_wave(
        solar_time, clearness[hours.month - 1]
    )
    wind_speed = _through_the_months(hours, fact("climate.wind_speed"))
    columns = {"ghi": ghi, "dni": dni, "dhi": dhi, "temp_air": temp_air, "wind_speed": wind_speed}
    table = pd.DataFrame(columns, index=hours)
    place = (latitude, longitude, altitude)
    return WeatherYear(NAME, table, *place, MID_HOUR, 0.0, "assumed", {})


def _extraterrestrial(hours: pd.DatetimeIndex, zenith: Array) -> Array:
    """Calculate the irradiance on the horizontal above the atmosphere. [W/m²]."""
    extra = pvlib.irradiance.get_extra_radiation(hours).to_numpy()
    return np.asarray(extra * np.maximum(np.cos(np.radians(zenith)), 0))


def _month_sums(hours: pd.DatetimeIndex, values: Array) -> Array:
    """Add hours up to months."""
    return np.bincount(hours.month - 1, values, minlength=12).astype(float)


def _global(hours: pd.DatetimeIndex, zenith: Array) -> Array:
    """Shape hourly global irradiance so that each month has the sum of the facts. [W/m²]."""
    above = _extraterrestrial(hours, zenith)
    wanted = np.asarray(fact("climate.ghi"), float) * 1000
    means = wanted / _month_sums(hours, above)
    day = hours.day_of_year.to_numpy() - 1
    clear = pvlib.clearsky.haurwitz(pd.Series(zenith, hours))["ghi"].to_numpy()
    shape = clear / np.bincount(day, clear)[day]
    ghi = shape * (_daily_clearness(hours, means) * np.bincount(day, above))[day]
    ghi *= (wanted / _month_sums(hours, ghi))[hours.month - 1]
    return np.asarray(ghi)


def _daily_clearness(hours: pd.DatetimeIndex, means: Array) -> Array:
    """Give each day of the year its clearness index. [-]."""
    months = hours[::24].month.to_numpy()
    wave = np.cos(2 * np.pi * np.arange(len(months)) / PASSAGE)
    clearness = np.empty(len(months))
    for month, mean in enumerate(means, start=1):
        days = np.flatnonzero(months == month)
        rank = np.argsort(np.argsort(wave[days], kind="stable"), kind="stable")
        clearness[days] = clearness_quantiles(float(mean), (rank + 0.5) / len(days))
    return clearness


def clearness_quantiles(mean: float, share: Array) -> Array:
    r"""
    Calculate the daily clearness index that a share of a month's days stays below.

    Parameters
    ----------
    mean
        Of the month. [-]
    share
        Between 0 and 1. [-]

    Returns
    -------
    clearness
        [-]

    Notes
    -----
    The distribution is exponential between a least and a greatest clearness [1]_

    .. math:: F(K) = \frac{e^{\gamma K_{min}} - e^{\gamma K}}
                          {e^{\gamma K_{min}} - e^{\gamma K_{max}}}

    with :math:`K_{min} = 0.05`, :math:`K_{max} = 0.6313 + 0.267 \bar K - 11.9 (\bar K -
    0.75)^8` [2]_, and :math:`\gamma` such that its mean is :math:`\bar K`.

    References
    ----------
    .. [1] P. Bendt, M. Collares-Pereira and A. Rabl, "The frequency distribution of daily
       insolation values," Solar Energy, vol. 27, no. 1, pp. 1-5, 1981,
       :doi:`10.1016/0038-092X(81)90013-X`.
    .. [2] K. G. T. Hollands and R. G. Huget, "A probability density function for the
       clearness index, with applications," Solar Energy, vol. 30, no. 3, pp. 195-209, 1983,
       :doi:`10.1016/0038-092X(83)90149-4`.

    Examples
    --------
    Half of the days of a month with mean 0.5 are clearer than 0.54:

    >>> clearness_quantiles(0.5, np.array([0.0, 0.5, 1.0])).round(2)
    array([0.05, 0.54, 0.76])
    """
    greatest = 0.6313 + 0.267 * mean - 11.9 * (mean - 0.75) ** 8
    width = greatest - LEAST_CLEARNESS

    def excess(bend: float) -> float:
        # mean of the distribution, with bend = gamma * width; straight where it is 0
        share_of_width = 0.5 + bend / 12 if abs(bend) < 1e-4 else 1 / (1 - np.exp(-bend)) - 1 / bend
        return float(LEAST_CLEARNESS + width * share_of_width - mean)

    bend = brentq(excess, -50, 50, xtol=1e-12)
    return np.asarray(LEAST_CLEARNESS + width * np.log1p(share * np.expm1(bend)) / bend)


def _through_the_months(hours: pd.DatetimeIndex, means: list[float]) -> Array:
    """Draw a line through the months' middles whose monthly means are the ones given."""
    starts = np.flatnonzero(np.diff(hours.month, prepend=0))
    middles = (starts + np.append(starts[1:], len(hours))) / 2
    at = np.arange(len(hours)) + 0.5
    # row m: the line that is 1 in the middle of month m and 0 in all others, round the year
    lines = np.array([np.interp(at, middles, row, period=len(hours)) for row in np.eye(12)])
    weights = np.array([_month_sums(hours, line) for line in lines]).T
    counts = np.bincount(hours.month - 1, minlength=12)
    nodes = np.linalg.solve(weights / counts[:, None], np.asarray(means, float))
    return np.asarray(nodes @ lines)


def _solar_time(hours: pd.DatetimeIndex, longitude: float) -> Array:
    """Calculate the mean solar time in the middle of each hour. [h]."""
    return np.asarray((hours.hour + 0.5 + longitude / 15 - hours_ahead(hours[0])) % 24)


def _daily_wave(solar_time: Array, clearness: Array) -> Array:
    r"""
    Calculate how far the air is from the day's mean temperature.

    Parameters
    ----------
    solar_time
        [h]
    clearness
        Mean clearness index of the month. [-]

    Returns
    -------
    difference
        0 in the mean of a day, warmest in the early afternoon. [K]

    References
    ----------
    .. [1] D. G. Erbs, S. A. Klein and W. A. Beckman, "Estimation of degree-days and ambient
       temperature bin data from monthly-average temperatures," ASHRAE Journal, vol. 25,
       no. 6, pp. 60-65, 1983.
    """
    swing = 25.8 * clearness - 5.21
    t = 2 * np.pi * (solar_time - 1) / 24
    waves = (0.4632, 1, 3.805), (0.0984, 2, 0.360), (0.0168, 3, 0.822), (0.0138, 4, 3.513)
    return np.asarray(swing * sum(a * np.cos(n * t - lag) for a, n, lag in waves))
