"""Who owns or uses a building, held to names of the district and to the tags of a real layer."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.errors import Notices
from hexi_solar.facts import all_facts, read_facts
from hexi_solar.labels import LANGUAGES, catalogue
from hexi_solar.owners import classify_owners, target_shares
from hexi_solar.owners.rules import by_industry, by_land, rules

RESULTS = [
    "owner_text",
    "owner_type",
    "owner_type_source",
    "owner_rule",
    "public_institution",
    "department",
]


def classify(rows: list[dict[str, object]] | dict[str, list[object]]) -> pd.DataFrame:
    """Classify a few rows; a layer without shapes is enough, since owners reads texts only."""
    frame = gpd.GeoDataFrame(pd.DataFrame(rows))
    frame.index = pd.Index([f"b{i}" for i in range(len(frame))], name="building_id")
    return classify_owners(frame, Notices())


def one(**texts: object) -> pd.Series:
    """Classify one building."""
    return classify([texts]).iloc[0]


@pytest.mark.parametrize(
    ("name", "owner_type", "public", "department"),
    [
        ("河西区人民政府", "government", "yes", "机关事务管理局"),
        ("天津市河西区机关事务管理局", "government", "yes", "机关事务管理局"),
        ("友谊路街道办事处", "government", "yes", "机关事务管理局"),
        ("天津市第四十二中学", "school", "yes", "教育局"),
        ("天津市河西区中心小学", "school", "yes", "教育局"),
        ("河西区第一幼儿园", "school", "yes", "教育局"),
        ("天津医院", "hospital", "yes", "卫生健康委"),
        ("天津医科大学第二医院", "hospital", "yes", "卫生健康委"),
        ("天津财经大学", "university", "yes", "市教委"),
        ("天津大剧院", "culture", "yes", "文化和旅游局"),
        ("天津图书馆", "culture", "yes", "文化和旅游局"),
        ("奥体中心", "sport", "unknown", "体育局"),
        ("万象城", "mall", "no", "商务局"),
        ("国际大厦", "office", "no", "商务局"),
        ("喜来登大酒店", "hotel", "no", "文化和旅游局"),
        ("梅江会展中心", "culture", "unknown", "文化和旅游局"),
        ("长途客运站", "transport", "unknown", None),
        ("天津钢厂", "industrial", "no", None),
        ("某某小区3号楼", "residential", "no", None),
        ("平江里12号楼", "residential", "no", None),
        ("养老院", "other", "unknown", "民政局"),
    ],
)
def test_names_of_the_district(name, owner_type, public, department):
    """A plain name gives type, public institution and department."""
    row = one(name=name)
    assert (row["owner_type"], row["public_institution"]) == (owner_type, public)
    assert row["owner_type_source"] == "derived"
    assert row["department"] == department or (department is None and pd.isna(row["department"]))


@pytest.mark.parametrize(
    ("name", "owner_type"),
    [
        ("学校路12号", "unknown"),  # a road is no school
        ("体育馆路小学", "school"),  # ... and a school no sports hall
        ("学府花园", "residential"),
        ("医院宿舍", "residential"),
        ("第四医院家属院", "residential"),
        ("大学生公寓", "residential"),
        ("大学里小区", "residential"),
        ("酒店式公寓", "residential"),
        ("医院地铁站", "transport"),
        ("图书大厦", "mall"),
        ("宠物医院", "mall"),
        ("人民政府幼儿园", "school"),
        ("财经大学附属小学", "school"),
        ("天津财经大学图书馆", "university"),  # the library belongs to the university
        ("新华中学体育馆", "school"),
        ("中国邮政邮局", "unknown"),  # ends in 局 and is no authority
        ("梅江公园", "other"),  # ends in 园 and is no housing
        ("动物园", "culture"),
        ("陈塘科技园", "office"),
        ("平江里 社区服务用房", "other"),
    ],
)
def test_false_friends(name, owner_type):
    """A word that a building is only named after says nothing of it."""
    assert one(name=name)["owner_type"] == owner_type


@pytest.mark.parametrize(
    ("texts", "public"),
    [
        ({"name": "天津市新华中学"}, "unknown"),  # private schools carry the city's name too
        ({"name": "天津市新华中学", "owner": "河西区教育局"}, "yes"),
        ({"name": "博远学校", "use": "民办学校"}, "no"),
        ({"name": "惠灵顿国际学校"}, "no"),
        ({"name": "爱齿口腔诊所"}, "no"),
        ({"name": "美莱医疗美容医院"}, "no"),
        ({"name": "民营康泰医院"}, "no"),
        ({"name": "某某幼儿园"}, "unknown"),
        ({"name": "某某幼儿园", "owner": "天津某某教育科技有限公司"}, "no"),
        ({"use": "school"}, "unknown"),  # a tag says nothing of ownership
        ({"land_use": "school"}, "unknown"),
        ({"industry_code": "P8321"}, "unknown"),
        ({"industry_code": "S92"}, "yes"),
        ({"use": "townhall"}, "yes"),
        ({"use": "public"}, "unknown"),
        ({"name": "国际大厦", "owner": "河西区人民政府"}, "yes"),
        ({"name": "国际大厦"}, "no"),
        ({"use": "住宅", "owner": "河西区房管局"}, "no"),  # public housing is no institution
        ({"owner_type_given": "government"}, "yes"),
        ({"owner_type_given": "school"}, "unknown"),
        ({"owner_type_given": "school", "public_institution_given": "是"}, "yes"),
        ({"owner_type_given": "government", "public_institution_given": "no"}, "no"),
        ({"name": "区政府办公楼", "owner": "天津某某置业有限公司"}, "unknown"),  # they disagree
    ],
)
def test_public_institution(texts, public):
    """Yes and no need evidence of ownership; a school as such has none."""
    assert one(**texts)["public_institution"] == public


@pytest.mark.parametrize(
    ("texts", "owner_type", "rule"),
    [
        ({"owner_type_given": "医疗", "name": "某某学校"}, "hospital", "given"),
        ({"owner_type_given": "学校", "name": "某某医院"}, "school", "school/zh:学校"),
        ({"use": "住宅", "name": "天津医院"}, "residential", "residential/zh:住宅"),
        ({"owner": "天津医院", "name": "国际大厦"}, "hospital", "hospital/zh:医院"),
        ({"owner": "河西区教育局", "name": "闽侯路小学"}, "school", "school/zh:小学"),
        ({"owner": "河西区教育局", "name": "综合楼"}, "government", "government/zh:教育局"),
        ({"use": "教育", "name": "天津财经大学"}, "university", "university/zh:大学"),
        ({"use": "教育", "name": "综合楼"}, "school", "school/zh:教育"),
        ({"use": "办公", "owner": "河西区人民政府"}, "government", "government/zh:人民政府"),
        ({"name": "某某小学", "industry_code": "Q84"}, "school", "school/zh:小学"),
        ({"industry_code": "P83", "use": "hospital"}, "school", "code:P83"),
        ({"use": "hospital", "land_use": "school"}, "hospital", "tag:hospital"),
        ({"use": "construction", "land_use": "school"}, "school", "land_use:school"),
        ({"land_use": "教育用地"}, "school", "land_use:教育用地"),
        ({"land_use": "residential"}, "residential", "land_use:residential"),
    ],
)
def test_order_of_the_evidence(texts, owner_type, rule):
    """Given goes before text, text before code, code before tag, tag before land use."""
    row = one(**texts)
    assert (row["owner_type"], row["owner_rule"]) == (owner_type, rule)


def test_source_and_text_are_kept():
    """What was looked at and where the type comes from stand beside the type."""
    result = classify(
        [
            {"owner_type_given": "school", "owner": "甲", "use": "乙", "land_use": "A33"},
            {"name": "某某小学", "use": "甲", "owner": "甲"},
            {"name": "某某"},
        ]
    )
    assert result["owner_type_source"].tolist() == ["surveyed", "derived", "unknown"]
    assert result["owner_text"].iloc[:2].tolist() == ["甲；乙；A33", "甲"]
    assert result["owner_text"].isna().tolist() == [False, False, True]
    assert result["owner_rule"].isna().tolist() == [False, False, True]


def test_given_department_stands():
    """A department that the office wrote is not replaced."""
    assert one(name="某某小学", department_given="区教育局基建科")["department"] == "区教育局基建科"


@pytest.mark.parametrize("code", ["P8321", "p8321", "8321", "8321.0", "P 8321"])
def test_spellings_of_one_industry_code(code):
    """The letter of a section follows from the division, so it may be missing."""
    match = by_industry(code)
    assert match is not None
    assert rules()[match[0]].owner_type == "school"
    assert match[1] == "code:P832"


@pytest.mark.parametrize(
    ("code", "owner_type"),
    [
        ("P834", "university"),
        ("P839", "other"),
        ("Q85", "other"),
        ("Q841", "hospital"),
        ("C13", "industrial"),
    ],
)
def test_longer_code_goes_first(code, owner_type):
    """P834 is a university though P83 is a school."""
    match = by_industry(code)
    assert match is not None
    assert rules()[match[0]].owner_type == owner_type


@pytest.mark.parametrize(
    ("code", "owner_type"),
    [("A33", "school"), ("A31", "university"), ("B14", "hotel"), ("R21", "residential"),
     ("0804", "school"), ("080401", "university"), ("804", "school"), ("1001", "industrial")],
)  # fmt: skip
def test_land_use_codes(code, owner_type):
    """Codes of both Chinese land-use standards are known, a lost leading zero too."""
    match = by_land(code)
    assert match is not None
    assert rules()[match[0]].owner_type == owner_type


def test_longest_word_wins():
    """老年大学 is longer than 大学, so it is no university."""
    assert one(name="天津科技大学老年大学")["owner_rule"] == "school/zh:老年大学"


def test_full_width_and_blanks_do_not_matter():
    """Offices write names with full-width letters and blanks in between."""
    plain, spaced = one(name="天津市第42中学"), one(name=" 天津市 第４２ 中学 ")
    assert plain[["owner_type", "public_institution"]].tolist() == ["school", "yes"]
    assert spaced[["owner_type", "public_institution"]].tolist() == ["school", "yes"]


def test_nothing_known_is_unknown():
    """Without any column, and with every column empty, all is unknown and nothing is invented."""
    empty = classify({"height_m": [3.0, 6.0]})
    blank = classify([{"name": np.nan, "owner": "", "use": None, "industry_code": np.nan}] * 2)
    for result in (empty, blank):
        assert result["owner_type"].tolist() == ["unknown", "unknown"]
        assert result["public_institution"].tolist() == ["unknown", "unknown"]
        assert result[["owner_text", "owner_rule", "department"]].isna().all(axis=None)


def test_raw_columns_and_input_are_left_as_they_are():
    """The step adds columns and changes none, in the input neither."""
    frame = gpd.GeoDataFrame(
        {"name": ["某某小学"], "use": ["x"]}, index=pd.Index(["a"], name="building_id")
    )
    before = frame.copy()
    result = classify_owners(frame, Notices())
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))
    pd.testing.assert_frame_equal(pd.DataFrame(result[["name", "use"]]), pd.DataFrame(before))
    assert result.index.equals(before.index)


def test_empty_layer():
    """A layer without rows goes through."""
    frame = gpd.GeoDataFrame({"name": pd.Series([], dtype=object)})
    assert list(classify_owners(frame, Notices())["owner_type"]) == []


WORDS = st.sampled_from(
    [
        "河西区人民政府",
        "某某小学",
        "学校路",
        "school",
        "yes",
        "P83",
        "平江里",
        "有限公司",
        "A33",
        "医院宿舍",
        "",
        None,
        "x",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("name", "owner", "use", "land_use", "industry_code"), WORDS)
        ),
        min_size=1,
        max_size=8,
    ),
    data=st.data(),
)
def test_row_order_does_not_matter(rows, data):
    """Each building is judged alone: shuffled rows give the shuffled result."""
    order = data.draw(st.permutations(range(len(rows))))
    straight = classify(rows)
    shuffled = classify([rows[i] for i in order])
    expected = straight.iloc[order][RESULTS].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        pd.DataFrame(shuffled[RESULTS].reset_index(drop=True)), pd.DataFrame(expected)
    )
    assert set(straight["owner_type"]) <= set(schema.OWNER_TYPES)
    assert set(straight["public_institution"]) <= set(schema.YES_NO)
    assert set(straight["owner_type_source"]) <= set(schema.SOURCES)


def test_notices_count_every_building_once():
    """The counts by evidence and the unknown ones add up to all buildings."""
    notices = Notices()
    frame = gpd.GeoDataFrame(
        {
            "name": ["某某小学", None, None, "谜", None, None],
            "use": [None, "hotel", None, "谜", None, None],
            "land_use": [None, None, "school", None, None, None],
            "industry_code": [None, None, None, None, "P83", None],
            "owner_type_given": [None, None, None, None, None, "school"],
        }
    )
    classify_owners(frame, notices)
    counts = next(p for p in notices if p.code == "owners_matched").fields
    parts = ("by_given", "by_text", "by_code", "by_tag", "by_land_use", "unknown")
    assert {k: counts[k] for k in parts} == dict.fromkeys(parts, 1)
    assert counts["total"] == 6


def test_unmatched_texts_are_listed_by_frequency():
    """The office sees which of its words are missing, the most frequent first."""
    notices = Notices()
    frame = gpd.GeoDataFrame({"use": ["谜"] * 3 + ["咦"] * 2 + ["某某小学", None]})
    classify_owners(frame, notices)
    notice = next(p for p in notices if p.code == "owners_unmatched")
    assert notice.level == "info"
    assert notice.fields["buildings"] == 5
    assert notice.fields["texts"] == "谜 × 3, 咦 × 2"
    for language in LANGUAGES:
        assert "谜 × 3" in notice.message(language)


def test_words_of_ours_that_are_none_are_warned_of():
    """A misspelt owner type or yes/no is named, and other texts decide."""
    notices = Notices()
    frame = gpd.GeoDataFrame(
        {
            "owner_type_given": ["shcool", "unknown"],
            "public_institution_given": ["也许", "否"],
            "name": ["某某小学"] * 2,
        }
    )
    result = classify_owners(frame, notices)
    assert result["owner_type"].tolist() == ["school", "school"]
    warned = {p.fields["column"]: p.message("en") for p in notices.of("warning")}
    assert "shcool × 1" in warned["owner_type"]
    assert "也许 × 1" in warned["public_institution"]


def test_every_rule_is_written_out_well():
    """Types are those of the schema, words occur once, tags are in one rule, and ids differ."""
    data = read_facts("owners")
    assert tuple(data["owner"]) == schema.OWNER_TYPES
    assert {r.owner_type for r in rules()} <= set(schema.OWNER_TYPES)
    assert {r.public for r in rules()} <= set(schema.YES_NO)
    assert len({r.id for r in rules()}) == len(rules())
    known = {"id", "owner_type", "public", "department", "words", "broad", "use_words", "endings",
             "unless", "tags", "industry", "land_codes"}  # fmt: skip
    for entry in data["rule"]:
        assert set(entry) <= known
    for kind in ("tags", "industry", "land_codes"):
        words = [w for r in rules() for w in getattr(r, kind)]
        assert len(words) == len(set(words)), kind


def test_names_agree_with_the_catalogue():
    """The names in the data file are those that maps and workbooks show."""
    for owner_type, entry in read_facts("owners")["owner"].items():
        shown = catalogue()[f"enum.owner_type.{owner_type}"]
        assert {k: entry[k] for k in LANGUAGES} == shown


def test_target_shares_are_those_of_the_notice():
    """NEA 2021: government 50, schools and hospitals 40, industry and commerce 30, homes 20 %."""
    shares = target_shares()
    assert (shares["government"], shares["school"], shares["hospital"]) == (0.5, 0.4, 0.4)
    assert (shares["industrial"], shares["mall"], shares["residential"]) == (0.3, 0.3, 0.2)
    assert "unknown" not in shares
    assert all_facts()["owners.owner.school.target_share"].confidence == "verified"


def test_target_shares_agree_with_the_potential_of_the_coverage_rate():
    """One figure, two files: the definition installable_of_total names the same shares."""
    targets = read_facts("coverage")["definitions"]["installable_of_total"]["targets"]
    shares = target_shares()
    named = {k: v for k, v in targets.items() if k in schema.OWNER_TYPES}
    assert named
    assert {k: shares[k] for k in named} == named


def test_new_york_south(shared_data):
    """
    1,451 of the 2,246 large roofs carry no tag and are unknown.

    29 more carry a tag that says nothing of a use (a protected area, a pier, a building site).
    """
    layer = gpd.read_file(shared_data / "buildings" / "newyork_south.fgb")
    large = layer.to_crs("EPSG:32618").area >= 1000
    frame = layer.rename(columns={"kind_detail": "use", "landuse_kind": "land_use"})
    result = classify_owners(frame, Notices())[large]
    bare = result["use"].isna() & result["land_use"].isna()
    assert (len(result), bare.sum()) == (2246, 1451)
    assert (result.loc[bare, "owner_type"] == "unknown").all()
    assert (result.loc[~bare, "owner_type"] == "unknown").sum() == 29
    silent = result.loc[~bare & (result["owner_type"] == "unknown")]
    said = set(silent["use"].dropna()) | set(silent["land_use"].dropna())
    assert said == {
        "construction",
        "roof",
        "protected_area",
        "pier",
        "bridge",
        "meadow",
        "pedestrian",
    }
