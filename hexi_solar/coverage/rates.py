"""The rates themselves: every cohort and day under every definition, reading and scope."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Coverage
from hexi_solar.coverage.cohort import Frame, Members, frames, members
from hexi_solar.coverage.definitions import (
    COHORTS,
    READINGS,
    SCOPES,
    UNITS,
    Combination,
    combinations,
    coverage_definitions,
    reported,
)
from hexi_solar.coverage.interval import extremes
from hexi_solar.coverage.quantities import CAUSES, Quantities, quantities, worlds
from hexi_solar.coverage.rows import cohort_rows

PvOn = Callable[[dt.date], pd.DataFrame]


def coverage_rates(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    pv_on: PvOn,
    settings: Coverage,
    *,
    today: dt.date,
    threshold_m2: float,
) -> pd.DataFrame:
    """
    Calculate the coverage rate of every year, cohort, date, definition, reading and scope.

    Parameters
    ----------
    buildings
        With `public_institution`, `completed_on`, `owner_type`, `floor_area_m2`,
        `load_state` and `footprint_area_m2`.
    roofs, layouts
        At least those of the new public institutions.
    pv_on
        Returns what stands on each building on a day, as `projects.existing_pv` does.
    settings
        Start, definitions, targets and the reported one.
    today
        The day up to which records are looked at.
    threshold_m2
        Roofs at or above it belong to the scope `eligible`. [m²]

    Returns
    -------
    coverage
        Table of `schema`, the reported definition first.
    """
    rows = cohort_rows(buildings, roofs, layouts, settings.start, today)
    return rates_of(rows, pv_on, settings, today=today, threshold_m2=threshold_m2)


def rates_of(
    rows: pd.DataFrame,
    pv_on: PvOn,
    settings: Coverage,
    *,
    today: dt.date,
    threshold_m2: float,
    chosen: Sequence[Frame] | None = None,
) -> pd.DataFrame:
    """
    Calculate coverage rates from the rows of `cohort_rows`.

    Parameters
    ----------
    rows, pv_on, settings, today, threshold_m2
        As for `coverage_rates`.
    chosen
        Cohorts and days; None for those of every year.

    Returns
    -------
    coverage
        As `coverage_rates`.
    """
    known = combinations(settings)
    wanted = frames(settings.start, today, SCOPES) if chosen is None else chosen
    books = {day: book_of(rows, pv_on(day)) for day in sorted({f.at for f in wanted})}
    found = []
    for frame in wanted:
        who = members(rows, frame, settings.start, today, threshold_m2, CAUSES)
        for combination in known:
            rate = books[frame.at].rate(combination, who, frame.scope == "eligible")
            goal = target_of(combination, rows, books[frame.at], who.likely, frame.year, settings)
            label = {"definition": combination.name, "reading": combination.label}
            found.append({**frame._asdict(), **label, **rate, "target": goal})
    return _coverage_table(found, settings)


@dataclass
class Book:
    """What the rows hold on one day, worked out once per reading and definition."""

    rows: pd.DataFrame
    pv: pd.DataFrame
    causes: Collection[str] = CAUSES
    _quantities: dict[str, Quantities] = field(default_factory=dict)
    _worlds: dict[tuple[str, str, str, bool], tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict
    )

    def quantities(self, reading: str) -> Quantities:
        """Return what definitions are made of under one reading."""
        if reading not in self._quantities:
            self._quantities[reading] = quantities(self.rows, self.pv, reading, self.causes)
        return self._quantities[reading]

    def worlds(self, combination: Combination, bearing: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return what numerator and denominator of each row may be together."""
        key = (combination.numerator, combination.denominator, combination.reading, bearing)
        if key not in self._worlds:
            found = self.quantities(combination.reading)
            self._worlds[key] = worlds(found, *key[:2], bearing=bearing)
        return self._worlds[key]

    def sides(self, combination: Combination) -> tuple[np.ndarray, np.ndarray]:
        """Return numerator and denominator of each row as recorded."""
        likely = self.quantities(combination.reading).likely
        above = likely[combination.numerator].to_numpy(float)
        return above, likely[combination.denominator].to_numpy(float)

    def bounds(self, combination: Combination, who: Members, bearing: bool) -> tuple[float, float]:
        """Return the lowest and the highest rate that unknown facts leave open."""
        above, below = self.sides(combination)
        lost = np.isnan(above) | np.isnan(below)
        tops, bottoms = self.worlds(combination, bearing)
        some = who.possibly
        # a part that is not known leaves its building out, so that must stay possible
        leave = ~(who.surely & who.likely) | lost
        return extremes(tops[some], bottoms[some], leave[some])

    def rate(self, combination: Combination, who: Members, bearing: bool) -> dict[str, Any]:
        """Divide one definition out; buildings that lack a part are left out of both and flagged."""
        above, below = self.sides(combination)
        known = who.likely & ~np.isnan(above) & ~np.isnan(below)
        top, bottom = math.fsum(above[known]), math.fsum(below[known])
        rate = top / bottom if bottom > 0 else math.nan
        low, high = self.bounds(combination, who, bearing)
        derived = self.quantities(combination.reading).derived
        with np.errstate(invalid="ignore"):
            with_pv, over = above > 0, above > below * (1 + 1e-9)
        odd = who.likely & (over | ~known | (derived & with_pv))
        ids = self.rows.index
        return {
            "numerator": top,
            "denominator": bottom,
            "unit": UNITS[combination.denominator],
            "rate": rate,
            # the rate is one of the choices; sums of other choices may differ in the last digit
            "rate_low": min(low, rate) if rate == rate else low,
            "rate_high": max(high, rate) if rate == rate else high,
            "kind": combination.kind,
            "buildings": int(known.sum()),
            "buildings_with_pv": int((known & with_pv).sum()),
            "numerator_ids": sorted(ids[known & with_pv].astype(str)),
            "denominator_ids": sorted(ids[known].astype(str)),
            "flagged_ids": sorted(ids[odd].astype(str)),
        }


def book_of(rows: pd.DataFrame, pv: pd.DataFrame, causes: Collection[str] = CAUSES) -> Book:
    """Open what the rows hold on the day of `pv`."""
    return Book(rows, pv, causes)


def target_of(
    combination: Combination,
    rows: pd.DataFrame,
    book: Book,
    who: np.ndarray,
    year: int,
    settings: Coverage,
) -> float:
    """Average the targets of the owner types, weighted with their denominators."""
    if combination.name == settings.definition:
        return float(settings.targets.get(str(year), settings.target))
    goals = combination.targets
    default = float(goals.get("default", math.nan))
    kinds = rows["owner_type"].to_numpy()[who]
    each = np.array([float(goals.get(str(kind), default)) for kind in kinds])
    weights = np.nan_to_num(book.sides(combination)[1][who])
    whole = math.fsum(weights)
    return math.fsum(each * weights) / whole if whole > 0 else default


def _coverage_table(found: list[dict[str, Any]], settings: Coverage) -> pd.DataFrame:
    """Order the rows: the reported definition first, then as the file lists them."""
    index = ["year", "cohort", "at", "definition", "reading", "scope"]
    table = pd.DataFrame(found)
    ours = reported(settings)
    table["reported"] = (
        (table["definition"] == ours.name)
        & (table["reading"] == ours.label)
        & (table["scope"] == settings.scope)
        & (table["cohort"] == settings.cohort)
    )
    table["at"] = pd.to_datetime(table["at"])
    order = {name: i for i, name in enumerate(coverage_definitions(settings))}
    order[settings.definition] = -1
    keys = table.assign(
        _first=~table["reported"],
        _definition=table["definition"].map(order),
        _reading=table["reading"].map({r: i for i, r in enumerate(("-", *READINGS))}),
        _scope=table["scope"].map({s: i for i, s in enumerate(SCOPES)}),
        _cohort=table["cohort"].map({c: i for i, c in enumerate(COHORTS)}),
    )
    by = ["_first", "_definition", "_reading", "_scope", "_cohort", "year", "at"]
    table = table.loc[keys.sort_values(by, kind="stable").index]
    return table.set_index(index)


def headline(coverage: pd.DataFrame, year: int, settings: Coverage) -> dict[str, Any]:
    """
    Pick the reported rate of a year, at the latest date.

    Returns
    -------
    headline
        year, cohort, at, definition with its names, reading, scope, numerator,
        denominator, rate with its interval, unit, target; rates are None where unknown.
    """
    rows = coverage[coverage["reported"]].reset_index()
    row = rows[rows["year"] == year].sort_values("at").iloc[-1]
    names = [
        "year", "cohort", "at", "definition", "reading", "scope", "numerator", "denominator",
        "rate", "rate_low", "rate_high", "unit", "target", "buildings", "buildings_with_pv",
    ]  # fmt: skip
    found = {name: row[name] for name in names}
    found["at"] = row["at"].date().isoformat()
    definition = coverage_definitions(settings)[settings.definition]
    names_of = {k: str(definition.get(k, settings.definition)) for k in ("zh", "en")}
    found["definition_name"] = names_of
    for name in ("rate", "rate_low", "rate_high"):
        found[name] = None if pd.isna(row[name]) else float(row[name])
    return {k: plain(v) for k, v in found.items()}


def plain(value: Any) -> Any:
    """Turn a number of numpy into one of Python."""
    return value.item() if isinstance(value, np.generic) else value


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows for JSON: unknown as None, days as text."""
    found = []
    for row in table.reset_index().to_dict("records"):
        entry = {str(k): plain(v) for k, v in row.items()}
        for key, value in entry.items():
            if isinstance(value, (dt.date, pd.Timestamp)):
                entry[key] = value.isoformat()[:10]
            elif isinstance(value, float) and math.isnan(value):
                entry[key] = None
        found.append(entry)
    return found
