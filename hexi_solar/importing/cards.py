"""What a project's card would change: a day for each stage that it reached, and its facts as of now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hexi_solar.errors import Problem
from hexi_solar.importing.history import History, Said, plain
from hexi_solar.importing.verdicts import (
    CHANGED,
    NEW,
    SAME,
    Change,
    Draft,
    Origin,
    Outcome,
    say_corrected,
)
from hexi_solar.labels import text
from hexi_solar.ledger import CORRECTION, WITHDRAWN, Event
from hexi_solar.schema import STAGES

BUILT = STAGES.index("connected")


def card(
    history: History,
    project: str,
    stages: Mapping[str, dt.date],
    facts: Mapping[str, Any],
    facts_at: Mapping[str, Mapping[str, Any]],
    reason: str,
    origin: Origin,
    rough: frozenset[str] = frozenset(),
) -> Outcome:
    """
    Judge a project's card: a date for each stage that it reached, and its facts as of now.

    Parameters
    ----------
    stages
        Stage = day.
    facts
        What the card says of the project.
    facts_at
        What holds at a stage only: ``"filed"`` up to construction, ``"connected"`` from then.
    rough
        Stages of which only the month or year is known.
    """
    thing = ("project", project)
    draft, facts = Draft(history, thing, origin), plain(facts)
    on_file = history.of(thing)
    events = {
        stage: draft.event(stage, day, {**facts, **_at(stage, facts_at)}, reason)
        for stage, day in stages.items()
    }
    if not on_file:
        for event in events.values():
            draft.record(event)
        return draft.outcome(NEW)
    fresh = []
    for stage, event in events.items():
        there = [s for s in on_file if s.kind == stage]
        if draft.known(event) or any(_same_day(s, event, stage in rough) for s in there):
            continue
        if there:
            _move(draft, there[-1], event)
        else:
            fresh.append(event)
            draft.changes.append(Change(stage, None, event.valid_on.isoformat()))
            draft.record(event)
    repeated = bool(events) and all(draft.known(e) for e in events.values())
    _compare_card(draft, facts, facts_at, fresh, repeated)
    return draft.outcome(CHANGED if draft.changes else SAME)


def _at(stage: str, facts_at: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what holds at one stage only."""
    return facts_at.get("connected" if STAGES.index(stage) >= BUILT else "filed", {})


def _same_day(said: Said, event: Event, rough: bool) -> bool:
    """Say whether a stage on file is that of the card; a rough day holds the days in it."""
    one, other = said.valid_on, event.valid_on
    if not rough:
        return one == other
    same_month = (one.year, one.month) == (other.year, other.month)
    return one.year == other.year and (same_month or (other.month, other.day) == (12, 31))


def _move(draft: Draft, said: Said, event: Event) -> None:
    """Put a stage on another day: withdraw it, and say it anew."""
    draft.changes.append(Change(said.kind, said.valid_on.isoformat(), event.valid_on.isoformat()))
    why = draft.origin.why
    if not why:
        draft.problems.append(Problem("import_no_reason", {}))
        return
    draft.record(draft.event(WITHDRAWN, said.valid_on, {"event_id": said.event_id}, why))
    draft.record(draft.event(event.kind, event.valid_on, said.payload, why))


def _compare_card(
    draft: Draft,
    facts: Mapping[str, Any],
    facts_at: Mapping[str, Mapping[str, Any]],
    fresh: list[Event],
    repeated: bool,
) -> None:
    """Hold the facts of a card against what is known of the project now."""
    known = draft.history.facts(draft.thing)
    last = max(s.valid_on for s in draft.history.of(draft.thing))
    now = {**facts, **facts_at.get("connected", {})}
    if repeated:
        # the card said exactly this before; whatever was corrected since stays
        say_corrected(draft, now, last)
        return
    other = draft.differing(now, known)
    added = {n: v for n, v in now.items() if n not in known}
    if fresh and max(e.valid_on for e in fresh) >= last:
        return  # the new stage says them
    draft.changes += [Change(n, None, v) for n, v in added.items()]
    if other:
        draft.correct(last, {**added, **other}, {})
    elif added:
        draft.record(
            draft.event(CORRECTION, last, added, draft.origin.why or text("importing.added", "zh"))
        )
