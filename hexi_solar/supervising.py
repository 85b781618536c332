"""What the office looks after between two reports, worked out for a study and its register.

Here the study, the account of a year and the ledger meet the steps of supervision:
records that do not agree, meters against the model, buildings on their way, the rate of
the coming years, and what to ask of whom.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hexi_solar.accounting import Account, account
from hexi_solar.approvals import approval_list, forecast, habit
from hexi_solar.config import Coverage, Plan
from hexi_solar.coverage import Combination, Frame, reported
from hexi_solar.coverage.cohort import members
from hexi_solar.coverage.quantities import CAUSES
from hexi_solar.coverage.rates import Book, book_of
from hexi_solar.errors import Notices
from hexi_solar.inputs import Step, of_interest, place_of, read_inputs, silent
from hexi_solar.layers import read_detected
from hexi_solar.ledger import empty_ledger, readings, states
from hexi_solar.metered import (
    Factor,
    alarms,
    district_factor,
    implied_capacity,
    metered_months,
    performance,
    specific_months,
)
from hexi_solar.office.store import open_register, register_exists
from hexi_solar.periods import month_light
from hexi_solar.plan import run
from hexi_solar.potential import potential_of
from hexi_solar.projects import existing_pv, project_states
from hexi_solar.reconcile import capacities, reconcile
from hexi_solar.requests import Unknowns, data_requests, request_counts
from hexi_solar.study import Study
from hexi_solar.uncertainty import error_budget, worth_of_facts

COMING = {
    "pv_area": "", "installed_kwp": "capacity_kwp", "buildings_with_pv": "buildings",
    "floor_area_with_pv": "floor_area_m2", "installable_area": "installable_area_m2",
    "roof_area": "roof_area_m2", "achievable_kwp": "capacity_kwp", "buildings": "buildings",
    "floor_area": "floor_area_m2",
}  # fmt: skip
"""Column of the approval list for each side of a rate; areas of PV follow the reading."""
LOAD_COUNTS = ("installable_area", "achievable_kwp")
UNDER_WAY = ("filed", "building")


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

    @property
    def today(self) -> dt.date:
        """The day that counts as today."""
        return self.account.basis.today

    @property
    def now(self) -> pd.DataFrame:
        """States of projects today."""
        return project_states(self.study.register, self.today)

    @property
    def numerator(self) -> str:
        """Column of the approval list that the numerator adds up."""
        return COMING[self.combination.numerator] or f"{self.combination.reading}_m2"

    @property
    def denominator(self) -> str:
        """Column of the approval list that the denominator adds up."""
        return COMING[self.combination.denominator]

    def book(self, projects: pd.DataFrame) -> Book:
        """Work out what definitions are made of for a table of project states."""
        basis = self.account.basis
        return book_of(basis.rows, existing_pv(projects, **basis.filling))

    def counted(self, cohort: str = "", year: int | None = None) -> np.ndarray:
        """Say which rows belong to a cohort, of the account's year if no other is named."""
        basis, settings = self.account.basis, self.settings
        chosen = basis.year if year is None else year
        frame = Frame(chosen, cohort or settings.cohort, basis.at, settings.scope)
        days = (settings.start, basis.today, basis.threshold_m2)
        return members(basis.rows, frame, *days, CAUSES).likely

    def sides(
        self, projects: pd.DataFrame, cohort: str = "", year: int | None = None
    ) -> tuple[float, float]:
        """Return numerator and denominator of the reported rate for a table of states."""
        above, below = self.book(projects).sides(self.combination)
        known = self.counted(cohort, year) & ~np.isnan(above) & ~np.isnan(below)
        return float(above[known].sum()), float(below[known].sum())


@dataclass(frozen=True)
class Supervision:
    """Tables of `schema`, and the factor that the meters suggest."""

    plan: Plan
    year: int
    today: dt.date
    head: tuple[int, str]
    coverage: pd.DataFrame
    capacities: pd.DataFrame
    reconciliation: pd.DataFrame
    metered: pd.DataFrame
    performance: pd.DataFrame
    """Each system over all its months; from `metered.performance`."""
    alarms: pd.DataFrame
    factor: Factor
    approvals: pd.DataFrame
    forecast: pd.DataFrame
    requests: pd.DataFrame
    request_counts: pd.DataFrame
    notices: Notices


def supervision_of(
    plan: Plan,
    year: int,
    *,
    as_of: dt.date | None = None,
    known_on: dt.date | None = None,
    step: Step = silent,
) -> Supervision:
    """
    Carry out the study and everything that is looked after beside it.

    Parameters
    ----------
    plan
        The study.
    year, as_of, known_on
        As for `accounting.account`.
    step
        As for `plan.run`.
    """
    study = run(plan, step)
    found = account(plan, year, as_of=as_of, known_on=known_on, step=step)
    with step("supervision"):
        return supervise(Case(study, found, ledger_of(plan)))


def supervise(case: Case) -> Supervision:
    """Work every table of supervision out."""
    study, found = case.study, case.account
    notices = Notices()
    months = meters(case, notices)
    coming = approval_list(
        study.buildings, states(case.ledger, "building", case.today), study.roofs, study.layouts,
        case.now, today=case.today, threshold_m2=study.plan.roofs.threshold_m2,
    )  # fmt: skip
    held, items = worklist(case, months, notices)
    ahead = outlook(case, coming)
    asked = missing_facts(case, coming, months)
    return Supervision(
        plan=study.plan,
        year=found.basis.year,
        today=case.today,
        head=found.head,
        coverage=found.coverage,
        capacities=held,
        reconciliation=items,
        metered=months,
        performance=performance(months),
        alarms=alarms(months),
        factor=district_factor(months),
        approvals=coming,
        forecast=ahead,
        requests=asked,
        request_counts=request_counts(asked),
        notices=notices,
    )


def ledger_of(plan: Plan) -> pd.DataFrame:
    """Read the events of the register; none where there is none."""
    if not register_exists(plan):
        return empty_ledger()
    with open_register(plan) as register:
        return register.ledger()


# --------------------------------------------------------------------------------- ahead


def outlook(case: Case, coming: pd.DataFrame) -> pd.DataFrame:
    """Forecast the reported rate of the coming years, from what stands and counts today."""
    settings, today = case.settings, case.today
    now = case.now
    rows = case.account.basis.rows
    above, _ = case.book(now).sides(case.combination)
    possible = rows.get(case.numerator, pd.Series(1.0, rows.index)).astype(float)
    ours = rows.index[case.counted("cumulative", today.year)]
    past = habit(
        case.study.buildings.reindex(ours),
        pd.Series(np.nan_to_num(above), rows.index).reindex(ours),
        possible.reindex(ours),
    )
    targets = {int(y): float(t) for y, t in settings.targets.items()}
    return forecast(
        coming,
        {cohort: case.sides(now, cohort, today.year) for cohort in ("cumulative", "in_year")},
        past,
        today=today,
        numerator=case.numerator,
        denominator=case.denominator,
        scope=settings.scope,
        under_way=under_way(case, now),
        targets={y: targets.get(y, settings.target) for y in range(today.year, today.year + 9)},
    )


def under_way(case: Case, now: pd.DataFrame) -> float:
    """
    Add up what is filed or being built on buildings that count already.

    Returns
    -------
    under_way
        What the numerator would gain were all of it connected today. Projects of which
        neither capacity nor module area is known add nothing.
    """
    known = now["capacity_kwp"].notna() | now["module_area_m2"].notna()
    waiting = now["stage"].isin(UNDER_WAY) & known
    connected = now.assign(stage=now["stage"].mask(waiting, "operating"))
    before, after = (case.sides(t, "cumulative", case.today.year)[0] for t in (now, connected))
    return max(after - before, 0.0)


# -------------------------------------------------------------------------------- meters


def meters(case: Case, notices: Notices | None = None) -> pd.DataFrame:
    """
    Hold the meters of PV systems against the model; empty without readings.

    The model is taken without `[pv] measured_factor`, which these meters estimate, and in
    the light of each month where the plan names weather of the period.
    """
    study, read = case.study, readings(case.ledger, case.today)
    metered = case.now if len(read) else case.now.iloc[:0]
    layouts, yields = unmeasured(case, metered)
    light = None
    if len(metered) and study.plan.weather.period_paths:
        own = layouts[layouts["building_id"].isin(metered["building_id"])]
        light = month_light(
            study.plan, own, place_of(study.plan, study.buildings), notices or Notices()
        )
    return metered_months(
        metered, read, specific_months(yields, layouts), on=case.today, light=light
    )


def unmeasured(case: Case, metered: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return layouts and yields of metered buildings as the model has them by itself."""
    study = case.study
    plan = study.plan
    if plan.pv.measured_factor == 1.0 or metered.empty:
        return study.layouts, study.yields
    plain = replace(plan, pv=replace(plan.pv, measured_factor=1.0))
    inputs = read_inputs(plain)
    own = of_interest(plain, inputs.buildings, inputs.register)
    own = own[own.index.isin(metered["building_id"])]
    found = potential_of(plain, own, inputs.weather, inputs.place, inputs.buildings)
    return found.layouts, found.yields


# ------------------------------------------------------------------- records, what to ask


def worklist(
    case: Case, months: pd.DataFrame, notices: Notices | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put capacities side by side, and list what does not agree in the order of what it moves."""
    study, basis = case.study, case.account.basis
    now = case.now
    implied = implied_capacity(months) if len(months) else None
    seen = read_detected(study.plan, study.buildings, notices or Notices())
    held = capacities(
        now, study.register, on=case.today, detected_m2=seen, metered_kwp=implied,
        kw_per_m2=float(basis.filling["kw_per_m2"]),
    )  # fmt: skip
    items = reconcile(
        study.buildings, study.roofs, now, study.register, held, case.sides, on=case.today,
        cohort=[str(i) for i in basis.rows.index[case.counted()]], detected_m2=seen,
    )  # fmt: skip
    return held, items


def missing_facts(case: Case, coming: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """List the facts that are missing, those first that matter most."""
    study, rows = case.study, case.account.basis.rows
    now = case.now
    above, below = case.book(now).sides(case.combination)
    parts = pd.DataFrame(
        {"numerator": np.nan_to_num(above), "denominator": np.nan_to_num(below), "counted": case.counted()},
        index=rows.index,
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
        numerator=case.numerator,
        denominator=case.denominator,
        scope=case.settings.scope,
    )
    return data_requests(known, load_counts=case.combination.denominator in LOAD_COUNTS)
