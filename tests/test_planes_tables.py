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
from hexi_solar.schema import EXCLUSION_LEDGER, ROOFS, check

SETTINGS = PlaneSettings()


@pytest.fixture(scope="module")
def town():
    """Gables, hips and flat roofs."""
    return make_town(24, seed=8, kinds=["gable", "hip", "parapet", "plant"])


def footprints(town, dx: float = 0.0, dy: float = 0.0) -> gpd.GeoDataFrame:
    """Footprints of a town, moved."""
    frame = town.footprints.set_index("building_id")
    return frame.set_geometry(frame.geometry.translate(dx, dy))


def test_tables_are_those_of_the_schema(town):
    """Roofs and their ledger pass the check that every table between steps passes."""
    z, transform = burn(town, 0.5, 0.05)
    found = roof_planes_from_surface(footprints(town), reader(z, transform), SETTINGS)
    check(found.roofs, ROOFS, "roofs from a surface")
    check(found.exclusions, EXCLUSION_LEDGER, "ledger from a surface")
    assert set(found.roofs["source"]) == {"surface_model"}
    assert set(found.roofs["tilt_source"]) <= {"measured", "derived"}
    # what the ledger takes out is what the installable area lacks
    lacking = found.roofs["horizontal_area_m2"] - found.roofs["installable_area_m2"]
    taken = found.exclusions["area_m2"].groupby("roof_id").sum()
    assert lacking[taken.index].to_numpy() == pytest.approx(taken.to_numpy())
    assert lacking.drop(taken.index).abs().max() == 0.0


def test_level_planes_take_the_azimuth_they_are_given():
    """A plane that faces nowhere has no azimuth of its own."""
    house = gpd.GeoDataFrame(geometry=[shapely.box(5, 5, 20, 20)], crs=4548)
    house.index = ["a"]
    read = reader(np.full((30, 30), 7.0), Affine(1.0, 0.0, 0.0, 0.0, -1.0, 30.0))
    found = roof_planes_from_surface(house, read, SETTINGS, level_azimuth=0.0)
    assert found.roofs["surface_azimuth"].tolist() == [0.0]
    assert found.roofs.index.tolist() == ["a"]


def test_azimuths_count_from_true_north():
    """Grid north 2° west of true north makes every azimuth 2° less."""
    town = make_town(3, seed=1, kinds=["gable"])
    z, transform = burn(town, 0.5, 0.0)
    read = reader(z, transform)
    grid = roof_planes_from_surface(footprints(town), read, SETTINGS).roofs["surface_azimuth"]
    true = roof_planes_from_surface(footprints(town), read, SETTINGS, true_north=2.0).roofs
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
    big = right.roofs[right.roofs["area_m2"] > 30]
    there = wrong.roofs.set_geometry(wrong.roofs.geometry.translate(-0.6, 0.3))
    for row in big.itertuples():
        share = there.geometry.intersection(row.geometry).area.max() / row.geometry.area
        assert share > 0.9
    # planes stay inside the footprints as they were given
    outlines = footprints(town, 0.6, -0.3).geometry
    for row in wrong.roofs.itertuples():
        assert row.geometry.difference(outlines[row.building_id].buffer(1e-6)).area < 1e-6
    # heights are those of the surface: the same plane, read at the place it was moved to
    assert wrong.roofs["height_m"].max() == pytest.approx(right.roofs["height_m"].max(), abs=0.1)


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
    """Buildings without heights, or without a plane, stand in the notes with the reason."""
    houses = [shapely.box(30 * i + 5, 5, 30 * i + 15, 15) for i in range(3)]
    frame = gpd.GeoDataFrame(geometry=houses, crs=4548)
    frame.index = ["flat", "void", "trees"]
    z = np.full((20, 90), 6.0)
    z[:, 30:60] = np.nan
    z[:, 60:] = np.random.default_rng(0).uniform(0, 15, (20, 30))
    notices = Notices()
    settings = PlaneSettings(noise_m=0.05)
    read = reader(z, Affine(1.0, 0.0, 0.0, 0.0, -1.0, 20.0))
    found = roof_planes_from_surface(frame, read, settings, notices=notices)
    assert found.buildings.loc["flat", "notes"] == []
    assert found.buildings.loc["void", "notes"] == ["surface_unknown", "no_planes"]
    assert {"no_planes", "little_explained"} & set(found.buildings.loc["trees", "notes"])
    assert {n.code for n in notices} >= {"planes_surface_unknown", "planes_no_planes"}
    for notice in notices:
        assert all("{" not in notice.message(language) for language in ("zh", "en"))


def test_no_buildings_give_empty_tables():
    """An empty district has empty tables with all their columns."""
    frame = gpd.GeoDataFrame(geometry=[], crs=4548)
    read = reader(np.zeros((9, 9)), Affine(1.0, 0.0, 0.0, 0.0, -1.0, 9.0))
    found = roof_planes_from_surface(frame, read, SETTINGS)
    assert len(found.roofs) == 0
    assert set(ROOFS.names) <= set(found.roofs.columns)


def test_moved_plane_keeps_its_equation():
    """A plane brought back to its footprint gives the height that was read for it."""
    town = make_town(12, seed=4, kinds=["gable", "hip"])
    z, transform = burn(town, 0.5, 0.0)
    shifted = footprints(town, 0.8, 0.5)
    found = roof_planes_from_surface(shifted, reader(z, transform), SETTINGS)
    row = found.roofs.iloc[0]
    spot = translate(row.geometry.centroid, found.shift.dx, found.shift.dy)
    r = int((spot.y - transform.f) / transform.e)
    c = int((spot.x - transform.c) / transform.a)
    assert row["height_m"] == pytest.approx(z[r, c], abs=0.5)
