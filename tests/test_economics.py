"""What PV costs and earns: formulas against closed forms, published figures and other programs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import numpy_financial as npf
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hexi_solar import schema
from hexi_solar.config import Economics, Plan
from hexi_solar.economics import (
    Case,
    built_in_tariffs,
    economics_of,
    hours_of_year,
    parse_tariff,
    portfolio_sensitivity,
    prepare,
    sensitivity,
)
from hexi_solar.economics.cashflow import ageing, building_capex, size_factor
from hexi_solar.economics.load import annual_electricity, load_shape
from hexi_solar.economics.selfuse import hour_shares
from hexi_solar.economics.tariffs import surplus_prices, tariff_class
from hexi_solar.errors import ConfigError, Notices
from hexi_solar.facts import fact
from hexi_solar.labels import catalogue
from hexi_solar.money import (
    ProjectFlows,
    capital_recovery,
    internal_rate,
    levelised_cost,
    net_present_value,
    payback_years,
)
from hexi_solar.schema import OWNER_TYPES
from hexi_solar.taxes import TaxRules, company_taxes, taxable, value_added_tax
from hexi_solar.valuation import production_profiles, read_tariffs, say_assumptions, value_projects
from hexi_solar.weather import climate_year

TODAY = dt.date(2026, 6, 30)
NEW = dt.date(2026, 1, 1)
OLD = dt.date(2025, 5, 31)
money = arrays(float, (5, 12), elements=st.floats(-1e6, 1e6))


# ---- money at different times


@given(money, st.floats(-0.5, 1.0))
def test_net_present_value_is_that_of_numpy_financial(flows, rate):
    """Every row of random flows has the value that numpy-financial gives it."""
    expected = [npf.npv(rate, row) for row in flows]
    np.testing.assert_allclose(
        net_present_value(flows, rate), expected, rtol=1e-9, atol=1e-6 * np.abs(flows).max() + 1e-9
    )


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        # the examples of numpy-financial's manual, to the figures printed there
        ([-100, 39, 59, 55, 20], 0.28095),
        ([-100, 0, 0, 74], -0.0955),
        ([-100, 100, 0, -7], -0.0833),
        ([-100, 100, 0, 7], 0.06206),
        ([-5, 10.5, 1, -8, 1], 0.0886),
    ],
)
def test_published_rates_of_return(flows, expected):
    """Returns that a manual prints come out, also where several rates solve the equation."""
    assert internal_rate(np.array([flows], float))[0] == pytest.approx(expected, abs=5e-5)


@given(st.lists(st.floats(1.0, 1e5), min_size=2, max_size=25), st.floats(1e3, 1e6))
def test_return_makes_the_value_vanish(income, cost):
    """One payment and then income: at the return, and there alone, nothing is gained."""
    flows = np.array([[-cost, *income]])
    rate = internal_rate(flows)
    if np.isnan(rate[0]):
        worst, best = net_present_value(flows, -0.95)[0], net_present_value(flows, 10.0)[0]
        assert worst < 0 or best > 0
    else:
        value = net_present_value(flows, rate)[0]
        scale = net_present_value(np.abs(flows), rate)[0]
        assert abs(value) <= 1e-9 * scale
        assert rate[0] == pytest.approx(npf.irr(flows[0]), abs=1e-7)


def test_no_return_where_nothing_comes_back():
    """Only paying, or only receiving, has no rate of return; nor is it ever paid back."""
    flows = np.array([[-1.0, -1.0], [1.0, 1.0]])
    assert np.isnan(internal_rate(flows)).all()
    assert np.isnan(payback_years(flows)[0])
    assert payback_years(flows)[1] == 0


def test_discounted_payback_of_an_annuity():
    """Even income pays back after -ln(1 - rC/A) / ln(1 + r) years, which whole years bracket."""
    cost, income, rate = 1000.0, 150.0, 0.08
    exact = -np.log(1 - rate * cost / income) / np.log(1 + rate)
    found = payback_years(np.array([[-cost] + [income] * 25]), rate)[0]
    assert int(found) == int(exact)
    assert found == pytest.approx(exact, abs=0.1)  # even within a year, not continuous
    assert payback_years(np.array([[-cost] + [income] * 25]))[0] == pytest.approx(cost / income)


def test_payback_waits_for_later_spending():
    """Paid back after two years, in debt again after the third, clear in the fifth."""
    assert payback_years(np.array([[-10.0, 6.0, 6.0, -4.0, 1.0, 2.0]]))[0] == pytest.approx(4.5)


def test_levelised_cost_is_that_of_the_fixed_charge_rate():
    """Even costs and energy: NREL's formula (C FCR + O) / E, and SAM's own calculator."""
    lcoe = pytest.importorskip("PySAM.Lcoefcr")
    rate, years, capex, opex, energy = 0.07, 25, 3000.0, 46.0, 1250.0
    costs = np.array([capex] + [opex] * years)
    given_energy = np.array([0.0] + [energy] * years)
    found = float(levelised_cost(costs, given_energy, rate))
    assert found == pytest.approx((capex * capital_recovery(rate, years) + opex) / energy)
    sam = lcoe.new()
    sam.SimpleLCOE.assign(
        {
            "annual_energy": energy, "capital_cost": capex, "fixed_operating_cost": opex,
            "variable_operating_cost": 0.0, "fixed_charge_rate": capital_recovery(rate, years),
        }
    )  # fmt: skip
    sam.execute()
    assert found == pytest.approx(sam.Outputs.lcoe_fcr, rel=1e-9)


@pytest.mark.parametrize(("rate", "years"), [(0.05, 20), (0.08, 10), (0.0, 4)])
def test_capital_recovery_is_the_payment_of_a_loan(rate, years):
    """What numpy-financial asks of a borrower of one yuan."""
    assert capital_recovery(rate, years) == pytest.approx(-npf.pmt(rate, years, 1.0))


# ---- tax


@given(
    arrays(float, (3, 8), elements=st.floats(0, 100)),
    arrays(float, (3, 8), elements=st.floats(0, 100)),
)
def test_value_added_tax_is_never_paid_twice(sold, bought):
    """Over all years, what is paid is what was sold less what was bought, and what is left over."""
    paid = value_added_tax(sold, bought)
    assert (paid >= 0).all()
    total = (sold - bought).sum(axis=1)
    assert (paid.sum(axis=1) >= total - 1e-9).all()
    enough = bought[:, -1] == 0
    np.testing.assert_allclose(
        paid.sum(axis=1)[enough & (paid[:, -1] > 0)], total[enough & (paid[:, -1] > 0)], atol=1e-6
    )


def test_losses_lapse_after_five_years():
    """A loss of year 0 is of use in year 5, and no more in year 6."""
    fifth = taxable(np.array([[-7.0, 0, 0, 0, 0, 7.0, 7.0]]), 5)[0]
    np.testing.assert_allclose(fifth, [0, 0, 0, 0, 0, 0, 7.0])
    sixth = taxable(np.array([[-7.0, 0, 0, 0, 0, 0, 7.0]]), 5)[0]
    np.testing.assert_allclose(sixth, [0, 0, 0, 0, 0, 0, 7.0])


def test_three_years_free_and_three_at_half():
    """Even profit without costs: nothing for 3 years, 12.5 % for 3, 25 % from the seventh."""
    revenue = np.zeros((1, 9))
    revenue[:, 1:] = 113.0
    nothing = np.zeros_like(revenue)
    tax = company_taxes(revenue, np.zeros(1), nothing.copy(), nothing, TaxRules())
    profit = 100.0 - 13.0 * 0.12
    expected = profit * np.array([0, 0, 0, 0, 0.125, 0.125, 0.125, 0.25, 0.25])
    np.testing.assert_allclose(tax["income_tax"][0], expected)
    np.testing.assert_allclose(tax["vat"][0, 1:], 13.0)


# ---- tariffs


def test_the_new_periods_are_those_of_the_notice():
    """Hours of each period and the ratios, month by month, as Tianjin's notice of 2025 has them."""
    prices = built_in_tariffs()["tianjin_2025"].prices / fact("tariffs.price.commercial")
    for month in range(1, 13):
        day = np.ones(24)
        if month in (7, 8):
            day[15:23], day[1:9], day[20:22] = 1.6, 0.4, 1.92
        else:
            day[8:10] = day[16:22] = 1.6
            day[0:6] = day[12:14] = 0.4
            if month in (1, 2, 12):
                day[18:20] = 1.92
        np.testing.assert_allclose(prices[month - 1], day)


def sun_hours() -> tuple[np.ndarray, np.ndarray]:
    """Hours of AC power of a roof at 10° south in the built-in climate year."""
    layouts = pd.DataFrame(
        {"module_tilt": [10.0], "module_azimuth": [180.0], "pitch_m": [3.4], "arrangement": ["rows"]},
        index=["r"],
    )  # fmt: skip
    profiles, _ = production_profiles(
        Plan(), layouts, climate_year(39.08, 117.23, 3.0, "Asia/Shanghai")
    )
    return profiles[0].to_numpy(), hours_of_year(2025).month


def test_self_use_lost_a_fifth_with_the_new_periods():
    """The sun's mean price over flat fell from 1.21 to 0.97-0.98, about a fifth (FACTS 5a)."""
    power, _ = sun_hours()
    hours, flat = hours_of_year(2025), fact("tariffs.price.commercial")
    ratio = {
        name: float(power @ built_in_tariffs()[name].hourly(hours)) / power.sum() / flat
        for name in ("tianjin_2021", "tianjin_2025")
    }
    # that figure was worked out under clear sky; clouds move it by a hundredth or two
    assert ratio["tianjin_2025"] == pytest.approx(0.975, abs=0.02)
    assert ratio["tianjin_2021"] == pytest.approx(1.21, abs=0.02)
    assert 1 - ratio["tianjin_2025"] / ratio["tianjin_2021"] == pytest.approx(0.2, abs=0.02)


def test_a_part_that_does_not_float():
    """Funds and surcharges stay the same in every hour."""
    given_tariff = {
        "flat_cny_kwh": 0.7, "fixed_cny_kwh": 0.1, "ratios": {"p": 1.5, "v": 0.5},
        "periods": {"1-12": "v" * 12 + "p" * 12},
    }  # fmt: skip
    prices = parse_tariff("ours", given_tariff).prices
    np.testing.assert_allclose(np.unique(prices), [0.1 + 0.6 * 0.5, 0.1 + 0.6 * 1.5])


def test_everything_wrong_in_a_tariff_is_said_at_once():
    """Unknown key, price, ratio, a short day, a month twice, months missing."""
    with pytest.raises(ConfigError) as caught:
        parse_tariff(
            "t",
            {
                "flat_cny_kwh": [0.7] * 11,
                "prices": 1,
                "ratios": {"p": 1.5},
                "periods": {"1-3": "p" * 23, "3": "pf" * 12},
            },
        )
    codes = [p.code for p in caught.value.problems]
    assert sorted(codes) == [
        "tariff_day", "tariff_key", "tariff_months", "tariff_price", "tariff_ratio", "tariff_twice",
    ]  # fmt: skip
    for language in ("zh", "en"):
        assert "4, 5, 6" in caught.value.message(language)


def test_a_tariff_file_is_named_after_itself(tmp_path):
    """What an office writes is read with its twelve prices; a broken file is refused by name."""
    file = tmp_path / "agency_2026.toml"
    months = ", ".join(str(0.6 + m / 100) for m in range(12))
    file.write_text(
        f'flat_cny_kwh = [{months}]\n[ratios]\nf = 1.0\n[periods]\n"1-12" = "{"f" * 24}"\n', "utf-8"
    )
    tariff = read_tariffs([file])["agency_2026"]
    np.testing.assert_allclose(tariff.prices[:, 0], 0.6 + np.arange(12) / 100)
    (tmp_path / "bad.toml").write_text("= 3", "utf-8")
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        read_tariffs([tmp_path / "bad.toml"])


def test_schools_pay_the_resident_price():
    """One price in all hours for schools, hours of their own for hospitals."""
    assert np.ptp(built_in_tariffs()[tariff_class("school")].prices) == 0
    assert np.ptp(built_in_tariffs()[tariff_class("hospital")].prices) > 0


def test_surplus_of_existing_projects_is_paid_for_26000_hours():
    """1300 h a year last 20 years; 1500 h end in the eighteenth, at a third of it."""
    hours = np.vstack([np.full(25, 1300.0), np.full(25, 1500.0)])
    prices = surplus_prices(OLD, hours, market_cny_kwh=0.2)
    np.testing.assert_allclose(prices[0], [0.3655] * 20 + [0.2] * 5)
    np.testing.assert_allclose(prices[1, :17], 0.3655)
    assert prices[1, 17] == pytest.approx(0.3655 / 3 + 0.2 * 2 / 3)
    np.testing.assert_allclose(prices[1, 18:], 0.2)


def test_surplus_of_new_projects():
    """Out of the pool the market's price; in it the bid, at most the cap, for ten years."""
    hours = np.full((1, 25), 1200.0)
    assert (surplus_prices(NEW, hours, market_cny_kwh=0.28) == 0.28).all()
    bid = surplus_prices(NEW, hours, market_cny_kwh=0.28, bid_cny_kwh=0.5)[0]
    np.testing.assert_allclose(bid, [0.32] * 10 + [0.28] * 15)


# ---- hours


def test_the_calendar_of_2025():
    """Days of rest as the State Council published them: the festival rests, its swap days work."""
    hours = hours_of_year(2025)
    rest = hours.rest.reshape(365, 24)[:, 0]
    days = {dt.date(2025, 1, 1) + dt.timedelta(n): bool(v) for n, v in enumerate(rest)}
    assert all(days[dt.date(2025, 1, d)] for d in range(28, 32))
    assert not days[dt.date(2025, 1, 26)]  # a Sunday, worked
    assert days[dt.date(2025, 10, 6)]
    assert sum(days.values()) == 117
    assert len(hours_of_year(2024).month) == 8760


def test_a_year_without_published_holidays_is_refused():
    """Nobody knows the holidays of 2090."""
    with pytest.raises(ConfigError, match="2090"):
        hours_of_year(2090)


@pytest.mark.parametrize("owner_type", OWNER_TYPES)
def test_every_owner_type_has_a_load(owner_type):
    """A shape that adds up to one and is never nothing, a benchmark in order."""
    shape = load_shape(owner_type, hours_of_year(2025))
    assert shape.sum() == pytest.approx(1.0)
    assert shape.min() > 0
    low, taken, high = fact(f"economics.benchmark_kwh_m2.{owner_type}")
    assert 0 < low < taken < high


def test_schools_rest_in_vacations():
    """At noon, August takes less than September, and a Sunday less than a Monday."""
    hours = hours_of_year(2025)
    noon = load_shape("school", hours).reshape(365, 24)[:, 12]
    day = [dt.date(2025, 1, 1) + dt.timedelta(n) for n in range(365)]
    assert noon[day.index(dt.date(2025, 8, 5))] < 0.6 * noon[day.index(dt.date(2025, 9, 9))]
    assert noon[day.index(dt.date(2025, 9, 14))] < 0.5 * noon[day.index(dt.date(2025, 9, 15))]


def test_shares_of_an_hour_add_up_in_every_month():
    """A night's own use counts as nothing, a month without sun is spread evenly."""
    month = hours_of_year(2025).month
    power = np.where(np.arange(8760) % 24 == 12, 0.5, -0.001)[None, :].repeat(2, axis=0)
    power[1, month == 6] = 0.0
    shares = hour_shares(power, month)
    sums = np.stack([np.bincount(month, row)[1:] for row in shares])
    np.testing.assert_allclose(sums, 1.0)
    assert (shares >= 0).all()


# ---- a small district


def district(n: int = 3, **changes):
    """Office, school and hall with one roof each; profiles of one class, sun from 6 to 18."""
    ids = pd.Index([f"b{i}" for i in range(n)], name="building_id")
    types = (["office", "school", "sport"] * n)[:n]
    buildings = pd.DataFrame(
        {"owner_type": types, "floor_area_m2": 8000.0, "floors": 4.0, "footprint_area_m2": 2000.0},
        index=ids,
    )
    roofs = pd.Index([f"r{i}" for i in range(n)], name="roof_id")
    kinds = pd.DataFrame(
        {"building_id": ids, "roof_kind": "flat", "mounting": "anchored"}
    ).set_index(roofs)
    layouts = pd.DataFrame(
        {"building_id": ids, "capacity_kwp": 200.0, "array_area_m2": 1200.0}
    ).set_index(roofs)
    yields = pd.DataFrame({"building_id": ids, "energy_ac_kwh": 240_000.0}).set_index(roofs)
    for month in range(1, 13):
        yields[f"energy_ac_{month:02d}_kwh"] = 20_000.0
    sun = np.maximum(np.sin((np.arange(8760) % 24 - 5.5) / 12.0 * np.pi), 0.0)
    given_parts = {
        "demand": None, "settings": Economics(), "connected_on": NEW,
        "profiles": pd.DataFrame({0: sun}), "roof_class": pd.Series(0, roofs),
    } | changes  # fmt: skip
    parts = [given_parts[k] for k in ("profiles", "roof_class", "demand", "settings")]
    return prepare(
        buildings, kinds, layouts, yields, *parts, connected_on=given_parts["connected_on"]
    )


def demand_of(kwh: float, n: int = 3) -> pd.DataFrame:
    """Metered use of every building."""
    ids = pd.Index([f"b{i}" for i in range(n)], name="building_id")
    return pd.DataFrame({"electricity_kwh": kwh, "electricity_source": "measured"}, index=ids)


def test_tables_are_as_declared():
    """Economics and sensitivity hold to `schema.py`; benchmarks are marked as assumed."""
    found = economics_of(district())
    schema.check(found, schema.ECONOMICS, "economics")
    assert list(found.columns) == schema.ECONOMICS.names
    assert (found["electricity_source"] == "assumed").all()
    turned = sensitivity(district())
    schema.check(turned, schema.SENSITIVITY, "sensitivity")
    assert list(turned.columns) == schema.SENSITIVITY.names


@pytest.mark.parametrize(("use", "expected"), [(1e12, 1.0), (0.0, 0.0)])
def test_limits_of_self_use(use, expected):
    """A building that takes without end uses everything; one that takes nothing, nothing."""
    found = economics_of(district(demand=demand_of(use)))
    np.testing.assert_allclose(found["self_use_share"], expected, atol=1e-12)
    np.testing.assert_allclose(found["self_use_kwh"] + found["surplus_kwh"], 240_000.0)


def test_self_use_rises_with_use_and_never_passes_it():
    """More use, more self-use; never more than either energy or use."""
    before = np.zeros(3)
    for use in (1e4, 1e5, 3e5, 1e6):
        found = economics_of(district(demand=demand_of(use)))
        assert (found["self_use_kwh"] > before).all()
        assert (found["self_use_kwh"] <= min(use, 240_000.0) + 1e-6).all()
        before = found["self_use_kwh"].to_numpy()


def test_flat_price_times_energy_where_all_is_used():
    """Under one price for all hours the saving is that price times the energy."""
    settings = Economics(tariffs=dict.fromkeys(OWNER_TYPES, "tianjin_resident"))
    found = economics_of(district(demand=demand_of(1e12), settings=settings))
    np.testing.assert_allclose(found["savings_cny_a"], 240_000.0 * fact("tariffs.price.resident"))


def test_meters_beat_benchmarks_and_unknown_stays_marked():
    """A metered use is taken with its source; where it is NaN the benchmark stands, marked."""
    demand = demand_of(123_456.0)
    demand.loc["b1"] = [np.nan, None]
    found = economics_of(district(demand=demand))
    assert list(found["electricity_source"]) == ["measured", "assumed", "measured"]
    low, taken, high = fact("economics.benchmark_kwh_m2.school")
    names = ["electricity_low_kwh", "electricity_kwh", "electricity_high_kwh"]
    np.testing.assert_allclose(
        found.loc["b1", names].astype(float), 8000.0 * np.array([low, taken, high])
    )
    assert (found.loc["b0", names] == 123_456.0).all()


def test_floor_area_from_floors_where_it_is_not_known():
    """Footprint times floors, else floors from the height, else one floor."""
    buildings = pd.DataFrame(
        {
            "owner_type": "office", "floor_area_m2": [np.nan, np.nan, 900.0],
            "floors": [3.0, np.nan, 9.0], "footprint_area_m2": 500.0,
        }
    )  # fmt: skip
    per_m2 = fact("economics.benchmark_kwh_m2.office")[1]
    use = annual_electricity(buildings, None)["electricity_kwh"]
    np.testing.assert_allclose(use, per_m2 * np.array([1500.0, 500.0, 900.0]))
    use = annual_electricity(buildings.assign(height_m=[30.0, 13.0, 30.0]), None)["electricity_kwh"]
    np.testing.assert_allclose(use, per_m2 * np.array([1500.0, 2000.0, 900.0]))


def test_metered_months_are_kept():
    """A building that is metered in summer alone uses nothing of its winter's sun."""
    demand = demand_of(1e6)
    for month in range(1, 13):
        demand[f"electricity_{month:02d}_kwh"] = 5e5 if month in (7, 8) else 0.0
    found = economics_of(district(demand=demand))
    assert (found["self_use_kwh"] <= 40_000.0 + 1e-6).all()
    assert (found["self_use_kwh"] > 39_000.0).all()


def test_ageing_is_interpolated_closely():
    """Between the first and last year the straight line misses exact matching by under 1 per mille."""
    portfolio = district()
    middle = 12
    exact = portfolio.first_year(Case(energy=float(ageing(Economics())[middle])))
    flows = portfolio.flows()
    exact_saved = exact["self_use_cny"].to_numpy()
    np.testing.assert_allclose(flows.savings[:, middle], exact_saved, rtol=1e-3)


def test_capex_by_size_and_mounting():
    """The size factor counts the building's roofs together; mounting counts roof by roof."""
    layouts = pd.DataFrame({"building_id": ["a", "a", "b"], "capacity_kwp": [150.0, 150.0, 1000.0]})
    mounting = pd.Series(["anchored", "clamped", None])
    found = building_capex(layouts, mounting, Economics(capex_cny_kwp=1000.0))
    clamped = fact("economics.capex_mounting_factor.clamped")
    assert found["a"] == pytest.approx(1000.0 * 1.15 * 150.0 * (1 + clamped))
    assert found["b"] == pytest.approx(1e6)
    factors = size_factor(np.geomspace(1, 1e4, 200))
    assert (np.diff(factors) <= 0).all()


def test_an_institution_pays_no_tax_and_is_worth_more():
    """Without tax the value is higher, and it is that of the plain flows."""
    company = economics_of(district())
    portfolio = district(settings=Economics(taxpayer="institution"))
    found = economics_of(portfolio)
    assert (found["npv_cny"] > company["npv_cny"]).all()
    np.testing.assert_allclose(found["npv_cny"], net_present_value(portfolio.flows().net, 0.06))
    np.testing.assert_allclose(found["lcoe_cny_kwh"], company["lcoe_cny_kwh"])


def test_full_self_use_mode_earns_nothing_from_surplus():
    """With no sale to the grid, surplus has no price."""
    found = economics_of(district(settings=Economics(mode="self_use")))
    assert (found["sales_cny_a"] == 0).all()


def test_the_least_share_of_self_use():
    """Unknown where nobody says it; yes and no on either side of it, and a notice names the low ones."""
    assert set(economics_of(district())["self_use_enough"]) == {"unknown"}
    shares = economics_of(district())["self_use_share"]
    found = economics_of(district(settings=Economics(self_use_least=float(shares.median()))))
    assert sorted(found["self_use_enough"]) == ["no", "yes", "yes"]
    assert found.loc[shares.idxmin(), "self_use_enough"] == "no"


def test_a_tariff_given_with_the_use_is_taken():
    """A building's own tariff goes before that of its owner type, and is marked as surveyed."""
    demand = demand_of(1e12)
    demand["tariff"] = [None, "tianjin_2021", None]
    found = economics_of(district(demand=demand))
    assert list(found["tariff"]) == ["tianjin_2025", "tianjin_2021", "tianjin_2025"]
    assert list(found["tariff_source"]) == ["assumed", "surveyed", "assumed"]


def test_emissions_name_their_factor():
    """Energy times the factor of the region and year that the table names."""
    found = economics_of(district(), "north_china")
    factor = fact("carbon.north_china")
    np.testing.assert_allclose(found["co2_t"], 240.0 * factor)
    np.testing.assert_allclose(found["co2_life_t"], 240.0 * factor * ageing(Economics()).sum())
    assert set(found["co2_region"]) == {"north_china"}
    assert set(found["co2_year"]) == {2023}


def test_sensitivity_points_the_right_way():
    """Cost and discount lower the value, all else raises it; the portfolio is the sum."""
    table = sensitivity(district())
    portfolio = portfolio_sensitivity(table)
    lowers = {"capex", "opex", "discount"}
    for (_, name), row in table.iterrows():
        rising = row["npv_high_cny"] >= row["npv_cny"] >= row["npv_low_cny"]
        falling = row["npv_high_cny"] <= row["npv_cny"] <= row["npv_low_cny"]
        assert falling if name in lowers else rising, name
    one = table.xs("tariff", level="parameter")
    assert portfolio.loc["tariff", "npv_high_cny"] == pytest.approx(one["npv_high_cny"].sum())
    assert portfolio["swing_cny"].is_monotonic_decreasing
    for name in portfolio.index:
        assert f"enum.sensitivity.{name}" in catalogue()


def test_buildings_are_worked_out_alike_alone_and_together():
    """Blocks, order and company change nothing; some can be taken out of many."""
    many = district(600)
    alone = many.of(["b5", "b300"])
    whole = economics_of(many)
    columns = ["npv_cny", "self_use_kwh", "savings_cny_a"]
    np.testing.assert_allclose(
        economics_of(alone)[columns], whole.loc[["b5", "b300"], columns], rtol=1e-12
    )


def test_an_unknown_tariff_is_refused_with_the_known_ones():
    """The message names what was asked for and what there is."""
    with pytest.raises(ConfigError, match=r"tianjin_2031.*tianjin_2025"):
        district(settings=Economics(tariffs={"school": "tianjin_2031"}))


def test_flows_of_different_buildings_are_not_added():
    """PV and measures join building by building, cost with cost."""
    flows = district().flows()
    double: ProjectFlows = flows + flows
    np.testing.assert_allclose(double.net, 2 * flows.net)
    with pytest.raises(ValueError, match="different"):
        flows + replace(flows, ids=pd.Index(["x", "y", "z"]))


# ---- a whole study


def test_a_study_is_valued_from_its_weather():
    """East-west, flush and south roofs each have their class; energy and money hold together."""
    n = 3
    buildings = pd.DataFrame(
        {
            "owner_type": ["office", "school", "hospital"], "floor_area_m2": 9000.0,
            "floors": 3.0, "footprint_area_m2": 3000.0,
        },
        index=pd.Index(["a", "b", "c"], name="building_id"),
    )  # fmt: skip
    roofs = pd.Index(["a-1", "b-1", "c-1"], name="roof_id")
    kinds = pd.DataFrame(
        {"building_id": ["a", "b", "c"], "roof_kind": "flat", "mounting": "anchored"}, index=roofs
    )
    layouts = pd.DataFrame(
        {
            "building_id": ["a", "b", "c"], "capacity_kwp": 150.0, "array_area_m2": 900.0,
            "module_tilt": [10.0, 10.0, 0.0], "module_azimuth": [180.0, 90.0, 180.0],
            "pitch_m": 4.0, "arrangement": ["rows", "east_west", "flush"],
        },
        index=roofs,
    )  # fmt: skip
    months = {f"energy_ac_{m:02d}_kwh": 15_000.0 for m in range(1, 13)}
    yields = pd.DataFrame(
        {"energy_ac_kwh": [180_000.0] * n} | {k: [v] * n for k, v in months.items()}, index=roofs
    )
    plan = Plan(as_of=TODAY)
    year = climate_year(39.08, 117.23, 3.0, "Asia/Shanghai")
    profiles, classes = production_profiles(plan, layouts, year)
    assert classes.nunique() == 3
    ew = profiles[classes["b-1"]].to_numpy().reshape(365, 24).mean(axis=0)
    south = profiles[classes["a-1"]].to_numpy().reshape(365, 24).mean(axis=0)
    assert abs(int(south.argmax()) - 12) <= 1
    assert ew[8] / ew[12] > south[8] / south[12] * 0.9
    value = value_projects(plan, buildings, kinds, layouts, yields, year)
    schema.check(value.economics, schema.ECONOMICS, "economics")
    schema.check(value.contracts, schema.CONTRACTS, "contracts")
    notices = Notices()
    say_assumptions(value, 0.5, notices)
    assert [n.code for n in notices] == ["economics_use_assumed", "economics_tariff_assumed"]
    assert all(n.message(language) for n in notices for language in ("zh", "en"))
    flows = value.cash_flows(plan, ["b"])
    schema.check(flows, schema.CASHFLOWS, "cashflows")
    assert set(flows.index.get_level_values("building_id")) == {"b"}
