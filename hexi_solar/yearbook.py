"""One year with everything that its documents show: rates, outlook, what is open.

What `supervising` finds, the account of the year and its publications in one place; `reports`
turns it into pages.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pandas as pd

from hexi_solar.accounting import account
from hexi_solar.config import Plan
from hexi_solar.coverage import Frame, coverage_definitions, rates_of
from hexi_solar.inputs import Step, silent
from hexi_solar.labels import label
from hexi_solar.layers import input_checksums
from hexi_solar.plan import run
from hexi_solar.projects import FACTS as PROJECT_FACTS
from hexi_solar.projects import existing_pv, project_states
from hexi_solar.publishing import compare, publications_of, publications_table
from hexi_solar.record import versions
from hexi_solar.reports.cards import Card
from hexi_solar.reports.charts import Part
from hexi_solar.reports.year import Year
from hexi_solar.requests import by_department, question
from hexi_solar.schema import BUILDING_FACTS, REGISTER
from hexi_solar.study import Study
from hexi_solar.supervising import Case, ledger_of, supervise
from hexi_solar.uncertainty import error_budget, portfolio

__all__ = [
    "asked",
    "cards_of",
    "events_about",
    "interval_parts",
    "ledger_of",
    "year_of",
    "year_of_study",
]

SHOWN = (
    "capacity_kwp", "modules", "module_area_m2", "contract", "completed_on", "status", "load_evidence",
    "load_reserve_kn_m2", "pv_reserved", "roof_repaired_on", "electricity_kwh",
)  # fmt: skip
"""What of an event a card shows."""


def year_of(
    plan: Plan,
    year: int,
    *,
    as_of: dt.date | None = None,
    known_on: dt.date | None = None,
    step: Step = silent,
) -> Year:
    """
    Gather everything about one year.

    Parameters
    ----------
    plan
        The study.
    year, as_of, known_on
        As for `accounting.account`.
    step
        As for `plan.run`.

    Returns
    -------
    year
        What `reports` writes.
    """
    return year_of_study(run(plan, step), year, as_of=as_of, known_on=known_on, step=step)


def year_of_study(
    study: Study,
    year: int,
    *,
    as_of: dt.date | None = None,
    known_on: dt.date | None = None,
    step: Step = silent,
) -> Year:
    """Gather everything about one year of a study that was carried out already."""
    plan = study.plan
    found = account(plan, year, as_of=as_of, known_on=known_on, step=step)
    case = Case(study, found, ledger_of(plan))
    with step("supervision"):
        looked = supervise(case)
    return Year(
        plan=plan,
        year=year,
        at=found.basis.at,
        today=found.basis.today,
        head=found.head,
        definitions=coverage_definitions(plan.coverage),
        coverage=found.coverage,
        history=history(case),
        starts=found.starts,
        parts=found.parts,
        distance=found.distance,
        rows=found.basis.rows,
        pv=found.basis.pv,
        buildings=study.buildings,
        boundary=study.boundary,
        subdistricts=study.subdistricts,
        publications=publications_table(case.ledger, year),
        changes=since_last(case.ledger, year),
        forecast=looked.forecast,
        approvals=looked.approvals,
        reconciliation=looked.reconciliation,
        requests=looked.requests,
        alarms=looked.alarms,
        candidates=study.candidates,
        projects=study.projects,
        notices=tuple(found.notices),
        checksums=input_checksums(plan),
        versions=versions(),
    )


def since_last(ledger: pd.DataFrame, year: int) -> pd.DataFrame | None:
    """List what the last publication changed against the one before it."""
    found = publications_of(ledger, year)
    if len(found) < 2:
        return None
    return compare(ledger, year, found[-2].event_id, found[-1].event_id)


def history(case: Case) -> pd.DataFrame:
    """
    Work out the reported rate at the end of every year up to the one reported.

    Returns
    -------
    history
        Index `year`; rate, rate_low, rate_high, target.
    """
    basis, settings = case.account.basis, case.settings
    days = {
        y: min(dt.date(y, 12, 31), basis.at) for y in range(settings.start.year, basis.year + 1)
    }
    register = case.study.register
    table = rates_of(
        basis.rows,
        lambda day: existing_pv(project_states(register, day), **basis.filling),
        settings,
        today=basis.today,
        threshold_m2=basis.threshold_m2,
        chosen=[Frame(y, settings.cohort, day, settings.scope) for y, day in days.items()],
    ).reset_index()
    rows = table[table["reported"]].set_index("year").sort_index()
    return rows[["rate", "rate_low", "rate_high", "target"]]


def asked(facts: Year) -> dict[str, list[dict[str, object]]]:
    """Write the requests out as questions, per department."""
    if facts.requests is None:
        return {}
    start = facts.plan.coverage.start
    return {
        department: [
            {
                **{str(k): v for k, v in row.items()},
                "question": question(pd.Series(row), facts.language, start=start),
            }
            for row in own.to_dict("records")
        ]
        for department, own in by_department(facts.requests).items()
    }


def events_about(
    ledger: pd.DataFrame, register: pd.DataFrame, building: str, language: str
) -> list[dict[str, object]]:
    """
    Gather what the register says of one building and of the projects on it.

    Parameters
    ----------
    ledger
        Events of the register; where it is empty, those of the table among the layers.
    register
        `schema.REGISTER`.
    building, language
        Which one, and how its columns are named.
    """
    projects = set(register.loc[register["building_id"] == building, "entity"])
    if ledger.empty:
        rows = register[register["entity"].isin(projects)].sort_values("valid_on", kind="stable")
        said = [{k: row[k] for k in PROJECT_FACTS} for row in rows.to_dict("records")]
    else:
        own = (ledger["entity_type"] == "building") & (ledger["entity"] == building)
        own |= (ledger["entity_type"] == "project") & ledger["entity"].isin(projects)
        rows = ledger[own].sort_values(["valid_on", "seq"], kind="stable")
        said = [json.loads(payload) for payload in rows["payload"]]
    last: dict[str, dict[str, Any]] = {}
    events = []
    for row, facts in zip(rows.to_dict("records"), said, strict=True):
        # what was said before and still holds need not be said again
        before = last.setdefault(str(row["entity"]), {})
        news = {k: v for k, v in facts.items() if k not in before or before[k] != v}
        before.update(facts)
        events.append(_event(row, news, language))
    return events


def _event(row: dict[Any, Any], said: dict[Any, Any], language: str) -> dict[str, object]:
    """Write one event as a card shows it."""
    columns = {c.name: c for table in (REGISTER, BUILDING_FACTS) for c in table}
    parts = []
    for name, value in said.items():
        if name in SHOWN and name in columns and pd.notna(value):
            spec = columns[name]
            shown = (
                f"{value:,.1f}".removesuffix(".0")
                if isinstance(value, (int, float))
                else str(value)
            )
            parts.append(f"{spec.zh if language == 'zh' else spec.en} {shown} {spec.unit}".strip())
    between = "；" if language == "zh" else "; "
    kept = ("valid_on", "recorded_at", "recorded_by", "entity", "kind", "reason")
    return {**{name: row[name] for name in kept}, "said": between.join(parts)}


def cards_of(study: Study, ledger: pd.DataFrame, facts: Year | None, ids: list[str]) -> list[Card]:
    """
    Gather what the cards of some buildings show.

    Parameters
    ----------
    study
        The study.
    ledger
        Events of the register.
    facts
        The year, whose requests are the open questions; None for none.
    ids
        Buildings.
    """
    language = study.plan.language
    open_questions: dict[str, list[str]] = {}
    for rows in (asked(facts) if facts is not None else {}).values():
        for row in rows:
            open_questions.setdefault(str(row["building_id"]), []).append(str(row["question"]))
    cards = []
    for building in ids:
        own = study.roofs[study.roofs["building_id"] == building]
        cards.append(
            Card(
                building_id=building,
                events=events_about(ledger, study.register, building, language),
                questions=open_questions.get(building, []),
                parts=interval_parts(study, own, language) if len(own) else [],
            )
        )
    return cards


def interval_parts(study: Study, roofs: pd.DataFrame, language: str) -> list[Part]:
    """Say what the interval of a building's energy consists of, planes weighed by their energy."""
    energy = study.yields.loc[roofs.index, "energy_ac_kwh"]
    whole = portfolio(energy, error_budget(roofs), roofs["building_id"])
    return [
        Part(label("uncertainty", p["name"], language), float(p["sigma"]), bool(p["common"]))
        for p in whole["parts"]
    ]
