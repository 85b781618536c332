"""What was changed in a register behind its back, named event by event.

Every event is read as it stands in the file, not through tables that would stumble over
a damaged value, and its hash is worked out anew. A tail that was cut off leaves a chain
that is whole in itself: only a head that was noted elsewhere, in a publication or on a
printed report, tells.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hexi_solar.errors import Problem, RegisterError, Say
from hexi_solar.ledger import CHAINED, FIRST, broken_rows
from hexi_solar.office.triggers import TABLE, find_missing
from hexi_solar.office.trouble import problem_of

if TYPE_CHECKING:
    from hexi_solar.office.store import Head, Register

COLUMNS = (*CHAINED, "hash")
# named one by one up to here, then counted
NAMED = 20


def find_damage(register: Register, heads: Iterable[Head] = ()) -> list[Problem]:
    """
    Find what is not as it was recorded.

    Parameters
    ----------
    register
        The open register.
    heads
        Noted elsewhere: this register must contain each.

    Returns
    -------
    problems
        A file that is torn, events that were changed, missing or moved, triggers that
        are off, heads that are not there.
    """
    problems = list(_file(register))
    try:
        rows = list(_stored(register))
    except RegisterError as error:
        return problems + [p for p in error.problems if p not in problems]
    broken = list(broken_rows(rows))
    problems += [_broken(register, *each) for each in broken[:NAMED]]
    if len(broken) > NAMED:
        problems.append(_of(register, "office_broken_more", count=len(broken) - NAMED))
    problems += [_of(register, "office_trigger", found=name) for name in _switched_off(register)]
    problems += _lost_heads(register, rows, heads)
    return problems


def _of(register: Register, code: str, **facts: Any) -> Problem:
    return Problem(code, {"file": register.target.name, **facts})


def _broken(register: Register, seq: int, event_id: str, what: str) -> Problem:
    return _of(
        register, "office_broken", seq=seq, event=event_id, what=Say(f"office.broken.{what}")
    )


def _file(register: Register) -> Iterator[Problem]:
    """Ask SQLite whether its file is whole."""
    if register.target.file is None:
        return
    try:
        with contextlib.closing(_raw(register)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    except sqlite3.Error as error:
        yield problem_of(error, register.target)
        return
    if found != ["ok"]:
        yield _of(register, "office_damaged", found="; ".join(" ".join(f.split()) for f in found))


def _raw(register: Register) -> sqlite3.Connection:
    """Open the file itself; bytes that are no text become visible as such."""
    assert register.target.file is not None
    connection = sqlite3.connect(f"{register.target.file.as_uri()}?mode=ro", uri=True, timeout=30)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def _stored(register: Register) -> Iterator[dict[str, Any]]:
    """Read the events as they stand, in the order of their places."""
    if register.target.file is None:
        rows: Iterable[Any] = register.rows()
    else:
        try:
            with contextlib.closing(_raw(register)) as connection:
                query = f"SELECT {', '.join(COLUMNS)} FROM {TABLE} ORDER BY seq"
                rows = connection.execute(query).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise RegisterError(problem_of(error, register.target)) from error
    for row in rows:
        yield dict(zip(COLUMNS, row, strict=True))


def _switched_off(register: Register) -> list[str]:
    """Name the triggers that no longer keep the ledger append-only."""
    from django.db import connections

    with connections[register.alias].cursor() as cursor:
        if register.target.file is None:
            cursor.execute(
                "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass", [TABLE]
            )
            return find_missing("postgresql", {r[0]: _letter(r[1]) for r in cursor.fetchall()})
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return find_missing("sqlite", dict(cursor.fetchall()))


def _letter(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _lost_heads(
    register: Register, rows: list[dict[str, Any]], heads: Iterable[Head]
) -> Iterator[Problem]:
    """Look for each head that was noted, here or in a publication."""
    hashes = {row["seq"]: row["hash"] for row in rows} | {0: FIRST}
    last = max(hashes)
    noted = [(head.seq, head.hash) for head in heads] + list(_published(rows))
    for seq, found in dict.fromkeys(noted):
        if seq > last:
            yield _of(register, "office_tail", seq=seq, last=last, missing=seq - last)
        elif hashes.get(seq) != found:
            yield _of(register, "office_head", seq=seq, found=found[:12])


def _published(rows: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Return the heads that publications in the register name."""
    for row in rows:
        if row["entity_type"] != "publication":
            continue
        try:
            head = json.loads(row["payload"]).get("head")
        except ValueError:  # the event is named as broken already
            continue
        if isinstance(head, dict) and isinstance(head.get("seq"), int):
            yield head["seq"], str(head.get("hash", ""))
