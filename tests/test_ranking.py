"""Candidates in order, and what stands in the way of each."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hexi_solar import schema
from hexi_solar.config import Ranking
from hexi_solar.facts import fact
from hexi_solar.ranking import rank_candidates

PV = pd.DataFrame({"capacity_kwp": [30.0]}, index=["with-pv"])


def table(**rows: dict) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Buildings and their sums, one keyword each."""
    usual = {
        "name": "示范", "owner_type": "school", "public_institution": "yes", "department": "教育局",
        "subdistrict": "尖山街道", "address": "", "status": "completed", "roof_kind": "flat",
        "owner_type_source": "derived", "status_source": "surveyed",
        "roof_kind_source": "surveyed", "height_source": "surveyed", "load_evidence": "drawings",
        "load_reserve_kn_m2": 1.0, "load_state": "yes", "longitude": 117.2, "latitude": 39.1,
    }  # fmt: skip
    given = [{**usual, **{k: v for k, v in r.items() if k in usual}} for r in rows.values()]
    ids = pd.Index(list(rows), name="building_id")
    buildings = gpd.GeoDataFrame(
        given,
        columns=[*usual],
        index=ids,
        geometry=[shapely.box(0, 0, 40, 30)] * len(rows),
        crs=4548,
    )
    kwp = pd.Series([r.get("kwp", 100.0) for r in rows.values()], ids)
    sums = pd.DataFrame({
        "roof_area_m2": 1200.0, "installable_area_m2": 800.0, "usable_area_m2": 700.0,
        "modules": (kwp / 0.575).round(), "capacity_kwp": kwp, "module_area_m2": kwp * 4.5,
        "array_area_m2": kwp * 6.6,
        "energy_ac_kwh": kwp * pd.Series([r.get("hours", 1300.0) for r in rows.values()], ids),
    }, index=ids)  # fmt: skip
    return buildings, sums


def rank(settings=None, **rows):
    buildings, sums = table(**rows)
    poa = sums["capacity_kwp"] * 1600.0
    return rank_candidates(
        buildings, sums, poa_global_kwh=poa, pv=PV, settings=settings or Ranking()
    )


def test_two_ranks_by_capacity():
    """The largest is first over all; each owner type counts anew."""
    found = rank(a={"kwp": 50}, b={"kwp": 90}, c={"kwp": 70, "owner_type": "hospital"})
    assert found.index.to_list() == ["b", "c", "a"]
    assert found["rank"].to_list() == [1, 2, 3]
    assert found["rank_in_owner_type"].to_list() == [1, 1, 2]


def test_ties_go_to_the_id_that_sorts_first():
    """Equal roofs keep one order, whatever order they come in."""
    assert rank(z={}, m={}, a={}).index.to_list() == ["a", "m", "z"]


@pytest.mark.parametrize(
    ("building", "facts", "eligible", "reasons"),
    [
        ("hall", {}, "yes", []),
        ("hall", {"load_state": "unknown"}, "unknown", ["load_unproven"]),
        ("hall", {"load_state": "no", "kwp": 0.0}, "no", ["load_refused"]),
        ("hall", {"kwp": 0.0}, "no", ["no_module_fits"]),
        ("with-pv", {"load_state": "unknown"}, "no", ["has_pv", "load_unproven"]),
        ("hall", {"status": "planned"}, "yes", ["not_built"]),
        ("hall", {"owner_type": "unknown"}, "yes", ["owner_unknown"]),
    ],
)
def test_eligible_and_why(building, facts, eligible, reasons):
    """Unknown is never taken as yes, and every reason is kept."""
    found = rank(**{building: facts}).iloc[0]
    assert (found["eligible"], found["reasons"]) == (eligible, reasons)


def test_those_that_cannot_come_last():
    """A large roof that already carries PV stands behind a small one that can still take it."""
    assert rank(**{"with-pv": {"kwp": 900}, "small": {"kwp": 10}}).index.to_list() == [
        "small",
        "with-pv",
    ]


def test_other_orders():
    """Energy and weighted criteria change the order; weights are of scaled values."""
    rows = {"dark": {"kwp": 100, "hours": 900}, "bright": {"kwp": 80, "hours": 1400}}
    assert rank(**rows).index[0] == "dark"
    assert rank(Ranking(by="energy"), **rows).index[0] == "bright"
    assert rank(Ranking(by="co2"), **rows).index[0] == "bright"
    weighted = rank(
        Ranking(by="weighted", weights={"specific_yield": 3.0, "capacity": 1.0}), **rows
    )
    assert weighted["score"].to_dict() == pytest.approx({"bright": 0.75, "dark": 0.25})


def test_ratios_follow_from_the_columns_beside_them():
    """Specific yield, performance ratio and CO2 can be worked out again by hand."""
    found = rank(a={"kwp": 50, "hours": 1280}).iloc[0]
    assert found["specific_yield_kwh_kwp"] == pytest.approx(1280)
    assert found["performance_ratio"] == pytest.approx(1280 / 1600)
    assert found["co2_t"] == pytest.approx(50 * 1280 * fact("carbon.tianjin") / 1000)


def test_no_capacity_no_ratio():
    """A roof without modules has no specific yield; it is not zero."""
    found = rank(a={"kwp": 0.0}).iloc[0]
    assert np.isnan(found["specific_yield_kwh_kwp"])
    assert np.isnan(found["performance_ratio"])


def test_the_table_is_as_declared():
    """Columns and words are those of the schema, also for no candidates at all."""
    found = rank(a={}, b={"load_state": "unknown"})
    # the plan adds these once the yields' uncertainty and the reviews are known
    found = found.assign(p90_energy_ac_kwh=1.0, review=[[], []], in_totals=True)
    found = found.assign(tilt_source="assumed", weather_source="file")
    found = found.assign(shading_loss_low=0.0, shading_loss_high=0.1)
    schema.check(found, schema.CANDIDATES, "candidates")
    assert rank().empty
