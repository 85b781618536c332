"""What is exported and read again is what it was."""

from __future__ import annotations

import datetime as dt
import string
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importing_sheets import TODAY, book, look, record, said, verdicts

from hexi_solar.errors import OutputError
from hexi_solar.importing import Contact, export_register, verdict_workbook
from hexi_solar.importing.ledgerfile import escaped, restored
from hexi_solar.ledger import Event, empty_ledger, project_register, readings, states
from hexi_solar.schema import MODES, STAGES

SPEAKS = ["event_id", "entity_type", "entity", "kind", "valid_on", "recorded_at", "recorded_by",
          "reason", "payload", "source", "source_sha256", "source_row"]  # fmt: skip
# whatever people type or paste, formulas and line ends too
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAMES = st.one_of(
    st.text(string.ascii_letters + string.digits + "甲乙丙=+-@'\\_x ", min_size=1, max_size=8),
    st.sampled_from(["=1+1", "'P", "-5", "＠x", "0012", "1e5", "TRUE", "2025-01-05", "_x000D_", "NaN", "无"]),
).filter(lambda s: s.strip() != "")  # fmt: skip
DAYS = st.dates(dt.date(2015, 1, 1), TODAY)
PROJECT = st.fixed_dictionaries(
    {},
    optional={
        "capacity_kwp": st.floats(0, 1e5, allow_nan=False),
        "modules": st.integers(0, 100_000),
        "mode": st.sampled_from(MODES),
        "investor": WORDS,
        "building_id": NAMES,
    },
)
EVENTS = st.builds(
    Event,
    st.just("project"),
    NAMES,
    st.sampled_from((*STAGES, "correction")),
    DAYS,
    PROJECT,
    reason=WORDS,
    recorded_at=st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2026, 6, 29)),
    recorded_by=NAMES,
    source=st.sampled_from(["", "台账.xlsx", "=a.csv"]),
    source_row=st.one_of(st.none(), st.integers(1, 99)),
)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("language", ["zh", "en"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(EVENTS, max_size=6))
def test_export_and_import_are_the_identity(suffix, language, events):
    """Random events come back from either format, in either language, as the same events."""
    ledger = record(empty_ledger(), events)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        assert export_register(ledger, path, language, today=TODAY) == len(ledger)
        proposal = look(path)
        again = look(path, ledger)
    assert proposal.take_over
    other = record(empty_ledger(), proposal.events)
    pd.testing.assert_frame_equal(
        other.reset_index()[SPEAKS], ledger.reset_index()[SPEAKS], check_dtype=False
    )
    assert project_register(other).equals(project_register(ledger))
    assert set(verdicts(again).values()) <= {"same"}
    assert again.events == []


@given(text=WORDS)
def test_one_line_for_any_text(text):
    """Whatever is escaped is one line of ordinary characters, and comes back."""
    line = escaped(text)
    assert restored(line) == text
    assert line.isprintable() or not line.isascii()
    assert len(line.splitlines()) <= 1


CARD = st.fixed_dictionaries(
    {
        "capacity": st.integers(1, 5000),
        "days": st.lists(DAYS, min_size=1, max_size=3, unique=True).map(sorted),
        "area": st.one_of(st.none(), st.floats(1, 1e4).map(lambda v: round(v, 2))),
    }
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.lists(CARD, min_size=1, max_size=4))
def test_projects_from_cards_to_export_and_back(found):
    """Cards become events; exported and taken over elsewhere they give the same state of projects."""
    heads = ["项目编号", "装机容量(kW)", "组件面积", "备案日期", "开工日期", "并网日期"]
    rows = []
    for number, card in enumerate(found):
        days = [*card["days"], None, None][:3]
        shown = [d and f"{d.year}年{d.month}月{d.day}日" for d in days]
        rows.append([f"P{number}", card["capacity"], card["area"], *shown])
    with TemporaryDirectory() as folder:
        file = book(Path(folder) / "cards.xlsx", ("台账", [heads, *rows]))
        ledger = record(empty_ledger(), look(file).events)
        assert set(verdicts(look(file, ledger)).values()) == {"same"}
        export_register(ledger, Path(folder) / "all.xlsx", "zh", today=TODAY)
        taken = record(empty_ledger(), look(Path(folder) / "all.xlsx").events)
    assert list(taken.index) == list(ledger.index)
    state = states(taken, "project", TODAY)
    pd.testing.assert_frame_equal(state, states(ledger, "project", TODAY))
    assert [state.loc[f"P{n}", "capacity_kwp"] for n in range(len(found))] == [
        card["capacity"] for card in found
    ]


def test_all_kinds_of_things_come_back(tmp_path):
    """Buildings, meters, trackers and withdrawals are exported like projects."""
    day = dt.date(2025, 3, 31)
    events = [
        Event("building", "B1", "stated", day, {"name": "=HYPERLINK(1)", "completed_on": dt.date(2025, 1, 5)}),
        Event("meter", "P1", "reading", day, {"month": "2025-03", "generation_kwh": 12.5}),
        Event("tracker", "saving_bodies", "stated", day, {"value": 8, "total": 10}),
        Event("diagnosis", "B1", "done", day, {}, reason="一\n二", event_id="D1"),
        Event("diagnosis", "B1", "withdrawn", day, {"event_id": "D1"}, reason="重复"),
    ]  # fmt: skip
    ledger = record(empty_ledger(), events)
    for name in ("a.xlsx", "a.csv"):
        export_register(ledger, tmp_path / name, "zh", today=TODAY)
        other = record(empty_ledger(), look(tmp_path / name).events)
        assert readings(other, TODAY).equals(readings(ledger, TODAY))
        assert list(other["payload"]) == list(ledger["payload"])
        assert states(other, "diagnosis", TODAY).empty


def test_no_cell_of_an_export_is_a_formula(tmp_path):
    """A name that would be a formula is text in the workbook and guarded in the CSV."""
    ledger = record(empty_ledger(), [Event("project", "=1+1", "filed", dt.date(2024, 1, 1))])
    export_register(ledger, tmp_path / "a.xlsx", "zh", today=TODAY)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert not any(c.data_type == "f" for s in book.worksheets for row in s for c in row)
    export_register(ledger, tmp_path / "a.csv", "zh", today=TODAY)
    assert ",'=1+1," in (tmp_path / "a.csv").read_text("utf-8-sig")


def test_exports_keep_no_contacts_unless_asked(tmp_path):
    """People are on a sheet of their own, and only where someone asks for it."""
    ledger = record(empty_ledger(), [Event("project", "P1", "filed", dt.date(2024, 1, 1))])
    person = Contact("project", "P1", {"person": "张三", "phone": "13800000000"}, 2)
    export_register(ledger, tmp_path / "a.xlsx", "zh", today=TODAY)
    export_register(ledger, tmp_path / "b.xlsx", "zh", today=TODAY, contacts=[person])
    said_in = [
        any("13800000000" in str(c.value) for s in openpyxl.load_workbook(f).worksheets for r in s for c in r)
        for f in (tmp_path / "a.xlsx", tmp_path / "b.xlsx")
    ]  # fmt: skip
    assert said_in == [False, True]
    assert verdicts(look(tmp_path / "b.xlsx", ledger)) == {4: "same"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_payload_longer_than_a_cell_comes_back(tmp_path, language):
    """A publication does not fit a cell; its pieces stand side by side and are put together."""
    long = {"investor": "长\n\\" * 20_000, "note": "=1"}
    events = [
        Event("project", "P1", "filed", dt.date(2024, 1, 1), long),
        Event("project", "P2", "filed", dt.date(2024, 1, 2), {"capacity_kwp": 5}),
    ]
    ledger = record(empty_ledger(), events)
    for suffix in (".xlsx", ".csv"):
        export_register(ledger, tmp_path / f"a{suffix}", language, today=TODAY)
        found = look(tmp_path / f"a{suffix}").events
        assert [e.payload for e in found] == [e.payload for e in events]
        assert set(verdicts(look(tmp_path / f"a{suffix}", ledger)).values()) == {"same"}


def test_what_no_cell_holds_is_refused(tmp_path):
    """A reason longer than a cell is not cut: the CSV is named as the way."""
    event = Event("project", "P1", "filed", dt.date(2024, 1, 1), {}, "长" * 40_000)
    ledger = record(empty_ledger(), [event])
    with pytest.raises(OutputError, match=r"\.csv"):
        export_register(ledger, tmp_path / "a.xlsx", "zh", today=TODAY)
    with pytest.raises(OutputError, match=r"\.xlsx"):
        export_register(ledger, tmp_path / "a.ods", "zh", today=TODAY)
    export_register(ledger, tmp_path / "a.csv", "zh", today=TODAY)
    assert look(tmp_path / "a.csv").events[0].reason == event.reason


def test_the_same_proposal_is_the_same_workbook(tmp_path):
    """A check written twice is the same bytes."""
    rows = [
        ["项目编号", "建筑名称", "装机容量(MW)", "备案日期"],
        ["P1", "实验小学", 0.1, "2023-05-01"],
    ]
    proposal = look(book(tmp_path / "a.xlsx", ("台账", rows)))
    one = verdict_workbook(proposal, tmp_path / "1.xlsx", "zh", today=TODAY).read_bytes()
    assert verdict_workbook(proposal, tmp_path / "2.xlsx", "zh", today=TODAY).read_bytes() == one


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_check_that_is_mended_and_sent_back(tmp_path, language):
    """The check holds the file's columns as they were, so that it can be mended and imported."""
    rows = [
        ["2025年台账（单位：MW）"],
        ["项目编号", "建筑编号", "装机容量", "备案日期"],
        ["P1", "B1", "=HYPERLINK(1)", "2023-05-01"],
        ["P2", "B2", 0.2, dt.datetime(2023, 5, 1)],
    ]
    proposal = look(book(tmp_path / "a.xlsx", ("台账", rows)))
    assert verdicts(proposal) == {3: "refused", 4: "new"}
    check = verdict_workbook(proposal, tmp_path / "c.xlsx", language, today=TODAY)
    made = openpyxl.load_workbook(check)
    sheet = made["台账"]
    (cell,) = [c for row in sheet for c in row if c.value == "=HYPERLINK(1)"]
    assert cell.data_type == "s"
    cell.value = 0.1
    made.save(check)
    mended = look(check)
    assert said(mended) == [
        ("P1", "filed", "2023-05-01", {"building_id": "B1", "capacity_kwp": 100}),
        ("P2", "filed", "2023-05-01", {"building_id": "B2", "capacity_kwp": 200}),
    ]  # fmt: skip
