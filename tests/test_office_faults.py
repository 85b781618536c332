"""Whatever happens to a writer, a disk or a folder: what was acknowledged is kept, the rest was never there."""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import postgres_server
import pytest

from hexi_solar.config import Plan
from hexi_solar.errors import RegisterError
from hexi_solar.ledger import Event
from hexi_solar.office.store import open_register

pytestmark = pytest.mark.fault
DAY = dt.date(2024, 1, 1)
ROUNDS, WRITERS, BATCH = 40, 3, 5
WRITER = Path(__file__).with_name("office_writer.py")
NO_SERVER = postgres_server.why_not()


@contextmanager
def small_disk(folder: Path, size: str):
    """Mount a file system of a few hundred kilobytes or megabytes in memory."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small disk can be mounted by root only")
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"no small disk here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server of our own."""
    if NO_SERVER:
        pytest.skip(NO_SERVER)
    with postgres_server.server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def plan(request, tmp_path, monkeypatch):
    """A plan with a register in a file, and one in a database."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if request.param == "postgresql":
        address = request.getfixturevalue("server")
        name = f"hexi_{uuid.uuid4().hex[:12]}"
        monkeypatch.setenv("DATABASE_URL", postgres_server.new_database(address, name))
    return Plan(path=tmp_path / "plan.toml")


def test_forty_rounds_of_sudden_death_lose_nothing(plan, tmp_path):
    """Three writers are killed 40 times in mid-import: every acknowledged event is there, and no half batch.

    Each writer prints an id once it was told that the event is kept. A batch is five events.
    """
    dice = random.Random(20261122)
    acknowledged: set[str] = set()
    with open_register(plan) as register:
        for turn in range(ROUNDS):
            files = [tmp_path / f"said-{turn}-{n}" for n in range(WRITERS)]
            writers = []
            for n, file in enumerate(files):
                with file.open("w") as out:
                    command = [
                        sys.executable,
                        str(WRITER),
                        str(plan.path),
                        f"t{turn}w{n}",
                        "100000",
                        str(BATCH),
                    ]
                    writers.append(subprocess.Popen(command, stdout=out))
            wait_for_words(files)
            time.sleep(dice.uniform(0.0, 0.3))
            for writer in dice.sample(writers, WRITERS):
                writer.send_signal(signal.SIGKILL)
                time.sleep(dice.uniform(0.0, 0.02))
            for writer in writers:
                writer.wait()
            for file in files:  # the last line may be cut in the middle
                acknowledged |= set(file.read_text().rpartition("\n")[0].split())
            if turn % 10 == 9:
                assert not register.verify()
        settle(register)
        ledger = register.ledger()
        assert not register.verify()
    assert acknowledged <= set(ledger.index)
    assert len(acknowledged) > ROUNDS * BATCH
    batches = ledger["entity"].str.rpartition("-")[0].value_counts()
    assert set(batches) == {BATCH}


def wait_for_words(files: list[Path]) -> None:
    """Wait until a writer had something acknowledged."""
    until = time.monotonic() + 60
    while not any(file.stat().st_size for file in files):
        assert time.monotonic() < until, "no writer got anywhere"
        time.sleep(0.01)


def settle(register) -> None:
    """Wait until the server has noticed that its clients are dead."""
    for _ in range(100):
        before = register.head()
        time.sleep(0.1)
        if register.head() == before:
            return


def test_a_full_disk_is_said_and_leaves_a_sound_register(tmp_path, monkeypatch):
    """Appending until the disk is full gives one message; all that was acknowledged is there, and it goes on after."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with small_disk(tmp_path / "disk", "1500k") as disk:
        plan = Plan(path=disk / "plan.toml")
        acknowledged: list[str] = []
        with open_register(plan) as register:
            with pytest.raises(RegisterError) as refused:
                for number in range(10_000):
                    events = [
                        Event("project", f"{number}-{part}", "filed", DAY, {"note": "x" * 500})
                        for part in range(5)
                    ]
                    acknowledged += register.append(events, by="x")
            assert refused.value.problems[0].code in ("office_full", "office_io")
            assert "磁盘" in refused.value.message("zh")
            assert acknowledged
            assert list(register.ledger().index) == acknowledged
        with open_register(plan) as register:
            register.backup(
                tmp_path / "copy.sqlite3"
            )  # a full disk does not keep a backup from another one
            assert not register.verify()
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        with open_register(plan) as register:
            register.append([Event("project", "after", "filed", DAY)], by="x")
            assert not register.verify()


def test_a_register_is_not_half_made_on_a_full_disk(tmp_path, monkeypatch):
    """Where there is no room for a register none appears, and the reason is said."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with small_disk(tmp_path / "disk", "64k") as disk:
        with pytest.raises(RegisterError) as refused:
            open_register(Plan(path=disk / "plan.toml"))
        assert refused.value.problems[0].code == "office_full"
        assert list(disk.iterdir()) == []


def test_a_backup_that_does_not_fit_leaves_the_older_one(tmp_path, monkeypatch):
    """The copy is made aside: without room for it the older backup stays as it was."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with (
        small_disk(tmp_path / "disk", "300k") as disk,
        open_register(Plan(path=tmp_path / "plan.toml")) as register,
    ):
        copy = register.backup(disk / "copy.sqlite3")
        good = copy.read_bytes()
        register.append(
            [Event("project", f"{n}", "filed", DAY, {"note": "x" * 900}) for n in range(500)],
            by="x",
        )
        with pytest.raises(RegisterError) as refused:
            register.backup(copy)
        assert refused.value.problems[0].code in ("office_full", "office_io")
        assert copy.read_bytes() == good
        assert [p.name for p in disk.iterdir()] == ["copy.sqlite3"]


def test_a_read_only_folder_is_said(tmp_path, monkeypatch):
    """Where nothing may be written: one message, and the register is as it was."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with small_disk(tmp_path / "disk", "4m") as disk:
        plan = Plan(path=disk / "plan.toml")
        with open_register(plan) as register:
            register.append([Event("project", "a", "filed", DAY)], by="x")
            before = register.rows()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(RegisterError) as refused, open_register(plan) as register:
            register.append([Event("project", "b", "filed", DAY)], by="x")
        assert refused.value.problems[0].code == "office_readonly"
        with pytest.raises(RegisterError) as refused:
            open_register(Plan(path=disk / "other" / "plan.toml"))
        assert refused.value.problems[0].code == "office_readonly"
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        with open_register(plan) as register:
            assert register.rows() == before
            assert not register.verify()


def test_a_full_disk_under_postgresql(tmp_path, monkeypatch):
    """The server's disk fills up: one message, and what was acknowledged is there once there is room."""
    if NO_SERVER:
        pytest.skip(NO_SERVER)
    with small_disk(tmp_path / "disk", "160m") as disk:
        tmp_path.chmod(0o755)
        for parent in list(tmp_path.parents)[:2]:
            parent.chmod(0o755)
        home = disk / "server"
        home.mkdir()
        with postgres_server.server(home) as address:
            monkeypatch.setenv("DATABASE_URL", postgres_server.new_database(address, "hexi"))
            acknowledged: list[str] = []
            filler = disk / "filler"
            with open_register(Plan()) as register:
                acknowledged += register.append([Event("project", "first", "filed", DAY)], by="x")
                free = shutil.disk_usage(disk).free
                filler.write_bytes(b"\0" * (free - 300_000))
                with pytest.raises(RegisterError) as refused:
                    for number in range(3000):
                        note = random.Random(number).randbytes(4000).hex()
                        event = Event("project", str(number), "filed", DAY, {"note": note})
                        acknowledged += register.append([event], by="x")
            problem = refused.value.problems[0]
            assert problem.code in ("office_full", "office_unreachable"), problem
            filler.unlink()
            for _ in range(60):  # a server whose log found no room restarts itself
                try:
                    with open_register(Plan()) as register:
                        found = set(register.ledger().index)
                        problems = register.verify()
                    break
                except RegisterError:
                    time.sleep(0.5)
            assert set(acknowledged) <= found
            assert not problems
