"""Tables for machines: Parquet keeps everything, CSV is what every program opens.

CSV is also what people open by double click, and a spreadsheet runs a text that starts
like a formula. So such a text gets an apostrophe in front; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hexi_solar.exports.record import plain
from hexi_solar.schema import Table

# a text that begins like this is a formula to some spreadsheet (the last four are full-width)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# digits after the point in CSV, by unit; rates and whatever else has no unit get six
DECIMALS = {
    "m²": 2,
    "kWh": 1,
    "kWp": 3,
    "kWh/kWp": 1,
    "kWh/m²": 1,
    "tCO₂": 3,
    "m": 2,
    "°": 7,
    "kN/m²": 3,
}
SEPARATOR = ";"
# where a Parquet file notes which columns say None
NONE_COLUMNS = b"hexi_solar:none_columns"


def guarded(text: str) -> str:
    """
    Keep a spreadsheet from taking a text for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("＝1+1"), guarded("No. 1 = best")
    ("'=1+1", "'＝1+1", 'No. 1 = best')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def joined(values: Any) -> str:
    """
    Write a list into one cell; an unknown one is empty.

    Examples
    --------
    >>> joined(("a", "b")), joined(None), joined("as it is")
    ('a;b', '', 'as it is')
    """
    if isinstance(values, str):
        return values
    if isinstance(values, list | tuple | set | frozenset | np.ndarray):
        return SEPARATOR.join(str(v) for v in plain(values))
    return ""


def is_unknown(value: Any) -> bool:
    """Tell whether one cell says nothing."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    return isinstance(value, float | np.floating) and bool(math.isnan(value))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each by the names of its columns."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


# -- Parquet -----------------------------------------------------------------------------------


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write one table as Parquet, as GeoParquet where it has shapes."""
    if isinstance(frame, gpd.GeoDataFrame):
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=True, schema_version="1.1.0")
        table = pq.read_table(buffer)
    else:
        table = pa.Table.from_pandas(frame, preserve_index=True)
    says_none = json.dumps([str(n) for n in frame if _says_none(frame[n])]).encode()
    table = table.replace_schema_metadata({**table.schema.metadata, NONE_COLUMNS: says_none})
    pq.write_table(table, path, compression="zstd")


def _says_none(values: pd.Series) -> bool:
    """Tell whether a column says None, not NaN, where it knows nothing."""
    return bool(values.dtype == object and any(v is None for v in values))


def read_table(path: Path) -> pd.DataFrame | gpd.GeoDataFrame:
    """Read a table that `write_table` wrote: types as they were, lists as lists."""
    schema = pq.read_schema(path)
    shapes = b"geo" in (schema.metadata or {})
    frame = gpd.read_parquet(path) if shapes else pd.read_parquet(path, engine="pyarrow")
    for name in (n for n in frame if pd.api.types.is_object_dtype(frame[n])):
        values = list(frame[name])
        if any(isinstance(v, np.ndarray) for v in values):
            lists = [v.tolist() if isinstance(v, np.ndarray) else v for v in values]
            frame[name] = pd.Series(lists, index=frame.index, dtype=object)
    frame = _as_written(frame, (schema.pandas_metadata or {}).get("columns", []))
    for name in json.loads((schema.metadata or {}).get(NONE_COLUMNS, b"[]")):
        known = [None if is_unknown(v) else v for v in frame[name]]
        frame[name] = pd.Series(known, index=frame.index, dtype=object)
    return frame


def _as_written(frame: Any, written: list[dict[str, Any]]) -> Any:
    """Give columns and index the types that were written: Parquet has fewer kinds than pandas."""
    kinds = {column["name"]: column["numpy_type"] for column in written}
    for name in frame.columns:
        if _differs(frame[name].dtype, kinds.get(name)):
            frame[name] = frame[name].astype(kinds[name])
    levels = [frame.index.get_level_values(i) for i in range(frame.index.nlevels)]
    cast = [v.astype(kinds[v.name]) if _differs(v.dtype, kinds.get(v.name)) else v for v in levels]
    if any(new is not old for new, old in zip(cast, levels, strict=True)):
        frame.index = pd.MultiIndex.from_arrays(cast) if len(cast) > 1 else cast[0]
    return frame


def _differs(dtype: Any, written: str | None) -> bool:
    """Tell a text or a time whose type changed on the way through the file."""
    return (
        written is not None
        and written != str(dtype)
        and (written == "object" or written.startswith("datetime64["))
        and not str(dtype).startswith("datetime64[ns,")
    )


# -- CSV ---------------------------------------------------------------------------------------


def write_csv(frame: pd.DataFrame, table: Table, path: Path) -> None:
    """
    Write one table as CSV: UTF-8 with BOM, names of `schema`, no live formulas.

    Parameters
    ----------
    frame
        The table, sorted as it should be read.
    table
        Its declaration: index first, then its columns in their order; others are not
        written.
    path
        File to write.
    """
    rows = frame.reset_index()
    columns = [
        [_cell(v) for v in rows[name]] for name in table.index
    ] + [
        _cells(rows[c.name], c.kind, DECIMALS.get(c.unit, 6)) for c in table if c.name in rows
    ]  # fmt: skip
    names = [*table.index, *(c.name for c in table if c.name in rows)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows(zip(*columns, strict=True))


def _cells(values: Iterable[Any], kind: str, decimals: int) -> Sequence[str]:
    """Write one column out."""
    write: dict[str, Callable[[Any], str]] = {
        "float": lambda v: "" if is_unknown(v) else fixed(float(v), decimals),
        "int": lambda v: "" if is_unknown(v) else str(int(v)),
        "list": lambda v: guarded(joined(v)),
    }
    return [write.get(kind, _cell)(v) for v in values]


def _cell(value: Any) -> str:
    """Write a text, a date, a truth value or an id."""
    if is_unknown(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return day(value)
    return guarded(
        str(plain(value)).lower() if isinstance(value, bool | np.bool_) else str(plain(value))
    )


def day(value: pd.Timestamp) -> str:
    """
    Write a date; with its time only if it has one.

    Examples
    --------
    >>> day(pd.Timestamp("2025-12-31"))
    '2025-12-31'
    """
    return value.date().isoformat() if value == value.normalize() else value.isoformat()


def fixed(value: float, decimals: int) -> str:
    """
    Write a number with a fixed count of digits after the point, and zero without a sign.

    Examples
    --------
    >>> fixed(1234.567, 1), fixed(-0.001, 2)
    ('1234.6', '0.00')
    """
    return f"{round(value, decimals) + 0.0:.{decimals}f}"
