"""Metered energy use of buildings, read from the office's spreadsheet.

Offices keep meters in two ways: a row for each building and period with a column per
carrier, or a row for each building (and carrier) with a column per month. Both become
`schema.ENERGY_METERS`. Several meters of one building are added where a column tells them
apart; the same period twice without such a column is refused, since adding it up could
count a bill twice.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from hexi_solar import units
from hexi_solar.config import Plan
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.schema import ENERGY_METERS
from hexi_solar.sheets.columns import (
    Found,
    find_columns,
    read_columns,
    some,
    split_unit,
    warn_refused,
)
from hexi_solar.sheets.tables import SOURCE_ROW, read_table
from hexi_solar.sheets.words import fold, in_digits, parse_numbers, parse_words

CARRIERS = {
    "electricity": ("electricity_kwh", "kWh"), "heat": ("heat_gj", "GJ"),
    "gas": ("gas_m3", "m3"), "water": ("water_m3", "m3"),
}  # fmt: skip
_PERIOD = re.compile(r"^(\d{4})(?:[年./-]?(\d{1,2})(?:月|[./-]\d{1,2}(?:日)?)?)?年?度?$")
_MONTH = re.compile(r"^(?:(\d{4})(?:年|[./-]))?(\d{1,2})(月?)(?:份)?$")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_meters(plan: Plan, buildings: pd.DataFrame, notices: Notices) -> pd.DataFrame:
    """
    Read the meters that a plan names.

    Parameters
    ----------
    plan
        `layers.meters` names the table, or none.
    buildings
        Whose meters they are; with `name`, for tables without ids.
    notices
        Where rows without a building and cells that were not understood are kept.

    Returns
    -------
    meters
        `schema.ENERGY_METERS`; empty where the plan names none.

    Raises
    ------
    LayerError
        If the file cannot be read, says of no row what it is about, or gives a period twice.
    """
    table = plan.layers.meters
    if table.path is None:
        return _empty()
    file = table.path.name
    raw = read_table(table, "energy", notices)
    names = [str(c) for c in raw.columns if c != SOURCE_ROW]
    found, problems = find_columns(names, "energy", table.columns, file)
    if problems:
        raise LayerError(*problems)
    if "building_id" not in found and "name" not in found:
        raise LayerError(Problem("meters_nobody", {"file": file, "known": ", ".join(names)}))
    months = {
        n: m for n in names if n not in {f.column for f in found.values()} if (m := month_of(n))
    }
    wide = bool(months)
    rows = _months(raw, found, months, file) if wide else _rows(raw, found, file, notices)
    rows["source"] = raw.loc[rows["row"], SOURCE_ROW].to_numpy()
    rows["building_id"] = _owners(raw.loc[rows["row"]], found, buildings, table.join)
    return _table(rows, buildings, file, notices, told="meter" in found)


def month_of(name: str) -> tuple[str, int] | None:
    """
    Read a column's name as a month: its year, empty if it does not say, and its number.

    Examples
    --------
    >>> month_of("3月"), month_of("2025年12月"), month_of("2025-03"), month_of("Apr"), month_of("7")
    (('', 3), ('2025', 12), ('2025', 3), ('', 4), None)
    """
    word = fold(split_unit(name)[0])
    if word[:3] in _ENGLISH and len(word) <= 9 and word.isalpha():
        return "", _ENGLISH.index(word[:3]) + 1
    match = _MONTH.match(in_digits(word))
    if match is None or not (match[1] or match[3]) or not 1 <= int(match[2]) <= 12:
        return None
    return match[1] or "", int(match[2])


def period_of(cell: object) -> str | None:
    """
    Read a cell as a year or a month.

    Examples
    --------
    >>> [period_of(c) for c in ("2025年3月", "2025-03-31", 202503, 2025.0, "二〇二五年", "spring")]
    ['2025-03', '2025-03', '2025-03', '2025', '2025', None]
    """
    if isinstance(cell, dt.date | pd.Timestamp):
        return f"{cell:%Y-%m}"
    text = f"{cell:.0f}" if isinstance(cell, float) and cell == cell else str(cell)
    match = _PERIOD.match(in_digits(fold(text)))
    if match is None or not 1900 < int(match[1]) < 2200:
        return None
    if match[2] is None:
        return match[1]
    month = int(match[2])
    return f"{match[1]}-{month:02d}" if 1 <= month <= 12 else None


def _rows(
    raw: pd.DataFrame, found: Mapping[str, Found], file: str, notices: Notices
) -> pd.DataFrame:
    """Read one row per building and period."""
    carriers = [c for c, _ in CARRIERS.values() if c in found]
    if "period" not in found or not carriers:
        facts = {"file": file, "known": ", ".join(str(c) for c in raw.columns if c != SOURCE_ROW)}
        raise LayerError(Problem("meters_columns", facts))
    reading = read_columns(raw, "energy", found)
    kept = {k: v for k, v in reading.refused.items() if k in carriers}
    warn_refused(reading.__class__(reading.table, found, kept), raw, raw[SOURCE_ROW], file, notices)
    rows = reading.table[[c for c, _ in CARRIERS.values()]].copy()
    rows["row"], rows["meter"] = raw.index, _texts(raw, found, "meter")
    rows["period"] = [period_of(c) for c in raw[found["period"].column]]
    _refuse_periods(rows, raw, found, file)
    return rows.reset_index(drop=True)


def _refuse_periods(
    rows: pd.DataFrame, raw: pd.DataFrame, found: Mapping[str, Found], file: str
) -> None:
    """Refuse rows whose period is none: they cannot be put anywhere."""
    bad = rows["period"].isna()
    if bad.any():
        column = found["period"].column
        shown = some(raw.loc[bad, column].astype(str).unique(), 5)
        facts = {"file": file, "column": column, "found": shown, "count": int(bad.sum())}
        raise LayerError(Problem("meters_period", facts | {"rows": some(raw.loc[bad, SOURCE_ROW])}))


def _months(
    raw: pd.DataFrame, found: Mapping[str, Found], months: Mapping[str, tuple[str, int]], file: str
) -> pd.DataFrame:
    """Turn one column per month into rows; a row is of one carrier, electricity if it says none."""
    years = pd.Series("", raw.index)
    if "period" in found:
        years = pd.Series([period_of(c) or "" for c in raw[found["period"].column]], raw.index).str[
            :4
        ]
    if not years.all() and any(not year for year, _ in months.values()):
        raise LayerError(
            Problem(
                "meters_no_year", {"file": file, "rows": some(raw.loc[years == "", SOURCE_ROW])}
            )
        )
    column, factor = _carrier(raw, found, file)
    parts, negative = [], []
    for name, (year, month) in months.items():
        numbers, refused = parse_numbers(raw[name])
        negative += list(raw.loc[(numbers < 0) | refused, SOURCE_ROW])
        part = pd.DataFrame({"row": raw.index, "meter": _texts(raw, found, "meter")})
        part["period"] = [f"{year or y}-{month:02d}" for y in years]
        part["value"], part["column"] = (numbers * factor).to_numpy(), column.to_numpy()
        parts.append(part)
    if negative:
        facts = {"file": file, "count": len(negative), "rows": some(sorted(set(negative)))}
        raise LayerError(Problem("meters_number", facts))
    long = pd.concat(parts, ignore_index=True).dropna(subset="value")
    for name, _ in CARRIERS.values():
        long[name] = long["value"].where(long["column"] == name)
    return long.drop(columns=["value", "column"]).reset_index(drop=True)


def _carrier(
    raw: pd.DataFrame, found: Mapping[str, Found], file: str
) -> tuple[pd.Series, pd.Series]:
    """Say for each row which of our columns it belongs to, and the factor of its unit."""
    if "carrier" not in found:
        return pd.Series("electricity_kwh", raw.index), pd.Series(1.0, raw.index)
    cells = raw[found["carrier"].column].map(lambda c: split_unit(str(c)))
    words, refused = parse_words(cells.map(lambda c: c[0]), "carrier")
    unknown = refused | words.isna()
    factors: list[float] = []
    for word, (_, unit) in zip(words, cells, strict=True):
        quantity = CARRIERS.get(str(word), ("", ""))[1]
        try:
            factors.append(units.factor(unit, quantity) if unit else 1.0)
        except KeyError:
            factors.append(np.nan)
    unknown |= pd.Series(factors, raw.index).isna()
    if unknown.any():
        shown = some(raw.loc[unknown, found["carrier"].column].astype(str).unique(), 5)
        facts = {"file": file, "found": shown, "rows": some(raw.loc[unknown, SOURCE_ROW])}
        raise LayerError(Problem("meters_carrier", facts))
    ours = words.map({k: v[0] for k, v in CARRIERS.items()})
    return ours, pd.Series(factors, raw.index)


def _texts(raw: pd.DataFrame, found: Mapping[str, Found], name: str) -> pd.Series:
    if name not in found:
        return pd.Series("", raw.index, dtype=object)
    cells = raw[found[name].column]
    return cells.map(lambda c: "" if c is None or c != c else str(c).strip()).astype(object)


def _owners(
    raw: pd.DataFrame, found: Mapping[str, Found], buildings: pd.DataFrame, join: str
) -> np.ndarray:
    """Find the building of each row: by id, else by a name that only one building bears."""
    ids = _texts(raw, found, "building_id").to_numpy(object)
    if "name" not in found or ("building_id" in found and join == "building_id"):
        return ids
    names = buildings["name"].dropna().map(fold)
    single = names[~names.duplicated(keep=False)]
    of_name = {name: building for building, name in single.items()}
    named = [of_name.get(fold(n), f"? {n}") for n in _texts(raw, found, "name")]
    return np.where(ids == "", np.array(named, object), ids)


def _table(
    rows: pd.DataFrame, buildings: pd.DataFrame, file: str, notices: Notices, *, told: bool
) -> pd.DataFrame:
    """Add up meters, leave out what belongs to no building, refuse what is there twice."""
    carriers = [c for c, _ in CARRIERS.values()]
    below = (rows[carriers] < 0).any(axis=1)
    if below.any():
        facts = {"file": file, "count": int(below.sum())}
        raise LayerError(
            Problem("meters_number", facts | {"rows": some(rows.loc[below, "source"])})
        )
    lost = ~rows["building_id"].isin(buildings.index)
    if lost.any():
        shown = some(rows.loc[lost, "building_id"].unique())
        count = int(rows.loc[lost, "building_id"].nunique())
        notices.add("left_out", "meters_unknown_building", file=file, count=count, rows=shown)
    rows = rows[~lost]
    long = rows.melt(["building_id", "period", "meter"], carriers, "carrier", "value").dropna(
        subset="value"
    )
    keys = ["building_id", "period", "carrier"] + ["meter"] * told
    twice = long.duplicated(keys, keep=False)
    if twice.any():
        shown = some((long.loc[twice, "building_id"] + " " + long.loc[twice, "period"]).unique())
        facts = {"file": file, "count": int(twice.sum()), "rows": shown}
        raise LayerError(Problem("meters_repeated", facts))
    sums = long.groupby(["building_id", "period", "carrier"])["value"].sum()
    if sums.empty:
        return _empty()
    table = sums.unstack("carrier").reindex(columns=ENERGY_METERS.names).astype(float)
    notices.add(
        "info",
        "meters_read",
        file=file,
        buildings=table.index.get_level_values(0).nunique(),
        periods=len(table),
    )
    return table.sort_index().rename_axis(columns=None)


def _empty() -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples([], names=list(ENERGY_METERS.index))
    return pd.DataFrame(columns=ENERGY_METERS.names, index=index, dtype=float)
