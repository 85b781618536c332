"""Which buildings a rate is about: surely, as far as is known, or possibly.

A building belongs to a cohort if it is of a public institution and was completed between
two days. Where a record does not say so, the building is out, and may be in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from hexi_solar.coverage.definitions import COHORTS

FAR = pd.Timestamp(1, 1, 1).to_numpy().astype("datetime64[D]")


class Frame(NamedTuple):
    """Which buildings, seen when: the axes of a rate beside its definition."""

    year: int
    cohort: str
    """`in_year` or `cumulative`."""
    at: dt.date
    """Day on which the PV is counted."""
    scope: str
    """`all` or `eligible`."""


class Members(NamedTuple):
    """Who belongs to a cohort; arrays of bool, one per row."""

    likely: np.ndarray
    """As far as records say."""
    surely: np.ndarray
    """Whatever the unknown facts are."""
    possibly: np.ndarray
    """Under some of what the unknown facts may be."""


def frames(
    start: dt.date,
    today: dt.date,
    scopes: Iterable[str],
    years: Iterable[int] | None = None,
) -> list[Frame]:
    """List the cohorts of every year, each at the end of the year and today."""
    found = []
    for year in range(start.year, today.year + 1) if years is None else years:
        for cohort in COHORTS:
            for day in sorted({min(dt.date(year, 12, 31), today), today}):
                found += [Frame(year, cohort, day, scope) for scope in scopes]
    return found


def window(frame: Frame, start: dt.date, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last day of completion of a cohort."""
    first = max(start, dt.date(frame.year, 1, 1)) if frame.cohort == "in_year" else start
    return first, min(dt.date(frame.year, 12, 31), today)


def members(
    rows: pd.DataFrame,
    frame: Frame,
    start: dt.date,
    today: dt.date,
    threshold_m2: float,
    causes: Collection[str],
) -> Members:
    """
    Say who belongs to a cohort.

    Parameters
    ----------
    rows
        From `cohort_rows`.
    frame
        The cohort.
    start, today
        First day of completion that counts as new, and the last.
    threshold_m2
        Roofs at or above it belong to the scope `eligible`. [m²]
    causes
        Which facts, of `quantities.CAUSES`, may turn out other than the records have it.
    """
    first, last = (np.datetime64(d, "D") for d in window(frame, start, today))
    done, earliest, latest = completion(rows, today)
    with np.errstate(invalid="ignore"):
        likely_day = (done >= first) & (done <= last)
    public = rows["public_institution"].to_numpy()
    likely = (public == "yes") & likely_day
    may_public = (public == "yes") | ((public == "unknown") & ("public_institution" in causes))
    may_day = sure_day = likely_day
    if "completed_on" in causes:
        may_day = (earliest <= last) & (latest >= first) & (earliest <= latest)
        sure_day = (earliest >= first) & (latest <= last) & (earliest <= latest)
    surely, possibly = (public == "yes") & sure_day, may_public & may_day
    if frame.scope == "eligible":
        large = rows["footprint_area_m2"].round(4).to_numpy() >= threshold_m2
        bears = rows["load_state"].to_numpy()
        may_bear = (bears == "yes") | ((bears == "unknown") & ("load" in causes))
        likely, surely = likely & large & (bears == "yes"), surely & large & (bears == "yes")
        possibly = possibly & large & may_bear
    return Members(likely, surely, possibly)


def completion(rows: pd.DataFrame, today: dt.date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Return the day of completion as recorded, and the first and last day that it may be.

    Of a rough date only the year is known, or the year and month; a building without a
    date that stands may have been completed any day up to today; one that is still to
    come has none, so that its first day lies after its last.
    """
    done = rows["completed_on"].to_numpy().astype("datetime64[D]")
    rough = (rows["completed_on_source"] == "derived").to_numpy() & ~np.isnat(done)
    month, year = done.astype("datetime64[M]"), done.astype("datetime64[Y]")
    new_year = month == year.astype("datetime64[M]") + 11  # December: of the year, all is open
    begun = np.where(new_year, year.astype("datetime64[D]"), month.astype("datetime64[D]"))
    earliest = np.where(rough, begun, done)
    latest = done.copy()
    undated = np.isnat(done) & rows["status"].isin(["completed", "unknown"]).to_numpy()
    never = np.isnat(done) & ~undated
    earliest[undated], latest[undated] = FAR, np.datetime64(today, "D")
    earliest[never], latest[never] = np.datetime64(today, "D"), FAR
    return done, earliest, latest
