"""From planes that a surface model shows to usable areas."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_roofs import district, taken

from hexi_solar.config import Roofs
from hexi_solar.roofs import Frame, measured_kinds, roof_planes
from hexi_solar.roofs.measured import measured_slopes

BARE = Roofs(setback_m=0.0, parapet_height_m=0.0, lane_width_m=0.0, obstruction_margin_m=0.0)
HALL = shapely.box(0, 0, 20, 10)


def plane(shape, east=0.0, north=0.0, height=8.0, **more) -> dict[str, object]:
    """One plane z = east x + north y + height."""
    slope = np.hypot(east, north)
    facts = {
        "building_id": "hall",
        "surface_tilt": np.rad2deg(np.arctan(slope)),
        "surface_azimuth": np.rad2deg(np.arctan2(-east, -north)) % 360 if slope else np.nan,
        "slope_east": east,
        "slope_north": north,
        "height_at_origin_m": height,
        "horizontal_area_m2": shape.area,
        "tilt_source": "measured",
        "roof_kind": "tile" if slope > 0.1 else "flat",
        "parapet_height_m": np.nan,
        "standing": shapely.MultiPolygon(),
        "standing_count": 0,
        "standing_height_m": 0.0,
        "geometry": shape,
    }
    return facts | more


def gable(slope: float = 0.5) -> list[dict[str, object]]:
    """Two planes that meet above the middle of the hall."""
    south, north = shapely.box(0, 0, 20, 5), shapely.box(0, 5, 20, 10)
    return [plane(south, 0.0, slope, 8.0), plane(north, 0.0, -slope, 8.0 + 10 * slope)]


def areas(planes, asked=BARE, footprint=HALL, shadows=((0.0, 2.0),), **building):
    """The step with these planes."""
    buildings = district(footprint, **building)
    seen = gpd.GeoDataFrame(planes, crs=4548)
    facing = pd.Series(180.0, buildings.index)
    about = {"row_azimuth": facing, "shadows": shadows, "frame": Frame(), "step_m": 0.3}
    return roof_planes(buildings, asked, seen=seen, **about)


def test_nobody_falls_off_a_ridge():
    """A metre along the outer edge of a gable leaves 18 x 8 m; the ridge costs nothing."""
    roofs, ledger = areas(gable(), Roofs(setback_m=1.0, lane_width_m=0.0))
    assert taken(ledger, "setback") == pytest.approx(200 - 18 * 8)
    assert roofs["installable_area_m2"].to_list() == pytest.approx([72, 72])
    assert roofs["surface_azimuth"].to_list() == pytest.approx([180, 0])
    assert roofs["area_m2"].to_numpy() == pytest.approx([100 * np.hypot(1, 0.5)] * 2)


@pytest.mark.parametrize(("step", "gross"), [(0.2, 18 * 8), (3.0, 2 * 8 * 8)])
def test_a_step_is_an_edge(step, gross):
    """Two flat halves are one level up to 0.3 m, and two with edges of their own above."""
    halves = [
        plane(shapely.box(0, 0, 10, 10)),
        plane(shapely.box(10, 0, 20, 10), height=8 + step),
    ]
    asked = Roofs(setback_m=1.0, lane_width_m=0.0, parapet_height_m=0.0)
    roofs, _ = areas(halves, asked)
    assert roofs["installable_area_m2"].sum() == pytest.approx(gross)


def test_what_no_plane_holds_is_on_the_account_of_the_largest():
    """A strip of 2 x 10 m without a plane: 2 x 8 m of it inside the setback, the rest in it."""
    pair = [plane(shapely.box(0, 0, 12, 10)), plane(shapely.box(12, 0, 18, 10))]
    asked = Roofs(setback_m=1.0, lane_width_m=0.0, parapet_height_m=0.0)
    roofs, ledger = areas(pair, asked)
    # the strip's outer metre lies in the setback along three sides
    assert ledger.loc[("hall/1", "no_plane"), "area_m2"] == pytest.approx(1 * 8)
    assert ledger.loc[("hall/1", "no_plane"), "evidence"] == "measured"
    assert roofs["horizontal_area_m2"].to_list() == pytest.approx([140, 60])
    assert ledger["area_m2"].sum() + roofs["usable_area_m2"].sum() == pytest.approx(200)


def test_obstructions_go_where_they_stand():
    """A box of 2 x 2 m and half a metre around it: 9 m² out of the middle, nothing assumed."""
    box = shapely.MultiPolygon([shapely.box(9, 4, 11, 6)])
    facts = {"standing": box, "standing_count": 1, "standing_height_m": 1.5}
    asked = Roofs(setback_m=0.0, lane_width_m=0.0, parapet_height_m=0.0, obstruction_margin_m=0.5)
    roofs, ledger = areas([plane(HALL, **facts)], asked)
    assert ledger.loc[("hall", "obstruction"), "area_m2"] == pytest.approx(9)
    assert ledger.loc[("hall", "obstruction"), "basis"] == "1 x, <= 1.5 m"
    assert set(ledger.index.get_level_values("reason")) == {"setback", "obstruction"}
    assert not roofs.geometry.iloc[0].intersects(shapely.Point(10, 5))


@pytest.mark.parametrize(("seen", "width"), [(0.8, 1.0), (np.nan, 2.0)])
def test_a_measured_parapet_takes_the_place_of_the_assumed_one(seen, width):
    """0.5 m above the modules shade a strip of 1 m; unseen, the assumed metre shades 2 m."""
    asked = Roofs(setback_m=0, lane_width_m=0, parapet_height_m=1.3, module_clearance_m=0.3)
    _, ledger = areas([plane(HALL, parapet_height_m=seen)], asked)
    entry = ledger.loc[("hall", "parapet_shadow")]
    assert entry["area_m2"] == pytest.approx(20 * width)
    assert entry["evidence"] == ("assumed" if np.isnan(seen) else "measured")


def test_a_steep_slope_turned_away_is_measured():
    """The north half is installable and not used, and the ledger knows its slope."""
    roofs, ledger = areas(gable())
    assert ledger.loc[("hall/2", "orientation"), "evidence"] == "measured"
    assert roofs["usable_area_m2"].to_list() == pytest.approx([100, 0])
    assert roofs["installable_area_m2"].to_list() == pytest.approx([100, 100])


def test_lanes_of_a_slope_go_up_it():
    """On an east slope 90 m long, lanes run from eaves to ridge across its rows."""
    long = shapely.box(0, 0, 10, 90)
    asked = Roofs(setback_m=0, lane_width_m=1.5, lane_spacing_m=40, parapet_height_m=0)
    roofs, ledger = areas([plane(long, -0.3, 0.0)], asked, long)
    assert taken(ledger, "access_lane") == pytest.approx(2 * 1.5 * 10)
    assert len(shapely.get_parts(roofs.geometry.iloc[0])) == 3


def test_load_is_judged_plane_by_plane():
    """0.2 kN/m² carry clamps on the slope and not the anchored rows beside it."""
    mixed = [plane(shapely.box(0, 0, 20, 5), 0.0, 0.5), plane(shapely.box(0, 5, 20, 10))]
    roofs, ledger = areas(mixed, load_evidence="drawings", load_reserve_kn_m2=0.2)
    assert roofs["usable_area_m2"].to_list() == pytest.approx([100, 0])
    assert ledger.xs("load_refused", level="reason")["area_m2"].to_dict() == {"hall/2": 100.0}


def test_planes_that_overlap_count_once():
    """Should rounding make two planes overlap, the first one keeps the common part."""
    pair = [plane(shapely.box(0, 0, 12, 10)), plane(shapely.box(10, 0, 20, 10))]
    roofs, _ = areas(pair)
    assert roofs["horizontal_area_m2"].to_list() == pytest.approx([120, 80])


def test_planes_that_meet_in_a_corner_are_two_levels():
    """Corners are no border: each keeps its setback."""
    corners = [plane(shapely.box(0, 0, 10, 5)), plane(shapely.box(10, 5, 20, 10))]
    frame = gpd.GeoDataFrame(corners, crs=4548)
    slopes = measured_slopes(HALL, frame, 0.3, Frame())
    assert slopes[0].region.area == pytest.approx(150)
    assert slopes[1].region.area == pytest.approx(150)


def test_most_of_the_roof_names_its_kind():
    """The larger part decides; a surveyor's word stays where the slope agrees, and is held against it."""
    planes = pd.DataFrame(
        {
            "building_id": ["a", "a", "b", "c"],
            "roof_kind": ["flat", "tile", "metal", "tile"],
            "horizontal_area_m2": [60.0, 40.0, 50.0, 50.0],
        }
    )
    layer = pd.DataFrame(
        {
            "roof_kind": ["flat", "metal", "flat"],
            "roof_kind_source": ["assumed", "surveyed", "surveyed"],
        },
        index=["a", "b", "c"],
    )
    found = measured_kinds(planes, layer)
    assert found["roof_kind"].to_list() == ["flat", "metal", "tile"]
    assert found["roof_kind_source"].to_list() == ["measured", "surveyed", "derived"]
    assert found["contradicts"].to_list() == [False, False, True]
    assert measured_kinds(planes.iloc[:0], layer).empty


@settings(max_examples=40)
@given(
    cuts=st.lists(st.floats(1, 39), min_size=1, max_size=4, unique=True),
    slopes=st.lists(st.floats(-1, 1), min_size=5, max_size=5),
    hole=st.just(0.0) | st.floats(1e-3, 8),
    turn=st.floats(0, 360),
    parapet=st.sampled_from([0.4, 1.1, np.nan]),
)
def test_measured_ledgers_always_add_up(cuts, slopes, hole, turn, parapet):
    """Any planes side by side, with gaps between and things on them, add up to the footprint."""
    outline = shapely.affinity.rotate(shapely.box(0, 0, 40, 20), turn, origin=(0, 0))
    edges = [0.0, *sorted(cuts), 40.0]
    box = shapely.MultiPolygon([shapely.box(5, 5, 8, 7)])
    shapes = [shapely.box(a, hole, b, 20) for a, b in pairwise(edges)]
    planes = [
        plane(
            shapely.affinity.rotate(shape, turn, origin=(0, 0)),
            0.0,
            slope,
            standing=shapely.affinity.rotate(box, turn, origin=(0, 0)),
            standing_count=1,
            standing_height_m=1.0,
            parapet_height_m=parapet,
        )
        for shape, slope in zip(shapes, slopes, strict=False)
    ]
    roofs, ledger = areas(planes, Roofs(), outline, [(-2.0, 2.0), (0.0, 1.9), (2.0, 2.0)])
    spent = ledger["area_m2"].groupby(level="roof_id").sum() + roofs["usable_area_m2"]
    assert spent.to_numpy() == pytest.approx(roofs["horizontal_area_m2"].to_numpy(), abs=1e-7)
    assert roofs["horizontal_area_m2"].sum() == pytest.approx(outline.area, abs=1e-7)
    assert (ledger["area_m2"] >= 0).all()
    assert (roofs["usable_area_m2"] <= roofs["installable_area_m2"] + 1e-9).all()
    for number, roof in enumerate(roofs.itertuples()):
        home = planes[number]["geometry"]
        assert roof.geometry.difference(home.buffer(1e-6)).area < 1e-6
