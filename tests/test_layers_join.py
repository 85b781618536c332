"""Tables and points that say more about the buildings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from layer_files import EAST, NORTH, blocks, codes, layer_of, notice, read

from hexi_solar.config import AttributeTable, Column, Layer
from hexi_solar.errors import LayerError
from hexi_solar.layers.join import agreed, plain_name


def buildings(tmp_path: Path, cells: dict[str, list[object]]) -> Path:
    """Write a building layer."""
    file = tmp_path / "a.gpkg"
    layer_of(blocks(len(next(iter(cells.values())))), cells).to_file(file)
    return file


def csv(tmp_path: Path, text: str, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    """Write a table."""
    (tmp_path / name).write_bytes(text.encode(encoding))
    return tmp_path / name


def joined(tmp_path, cells, *tables, **settings):
    """Read buildings with tables joined to them."""
    district, notices = read(buildings(tmp_path, cells), attributes=tables, **settings)
    return district.buildings, notices


def test_join_by_id_fills_what_is_unknown(tmp_path):
    """A table fills the blanks and overwrites nothing; a later table fills what is left."""
    first = csv(tmp_path, "建筑编号,高度,权属单位\nA1,30,甲局\nA2,12,乙局\n", "1.csv")
    second = csv(tmp_path, "建筑编号,高度,权属单位\nA2,99,丙局\nA3,15,丙局\n", "2.csv", "gbk")
    table, notices = joined(
        tmp_path,
        {"编号": ["A1", "A2", "A3"], "高度": [20.0, None, None]},
        AttributeTable(first),
        AttributeTable(second),
    )
    assert table["height_m"].tolist() == [20.0, 12.0, 15.0]
    assert table["height_source"].tolist() == ["surveyed"] * 3
    assert table["owner"].tolist() == ["甲局", "乙局", "丙局"]
    assert [p.fields["cells"] for p in notices if p.code == "join_done"] == [3, 2]


def test_ids_meet_in_any_spelling(tmp_path):
    """Full-width ids, blanks and numbers of a spreadsheet find their building."""
    file = tmp_path / "t.xlsx"
    book = openpyxl.Workbook()
    for row in [["编号", "名称"], ["Ａ１ ", "甲"], [7, "乙"], [8.0, "丙"]]:
        book.active.append(row)
    book.save(file)
    table, _ = joined(tmp_path, {"编号": ["A1", "7", "8"]}, AttributeTable(file))
    assert table["name"].tolist() == ["甲", "乙", "丙"]


def test_rows_without_a_building_are_counted(tmp_path):
    """Rows that find no building are told with their rows."""
    file = csv(tmp_path, "编号,高度\nA1,3\nX,4\n,5\n")
    _, notices = joined(tmp_path, {"编号": ["A1"]}, AttributeTable(file))
    told = notice(notices, "join_unmatched")
    assert (told.fields["count"], told.fields["rows"]) == (2, "3, 4")


def test_rows_that_contradict_each_other_join_nothing(tmp_path):
    """Two rows of one building that differ are listed; two that agree are joined."""
    file = csv(tmp_path, "编号,高度\nA1,3\nA1,4\nA2,5\nA2,5\n")
    table, notices = joined(tmp_path, {"编号": ["A1", "A2"]}, AttributeTable(file))
    assert table["height_m"].isna().tolist() == [True, False]
    assert notice(notices, "join_ambiguous").fields["rows"] == "2: A1, 3: A1"


def test_join_by_name_and_address(tmp_path):
    """Names meet through brackets and widths; of namesakes the address chooses, or none."""
    cells = {
        "编号": list("甲乙丙丁"),
        "名称": ["实验小学(南楼)", "实验中学", "实验中学", "人民医院"],
        "地址": ["围堤道1号", "天津市河西区围堤道2号", "友谊路3号", None],
    }
    text = "名称,地址,层数\n实验小学（南楼）,,3\n实验中学,围堤道2号,4\n"
    text += "实验中学,,5\n人民医院,气象台路9号,6\n"
    file = csv(tmp_path, text)
    table, notices = joined(tmp_path, cells, AttributeTable(file, join="name_address"))
    assert table["floors"].tolist()[:2] == [3.0, 4.0]
    assert np.isnan(table["floors"].iloc[2])
    assert table["floors"].iloc[3] == 6.0
    assert table["address"].iloc[3] == "气象台路9号"
    # row 4 of the file names two buildings and chooses neither
    assert notice(notices, "join_ambiguous").fields["rows"] == "4: 乙, 丙"


def test_addresses_that_contradict_do_not_join(tmp_path):
    """One name at two addresses is two buildings."""
    cells = {"名称": ["实验小学"], "地址": ["围堤道1号"]}
    file = csv(tmp_path, "名称,地址,层数\n实验小学,友谊路3号,3\n")
    table, notices = joined(tmp_path, cells, AttributeTable(file, join="name_address"))
    assert table["floors"].isna().all()
    assert "join_unmatched" in codes(notices)


def test_full_date_betters_a_year(tmp_path):
    """A full date of the year that the layer gives is taken; of another year it is not."""
    cells = {"编号": ["A1", "A2"], "竣工日期": ["2021年", "2021年"]}
    file = csv(tmp_path, "编号,竣工日期\nA1,2021-03-04\nA2,2019-03-04\n")
    table, _ = joined(tmp_path, cells, AttributeTable(file))
    assert table["completed_on"].astype(str).tolist() == ["2021-03-04", "2021-12-31"]
    assert table["completed_on_source"].tolist() == ["surveyed", "derived"]


def test_workbook_as_offices_make_it(tmp_path):
    """A merged title, a note, a two-storey header and merged cells below do no harm."""
    file = tmp_path / "t.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    book.create_sheet("说明").append(["别读我"])
    sheet.append(["河西区公共机构建筑台账", None, None, None])
    sheet.merge_cells("A1:D1")
    sheet.append(["填报单位：某局", None, None, "2025年"])
    sheet.append(["建筑编号", "基本信息", None, "竣工日期"])
    sheet.append([None, "权属单位", "建筑面积（万㎡）", None])
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("B3:C3")
    sheet.merge_cells("D3:D4")
    sheet.append(["A1", "教育局", 1.2, dt.datetime(2020, 5, 1)])
    sheet.append(["A2", None, "0.3", 43952])
    sheet.merge_cells("B5:B6")
    sheet.append([None, None, None, None])
    sheet.append(["A3", "卫健委", "=1+1", "2019年"])
    book.save(file)
    table, notices = joined(tmp_path, {"编号": ["A1", "A2", "A3"]}, AttributeTable(file))
    assert table["owner"].tolist() == ["教育局", "教育局", "卫健委"]
    assert table["floor_area_m2"].tolist()[:2] == pytest.approx([12000.0, 3000.0])
    # 43952 is 1 May 2020 in a spreadsheet; a formula that was never worked out is unknown
    assert table["completed_on"].astype(str).tolist() == ["2020-05-01", "2020-05-01", "2019-12-31"]
    assert np.isnan(table["floor_area_m2"].iloc[2])
    assert not notices.of("warning")


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (AttributeTable(sheet="没有"), "layer_sheet"),
        (AttributeTable(columns={"name": Column("没有")}), "layer_column"),
        (AttributeTable(columns={"nane": Column("高度")}), "layer_column_ours"),
        (AttributeTable(join="name_address"), "join_no_key"),
    ],
)
def test_tables_that_cannot_be_joined(tmp_path, table, code):
    """A sheet, a column or a key that is not there is refused, with what there is."""
    import dataclasses

    file = tmp_path / "t.xlsx"
    pd.DataFrame({"编号": ["A1"], "高度": [3]}).to_excel(file, sheet_name="台账", index=False)
    with pytest.raises(LayerError) as refused:
        joined(tmp_path, {"编号": ["A1"]}, dataclasses.replace(table, path=file))
    assert codes(refused.value) == [code]
    assert "t.xlsx" in refused.value.message("zh")


def test_all_tables_are_looked_at(tmp_path):
    """What is wrong with two tables and a point layer is said together."""
    bad = AttributeTable(tmp_path / "no.xlsx")
    with pytest.raises(LayerError) as refused:
        joined(tmp_path, {"编号": ["A1"]}, bad, bad, points=(Layer(tmp_path / "no.gpkg"),))
    assert codes(refused.value) == ["layer_missing"] * 3


def points(tmp_path: Path, places, cells) -> Layer:
    """Write a point layer, places as metres from the test point."""
    shapes = [shapely.Point(EAST + x, NORTH + y) for x, y in places]
    layer_of(shapes, cells).to_file(tmp_path / "p.gpkg")
    return Layer(tmp_path / "p.gpkg")


def test_points_give_to_the_footprint_below(tmp_path):
    """A point's name and address go to the building it lies in; points outside are counted."""
    layer = points(
        tmp_path,
        [(20, 20), (120, 20), (70, 20)],
        {"名称": ["甲", "乙", "丙"], "地址": list("一二三")},
    )
    table, notices = joined(tmp_path, {"编号": ["A1", "A2"]}, points=(layer,))
    assert table["name"].tolist() == ["甲", "乙"]
    assert table["address"].tolist() == ["一", "二"]
    assert notice(notices, "points_outside").fields["count"] == 1


def test_points_that_differ_choose_no_name(tmp_path):
    """Of several shops in one mall no name is chosen; their uses stand side by side."""
    cells = {
        "名称": ["药店", "超市", "超市"],
        "类型": ["医药", "零售", "零售"],
        "街道": ["天塔"] * 3,
    }
    layer = points(tmp_path, [(10, 10), (20, 20), (30, 30)], cells)
    table, notices = joined(tmp_path, {"编号": ["A1"]}, points=(layer,))
    assert table["name"].isna().all()
    assert table["use"].tolist() == ["医药；零售"]
    assert table["subdistrict"].tolist() == ["天塔"]
    assert notice(notices, "points_differ").fields["log"] == ["A1"]


def test_points_of_a_table_with_coordinates(tmp_path):
    """A CSV of Gaode with lng and lat, in GCJ-02, finds the building."""
    import pyproj

    from hexi_solar.datum import gcj02_from_wgs84

    to_degrees = pyproj.Transformer.from_crs("EPSG:4548", "EPSG:4326", always_xy=True)
    x, y = gcj02_from_wgs84(*to_degrees.transform(EAST + 20, NORTH + 20))
    file = csv(tmp_path, f"name,lng,lat\n甲,{float(x)},{float(y)}\n")
    layer = Layer(file, datum="gcj02")
    table, _ = joined(tmp_path, {"编号": ["A1"]}, points=(layer,))
    assert table["name"].tolist() == ["甲"]


@given(st.text(alphabet="甲乙丙ab12（）() -·", max_size=12))
def test_plain_name_is_settled(text):
    """Folding a name twice changes nothing more."""
    assert plain_name(plain_name(text)) == plain_name(text)


def test_agreement_is_per_column():
    """Rows may agree on one column and differ in another."""
    rows = pd.DataFrame({"name": ["甲", "甲", None], "owner": ["一", "二", "一"]})
    given_, unsure = agreed(rows, np.array(["A", "A", "A"], dtype=object))
    assert given_.loc["A", "name"] == "甲"
    assert pd.isna(given_.loc["A", "owner"])
    assert unsure == ["A"]
