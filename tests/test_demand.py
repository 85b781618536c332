"""Energy use of buildings: meters before benchmarks, ratings only of meters."""

from __future__ import annotations

import pandas as pd
import pytest

from hexi_solar.demand import annual_demand, energy_kgce, yearly
from hexi_solar.errors import Notices
from hexi_solar.facts import fact
from hexi_solar.schema import DEMAND, check


def meters(*rows: tuple) -> pd.DataFrame:
    """Meters from (building, period, electricity, heat)."""
    index = pd.MultiIndex.from_tuples([r[:2] for r in rows], names=["building_id", "period"])
    columns = {"electricity_kwh": [r[2] for r in rows], "heat_gj": [r[3] for r in rows]}
    return pd.DataFrame(columns, index=index, dtype=float)


NONE = meters(("x", "2025", None, None)).iloc[:0]
TOWN = pd.DataFrame(
    {
        "owner_type": ["government", "school", "hotel"],
        "floor_area_m2": [10000.0, 8000.0, float("nan")],
        "floors": [5.0, 4.0, 12.0],
    },
    index=pd.Index(["hall", "school", "hotel"], name="building_id"),
)


def demand(metered: pd.DataFrame = NONE, **more) -> pd.DataFrame:
    """Use of the town."""
    return annual_demand(TOWN, metered, emission_factor=0.7, **more)


def test_without_meters_use_is_the_benchmark_and_said_to_be():
    """10,000 m² of offices at 60 kWh/m²; no floor area, no use; nothing is rated."""
    notices = Notices()
    found = demand(notices=notices)
    check(found, DEMAND, "demand")
    band = fact("economics.benchmark_kwh_m2.government")
    row = found.loc["hall"]
    assert row["electricity_kwh"] == 10000.0 * band[1]
    assert (row["electricity_low_kwh"], row["electricity_high_kwh"]) == (
        10000.0 * band[0],
        10000.0 * band[2],
    )
    assert found["electricity_source"].to_list() == ["assumed", "assumed", "unknown"]
    assert pd.isna(found.loc["hotel", "electricity_kwh"])
    assert set(found["electricity_rating"]) == {"unknown", "not_covered"}
    assert "1 are unknown" in next(iter(notices)).message("en")


@pytest.mark.parametrize(
    ("use", "rating"), [(44.0, "guide"), (45.0, "guide"), (50.0, "between"), (55.1, "above")]
)
def test_a_meter_is_rated_against_the_limits_of_its_class(use, rating):
    """Class A of government offices: guide 45, constraint 55 kWh/m²."""
    found = demand(meters(("hall", "2025", use * 10000.0, None)))
    assert found.loc["hall", "electricity_rating"] == rating
    assert found.loc["hall", "electricity_source"] == "measured"


def test_schools_are_not_covered_by_the_standard():
    """GB/T 51161 leaves schools and hospitals out, whatever they use."""
    found = demand(meters(("school", "2025", 1e7, None)))
    assert found.loc["school", "electricity_rating"] == "not_covered"


def test_months_make_a_year_only_when_all_are_there():
    """Eleven months say nothing sure of a year; the last whole year counts."""
    rows = [("hall", f"2024-{m:02}", 10.0, 1.0) for m in range(1, 13)]
    rows += [("hall", f"2025-{m:02}", 99.0, 9.0) for m in range(1, 12)]
    found = yearly(meters(*rows))
    assert found.loc["hall", ["electricity_kwh", "heat_gj", "year"]].to_list() == [
        120.0,
        12.0,
        2024,
    ]


def test_a_year_given_outright_goes_before_its_months():
    """The bill of the year stands, not the sum of readings."""
    rows = [("hall", f"2025-{m:02}", 10.0, None) for m in range(1, 13)]
    found = yearly(meters(("hall", "2025", 130.0, None), *rows))
    assert found.loc["hall", "electricity_kwh"] == 130.0


def test_heat_follows_heating_degree_days():
    """A year 20 % colder than usual used a fifth more heat than a usual one would."""
    found = demand(
        meters(("hall", "2025", 600000.0, 2400.0)),
        degree_days=(3000.0, 100.0),
        usual_degree_days=(2500.0, 100.0),
    )
    assert found.loc["hall", "normal_heat_gj"] == pytest.approx(2000.0)
    assert found.loc["hall", "normal_electricity_kwh"] == pytest.approx(600000.0)


def test_energies_add_up_as_standard_coal():
    """One of each carrier."""
    coal = energy_kgce(pd.Series([1.0]), pd.Series([1.0]), pd.Series([1.0]))
    assert coal.item() == pytest.approx(0.1229 + 34.12 + 1.33)
