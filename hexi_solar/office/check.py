"""Whether events can be recorded: every problem of a batch, before anything is written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any

from hexi_solar.errors import Problem, RegisterError
from hexi_solar.ledger import WITHDRAWN, Event, canonical, event_id_of
from hexi_solar.schema import ENTITY_TYPES

Entry = dict[str, Any]
"""An event as columns, without its place in the chain; `withdraws` names another event."""
LONGEST = {"event_id": 200, "entity": 200, "kind": 40, "recorded_by": 200}
# PostgreSQL stores no NUL; half a surrogate pair has no bytes
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def entries_of(events: Sequence[Event], by: str, take_over: bool) -> list[Entry]:
    """
    Turn events into columns.

    Raises
    ------
    RegisterError
        With every event that says nothing that can be recorded.
    """
    problems: list[Problem] = []
    entries = []
    now = dt.datetime.now(dt.UTC)
    for number, event in enumerate(events, start=1):
        wrong = list(_wrong(event, take_over, now))
        problems += [
            Problem("office_event", {"number": number, "entity": event.entity, "what": what})
            for what in wrong
        ]
        if not wrong:
            entries.append(_entry(event, by))
    if not by.strip():
        problems.insert(0, Problem("office_nobody"))
    if problems:
        raise RegisterError(*problems)
    return entries


def _wrong(event: Event, take_over: bool, now: dt.datetime) -> Iterator[str]:
    """Name the parts of an event that cannot be recorded."""
    if event.entity_type not in ENTITY_TYPES:
        yield f"entity_type={event.entity_type!r}"
    for name in ("entity", "kind"):
        if not str(getattr(event, name)).strip():
            yield f"{name}=''"
    for name, longest in LONGEST.items():
        if len(getattr(event, name)) > longest:
            yield f"{name} > {longest}"
    if not isinstance(event.valid_on, dt.date) or event.valid_on.year < 1900:
        yield f"valid_on={event.valid_on!r}"
    if not take_over and (event.recorded_at or event.recorded_by):
        yield "recorded_at, recorded_by (take_over=True)"
    if event.recorded_at is not None and _utc(event.recorded_at) > now + dt.timedelta(days=1):
        yield f"recorded_at={event.recorded_at.isoformat()}"
    try:
        said = canonical(event.payload)
    except (TypeError, ValueError) as error:
        yield f"payload: {error}"
        return
    texts = [said, event.entity, event.kind, event.reason, event.source, event.event_id]
    if any(_UNWRITABLE.search(text) for text in texts):
        yield "NUL"
    if event.kind == WITHDRAWN and not event.payload.get("event_id"):
        yield "payload.event_id"


def _entry(event: Event, by: str) -> Entry:
    """Write an event as columns."""
    day = event.valid_on
    recorded = event.recorded_at
    return {
        "event_id": event.event_id or event_id_of(event),
        "entity_type": event.entity_type,
        "entity": event.entity,
        "kind": event.kind,
        "valid_on": (day.date() if isinstance(day, dt.datetime) else day).isoformat(),
        "recorded_at": None if recorded is None else _stamp(recorded),
        "recorded_by": event.recorded_by or by,
        "reason": event.reason,
        "payload": canonical(event.payload),
        "source": event.source,
        "source_sha256": event.source_sha256,
        "source_row": None if event.source_row is None else int(event.source_row),
        "withdraws": str(event.payload["event_id"]) if event.kind == WITHDRAWN else "",
    }


def _utc(time: dt.datetime) -> dt.datetime:
    """Take a time without zone as UTC."""
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)


def _stamp(time: dt.datetime) -> str:
    return _utc(time).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
