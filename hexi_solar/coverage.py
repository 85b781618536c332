"""The rooftop-PV coverage rate of every year, under every definition in use.

Texts that ask for a coverage rate do not say what it is, so each definition of
`facts/coverage.toml` is worked out side by side: for the buildings completed in a year
and for all since the start, at the end of that year and today, with each reading of "PV
area" and with or without the thresholds. Every rate keeps its numerator, its denominator
and the buildings behind both. 0/0 is unknown; a rate above 1 is flagged, never clipped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Coverage
from hexi_solar.errors import ConfigError, Problem
from hexi_solar.facts import read_facts

READINGS = ("module_area", "module_horizontal_area", "array_area")
SCOPES = ("all", "eligible")
COHORTS = ("cumulative", "in_year")
UNITS = {
    "roof_area": "m²", "installable_area": "m²", "pv_area": "m²", "floor_area": "m²",
    "floor_area_with_pv": "m²", "buildings": "", "buildings_with_pv": "",
    "installed_kwp": "kWp", "achievable_kwp": "kWp",
}  # fmt: skip
NUMERATORS = (
    "pv_area",
    "buildings_with_pv",
    "installed_kwp",
    "floor_area_with_pv",
    "installable_area",
)
DENOMINATORS = ("roof_area", "installable_area", "buildings", "achievable_kwp", "floor_area")


def coverage_definitions(settings: Coverage) -> dict[str, dict[str, Any]]:
    """
    Read the definitions, those of the plan after those of `facts/coverage.toml`.

    Raises
    ------
    ConfigError
        If a definition names a quantity there is not, or the reported one is missing or
        a potential.
    """
    known: dict[str, dict[str, Any]] = {**read_facts("coverage")["definitions"]}
    known.update(settings.definitions)
    problems = []
    for name, definition in known.items():
        wanted = (("numerator", NUMERATORS), ("denominator", DENOMINATORS))
        for part, allowed in wanted:
            if definition.get(part) not in allowed:
                facts = {"definition": name, "part": part, "found": definition.get(part)}
                problems.append(Problem("coverage_part", {**facts, "expected": ", ".join(allowed)}))
    if known.get(settings.definition, {}).get("kind", "progress") != "progress":
        problems.append(Problem("coverage_potential", {"definition": settings.definition}))
    if settings.definition not in known:
        facts = {"definition": settings.definition, "expected": ", ".join(known)}
        problems.append(Problem("coverage_unknown", facts))
    if problems:
        raise ConfigError(*problems)
    return known


def new_institutions(buildings: pd.DataFrame, start: dt.date, until: dt.date) -> pd.Series:
    """Say which buildings are new: of a public institution, completed from `start` to `until`."""
    completed = buildings["completed_on"]
    new: pd.Series = (completed >= pd.Timestamp(start)) & (completed <= pd.Timestamp(until))
    return new & (buildings["public_institution"] == "yes")


def quantities(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    pv: pd.DataFrame,
    reading: str,
) -> pd.DataFrame:
    """
    Work out, building by building, what definitions are made of.

    Parameters
    ----------
    buildings
        The cohort.
    roofs, layouts
        Of these buildings.
    pv
        What stands on them, from `projects.existing_pv`.
    reading
        What counts as PV area: `module_area`, its horizontal projection, or `array_area`.

    Returns
    -------
    quantities
        Columns of `UNITS`, indexed like `buildings`. [m², kWp, -]

    Notes
    -----
    On pitched roofs both sides are taken in the plane of the roof; with the horizontal
    projection as numerator both are horizontal.
    """
    slope = roofs["area_m2"] / roofs["horizontal_area_m2"]
    slope = slope * 0.0 + 1.0 if reading == "module_horizontal_area" else slope
    ids = roofs["building_id"].to_numpy()
    ours = buildings.index
    table = pd.DataFrame(index=ours)
    table["roof_area"] = (roofs["horizontal_area_m2"] * slope).groupby(ids).sum().reindex(ours)
    table["installable_area"] = (
        (roofs["installable_area_m2"] * slope).groupby(ids).sum().reindex(ours)
    )
    achievable = layouts["capacity_kwp"].groupby(layouts["building_id"].to_numpy()).sum()
    table["achievable_kwp"] = achievable.reindex(ours)
    with_pv = ours.isin(pv.index)
    table["pv_area"] = np.where(with_pv, pv[f"{reading}_m2"].reindex(ours), 0.0)
    table["installed_kwp"] = np.where(with_pv, pv["capacity_kwp"].reindex(ours), 0.0)
    table["buildings"] = 1.0
    table["buildings_with_pv"] = with_pv.astype(float)
    table["floor_area"] = buildings["floor_area_m2"].astype(float)
    table["floor_area_with_pv"] = table["floor_area"] * with_pv
    return table


def coverage_rates(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    pv_on: Callable[[dt.date], pd.DataFrame],
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
    definitions = coverage_definitions(settings)
    new = buildings[new_institutions(buildings, settings.start, today)]
    # building by building once per day and reading; cohorts are choices of rows
    own = roofs[roofs["building_id"].isin(new.index)]
    placed = layouts[layouts["building_id"].isin(new.index)]
    stock = {day: pv_on(day) for day in _days(settings.start, today)}
    tables = {
        day: {reading: quantities(new, own, placed, pv, reading) for reading in READINGS}
        for day, pv in stock.items()
    }
    rows: list[dict[str, Any]] = []
    for year in range(settings.start.year, today.year + 1):
        for cohort in COHORTS:
            # both readings of time: at the end of the year, and today
            for day in sorted({min(dt.date(year, 12, 31), today), today}):
                chosen = _cohort(new, year, cohort)
                for scope in SCOPES:
                    scoped = chosen if scope == "all" else _eligible(chosen, threshold_m2)
                    about = {"year": year, "cohort": cohort, "at": day, "scope": scope}
                    rows += _rates(about, scoped, tables[day], stock[day], definitions, settings)
    return _coverage_table(rows, settings, list(definitions))


def _days(start: dt.date, today: dt.date) -> set[dt.date]:
    """List the days that rates are taken at."""
    years = range(start.year, today.year + 1)
    return {min(dt.date(year, 12, 31), today) for year in years} | {today}


def _cohort(new: pd.DataFrame, year: int, cohort: str) -> pd.DataFrame:
    """Choose the buildings completed in a year, or up to its end."""
    completed: pd.Series = new["completed_on"].dt.year
    return new[completed == year] if cohort == "in_year" else new[completed <= year]


def _eligible(cohort: pd.DataFrame, threshold_m2: float) -> pd.DataFrame:
    """Keep roofs at or above the threshold whose load-bearing is shown to suffice."""
    large = cohort["footprint_area_m2"].round(4) >= threshold_m2
    return cohort[large & (cohort["load_state"] == "yes")]


def _rates(
    about: Mapping[str, Any],
    cohort: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    pv: pd.DataFrame,
    definitions: Mapping[str, dict[str, Any]],
    settings: Coverage,
) -> list[dict[str, Any]]:
    """Work out all definitions for one cohort on one day."""
    rows = []
    for name, definition in definitions.items():
        readings = READINGS if definition.get("readings") else READINGS[:1]
        for reading in readings:
            table = tables[reading].loc[cohort.index]
            rate = _rate(table, definition, cohort, pv)
            goal = _target(name, definition, table, cohort, about["year"], settings)
            label = reading if definition.get("readings") else "-"
            rows.append({**about, "definition": name, "reading": label, **rate, "target": goal})
    return rows


def _rate(
    table: pd.DataFrame, definition: Mapping[str, Any], cohort: pd.DataFrame, pv: pd.DataFrame
) -> dict[str, Any]:
    """Divide one definition out; buildings that lack a part are left out of both and flagged."""
    above, below = table[definition["numerator"]], table[definition["denominator"]]
    known = above.notna() & below.notna()
    top, bottom = float(above[known].sum()), float(below[known].sum())
    derived = cohort.index.isin(pv.index[pv["derived"].astype(bool)]) & (above > 0)
    odd = (above > below * (1 + 1e-9)) | ~known | derived
    return {
        "numerator": top,
        "denominator": bottom,
        "unit": UNITS[definition["denominator"]],
        "rate": top / bottom if bottom > 0 else np.nan,
        "kind": definition.get("kind", "progress"),
        "buildings": int(known.sum()),
        "buildings_with_pv": int((above[known] > 0).sum()),
        "numerator_ids": sorted(above.index[known & (above > 0)].astype(str)),
        "denominator_ids": sorted(below.index[known].astype(str)),
        "flagged_ids": sorted(cohort.index[odd].astype(str)),
    }


def _target(
    name: str,
    definition: Mapping[str, Any],
    table: pd.DataFrame,
    cohort: pd.DataFrame,
    year: int,
    settings: Coverage,
) -> float:
    """Average the targets of the owner types, weighted with their denominators."""
    if name == settings.definition:
        return float(settings.targets.get(str(year), settings.target))
    goals = definition.get("targets", {})
    default = float(goals.get("default", np.nan))
    each = cohort["owner_type"].map(lambda kind: float(goals.get(str(kind), default)))
    weights = table[definition["denominator"]].fillna(0.0)
    if weights.sum() <= 0:
        return default
    return float((each * weights).sum() / weights.sum())


def _coverage_table(
    rows: list[dict[str, Any]], settings: Coverage, definitions: list[str]
) -> pd.DataFrame:
    """Order the rows: the reported definition first, then as the file lists them."""
    index = ["year", "cohort", "at", "definition", "reading", "scope"]
    table = pd.DataFrame(rows)
    readable = set(table.loc[table["reading"] != "-", "definition"])
    reading = settings.reading if settings.definition in readable else "-"
    table["reported"] = (
        (table["definition"] == settings.definition)
        & (table["reading"] == reading)
        & (table["scope"] == settings.scope)
        & (table["cohort"] == settings.cohort)
    )
    table["at"] = pd.to_datetime(table["at"])
    order = {name: i for i, name in enumerate([settings.definition, *definitions])}
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
        denominator, rate, unit, target; `rate` is None where it is unknown.
    """
    rows = coverage[coverage["reported"]].reset_index()
    rows = rows[rows["year"] == year].sort_values("at")
    row = rows.iloc[-1]
    names = ["year", "cohort", "at", "definition", "reading", "scope"]
    names += [
        "numerator",
        "denominator",
        "rate",
        "unit",
        "target",
        "buildings",
        "buildings_with_pv",
    ]
    found = {name: row[name] for name in names}
    found["at"] = row["at"].date().isoformat()
    definition = coverage_definitions(settings)[settings.definition]
    names_of = {k: str(definition.get(k, settings.definition)) for k in ("zh", "en")}
    found["definition_name"] = names_of
    found["rate"] = None if pd.isna(row["rate"]) else float(row["rate"])
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in found.items()}


def coverage_by_subdistrict(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    pv: pd.DataFrame,
    settings: Coverage,
    *,
    today: dt.date,
    threshold_m2: float,
) -> list[dict[str, Any]]:
    """
    Split the reported cumulative rate over the subdistricts.

    Returns
    -------
    rates
        One entry per subdistrict that holds a new public institution: name, numerator,
        denominator, rate (None where unknown). Numerators and denominators add up to the
        district's.
    """
    definition = coverage_definitions(settings)[settings.definition]
    new = buildings[new_institutions(buildings, settings.start, today)]
    if settings.cohort == "in_year":
        new = _cohort(new, today.year, "in_year")
    if settings.scope == "eligible":
        new = _eligible(new, threshold_m2)
    found = []
    for name, group in new.groupby(new["subdistrict"].fillna(""), sort=True):
        own = roofs[roofs["building_id"].isin(group.index)]
        placed = layouts[layouts["building_id"].isin(group.index)]
        reading = settings.reading if definition.get("readings") else READINGS[0]
        rate = _rate(quantities(group, own, placed, pv, reading), definition, group, pv)
        entry = {"name": str(name)} | {
            k: rate[k] for k in ("numerator", "denominator", "buildings")
        }
        value = rate["rate"]
        found.append(entry | {"rate": None if np.isnan(value) else float(value)})
    return found
