"""What does not agree in the register, and how much each item moves the reported rate.

The capacity of a project is told four times: as filed, as installed, as seen on the roof,
and as its meter implies. `capacities` puts the four side by side; `reconcile` holds the
records against each other, against the roof and against the calendar, and makes one list
of what someone should look at.

Each check proposes an edit of the table of projects, as if the other side were right
(a duplicate taken out, a capacity as its meter implies). The caller's `rate` works out
numerator and denominator of the reported definition for any such table, so an item's
weight is the rate after its edit less the rate before it: no definition is known here.
An edit only weighs an item, it is never made.

`todo` writes what to do about an item in the reader's language.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.labels import text
from hexi_solar.schema import CAPACITIES, RECONCILIATION, STAGES
from hexi_solar.schema.supervision import CHECKS, SEVERITIES

BUILT = ("connected", "operating")
IN_ORDER = tuple(s for s in STAGES if s not in ("reserved", "retired"))
FACTS = ("capacity_kwp", "module_area_m2", "array_area_m2", "module_tilt")
SEVERITY = {
    "duplicate": "doubtful", "several_projects": "note", "unknown_building": "wrong",
    "date_order": "wrong", "before_completion": "wrong", "not_filed": "missing", "stalled": "note",
    "filed_installed": "doubtful", "installed_metered": "doubtful",
    "installed_detected": "doubtful", "detected_unfiled": "missing", "not_detected": "doubtful",
    "capacity_beyond_roof": "wrong", "area_beyond_roof": "wrong", "odd_density": "doubtful",
    "area_missing": "missing", "capacity_missing": "missing",
}  # fmt: skip

Rate = Callable[[pd.DataFrame], tuple[float, float]]
"""Numerator and denominator of the reported definition for a table of project states."""


@dataclass(frozen=True)
class Case:
    """What the checks look at."""

    projects: pd.DataFrame
    """States today, as `projects.project_states` gives them, numbers as floats."""
    first: pd.DataFrame
    """First day of each stage, one row per project."""
    capacities: pd.DataFrame
    buildings: pd.DataFrame
    roofs: pd.DataFrame
    """Per building: `usable_slope_m2`, `installable_slope_m2`."""
    detected: pd.Series
    cohort: Sequence[str]
    on: pd.Timestamp

    @property
    def names(self) -> dict[Any, Any]:
        """Names of the buildings."""
        return dict(self.buildings["name"])

    @property
    def standing(self) -> pd.DataFrame:
        """The projects that are connected and not retired."""
        return self.projects[self.projects["stage"].isin(BUILT)]


@dataclass(frozen=True)
class Item:
    """One disagreement, and the edit that would settle it."""

    check: str
    building_id: str | None
    entities: tuple[str, ...]
    found: float = np.nan
    expected: float = np.nan
    unit: str = ""
    edits: tuple[pd.DataFrame, ...] = ()
    """Tables of projects as they would be; the one that moves the rate most counts."""


def capacities(
    projects: pd.DataFrame,
    register: pd.DataFrame,
    *,
    on: dt.date,
    detected_m2: pd.Series | None = None,
    metered_kwp: pd.Series | None = None,
    kw_per_m2: float,
) -> pd.DataFrame:
    """
    Put the capacity of each project side by side: filed, installed, detected, metered.

    Parameters
    ----------
    projects
        States on the day `on`.
    register
        Events, `schema.REGISTER`.
    on
        Events that hold from later on are not looked at.
    detected_m2
        Horizontal PV area seen on each building, from a layer; shared between its standing
        projects by their capacity. [m²]
    metered_kwp
        From `metered.implied_capacity`, per project. [kWp]
    kw_per_m2
        Rated power per module area, to turn a detected area into a capacity. [kW/m²]

    Returns
    -------
    capacities
        Table of `schema`.
    """
    projects = _numbers(projects)
    events = register[register["valid_on"] <= pd.Timestamp(on)]
    recorded = events["recorded_at"].fillna(events["valid_on"])
    events = events.assign(_recorded=recorded).sort_values(["valid_on", "_recorded"], kind="stable")
    said = events[events["capacity_kwp"].notna()]
    filed = said[said["kind"].isin(["reserved", "filed"])].groupby("entity")["capacity_kwp"].last()
    table = pd.DataFrame(index=projects.index)
    table[["building_id", "stage"]] = projects[["building_id", "stage"]]
    built = projects["stage"].isin(BUILT)
    table["filed_kwp"] = filed.reindex(table.index).astype(float)
    table["installed_kwp"] = projects["capacity_kwp"].where(built)
    table["installed_m2"] = projects["module_area_m2"].where(built)
    weight = table["installed_kwp"].groupby(table["building_id"]).transform("sum")
    seen = pd.Series(dtype=float) if detected_m2 is None else detected_m2
    share = (table["installed_kwp"] / weight.where(weight > 0)).where(built)
    table["detected_m2"] = table["building_id"].map(seen).astype(float) * share
    slope = np.cos(np.deg2rad(projects["module_tilt"].fillna(0.0)))
    table["detected_kwp"] = table["detected_m2"] / slope * kw_per_m2
    implied = pd.Series(dtype=float) if metered_kwp is None else metered_kwp
    table["metered_kwp"] = implied.reindex(table.index).astype(float)
    return table[CAPACITIES.names].rename_axis(index="entity")


def reconcile(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    projects: pd.DataFrame,
    register: pd.DataFrame,
    capacity: pd.DataFrame,
    rate: Rate,
    *,
    on: dt.date,
    cohort: Sequence[str] = (),
    detected_m2: pd.Series | None = None,
) -> pd.DataFrame:
    """
    List what does not agree, the items first that move the reported rate most.

    Parameters
    ----------
    buildings
        With `name`, `status`, `completed_on`.
    roofs
        `schema.ROOFS`, of all buildings that bear a project.
    projects
        States on the day `on`, from `projects.project_states`.
    register
        Events, `schema.REGISTER`.
    capacity
        From `capacities`.
    rate
        Returns numerator and denominator of the reported definition for a table of
        project states.
    on
        Today.
    cohort
        Buildings that the rate counts; PV on an unknown building is weighed as if it
        stood on the first of them, which is the most that it can move.
    detected_m2
        Horizontal PV area seen on each building. [m²]

    Returns
    -------
    reconciliation
        Table of `schema`, sorted by the size of `rate_delta`, then by severity, check,
        building and projects. `rate_delta` is the rate if the other side is right less
        the rate on file; 0 where the item does not touch the cohort.
    """
    seen = pd.Series(dtype=float) if detected_m2 is None else detected_m2
    case = Case(
        projects=_numbers(projects),
        first=_first_days(register, on),
        capacities=capacity,
        buildings=buildings,
        roofs=_roof_sums(roofs),
        detected=seen,
        cohort=list(cohort),
        on=pd.Timestamp(on),
    )
    items = [item for check in FINDERS for item in check(case)]
    before = rate(case.projects)
    rows = [_row(item, case, rate, before) for item in items]
    return _worklist(rows)


def todo(row: pd.Series, language: str) -> str:
    """Write what to do about one item of the worklist."""
    between = "、" if language == "zh" else ", "
    named = between.join(row["entities"]) or text("reconcile.no_project", language)
    return text(f"reconcile.todo.{row['check']}", language, entities=named)


# -------------------------------------------------------------------------------- checks


def duplicates(case: Case) -> Iterator[Item]:
    """Find projects of one building that are one, and those that are several."""
    near_kwp, near_days = _limit("duplicate_tolerance"), _limit("duplicate_days")
    live = case.projects[case.projects["stage"] != "retired"]
    live = live[live["building_id"].notna()]
    for building, own in live.groupby("building_id", sort=True):
        twins = set()
        for one, other in combinations(own.index, 2):
            kwp = own.loc[[one, other], "capacity_kwp"]
            days = case.first.reindex([one, other])[["filed", "connected"]].T
            apart = (days[one] - days[other]).abs().dt.days.min()
            if kwp.max() - kwp.min() <= near_kwp * kwp.max() and apart <= near_days:
                later = max(one, other, key=lambda e: (case.first["recorded"].get(e), e))
                edit = case.projects.drop(index=later)
                pair = (str(one), str(other))
                first, second = kwp.loc[one], kwp.loc[other]
                yield Item("duplicate", str(building), pair, first, second, "kWp", (edit,))
                twins |= {one, other}
        if len(own) > 1 and len(twins) < len(own):
            entities = tuple(map(str, own.index))
            yield Item("several_projects", str(building), entities, float(len(own)))


def unknown_buildings(case: Case) -> Iterator[Item]:
    """Find projects whose building is not in the layer."""
    strangers = case.projects[~case.projects["building_id"].isin(case.buildings.index)]
    for entity, project in _rows(strangers[strangers["stage"] != "retired"]):
        first = case.cohort[:1]
        edits = tuple(_changed(case, entity, building_id=building) for building in first)
        where = project["building_id"] if isinstance(project["building_id"], str) else None
        kwp = project["capacity_kwp"]
        yield Item("unknown_building", where, (entity,), kwp, np.nan, "kWp", edits)


def dates(case: Case) -> Iterator[Item]:
    """Find stages out of order, connections before completion, skipped and stalled filings."""
    days = dict(_rows(case.first.reindex(case.projects.index)))
    completed = case.projects["building_id"].map(case.buildings["completed_on"]).to_dict()
    for entity, project in _rows(case.projects):
        about = (project["building_id"], (entity,))
        gone = (case.projects.drop(index=entity),)
        known = [days[entity][stage] for stage in IN_ORDER if pd.notna(days[entity][stage])]
        back = [(b - a).days for a, b in pairwise(known) if b < a]
        if back:
            yield Item("date_order", *about, float(-min(back)), 0.0, "d", gone)
        start, done = project["connected_on"], completed[entity]
        stands = project["stage"] in BUILT
        if stands and pd.notna(done) and start < done:
            yield Item("before_completion", *about, float((done - start).days), 0.0, "d", gone)
        if stands and pd.isna(days[entity]["filed"]):
            yield Item("not_filed", *about, project["capacity_kwp"], np.nan, "kWp")
        waiting = (case.on - days[entity]["filed"]).days
        if project["stage"] in ("filed", "building") and waiting > _limit("stalled_days"):
            edit = _changed(case, entity, stage="operating")
            limit = _limit("stalled_days")
            yield Item("stalled", *about, float(waiting), limit, "d", (edit,))


def four_ways(case: Case) -> Iterator[Item]:
    """Hold installed capacity against what was filed, metered and detected."""
    table = case.capacities
    for entity, row in _rows(table[table["installed_kwp"] > 0]):
        about = (row["building_id"], (entity,))
        installed = row["installed_kwp"]
        for check, other, limit in (
            ("filed_installed", "filed", "capacity_tolerance"),
            ("installed_metered", "metered", "metered_tolerance"),
        ):
            against = row[f"{other}_kwp"]
            if _apart(installed, against, _limit(limit)):
                edit = _scaled(case, [entity], against / installed)
                yield Item(check, *about, installed, against, "kWp", (edit,))


def on_the_roof(case: Case) -> Iterator[Item]:
    """Hold the modules on file against the PV that a layer shows on each building."""
    if case.detected.empty:
        return
    standing = case.standing
    for building in sorted(
        case.detected.index[case.detected > 0].difference(pd.Index(standing["building_id"]))
    ):
        seen = float(case.detected[building])
        edit = _added(case, str(building), seen)
        yield Item("detected_unfiled", str(building), (), 0.0, seen, "m²", (edit,))
    for building, own in standing.groupby("building_id", sort=True):
        if building not in case.detected.index:
            continue  # the layer does not say
        names = [str(e) for e in own.index]
        seen = float(case.detected[building])
        flat = own["module_area_m2"] * np.cos(np.deg2rad(own["module_tilt"].fillna(0.0)))
        area = float(flat.sum(min_count=len(flat)))
        check = "installed_detected" if seen > 0 else "not_detected"
        if _apart(area, seen, _limit("detected_tolerance")):
            edit = (
                _scaled(case, names, seen / area) if seen else case.projects.drop(index=own.index)
            )
            yield Item(check, str(building), tuple(names), area, seen, "m²", (edit,))


def beyond_the_roof(case: Case) -> Iterator[Item]:
    """Find buildings that carry more than fits on them."""
    most = case.roofs["usable_slope_m2"] * float(fact("gates.kw_per_usable_m2"))
    room = case.roofs["installable_slope_m2"]
    for building, own in case.standing.groupby("building_id", sort=True):
        names = [str(e) for e in own.index]
        for check, column, limits, unit in (
            ("capacity_beyond_roof", "capacity_kwp", most, "kWp"),
            ("area_beyond_roof", "module_area_m2", room, "m²"),
        ):
            total, limit = float(own[column].sum()), float(limits.get(building, np.nan))
            if total > limit * (1 + 1e-9):
                edit = _scaled(case, names, limit / total)
                yield Item(check, str(building), tuple(names), total, limit, unit, (edit,))


def gaps(case: Case) -> Iterator[Item]:
    """Find what is missing of standing projects, and capacities that do not fit their area."""
    low, high = _limit("kw_per_m2_low"), _limit("kw_per_m2_high")
    for entity, project in _rows(case.standing):
        about = (project["building_id"], (entity,))
        kwp, area = project["capacity_kwp"], project["module_area_m2"]
        if pd.isna(area) and pd.notna(kwp):
            ends = (kwp / high, kwp / low)
            edits = tuple(_changed(case, entity, module_area_m2=end) for end in ends)
            yield Item("area_missing", *about, np.nan, float(np.mean(ends)), "m²", edits)
        elif pd.isna(kwp):
            ends = (area * low, area * high)
            edits = tuple(_changed(case, entity, capacity_kwp=end) for end in ends)
            yield Item("capacity_missing", *about, np.nan, float(np.mean(ends)), "kWp", edits)
        elif area > 0 and not low <= kwp / area <= high:
            bound = float(np.clip(kwp / area, low, high))
            edits = (
                _changed(case, entity, module_area_m2=kwp / bound),
                _changed(case, entity, capacity_kwp=area * bound),
            )
            yield Item("odd_density", *about, kwp / area, bound, "kW/m²", edits)


FINDERS: tuple[Callable[[Case], Iterator[Item]], ...] = (
    duplicates, unknown_buildings, dates, four_ways, on_the_roof, beyond_the_roof, gaps,
)  # fmt: skip


# --------------------------------------------------------------------------------- edits


def _changed(case: Case, entity: str, **facts: Any) -> pd.DataFrame:
    """Return the projects with some facts of one of them changed."""
    table = case.projects.copy()
    for name, value in facts.items():
        table[name] = table[name].mask(table.index == entity, value)
    return table


def _scaled(case: Case, entities: Sequence[str], factor: float) -> pd.DataFrame:
    """Return the projects with capacity and areas of some of them scaled."""
    table = case.projects.copy()
    table.loc[list(entities), ["capacity_kwp", "module_area_m2", "array_area_m2"]] *= factor
    return table


def _added(case: Case, building: str, seen_m2: float) -> pd.DataFrame:
    """Return the projects with one more, of an area seen on a building."""
    row = pd.DataFrame(np.nan, index=["?"], columns=list(FACTS)).astype(float)
    row["module_area_m2"] = seen_m2
    row["building_id"], row["stage"], row["connected_on"] = building, "operating", case.on
    return pd.concat([case.projects, row]).rename_axis(index="entity")


# ------------------------------------------------------------------------------- the list


def _row(item: Item, case: Case, rate: Rate, before: tuple[float, float]) -> dict[str, Any]:
    """Weigh one item by its edits; of several, the one that moves the rate most."""
    moves = [(0.0, 0.0, 0.0)]
    for edit in item.edits:
        top, bottom = rate(edit)
        moves.append(
            (top - before[0], bottom - before[1], _quotient(top, bottom) - _quotient(*before))
        )
    top, bottom, moved = max(moves, key=lambda m: abs(m[2]))
    return {
        "check": item.check,
        "severity": SEVERITY[item.check],
        "building_id": item.building_id,
        "name": case.names.get(item.building_id),
        "entities": list(item.entities),
        "found": item.found,
        "expected": item.expected,
        "unit": item.unit,
        "numerator_delta": top,
        "denominator_delta": bottom,
        "rate_delta": moved,
    }


def _worklist(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Sort the items, number them, and give each an id that stays its own."""
    columns = [c for c in RECONCILIATION.names if c != "rank"]
    rows.sort(
        key=lambda row: (
            -round(abs(row["rate_delta"]), 9),
            SEVERITIES.index(row["severity"]),
            CHECKS.index(row["check"]),
            row["building_id"] or "",
            row["entities"],
        )
    )
    table = pd.DataFrame(rows, columns=columns)
    ids = ["/".join([r["check"], r["building_id"] or "-", *r["entities"]]) for r in rows]
    table.index = pd.Index(ids, name="item_id", dtype=object)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _first_days(register: pd.DataFrame, on: dt.date) -> pd.DataFrame:
    """Return the first day of each stage per project, and when it was first recorded."""
    events = register[register["valid_on"] <= pd.Timestamp(on)]
    stages = events[events["kind"].isin(STAGES)]
    first = stages.groupby(["entity", "kind"])["valid_on"].min().unstack("kind")
    first = first.reindex(columns=list(STAGES)).astype("datetime64[us]")
    recorded = events["recorded_at"].fillna(events["valid_on"])
    first["recorded"] = recorded.groupby(events["entity"]).min().reindex(first.index)
    return first


def _roof_sums(roofs: pd.DataFrame) -> pd.DataFrame:
    """Add up the areas of each building's planes, along the slope."""
    slope = roofs["area_m2"] / roofs["horizontal_area_m2"].where(roofs["horizontal_area_m2"] > 0)
    parts = {
        "usable_slope_m2": roofs["usable_area_m2"] * slope.fillna(1.0),
        "installable_slope_m2": roofs["installable_area_m2"] * slope.fillna(1.0),
    }
    return pd.DataFrame(parts).groupby(roofs["building_id"].to_numpy()).sum()


def _numbers(projects: pd.DataFrame) -> pd.DataFrame:
    """Bring the numbers of the projects to floats."""
    table = projects.copy()
    for name in FACTS:
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    return table


def _rows(table: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """Return each row with the text of its index."""
    rows = zip(table.index.astype(str), table.to_dict("records"), strict=True)
    return [(name, {str(k): v for k, v in row.items()}) for name, row in rows]


def _apart(one: float, other: float, tolerance: float) -> bool:
    """Tell whether two figures differ by more than a share of the larger; unknown does not."""
    return bool(abs(one - other) > tolerance * max(one, other))


def _quotient(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else 0.0


def _limit(name: str) -> float:
    return float(fact(f"supervision.reconcile.{name}"))
