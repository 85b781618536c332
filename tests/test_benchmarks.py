"""What benchmarks measure is measured right: the made-up city, squares, and equal models."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import scaling, yields
from benchmarks.city import KINDS, city, write_city


def test_a_city_is_the_same_each_time():
    """One number and seed, one city; about a tenth of its roofs are large, none touch."""
    once, again = city(4000), city(4000)
    assert once.equals(again)
    assert len(once) == 4000
    assert sum(kind.share for kind in KINDS.values()) == pytest.approx(1.0)
    assert 0.05 < (once.area >= 1000).mean() < 0.2
    pairs = once.sindex.query(once.geometry, predicate="intersects")
    assert (pairs[0] == pairs[1]).all()


def test_squares_change_nothing(tmp_path, monkeypatch):
    """A city in small squares has the energy of the city in one piece, roof by roof."""
    path = write_city(1500, tmp_path / "city.parquet")
    tables = []
    for size in (10_000.0, 400.0):
        monkeypatch.setattr(scaling, "TILE_M", size)
        found = scaling.rank_city(path, tmp_path, threads=2)
        tables.append(pd.read_csv(tmp_path / "ranked.csv"))
    assert found["roofs"] == len(tables[0]) > 50
    pd.testing.assert_frame_equal(*tables, rtol=1e-9)


def test_peers_get_the_same_models():
    """Our kernel and pvlib over many roofs give one energy; ModelChain lets all diffuse light in."""
    year, planes = yields.weather(), yields.open_planes(6)
    sky = yields.sky_of_year(year)
    ours = yields.by_kernel(sky, planes, "exact")
    assert ours == pytest.approx(yields.by_broadcast(sky, planes), rel=1e-12)
    # glass reflects 3 to 6 % of diffuse light, which is up to two thirds of the light here
    ratio = yields.by_modelchain(year, planes) / ours
    assert (ratio > 1.0).all()
    assert (ratio < 1.04).all()
