"""Skylines from surface models: rays, sweeps, tiles, and which data a roof rests on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from rasterio.transform import from_origin

from hexi_solar.shading import (
    Points,
    best_tiers,
    known_share,
    neighbours_of,
    on_surface,
    skylines_from_footprints,
    skylines_from_surface,
    sweep_sky_view,
    sweep_skylines,
    take_tiers,
)
from hexi_solar.shading.sweep import NEAR

WEST, NORTH = 519_000.0, 4_329_000.0


def lattice(cell: float = 1.0):
    """Transform of a surface with its corner at WEST, NORTH."""
    return from_origin(WEST, NORTH, cell, cell)


def on_cells(surface, cells, cell=1.0, above=0.0) -> Points:
    """Points in the middle of cells (row, column), at their height."""
    row, column = np.array(cells).T
    x, y = WEST + (column + 0.5) * cell, NORTH - (row + 0.5) * cell
    z = surface[row, column].astype(float) + above
    return Points(x, y, z, np.arange(len(row)), np.arange(len(row) + 1))


def marched(surface, points, directions, reach, step=0.05, cell=1.0) -> np.ndarray:
    """Brute force: heights at every step of every ray."""
    found = np.zeros((len(points), directions))
    rows, columns = surface.shape
    away = np.arange(1, int(reach / step) + 1) * step
    for p in range(len(points)):
        u, v = (points.x[p] - WEST) / cell, (NORTH - points.y[p]) / cell
        for k in range(directions):
            angle = 2 * math.pi * k / directions
            column = np.floor(u + away * math.sin(angle) / cell).astype(int)
            row = np.floor(v - away * math.cos(angle) / cell).astype(int)
            inside = (column >= 0) & (row >= 0) & (column < columns) & (row < rows)
            inside &= (column != int(u)) | (row != int(v))
            if inside.any():
                rise = surface[row[inside], column[inside]] - points.z[p]
                tangent = np.nanmax(np.append(rise / away[inside], 0.0))
                found[p, k] = math.degrees(math.atan(tangent))
    return found


def town(seed: int, size: int = 120) -> np.ndarray:
    """A small surface of boxes on rolling ground."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[0:size, 0:size]
    surface = 2.0 + np.sin(row / 17.0) + np.cos(column / 23.0)
    for _ in range(25):
        r, c, h, w = *rng.integers(0, size - 20, 2), *rng.integers(4, 20, 2)
        surface[r : r + h, c : c + w] = rng.integers(5, 45)
    return surface.astype(np.float32)


# -- rays ------------------------------------------------------------------------------------


def test_wall_of_cells():
    """A wall 10 m away is met at its near side, at atan(h cos(a) / 10) in every direction."""
    surface = np.zeros((61, 2001), dtype=np.float32)
    surface[:20] = 8.0
    seen = skylines_from_surface(on_cells(surface, [(30, 1000)]), surface, lattice(), reach_m=900.0)
    off = np.cos(np.deg2rad(np.arange(64) * 5.625))
    expected = np.degrees(np.arctan(8.0 * np.maximum(off, 0.0) / 10.5))
    expected[off < 0.02] = 0.0  # along the wall, out of reach
    assert seen.low[0] == pytest.approx(expected, abs=1e-4)


def test_square_well():
    """From the middle of a square well, walls stand at half its width over the cosine."""
    surface = np.full((41, 41), 100.0, dtype=np.float32)
    surface[10:31, 10:31] = 0.0
    seen = skylines_from_surface(on_cells(surface, [(20, 20)]), surface, lattice(), directions=360)
    around = np.deg2rad(np.arange(360))
    away = 10.5 / np.maximum(np.abs(np.sin(around)), np.abs(np.cos(around)))
    assert seen.low[0] == pytest.approx(np.degrees(np.arctan(100.0 / away)), abs=1e-4)


def test_rays_through_corners_are_symmetric():
    """At 45° a ray passes between the two cells beside it, whichever way it goes."""
    surface = np.zeros((41, 41), dtype=np.float32)
    for row, column in ((17, 18), (18, 17), (17, 22), (18, 23)):
        surface[row, column] = 30.0
    seen = skylines_from_surface(on_cells(surface, [(20, 20)]), surface, lattice(), directions=8)
    assert seen.low[0] == pytest.approx(np.zeros(8))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_rays_against_marching(seed):
    """No block is passed over that matters: never below marching, and above by its step at most."""
    surface = town(seed)
    rng = np.random.default_rng(seed)
    points = on_cells(surface, rng.integers(5, 115, (4, 2)), above=0.3)
    found = skylines_from_surface(points, surface, lattice(), directions=16, reach_m=70.0).low
    expected = marched(surface, points, 16, 70.0)
    assert (found >= expected - 1e-3).all()
    # a step of 0.05 m misses a corner of a cell now and then
    assert np.mean(found - expected < 1.5) > 0.95
    assert np.median(np.abs(found - expected)) < 0.15


def test_cells_of_half_a_metre():
    """The same town drawn with finer cells has the same skylines."""
    surface = town(3)
    points = on_cells(surface, [(40, 60), (90, 20), (55, 55)], above=0.5)
    one = skylines_from_surface(points, surface, lattice()).low
    fine = np.repeat(np.repeat(surface, 2, axis=0), 2, axis=1)
    other = skylines_from_surface(points, fine, lattice(0.5)).low
    # but for a cell's own quarter next to the point, on ground that rises by a centimetre a metre
    assert other == pytest.approx(one, abs=2.5)
    assert np.median(np.abs(other - one)) < 1e-3


def test_tiles_with_a_halo_see_what_the_whole_sees():
    """Cut out with the reach around it, a tile gives the same skylines to the last bit."""
    surface = town(8, 200)
    cells = [(95, 90), (100, 110), (105, 101)]
    points = on_cells(surface, cells, above=0.3)
    whole = skylines_from_surface(points, surface, lattice(), reach_m=60.0).low
    tile = surface[30:171, 25:176]
    transform = from_origin(WEST + 25, NORTH - 30, 1.0, 1.0)
    part = skylines_from_surface(points, tile, transform, reach_m=60.0).low
    # places within cells differ by a rounding error
    assert part == pytest.approx(whole, abs=1e-9)


def test_footprints_and_surface_agree():
    """A tower drawn as a shape and burnt into cells has one skyline, to a cell's size."""
    tower = shapely.Polygon([(30.3, 60.2), (55.1, 66.4), (50.9, 90.7), (27.7, 84.4)])
    shape = shapely.transform(tower, lambda c: c + np.array([WEST, NORTH - 150.0]))
    surface = rasterize([(shape, 40.0)], out_shape=(600, 600), transform=lattice(0.25)).astype("f4")
    place = (np.array([WEST + 70.0]), np.array([NORTH - 130.0]), np.array([5.0]))
    points = Points(*place, np.zeros(1, int), np.array([0, 1]))
    drawn = skylines_from_footprints(points, neighbours_of([shape], [40.0]), np.array([-1])).low
    burnt = skylines_from_surface(points, surface, lattice(0.25)).low
    apart = np.abs(drawn - burnt)
    # a quarter of a metre at 45 m is 0.3°; at the tower's corners a direction may pass or not
    assert np.sort(apart[0])[:-4].max() < 0.5


def test_unknown_cells_give_bounds():
    """Cells that are not known are nothing in the low skyline and as high as said in the high one."""
    surface = np.zeros((81, 81), dtype=np.float32)
    surface[:20, :] = np.nan
    points = on_cells(surface, [(40, 40), (75, 40)])
    seen = skylines_from_surface(points, surface, lattice(), unknown_m=20.5, reach_m=30.0)
    assert seen.low.max() == 0.0
    assert seen.high[0, 0] == pytest.approx(45.0, abs=1e-4)
    assert seen.unknown.tolist() == [True, False]
    blind = skylines_from_surface(on_cells(surface, [(5, 5)]), surface, lattice())
    assert (blind.low == 0.0).all()
    assert (blind.high == 90.0).all()
    assert blind.unknown.tolist() == [True]


def test_far_hills_come_from_the_coarse_terrain():
    """A hill beyond the reach is seen over the coarse array, lower by the curvature."""
    surface = np.zeros((101, 101), dtype=np.float32)
    coarse = np.zeros((400, 401), dtype=np.float32)
    coarse[:10] = 500.0
    # the coarse cells begin 11 km north of the point
    points = on_cells(surface, [(50, 50)])
    corner = from_origin(WEST - 6000.0, float(points.y[0]) + 11_000.0, 30.0, 30.0)
    about = {"directions": 4, "reach_m": 40.0, "far": (coarse, corner), "far_reach_m": 20_000.0}
    seen = skylines_from_surface(points, surface, lattice(), **about)
    away = 11_000.0 - 300.0
    drop = away**2 * (1 - 0.13) / (2 * 6_371_000.0)
    expected = math.degrees(math.atan((500.0 - drop) / away))
    assert seen.low[0] == pytest.approx([expected, 0.0, 0.0, 0.0], abs=1e-4)
    near = skylines_from_surface(points, surface, lattice(), directions=4, reach_m=40.0)
    assert near.low.max() == 0.0


def test_turned_surfaces_are_refused():
    """A surface with south up is not silently mirrored."""
    with pytest.raises(ValueError, match="north up"):
        skylines_from_surface(
            on_cells(np.zeros((3, 3)), [(1, 1)]), np.zeros((3, 3)), from_origin(WEST, NORTH, 1, -1)
        )


def test_points_are_lifted_to_the_surface():
    """Height of the cell below plus the clearance; NaN beside the surface."""
    surface = np.array([[1.0, 2.0], [3.0, np.nan]], dtype=np.float32)
    x, y = WEST + np.array([0.5, 1.5, 0.5, 1.5, 9.0]), NORTH - np.array([0.5, 0.5, 1.5, 1.5, 0.5])
    points = Points(x, y, np.zeros(5), np.arange(5), np.arange(6))
    z = on_surface(points, surface, lattice(), clearance_m=0.25).z
    assert z == pytest.approx([1.25, 2.25, 3.25, np.nan, np.nan], nan_ok=True)


def test_known_share_counts_what_lies_beside():
    """In the middle all is known, at the edge half, in a corner a quarter, and holes count."""
    surface = np.zeros((40, 40), dtype=np.float32)
    x, y = WEST + np.array([20.0, 0.0, 0.0]), NORTH - np.array([20.0, 20.0, 0.0])
    corner = Points(x, y, np.zeros(3), np.arange(3), np.arange(4))
    assert known_share(corner, surface, lattice(), reach_m=10.0) == pytest.approx([1, 0.5, 0.25])
    surface[10:20, 10:30] = np.nan
    assert known_share(corner, surface, lattice(), reach_m=10.0)[0] == pytest.approx(0.5)


# -- sweep -----------------------------------------------------------------------------------


def test_sweep_of_a_wall():
    """Straight at a wall, the sweep gives its height over the distance to its near side."""
    surface = np.zeros((50, 30), dtype=np.float32)
    surface[:10] = 12.0
    tangent = sweep_skylines(surface, 2.0, directions=4)
    away = (np.arange(10, 50) - 10 + 0.5) * 2.0
    assert tangent[0, 10:, 15] == pytest.approx(12.0 / away, rel=1e-6)
    assert (tangent[1:] == 0.0).all()


def test_sweep_is_the_ray_along_the_axes():
    """Along rows and columns every cell sees by sweep what its ray sees."""
    surface = town(5)
    tangent = sweep_skylines(surface, 1.0, directions=4)
    cells = np.argwhere(np.ones_like(surface))[::37]
    rays = skylines_from_surface(on_cells(surface, cells), surface, lattice(), directions=4).low
    swept = np.degrees(np.arctan(tangent[:, cells[:, 0], cells[:, 1]].T))
    assert swept == pytest.approx(rays, abs=1e-3)


def test_sweep_is_the_ray_near_by():
    """In any direction every cell, beside walls too, sees by sweep what its ray sees near by."""
    surface = town(11, 100)
    tangent = sweep_skylines(surface, 1.0, directions=36)
    cells = np.argwhere(np.ones_like(surface))[::29]
    rays = skylines_from_surface(on_cells(surface, cells), surface, lattice(), directions=36).low
    swept = np.degrees(np.arctan(tangent[:, cells[:, 0], cells[:, 1]].T))
    assert max(surface.shape) <= NEAR
    assert swept == pytest.approx(rays, abs=1e-3)


def test_sweep_of_what_is_far():
    """Further off than rays are followed, a wide wall is as high as it is near by."""
    surface = np.zeros((2 * NEAR + 40, 3 * NEAR), dtype=np.float32)
    surface[:10] = 80.0
    tangent = sweep_skylines(surface, 2.0, directions=36)
    rows = np.arange(10, len(surface))
    for k in (0, 1, 35):  # north, and 10° beside it
        angle = np.radians(10.0 * k)
        away = (rows - 10 + 0.5) * 2.0 / np.cos(angle)
        assert tangent[k, 10:, 3 * NEAR // 2] == pytest.approx(80.0 / away, rel=1e-5)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_sweep_turns_with_the_surface(turn):
    """A surface turned by quarters has skylines turned by quarters."""
    surface = town(2, 60)
    one = sweep_skylines(surface, 1.0, directions=8)
    other = sweep_skylines(np.rot90(surface, turn), 1.0, directions=8)
    back = np.stack([np.rot90(other[(k - 2 * turn) % 8], -turn) for k in range(8)])
    # lines lie at the same places but for half steps, so cells beside walls may differ
    assert np.mean(np.abs(back - one) < 1e-5) > 0.97
    assert back[::2] == pytest.approx(one[::2])


def test_sweep_of_a_tile_is_the_sweep_of_the_whole():
    """With enough around it, a tile's cells have the tangents they have in the whole."""
    surface = np.zeros((150, 160), dtype=np.float32)
    surface[55:95, 60:100] = town(4, 40)
    whole = sweep_skylines(surface, 1.0, directions=16)
    tile = sweep_skylines(surface[40:110, 45:115], 1.0, directions=16, origin=(40, 45))
    inner = np.s_[:, 10:60, 10:60]
    # beside the town all is flat, so that nothing outside the tile rises above it
    assert tile[inner] == pytest.approx(whole[:, 50:100, 55:105][:, :50, :50])


def test_sweep_leaves_unknown_cells_unknown():
    """An unknown cell has no skyline and shades nothing."""
    surface = town(6, 50)
    with_hole = surface.copy()
    with_hole[20:25, 20:25] = np.nan
    tangent = sweep_skylines(with_hole, 1.0, directions=8)
    assert np.isnan(tangent[:, 20:25, 20:25]).all()
    assert np.isfinite(tangent).sum() == 8 * (2500 - 25)
    assert (tangent <= sweep_skylines(surface, 1.0, directions=8) + 1e-6)[
        np.isfinite(tangent)
    ].all()


def test_threads_change_nothing_in_a_sweep():
    """Lines are their own, whoever walks them."""
    surface = town(9, 80)
    one = sweep_skylines(surface, 1.0, directions=12, threads=1)
    assert (sweep_skylines(surface, 1.0, directions=12, threads=3) == one).all()


def test_sky_view_of_a_sweep():
    """The sky view is the mean of cos² of the swept skylines; an open plain sees it all."""
    surface = town(7, 60)
    tangent = sweep_skylines(surface, 1.0, directions=24)
    expected = (np.cos(np.arctan(tangent)) ** 2).mean(axis=0)
    assert sweep_sky_view(surface, 1.0, directions=24) == pytest.approx(expected, abs=1e-5)
    assert (sweep_sky_view(np.zeros((9, 9)), 1.0) == 1.0).all()


# -- tiers -----------------------------------------------------------------------------------


def two_tiers():
    """Three roofs of two buildings with two points each, and skylines of either kind."""
    points = Points(*np.zeros((3, 6)), np.repeat(np.arange(3), 2), np.arange(4) * 2)
    footprints = skylines_from_footprints(points, neighbours_of([], []), np.full(6, -1))
    surface = skylines_from_surface(points, np.zeros((3, 3)), lattice())
    surface.low[:] = 10.0
    return points, footprints, surface


def test_surface_only_where_all_of_a_building_rests_on_it():
    """One point whose surroundings are unknown takes the whole building back to footprints."""
    points, footprints, surface = two_tiers()
    known = np.array([1.0, 1.0, 1.0, 0.5, 1.0, 0.96])
    tier = best_tiers(points, ["a", "a", "b"], known, surface)
    assert tier.tolist() == ["footprint", "footprint", "surface_model"]
    taken = take_tiers(points, tier, surface, footprints)
    assert taken.low[:, 0].tolist() == [0, 0, 0, 0, 10, 10]
    assert taken.high is taken.low


def test_roofs_without_points_rest_on_footprints():
    """Without points nothing is known of a surface."""
    points = Points(*np.zeros((3, 0)), np.zeros(0, int), np.zeros(3, int))
    surface = skylines_from_surface(points, np.zeros((3, 3)), lattice())
    assert best_tiers(points, ["a", "b"], np.zeros(0), surface).tolist() == ["footprint"] * 2


def test_skylines_of_other_directions_are_not_mixed():
    """Tiers with unlike directions are a mistake."""
    points, footprints, _ = two_tiers()
    other = skylines_from_surface(points, np.zeros((3, 3)), lattice(), directions=36)
    with pytest.raises(ValueError, match="shape"):
        take_tiers(points, np.array(["footprint"] * 3), other, footprints)
