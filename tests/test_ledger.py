"""What was true and known on any day, and whether the chain holds."""

from __future__ import annotations

import datetime as dt
import json

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from hexi_solar.ledger import (
    CHAINED,
    FIRST,
    WITHDRAWN,
    Event,
    broken_links,
    canonical,
    empty_ledger,
    event_hash,
    event_id_of,
    fresh_id,
    known,
    project_register,
    readings,
    states,
)
from hexi_solar.schema import LEDGER, check

DAY = dt.date(2024, 1, 1)


def chain(events: list[Event]) -> pd.DataFrame:
    """Chain events as a store does, each recorded on the day that it names."""
    rows, previous = [], FIRST
    for seq, event in enumerate(events, start=1):
        recorded = event.recorded_at or dt.datetime(2024, 1, 1) + dt.timedelta(seconds=seq)
        row = {
            "seq": seq,
            "event_id": event.event_id or event_id_of(event),
            "entity_type": event.entity_type,
            "entity": event.entity,
            "kind": event.kind,
            "valid_on": event.valid_on.isoformat(),
            "recorded_at": recorded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "entered_at": recorded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "recorded_by": "clerk",
            "reason": event.reason,
            "payload": canonical(event.payload),
            "source": "",
            "source_sha256": "",
            "source_row": event.source_row,
            "previous": previous,
        }
        previous = event_hash(row)
        rows.append({**row, "hash": previous})
    table = pd.DataFrame(rows, columns=[*CHAINED, "hash"]).set_index("event_id")
    table["valid_on"] = pd.to_datetime(table["valid_on"])
    return table[LEDGER.names]


def said(entity: str = "PV-1", day: dt.date = DAY, **payload: object) -> Event:
    """One filed project."""
    return Event("project", entity, "filed", day, payload)


def withdrawal(event_id: str, name: str, recorded_at: dt.datetime | None = None) -> Event:
    """Take an event back."""
    payload = {"event_id": event_id}
    return Event("project", "PV-1", WITHDRAWN, DAY, payload, "", name, recorded_at)


def test_a_chain_as_it_was_recorded_is_whole():
    """Nothing is found in a ledger that nobody touched, whatever the order of its rows."""
    ledger = chain([said(capacity_kwp=n) for n in range(5)])
    check(ledger, LEDGER, "ledger")
    assert not list(broken_links(ledger))
    assert not list(broken_links(ledger.iloc[::-1]))
    assert not list(broken_links(empty_ledger()))


@pytest.mark.parametrize("column", [c for c in CHAINED if c not in ("seq", "event_id", "previous")])
def test_every_column_is_under_the_hash(column):
    """A change of any column of the third of five events is found and named."""
    ledger = chain([said(capacity_kwp=n) for n in range(5)])
    name = ledger.index[2]
    new = {"valid_on": pd.Timestamp(2023, 1, 1), "source_row": 7}.get(column, "other")
    ledger[column] = ledger[column].astype(object)
    ledger.loc[name, column] = new
    assert list(broken_links(ledger)) == [(3, name, "hash")]


def test_an_event_that_is_missing_is_named_by_the_one_behind_it():
    """Without its second event a ledger skips a place and its chain does not meet."""
    ledger = chain([said(capacity_kwp=n) for n in range(4)])
    rest = ledger.drop(ledger.index[1])
    assert [(seq, what) for seq, _, what in broken_links(rest)] == [(3, "seq"), (3, "previous")]


def test_ids_come_from_what_is_said():
    """The same thing said twice has one id; a fresh id is for saying it again on purpose."""
    event = said(capacity_kwp=96.0)
    again = said(capacity_kwp=96)
    assert event_id_of(event) == event_id_of(again)
    assert event_id_of(event) != event_id_of(said(capacity_kwp=97))
    usual = event_id_of(event)
    assert fresh_id(event, []) == usual
    assert fresh_id(event, {usual, f"{usual}-2"}) == f"{usual}-3"


def test_what_is_withdrawn_is_not_known():
    """A withdrawn event is as if it had never been said, from the day of the withdrawal on."""
    later = dt.datetime(2024, 6, 1)
    ledger = chain(
        [
            Event("project", "PV-1", "filed", DAY, {"capacity_kwp": 5}, event_id="a"),
            withdrawal("a", "w", later),
        ]
    )
    assert list(known(ledger, dt.date(2024, 5, 31)).index) == ["a"]
    assert known(ledger, dt.date(2024, 6, 1)).empty
    assert known(ledger).empty


def test_a_withdrawal_that_is_withdrawn_takes_nothing_back():
    """Withdrawals undo each other like negations: an odd number takes the event back."""
    events = [Event("project", "PV-1", "filed", DAY, {"capacity_kwp": 5}, event_id="a")]
    target = "a"
    for number in range(5):
        events.append(withdrawal(target, f"w{number}"))
        target = f"w{number}"
        assert known(chain(events)).empty == (number % 2 == 0)


def test_a_withdrawal_may_be_filed_under_another_thing():
    """What counts is the event that it names, wherever the withdrawal itself was filed."""
    ledger = chain(
        [
            Event("project", "PV-1", "filed", DAY, {"capacity_kwp": 5}, event_id="a"),
            Event("building", "hall", WITHDRAWN, DAY, {"event_id": "a"}, event_id="w"),
        ]
    )
    assert states(ledger, "project", DAY).empty
    assert project_register(ledger).empty


def test_a_correction_changes_facts_and_not_the_stage():
    """The last value said holds; a stage is not set by a correction."""
    ledger = chain(
        [
            said(capacity_kwp=5, modules=10),
            Event("project", "PV-1", "correction", DAY, {"capacity_kwp": 6}, "typo"),
        ]
    )
    state = states(ledger, "project", DAY).loc["PV-1"]
    assert (state["kind"], state["capacity_kwp"], state["modules"]) == ("filed", 6, 10)
    assert states(ledger, "project", DAY - dt.timedelta(days=1)).empty


def test_readings_are_the_last_said_of_each_month():
    """A reading that is said again for the same month replaces what it names, no more."""
    month = {"month": "2024-03"}
    day = dt.date(2024, 3, 31)
    ledger = chain(
        [
            Event(
                "meter", "PV-1", "reading", day, month | {"generation_kwh": 10, "feed_in_kwh": 4}
            ),
            Event("meter", "PV-1", "reading", day, month | {"generation_kwh": 12}),
        ]
    )
    row = readings(ledger, day).loc[("PV-1", "2024-03")]
    assert row["generation_kwh"] == 12
    assert row["feed_in_kwh"] == 4
    assert pd.isna(row["self_use_kwh"])
    assert readings(ledger, dt.date(2024, 3, 1)).empty


def test_the_flat_register_has_what_is_known():
    """Payloads become columns; what is withdrawn is not in it."""
    ledger = chain(
        [
            Event("project", "PV-1", "filed", DAY, {"building_id": "b", "capacity_kwp": 5}),
            Event("project", "PV-2", "filed", DAY, {"capacity_kwp": 7}, event_id="x"),
            withdrawal("x", "w"),
        ]
    )
    flat = project_register(ledger)
    assert list(flat["entity"]) == ["PV-1"]
    assert flat["capacity_kwp"].tolist() == [5.0]
    assert flat["building_id"].tolist() == ["b"]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Draw what an office might record: statements, corrections, withdrawals of anything before."""
    events: list[Event] = []
    clock = dt.datetime(2024, 1, 1)
    for number in range(draw(st.integers(0, 12))):
        clock += dt.timedelta(hours=draw(st.integers(1, 40)))
        day = DAY + dt.timedelta(days=draw(st.integers(0, 6)))
        entity = draw(st.sampled_from(["A", "B"]))
        kind = draw(st.sampled_from(["filed", "connected", "correction", WITHDRAWN]))
        if kind == WITHDRAWN and events:
            payload: dict[str, object] = {"event_id": draw(st.sampled_from(events)).event_id}
        else:
            kind = "filed" if kind == WITHDRAWN else kind
            payload = {draw(st.sampled_from(["x", "y"])): draw(st.integers(0, 3))}
        events.append(Event("project", entity, kind, day, payload, "", f"e{number}", clock))
    return events


def replay(events: list[Event], on: dt.date, known_on: dt.date) -> dict[str, dict[str, object]]:
    """Answer by going through the events one by one, as a clerk with a pencil would."""
    heard = [e for e in events if e.recorded_at and e.recorded_at.date() <= known_on]
    struck: set[str] = set()
    for event in reversed(heard):
        if event.kind == WITHDRAWN and event.event_id not in struck:
            struck.add(str(event.payload["event_id"]))
    state: dict[str, dict[str, object]] = {}
    for event in sorted(heard, key=lambda e: e.valid_on):  # stable: then as recorded
        if event.kind == WITHDRAWN or event.event_id in struck or event.valid_on > on:
            continue
        facts = state.setdefault(event.entity, {"kind": None})
        facts.update(event.payload)
        if event.kind != "correction":
            facts["kind"] = event.kind
    return state


@settings(max_examples=150)
@given(histories(), st.integers(-1, 7), st.integers(-1, 20))
def test_what_was_true_and_known_equals_a_naive_replay(events, on, known_on):
    """For any history and any pair of days the state is that of a replay by hand."""
    days = DAY + dt.timedelta(days=on), DAY + dt.timedelta(days=known_on)
    ledger = chain(events) if events else empty_ledger()
    table = states(ledger, "project", *days)
    found = {
        entity: {"kind": None} | {k: v for k, v in row.items() if k != "kind_on" and pd.notna(v)}
        for entity, row in table.to_dict("index").items()
    }
    assert found == replay(events, *days)


def test_a_payload_has_one_text():
    """Order, fractions that are whole and what is unknown make no difference."""
    assert canonical({"b": 1.0, "a": None}) == canonical({"b": 1})
    assert json.loads(canonical({"日期": dt.date(2024, 5, 1)})) == {"日期": "2024-05-01"}
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("inf")})
