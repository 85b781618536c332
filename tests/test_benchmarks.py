"""What benchmarks measure is measured right, and the README shows what they write."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import report, scaling, year, yields
from benchmarks.city import KINDS, city, write_city
from benchmarks.squares import Footprints, Squares
from hexi_solar.shading import outlines_of
from hexi_solar.yields import Planes, annual_sums


def test_a_city_is_the_same_each_time():
    """One number and seed, one city; about a tenth of its roofs are large, none touch."""
    once, again = city(4000), city(4000)
    assert once.equals(again)
    assert len(once) == 4000
    assert sum(kind.share for kind in KINDS.values()) == pytest.approx(1.0)
    assert 0.05 < (once.area >= 1000).mean() < 0.2
    pairs = once.sindex.query(once.geometry, predicate="intersects")
    assert (pairs[0] == pairs[1]).all()


def test_tiles_change_nothing(tmp_path, monkeypatch):
    """A city in tiles, laid aside in squares of any side, gives the files of one in one piece."""
    path = write_city(1500, tmp_path / "city.parquet")
    tables = []
    for tile_m, square_m in ((1e6, 1e6), (400.0, 1000.0), (900.0, 130.0)):
        monkeypatch.setattr(scaling, "SQUARE_M", square_m)
        monkeypatch.setattr(scaling, "BATCH", 400)
        found = scaling.rank_city(path, tmp_path, threads=2, tile_m=tile_m)
        tables.append((tmp_path / "ranked.csv").read_bytes())
    assert found["roofs"] > 50
    assert tables[0] == tables[1] == tables[2]


def test_what_is_near_is_read_whole_and_in_order(tmp_path):
    """Out of squares comes every building that touches a rectangle, as it was laid aside."""
    shapes = city(900).geometry.to_numpy()
    outlines = outlines_of(shapes)
    box, area = outlines.boxes()
    rows = np.arange(len(shapes))
    whole = Footprints(outlines, rows, 3.0 + rows, area, box)
    squares = Squares(tmp_path / "aside", 150.0)
    for part in (rows[1::2], rows[::2]):
        squares.add(whole.taken(part))
    assert squares.buildings == len(shapes)
    low = np.quantile(box[:, :2], 0.3, axis=0)
    high = low + 333.0
    expected = whole.taken(
        np.flatnonzero(shapely.intersects(shapely.box(*low, *high), shapely.box(*box.T)))
    )
    found = squares.near(low, high)
    assert 10 < len(found.row) < len(rows)
    for one, other in zip(
        (*found.outlines, *found[1:]), (*expected.outlines, *expected[1:]), strict=True
    ):
        assert (one == other).all()


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


def table_of(name: str) -> list[list[str]]:
    """Return the cells of the table that a README holds between its marks."""
    text = (report.ROOT / name).read_text("utf-8")
    inside = text.split(report.BEGIN)[1].split(report.END)[0]
    lines = [line for line in inside.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", list(report.HEADS))
def test_the_readme_holds_the_table_that_the_benchmarks_write(name):
    """Row for row: same goals, same columns, figures wherever the table would have them."""
    shown = table_of(name)
    language = list(report.HEADS).index(name)
    assert shown[0] == list(report.HEADS[name])
    assert [cells[0] for cells in shown[2:]] == [row.goal[language] for row in report.ROWS]
    for cells, row in zip(shown[2:], report.ROWS, strict=True):
        assert cells[5] in report.ANSWERS[name].values()
        assert {"{", "}"}.isdisjoint("".join(cells))
        for text, cell in ((row.ours[language], cells[1]), (row.accuracy[language], cells[4])):
            pattern = re.sub(r"\\\{.*?\\\}", r"[-+0-9.,e%]+", re.escape(text))
            assert re.fullmatch(pattern, cell) or cell == report.ANSWERS[name][None]
        assert all(peer in cells[3] for peer, _ in row.ratio)


def test_what_was_not_measured_is_said():
    """A run without peers and data fills the table, and no goal of it counts as met."""
    found = dict.fromkeys(["yield_fast_per_s"], 1.0)
    for name in report.HEADS:
        written = report.table(found, name)
        assert report.NOT_THERE[name] in written
        assert len(written.splitlines()) == len(report.ROWS) + 2
    assert {report.is_met(row, found) for row in report.ROWS} == {None}


def test_a_goal_is_met_at_its_limit_and_missed_beyond():
    """Just 3 s for 20,000 buildings are in time, any more are not."""
    row = next(row for row in report.ROWS if "20,000 buildings: ≤ 3 s" in row.goal[0])
    assert report.is_met(row, {"small_s": 3.0})
    assert report.is_met(row, {"small_s": 3.01}) is False


def test_every_cell_has_the_year_of_a_roof():
    """On a plain every cell sees the whole sky, and yields what the kernel gives an open plane."""
    hours = scaling.hours_of_the_year()
    open_plane = Planes(np.zeros(1), np.full(1, 180.0), np.zeros(1), np.zeros(1, dtype=bool))
    expected = annual_sums(hours, open_plane, scaling.SETTINGS)[0, 4:].sum()
    energy = year.of_all_cells(np.zeros((5, 7), dtype=np.float32), hours)
    assert energy == pytest.approx(np.full((5, 7), expected), rel=2e-5)
    wall = np.zeros((5, 7), dtype=np.float32)
    wall[:, 3] = 20.0
    shaded = year.of_all_cells(wall, hours)
    assert (shaded[:, [0, 1, 2, 4, 5, 6]] < energy[0, 0]).all()
    assert shaded[:, 3] == pytest.approx(energy[:, 3])
