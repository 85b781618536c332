"""The register's commands as a user meets them: what they say, and how they end."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from hexi_solar.accounting import account
from hexi_solar.cli import app
from hexi_solar.cli.common import plan_of
from hexi_solar.cli.live import LiveRates
from hexi_solar.ledger import Event
from hexi_solar.office.store import open_register
from hexi_solar.planfile import read_plan

DAY = dt.date(2024, 1, 1)


def write_plan(folder: Path) -> None:
    """Write a plan with one building."""
    ring = [[117.2, 39.1], [117.2005, 39.1], [117.2005, 39.1004], [117.2, 39.1004], [117.2, 39.1]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    hall = {"type": "Feature", "properties": {"编号": "hall", "名称": "礼堂"}, "geometry": shape}
    layer = {"type": "FeatureCollection", "features": [hall]}
    (folder / "buildings.geojson").write_text(json.dumps(layer), "utf-8")
    plan = 'name = "office"\n[layers.buildings]\npath = "buildings.geojson"\ndatum = "wgs84"\n'
    (folder / "plan.toml").write_text(plan, "utf-8")


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A plan whose register has three events; commands are run from an empty folder."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    write_plan(tmp_path)
    with open_register(read_plan(tmp_path / "plan.toml")) as register:
        events = [Event("project", f"PV-{n}", "filed", DAY, {"capacity_kwp": n}) for n in (1, 2, 3)]
        register.append(events, by="李")
    return tmp_path


def run(*words: object, **more: object):
    """Run one command in English."""
    return CliRunner().invoke(app, [str(w) for w in words], **more)


def test_a_plan_without_a_register_says_so(tmp_path, monkeypatch):
    """Looking makes no register; the message names the place."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    write_plan(tmp_path)
    for command in ("verify", "head", "log"):
        done = run("register", command, tmp_path / "plan.toml", "--lang", "en")
        assert done.exit_code == 1
        assert "there is no register yet" in done.output
    done = run("register", "backup", tmp_path / "b.sqlite3", tmp_path / "plan.toml")
    assert (done.exit_code, "还没有登记簿" in done.output) == (1, True)
    assert not (tmp_path / "register.sqlite3").exists()


def test_head_noted_and_asked_for_later(office):
    """What `head` prints is what `verify --head` takes."""
    head = run("register", "head", "plan.toml").output.strip()
    assert run("register", "verify", "plan.toml", "--head", head).exit_code == 0
    said = json.loads(run("register", "head", "plan.toml", "--json").output)
    assert f"{said['seq']}:{said['hash']}" == head
    wrong = run("register", "verify", "plan.toml", "--head", f"9:{'a' * 64}", "--lang", "en")
    assert (wrong.exit_code, "last 6 events are missing" in wrong.output) == (1, True)
    assert (
        "SEQ:HASH" in run("register", "verify", "plan.toml", "--head", "9", "--lang", "en").output
    )


def test_verify_names_the_event_and_ends_with_1(office):
    """Someone with a database tool changed event 2."""
    connection = sqlite3.connect(office / "register.sqlite3", isolation_level=None)
    connection.execute("DROP TRIGGER office_event_no_update")
    connection.execute("UPDATE office_event SET payload = '{}' WHERE seq = 2")
    connection.close()
    done = run("register", "verify", "plan.toml")
    assert done.exit_code == 1
    assert "第 2 条事件" in done.output
    found = json.loads(run("register", "verify", "plan.toml", "--json").output)
    assert found["sound"] is False
    assert [(p["code"], p.get("seq")) for p in found["problems"]] == [
        ("office_broken", 2),
        ("office_trigger", None),
    ]
    refused = run("register", "backup", "copy.sqlite3", "plan.toml")
    assert (refused.exit_code, (office / "copy.sqlite3").exists()) == (1, False)


def test_a_damaged_file_is_one_message(office):
    """A file that is none of ours any more: no traceback, and what to do."""
    (office / "register.sqlite3").write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    for command in ("verify", "head", "log"):
        done = run("register", command, "plan.toml")
        assert done.exit_code == 1
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert "登记簿" in done.output


def test_log_lists_the_newest_first(office):
    """Filters by thing and kind of thing; JSON has every column."""
    lines = run("register", "log", "plan.toml").output.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert "PV-2" in run("register", "log", "plan.toml", "--entity", "PV-2").output
    assert run("register", "log", "plan.toml", "--type", "building").output == ""
    [row] = json.loads(run("register", "log", "plan.toml", "--last", "1", "--json").output)[
        "events"
    ]
    assert (row["entity"], row["recorded_by"], row["valid_on"]) == ("PV-3", "李", "2024-01-01")


def test_backup_and_restore(office):
    """A backup replaces a register with events only with --force, which keeps the old one."""
    assert run("register", "backup", "copy.sqlite3", "plan.toml").exit_code == 0
    refused = run("register", "restore", "copy.sqlite3", "plan.toml")
    assert (refused.exit_code, "--force" in refused.output) == (1, True)
    done = run("register", "restore", "copy.sqlite3", "plan.toml", "--force")
    assert done.exit_code == 0
    assert "register.sqlite3.old-1" in done.output
    assert run("register", "verify", "plan.toml").exit_code == 0


def test_logins(office, monkeypatch):
    """A password is asked for twice, or taken from the environment; a weak one is refused."""
    monkeypatch.setenv("HEXI_PASSWORD", "short")
    weak = run("register", "user", "add", "li", "plan.toml")
    assert (weak.exit_code, "12" in weak.output) == (1, True)
    monkeypatch.delenv("HEXI_PASSWORD")
    entered = "correct-horse-battery\n" * 2
    assert (
        run(
            "register", "user", "add", "li", "plan.toml", "--role", "editor", input=entered
        ).exit_code
        == 0
    )
    assert run("register", "user", "list", "plan.toml").output.split() == ["li", "登记"]
    assert run("register", "user", "remove", "li", "plan.toml").exit_code == 0
    assert run("register", "user", "remove", "li", "plan.toml").exit_code == 1


def test_the_network_is_not_let_in_without_a_login(office):
    """`serve --host 0.0.0.0` stops before it listens."""
    done = run("serve", "plan.toml", "--host", "0.0.0.0", "--lang", "en")
    assert (done.exit_code, "nobody has to log in" in done.output) == (1, True)


def test_uploads_are_read_as_the_command_line_does(office):
    """The import page shows a verdict per row, and records nothing by itself."""
    from hexi_solar.cli.serve import services_of
    from hexi_solar.office.services import Sent

    plan = read_plan(office / "plan.toml")
    services = services_of(plan)
    table = "项目编号,建筑编号,阶段,发生日期,容量(kW)\nPV-7,hall,备案,2024年5月1日,88.5\nPV-8,hall,备案,2099-01-01,1\n"
    file = office / "upload.csv"
    file.write_text(table, "utf-8")
    with open_register(plan) as register:
        preview = services.preview_import(register, file, Sent("台账.csv"))
        assert not preview.accepted
        assert preview.counts == {"new": 1, "refused": 1}
        assert preview.rows.iloc[:, 0].tolist() == [2, 3]
        assert preview.workbook[:2] == b"PK"
        file.write_text(table.rsplit("PV-8", 1)[0], "utf-8")
        preview = services.preview_import(register, file, Sent("台账.csv"))
        assert preview.accepted
        register.append(preview.events, by="li", take_over=preview.take_over)
        preview.remember()
        again = services.preview_import(register, file, Sent("台账.csv"))
        assert (again.counts, list(again.events)) == ({"same": 1}, [])
        assert register.ledger()["source"].iloc[-1] == "台账.csv"


def test_rates_follow_the_register(tmp_path, monkeypatch):
    """The page's rates equal `coverage`, per year, and are worked out anew once something was recorded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings = plan_of(None, None)
    live = LiveRates(settings)
    assert live._years() == list(range(settings.today.year, settings.coverage.start.year - 1, -1))
    monkeypatch.setattr(live, "_years", lambda: [2025])  # one year tells, and is sooner done
    with open_register(settings) as register:
        first = waited(live, register)
        expected = account(settings, 2025).coverage
        pd.testing.assert_frame_equal(first, expected)
        facts = {"building_id": "nobody", "capacity_kwp": 1}
        register.append([Event("project", "X", "filed", dt.date(2025, 1, 1), facts)], by="x")
        assert live.of(register).waiting
        waited(live, register)


def waited(live, register):
    """Wait until every year is worked out."""
    for _ in range(1200):
        found = live.of(register)
        if not found.waiting:
            assert not found.problems
            return found.table
        time.sleep(0.1)
    pytest.fail("the rates were never worked out")
