"""One list of all that does not agree, weighed by what it moves the reported rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.labels import text
from hexi_solar.reconcile.capacities import numbers
from hexi_solar.reconcile.checks import FINDERS, Case, Item
from hexi_solar.schema import RECONCILIATION, STAGES
from hexi_solar.schema.supervision import CHECKS, SEVERITIES

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
        projects=numbers(projects),
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


def _quotient(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else 0.0
