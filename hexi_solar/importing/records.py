"""The rows of a sheet as records: what each says in our columns, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hexi_solar.errors import Problem
from hexi_solar.importing.cells import month_of, read_cell, time_of
from hexi_solar.importing.columns import Placed, Reading, year_above
from hexi_solar.sheets.tables import Row

GROUPED = {
    "projects": ("entity",), "meters": ("entity",),
    "diagnoses": ("building_id", "code", "name", "address"),
}  # fmt: skip
"""What a row may leave to the row above."""
LEAST = 2


@dataclass
class Record:
    """One row, read."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    rough: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    readings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per month what the meter said."""
    contacts: dict[str, str] = field(default_factory=dict)

    def refuse(self, code: str, **fields: Any) -> None:
        """Say why the row cannot be taken."""
        self.problems.append(Problem(code, fields))

    def note(self, code: str, **fields: Any) -> None:
        """Say what someone should know of the row."""
        self.notes.append(Problem(code, fields, "info"))


def read_records(reading: Reading) -> list[Record]:
    """Read every row of data; rows that leave out what the one above says get it from there."""
    records = [_record(reading, row) for row in reading.grid.rows]
    fill_down(reading, records)
    return records


def _record(reading: Reading, row: int) -> Record:
    """Read one row."""
    record = Record(row)
    cells = reading.grid.cells(row)
    if row in reading.grid.sheet.hidden_rows:
        record.note("import_hidden")
    for placed in reading.placed:
        if placed.month:
            continue
        value = _value(record, reading, placed, cells)
        if value is not None:
            record.values[placed.ours] = value
    _read_months(record, reading, cells)
    for what, at in reading.contacts.items():
        if cells[at] is not None and str(cells[at]).strip():
            record.contacts[what] = str(cells[at]).strip()
    if record.contacts:
        record.note("import_contacts")
    return record


def _value(record: Record, reading: Reading, placed: Placed, cells: Row) -> Any:
    """Read the cell of one column, and those of further columns of its name."""
    spec = reading.kind.columns[placed.ours]
    values: list[Any] = []
    for at in (placed.at, *placed.also):
        cell = cells[at]
        formula = reading.grid.sheet.not_worked_out.get((record.row, at + 1))
        if formula is not None:
            record.refuse("import_formula", column=placed.shown, found=formula[:60])
            return None
        if placed.ours in ("month",):
            values.append(_month(record, reading, placed, cell))
            continue
        if placed.ours == "recorded_at" and (time := time_of(cell)) is not None:
            values.append(time)
            continue
        said = read_cell(cell, spec, placed.shown, placed.factor)
        if said.problem is None and said.value is not None and placed.problem is not None:
            record.problems.append(placed.problem)
            return None
        if said.problem is not None:
            record.problems.append(said.problem)
        if said.note is not None:
            record.notes.append(said.note)
        if said.rough:
            record.rough.add(placed.ours)
        _refuse_shared(record, reading, placed, at, said.value, spec.kind == "float")
        values.append(said.value)
    given = [v for v in values if v is not None]
    if len({str(v) for v in given}) > 1:
        found = " / ".join(str(v) for v in given)
        record.refuse("import_twins", column=placed.shown, found=found)
    return given[0] if given else None


def _refuse_shared(
    record: Record, reading: Reading, placed: Placed, at: int, value: Any, figure: bool
) -> None:
    """Refuse a figure in a merged cell: it would count once for each of its rows."""
    bare_number = figure and placed.ours not in ("module_tilt", "efficiency_grade", "year")
    if bare_number and value is not None and (record.row, at + 1) in reading.grid.shared:
        record.refuse("import_shared", column=placed.shown, found=value)


def _month(record: Record, reading: Reading, placed: Placed, cell: Any) -> str | None:
    """Read the month of a reading, its year from the row or the title."""
    year = reading.get("year")
    own = None
    if year is not None:
        its = reading.grid.cells(record.row)[year.at]
        own = read_cell(its, reading.kind.columns["year"], year.shown).value
    if cell is None or not str(cell).strip():
        return None
    month = month_of(cell, int(own) if own else year_above(reading.grid))
    if month is None:
        if month_of(cell, 2000) is not None:
            record.refuse("import_year", column=placed.shown, found=cell)
        else:
            record.refuse("import_month", column=placed.shown, found=cell)
    return month


def _read_months(record: Record, reading: Reading, cells: Row) -> None:
    """Read the columns that are months."""
    for placed in reading.months:
        spec = reading.kind.columns[placed.ours]
        said = read_cell(cells[placed.at], spec, placed.shown, placed.factor)
        formula = reading.grid.sheet.not_worked_out.get((record.row, placed.at + 1))
        if formula is not None:
            record.refuse("import_formula", column=placed.shown, found=formula[:60])
        if said.problem is not None:
            record.problems.append(said.problem)
        if said.value is None:
            continue
        if placed.problem is not None:
            record.problems.append(placed.problem)
        month = placed.month
        if month.startswith("0000"):
            year = record.values.get("year")
            if year is None:
                record.refuse("import_year", column=placed.shown, found=placed.shown)
                continue
            month = f"{int(year):04d}{month[4:]}"
        record.readings.setdefault(month, {})[placed.ours] = said.value


def fill_down(reading: Reading, records: list[Record]) -> None:
    """
    Let rows of a group mean the project or building that its first row names.

    Offices write the name once and leave the cells below empty. That is taken so only where
    it is the habit of the sheet: two rows at least and a third of all; a single row without
    a name is one that someone forgot. A total or a note between ends a group.
    """
    names = GROUPED.get(reading.kind.name, ())
    if reading.kind.name == "projects" and not (reading.get("kind") and reading.get("valid_on")):
        return  # a card stands for itself
    ends = {passed.row for passed in reading.grid.passed}
    above: Record | None = None
    found: list[tuple[Record, Record]] = []
    for record in records:
        named = any(name in record.values for name in names)
        wrong = any(p.fields.get("column") in _shown(reading, names) for p in record.problems)
        if named or wrong or above is None:
            above = record if named else None
        elif ends.intersection(range(above.row, record.row)):
            above = None
        elif record.values or record.readings:
            found.append((record, above))
    if len(found) < LEAST or 3 * len(found) < len(records):
        return
    for record, first in found:
        said = {name: first.values[name] for name in names if name in first.values}
        record.values.update(said)
        shown = ", ".join(str(value) for value in said.values())
        record.note("import_as_above", row=first.row, found=shown)


def _shown(reading: Reading, names: tuple[str, ...]) -> set[str]:
    return {placed.shown for placed in reading.placed if placed.ours in names}


def facts_of(record: Record, names: tuple[str, ...], but: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a record says of the facts named."""
    return {n: record.values[n] for n in names if n in record.values and n not in but}


def described(values: Mapping[str, Any]) -> str:
    """Write some values in one line."""
    return "; ".join(f"{k}={v}" for k, v in values.items())
