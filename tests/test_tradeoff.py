"""Ways to fill a roof, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hexi_solar.tradeoff import choose_variants, net_present_value, tradeoff_table, variants

IDS = pd.Index(["r1", "r2"], name="roof_id")
ROOFS = pd.DataFrame(
    {
        "building_id": ["hall", "hall"],
        "area_m2": [1000.0, 2000.0],
        "horizontal_area_m2": [1000.0, 1000.0],  # the second slopes by 60°
        "installable_area_m2": [800.0, 500.0],
    },
    index=IDS,
)


def option(kwp: float, hours: float, area: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    layouts = pd.DataFrame(
        {
            "modules": 10,
            "capacity_kwp": kwp,
            "module_area_m2": area,
            "module_horizontal_area_m2": area / 2,
            "array_area_m2": area / 2,
        },
        index=IDS,
    )
    return layouts, pd.DataFrame({"energy_ac_kwh": kwp * hours}, index=IDS)


OPTIONS = {
    "steep": option(30.0, 1400.0, 200.0),
    "low": option(50.0, 1280.0, 450.0),
    "lying": option(70.0, 1180.0, 600.0),
}
TABLE = tradeoff_table(ROOFS, OPTIONS)
RATE = {"rate_column": "installable_module_area_rate", "target": 0.5}


def test_figures_of_a_way_add_up_over_the_roofs():
    """Capacity and energy sum; the specific yield is their ratio."""
    low = TABLE.loc[("hall", "low")]
    assert (low["capacity_kwp"], low["energy_ac_kwh"]) == (100, 128_000)
    assert low["specific_yield_kwh_kwp"] == pytest.approx(1280)


def test_rates_are_those_of_the_coverage_definitions():
    """In the plane for modules and field (800 + 2 x 500 installable), level for the projection."""
    low = TABLE.loc[("hall", "low")]
    assert low["installable_module_area_rate"] == pytest.approx(900 / 1800)
    assert low["installable_module_horizontal_area_rate"] == pytest.approx(450 / 1300)
    assert low["installable_array_area_rate"] == pytest.approx((225 + 450) / 1800)
    assert low["total_roof_module_area_rate"] == pytest.approx(900 / 3000)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [("max_energy_per_kwp", "steep"), ("max_energy_per_roof", "lying"), ("coverage_target", "low")],
)
def test_objectives(objective, expected):
    """Per kW the steep rows win, per roof the lying modules; low rows just reach half."""
    assert choose_variants(TABLE, objective, **RATE)["hall"] == expected


def test_a_target_out_of_reach_takes_the_highest_rate():
    """Nothing covers nine tenths here: the lying modules come nearest."""
    out = {"rate_column": RATE["rate_column"], "target": 0.9}
    assert choose_variants(TABLE, "coverage_target", **out)["hall"] == "lying"


def test_value_of_energy_decides_max_npv():
    """The way with the highest net present value is picked."""
    assert choose_variants(TABLE, "max_npv", **RATE)["hall"] == TABLE["npv_cny"].idxmax()[1]


def test_net_present_value_by_summing_years():
    """The closed form is the sum over years, one by one."""
    energy, capacity, total = 125_000.0, 100.0, -3500.0 * 100
    for year in range(1, 26):
        total += (0.5 * energy * 0.996 ** (year - 1) - 46.0 * capacity) / 1.06**year
    found = net_present_value(pd.Series([energy]), pd.Series([capacity])).item()
    assert found == pytest.approx(total)


def test_a_roof_that_takes_nothing_still_has_a_way():
    """No modules anywhere: rates are 0, the first way is named, nothing fails."""
    empty = {name: option(0.0, 0.0, 0.0) for name in OPTIONS}
    table = tradeoff_table(ROOFS, empty)
    assert table["specific_yield_kwh_kwp"].isna().all()
    assert choose_variants(table, "max_energy_per_kwp", **RATE)["hall"] == "steep"


def test_variants_have_names_in_both_languages():
    """Every way can be shown."""
    for entry in variants().values():
        assert {"zh", "en", "layout", "flat_tilt"} <= set(entry)
        assert not np.isnan(entry["flat_tilt"])
