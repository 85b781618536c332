"""Workbooks and CSV files of offices: a title on top, merged cells, GBK, and all.

The header is the row in which most cells are names of columns that we know, so titles
and notes above it do no harm. A merged cell says the same in every row that it spans.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.worksheet.worksheet import Worksheet

from hexi_solar.config import AttributeTable, Column
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.sheets import files
from hexi_solar.sheets.columns import find_columns
from hexi_solar.sheets.encoding import known_encoding, text_encoding
from hexi_solar.sheets.words import nearest

SOURCE_ROW = "source_row"
# a header stands among the first rows, or nowhere
_HEADER_ROWS = 20
MAX_CELLS = 50_000_000

Row = list[object]


def read_table(table: AttributeTable, names: str, notices: Notices) -> pd.DataFrame:
    """
    Read one sheet or CSV as it stands.

    Parameters
    ----------
    table
        What the plan says of it; `table.path` is set.
    names
        Table of facts/columns.toml whose names mark the header: `buildings`, `register`.
    notices
        Where a guessed encoding is kept.

    Returns
    -------
    raw
        One column per header cell, and `source_row`, the row in the sheet.

    Raises
    ------
    LayerError
        If the file cannot be read as a table with a header and rows.
    """
    assert table.path is not None
    files.check_file(table.path, files.TABLES)
    return read_rows(
        table.path, table.sheet, table.encoding, names, table.columns, table.path.name, notices
    )


def read_rows(
    path: Path,
    sheet: str,
    encoding: str,
    names: str,
    columns: Mapping[str, Column],
    file: str,
    notices: Notices,
) -> pd.DataFrame:
    """Read the rows of a file and find the header among them."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        rows = _workbook_rows(path, sheet, file)
    else:
        rows = csv_rows(path, encoding, file, notices)
    at = header_row(rows, names, columns)
    if at is None:
        raise LayerError(Problem("layer_empty", {"file": file}))
    raw = _frame(rows, at)
    if raw.empty:
        raise LayerError(Problem("layer_empty", {"file": file}))
    return raw


def header_row(rows: list[Row], names: str, columns: Mapping[str, Column]) -> int | None:
    """
    Find the header: the row with most cells that name a column of ours.

    Where no row names one, it is the first row with two cells or more.
    """
    best, most = None, 0
    for at, row in enumerate(rows[:_HEADER_ROWS]):
        cells = [str(c) for c in row if isinstance(c, str)]
        found, _ = find_columns(dict.fromkeys(cells), names, columns, "")
        if len(found) > most:
            best, most = at, len(found)
    if best is not None:
        return best
    filled = [at for at, row in enumerate(rows) if sum(not blank(c) for c in row) >= 2]
    return filled[0] if filled else (0 if rows else None)


def blank(cell: object) -> bool:
    """Say whether a cell is empty."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _frame(rows: list[Row], at: int) -> pd.DataFrame:
    """Make a table of the rows below the header; blank rows are passed over."""
    header = _unique_names(rows[at])
    width = len(header)
    kept = [
        (number, (row + [None] * width)[:width])
        for number, row in enumerate(rows[at + 1 :], start=at + 2)
        if not all(blank(c) for c in row)
    ]
    columns: dict[str, object] = {
        name: pd.Series([row[i] for _, row in kept], dtype=object)
        for i, name in enumerate(header)
        if name
    }
    numbers = pd.Series([number for number, _ in kept], dtype=np.int64)
    return pd.DataFrame(columns | {SOURCE_ROW: numbers})


def _unique_names(header: Row) -> list[str]:
    """Name the columns; a repeated name gets a number, an empty one stays empty."""
    seen: dict[str, int] = {}
    names = []
    for cell in header:
        name = "" if blank(cell) else " ".join(str(cell).split())
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 or not name else f"{name} ({seen[name]})")
    return names


def _workbook_rows(path: Path, sheet: str, file: str) -> list[Row]:
    """Read the rows of one sheet, merged cells filled."""
    return _sheet_rows(open_book(path, file), sheet, file)


def open_book(path: Path, file: str, *, formulas: bool = False) -> openpyxl.Workbook:
    """
    Open a workbook with the values that its formulas had, or with the formulas themselves.

    Raises
    ------
    LayerError
        Whatever the reader makes of a broken file.
    """
    files.check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, not values
            return openpyxl.load_workbook(path, data_only=not formulas)
    except MemoryError:
        raise
    except Exception as error:
        facts = {"file": file, "found": " ".join(str(error).split())[:200] or "xlsx"}
        raise LayerError(Problem("layer_unreadable", facts)) from None


def _sheet_rows(book: openpyxl.Workbook, sheet: str, file: str) -> list[Row]:
    """Choose the sheet and read its rows."""
    titles = [ws.title for ws in book.worksheets]
    if sheet and sheet not in titles:
        facts = {"file": file, "found": sheet, "known": ", ".join(titles)}
        raise LayerError(Problem("layer_sheet", facts | {"hint": nearest(sheet, titles)}))
    chosen = next(ws for ws in book.worksheets if sheet in ("", ws.title))
    height, width = extent(chosen)
    if height * width > MAX_CELLS:
        facts = {"file": file, "found": f"{height} x {width}"}
        raise LayerError(Problem("layer_unreadable", facts))
    return filled(chosen, height, width)


def extent(sheet: Worksheet) -> tuple[int, int]:
    """Find the last row and column with a value; formats often reach the end of the sheet."""
    filled = [
        (cell.row, cell.column)
        for cell in sheet._cells.values()
        if cell.value is not None and str(cell.value).strip()
    ]
    return max((r for r, _ in filled), default=0), max((c for _, c in filled), default=0)


def filled(sheet: Worksheet, height: int, width: int) -> list[Row]:
    """Read the cells of a sheet, a merged cell's value in each cell that it spans."""
    if not height:
        return []
    area = sheet.iter_rows(max_row=height, max_col=width, values_only=True)
    rows: list[Row] = [list(row) for row in area]
    for merged in sheet.merged_cells.ranges:
        value = sheet.cell(merged.min_row, merged.min_col).value
        for r in range(merged.min_row - 1, min(merged.max_row, len(rows))):
            # a title that spans the sheet stays one cell: it is no row of names
            last = merged.max_col if merged.max_row > merged.min_row else merged.min_col
            for c in range(merged.min_col - 1, min(last, len(rows[r]))):
                rows[r][c] = value
    return rows


def csv_rows(path: Path, encoding: str, file: str, notices: Notices) -> list[Row]:
    """Read the rows of a CSV, its encoding and separator found out."""
    data = path.read_bytes()
    said = known_encoding(encoding) if encoding else text_encoding(data)
    if not said:
        code = "layer_encoding" if encoding else "layer_encoding_none"
        raise LayerError(Problem(code, {"file": file, "found": encoding or "-"}))
    try:
        text = data.decode(said)
    except UnicodeDecodeError:
        facts = {"file": file, "found": encoding}
        raise LayerError(Problem("layer_encoding_none", facts)) from None
    if not encoding and said == "gb18030":
        notices.add("repaired", "layer_encoding_guessed", file=file, encoding=said)
    text = text.removeprefix("\ufeff")
    separator = _separator(text)
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a publication is one cell
    try:
        return [list(row) for row in csv.reader(io.StringIO(text), delimiter=separator)]
    except csv.Error as error:
        raise LayerError(Problem("layer_unreadable", {"file": file, "found": error})) from None


def _separator(text: str) -> str:
    """Find what separates the cells: what occurs most in the first lines."""
    head = "\n".join(text.splitlines()[:_HEADER_ROWS])
    return max(",\t;|", key=head.count)
