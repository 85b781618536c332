"""Footprints put right, left out, and told of."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from layer_files import EAST, NORTH, blocks, codes, layer_of, notice, read
from shapely.affinity import translate

from hexi_solar.config import Buildings
from hexi_solar.errors import LayerError
from hexi_solar.layers.repair import geometry_ids, polygonal, shape_keys

BOW_TIE = shapely.Polygon(
    [(EAST, NORTH), (EAST + 40, NORTH + 40), (EAST + 40, NORTH), (EAST, NORTH + 40)]
)


def at(shape, count):
    """Move a shape away from the others."""
    return translate(shape, xoff=count * 200.0)


def test_bow_tie_keeps_both_wings(tmp_path):
    """A bow-tie of 40 m encloses two triangles of 400 m²; both stay, and it is told."""
    layer_of([BOW_TIE, at(BOW_TIE, 1)], {"编号": ["甲", "乙"]}).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg")
    assert district.buildings["footprint_area_m2"].tolist() == pytest.approx([800.0, 800.0])
    assert district.buildings.is_valid.all()
    told = notice(notices, "shape_mended")
    assert told.level == "repaired"
    # a bow-tie's signed area is 0
    assert told.fields["log"] == [["甲", 1, 0.0, 800.0], ["乙", 2, 0.0, 800.0]]


def test_repair_can_be_switched_off(tmp_path):
    """Where the plan says so, broken shapes are left out and listed instead."""
    layer_of([BOW_TIE, *blocks(1)]).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg", buildings=Buildings(repair=False))
    assert district.buildings["source_row"].tolist() == [2]
    assert notice(notices, "shape_broken").fields["rows"] == "1"


def test_heights_of_corners_are_dropped(tmp_path):
    """3D footprints become flat ones of the same area."""
    layer_of([shapely.force_3d(b, 12.0) for b in blocks()]).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg")
    assert not district.buildings.has_z.any()
    assert district.buildings.area.tolist() == pytest.approx([1600.0] * 3)
    assert notice(notices, "shape_flattened").fields["count"] == 3


def test_missing_and_empty_shapes_are_listed(tmp_path):
    """Rows without a shape are left out, with their rows; the others keep theirs."""
    layer_of([None, *blocks(1), shapely.Polygon()]).to_parquet(tmp_path / "a.parquet")
    district, notices = read(tmp_path / "a.parquet")
    assert district.buildings["source_row"].tolist() == [2]
    told = notice(notices, "shape_missing")
    assert (told.level, told.fields["rows"]) == ("left_out", "1, 3")


def test_slivers_and_strangers_are_listed(tmp_path):
    """A footprint without area, and a point among polygons, are left out."""
    sliver = shapely.box(EAST + 900, NORTH, EAST + 900.001, NORTH + 10)
    line = shapely.LineString([(EAST, NORTH), (EAST + 5, NORTH)])
    layer_of([*blocks(1), sliver, line]).to_parquet(tmp_path / "a.parquet")
    district, notices = read(tmp_path / "a.parquet")
    assert len(district.buildings) == 1
    assert notice(notices, "shape_sliver").fields["rows"] == "2"
    assert notice(notices, "shape_not_polygon").fields["rows"] == "3"


def test_nothing_left(tmp_path):
    """A layer whose every footprint is left out is refused."""
    layer_of([shapely.Polygon([(EAST, NORTH), (EAST + 9, NORTH), (EAST, NORTH)])]).to_file(
        tmp_path / "a.gpkg"
    )
    with pytest.raises(LayerError) as refused:
        read(tmp_path / "a.gpkg")
    assert codes(refused.value) == ["layer_none_left"]


def test_shapes_that_collapse_are_listed(tmp_path):
    """A ring that runs there and back has no area once mended: it is left out, and told."""
    spike = shapely.Polygon([(EAST, NORTH), (EAST + 9, NORTH), (EAST, NORTH)])
    layer_of([spike, *blocks(2)[1:]]).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg")
    assert district.buildings["source_row"].tolist() == [2]
    assert notice(notices, "shape_collapsed").fields["rows"] == "1"


def test_exact_duplicates_stand_once(tmp_path):
    """Of footprints that are the same to the centimetre the first stays, the others are listed."""
    one, two = blocks(2)
    # the same ring from another corner, the other way round, and a millimetre away
    again = translate(
        shapely.Polygon([*one.reverse().exterior.coords[2:-1], *one.reverse().exterior.coords[:2]]),
        xoff=1e-4,
    )
    layer_of([one, two, again, one], {"编号": list("甲乙丙丁")}).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg")
    assert district.buildings.index.tolist() == ["甲", "乙"]
    told = notice(notices, "shape_repeated")
    assert told.level == "repaired"
    assert told.fields["log"] == [["丙", 3, "甲"], ["丁", 4, "甲"]]


@pytest.mark.parametrize(("overlap", "told"), [(0.04, False), (0.06, True), (1.0, True)])
def test_overlaps_are_reported_not_cut(tmp_path, overlap, told):
    """Overlaps above 5 % of the smaller footprint are warned of; no shape changes."""
    (large,) = blocks(1)
    small = shapely.box(EAST + 40 - 20 * overlap, NORTH, EAST + 60 - 20 * overlap, NORTH + 20)
    layer_of([large, small]).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg")
    assert district.buildings.area.tolist() == pytest.approx([1600.0, 400.0])
    assert ("shape_overlap" in codes(notices)) == told
    if told:
        ((_, _, share),) = notice(notices, "shape_overlap").fields["log"]
        assert share == pytest.approx(overlap, abs=1e-3)


def test_neighbours_do_not_overlap(tmp_path):
    """Houses that share a wall are no overlap."""
    layer_of(blocks(5, size=40.0, step=40.0)).to_file(tmp_path / "a.gpkg")
    assert "shape_overlap" not in codes(read(tmp_path / "a.gpkg")[1])


def test_detached_parts_are_one_building(tmp_path):
    """A footprint in several parts keeps one id and the sum of their areas."""
    layer_of([shapely.MultiPolygon(blocks(3))], {"编号": ["甲"]}).to_file(tmp_path / "a.gpkg")
    (row,) = read(tmp_path / "a.gpkg")[0].buildings.itertuples()
    assert (row.Index, row.footprint_area_m2) == ("甲", pytest.approx(4800.0))
    assert row.geometry.geom_type == "MultiPolygon"


def test_courtyards_stay_open(tmp_path):
    """A hole in a footprint is no roof."""
    ring = shapely.box(EAST, NORTH, EAST + 40, NORTH + 40).difference(
        shapely.box(EAST + 10, NORTH + 10, EAST + 30, NORTH + 30)
    )
    layer_of([ring]).to_file(tmp_path / "a.gpkg")
    assert read(tmp_path / "a.gpkg")[0].buildings.area.tolist() == pytest.approx([1200.0])


def test_collections_give_their_polygons(tmp_path):
    """Of a collection the polygons stay."""
    mixed = shapely.GeometryCollection([blocks(1)[0], shapely.Point(EAST, NORTH)])
    layer_of([mixed]).to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet")[0].buildings.area.tolist() == pytest.approx([1600.0])
    assert polygonal(shapely.Point(0, 0)).is_empty


GML = """<?xml version="1.0" encoding="UTF-8"?>
<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml/3.2">
<ogr:featureMember><ogr:a gml:id="a.0"><ogr:geom>
<gml:Surface srsName="EPSG:4548" gml:id="s"><gml:patches><gml:PolygonPatch><gml:exterior><gml:Ring>
<gml:curveMember><gml:Curve gml:id="c"><gml:segments>
<gml:Arc><gml:posList>{n} {w} {t} {e} {n} {f}</gml:posList></gml:Arc>
<gml:Arc><gml:posList>{n} {f} {b} {e} {n} {w}</gml:posList></gml:Arc>
</gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior></gml:PolygonPatch></gml:patches></gml:Surface>
</ogr:geom></ogr:a></ogr:featureMember></ogr:FeatureCollection>"""


def test_curves_become_lines(tmp_path):
    """A round tank of 20 m radius, drawn with arcs, keeps 400 pi m² within a tenth of a percent."""
    places = {"e": EAST, "w": EAST - 20, "f": EAST + 20}
    heights = {"n": NORTH, "t": NORTH + 20, "b": NORTH - 20}
    (tmp_path / "a.gml").write_text(GML.format(**places, **heights))
    district, _ = read(tmp_path / "a.gml", layer_crs="EPSG:4548")
    assert district.buildings.geom_type.tolist() == ["Polygon"]
    assert district.buildings.area.iloc[0] == pytest.approx(400 * np.pi, rel=1e-3)


@given(st.integers(0, 3), st.booleans(), st.floats(-0.004, 0.004))
def test_ids_follow_the_shape_alone(turn, backwards, nudge):
    """Where a ring starts, which way it runs, and a millimetre do not change an id."""
    corners = [(100.0, 200.0), (140.0, 200.0), (140.0, 230.0), (100.0, 230.0)]
    drawn = corners[turn:] + corners[:turn]
    drawn = drawn[::-1] if backwards else drawn
    other = translate(shapely.Polygon(drawn), xoff=nudge)
    packed = shapely.MultiPolygon([shapely.Polygon(corners)])
    keys = shape_keys(np.array([shapely.Polygon(corners), other, packed]))
    assert len(set(keys)) == 1


def test_ids_are_short_stable_and_unique():
    """Ids are the same in every run, and numbered where shapes repeat."""
    box = shapely.box(0, 0, 10, 10)
    ids = geometry_ids(np.array([box, shapely.box(0, 0, 10, 11), box, None], dtype=object))
    assert len(set(ids)) == 4
    assert ids[2] == f"{ids[0]}-2"
    # the value itself: a change of it would rename every building of every study
    assert ids[0] == "g-5eef9c3edbb8"
