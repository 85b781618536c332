"""Which missing facts matter most, and whom to ask."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.approvals import approval_list
from hexi_solar.facts import fact
from hexi_solar.labels import catalogue
from hexi_solar.requests import (
    FINDERS,
    WHO,
    Unknowns,
    by_department,
    data_requests,
    department_of,
    question,
    request_counts,
)
from hexi_solar.schema.supervision import MISSING_FACTS

TODAY = dt.date(2026, 6, 30)


def buildings(**ids: dict) -> pd.DataFrame:
    """Completed public institutions of which everything is known, less what is said otherwise."""
    usual = {
        "name": "学校", "owner_type": "school", "public_institution": "yes", "department": "教育局",
        "subdistrict": None, "status": "completed", "approved_on": pd.NaT, "expected_on": pd.NaT,
        "completed_on": pd.Timestamp("2023-01-01"), "pv_reserved": "yes", "load_state": "yes", "floor_area_m2": 1.0,
    }  # fmt: skip
    index = pd.Index(list(ids), name="building_id", dtype=object)
    return pd.DataFrame([usual | said for said in ids.values()], index=index)


def parts(**rows: tuple[float, float, bool]) -> pd.DataFrame:
    index = pd.Index(list(rows), name="building_id", dtype=object)
    return pd.DataFrame(
        list(rows.values()), index=index, columns=["numerator", "denominator", "counted"]
    )


def projects(**rows: dict) -> pd.DataFrame:
    usual = dict.fromkeys(schema.PROJECTS.names) | {
        "stage": "operating",
        "capacity_kwp": 100.0,
        "module_area_m2": 500.0,
    }
    index = pd.Index(list(rows), name="entity", dtype=object)
    return pd.DataFrame(
        [usual | said for said in rows.values()], index=index, columns=schema.PROJECTS.names
    )


def coming(table: pd.DataFrame, area: float = 2000.0) -> pd.DataFrame:
    ids = list(table.index)
    planes = pd.DataFrame(
        {
            "building_id": ids,
            "area_m2": area,
            "horizontal_area_m2": area,
            "installable_area_m2": area,
        }
    )
    placed = pd.DataFrame({"building_id": ids, "module_area_m2": area / 2, "module_horizontal_area_m2": area / 2,
                           "array_area_m2": area, "capacity_kwp": area / 10})  # fmt: skip
    facts = pd.DataFrame(index=pd.Index([], name="building_id", dtype=object))
    return approval_list(table, facts, planes, placed, projects(), today=TODAY, threshold_m2=1000.0)


def asked(
    table: pd.DataFrame,
    own: pd.DataFrame,
    *,
    pv=None,
    kwp=None,
    worth=None,
    ahead=None,
    months=None,
    **more,
):
    nothing = pd.Series(dtype=float)
    known = Unknowns(
        buildings=table,
        parts=own,
        projects=projects() if pv is None else pv,
        capacity_kwp=pd.Series(kwp or {}, dtype=float),
        worth_kwh=pd.DataFrame() if worth is None else worth,
        approvals=coming(buildings()) if ahead is None else ahead,
        missing_months=nothing if months is None else pd.Series(months),
    )
    found = data_requests(known, **more)
    schema.check(found, schema.REQUESTS, "requests")
    return found


def test_where_everything_is_known_nothing_is_asked():
    """No request without a gap."""
    found = asked(buildings(a={}), parts(a=(100.0, 400.0, True)))
    assert found.empty and by_department(found) == {} and request_counts(found).empty


def test_a_building_that_may_be_new():
    """Rate 100/400; with 0 of 400 m² more it is 100/800: down by 0.125, and never up."""
    own = parts(a=(100.0, 400.0, True), b=(0.0, 400.0, False))
    found = asked(buildings(a={}, b={"completed_on": pd.NaT}), own)
    assert found.index.to_list() == ["completed_on/b"]
    assert found.iloc[0][["rate_low", "rate_high"]].to_list() == [pytest.approx(-0.125), 0.0]


def test_who_may_be_an_institution():
    """The same of a building whose owner is not known; a covered one would raise the rate."""
    own = parts(a=(100.0, 400.0, True), b=(300.0, 400.0, False))
    found = asked(
        buildings(
            a={}, b={"public_institution": "unknown", "owner_type": "unknown", "department": None}
        ),
        own,
    )
    assert found["rate_high"].to_list() == [pytest.approx(0.5 - 0.25)]
    assert found["department"].to_list() == [""]


def test_a_roof_whose_load_is_not_known():
    """Refused, its 400 of 800 m² leave: 100/800 becomes 100/400; of total roofs nothing leaves."""
    own = parts(a=(100.0, 400.0, True), b=(0.0, 400.0, True))
    table = buildings(a={}, b={"load_state": "unknown"})
    found = asked(table, own, kwp={"b": 80.0})
    assert found.iloc[0][["missing_fact", "rate_high", "at_stake_kwp"]].to_list() == [
        "load", pytest.approx(0.125), 80.0,
    ]  # fmt: skip
    assert asked(table, own, kwp={"b": 80.0}, load_counts=False)["rate_high"].to_list() == [0.0]


def test_a_roof_that_bears_pv_is_not_asked_about():
    """What stands shows that it bears."""
    table = buildings(a={"load_state": "unknown"})
    assert asked(table, parts(a=(100.0, 400.0, True)), pv=projects(P1={"building_id": "a"})).empty


def test_a_module_area_that_was_not_filed():
    """100 m² taken from the capacity may be (high - low)/(high + low) more or less."""
    pv = projects(P1={"building_id": "a", "module_area_m2": None})
    found = asked(buildings(a={}), parts(a=(100.0, 400.0, True)), pv=pv)
    low, high = fact("coverage.open.kw_per_m2")
    half = 0.25 * (high - low) / (high + low)
    assert found.index.to_list() == ["module_area/P1"]
    assert found.iloc[0][["rate_low", "rate_high"]].to_list() == pytest.approx([-half, half])
    assert found["who"].to_list() == ["operator"]


def test_months_without_a_reading():
    """Half a year of 100 kWp weighs as 50 kWp; a whole year and more as all of it."""
    pv = projects(P1={"building_id": "a"}, P2={"building_id": "a"}, P3={"building_id": "a"})
    found = asked(
        buildings(a={}), parts(a=(1.0, 4.0, True)), pv=pv, months={"P1": 6, "P2": 30, "P3": 0}
    )
    assert found["at_stake_kwp"].to_list() == [100.0, 50.0]
    assert found["entity"].to_list() == ["P2", "P1"]


def test_the_rate_goes_before_the_forecast_and_that_before_energy():
    """Width of the rate, then forecast, then P90, then capacity."""
    table = buildings(
        a={},
        b={"completed_on": pd.NaT},
        c={"status": "approved", "completed_on": pd.NaT, "load_state": "unknown"},
    )
    own = parts(a=(100.0, 400.0, True), b=(0.0, 4.0, False))
    worth = pd.DataFrame({"area": {"a": 9e6}, "tilt": {"a": 0.0}, "height": {"a": 5.0}})
    pv = projects(P1={"building_id": "a"})
    found = asked(table, own, pv=pv, worth=worth, ahead=coming(table.loc[["c"]]), months={"P1": 1})
    assert found.index.to_list()[0] == "completed_on/b"
    assert set(found.index[1:4]) == {"load_in_design/c", "expected_on/c", "builder_found/c"}
    assert found.index.to_list()[4:] == ["area/a", "height/a", "readings/P1"]
    # 1000 m² of modules on a denominator of 400 + 2000
    assert found.loc["load_in_design/c", "forecast_delta"] == pytest.approx(1000 / 2400)


def test_departments_are_given_or_follow_from_the_owner():
    """What the layer says, else who answers for such owners, else nobody."""
    assert department_of({"department": "某局", "owner_type": "school"}) == "某局"
    assert department_of({"department": None, "owner_type": "hospital"}) == fact(
        "owners.owner.hospital.department"
    )
    assert department_of({"department": np.nan, "owner_type": np.nan}) == ""


def test_nothing_is_lost_between_departments():
    """The tables of the departments are the list, cut; their sums are its sums."""
    table = buildings(a={}, b={"completed_on": pd.NaT}, c={"completed_on": pd.NaT, "department": "体育局"},
                      d={"completed_on": pd.NaT, "department": None, "owner_type": "unknown"})  # fmt: skip
    own = parts(a=(100.0, 400.0, True), **dict.fromkeys("bcd", (0.0, 50.0, False)))
    found = asked(table, own)
    cut = by_department(found)
    assert list(cut) == ["体育局", "教育局", ""]
    assert sorted(pd.concat(cut.values()).index) == sorted(found.index)
    counts = request_counts(found)
    schema.check(counts, schema.REQUEST_COUNTS, "counts")
    assert counts["requests"].sum() == len(found)
    assert counts["rate_width"].sum() == pytest.approx(
        (found["rate_high"] - found["rate_low"]).sum()
    )
    assert all(len(t) == 1 for t in by_department(found, most=1).values())


@pytest.mark.parametrize("name", MISSING_FACTS)
def test_every_fact_has_someone_to_ask_and_a_question(name):
    """In both languages, with the building's name in it."""
    assert set(FINDERS) == set(WHO) == set(MISSING_FACTS)
    assert f"enum.missing_fact.{name}" in catalogue()
    row = pd.Series({"missing_fact": name, "name": "示范小学", "entity": "P1", "building_id": "a"})
    for language in ("zh", "en"):
        assert "示范小学" in question(row, language, start=dt.date(2021, 1, 1))


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.floats(500, 1000), st.booleans()), min_size=2, max_size=8
    )
)
def test_no_answer_moves_the_rate_beyond_its_interval(rows):
    """Counting one building in gives a rate between the list's low and high end."""
    own = parts(**{f"b{i}": row for i, row in enumerate(rows)} | {"a": (100.0, 400.0, True)})
    table = buildings(
        **{i: {"completed_on": pd.NaT} if not c else {} for i, c in own["counted"].items()}
    )
    found = asked(table, own).set_index("building_id")
    counted = own[own["counted"]]
    before = counted["numerator"].sum() / counted["denominator"].sum()
    for building, row in found.iterrows():
        more = own.loc[[*counted.index, building]]
        after = more["numerator"].sum() / more["denominator"].sum()
        assert row["rate_low"] - 1e-12 <= after - before <= row["rate_high"] + 1e-12
    assert (found["rate_low"] <= 0).all() and (found["rate_high"] >= 0).all()
