"""From a surface model to modules: a generated town through the whole study, and a real one."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from plane_towns import burn, make_town
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from hexi_solar.config import Layer, Layers, Layout, Plan, Planes, Roofs, SurfaceModel
from hexi_solar.explain import explain_building
from hexi_solar.inputs import place_of
from hexi_solar.layout import _fit, _frame, _rows_of, row_azimuths
from hexi_solar.plan import run
from hexi_solar.planfile import read_plan
from hexi_solar.roofs import long_side_azimuth
from hexi_solar.study import Study

X, Y = 519_000.0, 4_326_000.0
KINDS = ("gable", "hip", "parapet", "plant", "shed", "l_shape")
COUNT = 24


def place(shape: BaseGeometry) -> BaseGeometry:
    """Bring the town's own coordinates to the plan's."""
    return affine_transform(shape, [1, 0, 0, 1, X, Y])


@pytest.fixture(scope="module")
def town():
    """Houses whose planes are known."""
    return make_town(COUNT, seed=3, kinds=KINDS)


def write_town(town, folder: Path, *, resolution: float = 0.5, dx: float = 0.0, **columns) -> Plan:
    """Write footprints and surface as an office would hand them over."""
    z, transform = burn(town, resolution, 0.05, seed=2)
    there = rasterio.Affine(transform.a, 0, transform.c + X, 0, transform.e, transform.f + Y)
    profile = {"driver": "GTiff", "height": z.shape[0], "width": z.shape[1], "count": 1}
    profile |= {"dtype": "float32", "crs": "EPSG:4548", "transform": there}
    with rasterio.open(folder / "dsm.tif", "w", **profile) as file:
        file.write((z + 3.0).astype(np.float32), 1)
    shapes = [place(shapely.affinity.translate(s, dx, 0.0)) for s in town.footprints.geometry]
    facts = {"编号": town.footprints["building_id"], "用途": "小学", "层数": 2} | columns
    layer = gpd.GeoDataFrame(facts, geometry=shapes, crs=4548)
    layer.to_file(folder / "town.gpkg")
    model = SurfaceModel(path=folder / "dsm.tif")
    layers = Layers(buildings=Layer(path=folder / "town.gpkg"), surface_model=model)
    return Plan(layers=layers, roofs=Roofs(threshold_m2=10.0))


@pytest.fixture(scope="module")
def plan(town, tmp_path_factory) -> Plan:
    return write_town(town, tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def study(plan) -> Study:
    """The town, carried out once."""
    return run(plan)


def modules_of(study: Study) -> dict[str, list[BaseGeometry]]:
    """Draw every module of every roof as a rectangle, seen from above."""
    buildings = study.buildings
    frame = place_of(study.plan, buildings).frame
    settings = study.plan.layout
    sides = buildings.geometry.map(long_side_azimuth)
    facing = row_azimuths(sides, settings, equator=180.0, true_north=frame.true_north)
    drawn: dict[str, list[BaseGeometry]] = {}
    for roof in study.roofs.itertuples():
        latitude = buildings.loc[roof.building_id, "latitude"]
        rows = _rows_of(roof, settings, float(facing[roof.building_id]), latitude)
        flush = rows.arrangement == "flush"
        stretch = 1.0 / np.cos(np.deg2rad(rows.module_tilt)) if flush else 1.0
        forth, back = _frame(rows.module_azimuth + frame.true_north, stretch, roof.geometry)
        outline = affine_transform(roof.geometry, forth)
        step = settings.module_width_m + settings.module_gap_m
        shapes = [
            shapely.box(west + i * step, low, west + (i + 1) * step, low + rows.depth)
            for low, west, _, count in zip(*_fit(outline, rows, step), strict=True)
            for i in range(int(count))
        ]
        drawn[str(roof.Index)] = [affine_transform(s, back) for s in shapes]
    return drawn


def test_a_gable_is_found_with_its_tilt(study, town):
    """Two planes back to back, at the tilt that the house was built with."""
    gables = town.truth[town.truth["kind"] == "gable"].groupby("building_id")
    assert len(gables) == COUNT // len(KINDS)
    for building, true in gables:
        roofs = study.roofs[study.roofs["building_id"] == building]
        assert set(roofs["source"]) == {"surface_model"}
        big = roofs.nlargest(2, "horizontal_area_m2")
        assert big["surface_tilt"].to_numpy() == pytest.approx(
            true["surface_tilt"].to_numpy(), abs=0.5
        )
        # azimuths count from true north, a third of a degree from the grid's here
        apart = np.sort(big["surface_azimuth"]) - np.sort(true["surface_azimuth"])
        assert np.abs((apart + 180) % 360 - 180).max() < 1.0
        assert set(big["tilt_source"]) == {"measured"}


def test_ledgers_add_up_to_footprints(study, town):
    """Entries and usable areas of each roof and building are its footprint, to rounding."""
    taken = study.exclusions["area_m2"].groupby(level="roof_id").sum()
    roofs = study.roofs
    rest = roofs["horizontal_area_m2"] - taken.reindex(roofs.index) - roofs["usable_area_m2"]
    assert rest.abs().max() < 1e-6
    assert (study.exclusions["area_m2"] >= 0.0).all()
    whole = roofs.groupby("building_id")["horizontal_area_m2"].sum()
    outlines = town.footprints.set_index("building_id").geometry.area
    assert whole.to_numpy() == pytest.approx(outlines[whole.index].to_numpy(), abs=1e-6)
    permanent = study.exclusions[
        ~study.exclusions.index.get_level_values("reason").isin(["parapet_shadow", "orientation"])
    ]
    left = roofs["horizontal_area_m2"] - permanent["area_m2"].groupby(level="roof_id").sum()
    assert left.to_numpy() == pytest.approx(roofs["installable_area_m2"].to_numpy(), abs=1e-6)


def test_obstructions_take_the_place_of_allowances(study, town):
    """Boxes on flat roofs stand in the ledger, measured; no share is taken beside them."""
    reasons = study.exclusions.reset_index()
    assert not set(reasons["reason"]) & {"plant", "stair_head", "skylight"}
    building = reasons["roof_id"].map(study.roofs["building_id"])
    own = reasons[reasons["reason"] == "obstruction"].groupby(building)["area_m2"].sum()
    assert set(reasons.loc[reasons["reason"] == "obstruction", "evidence"]) == {"measured"}
    inside = Roofs().setback_m + Roofs().obstruction_margin_m
    for number, house in enumerate(town.houses):
        if house.kind != "plant":
            continue
        outline = town.footprints.geometry.iloc[number]
        boxes = [s.buffer(0.5, join_style="mitre") for s, _ in house.extras[1:]]
        boxes = [b for b in boxes if outline.buffer(-inside).contains(b)]
        found, least = own[f"{number:04d}"], sum(b.area for b in boxes)
        # cells of half a metre round boxes of one to two and a half metres up and down
        assert 0.8 * least < found < 1.6 * least + 5.0


def test_modules_stay_on_their_planes(study, town):
    """No module leaves the usable part of its plane, the footprint, or touches an obstruction."""
    drawn = modules_of(study)
    assert sum(map(len, drawn.values())) == study.layouts["modules"].sum()
    assert study.layouts["modules"].sum() > 300
    outlines = town.footprints.set_index("building_id").geometry.map(place)
    planes = {b: t.geometry.map(place).to_list() for b, t in town.truth.groupby("building_id")}
    for roof_id, modules in drawn.items():
        roof = study.roofs.loc[roof_id]
        for module in modules:
            assert module.difference(roof.geometry.buffer(1e-4)).area < 1e-6
            assert outlines[roof["building_id"]].buffer(-0.9).contains(module)
            # nor any true plane, but for the accuracy of an edge that is half a cell
            home = max(module.intersection(p).area for p in planes[roof["building_id"]])
            assert home > 0.8 * module.area
    usable = study.roofs.geometry
    for _, roofs in usable.groupby(study.roofs["building_id"]):
        assert shapely.union_all(roofs.to_numpy()).area == pytest.approx(roofs.area.sum())


def test_measured_parapets_shade(study, town):
    """Flat roofs with a rim have its height in their ledger; the assumed one stays elsewhere."""
    walls = study.exclusions.xs("parapet_shadow", level="reason")
    seen = walls[walls["evidence"] == "measured"]
    given = {
        f"{n:04d}": h.extras[0][1] - h.bodies[0].planes[0][2]
        for n, h in enumerate(town.houses)
        if h.kind in ("parapet", "plant")
    }
    building = study.roofs.loc[seen.index, "building_id"]
    big = study.roofs.loc[seen.index, "horizontal_area_m2"] > 100
    assert len(seen[big]) >= 0.8 * len(given)
    heights = seen.loc[big, "basis"].str.removesuffix(" m").astype(float)
    assert heights.to_numpy() == pytest.approx([given[b] for b in building[big]], abs=0.2)
    assert set(walls.loc[walls["evidence"] == "assumed", "basis"]) <= {"1.1 m"}


def test_roof_kind_follows_from_the_slope(study, town):
    """Flat by measurement; pitched is derived, for a slope does not show its material."""
    kind = town.footprints.set_index("building_id")["kind"]
    known = study.buildings
    flat = known.index[known.index.map(kind).isin(["parapet", "plant"])]
    assert set(known.loc[flat, "roof_kind"]) == {"flat"}
    assert set(known.loc[flat, "roof_kind_source"]) == {"measured"}
    steep = known.index[known.index.map(kind).isin(["gable", "hip"])]
    assert set(known.loc[steep, "roof_kind"]) == {"tile"}
    assert set(known.loc[steep, "roof_kind_source"]) == {"derived"}
    assert set(study.candidates["roof_kind_source"]) <= {"measured", "derived"}
    assert set(study.candidates["tilt_source"]) == {"measured"}


def test_measured_areas_are_surer(study, plan):
    """The area's part of the uncertainty is that of a surface model, smaller than a footprint's."""
    drawn = run(replace(plan, planes=Planes(tier="footprint")))
    assert set(drawn.roofs["source"]) == {"footprint"}
    assert study.yields["sigma"].max() < drawn.yields["sigma"].min()
    assert [n.code for n in drawn.notices if n.code.startswith("planes_")] == []


def test_explaining_one_building_gives_what_the_study_has(study, plan):
    """Noise and shift belong to the surface: asked alone, a house has the same planes."""
    alone = explain_building(plan, "0003")
    roofs = study.roofs[study.roofs["building_id"] == "0003"]
    assert [r["roof_id"] for r in alone["roofs"]] == roofs.index.to_list()
    assert [r["usable_m2"] for r in alone["roofs"]] == roofs["usable_area_m2"].to_list()
    assert alone["roof_kind_source"] == "measured"


def test_the_tier_is_one_per_building_and_counted(town, tmp_path):
    """What is not built, lies beside the model or is not in it comes from its footprint."""
    status = np.where(np.arange(COUNT) == 0, "规划", "竣工")
    plan = write_town(town, tmp_path, 建设状态=status)
    layer = gpd.read_file(tmp_path / "town.gpkg")
    # the second moves out of the model, the third to a place where nothing stands
    layer.loc[1, "geometry"] = shapely.affinity.translate(layer.geometry[1], -5_000)
    layer.loc[2, "geometry"] = shapely.affinity.translate(layer.geometry[2], 35, 35)
    layer.to_file(tmp_path / "town.gpkg")
    study = run(plan)
    assert (study.roofs.groupby("building_id")["source"].nunique() == 1).all()
    drawn = study.roofs.loc[study.roofs["source"] == "footprint", "building_id"]
    assert sorted(set(drawn)) == ["0000", "0001", "0002"]
    notice = next(n for n in study.notices if n.code == "planes_by_tier")
    counts = {k: notice.fields[k] for k in ("total", "seen", "rest", "outside", "coming")}
    assert counts == {"total": COUNT, "seen": 21, "rest": 3, "outside": 1, "coming": 1}
    assert "0002" in next(n for n in study.notices if n.code == "planes_not_standing").message()
    assert study.record["tiers"]["roof_source"]["footprint"] == 3
    allowances = study.exclusions[study.exclusions.index.get_level_values("reason") == "plant"]
    assert set(allowances.index.get_level_values("roof_id")) == {"0000", "0001", "0002"}


def test_a_shift_is_named_and_allowed_for(study, town, tmp_path):
    """Footprints 0.8 m too far west: a warning says so, and energy hardly changes."""
    moved = run(write_town(town, tmp_path, dx=-0.8))
    notice = next(n for n in moved.notices if n.code == "footprints_shifted")
    assert notice.level == "warning"
    assert float(notice.fields["east"]) == pytest.approx(0.8, abs=0.05)
    assert float(notice.fields["north"]) == pytest.approx(0.0, abs=0.05)
    ours, theirs = moved.layouts["modules"].sum(), study.layouts["modules"].sum()
    assert ours == pytest.approx(theirs, rel=0.02)
    energy = [s.yields["energy_ac_kwh"].sum() for s in (moved, study)]
    assert energy[0] == pytest.approx(energy[1], rel=0.02)
    for roof in moved.roofs.itertuples():
        outline = moved.buildings.geometry[roof.building_id]
        assert roof.geometry.difference(outline.buffer(1e-6)).area < 1e-6


def test_load_is_judged_by_the_kind_that_is_seen(town, tmp_path):
    """0.2 kN/m² carry clamps on a slope, but no anchored rows on a flat roof."""
    plan = write_town(town, tmp_path, 荷载依据="设计图纸", 荷载裕度=0.2, 屋面类型="平屋面")
    study = run(plan)
    kind = study.buildings["roof_kind"]
    assert set(study.buildings.loc[kind == "flat", "load_state"]) == {"no"}
    assert set(study.buildings.loc[kind == "tile", "load_state"]) == {"yes"}
    refused = study.exclusions.xs("load_refused", level="reason").index
    assert set(study.roofs.loc[refused, "roof_kind"]) == {"flat"}
    assert (study.roofs.loc[study.roofs["roof_kind"] == "flat", "usable_area_m2"] == 0).all()
    # the layer says flat of all: where the surface shows slopes, that is said
    notice = next(n for n in study.notices if n.code == "roof_kind_contradicted")
    assert notice.fields["count"] == (kind != "flat").sum()


def test_a_coarse_surface_shades_but_shows_no_planes(town, tmp_path):
    """Cells of 4 m are no roofs: a warning, and footprints as if there were no model."""
    plan = write_town(town, tmp_path, resolution=4.0)
    study = run(replace(plan, layout=Layout()))
    assert set(study.roofs["source"]) == {"footprint"}
    assert "planes_too_coarse" in [n.code for n in study.notices]


def test_workers_change_nothing(study, plan):
    """In chunks of five buildings the tables are the same."""
    again = run(replace(plan, engine=replace(plan.engine, chunk=5)))
    pd.testing.assert_frame_equal(pd.DataFrame(again.roofs), pd.DataFrame(study.roofs))
    pd.testing.assert_frame_equal(again.exclusions, study.exclusions)


def test_a_real_surface_runs_end_to_end(shared_data, tmp_path):
    """Göteborg: planes where the surface is known, footprints beyond it, and all of it adds up."""
    text = (Path(__file__).parents[1] / "notebooks/plans/goteborg.toml").read_text("utf-8")
    named = tomllib.loads(text)["layers"]["surface_model"]["path"]
    assert named.endswith("DSM_KRbig.tif")
    file = tmp_path / "plan.toml"
    file.write_text(text.replace("../../../shared/data", shared_data.as_posix()), "utf-8")
    study = run(read_plan(file))
    seen = study.roofs[study.roofs["source"] == "surface_model"]
    assert seen["building_id"].nunique() >= 15
    taken = study.exclusions["area_m2"].groupby(level="roof_id").sum()
    rest = study.roofs["horizontal_area_m2"] - taken - study.roofs["usable_area_m2"]
    assert rest.abs().max() < 1e-6
    whole = study.roofs.groupby("building_id")["horizontal_area_m2"].sum()
    outlines = study.buildings.geometry.area[whole.index]
    assert whole.to_numpy() == pytest.approx(outlines.to_numpy(), abs=1e-4)
    # an old town: slopes of all directions, flat roofs among them
    assert {"flat", "tile"} <= set(seen["roof_kind"])
    assert len(np.unique(seen["surface_azimuth"] // 90)) == 4
    assert study.layouts.loc[seen.index, "modules"].sum() > 500
