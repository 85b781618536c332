"""Coverage rates of a district small enough to count by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.config import Coverage
from hexi_solar.coverage import (
    READINGS,
    could_be_new,
    coverage_by_subdistrict,
    coverage_definitions,
    coverage_rates,
    headline,
    nothing_known,
)
from hexi_solar.errors import ConfigError

TODAY = dt.date(2023, 6, 30)
AREAS = ["capacity_kwp", "module_area_m2", "module_horizontal_area_m2", "array_area_m2"]

BUILDINGS = pd.DataFrame(
    [
        # id, completed, public, owner, footprint, floor area, load, subdistrict
        ("hall", "2021-05-01", "yes", "government", 2000.0, 8000.0, "yes", "尖山街道"),
        ("school", "2022-09-01", "yes", "school", 1000.0, 4000.0, "unknown", "尖山街道"),
        ("clinic", "2022-03-01", "yes", "hospital", 500.0, np.nan, "yes", "马场街道"),
        ("private", "2022-01-01", "no", "school", 3000.0, 9000.0, "yes", "马场街道"),
        ("old", "2020-12-31", "yes", "school", 5000.0, 20000.0, "yes", "马场街道"),
        ("coming", None, "yes", "school", 4000.0, 9000.0, "yes", "马场街道"),
    ],
    columns=[
        "building_id", "completed_on", "public_institution", "owner_type", "footprint_area_m2",
        "floor_area_m2", "load_state", "subdistrict",
    ],
).set_index("building_id").assign(completed_on=lambda t: pd.to_datetime(t["completed_on"]))  # fmt: skip

ROOFS = pd.DataFrame({
    "building_id": BUILDINGS.index,
    "area_m2": BUILDINGS["footprint_area_m2"].to_numpy(),
    "horizontal_area_m2": BUILDINGS["footprint_area_m2"].to_numpy(),
    "installable_area_m2": BUILDINGS["footprint_area_m2"].to_numpy() * 0.5,
})  # fmt: skip
LAYOUTS = pd.DataFrame({"building_id": BUILDINGS.index, "capacity_kwp": 100.0})


def pv(**module_areas: float) -> pd.DataFrame:
    """PV on buildings: modules, projection 0.9 of them, field twice, 0.2 kW/m²."""
    area = pd.Series(module_areas, dtype=float)
    columns = dict(zip(AREAS, (area * 0.2, area, area * 0.9, area * 2), strict=True))
    return pd.DataFrame(columns, index=area.index).assign(derived=False)


def rates(stock=None, settings=None, roofs=ROOFS, threshold=1000.0, today=TODAY):
    def stock_on(day):
        return stock(day) if callable(stock) else (pv() if stock is None else stock)

    return coverage_rates(
        BUILDINGS,
        roofs,
        LAYOUTS,
        stock_on,
        settings or Coverage(),
        today=today,
        threshold_m2=threshold,
    )


def one(
    table,
    year=2023,
    cohort="cumulative",
    definition="installable",
    reading="module_area",
    scope="all",
):
    """The row of the latest day."""
    rows = table.reset_index()
    keys = {
        "year": year,
        "cohort": cohort,
        "definition": definition,
        "reading": reading,
        "scope": scope,
    }
    for key, value in keys.items():
        rows = rows[rows[key] == value]
    return rows.sort_values("at").iloc[-1]


def test_the_cohort_is_new_public_institutions():
    """Not the private school, not what was completed a day too early, not what is still coming."""
    assert one(rates())["denominator_ids"] == ["clinic", "hall", "school"]


def test_every_definition_by_hand():
    """100 m² of modules on the hall, 50 on the clinic."""
    table = rates(pv(hall=100.0, clinic=50.0))
    expected = {
        ("installable", "module_area"): 150 / 1750,
        ("installable", "module_horizontal_area"): 135 / 1750,
        ("installable", "array_area"): 300 / 1750,
        ("total_roof", "module_area"): 150 / 3500,
        ("buildings", "-"): 2 / 3,
        ("capacity", "-"): 30 / 300,
        ("floor_area", "-"): 8000 / 12000,
        ("installable_of_total", "-"): 0.5,
    }
    for (definition, reading), rate in expected.items():
        assert one(table, definition=definition, reading=reading)["rate"] == pytest.approx(rate)


def test_a_building_of_unknown_floor_area_is_left_out_and_flagged():
    """The clinic's floor area is not known: neither above nor below the line, but named."""
    row = one(rates(pv(clinic=10.0)), definition="floor_area", reading="-")
    assert row["denominator_ids"] == ["hall", "school"]
    assert row["flagged_ids"] == ["clinic"]


def test_cohort_of_a_year_and_all_since_the_start():
    """2022 has two buildings of its own, three with those before it."""
    table = rates()
    assert one(table, 2022, "in_year")["denominator_ids"] == ["clinic", "school"]
    assert one(table, 2022, "cumulative")["denominator_ids"] == ["clinic", "hall", "school"]
    assert one(table, 2021, "cumulative")["denominator_ids"] == ["hall"]


def test_pv_built_later_counts_where_its_building_stands():
    """Modules connected in 2023 raise the rate of 2021 as seen today, not as at the end of 2021."""
    table = rates(lambda day: pv(hall=500.0) if day.year >= 2023 else pv())
    rows = table.xs((2021, "in_year", "installable", "module_area", "all"),
                    level=["year", "cohort", "definition", "reading", "scope"])  # fmt: skip
    assert rows.sort_index()["rate"].to_list() == [0.0, 0.5]


def test_scope_of_eligible_roofs():
    """At least 1000 m², inclusive, and load shown to suffice: only the hall."""
    assert one(rates(), scope="eligible")["denominator_ids"] == ["hall"]


def test_nothing_over_nothing_is_unknown():
    """A year without a new building has no rate."""
    assert np.isnan(one(rates(), 2023, "in_year")["rate"])


def test_more_than_all_is_flagged_and_not_clipped():
    """1,200 m² on 1,000 installable m² are data in need of correction."""
    row = one(rates(pv(hall=1200.0)), 2021)
    assert row["rate"] == pytest.approx(1.2)
    assert row["flagged_ids"] == ["hall"]


def test_pitched_roofs_count_in_their_plane():
    """At 60° both the modules and the roof are twice their projection."""
    roofs = ROOFS.assign(area_m2=ROOFS["horizontal_area_m2"] * 2)
    tilted = pv(hall=500.0).assign(module_horizontal_area_m2=250.0)
    table = rates(tilted, roofs=roofs)
    assert one(table, 2021)["rate"] == pytest.approx(500 / 2000)
    projected = one(table, 2021, reading="module_horizontal_area")
    assert projected["rate"] == pytest.approx(250 / 1000)


def test_reported_row_is_one_per_year_and_day_and_first():
    """Exactly one definition, reading, scope and cohort is the reported one."""
    table = rates(pv(hall=100.0))
    reported = table[table["reported"]]
    assert reported.index.droplevel(["year", "at"]).unique().to_list() == [
        ("cumulative", "installable", "module_area", "all")
    ]
    assert table["reported"].iloc[: len(reported)].all()
    assert headline(table, 2023, Coverage())["rate"] == pytest.approx(100 / 1750)


def test_potential_is_never_progress():
    """Positive without any PV, so it cannot be the reported one."""
    table = rates()
    assert set(table.xs("installable_of_total", level="definition")["kind"]) == {"potential"}
    with pytest.raises(ConfigError, match="potential"):
        rates(settings=Coverage(definition="installable_of_total"))


def test_target_of_a_mix_is_weighted_with_its_areas():
    """Government and schools 50 %, the hospital 30 %, weighted with roof areas."""
    goal = one(rates(), definition="total_roof")["target"]
    assert goal == pytest.approx((0.5 * 3000 + 0.3 * 500) / 3500)


def test_what_could_be_new_by_what_is_known_of_it():
    """An undated clinic could be; a block of which nothing is known is not looked at."""
    kinds = {"clinic": "hospital", "block": "unknown", "dated": "unknown", "flat": "residential"}
    buildings = pd.DataFrame({
        "owner_type": kinds,
        "public_institution": {"clinic": "unknown", "block": "unknown", "dated": "unknown", "flat": "no"},
        "completed_on": pd.Series({"clinic": None, "block": None, "dated": "2022-01-01", "flat": None}),
        "status": "completed",
    }).assign(completed_on=lambda t: pd.to_datetime(t["completed_on"]))  # fmt: skip
    found = could_be_new(buildings, dt.date(2021, 1, 1), TODAY)
    assert sorted(found.index[found]) == ["clinic", "dated"]
    assert list(buildings.index[nothing_known(buildings)]) == ["block"]


def test_a_definition_of_the_plans_own():
    """A definition is data."""
    own = {
        "mine": {
            "zh": "自定",
            "en": "Mine",
            "numerator": "installed_kwp",
            "denominator": "roof_area",
        }
    }
    table = rates(pv(hall=100.0), Coverage(definitions=own, definition="mine"))
    row = table[table["reported"]].reset_index().query("year == 2023").iloc[-1]
    assert row["rate"] == pytest.approx(20 / 3500)


def test_wrong_definitions_are_named_together():
    """Quantity and name, both at once."""
    wrong = Coverage(
        definitions={"mine": {"numerator": "joy", "denominator": "roof_area"}}, definition="yours"
    )
    with pytest.raises(ConfigError) as caught:
        coverage_definitions(wrong)
    assert "joy" in str(caught.value)
    assert "yours" in str(caught.value)


def test_the_table_is_as_declared():
    """Columns, words and ranges are those of the schema."""
    schema.check(rates(pv(hall=100.0)), schema.COVERAGE, "coverage")


area = st.floats(0, 900)


@settings(max_examples=10, deadline=None)
@given(hall=area, school=area, more=area)
def test_adding_pv_never_lowers_a_rate(hall, school, more):
    """Whatever the definition, modules added to the cohort raise or keep every rate."""
    before = rates(pv(hall=hall, school=school))["rate"]
    after = rates(pv(hall=hall + more, school=school))["rate"]
    assert (after.fillna(0) >= before.fillna(0) - 1e-12).all()


@settings(max_examples=10, deadline=None)
@given(hall=area, clinic=area)
def test_subdistricts_add_up(hall, clinic):
    """Numerators and denominators of the subdistricts sum to the district's."""
    stock = pv(hall=hall, clinic=clinic)
    parts = coverage_by_subdistrict(
        BUILDINGS, ROOFS, LAYOUTS, stock, Coverage(), today=TODAY, threshold_m2=1000.0
    )
    whole = one(rates(stock))
    for part in ("numerator", "denominator"):
        assert sum(p[part] for p in parts) == pytest.approx(whole[part])
    assert READINGS[0] == "module_area"
