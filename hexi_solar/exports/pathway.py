"""`pathway.xlsx` and the tables of a path to the target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hexi_solar.exports.sheets import Book, Cell, Field, Sheet
from hexi_solar.exports.tables import is_unknown, joined, records, write_table
from hexi_solar.exports.words import definition_name, word
from hexi_solar.facts import read_facts
from hexi_solar.labels import text
from hexi_solar.schema import (
    ECONOMICS,
    PATHWAY,
    PATHWAY_BINDING,
    PATHWAY_COVERAGE,
    PATHWAY_SURVEYS,
    PATHWAY_YEARS,
    Table,
)
from hexi_solar.study import Roadmap

FORMATS = {"CNY": "#,##0", "kWp": "#,##0.0", "kWh": "#,##0", "tCO₂": "#,##0.0", "": "#,##0.0##"}
SHARES = ("rate", "target", "rate_at_most", "probability", "gain", "p_load", "irr", "self_use_share",
          "self_sufficiency")  # fmt: skip
KEYS = {
    "building_id": "exports.building_id", "year": "report.col.year",
    "definition": "report.col.definition", "reading": "exports.reading_of_area",
    "scope": "exports.scope", "constraint": "report.col.path_constraint",
    "key": "exports.pathway.which",
}  # fmt: skip
WHOLE = ("year", "rank", "buildings", "checks")


def write_pathway(found: Roadmap, sentences: Sequence[str], folder: Path) -> None:
    """
    Write workbook and tables of a path.

    Parameters
    ----------
    found
        The path.
    sentences
        What the first sheet says: verdict, where the rate stands, how sure it is.
    folder
        Folder to fill.
    """
    tables = {
        "pathway": found.schedule, "pathway_years": found.years,
        "pathway_coverage": found.coverage, "pathway_binding": found.binding,
        "pathway_surveys": found.surveys, "pathway_limits": found.limits,
        "economics": found.economics,
    }  # fmt: skip
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet")
    book = Book(found.study.plan, text("exports.pathway.subject", found.study.plan.language))
    _about(book, found, sentences)
    _sheet(book, found, "schedule", PATHWAY, found.schedule)
    _sheet(book, found, "years", PATHWAY_YEARS, found.years)
    _sheet(book, found, "coverage", PATHWAY_COVERAGE, found.coverage)
    _sheet(book, found, "binding", PATHWAY_BINDING, found.binding)
    _sheet(book, found, "surveys", PATHWAY_SURVEYS, found.surveys)
    _sheet(book, found, "safer", PATHWAY, found.safer_schedule)
    _sheet(book, found, "economics", ECONOMICS, found.economics)
    _assumptions(book, found)
    book.save(folder / "pathway.xlsx")


def _about(book: Book, found: Roadmap, sentences: Sequence[str]) -> None:
    """Open with what the path is, and which sheets follow."""
    plan, said = found.study.plan, book.said
    note = said("pathway.note", day=plan.today.isoformat(), stamp=plan.map.stamp)
    fields = [Field("", widest=24), Field("", widest=110)]
    sheet = Sheet(book, said("pathway.about"), said("pathway.subject"), note, len(fields))
    for sentence in sentences:
        sheet.write_row(fields, [None, sentence])
    for notice in found.notices:
        sheet.write_row(
            fields, [text(f"level.{notice.level}", plan.language), notice.message(plan.language)]
        )
    sheet.row += 1
    for name in (
        "schedule", "years", "coverage", "binding", "surveys", "safer", "economics", "assumptions",
    ):  # fmt: skip
        row = sheet.row
        sheet.write_row(fields, [None, None])
        sheet.link(row, 0, said(f"pathway.sheet_{name}"))
    sheet.finish()


def _sheet(book: Book, found: Roadmap, name: str, table: Table, frame: pd.DataFrame) -> None:
    """Write one table as its declaration says, with the names of buildings beside their ids."""
    language = book.language
    rows = frame.reset_index()
    named = "building_id" in table.index
    specs = [c for c in table if c.name in rows]
    keys = [k for k in table.index if k in rows]
    fields = [Field(_key(k, language), "0", widest=24) for k in keys]
    if named:
        fields.append(Field(text("report.col.name", language), widest=34))
    fields += [Field(c.label(language), _format(c.name, c.unit)) for c in specs]
    title = text(f"exports.pathway.sheet_{name}", language)
    sheet = Sheet(book, title, title, table.zh if language == "zh" else table.en, len(fields))
    header = sheet.header(fields)
    names = found.study.buildings["name"]
    for row in records(rows):
        cells = [_word(found, k, row[k]) for k in keys]
        if named:
            cells.append(names.get(row["building_id"]))
        cells += [_word(found, c.name, row[c.name]) for c in specs]
        style = "reported" if row.get("reported") is True else ""
        sheet.write_row(fields, cells, style=style)
    if len(rows):
        sheet.filter(header, len(fields))
    sheet.finish(header, frozen=len(keys) + named)


def _key(key: str, language: str) -> str:
    """Name an index column."""
    return text(KEYS[key], language)


def _format(name: str, unit: str) -> str:
    """Say how a column's numbers look."""
    if name in SHARES:
        return "0.0%"
    return "0" if name in WHOLE else FORMATS.get(unit, "#,##0.00")


def _word(found: Roadmap, column: str, value: Any) -> Any:
    """Write one value as people read it."""
    plan = found.study.plan
    if isinstance(value, list | tuple):
        return joined(value)
    if not isinstance(value, str) or is_unknown(value):
        return value
    if column == "definition":
        return definition_name(plan, value)
    if column == "variant":
        return str(read_facts("layouts")["variants"].get(value, {}).get(plan.language, value))
    if column == "reading" and value == "-":
        return "–"
    return word(value, column, plan.language)


def _assumptions(book: Book, found: Roadmap) -> None:
    """List the defaults that the answer rests on, placeholders first and marked."""
    language = book.language
    fields = [
        Field(text(f"report.col.path_{n}", language), "General", widest=w)
        for n, w in (("assumption", 40), ("value", 14), ("confidence", 30), ("source", 90))
    ]
    title = text("exports.pathway.sheet_assumptions", language)
    note = text("report.path.assumed_note", language)
    sheet = Sheet(book, title, title, note, len(fields))
    header = sheet.header(fields)
    for row in sorted(found.assumptions, key=lambda r: not r["placeholder"]):
        sure = text(f"exports.confidence.{row['confidence']}", language)
        mark = "⚠ " if row["placeholder"] else ""
        said = text("report.path.by_plan", language) if row["set_by_plan"] else mark + sure
        style = "unknown" if row["placeholder"] and not row["set_by_plan"] else ""
        sheet.write_row(fields, [row[language], row["shown"], Cell(said, style), row["source"]])
    sheet.finish(header)
