"""Buildings on their way: the checklist, the next step, and the coming years' rates."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.approvals import CHECKLIST, Habit, approval_list, forecast, habit
from hexi_solar.facts import fact

TODAY = dt.date(2026, 6, 30)
NO_FACTS = pd.DataFrame(index=pd.Index([], name="building_id", dtype=object))
NO_PROJECTS = pd.DataFrame(
    columns=schema.PROJECTS.names, index=pd.Index([], name="entity", dtype=object)
)


def coming(**ids: dict) -> pd.DataFrame:
    """Buildings under construction with all papers, less what is said otherwise."""
    usual = {
        "name": "学校", "owner_type": "school", "public_institution": "yes", "department": "教育局",
        "status": "building", "approved_on": pd.Timestamp("2025-01-31"), "expected_on": pd.Timestamp("2027-03-01"),
        "pv_reserved": "yes", "load_state": "yes", "floor_area_m2": 5000.0,
    }  # fmt: skip
    index = pd.Index(list(ids), name="building_id", dtype=object)
    return pd.DataFrame([usual | said for said in ids.values()], index=index)


def roofs(**areas: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flat roofs, of which four fifths can be installed on and two fifths are modules."""
    index = pd.Index([f"{name}-1" for name in areas], name="roof_id", dtype=object)
    area = np.array(list(areas.values()), dtype=float)
    planes = pd.DataFrame(
        {"building_id": list(areas), "area_m2": area, "horizontal_area_m2": area, "installable_area_m2": 0.8 * area},
        index=index,
    )  # fmt: skip
    placed = pd.DataFrame({"building_id": list(areas), "module_area_m2": 0.4 * area}, index=index)
    placed["module_horizontal_area_m2"] = placed["array_area_m2"] = placed["module_area_m2"]
    placed["capacity_kwp"] = 0.2 * placed["module_area_m2"]
    return planes, placed


def listed(buildings, areas, facts=NO_FACTS, projects=NO_PROJECTS) -> pd.DataFrame:
    table = approval_list(
        buildings, facts, *roofs(**areas), projects, today=TODAY, threshold_m2=1000.0
    )
    schema.check(table, schema.APPROVALS, "approvals")
    return table


def said(building: str = "a", **facts) -> pd.DataFrame:
    return pd.DataFrame(facts, index=pd.Index([building], name="building_id", dtype=object))


def project(stage: str, operator: str | None = "firm") -> pd.DataFrame:
    frame = NO_PROJECTS.reindex(pd.Index(["P1"], name="entity"))
    return frame.assign(building_id="a", stage=stage, operator=operator)


def test_one_after_the_other_the_items_are_settled():
    """Each answer leads to the next step, from the roof's area to the connection."""
    buildings = coming(a={"pv_reserved": "unknown", "load_state": "unknown"})
    facts: dict[str, object] = {"load_in_design": "unknown"}
    steps = []
    for name, value in (
        ("roof_area_m2", np.nan), ("roof_area_m2", 1000.0), ("load_in_design", "yes"), ("pv_reserved", "yes"),
        ("builder_found", "yes"),
    ):  # fmt: skip
        facts[name] = value
        row = listed(buildings, {}, said(**facts)).iloc[0]
        steps.append((row["next_step"], row["who"]))
    for stage in ("filed", "building"):
        steps.append(
            tuple(
                listed(buildings, {}, said(**facts), project(stage)).iloc[0][["next_step", "who"]]
            )
        )
    assert steps == [
        ("state_roof", "builder"), ("confirm_load", "design"), ("reserve_pv", "design"),
        ("find_builder", "department"), ("file_project", "operator"), ("build_together", "builder"),
        ("connect", "operator"),
    ]  # fmt: skip


@pytest.mark.parametrize(("area", "word"), [(999.9, "no"), (1000.0, "yes"), (np.nan, "unknown")])
def test_the_threshold_is_inclusive(area, word):
    """1000 m² are at the threshold; what is below needs nothing done."""
    row = listed(coming(a={}), {"a": area} if area == area else {}).iloc[0]
    assert row["roof_large"] == word
    assert (row["next_step"] == "none") == (word == "no")


def test_what_follows_from_projects():
    """A reservation on file is a reservation; a firm a builder; a survey neither files nor reserves."""
    open_building = coming(a={"pv_reserved": "unknown"})
    words = {
        stage: listed(open_building, {"a": 2000.0}, projects=project(stage)).iloc[0][list(CHECKLIST[2:])].to_list()
        for stage in ("survey", "reserved", "filed", "building", "retired")
    }  # fmt: skip
    assert words == {
        "survey": ["unknown", "yes", "no", "unknown"],
        "reserved": ["yes", "yes", "no", "unknown"],
        "filed": ["yes", "yes", "yes", "unknown"],
        "building": ["yes", "yes", "yes", "yes"],
        "retired": ["unknown", "unknown", "no", "unknown"],
    }


def test_what_the_register_says_goes_before():
    """A stated no stands, whatever the layer or a project would make of it."""
    facts = said(load_in_design="no", pv_reserved="no", builder_found="no", pv_together="no")
    row = listed(coming(a={}), {"a": 2000.0}, facts, project("building")).iloc[0]
    assert (
        row[["load_in_design", "pv_reserved", "builder_found", "pv_together"]].to_list()
        == ["no"] * 4
    )
    assert (row["next_step"], row["who"]) == ("strengthen_load", "design")


def test_the_list_runs_by_expected_completion():
    """Soonest first; where no day is stated it is taken from the status and said to be assumed."""
    nat = pd.NaT
    table = listed(
        coming(
            late={"expected_on": pd.Timestamp("2029-01-01")}, soon={"expected_on": pd.Timestamp("2026-07-01")},
            assumed={"expected_on": nat}, planned={"expected_on": nat, "status": "planned", "approved_on": nat},
            overdue={"expected_on": nat, "status": "approved", "approved_on": pd.Timestamp("2020-01-01")},
        ),
        dict.fromkeys(("late", "soon", "assumed", "planned", "overdue"), 2000.0),
    )  # fmt: skip
    assert table.index.to_list() == ["overdue", "soon", "assumed", "late", "planned"]
    assert table["rank"].to_list() == [1, 2, 3, 4, 5]
    assert table["days_left"].to_list()[:3] == [1, 1, 365]
    assert (table["expected_source"] == "assumed").to_list() == [True, False, True, False, True]
    assert "expected_on" in table.loc["assumed", "open_items"]


def test_who_is_listed():
    """Not what is completed, not what is no public institution; what may be one is."""
    table = listed(
        coming(
            a={}, done={"status": "completed"}, private={"public_institution": "no"},
            maybe={"public_institution": "unknown"}
        ),
        {"a": 2000.0},
    )  # fmt: skip
    assert sorted(table.index) == ["a", "maybe"]


def test_a_building_that_only_the_register_knows():
    """Its areas are the design's roof times the others' shares: 0.8 and 0.4."""
    facts = said(
        "new", name="新楼", status="planned", public_institution="yes", roof_area_m2=3000.0
    )
    row = listed(coming(a={}), {"a": 2000.0}, facts).loc["new"]
    assert row["roof_area_source"] == "surveyed"
    assert row["installable_area_m2"] == pytest.approx(2400.0)
    assert row["module_area_m2"] == pytest.approx(1200.0)
    assert row["load_in_design"] == "unknown"


def test_a_roof_that_the_design_states_otherwise():
    """Drawn with 2000 m², designed with 3000: areas grow by half."""
    row = listed(coming(a={}), {"a": 2000.0}, said(roof_area_m2=3000.0)).iloc[0]
    assert row[["roof_area_m2", "installable_area_m2", "module_area_m2"]].to_list() == [
        3000.0,
        2400.0,
        1200.0,
    ]


def test_nothing_on_its_way():
    """An empty list, and a forecast that stays where it is."""
    table = listed(coming(a={"status": "completed"}), {})
    assert table.empty
    rates = forecast(
        table, {"cumulative": (100.0, 1000.0), "in_year": (0.0, 0.0)}, SURE, today=TODAY
    )["rate"]
    assert rates.xs("cumulative", level="cohort").to_list() == pytest.approx([0.1] * 10)


def test_the_habit():
    """Two of three reserved roofs were built, at 300 of 400 m²; what was not reserved says nothing."""
    completed = pd.DataFrame({"pv_reserved": ["yes", "yes", "yes", "no"]}, index=list("abcd"))
    built = pd.Series({"a": 100.0, "b": 200.0, "d": 999.0})
    past = habit(completed, built, pd.Series({"a": 150.0, "b": 250.0, "c": 90.0, "d": 10.0}))
    assert (past.reserved, past.built, past.size) == (3, 2, 0.75)
    assert past.share == pytest.approx(2.5 / 4)
    # variance of Beta(2.5, 1.5)
    assert past.share_variance == pytest.approx(2.5 * 1.5 / (4**2 * 5))


SURE = Habit(10**9, 10**9, 1.0)  # everything reserved was built
BASE = {"cumulative": (100.0, 1000.0), "in_year": (10.0, 100.0)}


def test_the_forecast_by_hand():
    """2000 m² completed in 2027: 800 m² of modules on 1600 m², on top of 100 of 1000."""
    table = forecast(listed(coming(a={}), {"a": 2000.0}), BASE, SURE, today=TODAY, years=2)
    schema.check(table, schema.FORECAST, "forecast")
    for course in ("as_before", "with_action"):
        assert table.loc[(2026, "cumulative", course), "rate"] == pytest.approx(0.1)
        assert table.loc[(2027, "cumulative", course), "rate"] == pytest.approx(
            900 / 2600, rel=1e-6
        )
        assert table.loc[(2027, "in_year", course), "rate"] == pytest.approx(0.5, rel=1e-6)
        assert table.loc[(2028, "cumulative", course), "rate"] == pytest.approx(
            900 / 2600, rel=1e-6
        )
    assert np.isnan(table.loc[(2028, "in_year", "as_before"), "rate"])


def test_what_is_overdue_comes_this_year():
    """Expected last year and not there yet: in this year's cohort, with days below zero."""
    table = listed(coming(a={"expected_on": pd.Timestamp("2025-03-01")}), {"a": 2000.0})
    assert table["days_left"].to_list() == [-486]
    base = {"cumulative": (100.0, 1000.0), "in_year": (0.0, 0.0)}
    rates = forecast(table, base, SURE, today=TODAY)["rate"]
    assert rates[2026, "in_year", "as_before"] == pytest.approx(0.5, rel=1e-6)
    assert rates[2026, "cumulative", "as_before"] == pytest.approx(900 / 2600, rel=1e-6)


@pytest.mark.parametrize(
    ("facts", "before", "action"),
    [
        ({}, 0.5, 0.5),
        ({"pv_reserved": "unknown"}, 0.0, 0.5),
        ({"pv_reserved": "no"}, 0.0, 0.0),  # under construction: too late
        ({"pv_reserved": "no", "status": "planned"}, 0.0, 0.5),
        ({"load_state": "no"}, 0.0, 0.0),
        ({"load_state": "unknown"}, 0.5, 0.5 * fact("pathway.p_load")),
    ],
)
def test_what_each_course_builds(facts, before, action):
    """As before: what is reserved. With action: what still can be."""
    facts = {"pv_reserved": "yes"} | facts
    if facts["pv_reserved"] == "unknown":
        facts["status"] = "approved"
    table = listed(coming(a=facts), {"a": 2000.0})
    rates = forecast(table, BASE, SURE, today=TODAY)["rate"]
    found = [rates[2027, "in_year", course] for course in ("as_before", "with_action")]
    assert found == pytest.approx([before, action], abs=1e-6)


def test_the_interval_as_before_by_hand():
    """One reserved roof of 800 m², built one time in two for certain: variance p(1-p)·800²."""
    half = Habit(10**9, 5 * 10**8, 1.0)
    table = forecast(listed(coming(a={}), {"a": 2000.0}), BASE, half, today=TODAY)
    row = table.loc[(2027, "in_year", "as_before")]
    assert row["rate"] == pytest.approx(0.25)
    # 400 ± 1.28·400 m² of 1600: no less than nothing, no more than all of it
    assert row[["rate_low", "rate_high"]].to_list() == pytest.approx([0.0, 0.5])
    many = {f"b{i:02d}": 2000.0 for i in range(100)}
    table = forecast(listed(coming(**{key: {} for key in many}), many), BASE, half, today=TODAY)
    row = table.loc[(2027, "in_year", "as_before")]
    spread = 1.2815515655 * 0.5 * 10 * 800 / (100 * 1600)
    assert row["rate_high"] - row["rate"] == pytest.approx(spread, rel=1e-4)


def test_what_is_under_way_comes_to_the_cumulative_rate_alone():
    """Filed PV on houses that stand belongs to no cohort of a coming year."""
    table = forecast(listed(coming(a={}), {"a": 2000.0}), BASE, SURE, today=TODAY, under_way=50.0)
    assert table.loc[(2026, "cumulative", "with_action"), "rate"] == pytest.approx(0.15)
    assert table.loc[(2027, "in_year", "with_action"), "rate"] == pytest.approx(0.5)


def test_buildings_are_counted_where_the_definition_counts_them():
    """One of one completed building with PV: 3 of 5."""
    base = {"cumulative": (2.0, 4.0), "in_year": (0.0, 0.0)}
    words = {"numerator": "buildings", "denominator": "buildings"}
    table = forecast(listed(coming(a={}), {"a": 2000.0}), base, SURE, today=TODAY, **words)
    assert table.loc[(2027, "cumulative", "with_action"), "rate"] == pytest.approx(3 / 5)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from(["yes", "no", "unknown"]), st.sampled_from(["yes", "no", "unknown"]),
                  st.sampled_from(["planned", "approved", "building"]), st.integers(200, 6000)),
        min_size=1, max_size=6,
    ),
    st.integers(0, 20),
)  # fmt: skip
def test_intervals_hold_their_rate_and_parts_add_up(houses, built):
    """Low ≤ rate ≤ high, everywhere; a year's parts sum to what the cumulative rate gains."""
    ids = {
        f"b{i}": {"pv_reserved": r, "load_state": w, "status": s}
        for i, (r, w, s, _) in enumerate(houses)
    }
    areas = {f"b{i}": float(area) for i, (*_, area) in enumerate(houses)}
    base = {"cumulative": (100.0, 1000.0), "in_year": (0.0, 0.0)}
    table = forecast(listed(coming(**ids), areas), base, Habit(20, built, 0.9), today=TODAY)
    known = table["rate"].notna()
    assert (table["rate_low"] <= table["rate"] + 1e-12)[known].all()
    assert (table["rate"] <= table["rate_high"] + 1e-12)[known].all()
    for course in ("as_before", "with_action"):
        added = table.xs((2027, "in_year", course))[["numerator", "denominator"]]
        total = table.xs((2027, "cumulative", course))[["numerator", "denominator"]]
        assert (total - [100.0, 1000.0]).to_list() == pytest.approx(added.to_list())
