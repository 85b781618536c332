"""Measured hours of actual years: the light that meters saw.

Such a file may begin and end in the middle of a year and have gaps; nothing is moved to
another year and no missing hour is made up. Months that are not whole are for whoever
uses the hours to leave out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hexi_solar import config
from hexi_solar.errors import Notices, Problem, WeatherError
from hexi_solar.weather.closure import closure_rmse, find_offset, sun_zenith
from hexi_solar.weather.read import read_record
from hexi_solar.weather.repair import blank_missing, repair
from hexi_solar.weather.year import WeatherYear, hourly, labels_of


def read_periods(
    settings: config.Weather, site: tuple[float, float, float], notices: Notices
) -> tuple[WeatherYear, ...]:
    """
    Read the hours of actual years that a plan names.

    Parameters
    ----------
    settings
        `[weather]` of the plan; its `period_paths`.
    site
        Latitude, longitude and altitude of the district. [°], [°], [m]
    notices
        Takes repairs.

    Returns
    -------
    periods
        One per file in the plan's order; the table holds the hours that the file has, labelled
        by their start in the year in which they were measured.

    Raises
    ------
    WeatherError
        With what is wrong in every file at once.
    """
    periods: list[WeatherYear] = []
    problems: list[Problem] = []
    for path in settings.period_paths:
        try:
            periods.append(_read(path, settings, site, notices))
        except WeatherError as error:
            problems += error.problems
    if problems:
        raise WeatherError(*problems)
    return tuple(periods)


def _read(
    path: Path, settings: config.Weather, site: tuple[float, float, float], notices: Notices
) -> WeatherYear:
    """Read, order, place the sun and repair one file."""
    record = read_record(path, settings, notices, site)
    where = path.name
    labels = labels_of(record.table)
    if labels.has_duplicates or not labels.is_monotonic_increasing:
        # months of a typical year are sewn together from many years
        years = sorted({int(y) for y in labels.year})
        facts = {"file": where, "first": years[0], "last": years[-1]}
        raise WeatherError(Problem("weather_period_order", facts))
    table = hourly(record.table, where, notices)
    light, _ = blank_missing(table)
    offset, rmse = settings.sun_offset_minutes, float("nan")
    if offset is None:
        offset, rmse = find_offset(light, *record.place, record.declared)
    else:
        zenith = sun_zenith(labels_of(light), *record.place, float(offset))
        rmse = closure_rmse(light, zenith)
    known = light["ghi"].notna() | light["dni"].notna()
    if not bool(np.any(known)):
        raise WeatherError(Problem("weather_period_dark", {"file": where}))
    # hours without light are left out rather than made up
    kept: pd.DataFrame = table[known.to_numpy()]
    kept, repairs = repair(kept, record.place, float(offset), where, notices)
    return WeatherYear(path.stem, kept, *record.place, float(offset), rmse, "file", repairs, path)
