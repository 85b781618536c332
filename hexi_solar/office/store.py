"""A register that is open: what it holds, and the one way to add to it.

`append` takes a list of events and keeps all of them or none. It reads the head, chains
the events behind it and writes them in one transaction that no other writer can enter,
and returns when the disk has them: an event whose id was returned outlasts a crash.

The clock of knowledge never runs backwards: an entry is recorded a microsecond after the
one before it if the machine's clock says that it was earlier, and is refused if the clock
lies more than an hour behind. `entered_at` keeps what the machine's clock said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import Problem, RegisterError
from hexi_solar.ledger import CHAINED, FIRST, Event, event_hash
from hexi_solar.office.check import Entry, entries_of
from hexi_solar.office.create import LOCKS, prepare
from hexi_solar.office.target import Target, target_of
from hexi_solar.office.triggers import TABLE
from hexi_solar.office.trouble import spoken
from hexi_solar.schema import LEDGER

COLUMNS = (*CHAINED, "hash")
SAME = ("entity_type", "entity", "kind", "valid_on", "payload")
SLACK = dt.timedelta(hours=1)
TICK = dt.timedelta(microseconds=1)
MOVED = "office_moved"
"""Code of the problem that someone recorded in between."""


@dataclass(frozen=True)
class Head:
    """The last event of a register: with its hash, all before it are fixed."""

    seq: int = 0
    hash: str = FIRST

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


class Register:
    """
    An open register.

    Use it as a context manager, or call `close`. A register belongs to the thread that
    opened it.
    """

    def __init__(self, target: Target, alias: str) -> None:
        self.target = target
        self.alias = alias

    def append(
        self,
        events: Sequence[Event],
        *,
        by: str,
        take_over: bool = False,
        expected_head: Head | None = None,
    ) -> list[str]:
        """
        Add events behind the last one: all or none.

        Parameters
        ----------
        events
            What is to be recorded. An event whose id is there already, saying the same,
            is skipped.
        by
            Who records it.
        take_over
            Keep `recorded_at` and `recorded_by` where events have them: only for events
            of an older register. A time without zone is taken as UTC.
        expected_head
            The register must end here: for events that were worked out from what it said
            then. Looked at where no other writer can be in between. None for any.

        Returns
        -------
        ids
            Of the events that were added, in their order. They are on the disk.

        Raises
        ------
        RegisterError
            With every event that cannot be recorded, or with what is in the way: a register
            that moved on, a lock, a full disk, a read-only folder, a clock that lies behind.
        """
        entries = entries_of(events, by, take_over)
        if not entries:
            return []
        from django.db import transaction

        with (
            spoken(self.target),
            transaction.atomic(using=self.alias, durable=True),
            self._cursor() as cursor,
        ):
            self._lock(cursor)
            self._still_at(cursor, expected_head)
            new = self._new(cursor, entries)
            rows = self._chained(cursor, new)
            self._insert(cursor, rows)
        return [row[1] for row in rows]

    def ledger(self) -> pd.DataFrame:
        """
        Return all events.

        Returns
        -------
        ledger
            `schema.LEDGER`, in the order of the chain.
        """
        return ledger_table(self.rows())

    def rows(self, after: int = 0) -> list[tuple[Any, ...]]:
        """Return events as they are stored, those behind a place in the chain."""
        with spoken(self.target), self._cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(COLUMNS)} FROM {TABLE} WHERE seq > %s ORDER BY seq", [after]
            )
            return list(cursor.fetchall())

    def head(self) -> Head:
        """Return place and hash of the last event."""
        with spoken(self.target), self._cursor() as cursor:
            return Head(*self._last(cursor))

    def verify(self, heads: Iterable[Head] = ()) -> list[Problem]:
        """
        Find everything that was changed, taken out or switched off behind our back.

        Parameters
        ----------
        heads
            Noted elsewhere, in a report or a publication: this register must contain them.

        Returns
        -------
        problems
            Empty if every event is as it was recorded.
        """
        from hexi_solar.office.verify import find_damage

        return find_damage(self, heads)

    def backup(self, path: Path | str, *, events_only: bool = False) -> Path:
        """
        Copy the register into one file.

        Parameters
        ----------
        path
            The copy; written aside and moved into place.
        events_only
            Leave out contacts, logins and sessions: a copy to hand on.
        """
        from hexi_solar.office.backup import back_up

        return back_up(self, Path(path), events_only=events_only)

    def close(self) -> None:
        """Close the register in this thread."""
        from hexi_solar.office.boot import forget

        forget(self.alias)

    def __enter__(self) -> Register:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ----------------------------------------------------------------- inside a transaction

    def _cursor(self) -> Any:
        from django.db import connections

        return connections[self.alias].cursor()

    def _lock(self, cursor: Any) -> None:
        """Let no other writer in; in SQLite, BEGIN IMMEDIATE has done so."""
        if self.target.file is None:
            cursor.execute("SET LOCAL synchronous_commit TO on")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCKS[1]])

    def _last(self, cursor: Any) -> tuple[int, str]:
        """Return place and hash of the last event."""
        cursor.execute(f"SELECT seq, hash FROM {TABLE} ORDER BY seq DESC LIMIT 1")
        last = cursor.fetchone()
        return (0, FIRST) if last is None else (int(last[0]), str(last[1]))

    def _still_at(self, cursor: Any, expected: Head | None) -> None:
        """Refuse to go on where someone recorded since."""
        found = Head(*self._last(cursor))
        if expected is not None and found != expected:
            facts = {"file": self.target.name, "expected": expected.seq, "found": found.seq}
            raise RegisterError(Problem(MOVED, facts))

    def _new(self, cursor: Any, entries: list[Entry]) -> list[Entry]:
        """Leave out what is there already; refuse ids that are taken by something else."""
        there = self._stored(cursor, [entry["event_id"] for entry in entries])
        withdrawn = [e["withdraws"] for e in entries if e["withdraws"]]
        there_too = self._stored(cursor, withdrawn)
        problems, new, seen = [], [], dict(there)
        for entry in entries:
            known = seen.get(entry["event_id"])
            if known is None:
                new.append(entry)
                seen[entry["event_id"]] = {name: entry[name] for name in SAME}
            elif any(known[name] != entry[name] for name in SAME):
                problems.append(Problem("office_id_taken", {"event": entry["event_id"]}))
            target = entry["withdraws"]
            if target and target not in seen and target not in there_too:
                facts = {"event": entry["event_id"], "found": target}
                problems.append(Problem("office_withdraws_nothing", facts))
        if problems:
            raise RegisterError(*problems)
        return new

    def _stored(self, cursor: Any, ids: list[str]) -> dict[str, dict[str, Any]]:
        """Look up events by their ids."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(
                f"SELECT event_id, {', '.join(SAME)} FROM {TABLE} WHERE event_id IN ({marks})", part
            )
            found |= {row[0]: dict(zip(SAME, row[1:], strict=True)) for row in cursor.fetchall()}
        return found

    def _chained(self, cursor: Any, entries: list[Entry]) -> list[tuple[Any, ...]]:
        """Give each event its place, its clocks and its hash."""
        seq, previous = self._last(cursor)
        now = dt.datetime.now(dt.UTC)
        clock = self._clock(cursor, now)
        rows = []
        for entry in entries:
            seq += 1
            clock += TICK
            said = {
                **entry,
                "seq": seq,
                "recorded_at": entry["recorded_at"] or stamp(clock),
                "entered_at": stamp(now),
                "previous": previous,
            }
            previous = event_hash(said)
            rows.append((*(said[name] for name in CHAINED), previous))
        return rows

    def _clock(self, cursor: Any, now: dt.datetime) -> dt.datetime:
        """Return the time behind which to record, never before that of an earlier entry."""
        cursor.execute(f"SELECT max(entered_at) FROM {TABLE}")
        latest = cursor.fetchone()[0]
        if latest is None:
            return now
        entered = dt.datetime.fromisoformat(latest)
        if now < entered - SLACK:
            facts = {"file": self.target.name, "now": stamp(now), "latest": latest}
            raise RegisterError(Problem("office_clock", facts))
        # what was taken over may say any time; ours is never further ahead than the slack
        bound = stamp(max(now, entered) + SLACK)
        cursor.execute(f"SELECT max(recorded_at) FROM {TABLE} WHERE recorded_at <= %s", [bound])
        recorded = cursor.fetchone()[0]
        return max(now, entered, dt.datetime.fromisoformat(recorded or latest))

    def _insert(self, cursor: Any, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            marks = ", ".join(["%s"] * len(COLUMNS))
            cursor.executemany(f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({marks})", rows)


def stamp(time: dt.datetime) -> str:
    """Write a time as the ledger does: UTC, to the microsecond, always as long."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ledger_table(rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """Turn stored rows into `schema.LEDGER`."""
    table = pd.DataFrame([list(row) for row in rows], columns=list(COLUMNS))
    table = table.set_index("event_id")[LEDGER.names]
    table["seq"] = table["seq"].astype("int64")
    table["valid_on"] = pd.to_datetime(table["valid_on"]).astype("datetime64[us]")
    table["source_row"] = table["source_row"].astype("Int64")
    return table


def open_register(plan: Plan) -> Register:
    """
    Open the register of a plan; an empty one is made if there is none.

    Raises
    ------
    RegisterError
        If it is on a network share, cannot be read, or is none of ours.
    """
    return open_target(target_of(plan))


def open_target(target: Target) -> Register:
    """Open a register by its place."""
    return Register(target, prepare(target))


def restore(path: Path | str, plan: Plan, *, force: bool = False) -> Path | None:
    """
    Put a copy in the place of a plan's register; see `backup.restore`.

    Returns
    -------
    kept
        Where the register that was there is now.
    """
    from hexi_solar.office import backup

    return backup.restore(path, plan, force=force)


def register_exists(plan: Plan) -> bool:
    """Tell whether a plan has a register already, without making one."""
    target = target_of(plan)
    if target.file is not None:
        return target.file.exists()
    from django.db import connections

    from hexi_solar.office.boot import alias_of

    with spoken(target), connections[alias_of(target)].cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [TABLE])
        return cursor.fetchone()[0] is not None
