"""What stands around roofs, from the table of buildings to energy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hexi_solar.config import Layers, Plan, Planes, Shading, SurfaceModel
from hexi_solar.inputs import Place
from hexi_solar.potential import potential_of
from hexi_solar.roofs import Frame
from hexi_solar.weather import climate_year

PLACE = Place(39.08, 117.22, Frame())
YEARS = (climate_year(39.083, 117.067, 2.5, "Asia/Shanghai"),)


def street(tower_m: float, status: str = "completed") -> gpd.GeoDataFrame:
    """A school 12 m high with a tower 15 m to the south."""
    rows = {
        "name": "", "owner_type": "school", "roof_kind": "flat", "roof_kind_source": "surveyed",
        "load_evidence": "none", "load_reserve_kn_m2": np.nan, "load_state": "unknown", "latitude": 39.08,
    }  # fmt: skip
    x, y = 519_000.0, 4_327_000.0
    shapes = [shapely.box(x, y, x + 60, y + 30), shapely.box(x, y - 35, x + 60, y - 15)]
    frame = gpd.GeoDataFrame([rows, rows], index=["school", "tower"], geometry=shapes, crs=4548)
    return frame.assign(height_m=[12.0, tower_m], status=["completed", status])


def energy(buildings: gpd.GeoDataFrame, **shading) -> pd.Series:
    plan = replace(Plan(), shading=Shading(**shading))
    found = potential_of(plan, buildings.loc[["school"]], YEARS, PLACE, buildings)
    return found.yields.iloc[0]


def test_a_higher_tower_takes_more():
    """Energy falls with the tower's height; one lower than the roof takes nothing."""
    heights = (5.0, 20.0, 40.0, 80.0)
    found = [energy(street(h))["energy_ac_kwh"] for h in heights]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(energy(street(0.0))["energy_ac_kwh"])
    assert found[3] < 0.8 * found[0]


def test_an_open_horizon_is_a_setting():
    """With nothing around, only rows shade, and the tier says so."""
    open_ = energy(street(80.0), tier="open")
    assert open_["shading_tier"] == "open"
    assert (
        open_["energy_ac_kwh"] > energy(street(0.0))["energy_ac_kwh"]
    )  # the parapet is left out too
    assert energy(street(80.0))["shading_tier"] == "footprint"


def test_an_unknown_height_is_neither_nothing_nor_a_tower():
    """Both bounds are shown, the energy lies between them, and the doubt widens the interval."""
    unknown, known = energy(street(np.nan), unknown_height_quantile=1.0), energy(street(0.0))
    assert unknown["shading_loss_low"] == pytest.approx(known["shading_loss"])
    # the only known height is the school's own: a neighbour as high as the roof takes nothing
    assert unknown["shading_loss_high"] >= unknown["shading_loss_low"]
    town = pd.concat([street(np.nan), street(60.0).loc[["tower"]].rename({"tower": "far"})])
    far = town.geometry.iloc[2]
    town = town.set_geometry(
        [*town.geometry.iloc[:2], shapely.affinity.translate(far, 5_000)], crs=4548
    )
    found = energy(town, unknown_height_quantile=1.0)
    assert found["shading_loss_low"] < found["shading_loss"] < found["shading_loss_high"]
    assert found["sigma"] > known["sigma"]


def test_what_is_not_built_yet_does_not_shade():
    """A planned tower takes nothing today."""
    planned = energy(street(80.0, "planned"))["energy_ac_kwh"]
    assert planned == pytest.approx(energy(street(0.0))["energy_ac_kwh"])


def surface_of(folder, tower_m: float, half: bool = False):
    """The street as a raster of half-metre cells: a level ground, the school, the tower."""
    import rasterio
    from rasterio.transform import from_origin

    west, north, size = 519_000.0 - 420.0, 4_327_000.0 + 420.0, 1600
    height = np.full((size, size), 3.0, np.float32)

    def block(x0, y0, x1, y1, top):
        rows = slice(int((north - y1) * 2), int((north - y0) * 2))
        height[rows, int((x0 - west) * 2) : int((x1 - west) * 2)] = 3.0 + top

    x, y = 519_000.0, 4_327_000.0
    block(x, y, x + 60, y + 30, 12.0)
    block(x, y - 35, x + 60, y - 15, tower_m)
    if half:
        height[:, : size // 2] = np.nan
    profile = {"driver": "GTiff", "height": size, "width": size, "count": 1, "dtype": "float32"}
    place = {"crs": "EPSG:4548", "transform": from_origin(west, north, 0.5, 0.5)}
    with rasterio.open(folder / "dsm.tif", "w", **profile, **place) as file:
        file.write(height, 1)
    return folder / "dsm.tif"


def over(path, buildings) -> pd.Series:
    layers = Layers(surface_model=SurfaceModel(path=path))
    roofs = replace(Plan().roofs, parapet_height_m=0.0)
    # the same usable area as from the footprint, so that only the skylines differ
    plan = replace(Plan(), layers=layers, roofs=roofs, planes=Planes(tier="footprint"))
    found = potential_of(plan, buildings.loc[["school"]], YEARS, PLACE, buildings)
    return found.yields.iloc[0]


def test_a_surface_model_shades_like_the_footprints_it_shows(tmp_path):
    """Boxes on level ground are the same thing drawn and rastered; the tier is written down."""
    drawn = street(40.0)
    rastered = over(surface_of(tmp_path, 40.0), drawn.assign(height_m=np.nan))
    plan = replace(Plan(), roofs=replace(Plan().roofs, parapet_height_m=0.0))
    by_shape = potential_of(plan, drawn.loc[["school"]], YEARS, PLACE, drawn).yields.iloc[0]
    assert rastered["shading_tier"] == "surface_model"
    assert by_shape["shading_tier"] == "footprint"
    # half-metre cells move walls by up to a quarter of a metre
    assert rastered["shading_loss"] == pytest.approx(by_shape["shading_loss"], abs=0.005)


def test_a_surface_that_ends_nearby_is_not_used(tmp_path):
    """Where half of the surface around is unknown, footprints stand in, not a mixture."""
    found = over(surface_of(tmp_path, 40.0, half=True), street(40.0))
    assert found["shading_tier"] == "footprint"


def test_what_the_surface_does_not_know_is_not_nothing(tmp_path):
    """A tower that the model misses shades in the high bound as if the model knew it."""
    import rasterio

    path, town = surface_of(tmp_path, 40.0), street(40.0)
    plan = replace(Plan(), shading=Shading(surface_known_m=10.0))

    def found() -> pd.Series:
        with_model = replace(plan, layers=Layers(surface_model=SurfaceModel(path=path)))
        with_model = replace(with_model, planes=Planes(tier="footprint"))
        return potential_of(with_model, town.loc[["school"]], YEARS, PLACE, town).yields.iloc[0]

    whole = found()
    assert whole["shading_loss_high"] == whole["shading_loss_low"]
    with rasterio.open(path, "r+") as file:
        height = file.read(1)
        height[(420 + 15) * 2 : (420 + 35) * 2, 420 * 2 : 480 * 2] = np.nan
        file.write(height, 1)
    holed = found()
    assert holed["shading_tier"] == "surface_model"
    assert holed["shading_loss_high"] == pytest.approx(whole["shading_loss"], rel=1e-6)
    assert holed["shading_loss_low"] < 0.5 * whole["shading_loss"]
    assert holed["shading_loss_low"] < holed["shading_loss"] < holed["shading_loss_high"]
    assert holed["sigma"] > whole["sigma"]


def hill_of(folder, height_m: float) -> Path:
    """Level ground in cells of 100 m with a ridge 4 to 5 km to the south of the school."""
    import rasterio
    from rasterio.transform import from_origin

    west, north, size = 519_000.0 - 8_000.0, 4_327_000.0 + 8_000.0, 160
    ground = np.full((size, size), 50.0, np.float32)
    ground[120:130] += height_m
    profile = {"driver": "GTiff", "height": size, "width": size, "count": 1, "dtype": "float32"}
    place = {"crs": "EPSG:4548", "transform": from_origin(west, north, 100.0, 100.0)}
    with rasterio.open(folder / f"dem{height_m:g}.tif", "w", **profile, **place) as file:
        file.write(ground, 1)
    return folder / f"dem{height_m:g}.tif"


def behind(path) -> pd.Series:
    plan = replace(Plan(), layers=Layers(far_terrain=SurfaceModel(path=path)))
    buildings = street(0.0)
    return potential_of(plan, buildings.loc[["school"]], YEARS, PLACE, buildings)


def test_hills_beyond_the_buildings_shade(tmp_path):
    """A ridge of 1000 m, 4 km to the south, stands at atan(990 / 4000) and takes light; level ground none."""
    plain, hills = behind(hill_of(tmp_path, 0.0)), behind(hill_of(tmp_path, 1000.0))
    open_ = energy(street(0.0))["energy_ac_kwh"]
    assert plain.yields.iloc[0]["energy_ac_kwh"] == pytest.approx(open_, rel=1e-9)
    assert hills.yields.iloc[0]["energy_ac_kwh"] < 0.995 * open_
    south = hills.surroundings.skyline["low"][:, 32]
    assert south.min() > 0
    # the near edge of the ridge is 4 km from the cell that the school stands in
    expected = np.rad2deg(np.arctan((1000.0 - 12.0) / 4_000.0))
    assert south.mean() == pytest.approx(expected, abs=0.4)
