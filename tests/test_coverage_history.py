"""What was true and known on any two days, against a replay written another way."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar.ledger import project_register, states
from hexi_solar.projects import existing_pv, project_states
from hexi_solar.schema import LEDGER

FIRST = dt.date(2021, 1, 1)
DAYS = st.integers(0, 40).map(lambda n: FIRST + dt.timedelta(days=n))
FIGURES = {"kw_per_m2": 0.2, "gcr": 0.5, "module_tilt": 10.0}
STANDING = ("connected", "operating")

project = st.fixed_dictionaries(
    {
        "entity_type": st.just("project"),
        "entity": st.sampled_from(["P1", "P2"]),
        "kind": st.sampled_from(["filed", "connected", "operating", "retired", "correction"]),
        "valid_on": DAYS,
        "payload": st.fixed_dictionaries(
            {},
            optional={
                "capacity_kwp": st.sampled_from([10.0, 20.0]),
                "module_area_m2": st.sampled_from([50.0, 90.0]),
                "array_area_m2": st.sampled_from([75.0, 120.0]),
                "building_id": st.sampled_from(["hall", "school"]),
            },
        ),
    }
)
building = st.fixed_dictionaries(
    {
        "entity_type": st.just("building"),
        "entity": st.sampled_from(["hall", "school"]),
        "kind": st.sampled_from(["stated", "correction"]),
        "valid_on": DAYS,
        "payload": st.fixed_dictionaries(
            {},
            optional={
                "completed_on": st.sampled_from(["2021-01-05", "2021-02-01"]),
                "owner_type": st.sampled_from(["school", "office"]),
            },
        ),
    }
)
withdrawal = st.fixed_dictionaries({"kind": st.just("withdrawn"), "of": st.integers(0, 30)})
histories = st.lists(
    st.tuples(st.one_of(project, building, withdrawal), st.integers(0, 3)), max_size=14
)


def history(said) -> tuple[pd.DataFrame, list[dict]]:
    """The ledger of what was said, in its order, and the same as plain events."""
    events: list[dict] = []
    clock = dt.datetime(2021, 1, 1, 8, tzinfo=dt.UTC)
    for number, (event, wait) in enumerate(said, start=1):
        clock += dt.timedelta(days=wait, seconds=1)
        if event["kind"] == "withdrawn":
            if not events:
                continue
            target = events[event["of"] % len(events)]
            event = {
                "entity_type": target["entity_type"], "entity": target["entity"],
                "kind": "withdrawn", "valid_on": target["valid_on"],
                "payload": {"event_id": target["id"]},
            }  # fmt: skip
        events.append(event | {"id": f"e{number}", "recorded": clock})
    rows = [
        {
            "seq": seq, "entity_type": e["entity_type"], "entity": e["entity"], "kind": e["kind"],
            "valid_on": pd.Timestamp(e["valid_on"]), "payload": json.dumps(e["payload"]),
            "recorded_at": e["recorded"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "recorded_by": "",
            "reason": "",
        }
        for seq, e in enumerate(events, start=1)
    ]  # fmt: skip
    index = pd.Index([e["id"] for e in events], name="event_id", dtype=object)
    table = pd.DataFrame(rows, columns=LEDGER.names, index=index)
    return table.astype({"seq": "int64", "valid_on": "datetime64[us]"}), events


def standing_events(events: list[dict], on: dt.date, known_on: dt.date) -> list[dict]:
    """Events known by a day, less those taken back, that hold by another; one by one."""
    heard = [e for e in events if e["recorded"].date() <= known_on]
    silent: set[str] = set()
    # from the newest back: a withdrawal that was itself withdrawn is not listened to
    for event in reversed(heard):
        if event["kind"] == "withdrawn" and event["id"] not in silent:
            silent.add(event["payload"]["event_id"])
    holding = [
        e
        for e in heard
        if e["kind"] != "withdrawn" and e["id"] not in silent and e["valid_on"] <= on
    ]
    holding.sort(key=lambda e: (e["valid_on"], e["recorded"]))
    return holding


def replayed(events: list[dict], kind: str, on: dt.date, known_on: dt.date) -> dict[str, dict]:
    """Tell the history of every thing of a kind, from its beginning."""
    found: dict[str, dict] = {}
    for event in standing_events(events, on, known_on):
        if event["entity_type"] != kind:
            continue
        state = found.setdefault(event["entity"], {"stage": None})
        for fact, value in event["payload"].items():
            state[fact] = value
        if event["kind"] != "correction":
            state["stage"] = event["kind"]
    return found


def value(cell):
    """A cell, unknown as None."""
    return None if pd.isna(cell) else cell


@settings(max_examples=60, deadline=None)
@given(histories, DAYS, DAYS)
def test_projects_are_as_a_naive_replay_tells(said, on, known_on):
    """Stage and facts of every project, on any day, as known on any other."""
    ledger, events = history(said)
    expected = replayed(events, "project", on, known_on)
    found = project_states(project_register(ledger, known_on), on)
    assert sorted(found.index) == sorted(expected)
    for entity, state in expected.items():
        assert value(found.loc[entity, "stage"]) == state["stage"]
        for fact in ("capacity_kwp", "module_area_m2", "array_area_m2", "building_id"):
            assert value(found.loc[entity, fact]) == state.get(fact)


@settings(max_examples=60, deadline=None)
@given(histories, DAYS, DAYS)
def test_building_facts_are_as_a_naive_replay_tells(said, on, known_on):
    """What was said of every building, on any day, as known on any other."""
    ledger, events = history(said)
    expected = replayed(events, "building", on, known_on)
    found = states(ledger, "building", on, known_on)
    assert sorted(found.index) == sorted(expected)
    for entity, state in expected.items():
        for fact in ("completed_on", "owner_type"):
            cell = value(found.loc[entity, fact]) if fact in found else None
            assert cell == state.get(fact)


@settings(max_examples=60, deadline=None)
@given(histories, DAYS, DAYS)
def test_standing_pv_is_as_a_naive_replay_tells(said, on, known_on):
    """Module area on each roof: of projects that are connected, from what was filed of them."""
    ledger, events = history(said)
    expected: dict[str, list] = {}
    for state in replayed(events, "project", on, known_on).values():
        if state["stage"] in STANDING and state.get("building_id"):
            area = state.get("module_area_m2")
            if area is None and state.get("capacity_kwp") is not None:
                area = state["capacity_kwp"] / 0.2
            expected.setdefault(state["building_id"], []).append(area)
    pv = existing_pv(project_states(project_register(ledger, known_on), on), **FIGURES)
    assert sorted(pv.index) == sorted(expected)
    for where, areas in expected.items():
        known = [a for a in areas if a is not None]
        total = value(pv.loc[where, "module_area_m2"])
        assert total == (sum(known) if known else None)


@settings(max_examples=40, deadline=None)
@given(histories, DAYS)
def test_what_was_known_does_not_change_later(said, on):
    """Events recorded afterwards leave the answer about an earlier day of knowledge as it was."""
    ledger, _ = history(said)
    half = ledger.iloc[: len(ledger) // 2]
    if half.empty:
        return
    # the day before the rest came in
    rest = ledger.iloc[len(half) :]["recorded_at"]
    day = dt.date.fromisoformat(rest.iloc[0][:10]) - dt.timedelta(days=1)
    before, after = states(half, "building", on, day), states(ledger, "building", on, day)
    pd.testing.assert_frame_equal(before, after)
