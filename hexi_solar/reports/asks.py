"""Workbooks that go to departments: what is missing, in the order of what it matters."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from hexi_solar.reports.charts import text_width
from hexi_solar.reports.say import Says, is_unknown

WIDTHS = (6, 30, 16, 16, 22, 46, 16, 14, 30)
FONT = "Microsoft YaHei"
# names that Windows keeps for itself
DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


def request_book(
    department: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    language: str,
    title: str,
    day: str,
    stamp: str,
) -> bytes:
    """
    Write the requests to one department.

    Parameters
    ----------
    department
        Whom it goes to; empty for those that no department answers for.
    rows
        Requests in their order: `rank`, `name`, `building_id`, `entity`, `missing_fact`,
        `question`, `who`, `rate_low`, `rate_high`.
    language, title, day, stamp
        Of the reader; heading; day of the data; what is printed on it.

    Returns
    -------
    workbook
        XLSX, the same bytes for the same requests; the last column is for the answers.
    """
    says = Says(language)
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties({"title": title, "created": dt.datetime.fromisoformat(day)})
    sheet = book.add_worksheet(says("asks.sheet"))
    styles = _styles(book)
    sheet.write_string(
        0, 0, says("asks.title", department=department or says("asks.nobody")), styles["title"]
    )
    sheet.write_string(1, 0, says("asks.note", title=title, day=day, stamp=stamp), styles["note"])
    names = (
        "number",
        "name",
        "building",
        "project",
        "missing",
        "question",
        "who",
        "rate_delta",
        "answer",
    )
    for column, (name, width) in enumerate(zip(names, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(3, column, says(f"col.{name}"), styles["header"])
    for line, row in enumerate(rows, start=4):
        cells = _cells(row, says)
        sheet.set_row(line, 15.0 * max(_lines(c, w) for c, w in zip(cells, WIDTHS, strict=True)))
        for column, value in enumerate(cells):
            style = styles["answer"] if column == len(names) - 1 else styles["cell"]
            if isinstance(value, (int, float)):
                sheet.write_number(line, column, value, style)
            else:
                sheet.write_string(line, column, value, style)
    sheet.freeze_panes(4, 2)
    sheet.autofilter(3, 0, 3 + len(rows), len(names) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(3)
    sheet.set_footer("&C&P / &N")
    book.close()
    return stream.getvalue()


def _lines(value: object, width: float) -> int:
    """Estimate how many lines a cell takes: a column's width counts letters."""
    return max(1, -(-int(text_width(str(value), 1.0) / 0.56) // int(width)))


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
    line = {"border": 1, "border_color": "#CFD6DB", "text_wrap": True}
    return {
        "title": book.add_format({**base, "font_size": 14, "bold": True}),
        "note": book.add_format({**base, "font_color": "#6B7680"}),
        "header": book.add_format({**base, **line, "bold": True, "bg_color": "#EEF2F4"}),
        "cell": book.add_format({**base, **line}),
        "answer": book.add_format({**base, **line, "bg_color": "#FFF8E1"}),
    }


def _cells(row: Mapping[str, Any], says: Says) -> list[str | float]:
    """Write one request out."""
    spread = f"{100 * float(row['rate_low']):+.1f} … {100 * float(row['rate_high']):+.1f}"
    moves = spread if row["rate_low"] or row["rate_high"] else says.nothing
    return [
        int(row["rank"]), says.name(row["name"], str(row["building_id"])),
        *("" if is_unknown(row[name]) else str(row[name]) for name in ("building_id", "entity")),
        says.label("missing_fact", row["missing_fact"]), str(row["question"]),
        says.label("who", row["who"]), moves, "",
    ]  # fmt: skip


def file_name(department: str, language: str) -> str:
    """
    Make a file name of a department's name.

    Examples
    --------
    >>> file_name("区教育局/基建科", "zh"), file_name("CON", "en"), file_name("", "en")
    ('区教育局-基建科', 'CON-', 'others')
    """
    name = re.sub(r"[^\w\u4e00-\u9fff]+", "-", department).strip("-.")[:60]
    if DEVICES.match(name):
        name += "-"
    return name or ("其他" if language == "zh" else "others")
