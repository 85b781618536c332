"""A year's coverage figure in the register: published, restated, compared, worked out again.

`publish` and `restate` freeze an account into the plan's register; `compare` and
`reproduce` need the register alone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hexi_solar.accounting import Account, account
from hexi_solar.config import Plan
from hexi_solar.coverage.rates import records
from hexi_solar.differences import changes
from hexi_solar.errors import Notices, Problem, RegisterError
from hexi_solar.inputs import Step, silent
from hexi_solar.layers import input_checksums, read_register
from hexi_solar.ledger import Event, known
from hexi_solar.office.store import open_register, register_exists
from hexi_solar.projects import FACTS
from hexi_solar.publication import (
    PUBLISHED,
    RESTATED,
    Difference,
    check,
    entity_of,
    freeze,
    replay,
    reported_rate,
)
from hexi_solar.record import versions
from hexi_solar.schema import PUBLICATIONS


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
