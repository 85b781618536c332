"""From footprints to usable areas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.config import Roofs
from hexi_solar.roofs import Frame, load_state, long_side_azimuth, roof_planes

BARE = Roofs(setback_m=0.0, parapet_height_m=0.0, lane_width_m=0.0)


def district(shape, **columns) -> gpd.GeoDataFrame:
    """One building, with what the step reads of it."""
    facts = {"owner_type": "school", "roof_kind": "flat", "roof_kind_source": "surveyed"}
    facts |= {"load_evidence": "none", "load_reserve_kn_m2": np.nan} | columns
    frame = gpd.GeoDataFrame([facts], index=["hall"], geometry=[shape], crs="EPSG:4548")
    frame["load_state"] = load_state(frame, Roofs())
    return frame


def planes(buildings, asked=BARE, azimuth=180.0, shadows=((0.0, 2.0),)):
    """The step with rows that face south."""
    facing = pd.Series(azimuth, buildings.index)
    return roof_planes(buildings, asked, row_azimuth=facing, shadows=shadows, frame=Frame())


def taken(exclusions: pd.DataFrame, reason: str) -> float:
    return float(exclusions.xs(reason, level="reason")["area_m2"].sum())


def test_setback_of_a_rectangle():
    """A metre along all edges of 40 x 30 m leaves 38 x 28 m."""
    _, ledger = planes(district(shapely.box(0, 0, 40, 30)), Roofs(setback_m=1.0))
    assert taken(ledger, "setback") == pytest.approx(1200 - 38 * 28, abs=1e-9)


def test_allowances_are_shares_of_the_footprint():
    """A flat school gives a tenth to plant and a twentieth to stair heads."""
    roofs, ledger = planes(district(shapely.box(0, 0, 40, 30)))
    assert taken(ledger, "plant") == pytest.approx(120, rel=1e-6)
    assert taken(ledger, "stair_head") == pytest.approx(60, rel=1e-6)
    assert roofs["usable_area_m2"].item() == pytest.approx(1020, rel=1e-6)


def test_allowances_lie_on_the_north_side():
    """What is left of a roof after its allowances touches the south edge, not the north one."""
    roofs, _ = planes(district(shapely.box(0, 0, 40, 30)))
    west, south, east, north = roofs.geometry.iloc[0].bounds
    assert (west, south, east) == pytest.approx((0, 0, 40), abs=1e-6)
    assert north == pytest.approx(25.5, abs=1e-5)


def test_parapet_shades_the_strip_behind_it():
    """A wall 1 m above the modules whose shadow is 2 m long takes 2 m off the south edge."""
    asked = Roofs(setback_m=0, lane_width_m=0, parapet_height_m=1.3, module_clearance_m=0.3)
    _, ledger = planes(district(shapely.box(0, 0, 40, 30)), asked, shadows=[(0.0, 2.0)])
    assert taken(ledger, "parapet_shadow") == pytest.approx(40 * 2, abs=1e-6)


def test_a_courtyard_has_parapets_of_its_own():
    """The north edge of a courtyard 10 m wide shades another strip of that width."""
    court = shapely.box(0, 0, 60, 60) - shapely.box(20, 10, 30, 20)
    asked = Roofs(setback_m=0, lane_width_m=0, parapet_height_m=1.3, module_clearance_m=0.3)
    _, ledger = planes(district(court), asked, shadows=[(0.0, 2.0)])
    assert taken(ledger, "parapet_shadow") == pytest.approx(60 * 2 + 10 * 2, abs=1e-6)


def test_lanes_cut_a_long_roof():
    """On 90 m, lanes at most 40 m apart are two."""
    asked = Roofs(setback_m=0, parapet_height_m=0, lane_width_m=1.5, lane_spacing_m=40)
    roofs, ledger = planes(district(shapely.box(0, 0, 90, 20), owner_type="industrial"), asked)
    depth = 20 * (1 - 0.08 - 0.05)
    assert taken(ledger, "access_lane") == pytest.approx(2 * 1.5 * depth, rel=1e-5)
    assert len(shapely.get_parts(roofs.geometry.iloc[0])) == 3


@pytest.mark.parametrize(
    ("evidence", "reserve", "state"),
    [
        ("none", np.nan, "unknown"),
        ("prior", 2.0, "unknown"),  # age and type prove nothing
        ("drawings", np.nan, "unknown"),  # drawings without a figure prove nothing
        ("drawings", 0.25, "yes"),  # anchored brackets add 0.25, inclusive
        ("appraisal", 0.24, "no"),
    ],
)
def test_load_is_never_assumed(evidence, reserve, state):
    """Only evidence with a figure says yes or no."""
    frame = district(shapely.box(0, 0, 9, 9), load_evidence=evidence, load_reserve_kn_m2=reserve)
    assert frame["load_state"].item() == state


def test_refused_load_takes_the_whole_rest():
    """A roof that cannot carry modules has no installable area, and its ledger still adds up."""
    refused = district(shapely.box(0, 0, 40, 30), load_evidence="appraisal", load_reserve_kn_m2=0.1)
    roofs, ledger = planes(refused, Roofs())
    assert roofs["installable_area_m2"].item() == 0
    assert ledger["area_m2"].sum() == pytest.approx(1200, abs=1e-9)


def test_pitched_roof_is_two_planes_with_the_ridge_along_the_long_side():
    """An east-west ridge gives a plane to the south and one to the north, half the area each."""
    roofs, _ = planes(district(shapely.box(0, 0, 40, 30), roof_kind="tile"), BARE)
    assert sorted(roofs["surface_azimuth"]) == pytest.approx([0, 180])
    assert roofs["horizontal_area_m2"].to_list() == pytest.approx([600, 600])
    assert roofs["area_m2"].to_list() == pytest.approx([600 / np.cos(np.deg2rad(25))] * 2)
    assert set(roofs["tilt_source"]) == {"assumed"}


def test_a_steep_north_slope_is_installable_but_not_used():
    """Turned away is a matter of use: it stays in the denominator of the coverage rate."""
    roofs, ledger = planes(district(shapely.box(0, 0, 40, 30), roof_kind="tile"), BARE)
    north = roofs[roofs["surface_azimuth"] < 1].iloc[0]
    assert north["usable_area_m2"] == 0
    assert north["installable_area_m2"] == pytest.approx(taken(ledger, "orientation"))


@pytest.mark.parametrize(("turn", "used"), [(0.0, 2), (0.7, 2), (-0.7, 2), (9.0, 2), (11.0, 1)])
def test_east_and_west_are_used_alike(turn, used):
    """A house whose slopes face east and west loses neither to a degree of measurement."""
    bar = shapely.affinity.rotate(shapely.box(0, 0, 20, 60), -turn, origin=(0, 0))
    roofs, _ = planes(district(bar, roof_kind="tile"), BARE)
    assert (roofs["usable_area_m2"] > 0).sum() == used


@pytest.mark.parametrize("angle", [0, 17, 90, 133])
def test_long_side_turns_with_the_building(angle):
    """A bar turned clockwise by an angle has its long side turned by it."""
    bar = shapely.affinity.rotate(shapely.box(-20, -5, 20, 5), -angle, origin=(0, 0))
    found = long_side_azimuth(bar)
    assert min(abs(found - (90 + angle) % 180), 180 - abs(found - (90 + angle) % 180)) < 1e-6


corner = st.floats(5, 60)


@settings(max_examples=60, deadline=None)
@given(
    width=corner,
    depth=corner,
    cut=st.floats(0.1, 0.8),
    turn=st.floats(0, 360),
    kind=st.sampled_from(schema.ROOF_KINDS),
    owner=st.sampled_from(schema.OWNER_TYPES),
)
def test_the_ledger_always_adds_up(width, depth, cut, turn, kind, owner):
    """Whatever is taken out and what is left are the footprint, and nothing is negative."""
    shape = shapely.box(0, 0, width, depth) - shapely.box(0, 0, width * cut, depth * cut)
    shape = shapely.affinity.rotate(shape, turn)
    shadows = [(-2.0, 2.0), (0.0, 1.9), (2.0, 2.0)]
    roofs, ledger = planes(district(shape, roof_kind=kind, owner_type=owner), Roofs(), 180, shadows)
    assert ledger["area_m2"].sum() + roofs["usable_area_m2"].sum() == pytest.approx(
        shape.area, rel=1e-9
    )
    assert roofs["horizontal_area_m2"].sum() == pytest.approx(shape.area, rel=1e-9)
    assert (ledger["area_m2"] >= 0).all()
    assert (roofs["usable_area_m2"] <= roofs["installable_area_m2"] + 1e-9).all()
    assert roofs.geometry.difference(shape.buffer(1e-6)).area.max() < 1e-6
