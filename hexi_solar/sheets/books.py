"""A whole workbook or CSV as it stands: every sheet, what is hidden, merged or not worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.sheets import files
from hexi_solar.sheets.tables import MAX_CELLS, Row, csv_rows, extent, filled, open_book

Place = tuple[int, int]
"""Row and column, both from 1."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows with merged cells filled downwards, and what is peculiar about cells."""

    title: str
    rows: list[Row]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    """First row, first column, last row, last column of each merged range, from 1."""
    not_worked_out: Mapping[Place, str] = field(default_factory=dict)
    """Formulas that carry no value, because no program has worked them out yet."""


def read_book(path: Path, notices: Notices, encoding: str = "") -> list[Sheet]:
    """
    Read every sheet of a workbook, or a CSV as one sheet without a title.

    Raises
    ------
    LayerError
        If the file cannot be read.
    """
    files.check_file(path, files.TABLES)
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        rows = csv_rows(path, encoding, path.name, notices)
        width = max(map(len, rows), default=0)  # a title has fewer cells than the rows below it
        return [Sheet("", [(row + [None] * width)[:width] for row in rows])]
    book = open_book(path, path.name)
    formulas = open_book(path, path.name, formulas=True)
    return [_sheet(sheet, formulas, path.name) for sheet in book.worksheets]


def _sheet(sheet: Worksheet, formulas: Workbook, file: str) -> Sheet:
    """Read one sheet."""
    height, width = extent(formulas[sheet.title])
    if height * width > MAX_CELLS:
        facts = {"file": file, "found": f"{height} x {width}"}
        raise LayerError(Problem("layer_unreadable", facts))
    rows = filled(sheet, height, width)
    rows = [(row + [None] * width)[:width] for row in rows + [[]] * (height - len(rows))]
    lost = {
        (cell.row, cell.column): str(cell.value)
        for cell in formulas[sheet.title]._cells.values()
        if cell.data_type == "f" and sheet.cell(cell.row, cell.column).value is None
    }
    hidden = frozenset(number for number, row in sheet.row_dimensions.items() if row.hidden)
    merged = tuple(
        sorted((m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges)
    )
    return Sheet(sheet.title, rows, sheet.sheet_state != "visible", hidden, merged, lost)
