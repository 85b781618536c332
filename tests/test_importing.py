"""Spreadsheets of the office become the events that they speak of."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from importing_sheets import (
    TODAY,
    book,
    changed,
    look,
    merged,
    position,
    record,
    said,
    verdicts,
    why,
    worked_out,
)

from hexi_solar.datum import gcj02_from_wgs84
from hexi_solar.errors import RegisterError
from hexi_solar.importing import Memory, verdict_workbook
from hexi_solar.ledger import Event, event_id_of, project_register, readings, states

CARDS = ["项目编号", "建筑编号", "装机容量(kW)", "备案日期", "并网日期"]
FILED = ("filed", "2023-05-01")


def cards(path: Path, *rows: list[object], heads: list[str] = CARDS) -> Path:
    return book(path / "cards.xlsx", ("台账", [heads, *rows]))


def test_a_register_made_by_hand(tmp_path):
    """Title, unit line, header of two rows, full-width digits, dates of all kinds, total and note."""
    rows = [
        ["河西区分布式光伏项目台账（2026年6月）"],
        ["单位：MW"],
        ["序号", "备案号", "建筑名称", "装机容量", None, "备案日期", "并网日期"],
        [None, None, None, "备案", "并网", None, None],
        [1, " PV－001 ", "第一中学", "０．１", 0.096, "二〇二三年一月", "2023.5.6"],
        [2, "PV-002", "人民医院 ", "200kW", None, 45000, "2025年1月"],
        ["小计", None, None, 0.3, 0.096],
        [],
        [3, "'PV-003", "图书馆", "1,200 千瓦", 1.25, dt.datetime(2024, 3, 1), "2024/12/3"],
        ["合 计", None, None, 1.5, 1.346],
        ["注：容量为直流侧。"],
        ["填表人：李四", None, None, "审核人：王五"],
    ]
    areas = ("A1:G1", "D3:E3", "A3:A4", "B3:B4", "C3:C4", "F3:F4", "G3:G4")
    proposal = look(merged(tmp_path / "a.xlsx", rows, *areas))
    assert said(proposal) == [
        ("PV-001", "filed", "2023-01-31", {"building_id": "B1", "capacity_kwp": 100}),
        ("PV-001", "connected", "2023-05-06", {"building_id": "B1", "capacity_kwp": 96}),
        ("PV-002", "filed", "2023-03-15", {"building_id": "B2", "capacity_kwp": 200}),
        ("PV-002", "connected", "2025-01-31", {"building_id": "B2"}),
        ("PV-003", "filed", "2024-03-01", {"building_id": "B5", "capacity_kwp": 1200}),
        ("PV-003", "connected", "2024-12-03", {"building_id": "B5", "capacity_kwp": 1250}),
    ]
    assert verdicts(proposal) == {
        5: "new", 6: "new", 7: "passed", 9: "new", 10: "passed", 11: "passed", 12: "passed",
    }  # fmt: skip
    event = proposal.events[0]
    assert (event.source, event.source_row) == ("a.xlsx", 5)
    assert event.source_sha256 == proposal.sha256


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig", "utf-16"])
def test_csv_of_any_program(tmp_path, encoding):
    """GBK of Excel, UTF-8 with its mark, and UTF-16 of "Unicode text" say the same."""
    between = "\t" if encoding == "utf-16" else ","
    lines = [
        "项目编号,阶段,发生日期,容量（万千瓦）",
        "P1,备案,2025年1月5日,0.01",
        ",,,",
        "P1,并网,2025.6.1,0.01",
    ]
    text = "\r\n".join(lines).replace(",", between)
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    proposal = look(tmp_path / "a.csv")
    assert said(proposal) == [
        ("P1", "filed", "2025-01-05", {"capacity_kwp": 100}),
        ("P1", "connected", "2025-06-01", {"capacity_kwp": 100}),
    ]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025.1.5", "2025-01-05"), ("2025/1/5", "2025-01-05"), ("2025-01-05", "2025-01-05"),
        ("２０２５年１月５日", "2025-01-05"), ("二〇二五年一月五日", "2025-01-05"),
        ("二零二五年十二月三十一日", "2025-12-31"), ("2025年1月", "2025-01-31"),
        ("2025-01", "2025-01-31"), ("202501", "2025-01-31"), ("20250105", "2025-01-05"),
        (45662, "2025-01-05"), ("45662", "2025-01-05"), (dt.datetime(2025, 1, 5), "2025-01-05"),
        (dt.datetime(2025, 1, 5, 14, 30), "2025-01-05"), ("2025年", "2025-12-31"),
        ("'2025-01-05", "2025-01-05"), (" 2025 年 1 月 5 日 ", "2025-01-05"),
    ],
)  # fmt: skip
def test_dates_of_all_kinds(tmp_path, cell, day):
    """However a day is written, it is that day; the last one where only the month is said."""
    proposal = look(cards(tmp_path, ["P1", "B1", 100, cell, None]))
    assert [e[2] for e in said(proposal)] == [day]


@pytest.mark.parametrize(
    ("head", "cell", "kwp"),
    [
        ("装机容量", 100, 100), ("装机容量(kW)", 100, 100), ("装机容量（MW）", 0.1, 100),
        ("装机容量kWp", "100", 100), ("装机容量MW", "0.1", 100), ("装机容量/兆瓦", "0.1兆瓦", 100),
        ("装机容量(MWp)", "100 kWp", 100), ("容量", "1,000 W", 1), ("装机容量(万千瓦)", 0.01, 100),
        ("装机容量（kW）", "１００", 100), ("装机容量(kW) ", " 100 ", 100),
        ("装机容量\n(kW)", 100.0, 100),
    ],
)  # fmt: skip
def test_units_in_header_or_cell(tmp_path, head, cell, kwp):
    """A unit in the cell counts before that of the header; without one it is ours."""
    heads = ["项目编号", "建筑编号", head, "备案日期", "并网日期"]
    if head == "装机容量/兆瓦":
        heads[2] = "装机容量"
    proposal = look(cards(tmp_path, ["P1", "B1", cell, "2023-05-01", None], heads=heads))
    assert [e[3]["capacity_kwp"] for e in said(proposal)] == [kwp]


def test_areas_in_mu_and_ten_thousands(tmp_path):
    """15 mu are one hectare; 1.2 of ten thousand square metres are 12,000."""
    rows = [
        ["建筑编号", "建筑面积（万平方米）", "设计屋顶面积（亩）", "竣工日期"],
        ["B1", 1.2, 15, "2022年6月"],
        ["B2", "3000㎡", "2.5 公顷", "2023-07-01"],
    ]
    proposal = look(book(tmp_path / "a.xlsx", ("建筑", rows)))
    facts = {e[0]: e[3] for e in said(proposal)}
    assert (facts["B1"]["floor_area_m2"], facts["B1"]["roof_area_m2"]) == (12_000, 10_000)
    assert (facts["B2"]["floor_area_m2"], facts["B2"]["roof_area_m2"]) == (3000, 25_000)


def test_readings_one_row_per_month(tmp_path):
    """Project, month and energy; the year may stand in the title alone."""
    filed = [Event("project", "P1", "connected", dt.date(2024, 1, 1))]
    ledger = record(look_nothing(), filed)
    rows = [
        ["2025年发电量抄表汇总"],
        ["项目编号", "月份", "发电量（万kWh）", "上网电量(kWh)"],
        ["P1", "1月", 1.2, 3000],
        ["Ｐ1", "二月", "1.1", "2,500度"],
        ["P1", dt.datetime(2025, 3, 1), 1.5, None],
    ]
    proposal = look(book(tmp_path / "a.xlsx", ("抄表", rows)), ledger)
    after = record(ledger, proposal.events)
    table = readings(after, TODAY)
    assert table["generation_kwh"].to_dict() == {
        ("P1", "2025-01"): 12_000.0, ("P1", "2025-02"): 11_000.0, ("P1", "2025-03"): 15_000.0,
    }  # fmt: skip
    assert table.loc[("P1", "2025-02"), "feed_in_kwh"] == 2500.0
    assert [e.valid_on.isoformat() for e in proposal.events] == [
        "2025-01-31", "2025-02-28", "2025-03-31",
    ]  # fmt: skip


def look_nothing() -> pd.DataFrame:
    from hexi_solar.ledger import empty_ledger

    return empty_ledger()


def test_readings_one_column_per_month(tmp_path):
    """Months across, their year above them in a merged cell, a total that is passed over."""
    ledger = record(look_nothing(), [Event("project", "P1", "connected", dt.date(2024, 1, 1))])
    rows = [
        ["发电量统计（单位：MWh）"],
        ["项目编号", "2024年", None, "2025年", None, "合计"],
        [None, "11月", "12月", "1月", "2月", None],
        ["P1", 10, 8.5, None, "12", 30.5],
    ]
    areas = ("A1:F1", "A2:A3", "B2:C2", "D2:E2", "F2:F3")
    proposal = look(merged(tmp_path / "a.xlsx", rows, *areas), ledger)
    found = [(e.payload["month"], e.payload["generation_kwh"]) for e in proposal.events]
    assert found == [("2024-11", 10_000), ("2024-12", 8500), ("2025-02", 12_000)]


def test_approval_list(tmp_path):
    """Buildings that are not in the layer yet get an id of name and address, and keep it."""
    heads = [
        "项目代码", "建筑名称", "地址", "建设状态", "批复日期", "预计竣工日期", "设计屋顶面积㎡",
        "预留光伏", "荷载预留", "建设运营方", "同步建设",
    ]  # fmt: skip
    rows = [
        heads,
        ["2301-120103", "新建小学", "绍兴道1号", "在建", "2025年3月", "2027-08", 1800, "√", "是", "已落实", "同步"],
        [None, "新建社区医院", "宾水道9号", "已批复", "2026-01-10", "2028年", "2500", "否", "否", "未落实", "×"],
    ]  # fmt: skip
    file = book(tmp_path / "a.xlsx", ("审批清单", rows))
    proposal = look(file)
    assert verdicts(proposal) == {2: "new", 3: "new"}
    (school, clinic) = proposal.events
    assert (school.entity, school.valid_on.isoformat()) == ("2301-120103", "2025-03-31")
    assert dict(school.payload) == {
        "name": "新建小学", "address": "绍兴道1号", "status": "building", "approved_on": "2025-03-31",
        "expected_on": "2027-08-31", "roof_area_m2": 1800, "pv_reserved": "yes",
        "load_in_design": "yes", "builder_found": "yes", "pv_together": "yes",
    }  # fmt: skip
    assert clinic.entity.startswith("n-")
    assert clinic.payload["pv_together"] == "no"
    ledger = record(look_nothing(), proposal.events)
    assert verdicts(look(file, ledger)) == {2: "same", 3: "same"}
    # completed a year later: the same building goes on, no correction and no reason
    done = [["建筑名称", "建设状态", "竣工日期"], ["新建社区医院", "已竣工", "2026-06-01"]]
    later = look(book(tmp_path / "b.xlsx", ("竣工", done)), ledger)
    assert [(e.entity, e.kind, e.valid_on.isoformat()) for e in later.events] == [
        (clinic.entity, "stated", "2026-06-01")
    ]
    state = states(record(ledger, later.events), "building", TODAY).loc[clinic.entity]
    assert (state["status"], state["completed_on"]) == ("completed", "2026-06-01")


def test_diagnoses_trackers_and_equipment_in_one_workbook(tmp_path):
    """Each sheet is read as what it is; a sheet of something else is passed over and said."""
    ledger = look_nothing()
    file = book(
        tmp_path / "a.xlsx",
        ("诊断", [["建筑名称", "地址", "诊断状态", "诊断日期", "诊断单位", "可节电量(万kWh)"],
                  ["实验小学", "洞庭路4号", "已完成", "2025年4月", "节能所", 1.5],
                  ["图书馆", None, "计划", "2027-01", "节能所", None]]),
        ("指标", [["指标名称", "年份", "完成数", "总数", "单位"],
                  ["节约型机关", 2025, "82家", 100, "家"]]),
        ("设备", [["设备编号", "所在建筑", "设备名称", "额定功率(kW)", "台数", "投用日期"],
                  ["E-1", "人民医院", "冷水机组", "350 kW", "2台", "2019"]]),
        ("通讯录", [["科室", "房间"], ["综合科", 301]]),
    )  # fmt: skip
    proposal = look(file, ledger)
    found = {(e.entity_type, e.entity, e.kind, e.valid_on.isoformat()) for e in proposal.events}
    assert found == {
        ("diagnosis", "B4", "done", "2025-04-30"), ("diagnosis", "B5", "planned", "2027-01-31"),
        ("tracker", "saving_bodies", "stated", "2025-12-31"), ("equipment", "E-1", "stated", "2019-12-31"),
    }  # fmt: skip
    payloads = {e.entity: dict(e.payload) for e in proposal.events}
    assert payloads["B4"] == {"provider": "节能所", "saving_kwh": 15_000}
    assert payloads["saving_bodies"] == {"value": 82, "total": 100, "unit": "家", "year": 2025}
    assert payloads["E-1"] == {
        "building_id": "B2", "name": "冷水机组", "power_kw": 350, "count": 2,
        "installed_on": "2019-12-31",
    }  # fmt: skip
    assert [p.code for p in proposal.notices] == ["import_sheet_unknown"]
    assert proposal.events[0].source == "a.xlsx#诊断"


def test_merged_group_cells_hidden_rows_and_repeated_headers(tmp_path):
    """A merged stage holds for all its rows; hidden rows count; a page's header is no row."""
    rows = [
        ["阶段", "项目编号", "日期", "容量"],
        ["备案", "P1", "2025-01-01", 10],
        [None, "P2", "2025-01-02", 20],
        ["阶段", "项目编号", "日期", "容量"],
        ["并网", "P1", "2025-05-01", 10],
    ]
    file = merged(tmp_path / "a.xlsx", rows, "A2:A3")
    changed(file, lambda sheet: setattr(sheet.row_dimensions[3], "hidden", True))
    proposal = look(file)
    assert [e[:3] for e in said(proposal)] == [
        ("P1", "filed", "2025-01-01"), ("P2", "filed", "2025-01-02"), ("P1", "connected", "2025-05-01"),
    ]  # fmt: skip
    assert verdicts(proposal)[4] == "passed"
    assert "import_hidden" in [p.code for row in proposal if row.row == 3 for p in row.notes]


def test_formulas_count_with_their_values(tmp_path):
    """A formula is the value that it had when the file was saved."""
    rows = [CARDS, ["P1", "B1", ("=2*48", 96), "2023-05-01", ("=DATE(2024,5,1)", 45413)]]
    proposal = look(worked_out(tmp_path / "a.xlsx", rows))
    assert [(e[2], e[3]["capacity_kwp"]) for e in said(proposal)] == [
        ("2023-05-01", 96), ("2024-05-01", 96),
    ]  # fmt: skip


def test_people_stay_out_of_the_events(tmp_path):
    """Columns of people, and a mobile number in a remark, are in no event."""
    heads = [*CARDS, "联系人", "联系电话", "备注"]
    row = ["P1", "B1", 10, "2023-05-01", None, "张三", "13812345678", "找李四13912345678"]
    proposal = look(cards(tmp_path, row, heads=heads))
    written = str(proposal.events)
    assert not any(word in written for word in ("张三", "13812345678", "13912345678"))
    (contact,) = proposal.contacts
    assert (contact.entity, contact.facts) == ("P1", {"person": "张三", "phone": "13812345678"})


# -------------------------------------------------------------------------- what is on file


def test_a_second_import_changes_nothing(tmp_path):
    """The same file again is the same row by row, and no event; so is it with a row added."""
    rows = (["P1", "B1", 100, "2023-05-01", "2024-05-01"], ["P2", "B2", 50, "2023-06-01", None])
    file = cards(tmp_path, *rows)
    ledger = record(look_nothing(), look(file).events)
    again = look(file, ledger)
    assert (verdicts(again), again.events) == ({2: "same", 3: "same"}, [])
    more = look(cards(tmp_path, *rows, ["P3", "B5", 20, "2026-01-01", None]), ledger)
    assert verdicts(more) == {2: "same", 3: "same", 4: "new"}


def test_a_card_that_went_on(tmp_path):
    """A further stage is one event with the facts of now; the filed capacity stays what it was."""
    ledger = record(
        look_nothing(), look(cards(tmp_path, ["P1", "B1", 100, "2023-05-01", None])).events
    )
    later = look(cards(tmp_path, ["P1", "B1", 96, "2023-05-01", "2024-05-01"]), ledger)
    assert verdicts(later) == {2: "changed"}
    assert said(later) == [
        ("P1", "connected", "2024-05-01", {"building_id": "B1", "capacity_kwp": 96})
    ]
    after = record(ledger, later.events)
    flat = project_register(after)
    assert flat["capacity_kwp"].tolist() == [100.0, 96.0]


def test_a_correction_needs_a_reason_and_stays(tmp_path):
    """Without a reason the row is refused; with one it is a correction, and the old file stays old."""
    first = shutil.copy(cards(tmp_path, ["P1", "B1", 100, "2023-05-01", None]), tmp_path / "a.xlsx")
    ledger = record(look_nothing(), look(Path(first)).events)
    file = cards(tmp_path, ["P1", "B1", 90, "2023-05-01", None])
    refused = look(file, ledger)
    assert why(refused) == {2: ["no_reason"]}
    (row,) = refused
    assert [(c.field, c.old, c.new) for c in row.changes] == [("capacity_kwp", 100, 90)]
    taken = look(file, ledger, reason="按竣工图更正")
    (event,) = taken.events
    assert (event.kind, event.reason, dict(event.payload)) == (
        "correction", "按竣工图更正", {"capacity_kwp": 90},
    )  # fmt: skip
    after = record(ledger, taken.events)
    assert verdicts(look(file, after)) == {2: "same"}
    assert verdicts(look(Path(first), after)) == {2: "same"}
    assert states(after, "project", TODAY).loc["P1", "capacity_kwp"] == 90


def test_a_stage_on_another_day(tmp_path):
    """A date that was wrong is withdrawn and said anew; the state knows the new one only."""
    ledger = record(
        look_nothing(), look(cards(tmp_path, ["P1", "B1", 100, "2023-05-01", None])).events
    )
    file = cards(tmp_path, ["P1", "B1", 100, "2023-07-01", None])
    assert why(look(file, ledger)) == {2: ["no_reason"]}
    taken = look(file, ledger, reason="备案表日期有误")
    assert [(e.kind, e.valid_on.isoformat()) for e in taken.events] == [
        ("withdrawn", "2023-05-01"), ("filed", "2023-07-01"),
    ]  # fmt: skip
    after = record(ledger, taken.events)
    assert states(after, "project", dt.date(2023, 6, 1)).empty
    assert verdicts(look(file, after)) == {2: "same"}


def test_a_month_inside_which_the_day_on_file_lies(tmp_path):
    """A card that says 2023年5月 does not contradict 12 May 2023 on file."""
    ledger = record(
        look_nothing(), look(cards(tmp_path, ["P1", "B1", 100, "2023-05-12", None])).events
    )
    assert verdicts(look(cards(tmp_path, ["P1", "B1", 100, "2023年5月", None]), ledger)) == {
        2: "same"
    }


def test_a_reading_that_was_wrong(tmp_path):
    """Another value for a month is a correction of that month alone."""
    ledger = record(look_nothing(), [Event("project", "P1", "connected", dt.date(2024, 1, 1))])
    heads = ["项目编号", "月份", "发电量"]
    rows = [["P1", "2025-01", 100], ["P1", "2025-02", 200]]
    file = book(tmp_path / "a.xlsx", ("抄表", [heads, *rows]))
    ledger = record(ledger, look(file, ledger).events)
    other = book(
        tmp_path / "b.xlsx", ("抄表", [heads, ["P1", "2025-01", 110], ["P1", "2025-02", 200]])
    )
    assert why(look(other, ledger)) == {2: ["no_reason"]}
    taken = look(other, ledger, reason="复抄")
    assert verdicts(taken) == {2: "changed", 3: "same"}
    assert readings(record(ledger, taken.events), TODAY)["generation_kwh"].tolist() == [
        110.0,
        200.0,
    ]


def test_what_came_about_is_no_correction(tmp_path):
    """A figure of a later year stands beside that of an earlier one, each true in its time."""
    heads = ["建筑编号", "年度", "年用电量(万kWh)"]
    file = book(tmp_path / "a.xlsx", ("用能", [heads, ["B1", 2023, 50]]))
    ledger = record(look_nothing(), look(file).events)
    later = look(book(tmp_path / "b.xlsx", ("用能", [heads, ["B1", 2024, 45]])), ledger)
    assert [(e.kind, e.valid_on.year) for e in later.events] == [("stated", 2024)]
    after = record(ledger, later.events)
    used = [
        states(after, "building", dt.date(y, 12, 31)).loc["B1", "electricity_kwh"]
        for y in (2023, 2024)
    ]
    assert used == [500_000, 450_000]


# ------------------------------------------------------------------------------- buildings


def test_buildings_by_id_code_name_and_position(tmp_path):
    """Each of them finds its building; a shifted position does so with its datum alone."""
    x, y = position(5)
    shifted = [float(c) for c in gcj02_from_wgs84(x, y)]
    heads = ["项目编号", "建筑编号", "建筑名称", "地址", "经度", "纬度", "备案日期"]
    rows = [
        ["P1", "b1", None, None, None, None, "2023-05-01"],
        ["P2", None, "人民 医院", None, None, None, "2023-05-01"],
        ["P3", None, "实验小学", "天津市河西区洞庭路4号", None, None, "2023-05-01"],
        ["P4", None, None, None, x, y, "2023-05-01"],
        ["P5", None, "实验小学", None, *position(3), "2023-05-01"],
    ]
    proposal = look(book(tmp_path / "a.xlsx", ("台账", [heads, *rows])))
    assert [e[3]["building_id"] for e in said(proposal)] == ["B1", "B2", "B4", "B5", "B3"]
    there = book(
        tmp_path / "b.xlsx", ("台账", [heads, ["P4", *[None] * 3, *shifted, "2023-05-01"]])
    )
    assert [e[3] for e in said(look(there))] == [{}]
    assert [e[3]["building_id"] for e in said(look(there, datum="gcj02"))] == ["B5"]
    facts = [["房屋代码", "竣工日期"], ["12010302", "2022-05-01"]]
    assert said(look(book(tmp_path / "c.xlsx", ("建筑", facts))))[0][0] == "B2"


def test_ambiguous_buildings_are_asked_once(tmp_path):
    """Two schools of one name are asked; the answer in the workbook counts and is remembered."""
    heads = ["项目编号", "建筑名称", "装机容量", "备案日期"]
    rows = [
        ["单位：MW"],
        heads,
        ["P1", "实验小学", 0.1, "2023-05-01"],
        ["P2", "图书馆", 0.2, "2023-05-01"],
    ]
    file = book(tmp_path / "a.xlsx", ("台账", rows))
    proposal = look(file)
    assert (verdicts(proposal), proposal.events) == ({3: "asked", 4: "new"}, [])
    (question,) = proposal.questions
    assert question.candidates == ("B3", "B4")
    check = verdict_workbook(proposal, tmp_path / "check.xlsx", "zh", today=TODAY)
    made = openpyxl.load_workbook(check)
    made["待确认建筑"]["D5"] = question.shown[1]
    made.save(check)
    answered = look(check)
    assert [(e[0], e[3]) for e in said(answered)] == [
        ("P1", {"building_id": "B4", "capacity_kwp": 100}),
        ("P2", {"building_id": "B5", "capacity_kwp": 200}),
    ]  # fmt: skip
    memory = Memory().and_also(answered.columns, answered.matches)
    memory.write(tmp_path / "memory.json")
    again = look(file, memory=Memory.read(tmp_path / "memory.json"))
    assert said(again) == said(answered)


def test_an_answer_that_it_is_none_of_them(tmp_path):
    """A dash says that the building is none that we know: the project stands on no building."""
    file = book(
        tmp_path / "a.xlsx",
        ("台账", [["项目编号", "建筑名称", "备案日期"], ["P1", "实验小学", "2023-05-01"]]),
    )
    (question,) = look(file).questions
    proposal = look(file, memory=Memory(matches={question.asked.key: "-"}))
    assert said(proposal) == [("P1", *FILED, {})]


# -------------------------------------------------------------------- columns and their memory


def test_a_column_of_an_unknown_name_is_told_once(tmp_path):
    """What someone says of a column counts, is remembered for that header, and may pass one over."""
    rows = [["项目编号", "发电能力", "备案日期", "装机容量"], ["P1", 100, "2023-05-01", 7]]
    file = book(tmp_path / "a.xlsx", ("台账", rows))
    assert said(look(file))[0][3] == {"capacity_kwp": 7}
    told = look(file, columns={"发电能力": "capacity_kwp", "装机容量": "-"})
    assert said(told)[0][3] == {"capacity_kwp": 100}
    memory = Memory().and_also(told.columns)
    # the column that was passed over stays so
    assert said(look(file, memory=memory))[0][3] == {"capacity_kwp": 100}
    other = book(
        tmp_path / "b.xlsx",
        ("台账", [["项目编号", "装机容量", "备案日期"], ["P1", 7, "2023-05-01"]]),
    )
    assert said(look(other, memory=memory))[0][3] == {"capacity_kwp": 7}


def test_the_sheet_of_columns_can_be_answered(tmp_path):
    """A column named in the verdict workbook is read so when the workbook comes back."""
    file = book(
        tmp_path / "a.xlsx",
        ("台账", [["项目编号", "发电能力", "备案日期"], ["P1", 100, "2023-05-01"]]),
    )
    check = verdict_workbook(look(file), tmp_path / "check.xlsx", "en", today=TODAY)
    made = openpyxl.load_workbook(check)
    sheet = made["Columns"]
    row = next(r for r in range(1, 20) if sheet.cell(r, 2).value == "发电能力")
    sheet.cell(row, 6).value = "capacity_kwp"
    made.save(check)
    # the header of the workbook that comes back has verdicts in front
    assert said(look(check))[0][3] == {"capacity_kwp": 100}


def test_unknown_columns_and_kinds_are_named(tmp_path):
    """A slip in the name of a column or kind is answered with the nearest."""
    file = cards(tmp_path, ["P1", "B1", 1, "2023-05-01", None])
    with pytest.raises(RegisterError, match="capacity_kwp"):
        look(file, columns={"装机容量(kW)": "capacity_kw"})
    with pytest.raises(RegisterError, match="projects"):
        look(file, kind="project")
    with pytest.raises(RegisterError, match="columns found: 甲, 乙"):
        look(book(tmp_path / "b.xlsx", ("x", [["甲", "乙"], [1, 2]])))


def test_a_damaged_memory_is_named(tmp_path):
    """What is not ours is said, and what to do."""
    (tmp_path / "m.json").write_text("[1]")
    with pytest.raises(RegisterError, match="delete it"):
        Memory.read(tmp_path / "m.json")


def test_an_older_register_is_taken_over_with_its_clocks(tmp_path):
    """Ids, times and recorders stay; read again it is the same."""
    rows = [["事件编号", "项目编号", "阶段", "发生日期", "登记时间", "登记人", "容量"],
            ["E1", "P1", "备案", "2023-05-01", "2023-06-02", "老王", 10]]  # fmt: skip
    file = book(tmp_path / "a.xlsx", ("台账", rows))
    proposal = look(file, take_over=True)
    (event,) = proposal.events
    assert (event.event_id, event.recorded_by, event.recorded_at) == (
        "E1", "老王", dt.datetime(2023, 6, 2),
    )  # fmt: skip
    ledger = record(look_nothing(), proposal.events)
    assert verdicts(look(file, ledger, take_over=True)) == {2: "same"}
    plain = look(file)
    assert (plain.events[0].recorded_at, plain.events[0].event_id) == (
        None, event_id_of(plain.events[0]),
    )  # fmt: skip
    assert "import_take_over" in [p.code for p in plain.notices]


def test_an_older_register_keeps_the_time_of_recording(tmp_path):
    """A time that is written to the microsecond stays so, in a text and with its zone."""
    heads = ["事件编号", "项目编号", "阶段", "发生日期", "登记时间", "登记人", "容量"]
    written = ["2023-06-02 08:30:00.123456", "2023-06-03T08:30:00.000001+08:00", "2023-06-04"]
    rows = [
        [f"E{n}", f"P{n}", "备案", "2023-05-01", at, "老王", 10] for n, at in enumerate(written)
    ]
    proposal = look(book(tmp_path / "a.xlsx", ("台账", [heads, *rows])), take_over=True)
    zone = dt.timezone(dt.timedelta(hours=8))
    assert [event.recorded_at for event in proposal.events] == [
        dt.datetime(2023, 6, 2, 8, 30, 0, 123456),
        dt.datetime(2023, 6, 3, 8, 30, 0, 1, zone),
        dt.datetime(2023, 6, 4),
    ]


def test_a_name_written_once_for_a_group(tmp_path):
    """Blank cells below a project mean it where the sheet is written so, and each row says so."""
    heads = ["项目编号", "阶段", "发生日期", "装机容量(kW)"]
    rows = [["P1", "备案", "2023-05-01", 10], [None, "开工", "2023-06-01", 10],
            [None, "并网", "2023-08-01", 10], ["P2", "备案", "2023-05-01", 20],
            [None, "并网", "2023-09-01", 20]]  # fmt: skip
    proposal = look(book(tmp_path / "a.xlsx", ("台账", [heads, *rows])))
    assert [event.entity for event in proposal.events] == ["P1", "P1", "P1", "P2", "P2"]
    noted = {
        r.row: [p.fields["row"] for p in r.notes if p.code == "import_as_above"] for r in proposal
    }
    assert noted == {2: [], 3: [2], 4: [2], 5: [], 6: [5]}


def test_one_name_that_is_missing_is_not_a_group(tmp_path):
    """A single blank among many is refused, and so is one below a total."""
    heads = ["项目编号", "阶段", "发生日期", "装机容量(kW)"]
    rows = [[f"P{n}", "备案", "2023-05-01", 10] for n in range(6)]
    rows[3] = [None, "备案", "2023-05-02", 10]
    assert why(look(book(tmp_path / "a.xlsx", ("台账", [heads, *rows])))) == {5: ["blank"]}
    rows = [["P1", "备案", "2023-05-01", 10], [None, "开工", "2023-06-01", 10],
            [None, "并网", "2023-07-01", 10], ["小计", None, None, 30],
            [None, "退役", "2024-07-01", 10]]  # fmt: skip
    assert why(look(book(tmp_path / "b.xlsx", ("台账", [heads, *rows])))) == {6: ["blank"]}


def test_the_sheets_of_the_demonstration_district(tmp_path):
    """All that its office keeps is taken, row by row; a second time nothing is new."""
    import geopandas as gpd

    from hexi_solar.demo import write_demo

    write_demo(tmp_path)
    layer = gpd.read_file(tmp_path / "buildings.geojson")
    named = layer.rename(columns={"名称": "name", "地址": "address"}).set_index("编号")
    ledger = look_nothing()
    for name in ("register", "ledger", "meters", "approvals", "diagnoses", "trackers", "equipment"):
        first = look(tmp_path / f"{name}.csv", ledger, buildings=named)
        assert set(verdicts(first).values()) <= {"new", "changed", "same"}, name
        assert len(verdicts(first)) == len(pd.read_csv(tmp_path / f"{name}.csv"))
        assert first.events
        ledger = record(ledger, first.events)
        again = look(tmp_path / f"{name}.csv", ledger, buildings=named)
        assert set(verdicts(again).values()) == {"same"}, name
