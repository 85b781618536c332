"""The shift of GCJ-02 and BD-09, and the way back."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar.datum import (
    bd09_from_wgs84,
    gcj02_from_wgs84,
    in_china,
    wgs84_from_bd09,
    wgs84_from_gcj02,
)

GEOD = pyproj.Geod(ellps="WGS84")
TO_METRES = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4548", always_xy=True)


def metres(x0, y0, x1, y1):
    """Distance between points given in degrees."""
    return GEOD.inv(x0, y0, x1, y1)[2]


@pytest.mark.parametrize(
    ("shift", "east", "north"),
    [
        (gcj02_from_wgs84, 543, 109),
        (bd09_from_wgs84, 1095, 803),
    ],
)
def test_shift_in_hexi(shift, east, north):
    """In Hexi the web maps lie as far off as FACTS.md 8 gives."""
    x, y = TO_METRES.transform(117.22, 39.08)
    u, v = TO_METRES.transform(*shift(117.22, 39.08))
    # grid north is (117.22° - 117°) sin(39°) = 0.14° off: 2.7 m on 1095 m, and rounding
    assert u - x == pytest.approx(east, abs=4)
    assert v - y == pytest.approx(north, abs=4)


@pytest.mark.parametrize(
    ("there", "back"), [(gcj02_from_wgs84, wgs84_from_gcj02), (bd09_from_wgs84, wgs84_from_bd09)]
)
def test_there_and_back_on_a_grid(there, back):
    """Undoing the shift brings every point of China back to a micrometre."""
    x, y = (a.ravel() for a in np.meshgrid(np.arange(75, 134, 1.7), np.arange(18, 53, 1.3)))
    u, v = back(*there(x, y))
    assert metres(x, y, u, v).max() < 1e-6


@given(st.floats(74, 134), st.floats(4, 54))
@settings(max_examples=50, deadline=None)
def test_back_and_there_again(x, y):
    """A point that a web map shows is shown there again once it is shifted back."""
    u, v = gcj02_from_wgs84(*wgs84_from_gcj02(x, y))
    assert metres(x, y, float(u), float(v)) < 1e-6


@pytest.mark.parametrize("shift", [gcj02_from_wgs84, bd09_from_wgs84])
@pytest.mark.parametrize("back", [wgs84_from_gcj02, wgs84_from_bd09])
def test_nothing_moves_abroad(shift, back):
    """Outside China the web maps show true coordinates."""
    for move in (shift, back):
        x, y = move(-73.98, 40.66)
        assert (float(x), float(y)) == (-73.98, 40.66)
    assert not in_china(-73.98, 40.66)


def test_shift_is_smooth():
    """Two points 10 m apart stay within 2 cm of 10 m apart: shapes keep their areas."""
    x, y = gcj02_from_wgs84([117.22, 117.22], [39.08, 39.08 + 10 / 111_000])
    assert metres(x[0], y[0], x[1], y[1]) == pytest.approx(10.0, abs=0.02)


def test_against_prcoords():
    """The independent package prcoords shifts in the same way, to a micrometre."""
    prcoords = pytest.importorskip("prcoords")
    rng = np.random.default_rng(1)
    x, y = rng.uniform(75, 134, 300), rng.uniform(18, 53, 300)
    for ours, theirs in (
        (gcj02_from_wgs84, prcoords.wgs_gcj),
        (bd09_from_wgs84, prcoords.wgs_bd),
    ):
        u, v = ours(x, y)
        shown = np.array([theirs((b, a), False) for a, b in zip(x, y, strict=True)])
        assert metres(shown[:, 1], shown[:, 0], u, v).max() < 1e-6
