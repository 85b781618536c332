"""The hours of a year: which are of working days, of days of rest, of school vacations.

Days of rest are weekends and public holidays of the Chinese calendar, with the weekends
that are worked in exchange (PyPI `chinesecalendar`). A year here has 8760 hours; of a leap
year 29 February is left out, as typical years of weather do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import chinese_calendar
import numpy as np
import numpy.typing as npt

from hexi_solar.errors import ConfigError, Problem
from hexi_solar.facts import fact

HOURS = 8760


@dataclass(frozen=True)
class YearHours:
    """The hours of one year; arrays of 8760 entries."""

    year: int
    month: npt.NDArray[np.int64]
    """From 1."""
    hour: npt.NDArray[np.int64]
    """Of the day, from 0."""
    rest: npt.NDArray[np.bool_]
    """On weekends and public holidays, not on weekends worked in exchange."""
    vacation: npt.NDArray[np.bool_]
    """In the school vacations."""


@cache
def hours_of_year(year: int) -> YearHours:
    """
    List the hours of a year.

    Parameters
    ----------
    year
        One whose public holidays are published.

    Raises
    ------
    ConfigError
        If the calendar does not know the year.

    Examples
    --------
    >>> hours = hours_of_year(2025)
    >>> len(hours.month), int(hours.rest.sum()) // 24
    (8760, 117)
    """
    first = dt.date(year, 1, 1)
    days = [first + dt.timedelta(n) for n in range(366)]
    days = [d for d in days if d.year == year and (d.month, d.day) != (2, 29)]
    try:
        rest = [not chinese_calendar.is_workday(day) for day in days]
    except NotImplementedError:
        raise ConfigError(Problem("calendar_year", {"year": year})) from None
    vacation = [in_vacation(day) for day in days]
    return YearHours(
        year,
        np.repeat([day.month for day in days], 24).astype(np.int64),
        np.tile(np.arange(24), len(days)),
        np.repeat(rest, 24),
        np.repeat(vacation, 24),
    )


def in_vacation(day: dt.date) -> bool:
    """
    Say whether schools are closed between terms.

    Examples
    --------
    >>> in_vacation(dt.date(2025, 8, 1)), in_vacation(dt.date(2025, 9, 1))
    (True, False)
    """
    spans = (fact("economics.load.winter_vacation"), fact("economics.load.summer_vacation"))
    return any(first <= f"{day:%m-%d}" <= last for first, last in spans)
