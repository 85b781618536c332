"""Verdicts on what is no project: buildings, diagnoses, trackers, equipment."""

from __future__ import annotations

import datetime as dt
import hashlib

from hexi_solar.facts import read_facts
from hexi_solar.importing.cells import Words
from hexi_solar.importing.columns import Reading
from hexi_solar.importing.judging import (
    NOTHING,
    Judge,
    ask,
    asked_of,
    matched,
    needed,
    shown_as,
)
from hexi_solar.importing.match import Asked, Match
from hexi_solar.importing.records import Record, facts_of
from hexi_solar.importing.verdicts import (
    Outcome,
    dated,
    stated,
)
from hexi_solar.sheets.names import plain_name
from hexi_solar.sheets.words import fold, word_of


def judge_building(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge what a row says of a building, standing or planned."""
    asked = asked_of(record)
    entity = ""
    if asked.empty:
        needed(reading, record, "building_id" if reading.get("building_id") else "name")
    else:
        entity = _building_entity(judge, record, asked)
    facts = facts_of(record, reading.kind.facts)
    on, given = record.values.get("as_of"), "as_of" in record.values
    for name in ("completed_on", "approved_on"):
        if name in facts:
            judge.future(record, shown_as(reading, name), facts[name])
            on = on or facts[name]
    if given:
        judge.future(record, shown_as(reading, "as_of"), record.values["as_of"])
    if not entity:
        return "", NOTHING
    if not set(facts) - {"name", "address"} and not record.problems:
        record.note("import_nothing")
        return entity, NOTHING
    key = ("building", entity, record.values.get("as_of"))
    if not judge.claim(record, key, facts, reading.grid.sheet.title) or record.problems:
        return entity, NOTHING
    reason = record.values.get("reason", "")
    origin, thing = judge.origin_of(record), ("building", entity)
    day = min(on or judge.today, judge.today)
    return entity, stated(judge.history, thing, day, facts, reason, origin, given=given)


def _building_entity(judge: Judge, record: Record, asked: Asked) -> str:
    """Find the building, or give one that is not built yet an id of its own."""
    match = matched(judge, record, asked)
    if match.building:
        return match.building
    if match.how in ("several", "contradiction"):
        return ""
    own = asked.building_id or asked.code
    coming = record.values.get("status") in ("planned", "approved", "building")
    coming |= "completed_on" not in record.values and bool(
        {"approved_on", "expected_on"} & record.values.keys()
    )
    if own or coming or match.how == "answer":
        record.note("import_new_building")
        return own or _made_id(asked)
    ask(judge, record, asked, Match(None, "unknown", match.candidates))
    return ""


def _made_id(asked: Asked) -> str:
    """Make an id of name and address: the same building is the same id next time."""
    text = f"{plain_name(asked.name or '')}\x1f{plain_name(asked.address or '')}"
    return "n-" + hashlib.blake2b(text.encode()).hexdigest()[:12]


def judge_diagnosis(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge a diagnosis, planned or done."""
    entity = _existing_building(judge, reading, record, asked_of(record))
    on = needed(reading, record, "diagnosed_on")
    said = record.values.get("diagnosis")
    kind = _diagnosis_word(said) if said else "done"
    if kind is None:
        column = shown_as(reading, "diagnosis")
        record.refuse(
            "import_word",
            column=column,
            found=said,
            expected=Words("diagnosis", ("planned", "done")),
        )
    if on and kind == "done":
        judge.future(record, shown_as(reading, "diagnosed_on"), on)
    facts = facts_of(record, reading.kind.facts)
    if not (entity and on and kind):
        return entity, NOTHING
    key = ("diagnosis", entity, kind, on)
    if not judge.claim(record, key, facts, reading.grid.sheet.title) or record.problems:
        return entity, NOTHING
    reason, thing = record.values.get("reason", ""), ("diagnosis", entity)
    return entity, dated(judge.history, thing, kind, on, facts, reason, judge.origin_of(record))


def _diagnosis_word(said: str) -> str | None:
    known = read_facts("importing")["words"]["diagnosis"]
    exact = {fold(way): word for word, ways in known.items() for way in (word, *ways)}
    return word_of(said, exact, {})


def _existing_building(
    judge: Judge, reading: Reading, record: Record, asked: Asked, *, must: bool = True
) -> str:
    """Find a building that must be known."""
    if asked.empty:
        if must:
            needed(reading, record, "building_id" if reading.get("building_id") else "name")
        return ""
    match = matched(judge, record, asked)
    if match.building is None and match.how in ("none", "answer"):
        ask(judge, record, asked, Match(None, "unknown", match.candidates))
    return match.building or ""


def judge_tracker(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge a count of a target."""
    said = needed(reading, record, "tracker")
    known = read_facts("importing")["kinds"]["trackers"]["names"]
    names = {fold(way): name for name, ways in known.items() for way in (name, *ways)}
    entity = names.get(fold(said), said) if said else ""
    facts = facts_of(record, reading.kind.facts)
    reached = needed(reading, record, "reached")
    if reached is not None:
        facts["value"] = reached
    on, year = record.values.get("as_of"), record.values.get("year")
    if on is None and year is not None:
        on = dt.date(int(year), 12, 31)
        if int(year) == judge.today.year:
            on = judge.today
    if on is None:
        needed(reading, record, "as_of" if reading.get("as_of") else "year")
    else:
        judge.future(record, shown_as(reading, "as_of" if "as_of" in record.values else "year"), on)
    total = facts.get("total")
    if reached is not None and total is not None and reached > total:
        record.refuse("import_more_than_total", found=f"{reached:g}", total=f"{total:g}")
    if not (entity and on):
        return entity, NOTHING
    key = ("tracker", entity, on)
    if not judge.claim(record, key, facts, reading.grid.sheet.title) or record.problems:
        return entity, NOTHING
    reason, thing = record.values.get("reason", ""), ("tracker", entity)
    return entity, dated(judge.history, thing, "stated", on, facts, reason, judge.origin_of(record))


def judge_equipment(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge a machine."""
    entity = needed(reading, record, "equipment_id") or ""
    facts = facts_of(record, reading.kind.facts)
    asked = asked_of(record, "building_name")
    building = _existing_building(judge, reading, record, asked, must=False)
    facts.pop("building_id", None)
    if building:
        facts["building_id"] = building
    given = "as_of" in record.values
    on = record.values.get("as_of") or facts.get("installed_on") or judge.today
    judge.future(record, shown_as(reading, "as_of" if given else "installed_on"), on)
    if not entity:
        return "", NOTHING
    key = ("equipment", entity, record.values.get("as_of"))
    if not judge.claim(record, key, facts, reading.grid.sheet.title) or record.problems:
        return entity, NOTHING
    reason, thing = record.values.get("reason", ""), ("equipment", entity)
    origin = judge.origin_of(record)
    return entity, stated(judge.history, thing, on, facts, reason, origin, given=given)
