"""Reads a spreadsheet and says, row by row, what it would change in the register."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from hexi_solar.errors import Notices, Problem, RegisterError
from hexi_solar.importing.answers import answers_in, of_a_check
from hexi_solar.importing.columns import (
    Reading,
    decisions,
    fingerprint,
    headers_with,
    recognise,
)
from hexi_solar.importing.history import History
from hexi_solar.importing.judge import judge_sheet
from hexi_solar.importing.judging import Judge
from hexi_solar.importing.kinds import ENTITY, LEDGER, kinds
from hexi_solar.importing.ledgerfile import judge_export, ledger_header
from hexi_solar.importing.match import Buildings
from hexi_solar.importing.memory import Memory
from hexi_solar.importing.proposal import Contact, Proposal, RowVerdict, SheetProposal
from hexi_solar.importing.records import Record, read_records
from hexi_solar.importing.verdicts import PASSED, Origin
from hexi_solar.ledger import head_of
from hexi_solar.sheets.books import Sheet, read_book
from hexi_solar.sheets.columns import bare, some
from hexi_solar.sheets.names import plain_id
from hexi_solar.sheets.tables import blank
from hexi_solar.sheets.words import nearest

ORDER = tuple(ENTITY)
Reader = Callable[[Path, Notices], list[Sheet]]


def propose(
    file: Path,
    ledger: pd.DataFrame,
    *,
    today: dt.date,
    kind: str | None = None,
    buildings: pd.DataFrame | None = None,
    memory: Memory | None = None,
    reason: str = "",
    datum: str = "wgs84",
    columns: Mapping[str, str] | None = None,
    source: str | None = None,
    take_over: bool = False,
    reader: Reader = read_book,
) -> Proposal:
    """
    Say what an import of one file would do; nothing is recorded.

    Parameters
    ----------
    file
        Workbook (.xlsx, .xlsm) or CSV.
    ledger
        The register as it is, `schema.LEDGER`.
    today
        The day that counts as today; nothing is taken that happens later.
    kind
        projects, buildings, meters, diagnoses, trackers, equipment or ledger; None to
        find it out, sheet by sheet.
    buildings
        Those that rows may mean, indexed by id with name and address; footprints in a
        projected system where positions are to be matched.
    memory
        Earlier decisions about columns and buildings.
    reason
        Why facts on file are corrected; without it a row that changes one is refused.
    datum
        Of coordinates in the file: wgs84, cgcs2000, gcj02 or bd09.
    columns
        Column of the file = column of ours (``"-"`` to pass over), decided now.
    source
        Name under which the file is cited; its own by default.
    take_over
        The file is an older register of projects: its event ids, times of recording and
        recorders are kept.
    reader
        Reads the file; `sheets.aside.read_aside` for a file of someone we do not know.

    Returns
    -------
    proposal
        One verdict per row; `proposal.events` is what to append, empty while any row is
        refused or asked.

    Raises
    ------
    LayerError
        If the file cannot be read.
    RegisterError
        If no sheet is of a kind that we know.
    """
    memory, notices = memory or Memory(), Notices()
    if kind not in (None, LEDGER, *ORDER):
        facts = {
            "found": kind,
            "hint": nearest(str(kind), ORDER),
            "known": ", ".join((*ORDER, LEDGER)),
        }
        raise RegisterError(Problem("import_kind", facts))
    name = source or file.name
    sheets = reader(file, notices)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    told, matches = answers_in(sheets)
    memory = memory.and_also(told, matches)
    history = History(ledger)
    export = None if kind in ORDER else _export(sheets, history, file)
    if export is not None:
        return Proposal(
            name, digest, (export,), tuple(notices), take_over=True, head=head_of(ledger)
        )
    readings = _readings(sheets, kind, memory, columns or {}, notices)
    if not readings:
        raise RegisterError(Problem("import_kind_unknown", _facts_of(sheets, file)))
    judge = Judge(
        history, Buildings(buildings, history, datum), today,
        Origin(name, digest, None, reason.strip()), memory.matches,
        {plain_id(p): p for p in history.entities("project")}, take_over,
    )  # fmt: skip
    older = [
        p.shown for r in readings for p in r.placed if p.ours in ("recorded_at", "recorded_by")
    ]
    if older and not take_over:
        notices.add("info", "import_take_over", columns=", ".join(older))
    contacts: list[Contact] = []
    proposed: dict[str, SheetProposal] = {}
    # projects first: meters speak of them
    for reading in sorted(readings, key=lambda r: ORDER.index(r.kind.name)):
        records = read_records(reading)
        title = reading.grid.sheet.title
        if len(readings) > 1:
            judge.origin = replace(judge.origin, file=f"{name}#{title}")
        rows = judge_sheet(judge, reading, records)
        contacts += _contacts(reading, records, rows)
        proposed[title] = _sheet(reading, rows)
    decided: dict[str, dict[str, dict[str, str]]] = {}
    for reading in readings:
        known = decided.setdefault(reading.kind.name, {})
        known[fingerprint(reading.grid.heads)] = decisions(reading)
    ordered = tuple(proposed[r.grid.sheet.title] for r in readings)
    kept = {**matches, **judge.used}
    return Proposal(
        name, digest, ordered, tuple(notices), tuple(contacts), take_over, decided, kept, head_of(ledger)
    )  # fmt: skip


def _export(sheets: list[Sheet], history: History, file: Path) -> SheetProposal | None:
    """Read an export of ours, if the file is one."""
    for sheet in sheets:
        found = ledger_header(sheet)
        if found is not None:
            header, places = found
            is_csv = file.suffix.lower() not in (".xlsx", ".xlsm")
            rows = judge_export(sheet, header, places, history, is_csv=is_csv)
            heads = tuple("" if c is None else str(c) for c in sheet.rows[header - 1])
            cells = {r.row: sheet.rows[r.row - 1] for r in rows}
            return SheetProposal(sheet.title, LEDGER, heads, cells, tuple(rows))
    return None


def _readings(
    sheets: list[Sheet],
    kind: str | None,
    memory: Memory,
    columns: Mapping[str, str],
    notices: Notices,
) -> list[Reading]:
    """Recognise the sheets of a file; say which are passed over."""
    found = []
    for sheet in sheets:
        if of_a_check(sheet) or not any(not blank(c) for row in sheet.rows for c in row):
            continue
        if sheet.hidden:
            notices.add("left_out", "import_sheet_hidden", sheet=sheet.title)
            continue
        told = _told(sheet, kind, columns) if columns else {}
        reading = recognise(sheet, kind, memory.and_also(told).columns)
        if reading is None:
            notices.add("left_out", "import_sheet_unknown", sheet=sheet.title or "CSV")
        else:
            found.append(reading)
            _say_unused(reading, notices)
    return found


def _say_unused(reading: Reading, notices: Notices) -> None:
    """Say which columns hold something that is not read; serial numbers and sums aside."""
    grid, no_loss = reading.grid, {"序号", "合计", "总计", "小计", "全年", "no.", "no"}
    held = [
        grid.heads[at].shown for at in reading.unused
        if bare(grid.heads[at].shown) not in no_loss
        and any(not blank(c) for row in grid.rows for c in grid.cells(row)[at : at + 1])
    ]  # fmt: skip
    if held:
        sheet = grid.sheet.title or "CSV"
        notices.add("left_out", "import_columns_unused", sheet=sheet, columns=some(held, 12))


def _told(
    sheet: Sheet, kind: str | None, columns: Mapping[str, str]
) -> dict[str, dict[str, dict[str, str]]]:
    """Turn decisions of now into those about the header that has the columns named."""
    known = kinds()
    wrong = [
        ours for ours in columns.values()
        if ours != "-" and not any(ours in k.columns for k in known.values())
    ]  # fmt: skip
    if wrong:
        every = sorted({c for k in known.values() for c in k.columns})
        facts = {"found": wrong[0], "hint": nearest(wrong[0], every), "known": ", ".join(every)}
        raise RegisterError(Problem("import_column_ours", facts))
    header = headers_with(sheet, set(columns))
    return {k: {header: dict(columns)} for k in known if kind in (None, k)} if header else {}


def _facts_of(sheets: list[Sheet], file: Path) -> dict[str, str]:
    """Say what was found where no kind was recognised."""
    rows = [row for s in sheets for row in s.rows[:8] if sum(not blank(c) for c in row) >= 2]
    cells = [str(c) for c in (rows[0] if rows else []) if not blank(c)]
    return {"file": file.name, "found": some(cells, 12) or "-"}


def _contacts(reading: Reading, records: list[Record], rows: list[RowVerdict]) -> list[Contact]:
    """Gather the people that rows name, beside the events."""
    entity_type = ENTITY[reading.kind.name]
    return [
        Contact(entity_type, row.entity, record.contacts, record.row)
        for record, row in zip(records, rows, strict=True)
        if record.contacts and row.entity
    ]


def _sheet(reading: Reading, rows: list[RowVerdict]) -> SheetProposal:
    """Put the verdicts of a sheet together with the rows that are no data."""
    grid = reading.grid
    passed = [RowVerdict(p.row, PASSED, notes=(p.problem,)) for p in grid.passed]
    ordered = sorted([*rows, *passed], key=lambda r: r.row)
    cells = {r.row: list(grid.cells(r.row)) for r in ordered}
    for (row, column), formula in grid.sheet.not_worked_out.items():
        if row in cells:
            cells[row][column - 1] = formula
    heads = tuple(head.shown for head in grid.heads)
    return SheetProposal(grid.sheet.title, reading.kind.name, heads, cells, tuple(ordered), reading)
