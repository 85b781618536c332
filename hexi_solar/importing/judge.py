"""From the records of one sheet to verdicts: one function per kind of spreadsheet."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

from hexi_solar.errors import Problem
from hexi_solar.facts import read_facts
from hexi_solar.importing.cells import Words
from hexi_solar.importing.columns import Reading
from hexi_solar.importing.history import History
from hexi_solar.importing.match import Asked, Buildings, Match
from hexi_solar.importing.proposal import Question, RowVerdict
from hexi_solar.importing.records import Record, facts_of
from hexi_solar.importing.verdicts import (
    ASKED,
    CHANGED,
    NEW,
    REFUSED,
    SAME,
    Origin,
    Outcome,
    card,
    dated,
    metered,
    stated,
)
from hexi_solar.ledger import CORRECTION
from hexi_solar.schema import STAGES
from hexi_solar.sheets.names import plain_id, plain_name
from hexi_solar.sheets.words import fold, word_of

NOTHING = Outcome(SAME)


@dataclass
class Judge:
    """What is known while the rows of a file are judged one after the other."""

    history: History
    buildings: Buildings
    today: dt.date
    origin: Origin
    answers: Mapping[str, str]
    projects: dict[str, str] = field(default_factory=dict)
    """Folded project ids = as they are written on file, or in this file."""
    take_over: bool = False
    """An older register is taken over: its ids, clocks and recorders are kept."""
    claimed: dict[tuple[Any, ...], tuple[int, str, Any]] = field(default_factory=dict)
    """What rows of this file speak of = row, sheet, and what it says."""
    used: dict[str, str] = field(default_factory=dict)
    """Answers that were made use of."""
    questions: dict[int, Question] = field(default_factory=dict)

    def origin_of(self, record: Record) -> Origin:
        """Say where a row stands."""
        return replace(self.origin, row=record.row)

    def future(self, record: Record, column: str, day: dt.date) -> None:
        """Refuse what has not happened yet."""
        if day > self.today:
            record.refuse("import_future", column=column, found=day, today=self.today)

    def claim(self, record: Record, key: tuple[Any, ...], says: Any, sheet: str) -> bool:
        """Note what a row speaks of; False if an earlier row says just that already."""
        before = self.claimed.setdefault(key, (record.row, sheet, says))
        if before[:2] == (record.row, sheet):
            return True
        if before[2] == says:
            record.note("import_repeated", row=before[0])
            return False
        record.refuse("import_contradiction", row=before[0])
        return False


def judge_sheet(judge: Judge, reading: Reading, records: list[Record]) -> list[RowVerdict]:
    """Judge every row of a sheet."""
    judged = [_judge_row(judge, reading, record) for record in records]
    against: dict[int, list[int]] = {}
    for row in judged:
        for p in row.reasons:
            if p.code == "import_contradiction":
                against.setdefault(p.fields["row"], []).append(row.row)
    return [_with_contradictions(row, against.get(row.row, [])) for row in judged]


def _judge_row(judge: Judge, reading: Reading, record: Record) -> RowVerdict:
    """Judge one row."""
    judge.questions.pop(record.row, None)
    say = {
        "projects": _project, "buildings": _building, "meters": _meter,
        "diagnoses": _diagnosis, "trackers": _tracker, "equipment": _equipment,
    }[reading.kind.name]  # fmt: skip
    entity, outcome = say(judge, reading, record)
    question = judge.questions.get(record.row)
    problems = tuple(
        dict.fromkeys([*map(_hashed, record.problems), *map(_hashed, outcome.problems)])
    )
    reasons = tuple(p.problem for p in problems)
    verdict = outcome.verdict
    if question is not None:
        verdict = ASKED
    if reasons and not (question is not None and all(_is_question(p) for p in reasons)):
        verdict = REFUSED
    kept = outcome.events if verdict in (NEW, CHANGED) else ()
    notes = (*record.notes, *outcome.notes)
    return RowVerdict(record.row, verdict, entity, outcome.changes, reasons, notes, kept, question)


@dataclass(frozen=True)
class _Same:
    """A problem that equals another of the same words."""

    text: str
    problem: Problem = field(compare=False)


def _hashed(problem: Problem) -> _Same:
    return _Same(
        f"{problem.code} {sorted((k, str(v)) for k, v in problem.fields.items())}", problem
    )


def _is_question(problem: Problem) -> bool:
    return problem.code.startswith("import_asked")


def _with_contradictions(row: RowVerdict, others: list[int]) -> RowVerdict:
    """Refuse the first of two rows that contradict each other, too."""
    if not others or any(p.code == "import_contradiction" for p in row.reasons):
        return row
    problem = Problem("import_contradiction", {"row": ", ".join(map(str, others))})
    return replace(row, verdict=REFUSED, reasons=(*row.reasons, problem), events=())


def _needed(reading: Reading, record: Record, ours: str) -> Any:
    """Return what a row cannot do without, or say that it is missing."""
    if ours in record.values:
        return record.values[ours]
    placed = reading.get(ours)
    if placed is None:
        name = next(iter(reading.kind.ways[ours]))
        expected = ", ".join(list(_ways(reading.kind.name, ours))[:4]) or name
        record.refuse("import_no_column", expected=expected)
    elif not any(p.fields.get("column") == placed.shown for p in record.problems):
        record.refuse("import_blank", column=placed.shown)
    return None


@cache
def _ways(kind: str, ours: str) -> tuple[str, ...]:
    """List what a column is usually called, as people write it."""
    known = read_facts("importing")["kinds"][kind]
    names = list(known["columns"].get(ours, ()))
    for source, columns in known.get("reuse", {}).items():
        if ours in columns:
            names += read_facts("columns")[source][ours]
    return tuple(dict.fromkeys(n for n in names if not n.isascii()))


# ------------------------------------------------------------------------------ buildings


def _asked(record: Record, name: str = "name") -> Asked:
    """Gather what a row says of its building."""
    said = record.values
    return Asked(
        said.get("building_id"), said.get("code"), said.get(name), said.get("address"),
        said.get("longitude"), said.get("latitude"),
    )  # fmt: skip


def _match(judge: Judge, record: Record, asked: Asked) -> Match:
    """Find the building of a row; ask where it may be several."""
    match = judge.buildings.match(asked, judge.answers)
    if match.how == "answer":
        judge.used[asked.key] = judge.answers[asked.key]
    if match.how in ("several", "contradiction"):
        _ask(judge, record, asked, match)
    if match.how in ("name", "position", "code") and match.building:
        record.note(f"import_match_{match.how}", building=judge.buildings.shown(match.building))
    return match


def _ask(judge: Judge, record: Record, asked: Asked, match: Match) -> None:
    """Ask which building a row means."""
    shown = tuple(judge.buildings.shown(b) for b in match.candidates)
    judge.questions[record.row] = Question(asked, match.candidates, shown)
    facts = {"candidates": "；".join(shown) or "-"}
    record.refuse(f"import_asked_{match.how}", **facts)


# ----------------------------------------------------------------------------- each kind


def _project_id(judge: Judge, said: str) -> str:
    """Return a project's id as it is written on file."""
    return judge.projects.setdefault(plain_id(said), said)


def _project(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge an event or a card of a PV project."""
    said = _needed(reading, record, "entity")
    entity = _project_id(judge, said) if said else ""
    facts = facts_of(record, reading.kind.facts)
    asked = _asked(record)
    if not asked.empty:
        match = _match(judge, record, asked)
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
    kind, on = (_needed(reading, record, c) for c in ("kind", "valid_on"))
    for name in ("capacity_kwp_filed", "capacity_kwp_connected"):
        if name in record.values:
            facts.setdefault("capacity_kwp", record.values[name])
    if on:
        judge.future(record, _shown_as(reading, "valid_on"), on)
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


def _shown_as(reading: Reading, ours: str) -> str:
    """Name one of our columns as the file does."""
    placed = reading.get(ours)
    return placed.shown if placed else ours


def _card(
    judge: Judge, reading: Reading, record: Record, entity: str, facts: dict[str, Any]
) -> Outcome:
    """Judge a project's card."""
    stages = {s: record.values[s] for s in STAGES if s in record.values}
    for stage, day in stages.items():
        judge.future(record, _shown_as(reading, stage), day)
    days = list(stages.items())
    for (one, first), (other, second) in pairwise(days):
        if second < first:
            names = {"first": _shown_as(reading, other), "second": _shown_as(reading, one)}
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


def _building(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge what a row says of a building, standing or planned."""
    asked = _asked(record)
    entity = ""
    if asked.empty:
        _needed(reading, record, "building_id" if reading.get("building_id") else "name")
    else:
        entity = _building_entity(judge, record, asked)
    facts = facts_of(record, reading.kind.facts)
    on, given = record.values.get("as_of"), "as_of" in record.values
    for name in ("completed_on", "approved_on"):
        if name in facts:
            judge.future(record, _shown_as(reading, name), facts[name])
            on = on or facts[name]
    if given:
        judge.future(record, _shown_as(reading, "as_of"), record.values["as_of"])
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
    match = _match(judge, record, asked)
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
    _ask(judge, record, asked, Match(None, "unknown", match.candidates))
    return ""


def _made_id(asked: Asked) -> str:
    """Make an id of name and address: the same building is the same id next time."""
    text = f"{plain_name(asked.name or '')}\x1f{plain_name(asked.address or '')}"
    return "n-" + hashlib.blake2b(text.encode()).hexdigest()[:12]


def _meter(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge the readings of a project: one month, or one column per month."""
    said = _needed(reading, record, "entity")
    entity = judge.projects.get(plain_id(said), "") if said else ""
    if said and not entity:
        record.refuse("import_no_project", column=_shown_as(reading, "entity"), found=said)
    readings = dict(record.readings)
    if not reading.months:
        month = _needed(reading, record, "month")
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
    return found or list(_ways("meters", "generation_kwh"))[:1]


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


def _diagnosis(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge a diagnosis, planned or done."""
    entity = _existing_building(judge, reading, record, _asked(record))
    on = _needed(reading, record, "diagnosed_on")
    said = record.values.get("diagnosis")
    kind = _diagnosis_word(said) if said else "done"
    if kind is None:
        column = _shown_as(reading, "diagnosis")
        record.refuse(
            "import_word",
            column=column,
            found=said,
            expected=Words("diagnosis", ("planned", "done")),
        )
    if on and kind == "done":
        judge.future(record, _shown_as(reading, "diagnosed_on"), on)
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
    judge: Judge, reading: Reading, record: Record, asked: Asked, *, needed: bool = True
) -> str:
    """Find a building that must be known."""
    if asked.empty:
        if needed:
            _needed(reading, record, "building_id" if reading.get("building_id") else "name")
        return ""
    match = _match(judge, record, asked)
    if match.building is None and match.how in ("none", "answer"):
        _ask(judge, record, asked, Match(None, "unknown", match.candidates))
    return match.building or ""


def _tracker(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge a count of a target."""
    said = _needed(reading, record, "tracker")
    known = read_facts("importing")["kinds"]["trackers"]["names"]
    names = {fold(way): name for name, ways in known.items() for way in (name, *ways)}
    entity = names.get(fold(said), said) if said else ""
    facts = facts_of(record, reading.kind.facts)
    reached = _needed(reading, record, "reached")
    if reached is not None:
        facts["value"] = reached
    on, year = record.values.get("as_of"), record.values.get("year")
    if on is None and year is not None:
        on = dt.date(int(year), 12, 31)
        if int(year) == judge.today.year:
            on = judge.today
    if on is None:
        _needed(reading, record, "as_of" if reading.get("as_of") else "year")
    else:
        judge.future(
            record, _shown_as(reading, "as_of" if "as_of" in record.values else "year"), on
        )
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


def _equipment(judge: Judge, reading: Reading, record: Record) -> tuple[str, Outcome]:
    """Judge a machine."""
    entity = _needed(reading, record, "equipment_id") or ""
    facts = facts_of(record, reading.kind.facts)
    asked = _asked(record, "building_name")
    building = _existing_building(judge, reading, record, asked, needed=False)
    facts.pop("building_id", None)
    if building:
        facts["building_id"] = building
    given = "as_of" in record.values
    on = record.values.get("as_of") or facts.get("installed_on") or judge.today
    judge.future(record, _shown_as(reading, "as_of" if given else "installed_on"), on)
    if not entity:
        return "", NOTHING
    key = ("equipment", entity, record.values.get("as_of"))
    if not judge.claim(record, key, facts, reading.grid.sheet.title) or record.problems:
        return entity, NOTHING
    reason, thing = record.values.get("reason", ""), ("equipment", entity)
    origin = judge.origin_of(record)
    return entity, stated(judge.history, thing, on, facts, reason, origin, given=given)
