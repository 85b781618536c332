"""The workbook is for people: words of their language, numbers that are numbers, no formula."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from study_fixture import HOSTILE, in_english, make_study

from hexi_solar.exports.handover import write_handover
from hexi_solar.exports.progress import headline
from hexi_solar.exports.sheets import display_width
from hexi_solar.exports.workbook import write_workbook
from hexi_solar.facts import all_facts
from hexi_solar.schema import CANDIDATES, STUDY_TABLES

SHEETS = ["说明", "候选屋顶", "按权属", "覆盖率", "潜力", "上报建筑", "数据字典", "数据来源"]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("book") / "candidates.xlsx"
    write_workbook(make_study(), path)
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("book") / "candidates.xlsx"
    write_workbook(in_english(make_study()), path)
    return openpyxl.load_workbook(path)


def values(sheet: Worksheet) -> list[list[object]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def text_of(sheet: Worksheet) -> str:
    return "\n".join(str(v) for row in values(sheet) for v in row if v is not None)


def header_row(sheet: Worksheet, first: str) -> int:
    return next(c.row for row in sheet.iter_rows() for c in row if c.value == first)


def column(sheet: Worksheet, header: str) -> list[object]:
    """Cells below a header, down to the first row without a number of its own."""
    place = next(c for row in sheet.iter_rows() for c in row if c.value == header)
    below = sheet.iter_rows(min_row=place.row + 1, min_col=place.column, max_col=place.column)
    return [row[0] for row in below]


def test_it_has_a_sheet_per_question(book, english):
    """What it is comes first; the languages have the same sheets."""
    assert book.sheetnames == SHEETS
    assert english.sheetnames[0] == "About"
    assert len(english.sheetnames) == len(SHEETS)


@pytest.mark.parametrize("write", [write_workbook, write_handover])
@pytest.mark.parametrize("change", [lambda s: s, in_english], ids=["zh", "en"])
def test_no_cell_is_a_formula_or_a_link_out(tmp_path, write, change):
    """Hostile names in every text column stay strings (data type s)."""
    write(change(make_study()), tmp_path / "b.xlsx")
    seen = set()
    for sheet in openpyxl.load_workbook(tmp_path / "b.xlsx"):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "d", "b"), (sheet.title, cell.coordinate)
                assert cell.hyperlink is None or cell.hyperlink.target is None
                if isinstance(cell.value, str):
                    assert cell.data_type == "s"
                    seen.add(cell.value)
    assert {HOSTILE[0], HOSTILE[1], HOSTILE[2]} <= seen


def test_two_studies_alike_are_the_same_cells(tmp_path):
    """Contents, formats, widths: all that a reader sees."""
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(make_study(), tmp_path / name)
    one, other = (openpyxl.load_workbook(tmp_path / n) for n in ("a.xlsx", "b.xlsx"))
    for sheet in one:
        twin = other[sheet.title]
        assert values(sheet) == values(twin)
        assert sheet.column_dimensions.keys() == twin.column_dimensions.keys()
    assert one.properties.created == other.properties.created
    assert one.properties.created.date() == make_study().plan.today


def test_candidates_come_in_order_with_every_column(book):
    """All columns of the schema under their Chinese names and units; numbers are numbers."""
    sheet = book["候选屋顶"]
    row = header_row(sheet, "总排名")
    heads = [c.value for c in sheet[row]]
    expected = {c.label("zh").replace(" [", "\n[") for c in CANDIDATES} | {"建筑编号"}
    assert set(heads) == expected
    energy = [c.value for c in column(sheet, "首年发电量\n[kWh]")]
    # a workbook keeps 16 digits
    assert energy == pytest.approx(list(make_study().candidates["energy_ac_kwh"]), rel=1e-15)
    assert [c.value for c in column(sheet, "总排名")] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("header", "number_format"),
    [
        ("首年发电量\n[kWh]", "#,##0"),
        ("可装容量\n[kWp]", "#,##0.0"),
        ("系统效率 PR", "0.0%"),
        ("屋顶面积\n[m²]", "#,##0"),
        ("经度\n[°]", "0.00000"),
    ],
)
def test_numbers_have_the_format_of_their_unit(book, header, number_format):
    """Thousands are separated; ratios are per cent."""
    assert {c.number_format for c in column(book["候选屋顶"], header)} == {number_format}


def test_unknown_is_empty_and_never_zero(book):
    """Only one candidate carries PV; the others' cells hold nothing."""
    cells = column(book["候选屋顶"], "已装容量\n[kWp]")
    assert sorted(str(c.value) for c in cells) == ["120", *["None"] * 5]


def test_what_is_assumed_says_so_and_looks_so(book):
    """An assumed roof kind is in grey italics with the word 假定; a surveyed one is not."""
    sheet = book["候选屋顶"]
    cells = {c.row: c for c in column(sheet, "屋面类型")}
    marks = {c.row: c.value for c in column(sheet, "屋面类型来源")}
    for row, cell in cells.items():
        assumed = marks[row] == "假定"
        assert ("（假定）" in cell.value) == assumed
        assert bool(cell.font.italic) == assumed
    owners = [c.value for c in column(sheet, "权属类型")]
    assert owners.count("机关（假定）") == 1
    assert set(marks.values()) == {"假定", "普查"}


def test_words_are_those_of_the_language(book, english):
    """No machine word is left in what people read."""
    for sheet, owners, verdicts in (
        (book["候选屋顶"], "权属类型", {"是", "否", "未知"}),
        (english["Candidates"], "Owner type", {"Yes", "No", "Unknown"}),
    ):
        said = {str(c.value) for c in column(sheet, owners)}
        assert not said & {"school", "hospital", "government", "mall"}
        name = "是否可装" if sheet.title != "Candidates" else "Eligible"
        assert {c.value for c in column(sheet, name)} == verdicts


def test_headers_stay_in_sight_and_repeat_in_print(book):
    """Frozen below the header, printed in landscape on one page's width, filter over the rows."""
    sheet = book["候选屋顶"]
    row = header_row(sheet, "总排名")
    assert sheet.freeze_panes == f"D{row + 1}"
    assert sheet.print_title_rows == f"${row}:${row}"
    last = get_column_letter(len(CANDIDATES.names) + 1)
    assert sheet.auto_filter.ref == f"A{row}:{last}{row + 6}"
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # one page wide is what a missing value means; 0 is as many pages long as it takes
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_area


def test_columns_are_as_wide_as_what_they_hold(book):
    """No number shows as ####, no header word is cut; very long texts wrap."""
    for sheet in book:
        widths = {
            i: d.width for d in sheet.column_dimensions.values() for i in range(d.min, d.max + 1)
        }
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, float) and cell.number_format == "#,##0":
                    assert widths[cell.column] >= len(f"{cell.value:,.0f}") + 1
    longest = next(c for c in column(book["候选屋顶"], "名称") if c.value == HOSTILE[4])
    assert longest.alignment.wrap_text
    assert display_width(HOSTILE[4]) == 420


@pytest.mark.parametrize(("synthetic", "times"), [(True, len(SHEETS)), (False, 0)])
def test_generated_data_are_called_so_on_every_sheet(tmp_path, synthetic, times):
    """The banner is the first line of each sheet, and only where it is true."""
    write_workbook(make_study(synthetic=synthetic), tmp_path / "b.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert sum("合成数据" in str(sheet["A1"].value) for sheet in sheets) == times


def test_the_first_sheet_says_what_when_and_how_far(book):
    """Day, stamp, the reported rate with numerator and denominator, and potential called so."""
    said = text_of(book["说明"])
    assert "2025-12-31" in said
    assert "不得公开" in said
    row = headline(make_study().coverage)
    assert f"{row['numerator']:,.0f} ÷ {row['denominator']:,.0f} m²" in said
    assert "未建成" in said
    place = next(c for r in book["说明"].iter_rows() for c in r if c.value == "覆盖率（上报口径）")
    assert place.offset(0, 1).value == pytest.approx(row["rate"])
    assert place.offset(0, 1).number_format == "0.0%"


def test_owner_types_add_up_to_the_whole(book):
    """Counts, areas, capacity and energy of the types sum to the last row."""
    sheet = book["按权属"]
    for header in ("栋数", "屋顶面积\n[m²]", "可装容量\n[kWp]", "首年发电量\n[kWh]", "容量占比"):
        cells = column(sheet, header)[:6]
        assert sum(c.value for c in cells[:5]) == pytest.approx(cells[5].value)
    table = make_study().candidates
    counted = table.loc[table["in_totals"], "capacity_kwp"].sum()
    assert column(sheet, "可装容量\n[kWp]")[5].value == pytest.approx(counted)


def test_within_a_type_roofs_come_in_their_own_order(book):
    """Every candidate is listed once, below its type, by its rank there."""
    sheet = book["按权属"]
    cells = column(sheet, "同类排名")
    ids = [c.offset(0, 1).value for c in cells if c.value is not None]
    assert sorted(ids) == sorted(make_study().candidates.index)
    levels = {sheet.row_dimensions[c.row].outlineLevel for c in cells if c.value is not None}
    assert levels == {1}


def test_progress_and_potential_never_share_a_sheet(book):
    """What could be built is no row among what is."""
    assert "潜力" not in {c.value for c in column(book["覆盖率"], "口径")}
    first = [c.value for c in column(book["潜力"], "口径")][:20]
    assert set(first) == {"屋顶可安装比例（潜力）"}


def test_reported_rates_come_first_and_stand_out(book):
    """Bold on a coloured ground, and no other row is."""
    cells = column(book["覆盖率"], "口径")
    bold = [c.row for c in cells if c.font.bold and c.fill.fgColor.rgb == "FFFFF3C4"]
    assert bold == [cells[0].row + i for i in range(5)]


def test_a_rate_without_denominator_is_unknown(book):
    """0/0 reads as unknown, not as 0 %."""
    sheet = book["覆盖率"]
    wholes, rates = column(sheet, "分母"), column(sheet, "覆盖率")
    empty = [r.value for w, r in zip(wholes, rates, strict=True) if w.value == 0]
    assert empty
    assert set(empty) == {"未知"}


def test_the_buildings_behind_the_reported_rate_are_listed(book):
    """Numerator and denominator are the lists of the coverage table."""
    row = headline(make_study().coverage)
    sheet = book["上报建筑"]
    ids = [c.value for c in column(sheet, "建筑编号")]
    counted = [c.value for c in column(sheet, "计入分子")]
    assert sorted(ids) == sorted(row["denominator_ids"])
    listed = dict(zip(ids, counted, strict=True))
    assert sorted(i for i, v in listed.items() if v == "是") == sorted(row["numerator_ids"])


def test_every_column_of_every_table_is_in_the_dictionary(book):
    """No column goes without a meaning."""
    names = {c.value for c in column(book["数据字典"], "列名")}
    for name in set(STUDY_TABLES) - {"weather"}:
        assert set(STUDY_TABLES[name].names) | set(STUDY_TABLES[name].index) <= names


def test_provenance_names_files_facts_notices_and_versions(book):
    """Checksums, each fact with source and confidence, what was assumed and left out."""
    said = text_of(book["数据来源"])
    assert "0" * 64 in said
    assert "pvlib" in said
    for fact in all_facts().values():
        assert fact.name("zh") in said
        assert fact.source_zh in said
    for notice in make_study().notices:
        assert notice.message("zh") in said


def test_english_provenance_is_english(english):
    """The same facts under their English names and sources."""
    said = text_of(english["Provenance"])
    for fact in all_facts().values():
        assert fact.name("en") in said
        assert fact.source in said


@pytest.mark.parametrize("write", [write_workbook, write_handover])
def test_a_chinese_workbook_speaks_chinese(tmp_path, write):
    """No three English words in a row outside what the layers themselves say; no True or None."""
    study = make_study()
    given = {*HOSTILE, *study.buildings["name"].dropna(), study.plan.title}
    write(study, tmp_path / "b.xlsx")
    run = re.compile(r"[A-Za-z]{2,}(?:[ ,;:]+[A-Za-z]{2,}){2,}")
    for sheet in openpyxl.load_workbook(tmp_path / "b.xlsx"):
        for row in sheet.iter_rows():
            for cell in row:
                said = str(cell.value or "")
                where = (sheet.title, cell.coordinate, said)
                assert said in given or not run.search(said), where
                assert said not in ("True", "False", "None", "nan"), where


def test_words_of_tables_have_names_in_both_languages(book, english):
    """The dictionary writes each word of each table, the register's too, with its meaning."""
    for sheet, header, between in (
        (book["数据字典"], "取值", "；"),
        (english["Data dictionary"], "Allowed", "; "),
    ):
        written = {str(c.value) for c in column(sheet, header) if c.value}
        for table in STUDY_TABLES.values():
            for spec in table:
                if table.name == "weather" or not spec.words:
                    continue
                found = [w for w in written if w.startswith(f"{spec.words[0]} = ")]
                whole = [w.split(between) for w in found]
                words = [[part.split(" = ")[0] for part in parts] for parts in whole]
                assert list(spec.words) in words, (table.name, spec.name)
                assert all(" = " in part for parts in whole for part in parts)


def test_handover_lists_only_roofs_that_may_carry_pv(tmp_path):
    """Eligible or unknown, best first, no contacts, columns to fill in empty."""
    write_handover(make_study(), tmp_path / "h.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "h.xlsx")["踏勘清单"]
    table = make_study().candidates
    ids = [c.value for c in column(sheet, "建筑编号")]
    assert ids == list(table.index[table["eligible"] != "no"])
    for header in ("踏勘日期", "荷载核查结果", "可装容量核定\n[kWp]", "总报价\n[元]", "备注"):
        assert {c.value for c in column(sheet, header)} == {None}
    rules = {str(v.sqref)[0]: v.type for v in sheet.data_validations.dataValidation}
    assert sorted(rules.values()) == ["date", "decimal", "decimal", "list"]
    assert "投资" not in text_of(sheet)


def test_an_empty_study_still_makes_a_workbook(tmp_path: Path):
    """No candidate, no rate, no notice."""
    study = make_study()
    empty: pd.DataFrame = study.candidates.iloc[:0]
    study = replace(
        study, candidates=empty, coverage=study.coverage.iloc[:0], notices=(), record={}
    )
    write_workbook(study, tmp_path / "b.xlsx")
    write_handover(study, tmp_path / "h.xlsx")
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert book.sheetnames == SHEETS
    assert "没有上报口径" in text_of(book["上报建筑"])
