"""`hexi-solar register import` and `export`, as a person at the office meets them."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from importing_sheets import EAST, NORTH, book
from layer_files import blocks, layer_of
from typer.testing import CliRunner

from hexi_solar.cli import app

HEADS = ["项目编号", "建筑编号", "装机容量(kW)", "备案日期"]


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A plan with three buildings in an empty folder, and a way to run commands there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    layer_of(blocks(), {"编号": ["B1", "B2", "B3"], "名称": ["甲", "乙", "丙"]}).to_file("b.gpkg")
    Path("plan.toml").write_text(
        'name = "t"\ncrs = "EPSG:4548"\nas_of = 2026-06-30\n[layers.buildings]\npath = "b.gpkg"\n',
        "utf-8",
    )

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["register", *words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


def test_preview_record_and_again(office):
    """A preview records nothing; --record does; again all is the same."""
    book(
        Path("a.xlsx"),
        ("台账", [HEADS, ["P1", "B1", 100, "2025-01-01"], ["P2", "B2", 50, "2025-02-01"]]),
    )
    code, output = office("import", "a.xlsx", "plan.toml")
    assert (code, "新增 2 行" in output, Path("register.sqlite3").exists()) == (0, True, False)
    code, output = office("import", "a.xlsx", "plan.toml", "--record", "--by", "张三", "--json")
    assert (code, json.loads(output)["recorded"]) == (0, 2)
    assert Path("register_import.json").exists()
    code, output = office("import", "a.xlsx", "plan.toml", "--record", "--json")
    assert json.loads(output)["rows"]["same"] == 2
    code, output = office("log", "plan.toml", "--json")
    assert [(e["recorded_by"], e["source"], e["source_row"]) for e in json.loads(output)["events"]] == [
        ("张三", "a.xlsx", 3), ("张三", "a.xlsx", 2),
    ]  # fmt: skip


def test_one_refused_row_stops_the_file(office):
    """Exit code 1, the row and its reason on the screen and in the workbook, nothing recorded."""
    book(
        Path("a.xlsx"),
        ("台账", [HEADS, ["P1", "B1", 100, "2025-01-01"], ["P2", "B2", -5, "2025-02-01"]]),
    )
    code, output = office(
        "import", "a.xlsx", "plan.toml", "--record", "--lang", "en", "--out", "c.xlsx"
    )
    assert (code, "Row 3: '装机容量(kW)' is not within" in output) == (1, True)
    assert not Path("register.sqlite3").exists()
    sheet = openpyxl.load_workbook("c.xlsx")["台账"]
    assert [sheet.cell(row, 2).value for row in (4, 5)] == ["New", "Refused"]


def test_export_and_import_elsewhere(office, tmp_path):
    """An export taken over into an empty register is the same ledger, but for the clock of entry."""
    book(Path("a.xlsx"), ("台账", [HEADS, ["'=P1", "B1", 100, "2025-01-01"]]))
    office("import", "a.xlsx", "plan.toml", "--record")
    for file in ("e.xlsx", "e.csv"):
        assert office("export", file, "plan.toml")[0] == 0
        code, output = office("import", file, "plan.toml", "--record", "--json")
        assert json.loads(output)["rows"]["same"] == 1
    other = tmp_path / "other"
    other.mkdir()
    (other / "plan.toml").write_text(
        Path("plan.toml").read_text("utf-8").replace("b.gpkg", "../b.gpkg"), "utf-8"
    )
    code, output = office("import", "e.xlsx", str(other / "plan.toml"), "--record", "--json")
    assert (code, json.loads(output)["recorded"]) == (0, 1)
    logs = [
        json.loads(office("log", p, "--json")[1])["events"]
        for p in ("plan.toml", str(other / "plan.toml"))
    ]
    kept = [
        {k: v for k, v in e.items() if k not in ("entered_at", "hash")} for log in logs for e in log
    ]
    assert kept[0] == kept[1]
    assert office("verify", str(other / "plan.toml"))[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "e.xlsx", "plan.toml"), "register"),
        (("import", "a.xlsx", "plan.toml", "--datum", "mars"), "gcj02"),
        (("import", "a.xlsx", "plan.toml", "--column", "甲"), "theirs=ours"),
        (("import", "a.xlsx", "plan.toml", "--out", "a.xlsx"), "overwrite"),
        (("import", "none.xlsx", "plan.toml"), "none.xlsx"),
    ],
)
def test_slips_are_named(office, words, said):
    """What cannot be done is said in one message, with a way on."""
    book(Path("a.xlsx"), ("台账", [HEADS, ["P1", "B1", 100, "2025-01-01"]]))
    code, output = office(*words, "--lang", "en")
    assert (code, said in output) == (1, True)


def test_positions_find_their_footprint(office):
    """Longitude and latitude stand in the footprint of the plan's layer."""
    import geopandas as gpd

    point = (
        gpd.GeoSeries(gpd.points_from_xy([EAST + 120], [NORTH + 20]), crs="EPSG:4548")
        .to_crs(4326)
        .iloc[0]
    )
    heads = ["项目编号", "经度", "纬度", "备案日期"]
    book(Path("a.xlsx"), ("台账", [heads, ["P1", point.x, point.y, "2025-01-01"]]))
    office("import", "a.xlsx", "plan.toml", "--record")
    assert '"building_id":"B2"' in office("log", "plan.toml")[1]


def test_a_register_that_moved_on_meanwhile(office, monkeypatch):
    """Who recorded something while the file was checked makes its verdicts void: nothing is recorded."""
    from hexi_solar.cli import imports

    book(Path("a.xlsx"), ("台账", [HEADS, ["P1", "B1", 100, "2025-01-01"]]))
    book(Path("b.xlsx"), ("台账", [HEADS, ["P2", "B2", 50, "2025-02-01"]]))
    office("import", "a.xlsx", "plan.toml", "--record")
    stale = imports._ledger

    def before(plan):
        return stale(plan).iloc[:0]

    monkeypatch.setattr(imports, "_ledger", before)
    code, output = office("import", "b.xlsx", "plan.toml", "--record", "--lang", "en")
    assert (code, "others recorded meanwhile" in output) == (1, True)
    assert "P2" not in office("log", "plan.toml")[1]


def test_a_register_that_moved_on_once_is_checked_anew(office, monkeypatch):
    """Someone records between check and record: the file is held against the register again, and recorded once."""
    from hexi_solar.cli import imports

    book(Path("a.xlsx"), ("台账", [HEADS, ["P1", "B1", 100, "2025-01-01"]]))
    book(Path("b.xlsx"), ("台账", [HEADS, ["P2", "B2", 50, "2025-02-01"]]))
    whole, turns = imports._ledger, []

    def meddled(plan):
        found = whole(plan)
        if not turns:
            turns.append(1)
            office("import", "a.xlsx", "plan.toml", "--record")
        return found

    monkeypatch.setattr(imports, "_ledger", meddled)
    code, output = office("import", "b.xlsx", "plan.toml", "--record", "--json")
    assert (code, json.loads(output)["recorded"]) == (0, 1)
    assert office("log", "plan.toml", "--json")[1].count('"seq"') == 2


def test_contacts_are_kept_beside_the_ledger_and_given_out_on_request(office):
    """People named in a sheet go to the table of contacts; an export has them only with --contacts, as an event."""
    rows = [[*HEADS, "联系人", "联系电话"], ["P1", "B1", 100, "2025-01-01", "王工", "13800000000"]]
    book(Path("a.xlsx"), ("台账", rows))
    code, output = office("import", "a.xlsx", "plan.toml")
    assert (code, "新存入" in output) == (0, False)
    code, output = office("import", "a.xlsx", "plan.toml", "--record")
    assert (code, "1 位联系人新存入" in output) == (0, True)
    again = json.loads(office("import", "a.xlsx", "plan.toml", "--record", "--json")[1])
    assert (again["recorded"], again["contacts_kept"]) == (0, 0)
    assert "王工" not in office("log", "plan.toml", "--json")[1]
    assert office("export", "plain.xlsx", "plan.toml")[0] == 0
    assert "王工" not in texts_in(Path("plain.xlsx"))
    code, output = office("export", "all.xlsx", "plan.toml", "--contacts", "--by", "张三")
    assert (code, "请勿外传" in output) == (0, True)
    assert {"王工", "13800000000"} <= texts_in(Path("all.xlsx"))
    last = json.loads(office("log", "plan.toml", "--last", "1", "--json")[1])["events"][0]
    assert (last["kind"], last["recorded_by"]) == ("exported", "张三")
    assert json.loads(last["payload"])["count"] == 1
    assert office("verify", "plan.toml")[0] == 0
    code, output = office("export", "all.csv", "plan.toml", "--contacts", "--lang", "en")
    assert (code, "never into a CSV" in output) == (1, True)


def texts_in(file: Path) -> set[str]:
    """Every text of a workbook."""
    found = openpyxl.load_workbook(file)
    return {
        str(cell) for sheet in found for row in sheet.iter_rows(values_only=True) for cell in row
    }


@pytest.mark.parametrize("days", [["2019年5月", "2019-05-31"], ["2019年5月", "2020年3月"]])
def test_a_single_row_with_days_is_data(office, days):
    """Days below the names of their columns are no months of meters; the row is a building's."""
    rows = [["建筑编号", "竣工日期", "发生日期", "事由"], ["B1", *days, "复核"]]
    book(Path("a.xlsx"), ("Sheet", rows))
    code, output = office("import", "a.xlsx", "plan.toml", "--json")
    found = json.loads(output)
    assert (code, found["sheets"][0]["kind"], found["rows"]["new"]) == (0, "buildings", 1)


def test_a_header_alone_is_said_to_hold_nothing(office):
    """No row of data is not the same as rows that are on file already."""
    book(Path("a.xlsx"), ("台账", [HEADS]))
    code, output = office("import", "a.xlsx", "plan.toml", "--record")
    assert (code, "没有读到任何数据行" in output, "已全部有" in output) == (0, True, False)


def test_a_csv_under_a_short_title(office):
    """Rows of a CSV need not have as many cells as each other; columns not read are named."""
    text = "项目台账\n项目编号,建筑编号,装机容量(千瓦),备案日期,造价\nG-1,B1,88.5千瓦,2024/5/6,30\nG-2,B2,120\n"
    Path("a.csv").write_bytes(text.encode("gbk"))
    code, output = office("import", "a.csv", "plan.toml")
    assert "新增 1 行" in output
    assert "未使用的列：造价" in output
    assert "第 4 行" in output
    assert code == 1
