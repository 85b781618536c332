"""How the workbooks of imports look: titles, headers in sight, widths that fit Chinese."""

from __future__ import annotations

import datetime as dt
import io
import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

INK, PAPER, LINE, ACCENT, GREY, YELLOW = (
    "#1F2937", "#FFFFFF", "#D1D5DB", "#1F4E5F", "#6B7280", "#FFF3C4",
)  # fmt: skip
# a ground and an ink for each verdict; the word stands beside the colour
COLOURS = {
    "new": ("#DCFCE7", "#166534"), "changed": ("#DBEAFE", "#1E40AF"), "same": (PAPER, GREY),
    "refused": ("#FEE2E2", "#991B1B"), "asked": (YELLOW, "#92400E"), "passed": ("#F3F4F6", GREY),
}  # fmt: skip
FONTS = {"zh": "Microsoft YaHei", "en": "Calibri"}
A3, A4 = 8, 9
_MOST_CHARACTERS = 32_767


def width_of(value: object) -> int:
    """Count the columns that a text takes: two for a Chinese character."""
    lines = str(value).split("\n")
    return max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s) for s in lines)


class Pages:
    """A workbook in memory: it reaches the disk whole, and no text in it is a formula."""

    def __init__(self, language: str, title: str, day: dt.date) -> None:
        self.language = language
        self._bytes = io.BytesIO()
        options = {
            "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
        }  # fmt: skip
        self.book = xlsxwriter.Workbook(self._bytes, options)
        created = dt.datetime.combine(day, dt.time())
        self.book.set_properties({"title": title, "created": created})
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def format(self, **look: Any) -> Any:
        """Return a format, each made once."""
        base = {"font_name": FONTS[self.language], "font_size": 10, "font_color": INK}
        key = tuple(sorted({**base, **look}.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(dict(key))
        return self._formats[key]

    @property
    def header(self) -> Any:
        """Format of header cells."""
        return self.format(
            bold=True, font_color=PAPER, bg_color=ACCENT, text_wrap=True, align="center",
            valign="vcenter", border=1, border_color=LINE,
        )  # fmt: skip

    def body(self, **look: Any) -> Any:
        """Format of cells of a table."""
        usual = {"border": 1, "border_color": LINE, "valign": "top", "text_wrap": True}
        return self.format(**{**usual, **look})

    def sheet(self, name: str, title: str, note: str = "") -> Any:
        """Add a sheet with its title, set for print."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, title, self.format(bold=True, font_size=15, font_color=ACCENT))
        if note:
            sheet.write_string(1, 0, note, self.format(font_color=GREY))
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.4, 0.4, 0.5, 0.6)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet

    def write(self, sheet: Any, row: int, column: int, value: Any, look: Any) -> None:
        """Write one value as what it is; a text stays a text."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            sheet.write_blank(row, column, None, look)
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, look)
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value, look)
        else:
            sheet.write_string(row, column, _shown(value)[:_MOST_CHARACTERS], look)

    def table(self, sheet: Any, top: int, heads: Sequence[str], frozen: int = 0) -> None:
        """Write a header row that stays in sight and repeats in print."""
        for at, head in enumerate(heads):
            sheet.write_string(top, at, head, self.header)
        sheet.set_row(top, 32)
        sheet.freeze_panes(top + 1, frozen)
        sheet.repeat_rows(top)

    def save(self, path: Path) -> None:
        """Write the workbook beside its place and move it there."""
        self.book.close()
        aside = path.with_name(path.name + ".part")
        aside.write_bytes(self._bytes.getvalue())
        aside.replace(path)


def _shown(value: Any) -> str:
    """Write a cell of the file as people would."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def fitted(values: Sequence[object], least: int, most: int) -> int:
    """Return a width that fits the texts of a column, within limits."""
    return max(least, min(most, max((width_of(v) for v in values if v is not None), default=0) + 2))


def lines_needed(value: str, width: int) -> int:
    """Count the lines that a text takes in a cell of a width."""
    return sum(max(1, math.ceil(width_of(line) * 0.98 / max(width - 1, 1))) for line in value.split("\n"))  # fmt: skip
