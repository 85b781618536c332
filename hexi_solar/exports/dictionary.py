"""What every column of every file means."""

from __future__ import annotations

import math

from hexi_solar.exports.sheets import Book, Field, Sheet
from hexi_solar.exports.words import word
from hexi_solar.schema import TABLES, ColumnSpec, Table

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
}


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
    header = sheet.header(fields)
    for name, files in FILES.items():
        table = TABLES[name]
        heading = table.zh if book.language == "zh" else table.en
        sheet.write_row(fields, [heading, files, *[None] * 5], style="group")
        for key in table.index:
            sheet.write_row(
                fields, [heading, key, _key_meaning(book, table, key), None, None, None, True]
            )
        for column in table:
            sheet.write_row(fields, [heading, *_about(book, column)])
    sheet.finish(header, frozen=0)


def _key_meaning(book: Book, table: Table, key: str) -> str:
    """Say what an index column is: the key of this table, or of another one."""
    own = {"building_id": "buildings", "roof_id": "roofs", "event_id": "register"}
    if table.name == own.get(key):
        return book.said("dictionary.key")
    return book.said(f"key.{key}")


def _about(book: Book, column: ColumnSpec) -> list[object]:
    """Describe one column."""
    name = column.zh if book.language == "zh" else column.en
    kind = book.said(f"dictionary.kinds.{column.kind}")
    return [column.name, name, column.unit, kind, _allowed(book, column), column.required]


def _allowed(book: Book, column: ColumnSpec) -> str:
    """Write the words or the range that a column may have."""
    if column.words:
        named = ((w, word(w, column.name, book.language)) for w in column.words)
        return "; ".join(w if w == name else f"{w} {name}" for w, name in named)
    low, high = ("" if math.isinf(v) else f"{v:g}" for v in (column.low, column.high))
    if low and high:
        return f"{low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else ""
