"""From a sheet as it was made by hand to a header and rows of data.

Titles stand above the header and notes below the rows; headers span two rows; a page
break repeats them; totals stand in between. What is passed over is said with its row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from hexi_solar.errors import Problem
from hexi_solar.facts import read_facts
from hexi_solar.sheets.books import Sheet
from hexi_solar.sheets.tables import Row, blank
from hexi_solar.sheets.words import fold

# a header stands among the first rows, or nowhere
HEADER_ROWS = 30
_UNIT = re.compile(r"单位\s?:\s?([^\s,;)]+)")


@dataclass(frozen=True)
class Head:
    """The header of one column."""

    shown: str
    ways: tuple[str, ...]
    """What it may be called, the likelier first: both rows together, one of them."""
    cells: tuple[object, ...] = ()
    """As they stand in the file, from top to bottom."""


@dataclass(frozen=True)
class Passed:
    """A row that is no data."""

    row: int
    problem: Problem


@dataclass(frozen=True)
class Grid:
    """A sheet with its header found."""

    sheet: Sheet
    header: int
    """Last row of the header, from 1."""
    heads: tuple[Head, ...]
    above: tuple[str, ...]
    """Texts above the header."""
    rows: tuple[int, ...] = ()
    """Rows of data, from 1."""
    passed: tuple[Passed, ...] = ()
    first: int = 1
    """First row of the header, from 1."""
    unit: str = ""
    """Unit that a line above the header names for the whole sheet."""
    shared: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    """Cells of data that are part of a merged range of several rows, from 1."""

    def cells(self, row: int) -> Row:
        """Return the cells of a row."""
        return self.sheet.rows[row - 1]


def spread_across(sheet: Sheet, row: int) -> Row:
    """Return a row of the header with merged cells filled sideways, too; row from 1."""
    cells = list(sheet.rows[row - 1])
    for top, left, bottom, right in sheet.merged:
        if top <= row <= bottom:
            for column in range(left, min(right, len(cells)) + 1):
                cells[column - 1] = sheet.rows[top - 1][left - 1]
    return cells


def heads_of(sheet: Sheet, rows: Sequence[int]) -> tuple[Head, ...]:
    """Name the columns by one or two rows of the header."""
    parts = [spread_across(sheet, row) for row in rows]
    heads = []
    for cells in zip(*parts, strict=True):
        said = list(dict.fromkeys(" ".join(str(c).split()) for c in cells if not blank(c)))
        shown = " ".join(said)
        ways = [shown, *reversed(said)]
        if len(said) == 2:
            ways.insert(1, said[1] + said[0])
        if len(said) == 1 and " " in shown:  # two rows that were put into one before
            ways += [shown.split(" ")[-1], shown.split(" ")[0]]
        heads.append(Head(shown, tuple(dict.fromkeys(ways)), cells))
    return tuple(heads)


def grid_of(sheet: Sheet, rows: Sequence[int]) -> Grid:
    """Take a sheet's header to stand in the rows given; its rows of data come with `divided`."""
    heads = heads_of(sheet, rows)
    lines = [c for row in sheet.rows[: rows[0] - 1] for c in row if not blank(c)]
    above = tuple(dict.fromkeys(" ".join(str(c).split()) for c in lines))
    said = [
        m.group(1)
        for line in above
        for m in [_UNIT.search(unicodedata.normalize("NFKC", line))]
        if m
    ]
    return Grid(sheet, rows[-1], heads, above, unit=said[0] if said else "", first=rows[0])


def divided(grid: Grid) -> Grid:
    """Divide the rows below the header into data and what is passed over."""
    sheet, rows = grid.sheet, range(grid.first, grid.header + 1)
    kept, passed = [], []
    headers = [[fold(c) for c in sheet.rows[row - 1] if not blank(c)] for row in rows]
    for number in range(rows[-1] + 1, len(sheet.rows) + 1):
        cells = [c for c in sheet.rows[number - 1] if not blank(c)]
        if not cells:
            continue
        code = _no_data(cells, headers)
        if code:
            shown = str(cells[0])[:60]
            passed.append(Passed(number, Problem(code, {"found": shown}, "left_out")))
        else:
            kept.append(number)
    shared = frozenset(
        (r, c)
        for top, left, bottom, right in sheet.merged
        if bottom > max(top, rows[-1])
        for r in range(max(top, rows[-1] + 1), bottom + 1)
        for c in range(left, right + 1)
    )
    return replace(grid, rows=tuple(kept), passed=tuple(passed), shared=shared)


def _no_data(cells: Sequence[object], headers: Sequence[Sequence[str]]) -> str:
    """Say why a row is no data; empty if it is."""
    texts = [fold(c) for c in cells]
    if texts in headers:
        return "import_passed_header"
    totals, notes = _words("totals"), _words("notes")
    for text in texts[:3]:
        if text in totals or (text.endswith(("小计", "合计", "总计")) and len(text) <= 16):
            return "import_passed_total"
        if text.startswith(_words("totals_said")):
            return "import_passed_total"
    said = [c for c in cells if isinstance(c, str)]
    first = texts[0] if isinstance(cells[0], str) else ""
    if len(said) == len(cells) and len(cells) <= 6 and first.startswith(notes):
        return "import_passed_note"
    numbered = re.match(r"\d+[.、．)）]\D", first)
    if len(cells) == 1 and (len(first) > 14 or numbered):
        return "import_passed_note"
    return ""


@cache
def _words(name: str) -> tuple[str, ...]:
    """Return the words that rows which are no data begin with."""
    if name == "totals_said":
        return tuple(f"{w}{mark}" for w in _words("totals") for mark in (":", "("))
    return tuple(fold(w) for w in read_facts("importing")["rows"][name])
