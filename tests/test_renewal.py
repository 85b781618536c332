"""The retrofit plan: meters as offices keep them, money joined once, nothing given away twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexi_solar.config import AttributeTable, Contract, Economics, Layers, Plan
from hexi_solar.contracts import split
from hexi_solar.demand import monthly_electricity
from hexi_solar.demo import write_demo
from hexi_solar.economics import prices_of_use
from hexi_solar.errors import ConfigError, GateError, LayerError, Notices
from hexi_solar.facts import fact
from hexi_solar.layers.meters import read_meters
from hexi_solar.ledger import Event
from hexi_solar.money import even_flows, net_present_value
from hexi_solar.office.store import open_register
from hexi_solar.plan import run
from hexi_solar.planfile import read_plan
from hexi_solar.renewal import in_scope, renewal_of_study, renewal_record, tasks_of, totals
from hexi_solar.reports.renewal import retrofit_report
from hexi_solar.reports.units import Speaks, next_steps, summary, unit_plan, unit_sections
from hexi_solar.retrofit import (
    equipment_roadmap,
    hot_water_flows,
    pass_gates,
    roof_claims,
    sides_add_up,
    solar_heating,
    spread,
    tracker_status,
)
from hexi_solar.retrofit.storage import stored_by_building, stored_self_use
from hexi_solar.schema import CASHFLOWS, TABLES, TASKS, check

HOUSES = pd.DataFrame(
    {"name": ["一中", "二院", "三馆"]}, index=pd.Index(["a", "b", "c"], name="building_id")
)


def meters(folder: Path, text: str, **more: str) -> pd.DataFrame:
    """Read a spreadsheet of meters."""
    (folder / "energy.csv").write_text(text, "utf-8")
    layers = Layers(meters=AttributeTable(path=folder / "energy.csv", **more))
    return read_meters(Plan(layers=layers), HOUSES, Notices())


# ------------------------------------------------------------------ meters


def test_long_and_wide_tables_say_the_same(tmp_path):
    """A row per month or a column per month, in kWh or ten thousands: one table comes out."""
    long = meters(
        tmp_path,
        "建筑编号,年月,用电量(万kWh)\n" + "".join(f"a,2025年{m}月,{m}\n" for m in range(1, 13)),
    )
    months = ",".join(f"{m}月" for m in range(1, 13))
    values = ",".join(str(m) for m in range(1, 13))
    wide = meters(tmp_path, f"建筑编号,年份,能源种类,{months}\na,2025,用电量(万kWh),{values}\n")
    pd.testing.assert_frame_equal(long, wide)
    assert long["electricity_kwh"].sum() == pytest.approx(78e4)
    year = monthly_electricity(long)
    assert year.loc["a", "electricity_12_kwh"] == pytest.approx(12e4)


def test_buildings_are_found_by_name(tmp_path):
    """Without ids a name that one building alone bears will do; another is left out and said."""
    table = meters(tmp_path, "单位名称,年度,用热量(GJ)\n二院,2024,100\n四所,2024,7\n")
    assert table.index.to_list() == [("b", "2024")]
    assert table.loc[("b", "2024"), "heat_gj"] == 100.0


def test_two_meters_add_up_only_where_told_apart(tmp_path):
    """Two rows of a month are two bills or one bill twice: a column for the meter decides."""
    rows = "a,2025-01,{},10\na,2025-01,{},10\n"
    told = meters(tmp_path, "建筑编号,年月,表号,用电量\n" + rows.format("m1", "m2"))
    assert told.loc[("a", "2025-01"), "electricity_kwh"] == 20.0
    with pytest.raises(LayerError, match="a 2025-01"):
        meters(tmp_path, "建筑编号,年月,用电量\na,2025-01,10\na,2025-01,10\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("建筑编号,年月,用电量\na,春天,10\n", "春天"),
        ("建筑编号,年月,用电量\na,2025-01,-10\n", "below zero"),
        ("建筑编号,1月,2月\na,1,2\n", "year"),
        ("建筑编号,年份,种类,1月,2月\na,2025,煤,1,2\n", "煤"),
        ("年月,用电量\n2025-01,1\n", "building_id"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path, text, said):
    """Periods, signs, years, carriers and owners are refused with what was found."""
    with pytest.raises(LayerError, match=said):
        meters(tmp_path, text)


# ------------------------------------------------------------------ by hand


def test_one_roof_shared_by_pv_and_hot_water():
    """Hot water worth more at the margin takes what it needs, PV the rest; worth less, nothing."""
    usable = pd.Series([1000.0], ["ward"])
    water = pd.DataFrame({"hot_water_l_d": [10000.0], "hot_water_unit": ["ward"]}, usable.index)
    given_ = {n: float(fact(f"retrofit.solar_hot_water.{n}")) for n in (
        "irradiation_mj_m2_d", "collector_efficiency", "pipe_loss", "fraction", "hot_c", "cold_c", "roof_ratio",
    )}  # fmt: skip
    heat = 10000.0 * 4.187e-3 * (given_["hot_c"] - given_["cold_c"]) * given_["fraction"]
    kept = given_["collector_efficiency"] * (1.0 - given_["pipe_loss"])
    collectors = heat / (given_["irradiation_mj_m2_d"] * kept)
    pv = pd.Series([300.0], usable.index)
    best = roof_claims(usable, water, pv_value_cny_m2=pv, heat_value_cny_gj=400.0)
    assert best.loc["ward", "hot_water_area_m2"] == pytest.approx(collectors * given_["roof_ratio"])
    assert best.loc["ward", "pv_area_m2"] == pytest.approx(
        1000.0 - collectors * given_["roof_ratio"]
    )
    cheap = roof_claims(usable, water, pv_value_cny_m2=pv, heat_value_cny_gj=20.0)
    assert cheap.loc["ward", ["hot_water_area_m2", "pv_area_m2"]].to_list() == [0.0, 1000.0]
    # the last square metres of PV are worth little: hot water stands though the mean is higher
    mid = roof_claims(
        usable,
        water,
        pv_value_cny_m2=pv * 1e6,
        pv_given_up_cny_m2=pv * 0.0,
        heat_value_cny_gj=400.0,
    )
    assert mid.loc["ward", "hot_water_area_m2"] > 0


def test_an_emc_with_both_sides_by_hand():
    """Measures for 100 that save 30 a year for 10 years, shared 80:20 over 5 years."""
    ids = pd.Index(["hall"])
    flows = even_flows(
        ids, capex_cny=np.array([100.0]), saving_cny_a=np.array([30.0]), life_years=99.0,
        bill_cny_a=np.array([90.0]), years=10,
    )  # fmt: skip
    sides = split(flows, Contract(kind="shared", years=5, price_ratio=0.8))
    owner = np.array([0.0, *[6.0] * 5, *[30.0] * 5])
    np.testing.assert_allclose(sides.net("owner")[0], owner)
    before_tax = sides.net("contractor")[0] + sides.net("state")[0]
    np.testing.assert_allclose(before_tax, [-100.0, *[24.0] * 5, *[0.0] * 5], atol=1e-9)
    parts = {p: sides.net(p) for p in ("owner", "contractor", "state")}
    assert sides_add_up(flows, parts) == []
    parts["owner"] = parts["owner"] + 1.0
    assert sides_add_up(flows, parts) == ["hall"]


def test_hot_water_as_money():
    """Ten GJ at 90 CNY save 900 a year; the bill for hot water is that over the solar fraction."""
    claims = pd.DataFrame({"hot_water_gj": [10.0], "hot_water_cost_cny": [5000.0]}, ["ward"])
    flows = hot_water_flows(claims, years=20)
    price = float(fact("retrofit.heat_price_cny_gj"))
    assert flows.savings[0, 1] == pytest.approx(10.0 * price)
    assert flows.bill[0, 1] == pytest.approx(
        10.0 * price / fact("retrofit.solar_hot_water.fraction")
    )
    assert flows.renewal.sum() == pytest.approx(5000.0)  # life of 15 of 20 years
    wide = spread(flows, pd.Index(["other", "ward"]))
    assert wide.capex.tolist() == [0.0, 5000.0]


def test_equipment_below_the_least_grade_goes_first():
    """Grade 5 is replaced next year, a sound old lift at once, a young one at the end of its life."""
    table = pd.DataFrame(
        {
            "building_id": "a", "name": ["冷机", "电梯", "电梯", "水泵"], "category": None,
            "efficiency_grade": [5.0, 2.0, 2.0, np.nan],
            "installed_on": ["2020-01-01", "2000-01-01", "2020-01-01", "2020-01-01"],
        },
        index=["m1", "m2", "m3", "m4"],
    )  # fmt: skip
    found = equipment_roadmap(table, dt.date(2026, 6, 30))
    check(found, TABLES["equipment_roadmap"], "equipment_roadmap")
    assert found["action"].to_dict() == {
        "m1": "replace",
        "m2": "replace",
        "m3": "plan",
        "m4": "check",
    }
    life = int(fact("retrofit.equipment_life_a.lift"))
    assert found.loc["m3", "replace_year"] == 2020 + life
    own = equipment_roadmap(table, dt.date(2026, 6, 30), {"entry_grade": {"chiller": 5}})
    assert own.loc["m1", "action"] == "plan"


def test_trackers_against_their_targets():
    """96 of 120 bodies is the 80 % asked for; 350 of 万m² is half of 7 million."""
    said = pd.DataFrame(
        {
            "value": [96.0, 350.0], "total": [120.0, 700.0], "unit": ["家", "万m²"],
            "kind_on": pd.Timestamp("2025-12-31"),
        },
        index=["saving_bodies", "metered_heating"],
    )  # fmt: skip
    found = tracker_status(said, 12, dt.date(2026, 6, 30))
    check(found, TABLES["tracker_status"], "tracker_status")
    assert found.loc["saving_bodies", ["share", "tracker_state"]].to_list() == [1.0, "reached"]
    assert found.loc["metered_heating", "share"] == pytest.approx(0.5)
    assert found.loc["diagnoses", "tracker_state"] == "behind"
    silent = tracker_status(said.iloc[:0], 0, dt.date(2026, 6, 30))
    assert silent.loc["saving_bodies", "tracker_state"] == "unknown"


def test_solar_heating_by_hand():
    """Collectors give irradiation x efficiency x days of the season; the rest follows."""
    demand = pd.DataFrame({"heat_gj": [1000.0], "heat_source": ["measured"]}, ["a"])
    found = solar_heating(demand, pd.Series([100.0], ["a"]))
    part = [
        float(fact(f"retrofit.solar_heating.{n}"))
        for n in ("irradiation_mj_m2_d", "efficiency", "days", "fraction")
    ]
    area = 1000.0 * part[3] / (part[0] * part[1] * part[2] / 1000.0)
    assert found.loc["a", "collector_area_m2"] == pytest.approx(area)
    assert found.loc["a", "fits"] == "no"


@given(st.integers(0, 10**6))
def test_storage_of_many_is_storage_of_each(seed):
    """Buildings worked out together are what each is alone."""
    draw = np.random.default_rng(seed)
    pv, load = draw.random((3, 40)), draw.random((3, 40))
    sizes = draw.random((3, 4)) * 2.0
    many = stored_by_building(pv, load, sizes, efficiency=0.9, hours=2.0)
    for row in range(3):
        one = stored_self_use(pv[row], load[row], sizes[row], efficiency=0.9, hours=2.0)
        np.testing.assert_allclose(many[row], one)


def test_a_price_is_that_of_the_hours():
    """Owners of one tariff pay by when they use: the mean lies between the lowest and the highest."""
    houses = pd.DataFrame({"owner_type": ["office", "hospital"]}, index=["a", "b"])
    prices = prices_of_use(houses, Economics())
    assert prices["price_cny_kwh"].between(0.2, 1.5).all()
    assert prices["day_share"].between(0.0, 1.0).all()
    assert prices.loc["a", "day_share"] > prices.loc["b", "day_share"]


# ------------------------------------------------------------------ a district


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> Plan:
    """Write the demonstration district, its register with machines, trackers and diagnoses."""
    folder = tmp_path_factory.mktemp("demo")
    plan = read_plan(write_demo(folder))
    day = dt.date(2026, 1, 5)
    bodies = {"value": 90, "total": 120, "unit": "家"}
    chiller = {"name": "冷水机组", "building_id": "SF010028", "efficiency_grade": 5}
    with open_register(plan) as register:
        events = [
            Event("tracker", "saving_bodies", "stated", day, bodies),
            Event("equipment", "M1", "stated", day, chiller | {"installed_on": "2005-01-01"}),
        ]
        register.append(events, by="t")
    return plan


@pytest.fixture(scope="module")
def found(plan):
    """Carry the retrofit plan of the demonstration district out."""
    return renewal_of_study(run(plan))


def test_a_district_keeps_its_promises(found):
    """Savings stay below the use, claims within the roof, sides add up, intensities are positive."""
    use = found.demand
    every = found.packages.xs("all", level="package")
    for column in ("electricity_kwh", "heat_gj"):
        assert (every[column] < use[column].reindex(every.index)).all()
    claims = found.roof_claims
    taken = claims[["plant_area_m2", "hot_water_area_m2", "pv_area_m2"]].sum(axis=1)
    assert (taken <= claims["usable_area_m2"] + 1e-6).all()
    assert (use["electricity_kwh_m2"].dropna() > 0).all()
    flows = found.cash_flows
    check(flows, CASHFLOWS, "cash_flows")
    net = (
        flows["amount_cny"]
        .groupby(level=["building_id", "year", "party"])
        .sum()
        .unstack("party")
        .fillna(0.0)
    )
    sides = net[["owner", "contractor", "state"]].sum(axis=1)
    np.testing.assert_allclose(sides, net["project"], rtol=1e-9, atol=1e-3)


def test_the_plan_of_a_unit_is_its_cash_flow(found):
    """What a plan sums up is what its cash flows say, to the fen."""
    rate = found.study.plan.economics.discount_rate_nominal
    flows = found.cash_flows.xs("project", level="party")["amount_cny"]
    net = flows.groupby(level=["building_id", "year"]).sum().unstack("year").fillna(0.0)
    plans = found.unit_plans
    value = net_present_value(net.reindex(plans.index).to_numpy(), rate)
    np.testing.assert_allclose(value, plans["npv_cny"], atol=0.01)
    parts = plans["measures_cny"] + plans["hot_water_cny"] + plans["pv_cny"]
    np.testing.assert_allclose(parts, plans["cost_cny"], atol=0.01)


def test_meters_go_before_benchmarks(found):
    """Some buildings are metered, some are not, and only meters are rated."""
    sources = found.demand["electricity_source"]
    assert {"measured", "assumed"} <= set(sources)
    rated = found.demand["electricity_rating"].isin(["guide", "between", "above"])
    assert (sources[rated] == "measured").all()


def test_tasks_and_trackers_come_from_the_register(found):
    """The machine of grade 5 is somebody's task, the tracker stands where it was said."""
    assert found.tracker_status.loc["saving_bodies", "value"] == 90.0
    assert found.equipment_roadmap.loc["M1", "action"] == "replace"
    tasks = tasks_of(found, 2026)
    check(tasks, TASKS, "tasks")
    assert "SF010028" in [
        i for ids in tasks.xs("equipment", level="task")["buildings"] for i in ids
    ]
    assert (tasks["done"].fillna(0.0) <= tasks["target"].fillna(np.inf)).all()


def test_a_zone_has_its_own_plan(found, plan):
    """Only buildings of the zone, and a zone that there is not is refused with those there are."""
    zones = found.study.buildings["zone"].dropna().unique()
    own = replace(plan, retrofit=replace(plan.retrofit, zone=str(zones[0])))
    part = in_scope(own, found.study.buildings)
    assert len(part) < len(found.buildings)
    assert (part["zone"] == zones[0]).all()
    wrong = replace(plan, retrofit=replace(plan.retrofit, zone="nowhere"))
    with pytest.raises(ConfigError, match="nowhere"):
        in_scope(wrong, found.study.buildings)


def test_gates_stop_with_the_ids(found):
    """A saving above the use and a roof given away twice are named, both at once."""
    packages, claims = found.packages.copy(), found.roof_claims.copy()
    packages.iloc[0, packages.columns.get_loc("electricity_kwh")] = 1e12
    claims.iloc[0, claims.columns.get_loc("pv_area_m2")] = 1e9
    with pytest.raises(GateError) as caught:
        pass_gates(found.demand, found.measures, packages, claims)
    said = str(caught.value)
    assert str(packages.index[0][0]) in said
    assert str(claims.index[0]) in said


def test_everything_is_printed_and_plain(found):
    """The record holds every table whole, and sums agree with the tables."""
    record = renewal_record(found)
    assert set(record["tables"]) == {*found.tables, "cash_flows"}
    assert all(len(record["tables"][n]) == len(t) for n, t in found.tables.items())
    assert totals(found)["cost_cny"] == pytest.approx(found.unit_plans["cost_cny"].sum())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_chosen_building_has_its_document(found, language):
    """The plan of a unit has its chapters and ends with steps; its card has a section."""
    plan = replace(found.study.plan, language=language)
    said = replace(found, study=replace(found.study, plan=plan))
    building = str(found.diagnosis_choice.index[0])
    page = unit_plan(said, building)
    assert len([b for b in page.blocks if type(b).__name__ == "Heading"]) == 5
    assert next_steps(said, building)[-1] == "contract"
    assert len(unit_sections(said, building)[0][1]) == 4
    assert unit_sections(said, "no such house") == []


def test_what_moves_the_value_is_shown(found):
    """Ends of each assumption lie on both sides of the value of all PV, and the tornado has all of them."""
    record = renewal_record(found)["portfolio_sensitivity"]
    worth = found.economics["npv_cny"].sum()
    for row in record:
        ends = sorted((row["npv_low_cny"], row["npv_high_cny"]))
        assert ends[0] < worth < ends[1]
        assert row["npv_cny"] == pytest.approx(worth)
    swings = [row["swing_cny"] for row in record]
    assert swings == sorted(swings, reverse=True)
    assert len(found.sensitivity) == len(record) * len(found.economics)
    report = retrofit_report(found, tasks_of(found, 2026))
    rows = [len(b.rows) for b in report.blocks if type(b).__name__ == "Table"]
    assert len(record) in rows


def test_storage_is_named_with_its_cost(found):
    """A sentence that names storage says what it costs, since the sums are without it."""
    says = Speaks("zh")
    paid = found.unit_plans.index[found.unit_plans["storage_kwh"] > 0]
    assert len(paid)
    cost = found.storage.loc[paid[0], "cost_cny"]
    assert f"{cost / 1e4:,.1f} 万元，未计入" in summary(found, str(paid[0]), says)


def test_a_day_that_nobody_knows_is_a_dash():
    """NaT counts as a date to Python and as unknown to a reader."""
    says = Speaks("zh")
    assert says.day(pd.NaT) == says.day(None) == says.nothing
    assert says.day(dt.date(2026, 6, 30)) == "2026-06-30"


def test_a_school_with_boarders_and_a_canteen_has_hot_water(plan, found):
    """What the register says of boarders and meals reaches the roof: litres per head and meal, added."""
    school = next(
        str(i) for i, r in found.buildings.iterrows()
        if r["owner_type"] == "school" and i in found.roof_claims.index
    )  # fmt: skip
    said = {"boarders": 400.0, "meals": 900.0}
    with open_register(plan) as register:
        day = dt.date(2026, 1, 5)
        register.append([Event("building", school, "stated", day, said)], by="t")
    claim = renewal_of_study(found.study).roof_claims.loc[school]
    litres = fact("retrofit.hot_water_l.dormitory"), fact("retrofit.hot_water_l.meal")
    assert claim["hot_water_l_d"] == pytest.approx(400.0 * litres[0] + 900.0 * litres[1])
    assert claim["hot_water_unit"] == "dormitory"
    assert claim["hot_water_area_m2"] + claim["pv_area_m2"] <= claim["usable_area_m2"] + 1e-6
