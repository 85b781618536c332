"""The buildings table: what is taken from the layer, what is derived, what is assumed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from layer_files import EAST, NORTH, TODAY, blocks, codes, layer_of, notice, read

from hexi_solar import schema
from hexi_solar.config import Buildings, Column, Layer
from hexi_solar.errors import LayerError
from hexi_solar.layers.buildings import COLUMNS, constant_storey


def table(tmp_path, cells, /, count=None, **settings):
    """Read buildings with the columns given."""
    count = count or len(next(iter(cells.values())))
    layer_of(blocks(count), cells).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg", **settings)
    return district.buildings, notices


def test_columns_are_those_of_the_schema(tmp_path):
    """All columns of the declaration are there but those of the step `owners`, which has texts."""
    buildings, _ = table(tmp_path, {"名称": ["甲"]})
    owners = {
        "owner_type", "owner_type_source", "owner_rule", "public_institution", "department",
        "owner_text", "load_state", "longitude", "latitude",
    }  # fmt: skip
    assert set(buildings.columns) == set(schema.BUILDINGS.names) - owners | {"geometry"}
    assert list(buildings.columns) == list(COLUMNS)
    assert buildings.index.name == "building_id"


def test_heights_from_floors(tmp_path):
    """Height: as given, else floors x storey height, else unknown; each says its source."""
    columns = {"高度": [20.0, None, None], "层数": [5, 6, None]}
    buildings, notices = table(tmp_path, columns, buildings=Buildings(storey_height_m=3.5))
    assert buildings["height_m"].tolist()[:2] == [20.0, 21.0]
    assert np.isnan(buildings["height_m"].iloc[2])
    assert buildings["height_source"].tolist() == ["surveyed", "derived", "unknown"]
    assert notice(notices, "height_filled").level == "assumed"


def test_heights_that_were_made_of_floors(tmp_path):
    """Heights that are all 3 m x floors were derived by somebody else."""
    buildings, notices = table(tmp_path, {"height": [6.0, 18.0, 3.0], "Floor": [2, 6, 1]})
    assert buildings["height_source"].tolist() == ["derived"] * 3
    assert notice(notices, "height_of_floors").fields["storey"] == "3"


@pytest.mark.parametrize(
    ("height", "floors"),
    [
        ([6.0, 18.0, 3.5], [2, 6, 1]),  # one was measured
        ([6.0, 6.0, 6.0], [2, 2, 2]),  # one storey number proves nothing
        ([6.0, 18.0], [2, 6]),  # two rows prove nothing
        ([6.0, 18.0, 3.0], [2, 6, None]),  # one height has no floors
    ],
)
def test_heights_that_were_measured(height, floors):
    """One exception is enough: the column was measured."""
    assert constant_storey(pd.Series(height), pd.Series(floors, dtype=float)) is None


def test_floor_area(tmp_path):
    """Floor area: as given, else footprint x floors, else unknown."""
    columns = {"建筑面积": [5000.0, None, None], "层数": [3, 3, None]}
    buildings, _ = table(tmp_path, columns)
    assert buildings["floor_area_m2"].tolist()[:2] == pytest.approx([5000.0, 4800.0])
    assert buildings["floor_area_source"].tolist() == ["surveyed", "derived", "unknown"]


def test_area_in_mu_of_the_plan(tmp_path):
    """Three mu are 2000 m²; the plan names column and unit."""
    columns = {"floor_area_m2": Column("面积", "亩")}
    buildings, _ = table(tmp_path, {"面积": ["3", "不详"]}, columns=columns)
    assert buildings["floor_area_m2"].iloc[0] == pytest.approx(2000.0)


def test_a_unit_that_was_cut_off(tmp_path):
    """A shapefile's column whose unit was cut off is not taken, and told: it may be in 万m²."""
    layer_of(blocks(1), {"面积": [1.2]}).to_file(tmp_path / "a.shp", encoding="gb18030")
    data = (tmp_path / "a.dbf").read_bytes()
    cut = data.replace("面积".encode("gbk") + b"\0" * 6, "建筑面积（".encode("gbk"), 1)
    assert cut != data
    (tmp_path / "a.dbf").write_bytes(cut)
    district, notices = read(tmp_path / "a.shp")
    assert district.buildings["floor_area_m2"].isna().all()
    assert notice(notices, "layer_unit_cut").fields["column"] == "建筑面积（"


def test_status_from_words_and_dates(tmp_path):
    """Words count; without one, dates speak; without either a building stands."""
    columns = {
        "状态": ["在建", None, None, None, None, "规划"],
        "竣工日期": [None, "2020-05-01", None, None, None, None],
        "预计竣工日期": [None, None, "2027-01-01", "2027-01-01", None, "2028年"],
        "审批日期": [None, None, "2025-03-01", None, None, None],
    }
    buildings, notices = table(tmp_path, columns)
    expected = ["building", "completed", "approved", "unknown", "completed", "planned"]
    assert buildings["status"].tolist() == expected
    assert notice(notices, "status_assumed").fields["count"] == 1
    assert buildings["expected_on"].iloc[5] == pd.Timestamp("2028-12-31")


def test_completion_dates_and_their_source(tmp_path):
    """A full date is surveyed; of a year or month the last day is derived; nonsense is told."""
    cells = ["2025-01-03", "2025年1月", "1985", "不详", "昨天"]
    buildings, notices = table(tmp_path, {"竣工日期": cells})
    assert buildings["completed_on"].astype(str).tolist()[:3] == [
        "2025-01-03",
        "2025-01-31",
        "1985-12-31",
    ]
    assert buildings["completed_on_source"].tolist() == [
        "surveyed", "derived", "derived", "unknown", "unknown",
    ]  # fmt: skip
    told = notice(notices, "layer_cells")
    assert (told.level, told.fields["rows"], told.fields["found"]) == ("warning", "5", "昨天")


def test_a_year_that_is_not_over(tmp_path):
    """A completion that lies ahead of today is an expectation, and told."""
    day = f"{TODAY.year}年"
    buildings, notices = table(tmp_path, {"竣工日期": [day]})
    assert buildings["completed_on"].isna().all()
    assert buildings["expected_on"].iloc[0] == pd.Timestamp(TODAY.year, 12, 31)
    assert buildings["status"].tolist() == ["unknown"]
    assert "date_ahead" in codes(notices)


def test_contradictions_are_told(tmp_path):
    """Under construction, and completed in 2020: one of the two is wrong."""
    _, notices = table(tmp_path, {"状态": ["在建"], "竣工日期": ["2020-01-01"]})
    assert notice(notices, "status_torn").level == "warning"


def test_words_of_other_columns(tmp_path):
    """Roof, load, reservation and public institution come in the office's words."""
    columns = {
        "屋面类型": ["彩钢瓦", None],
        "荷载依据": ["结构鉴定", None],
        "荷载裕度": [0.4, None],
        "预留光伏": ["是", None],
        "公共机构": ["否", None],
        "主管部门": ["教育局", None],
    }
    buildings, _ = table(tmp_path, columns)
    first, second = buildings.iloc[0], buildings.iloc[1]
    assert (first.roof_kind, first.roof_kind_source) == ("metal", "surveyed")
    assert (first.load_evidence, first.load_reserve_kn_m2) == ("appraisal", 0.4)
    assert (first.pv_reserved, first.public_institution_given) == ("yes", "no")
    assert (second.roof_kind, second.roof_kind_source) == ("flat", "assumed")
    assert (second.load_evidence, second.pv_reserved) == ("none", "unknown")
    assert pd.isna(second.public_institution_given)
    assert np.isnan(second.load_reserve_kn_m2)


def test_ids_of_the_layer(tmp_path):
    """A column of ids that tells buildings apart is used; numbers become texts."""
    buildings, _ = table(tmp_path, {"osm_id": [12, 7, 99]})
    assert buildings.index.tolist() == ["12", "7", "99"]


def test_ids_of_the_shapes(tmp_path):
    """A column that repeats is no id unless the plan insists: then it is refused, with rows."""
    buildings, notices = table(tmp_path, {"Id": [0, 0, 0]})
    assert notice(notices, "ids_not_unique").fields["distinct"] == 1
    assert buildings.index.str.fullmatch("g-[0-9a-f]{12}").all()
    assert buildings.index.is_unique
    with pytest.raises(LayerError) as refused:
        table(tmp_path, {"Id": [0, 1, 0]}, columns={"building_id": Column("Id")})
    (problem,) = refused.value.problems
    assert (problem.code, problem.fields["rows"], problem.fields["values"]) == (
        "id_repeated",
        "1, 3",
        "0",
    )


def test_ids_do_not_depend_on_the_order(tmp_path):
    """The same footprints in another order, file and system have the same ids."""
    layer_of(blocks()).to_file(tmp_path / "a.gpkg")
    layer_of(blocks()[::-1]).to_crs("EPSG:4490").to_file(tmp_path / "b.fgb")
    first, second = (read(tmp_path / f)[0].buildings.index for f in ("a.gpkg", "b.fgb"))
    assert sorted(first) == sorted(second)


def areas():
    """Two subdistricts side by side, with a gap of 4 m between them."""
    west = shapely.box(EAST - 50, NORTH - 50, EAST + 119, NORTH + 90)
    east = shapely.box(EAST + 123, NORTH - 50, EAST + 400, NORTH + 90)
    return layer_of(
        [west, east], {"街道名称": ["天塔街道", "尖山街道"], "街道代码": [120103008, 120103009]}
    )


def test_subdistricts_by_place(tmp_path):
    """A building lies where its inner point lies; in a gap, where most of it lies."""
    areas().to_file(tmp_path / "s.gpkg")
    # the second block is cut in two by the gap at 119..123 m, its middle lies in it
    buildings, _ = table(
        tmp_path, {"名称": list("甲乙丙丁")}, subdistricts=Layer(tmp_path / "s.gpkg")
    )
    assert buildings["subdistrict"].tolist() == ["天塔街道", "天塔街道", "尖山街道", "尖山街道"]
    codes_ = ["120103008", "120103008", "120103009", "120103009"]
    assert buildings["subdistrict_code"].tolist() == codes_


def test_subdistrict_of_the_layer_counts_first(tmp_path):
    """What the layer says of a building's subdistrict stands, and gets its code."""
    areas().to_file(tmp_path / "s.gpkg")
    columns = {"街道": ["尖山街道", None]}
    buildings, _ = table(tmp_path, columns, subdistricts=Layer(tmp_path / "s.gpkg"))
    assert buildings["subdistrict"].tolist() == ["尖山街道", "天塔街道"]
    assert buildings["subdistrict_code"].tolist() == ["120103009", "120103008"]


def test_zones_by_place(tmp_path):
    """Zones are found like subdistricts; outside all of them a building has none."""
    layer_of([areas().geometry[0]], {"name": ["陈塘科技商务区"]}).to_file(tmp_path / "z.gpkg")
    buildings, _ = table(tmp_path, {"名称": list("甲乙丙")}, zones=Layer(tmp_path / "z.gpkg"))
    assert buildings["zone"].iloc[0] == "陈塘科技商务区"
    assert buildings["zone"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize(("edge", "inside"), [(20.1, True), (19.9, False)])
def test_boundary_cuts_at_half(tmp_path, edge, inside):
    """A building belongs to the district with half of its footprint or more."""
    outline = shapely.box(EAST - 10, NORTH - 10, EAST + 100 + edge, NORTH + 50)
    layer_of([outline]).to_file(tmp_path / "b.gpkg")
    buildings, notices = table(
        tmp_path, {"编号": ["甲", "乙", "丙"]}, boundary=Layer(tmp_path / "b.gpkg")
    )
    assert ("乙" in buildings.index) == inside
    assert notice(notices, "shape_outside").level == "left_out"


def test_nothing_inside(tmp_path):
    """A boundary somewhere else leaves nothing, and is refused."""
    layer_of([shapely.box(EAST + 9e3, NORTH, EAST + 9.1e3, NORTH + 100)]).to_file(
        tmp_path / "b.gpkg"
    )
    with pytest.raises(LayerError) as refused:
        table(tmp_path, {"编号": ["甲"]}, boundary=Layer(tmp_path / "b.gpkg"))
    assert codes(refused.value) == ["layer_none_inside"]


def test_every_notice_reads_in_both_languages(tmp_path):
    """Whatever is noticed has its text in Chinese and English, filled in."""
    columns = {"高度": [None, "高"], "竣工日期": ["2090", "昨天"]}
    _, notices = table(tmp_path, columns)
    assert len(notices) >= 5
    for told in notices:
        for language in ("zh", "en"):
            assert "{" not in told.message(language)


def test_suzhou(shared_data):
    """Central Suzhou: ids from shapes, heights derived, 174 roofs of 1000 m² or more."""
    district, notices = read(shared_data / "buildings" / "suzhou.geojson", crs="EPSG:4549")
    buildings = district.buildings
    assert len(buildings) == 3076
    assert (buildings["footprint_area_m2"] >= 1000).sum() == 174
    assert notice(notices, "ids_not_unique").fields["column"] == "Id"
    assert set(buildings["height_source"]) == {"derived"}
    assert not notices.of("warning", "left_out", "repaired")


def test_new_york(shared_data):
    """South of New York: OSM ids and tags, 2,246 large roofs, broken rows listed by id."""
    district, notices = read(shared_data / "buildings" / "newyork_south.fgb", crs="EPSG:32618")
    buildings = district.buildings
    out = sum(p.fields["count"] for p in notices if p.code in ("shape_sliver", "shape_repeated"))
    assert len(buildings) + out == 61_599
    assert (buildings["footprint_area_m2"] >= 1000).sum() == 2246
    assert buildings["use"].notna().any()
    assert buildings["land_use"].notna().any()
    assert set(buildings["height_source"]) == {"surveyed", "unknown"}


def test_goteborg(shared_data):
    """Footprints of Göteborg, a shapefile in SWEREF99 12 00, read in their own system."""
    district, _ = read(shared_data / "surface" / "goteborg" / "buildings.shp", crs="EPSG:3007")
    assert len(district.buildings) <= 137
    assert set(district.buildings["height_source"]) == {"unknown"}
