"""What does not agree in the register, and what it moves."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.facts import fact
from hexi_solar.labels import catalogue
from hexi_solar.projects import project_states
from hexi_solar.reconcile import SEVERITY, capacities, reconcile, todo
from hexi_solar.schema.supervision import CHECKS

ON = dt.date(2026, 6, 30)
BUILDINGS = pd.DataFrame(
    {
        "name": ["礼堂", "学校", "仓库"],
        "status": "completed",
        "completed_on": pd.to_datetime(["2022-01-01", "2022-06-01", "2000-12-31"]),
    },
    index=pd.Index(["hall", "school", "shed"], name="building_id"),
)
ROOFS = pd.DataFrame(
    {
        "building_id": ["hall", "school", "school", "shed"],
        "area_m2": [1000.0, 800.0, 200.0, 5000.0],
        "horizontal_area_m2": [1000.0, 800.0, 200.0, 5000.0],
        "installable_area_m2": [800.0, 600.0, 100.0, 4000.0],
        "usable_area_m2": [700.0, 550.0, 100.0, 3500.0],
    },
    index=pd.Index(["h", "s1", "s2", "w"], name="roof_id"),
)
COHORT = ["hall", "school"]
SWAPPED = ("2022-09-01", "2022-08-01", "2022-10-01", "2022-11-01")
EARLY = ("2021-07-01", "2021-08-01", "2021-10-01", "2021-11-01")


def stages(entity: str, building: str | None, kwp: float, area: float, *, filed: float | None = None,
           days: tuple[str, ...] = ("2022-07-01", "2022-08-01", "2022-10-01", "2022-11-01", "2022-11-20")):  # fmt: skip
    """Write the five stages of one project."""
    kinds = ("survey", "filed", "building", "connected", "operating")
    for kind, day in zip(kinds, days, strict=False):
        said = {"filed": filed if filed else kwp, "connected": kwp}.get(kind)
        yield {
            "entity": entity, "building_id": building, "kind": kind, "valid_on": day, "recorded_at": day,
            "capacity_kwp": said, "module_area_m2": area if kind == "connected" else np.nan, "module_tilt": 0.0,
        }  # fmt: skip


def register(*projects) -> pd.DataFrame:
    events = [event for project in projects for event in project]
    frame = pd.DataFrame(events, index=pd.RangeIndex(len(events), name="event_id"))
    frame = frame.reindex(columns=schema.REGISTER.names)
    for column in ("valid_on", "recorded_at"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def rate(projects: pd.DataFrame) -> tuple[float, float]:
    """Module area of the cohort over its installable area, 1500 m²."""
    ours = projects[projects["stage"].isin(["connected", "operating"])]
    ours = ours[ours["building_id"].isin(COHORT)]
    filled = ours["module_area_m2"].fillna(ours["capacity_kwp"] / 0.2)
    return float(filled.sum()), 1500.0


def worklist(*projects, seen=None, metered=None) -> pd.DataFrame:
    events = register(*projects)
    states = project_states(events, ON)
    about = {"on": ON, "detected_m2": None if seen is None else pd.Series(seen, dtype=float)}
    implied = None if metered is None else pd.Series(metered)
    four = capacities(states, events, metered_kwp=implied, kw_per_m2=0.2, **about)
    schema.check(four, schema.CAPACITIES, "capacities")
    found = reconcile(BUILDINGS, ROOFS, states, events, four, rate, cohort=COHORT, **about)
    schema.check(found, schema.RECONCILIATION, "reconciliation")
    return found


def test_nothing_is_said_of_sound_records():
    """Equal capacities, dates in order, room on the roof: an empty list."""
    assert worklist(stages("P1", "hall", 100.0, 500.0), stages("P2", "school", 60.0, 300.0)).empty


@pytest.mark.parametrize(
    ("check", "project", "moved"),
    [
        # 150 kWp were filed: 1.5 times the module area
        ("filed_installed", stages("P1", "hall", 100.0, 500.0, filed=150.0), 250.0),
        # 800 m² can be installed on; 168 kWp just fit on 700 m² of usable roof
        ("area_beyond_roof", stages("P1", "hall", 168.0, 840.0), -40.0),
        ("date_order", stages("P1", "hall", 100.0, 500.0, days=SWAPPED), -500.0),
        ("before_completion", stages("P1", "hall", 100.0, 500.0, days=EARLY), -500.0),
        # connected, but the building's id is of no building: at most all of it counts
        ("unknown_building", stages("P1", "nowhere", 100.0, 500.0), 500.0),
        ("unknown_building", stages("P1", None, 100.0, 500.0), 500.0),
        # filed four years ago and nothing since; 500 m² from 100 kWp
        ("stalled", stages("P1", "hall", 100.0, np.nan, days=("2022-07-01", "2022-08-01")), 500.0),
        # the densest modules that rates reckon with: 431 m² instead of 500
        ("area_missing", stages("P1", "hall", 100.0, np.nan), 100 / fact("coverage.open.kw_per_m2")[1] - 500.0),
        # 0.4 kW/m² at most 0.24: 333 m² where 200 m² are on file
        ("odd_density", stages("P1", "hall", 80.0, 200.0), 80 / 0.24 - 200.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_one_thing_wrong_is_one_item_with_its_weight(check, project, moved):
    """Each defect alone is found once, and moves the rate as its edit says."""
    found = worklist(project)
    assert found["check"].to_list() == [check]
    item = found.iloc[0]
    assert item["entities"] == ["P1"]
    assert item["numerator_delta"] == pytest.approx(moved, abs=1e-9)
    assert item["rate_delta"] == pytest.approx(moved / 1500, abs=1e-12)
    assert item["severity"] == SEVERITY[check]


def test_a_project_entered_twice():
    """Near-equal capacity and date on one building; the later record leaves with its 500 m²."""
    days = ("2022-07-05", "2022-08-05", "2022-10-05", "2022-11-05")
    twins = worklist(
        stages("P1", "shed", 100.0, 500.0), stages("P9", "shed", 101.0, 505.0, days=days)
    )
    assert twins["check"].to_list() == ["duplicate"]
    twins = worklist(
        stages("P1", "hall", 70.0, 350.0), stages("P9", "hall", 70.0, 350.0, days=days)
    )
    assert twins.iloc[0]["check"] == "duplicate"
    assert twins.iloc[0]["numerator_delta"] == pytest.approx(-350.0)


def test_two_stages_of_building_are_no_duplicate():
    """Other size and a year between: two projects, said as a note that moves nothing."""
    days = ("2023-07-01", "2023-08-01", "2023-10-01", "2023-11-01")
    found = worklist(
        stages("P1", "hall", 60.0, 300.0), stages("P2", "hall", 40.0, 200.0, days=days)
    )
    assert found["check"].to_list() == ["several_projects"]
    assert found["severity"].to_list() == ["note"]
    assert found["rate_delta"].to_list() == [0.0]


def test_capacity_beyond_the_roof_is_cut_to_what_the_gate_lets_through():
    """650 m² of usable roof hold 156 kWp; 200 kWp on 1000 m² are on file."""
    found = worklist(stages("P1", "school", 200.0, 1000.0)).set_index("check")
    most = 650.0 * float(fact("gates.kw_per_usable_m2"))
    assert found.loc["capacity_beyond_roof", "expected"] == pytest.approx(most)
    assert found.loc["capacity_beyond_roof", "numerator_delta"] == pytest.approx(
        1000 * most / 200 - 1000
    )
    assert found.loc["area_beyond_roof", "numerator_delta"] == pytest.approx(700.0 - 1000.0)


def test_the_roof_from_above():
    """PV seen and not on file, on file and not seen, and seen half as large as filed."""
    seen = {"hall": 250.0, "school": 0.0, "shed": 400.0}
    found = worklist(
        stages("P1", "hall", 100.0, 500.0), stages("P2", "school", 60.0, 300.0), seen=seen
    )
    found = found.set_index("check")
    assert found.loc["installed_detected", "numerator_delta"] == pytest.approx(-250.0)
    assert found.loc["not_detected", "numerator_delta"] == pytest.approx(-300.0)
    assert found.loc["detected_unfiled", ["building_id", "expected"]].to_list() == ["shed", 400.0]


def test_the_meter_says_more_than_the_file():
    """A best month of 140 kWp on 100 kWp installed: 40 % more area if the meter is right."""
    found = worklist(stages("P1", "hall", 100.0, 500.0), metered={"P1": 140.0})
    assert found["check"].to_list() == ["installed_metered"]
    assert found.iloc[0]["numerator_delta"] == pytest.approx(200.0)
    assert worklist(stages("P1", "hall", 100.0, 500.0), metered={"P1": 110.0}).empty


def test_connected_without_a_filing():
    """A connection that no filing precedes is missing a paper; the rate stands."""
    only = [e for e in stages("P1", "hall", 100.0, 500.0) if e["kind"] == "connected"]
    found = worklist(only)
    assert found["check"].to_list() == ["not_filed"]
    assert found["rate_delta"].to_list() == [0.0]


def test_what_moves_the_rate_most_comes_first():
    """Ranks follow the size of the change, whatever its sign; others follow by severity."""
    found = worklist(
        stages("P1", "hall", 100.0, np.nan),
        stages("P2", "school", 100.0, 500.0, filed=20.0),
        stages("P3", "shed", 100.0, np.nan),
    )
    moves = found["rate_delta"].abs().to_numpy()
    assert (np.diff(moves) <= 1e-9).all()
    assert found["rank"].to_list() == list(range(1, len(found) + 1))
    assert found["check"].to_list() == ["filed_installed", "area_missing", "area_missing"]


@settings(max_examples=8)
@given(st.permutations(["P1", "P2", "P3", "P4"]))
def test_the_order_of_the_events_changes_nothing(order):
    """The same projects in any order give the same list."""
    makers = {
        "P1": lambda: stages("P1", "hall", 100.0, np.nan),
        "P2": lambda: stages("P2", "hall", 100.0, 500.0),
        "P3": lambda: stages("P3", None, 100.0, 500.0),
        "P4": lambda: stages("P4", "school", 80.0, 200.0, filed=300.0),
    }
    found = worklist(*(makers[name]() for name in order))
    expected = worklist(*(makers[name]() for name in sorted(makers)))
    pd.testing.assert_frame_equal(found, expected)


def test_the_four_capacities_side_by_side():
    """104 kWp filed, 100 connected and corrected to 96; 240 m² seen at 60° are 480 m² of modules."""
    events = list(stages("P1", "hall", 100.0, 480.0, filed=104.0))
    events.append(events[3] | {"kind": "correction", "valid_on": "2022-11-01", "recorded_at": "2023-05-01",
                               "capacity_kwp": 96.0, "module_tilt": 60.0})  # fmt: skip
    events[4]["module_tilt"] = 60.0
    frame = register(events)
    seen = pd.Series({"hall": 240.0})
    row = capacities(
        project_states(frame, ON), frame, on=ON, detected_m2=seen, kw_per_m2=0.2,
        metered_kwp=pd.Series({"P1": 90.0}),
    ).loc["P1"]  # fmt: skip
    assert row[["filed_kwp", "installed_kwp", "metered_kwp"]].to_list() == [104.0, 96.0, 90.0]
    assert row["detected_kwp"] == pytest.approx(240 / 0.5 * 0.2)


def test_an_empty_register_is_sound():
    """No project, no reading, no item."""
    assert worklist([]).empty


def test_every_check_says_what_to_do():
    """In both languages, and each has a severity and a name."""
    assert set(SEVERITY) == set(CHECKS)
    for check in CHECKS:
        assert f"enum.check.{check}" in catalogue()
        for language in ("zh", "en"):
            row = pd.Series({"check": check, "entities": ["P1", "P2"]})
            said = todo(row, language)
            assert check == "detected_unfiled" or "P1" in said


def test_the_page_lists_every_check_with_its_severity():
    """docs/SUPERVISION.md has a row for each check, and no other."""
    page = (Path(__file__).parents[1] / "docs" / "SUPERVISION.md").read_text("utf-8")
    table = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    listed = {name: word.strip() for names, word in table for name in re.findall(r"`(\w+)`", names)}
    assert listed == SEVERITY
