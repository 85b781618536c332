"""Skylines from footprints, the points they are seen from, and what they leave of sun and sky."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate, scale, translate

from hexi_solar.shading import (
    Points,
    horizon_view,
    joined,
    lit_at,
    lit_fraction,
    neighbours_of,
    outlines_of,
    outlines_of_wkb,
    roof_means,
    sample_points,
    sky_view,
    skylines_from_footprints,
    sun_band,
)


def at(*places: tuple[float, float, float]) -> Points:
    """One roof per place, each with one point."""
    x, y, z = np.array(places, dtype=float).T
    count = len(places)
    return Points(x, y, z, np.arange(count), np.arange(count + 1))


def skyline(place, shapes, heights, own=-1, **more) -> np.ndarray:
    """The low skyline of one point."""
    seen = skylines_from_footprints(
        at(place), neighbours_of(shapes, heights), np.array([own]), **more
    )
    return seen.low[0]


def brute_force(points, shapes, heights, own, directions, reach, true_north=0.0) -> np.ndarray:
    """Cut each line of sight with each building, by shapely."""
    found = np.zeros((len(points), directions))
    for p in range(len(points)):
        here = shapely.Point(points.x[p], points.y[p])
        for k in range(directions):
            angle = math.radians(k * 360.0 / directions + true_north)
            end = (here.x + reach * math.sin(angle), here.y + reach * math.cos(angle))
            sight = shapely.LineString([here, end])
            for i, shape in enumerate(shapes):
                rise = heights[i] - points.z[p]
                hit = sight.intersection(shape)
                if i == own[p] or rise <= 0 or hit.is_empty:
                    continue
                up = math.degrees(math.atan2(rise, here.distance(hit)))
                found[p, k] = max(found[p, k], up)
    return found


# -- closed forms ----------------------------------------------------------------------------


def test_an_endless_wall():
    """Seen at d metres, a wall of height h rises to atan(h cos(a) / d) at a from the normal."""
    wall = shapely.box(-1e5, 20.0, 1e5, 30.0)
    found = skyline((0.0, 0.0, 0.0), [wall], [15.0], reach_m=1e4)
    off = np.deg2rad(np.arange(64) * 5.625)
    expected = np.degrees(np.arctan(15.0 * np.maximum(np.cos(off), 0.0) / 20.0))
    # beside the wall, lines of sight run out of reach
    assert found == pytest.approx(np.where(np.cos(off) > 20.0 / 1e4, expected, 0.0), abs=1e-9)


@pytest.mark.parametrize("h", [0.5, 3.0, 10.0, 40.0])
def test_round_courtyard(h):
    """From the middle of a round courtyard, walls rise alike all around and leave cos² of the sky."""
    yard = shapely.Point(0.0, 0.0).buffer(10.0, quad_segs=512)
    block = shapely.box(-30.0, -30.0, 30.0, 30.0).difference(yard)
    found = skyline((0.0, 0.0, 0.0), [block], [h])
    up = math.degrees(math.atan2(h, 10.0))
    # the circle is a polygon of 2048 sides, so its apothem is 1e-6 shorter
    assert found == pytest.approx(np.full(64, up), abs=1e-4)
    assert sky_view(found[None], 0.0, 180.0) == pytest.approx(math.cos(math.radians(up)) ** 2, abs=1e-5)  # fmt: skip


def test_canyon():
    """Between two endless walls the floor sees sqrt(1 + (h/w)²) - h/w of the sky, averaged across."""
    h, w = 12.0, 18.0
    walls = [shapely.box(-1e5, w, 1e5, w + 5), shapely.box(-1e5, -5.0, 1e5, 0.0)]
    across = (np.arange(200) + 0.5) / 200 * w
    points = at(*[(0.0, y, 0.0) for y in across])
    seen = skylines_from_footprints(
        points, neighbours_of(walls, [h, h]), np.full(200, -1), directions=720, reach_m=1e5
    )
    view = sky_view(seen.low, 0.0, 180.0).mean()
    # Hottel's crossed strings; 720 directions resolve the vanishing point of the walls to 1e-4
    assert view == pytest.approx(math.hypot(1.0, h / w) - h / w, abs=2e-4)


def test_box():
    """A box hides exactly the directions between its corners, at the distance of its near face."""
    box = shapely.box(-10.0, 20.0, 10.0, 40.0)
    found = skyline((0.0, 0.0, 5.0), [box], [25.0], directions=360)
    azimuth = np.arange(360)
    off = np.deg2rad((azimuth + 180) % 360 - 180)
    hit = np.abs(np.tan(off)) * 20.0 <= 10.0
    hit &= np.cos(off) > 0
    expected = np.where(hit, np.degrees(np.arctan(20.0 * np.cos(off) / 20.0)), 0.0)
    # 26.565° is the corner; whole degrees stay clear of it
    assert found == pytest.approx(expected, abs=1e-9)


def test_well():
    """At the bottom of a deep well next to nothing is left of the sky."""
    well = shapely.box(-20, -20, 20, 20).difference(shapely.box(-0.5, -0.5, 0.5, 0.5))
    found = skyline((0.0, 0.0, 0.0), [well], [500.0])
    assert found.min() > 89.9
    assert sky_view(found[None], 0.0, 0.0)[0] < 1e-5


def test_parapet_all_around():
    """In the middle of a square roof the parapet stands at half its side in the four directions."""
    roof = shapely.box(0.0, 0.0, 20.0, 20.0)
    found = skyline((10.0, 10.0, 30.3), [roof], [30.0], own=0, parapet_m=0.8)
    off = np.deg2rad(np.arange(64) * 5.625)
    away = 10.0 / np.maximum(np.abs(np.sin(off)), np.abs(np.cos(off)))
    assert found == pytest.approx(np.degrees(np.arctan(0.8 / away)), abs=1e-9)


# -- edge cases ------------------------------------------------------------------------------


def test_point_on_a_wall():
    """A point on a wall is closed in all directions that lead into the building, and along it."""
    box = shapely.box(-10.0, 0.0, 10.0, 20.0)
    found = skyline((3.0, 0.0, 0.0), [box], [5.0])
    into = np.cos(np.deg2rad(np.arange(64) * 5.625)) > -1e-12
    assert (found[into] == 90.0).all()
    assert (found[~into] == 0.0).all()


def test_line_of_sight_along_a_wall():
    """In line with a wall, the sight meets its near corner, wherever the ring begins."""
    for turn in range(4):
        ring = np.roll([(0, 10), (10, 10), (10, 30), (0, 30)], turn, axis=0)
        found = skyline((0.0, 0.0, 0.0), [shapely.Polygon(ring)], [10.0])
        assert found[0] == pytest.approx(45.0, abs=1e-9)


def test_corners_on_a_straight_wall_change_nothing():
    """Corners added on a straight edge leave the skyline as it is."""
    box = shapely.box(5.0, 5.0, 35.0, 25.0)
    finer = shapely.segmentize(box, 0.7)
    plain = skyline((0.0, 0.0, 0.0), [box], [20.0])
    assert skyline((0.0, 0.0, 0.0), [finer], [20.0]) == pytest.approx(plain, abs=1e-9)


def test_neighbours_that_touch_leave_no_gap():
    """Two halves that share a wall shade like the whole."""
    whole = shapely.box(-10.0, 10.0, 10.0, 20.0)
    halves = [shapely.box(-10.0, 10.0, 0.0, 20.0), shapely.box(0.0, 10.0, 10.0, 20.0)]
    one = skyline((0.0, 0.0, 0.0), [whole], [10.0])
    assert skyline((0.0, 0.0, 0.0), halves, [10.0, 10.0]) == pytest.approx(one, abs=1e-9)


def test_multipolygon_is_its_parts():
    """A multipolygon shades like its parts drawn one by one."""
    parts = [shapely.box(10, 10, 20, 20), shapely.box(-30, 5, -20, 40)]
    apart = skyline((0.0, 0.0, 0.0), parts, [12.0, 12.0])
    assert skyline((0.0, 0.0, 0.0), [shapely.MultiPolygon(parts)], [12.0]) == pytest.approx(apart)


def test_own_building_is_left_out_but_not_what_stands_on_it():
    """A pitched roof lies below its own top; a stair head drawn as a shape of its own shades it."""
    own, head = shapely.box(0, 0, 40, 40), shapely.box(18, 30, 22, 34)
    alone = skyline((20.0, 20.0, 8.0), [own], [10.0], own=0)
    assert (alone == 0.0).all()
    found = skyline((20.0, 20.0, 10.0), [own, head], [10.0, 13.0], own=0)
    assert found[0] == pytest.approx(math.degrees(math.atan(3 / 10)))
    assert found[32] == 0.0


def test_a_building_drawn_twice_does_not_shade_itself():
    """The same outline a second time, higher, is the same building."""
    own = shapely.box(0, 0, 40, 40)
    again = shapely.Polygon([(40, 40), (0, 40), (0, 0), (40, 0)])
    assert (skyline((20.0, 20.0, 10.0), [own, again], [10.0, 12.0], own=0) == 0.0).all()


def test_under_a_higher_building():
    """A point inside a higher building sees nothing, and that is said."""
    tower = shapely.box(5, 5, 15, 15)
    seen = skylines_from_footprints(
        at((10.0, 10.0, 6.0)), neighbours_of([tower], [60.0]), np.array([-1])
    )
    assert (seen.low == 90.0).all()
    assert seen.covered.tolist() == [True]


def test_reach_ends_where_it_is_set():
    """A wall is seen up to the reach, and not beyond."""
    tower = shapely.box(-20, 100, 20, 120)
    assert skyline((0.0, 0.0, 0.0), [tower], [50.0], reach_m=100.5)[0] > 0.0
    assert skyline((0.0, 0.0, 0.0), [tower], [50.0], reach_m=99.5).max() == 0.0


def test_long_buildings_are_found_from_every_cell():
    """A wall of two kilometres is found beside its far end too, once."""
    wall = shapely.box(0.0, 30.0, 2000.0, 40.0)
    crowd = [shapely.box(x, -500, x + 5, -495) for x in range(-3000, 3000, 50)]
    found = skyline((1990.0, 0.0, 0.0), [wall, *crowd], [30.0] + [1.0] * len(crowd))
    assert found[0] == pytest.approx(45.0)


def test_a_building_drawn_in_another_country():
    """One shape ten thousand kilometres away costs neither memory nor what is near."""
    tower = shapely.box(-5.0, 10.0, 5.0, 20.0)
    stray = shapely.box(1e7, -1e7, 1e7 + 10, -1e7 + 10)
    around = neighbours_of([tower, stray], [10.0, 10.0])
    assert around.columns * around.rows <= 2001 * 2001
    seen = skylines_from_footprints(at((0.0, 0.0, 0.0)), around, np.array([-1]))
    assert seen.low[0, 0] == pytest.approx(45.0)


def test_broken_rings_and_heights():
    """Rings that touch themselves, doubled corners, third coordinates and heights of 0 do no harm."""
    doubled = shapely.Polygon([(-5, 10), (-5, 10), (5, 10), (5, 20), (5, 20), (-5, 20)])
    upright = shapely.Polygon([(-5, 10, 3), (5, 10, 3), (5, 20, 3), (-5, 20, 3)])
    plain = skyline((0.0, 0.0, 0.0), [shapely.box(-5, 10, 5, 20)], [10.0])
    for shape in (doubled, upright, upright.reverse()):
        assert skyline((0.0, 0.0, 0.0), [shape], [10.0]) == pytest.approx(plain, abs=1e-9)
    assert skyline((0.0, 0.0, 0.0), [upright], [0.0]).max() == 0.0


def test_shapes_and_heights_belong_together():
    """A height per shape."""
    with pytest.raises(ValueError, match="2 shapes, 1 heights"):
        neighbours_of([shapely.box(0, 0, 1, 1)] * 2, [3.0])


def test_nothing_around():
    """Without buildings, or with empty shapes only, the sky is open."""
    for shapes in ([], [None, shapely.Polygon(), shapely.Point(0, 5)]):
        assert (skyline((0.0, 0.0, 0.0), shapes, [50.0] * len(shapes)) == 0.0).all()


# -- unknown heights -------------------------------------------------------------------------


def test_unknown_neighbour_gives_bounds():
    """A neighbour of unknown height is absent from the low skyline and stands in the high one."""
    known, unknown = shapely.box(-5, 10, 5, 20), shapely.box(10, -5, 20, 5)
    seen = skylines_from_footprints(
        at((0.0, 0.0, 0.0), (0.0, -600.0, 0.0)),
        neighbours_of([known, unknown], [10.0, np.nan]),
        np.array([-1, -1]),
        unknown_height_m=30.0,
    )
    assert seen.low[0, [0, 16]] == pytest.approx([45.0, 0.0])
    assert seen.high[0, [0, 16]] == pytest.approx([45.0, math.degrees(math.atan(3.0))])
    assert seen.unknown.tolist() == [True, False]


def test_unknown_roof_gives_bounds():
    """A roof of unknown height sees nothing in the low skyline; in the high one it lies low."""
    seen = skylines_from_footprints(
        at((0.0, 0.0, np.nan)),
        neighbours_of([shapely.box(-5, 10, 5, 20)], [13.0]),
        np.array([-1]),
        unknown_roof_m=3.0,
    )
    assert seen.low.max() == 0.0
    assert seen.high[0, 0] == pytest.approx(45.0)
    assert seen.unknown.tolist() == [True]


def test_a_roof_of_unknown_height_leaves_others_as_they_are():
    """Points of one roof, one of them of unknown height: the other one sees all the same."""
    walls = [shapely.box(-5, 10 + 3 * i, 5, 11 + 3 * i) for i in range(60)]
    points = Points(np.zeros(2), np.zeros(2), np.array([0.0, np.nan]), np.zeros(2, int), np.array([0, 2]))  # fmt: skip
    near = neighbours_of(walls, 10.0 + 4 * np.arange(60))
    seen = skylines_from_footprints(points, near, np.array([-1, -1]))
    alone = skylines_from_footprints(at((0.0, 0.0, 0.0)), near, np.array([-1]))
    assert (seen.low[0] == alone.low[0]).all()
    assert (seen.high[0] == alone.low[0]).all()
    assert (seen.low[1] == 0.0).all()
    assert seen.high[1] == pytest.approx(alone.low[0])
    assert seen.unknown.tolist() == [False, True]


# -- symmetry and order ----------------------------------------------------------------------

city = st.lists(
    st.tuples(
        st.integers(-80, 80), st.integers(-80, 80), st.integers(2, 40), st.integers(2, 40),
        st.integers(0, 89), st.integers(1, 60), st.sampled_from(["box", "yard", "ell", "two"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def building(x, y, width, depth, angle, kind):
    """One footprint of a kind."""
    shape = shapely.box(x, y, x + width, y + depth)
    middle = shapely.box(
        x + width / 4, y + depth / 4, x + 3 * width / 4 + 0.1, y + 3 * depth / 4 + 0.1
    )
    if kind == "yard":
        shape = shape.difference(middle)
    elif kind == "ell":
        shape = shape.difference(translate(middle, width / 3, depth / 3))
    elif kind == "two":
        shape = shapely.union(shape, translate(shape, 2 * width, depth))
    return rotate(shape, angle)


def of_city(drawn):
    """Shapes and heights of a drawn city, and points among them."""
    shapes = [building(x, y, w, d, angle, kind) for x, y, w, d, angle, _, kind in drawn]
    heights = np.array([float(h) for *_, h, _ in drawn])
    points = at((0.123, 0.456, 0.5), (33.3, -21.7, 8.25), (-61.9, 44.4, 20.0))
    return shapes, heights, points


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(city, st.floats(-5, 5))
def test_as_shapely_sees_it(drawn, true_north):
    """Every line of sight ends where shapely says, to a millionth of a degree."""
    shapes, heights, points = of_city(drawn)
    own = np.full(3, -1)
    about = {"directions": 16, "reach_m": 150.0, "true_north": true_north}
    found = skylines_from_footprints(points, neighbours_of(shapes, heights), own, **about).low
    expected = brute_force(points, shapes, heights, own, 16, 150.0, true_north)
    # a sight that grazes a corner may pass it or not: both a hair wider and a hair thinner are right
    wide = [s.buffer(1e-5, join_style="mitre") for s in shapes]
    thin = [s.buffer(-1e-5, join_style="mitre") for s in shapes]
    apart = np.abs(found - expected) > 1e-6
    if apart.any():
        high = brute_force(points, wide, heights, own, 16, 150.0, true_north)
        low = brute_force(points, thin, heights, own, 16, 150.0, true_north)
        assert (found <= high + 1e-3)[apart].all()
        assert (found >= low - 1e-3)[apart].all()
        assert (high - low > 1e-3)[apart].all()


@settings(max_examples=40, deadline=None)
@given(city)
def test_mirrored_city_has_the_mirrored_skyline(drawn):
    """East and west change places where the city is mirrored."""
    shapes, heights, points = of_city(drawn)
    mirrored = [scale(s, -1.0, 1.0, origin=(0, 0)) for s in shapes]
    there = Points(-points.x, points.y, points.z, points.roof, points.first)
    own = np.full(3, -1)
    one = skylines_from_footprints(points, neighbours_of(shapes, heights), own).low
    other = skylines_from_footprints(there, neighbours_of(mirrored, heights), own).low
    back = other[:, (-np.arange(64)) % 64]
    assert np.mean(np.abs(one - back) < 1e-6) > 0.98  # but for sights that graze a corner


@settings(max_examples=40, deadline=None)
@given(city, st.integers(1, 30))
def test_higher_neighbours_never_give_more_sky(drawn, more):
    """Raising buildings raises skylines, and lowers what is lit and seen."""
    shapes, heights, points = of_city(drawn)
    own = np.full(3, -1)
    one = skylines_from_footprints(points, neighbours_of(shapes, heights), own).low
    other = skylines_from_footprints(points, neighbours_of(shapes, heights + more), own).low
    assert (other >= one - 1e-9).all()
    assert (lit_fraction(other, points) <= lit_fraction(one, points)).all()
    for tilt in (0.0, 30.0, 90.0):
        assert (sky_view(other, tilt, 170.0) <= sky_view(one, tilt, 170.0) + 1e-12).all()


def test_turning_the_grid_turns_the_skyline():
    """Where true north lies 5.625° clockwise of grid north, columns move by one."""
    shapes, heights, points = of_city(
        [(20, 30, 17, 11, 12, 30, "ell"), (-60, 5, 20, 9, 33, 12, "box")]
    )
    near, own = neighbours_of(shapes, heights), np.full(3, -1)
    plain = skylines_from_footprints(points, near, own).low
    turned = skylines_from_footprints(points, near, own, true_north=360.0 / 64).low
    assert turned == pytest.approx(np.roll(plain, -1, axis=1), abs=1e-9)


def test_what_is_dropped_for_a_whole_roof_was_hidden():
    """Among hundreds of buildings, points of one large roof see what each of them sees alone."""
    rng = np.random.default_rng(5)
    places = rng.uniform(-600, 600, (400, 2))
    places = places[np.abs(places).max(axis=1) > 60]
    shapes = [building(x, y, 20, 12, i % 90, "ell") for i, (x, y) in enumerate(places)]
    heights = rng.uniform(5, 80, len(shapes))
    roof = gpd.GeoDataFrame(geometry=[shapely.box(-40, -30, 40, 30)])
    points = sample_points(roof, pd.Series([12.0]), at_least=20, at_most=20)
    near, own = neighbours_of(shapes, heights), np.full(20, -1)
    together = skylines_from_footprints(points, near, own).low
    apart = at(*zip(points.x, points.y, points.z, strict=True))
    alone = skylines_from_footprints(apart, near, own).low
    assert alone == pytest.approx(together, abs=1e-9)
    few = Points(*(values[:3] for values in (points.x, points.y, points.z)), own[:3] + 1, np.array([0, 3]))  # fmt: skip
    assert together[:3] == pytest.approx(
        brute_force(few, shapes, heights, own, 64, 800.0), abs=1e-6
    )


def test_far_from_the_origin():
    """Plane coordinates of millions of metres cost no accuracy."""
    shapes, heights, points = of_city(
        [(20, 30, 17, 11, 12, 30, "ell"), (-60, 5, 20, 9, 33, 12, "box")]
    )
    east, north = 39_519_000.0, 4_328_500.0
    moved = Points(points.x + east, points.y + north, points.z, points.roof, points.first)
    there = neighbours_of([translate(s, east, north) for s in shapes], heights)
    own = np.full(3, -1)
    plain = skylines_from_footprints(points, neighbours_of(shapes, heights), own).low
    assert skylines_from_footprints(moved, there, own).low == pytest.approx(plain, abs=1e-6)


def test_threads_and_blocks_change_nothing():
    """The same skylines with one thread, with three, and roof by roof."""
    drawn = [(i * 17 % 160 - 80, i * 53 % 160 - 80, 12, 20, i * 7, 5 + i, "ell") for i in range(12)]
    shapes, heights, _ = of_city(drawn)
    roofs = gpd.GeoDataFrame(geometry=shapes)
    points = sample_points(roofs, pd.Series(heights))
    near = neighbours_of(shapes, heights)
    one = skylines_from_footprints(points, near, points.roof, threads=1).low
    three = skylines_from_footprints(points, near, points.roof, threads=3).low
    assert (one == three).all()
    blocks = [points.of_roofs(i, min(i + 5, 12)) for i in range(0, 12, 5)]
    parts = [skylines_from_footprints(b, near, b.roof + 5 * i).low for i, b in enumerate(blocks)]
    assert (np.concatenate(parts) == one).all()


# -- points ----------------------------------------------------------------------------------


def test_points_lie_on_their_roofs():
    """Every point lies on its roof, in the roofs' order, as many as asked for."""
    shapes = [
        shapely.box(0, 0, 100, 50),
        shapely.box(0, 0, 5, 4),
        shapely.Polygon(),
        rotate(shapely.box(1000, 0, 1100, 3), 37),
        shapely.box(500, 0, 560, 60).difference(shapely.box(505, 5, 555, 55)),
    ]
    roofs = gpd.GeoDataFrame(index=list("abcde"), geometry=shapes)
    height = pd.Series(10.0, index=list("abcde"))
    points = sample_points(roofs, height, at_least=16, at_most=64, clearance_m=0.3)
    assert np.diff(points.first).tolist() == [64, 16, 0, 16, 44]
    assert (points.z == 10.3).all()
    within = shapely.contains_xy(np.array(shapes, dtype=object)[points.roof], points.x, points.y)
    assert within.all()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["box", "yard", "ell", "two"]), st.integers(0, 89), st.floats(0, 360))
def test_every_part_of_a_roof_has_its_share_of_points(kind, angle, cut):
    """Whatever the shape, a straight cut leaves the same part of the points as of the area."""
    roof = building(0, 0, 40, 25, angle, kind)
    points = sample_points(gpd.GeoDataFrame(geometry=[roof]), pd.Series([0.0]), at_most=64)
    middle = roof.centroid
    side = rotate(shapely.box(-500, 0, 500, 500), cut, origin=(0, 0))
    side = translate(side, middle.x, middle.y)
    part = roof.intersection(side).area / roof.area
    found = shapely.contains_xy(side, points.x, points.y).mean()
    # the discrepancy of half planes falls as n^(-3/4): 0.044 for 64; random points stray by 0.06
    assert found == pytest.approx(part, abs=0.05)


def test_four_points_of_a_square():
    """The lattice on a square of 8 m: eighths of the side along it, parts by the golden section."""
    roof = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 8, 8)])
    points = sample_points(roof, pd.Series([0.0]), at_least=4, at_most=4)
    # the longest edge found first is the eastern one, northwards: across it lies to the west
    assert points.y == pytest.approx([1, 3, 5, 7])
    assert 8 - points.x == pytest.approx(8 * ((np.arange(4) * 0.618033988749895 + 0.5) % 1))


def test_same_roof_same_points_wherever_it_stands_in_the_table():
    """Points depend on the roof alone."""
    shapes = [shapely.box(i * 50, 0, i * 50 + 30, 20 + i) for i in range(6)]
    roofs = gpd.GeoDataFrame(geometry=shapes)
    every = sample_points(roofs, pd.Series(0.0, index=roofs.index))
    some = sample_points(roofs.iloc[[4]], pd.Series(0.0, index=roofs.index))
    mine = every.roof == 4
    # each table has its own origin, so the last digits may differ
    assert some.x == pytest.approx(every.x[mine], abs=1e-6)
    assert some.y == pytest.approx(every.y[mine], abs=1e-6)


def test_slivers_have_points_too():
    """The thinnest of roofs neither hangs nor stays without points."""
    sliver = shapely.Polygon([(0, 0), (100, 100), (100.0001, 100)])
    points = sample_points(gpd.GeoDataFrame(geometry=[sliver]), pd.Series([5.0]))
    assert len(points) == 64
    assert shapely.distance(sliver, shapely.points(points.x, points.y)).max() < 1e-6


# -- lit part and views ----------------------------------------------------------------------


def test_lit_fraction_counts_points():
    """Half of the points under a wall: half lit below its top, all lit above."""
    points = Points(np.zeros(4), np.zeros(4), np.zeros(4), np.zeros(4, int), np.array([0, 4]))
    seen = np.zeros((4, 8))
    seen[:2, 3] = 40.0
    lit = lit_fraction(seen, points, bins=9)
    assert lit.shape == (1, 8, 9)
    # middles of the bands are 5, 15, 25, 35, 45 ...
    assert lit[0, 3].tolist() == [0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1, 1]
    assert (lit[0, [0, 1, 2, 4, 5, 6, 7]] == 1.0).all()


def test_lit_fraction_is_lit_at_the_middle_of_the_bands():
    """The table agrees with the count hour by hour where the sun stands in a band's middle."""
    rng = np.random.default_rng(3)
    first = np.array([0, 16, 16, 40])
    points = Points(*np.zeros((3, 40)), np.repeat([0, 2], [16, 24]), first)
    seen = rng.uniform(0, 90, (40, 64)) * rng.integers(0, 2, (40, 64))
    lit = lit_fraction(seen, points)
    azimuth = np.repeat(np.arange(64) * 5.625, 32)
    elevation = np.tile((np.arange(32) + 0.5) * 90 / 32, 64)
    direction, band = sun_band(azimuth, elevation, 64)
    by_hour = lit_at(seen, points, azimuth, elevation)
    assert by_hour == pytest.approx(lit[:, direction, band].T)
    assert (lit[1] == 1.0).all()  # a roof without points


def test_sun_band_wraps_at_north():
    """Just west of north is the direction of north; a sun at the zenith is in the last band."""
    direction, band = sun_band(np.array([359.0, 1.0, 180.0]), np.array([-1.0, 90.0, 45.0]), 64)
    assert direction.tolist() == [0, 0, 32]
    assert band.tolist() == [0, 31, 16]


@pytest.mark.parametrize("tilt", [0.0, 20.0, 60.0, 90.0])
def test_open_sky_is_all_of_it(tilt):
    """Under an open sky every plane sees all there is for it."""
    assert sky_view(np.zeros((1, 64)), tilt, 135.0) == pytest.approx(1.0)
    assert horizon_view(np.zeros((1, 64)), tilt, 135.0) == pytest.approx(1.0)


def test_tilted_plane_before_an_endless_wall():
    """A vertical plane sees 1 - sin(h) of its sky over a wall parallel to it that rises to h."""
    h = 30.0
    off = np.deg2rad(np.arange(7200) * 0.05)
    seen = np.degrees(np.arctan(math.tan(math.radians(h)) * np.maximum(np.cos(off), 0.0)))
    # the view factor of a band of strips: (sin 90° - sin h) / 2 over 1 / 2
    assert sky_view(seen[None], 90.0, 0.0) == pytest.approx(1 - math.sin(math.radians(h)), abs=1e-5)


def test_wall_behind_the_plane_takes_nothing_from_a_vertical_one():
    """What stands behind a vertical plane is hidden by the plane itself."""
    seen = np.zeros((1, 64))
    seen[0, 17:48] = 60.0  # southern half
    assert sky_view(seen, 90.0, 0.0) == pytest.approx(1.0)
    assert horizon_view(seen, 90.0, 0.0) == pytest.approx(1.0)


def test_roof_means():
    """Means per roof; a roof without points is open."""
    points = Points(*np.zeros((3, 4)), np.array([0, 0, 2, 2]), np.array([0, 2, 2, 4]))
    assert roof_means(np.array([1.0, 0.5, 0.2, 0.4]), points) == pytest.approx([0.75, 1.0, 0.3])


def test_what_is_lower_than_the_floor_is_not_looked_for():
    """With a floor, skylines are the higher of it and what they are without."""
    rng = np.random.default_rng(6)
    places = rng.uniform(-400, 400, (200, 2))
    shapes = [building(x, y, 20, 12, i % 90, "ell") for i, (x, y) in enumerate(places)]
    near = neighbours_of(shapes, rng.uniform(5, 40, len(shapes)))
    eyes = at((0.0, 0.0, 12.0), (35.0, 10.0, 6.0), (10.0, -50.0, np.nan))
    own = np.full(len(eyes), -1)
    plain = skylines_from_footprints(eyes, near, own).low
    floored = skylines_from_footprints(eyes, near, own, floor_deg=3.0).low
    assert (plain < 3.0).any()
    assert (plain > 3.0).any()
    assert floored == pytest.approx(np.maximum(plain, 3.0), abs=1e-9)


def test_outlines_may_be_cut_and_joined():
    """Neighbours from outlines taken and joined are those from the shapes themselves."""
    shapes = [building(30 * i, 7 * i, 20, 12, 0, ("ell", "yard", "box")[i % 3]) for i in range(9)]
    heights = np.arange(9.0)
    outlines = outlines_of(shapes)
    some = joined([outlines.taken([8, 1]), outlines.taken([4])])
    box, area = some.boxes()
    assert box == pytest.approx(shapely.bounds([shapes[i] for i in (8, 1, 4)]))
    assert area == pytest.approx(shapely.area([shapes[i] for i in (8, 1, 4)]))
    for one, other in zip(
        neighbours_of(some, heights[[8, 1, 4]]),
        neighbours_of([shapes[i] for i in (8, 1, 4)], heights[[8, 1, 4]]),
        strict=True,
    ):
        assert one == pytest.approx(other)


def test_packed_outlines_are_those_of_the_shapes():
    """Plain polygons are read from their bytes, anything else by way of shapes, alike."""
    plain = [building(30 * i, 7 * i, 20, 12, 10 * i, ("ell", "yard")[i % 2]) for i in range(6)]
    plain[2] = plain[2].reverse()
    two = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 7, 7)])
    for shapes in (plain, [*plain, two], [*plain, shapely.Polygon()], [*plain, None]):
        packed = pa.array(shapely.to_wkb(np.array(shapes, dtype=object)).tolist(), pa.binary())
        for values in (packed, packed.slice(2)):
            expected = outlines_of(shapes[len(shapes) - len(values) :])
            for one, other in zip(outlines_of_wkb(values), expected, strict=True):
                assert (one == other).all()
