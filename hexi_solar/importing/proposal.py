"""What an import would do, before it is done: one verdict per row, and the events behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hexi_solar.errors import Problem
from hexi_solar.importing.columns import Reading
from hexi_solar.importing.match import Asked
from hexi_solar.importing.verdicts import ASKED, CHANGED, NEW, REFUSED, SAME, Change
from hexi_solar.ledger import FIRST, Event


@dataclass(frozen=True)
class Question:
    """A row whose building must be asked."""

    asked: Asked
    candidates: tuple[str, ...]
    """Building ids, the likelier first."""
    shown: tuple[str, ...]
    """The same with name and address."""


@dataclass(frozen=True)
class RowVerdict:
    """What becomes of one row of the file."""

    row: int
    verdict: str
    entity: str = ""
    changes: tuple[Change, ...] = ()
    reasons: tuple[Problem, ...] = ()
    """Why it is refused or asked."""
    notes: tuple[Problem, ...] = ()
    events: tuple[Event, ...] = ()
    question: Question | None = None


@dataclass(frozen=True)
class SheetProposal:
    """One sheet of the file."""

    title: str
    kind: str
    heads: tuple[str, ...]
    cells: dict[int, list[object]]
    """Row = its cells as they stand in the file."""
    rows: tuple[RowVerdict, ...]
    reading: Reading | None = None
    """None for an export of ours."""


@dataclass(frozen=True)
class Contact:
    """A person named in a row; kept beside the register, where it can be deleted."""

    entity_type: str
    entity: str
    facts: dict[str, str]
    row: int


@dataclass(frozen=True)
class Proposal:
    """What an import of one file would do."""

    file: str
    sha256: str
    sheets: tuple[SheetProposal, ...]
    notices: tuple[Problem, ...] = ()
    contacts: tuple[Contact, ...] = ()
    take_over: bool = False
    """The file is an export: its events keep their ids, clocks and recorders."""
    columns: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    """Decisions about columns, to be remembered when the import is done."""
    matches: dict[str, str] = field(default_factory=dict)
    """Answers about buildings, likewise."""

    head: tuple[int, str] = (0, FIRST)
    """Place and hash of the register's last event when the file was held against it."""

    def __iter__(self) -> Iterator[RowVerdict]:
        return (row for sheet in self.sheets for row in sheet.rows)

    @property
    def counts(self) -> dict[str, int]:
        """Rows per verdict."""
        return dict(Counter(row.verdict for row in self))

    @property
    def acceptable(self) -> bool:
        """Whether no row is refused or asked: all of the file is recorded, or nothing."""
        return not any(row.verdict in (REFUSED, ASKED) for row in self)

    @property
    def events(self) -> list[Event]:
        """The events to append, in the order of the file; empty unless `acceptable`."""
        if not self.acceptable:
            return []
        return [e for row in self if row.verdict in (NEW, CHANGED) for e in row.events]

    @property
    def questions(self) -> list[Question]:
        """What must be asked, each once."""
        found = {r.question.asked.key: r.question for r in self if r.question is not None}
        return list(found.values())

    def summary(self) -> dict[str, Any]:
        """Return what a program wants to know of it."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "acceptable": self.acceptable,
            "events": sum(len(r.events) for r in self if r.verdict in (NEW, CHANGED)),
            "rows": {v: self.counts.get(v, 0) for v in (NEW, CHANGED, SAME, REFUSED, ASKED)},
            "sheets": [
                {"title": s.title, "kind": s.kind, "rows": len(s.rows)} for s in self.sheets
            ],
        }
