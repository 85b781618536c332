"""What a row would change in the register: nothing, something new, a correction, or why not.

Pure: a row's facts and the history go in, a verdict and the events that would be recorded
come out. A fact on file is never overwritten: it gets a correction, with a reason. What a
row said once is known by its event id, so a file that is imported again changes nothing,
even where someone corrected it since.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hexi_solar.errors import Problem
from hexi_solar.importing.history import History, Thing, plain
from hexi_solar.ledger import CORRECTION, Event, canonical, event_id_of
from hexi_solar.schema import STATUSES

NEW, CHANGED, SAME, REFUSED, ASKED, PASSED = (
    "new", "changed", "same", "refused", "asked", "passed",
)  # fmt: skip
VERDICTS = (NEW, CHANGED, SAME, REFUSED, ASKED, PASSED)


@dataclass(frozen=True)
class Change:
    """One fact that would be another."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Origin:
    """Where a row stands, and why its corrections are made."""

    file: str = ""
    sha256: str = ""
    row: int | None = None
    why: str = ""
    """Reason for corrections."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of a row."""

    verdict: str
    events: tuple[Event, ...] = ()
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


@dataclass
class Draft:
    """Gathers what one row would record."""

    history: History
    thing: Thing
    origin: Origin
    events: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def event(self, kind: str, on: dt.date, payload: Mapping[str, Any], reason: str) -> Event:
        """Make an event of this row."""
        origin = self.origin
        event = Event(
            *self.thing, kind, on, plain(payload), reason,
            source=origin.file, source_sha256=origin.sha256, source_row=origin.row,
        )  # fmt: skip
        return replace(event, event_id=event_id_of(event))

    def known(self, event: Event) -> bool:
        """Say whether exactly this was recorded before."""
        return event.event_id in self.history.ids

    def record(self, event: Event) -> None:
        """Record an event; one that was withdrawn needs a reason to be said again."""
        if event.event_id in self.history.withdrawn:
            if not self.origin.why or self.origin.why == event.reason:
                self.problems.append(Problem("import_withdrawn", {"event": event.event_id}))
                return
            event = self.event(event.kind, event.valid_on, event.payload, self.origin.why)
        self.events.append(event)

    def correct(self, on: dt.date, payload: Mapping[str, Any], keep: Mapping[str, Any]) -> None:
        """Record a correction, if there is a reason for it."""
        if not self.origin.why:
            self.problems.append(Problem("import_no_reason", {}))
            return
        self.record(self.event(CORRECTION, on, {**keep, **payload}, self.origin.why))

    def differing(
        self, facts: Mapping[str, Any], known: Mapping[str, tuple[Any, dt.date]]
    ) -> dict[str, Any]:
        """Note and return the facts that are on file with another value."""
        other = {n: v for n, v in facts.items() if n in known and not _equal(known[n][0], v)}
        self.changes += [Change(n, known[n][0], v) for n, v in other.items()]
        return other

    def outcome(self, verdict: str) -> Outcome:
        """Close the row."""
        parts = (tuple(self.changes), tuple(self.problems), tuple(self.notes))
        if self.problems:
            return Outcome(REFUSED, (), *parts)
        return Outcome(verdict, tuple(self.events), *parts)


def _equal(one: Any, other: Any) -> bool:
    """Compare two values; numbers but for the last digits."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


def dated(
    history: History,
    thing: Thing,
    kind: str,
    on: dt.date,
    facts: Mapping[str, Any],
    reason: str,
    origin: Origin,
    given_id: str = "",
) -> Outcome:
    """
    Judge a row that says what happened on a day: a stage, a diagnosis, a count.

    Parameters
    ----------
    history
        What is on file.
    thing, kind, on
        What it is about, what happened, and when.
    facts
        What the row says besides.
    reason
        The row's remark, kept with the event.
    origin
        Where the row stands; its `why` is the reason of corrections.
    given_id
        Id of the event in an older register that is taken over.
    """
    draft, facts = Draft(history, thing, origin), plain(facts)
    event = draft.event(kind, on, facts, reason)
    if given_id in history.ledger.index:
        return _as_given(draft, given_id, event)
    if draft.known(event):
        say_corrected(draft, facts, on)
        return draft.outcome(SAME)
    known = history.facts(thing, on)
    if kind == CORRECTION:
        if not history.of(thing):
            draft.notes.append(Problem("import_correction_first", {}, "info"))
        elif facts and not draft.differing(facts, known) and all(n in known for n in facts):
            return draft.outcome(SAME)
        if not (reason or origin.why):
            draft.problems.append(Problem("import_no_reason", {}))
        draft.record(draft.event(kind, on, facts, reason or origin.why))
        return draft.outcome(CHANGED if draft.changes else NEW)
    there = [s for s in history.of(thing) if s.kind == kind and s.valid_on == on]
    if there:
        other = draft.differing(facts, known)
        added = {n: v for n, v in facts.items() if n not in known}
        draft.changes += [Change(n, None, v) for n, v in added.items()]
        if not draft.changes:
            return draft.outcome(SAME)
        draft.correct(on, {**added, **other}, {})
        return draft.outcome(CHANGED)
    before = [s for s in history.of(thing) if s.kind == kind]
    if before:
        draft.notes.append(Problem("import_again", {"day": before[-1].valid_on}, "info"))
    draft.record(event)
    return draft.outcome(NEW)


def _as_given(draft: Draft, given_id: str, event: Event) -> Outcome:
    """Hold an event of an older register against the one of its id."""
    there = draft.history.ledger.loc[[given_id]].iloc[0].to_dict()
    same = (there["entity_type"], there["entity"], there["kind"], there["payload"]) == (
        *draft.thing, event.kind, canonical(event.payload),
    )  # fmt: skip
    if same and str(there["valid_on"])[:10] == event.valid_on.isoformat():
        return draft.outcome(SAME)
    draft.problems.append(Problem("import_event_differs", {"event": given_id}))
    return draft.outcome(REFUSED)


def say_corrected(draft: Draft, facts: Mapping[str, Any], on: dt.date) -> None:
    """Note where what a row says was recorded, and corrected since."""
    known = draft.history.facts(draft.thing, on)
    since = [n for n, v in facts.items() if n in known and not _equal(known[n][0], v)]
    if since:
        draft.notes.append(Problem("import_corrected_since", {"columns": ", ".join(since)}, "info"))


def stated(
    history: History,
    thing: Thing,
    on: dt.date,
    facts: Mapping[str, Any],
    reason: str,
    origin: Origin,
    *,
    given: bool = False,
) -> Outcome:
    """
    Judge a row that says how something is: a building, a machine.

    Parameters
    ----------
    on
        Day from which new facts hold.
    given
        The row itself names that day: what differs from older facts came about, and is
        no correction.
    """
    draft, facts = Draft(history, thing, origin), plain(facts)
    event = draft.event("stated", on, facts, reason)
    if draft.known(event):
        say_corrected(draft, facts, on)
        return draft.outcome(SAME)
    known = history.facts(thing)
    other = draft.differing(facts, known)
    added = {n: v for n, v in facts.items() if n not in known}
    came = {
        n: v for n, v in other.items()
        if (given and on > known[n][1]) or (n == "status" and _progress(known[n][0], v))
    }  # fmt: skip
    wrong = {n: v for n, v in other.items() if n not in came}
    if history.of(thing):
        draft.changes += [Change(n, None, v) for n, v in added.items()]
    if not history.of(thing) or added or came:
        day = max([on, *(known[n][1] for n in came)])
        draft.record(draft.event("stated", day, {**added, **came}, reason))
    if wrong:
        draft.correct(max(known[n][1] for n in wrong), wrong, {})
    if not history.of(thing):
        return draft.outcome(NEW)
    return draft.outcome(CHANGED if draft.changes else SAME)


def _progress(old: Any, new: Any) -> bool:
    """Say whether a building went on: planned, approved, under construction, completed."""
    order = STATUSES[:4]
    return old not in order or (new in order and order.index(new) > order.index(old))


def metered(
    history: History,
    project: str,
    month: str,
    facts: Mapping[str, Any],
    on: dt.date,
    reason: str,
    origin: Origin,
) -> Outcome:
    """
    Judge a meter reading.

    Parameters
    ----------
    month
        "2025-03".
    on
        Last day of the month.
    """
    draft, facts = Draft(history, ("meter", project), origin), plain(facts)
    event = draft.event("reading", on, {**facts, "month": month}, reason)
    if draft.known(event):
        _say_corrected_month(draft, facts, month)
        return draft.outcome(SAME)
    known = history.facts(draft.thing, month=month)
    if not known:
        draft.record(event)
        return draft.outcome(NEW)
    other = draft.differing(facts, known)
    added = {n: v for n, v in facts.items() if n not in known}
    draft.changes += [Change(n, None, v) for n, v in added.items()]
    if added:
        draft.record(draft.event("reading", on, {**added, "month": month}, reason))
    if other:
        draft.correct(on, other, {"month": month})
    draft.changes = [replace(c, field=f"{month} {c.field}") for c in draft.changes]
    return draft.outcome(CHANGED if draft.changes else SAME)


def _say_corrected_month(draft: Draft, facts: Mapping[str, Any], month: str) -> None:
    """Note where a reading was recorded, and corrected since."""
    known = draft.history.facts(draft.thing, month=month)
    since = [n for n, v in facts.items() if n in known and not _equal(known[n][0], v)]
    if since:
        draft.notes.append(Problem("import_corrected_since", {"columns": ", ".join(since)}, "info"))
