"""The register's events: what an event is, how it is chained, what is true and known on a day.

An event says of one thing (a project, a building, a meter, ...) what became true on a day.
It is never changed: who was wrong records a correction, who recorded what never was
withdraws it. Each event carries a hash over itself and the hash before it, so that a
changed byte anywhere is found.

There are two clocks. `valid_on` is the day from which an event holds; `recorded_at` the
time from which the office knew it. `states` answers for any pair of days.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hexi_solar.schema import LEDGER, READINGS, REGISTER

FIRST = "0" * 64
"""What stands for the hash before the first event."""
CHAINED = (
    "seq", "event_id", "entity_type", "entity", "kind", "valid_on", "recorded_at", "entered_at",
    "recorded_by", "reason", "payload", "source", "source_sha256", "source_row", "previous",
)  # fmt: skip
"""What the hash of an event is taken over, in this order."""
CORRECTION, WITHDRAWN = "correction", "withdrawn"


@dataclass(frozen=True)
class Event:
    """What someone wants to record; the ledger adds place, clock and hash."""

    entity_type: str
    entity: str
    kind: str
    valid_on: dt.date
    payload: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    event_id: str = ""
    """Empty to make one of what the event says."""
    recorded_at: dt.datetime | None = None
    """Only where an older register is taken over; empty for now."""
    recorded_by: str = ""
    """Only where an older register is taken over; empty for whoever is at work."""
    source: str = ""
    source_sha256: str = ""
    source_row: int | None = None


def canonical(payload: Mapping[str, Any]) -> str:
    """
    Write a payload as the one JSON text that it has.

    Keys are sorted, unknown values left out, whole numbers written without a fraction.

    Examples
    --------
    >>> canonical({"capacity_kwp": 96.0, "building_id": "hall", "modules": None})
    '{"building_id":"hall","capacity_kwp":96}'
    """
    said = {key: _plain(value) for key, value in payload.items() if not _unknown(value)}
    return json.dumps(
        said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _unknown(value: Any) -> bool:
    return value is None or value == "" or (not isinstance(value, (list, dict)) and pd.isna(value))


def _plain(value: Any) -> Any:
    """Turn dates and numbers into what JSON has."""
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()[:10] if _midnight(value) else value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _midnight(value: dt.date) -> bool:
    return not isinstance(value, dt.datetime) or value.time() == dt.time()


def event_hash(event: Mapping[str, Any]) -> str:
    """
    Calculate the hash of an event over everything that the ledger says of it.

    Parameters
    ----------
    event
        The columns `CHAINED`; days and times as ISO text, unknown as None.

    Returns
    -------
    hash
        SHA-256 in hexadecimal over the JSON list of the values.
    """
    values = [event[name] for name in CHAINED]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def event_id_of(event: Event) -> str:
    """
    Make the id of an event out of what it says, so that the same thing said twice is seen.

    The clock is not part of it: an import that is repeated makes the same ids.
    """
    parts = [event.entity_type, event.entity, event.kind, event.valid_on.isoformat()]
    parts += [event.reason, canonical(event.payload)]
    return "e-" + hashlib.blake2b("\x1f".join(parts).encode()).hexdigest()[:16]


def fresh_id(event: Event, taken: Collection[str]) -> str:
    """
    Make an id for something that may have been said before, and is said again on purpose.

    A value that is corrected and later corrected back says the same thing twice; with the
    usual id the second would be taken for the first and skipped.

    Parameters
    ----------
    event
        What is said.
    taken
        Ids of the events that are there.
    """
    usual = event_id_of(event)
    if usual not in taken:
        return usual
    number = 2
    while f"{usual}-{number}" in taken:
        number += 1
    return f"{usual}-{number}"


def broken_links(ledger: pd.DataFrame) -> Iterator[tuple[int, str, str]]:
    """
    Find the events that are not as they were recorded.

    Parameters
    ----------
    ledger
        All events of a register, as `schema.LEDGER`, in any order.

    Returns
    -------
    broken
        seq, event id and what is wrong: ``"hash"`` (the event was changed), ``"previous"``
        (the one before it was changed or taken out), ``"seq"`` (one is missing).
    """
    return broken_rows(ledger_rows(ledger))


def broken_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str, str]]:
    """Find what `broken_links` finds in plain rows, in the order of their places."""
    before, expected = FIRST, 1
    for event in rows:
        if event["seq"] != expected:
            yield event["seq"], event["event_id"], "seq"
        if event["previous"] != before:
            yield event["seq"], event["event_id"], "previous"
        if event_hash(event) != event["hash"]:
            yield event["seq"], event["event_id"], "hash"
        before, expected = event["hash"], event["seq"] + 1


def ledger_rows(ledger: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Return the events in their order as plain values: days as ISO text, unknown as None."""
    table = ledger.rename_axis(index="event_id").reset_index().sort_values("seq", kind="stable")
    for row in table.to_dict("records"):
        event = {k: None if _unknown(v) and k != "reason" else v for k, v in row.items()}
        event["valid_on"] = pd.Timestamp(row["valid_on"]).date().isoformat()
        event["seq"] = int(row["seq"])
        event["source_row"] = None if event["source_row"] is None else int(event["source_row"])
        for name in ("reason", "source", "source_sha256"):
            event[name] = event[name] or ""
        yield {str(k): v for k, v in event.items()}


# ------------------------------------------------------------------------- what was known


def known(ledger: pd.DataFrame, known_on: dt.date | None = None) -> pd.DataFrame:
    """
    Return the events that the office knew by the end of a day (UTC), less those withdrawn.

    Parameters
    ----------
    ledger
        As `schema.LEDGER`.
    known_on
        None for all that is known now.

    Returns
    -------
    events
        The same columns, in the order in which they hold: by day, then by the time they
        were recorded, then by their place in the chain.
    """
    events = ledger
    if known_on is not None:
        events = events[events["recorded_at"].str[:10] <= known_on.isoformat()]
    events = events[(events["kind"] != WITHDRAWN) & ~events.index.isin(withdrawn(events))]
    return events.sort_values(["valid_on", "recorded_at", "seq"], kind="stable")


def withdrawn(events: pd.DataFrame) -> set[str]:
    """
    Return the ids of events that were taken back.

    The newest withdrawal is looked at first: one that is itself withdrawn takes nothing
    back, so that what it had withdrawn holds again.
    """
    taken_back: set[str] = set()
    said = events[events["kind"] == WITHDRAWN].sort_values("seq", ascending=False)
    for event_id, payload in zip(said.index, said["payload"], strict=True):
        if event_id not in taken_back:
            taken_back.add(str(json.loads(payload).get("event_id")))
    return taken_back


def states(
    ledger: pd.DataFrame, entity_type: str, on: dt.date, known_on: dt.date | None = None
) -> pd.DataFrame:
    """
    Say what was true on one day of every thing of a kind, as it was known on another.

    Parameters
    ----------
    ledger
        As `schema.LEDGER`.
    entity_type
        Of `schema.ENTITY_TYPES`.
    on
        Events that hold from later on are not looked at.
    known_on
        Events recorded after the end of this day are not known yet; None for all.

    Returns
    -------
    states
        One row per entity with the last value said of each fact, `kind` (that of the last
        event that is no correction) and `kind_on`, its day. Columns in the order in which
        facts are first said.
    """
    events = known(ledger, known_on)
    events = events[events["entity_type"] == entity_type]
    events = events[events["valid_on"] <= pd.Timestamp(on)]
    found: dict[str, dict[str, Any]] = {}
    for entity, kind, day, payload in zip(
        events["entity"], events["kind"], events["valid_on"], events["payload"], strict=True
    ):
        state = found.setdefault(entity, {"kind": None, "kind_on": pd.NaT})
        state.update(json.loads(payload))
        if kind != CORRECTION:
            state.update(kind=kind, kind_on=day)
    table = pd.DataFrame.from_dict(found, orient="index")
    if table.empty:
        table = pd.DataFrame(columns=["kind", "kind_on"])
    return table.rename_axis(index="entity").sort_index()


def project_register(ledger: pd.DataFrame, known_on: dt.date | None = None) -> pd.DataFrame:
    """
    Return the events of PV projects as the flat table `schema.REGISTER`.

    What was withdrawn by `known_on` is not in it.
    """
    events = known(ledger, known_on)
    events = events[events["entity_type"] == "project"]
    contents = [json.loads(p) for p in events["payload"]]
    flat = pd.DataFrame(contents, index=events.index).reindex(columns=REGISTER.names)
    for name in ("entity", "kind", "recorded_by", "reason"):
        flat[name] = events[name].astype(object)
    flat["valid_on"] = events["valid_on"]
    # the clock of knowledge without its zone, as the flat table has it
    recorded = pd.to_datetime(events["recorded_at"], format="ISO8601", utc=True)
    flat["recorded_at"] = recorded.dt.tz_localize(None)
    for spec in REGISTER:
        if spec.kind == "float":
            flat[spec.name] = pd.to_numeric(flat[spec.name]).astype(float)
        elif spec.kind == "date":
            flat[spec.name] = flat[spec.name].astype("datetime64[us]")
    return flat.rename_axis(index="event_id")


def readings(ledger: pd.DataFrame, on: dt.date, known_on: dt.date | None = None) -> pd.DataFrame:
    """
    Return the meter readings of PV projects, the last one said of each month.

    Returns
    -------
    readings
        `schema.READINGS`; month as "2025-03".
    """
    events = known(ledger, known_on)
    events = events[events["entity_type"] == "meter"]
    events = events[events["valid_on"] <= pd.Timestamp(on)]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for entity, payload in zip(events["entity"], events["payload"], strict=True):
        said = json.loads(payload)
        found.setdefault((entity, said.pop("month")), {}).update(said)
    index = pd.MultiIndex.from_tuples(list(found), names=list(READINGS.index))
    table = pd.DataFrame(list(found.values()), index=index, columns=READINGS.names)
    return table.astype(float).sort_index()


def head_of(ledger: pd.DataFrame) -> tuple[int, str]:
    """
    Return place and hash of the last event.

    Examples
    --------
    >>> head_of(empty_ledger()) == (0, FIRST)
    True
    """
    if ledger.empty:
        return 0, FIRST
    last = ledger.sort_values("seq").iloc[-1]
    return int(last["seq"]), str(last["hash"])


def empty_ledger() -> pd.DataFrame:
    """Return a ledger without events."""
    table = pd.DataFrame(columns=LEDGER.names, index=pd.Index([], name="event_id", dtype=object))
    return table.astype({"seq": "int64", "valid_on": "datetime64[us]"})
