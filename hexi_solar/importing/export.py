"""The register written out: a workbook to look at, or a CSV; either comes back unchanged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hexi_solar.errors import OutputError, Problem
from hexi_solar.importing.ledgerfile import (
    COLUMNS,
    check_lengths,
    event_rows,
    payload_pieces,
    save_csv,
)
from hexi_solar.importing.pages import A3, Pages
from hexi_solar.importing.proposal import Contact
from hexi_solar.labels import event_label, label, text
from hexi_solar.ledger import FIRST

_WIDTHS = {
    "event_id": 22, "seq": 8, "entity_type": 12, "entity": 20, "kind": 13, "valid_on": 12,
    "recorded_at": 28, "entered_at": 28, "recorded_by": 14, "reason": 24, "payload": 60,
    "source": 24, "source_sha256": 20, "source_row": 9, "previous": 20, "hash": 20,
}  # fmt: skip


def export_register(
    ledger: pd.DataFrame,
    path: Path,
    language: str,
    *,
    today: dt.date,
    contacts: Sequence[Contact] | None = None,
) -> int:
    """
    Write all events of a register.

    Parameters
    ----------
    ledger
        As `schema.LEDGER`.
    path
        .xlsx or .csv; its folder exists.
    language
        Of the header.
    today
        Day that a workbook bears.
    contacts
        People to write on a sheet of their own; None, as usual, for none. Never in a CSV.

    Returns
    -------
    events
        How many were written.

    Raises
    ------
    OutputError
        If the suffix is another, or an event is too long for a cell of a workbook.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        save_csv(ledger, path, language)
        return len(ledger)
    if suffix != ".xlsx":
        raise OutputError(Problem("import_export_suffix", {"file": path.name}))
    rows = event_rows(ledger)
    check_lengths(rows, path.name)
    pages = Pages(language, text("importing.export.title", language), today)
    _about(pages, rows, contacts)
    _events(pages, rows)
    if contacts is not None:
        _contacts(pages, contacts)
    pages.save(path)
    return len(rows)


def _about(pages: Pages, rows: list[dict[str, Any]], contacts: Sequence[Contact] | None) -> None:
    """Say what this is and what its columns and words mean."""
    language = pages.language

    def say(name: str, **fields: Any) -> str:
        return text(f"importing.export.{name}", language, **fields)

    sheet = pages.sheet(text("importing.sheet.what", language), say("title"))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    head = rows[-1]["hash"] if rows else FIRST
    lines = [say("what"), say("head", hash=head, count=len(rows))]
    lines.append(say("contacts_out" if contacts is None else "contacts_in"))
    for row, line in enumerate(lines, start=2):
        sheet.write_string(row, 0, line, pages.format())
    row = len(lines) + 3
    for spec in COLUMNS:
        sheet.write_string(
            row, 0, spec.zh if language == "zh" else spec.name, pages.body(bold=True)
        )
        meaning = spec.name if language == "zh" else spec.en
        sheet.write_string(row, 1, meaning, pages.body())
        row += 1
    row += 1
    for entity_type, kind in sorted({(r["entity_type"], r["kind"]) for r in rows}):
        sheet.write_string(row, 0, f"{entity_type} / {kind}", pages.body())
        named = f"{label('entity_type', entity_type, language)} / {event_label(kind, language)}"
        sheet.write_string(row, 1, named, pages.body())
        row += 1


def _events(pages: Pages, rows: list[dict[str, Any]]) -> None:
    """Write the events."""
    language = pages.language
    name = text("importing.sheet.ledger", language)
    sheet = pages.sheet(name, text("importing.export.title", language))
    heads = [c.zh if language == "zh" else c.en for c in COLUMNS]
    long = heads[[c.name for c in COLUMNS].index("payload")]
    most = max((len(payload_pieces(r["payload"])) for r in rows), default=1)
    heads += [f"{long} {piece}" for piece in range(2, most + 1)]
    pages.table(sheet, 2, heads, frozen=1)
    plain, right = pages.body(text_wrap=False), pages.body(align="right")
    for at, spec in enumerate(COLUMNS):
        sheet.set_column(at, at, _WIDTHS[spec.name])
    for number, row in enumerate(rows, start=3):
        for at, spec in enumerate(COLUMNS):
            value = row[spec.name]
            if spec.name == "payload":
                value, *rest = payload_pieces(value)
                for piece, more in enumerate(rest):
                    pages.write(sheet, number, len(COLUMNS) + piece, more, plain)
            look = right if spec.kind == "int" else plain
            # an empty text stays one: a blank cell would come back as nothing said
            pages.write(sheet, number, at, None if value == "" else value, look)
    # who prints it wants to read it: the sums are for machines
    sheet.print_area(0, 0, 2 + len(rows), [c.name for c in COLUMNS].index("payload"))
    sheet.set_paper(A3)
    sheet.autofilter(2, 0, 2 + len(rows), len(heads) - 1)


def _contacts(pages: Pages, contacts: Sequence[Contact]) -> None:
    """Write the people, because someone asked for it."""
    language = pages.language
    title = text("importing.export.contacts_in", language)
    sheet = pages.sheet(text("importing.sheet.contacts", language), title)
    kinds = sorted({what for c in contacts for what in c.facts})
    heads = [text("importing.head.entity", language), *kinds]
    pages.table(sheet, 2, heads)
    sheet.set_column(0, len(heads), 22)
    for number, contact in enumerate(contacts, start=3):
        for at, value in enumerate([contact.entity, *(contact.facts.get(k) for k in kinds)]):
            pages.write(sheet, number, at, value, pages.body())
