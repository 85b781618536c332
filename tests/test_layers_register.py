"""The register of PV projects, from the tables that offices keep."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from layer_files import codes, notice, plan_of

from hexi_solar import schema
from hexi_solar.config import AttributeTable, Column
from hexi_solar.errors import LayerError, Notices, RegisterError
from hexi_solar.layers import read_register

EVENTS = """项目编号,建筑编号,阶段,发生日期,容量（MW）,消纳模式,登记时间
P1,A1,备案,2023-05-01,0.5,自发自用余电上网,2023-05-02 10:11
P1,A1,并网,2023年9月,0.48,,
P2,A2,更正,45658,,,
"""


def register(tmp_path, text, encoding="utf-8", **settings):
    """Read a register from its text."""
    file = tmp_path / "r.csv"
    file.write_bytes(text.encode(encoding))
    plan = plan_of(tmp_path / "a.gpkg", register=AttributeTable(file, **settings))
    notices = Notices()
    return read_register(plan, notices), notices


def test_no_register(tmp_path):
    """A plan without a register has one with no events, and all its columns."""
    empty = read_register(plan_of(tmp_path / "a.gpkg"), Notices())
    assert list(empty.columns) == schema.REGISTER.names
    assert empty.index.name == "event_id"
    assert len(empty) == 0
    assert empty["valid_on"].dtype.kind == "M"


def test_events_in_chinese(tmp_path):
    """Stages, modes, megawatts and dates of an office become ours, and pass their check."""
    table, notices = register(tmp_path, EVENTS, "gbk")
    schema.check(table, schema.REGISTER, "r.csv")
    assert list(table.columns) == schema.REGISTER.names
    assert table["kind"].tolist() == ["filed", "connected", "correction"]
    assert table["capacity_kwp"].tolist()[:2] == [500.0, 480.0]
    assert np.isnan(table["capacity_kwp"].iloc[2])
    days = ["2023-05-01", "2023-09-30", "2025-01-01"]
    assert table["valid_on"].dt.strftime("%Y-%m-%d").tolist() == days
    assert table["recorded_at"].iloc[0] == pd.Timestamp(2023, 5, 2, 10, 11)
    assert table["mode"].iloc[0] == "surplus"
    assert notice(notices, "register_rough").fields["rows"] == "3"


def test_ids_follow_the_event(tmp_path):
    """An event keeps its id when others come before it; equal rows are numbered."""
    table, _ = register(tmp_path, EVENTS)
    lines = EVENTS.splitlines()
    more = "\n".join([lines[0], "P9,A9,踏勘,2020-01-01,,,", *lines[1:], lines[1]])
    again, _ = register(tmp_path, more)
    assert again.index[1:4].tolist() == table.index.tolist()
    assert again.index[4] == f"{table.index[0]}-2"


def test_ids_of_the_file(tmp_path):
    """Event ids that the file gives are kept."""
    table, _ = register(
        tmp_path, "事件编号,项目编号,阶段,日期\nE7,P1,备案,2023-05-01\n,P1,并网,2024-05-01\n"
    )
    assert table.index[0] == "E7"
    assert table.index[1].startswith("e-")


def test_everything_wrong_is_said_at_once(tmp_path):
    """Unknown stages, bad dates, missing projects, negative figures and repeated ids, with rows."""
    text = "\n".join([
        "事件编号,项目编号,阶段,发生日期,容量,组件倾角",
        "E1,,备案,2023-05-01,-5,",
        "E1,P1,上天,明天,3,95",
        "E2,P2,备案,,三,10",
    ])  # fmt: skip
    with pytest.raises(RegisterError) as refused:
        register(tmp_path, text)
    found = [(p.code, p.fields.get("column"), p.fields["rows"]) for p in refused.value.problems]
    assert found == [
        ("register_blank", "项目编号", "2"),
        ("register_kind", "阶段", "3"),
        ("register_valid_on", "发生日期", "3"),
        ("register_blank", "发生日期", "4"),
        ("register_number", "容量", "2, 4"),
        ("register_number", "组件倾角", "3"),
        ("register_repeated", None, "2, 3"),
    ]
    for line in refused.value.message("zh").splitlines():
        assert "r.csv" in line


@pytest.mark.parametrize("column", ["项目编号", "阶段", "发生日期"])
def test_columns_that_make_an_event(tmp_path, column):
    """Without project, stage or date a table is no register."""
    frame = pd.DataFrame(
        {"项目编号": ["P1"], "阶段": ["备案"], "发生日期": ["2023-05-01"], "容量": [1]}
    )
    with pytest.raises(RegisterError) as refused:
        register(tmp_path, frame.drop(columns=column).to_csv(index=False))
    assert codes(refused.value) == ["register_column"]


def test_cards_with_a_date_per_stage(tmp_path):
    """One card per project with a date for each stage is one event per date."""
    text = "备案号,建筑编号,状态,备案日期,并网时间,容量kW\n"
    text += "P1,A1,并网,2023-01-02,2023-06-07,100\nP2,A2,备案,2024-01-02,,50\n"
    table, notices = register(tmp_path, text)
    events = list(zip(table["entity"], table["kind"], table["capacity_kwp"], strict=True))
    assert events == [("P1", "filed", 100.0), ("P1", "connected", 100.0), ("P2", "filed", 50.0)]
    assert notice(notices, "register_cards").fields["events"] == 3


def test_payload_fills_the_columns(tmp_path):
    """Facts in a JSON payload fill the columns; a column of its own counts first."""
    text = (
        "entity,kind,valid_on,capacity_kwp,payload\n"
        'P1,filed,2023-01-01,,"{""capacity_kwp"": 12, ""mode"": ""surplus"", ""phone"": ""1""}"\n'
        'P2,filed,2023-01-01,7,"{""capacity_kwp"": 12}"\n'
        "P3,filed,2023-01-01,,\n"
    )
    table, _ = register(tmp_path, text)
    assert table["capacity_kwp"].tolist()[:2] == [12.0, 7.0]
    assert np.isnan(table["capacity_kwp"].iloc[2])
    assert table["mode"].iloc[0] == "surplus"
    assert "phone" not in table


def test_broken_payload(tmp_path):
    """A payload that is no JSON object is refused with its row."""
    with pytest.raises(RegisterError) as refused:
        register(tmp_path, "entity,kind,valid_on,payload\nP1,filed,2023-01-01,{oops\n")
    assert codes(refused.value) == ["register_payload"]
    assert refused.value.problems[0].fields["rows"] == "2"


def test_unit_of_the_plan(tmp_path):
    """A capacity in megawatts, said in the plan."""
    text = "项目编号,阶段,日期,规模\nP1,备案,2023-05-01,1.5\n"
    table, _ = register(tmp_path, text, columns={"capacity_kwp": Column("规模", "MW")})
    assert table["capacity_kwp"].tolist() == [1500.0]


def test_workbook(tmp_path):
    """A register in a workbook reads like its CSV."""
    import io

    file = tmp_path / "r.xlsx"
    pd.read_csv(io.StringIO(EVENTS)).to_excel(file, index=False)
    plan = plan_of(tmp_path / "a.gpkg", register=AttributeTable(file))
    table = read_register(plan, Notices())
    expected, _ = register(tmp_path, EVENTS)
    pd.testing.assert_frame_equal(table, expected)


def test_file_that_is_none(tmp_path):
    """A register that is not there is refused as a file."""
    plan = plan_of(tmp_path / "a.gpkg", register=AttributeTable(tmp_path / "no.csv"))
    with pytest.raises(LayerError) as refused:
        read_register(plan, Notices())
    assert codes(refused.value) == ["layer_missing"]
