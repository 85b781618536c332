"""What is known while rows are judged, and what every kind of spreadsheet asks of a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from hexi_solar.facts import read_facts
from hexi_solar.importing.columns import Reading
from hexi_solar.importing.history import History
from hexi_solar.importing.match import Asked, Buildings, Match
from hexi_solar.importing.proposal import Question
from hexi_solar.importing.records import Record
from hexi_solar.importing.verdicts import (
    SAME,
    Origin,
    Outcome,
)

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


def needed(reading: Reading, record: Record, ours: str) -> Any:
    """Return what a row cannot do without, or say that it is missing."""
    if ours in record.values:
        return record.values[ours]
    placed = reading.get(ours)
    if placed is None:
        name = next(iter(reading.kind.ways[ours]))
        expected = ", ".join(list(ways_of(reading.kind.name, ours))[:4]) or name
        record.refuse("import_no_column", expected=expected)
    elif not any(p.fields.get("column") == placed.shown for p in record.problems):
        record.refuse("import_blank", column=placed.shown)
    return None


@cache
def ways_of(kind: str, ours: str) -> tuple[str, ...]:
    """List what a column is usually called, as people write it."""
    known = read_facts("importing")["kinds"][kind]
    names = list(known["columns"].get(ours, ()))
    for source, columns in known.get("reuse", {}).items():
        if ours in columns:
            names += read_facts("columns")[source][ours]
    return tuple(dict.fromkeys(n for n in names if not n.isascii()))


def asked_of(record: Record, name: str = "name") -> Asked:
    """Gather what a row says of its building."""
    said = record.values
    return Asked(
        said.get("building_id"), said.get("code"), said.get(name), said.get("address"),
        said.get("longitude"), said.get("latitude"),
    )  # fmt: skip


def matched(judge: Judge, record: Record, asked: Asked) -> Match:
    """Find the building of a row; ask where it may be several."""
    match = judge.buildings.match(asked, judge.answers)
    if match.how == "answer":
        judge.used[asked.key] = judge.answers[asked.key]
    if match.how in ("several", "contradiction"):
        ask(judge, record, asked, match)
    if match.how in ("name", "position", "code") and match.building:
        record.note(f"import_match_{match.how}", building=judge.buildings.shown(match.building))
    return match


def ask(judge: Judge, record: Record, asked: Asked, match: Match) -> None:
    """Ask which building a row means."""
    shown = tuple(judge.buildings.shown(b) for b in match.candidates)
    judge.questions[record.row] = Question(asked, match.candidates, shown)
    facts = {"candidates": "；".join(shown) or "-"}
    record.refuse(f"import_asked_{match.how}", **facts)


def shown_as(reading: Reading, ours: str) -> str:
    """Name one of our columns as the file does."""
    placed = reading.get(ours)
    return placed.shown if placed else ours
