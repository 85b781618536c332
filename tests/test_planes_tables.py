"""Roof planes as tables, and footprints that lie beside the surface."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from plane_towns import burn, make_town
from rasterio.transform import Affine
from shapely.affinity import translate
from test_planes_towns import reader

from hexi_solar.errors import Notices
from hexi_solar.planes import PlaneSettings, footprint_shift, roof_planes_from_surface
from hexi_solar.planes.shift import wall_points

SETTINGS = PlaneSettings()


@pytest.fixture(scope="module")
def town():
    """Gables, hips and flat roofs."""
    return make_town(24, seed=8, kinds=["gable", "hip", "parapet", "plant"])


def footprints(town, dx: float = 0.0, dy: float = 0.0) -> gpd.GeoDataFrame:
    """Footprints of a town, moved."""
    frame = town.footprints.set_index("building_id")
    return frame.set_geometry(frame.geometry.translate(dx, dy))


def heights(planes: gpd.GeoDataFrame):
    """Height of each plane at its centre."""
    centre = planes.geometry.centroid
    return (
        planes["slope_east"] * centre.x
        + planes["slope_north"] * centre.y
        + planes["height_at_origin_m"]
    )


def test_planes_say_what_they_are(town):
    """Heights follow from the equation of each plane, areas along the slope from its tilt."""
    z, transform = burn(town, 0.5, 0.05)
    planes = roof_planes_from_surface(footprints(town), reader(z, transform), SETTINGS).planes
    assert set(planes["tilt_source"]) <= {"measured", "derived"}
    slope = np.hypot(planes["slope_east"], planes["slope_north"])
    rise = np.tan(np.deg2rad(planes["surface_tilt"]))
    assert rise.to_numpy() == pytest.approx(slope.to_numpy())
    along = planes["horizontal_area_m2"] / np.cos(np.deg2rad(planes["surface_tilt"]))
    assert planes["area_m2"].to_numpy() == pytest.approx(along.to_numpy())
    assert planes["standing"].map(lambda s: len(s.geoms)).eq(planes["standing_count"]).all()


def test_level_planes_face_nowhere():
    """A level plane has no azimuth of its own."""
    house = gpd.GeoDataFrame(geometry=[shapely.box(5, 5, 20, 20)], crs=4548)
    house.index = ["a"]
    z = np.full((30, 30), 7.0)
    z[:3] = 0.0
    read = reader(z, Affine(1.0, 0.0, 0.0, 0.0, -1.0, 30.0))
    found = roof_planes_from_surface(house, read, SETTINGS)
    assert found.planes["surface_azimuth"].isna().all()
    assert found.planes["building_id"].tolist() == ["a"]


def test_azimuths_count_from_true_north():
    """Grid north 2° west of true north makes every azimuth 2° less."""
    town = make_town(3, seed=1, kinds=["gable"])
    z, transform = burn(town, 0.5, 0.0)
    read = reader(z, transform)
    grid = roof_planes_from_surface(footprints(town), read, SETTINGS).planes["surface_azimuth"]
    true = roof_planes_from_surface(footprints(town), read, SETTINGS, true_north=2.0).planes
    assert ((grid - true["surface_azimuth"]) % 360).to_numpy() == pytest.approx(2.0)


@pytest.mark.parametrize("resolution", [0.5, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.15])
@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (0.6, 0.0), (-0.4, 0.45), (0.0, -0.6)])
def test_shift_of_footprints_is_measured(town, resolution, noise, dx, dy):
    """Footprints moved by a known distance are asked to move back by it."""
    z, transform = burn(town, resolution, noise)
    shift = footprint_shift(z, transform, list(footprints(town, dx, dy).geometry), SETTINGS)
    # a tenth of a cell: walls at all angles to the grid average the cells out
    assert (shift.dx, shift.dy) == pytest.approx((-dx, -dy), abs=0.1 * resolution)
    assert shift.confidence > 0.8
    assert shift.error_m < 0.05


def test_overhang_is_no_shift(town):
    """Footprints half a metre too small on all sides are not displaced."""
    z, transform = burn(town, 0.5, 0.05)
    small = footprints(town).geometry.buffer(-0.5, join_style="mitre")
    shift = footprint_shift(z, transform, list(small), SETTINGS)
    assert (shift.dx, shift.dy) == pytest.approx((0.0, 0.0), abs=0.05)
    assert shift.overhang_m == pytest.approx(0.5, abs=0.1)


def test_flat_ground_tells_no_shift():
    """Without a step there is nothing to measure, and nothing is claimed."""
    boxes = [shapely.box(20 * i + 5, 5, 20 * i + 15, 15) for i in range(5)]
    z = np.full((30, 120), 4.0)
    shift = footprint_shift(z, Affine(1.0, 0.0, 0.0, 0.0, -1.0, 30.0), boxes, SETTINGS)
    assert (shift.confidence, shift.points) == (0.0, 0)


def test_one_direction_of_walls_is_no_sure_shift():
    """Walls that all face east and west say nothing about north and south."""
    x = np.arange(200) + 0.5
    z = np.tile(np.where(np.abs(x - 100.0) < 20.0, 10.0, 0.0), (400, 1))
    strip = shapely.box(80, -500, 120, 900)
    shift = footprint_shift(z, Affine(1.0, 0.0, 0.0, 0.0, -1.0, 400.0), [strip], SETTINGS)
    assert shift.confidence < 0.2


def test_walls_between_neighbours_are_left_out():
    """Two houses that share a wall have no points on it; points look outwards."""
    pair = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)]
    points, normals, owners = wall_points(pair, 3.0)
    assert np.abs(points[:, 0] - 10.0).min() > 0.4
    assert set(owners.tolist()) == {0, 1}
    ahead = shapely.points(points + 0.1 * normals)
    assert not any(shapely.intersects(shape, ahead).any() for shape in pair)


def test_shift_is_allowed_for_and_reported(town):
    """Planes of shifted footprints are those of the right ones, moved; a notice says so."""
    z, transform = burn(town, 0.5, 0.05)
    notices = Notices()
    right = roof_planes_from_surface(footprints(town), reader(z, transform), SETTINGS)
    wrong = roof_planes_from_surface(
        footprints(town, 0.6, -0.3), reader(z, transform), SETTINGS, notices=notices
    )
    assert [n.code for n in notices] == ["footprints_shifted"]
    assert "0.67 m" in notices.of("warning")[0].message("en")
    assert "错位" in notices.of("warning")[0].message("zh")
    big = right.planes[right.planes["area_m2"] > 30]
    there = wrong.planes.set_geometry(wrong.planes.geometry.translate(-0.6, 0.3))
    for row in big.itertuples():
        share = there.geometry.intersection(row.geometry).area.max() / row.geometry.area
        assert share > 0.9
    # planes stay inside the footprints as they were given
    outlines = footprints(town, 0.6, -0.3).geometry
    for row in wrong.planes.itertuples():
        assert row.geometry.difference(outlines[row.building_id].buffer(1e-6)).area < 1e-6
    # heights are those of the surface: the same plane, read at the place it was moved to
    assert heights(wrong.planes).max() == pytest.approx(heights(right.planes).max(), abs=0.1)
    assert wrong.moved == pytest.approx((-0.6, 0.3), abs=0.05)


def test_right_footprints_are_not_moved(town):
    """Below the warning nothing is moved and nothing is said."""
    z, transform = burn(town, 1.0, 0.05)
    notices = Notices()
    found = roof_planes_from_surface(
        footprints(town), reader(z, transform), SETTINGS, notices=notices
    )
    assert found.shift.length_m < 0.1
    assert len(notices) == 0


def test_roofs_that_the_surface_does_not_show_are_named():
    """What has no heights, does not stand yet, or is no plane has its reason, and is named."""
    houses = [shapely.box(30 * i + 5, 5, 30 * i + 15, 15) for i in range(4)]
    frame = gpd.GeoDataFrame(geometry=houses, crs=4548)
    frame.index = ["flat", "void", "trees", "coming"]
    z = np.zeros((20, 120))
    z[5:15, 5:15] = 6.0
    z[:, 30:60] = np.nan
    z[5:15, 65:75] = np.random.default_rng(0).uniform(3, 15, (10, 10))
    notices = Notices()
    settings = PlaneSettings(noise_m=0.05)
    read = reader(z, Affine(1.0, 0.0, 0.0, 0.0, -1.0, 20.0))
    found = roof_planes_from_surface(frame, read, settings, notices=notices)
    reasons = found.buildings["reason"]
    assert reasons.drop("trees").tolist() == ["", "surface_unknown", "not_standing"]
    assert reasons["trees"] in ("no_planes", "little_explained")
    assert {n.code for n in notices} >= {"planes_surface_unknown", "planes_not_standing"}
    for notice in notices:
        assert all("{" not in notice.message(language) for language in ("zh", "en"))


def test_a_surface_without_noise_is_warned_of(town):
    """Cells that fit their planes exactly were drawn, not measured; a noise that is given is believed."""
    z, transform = burn(town, 0.5, 0.0)
    for settings, codes in (
        (SETTINGS, ["planes_too_smooth"]),
        (PlaneSettings(noise_m=0.1), []),
    ):
        notices = Notices()
        read = reader(z, transform)
        roof_planes_from_surface(footprints(town), read, settings, notices=notices)
        assert [n.code for n in notices] == codes


def test_no_buildings_give_empty_tables():
    """An empty district has empty tables with all their columns."""
    frame = gpd.GeoDataFrame(geometry=[], crs=4548)
    read = reader(np.zeros((9, 9)), Affine(1.0, 0.0, 0.0, 0.0, -1.0, 9.0))
    found = roof_planes_from_surface(frame, read, SETTINGS)
    assert len(found.planes) == len(found.obstructions) == len(found.buildings) == 0
    assert {"building_id", "surface_tilt", "geometry"} <= set(found.planes.columns)


def test_moved_plane_keeps_its_equation():
    """A plane brought back to its footprint gives the height that was read for it."""
    town = make_town(12, seed=4, kinds=["gable", "hip"])
    z, transform = burn(town, 0.5, 0.0)
    shifted = footprints(town, 0.8, 0.5)
    found = roof_planes_from_surface(shifted, reader(z, transform), SETTINGS)
    spot = translate(found.planes.geometry.iloc[0].centroid, found.shift.dx, found.shift.dy)
    r = int((spot.y - transform.f) / transform.e)
    c = int((spot.x - transform.c) / transform.a)
    assert heights(found.planes).iloc[0] == pytest.approx(z[r, c], abs=0.5)
