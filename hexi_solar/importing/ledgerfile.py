"""The whole register as one sheet, written so that reading it again gives the same events.

Every event is a row with the columns of `schema.LEDGER`. Texts are written in one line: a
backslash, and what no cell can carry, becomes a backslash and letters. In a CSV a text
that a spreadsheet would take as a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hexi_solar.errors import OutputError, Problem
from hexi_solar.importing.cells import read_cell
from hexi_solar.importing.history import History
from hexi_solar.importing.proposal import RowVerdict
from hexi_solar.importing.verdicts import NEW, REFUSED, SAME, Change
from hexi_solar.ledger import Event, canonical, event_id_of, ledger_rows
from hexi_solar.schema import ENTITY_TYPES, LEDGER
from hexi_solar.schema.columns import column as _c
from hexi_solar.sheets.books import Sheet
from hexi_solar.sheets.columns import bare
from hexi_solar.sheets.tables import blank

COLUMNS = (_c("event_id", "text", "事件编号", "Event"), *LEDGER)
NEEDED = ("event_id", "entity_type", "entity", "kind", "valid_on", "payload")
MOST_CHARACTERS = 32_767  # of one cell of a workbook
PIECE = 32_000
"""Characters of a payload that are written to one cell."""
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "'")
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def escaped(text: str) -> str:
    r"""
    Write a text in one line that any cell can carry.

    Examples
    --------
    >>> escaped("a\\b\nc"), restored(escaped("a\\b\nc")) == "a\\b\nc"
    ('a\\\\b\\u000ac', True)
    """
    return "".join(_letter(c) for c in text)


def _letter(c: str) -> str:
    if c == "\\":
        return "\\\\"
    odd = unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\ufffe\uffff\ufeff"
    return f"\\u{ord(c):04x}" if odd else c


def restored(text: str) -> str:
    """Undo `escaped`."""
    return _ESCAPED.sub(
        lambda m: "\\" if m.group(1) == "\\" else chr(int(m.group(1)[1:], 16)), text
    )


def guarded(text: str) -> str:
    """
    Keep a spreadsheet from taking a text of a CSV as a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("甲楼")
    ("'=1+1", '甲楼')
    """
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def event_rows(ledger: pd.DataFrame) -> list[dict[str, Any]]:
    """Return every event as cells, in the order of the chain."""
    rows = []
    for event in ledger_rows(ledger):
        rows.append({
            c.name: escaped(v) if isinstance(v := event.get(c.name), str) else v for c in COLUMNS
        })  # fmt: skip
    return rows


def csv_text(ledger: pd.DataFrame, language: str) -> str:
    """Write the events as CSV, to be saved as UTF-8 with its mark."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([c.zh if language == "zh" else c.en for c in COLUMNS])
    for row in event_rows(ledger):
        cells = [row[c.name] for c in COLUMNS]
        writer.writerow([guarded(c) if isinstance(c, str) else c for c in cells])
    return out.getvalue()


def payload_pieces(payload: str) -> list[str]:
    """Cut a payload into what a cell of a workbook can hold; a publication is longer."""
    return [payload[at : at + PIECE] for at in range(0, len(payload), PIECE)] or [""]


def check_lengths(rows: list[dict[str, Any]], file: str) -> None:
    """Refuse to cut what a cell of a workbook cannot hold; payloads go into several cells."""
    long = [
        r["event_id"] for r in rows
        if any(len(str(v)) > MOST_CHARACTERS for n, v in r.items() if n != "payload")
    ]  # fmt: skip
    if long:
        facts = {"file": file, "events": ", ".join(long[:5]), "most": MOST_CHARACTERS}
        raise OutputError(Problem("import_export_long", facts))


# ---------------------------------------------------------------------------- and back


def ledger_header(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """Find the header of an export: its row, from 1, and where our columns stand, from 0."""
    names = {bare(n): c.name for c in COLUMNS for n in (c.name, c.zh, c.en)}
    for number, row in enumerate(sheet.rows[:20], start=1):
        found = {names[bare(str(c))]: at for at, c in reversed(list(enumerate(row)))
                 if not blank(c) and bare(str(c)) in names}  # fmt: skip
        if set(NEEDED) <= found.keys():
            # the rest of long payloads stands in columns of the same name with a number
            heads = {str(c).strip().casefold(): at for at, c in enumerate(row) if not blank(c)}
            first = str(row[found["payload"]]).strip().casefold()
            for piece in range(2, len(row)):
                if f"{first} {piece}" not in heads:
                    break
                found[f"payload {piece}"] = heads[f"{first} {piece}"]
            return number, found
    return None


def judge_export(
    sheet: Sheet, header: int, places: Mapping[str, int], history: History, *, is_csv: bool
) -> list[RowVerdict]:
    """Judge every event of an export: new, on file already, or not what was recorded."""
    verdicts: list[RowVerdict] = []
    seen: dict[str, int] = {}
    for number in range(header + 1, len(sheet.rows) + 1):
        cells = sheet.rows[number - 1]
        if all(blank(c) for c in cells):
            continue
        said = {n: _plain(cells[at], is_csv) for n, at in places.items() if " " not in n}
        pieces = [cells[at] for n, at in places.items() if n.startswith("payload ")]
        if any(not blank(c) for c in pieces):
            whole = [cells[places["payload"]], *pieces]
            said["payload"] = restored("".join(str(c) for c in whole if c is not None))
        problems: list[Problem] = []
        event = _event(said, problems)
        name = said["event_id"]
        if name in seen:
            problems.append(Problem("import_contradiction", {"row": seen[name]}))
        seen.setdefault(name, number)
        if event is None or problems:
            verdicts.append(RowVerdict(number, REFUSED, said["entity"], (), tuple(problems)))
        else:
            verdicts.append(_against(history, event, number))
    return verdicts


def _plain(cell: Any, is_csv: bool) -> str:
    """Return a cell as the text that was exported."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell)
    if is_csv and text.startswith("'"):
        text = text[1:]
    return restored(text)


def _event(said: Mapping[str, str], problems: list[Problem]) -> Event | None:
    """Make the event of one row, or say what is wrong with it."""

    def refuse(code: str, name: str, **more: Any) -> None:
        zh = next(c.zh for c in COLUMNS if c.name == name)
        problems.append(Problem(code, {"column": zh, "found": said.get(name, "")[:60], **more}))

    for name in NEEDED:
        if name != "payload" and not said[name].strip():
            refuse("import_blank", name)
    if said["entity_type"] not in ENTITY_TYPES:
        refuse("import_word", "entity_type", expected=", ".join(ENTITY_TYPES))
    day = read_cell(said["valid_on"], LEDGER["valid_on"], LEDGER["valid_on"].zh)
    if day.problem is not None:
        problems.append(day.problem)
    try:
        payload = json.loads(said["payload"] or "{}")
        recorded = said.get("recorded_at", "")
        time = dt.datetime.fromisoformat(recorded) if recorded else None
        row = int(said["source_row"]) if said.get("source_row") else None
    except ValueError as error:
        refuse("import_json", "payload", error=str(error)[:60])
        return None
    if not isinstance(payload, dict):
        refuse("import_json", "payload", error=type(payload).__name__)
    if problems or day.value is None:
        return None
    event = Event(
        said["entity_type"], said["entity"], said["kind"], day.value, payload,
        said.get("reason", ""), said["event_id"], time, said.get("recorded_by", ""),
        said.get("source", ""), said.get("source_sha256", ""), row,
    )  # fmt: skip
    # an id that we made is a sum over what the event says
    ours = event.event_id.startswith("e-") and len(event.event_id) == 18
    if ours and event_id_of(event) != event.event_id:
        refuse("import_altered", "event_id")
        return None
    return event


def _against(history: History, event: Event, row: int) -> RowVerdict:
    """Hold an event of an export against the register."""
    if event.event_id not in history.ledger.index:
        return RowVerdict(row, NEW, event.entity, events=(event,))
    there = history.ledger.loc[[event.event_id]].iloc[0].to_dict()
    parts = {
        "entity_type": event.entity_type, "entity": event.entity, "kind": event.kind,
        "valid_on": event.valid_on, "payload": canonical(event.payload), "reason": event.reason,
    }  # fmt: skip
    known = {**{n: there[n] for n in parts}, "valid_on": pd.Timestamp(there["valid_on"]).date()}
    changes = tuple(Change(n, known[n], v) for n, v in parts.items() if known[n] != v)
    if changes:
        problem = Problem("import_event_differs", {"event": event.event_id})
        return RowVerdict(row, REFUSED, event.entity, changes, (problem,))
    return RowVerdict(row, SAME, event.entity)


def save_csv(ledger: pd.DataFrame, path: Path, language: str) -> None:
    """Write the CSV with its mark, whole."""
    aside = path.with_name(path.name + ".part")
    aside.write_bytes(csv_text(ledger, language).encode("utf-8-sig"))
    aside.replace(path)
