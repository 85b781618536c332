"""The state of PV projects on a day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from hexi_solar.projects import existing_pv, project_states, standing
from hexi_solar.schema import REGISTER

AREA = {"kw_per_m2": 0.2, "gcr": 0.5, "module_tilt": 60.0}


def register(*events: dict) -> pd.DataFrame:
    """Events with every column of the table."""
    frame = pd.DataFrame(list(events), index=pd.Index(range(len(events)), name="event_id"))
    frame = frame.reindex(columns=REGISTER.names)
    for column in ("valid_on", "recorded_at"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def event(kind: str, day: str, **facts) -> dict:
    return {"entity": "P1", "kind": kind, "valid_on": day, "building_id": "hall"} | facts


HISTORY = register(
    event("filed", "2022-03-01", capacity_kwp=100.0, recorded_at="2022-03-02"),
    event("connected", "2023-05-01", module_area_m2=480.0, recorded_at="2023-06-20"),
    event("correction", "2023-05-01", capacity_kwp=96.0, recorded_at="2024-01-10"),
    event("retired", "2025-01-01", recorded_at="2025-01-05"),
)


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        ("2022-02-28", None),
        ("2022-03-01", "filed"),
        ("2023-05-01", "connected"),
        ("2025-01-01", "retired"),
    ],
)
def test_stage_on_a_day(day, stage):
    """An event holds from its day on."""
    found = project_states(HISTORY, dt.date.fromisoformat(day))
    assert (found["stage"].to_list() or [None]) == [stage]


def test_a_correction_changes_facts_but_not_the_stage():
    """96 kWp were connected, as filed later."""
    state = project_states(HISTORY, dt.date(2024, 6, 1)).loc["P1"]
    assert (state["capacity_kwp"], state["stage"]) == (96.0, "connected")
    assert state["connected_on"] == pd.Timestamp("2023-05-01")


def test_what_was_known_then():
    """Before the correction was recorded, the same day looked different."""
    known = project_states(HISTORY, dt.date(2024, 6, 1), known_on=dt.date(2024, 1, 9)).loc["P1"]
    assert known["capacity_kwp"] == 100.0


def test_retired_pv_stands_no_more():
    """What is retired counts nowhere."""
    assert len(standing(project_states(HISTORY, dt.date(2024, 12, 31)))) == 1
    assert standing(project_states(HISTORY, dt.date(2025, 1, 1))).empty


def test_areas_that_were_not_filed_are_derived_and_said_to_be():
    """Area from capacity, field from area, projection from tilt; capacity from area."""
    events = register(
        event("connected", "2023-01-01", capacity_kwp=20.0),
        event(
            "connected",
            "2023-01-01",
            entity="P2",
            building_id="school",
            module_area_m2=50.0,
            module_tilt=0.0,
        ),
    )
    found = existing_pv(project_states(events, dt.date(2024, 1, 1)), **AREA)
    assert found.loc["hall", "module_area_m2"] == pytest.approx(100)
    assert found.loc["hall", "array_area_m2"] == pytest.approx(200)
    assert found.loc["hall", "module_horizontal_area_m2"] == pytest.approx(50)
    assert found.loc["school", "capacity_kwp"] == pytest.approx(10)
    assert found["derived"].all()


def test_two_projects_on_one_building_add_up():
    """A second phase joins the first."""
    full = {"capacity_kwp": 10.0, "module_area_m2": 50.0, "array_area_m2": 90.0}
    events = register(
        event("connected", "2023-01-01", **full),
        event("operating", "2024-01-01", entity="P2", **full),
    )
    found = existing_pv(project_states(events, dt.date(2024, 1, 1)), **AREA)
    assert found.loc["hall", "capacity_kwp"] == 20
    assert not found.loc["hall", "derived"]


def test_nothing_known_stays_unknown():
    """A connected project without any figure is there, with unknown areas."""
    found = existing_pv(
        project_states(register(event("connected", "2023-01-01")), dt.date(2024, 1, 1)), **AREA
    )
    assert np.isnan(found.loc["hall", "module_area_m2"])


def test_no_events_no_projects():
    """An empty register is a register."""
    found = project_states(register(), dt.date(2024, 1, 1))
    assert found.empty
    assert existing_pv(found, **AREA).empty
