"""Verdicts on PV projects: their events, their cards, what their meters read."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hexi_solar.importing.cards import card
from hexi_solar.importing.columns import Reading
from hexi_solar.importing.judging import (
    NOTHING,
    Judge,
    asked_of,
    matched,
    needed,
    shown_as,
    ways_of,
)
from hexi_solar.importing.match import Asked
from hexi_solar.importing.records import Record, facts_of
from hexi_solar.importing.verdicts import (
    CHANGED,
    NEW,
    REFUSED,
    SAME,
    Outcome,
    dated,
    metered,
)
from hexi_solar.ledger import CORRECTION
from hexi_solar.schema import STAGES
from hexi_solar.sheets.names import plain_id


def _project_id(judge: Judge, said: str) -> str:
    """Return a project's id as it is written on file."""
    return judge.projects.setdefault(plain_id(said), said)


def judge_project(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge an event or a card of a PV project."""
    said = needed(reading, record, "entity")
    entity = _project_id(judge, said) if said else ""
    facts = facts_of(record, reading.kind.facts)
    asked = asked_of(record)
    if not asked.empty:
        match = matched(judge, record, asked)
        facts.pop("building_id", None)
        if match.building:
            facts["building_id"] = match.building
        elif match.how == "none":
            if asked.building_id:
                facts["building_id"] = asked.building_id
            near = "；".join(judge.buildings.shown(b) for b in match.candidates) or "-"
            record.note("import_no_building", found=_shown(asked), candidates=near)
    stages = [s for s in STAGES if reading.get(s)]
    if stages and not (reading.get("kind") and reading.get("valid_on")):
        return entity, _card(judge, reading, record, entity, facts)
    kind, on = (needed(reading, record, c) for c in ("kind", "valid_on"))
    for name in ("capacity_kwp_filed", "capacity_kwp_connected"):
        if name in record.values:
            facts.setdefault("capacity_kwp", record.values[name])
    if on:
        judge.future(record, shown_as(reading, "valid_on"), on)
    if not (entity and kind and on):
        return entity, NOTHING
    key = ("project", entity, kind, on)
    if kind != CORRECTION and not judge.claim(record, key, facts, reading.grid.sheet.title):
        return entity, NOTHING
    if record.problems:
        return entity, NOTHING
    reason, given = record.values.get("reason", ""), _given_id(judge, record)
    thing, origin = ("project", entity), judge.origin_of(record)
    outcome = dated(judge.history, thing, kind, on, facts, reason, origin, given)
    return entity, _taken_over(judge, record, outcome)


def _given_id(judge: Judge, record: Record) -> str:
    """Return the event's id in an older register, where that is taken over."""
    return str(record.values.get("event_id", "")) if judge.take_over else ""


def _taken_over(judge: Judge, record: Record, outcome: Outcome) -> Outcome:
    """Keep id, clock and recorder of an event of an older register."""
    if not judge.take_over or len(outcome.events) != 1:
        return outcome
    said = record.values
    recorded = said.get("recorded_at")
    event = replace(
        outcome.events[0],
        event_id=_given_id(judge, record) or outcome.events[0].event_id,
        recorded_at=_moment(recorded),
        recorded_by=said.get("recorded_by", ""),
    )
    return replace(outcome, events=(event,))


def _moment(said: dt.date | None) -> dt.datetime | None:
    """Return a time of recording: as it is said, or the beginning of its day."""
    if said is None or isinstance(said, dt.datetime):
        return said
    return dt.datetime.combine(said, dt.time())


def _shown(asked: Asked) -> str:
    words = (asked.building_id, asked.code, asked.name, asked.address)
    return ", ".join(w for w in words if w) or "-"


def _card(
    judge: Judge, reading: Reading, record: Record, entity: str, facts: dict[str, Any]
) -> Outcome:
    """Judge a project's card."""
    stages = {s: record.values[s] for s in STAGES if s in record.values}
    for stage, day in stages.items():
        judge.future(record, shown_as(reading, stage), day)
    days = list(stages.items())
    for (one, first), (other, second) in pairwise(days):
        if second < first:
            names = {"first": shown_as(reading, other), "second": shown_as(reading, one)}
            record.note("import_order", **names)
    facts_at = {
        part: {"capacity_kwp": record.values[f"capacity_kwp_{part}"]}
        for part in ("filed", "connected")
        if f"capacity_kwp_{part}" in record.values
    }
    if not entity:
        return NOTHING
    if not stages and not judge.history.of(("project", entity)) and not record.problems:
        columns = ", ".join(p.shown for s in STAGES if (p := reading.get(s)))
        record.refuse("import_no_stage", columns=columns)
    says = (facts, facts_at, stages)
    if not judge.claim(record, ("project", entity), says, reading.grid.sheet.title):
        return NOTHING
    if record.problems:
        return NOTHING
    rough = frozenset(record.rough)
    reason = record.values.get("reason", "")
    origin = judge.origin_of(record)
    return card(judge.history, entity, stages, facts, facts_at, reason, origin, rough)


def judge_meter(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge the readings of a project: one month, or one column per month."""
    said = needed(reading, record, "entity")
    entity = judge.projects.get(plain_id(said), "") if said else ""
    if said and not entity:
        record.refuse("import_no_project", column=shown_as(reading, "entity"), found=said)
    readings = dict(record.readings)
    if not reading.months:
        month = needed(reading, record, "month")
        facts = facts_of(record, reading.kind.facts)
        if month:
            readings[month] = facts
        if not facts and not record.problems:
            record.refuse("import_blank", column=", ".join(_measures(reading)))
    elif not readings and not record.problems:
        record.note("import_nothing")
    outcomes = []
    for month, facts in sorted(readings.items()):
        year, number = map(int, month.split("-"))
        last = dt.date(year, number, calendar.monthrange(year, number)[1])
        if last > judge.today:
            record.refuse("import_month_future", found=month, today=judge.today)
        _check_balance(record, month, facts)
        if not entity:
            continue
        key = ("meter", entity, month)
        if judge.claim(record, key, facts, reading.grid.sheet.title) and not record.problems:
            reason, origin = record.values.get("reason", ""), judge.origin_of(record)
            outcomes.append(metered(judge.history, entity, month, facts, last, reason, origin))
    return entity or said or "", _joined(outcomes)


def _measures(reading: Reading) -> list[str]:
    found = [p.shown for p in reading.placed if p.ours.endswith("_kwh")]
    return found or list(ways_of("meters", "generation_kwh"))[:1]


def _check_balance(record: Record, month: str, facts: Mapping[str, Any]) -> None:
    """Refuse energy used and fed in that is more than what was generated."""
    parts = [facts.get(n) for n in ("self_use_kwh", "feed_in_kwh")]
    made, used = facts.get("generation_kwh"), sum(p for p in parts if p is not None)
    # a meter's rounding
    if made is not None and used > made * 1.001 + 1.0:
        record.refuse("import_balance", month=month, made=f"{made:g}", used=f"{used:g}")


def _joined(outcomes: list[Outcome]) -> Outcome:
    """Put the outcomes of the months of one row together."""
    if not outcomes:
        return NOTHING
    verdicts = [o.verdict for o in outcomes]
    verdict = next((v for v in (REFUSED, CHANGED) if v in verdicts), None)
    if verdict is None:
        verdict = SAME if all(v == SAME for v in verdicts) else NEW
    return Outcome(
        verdict,
        tuple(e for o in outcomes for e in o.events),
        tuple(c for o in outcomes for c in o.changes),
        tuple(p for o in outcomes for p in o.problems),
        tuple(n for o in outcomes for n in o.notes),
    )
