"""Holds a table to its declaration, and writes the data dictionary."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.errors import Problem, SchemaError
from hexi_solar.labels import column_label, text
from hexi_solar.schema.columns import ColumnSpec, Table


def check(frame: pd.DataFrame, table: Table, where: str, limit: int = 5) -> None:
    """
    Refuse a table that breaks its declaration.

    Parameters
    ----------
    frame
        The table, with its index named.
    table
        Its declaration.
    where
        What the reader knows it by: a file, or the step that made it.
    limit
        Row ids shown per problem.

    Raises
    ------
    SchemaError
        With every problem at once: missing columns, unknown where a value is needed,
        values out of range, words that are not in the list, repeated ids.
    """
    problems = [
        Problem("table_no_column", {"where": where, "column": c.name, "meaning": c.en})
        for c in table
        if c.name not in frame
    ]
    if not frame.index.is_unique:
        repeated = frame.index[frame.index.duplicated()].unique()
        problems.append(
            _rows("table_repeated", where, "/".join(table.index), repeated, len(frame), limit)
        )
    for column in table:
        if column.name in frame:
            problems += _check_column(frame[column.name], column, where, limit)
    if problems:
        raise SchemaError(*problems)


def _check_column(values: pd.Series, column: ColumnSpec, where: str, limit: int) -> list[Problem]:
    """Find the rows of one column that break its declaration."""
    unknown = values.isna().to_numpy()
    problems = []
    if column.required and unknown.any():
        rows = values.index[unknown]
        problems.append(_rows("table_unknown", where, column.name, rows, len(values), limit))
    if column.kind in ("float", "int"):
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(float, na_value=np.nan)
        with np.errstate(invalid="ignore"):
            bad = ~unknown & ~(
                (numbers >= column.low) & (numbers <= column.high) & np.isfinite(numbers)
            )
        expected = f"{column.low:g}..{column.high:g} {column.unit}".strip()
    elif column.words:
        bad = ~unknown & ~values.isin(column.words).to_numpy()
        expected = ", ".join(column.words)
    else:
        return problems
    if bad.any():
        problem = _rows("table_outside", where, column.name, values.index[bad], len(values), limit)
        found = values[bad].iloc[0]
        facts = {**problem.fields, "expected": expected, "found": found}
        problems.append(Problem(problem.code, facts))
    return problems


def _rows(code: str, where: str, column: str, rows: pd.Index, total: int, limit: int) -> Problem:
    """Name the first rows of a problem and count them all."""
    named = ", ".join(str(r) for r in rows[:limit]) + (", ..." if len(rows) > limit else "")
    facts = {"where": where, "column": column, "count": len(rows), "total": total, "rows": named}
    return Problem(code, facts)


def dictionary_text(table: Table, language: str) -> str:
    """Write one table's data dictionary as aligned text."""
    title = table.zh if language == "zh" else table.en
    index = text("exports.dictionary.index", language)
    lines = [f"{table.name} - {title}", f"  {index}: {', '.join(table.index)}"]
    for column in table.all_columns:
        kind = text(f"exports.dictionary.kinds.{column.kind}", language)
        # a Chinese character is as wide as two letters
        kind += " " * (12 - len(kind) - sum(letter > "\u2e7f" for letter in kind))
        limits = _limits(column, language)
        meaning = column.zh if language == "zh" else column.en
        unit = f"[{column.unit or '-'}]" if column.kind in ("float", "int") else ""
        line = f"  {column.name:<30} {kind} {unit:<10} {meaning}"
        lines.append(line + (f"  ({limits})" if limits else ""))
    return "\n".join(lines)


def _limits(column: ColumnSpec, language: str) -> str:
    """Write the words with their names, or the range, of one column."""
    if column.words:
        named = [(w, column_label(column.name, w, language)) for w in column.words]
        return ", ".join(w if w == name else f"{w} = {name}" for w, name in named)
    low, high = np.isfinite([column.low, column.high])
    if low and high:
        return f"{column.low:g}..{column.high:g}"
    return f"≥ {column.low:g}" if low else f"≤ {column.high:g}" if high else ""
