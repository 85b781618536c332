"""One year of weather, and how the rows of a file become one.

A year here has 8760 hours in standard time, each labelled by its start. Typical years
are sewn together from months of many years, so only month, day and hour of a row's
label are kept; 29 February is dropped, and every other hour must be there once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hexi_solar.errors import Notices, Problem, WeatherError

HOURS = 8760
# the year that a typical year is written into: the latest common one with known time zones
COMMON_YEAR = 2023


@dataclass(frozen=True)
class WeatherYear:
    """One year of hourly weather at one place."""

    name: str
    """Short name for people: the file's, without its ending."""
    table: pd.DataFrame
    """`schema.WEATHER`: 8760 hours labelled by their start, with the station's standard time."""
    latitude: float
    """[°]"""
    longitude: float
    """[°]"""
    altitude: float
    """Above sea level. [m]"""
    sun_offset_minutes: float
    """Where the sun stands that the hour's irradiance belongs to, from the label. [min]"""
    closure_rmse_w_m2: float
    """RMSE of ghi = dhi + dni cos z at that offset; NaN where nothing can be told. [W/m²]"""
    source: str
    """`file` for a file, `assumed` for the built-in climate year."""
    repairs: Mapping[str, int]
    """What was repaired = hours."""
    path: Path | None = None
    """The file it was read from."""


def hours_of(year: int, zone: str) -> pd.DatetimeIndex:
    """
    Return the 8760 hours of a common year in one zone's standard time.

    Parameters
    ----------
    year
        A year without 29 February.
    zone
        Name of a fixed offset or of a time zone; summer time is left out.

    Examples
    --------
    >>> str(hours_of(2023, "Asia/Shanghai")[0])
    '2023-01-01 00:00:00+08:00'
    >>> str(hours_of(2023, "America/New_York")[4000])
    '2023-06-16 16:00:00-05:00'
    """
    january = pd.Timestamp(f"{year}-01-01", tz=zone)
    july = pd.Timestamp(f"{year}-07-01", tz=zone)
    if january.utcoffset() == july.utcoffset():
        return pd.date_range(january, periods=HOURS, freq="h", name="time")
    hours = standard_offset(zone)
    return pd.date_range(
        f"{year}-01-01", periods=HOURS, freq="h", tz=fixed_zone(hours), name="time"
    )


def standard_offset(zone: str) -> float:
    """Return how far a zone's standard time is ahead of UTC. [h]."""
    return min(hours_ahead(pd.Timestamp(COMMON_YEAR, m, 1, tz=zone)) for m in (1, 7))


def hours_ahead(stamp: pd.Timestamp) -> float:
    """Return how far a label's zone is ahead of UTC. [h]."""
    ahead = stamp.utcoffset()
    return 0.0 if ahead is None else ahead.total_seconds() / 3600


def fixed_zone(hours: float) -> str:
    """
    Return the name of a fixed offset from UTC.

    Examples
    --------
    >>> fixed_zone(8.0), fixed_zone(-3.5)
    ('UTC+08:00', 'UTC-03:30')
    """
    minutes = round(abs(hours) * 60)
    return f"UTC{'-' if hours < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def labels_of(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the time labels of a table's rows."""
    return pd.DatetimeIndex(frame.index)


def one_year(frame: pd.DataFrame, zone: str, where: str, notices: Notices) -> pd.DataFrame:
    """
    Bring rows to one year, or say why they are none.

    Parameters
    ----------
    frame
        Rows whose labels stand at one distance from UTC, at any minute of their hour.
    zone
        Zone of the station; its standard time is used.
    where
        The file's name.
    notices
        Takes a note of 29 February and of rows that were averaged to hours.

    Returns
    -------
    year
        8760 hours, labelled by their start. The year is that of the data where they have
        one without 29 February, else 2023.

    Raises
    ------
    WeatherError
        Naming rows that are too few or too many, hours that are missing or repeat.
    """
    years = sorted({int(y) for y in labels_of(frame).year})
    frame = _without_leap_day(frame, where, notices)
    problems = _span_problems(frame, where, years)
    if problems:
        raise WeatherError(*problems)
    frame = hourly(frame, where, notices)
    labels = _in_common_year(labels_of(frame), zone)
    problems = _hour_problems(labels, where)
    if problems:
        raise WeatherError(*problems)
    single = years[0] if len(years) == 1 and years[0] % 4 else COMMON_YEAR
    frame = frame.iloc[np.argsort(labels.to_numpy(), kind="stable")]
    return frame.set_axis(hours_of(single, zone))


def _without_leap_day(frame: pd.DataFrame, where: str, notices: Notices) -> pd.DataFrame:
    """Drop 29 February, in the zone that the labels are written in."""
    labels = labels_of(frame)
    leap = (labels.month == 2) & (labels.day == 29)
    if leap.any():
        notices.add("info", "weather_leap_day", file=where, count=int(leap.sum()))
    return frame.loc[~leap]


def _span_problems(frame: pd.DataFrame, where: str, years: list[int]) -> list[Problem]:
    """Find labels that repeat, and files that hold several years."""
    labels = labels_of(frame)
    repeated = labels[labels.duplicated()].unique()
    if len(repeated):
        return [_named("weather_repeated", where, repeated)]
    if len(frame) > HOURS + 24 and _step_minutes(labels) >= 60:
        found = {"file": where, "first": years[0], "last": years[-1], "count": len(frame)}
        return [Problem("weather_several_years", found)]
    return []


def _step_minutes(index: pd.DatetimeIndex) -> float:
    """Return the most frequent distance between labels. [min]."""
    return float(np.median(np.diff(index.as_unit("s").asi8)) / 60)


def hourly(frame: pd.DataFrame, where: str, notices: Notices) -> pd.DataFrame:
    """Average rows of 30, 15, 10, ... minutes to hours; leave hourly rows alone."""
    labels = labels_of(frame)
    step = _step_minutes(labels)
    if not 0 < step < 60 or 60 % step:
        return frame.set_axis(labels.floor("h"))
    groups = frame.groupby(labels.floor("h"))
    whole = groups.size() == round(60 / step)
    notices.add("info", "weather_averaged", file=where, step=f"{step:g}")
    # an hour with a row missing is a missing hour
    return groups.mean()[whole]


def _in_common_year(index: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    """
    Move labels to the station's standard time within one common year.

    The year is set before the zone changes, so that months of different years stay
    neighbours, and again after it, for the hours that cross New Year.
    """
    parts = {"year": COMMON_YEAR, "month": index.month, "day": index.day, "hour": index.hour}
    written = pd.DatetimeIndex(pd.to_datetime(pd.DataFrame(parts)))
    shift = pd.Timedelta(hours=standard_offset(zone) - hours_ahead(index[0]))
    moved = (written + shift).floor("h")
    since = (moved - pd.Timestamp(f"{COMMON_YEAR}-01-01")) // pd.Timedelta(hours=1)
    return pd.Timestamp(f"{COMMON_YEAR}-01-01") + pd.to_timedelta(since % HOURS, unit="h")


def _hour_problems(labels: pd.DatetimeIndex, where: str) -> list[Problem]:
    """Find what keeps the labels from being one year."""
    problems = []
    if len(labels) != HOURS:
        problems.append(Problem("weather_rows", {"file": where, "count": len(labels)}))
    repeated = labels[labels.duplicated()].unique()
    if len(repeated):
        problems.append(_named("weather_repeated", where, repeated))
    every = pd.date_range(f"{COMMON_YEAR}-01-01", periods=HOURS, freq="h")
    missing = every.difference(labels)
    if len(missing):
        problems.append(_named("weather_gap", where, missing))
    return problems


def _named(code: str, where: str, hours: pd.DatetimeIndex) -> Problem:
    """Name the first hours of a problem and count them all."""
    first = ", ".join(f"{h:%m-%d %H:%M}" for h in hours[:3]) + (", ..." if len(hours) > 3 else "")
    return Problem(code, {"file": where, "count": len(hours), "hours": first})
