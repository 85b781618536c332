"""How sure a yield is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hexi_solar.uncertainty import (
    error_budget,
    exceedance,
    portfolio,
    relative_sigma,
    worth_of_facts,
)


def roofs(n=1, source="footprint", tilt_source="surveyed", tilt=0.0) -> pd.DataFrame:
    ids = pd.Index([f"r{i}" for i in range(n)], name="roof_id")
    facts = {"source": source, "tilt_source": tilt_source, "surface_tilt": tilt}
    return pd.DataFrame(facts, index=ids).assign(building_id=[f"b{i}" for i in range(n)])


def test_published_budget():
    """The seven factors give 9.5 % and a P90 of 0.88 x P50; with 11 % of area, 0.81."""
    parts = error_budget(roofs())
    bare = relative_sigma(parts, without=["area"])
    assert bare.item() == pytest.approx(0.095, abs=5e-4)
    one = pd.Series(1.0, bare.index)
    assert exceedance(one, bare)["p90_energy_ac_kwh"].item() == pytest.approx(0.88, abs=0.005)
    whole = exceedance(one, relative_sigma(parts))["p90_energy_ac_kwh"].item()
    assert whole == pytest.approx(0.81, abs=0.005)


def test_over_a_life_years_even_out():
    """After 25 years only a fifth of the variability from year to year is left."""
    once, life = (error_budget(roofs(), years=y)[0].sigma.item() for y in (1, 25))
    assert life == pytest.approx(once / 5)


def test_several_weather_files_replace_the_budget():
    """Three files tell how far long-term insolation is known; they do not add to the 5 %."""
    parts = error_budget(roofs(), insolations=[900.0, 1000.0, 1100.0])
    insolation = next(p for p in parts if p.name == "insolation")
    assert insolation.sigma.item() == pytest.approx(0.1 / np.sqrt(3))


def test_a_thousand_roofs_keep_what_they_share():
    """Own errors go with the root of the number, common ones stay."""
    many = roofs(1000)
    parts = error_budget(many)
    found = portfolio(pd.Series(1.0, many.index), parts, many["building_id"])
    own = np.sqrt(sum(p.sigma.iloc[0] ** 2 for p in parts if not p.common))
    common = np.sqrt(sum(p.sigma.iloc[0] ** 2 for p in parts if p.common))
    assert found["sigma_own"] == pytest.approx(own / np.sqrt(1000))
    assert found["sigma_common"] == pytest.approx(common)
    single = exceedance(pd.Series(1.0, many.index), relative_sigma(parts))
    assert single["p90_energy_ac_kwh"].sum() < found["p90_kwh"] < found["p50_kwh"]


def test_one_roof_is_its_own_portfolio():
    """The portfolio of one roof has that roof's P90."""
    one = roofs(source="footprint", tilt_source="assumed", tilt=6.0)
    parts = error_budget(one)
    energy = pd.Series([5000.0], one.index)
    found = portfolio(energy, parts, one["building_id"])
    expected = exceedance(energy, relative_sigma(parts))
    assert found["p90_kwh"] == pytest.approx(expected["p90_energy_ac_kwh"].item())
    assert found["p75_kwh"] == pytest.approx(expected["p75_energy_ac_kwh"].item())


def test_planes_of_one_building_err_together():
    """Two halves of one roof are no safer than the whole."""
    two = roofs(2).assign(building_id="b0")
    half = pd.Series(0.5, two.index)
    whole = portfolio(pd.Series([1.0], ["r0"]), error_budget(roofs()), pd.Series(["b0"], ["r0"]))
    assert portfolio(half, error_budget(two), two["building_id"])["sigma"] == pytest.approx(
        whole["sigma"]
    )


def test_sigma_agrees_with_drawing_lots():
    """The closed form is what ten thousand drawn districts show."""
    three = roofs(3)
    parts = error_budget(three)
    energy = pd.Series([1.0, 2.0, 4.0], three.index)
    dice = np.random.default_rng(5)
    drawn = np.ones((20_000, 3))
    for part in parts:
        lots = dice.normal(size=(20_000, 1 if part.common else 3))
        drawn = drawn + lots * part.sigma.to_numpy()
    found = portfolio(energy, parts, three["building_id"])
    spread = (drawn @ energy.to_numpy()).std() / 7.0
    assert found["sigma"] == pytest.approx(spread, rel=0.03)


def test_better_facts_are_worth_something():
    """A measured area raises P90; a fact that is known already is worth nothing."""
    one = roofs()
    worth = worth_of_facts(pd.Series([1000.0], one.index), error_budget(one)).iloc[0]
    assert worth["area"] > worth["insolation"] > 0
    assert worth["tilt"] == 0


def test_nothing_has_no_spread():
    """A district without modules."""
    one = roofs()
    assert (
        portfolio(pd.Series([0.0], one.index), error_budget(one), one["building_id"])["p90_kwh"]
        == 0
    )
