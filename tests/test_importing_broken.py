"""Broken spreadsheets: each row that is wrong is refused with its reason, and nothing is recorded."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from importing_sheets import book, changed, look, merged, record, verdicts, why

from hexi_solar.errors import LayerError
from hexi_solar.importing import export_register
from hexi_solar.ledger import Event, empty_ledger

Rows = list[list[Any]]
CARD = ["项目编号", "建筑编号", "装机容量(kW)", "备案日期", "并网日期"]
GOOD = ["P9", "B1", 50, "2023-05-01", "2023-09-01"]
EVENT = ["项目编号", "阶段", "发生日期", "容量"]
METER = ["项目编号", "月份", "发电量(kWh)", "自用电量", "上网电量"]
FACTS = ["建筑编号", "建筑名称", "建设状态", "竣工日期", "预留光伏"]

# name: header and rows below it, then per row why; rows that are not named are fine
BROKEN: dict[str, tuple[Rows, dict[int, list[str]]]] = {
    "no project number": (
        [CARD, ["", "B1", 50, "2023-05-01", None], GOOD], {2: ["blank"]}),
    "a month that is none": (
        [CARD, ["P1", "B1", 50, "2023-13-01", None], GOOD], {2: ["date"]}),
    "30 February": (
        [CARD, GOOD, ["P1", "B1", 50, "2023年2月30日", None]], {3: ["date"]}),
    "a year of two digits": (
        [CARD, ["P1", "B1", 50, "23.5.1", None]], {2: ["date"]}),
    "2025.1 as a number": (
        [CARD, ["P1", "B1", 50, 2025.1, None]], {2: ["date_number"]}),
    "connected tomorrow": (
        [CARD, ["P1", "B1", 50, "2023-05-01", "2026-07-01"]], {2: ["future"]}),
    "negative capacity": (
        [CARD, ["P1", "B1", -50, "2023-05-01", None], GOOD], {2: ["range"]}),
    "capacity in words": (
        [CARD, ["P1", "B1", "约一百", "2023-05-01", None]], {2: ["number"]}),
    "about": (
        [CARD, ["P1", "B1", "约100", "2023-05-01", None]], {2: ["number"]}),
    "from to": (
        [CARD, ["P1", "B1", "100-120", "2023-05-01", None]], {2: ["number"]}),
    "separators at the wrong place": (
        [CARD, ["P1", "B1", "1,23", "2023-05-01", None]], {2: ["number"]}),
    "area for capacity": (
        [CARD, ["P1", "B1", "600㎡", "2023-05-01", None]], {2: ["cell_unit"]}),
    "header in the wrong unit": (
        [["项目编号", "装机容量（平方米）", "备案日期"], ["P1", 5, "2023-05-01"], ["P2", None, "2023-05-01"]],
        {2: ["header_unit"]}),
    "error of a formula": (
        [CARD, ["P1", "B1", "#REF!", "2023-05-01", "#N/A"]], {2: ["error_cell", "error_cell"]}),
    "a date for a number": (
        [CARD, ["P1", "B1", dt.datetime(2023, 1, 1), "2023-05-01", None]], {2: ["number"]}),
    "half a module": (
        [["项目编号", "组件数", "备案日期"], ["P1", 10.5, "2023-05-01"]], {2: ["whole"]}),
    "tilt beyond upright": (
        [["项目编号", "组件倾角", "备案日期"], ["P1", "95°", "2023-05-01"]], {2: ["range"]}),
    "a card without a date": (
        [CARD, ["P1", "B1", 50, None, None], GOOD], {2: ["no_stage"]}),
    "one project twice, differently": (
        [CARD, ["P1", "B1", 50, "2023-05-01", None], GOOD, ["P1", "B1", 60, "2023-05-01", None]],
        {2: ["contradiction"], 4: ["contradiction"]}),
    "two columns of one name": (
        [["项目编号", "装机容量", "装机容量", "备案日期"], ["P1", 5, 6, "2023-05-01"], ["P2", 5, 5, "2023-05-01"]],
        {2: ["twins"]}),
    "an unknown stage": (
        [EVENT, ["P1", "上天", "2023-05-01", 5], ["P1", "备案", "2023-05-01", 5]], {2: ["word"]}),
    "no stage at all": (
        [EVENT, ["P1", None, "2023-05-01", 5]], {2: ["blank"]}),
    "no column for the day": (
        [["项目编号", "阶段", "容量"], ["P1", "备案", 5], ["P2", "并网", 5]],
        {2: ["no_column"], 3: ["no_column"]}),
    "a correction without a reason": (
        [EVENT, ["P1", "更正", "2023-05-01", 5]], {2: ["no_reason"]}),
    "id and name of two buildings": (
        [["项目编号", "建筑编号", "建筑名称", "备案日期"], ["P1", "B1", "图书馆", "2023-05-01"]],
        {2: ["asked_contradiction"]}),
    "a name of two buildings": (
        [["项目编号", "建筑名称", "备案日期"], ["P1", "实验小学", "2023-05-01"]], {2: ["asked_several"]}),
    "an id that became a date": (
        [EVENT, [dt.datetime(2023, 3, 1), "备案", "2023-05-01", 5]], {2: ["id_date"]}),
    "the 13th month": (
        [METER, ["K1", "2025-13", 5, None, None], ["K1", "2025-12", 5, None, None]], {2: ["month"]}),
    "a month without its year": (
        [METER, ["K1", "3月", 5, None, None]], {2: ["year"]}),
    "a month that is not over": (
        [METER, ["K1", "2026-07", 5, None, None]], {2: ["month_future"]}),
    "a meter of an unknown project": (
        [METER, ["K2", "2025-03", 5, None, None]], {2: ["no_project"]}),
    "a meter that stood still in words": (
        [METER, ["K1", "2025-03", "停机", None, None]], {2: ["number"]}),
    "more used than generated": (
        [METER, ["K1", "2025-03", 100, 80, 30]], {2: ["balance"]}),
    "no reading": (
        [METER, ["K1", "2025-03", None, None, None]], {2: ["blank"]}),
    "one month twice": (
        [METER, ["K1", "2025-03", 100, None, None], ["K1", "2025年3月", 200, None, None]],
        {2: ["contradiction"], 3: ["contradiction"]}),
    "perhaps reserved": (
        [FACTS, ["B1", None, "已竣工", "2023-05-01", "也许"]], {2: ["word"]}),
    "completed next year": (
        [FACTS, ["B1", None, "已竣工", "2027-05-01", "是"]], {2: ["future"]}),
    "a building that nobody knows": (
        [FACTS, [None, "空中楼阁", "已竣工", "2023-05-01", "是"]], {2: ["asked_unknown"]}),
    "no building": (
        [FACTS, [None, None, "已竣工", "2023-05-01", "是"]], {2: ["blank"]}),
    "a diagnosis of nobody": (
        [["建筑名称", "诊断状态", "诊断日期"], [None, "已完成", "2025-01-01"], ["图书馆", "好", "2025-01-01"]],
        {2: ["blank"], 3: ["word"]}),
    "a tracker without year, and beyond its total": (
        [["指标名称", "年份", "完成数", "总数"], ["节约型机关", None, 5, 10], ["热计量", 2025, 11, 10]],
        {2: ["blank"], 3: ["more_than_total"]}),
    "equipment without a number": (
        [["设备编号", "设备名称", "额定功率(kW)", "台数"], [None, "水泵", 5, 1], ["E1", "水泵", "5 kWh", 1]],
        {2: ["blank"], 3: ["cell_unit"]}),
}  # fmt: skip


def on_file() -> pd.DataFrame:
    """One project with a meter."""
    return record(empty_ledger(), [Event("project", "K1", "connected", dt.date(2024, 1, 1))])


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rows_are_refused_with_their_reasons(tmp_path, name):
    """Just the rows that are wrong, each for what is wrong with it; the file records nothing."""
    rows, reasons = BROKEN[name]
    proposal = look(book(tmp_path / "a.xlsx", ("Sheet1", rows)), on_file())
    assert why(proposal) == reasons
    assert proposal.events == []
    fine = {n: v for n, v in verdicts(proposal).items() if n not in reasons}
    assert set(fine.values()) <= {"new"}
    assert len(fine) == len(rows) - 1 - len(reasons)


def test_figures_in_merged_cells(tmp_path):
    """A capacity merged over two projects would count twice: both rows are refused."""
    rows = [CARD, ["P1", "B1", 100, "2023-05-01", None], ["P2", "B2", None, "2023-05-01", None]]
    proposal = look(merged(tmp_path / "a.xlsx", rows, "C2:C3"))
    assert why(proposal) == {2: ["shared"], 3: ["shared"]}


def test_formulas_that_were_never_worked_out(tmp_path):
    """A formula without a value is no blank cell."""
    file = book(
        tmp_path / "a.xlsx", ("Sheet1", [CARD, GOOD, ["P1", "B1", "=50*2", "2023-05-01", None]])
    )
    assert why(look(file)) == {3: ["formula"]}


def altered(change: Callable[[Any], None]) -> Callable[[Path], Path]:
    """Export a register and change the second event of the workbook."""

    def write(path: Path) -> Path:
        export_register(on_file(), path, "zh", today=dt.date(2026, 6, 30))

        def edit(sheet: Any) -> None:
            heads = {c.value: c.column for c in sheet[3]}
            change(lambda name, value: setattr(sheet.cell(4, heads[name]), "value", value))

        return changed_sheet(path, "登记簿", edit)

    return write


def changed_sheet(path: Path, title: str, change: Callable[[Any], None]) -> Path:
    """Change one sheet of a workbook."""
    return changed(path, lambda first: change(first.parent[title]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda put: put("内容", json.dumps({"capacity_kwp": 1})), "altered"),
        (lambda put: put("内容", "[1]"), "json"),
        (lambda put: put("内容", "{"), "json"),
        (lambda put: put("发生日期", "2024-02-30"), "date"),
        (lambda put: put("对象类别", "光伏"), "word"),
        (lambda put: put("事件编号", None), "blank"),
        (lambda put: (put("事件编号", "E1"), put("登记人", "x")), ""),
    ],
)
def test_exports_that_were_edited(tmp_path, change, reason):
    """An event that no longer is what its id stands for is refused; an id of one's own is not."""
    proposal = look(altered(change)(tmp_path / "a.xlsx"), on_file())
    assert why(proposal) == ({4: [reason]} if reason else {})


def test_events_on_file_are_never_changed(tmp_path):
    """An export of another register with the same id and another content is refused."""
    one = record(
        empty_ledger(), [Event("project", "P", "filed", dt.date(2024, 1, 1), event_id="E1")]
    )
    two = record(
        empty_ledger(), [Event("project", "P", "filed", dt.date(2024, 1, 2), event_id="E1")]
    )
    export_register(one, tmp_path / "a.csv", "en", today=dt.date(2026, 6, 30))
    proposal = look(tmp_path / "a.csv", two)
    assert why(proposal) == {2: ["event_differs"]}


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.xls", "b.xlsx"])
def test_files_that_are_none(tmp_path, name):
    """What is no table is said of the file, before any row."""
    content = {
        "a.xlsx": b"PK\x03\x04 broken",
        "a.csv": b"\x81\xff\xff",
        "a.xls": b"\xd0\xcf\x11\xe0",
    }
    if name in content:
        (tmp_path / name).write_bytes(content[name])
    with pytest.raises(LayerError, match=r"a\.|b\."):
        look(tmp_path / name)
