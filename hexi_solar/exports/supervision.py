"""`supervision.xlsx`: what the office looks after between two reports, one sheet per question.

First what does not agree, in the order of what it moves; then meters, buildings on their
way, the rate of the coming years, and what to ask of whom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.exports.sheets import A3, A4, Book, Cell, Field, Sheet
from hexi_solar.exports.tables import is_unknown, records
from hexi_solar.exports.words import title, word
from hexi_solar.exports.workbook import number_format
from hexi_solar.labels import label, text
from hexi_solar.schema import ColumnSpec, Table

Say = Callable[[Mapping[str, Any]], str]

SHEETS = (
    "worklist", "capacities", "systems", "metered", "alarms", "factor", "approvals", "forecast",
    "requests",
)  # fmt: skip
YES_NO = (
    "roof_large", "load_in_design", "pv_reserved", "builder_found", "pv_filed", "pv_together",
)  # fmt: skip
RATES = ("rate", "rate_low", "rate_high", "target", "connected_share", "weight", "shrinkage")
MOVES = ("rate_delta", "rate_low", "rate_high", "forecast_delta")
WIDE = {"name": 30.0, "todo": 52.0, "question": 56.0, "open_items": 40.0, "next_step": 24.0,
        "entities": 20.0, "check": 24.0, "department": 18.0, "missing_fact": 22.0}  # fmt: skip
METERS = ("metered", "systems", "factor", "alarms")
CENTRED = ("rank", "severity", "who", "stage", "status", "year", *YES_NO)


def write_supervision(
    plan: Plan,
    tables: Mapping[str, pd.DataFrame],
    declared: Mapping[str, Table],
    path: Path,
    *,
    figures: Sequence[tuple[str, Any, str]],
    factor: Sequence[str],
    todo: Say,
    question: Say,
) -> None:
    """
    Write the workbook in the language of a plan.

    Parameters
    ----------
    plan
        The study.
    tables
        Of every sheet in `SHEETS`, by its name.
    declared
        What their columns are.
    path
        The workbook.
    figures
        Of the first sheet: name, value, remark.
    factor
        What the measured factor rests on, and how it would be set, line by line.
    todo, question
        Say what to do about a row of the worklist, and what to ask for a request.
    """
    book = Book(plan, text("supervise.subject", plan.language))
    _about(book, tables, figures)
    extra: dict[str, tuple[str, Say]] = {
        "worklist": ("todo", todo),
        "requests": ("question", question),
    }
    for name in SHEETS:
        lines = factor if name == "factor" else ()
        _table(book, name, tables[name], declared[name], extra.get(name), lines)
    book.save(path)


def _said(book: Book, key: str, **fields: Any) -> str:
    return text(f"supervise.{key}", book.language, **fields)


def _about(
    book: Book, tables: Mapping[str, pd.DataFrame], figures: Sequence[tuple[str, Any, str]]
) -> None:
    """Open with what the workbook is, its main figures and its sheets."""
    fields = [Field("", widest=30), Field("", "#,##0", widest=18), Field("", widest=96)]
    plan = book.plan
    note = book.said("note", day=plan.today.isoformat(), stamp=plan.map.stamp)
    name = _said(book, "sheet.about")
    sheet = Sheet(book, name, f"{title(plan)} · {_said(book, 'subject')}", note, len(fields))
    sheet.line(_said(book, "about"))
    sheet.row += 1
    sheet.line(_said(book, "figures"), "section")
    for named, value, remark in figures:
        sheet.write_row(fields, [Cell(named, "group"), value, Cell(remark, "note")])
    sheet.row += 1
    sheet.line(_said(book, "sheets"), "section")
    for one in SHEETS:
        row = sheet.row
        sheet.write_row(fields, [None, len(tables[one]), _said(book, f"note.{one}")])
        sheet.link(row, 0, _said(book, f"sheet.{one}"))
    sheet.row += 1
    sheet.line(_said(book, "reading"), "assumed")
    sheet.finish()


def _table(
    book: Book,
    name: str,
    table: pd.DataFrame,
    declared: Table,
    extra: tuple[str, Say] | None,
    lines: Sequence[str],
) -> None:
    """Write one table on a sheet of its own; an empty one says that it is empty."""
    fields, values = _columns(book, name, declared, extra)
    heading = _said(book, f"sheet.{name}")
    across = max(len(fields), 10) if lines else len(fields)
    sheet = Sheet(book, heading, heading, _said(book, f"note.{name}"), across)
    sheet.most_lines = 4
    for line in lines:
        sheet.line(line)
    header = sheet.header(fields)
    for row in records(table.reset_index()):
        sheet.write_row(fields, values(row))
    if table.empty:
        sheet.line(_said(book, "empty"), "note")
    else:
        sheet.filter(header, len(fields))
    sheet.finish(header, frozen=2, paper=A3 if len(fields) > 9 else A4)


def _columns(
    book: Book, name: str, declared: Table, extra: tuple[str, Say] | None
) -> tuple[list[Field], Callable[[Mapping[str, Any]], list[Any]]]:
    """Describe the columns of a sheet, and how a row becomes its cells."""
    language = book.language
    keys = [k for k in declared.index if k not in ("item_id", "request_id")]
    columns = [c for c in declared if (name, c.name) not in HIDDEN]
    # what to do, or to ask, stands behind what it is about
    place = next((i + 1 for i, c in enumerate(columns) if c.name == AFTER.get(name)), len(columns))
    fields = [Field(_key(k, language), widest=20.0) for k in keys]
    fields += [_field(name, c, language) for c in columns]
    if extra is not None:
        own = Field(_said(book, f"column.{extra[0]}"), widest=WIDE[extra[0]])
        fields.insert(len(keys) + place, own)

    def values(row: Mapping[str, Any]) -> list[Any]:
        cells = [_index(row[k], k, language) for k in keys]
        cells += [_cell(row[c.name], c, language) for c in columns]
        if row.get("expected_source") == "assumed":
            day = next(i for i, c in enumerate(columns) if c.name == "expected_on")
            cells[len(keys) + day] = Cell(row["expected_on"], "assumed")
        if extra is not None:
            cells.insert(len(keys) + place, extra[1](row))
        return cells

    return fields, values


HIDDEN = {
    ("worklist", "numerator_delta"), ("worklist", "denominator_delta"),
    ("approvals", "module_horizontal_area_m2"), ("approvals", "array_area_m2"),
    ("approvals", "floor_area_m2"), ("approvals", "subdistrict"), ("approvals", "owner_type"),
    ("approvals", "public_institution"), ("metered", "connected_share"),
    ("approvals", "expected_source"), ("approvals", "days_left"), ("approvals", "roof_area_source"),
    ("approvals", "module_area_m2"), ("approvals", "open_items"),
}  # fmt: skip
"""What machines find in the tables and nobody reads on a sheet."""
AFTER = {"worklist": "unit", "requests": "missing_fact"}


def _key(name: str, language: str) -> str:
    """Name a column of an index."""
    return text(f"supervise.key.{name}", language)


def _field(sheet: str, column: ColumnSpec, language: str) -> Field:
    """Describe how one column looks."""
    look = number_format(column)
    if column.kind == "float" and column.name in MOVES and sheet != "forecast":
        look = "+0.00%;-0.00%;0.00%"
    elif column.name in RATES:
        look = "0.0%"
    elif column.kind == "float" and column.unit == "" and sheet in METERS:
        look = "0.000"
    head = column.label(language)
    if column.name in MOVES and sheet != "forecast":
        head += text("supervise.points", language)
    return Field(head, look, WIDE.get(column.name, 16.0), centred=column.name in CENTRED)


def _index(value: Any, name: str, language: str) -> Any:
    """Write one value of an index."""
    if name in ("alarm", "course", "cohort"):
        return label(name, value, language)
    return int(value) if name == "year" else str(value)


def _cell(value: Any, column: ColumnSpec, language: str) -> Any:
    """Write one value as people read it."""
    if column.kind == "list":
        between = "、" if language == "zh" else ", "
        listed = () if value is None or isinstance(value, float) else value
        items = [
            _open_item(str(v), language) if column.name == "open_items" else str(v) for v in listed
        ]
        return between.join(items)
    if is_unknown(value):
        return None
    if column.kind == "bool":
        return label("yes_no", "yes" if value else "no", language)
    if column.name == "first":
        return label("missing_fact", value, language)
    if not column.words:
        return value
    said = word(value, column.name, language)
    return Cell(said, str(value)) if column.name in YES_NO else said


def _open_item(name: str, language: str) -> str:
    return text(f"supervise.item.{name}", language)
