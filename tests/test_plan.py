"""The journey of a study, where steps are joined."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hexi_solar.config import Coverage, Layer, Layers, Layout, Plan, Weather
from hexi_solar.errors import ConfigError
from hexi_solar.inputs import Place, read_inputs
from hexi_solar.plan import pv_on, run
from hexi_solar.roofs import Frame
from hexi_solar.schema import REGISTER
from hexi_solar.weather import climate_year

PLACE = Place(39.08, 117.22, Frame())


def register(**facts) -> pd.DataFrame:
    """One connected project on the hall."""
    row = {"entity": "P1", "kind": "connected", "valid_on": pd.Timestamp("2023-01-01")}
    row |= {"building_id": "hall"} | facts
    frame = pd.DataFrame([row], index=pd.Index([0], name="event_id")).reindex(
        columns=REGISTER.names
    )
    frame["recorded_at"] = pd.to_datetime(frame["recorded_at"])
    return frame


def field_of(layout: Layout) -> float:
    """Array field taken for 100 m² of modules whose field was not filed."""
    plan = replace(Plan(), layout=layout)
    found = pv_on(plan, register(module_area_m2=100.0), PLACE, pd.Timestamp("2024-01-01").date())
    return float(found.loc["hall", "array_area_m2"])


def test_an_array_field_that_was_not_filed_follows_the_layout():
    """South rows of 2.278 m every 3.37 m, pairs of rows, or modules side by side."""
    assert field_of(Layout()) == pytest.approx(100 * 3.37 / 2.278)
    pair = 2 * 2.278 * np.cos(np.deg2rad(10)) + 0.6
    assert field_of(Layout(layout="east_west")) == pytest.approx(100 * pair / (2 * 2.278))
    assert field_of(Layout(layout="flush")) == pytest.approx(100 * 2.298 / 2.278)
    assert field_of(Layout(pitch_m=0.5)) >= 100.0


@pytest.fixture
def plan(tmp_path) -> Plan:
    """A school and a hall, and a place for weather files."""
    x, y = 519_000.0, 4_327_000.0
    shapes = [shapely.box(x, y, x + 60, y + 30), shapely.box(x, y + 60, x + 80, y + 110)]
    columns = {
        "编号": ["S1", "H1"],
        "用途": ["小学", "展览馆"],
        "层数": [4, 2],
        "竣工日期": "2022-08-01",
    }
    columns["权属单位"] = ["区教育局", "区文化和旅游局"]
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4548).to_file(tmp_path / "b.geojson")
    layers = Layers(buildings=Layer(path=tmp_path / "b.geojson"))
    day = pd.Timestamp("2026-06-30").date()
    return Plan(name="tiny", layers=layers, as_of=day, path=tmp_path / "plan.toml")


def weather_csv(folder, name: str, factor: float):
    """Write the climate year with its light scaled."""
    year = climate_year(39.08, 117.22, 3.0, "Asia/Shanghai").table
    light = year[["ghi", "dni", "dhi"]] * factor
    table = light.join(year[["temp_air", "wind_speed"]])
    table.insert(0, "time", [f"{t:%Y-%m-%dT%H:%M}" for t in table.index])
    table.to_csv(folder / name, index=False)
    return folder / name


def test_several_weather_years_are_averaged(plan):
    """The energy is the mean of the years, the spread goes into the uncertainty."""
    folder = plan.path.parent
    paths = [weather_csv(folder, f"{f}.csv", f) for f in (0.8, 1.0)]
    about = {"latitude": 39.08, "longitude": 117.22, "tz": "Asia/Shanghai"}

    def yields(*files):
        return run(replace(plan, weather=Weather(paths=tuple(files), **about)))

    dark, bright, both = yields(paths[0]), yields(paths[1]), yields(*paths)
    mean = 0.5 * (dark.yields["energy_ac_kwh"] + bright.yields["energy_ac_kwh"])
    pd.testing.assert_series_equal(both.yields["energy_ac_kwh"], mean, check_names=False, rtol=1e-9)
    each = [w["energy_ac_kwh"] for w in both.record["weather"]]
    assert np.mean(each) == pytest.approx(both.record["totals"]["energy_ac_kwh"])
    assert both.yields["sigma"].iloc[0] != pytest.approx(bright.yields["sigma"].iloc[0])


def test_new_buildings_that_may_be_public_are_named(plan):
    """A new building of unknown owner counts nowhere, and is said to."""
    layer = gpd.read_file(plan.layers.buildings.path)
    layer["权属单位"] = ["区教育局", ""]
    layer["用途"] = ["小学", ""]
    layer.to_file(plan.layers.buildings.path)
    notices = read_inputs(plan).notices
    doubtful = [n for n in notices if n.code == "cohort_doubtful"]
    assert len(doubtful) == 1
    assert doubtful[0].fields["rows"] == "H1"


def test_an_objective_picks_a_layout_per_building(plan):
    """Most energy per kW takes the steep rows, most energy per roof takes more modules."""
    steep = run(replace(plan, layout=Layout(layout="max_energy_per_kwp"))).layouts
    many = run(replace(plan, layout=Layout(layout="max_energy_per_roof"))).layouts
    assert (steep["module_tilt"] == 33.0).all()
    assert (many["capacity_kwp"] > steep["capacity_kwp"]).all()


def test_an_unknown_gate_is_asked_about(plan):
    """A gate that there is not cannot be opened."""
    with pytest.raises(ConfigError, match="did you mean capacity"):
        run(plan, allowed_gates=["capcity"])


def test_a_rate_above_one_is_a_warning(plan):
    """More PV than roof: the rate is not clipped, and the run says so."""
    register_file = plan.path.parent / "register.csv"
    row = "P1,S1,并网,2023-05-01,9999,99999"
    register_file.write_text(f"项目编号,建筑编号,阶段,发生日期,容量kW,组件面积\n{row}\n", "utf-8")
    layers = replace(plan.layers, register=replace(plan.layers.register, path=register_file))
    study = run(replace(plan, layers=layers, coverage=Coverage()))
    assert study.record["coverage"]["rate"] > 1
    assert any(n.code == "rate_above_one" and "S1" in n.fields["rows"] for n in study.notices)
