"""Answers that someone wrote into a verdict workbook: which column, which building."""

from __future__ import annotations

from hexi_solar.labels import catalogue
from hexi_solar.sheets.books import Sheet
from hexi_solar.sheets.columns import bare
from hexi_solar.sheets.tables import blank

Columns = dict[str, dict[str, dict[str, str]]]


def answers_in(sheets: list[Sheet]) -> tuple[Columns, dict[str, str]]:
    """
    Read the sheets "columns" and "buildings to confirm" of a verdict workbook.

    Returns
    -------
    columns, matches
        As `memory.Memory` keeps them; empty where the file is no verdict workbook.
    """
    columns: Columns = {}
    matches: dict[str, str] = {}
    for sheet in sheets:
        if sheet.title in _titles("matches"):
            for said in _rows(sheet, ("key", "answer")):
                matches[said["key"]] = said["answer"]
        elif sheet.title in _titles("columns"):
            for said in _rows(sheet, ("header_key", "kind_key", "theirs", "answer")):
                known = columns.setdefault(said["kind_key"], {})
                known.setdefault(said["header_key"], {})[said["theirs"]] = said["answer"]
    return columns, matches


def of_a_check(sheet: Sheet) -> bool:
    """Say whether a sheet is one that a verdict workbook adds to those of the file."""
    first = next((str(c) for row in sheet.rows[:1] for c in row if not blank(c)), "")
    names = ("about", "columns", "matches")
    return any(
        sheet.title in _titles(n) and first in catalogue()[f"importing.{n}.title"].values()
        for n in names
    )


def _titles(name: str) -> tuple[str, ...]:
    return tuple(catalogue()[f"importing.sheet.{name}"].values())


def _rows(sheet: Sheet, wanted: tuple[str, ...]) -> list[dict[str, str]]:
    """Read the rows in which all cells wanted are filled."""
    names = {bare(t): w for w in wanted for t in catalogue()[f"importing.head.{w}"].values()}
    below = iter(sheet.rows)
    for row in below:
        places = {names[bare(str(c))]: at for at, c in enumerate(row)
                  if not blank(c) and bare(str(c)) in names}  # fmt: skip
        if set(wanted) <= places.keys():
            break
    else:
        return []
    found = []
    for row in below:
        said = {w: "" if blank(row[at]) else str(row[at]).strip() for w, at in places.items()}
        if all(said.values()):
            # a choice from the list shows name and address behind the id
            said["answer"] = said["answer"].split(" (")[0].split("（")[0].strip()
            found.append(said)
    return found
