"""The year's coverage figure, worked out from layers and records.

Here study and register meet. `account` reads the layers and what is on file, and needs
roofs and modules of the buildings that could be in the cohort, no yields.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.coverage import (
    PARTS,
    Frame,
    books_by_cause,
    cohort_rows,
    could_be_new,
    gap_of,
    open_facts,
    parts_of,
    rates_of,
    reported,
)
from hexi_solar.coverage.cohort import members
from hexi_solar.coverage.definitions import combinations
from hexi_solar.coverage.quantities import CAUSES
from hexi_solar.coverage.rates import book_of, records
from hexi_solar.errors import ConfigError, Notices, Problem
from hexi_solar.facts import fact
from hexi_solar.inputs import Inputs, Step, read_inputs, silent
from hexi_solar.ledger import head_of
from hexi_solar.plan import pv_filling
from hexi_solar.potential import OBJECTIVES, all_roofs_and_layouts, potential_of
from hexi_solar.projects import project_states
from hexi_solar.publication import (
    Basis,
)
from hexi_solar.rooftops import rooftops_of

Head = tuple[int, str]


@dataclass(frozen=True)
class Account:
    """The rates of one year, and what they rest on."""

    plan: Plan
    basis: Basis
    coverage: pd.DataFrame
    """Both cohorts, every definition, reading and scope; `schema.COVERAGE`."""
    starts: list[dict[str, Any]]
    """The reported rate under other first days of completion."""
    parts: pd.DataFrame
    """The reported rate split; `schema.COVERAGE_PARTS`."""
    distance: list[dict[str, Any]]
    """Per definition and reading: gap, fewest roofs, open facts."""
    head: Head
    """Last event of the register that was read; (0, "") without one."""
    known_on: dt.date | None
    notices: Notices


def account(
    plan: Plan,
    year: int,
    *,
    as_of: dt.date | None = None,
    known_on: dt.date | None = None,
    step: Step = silent,
) -> Account:
    """
    Work out the coverage rates of one year.

    Parameters
    ----------
    plan
        The study.
    year
        Of completion (`in_year`), or the last such year (`cumulative`).
    as_of
        The day asked: PV and completions up to it, facts of buildings as they hold then.
        None for the plan's today, with PV up to the end of the year.
    known_on
        Records that came in after this day are not looked at; None for all.
    step
        As for `plan.run`.

    Raises
    ------
    HexiSolarError
        If a file or the plan cannot be used, or the year has not begun or is too early.
    """
    today = as_of or plan.today
    first = plan.coverage.start.year
    if not first <= year <= today.year:
        facts = {"year": year, "first": first, "last": today.year}
        raise ConfigError(Problem("coverage_year", facts))
    plan = replace(plan, as_of=today)
    inputs = read_inputs(plan, step, known_on=known_on)
    starts = start_days(plan)
    rows = rows_of(plan, inputs, min(starts), step)
    with step("coverage"):
        at = as_of or min(dt.date(year, 12, 31), today)
        basis = Basis(
            year=year,
            at=at,
            today=today,
            threshold_m2=plan.roofs.threshold_m2,
            settings=plan.coverage,
            filling=pv_filling(plan, inputs.place),
            rows=rows[could_be_new(rows, plan.coverage.start, today)],
            projects=project_states(inputs.register, at),
        )
        coverage = basis.rates()
        return Account(
            plan=plan,
            basis=basis,
            coverage=coverage,
            starts=[start_rate(basis, rows, start) for start in starts],
            parts=parts_table(basis),
            distance=distances(basis, coverage),
            head=head_of(inputs.ledger),
            known_on=known_on,
            notices=inputs.notices,
        )


def start_days(plan: Plan) -> list[dt.date]:
    """Return the plan's first day of completion, and those of the facts."""
    said = ("coverage.start", "coverage.start_alternative")
    others = {dt.date.fromisoformat(str(fact(name))) for name in said}
    return [plan.coverage.start, *sorted(others - {plan.coverage.start})]


def rows_of(plan: Plan, inputs: Inputs, start: dt.date, step: Step = silent) -> pd.DataFrame:
    """Work out roofs and modules of the buildings that could be in the cohort."""
    own = inputs.buildings[could_be_new(inputs.buildings, start, plan.today)].copy()
    if plan.layout.layout in OBJECTIVES:
        # what is best for a roof is known by its yield alone
        found = potential_of(
            plan, own, inputs.weather, inputs.place, inputs.buildings, step, inputs.notices
        )
        return cohort_rows(found.buildings, found.roofs, found.layouts, start, plan.today)
    with step("planes"):
        tops = rooftops_of(plan, own, inputs.buildings, inputs.place, inputs.notices)
    with step("roofs"):
        roofs, _, layouts = all_roofs_and_layouts(plan, tops, inputs.place)
    return cohort_rows(tops.buildings, roofs, layouts, start, plan.today)


def start_rate(basis: Basis, rows: pd.DataFrame, start: dt.date) -> dict[str, Any]:
    """Work out the reported rate as if another day were the first that counts as new."""
    settings = replace(basis.settings, start=start)
    frame = Frame(basis.year, settings.cohort, basis.at, settings.scope)
    pv = basis.pv
    table = rates_of(
        rows[could_be_new(rows, start, basis.today)],
        lambda day: pv,
        settings,
        today=basis.today,
        threshold_m2=basis.threshold_m2,
        chosen=[frame],
    )
    names = ("numerator", "denominator", "rate", "rate_low", "rate_high", "buildings")
    row = next(r for r in records(table) if r["reported"])
    return {"start": start.isoformat()} | {name: row[name] for name in names}


def parts_table(basis: Basis) -> pd.DataFrame:
    """Split the reported rate every way."""
    settings = basis.settings
    frame = Frame(basis.year, settings.cohort, basis.at, settings.scope)
    who = members(basis.rows, frame, settings.start, basis.today, basis.threshold_m2, CAUSES)
    book = book_of(basis.rows, basis.pv)
    return pd.concat([parts_of(book, reported(settings), frame, who.likely, by) for by in PARTS])


def distances(basis: Basis, coverage: pd.DataFrame) -> list[dict[str, Any]]:
    """Say for each definition of progress how far its target is, and what could turn it."""
    settings, pv = basis.settings, basis.pv
    books = books_by_cause(basis.rows, pv)
    frame = Frame(basis.year, settings.cohort, basis.at, settings.scope)
    who = members(basis.rows, frame, settings.start, basis.today, basis.threshold_m2, CAUSES)
    book = book_of(basis.rows, pv)
    rates = records(coverage)
    found: list[dict[str, Any]] = []
    for combination in combinations(settings):
        if combination.kind != "progress":
            continue
        about = {"definition": combination.name, "reading": combination.label}
        about |= {"cohort": settings.cohort, "scope": settings.scope}
        row = next(r for r in rates if about.items() <= r.items())
        target = math.nan if row["target"] is None else float(row["target"])
        doubt = open_facts(
            books,
            combination,
            frame,
            target,
            settings,
            today=basis.today,
            threshold_m2=basis.threshold_m2,
        )
        gap = gap_of(book, combination, who.likely, target)
        found.append({**about, "reported": row["reported"], "gap": gap, "open": doubt})
    return sorted(found, key=lambda one: not one["reported"])
