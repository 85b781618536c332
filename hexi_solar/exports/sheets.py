"""How our workbooks look, and what keeps a text in them a text.

A sheet opens with its title and what it is; the header row stays in sight and repeats in
print; widths fit Chinese; numbers are numbers with a format; whatever is assumed is
grey, in italics and says so. Every text is written as text: no cell of ours is a formula.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from hexi_solar.config import Plan
from hexi_solar.exports.tables import is_unknown
from hexi_solar.exports.words import title
from hexi_solar.labels import text

INK, PAPER, LINE, BAND, ACCENT = "#1F2937", "#FFFFFF", "#D1D5DB", "#E5EDF2", "#1F4E5F"
GREY, ORANGE, GREEN, YELLOW = "#6B7280", "#B45309", "#047857", "#FFF3C4"
FONTS = {"zh": "Microsoft YaHei", "en": "Calibri"}
MOST_CHARACTERS = 32_767  # of one cell
MOST_LINES = 3  # of one row, so that a very long name does not take the page
HEADER_WIDTH = 10  # longer names of columns wrap [characters]
LETTER = 0.9  # width of a usual letter, of that of a digit
LINE_HEIGHT = 16.0  # [pt]
A3, A4 = 8, 9
DATE_FORMAT = "yyyy-mm-dd"

STYLES: dict[str, dict[str, Any]] = {
    "": {},
    "title": {"bold": True, "font_size": 16, "font_color": ACCENT},
    "note": {"font_color": GREY},
    "banner": {"bold": True, "font_color": PAPER, "bg_color": ORANGE},
    "section": {"bold": True, "font_size": 12, "font_color": ACCENT, "bottom": 2},
    "header": {
        "bold": True, "font_color": PAPER, "bg_color": ACCENT, "text_wrap": True,
        "align": "center", "valign": "vcenter", "border": 1, "border_color": LINE,
    },
    "cell": {"border": 1, "border_color": LINE, "valign": "vcenter"},
    "wrapped": {"text_wrap": True},
    "cut": {"text_wrap": True, "valign": "top"},
    "text": {"indent": 1},
    "number": {"align": "right", "indent": 1},
    "centred": {"align": "center", "indent": 0},
    "assumed": {"italic": True, "font_color": GREY},
    "yes": {"font_color": GREEN, "bold": True},
    "no": {"font_color": GREY},
    "unknown": {"font_color": ORANGE},
    "reported": {"bold": True, "bg_color": YELLOW},
    "group": {"bold": True, "bg_color": BAND},
    "total": {"bold": True, "bg_color": BAND, "top": 2},
    "fill": {"bg_color": YELLOW, "locked": False},
    "figure": {"bold": True, "font_size": 20, "font_color": ACCENT, "align": "left"},
    "link": {"font_color": "#0F5E9C", "underline": 1},
    "zero": {"num_format": "#,##0"},
    "one": {"num_format": "#,##0.0"},
    "percent": {"num_format": "0.0%"},
    "factor": {"num_format": "0.000"},
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One column of a sheet."""

    header: str
    number_format: str = "General"
    widest: float = 34.0
    """Wider texts wrap. [characters]"""
    printed: bool = True
    fill: bool = False
    """Filled in by whoever gets the workbook."""
    centred: bool = False


@dataclass(frozen=True)
class Cell:
    """One value with a style of its own."""

    value: Any
    style: str = ""


def display_width(value: str) -> int:
    """
    Count the columns a text takes: two for a Chinese character.

    Examples
    --------
    >>> display_width("河西区 A")
    8
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in value)


class Book:
    """A workbook in memory: it reaches the disk whole."""

    def __init__(self, plan: Plan, subject: str) -> None:
        self.plan = plan
        self.language = plan.language
        self._bytes = io.BytesIO()
        options = {
            "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False, "nan_inf_to_errors": False,
        }  # fmt: skip
        self.book = xlsxwriter.Workbook(self._bytes, options)
        created = dt.datetime.combine(plan.today, dt.time())
        self.book.set_properties(
            {"title": title(plan)[:255], "subject": subject, "created": created}
        )
        self._formats: dict[tuple[str, ...], Any] = {}

    def format(self, *styles: str, number_format: str = "General") -> Any:
        """Return the format that these styles make together, the later ones on top."""
        key = (number_format, *styles)
        if key not in self._formats:
            look: dict[str, Any] = {
                "font_name": FONTS[self.language], "font_size": 10, "font_color": INK,
                "num_format": number_format,
            }  # fmt: skip
            for style in styles:
                look |= STYLES[style]
            self._formats[key] = self.book.add_format(look)
        return self._formats[key]

    def said(self, key: str, **fields: Any) -> str:
        """Return one text of this area in the language of the workbook."""
        return text(f"exports.{key}", self.language, **fields)

    def save(self, path: Path) -> None:
        """Close the workbook and write it."""
        self.book.close()
        path.write_bytes(self._bytes.getvalue())


class Sheet:
    """One sheet, filled from top to bottom."""

    def __init__(self, book: Book, name: str, heading: str, note: str, across: int) -> None:
        self.book, self.across = book, across
        self.sheet = book.book.add_worksheet(name)
        self.sheet.hide_gridlines(2)
        self.row = 0
        self.most_lines = MOST_LINES
        self._widths: dict[int, float] = {}
        self._heading(heading, note)

    def _heading(self, heading: str, note: str) -> None:
        """Say what the sheet is, and first of all whether its data are generated."""
        if self.book.plan.synthetic:
            self.band(self.book.said("synthetic"), "banner")
        self.sheet.set_row(self.row, 28)
        self.line(heading, "title")
        self.line(note, "note")

    def line(self, said: str, style: str = "") -> None:
        """Write one text across the sheet."""
        self.put(self.row, 0, said, self.book.format(style))
        self.row += 1

    def band(self, said: str, style: str) -> None:
        """Write one text on a coloured band as wide as the sheet's tables."""
        look = self.book.format(style)
        for column in range(self.across):
            self.sheet.write_blank(self.row, column, None, look)
        self.line(said, style)

    def put(self, row: int, column: int, value: Any, look: Any) -> None:
        """Write one value as what it is: a number, a day, a text; unknown is empty."""
        if is_unknown(value):
            self.sheet.write_blank(row, column, None, look)
        elif isinstance(value, bool | np.bool_):
            self.sheet.write_string(
                row, column, text(f"enum.yes_no.{_yes(value)}", self.book.language), look
            )
        elif isinstance(value, int | float | np.number):
            self.sheet.write_number(row, column, float(value), look)
        elif isinstance(value, dt.date | pd.Timestamp):
            self.sheet.write_datetime(row, column, pd.Timestamp(value).to_pydatetime(), look)
        else:
            self.sheet.write_string(row, column, str(value)[:MOST_CHARACTERS], look)

    def header(self, fields: Sequence[Field], first: int = 0) -> int:
        """Write a header row; returns its number."""
        look = self.book.format("header")
        for i, field in enumerate(fields, first):
            self.put(self.row, i, field.header.replace(" [", "\n["), look)
            self._widen(i, _header_width(field.header))
        self.sheet.set_row(self.row, LINE_HEIGHT * max(_header_lines(f.header) for f in fields) + 4)
        self.row += 1
        return self.row - 1

    def write_row(
        self, fields: Sequence[Field], values: Iterable[Any], *, style: str = "", level: int = 0
    ) -> None:
        """Write one row of a table, as high as its longest text needs, up to the limit."""
        lines = 1
        for i, (field, value) in enumerate(zip(fields, values, strict=True)):
            cell = value if isinstance(value, Cell) else Cell(value)
            styles = ["cell", "fill" if field.fill else "", style]
            if isinstance(cell.value, str):
                wide = display_width(cell.value)
                self._widen(i, min(wide, field.widest) + 3)
                needed = max(math.ceil(wide * LETTER / field.widest), cell.value.count("\n") + 1)
                lines = max(lines, needed)
                styles += ["text", "wrapped" if needed > 1 else ""]
                styles += ["cut" if needed > self.most_lines else ""]
            else:
                least = field.widest if field.fill else 0.0
                styles += ["number"]
                self._widen(i, max(_number_width(cell.value, field.number_format), least))
            styles += ["centred" if field.centred else "", cell.style]
            self.put(self.row, i, cell.value, self._look(cell.value, styles, field))
        options = {"level": level} if level else {}
        height = LINE_HEIGHT * min(lines, self.most_lines) + 3
        self.sheet.set_row(self.row, height, None, options)
        self.row += 1

    def _look(self, value: Any, styles: list[str], field: Field) -> Any:
        """Return the format of one cell; dates carry theirs."""
        day = isinstance(value, dt.date | pd.Timestamp)
        return self.book.format(*styles, number_format=DATE_FORMAT if day else field.number_format)

    def link(self, row: int, column: int, sheet: str) -> None:
        """Lead to another sheet of the workbook."""
        look = self.book.format("cell", "group", "link")
        self.sheet.write_url(row, column, f"internal:'{sheet}'!A1", look, sheet)
        self._widen(column, display_width(sheet) + 2)

    def filter(self, header: int, columns: int) -> None:
        """Let people choose rows."""
        self.sheet.autofilter(header, 0, max(self.row - 1, header), columns - 1)

    def bars(self, first: int, last: int, column: int) -> None:
        """Draw shares as bars behind their numbers, the full cell being 100 %."""
        look = {
            "type": "data_bar", "bar_solid": True, "bar_color": "#C9E3D6", "min_type": "num",
            "max_type": "num", "min_value": 0, "max_value": 1, "bar_border_color": "#C9E3D6",
        }  # fmt: skip
        self.sheet.conditional_format(first, column, last, column, look)
        self._widen(column, 12.0)

    def _widen(self, column: int, width: float) -> None:
        self._widths[column] = max(self._widths.get(column, 6.0), width)

    def finish(
        self,
        header: int | None = None,
        printed: int | None = None,
        frozen: int = 0,
        *,
        keep_in_sight: bool = True,
        paper: int = A4,
    ) -> None:
        """Set widths, what stays in sight and how it prints; row `header` repeats."""
        for column, width in sorted(self._widths.items()):
            self.sheet.set_column(column, column, round(width, 1))
        if header is not None:
            self.sheet.repeat_rows(header)
            if keep_in_sight:
                self.sheet.freeze_panes(header + 1, frozen)
        self.sheet.print_area(0, 0, max(self.row - 1, 0), (printed or self.across) - 1)
        self.sheet.set_landscape()
        self.sheet.set_paper(paper)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        self._edges()

    def _edges(self) -> None:
        """Print stamp and title on every page, and which page it is."""
        plan = self.book.plan
        stamp, heading = (s.replace("&", "&&")[:80] for s in (plan.map.stamp, title(plan)))
        synthetic = self.book.said("synthetic") if plan.synthetic else ""
        self.sheet.set_header(f"&L&8{heading}&C&8{synthetic}&R&8{stamp}")
        self.sheet.set_footer(
            f"&L&8{self.book.said('as_of', day=plan.today.isoformat())}&R&8&P / &N"
        )


def _yes(value: Any) -> str:
    return "yes" if value else "no"


def _header_lines(header: str) -> int:
    """Count the lines of a header: its name on up to three, its unit below."""
    name, _, unit = header.partition(" [")
    return -(-display_width(name) // HEADER_WIDTH) + bool(unit)


def _header_width(header: str) -> float:
    """Room for a header on its lines, and for the button of the filter."""
    name, _, unit = header.partition(" [")
    longest = max((display_width(w) for w in name.split()), default=0) if name.isascii() else 0
    return max(min(display_width(name), HEADER_WIDTH), longest, display_width(unit) + 1) + 3.5


def _number_width(value: Any, number_format: str) -> float:
    """Room for a number as its format shows it."""
    if isinstance(value, dt.date | pd.Timestamp):
        return 12.0
    if is_unknown(value) or isinstance(value, bool | np.bool_):
        return 6.0
    _, _, places = number_format.partition(".")
    return len(f"{float(value):,.{places.count('0')}f}") + 3.5
