"""Whole modules in rows."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar.config import Layout
from hexi_solar.layout import (
    module_layouts,
    row_azimuths,
    shade_free_pitch,
    shade_free_shadows,
    winter_sun,
)

HEXI = 39.08
PLAIN = Layout(module_length_m=2.0, module_width_m=1.0, module_gap_m=0.0, module_power_w=400)


def one_roof(shape, kind="flat", tilt=0.0, azimuth=180.0) -> gpd.GeoDataFrame:
    facts = {
        "building_id": "hall",
        "roof_kind": kind,
        "surface_tilt": tilt,
        "surface_azimuth": azimuth,
    }
    return gpd.GeoDataFrame([facts], index=["hall"], geometry=[shape], crs="EPSG:4548")


def place(roofs, asked=PLAIN, azimuth=180.0):
    facing = pd.Series(azimuth, ["hall"])
    latitude = pd.Series(HEXI, roofs.index)
    return module_layouts(roofs, asked, row_azimuth=facing, latitude=latitude).iloc[0]


def test_winter_sun_of_hexi():
    """At nine true solar time on the shortest day the sun stands 14.64° high, 42.1° from south."""
    elevation, azimuth = winter_sun(HEXI, np.array([9.0, 12.0, 15.0]))
    assert elevation == pytest.approx([14.64, 27.47, 14.64], abs=0.01)
    assert azimuth == pytest.approx([137.9, 180.0, 222.1], abs=0.01)


@pytest.mark.parametrize("tilt", [5, 10, 15, 20, 25, 30, 33, 35])
def test_pitch_is_the_textbook_one_for_south(tilt):
    """GB 50797: D = L cos b + L sin b (0.707 tan f + 0.4338) / (0.707 - 0.4338 tan f)."""
    length, phi, beta = 2.278, np.deg2rad(HEXI), np.deg2rad(tilt)
    shadow = (0.707 * np.tan(phi) + 0.4338) / (0.707 - 0.4338 * np.tan(phi))
    textbook = length * (np.cos(beta) + np.sin(beta) * shadow)
    # the textbook rounds its constants; ours is rounded up to the centimetre
    assert textbook - 0.003 <= shade_free_pitch(HEXI, tilt, 180.0, Layout()) <= textbook + 0.012


def test_pitch_south_of_the_equator_mirrors():
    """Rows that face north at 39° S stand like rows that face south at 39° N."""
    north = shade_free_pitch(-HEXI, 10, 0.0, Layout())
    assert north == shade_free_pitch(HEXI, 10, 180.0, Layout())


def test_pitch_of_east_and_west_rows_is_alike():
    """Morning and afternoon mirror each other."""
    east, west = (shade_free_pitch(HEXI, 10, a, Layout()) for a in (90.0, 270.0))
    assert east == west


def test_shadows_at_nine_and_fifteen_mirror():
    """The shadow goes west and north in the morning, east and north in the afternoon."""
    shadows = shade_free_shadows(HEXI, Layout())
    assert shadows[0][0] == pytest.approx(-shadows[-1][0])
    assert shadows[0][1] == pytest.approx(2.841, abs=0.001)
    assert shadows[2] == pytest.approx((0.0, 1.923), abs=0.001)


def test_modules_on_a_rectangle_can_be_counted_by_hand():
    """20 m hold 20 modules of 1 m; bands of 2 m every 4 m fit three times into 10 m."""
    layout = place(
        one_roof(shapely.box(0, 0, 20, 10)),
        Layout(**{**PLAIN.__dict__, "flat_tilt": 0.0, "pitch_m": 4.0}),
    )
    assert layout["modules"] == 60
    assert layout["rows"] == 3
    assert layout["capacity_kwp"] == pytest.approx(24.0)
    assert layout["module_area_m2"] == pytest.approx(120.0)


def test_the_last_row_needs_no_gap_behind_it():
    """A roof exactly one band deep takes one row."""
    flat = Layout(**{**PLAIN.__dict__, "flat_tilt": 0.0, "pitch_m": 4.0})
    assert place(one_roof(shapely.box(0, 0, 7.5, 2)), flat)["modules"] == 7
    assert place(one_roof(shapely.box(0, 0, 7.5, 1.99)), flat)["modules"] == 0


def test_rows_stop_at_a_hole():
    """A hole 4 m wide across the only band leaves 8 m on either side."""
    roof = shapely.box(0, 0, 20, 2) - shapely.box(8, 0.5, 12, 1.5)
    flat = Layout(**{**PLAIN.__dict__, "flat_tilt": 0.0, "pitch_m": 4.0})
    assert place(one_roof(roof), flat)["modules"] == 16


def test_an_empty_roof_takes_no_module():
    """What cannot be used carries nothing, without an error."""
    layout = place(one_roof(shapely.Polygon()))
    assert (layout["modules"], layout["capacity_kwp"], layout["array_area_m2"]) == (0, 0, 0)


def test_turning_roof_and_rows_together_changes_nothing():
    """The count follows the roof, not the compass."""
    shape = shapely.box(0, 0, 31, 22) - shapely.box(0, 0, 9, 7)
    asked = Layout(**{**PLAIN.__dict__, "pitch_m": 3.3})
    straight = place(one_roof(shape), asked)["modules"]
    turned = shapely.affinity.rotate(shape, -30, origin=(0, 0))
    assert place(one_roof(turned), asked, azimuth=210.0)["modules"] == straight


def test_flush_modules_use_the_length_of_the_slope():
    """At 60° a slope is twice as long as its projection and takes twice the rows."""
    asked = PLAIN
    slope = place(one_roof(shapely.box(0, 0, 10, 10.2), "metal", 60.0, 180.0), asked)
    assert slope["arrangement"] == "flush"
    assert slope["rows"] == 10
    assert slope["module_horizontal_area_m2"] == pytest.approx(slope["module_area_m2"] / 2)


def test_east_west_pairs_hold_two_rows():
    """Each band of a pair carries one row to the east and one to the west."""
    asked = Layout(**{**PLAIN.__dict__, "layout": "east_west", "flat_tilt": 0.0, "pair_gap_m": 1.0})
    layout = place(one_roof(shapely.box(0, 0, 9, 10)), asked, azimuth=90.0)
    # pairs are 4 m deep and 5 m apart along 9 m: two pairs, ten modules long, two rows each
    assert (layout["rows"], layout["modules"]) == (4, 40)


@pytest.mark.parametrize(
    ("side", "expected"), [(90.0, 180.0), (100.0, 190.0), (20.0, 200.0), (170.0, 170.0)]
)
def test_aligned_rows_face_the_wall_nearest_to_south(side, expected):
    """Rows along the building face that one of its four sides that looks most to the south."""
    asked = Layout(layout="aligned")
    found = row_azimuths(pd.Series([side]), asked, equator=180.0, true_north=0.0)
    assert found.item() == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(
    width=st.floats(4, 60),
    depth=st.floats(4, 60),
    cut=st.floats(0.1, 0.8),
    turn=st.floats(0, 360),
    kind=st.sampled_from(["flat", "metal"]),
    arrangement=st.sampled_from(["south", "east_west", "aligned"]),
)
def test_modules_never_leave_the_roof(width, depth, cut, turn, kind, arrangement):
    """The field lies on the usable area, and modules cover no more than the field."""
    shape = shapely.box(0, 0, width, depth) - shapely.box(0, 0, width * cut, depth * cut)
    shape = shapely.affinity.rotate(shape, turn)
    roofs = one_roof(shape, kind, 0.0 if kind == "flat" else 6.0, turn)
    asked = Layout(layout=arrangement)
    layout = place(roofs, asked, azimuth=90.0 if arrangement == "east_west" else 180.0)
    assert layout["geometry"].difference(shape.buffer(1e-4)).area < 1e-6
    assert layout["module_horizontal_area_m2"] <= layout["array_area_m2"] * (1 + 1e-6) + 1e-6
    assert layout["array_area_m2"] <= shape.area * (1 + 1e-6)
