"""Retrofit: savings multiply, claims share a roof, places are given for reasons."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.optimize as opt
from hypothesis import given
from hypothesis import strategies as st

from hexi_solar.demand import annual_demand
from hexi_solar.facts import fact, read_facts
from hexi_solar.retrofit import (
    applicable,
    choose_diagnoses,
    choose_within_budget,
    hot_water_demand,
    measure_packages,
    readiness,
    retrofit_measures,
    roof_claims,
    size_storage,
)
from hexi_solar.retrofit.measures import annuity, measure_names, savings
from hexi_solar.retrofit.packages import remaining
from hexi_solar.retrofit.roof import collector_area
from hexi_solar.retrofit.storage import stored_self_use
from hexi_solar.schema import (
    DIAGNOSIS_CHOICE,
    MEASURES,
    READINESS,
    RETROFIT_PACKAGES,
    ROOF_CLAIMS,
    check,
)

METERS = pd.DataFrame(
    {"electricity_kwh": [1e6, 3e5], "heat_gj": [3500.0, 2000.0]},
    index=pd.MultiIndex.from_tuples(
        [("hall", "2025"), ("school", "2025")], names=["building_id", "period"]
    ),
)
TOWN = pd.DataFrame(
    {
        "owner_type": ["government", "school", "hospital"],
        "floor_area_m2": [10000.0, 8000.0, 20000.0],
        "floors": [8.0, 4.0, float("nan")],
        "completed_on": pd.to_datetime(["1995-01-01", "2015-01-01", None]),
        "subdistrict": ["east", "east", "west"],
    },
    index=pd.Index(["hall", "school", "ward"], name="building_id"),
)
PRICE = pd.Series(0.6, TOWN.index)
DEMAND = annual_demand(TOWN, METERS, emission_factor=0.7)
COMMON = {"price_cny_kwh": PRICE, "emission_factor": 0.7}


def measures() -> pd.DataFrame:
    """Measures of the town."""
    return retrofit_measures(TOWN, DEMAND, **COMMON)


def test_where_measures_apply():
    """New windows for the house of 1995, not of 2015; unknown year, unknown."""
    said = applicable(TOWN)
    assert said["windows"].to_list() == ["yes", "no", "unknown"]
    assert said["lifts"].to_list() == ["yes", "no", "unknown"]
    assert set(said["led"]) == {"yes"}


def test_a_measure_by_hand():
    """LED in the hall: 1 GWh, 28 % of it light, half of that saved; 35 CNY/m² of 10,000 m²."""
    table = measures()
    check(table, MEASURES, "measures")
    row = table.loc[("hall", "led")]
    assert row["electricity_kwh"] == pytest.approx(1e6 * 0.28 * 0.5)
    assert row["value_cny_a"] == pytest.approx(84000.0)
    assert row["cost_cny"] == pytest.approx(350000.0)
    assert row["simple_payback_a"] == pytest.approx(350000 / 84000)
    assert row["co2_t"] == pytest.approx(98.0)
    yearly = 350000.0 / annuity(10)
    assert row["npv_cny"] == pytest.approx((84000.0 - yearly) * annuity(fact("retrofit.years")))


def test_three_measures_of_one_use_multiply():
    """LED (half), lighting control (a quarter) and automation (a tenth) leave 0.5 x 0.75 x 0.9 of the light."""
    names = measure_names()
    chosen = np.array([[n in ("led", "lighting_control", "bas") for n in names]])
    left, heat = remaining(chosen)
    assert left[0, 0] == pytest.approx(0.5 * 0.75 * 0.9)
    assert left[0, 1] == pytest.approx(0.9)
    assert heat[0] == pytest.approx(0.9)


def test_shares_of_end_uses_add_up():
    """All electricity is used for something."""
    for kind, entry in read_facts("retrofit")["end_use"].items():
        assert sum(entry["value"]) == pytest.approx(1.0), kind


def test_weights_add_up():
    """Scores are parts of one."""
    facts = read_facts("retrofit")
    for name in ("readiness", "weight"):
        assert sum(v["value"] for v in facts[name].values()) == pytest.approx(1.0)


def test_packages_by_trying_every_choice():
    """The cheapest package that saves the bar is the cheapest of all 512, worked out one by one."""
    table = measures()
    packages = measure_packages(TOWN, DEMAND, table, **COMMON)
    check(packages, RETROFIT_PACKAGES, "packages")
    names = measure_names()
    of_use, of_heat = savings()
    shares = np.array(fact("retrofit.end_use.government"))
    applies = table.loc["hall"]["applies"] == "yes"
    best, coal = np.inf, DEMAND.loc["hall", "energy_kgce"]
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(range(len(names)), size):
            if not all(applies.iloc[m] for m in chosen):
                continue
            light = shares.copy()
            heat = 1.0
            for m in chosen:
                light = light * (1.0 - of_use[m])
                heat = heat * (1.0 - of_heat[m])
            saved = 1e6 * (1.0 - light.sum()) * 0.1229 + 3500.0 * (1.0 - heat) * 34.12
            cost = sum(table.loc[("hall", names[m]), "cost_cny"] for m in chosen)
            if saved / coal >= 0.2 and cost < best:
                best = cost
    assert packages.loc[("hall", "bar"), "cost_cny"] == pytest.approx(best)
    assert packages.loc[("hall", "bar"), "reaches_bar"] == "yes"


def test_no_package_saves_more_than_is_used():
    """What all measures together save stays below the use, and below the sum of each alone."""
    packages = measure_packages(TOWN, DEMAND, measures(), **COMMON)
    every = packages.xs("all", level="package")
    alone = measures().query("applies == 'yes'").groupby(level=0)["electricity_kwh"].sum()
    assert (every["electricity_kwh"] < DEMAND["electricity_kwh"]).all()
    assert (every["electricity_kwh"] < alone).all()
    assert every["saving_rate"].between(0.0, 1.0, inclusive="neither").all()


def test_packages_by_payback_pay_back():
    """The package keeps to the limit and is worth at least as much as none."""
    packages = measure_packages(TOWN, DEMAND, measures(), **COMMON).xs("payback", level="package")
    some = packages[packages["cost_cny"] > 0]
    assert len(some) > 0
    assert (some["simple_payback_a"] <= fact("retrofit.payback_years") + 1e-9).all()
    assert (packages["npv_cny"] >= 0).all()


@given(budget=st.floats(0.0, 5e6))
def test_a_budget_is_kept_and_more_of_it_never_saves_less(budget):
    """One package per building at most, within the budget; twice the budget saves no less."""
    packages = measure_packages(TOWN, DEMAND, measures(), **COMMON)

    def saved(money: float) -> float:
        keys = choose_within_budget(packages, money)
        rows = packages.loc[keys]
        assert rows["cost_cny"].sum() <= money + 1e-6
        assert len({k[0] for k in keys}) == len(keys)
        return float((rows["electricity_kwh"] * 0.1229 + rows["heat_gj"] * 34.12).sum())

    assert saved(2 * budget) >= saved(budget) - 1e-6


def test_collector_area_by_hand():
    """10 m³ a day from 10 to 60 °C, half by the sun: 1,047 MJ over 16.7 MJ/m² x 0.45 x 0.8."""
    area = collector_area(pd.Series([10000.0])).item()
    assert area == pytest.approx(10000 * 4.187e-3 * 50 * 0.5 / (16.7 * 0.45 * 0.8))


def test_hot_water_needs_a_number():
    """Beds make hot water; without a number it is unknown, not zero."""
    found = hot_water_demand(TOWN, pd.DataFrame({"beds": [300.0]}, index=["ward"]))
    assert found.loc["ward", "hot_water_l_d"] == 300 * fact("retrofit.hot_water_l.ward")
    assert found.loc["ward", "hot_water_unit"] == "ward"
    assert found.loc[["hall", "school"], "hot_water_l_d"].isna().all()


@given(
    usable=st.floats(0.0, 5000.0),
    water=st.floats(0.0, 1e5),
    pv=st.floats(-500.0, 2000.0),
    plant=st.floats(0.0, 1000.0),
    price=st.floats(10.0, 400.0),
)
def test_claims_on_a_roof_never_exceed_it_and_are_the_optimum(usable, water, pv, plant, price):
    """Parts add up to at most the roof, and are worth as much as the linear program's."""
    one = ["hall"]
    claims = roof_claims(
        pd.Series([usable], one),
        pd.DataFrame({"hot_water_l_d": [water], "hot_water_unit": ["ward"]}, index=one),
        pv_value_cny_m2=pd.Series([pv], one),
        heat_value_cny_gj=price,
        plant_area_m2=pd.Series([plant], one),
    )
    check(claims, ROOF_CLAIMS, "claims")
    row = claims.iloc[0]
    taken = row["plant_area_m2"] + row["hot_water_area_m2"] + row["pv_area_m2"]
    assert taken <= usable + 1e-9
    worth = [row["hot_water_value_cny_m2"], pv]
    got = row["hot_water_area_m2"] * worth[0] + row["pv_area_m2"] * worth[1]
    most = collector_area(pd.Series([water])).item() * fact("retrofit.solar_hot_water.roof_ratio")
    free = max(usable - plant, 0.0)
    best = opt.linprog(
        [-w for w in worth], A_ub=[[1.0, 1.0]], b_ub=[free], bounds=[(0, most), (0, None)]
    )
    assert got == pytest.approx(-best.fun, rel=1e-6, abs=1e-6)


def test_readiness_leaves_out_what_is_not_known():
    """A part that nobody has looked at changes neither score nor its known weight."""
    energy = pd.Series([2e5, 2e5, 1e9], TOWN.index)
    table = readiness(TOWN, pv_energy_kwh=energy, electricity_kwh=DEMAND["electricity_kwh"])
    check(table, READINESS, "readiness")
    weights = {k: v["value"] for k, v in read_facts("retrofit")["readiness"].items()}
    known = weights["pv_share"] + weights["dc_load"]
    assert table["known_share"].to_list() == pytest.approx([known] * 3)
    assert table.loc["ward", "pv_share"] == 1.0  # never above the use
    score = (weights["pv_share"] * 0.2 + weights["dc_load"] * 0.55) / known
    assert table.loc["hall", "readiness"] == pytest.approx(score)


def test_storage_brings_back_no_more_than_the_surplus():
    """Energy out is at most energy in times the efficiency, and grows with the size."""
    rng = np.random.default_rng(5)
    pv, load = rng.uniform(0, 10, 500), rng.uniform(0, 10, 500)
    sizes = np.array([0.0, 1.0, 5.0, 1e6])
    back = stored_self_use(pv, load, sizes, efficiency=0.9, hours=2.0)
    assert back[0] == 0.0
    assert (np.diff(back) >= 0).all()
    assert back[-1] <= 0.9 * np.maximum(pv - load, 0.0).sum() + 1e-9


def test_storage_without_a_gap_in_price_is_worth_nothing():
    """Where feeding in pays as much as using, storage only loses."""
    hours = np.tile([10.0, 0.0], 100)
    table = size_storage(
        hours, hours[::-1].copy(), capacity_kwp=10.0, price_cny_kwh=0.5, surplus_price_cny_kwh=0.5
    )
    assert table["npv_cny"].idxmax() == 0.0
    assert (table["value_cny_a"] <= 0).all()


def test_places_go_to_savings_and_spread():
    """The largest saving is first; of two equal ones the type without a place goes before."""
    town = pd.DataFrame(
        {"owner_type": ["mall", "mall", "school"], "subdistrict": ["a", "a", "b"]},
        index=pd.Index(["m1", "m2", "s1"], name="building_id"),
    )
    expected = pd.Series([100.0, 80.0, 80.0], town.index)
    table = choose_diagnoses(town, expected, expected * 0.5, places=3)
    check(table, DIAGNOSIS_CHOICE, "diagnoses")
    assert table.index.to_list() == ["m1", "s1", "m2"]
    parts = table[["saving_points", "learned_points", "fairness_points"]].sum(axis=1)
    assert table["points"].to_list() == pytest.approx(parts.to_list())


def test_who_has_had_a_diagnosis_is_not_chosen_again():
    """Done ones count for their type."""
    town = pd.DataFrame(
        {"owner_type": ["mall", "mall", "school"], "subdistrict": ["a", "a", "b"]},
        index=pd.Index(["m1", "m2", "s1"], name="building_id"),
    )
    same = pd.Series(10.0, town.index)
    table = choose_diagnoses(town, same, same, places=1, done=pd.Index(["m1"]))
    assert table.index.to_list() == ["s1"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.floats(0, 1e6)),
        min_size=1,
        max_size=12,
    )
)
def test_points_never_rise_from_place_to_place(rows):
    """Each place is worth at most the one before: returns fall."""
    town = pd.DataFrame(
        {"owner_type": [r[0] for r in rows], "subdistrict": [r[1] for r in rows]},
        index=pd.Index([f"b{n}" for n in range(len(rows))], name="building_id"),
    )
    expected = pd.Series([r[2] for r in rows], town.index)
    table = choose_diagnoses(town, expected, expected, places=5)
    assert (table["points"].diff().dropna() <= 1e-12).all()
    assert len(table) == min(5, len(rows))
