"""The year that is simulated: read from weather files, or built in.

Whatever the format, a year comes out as the same table: 8760 hours labelled by their
start, with the minute at which the sun stands, every value possible, and a count of
what had to be repaired. Nothing is ever asked of the network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

import numpy as np
import pandas as pd

from hexi_solar import config, schema
from hexi_solar.errors import Notices, Problem, WeatherError
from hexi_solar.facts import fact
from hexi_solar.weather.climate import climate_year
from hexi_solar.weather.closure import closure_rmse, find_offset, sun_zenith
from hexi_solar.weather.day_shape import WORST_JUMP, clearness_jump
from hexi_solar.weather.period import read_periods
from hexi_solar.weather.read import Record, read_record
from hexi_solar.weather.repair import blank_missing, repair
from hexi_solar.weather.year import WeatherYear, labels_of, one_year

__all__ = [
    "WeatherYear", "climate_year", "distance_km", "read_periods", "read_weather", "read_weather_file",
]  # fmt: skip

# more is left open by a wrong sun or by parts that do not belong together. [W/m²]
WORST_CLOSURE = 20.0
# no place on Earth is outside; another unit is. [kWh/m²]
YEARLY_SUN = (300.0, 3000.0)
EARTH_RADIUS_KM = 6371.0088


def read_weather(
    settings: config.Weather,
    site_latitude: float,
    site_longitude: float,
    altitude: float,
    tz: str,
    notices: Notices,
) -> tuple[WeatherYear, ...]:
    """
    Read all weather files of a plan, or build the climate year.

    Parameters
    ----------
    settings
        `[weather]` of the plan.
    site_latitude, site_longitude
        Where the district lies. [°]
    altitude
        Of the district above sea level. [m]
    tz
        Time zone of the district.
    notices
        Takes repairs, assumptions and warnings.

    Returns
    -------
    years
        One per file in the plan's order; the climate year alone where there is none.

    Raises
    ------
    WeatherError
        With what is wrong in every file at once.
    """
    site = (site_latitude, site_longitude)
    if not settings.paths:
        return (_climate(settings, site, altitude, tz, notices),)
    years: list[WeatherYear] = []
    problems: list[Problem] = []
    for path in settings.paths:
        try:
            years.append(_read(Path(path), settings, notices, (*site, altitude)))
        except WeatherError as error:
            problems += error.problems
    if problems:
        raise WeatherError(*problems)
    for year in years:
        _warn_if_far(year, site, settings.far_km, notices)
    return tuple(_with_own_names(years))


def read_weather_file(path: Path, settings: config.Weather, notices: Notices) -> WeatherYear:
    """
    Read one weather file.

    Parameters
    ----------
    path
        EPW, TMY3, PVGIS (hourly or TMY, CSV or JSON), NSRDB or a free CSV.
    settings
        Format, and for a free CSV its columns, place and time zone; `sun_offset_minutes`
        overrides what closure finds.
    notices
        Takes repairs, assumptions and warnings.

    Returns
    -------
    year
        Complete and possible in every hour.

    Raises
    ------
    WeatherError
        If the file does not describe a year, with every problem found.
    """
    return _read(path, settings, notices, None)


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """
    Calculate the distance of two places along the sphere.

    Parameters
    ----------
    one, other
        Latitude and longitude. [°]

    Returns
    -------
    distance
        After the haversine formula. [km]

    Examples
    --------
    A quarter of the way round:

    >>> round(distance_km((0, 0), (90, 0)))
    10008
    """
    lat1, lon1, lat2, lon2 = map(radians, (*one, *other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


def _read(
    path: Path,
    settings: config.Weather,
    notices: Notices,
    site: tuple[float, float, float] | None,
) -> WeatherYear:
    """Read, order, place the sun, repair and check one file."""
    record = read_record(path, settings, notices, site)
    where = path.name
    table = one_year(record.table, record.zone, where, notices)
    offset, rmse = _sun(table, record, settings)
    table, repairs = repair(table, record.place, offset, where, notices)
    _check_year(table, where)
    _tell(table, record, offset, rmse, where, notices)
    return WeatherYear(path.stem, table, *record.place, offset, rmse, "file", repairs, path)


def _sun(table: pd.DataFrame, record: Record, settings: config.Weather) -> tuple[float, float]:
    """Find the sun's minute, or take the plan's, and what closure leaves open there."""
    light, _ = blank_missing(table)
    if settings.sun_offset_minutes is None:
        return find_offset(light, *record.place, record.declared)
    offset = float(settings.sun_offset_minutes)
    return offset, closure_rmse(light, sun_zenith(labels_of(light), *record.place, offset))


def _tell(
    table: pd.DataFrame, record: Record, offset: float, rmse: float, where: str, notices: Notices
) -> None:
    """Say where the sun was taken, and what makes the file doubtful."""
    facts = {"file": where, "offset": f"{offset:+g}"}
    if np.isnan(rmse):
        notices.add("info", "weather_offset_unknown", **facts)
    else:
        notices.add("info", "weather_offset", **facts, rmse=f"{rmse:.1f}")
    if rmse > WORST_CLOSURE:
        notices.add("warning", "weather_closure", **facts, rmse=f"{rmse:.0f}")
    jump = clearness_jump(table, sun_zenith(labels_of(table), *record.place, offset))
    if jump > WORST_JUMP:
        notices.add("warning", "weather_comb", file=where, jump=f"{jump:.2f}")


def _check_year(table: pd.DataFrame, where: str) -> None:
    """Refuse sums that no place on Earth has, then whatever breaks the table's declaration."""
    total = float(table["ghi"].sum() / 1000)
    low, high = YEARLY_SUN
    if not low <= total <= high:
        facts = {"file": where, "found": f"{total:.4g}", "expected": f"{low:g}..{high:g}"}
        raise WeatherError(Problem("weather_unit", facts))
    schema.check(table, schema.WEATHER, where)


def _climate(
    settings: config.Weather, site: tuple[float, float], altitude: float, tz: str, notices: Notices
) -> WeatherYear:
    """Build the climate year: at the site near Tianjin, else with Tianjin's own sun."""
    station = (fact("climate.station.latitude"), fact("climate.station.longitude"))
    total = f"{sum(fact('climate.ghi')):.0f}"
    notices.add("assumed", "weather_climate_year", ghi=total)
    away = distance_km(station, site)
    if away <= settings.far_km:
        return climate_year(*site, altitude, tz)
    notices.add("warning", "weather_climate_far", distance=f"{away:.0f}")
    return climate_year(*station, fact("climate.station.altitude"), fact("climate.station.tz"))


def _warn_if_far(
    year: WeatherYear, site: tuple[float, float], far_km: float, notices: Notices
) -> None:
    """Warn of weather that is not the site's."""
    away = distance_km((year.latitude, year.longitude), site)
    if away > far_km:
        facts = {"file": year.path.name if year.path else year.name, "distance": f"{away:.0f}"}
        place = {"latitude": f"{year.latitude:.2f}", "longitude": f"{year.longitude:.2f}"}
        notices.add("warning", "weather_far", **facts, **place, far=f"{far_km:g}")


def _with_own_names(years: Iterable[WeatherYear]) -> list[WeatherYear]:
    """Number the names that repeat, so that each year can be told from the others."""
    seen: dict[str, int] = {}
    named = []
    for year in years:
        seen[year.name] = seen.get(year.name, 0) + 1
        again = f"{year.name} ({seen[year.name]})"
        named.append(year if seen[year.name] == 1 else dataclasses.replace(year, name=again))
    return named
