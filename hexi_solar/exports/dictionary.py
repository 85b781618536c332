"""What every column of every file means."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hexi_solar.exports.sheets import Book, Field, Sheet
from hexi_solar.exports.words import enumeration, unit_name, word
from hexi_solar.facts import read_facts
from hexi_solar.schema import STUDY_TABLES, ColumnSpec, Table

# the files that hold a table; tables not named here are not written
FILES = {
    "candidates": "candidates.xlsx, .csv, .gpkg, .geojson, .kml, .parquet",
    "coverage": "candidates.xlsx, coverage.csv, .parquet",
    "buildings": "buildings.parquet",
    "roofs": "roofs.parquet",
    "exclusions": "exclusions.parquet",
    "layouts": "layouts.parquet, candidates.gpkg",
    "yields": "yields.parquet",
    "tradeoffs": "tradeoffs.parquet",
    "register": "register.parquet",
    "projects": "projects.parquet",
    "boundary": "boundary.parquet",
    "subdistricts": "subdistricts.parquet",
    "zones": "zones.parquet",
}
# what the columns that hold several words choose from
LISTS = {"reasons": "reason", "review": "review"}


def write_dictionary(book: Book) -> None:
    """Write one row per column of every table, index columns first."""
    said = book.said
    fields = [
        Field(said("dictionary.table"), widest=16), Field(said("dictionary.column"), widest=30),
        Field(said("dictionary.meaning"), widest=44), Field(said("dictionary.unit"), widest=12),
        Field(said("dictionary.kind"), widest=14), Field(said("dictionary.allowed"), widest=64),
        Field(said("dictionary.required"), widest=8),
    ]  # fmt: skip
    name, note = said("sheet.dictionary"), said("dictionary_note")
    sheet = Sheet(book, name, name, note, len(fields))
    sheet.most_lines = 6
    header = sheet.header(fields)
    for name, files in FILES.items():
        table = STUDY_TABLES[name]
        heading = table.zh if book.language == "zh" else table.en
        sheet.write_row(fields, [heading, files, *[None] * 5], style="group")
        for key in table.index:
            meaning, allowed = _key_meaning(book, table, key), _key_words(book, key)
            sheet.write_row(fields, [heading, key, meaning, None, None, allowed, True])
        for column in table.all_columns:
            sheet.write_row(fields, [heading, *_about(book, column)])
    sheet.finish(header, frozen=0)


def _key_meaning(book: Book, table: Table, key: str) -> str:
    """Say what an index column is: the key of this table, or of another one."""
    own = {
        "building_id": "buildings",
        "roof_id": "roofs",
        "event_id": "register",
        "entity": "projects",
    }
    if table.name == own.get(key):
        return book.said("dictionary.key")
    return book.said(f"key.{key}")


def _key_words(book: Book, key: str) -> str | None:
    """Write the words that an index column may have, None if it has no list of them."""
    data = {"definition": ("coverage", "definitions"), "variant": ("layouts", "variants")}
    if key in data:
        file, table = data[key]
        entries = {**read_facts(file)[table]}
        if key == "definition":
            entries.update(book.plan.coverage.definitions)
        named = [(k, str(v.get(book.language, k))) for k, v in entries.items()]
    else:
        named = enumeration({"reason": "exclusion"}.get(key, key), book.language)
    return _listed(book, named) or None


def _listed(book: Book, named: Iterable[tuple[str, str]]) -> str:
    """Write words with their meanings, as `word = meaning`."""
    between = "；" if book.language == "zh" else "; "
    return between.join(w if w == name else f"{w} = {name}" for w, name in named)


def _about(book: Book, column: ColumnSpec) -> list[object]:
    """Describe one column."""
    name = column.zh if book.language == "zh" else column.en
    kind = book.said(f"dictionary.kinds.{column.kind}")
    unit = unit_name(column.unit, book.language) if column.unit else None
    return [column.name, name, unit, kind, _allowed(book, column), column.required]


def _allowed(book: Book, column: ColumnSpec) -> str:
    """Write the words or the range that a column may have."""
    if column.words:
        return _listed(book, ((w, word(w, column.name, book.language)) for w in column.words))
    if column.name in LISTS:
        return _listed(book, enumeration(LISTS[column.name], book.language))
    # a hair below zero is the rounding that is allowed, not a range
    ends = (0.0 if abs(v) < 1e-6 else v for v in (column.low, column.high))
    low, high = ("" if math.isinf(v) else f"{v:g}" for v in ends)
    if low and high:
        return f"{low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else ""
