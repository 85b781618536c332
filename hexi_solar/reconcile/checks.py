"""The checks: each finds one sort of disagreement, and proposes the edit that would settle it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.reconcile.capacities import BUILT, FACTS
from hexi_solar.schema import STAGES

IN_ORDER = tuple(s for s in STAGES if s not in ("reserved", "retired"))


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
    # what was not filed may be what coverage rates leave open
    light, dense = (float(end) for end in fact("coverage.open.kw_per_m2"))
    for entity, project in _rows(case.standing):
        about = (project["building_id"], (entity,))
        kwp, area = project["capacity_kwp"], project["module_area_m2"]
        if pd.isna(area) and pd.notna(kwp):
            ends = (kwp / dense, kwp / light)
            edits = tuple(_changed(case, entity, module_area_m2=end) for end in ends)
            yield Item("area_missing", *about, np.nan, float(np.mean(ends)), "m²", edits)
        elif pd.isna(kwp):
            ends = (area * light, area * dense)
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


def _rows(table: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """Return each row with the text of its index."""
    rows = zip(table.index.astype(str), table.to_dict("records"), strict=True)
    return [(name, {str(k): v for k, v in row.items()}) for name, row in rows]


def _apart(one: float, other: float, tolerance: float) -> bool:
    """Tell whether two figures differ by more than a share of the larger; unknown does not."""
    return bool(abs(one - other) > tolerance * max(one, other))


def _limit(name: str) -> float:
    return float(fact(f"supervision.reconcile.{name}"))
