"""The year's coverage figure: worked out, published, restated, and worked out again.

Here study and register meet. `account` reads the layers and what is on file, and needs
roofs and modules of the buildings that could be in the cohort, no yields. `publish`
freezes an account into the register; `reproduce` needs the register alone.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
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
from hexi_solar.errors import ConfigError, Notices, Problem, RegisterError
from hexi_solar.facts import fact
from hexi_solar.inputs import Inputs, Step, read_inputs, silent
from hexi_solar.layers import input_checksums, read_register
from hexi_solar.ledger import FIRST, Event, known
from hexi_solar.office.store import open_register, register_exists
from hexi_solar.plan import pv_filling
from hexi_solar.potential import OBJECTIVES, all_roofs_and_layouts, potential_of
from hexi_solar.projects import FACTS, project_states
from hexi_solar.publication import (
    PUBLISHED,
    RESTATED,
    Basis,
    Difference,
    changes,
    check,
    entity_of,
    freeze,
    replay,
    reported_rate,
)
from hexi_solar.record import versions
from hexi_solar.rooftops import rooftops_of
from hexi_solar.schema import PUBLICATIONS

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


def head_of(ledger: pd.DataFrame) -> Head:
    """Return place and hash of the last event."""
    if ledger.empty:
        return 0, FIRST
    last = ledger.sort_values("seq").iloc[-1]
    return int(last["seq"]), str(last["hash"])


# --------------------------------------------------------------------------------- publish


@dataclass(frozen=True)
class Publication:
    """One publication of a year, as the register has it."""

    event_id: str
    kind: str
    year: int
    recorded_at: str
    recorded_by: str
    reason: str
    seq: int
    payload: Mapping[str, Any]

    @property
    def rate(self) -> Mapping[str, Any]:
        """The reported rate."""
        return reported_rate(self.payload)


def publications_of(ledger: pd.DataFrame, year: int | None = None) -> list[Publication]:
    """Read the publications of a register, those of one year or of all, oldest first."""
    events = known(ledger[ledger["entity_type"].isin(["publication"])]).sort_values("seq")
    found = []
    for event, row in zip(events.index, events.to_dict("records"), strict=True):
        if row["kind"] not in (PUBLISHED, RESTATED) or not row["entity"].startswith("coverage-"):
            continue
        payload = json.loads(row["payload"])
        if year is None or int(payload["year"]) == year:
            found.append(
                Publication(
                    event_id=str(event),
                    kind=row["kind"],
                    year=int(payload["year"]),
                    recorded_at=row["recorded_at"],
                    recorded_by=row["recorded_by"],
                    reason=row["reason"] or "",
                    seq=int(row["seq"]),
                    payload=payload,
                )
            )
    return found


def publications_table(ledger: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """List publications; `schema.PUBLICATIONS`."""
    rows = []
    for one in publications_of(ledger, year):
        rate = one.rate
        rows.append({
            "publication": one.event_id, "year": one.year, "kind": one.kind,
            "at": pd.Timestamp(one.payload["at"]), "recorded_at": one.recorded_at,
            "recorded_by": one.recorded_by, "reason": one.reason,
            **{n: rate[n] for n in (
                "definition", "numerator", "denominator", "unit", "rate", "rate_low", "rate_high",
            )},
            "head_seq": one.payload["head"]["seq"], "head_hash": one.payload["head"]["hash"],
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=["publication", *PUBLICATIONS.names])
    return table.set_index("publication")


def publish(
    plan: Plan, year: int, *, by: str, as_of: dt.date | None = None, step: Step = silent
) -> tuple[Publication, int]:
    """
    Freeze the rates of a year into the register.

    A plan without a register gets one, and the table among its layers is taken over.

    Returns
    -------
    publication, taken
        What was published, and how many events were taken over.

    Raises
    ------
    RegisterError
        If the year was published already: a second figure is a restatement.
    """
    taken = take_over(plan, by=by)
    with open_register(plan) as register:
        ledger = register.ledger()
    if publications_of(ledger, year):
        raise RegisterError(Problem("publication_again", {"year": year}))
    found = account(plan, year, as_of=as_of, step=step)
    return _append(plan, found, PUBLISHED, by=by, reason=""), taken


def restate(
    plan: Plan,
    year: int,
    *,
    reason: str,
    by: str,
    as_of: dt.date | None = None,
    step: Step = silent,
) -> Publication:
    """
    Publish a year's rates anew, with a reason, where records were corrected.

    Raises
    ------
    RegisterError
        If the year was not published, no reason is given, or nothing has changed.
    """
    if not reason.strip():
        raise RegisterError(Problem("restate_reason", {"year": year}))
    last = last_publication(plan, year)
    # PV is counted on the same day as before unless another is asked for
    found = account(plan, year, as_of=as_of, step=step)
    if as_of is None and found.basis.at.isoformat() != last.payload["at"]:
        found = account(plan, year, as_of=dt.date.fromisoformat(last.payload["at"]), step=step)
    if nothing_new(last.payload, _payload(found)):
        facts = {"year": year, "publication": last.event_id}
        raise RegisterError(Problem("restate_same", facts))
    return _append(plan, found, RESTATED, by=by, reason=reason)


def last_publication(plan: Plan, year: int) -> Publication:
    """
    Return the publication of a year that stands.

    Raises
    ------
    RegisterError
        If there is none.
    """
    if register_exists(plan):
        with open_register(plan) as register:
            found = publications_of(register.ledger(), year)
        if found:
            return found[-1]
    raise RegisterError(Problem("publication_none", {"year": year}))


def nothing_new(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Say whether two payloads differ in nothing that a reader would see."""
    return all(
        json.dumps(before[name], sort_keys=True) == json.dumps(after[name], sort_keys=True)
        for name in ("rows", "projects", "rates", "settings", "at", "filling")
    )


def _payload(found: Account) -> dict[str, Any]:
    """Freeze an account as it would stand in the register."""
    about = {"plan": found.plan.name, "title": found.plan.title, "versions": versions()}
    frozen = freeze(found.basis, found.head, layers=input_checksums(found.plan), about=about)
    # as it comes out of the register: numbers and lists of JSON
    plain: dict[str, Any] = json.loads(json.dumps(frozen, allow_nan=False))
    return plain


def _append(plan: Plan, found: Account, kind: str, *, by: str, reason: str) -> Publication:
    """Write a publication into the register, and read it back."""
    event = Event(
        entity_type="publication",
        entity=entity_of(found.basis.year),
        kind=kind,
        valid_on=found.basis.at,
        payload=_payload(found),
        reason=reason,
    )
    with open_register(plan) as register:
        ids = register.append([event], by=by)
        ledger = register.ledger()
    return next(p for p in publications_of(ledger) if p.event_id in ids)


def take_over(plan: Plan, *, by: str) -> int:
    """
    Bring the table of projects among the layers into a register that has no event yet.

    Days and times stay as they were recorded.

    Returns
    -------
    taken
        How many events; 0 where the register has events already.
    """
    if register_exists(plan):
        with open_register(plan) as register:
            if register.head().seq:
                return 0
    table = read_register(plan, Notices())
    sums = input_checksums(plan)
    path = plan.layers.register.path
    source = "" if path is None else path.name
    digest = next((v for k, v in sums.items() if source and k.endswith(source)), "")
    events = [taken_event(str(i), row, source, digest) for i, row in table.iterrows()]
    with open_register(plan) as register:
        return len(register.append(events, by=by, take_over=True))


def taken_event(event_id: str, row: pd.Series, source: str, digest: str) -> Event:
    """Write one row of an older register as an event."""
    recorded = row["valid_on"] if pd.isna(row["recorded_at"]) else row["recorded_at"]
    return Event(
        entity_type="project",
        entity=str(row["entity"]),
        kind=str(row["kind"]),
        valid_on=row["valid_on"].date(),
        payload={name: row[name] for name in FACTS},
        reason="" if pd.isna(row["reason"]) else str(row["reason"]),
        event_id=event_id,
        recorded_at=recorded.to_pydatetime(),
        recorded_by="" if pd.isna(row["recorded_by"]) else str(row["recorded_by"]),
        source=source,
        source_sha256=digest,
    )


# ------------------------------------------------------------------------ compare, reproduce


def picked(found: list[Publication], year: int, publication: str = "") -> Publication:
    """
    Pick a publication of a year by its id, the last one without an id.

    Raises
    ------
    RegisterError
        If there is none.
    """
    ours = [p for p in found if p.year == year]
    if publication:
        named = [p for p in ours if p.event_id == publication]
        if not named:
            facts = {
                "year": year,
                "found": publication,
                "known": ", ".join(p.event_id for p in ours) or "-",
            }
            raise RegisterError(Problem("publication_unknown", facts))
        return named[0]
    if not ours:
        raise RegisterError(Problem("publication_none", {"year": year}))
    return ours[-1]


def compare(ledger: pd.DataFrame, year: int, before: str = "", after: str = "") -> pd.DataFrame:
    """
    List what differs between two publications of a year; the first and the last without ids.

    Returns
    -------
    changes
        `schema.COVERAGE_CHANGES`.
    """
    found = publications_of(ledger, year)
    newer = picked(found, year, after)
    older = picked(found, year, before) if before else picked(found[:1], year)
    return changes(older.payload, newer.payload, ledger)


@dataclass(frozen=True)
class Reproduction:
    """One publication, worked out again from the register alone."""

    publication: Publication
    rate: float | None
    """Reported rate as it comes out now."""
    differences: list[Difference]

    @property
    def equal(self) -> bool:
        """Whether everything came out as it was published."""
        return not self.differences


def reproduce(ledger: pd.DataFrame, year: int, publication: str = "") -> list[Reproduction]:
    """
    Work publications of a year out again from the register alone.

    Parameters
    ----------
    ledger
        All events of the register.
    year
        Of the publications.
    publication
        Id of one; empty for all of the year.
    """
    found = publications_of(ledger, year)
    chosen = [picked(found, year, publication)] if publication else found
    if not chosen:
        raise RegisterError(Problem("publication_none", {"year": year}))
    result = []
    for one in chosen:
        rates = replay(one.payload, ledger).rates()
        rate = next(r for r in records(rates) if r["reported"])["rate"]
        result.append(Reproduction(one, rate, check(one.payload, ledger)))
    return result
