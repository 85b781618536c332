"""From a study's tables to a question, on a district small enough to add up by hand."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from hexi_solar import schema
from hexi_solar.config import Pathway
from hexi_solar.pathway import (
    chance_of,
    commitments,
    coverage_table,
    find_pathway,
    limits_of,
    new_members,
    study_case,
)
from hexi_solar.pathway.options import READINGS, quantities_of

# id, public, completed, expected, status, load, owner
ROWS = [
    ("hall", "yes", "2023-05-01", None, "completed", "yes", "government"),
    ("school", "yes", "2024-09-01", None, "completed", "unknown", "school"),
    ("coming", "yes", None, "2028-03-01", "building", "yes", "hospital"),
    ("old", "yes", "2001-01-01", None, "completed", "yes", "school"),
    ("mall", "no", "2024-01-01", None, "completed", "yes", "mall"),
    ("done", "yes", "2022-01-01", None, "completed", "yes", "culture"),
]
NAMES = ["building_id", "public_institution", "completed_on", "expected_on", "status", "load_state",
         "owner_type"]  # fmt: skip
BUILDINGS = pd.DataFrame(ROWS, columns=NAMES).set_index("building_id").assign(
    completed_on=lambda t: pd.to_datetime(t["completed_on"]),
    expected_on=lambda t: pd.to_datetime(t["expected_on"]),
    floor_area_m2=5000.0, footprint_area_m2=2000.0,
)  # fmt: skip
IDS = BUILDINGS.index
# every roof is flat, 2000 m², of which 1000 m² are installable
ROOFS = pd.DataFrame(
    {"building_id": IDS, "area_m2": 2000.0, "horizontal_area_m2": 2000.0,
     "installable_area_m2": 1000.0, "usable_area_m2": 900.0, "source": "footprint"},
    index=pd.Index([f"{i}-1" for i in IDS], name="roof_id"),
)  # fmt: skip
LAYOUTS = pd.DataFrame({"building_id": IDS, "capacity_kwp": 120.0}, index=ROOFS.index)
PV = pd.DataFrame(
    {"capacity_kwp": 100.0, **{f"{r}_m2": 500.0 for r in READINGS}}, index=["done"]
)  # fmt: skip
CANDIDATES = BUILDINGS[["owner_type"]].assign(
    eligible=["yes", "unknown", "yes", "yes", "yes", "no"], capacity_kwp=120.0, load_evidence="none",
    energy_ac_kwh=150_000.0, co2_t=105.0,
)  # fmt: skip


def ways() -> pd.DataFrame:
    """List two ways for each roof: 600 m² of modules with 120 kWp, or 400 m² with 80 kWp."""
    rows = []
    for building in IDS:
        for variant, area in (("dense", 600.0), ("steep", 400.0)):
            rates = {f"total_roof_{r}_rate": area / 2000.0 for r in READINGS}
            rates |= {f"installable_{r}_rate": area / 1000.0 for r in READINGS}
            power = area * 0.2
            rows.append({"building_id": building, "variant": variant, "modules": int(area),
                         "capacity_kwp": power, "energy_ac_kwh": power * 1250.0, **rates})  # fmt: skip
    return pd.DataFrame(rows).set_index(["building_id", "variant"])


def combination(name: str, above: str, below: str, label: str = "-", kind: str = "progress"):
    """Write a definition as `coverage.combinations` does."""
    reading = "module_area" if label == "-" else label
    return SimpleNamespace(
        name=name, numerator=above, denominator=below, reading=reading, label=label, kind=kind
    )


INSTALLABLE = combination("installable", "pv_area", "installable_area", "module_area")
COMBINATIONS = [
    INSTALLABLE,
    combination("total_roof", "pv_area", "roof_area", "array_area"),
    combination("buildings", "buildings_with_pv", "buildings"),
    combination("capacity", "installed_kwp", "achievable_kwp"),
    combination("installable_of_total", "installable_area", "roof_area", kind="potential"),
]
MEMBERS = new_members(BUILDINGS, dt.date(2021, 1, 1), 2028)


def case(**changes):
    """Ask the question of the small district."""
    asked = {"scope": "all", "target": 0.5, "by": 2028, "first": 2027, "threshold_m2": 1000.0,
             "settings": Pathway(years=2, gap=0.0, check_years=1)}  # fmt: skip
    return study_case(
        BUILDINGS, ROOFS, LAYOUTS, ways(), CANDIDATES, PV, MEMBERS, COMBINATIONS, INSTALLABLE,
        **(asked | changes),
    )  # fmt: skip


def test_members_are_new_public_institutions_and_those_to_come():
    """The old school and the mall are not new public institutions; what is being built counts from its year."""
    assert MEMBERS.to_dict() == {"hall": 2023, "school": 2024, "coming": 2028, "done": 2022}


def test_what_adds_to_what():
    """600 m² on 1000 m² installable of 2000 m² of roof; a potential has no contribution."""
    adds = case().adds.loc[("hall", "dense")]
    assert adds["installable/module_area/all"] == 600.0
    assert adds["total_roof/array_area/all"] == 600.0
    assert adds["buildings/-/all"] == 1.0
    assert adds["capacity/-/all"] == 120.0
    assert not any("potential" in name or "of_total" in name for name in adds.index)
    # a roof whose load is not shown is not of the scope yet
    assert case().adds.loc[("school", "dense"), "installable/module_area/eligible"] == 0.0
    schema.check(case().options, schema.PATHWAY_OPTIONS, "options")


def test_the_cohort_grows_with_completions():
    """Three members stand in 2027 with 3000 m² installable and 500 m² of PV; the fourth comes in 2028."""
    cohort = case().cohort.xs("installable/module_area/all", level="measure")
    assert cohort["denominator"].to_list() == [3000.0, 4000.0]
    assert cohort["standing"].to_list() == [500.0, 500.0]
    small = case().cohort.xs("installable/module_area/eligible", level="measure")
    assert small["denominator"].to_list() == [2000.0, 3000.0]


def test_dates_checks_and_schools():
    """Unproven load waits a year and pays for its check; what completes in 2028 cannot be built before."""
    options = case().options.xs("dense", level="variant")
    assert options["earliest_year"].to_dict() == {"coming": 2028, "hall": 2027, "school": 2028}
    assert options.loc["school", "check_cost_cny"] == Pathway().check_cost_cny
    assert options.loc["hall", "check_cost_cny"] == 0.0
    assert options["school"].to_dict() == {"coming": False, "hall": False, "school": True}
    assert options.loc["school", "p_load"] == Pathway().p_load


def test_a_small_district_by_hand():
    """Half of 4000 m² less 500 m² that stand are 1500 m²: two dense roofs and one of 400 m², all in the last year."""
    path = find_pathway(case(), Pathway(gap=0.0))
    assert path.status == "reached"
    assert path.schedule["capacity_kwp"].sum() == 320.0
    assert path.rate == pytest.approx((500.0 + 1600.0) / 4000.0)
    assert set(path.schedule["year"]) == {2028}
    rates = coverage_table(path)["rate"]
    assert rates[(2027, "buildings", "-", "all")] == pytest.approx(1 / 3)
    assert rates[(2028, "buildings", "-", "all")] == 1.0
    assert rates[(2028, "total_roof", "array_area", "all")] == pytest.approx(2100.0 / 8000.0)


def test_a_refused_roof_leaves_the_installable_area():
    """If the school's check fails, 600 of 2100 m² are gone, and 1000 of 4000 m²: 1500/3000 is the target still."""
    sure = case(settings=Pathway(years=2, gap=0.0, p_load=0.0, p_approval=1.0))
    sure = sure.with_(options=sure.options.assign(sigma=0.0))
    path = find_pathway(sure, Pathway(gap=0.0))
    added = path.schedule.loc["school", "added"]
    chance = chance_of(path, Pathway(draws=10))
    assert chance.rate_p50 == pytest.approx((2100.0 - added) / 3000.0)


def test_costs_given_by_building_follow_the_capacity():
    """A building that costs 600,000 for 120 kWp costs 400,000 for 80 kWp; without a figure the default holds."""
    cost = pd.Series({"hall": 600_000.0})
    options = case(cost_cny=cost).options
    assert options.loc[("hall", "dense"), "cost_cny"] == 600_000.0
    assert options.loc[("hall", "steep"), "cost_cny"] == pytest.approx(400_000.0)
    default = case().options.loc[("coming", "dense"), "cost_cny"]
    assert options.loc[("coming", "dense"), "cost_cny"] == default


def test_projects_that_are_filed_are_commitments():
    """A filed project is built in its year whatever it costs; a survey binds nobody."""
    projects = pd.DataFrame({"building_id": ["hall", "school"], "stage": ["filed", "survey"]})
    bound = commitments(projects, 2027)
    assert bound.to_dict() == {"hall": 2027.0}
    path = find_pathway(case(committed=bound), Pathway(gap=0.0))
    assert path.schedule.loc["hall", "year"] == 2027
    assert path.schedule.loc["hall", "committed"]


def test_limits_of_the_settings():
    """One budget for every year but the one that has its own; no limit is unknown, not zero."""
    limits = limits_of(Pathway(years=3, budget_cny=5e6, budgets={"2028": 1e6}), 2027, 2028)
    assert limits["budget_cny"].to_list() == [5e6, 1e6, 5e6]
    assert limits["installer_kwp"].isna().all()
    assert limits_of(Pathway(years=1), 2027, 2030).index.to_list() == [2027, 2028, 2029, 2030]


def test_quantities_on_a_slope_are_in_its_plane():
    """On a roof of 60° both areas double, but under the horizontal projection."""
    steep = ROOFS.assign(area_m2=4000.0)
    found = quantities_of(BUILDINGS, steep, LAYOUTS, PV)
    assert found["module_area"].loc["hall", "installable_area"] == 2000.0
    assert found["module_horizontal_area"].loc["hall", "installable_area"] == 1000.0
    assert np.isclose(found["array_area"].loc["done", "pv_area"], 500.0)
