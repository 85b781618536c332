"""What the register says, for the pages: read once per head and kept."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass
from typing import Any

import pandas as pd
from django.db import connections

from hexi_solar.ledger import known, ledger_rows, states, withdrawn
from hexi_solar.office.store import Register
from hexi_solar.office.target import Target
from hexi_solar.office.web.words import (
    fact_name,
    fact_value,
    facts_of,
    kind_name,
    published_facts,
)

SERVED: dict[str, Target] = {}
_kept: dict[str, tuple[Any, pd.DataFrame]] = {}
_lock = threading.Lock()


def register() -> Register:
    """Return the register that is served, open in this thread."""
    return Register(SERVED["default"], "default")


def ledger() -> pd.DataFrame:
    """Return all events; read anew only when something was recorded."""
    opened = register()
    head = (SERVED["default"].name, opened.head())
    with _lock:
        if _kept.get("ledger", (None,))[0] != head:
            _kept["ledger"] = (head, opened.ledger())
        return _kept["ledger"][1]


def close() -> None:
    """Forget what was read."""
    with _lock:
        _kept.clear()
    connections["default"].close()


@dataclass(frozen=True)
class Line:
    """One event, ready to be shown."""

    seq: int
    event_id: str
    entity_type: str
    entity: str
    kind: str
    kind_name: str
    valid_on: str
    recorded_at: str
    recorded_by: str
    reason: str
    source: str
    facts: list[tuple[str, str]]
    withdrawn: bool


def history(entity_type: str, entity: str) -> list[Line]:
    """Return all events of one thing, the newest first; what was taken back is marked."""
    events = ledger()
    gone = withdrawn(events)
    own = events[(events["entity_type"] == entity_type) & (events["entity"] == entity)]
    lines = [
        Line(
            seq=row["seq"],
            event_id=row["event_id"],
            entity_type=entity_type,
            entity=entity,
            kind=row["kind"],
            kind_name=kind_name(row["kind"]),
            valid_on=row["valid_on"],
            recorded_at=when(row["recorded_at"]),
            recorded_by=row["recorded_by"],
            reason=row["reason"],
            source=row["source"],
            facts=facts_of(entity_type, row["payload"]),
            withdrawn=row["event_id"] in gone,
        )
        for row in ledger_rows(own)
    ]
    return lines[::-1]


def when(stamp: str) -> str:
    """Write a time of the ledger to the minute."""
    return f"{stamp[:10]} {stamp[11:16]} UTC"


def state_of(entity_type: str, entity: str, on: dt.date) -> list[tuple[str, str]]:
    """Return what is true of one thing on a day, as names and values."""
    state = raw_state(entity_type, entity, on)
    if entity_type == "publication" and isinstance(state.get("rates"), list):
        return published_facts(state)
    return [
        (fact_name(entity_type, key), fact_value(key, value))
        for key, value in state.items()
        if key not in ("kind", "kind_on")
    ]


def raw_state(entity_type: str, entity: str, on: dt.date) -> dict[str, Any]:
    """Return what is true of one thing on a day as it was said."""
    events = ledger()
    # the withdrawals of any thing, and the events of this one
    own = known(events)
    own = own[(own["entity_type"] == entity_type) & (own["entity"] == entity)]
    table = states(own, entity_type, on)
    if table.empty:
        return {}
    row = table.iloc[0].to_dict()
    return {
        str(k): v
        for k, v in row.items()
        if isinstance(v, list | dict) or (v is not None and pd.notna(v))
    }


def projects(on: dt.date, known_on: dt.date | None) -> pd.DataFrame:
    """Return the state of every project on a day, as known on another."""
    return states(ledger(), "project", on, known_on)
