"""Which column of a spreadsheet is which of ours, and what kind of spreadsheet it is.

Names are found by synonyms; what someone decided before about the same header is
remembered and counts first. The kind is the one whose columns are found most.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from hexi_solar import units
from hexi_solar.errors import Problem
from hexi_solar.facts import read_facts
from hexi_solar.importing.cells import counters, month_of
from hexi_solar.importing.grid import HEADER_ROWS, Grid, Head, divided, grid_of, heads_of
from hexi_solar.importing.kinds import Kind, contact_names, kinds, quantity
from hexi_solar.labels import catalogue
from hexi_solar.schema import ColumnSpec
from hexi_solar.sheets.books import Sheet
from hexi_solar.sheets.columns import bare, split_unit
from hexi_solar.sheets.tables import blank
from hexi_solar.sheets.words import fold

_UNIT_LIKE = re.compile(r"[a-z²³/%]|米|瓦|吨|亩|尺|度|方|元|焦|斤|时")
MEASURES = ("generation_kwh", "self_use_kwh", "feed_in_kwh")
CAPACITIES = ("capacity_kwp", "capacity_kwp_filed", "capacity_kwp_connected")
PASSED = "-"
"""What someone writes as our column to say that a column of the file is passed over."""


@dataclass(frozen=True)
class Placed:
    """One column of ours in the file."""

    ours: str
    at: int
    """Column, from 0."""
    shown: str
    factor: float = 1.0
    unit: str = ""
    """Unit that the header, or a line above it, names."""
    problem: Problem | None = None
    also: tuple[int, ...] = ()
    """Further columns of the same name."""
    month: str = ""
    """Month of a column of a sheet with one column per month."""
    remembered: bool = False


@dataclass(frozen=True)
class Reading:
    """A sheet of a known kind with its columns placed."""

    kind: Kind
    grid: Grid
    placed: tuple[Placed, ...]
    contacts: Mapping[str, int] = field(default_factory=dict)
    unused: tuple[int, ...] = ()
    passed: tuple[str, ...] = ()
    """Columns that someone said are not to be used."""
    score: float = 0.0

    def get(self, ours: str) -> Placed | None:
        """Find one of our columns."""
        return next((p for p in self.placed if p.ours == ours and not p.month), None)

    @property
    def months(self) -> tuple[Placed, ...]:
        """Columns that are months."""
        return tuple(p for p in self.placed if p.month)


def fingerprint(heads: Sequence[Head]) -> str:
    """Make one short word of a header: the same header is the same word, in a check of ours too."""
    text = "\x1f".join(bare(h.shown) for h in heads if h.shown and bare(h.shown) not in _added())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def decisions(reading: Reading) -> dict[str, str]:
    """Return what is worth remembering of a header: theirs = ours, or `PASSED`."""
    placed = {p.shown: p.ours for p in reading.placed if not p.month}
    return {**placed, **dict.fromkeys(reading.passed, PASSED)}


@cache
def _added() -> frozenset[str]:
    """Return the columns that verdict workbooks put before those of the file."""
    names = ("row", "verdict", "reason")
    known = catalogue()
    return frozenset(bare(t) for n in names for t in known[f"importing.head.{n}"].values())


@cache
def _known(kind: str) -> dict[str, tuple[tuple[str, int], ...]]:
    """Turn a kind's names round: what each name may be, with its rank."""
    found: dict[str, list[tuple[str, int]]] = {}
    for ours, ways in kinds()[kind].ways.items():
        for way, rank in ways.items():
            found.setdefault(way, []).append((ours, rank))
    return {way: tuple(columns) for way, columns in found.items()}


@cache
def _meanings(kind: str, way: str) -> tuple[tuple[str, int, str], ...]:
    """Say what a header may be: our column, rank, and the unit that it names."""
    known, (stem, unit) = _known(kind), split_unit(way)
    whole = bare(way)
    found = [(ours, rank, "") for ours, rank in known.get(whole, ())]
    if not found and unit:
        found = [(ours, rank, unit) for ours, rank in known.get(bare(stem), ())]
    if not found:  # a unit may follow without brackets: 装机容量kW
        specs = kinds()[kind].columns
        for table in units.FACTORS:
            for unit in sorted(map(units.fold, units.FACTORS[table]), key=len, reverse=True):
                stem = whole.removesuffix(unit)
                if stem == whole:
                    continue
                found += [
                    (ours, rank, unit)
                    for ours, rank in known.get(stem, ())
                    if quantity(specs[ours]) == table
                ]
                break
    return tuple(found)


def recognise(
    sheet: Sheet, wanted: str | None, memory: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> Reading | None:
    """
    Find what kind of spreadsheet a sheet is, its header and its columns.

    Parameters
    ----------
    sheet
        As it stands in the file.
    wanted
        The kind, if someone said it.
    memory
        Per kind and `fingerprint`, what someone decided about columns: theirs = ours.

    Returns
    -------
    reading
        None where no header of a known kind is found.
    """
    best: Reading | None = None
    for rows in _candidates(sheet):
        heads = heads_of(sheet, rows)
        if sum(bool(head.shown) for head in heads) < 2:
            continue
        grid = None
        for kind in kinds().values():
            if wanted and kind.name != wanted:
                continue
            decided = memory.get(kind.name, {}).get(fingerprint(heads), {})
            if not decided and _promise(kind, heads) < 2:
                continue
            grid = grid or grid_of(sheet, rows)
            reading = place(kind, grid, decided)
            # of two equal ones the first, and one row before two unless cells join them
            reading = replace(reading, score=reading.score + _joined(sheet, rows))
            if _sense(reading) and (best is None or reading.score > best.score):
                best = reading
    return replace(best, grid=divided(best.grid)) if best else None


def _joined(sheet: Sheet, rows: Sequence[int]) -> float:
    """Say how much merged cells speak for a header of two rows; negative for one of none."""
    across = any(top == rows[0] and bottom == rows[-1] for top, _, bottom, _ in sheet.merged)
    over = any(
        top == rows[0] == bottom and right > left and right - left + 1 < len(sheet.rows[top - 1])
        for top, left, bottom, right in sheet.merged
    )
    if len(rows) == 1:
        return 0.0
    return 3.0 if across and over else 1.5 if across else 0.5 if over else -0.5


def headers_with(sheet: Sheet, names: set[str]) -> str:
    """Return the fingerprint of the header that has all columns named; empty if none has."""
    for rows in _candidates(sheet):
        heads = heads_of(sheet, rows)
        if names <= {head.shown for head in heads}:
            return fingerprint(heads)
    return ""


def _candidates(sheet: Sheet) -> list[tuple[int, ...]]:
    """List the rows, and pairs of rows, that may be the header; from 1."""
    last = min(len(sheet.rows), HEADER_ROWS)
    texts = {row: [c for c in sheet.rows[row - 1] if not blank(c)] for row in range(1, last + 1)}
    single: list[tuple[int, ...]] = [(row,) for row in texts if len(texts[row]) >= 2]
    double: list[tuple[int, ...]] = [
        (row, row + 1)
        for row in range(1, last)
        if texts[row] and len(texts[row + 1]) >= 1
        and all((isinstance(c, str) and not fold(c)[:1].isdigit()) or month_of(c, 2000)
                for c in texts[row + 1])
    ]  # fmt: skip
    return single + double


def _promise(kind: Kind, heads: Sequence[Head]) -> int:
    """Count the columns that may be ours."""
    named = sum(any(_meanings(kind.name, way) for way in head.ways) for head in heads)
    return named + (_months_in(heads) if kind.name == "meters" else 0)


def _months_in(heads: Sequence[Head]) -> int:
    return sum(_month(head, 2000) is not None for head in heads)


def _month(head: Head, year: int | None) -> str | None:
    """Find the month that a header names, in one of its rows or in both."""
    if any(isinstance(c, str) and bare(c) in _names_of_days() for c in head.cells):
        return None  # a day below the name of its column is data
    cells = [split_unit(str(c))[0] if isinstance(c, str) else c for c in head.cells]
    said = [c for c in cells if not blank(c)]
    # a bare 3 is a figure, not a month
    texts = [fold(c) for c in cells if isinstance(c, str | int) and not blank(c)]
    joined = "".join(dict.fromkeys(texts))
    years = [int(m.group(1)) for t in texts for m in [re.match(r"(\d{4})年?$", t)] if m]
    for cell in [joined, *said]:
        if re.fullmatch(r"\d{1,5}(\.\d+)?", fold(cell)):
            continue
        month = month_of(cell, years[0] if years else year)
        if month:
            return month
        if isinstance(cell, str):  # 3月发电量
            match = re.match(r"((?:\d{4}年)?\d{1,2}月)\D", fold(cell))
            if match:
                return month_of(match.group(1), years[0] if years else year)
    return None


@cache
def _names_of_days() -> frozenset[str]:
    """Return what columns of days are called; those of months aside, which may span months."""
    return frozenset(
        way
        for kind in kinds().values()
        for ours, ways in kind.ways.items()
        if kind.columns[ours].kind == "date" and ours not in ("month", "as_of")
        for way in ways
    )


def _sense(reading: Reading) -> bool:
    """Say whether the columns found make a sheet of that kind likely."""
    marks = sum(p.ours in reading.kind.marks for p in reading.placed)
    return marks >= 1 and len({p.ours for p in reading.placed} | set(reading.months)) >= 2


def place(kind: Kind, grid: Grid, decided: Mapping[str, str]) -> Reading:
    """Place the columns of one kind: decided ones first, then the likeliest names."""
    placed: dict[int, Placed] = {}
    for at, head in enumerate(grid.heads):
        ours = decided.get(head.shown, "")
        if ours in kind.columns:
            unit = split_unit(head.shown)[1]
            column = _with_unit(kind.columns[ours], at, head, unit, grid, ours)
            placed[at] = replace(column, remembered=True)
    passed = {at for at, head in enumerate(grid.heads) if decided.get(head.shown) == PASSED}
    likely = sorted(
        (order, rank, at, ours, unit)
        for at, head in enumerate(grid.heads)
        if at not in placed and at not in passed
        for order, way in enumerate(head.ways)
        for ours, rank, unit in _meanings(kind.name, way)
    )
    for _, _, at, ours, unit in likely:
        if at not in placed and all(p.ours != ours for p in placed.values()):
            placed[at] = _with_unit(kind.columns[ours], at, grid.heads[at], unit, grid, ours)
    months = _month_columns(kind, grid, placed)
    placed |= {p.at: p for p in months}
    people = contact_names()
    contacts: dict[str, int] = {}
    for at, head in enumerate(grid.heads):
        who = next((people[bare(w)] for w in head.ways if bare(w) in people), None)
        if who and at not in placed:
            contacts.setdefault(who, at)
    columns = tuple(_only_capacity([_with_twins(p, grid) for _, p in sorted(placed.items())]))
    unused = tuple(
        at for at, head in enumerate(grid.heads)
        if head.shown and at not in placed and at not in contacts.values()
        and not any(at in p.also for p in columns)
    )  # fmt: skip
    score = 3.0 * len({p.ours for p in columns} & kind.marks) + len(columns)
    if any(p.ours == "entity" for p in columns):  # two days of a row of data are no months
        score += 2.0 * min(len(months), 2)
    title = fold(grid.sheet.title + "".join(grid.above))
    score += 4.0 * any(fold(word) in title for word in kind.titles)
    left_out = tuple(grid.heads[at].shown for at in sorted(passed))
    return Reading(kind, grid, columns, contacts, unused, left_out, score)


def _only_capacity(placed: list[Placed]) -> list[Placed]:
    """Take the only capacity that a sheet names as that of all stages."""
    found = [p for p in placed if p.ours in CAPACITIES]
    if len(found) != 1:
        return placed
    return [replace(p, ours="capacity_kwp") if p in found else p for p in placed]


def _with_twins(placed: Placed, grid: Grid) -> Placed:
    """Note further columns of the same name."""
    if placed.month:
        return placed
    twins = tuple(
        at for at, head in enumerate(grid.heads)
        if at != placed.at and bare(head.shown) == bare(placed.shown)
    )  # fmt: skip
    return replace(placed, also=twins)


def _with_unit(spec: ColumnSpec, at: int, head: Head, unit: str, grid: Grid, ours: str) -> Placed:
    """Find the factor of a column out of its header, or of the line above the header."""
    known = {units.fold(n): f for n, f in units.FACTORS.get(quantity(spec), {}).items()}
    said = units.fold(unit or split_unit(head.shown)[1])
    everywhere = units.fold(grid.unit)
    if said in known:
        return Placed(ours, at, head.shown, known[said], said)
    if not said and everywhere in known:
        return Placed(ours, at, head.shown, known[everywhere], everywhere)
    remarks = [fold(w) for w in read_facts("importing")["remarks"]["words"]]
    counted = counters().get(spec.name, ())
    odd = said and said not in remarks and said not in counted
    if odd and spec.kind in ("float", "int") and (known or spec.unit) and _UNIT_LIKE.search(said):
        if said == units.fold(spec.unit):
            return Placed(ours, at, head.shown, 1.0, said)
        facts = {
            "column": head.shown,
            "found": unit or said,
            "expected": ", ".join(known) or spec.unit,
        }
        return Placed(ours, at, head.shown, problem=Problem("import_header_unit", facts))
    return Placed(ours, at, head.shown)


def year_above(grid: Grid) -> int | None:
    """Find the year that a title names; None if it names none or several."""
    text = fold("".join(grid.above) + " " + grid.sheet.title)
    years = {int(y) for y in re.findall(r"(20\d{2})(?:年|$)", text)}
    return years.pop() if len(years) == 1 else None


def _month_columns(kind: Kind, grid: Grid, placed: Mapping[int, Placed]) -> list[Placed]:
    """Place the columns of a sheet with one column per month."""
    if kind.name != "meters" or any(p.ours == "month" for p in placed.values()):
        return []
    year = year_above(grid)
    title = fold("".join(grid.above) + grid.sheet.title)
    usual = "feed_in_kwh" if "上网电量" in title and "发电" not in title else "generation_kwh"
    usual = "self_use_kwh" if "自用电量" in title and "发电" not in title else usual
    found = []
    for at, head in enumerate(grid.heads):
        month = _month(head, year) or (f"0000-{m[-2:]}" if (m := _month(head, 2000)) else None)
        if month is None or (at in placed and placed[at].ours not in MEASURES):
            continue
        ours = _measure(kind, head) or (placed[at].ours if at in placed else usual)
        column = _with_unit(kind.columns[ours], at, head, "", grid, ours)
        found.append(replace(column, month=month))
    return found if len(found) >= 2 else []


def _measure(kind: Kind, head: Head) -> str | None:
    """Find which energy the header of a month names."""
    names = [re.sub(r"^(\d{4}年)?\d{1,2}月", "", fold(way)) for way in head.ways]
    for way in (*head.ways, *names):
        for ours, _, _ in _meanings(kind.name, way):
            if ours in MEASURES:
                return ours
    return None
