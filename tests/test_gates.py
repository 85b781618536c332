"""What must hold before a result is published."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hexi_solar.errors import GateError
from hexi_solar.gates import GATES, Results, check_gates, reviews

IDS = pd.Index(["r1"], name="roof_id")
MONTHS = {f"energy_ac_{m:02d}_kwh": 1000.0 for m in range(1, 13)}


def sound() -> Results:
    """One roof of 100 m² with 10 kWp and 12,000 kWh."""
    roof = {"building_id": "b1", "area_m2": 100.0, "horizontal_area_m2": 100.0}
    roof |= {"installable_area_m2": 90.0, "usable_area_m2": 80.0}
    layout = {"building_id": "b1", "capacity_kwp": 10.0}
    ledger = pd.DataFrame(
        {"area_m2": [10.0, 10.0]},
        index=pd.MultiIndex.from_tuples(
            [("r1", "setback"), ("r1", "plant")], names=["roof_id", "reason"]
        ),
    )
    yields = {"building_id": "b1", "energy_ac_kwh": 12_000.0, "shading_loss": 0.01, **MONTHS}
    return Results(
        roofs=gpd.GeoDataFrame([roof], index=IDS, geometry=[shapely.box(0, 0, 8, 10)], crs=4548),
        exclusions=ledger,
        layouts=gpd.GeoDataFrame([layout], index=IDS, geometry=[shapely.box(0, 0, 8, 9)], crs=4548),
        yields=pd.DataFrame([yields], index=IDS),
        candidates=pd.DataFrame(
            {"capacity_kwp": [10.0], "energy_ac_kwh": [12_000.0]}, index=["b1"]
        ),
        night_energy_kwh_kwp=pd.Series([0.0], IDS),
    )


def broken(gate: str) -> Results:
    """The same with one thing that cannot be."""
    results = sound()
    if gate == "areas":
        return replace(results, exclusions=results.exclusions + 1.0)
    if gate == "modules_outside":
        return replace(
            results, layouts=results.layouts.set_geometry([shapely.box(0, 0, 8, 11)], crs=4548)
        )
    if gate == "capacity":
        layouts = results.layouts.assign(capacity_kwp=20.0)
        return replace(
            results, layouts=layouts, candidates=results.candidates.assign(capacity_kwp=20.0)
        )
    if gate == "shading":
        return replace(results, yields=results.yields.assign(shading_loss=-0.001))
    if gate == "night":
        return replace(results, night_energy_kwh_kwp=pd.Series([0.5], IDS))
    return replace(results, candidates=results.candidates.assign(energy_ac_kwh=12_001.0))


def test_a_sound_result_passes():
    """Nothing is found and nothing is said."""
    assert check_gates(sound()) == {}


@pytest.mark.parametrize("gate", sorted(GATES))
def test_each_gate_stops_and_names(gate):
    """Publication stops, the roof or building is named, and the way to pass on purpose is told."""
    with pytest.raises(GateError) as caught:
        check_gates(broken(gate))
    assert len(caught.value.problems) == 1
    assert f"--allow-gate {gate}" in str(caught.value)
    assert ("r1" in str(caught.value)) or ("b1" in str(caught.value))


@pytest.mark.parametrize("gate", sorted(GATES))
def test_a_gate_can_be_passed_on_purpose(gate):
    """What was let through is returned, for the record; other gates stay shut."""
    assert list(check_gates(broken(gate), [gate])) == [gate]
    other = next(name for name in GATES if name != gate)
    with pytest.raises(GateError):
        check_gates(broken(gate), [other])


@pytest.mark.parametrize(
    ("hours", "light", "expected"),
    [
        (1250.0, 1500.0, []),
        (599.0, 750.0, ["specific_yield"]),
        (2001.0, 2300.0, ["specific_yield"]),
        (1250.0, 2100.0, ["ratio"]),
        (1250.0, 1300.0, ["ratio"]),
    ],
)
def test_what_someone_must_look_at(hours, light, expected):
    """Odd yields and odd ratios of energy to light after shading are marked, not stopped."""
    candidates = pd.DataFrame(
        {"specific_yield_kwh_kwp": [hours], "energy_ac_kwh": [hours * 10]}, index=["b1"]
    )
    assert reviews(candidates, pd.Series([light * 10], ["b1"]))["b1"] == expected
