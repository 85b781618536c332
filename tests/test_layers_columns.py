"""Which column is which, and what single cells mean."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.config import Column
from hexi_solar.facts import read_facts
from hexi_solar.layers.meters import CARRIERS
from hexi_solar.sheets.columns import find_columns, read_columns
from hexi_solar.sheets.words import (
    parse_dates,
    parse_numbers,
    parse_text,
    parse_times,
    parse_words,
    vocabulary,
)


@pytest.mark.parametrize(
    ("cell", "day", "rough"),
    [
        ("2025-01-03", "2025-01-03", False),
        ("2025/1/3", "2025-01-03", False),
        ("2025.1.3", "2025-01-03", False),
        ("2025年1月3日", "2025-01-03", False),
        ("２０２５年１月３日", "2025-01-03", False),
        ("20250103", "2025-01-03", False),
        (20250103, "2025-01-03", False),
        ("2025-01-03T14:05:00", "2025-01-03", False),
        (dt.datetime(2025, 1, 3, 8), "2025-01-03", False),
        (dt.date(2025, 1, 3), "2025-01-03", False),
        # day 1 of a spreadsheet is 1 January 1900, and it believes in 29 February 1900
        (45660, "2025-01-03", False),
        (45660.0, "2025-01-03", False),
        ("2025年1月", "2025-01-31", True),
        ("2025-01", "2025-01-31", True),
        ("202402", "2024-02-29", True),
        ("2024-02-00", "2024-02-29", True),
        (1985, "1985-12-31", True),
        (1985.0, "1985-12-31", True),
        ("1985年", "1985-12-31", True),
        ("1985年建成", "1985-12-31", True),
    ],
)
def test_dates_in_the_wild(cell, day, rough):
    """A date means the same however it is written; of a year or month it is the last day."""
    dates, roughly, refused = parse_dates(pd.Series([cell], dtype=object))
    assert dates[0] == pd.Timestamp(day)
    assert (roughly[0], refused[0]) == (rough, False)


@pytest.mark.parametrize(
    "cell", ["明天", "2025-13-01", "2025-02-30", "80年代", "3025", "12", "1-2-3"]
)
def test_what_is_no_date(cell):
    """What is no date is unknown, and handed back."""
    dates, _, refused = parse_dates(pd.Series([cell]))
    assert dates.isna()[0]
    assert refused[0]


@pytest.mark.parametrize("cell", ["", " ", "-", "不详", "无数据", "NULL", None, np.nan, 0, "0"])
def test_dates_that_are_unknown(cell):
    """What says "not known" is unknown without a word."""
    dates, rough, refused = parse_dates(pd.Series([cell], dtype=object))
    assert dates.isna()[0]
    assert not rough[0]
    assert not refused[0]


@given(st.dates(dt.date(1801, 1, 1), dt.date(2099, 12, 31)))
def test_every_day_in_three_spellings(day):
    """ISO, Chinese and compact spellings of one day are one day."""
    cells = [day.isoformat(), f"{day.year}年{day.month}月{day.day}日", day.strftime("%Y%m%d")]
    assert set(parse_dates(pd.Series(cells))[0]) == {pd.Timestamp(day)}


@given(st.integers(15_000, 80_000))
def test_days_of_a_spreadsheet(serial):
    """A day number is that many days after 30 December 1899."""
    dates, _, _ = parse_dates(pd.Series([serial]))
    assert (dates[0] - pd.Timestamp(1899, 12, 30)).days == serial


def test_times_keep_the_hour():
    """Moments keep their time of day, from texts and from cells of a workbook alike."""
    cells = pd.Series(["2025-01-03 14:05", dt.datetime(2025, 1, 3, 14, 5), "2025-01-03"])
    assert parse_times(cells)[0].dt.hour.tolist() == [14, 14, 0]


def test_numbers_with_words_and_widths():
    """Full-width digits, separators, units and words around a number do not matter."""
    cells = pd.Series(["１２．５", "1,200 ㎡", "地上6层", "6F", "-", "六", "6/-1", True, 3])
    numbers, refused = parse_numbers(cells)
    assert numbers.tolist()[:4] == [12.5, 1200.0, 6.0, 6.0]
    assert numbers[4:8].isna().all()
    assert refused.tolist() == [False] * 5 + [True, True, True, False]


def test_infinite_is_unknown():
    """An infinite number is no number."""
    numbers, _ = parse_numbers(pd.Series([np.inf, -np.inf, 1.0]))
    assert numbers.isna().tolist() == [True, True, False]


def test_text_of_whole_numbers():
    """Ids that a spreadsheet made floats of are whole again."""
    cells = pd.Series([12.0, "12", " a  b ", "N/A"], dtype=object)
    assert parse_text(cells).tolist()[:3] == ["12", "12", "a b"]
    assert parse_text(cells).isna()[3]


@pytest.mark.parametrize(
    ("kind", "cell", "word"),
    [
        ("status", "已竣工", "completed"),
        ("status", "竣工验收合格", "completed"),
        ("status", "未竣工", "building"),
        ("status", "在建", "building"),
        ("status", "未开工", "approved"),
        ("status", "规划", "planned"),
        ("roof_kind", "彩钢瓦", "metal"),
        ("roof_kind", "钢筋混凝土平屋面", "flat"),
        ("roof_kind", "小青瓦坡屋顶", "tile"),
        ("roof_kind", "拱形", "curved"),
        ("load_evidence", "结构鉴定报告（2023）", "appraisal"),
        ("load_evidence", "竣工图", "drawings"),
        ("load_evidence", "无资料", "none"),
        ("yes_no", "√", "yes"),
        ("yes_no", 0, "no"),
        ("yes_no", True, "yes"),
        ("owner_type", "中小学", "school"),
        ("kind", "并网", "connected"),
        ("kind", "更正", "correction"),
        ("mode", "自发自用，余电上网", "surplus"),
        ("mode", "自发自用", "self_use"),
    ],
)
def test_words(kind, cell, word):
    """Words of offices mean ours; a negation is not read as its opposite."""
    assert parse_words(pd.Series([cell], dtype=object), kind)[0][0] == word


def test_words_are_declared():
    """Every word that the facts map to is one that the tables allow."""
    allowed = {
        "yes_no": schema.YES_NO,
        "status": schema.STATUSES,
        "roof_kind": schema.ROOF_KINDS,
        "load_evidence": schema.LOAD_EVIDENCE,
        "owner_type": schema.OWNER_TYPES,
        "kind": (*schema.STAGES, "correction"),
        "mode": schema.MODES,
        "carrier": tuple(CARRIERS),
    }
    for kind in read_facts("columns")["words"]:
        exact, parts = vocabulary(kind)
        assert set(exact.values()) | set(parts.values()) <= set(allowed[kind])


def test_synonyms_name_one_column_each():
    """No name of a column stands for two of ours in one table."""
    for table in ("buildings", "areas", "register"):
        ways = [w.lower() for ways in read_facts("columns")[table].values() for w in ways]
        assert len(ways) == len(set(ways)), table


def test_synonyms_belong_to_the_tables():
    """What columns are mapped to are columns of the tables, or texts for `owners`."""
    facts = read_facts("columns")
    assert set(facts["register"]) - {"payload"} == {"event_id", *schema.REGISTER.names}
    texts = {"building_id", "owner", "use", "land_use", "industry_code"}
    assert set(facts["buildings"]) <= texts | set(schema.BUILDINGS.names)
    assert tuple(facts["register_stages"]) == schema.STAGES


def test_header_with_a_unit():
    """A unit in the header counts, in brackets or not; one in the plan counts more."""
    for header in ("建筑面积（亩）", "建筑面积(亩)", "建筑面积亩"):
        found, problems = find_columns([header], "buildings", {}, "f")
        assert not problems
        table = read_columns(pd.DataFrame({header: [3.0]}), "buildings", found).table
        assert table["floor_area_m2"][0] == pytest.approx(2000.0)
    plan = {"floor_area_m2": Column("建筑面积（亩）", "m2")}
    found, _ = find_columns(["建筑面积（亩）"], "buildings", plan, "f")
    assert found["floor_area_m2"].factor == 1.0


@pytest.mark.parametrize(
    ("ours", "unit", "factor"),
    [("floor_area_m2", "万m²", 1e4), ("floor_area_m2", "亩", 2000 / 3), ("height_m", "cm", 0.01)],
)
def test_unit_of_the_plan(ours, unit, factor):
    """A unit named in the plan gives its factor."""
    found, problems = find_columns(["x"], "buildings", {ours: Column("x", unit)}, "f")
    assert not problems
    assert found[ours].factor == pytest.approx(factor)


def test_all_wrong_columns_at_once():
    """A column that is not there, one that is not ours, and a strange unit are said together."""
    plan = {
        "name": Column("建筑名"),
        "hight_m": Column("高度"),
        "floor_area_m2": Column("面积", "斤"),
    }
    _, problems = find_columns(["建筑名称", "高度", "面积"], "buildings", plan, "a.shp")
    assert [p.code for p in problems] == ["layer_column", "layer_column_ours", "layer_unit"]
    assert "建筑名称?" in problems[0].message("zh")
    assert "height_m?" in problems[1].message("en")


def test_likelier_synonym_wins():
    """Of two columns that could be the name, the likelier is; the plan overrules both."""
    found, _ = find_columns(["小区名称", "建筑名称"], "buildings", {}, "f")
    assert found["name"].column == "建筑名称"
    found, _ = find_columns(
        ["小区名称", "建筑名称"], "buildings", {"name": Column("小区名称")}, "f"
    )
    assert found["name"].column == "小区名称"


def test_tags_of_openstreetmap():
    """A use that is spread over several tags is put together; a plain "yes" says nothing."""
    raw = pd.DataFrame({
        "building": ["yes", "school", "yes", None],
        "amenity": ["hospital", None, None, None],
        "shop": [None, None, "mall", None],
    })  # fmt: skip
    found, _ = find_columns(raw.columns, "buildings", {}, "f")
    use = read_columns(raw, "buildings", found).table["use"]
    assert use.tolist()[:3] == ["hospital", "school", "mall"]
    assert use.isna()[3]


def test_a_column_that_the_plan_names_stands_alone():
    """What the plan names is not mixed with other columns."""
    raw = pd.DataFrame({"用途": [None], "性质": ["住宅"]})
    found, _ = find_columns(raw.columns, "buildings", {"use": Column("用途")}, "f")
    assert read_columns(raw, "buildings", found).table["use"].isna()[0]


def test_names_cut_to_ten_bytes():
    """A shapefile's name cut short is still found, in GBK and in UTF-8."""
    for cut in ("是否公共机", "建筑面"):
        found, _ = find_columns([cut], "buildings", {}, "f", truncated=True)
        assert len(found) == 1
        found, _ = find_columns([cut], "buildings", {}, "f")
        assert not found


def test_impossible_numbers_are_unknown():
    """Heights of 0 are unknown; heights that cannot be are unknown and handed back."""
    raw = pd.DataFrame({"高度": [0.0, -3.0, 2000.0, 12.0]})
    found, _ = find_columns(["高度"], "buildings", {}, "f")
    reading = read_columns(raw, "buildings", found)
    assert reading.table["height_m"].isna().tolist() == [True, True, True, False]
    assert reading.refused["height_m"].tolist() == [False, True, True, False]
