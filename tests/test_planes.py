"""Roof planes over one footprint."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from rasterio.transform import Affine
from shapely.affinity import rotate

from hexi_solar.planes import Found, PlaneSettings, planes_of_building
from hexi_solar.planes.compete import merge_planes, separate
from hexi_solar.planes.fit import SUMS, add_cell, fit_plane
from hexi_solar.planes.grow import noise_of

GRID = Affine(0.5, 0.0, 1000.0, 0.0, -0.5, 2020.0)
HOUSE = shapely.box(1004.0, 2004.0, 1016.0, 2014.0)
SETTINGS = PlaneSettings()


def centres(grid: Affine = GRID, rows: int = 40, columns: int = 40) -> tuple:
    """Map coordinates of the cells' centres."""
    r, c = np.indices((rows, columns))
    return grid.c + (c + 0.5) * grid.a, grid.f + (r + 0.5) * grid.e


def gable(x: np.ndarray, y: np.ndarray, slope: float = 0.7) -> np.ndarray:
    """A ridge along x above the middle of `HOUSE`, 12 m high."""
    return 12.0 - slope * np.abs(y - 2009.0)


def check_partition(found: Found, footprint: shapely.Polygon) -> None:
    """Planes stay inside the footprint and do not overlap."""
    shapes = [plane.shape for plane in found.planes]
    assert all(shape.is_valid for shape in shapes)
    assert shapely.union_all(shapes).difference(footprint.buffer(1e-6)).area < 1e-9
    total = sum(shape.area for shape in shapes)
    assert shapely.union_all(shapes).area == pytest.approx(total, abs=1e-6)


def test_plane_through_its_own_cells_has_no_residual():
    """Least squares give back the plane that the heights were taken from."""
    sums = np.zeros(SUMS)
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(0, 10, (20, 2)):
        add_cell(sums, x, y, 0.3 * x - 0.7 * y + 5.0, 1.0)
    a, b, c, squares = fit_plane(sums)
    assert (a, b, c) == pytest.approx((0.3, -0.7, 5.0), abs=1e-4)
    assert squares == pytest.approx(0.0, abs=1e-5)


def test_residual_of_a_plane_through_noise_is_the_noise():
    """3x3 windows on pure noise give back its standard deviation."""
    z = np.random.default_rng(3).normal(0.0, 0.08, (150, 150))
    # 22,500 windows, each cell in nine of them: about 1 % of scatter
    assert noise_of([z], 1.0, 1.0)[0] == pytest.approx(0.08, rel=0.03)


def test_noise_is_not_taken_from_ridges():
    """Up to half of the windows may lie across an edge."""
    x, y = centres()
    z = gable(x, y) + np.random.default_rng(1).normal(0, 0.05, x.shape)
    assert noise_of([z], 0.5, 0.5)[0] == pytest.approx(0.05, rel=0.25)


def test_gable_is_two_planes_that_meet_in_the_ridge():
    """Tilt, azimuth, area and edge follow from the slope in closed form."""
    found = planes_of_building(gable(*centres()), GRID, HOUSE, SETTINGS)
    south, north = sorted(found.planes, key=lambda p: p.shape.centroid.y)
    tilt = np.rad2deg(np.arctan(0.7))
    assert [south.surface_tilt, north.surface_tilt] == pytest.approx([tilt, tilt], abs=0.01)
    assert [south.surface_azimuth, north.surface_azimuth % 360] == pytest.approx(
        [180.0, 0.0], abs=0.01
    )
    half = 12.0 * 5.0
    # the ridge is known to a quarter of a cell
    assert [south.horizontal_area_m2, north.horizontal_area_m2] == pytest.approx(
        [half, half], abs=12.0 * 0.125
    )
    assert south.area_m2 == pytest.approx(south.horizontal_area_m2 * np.hypot(1.0, 0.7))
    assert found.assigned_share == pytest.approx(1.0, abs=1e-6)
    check_partition(found, HOUSE)


def test_plane_equation_holds_in_map_coordinates():
    """Z = a x + b y + c gives the surface back at any cell of the plane."""
    x, y = centres()
    z = gable(x, y)
    found = planes_of_building(z, GRID, HOUSE, SETTINGS)
    for plane in found.planes:
        on = shapely.contains_xy(plane.shape.buffer(-0.5), x, y)
        height = plane.slope_east * x + plane.slope_north * y + plane.height_at_origin_m
        assert height[on] == pytest.approx(z[on], abs=1e-3)


@pytest.mark.parametrize("angle", [0.0, 17.0, 45.0, 90.0, 211.0])
def test_turning_the_house_turns_the_azimuths(angle):
    """A roof turned by an angle falls in the turned direction, at the same tilt."""
    x, y = centres()
    turn = np.deg2rad(angle)
    u, v = x - 1010.0, y - 2009.0
    z = 12.0 - 0.5 * np.abs(-np.sin(turn) * u + np.cos(turn) * v)
    house = rotate(HOUSE, angle, origin=(1010.0, 2009.0))
    found = planes_of_building(z, GRID, house, SETTINGS)
    expected = sorted([(180.0 - angle) % 360.0, (360.0 - angle) % 360.0])
    azimuths = sorted(p.surface_azimuth % 360.0 for p in found.planes)
    off = [abs((a - e + 180) % 360 - 180) for a, e in zip(azimuths, expected, strict=True)]
    if max(off) > 90:
        off = [
            abs((a - e + 180) % 360 - 180) for a, e in zip(azimuths, expected[::-1], strict=True)
        ]
    assert max(off) < 0.1
    assert [p.surface_tilt for p in found.planes] == pytest.approx([26.565] * 2, abs=0.02)
    check_partition(found, house)


def test_hip_roof_has_edges_under_45_degrees():
    """Four equal slopes over a rectangle: two trapezoids and two triangles of known area."""
    x, y = centres()
    z = 15.0 - 0.8 * np.maximum(np.abs(y - 2009.0), np.abs(x - 1010.0) - 1.0)
    found = planes_of_building(z, GRID, HOUSE, SETTINGS)
    areas = sorted(p.horizontal_area_m2 for p in found.planes)
    # triangles 10 x 5 / 2, trapezoids (12 + 2) / 2 x 5
    assert areas == pytest.approx([25.0, 25.0, 35.0, 35.0], abs=1.5)
    check_partition(found, HOUSE)


def test_step_between_flat_roofs_parts_them():
    """Two level roofs at different heights are two planes, though both are level."""
    x, _ = centres()
    z = np.where(x < 1010.0, 9.0, 12.0)
    found = planes_of_building(z, GRID, HOUSE, SETTINGS)
    assert sorted(p.horizontal_area_m2 for p in found.planes) == pytest.approx([60, 60], abs=1.5)
    assert all(p.surface_tilt < 0.01 for p in found.planes)


@pytest.mark.parametrize(("step", "count"), [(0.05, 1), (0.6, 2)])
def test_small_steps_do_not_part_a_roof(step, count):
    """A step that rails level out is one plane; one that they do not is two."""
    x, y = centres()
    z = 9.0 + 0.3 * (y - 2000.0) + np.where(x < 1010.0, 0.0, step)
    assert len(planes_of_building(z, GRID, HOUSE, SETTINGS).planes) == count


def test_shallow_ridge_is_found_though_no_window_sees_it():
    """5° to both sides over 12 m: each window is nearly flat, the whole is not."""
    x, _ = centres()
    z = 9.0 - np.tan(np.deg2rad(5.0)) * np.abs(x - 1010.0)
    z = z + np.random.default_rng(5).normal(0, 0.05, z.shape)
    found = planes_of_building(z, GRID, HOUSE, SETTINGS)
    assert sorted(p.horizontal_area_m2 for p in found.planes) == pytest.approx([60, 60], abs=5)


def test_chimney_is_taken_out_with_its_height():
    """Cells above a plane are an obstruction of that plane; its outline has no hole."""
    x, y = centres()
    z = gable(x, y)
    chimney = (np.abs(x - 1008.0) < 0.6) & (np.abs(y - 2006.5) < 0.6)
    z = np.where(chimney, 13.0, z)
    found = planes_of_building(z, GRID, HOUSE, SETTINGS)
    south = min(found.planes, key=lambda p: p.shape.centroid.y)
    assert len(found.planes) == 2
    assert [len(p.obstructions) for p in found.planes].count(1) == 1
    assert south.obstructions[0].area_m2 == pytest.approx(chimney.sum() * 0.25)
    # highest where the roof below it is lowest, at the cells nearest to the eaves
    lowest = gable(x, y)[chimney].min()
    assert south.obstructions[0].height_m == pytest.approx(13.0 - lowest, abs=0.05)
    assert not south.shape.interiors


def test_parapet_belongs_to_the_flat_roof_it_stands_on():
    """A rim around a flat roof is its parapet, with its height, and no plane."""
    x, y = centres()
    inner = shapely.contains_xy(HOUSE.buffer(-0.6), x, y)
    z = np.where(inner, 9.0, 9.9)
    found = planes_of_building(z, GRID, HOUSE, SETTINGS)
    assert len(found.planes) == 1
    assert found.planes[0].parapet_height_m == pytest.approx(0.9, abs=0.02)
    assert found.planes[0].horizontal_area_m2 == pytest.approx(HOUSE.area, abs=0.5)


def test_flat_roof_without_rim_has_no_parapet():
    """Unknown is not zero: without a rim there is no height to give."""
    found = planes_of_building(np.full((40, 40), 9.0), GRID, HOUSE, SETTINGS)
    assert [p.parapet_height_m for p in found.planes] == [None]


def test_large_penthouse_is_a_roof_of_its_own():
    """What is raised and larger than an obstruction is a plane, and cut out of the lower one."""
    x, y = centres()
    raised = (np.abs(x - 1010.0) < 2.0) & (np.abs(y - 2009.0) < 2.0)
    found = planes_of_building(np.where(raised, 12.0, 9.0), GRID, HOUSE, SETTINGS)
    areas = sorted(p.horizontal_area_m2 for p in found.planes)
    assert areas == pytest.approx([16.0, 104.0], abs=2.0)
    check_partition(found, HOUSE)


def test_half_of_a_narrow_gable_borrows_its_slope():
    """One row of cells gives no tilt across; the opposite slope of the gable does."""
    grid = Affine(1.0, 0.0, 1000.0, 0.0, -1.0, 2020.0)
    _, y = centres(grid, 20, 20)
    house = shapely.box(1004.0, 2008.0, 1014.0, 2012.0)
    # three rows of cells south of the ridge, one row north
    z = 8.0 - 0.9 * np.abs(y - 2010.9)
    found = planes_of_building(z, grid, house, SETTINGS)
    assert sorted(round(p.surface_azimuth) % 360 for p in found.planes) == [0, 180]
    assert [p.borrowed for p in sorted(found.planes, key=lambda p: p.shape.centroid.y)] == [
        False,
        True,
    ]
    assert sorted(p.horizontal_area_m2 for p in found.planes) == pytest.approx([11, 29], abs=1.5)


def test_unknown_heights_are_not_roof():
    """Where the surface has no value nothing is claimed, and the share is said."""
    x, y = centres()
    z = np.where(x < 1010.0, gable(x, y), np.nan)
    found = planes_of_building(z, GRID, HOUSE, SETTINGS)
    assert found.unknown_share == pytest.approx(0.5, abs=0.01)
    # closed over gap_m beyond the last known cell at most
    assert found.assigned_share <= 0.5 + (SETTINGS.gap_m + 0.5) / 12.0
    assert found.assigned_share >= 0.5 - 1e-6


def test_surface_that_ends_is_unknown_beyond_its_end():
    """A footprint across the surface's edge is known in part, not whole."""
    x, y = centres()
    found = planes_of_building(gable(x, y)[:, :20], GRID, HOUSE, SETTINGS)
    assert found.unknown_share == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nothing_known_gives_no_planes(value):
    """A window without a single height has no planes and is unknown as a whole."""
    found = planes_of_building(np.full((40, 40), value), GRID, HOUSE, SETTINGS)
    assert (found.planes, found.assigned_share, found.unknown_share) == ((), 0.0, 1.0)


def test_empty_footprint_gives_no_planes():
    """A shape without area has no roof."""
    found = planes_of_building(np.zeros((40, 40)), GRID, shapely.Polygon(), SETTINGS)
    assert found.planes == ()


def test_footprint_off_the_surface_gives_no_planes():
    """A building beyond the surface is unknown, not an error."""
    far = shapely.box(5000.0, 5000.0, 5010.0, 5010.0)
    assert planes_of_building(np.zeros((40, 40)), GRID, far, SETTINGS).planes == ()


def test_scatter_like_a_tree_is_no_plane():
    """Heights without any plane in them are left without one."""
    z = np.random.default_rng(2).uniform(0.0, 12.0, (40, 40))
    for settings in (PlaneSettings(noise_m=0.05), PlaneSettings()):
        assert planes_of_building(z, GRID, HOUSE, settings).assigned_share < 0.2


def test_turned_surface_is_refused():
    """A surface that is not north up has no rows from north to south."""
    with pytest.raises(ValueError, match="north up"):
        planes_of_building(np.zeros((9, 9)), Affine(0.5, 0.1, 0.0, 0.0, -0.5, 0.0), HOUSE, SETTINGS)


def test_same_surface_gives_same_planes():
    """Nothing depends on chance or on the order of a dictionary."""
    x, y = centres()
    z = gable(x, y) + np.random.default_rng(9).normal(0, 0.15, x.shape)
    one = planes_of_building(z, GRID, HOUSE, SETTINGS)
    two = planes_of_building(z.copy(), GRID, HOUSE, SETTINGS)
    assert [p.shape.wkb for p in one.planes] == [p.shape.wkb for p in two.planes]
    assert one == two


def test_shape_stays_where_the_house_is_moved():
    """Moving house and surface by whole cells moves the planes and changes nothing else."""
    x, y = centres()
    z = gable(x, y) + np.random.default_rng(9).normal(0, 0.05, x.shape)
    moved = Affine(0.5, 0.0, 501000.0, 0.0, -0.5, 4302020.0)
    there = shapely.affinity.translate(HOUSE, 500000.0, 4300000.0)
    one = planes_of_building(z, GRID, HOUSE, SETTINGS)
    two = planes_of_building(z, moved, there, SETTINGS)
    assert [p.surface_tilt for p in one.planes] == pytest.approx(
        [p.surface_tilt for p in two.planes], abs=1e-9
    )
    assert [p.area_m2 for p in one.planes] == pytest.approx(
        [p.area_m2 for p in two.planes], abs=1e-3
    )


def test_courtyard_stays_open():
    """A footprint with a hole gives planes with that hole."""
    court = HOUSE.difference(shapely.box(1008.0, 2007.0, 1012.0, 2011.0))
    found = planes_of_building(np.full((40, 40), 9.0), GRID, court, SETTINGS)
    assert sum(p.horizontal_area_m2 for p in found.planes) == pytest.approx(court.area, abs=0.01)
    check_partition(found, court)


def test_pieces_are_told_apart_and_small_ones_lose_their_plane():
    """A label in two places becomes two; one of too few cells becomes none."""
    labels = np.full((5, 9), -1, np.int32)
    labels[1:4, 0:3] = 0
    labels[1:4, 6:8] = 0
    labels[0, 4] = 0
    assert separate(labels, 4) == 2
    assert len(np.unique(labels[labels >= 0])) == 2
    assert labels[0, 4] == -1


def test_two_halves_of_one_plane_merge():
    """A border that no height asks for costs more than it saves."""
    x, y = centres()
    z = 0.4 * x - 0.1 * y
    labels = np.where(x < 1010.0, 0, 1).astype(np.int32)
    assert merge_planes(z - z.mean(), labels, 2, 0.5, 0.5, 0.05, 0.8, 8.0, 2.0, 0.1) == 1
    assert (labels == 0).all()
