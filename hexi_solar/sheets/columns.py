"""Which column of a file is which column of ours, and in which unit.

The plan may name them; what it does not name is found by the synonyms of
`facts/columns.toml`. Values are then read by what our column holds: text, numbers in
our unit, dates, or words of a list. Columns are unknown (NaN) where a file has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd

from hexi_solar import units
from hexi_solar.config import Column
from hexi_solar.errors import Notices, Problem
from hexi_solar.facts import read_facts
from hexi_solar.schema import STAGES
from hexi_solar.sheets.words import (
    DATE,
    TEXT,
    fold,
    nearest,
    parse_dates,
    parse_numbers,
    parse_text,
    parse_words,
)

# what each of our columns holds; text where nothing else is said
QUANTITIES = {
    "height_m": "m",
    "floor_area_m2": "m2",
    "load_reserve_kn_m2": "kN/m2",
    "capacity_kwp": "kWp",
    "module_area_m2": "m2",
    "array_area_m2": "m2",
    "floors": "",
    "modules": "",
    "module_tilt": "",
    "roof_area_m2": "m2",
    "detected_m2": "m2",
    "capacity_kva": "kVA",
    "standing_kwp": "kWp",
    "generation_kwh": "kWh",
    "self_use_kwh": "kWh",
    "feed_in_kwh": "kWh",
    "electricity_kwh": "kWh",
    "saving_kwh": "kWh",
    "heat_gj": "GJ",
    "gas_m3": "m3",
    "water_m3": "m3",
    "power_kw": "kW",
}
DATES = ("approved_on", "expected_on", "completed_on", "valid_on", "recorded_at", *STAGES)
WORDS = {
    "status": "status",
    "pv_reserved": "yes_no",
    "public_institution": "yes_no",
    "roof_kind": "roof_kind",
    "load_evidence": "load_evidence",
    "owner_type": "owner_type",
    "kind": "kind",
    "mode": "mode",
}
# texts that layers spread over several columns, each filled in some rows only
COALESCED = ("name", "address", "owner", "use", "land_use")
# highest values that can be true; above them a number is a slip or a wrong unit
HIGHEST = {"height_m": 1000.0, "floors": 200.0, "load_reserve_kn_m2": 50.0}
# zero floors, metres or square metres of a building that stands is "not known"
POSITIVE = ("height_m", "floors", "floor_area_m2")

_UNIT = re.compile(r"^(.*?)[(\[（【]([^()\[\]（）【】]+)[)\]）】]$")


@dataclass(frozen=True)
class Found:
    """Where one of our columns stands in a file."""

    column: str
    factor: float = 1.0
    named: bool = False  # by the plan, not by a synonym
    also: tuple[str, ...] = ()  # likewise synonyms; they fill what the column leaves open


@dataclass(frozen=True)
class Reading:
    """One table read into our columns, and what was not understood."""

    table: pd.DataFrame
    found: Mapping[str, Found]
    refused: Mapping[str, pd.Series] = field(default_factory=dict)
    """Per column, the cells that say something which we do not understand."""


@cache
def synonyms(table: str) -> dict[str, dict[str, int]]:
    """Return, for each of our columns, its folded synonyms with their rank."""
    return {
        ours: {bare(way): rank for rank, way in reversed(list(enumerate((ours, *ways))))}
        for ours, ways in read_facts("columns")[table].items()
    }


def bare(name: str) -> str:
    """Fold a column's name, without underscores and blanks."""
    return fold(name).replace("_", "")


def split_unit(name: str) -> tuple[str, str]:
    """
    Split a column's name from a unit in brackets behind it.

    Examples
    --------
    >>> split_unit("建筑面积（万㎡）"), split_unit("名称")
    (('建筑面积', '万m2'), ('名称', ''))
    """
    match = _UNIT.match(fold(name))
    return (match.group(1), match.group(2)) if match else (fold(name), "")


def find_columns(
    names: Iterable[str],
    table: str,
    plan: Mapping[str, Column],
    file: str,
    *,
    truncated: bool = False,
) -> tuple[dict[str, Found], list[Problem]]:
    """
    Find our columns among those of a file.

    Parameters
    ----------
    names
        Columns of the file.
    table
        Table of facts/columns.toml: `buildings`, `areas` or `register`.
    plan
        Our column = theirs, as the plan names them.
    file
        Name of the file, for messages.
    truncated
        Names may be cut to ten bytes, as shapefiles do.

    Returns
    -------
    found, problems
        Where each column stands; what the plan names and the file has not.
    """
    names = [str(n) for n in names]
    known = synonyms(table)
    found, problems = _named_columns(names, known, plan, file)
    taken = {f.column for f in found.values()}
    for ours, ways in known.items():
        if ours in found:
            continue
        ranked = [
            (rank, at, name, unit)
            for at, name in enumerate(names)
            if name not in taken
            for rank, unit in [rank_of(name, ways, ours, truncated=truncated)]
            if rank is not None
        ]
        if ranked:
            (_, _, name, unit), *others = sorted(ranked)
            also = tuple(other for _, _, other, _ in others) if ours in COALESCED else ()
            found[ours] = Found(name, _header_factor(unit, ours), also=also)
            taken |= {name, *also}
    return found, problems


def _named_columns(
    names: list[str], known: Mapping[str, object], plan: Mapping[str, Column], file: str
) -> tuple[dict[str, Found], list[Problem]]:
    """Look up the columns that a plan names."""
    found: dict[str, Found] = {}
    problems = []
    folded = {bare(n): n for n in reversed(names)}
    for ours, theirs in plan.items():
        if ours not in known:
            facts = {"file": file, "found": ours, "hint": nearest(ours, known)}
            problems.append(Problem("layer_column_ours", facts | {"known": ", ".join(known)}))
            continue
        name = theirs.column if theirs.column in names else folded.get(bare(theirs.column))
        if name is None:
            facts = {"file": file, "found": theirs.column, "known": ", ".join(names)}
            hint = nearest(theirs.column, names)
            problems.append(Problem("layer_column", facts | {"ours": ours, "hint": hint}))
            continue
        factor = _header_factor(split_unit(name)[1], ours)
        if theirs.unit:
            try:
                factor = units.factor(theirs.unit, QUANTITIES.get(ours, ""))
            except KeyError:
                allowed = ", ".join(units.FACTORS.get(QUANTITIES.get(ours, ""), ())) or "-"
                facts = {"file": file, "ours": ours, "found": theirs.unit, "known": allowed}
                problems.append(Problem("layer_unit", facts))
        found[ours] = Found(name, factor, named=True)
    return found, problems


def rank_of(
    name: str, ways: Mapping[str, int], ours: str, *, truncated: bool
) -> tuple[int | None, str]:
    """Say how likely a file's column is ours: the rank of the synonym, and its unit."""
    whole, (stem, unit) = bare(name), split_unit(name)
    if whole in ways:
        return ways[whole], ""
    if bare(stem) in ways:
        return ways[bare(stem)], unit
    # a unit may follow without brackets: 装机容量kW
    for unit in sorted(units.FACTORS.get(QUANTITIES.get(ours, ""), ()), key=len, reverse=True):
        stem = whole.removesuffix(bare(unit))
        if stem != whole and stem in ways:
            return ways[stem], unit
    if truncated:
        cut = bare(name.rstrip("\ufffd"))
        for way, rank in ways.items():
            if len(cut) >= 3 and way.startswith(cut) and _fills_ten_bytes(cut):
                return rank + 100, ""
    return None, ""


def cut_units(names: Iterable[str], table: str) -> list[str]:
    """
    List columns whose unit was cut off by a shapefile's ten bytes.

    A floor area in an unknown unit is not taken: it could be off by ten thousand.

    Examples
    --------
    >>> cut_units(["建筑面积（", "层数"], "buildings")
    ['建筑面积（']
    """
    measured = [ways for ours, ways in synonyms(table).items() if QUANTITIES.get(ours)]
    known = {way for ways in measured for way in ways}
    stems = {str(n): re.split(r"[(\[]", fold(str(n)))[0] for n in names}
    return [
        name
        for name, stem in stems.items()
        if stem != fold(name) and bare(stem) in known and not _UNIT.match(fold(name))
    ]


def _fills_ten_bytes(name: str) -> bool:
    """Say whether a name is as long as a shapefile allows, in either encoding."""
    return any(8 < len(name.encode(e, "replace")) <= 10 for e in ("utf-8", "gb18030"))


def _header_factor(unit: str, ours: str) -> float:
    """Return the factor of a unit that stands in the header; 1 if it is none."""
    quantity = QUANTITIES.get(ours, "")
    if not unit or not quantity:
        return 1.0
    try:
        return units.factor(unit, quantity)
    except KeyError:
        return 1.0


def read_columns(raw: pd.DataFrame, table: str, found: Mapping[str, Found]) -> Reading:
    """
    Read the columns found into ours.

    Parameters
    ----------
    raw
        The file's table.
    table
        Table of facts/columns.toml.
    found
        Where our columns stand.

    Returns
    -------
    reading
        All columns of the table, unknown where the file has none; a date column has
        `<name>_rough` beside it.
    """
    refused: dict[str, pd.Series] = {}
    ours: dict[str, pd.Series] = {}
    for name in synonyms(table):
        cells = raw[found[name].column] if name in found else None
        if name in DATES and table != "areas":
            ours[name], ours[f"{name}_rough"], refused[name] = _dates(cells, raw.index)
        elif name in QUANTITIES:
            factor = found[name].factor if name in found else 1.0
            ours[name], refused[name] = _numbers(cells, raw.index, name, factor)
        elif name in WORDS and cells is not None:
            ours[name], refused[name] = parse_words(_plain(cells), WORDS[name])
        elif cells is not None:
            ours[name] = _texts(raw, found[name], name)
        else:
            ours[name] = pd.Series(np.nan, index=raw.index, dtype=TEXT)
    some = {name: cells for name, cells in refused.items() if cells.any()}
    return Reading(pd.DataFrame(ours, index=raw.index), found, some)


def _texts(raw: pd.DataFrame, found: Found, name: str) -> pd.Series:
    """Read a text column, its blanks filled from the other columns of the same meaning."""
    empty = {fold(w) for w in read_facts("columns")["unknown"]["uses"]} if name == "use" else set()
    texts = pd.Series(np.nan, index=raw.index, dtype=TEXT)
    for column in (found.column, *found.also):
        given = parse_text(_plain(raw[column]))
        texts = texts.fillna(given.mask(given.map(fold, na_action="ignore").isin(empty)))
        if texts.notna().all():
            break
    return texts


def _plain(cells: pd.Series) -> pd.Series:
    """Turn lists and tables in cells into text."""
    if cells.dtype != object:
        return cells
    return cells.map(lambda c: str(c) if isinstance(c, list | dict | np.ndarray) else c)


def _dates(cells: pd.Series | None, index: pd.Index) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Read a date column, or none."""
    if cells is not None:
        return parse_dates(_plain(cells))
    no = pd.Series(False, index=index)
    return pd.Series(pd.NaT, index=index, dtype=DATE), no, no


def _numbers(
    cells: pd.Series | None, index: pd.Index, name: str, factor: float
) -> tuple[pd.Series, pd.Series]:
    """Read a number column, or none, into our unit; impossible values are refused."""
    if cells is None:
        return pd.Series(np.nan, index=index, dtype=float), pd.Series(False, index=index)
    numbers, refused = parse_numbers(_plain(cells))
    numbers = numbers * factor
    if name in POSITIVE:
        refused |= numbers < 0
        numbers = numbers.where(numbers > 0)
    refused |= numbers > HIGHEST.get(name, np.inf)
    return numbers.where(~refused), refused


def warn_refused(
    reading: Reading, raw: pd.DataFrame, rows: pd.Series, file: str, notices: Notices
) -> None:
    """Warn of the cells that were not understood, column by column, with their rows."""
    for ours, cells in reading.refused.items():
        column = reading.found[ours].column
        bad = raw.loc[cells, column]
        values = ", ".join(str(v) for v in bad.astype(str).unique()[:5])
        named = some(rows[cells])
        facts = {"file": file, "column": column, "ours": ours, "count": len(bad)}
        notices.add("warning", "layer_cells", **facts, found=values, rows=named)


def some(items: Iterable[object], limit: int = 10) -> str:
    """
    Name the first of many.

    Examples
    --------
    >>> some([1, 2, 3], limit=2)
    '1, 2, ...'
    """
    listed = [str(i) for i in items]
    return ", ".join(listed[:limit]) + (", ..." if len(listed) > limit else "")
