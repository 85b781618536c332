"""Make a register that is not there yet, and bring an older one up to date.

A new file is made aside and moved into place whole, so that nobody ever sees half of
one, and of two who make it at once the first wins.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from hexi_solar.errors import Problem, RegisterError
from hexi_solar.office.boot import alias_of, announce, boot, forget
from hexi_solar.office.target import Target, refuse_share, sqlite
from hexi_solar.office.trouble import spoken

# "HEXI": tells our files from other SQLite files
APPLICATION_ID = 0x48455849
# whoever migrates a PostgreSQL database holds this lock, whoever appends the next
LOCKS = (0x48455849, 0x4845584A)


def prepare(target: Target) -> str:
    """
    Make sure that a register is there and of our version.

    Returns
    -------
    alias
        Under which Django knows it.

    Raises
    ------
    RegisterError
        If it cannot be made or read, is another program's file, or was written by a
        newer version.
    """
    with spoken(target):
        if target.file is None:
            return _prepare_server(target)
        refuse_share(target.file)
        if not target.file.exists():
            place(blank(), target.file)
        alias = alias_of(target)
        _check_file(target, target.file)
        if _behind(alias, target):
            _upgrade_file(alias, target.file)
    return alias


def place(content: bytes, file: Path) -> bool:
    """Write a file aside and move it into place; False if another was quicker."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        aside.chmod(0o640)
        try:
            os.link(aside, file)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            if file.exists():
                return False
            aside.rename(file)
        sync_folder(file.parent)
    finally:
        aside.unlink(missing_ok=True)
    return True


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a power cut, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def blank() -> bytes:
    """Return a register without events, as the bytes of its file."""
    with tempfile.TemporaryDirectory() as folder:
        target = sqlite(Path(folder) / "blank.sqlite3")
        alias = alias_of(target)
        try:
            migrate(alias)
        finally:
            forget(alias)
        assert target.file is not None
        with contextlib.closing(sqlite3.connect(target.file)) as made:
            made.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            made.execute("VACUUM")
            made.execute("PRAGMA journal_mode = WAL")
        return target.file.read_bytes()


def migrate(alias: str) -> None:
    """Bring the tables of a database up to date."""
    boot()
    from django.core.management import call_command

    call_command("migrate", database=alias, verbosity=0, interactive=False)


def _check_file(target: Target, file: Path) -> None:
    """Refuse a file that is no register."""
    with file.open("rb") as content:
        head = content.read(100)
    number = int.from_bytes(head[68:72], "big")
    if head[:15] != b"SQLite format 3" or number != APPLICATION_ID:
        raise RegisterError(Problem("office_foreign", {"file": target.name, "found": ""}))


def _steps() -> set[str]:
    """Name the steps by which tables came to be what they are."""
    folder = Path(__file__).parent / "migrations"
    return {file.stem for file in folder.glob("[0-9]*.py")}


def _behind(alias: str, target: Target) -> bool:
    """Tell whether tables are older than this program; refuse newer ones."""
    from django.db import connections

    with connections[alias].cursor() as cursor:
        tables = connections[alias].introspection.table_names(cursor)
        if "django_migrations" not in tables:
            return True
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'office'")
        done = {str(row[0]) for row in cursor.fetchall()}
    if done - _steps():
        facts = {"file": target.name, "found": ", ".join(sorted(done - _steps()))}
        raise RegisterError(Problem("office_newer", facts))
    return done != _steps()


def _upgrade_file(alias: str, file: Path) -> None:
    """Copy a file, then bring its tables up to date."""
    forget(alias)
    with (
        contextlib.closing(sqlite3.connect(file)) as old,
        contextlib.closing(sqlite3.connect(_free(file, "before"))) as copy,
    ):
        old.backup(copy)
    migrate(alias)


def _free(file: Path, word: str) -> Path:
    """Find a name beside a file that is not taken."""
    number = 1
    while (found := file.with_name(f"{file.name}.{word}-{number}")).exists():
        number += 1
    return found


def move_aside(file: Path) -> Path:
    """Move a register and what SQLite keeps beside it to a free name."""
    kept = _free(file, "old")
    for end in ("-wal", "-shm", ""):
        part = file.with_name(file.name + end)
        if part.exists():
            shutil.move(part, kept.with_name(kept.name + end))
    return kept


def _prepare_server(target: Target) -> str:
    """Make the tables of a PostgreSQL database, one process at a time."""
    from django.db import connections

    alias = alias_of(target)
    connection: Any = connections[alias]
    if _behind(alias, target):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCKS[0]])
        try:
            if _behind(alias, target):
                migrate(alias)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCKS[0]])
    return alias


__all__ = ["announce", "blank", "migrate", "move_aside", "place", "prepare", "sync_folder"]
