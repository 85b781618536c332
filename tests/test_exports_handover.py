"""Answers of installers are judged row by row: accepted, or refused with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from study_fixture import in_english, make_study

from hexi_solar.errors import LayerError
from hexi_solar.exports import read_answers
from hexi_solar.exports.handover import ANSWERS, write_handover

TODAY = dt.date(2026, 6, 30)
GOOD = {
    "surveyed_on": dt.date(2026, 3, 1),
    "load_result": "满足",
    "feasible_kwp": 100.0,
    "price_cny": 350000,
    "remark": "=cmd|' /C calc'!A0",
}
Fill = Callable[[dict[str, dict[str, Any]]], pd.DataFrame]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Hand the list out, write answers into it by building, read it back."""

    def answered(answers: dict[str, dict[str, Any]], english: bool = False) -> pd.DataFrame:
        study = in_english(make_study()) if english else make_study()
        path = tmp_path / "handover.xlsx"
        write_handover(study, path)
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        last = sheet.max_column
        rows = {sheet.cell(r, 1).value: r for r in range(1, sheet.max_row + 1)}
        for key, answer in answers.items():
            for i, name in enumerate(ANSWERS):
                cell = sheet.cell(rows[key], last - len(ANSWERS) + 1 + i)
                cell.value = answer.get(name)
                if name == "remark":
                    cell.data_type = "s"
        book.save(path)
        return read_answers(path, study.candidates, today=TODAY, language="zh").set_index(
            "building_id"
        )

    return answered


@pytest.mark.parametrize("english", [False, True])
def test_a_list_that_comes_back_empty_is_unanswered(fill, english):
    """Five roofs were handed out, none is refused."""
    answers = fill({}, english)
    assert list(answers["verdict"]) == ["unanswered"] * 5
    assert set(answers["why"]) == {""}


def test_a_good_answer_is_taken_over_as_it_was_written(fill):
    """Day, word, numbers and text; the rest of the list stays unanswered."""
    answers = fill({"b001": GOOD})
    row = answers.loc["b001"]
    assert row["verdict"] == "accepted"
    assert row["surveyed_on"] == pd.Timestamp("2026-03-01")
    assert row["load_result"] == "sufficient"
    assert (row["feasible_kwp"], row["price_cny"]) == (100.0, 350000.0)
    assert row["remark"] == GOOD["remark"]
    assert (answers["verdict"] == "unanswered").sum() == 4


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("surveyed_on", "2026年3月1日", pd.Timestamp("2026-03-01")),
        ("surveyed_on", "2026/03/01", pd.Timestamp("2026-03-01")),
        ("load_result", "To be strengthened", "strengthen"),
        ("load_result", "需 加固", "strengthen"),
        ("feasible_kwp", "1,00", 100.0),
        ("feasible_kwp", 0, 0.0),
        ("price_cny", " 350,000 ", 350000.0),
    ],
)
def test_what_people_write_is_understood(fill, name, value, kept):
    """Spellings of dates, words of either language, separated thousands."""
    answers = fill({"b001": {**GOOD, name: value}})
    assert answers.loc["b001", "verdict"] == "accepted"
    assert answers.loc["b001", name] == kept


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("surveyed_on", dt.date(2026, 7, 1), "踏勘日期"),
        ("surveyed_on", "上周", "踏勘日期"),
        ("surveyed_on", "2026-02-30", "踏勘日期"),
        ("surveyed_on", 45, "踏勘日期"),
        ("load_result", "还行", "荷载核查结果"),
        ("feasible_kwp", -1, "非负数"),
        ("feasible_kwp", "一百", "非负数"),
        ("feasible_kwp", "nan", "非负数"),
        ("feasible_kwp", 1e6, "铺满整个屋顶"),
        ("price_cny", "面议", "总报价"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(fill, name, value, why):
    """Each refusal names what was found; the other rows are not touched by it."""
    answers = fill({"b001": {**GOOD, name: value}, "b002": GOOD})
    assert answers.loc["b001", "verdict"] == "refused"
    assert why in answers.loc["b001", "why"]
    assert answers.loc["b002", "verdict"] == "accepted"


def test_all_that_is_wrong_with_a_row_is_said_at_once(fill):
    """A row is repaired once."""
    answers = fill({"b001": {**GOOD, "surveyed_on": "x", "load_result": "y", "price_cny": -1}})
    why = answers.loc["b001", "why"]
    assert all(part in why for part in ("踏勘日期", "荷载核查结果", "总报价"))


def test_capacity_on_a_roof_whose_load_fails_is_refused(fill):
    """The two answers contradict each other; without a capacity the row is a result."""
    bad = {**GOOD, "load_result": "不满足"}
    assert fill({"b001": bad}).loc["b001", "verdict"] == "refused"
    assert fill({"b001": {**bad, "feasible_kwp": None}}).loc["b001", "verdict"] == "accepted"


def test_the_limit_is_the_whole_roof_under_modules(fill):
    """b001: 216 modules of 0.55 kW on 2.58 m² each, 1800 m² of roof: at most 383.7 kWp."""
    most = 0.55 / 2.58 * 1800
    under, over = ({**GOOD, "feasible_kwp": most * part} for part in (0.999, 1.1))
    answers = fill({"b001": under, "b002": over})
    assert answers.loc["b001", "verdict"] == "accepted"
    assert answers.loc["b002", "verdict"] == "refused"


def test_ids_that_are_no_candidates_or_repeat_are_refused(tmp_path):
    """Lines added or copied by hand do not slip in; rows are named by their number."""
    study = make_study()
    path = tmp_path / "h.xlsx"
    write_handover(study, path)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    start = sheet.max_row + 1
    for i, key in enumerate(["b001", "=b1", None]):
        sheet.cell(start + i, 1).value = key
        sheet.cell(start + i, 1).data_type = "s" if key else "n"
        sheet.cell(start + i, sheet.max_column).value = "x"
    book.save(path)
    answers = read_answers(path, study.candidates, language="en", today=TODAY)
    assert list(answers.loc[start:, "verdict"]) == ["refused"] * 3
    assert "more than once" in answers.loc[start, "why"]
    assert "not a candidate" in answers.loc[start + 1, "why"]


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_workbook_is_refused_in_words(tmp_path, content):
    """Empty, text, an empty archive: one message that says what to do."""
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(LayerError, match=r"save it as \.xlsx"):
        read_answers(tmp_path / "a.xlsx", make_study().candidates)


def test_a_missing_file_and_a_workbook_without_the_header_are_refused(tmp_path):
    """Another list is not taken for an answer."""
    with pytest.raises(LayerError):
        read_answers(tmp_path / "none.xlsx", make_study().candidates)
    book = openpyxl.Workbook()
    book.active.append(["建筑编号", "备注"])
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(LayerError, match="no header row"):
        read_answers(tmp_path / "other.xlsx", make_study().candidates)


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    """The size is known before anything is unpacked."""
    from hexi_solar.exports import handover

    write_handover(make_study(), tmp_path / "h.xlsx")
    monkeypatch.setattr(handover, "LARGEST", 1000)
    with pytest.raises(LayerError, match="unpacks to"):
        read_answers(tmp_path / "h.xlsx", make_study().candidates)
