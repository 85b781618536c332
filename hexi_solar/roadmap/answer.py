"""The search, everything that is asked beside it, and the answer as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Pathway, Plan
from hexi_solar.errors import Notices
from hexi_solar.facts import all_facts
from hexi_solar.inputs import Step, silent
from hexi_solar.pathway import (
    Case,
    Chance,
    Route,
    binding_table,
    chance_of,
    coverage_table,
    find_pathway,
    safer_path,
    yearly_table,
)
from hexi_solar.plan import run
from hexi_solar.roadmap.money import value_schedule
from hexi_solar.roadmap.question import case_of, refuse_bad_question
from hexi_solar.study import Roadmap, Study

ASSUMED = (
    "pathway.check_cost_cny", "pathway.check_years", "pathway.p_load", "pathway.p_approval",
    "pathway.feeder_share", "pathway.probability", "layouts.money.discount_rate",
    "economics.cost.capex_cny_kwp", "economics.cost.discount_rate", "coverage.start",
)  # fmt: skip
"""Defaults that an answer rests on."""
LOOSE = 0.01
"""Gap that the search for a safer path may leave. [-]"""


def roadmap(
    plan: Plan,
    *,
    target: float | None = None,
    by: int | None = None,
    asked: str | None = None,
    step: Step = silent,
) -> Roadmap:
    """
    Carry out a study and find its path to the target.

    Parameters
    ----------
    plan
        The study.
    target, by, asked
        As for `roadmap_of_study`.
    step
        As for `plan.run`.
    """
    refuse_bad_question(plan, target, by, asked)
    return roadmap_of_study(run(plan, step), target=target, by=by, asked=asked, step=step)


def roadmap_of_study(
    study: Study,
    *,
    target: float | None = None,
    by: int | None = None,
    asked: str | None = None,
    demand: pd.DataFrame | None = None,
    step: Step = silent,
) -> Roadmap:
    """
    Find the path of a study that was carried out already.

    Parameters
    ----------
    study
        The study.
    target
        Rate of the reported definition; None for the plan's. [-]
    by
        Year by whose end it should be met; None for the plan's target year, or the last
        planned year where that has passed.
    asked
        new: the coverage cohort; existing: roofs of public institutions that stood before,
        at or above the threshold. None for the plan's.
    demand
        As `valuation.value_projects` takes it.
    step
        As for `plan.run`.

    Raises
    ------
    HexiSolarError
        If no building is in question, none can be built on, or a limit cannot be kept.
    """
    plan, settings = study.plan, study.plan.pathway
    refuse_bad_question(plan, target, by, asked)
    notices = Notices()
    with step("pathway_case"):
        case, members = case_of(study, target, by, asked, notices)
    with step("pathway"):
        path = find_pathway(case, settings)
    with step("pathway_binding"):
        binding = binding_table(path, settings)
    with step("pathway_chance"):
        chance = chance_of(path, settings)
        # what is planned beyond the target need not be the very cheapest
        safer = safer_path(
            case, settings.probability, replace(settings, gap=max(settings.gap, LOOSE))
        )
    with step("economics"):
        worth = value_schedule(study, path.schedule, demand)
    kind = asked or settings.roofs
    return Roadmap(
        study=study,
        asked=kind,
        answer=answer_of(path, worth, len(members)),
        schedule=path.schedule,
        years=yearly_table(path),
        coverage=coverage_table(path),
        now=now(study) if kind == "new" else study.coverage.iloc[:0],
        binding=binding,
        chance=chance.summary(),
        surveys=chance.surveys,
        safer=safer_figures(*safer, settings),
        safer_schedule=safer[0].schedule,
        economics=worth,
        limits=case.limits,
        feeders=case.feeders,
        members=members,
        assumptions=tuple(assumptions(plan, settings)),
        solver={"gap": path.gap, "seconds": path.seconds, "options": len(case.options),
                "buildings": case.options.index.get_level_values("building_id").nunique()},
        notices=tuple(notices),
    )  # fmt: skip


def answer_of(path: Route, worth: pd.DataFrame, members: int) -> dict[str, Any]:
    """Collect the figures above the tables; where the target is out of reach, the proof."""
    case = path.case
    found = path.summary() | {"members": members, "npv_cny": float(worth["npv_cny"].sum())}
    found["denominator"], found["standing"] = case.denominator, case.standing
    found["needed"] = case.needed
    found["everything"] = everything(case)
    return found


def everything(case: Case) -> float:
    """Return the rate if every roof in question were filled in its fullest way, whatever the limits."""
    most = case.adds[case.measure].groupby(level="building_id").max().sum()
    return case.rate(float(most))


def safer_figures(path: Route, chance: Chance, settings: Pathway) -> dict[str, Any]:
    """Say what is planned beyond the target, and how probable that makes it."""
    left = ("target", "by", "measure")
    return {
        "asked_probability": settings.probability,
        "enough": chance.probability >= settings.probability,
        "planned_target": path.case.target,
        **{k: v for k, v in path.summary().items() if k not in left},
        **chance.summary(),
    }


def now(study: Study) -> pd.DataFrame:
    """Choose the coverage of today under every definition of progress, all completed so far."""
    table, today = study.coverage, study.plan.today
    flat = table.reset_index()
    kept = (flat["year"] == today.year) & (pd.to_datetime(flat["at"]) == pd.Timestamp(today))
    kept &= (flat["cohort"] == "cumulative") & (flat["kind"] == "progress")
    chosen: pd.DataFrame = table[kept.to_numpy()]
    return chosen


def assumptions(plan: Plan, settings: Pathway) -> list[dict[str, Any]]:
    """List the defaults that the answer rests on, each with source and confidence."""
    known = all_facts()
    rows = []
    for key in ASSUMED:
        fact = known[key]
        used = _used(plan, settings, key, fact.value)
        rows.append({
            "key": key, "zh": fact.name_zh, "en": fact.name_en, "value": used, "unit": fact.unit,
            "shown": _shown(used, fact.unit), "year": fact.year,
            "source": fact.cited(plan.language), "confidence": fact.confidence,
            "set_by_plan": used != fact.value, "placeholder": fact.confidence == "recalled-low",
        })  # fmt: skip
    return rows


def _shown(value: Any, unit: str) -> str:
    """Write a value with its unit, as tables show it."""
    written = f"{value:,.10g}" if isinstance(value, int | float) else str(value)
    return f"{written} {unit}" if unit not in ("", "-", "date") else written


def _used(plan: Plan, settings: Pathway, key: str, default: Any) -> Any:
    """Return the value that was taken for a fact."""
    if key.startswith("pathway."):
        return getattr(settings, key.removeprefix("pathway."))
    said: Mapping[str, Any] = {
        "layouts.money.discount_rate": settings.discount_rate,
        "economics.cost.capex_cny_kwp": plan.economics.capex_cny_kwp,
        "economics.cost.discount_rate": plan.economics.discount_rate_nominal,
        "coverage.start": plan.coverage.start.isoformat(),
    }
    return said.get(key, default)


def roadmap_record(found: Roadmap) -> dict[str, Any]:
    """
    Collect the whole answer, ready for JSON; unknown is null.

    Returns
    -------
    record
        `status`, `target`, `rate`, `cost_cny` and the other figures, then the tables:
        `schedule`, `years`, `coverage_now`, `coverage`, `binding`, `chance` with its
        `surveys`, `safer` with its `schedule`, `limits`, `feeders`, `economics`,
        `assumptions`, `notices`, `solver`.
    """
    plan, study = found.study.plan, found.study
    schedule = found.schedule.assign(
        name=study.buildings["name"].reindex(found.schedule.index),
        npv_cny=found.economics["npv_cny"].reindex(found.schedule.index),
    )
    columns = ["numerator", "denominator", "rate", "rate_low", "rate_high", "reported"]
    safer = found.safer_schedule[["variant", "year", "capacity_kwp", "cost_cny", "added"]]
    return {
        "plan": plan.name,
        "synthetic": plan.synthetic,
        "as_of": plan.today.isoformat(),
        "roofs": found.asked,
        **found.answer,
        "schedule": rows_of(schedule),
        "years": rows_of(found.years),
        "coverage_now": rows_of(found.now[columns]),
        "coverage": rows_of(found.coverage),
        "binding": rows_of(found.binding),
        "chance": found.chance | {"surveys": rows_of(found.surveys)},
        "safer": found.safer | {"schedule": rows_of(safer)},
        "limits": rows_of(found.limits),
        "feeders": rows_of(found.feeders),
        "economics": rows_of(found.economics),
        "assumptions": list(found.assumptions),
        "notices": [
            {"level": n.level, "code": n.code, "message": n.message(plan.language)}
            for n in (*found.notices, *(m for m in study.notices if m.level == "warning"))
        ],
        "solver": found.solver,
    }


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Write a table row by row; unknown becomes None."""
    rows = table.reset_index().to_dict("records")
    return [{str(k): _plain(v) for k, v in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """Bring one value to what JSON can say."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else value
