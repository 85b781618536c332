"""The register in PostgreSQL: the same promises, kept by another database."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import uuid
from pathlib import Path

import postgres_server
import psycopg
import pytest

from hexi_solar.config import Plan
from hexi_solar.errors import RegisterError
from hexi_solar.ledger import Event, known
from hexi_solar.office.people import add_login, logins
from hexi_solar.office.store import open_register, open_target, register_exists, restore
from hexi_solar.office.target import sqlite
from hexi_solar.schema import LEDGER, check

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(bool(postgres_server.why_not()), reason=postgres_server.why_not() or "-"),
]
DAY = dt.date(2024, 1, 1)
WRITER = Path(__file__).with_name("office_writer.py")


@pytest.fixture(scope="module")
def server():
    """A server of our own."""
    with postgres_server.server() as address:
        yield address


@pytest.fixture
def address(server, monkeypatch):
    """An empty database that DATABASE_URL names."""
    made = postgres_server.new_database(server, f"hexi_{uuid.uuid4().hex[:12]}")
    monkeypatch.setenv("DATABASE_URL", made)
    return made


@pytest.fixture
def register(address):
    """A register without events."""
    with open_register(Plan()) as opened:
        yield opened


def said(number: int = 1) -> Event:
    """One filed project."""
    return Event("project", f"PV-{number}", "filed", DAY, {"capacity_kwp": number, "name": "示范"})


def test_a_register_is_made_kept_and_read(address):
    """Nothing there at first, then a register that tells the same after it was closed."""
    assert not register_exists(Plan())
    with open_register(Plan()) as register:
        ids = register.append([said(n) for n in range(3)], by="李")
        assert register.append([said(1)], by="李") == []
    assert register_exists(Plan())
    with open_register(Plan()) as register:
        ledger = register.ledger()
        check(ledger, LEDGER, "ledger")
        assert list(ledger.index) == ids
        assert not register.verify([register.head()])
        register.append(
            [Event("project", "PV-1", "withdrawn", DAY, {"event_id": ids[1]}, "登错")], by="李"
        )
        assert list(known(register.ledger()).index) == [ids[0], ids[2]]


CHANGES = [
    "UPDATE office_event SET payload = '{}' WHERE seq = 1",
    "DELETE FROM office_event",
    "TRUNCATE office_event",
    "INSERT INTO office_event SELECT seq + 9, 'fork', entity_type, entity, kind, valid_on, recorded_at,"
    " entered_at, recorded_by, reason, payload, source, source_sha256, source_row, previous, 'f'"
    " FROM office_event WHERE seq = 1",
    "SET session_replication_role = replica; DELETE FROM office_event",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_itself_refuses_changes(register, address, statement):
    """Update, delete, truncate and fork are refused, for the owner of the database too."""
    register.append([said(n) for n in range(3)], by="x")
    before = register.rows()
    with (
        psycopg.connect(address, autocommit=True) as connection,
        pytest.raises(psycopg.Error, match=r"append-only|follow"),
    ):
        connection.execute(statement)
    assert register.rows() == before


def test_verify_names_what_someone_changed_with_triggers_off(register, address):
    """An owner can switch triggers off; what was done then is found and named."""
    ids = register.append([said(n) for n in range(5)], by="x")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ALTER TABLE office_event DISABLE TRIGGER USER")
        connection.execute("UPDATE office_event SET reason = 'other' WHERE seq = 2")
        connection.execute("DELETE FROM office_event WHERE seq = 4")
    problems = register.verify()
    broken = [(p.fields["seq"], p.fields["event"]) for p in problems if p.code == "office_broken"]
    assert broken == [(2, ids[1]), (5, ids[4]), (5, ids[4])]
    assert sum(p.code == "office_trigger" for p in problems) == 3


def test_backup_is_a_file_with_the_same_events(register, address, server, tmp_path, monkeypatch):
    """PostgreSQL to a SQLite file and back into an empty database: the same chain, the same logins."""
    register.append([said(n) for n in range(20)], by="x")
    add_login(register, "li", "editor", "correct-horse-battery", "zh")
    copy = register.backup(tmp_path / "copy.sqlite3")
    with open_target(sqlite(copy)) as file:
        assert file.rows() == register.rows()
        assert not file.verify([register.head()])
        assert [(one.name, one.role) for one in logins(file)] == [("li", "editor")]
    with pytest.raises(RegisterError, match="20 events"):
        restore(copy, Plan(), force=True)
    rows = register.rows()
    monkeypatch.setenv("DATABASE_URL", postgres_server.new_database(server, "restored"))
    restore(copy, Plan())
    with open_register(Plan()) as restored:
        assert restored.rows() == rows
        assert not restored.verify()
        restored.append([said(99)], by="y")


def test_three_writers_at_once(register, address):
    """Three processes of 50 appends each leave one chain of 150 events, every one there."""
    command = [sys.executable, str(WRITER), "plan.toml"]
    writers = [
        subprocess.Popen([*command, f"w{n}", "50"], stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    ids = {line for w in writers for line in w.communicate(timeout=180)[0].split()}
    assert [w.returncode for w in writers] == [0, 0, 0]
    assert set(register.ledger().index) == ids
    assert len(ids) == 150
    assert not register.verify()


def test_the_office_is_served_from_it(register):
    """Pages, login and a correction work on PostgreSQL too."""
    from hexi_solar.office.serve import prepare_site
    from hexi_solar.office.services import Services
    from hexi_solar.office.target import target_of

    register.append([said(1)], by="x")
    add_login(register, "li", "editor", "correct-horse-battery", "zh")
    prepare_site(target_of(Plan()), "zh", Services())
    from django.test import Client

    browser = Client(SERVER_NAME="localhost")
    assert browser.post("/login/", {"username": "li", "password": "correct-horse-battery"})
    form = {"kind": "correction", "valid_on": "2024-02-01", "reason": "更正", "capacity_kwp": "7"}
    browser.post("/record/project/PV-1/correct/", form | {"confirm": "1"})
    assert register.head().seq == 2
    for page in (
        "/",
        "/projects/",
        "/office/event/",
        "/office/event/?q=示范",
        "/record/project/PV-1/",
    ):
        assert browser.get(page).status_code == 200, page
    from django.db import connections

    connections["default"].close()


def test_a_server_that_is_not_there_is_one_message(monkeypatch):
    """No traceback, no password: which server, and what to look at."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://li:secret@127.0.0.1:1/hexi")
    code = "from hexi_solar.cli import main; main()"
    command = [sys.executable, "-c", code, "register", "head", "--lang", "en"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=dict(os.environ), timeout=120
    )
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def append_refused(code: str) -> str:
    """Append to a register that may not be written: one message; reading goes on."""
    with open_register(Plan()) as register:
        before = register.rows()
        with pytest.raises(RegisterError) as refused:
            register.append([said(9)], by="x")
        assert [p.code for p in refused.value.problems] == [code]
        assert register.rows() == before
        assert not register.verify()
        return refused.value.message("zh")


def test_a_database_that_is_read_only_is_one_message(register, address):
    """With `default_transaction_read_only` the register is read and verified; appending says what is in the way."""
    register.append([said(1)], by="x")
    name = address.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    register.close()
    assert "只能读取" in append_refused("office_readonly_server")


def test_a_user_without_the_right_to_insert_is_one_message(register, address, monkeypatch):
    """A user who may only look at the tables looks; appending names the right that is missing."""
    register.append([said(1)], by="x")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS looker")
        connection.execute("CREATE ROLE looker LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    monkeypatch.setenv("DATABASE_URL", address.replace("//office@", "//looker@"))
    try:
        assert "没有所需权限" in append_refused("office_readonly_server")
    finally:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DROP OWNED BY looker")
            connection.execute("DROP ROLE looker")


def test_an_empty_read_only_database_is_one_message(address):
    """Where no register can be made, the reason is said, not how the program is made."""
    name = address.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with pytest.raises(RegisterError) as refused:
        open_register(Plan())
    assert refused.value.problems[0].code == "office_readonly_server"
