"""One year with everything that its documents show: rates, outlook, what is open.

Here the study, the account of the year and the steps of supervision meet; `reports`
turns what comes out into pages.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.accounting import Account, account
from hexi_solar.approvals import approval_list, forecast, habit
from hexi_solar.config import Coverage, Plan
from hexi_solar.coverage import Combination, Frame, coverage_definitions, rates_of, reported
from hexi_solar.coverage.cohort import members
from hexi_solar.coverage.quantities import CAUSES
from hexi_solar.coverage.rates import Book, book_of
from hexi_solar.inputs import Step, silent
from hexi_solar.labels import label
from hexi_solar.layers import input_checksums
from hexi_solar.ledger import empty_ledger, readings, states
from hexi_solar.metered import alarms, implied_capacity, metered_months, specific_months
from hexi_solar.office.store import open_register, register_exists
from hexi_solar.plan import run
from hexi_solar.projects import FACTS as PROJECT_FACTS
from hexi_solar.projects import existing_pv, project_states
from hexi_solar.publishing import compare, publications_of, publications_table
from hexi_solar.reconcile import capacities, reconcile
from hexi_solar.record import versions
from hexi_solar.reports.cards import Card
from hexi_solar.reports.charts import Part
from hexi_solar.reports.year import Year
from hexi_solar.requests import Unknowns, by_department, data_requests, question
from hexi_solar.schema import BUILDING_FACTS, REGISTER
from hexi_solar.study import Study
from hexi_solar.uncertainty import error_budget, portfolio, worth_of_facts

COMING = {
    "pv_area": "", "installed_kwp": "capacity_kwp", "buildings_with_pv": "buildings",
    "floor_area_with_pv": "floor_area_m2", "installable_area": "installable_area_m2",
    "roof_area": "roof_area_m2", "achievable_kwp": "capacity_kwp", "buildings": "buildings",
    "floor_area": "floor_area_m2",
}  # fmt: skip
"""Column of the approval list for each side of a rate; areas of PV follow the reading."""
SHOWN = (
    "capacity_kwp", "modules", "module_area_m2", "contract", "completed_on", "status", "load_evidence",
    "load_reserve_kn_m2", "pv_reserved", "roof_repaired_on", "electricity_kwh",
)  # fmt: skip
"""What of an event a card shows."""
LOAD_COUNTS = ("installable_area", "achievable_kwp")


@dataclass(frozen=True)
class Case:
    """One year as the steps of supervision take it."""

    study: Study
    account: Account
    ledger: pd.DataFrame

    @property
    def settings(self) -> Coverage:
        """Which rate is reported."""
        return self.account.basis.settings

    @property
    def combination(self) -> Combination:
        """The reported definition with its reading."""
        return reported(self.settings)

    def book(self, projects: pd.DataFrame) -> Book:
        """Work out what definitions are made of for a table of project states."""
        basis = self.account.basis
        return book_of(basis.rows, existing_pv(projects, **basis.filling))

    def counted(self, cohort: str = "") -> np.ndarray:
        """Say which rows belong to a cohort of the year."""
        basis, settings = self.account.basis, self.settings
        frame = Frame(basis.year, cohort or settings.cohort, basis.at, settings.scope)
        days = (settings.start, basis.today, basis.threshold_m2)
        return members(basis.rows, frame, *days, CAUSES).likely

    def sides(self, projects: pd.DataFrame, cohort: str = "") -> tuple[float, float]:
        """Return numerator and denominator of the reported rate for a table of states."""
        above, below = self.book(projects).sides(self.combination)
        known = self.counted(cohort) & ~np.isnan(above) & ~np.isnan(below)
        return float(above[known].sum()), float(below[known].sum())


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
        coming = approval_list(
            study.buildings, states(case.ledger, "building", found.basis.today), study.roofs,
            study.layouts, study.projects, today=found.basis.today,
            threshold_m2=plan.roofs.threshold_m2,
        )  # fmt: skip
        ahead = outlook(case, coming)
        months = meters(case)
        open_items = worklist(case, months)
        missing = missing_facts(case, coming, months)
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
        forecast=ahead,
        approvals=coming,
        reconciliation=open_items,
        requests=missing,
        alarms=alarms(months),
        candidates=study.candidates,
        projects=study.projects,
        notices=tuple(found.notices),
        checksums=input_checksums(plan),
        versions=versions(),
    )


def ledger_of(plan: Plan) -> pd.DataFrame:
    """Read the events of the register; none where there is none."""
    if not register_exists(plan):
        return empty_ledger()
    with open_register(plan) as register:
        return register.ledger()


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


def outlook(case: Case, coming: pd.DataFrame) -> pd.DataFrame:
    """Forecast the reported rate of the coming years."""
    basis, settings, combination = case.account.basis, case.settings, case.combination
    now = project_states(case.study.register, basis.today)
    above, _ = case.book(now).sides(combination)
    built = pd.Series(np.nan_to_num(above), basis.rows.index)
    numerator = COMING[combination.numerator] or f"{combination.reading}_m2"
    possible = basis.rows.get(numerator, pd.Series(1.0, basis.rows.index)).astype(float)
    ours = basis.rows.index[case.counted("cumulative")]
    known = case.study.buildings.reindex(ours)
    past = habit(known, built.reindex(ours), possible.reindex(ours))
    targets = {int(y): float(t) for y, t in settings.targets.items()}
    return forecast(
        coming,
        {cohort: case.sides(now, cohort) for cohort in ("cumulative", "in_year")},
        past,
        today=basis.today,
        numerator=numerator,
        denominator=COMING[combination.denominator],
        scope=settings.scope,
        targets={y: targets.get(y, settings.target) for y in range(basis.year, basis.year + 9)},
    )


def meters(case: Case) -> pd.DataFrame:
    """Hold the meters of PV systems against the model; empty without readings."""
    study, today = case.study, case.account.basis.today
    specific = specific_months(study.yields, study.layouts)
    read = readings(case.ledger, today)
    metered = study.projects if len(read) else study.projects.iloc[:0]
    return metered_months(metered, read, specific, on=today)


def worklist(case: Case, months: pd.DataFrame) -> pd.DataFrame:
    """List what does not agree, in the order of what it moves."""
    study, basis = case.study, case.account.basis
    per_m2 = float(basis.filling["kw_per_m2"])
    now = project_states(study.register, basis.today)
    implied = implied_capacity(months) if len(months) else None
    held = capacities(now, study.register, on=basis.today, metered_kwp=implied, kw_per_m2=per_m2)
    return reconcile(
        study.buildings, study.roofs, now, study.register, held, case.sides, on=basis.today,
        cohort=[str(i) for i in basis.rows.index[case.counted()]],
    )  # fmt: skip


def missing_facts(case: Case, coming: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """List the facts that are missing, those first that matter most."""
    study, basis = case.study, case.account.basis
    now = project_states(study.register, basis.today)
    above, below = case.book(now).sides(case.combination)
    parts = pd.DataFrame(
        {"numerator": np.nan_to_num(above), "denominator": np.nan_to_num(below), "counted": case.counted()},
        index=basis.rows.index,
    )  # fmt: skip
    budget = error_budget(study.roofs)
    worth = worth_of_facts(study.yields["energy_ac_kwh"], budget)
    building = study.roofs["building_id"].to_numpy()
    missing = months.reset_index()
    silent_months = missing[missing["meter_state"] == "missing"].groupby("entity").size()
    known = Unknowns(
        buildings=study.buildings,
        parts=parts,
        projects=now,
        capacity_kwp=study.layouts["capacity_kwp"].groupby(building).sum(),
        worth_kwh=worth.groupby(building).sum(),
        approvals=coming,
        missing_months=silent_months,
    )
    return data_requests(known, load_counts=case.combination.denominator in LOAD_COUNTS)


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
        return [
            _event(row, {k: row[k] for k in PROJECT_FACTS}, language)
            for row in rows.to_dict("records")
        ]
    own = (ledger["entity_type"] == "building") & (ledger["entity"] == building)
    own |= (ledger["entity_type"] == "project") & ledger["entity"].isin(projects)
    rows = ledger[own].sort_values(["valid_on", "seq"], kind="stable")
    return [_event(row, json.loads(row["payload"]), language) for row in rows.to_dict("records")]


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
