"""Copy a register into one file, and put such a copy in its place.

A copy of a SQLite register is taken by SQLite itself while others go on writing; of a
PostgreSQL register it is a SQLite file with the same events, contacts and logins. Either
way the copy is a register that can be opened anywhere, and its chain is checked before
it gets its name.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hexi_solar.config import Plan
from hexi_solar.errors import Problem, RegisterError
from hexi_solar.ledger import CHAINED
from hexi_solar.office.create import blank, move_aside, prepare, sync_folder
from hexi_solar.office.target import Target, sqlite, target_of
from hexi_solar.office.triggers import TABLE
from hexi_solar.office.trouble import spoken

if TYPE_CHECKING:
    from hexi_solar.office.store import Register

COLUMNS = (*CHAINED, "hash")
# what belongs to the office and not to the events; sessions and logs are left behind
BESIDE = (
    "office_contact", "office_setting", "auth_user", "auth_group", "auth_user_groups",
)  # fmt: skip


def back_up(register: Register, path: Path, *, events_only: bool = False) -> Path:
    """
    Copy a register into one file.

    Raises
    ------
    RegisterError
        If the register is damaged, the copy would replace the register itself, or the
        folder cannot be written; an older copy is then as it was.
    """
    path = path.absolute()
    own = register.target.file
    if own is not None and (path == own or (path.exists() and path.samefile(own))):
        raise RegisterError(Problem("office_backup_self", {"file": path}))
    broken = register.verify()
    if broken:
        raise RegisterError(Problem("office_backup_damaged", {"file": path}), *broken)
    with spoken(sqlite(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        aside = Path(name)
        try:
            if own is not None and not events_only:
                _copy_file(own, aside)
            else:
                _copy_rows(register, aside, events_only=events_only)
            _settle(aside, path)
        finally:
            for end in ("", "-wal", "-shm", "-journal"):
                aside.with_name(aside.name + end).unlink(missing_ok=True)
    return path


def _copy_file(own: Path, aside: Path) -> None:
    """Let SQLite copy its file, consistent though others write."""
    with (
        contextlib.closing(sqlite3.connect(own, timeout=30)) as source,
        contextlib.closing(sqlite3.connect(aside)) as copy,
    ):
        source.backup(copy)
        # one file: nothing of it stays in a write-ahead log
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(register: Register, aside: Path, *, events_only: bool) -> None:
    """Write the rows of a register into a new file."""
    aside.write_bytes(blank())
    with contextlib.closing(sqlite3.connect(aside)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
        with copy:
            marks = ", ".join("?" * len(COLUMNS))
            copy.executemany(
                f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({marks})", register.rows()
            )
            if not events_only:
                for table in BESIDE:
                    _copy_table(register, copy, table)


def _copy_table(register: Register, copy: sqlite3.Connection, table: str) -> None:
    """Copy one table that lies beside the ledger."""
    from django.db import connections

    with connections[register.alias].cursor() as cursor:
        names = [row[1] for row in copy.execute(f"PRAGMA table_info({table})")]
        cursor.execute(f"SELECT {', '.join(names)} FROM {table}")
        rows = [tuple(_plain(value) for value in row) for row in cursor.fetchall()]
    marks = ", ".join("?" * len(names))
    copy.execute(f"DELETE FROM {table}")
    copy.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


def _plain(value: Any) -> Any:
    return value.isoformat(" ") if hasattr(value, "isoformat") else value


def _settle(aside: Path, path: Path) -> None:
    """Bring a file to the disk, then give it its name."""
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def restore(path: Path | str, plan: Plan, *, force: bool = False) -> Path | None:
    """
    Put a copy in the place of a plan's register.

    Parameters
    ----------
    path
        A file that `back_up` wrote, or any SQLite register.
    plan
        Whose register is restored.
    force
        Replace a register that has events; it is moved aside, never deleted.

    Returns
    -------
    kept
        Where the register that was there is now; None if there was none with events.

    Raises
    ------
    RegisterError
        If the copy is missing or damaged, or there are events and `force` is not set. A
        PostgreSQL register is restored only while it is empty.
    """
    from hexi_solar.office.store import open_target

    path = Path(path).absolute()
    if not path.is_file():
        raise RegisterError(Problem("office_no_backup", {"file": path}))
    source = sqlite(path)
    with open_target(source) as copy:
        broken = copy.verify()
        rows = copy.rows()
        if broken:
            raise RegisterError(Problem("office_backup_damaged", {"file": path}), *broken)
    target = target_of(plan)
    if target.file is None:
        _fill_server(target, rows, path)
        return None
    return _replace_file(source, target, target.file, force=force)


def _replace_file(source: Target, target: Target, file: Path, *, force: bool) -> Path | None:
    """Move the register that is there aside, and a copy into its place."""
    from hexi_solar.office.store import open_target

    kept = None
    if file.exists():
        count = 1
        with contextlib.suppress(RegisterError), open_target(target) as there:
            count = there.head().seq
        if count and not force:
            raise RegisterError(Problem("office_not_empty", {"file": file, "count": count}))
    with spoken(target):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        os.close(handle)
        aside = Path(name)
        try:
            assert source.file is not None
            _copy_file(source.file, aside)
            with contextlib.closing(sqlite3.connect(aside)) as copy:
                copy.execute("PRAGMA journal_mode = WAL")
            if file.exists():
                kept = move_aside(file)
            _settle(aside, file)
        finally:
            aside.unlink(missing_ok=True)
    prepare(target)
    return kept


def _fill_server(target: Target, rows: list[tuple[Any, ...]], path: Path) -> None:
    """Write the events of a copy into an empty PostgreSQL register, as they are."""
    from django.db import connections, transaction

    alias = prepare(target)
    with (
        spoken(target),
        transaction.atomic(using=alias, durable=True),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(f"LOCK TABLE {TABLE} IN EXCLUSIVE MODE")
        cursor.execute(f"SELECT count(*) FROM {TABLE}")
        count = cursor.fetchone()[0]
        if count:
            raise RegisterError(Problem("office_not_empty_server", {"count": count}))
        marks = ", ".join(["%s"] * len(COLUMNS))
        cursor.executemany(f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({marks})", rows)
