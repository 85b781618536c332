"""Metered against expected generation."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.metered import (
    alarms,
    basis,
    district_factor,
    implied_capacity,
    light_of,
    metered_months,
    performance,
    specific_months,
    suggestion,
)

ON = dt.date(2025, 12, 31)
SPECIFIC = pd.DataFrame(
    [np.arange(1, 13) * 10.0], index=pd.Index(["hall"], name="building_id"), columns=range(1, 13)
)


def projects(**started: str) -> pd.DataFrame:
    """Systems of 100 kWp on the hall, by the day of their connection."""
    frame = pd.DataFrame(index=pd.Index(list(started), name="entity", dtype=object))
    frame["building_id"], frame["capacity_kwp"], frame["stage"] = "hall", 100.0, "operating"
    frame["connected_on"] = pd.to_datetime(list(started.values()))
    return frame


def readings(values: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Generation by system and month, three quarters of it used on the spot."""
    index = pd.MultiIndex.from_tuples(list(values), names=["entity", "month"])
    generation = pd.Series(list(values.values()), index, dtype=float)
    return pd.DataFrame(
        {
            "generation_kwh": generation,
            "self_use_kwh": 0.75 * generation,
            "feed_in_kwh": 0.25 * generation,
        }
    )


def held(systems: pd.DataFrame, values: dict[tuple[str, str], float], **more) -> pd.DataFrame:
    table = metered_months(
        systems, readings(values), SPECIFIC, on=ON, **({"ageing": 0.0, "within_days": 0} | more)
    )
    schema.check(table, schema.METERED, "metered")
    return table


def year(ratio: float, entity: str = "P1") -> dict[tuple[str, str], float]:
    """Readings of 2025 at one ratio to the expected."""
    return {(entity, f"2025-{m:02d}"): 1000.0 * m * ratio for m in range(1, 13)}


def test_specific_yield_weighs_the_roofs_by_their_capacity():
    """10 kWp at 100 and 30 kWp at 60 kWh/kWp are 70 kWh/kWp; a roof without modules is unknown."""
    months = [f"energy_ac_{m:02d}_kwh" for m in range(1, 13)]
    yields = pd.DataFrame(
        [[1000.0] * 12, [1800.0] * 12, [0.0] * 12], index=["a", "b", "c"], columns=months
    )
    yields["building_id"] = ["hall", "hall", "shed"]
    layouts = pd.DataFrame({"capacity_kwp": [10.0, 30.0, 0.0]}, index=["a", "b", "c"])
    specific = specific_months(yields, layouts)
    assert specific.loc["hall"].to_list() == [70.0] * 12
    assert specific.loc["shed"].isna().all()


def test_expected_is_yield_times_capacity_times_days():
    """December has 120 kWh/kWp; connected on the 17th, 15 of 31 days are left."""
    table = held(projects(P1="2025-12-17"), {("P1", "2025-12"): 2000.0})
    row = table.loc[("P1", "2025-12")]
    assert row["connected_share"] == pytest.approx(15 / 31)
    assert row["expected_kwh"] == pytest.approx(12000 * 15 / 31)
    assert row["final_yield_h"] == pytest.approx(20.0)


def test_the_month_that_has_not_ended_is_not_looked_at():
    """On 30 December November is the last; on the 31st December is, if it is read at once."""
    systems, nothing = projects(P1="2025-10-01"), readings({("P1", "2025-10"): 1.0})
    for day, last in ((30, "2025-11"), (31, "2025-12")):
        table = metered_months(systems, nothing, SPECIFIC, on=dt.date(2025, 12, day), within_days=0)
        assert table.index.get_level_values("month").max() == last
    table = metered_months(systems, nothing, SPECIFIC, on=ON, within_days=10)
    assert table.index.get_level_values("month").max() == "2025-11"


def test_systems_age_by_their_share_per_year():
    """Ten years at 0.4 % leave 0.996¹⁰ of the first month's expectation."""
    table = held(projects(P1="2015-12-15"), {}, ageing=0.004)["expected_kwh"]
    assert table["P1", "2025-12"] / table["P1", "2015-12"] / (31 / 17) == pytest.approx(
        0.996**10, rel=1e-4
    )


def test_light_of_the_month_scales_the_expectation_and_gives_the_performance_ratio():
    """120 % of the light; 9600 kWh of 100 kWp under 120 kWh/m² are a PR of 0.8 (IEC 61724-1)."""
    light = pd.DataFrame({"factor": [1.2], "poa_kwh_m2": [120.0]}, index=["2025-12"])
    table = held(projects(P1="2025-11-01"), {("P1", "2025-12"): 9600.0}, light=light)
    row = table.loc[("P1", "2025-12")]
    assert row["expected_kwh"] == pytest.approx(14400.0)
    assert row["performance_ratio"] == pytest.approx(0.8)
    assert row["corrected"] and not table.loc[("P1", "2025-11"), "corrected"]
    assert np.isnan(table.loc[("P1", "2025-11"), "performance_ratio"])


def test_light_of_a_building_goes_before():
    """Given by building and month, each system meets its own plane's light."""
    keys = pd.MultiIndex.from_tuples([("hall", "2025-12"), ("shed", "2025-12")])
    light = pd.DataFrame({"factor": [0.5, 9.0]}, index=keys)
    table = held(projects(P1="2025-12-01"), {("P1", "2025-12"): 1.0}, light=light)
    assert table["expected_kwh"].to_list() == [6000.0]


def test_light_of_a_period_is_its_irradiation_over_the_models():
    """A June with a fifth more; a month of which days are missing is not known."""
    hours = pd.date_range("2025-06-01", "2025-07-20", freq="h", tz="Asia/Shanghai")
    usual = pd.date_range(
        "2001-01-01", "2002-01-01", freq="h", tz="Asia/Shanghai", inclusive="left"
    )
    light = light_of(
        pd.DataFrame({"ghi": 240.0}, index=hours), pd.DataFrame({"ghi": 200.0}, index=usual)
    )
    assert light.index.to_list() == ["2025-06"]
    assert light["factor"].to_list() == [pytest.approx(1.2)]


@pytest.mark.parametrize(
    ("reading", "state"),
    [(12000.0, "ok"), (8300.0, "low"), (0.0, "zero"), (19000.0, "above"), (np.nan, "missing")],
)
def test_what_a_month_looks_like(reading, state):
    """Of 12,000 kWh expected, uncorrected: low below 70 %, impossible above 150 %."""
    table = held(projects(P1="2025-12-01"), {("P1", "2025-12"): reading})
    assert table["meter_state"].to_list() == [state]


def test_without_a_model_nothing_is_judged():
    """A system on a building that has no yields is unknown, not low."""
    systems = projects(P1="2025-12-01").assign(building_id="nowhere")
    assert held(systems, {("P1", "2025-12"): 5.0})["meter_state"].to_list() == ["unknown"]


def test_alarms_are_runs_of_months():
    """One low month is none, two are; a dead month is; what lasts comes first, with what it lost."""
    values = year(1.0)
    for month, ratio in (
        ("03", 0.5),
        ("05", 0.5),
        ("06", 0.6),
        ("08", 0.0),
        ("11", 0.5),
        ("12", 0.4),
    ):
        values["P1", f"2025-{month}"] *= ratio
    del values["P1", "2025-09"]
    found = alarms(held(projects(P1="2025-01-01"), values))
    schema.check(found, schema.METER_ALARMS, "alarms")
    assert [key[1:] for key in found.index] == [
        ("low", "2025-11"), ("zero", "2025-08"), ("low", "2025-05"), ("missing", "2025-09"),
    ]  # fmt: skip
    assert found["still"].to_list() == [True, False, False, False]
    assert found["lost_kwh"].iloc[0] == pytest.approx(11000 * 0.5 + 12000 * 0.6)
    assert found.loc[("P1", "low", "2025-05"), "ratio"] == pytest.approx((2500 + 3600) / 11000)


def test_runs_do_not_cross_systems():
    """The last month of one system and the first of the next are no run of two."""
    values = year(1.0) | year(1.0, "P2")
    values["P1", "2025-12"] *= 0.5
    values["P2", "2025-01"] *= 0.5
    assert alarms(held(projects(P1="2025-01-01", P2="2025-01-01"), values)).empty


def test_parts_that_are_not_the_whole():
    """Self-use and feed-in that miss the generation by 10 % raise an alarm."""
    systems = projects(P1="2025-12-01")
    table = readings({("P1", "2025-12"): 12000.0})
    table["feed_in_kwh"] += 1200.0
    found = alarms(metered_months(systems, table, SPECIFIC, on=ON, within_days=0))
    assert found.index.get_level_values("alarm").to_list() == ["balance"]


def test_the_best_month_implies_a_capacity():
    """Ratios from 0.9 to 1.3 on 100 kWp on file: 130 kWp; an impossible month is left out."""
    values = year(0.9)
    values["P1", "2025-11"] = 11000 * 1.3
    values["P1", "2025-12"] = 12000 * 3.0
    table = held(projects(P1="2025-01-01"), values)
    assert implied_capacity(table, months=11).to_dict() == {"P1": pytest.approx(130.0)}
    assert implied_capacity(table, months=12).empty


def test_a_roof_that_the_model_shades_too_much():
    """Three times its own expectation, no more than the best roof's: possible, and no part of the factor."""
    shaded = pd.concat([SPECIFIC * 0.1, SPECIFIC.rename(index={"hall": "open"})])
    table = metered_months(
        projects(P1="2025-01-01"), readings(year(0.3)), shaded, on=ON, within_days=0, ageing=0.0
    )
    assert set(table["meter_state"]) == {"ok"}
    assert table["ratio"].to_list() == pytest.approx([3.0] * 12)
    found = district_factor(table, min_systems=1)
    assert (found.used, found.systems) == (False, 0)


def test_shade_of_winter_implies_no_capacity():
    """The month with the highest ratio is looked past where the model has little light."""
    values = year(1.0)
    values["P1", "2025-01"] *= 1.4
    assert implied_capacity(held(projects(P1="2025-01-01"), values))["P1"] == pytest.approx(100.0)


def test_performance_sums_what_was_read():
    """Missing months are in neither sum: the ratio is that of the months read."""
    values = year(0.8)
    del values["P1", "2025-12"]
    row = performance(held(projects(P1="2025-01-01"), values)).loc["P1"]
    assert row[["months", "ratio", "missing"]].to_list() == [11, pytest.approx(0.8), 1]
    assert row["expected_kwh"] == pytest.approx(66000.0)


def test_without_systems_there_is_nothing_to_say():
    """Empty tables of the declared columns, no alarm, no factor."""
    table = held(projects(), {("P1", "2025-01"): 1.0})
    assert table.empty and alarms(table).empty and implied_capacity(table).empty
    assert performance(table).empty and not district_factor(table).used
    schema.check(alarms(table), schema.METER_ALARMS, "alarms")


def logs_table(logs: dict[str, list[float]], corrected: bool = True) -> pd.DataFrame:
    """A metered table with given logarithms of the ratio."""
    keys = [
        (e, f"{2024 + i // 12}-{i % 12 + 1:02d}")
        for e, values in logs.items()
        for i in range(len(values))
    ]
    index = pd.MultiIndex.from_tuples(keys, names=["entity", "month"])
    ratio = np.exp([v for values in logs.values() for v in values])
    return pd.DataFrame(
        {"ratio": ratio, "meter_state": "ok", "connected_share": 1.0, "corrected": corrected},
        index=index,
    )


HAND = {"A": [0.0, 0.1], "B": [-0.15, -0.05], "C": [0.05, 0.15]}


def test_shrinkage_by_hand():
    """Worked out on paper: s² = 1/200, v = 1/400, Q = 26/3, τ² = 1/120, mean 1/60, keep 10/13."""
    found = district_factor(logs_table(HAND), min_systems=3, min_months=2, prior_sigma=0.05)
    assert found.within**2 == pytest.approx(1 / 200)
    assert found.between**2 == pytest.approx(1 / 120)
    assert np.log(found.raw) == pytest.approx(1 / 60)
    assert found.table["shrinkage"].to_list() == pytest.approx([10 / 13] * 3)
    assert np.log(found.table.loc["A", "shrunk_factor"]) == pytest.approx(1 / 60 + 10 / 13 / 30)
    # variance of the mean (1/120 + 1/400)/3 = 13/3600; drawn towards 0 by 1/400/(1/400 + 13/3600) = 9/22
    assert np.log(found.factor) == pytest.approx(1 / 60 * 9 / 22)
    assert np.log(found.high / found.factor) == pytest.approx(
        1.2815515655 * np.sqrt(13 / 3600 * 9 / 22)
    )
    assert (found.systems, found.months, found.used) == (3, 6, True)
    schema.check(found.table, schema.SYSTEM_FACTORS, "factors")


def test_faults_are_no_part_of_the_factor():
    """One dead quarter and one system three times too good change nothing."""
    good = {name: [0.0, 0.01, -0.01, 0.02, -0.02] for name in "ABC"}
    about = {"min_systems": 3, "min_months": 5}
    clean = district_factor(logs_table(good), **about)
    bad = {"A": [*good["A"], -0.9, -1.2, -0.9], "D": [1.1] * 5}
    found = district_factor(logs_table(good | bad), **about)
    assert (found.systems, found.months) == (3, 15)
    assert found.factor == pytest.approx(clean.factor)


def test_four_in_five_intervals_hold_the_truth():
    """Of 60 made-up districts whose model is off by a known amount, 48 ± 2.6 · 3.1 intervals hold it."""
    draw, held_it = np.random.Generator(np.random.PCG64(3)), 0
    for _ in range(60):
        truth = draw.normal(0.0, 0.063)
        systems, months = draw.normal(0, 0.06, 15), draw.normal(0, 0.05, 24)
        noise = draw.normal(0, 0.06, (15, 24))
        logs = {f"S{i:02d}": list(truth + a + months + noise[i]) for i, a in enumerate(systems)}
        found = district_factor(logs_table(logs, corrected=False))
        held_it += found.low <= np.exp(truth) <= found.high
    assert 40 <= held_it <= 56


def test_systems_that_agree_are_shrunk_whole():
    """Where systems differ by less than their months would make them, none keeps its own."""
    same = {"A": [0.0, 0.2], "B": [0.2, 0.0], "C": [0.1, 0.1]}
    found = district_factor(logs_table(same), min_systems=3, min_months=2)
    assert found.between == 0.0
    assert np.log(found.table["shrunk_factor"]).to_list() == pytest.approx([0.1] * 3)


def test_months_that_all_systems_share_widen_the_interval():
    """Uncorrected, two months that move all systems alike are two observations, not six."""
    shared = {e: [base + 0.2, base - 0.2] for e, base in (("A", 0.0), ("B", 0.02), ("C", -0.02))}
    about = {"min_systems": 3, "min_months": 2}
    sure = district_factor(logs_table(shared), **about)
    unsure = district_factor(logs_table(shared, corrected=False), **about)
    assert unsure.high - unsure.low > sure.high - sure.low
    assert not unsure.corrected


def test_with_too_few_systems_there_is_no_factor():
    """Two of three systems have enough months, five are needed: 1, and the reason is said."""
    few = district_factor(logs_table(HAND | {"B": [-0.15]}), min_months=2)
    assert (few.factor, few.used, few.systems) == (1.0, False, 2)
    assert suggestion(few, "zh") == ""
    assert "2 个" in basis(few, "zh")
    assert few.table.empty


def test_a_suggestion_is_a_setting_to_copy():
    """It parses as TOML, holds the factor, and says what it rests on."""
    import tomllib

    found = district_factor(logs_table(HAND, corrected=False), min_systems=3, min_months=2)
    for language, word in (("zh", "气象修正"), ("en", "weather corrected")):
        said = suggestion(found, language)
        assert tomllib.loads(said)["pv"]["measured_factor"] == pytest.approx(found.factor, abs=5e-4)
        assert word in said


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=6), min_size=3, max_size=6),
    st.floats(0.01, 0.3),
)
def test_shrinkage_never_overshoots(logs, prior):
    """Between 1 and the raw mean; every system between its own and the district's; turned by its sign."""
    table = logs_table({f"S{i}": values for i, values in enumerate(logs)})
    about = {"min_systems": 3, "min_months": 3, "prior_sigma": prior}
    found = district_factor(table, **about)
    assert min(1.0, found.raw) - 1e-12 <= found.factor <= max(1.0, found.raw) + 1e-12
    own, mean = np.log(found.table["factor"]), np.log(found.raw)
    shrunk = np.log(found.table["shrunk_factor"])
    assert (abs(shrunk - mean) <= abs(own - mean) + 1e-12).all()
    turned = district_factor(table.assign(ratio=1 / table["ratio"]), **about)
    assert turned.factor == pytest.approx(1 / found.factor)
    assert (turned.low, turned.high) == (
        pytest.approx(1 / found.high),
        pytest.approx(1 / found.low),
    )
