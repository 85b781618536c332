"""A register keeps what it was given, in one chain, and nobody changes it in silence."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hexi_solar.config import Office, Plan
from hexi_solar.errors import RegisterError
from hexi_solar.ledger import FIRST, Event, broken_links, known
from hexi_solar.office import store, target
from hexi_solar.office.store import Head, open_register, open_target, register_exists, restore
from hexi_solar.schema import LEDGER, check

DAY = dt.date(2024, 1, 1)
WRITER = Path(__file__).with_name("office_writer.py")


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    """The registers here are files, whatever the environment says."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def plan(tmp_path):
    """A plan with a register beside it."""
    return Plan(path=tmp_path / "plan.toml")


@pytest.fixture
def register(plan):
    """An empty register."""
    with open_register(plan) as opened:
        yield opened


def said(number: int = 1, **more: object) -> Event:
    """One filed project."""
    return Event("project", f"PV-{number}", "filed", DAY, {"capacity_kwp": number} | more)


def raw(register) -> sqlite3.Connection:
    """Open the file past the program, as someone with a database tool would."""
    return sqlite3.connect(register.target.file, isolation_level=None)


def test_a_register_comes_into_being_when_it_is_opened(plan):
    """No file before, an empty register after; asking does not make one."""
    assert not register_exists(plan)
    assert not register_exists(plan)
    with open_register(plan) as register:
        assert register.head() == Head(0, FIRST)
        check(register.ledger(), LEDGER, "ledger")
        assert not register.verify()
    assert register_exists(plan)
    assert (plan.path.parent / "register.sqlite3").exists()


def test_the_plan_may_name_another_file(tmp_path):
    """`[office] register` is where the register is made, folder and all."""
    named = tmp_path / "office" / "own.sqlite3"
    with open_register(Plan(path=tmp_path / "plan.toml", office=Office(named))) as register:
        register.append([said()], by="clerk")
    assert named.exists()


def test_what_is_appended_is_there_and_chained(register):
    """Every field comes back; the chain holds; ids are returned in order."""
    event = Event(
        "building", "hall", "stated", DAY, {"name": "区政府礼堂", "roof_area_m2": 1200.5},
        "建档", "my-id", source="台账.xlsx", source_sha256="ab" * 32, source_row=7,
    )  # fmt: skip
    ids = register.append([event, said()], by="李")
    ledger = register.ledger()
    check(ledger, LEDGER, "ledger")
    assert list(ledger.index) == ids
    row = ledger.loc["my-id"]
    assert row["payload"] == '{"name":"区政府礼堂","roof_area_m2":1200.5}'
    assert (row["recorded_by"], row["reason"], row["source_row"]) == ("李", "建档", 7)
    assert ledger["seq"].tolist() == [1, 2]
    assert not list(broken_links(ledger))
    assert register.head() == Head(2, ledger["hash"].iloc[-1])


def test_saying_it_twice_adds_nothing(register):
    """An import that is repeated makes no duplicates, within a batch or between two."""
    first = register.append([said(1), said(1), said(2)], by="clerk")
    assert len(first) == 2
    assert register.append([said(2), said(3)], by="another") != []
    assert register.append([said(n) for n in (1, 2, 3)], by="clerk") == []
    assert register.head().seq == 3


def test_all_or_nothing(register):
    """One event that cannot be recorded keeps the whole batch out, and each reason is said."""
    bad = [
        said(1),
        Event("house", "x", "filed", DAY),
        Event("project", " ", "filed", DAY),
        Event("project", "x", "filed", DAY, {"capacity_kwp": float("inf")}),
        Event("project", "x", "filed", DAY, {"name": "a\x00b", "note": "\ud800"}),
        Event("project", "x", "filed", DAY, recorded_by="someone else"),
    ]
    with pytest.raises(RegisterError) as refused:
        register.append(bad, by="clerk")
    assert [p.fields["number"] for p in refused.value.problems] == [2, 3, 4, 5, 6]
    with pytest.raises(RegisterError, match="nobody"):
        register.append([said()], by=" ")
    assert register.head().seq == 0


def test_an_id_is_never_used_for_something_else(register):
    """A known id that says something else is refused, not skipped in silence."""
    register.append(
        [Event("project", "a", "filed", DAY, {"capacity_kwp": 1}, event_id="E1")], by="x"
    )
    other = Event("project", "a", "filed", DAY, {"capacity_kwp": 2}, event_id="E1")
    with pytest.raises(RegisterError, match="E1"):
        register.append([said(5), other], by="x")
    assert register.head().seq == 1


def test_only_what_is_there_can_be_withdrawn(register):
    """A withdrawal names an event of the register, or one before it in the same batch."""
    withdrawal = Event("project", "PV-1", "withdrawn", DAY, {"event_id": "E1"})
    with pytest.raises(RegisterError, match="E1"):
        register.append([withdrawal], by="x")
    first = Event("project", "PV-1", "filed", DAY, {"capacity_kwp": 1}, event_id="E1")
    assert len(register.append([first, withdrawal], by="x")) == 2
    assert known(register.ledger()).empty


def test_an_older_register_keeps_its_clock_and_its_clerks(register):
    """Taken over, an event says when and by whom it was recorded then, and when it came here."""
    then = dt.datetime(2022, 5, 6, 9, 30)
    event = Event("project", "a", "filed", DAY, recorded_at=then, recorded_by="王")
    register.append([event, said(2)], by="李", take_over=True)
    ledger = register.ledger()
    assert ledger["recorded_at"].iloc[0] == "2022-05-06T09:30:00.000000Z"
    assert ledger["recorded_by"].tolist() == ["王", "李"]
    assert ledger["entered_at"].iloc[0][:4] != "2022"


def test_the_clock_of_knowledge_never_runs_backwards(register, monkeypatch):
    """With a clock that went back a little, recording goes on behind the last entry; not an hour back."""

    class Clock(dt.datetime):
        moment = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)

        @classmethod
        def now(cls, tz=None):
            return cls.moment

    monkeypatch.setattr(store.dt, "datetime", Clock)
    register.append([said(1), said(2)], by="x")
    Clock.moment -= dt.timedelta(minutes=30)
    register.append([said(3)], by="x")
    ledger = register.ledger()
    assert ledger["recorded_at"].is_monotonic_increasing
    assert ledger["recorded_at"].is_unique
    assert ledger["entered_at"].iloc[2] < ledger["entered_at"].iloc[1]
    Clock.moment -= dt.timedelta(minutes=31)
    with pytest.raises(RegisterError, match="clock"):
        register.append([said(4)], by="x")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE office_event SET payload = '{}' WHERE seq = 1",
        "DELETE FROM office_event WHERE seq = 2",
        "INSERT OR REPLACE INTO office_event SELECT * FROM office_event WHERE seq = 1",
        "REPLACE INTO office_event SELECT 4, event_id, entity_type, entity, kind, valid_on, recorded_at,"
        " entered_at, recorded_by, reason, payload, source, source_sha256, source_row,"
        " (SELECT hash FROM office_event WHERE seq = 3), 'new' FROM office_event WHERE seq = 1",
        "INSERT INTO office_event SELECT seq + 8, 'fork', entity_type, entity, kind, valid_on, recorded_at,"
        " entered_at, recorded_by, reason, payload, source, source_sha256, source_row, previous, 'f'"
        " FROM office_event WHERE seq = 1",
    ],
)  # fmt: skip
def test_the_database_itself_refuses_changes(register, statement):
    """Raw SQL that updates, deletes, replaces or forks is refused by triggers."""
    register.append([said(n) for n in range(3)], by="x")
    before = register.rows()
    connection = raw(register)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|follow"):
        connection.execute(statement)
    connection.close()
    assert register.rows() == before


DAMAGE = {
    "UPDATE office_event SET payload = '{\"capacity_kwp\":9}' WHERE seq = 3": {(3, "hash")},
    "UPDATE office_event SET recorded_at = '2020-01-01' WHERE seq = 3": {(3, "hash")},
    "UPDATE office_event SET valid_on = 'never' WHERE seq = 3": {(3, "hash")},
    "UPDATE office_event SET payload = CAST(x'7bff7d' AS TEXT) WHERE seq = 3": {(3, "hash")},
    "UPDATE office_event SET hash = 'x' WHERE seq = 3": {(3, "hash"), (4, "previous")},
    "DELETE FROM office_event WHERE seq = 3": {(4, "seq"), (4, "previous")},
}


@pytest.mark.parametrize("statement", DAMAGE)
def test_verify_names_what_someone_changed_with_triggers_off(register, statement):
    """Each kind of damage is found, with place and id, and so is the missing trigger."""
    ids = register.append([said(n) for n in range(5)], by="x")
    connection = raw(register)
    for name in ("update", "delete"):
        connection.execute(f"DROP TRIGGER office_event_no_{name}")
    connection.execute(statement)
    connection.close()
    problems = register.verify()
    found = {
        (p.fields["seq"], p.fields["what"].key.rsplit(".", 1)[1])
        for p in problems
        if p.code == "office_broken"
    }
    assert found == DAMAGE[statement]
    named = {p.fields["event"] for p in problems if p.code == "office_broken"}
    assert named <= set(ids)
    assert {p.fields["found"] for p in problems if p.code == "office_trigger"} == {
        "office_event_no_update",
        "office_event_no_delete",
    }
    assert all(p.message(language) for p in problems for language in ("zh", "en"))


def test_verify_finds_a_trigger_that_lost_its_teeth(register):
    """A trigger of the same name that does nothing does not pass for ours."""
    connection = raw(register)
    connection.execute("DROP TRIGGER office_event_no_delete")
    connection.execute(
        "CREATE TRIGGER office_event_no_delete BEFORE DELETE ON office_event BEGIN SELECT 1; END"
    )
    connection.close()
    assert [p.code for p in register.verify()] == ["office_trigger"]


def test_a_changed_byte_in_the_file_is_found_and_named(register, tmp_path):
    """Any one byte of an event's text, changed in the file, is found, and the event is named."""
    ids = register.append([said(n, name="示范小学") for n in range(3)], by="clerk-anne")
    copy = register.backup(tmp_path / "copy.sqlite3")
    content = copy.read_bytes()
    row = content.index(ids[1].encode())
    end = content.index(register.rows()[1][-1].encode(), row) + 64
    wrong = []
    for place in range(row, end, 7):
        copy.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with open_target(target.sqlite(copy)) as damaged:
            named = [p.fields.get("seq") for p in damaged.verify() if p.code == "office_broken"]
        if 2 not in named:
            wrong.append(place)
    assert not wrong


def test_a_torn_file_is_said_to_be_torn(register, tmp_path):
    """Pages overwritten with noise, or cut off, give one message, and no traceback."""
    register.append([said(n) for n in range(400)], by="x")
    copy = register.backup(tmp_path / "copy.sqlite3")
    content = copy.read_bytes()
    for torn in (
        content[:60_000] + bytes(range(256)) * 64 + content[76_384:],
        content[: len(content) // 2],
    ):
        copy.write_bytes(torn)
        try:
            with open_target(target.sqlite(copy)) as damaged:
                problems = damaged.verify()
        except RegisterError as error:
            problems = list(error.problems)
        assert any(p.code in ("office_damaged", "office_foreign") for p in problems)


@pytest.mark.parametrize(
    "content", [b"", b"not a register", b"SQLite format 3\x00" + b"\x00" * 200]
)
def test_another_file_is_no_register(plan, content):
    """What is not ours is refused and left as it is."""
    file = plan.path.parent / "register.sqlite3"
    file.write_bytes(content)
    with pytest.raises(RegisterError, match="no register"):
        open_register(plan)
    assert file.read_bytes() == content


def test_a_newer_register_is_refused(register, plan):
    """Tables of a later version are not guessed at."""
    connection = raw(register)
    connection.execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('office', '9999_later', '2030-01-01')"
    )
    connection.close()
    with pytest.raises(RegisterError, match="newer"):
        open_register(plan)


def test_a_lost_tail_shows_against_a_head_noted_elsewhere(register, plan, tmp_path):
    """A register that ends too soon is whole in itself; the head in a report tells."""
    register.append([said(1), said(2)], by="x")
    early = register.backup(tmp_path / "early.sqlite3")
    register.append([said(3)], by="x")
    head = register.head()
    assert not register.verify([head, Head(2, register.rows()[1][-1]), Head()])
    register.close()
    restore(early, plan, force=True)
    assert not register.verify()
    [problem] = register.verify([head])
    assert (problem.code, problem.fields["missing"]) == ("office_tail", 1)
    register.append([said(4)], by="x")
    assert [p.code for p in register.verify([head])] == ["office_head"]


def test_a_publication_notes_the_head(register):
    """The head that a publication names must be that of the chain."""
    register.append([said(1)], by="x")
    good = {"head": {"seq": 1, "hash": register.head().hash}}
    wrong = {"head": {"seq": 1, "hash": "f" * 64}}
    register.append([Event("publication", "coverage-2025", "published", DAY, good)], by="x")
    assert not register.verify()
    register.append([Event("publication", "coverage-2025", "restated", DAY, wrong)], by="x")
    assert [p.code for p in register.verify()] == ["office_head"]


def test_backup_and_restore_are_the_identity(register, plan, tmp_path):
    """Events come back byte for byte, from a full copy and from one of events only."""
    register.append([said(n) for n in range(20)], by="x")
    for number, events_only in enumerate([False, True]):
        copy = register.backup(tmp_path / f"copy-{number}.sqlite3", events_only=events_only)
        assert not list(tmp_path.glob(f"{copy.name}-*"))
        other = Plan(path=tmp_path / f"other-{number}" / "plan.toml")
        assert restore(copy, other) is None
        with open_register(other) as restored:
            assert restored.rows() == register.rows()
            assert not restored.verify([register.head()])
            restored.append([said(99)], by="y")


def test_restore_keeps_what_was_there(register, plan, tmp_path):
    """A register with events is replaced only on purpose, and stays aside."""
    register.append([said(1)], by="x")
    copy = register.backup(tmp_path / "copy.sqlite3")
    register.append([said(2)], by="x")
    later = register.rows()
    register.close()
    with pytest.raises(RegisterError, match="--force"):
        restore(copy, plan)
    with pytest.raises(RegisterError, match="no such backup"):
        restore(tmp_path / "none.sqlite3", plan)
    kept = restore(copy, plan, force=True)
    assert register.head().seq == 1
    with open_target(target.sqlite(kept)) as old:
        assert old.rows() == later


def test_a_damaged_copy_is_never_used(register, plan, tmp_path):
    """Neither is a damaged register backed up over a good copy, nor a damaged copy restored."""
    register.append([said(n) for n in range(3)], by="x")
    copy = register.backup(tmp_path / "copy.sqlite3")
    good = copy.read_bytes()
    connection = raw(register)
    connection.execute("DROP TRIGGER office_event_no_update")
    connection.execute("UPDATE office_event SET reason = 'other' WHERE seq = 2")
    connection.close()
    with pytest.raises(RegisterError, match="event 2"):
        register.backup(copy)
    assert copy.read_bytes() == good
    register.close()
    shutil.copy(register.target.file, tmp_path / "bad.sqlite3")
    with pytest.raises(RegisterError, match="event 2"):
        restore(tmp_path / "bad.sqlite3", Plan(path=tmp_path / "fresh" / "plan.toml"))
    with pytest.raises(RegisterError, match="over the register itself"):
        register.backup(register.target.file)


def test_a_copy_to_hand_on_has_no_contacts(register, tmp_path):
    """Phone numbers are in a backup and in nothing else."""
    connection = raw(register)
    connection.execute(
        "INSERT INTO office_contact (entity_type, entity, role, name, phone, email, note)"
        " VALUES ('building', 'hall', '', '赵', '139-0000-0000', '', '')"
    )
    connection.close()
    full = register.backup(tmp_path / "full.sqlite3")
    shared = register.backup(tmp_path / "shared.sqlite3", events_only=True)
    assert b"139-0000-0000" in full.read_bytes()
    assert b"139-0000-0000" not in shared.read_bytes()


def test_a_network_share_is_refused_with_the_reason(plan, tmp_path, monkeypatch):
    """The longest mount point above the file decides; local ones below a share are fine."""
    mounts = tmp_path / "mounts"
    folder = str(tmp_path).replace(" ", r"\040")
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {folder} nfs4 rw 0 0\n")
    monkeypatch.setattr(target, "MOUNTS", mounts)
    with pytest.raises(RegisterError, match="nfs4"):
        open_register(plan)
    assert not register_exists(plan)
    mounts.write_text(f"server:/x / cifs rw 0 0\n/dev/vdb {folder} ext4 rw 0 0\n")
    open_register(plan).close()


def test_an_address_says_which_database(monkeypatch):
    """Parts of DATABASE_URL reach the driver; a password is never said."""
    found = target.postgres("postgres://li:s%40fe@db:5433/hexi?sslmode=require")
    assert found.database["PASSWORD"] == "s@fe"
    assert (found.database["HOST"], found.database["PORT"]) == ("db", "5433")
    assert found.database["OPTIONS"]["sslmode"] == "require"
    assert "s@fe" not in found.name + repr(found.database["NAME"])
    monkeypatch.setenv("DATABASE_URL", "mysql://li:secret@db/hexi")
    with pytest.raises(RegisterError) as refused:
        target.target_of(Plan())
    assert "secret" not in refused.value.message()


def test_a_lock_held_too_long_is_said(register, monkeypatch):
    """Who waits in vain is told that another program holds the register."""
    from django.db import connections

    connections[register.alias].cursor().execute("PRAGMA busy_timeout = 50")
    holder = raw(register)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(RegisterError, match="held by another program"):
        register.append([said()], by="x")
    holder.execute("ROLLBACK")
    holder.close()
    assert register.append([said()], by="x")


def test_three_writers_at_once(plan):
    """Three processes of 50 appends each leave one chain of 150 events, every one there."""
    with open_register(plan) as register:
        command = [sys.executable, str(WRITER), str(plan.path)]
        writers = [
            subprocess.Popen([*command, f"w{n}", "50"], stdout=subprocess.PIPE, text=True)
            for n in range(3)
        ]
        said_ids = {line for w in writers for line in w.communicate(timeout=120)[0].split()}
        assert [w.returncode for w in writers] == [0, 0, 0]
        ledger = register.ledger()
        assert len(said_ids) == 150
        assert set(ledger.index) == said_ids
        assert not register.verify()
        assert ledger["recorded_at"].is_monotonic_increasing


@pytest.fixture
def later(tmp_path, monkeypatch):
    """Give the program one version on: a second, empty step in how the tables came to be."""
    from django.test import override_settings

    from hexi_solar.office import create

    folder = tmp_path / "later_migrations"
    folder.mkdir()
    (folder / "__init__.py").write_text("", "utf-8")
    first = "import importlib\nMigration = importlib.import_module(\n"
    first += "    'hexi_solar.office.migrations.0001_initial').Migration\n"
    (folder / "0001_initial.py").write_text(first, "utf-8")
    (folder / "0002_empty.py").write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        "    dependencies = [('office', '0001_initial')]\n    operations = []\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    @contextlib.contextmanager
    def updated():
        with monkeypatch.context() as here:
            here.setattr(create, "_steps", lambda: {"0001_initial", "0002_empty"})
            with override_settings(MIGRATION_MODULES={"office": "later_migrations"}):
                yield

    return updated


def test_an_older_register_is_brought_up_to_date(plan, later):
    """A newer program copies the older file aside, upgrades it and finds every event; the older one then refuses."""
    with open_register(plan) as register:
        register.append([said(1), said(2)], by="x")
        before = register.rows()
        file = register.target.file
    with later():
        with open_register(plan) as register:
            assert register.rows() == before
            assert not register.verify()
            register.append([said(3)], by="x")
        kept = file.with_name(f"{file.name}.before-1")
        assert kept.exists()
        with open_register(plan) as register:  # once is enough
            assert register.head().seq == 3
        assert not file.with_name(f"{file.name}.before-2").exists()
    with pytest.raises(RegisterError, match="newer"):
        open_register(plan)
