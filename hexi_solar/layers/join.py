"""More about the buildings, from tables and from points.

Rows of a table find their building by its id, or by name and address; a point gives
its columns to the footprint below it. Only what is still unknown is filled, and what is
ambiguous is joined to nothing and listed: two schools of one name are not one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hexi_solar.config import AttributeTable, Layer, Plan
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.layers.crs import Shapes, to_plan
from hexi_solar.layers.vector import SOURCE_ROW, read_vector
from hexi_solar.sheets.columns import find_columns, read_columns, some, warn_refused
from hexi_solar.sheets.names import namesakes, plain_id, plain_name
from hexi_solar.sheets.tables import read_table
from hexi_solar.sheets.words import TEXT

# texts of several points in one footprint stand side by side
_MANY = "；"


def join_table(table: AttributeTable, buildings: pd.DataFrame, notices: Notices) -> None:
    """
    Fill the unknown cells of the buildings from one workbook or CSV.

    Parameters
    ----------
    table
        What the plan says of it; `table.path` is set.
    buildings
        Columns of ours, indexed by building id; changed in place.
    notices
        Where rows without a building and ambiguous ones are kept.

    Raises
    ------
    LayerError
        If the table cannot be read, or has no column to join by.
    """
    assert table.path is not None
    file = table.path.name
    raw = read_table(table, "buildings", notices)
    names = [str(c) for c in raw.columns if c != SOURCE_ROW]
    found, problems = find_columns(names, "buildings", table.columns, file)
    by = "building_id" if table.join == "building_id" else "name"
    if by not in found and not problems:
        facts = {"file": file, "ours": by, "known": ", ".join(names)}
        problems.append(Problem("join_no_key", facts))
    if problems:
        raise LayerError(*problems)
    reading = read_columns(raw, "buildings", found)
    warn_refused(reading, raw, raw[SOURCE_ROW], file, notices)
    rows = reading.table.assign(**{SOURCE_ROW: raw[SOURCE_ROW]})
    match = _by_id(rows, buildings) if by == "building_id" else _by_name(rows, buildings)
    match = _one_row_each(rows, match)
    _report(rows, match, file, notices)
    joined = rows[match["building"].notna().to_numpy()]
    joined.index = pd.Index(match["building"].dropna())
    keys = ("building_id",) if by == "building_id" else ("building_id", "name")
    filled = fill_unknown(buildings, joined[~joined.index.duplicated()], keys)
    counts = {"rows": len(rows), "joined": len(joined), "cells": filled}
    notices.add("info", "join_done", file=file, **counts)


def _by_id(rows: pd.DataFrame, buildings: pd.DataFrame) -> pd.DataFrame:
    """Find the building of each row by its id."""
    known = {plain_id(i): i for i in buildings.index}
    ids = rows["building_id"].map(plain_id, na_action="ignore").map(known)
    return pd.DataFrame({"building": ids.astype(object), "several": None}, index=rows.index)


def _by_name(rows: pd.DataFrame, buildings: pd.DataFrame) -> pd.DataFrame:
    """Find the building of each row by name, and by address where both give one."""
    known: dict[str, list[tuple[str, str]]] = {}
    places = buildings["address"].map(plain_name, na_action="ignore").fillna("")
    for building, name, place in zip(buildings.index, buildings["name"], places, strict=True):
        if isinstance(name, str):
            known.setdefault(plain_name(name), []).append((building, place))
    addresses = rows["address"].map(plain_name, na_action="ignore").fillna("")
    found = [
        namesakes(known.get(plain_name(name), []), place) if isinstance(name, str) else []
        for name, place in zip(rows["name"], addresses, strict=True)
    ]
    one = [f[0] if len(f) == 1 else None for f in found]
    several = [some(f, limit=4) if len(f) > 1 else None for f in found]
    return pd.DataFrame({"building": one, "several": several}, index=rows.index, dtype=object)


def _one_row_each(rows: pd.DataFrame, match: pd.DataFrame) -> pd.DataFrame:
    """Let go of buildings that several rows claim and describe differently."""
    claimed = match["building"][match["building"].notna()]
    repeated = claimed[claimed.duplicated(keep=False)]
    if repeated.empty:
        return match
    match = match.copy()
    said = rows.drop(columns=[SOURCE_ROW])
    for building, group in repeated.groupby(repeated):
        if len(said.loc[group.index].drop_duplicates()) > 1:
            match.loc[group.index, "several"] = str(building)
            match.loc[group.index, "building"] = None
    return match


def _report(rows: pd.DataFrame, match: pd.DataFrame, file: str, notices: Notices) -> None:
    """List the ambiguous rows and count those without a building."""
    several = match["several"].notna()
    if several.any():
        cases = zip(rows.loc[several, SOURCE_ROW], match.loc[several, "several"], strict=True)
        named = some((f"{row}: {ids}" for row, ids in cases), limit=8)
        notices.add("warning", "join_ambiguous", file=file, count=int(several.sum()), rows=named)
    lost = match["building"].isna() & ~several
    if lost.any():
        facts = {"file": file, "count": int(lost.sum()), "total": len(rows)}
        notices.add("warning", "join_unmatched", **facts, rows=some(rows.loc[lost, SOURCE_ROW]))


def fill_unknown(buildings: pd.DataFrame, given: pd.DataFrame, skip: Iterable[str] = ()) -> int:
    """
    Fill the unknown cells of a table from another with the same columns.

    Parameters
    ----------
    buildings
        The table, changed in place.
    given
        Some of its rows, with unique ids of buildings as index.
    skip
        Columns that are left alone.

    Returns
    -------
    cells
        How many cells were filled.
    """
    filled = 0
    for column in given.columns:
        if column in skip or column not in buildings or column.endswith("_rough"):
            continue
        cells = given[column].dropna()
        empty = buildings.loc[cells.index, column].isna()
        where = cells.index[empty]
        buildings.loc[where, column] = cells[where]
        if f"{column}_rough" in given:
            buildings.loc[where, f"{column}_rough"] = given.loc[where, f"{column}_rough"]
        filled += len(where) + _refine(buildings, given, column)
    return filled


def _refine(buildings: pd.DataFrame, given: pd.DataFrame, column: str) -> int:
    """Put a full date where only its year or month is known, and it lies within."""
    rough = f"{column}_rough"
    if rough not in given or rough not in buildings:
        return 0
    exact = given.loc[given[column].notna() & ~given[rough].astype(bool), column]
    known = buildings.loc[exact.index, column]
    # a rough date is the last day of what is known: of December, or of another month
    within = (exact.dt.year == known.dt.year) & (
        (exact.dt.month == known.dt.month) | (known.dt.month == 12)
    )
    better = exact.index[within & buildings.loc[exact.index, rough].astype(bool)]
    buildings.loc[better, column] = exact[better]
    buildings.loc[better, rough] = False
    return len(better)


def join_points(
    layer: Layer, plan: Plan, buildings: pd.DataFrame, shapes: Shapes, notices: Notices
) -> None:
    """
    Fill the unknown cells of the buildings from the points that lie in them.

    What all points of one footprint agree on is taken. Where they differ, their uses are
    kept side by side in the order of the file, other columns stay unknown, and the
    footprint is listed.

    Parameters
    ----------
    layer
        What the plan says of the points; `layer.path` is set.
    plan
        The study.
    buildings
        Columns of ours, indexed by building id; changed in place.
    shapes
        The footprints, in the plan's system.

    Raises
    ------
    LayerError
        If the layer cannot be read as points.
    """
    assert layer.path is not None
    file = layer.path.name
    raw = read_vector(layer, notices)
    names = [str(c) for c in raw.columns if c not in ("geometry", SOURCE_ROW)]
    found, problems = find_columns(
        names, "buildings", layer.columns, file, truncated=layer.path.suffix.lower() == ".shp"
    )
    if problems:
        raise LayerError(*problems)
    placed = to_plan(raw, layer, plan, notices)
    points = shapely.centroid(placed.geometry.to_numpy())
    reading = read_columns(pd.DataFrame(raw.drop(columns="geometry")), "buildings", found)
    warn_refused(reading, raw, raw[SOURCE_ROW], file, notices)
    at, building = shapely.STRtree(shapes).query(points, predicate="intersects")
    order = np.lexsort((building, at))
    at, building = at[order], building[order]
    # on overlapping footprints a point goes to the first
    first = np.unique(at, return_index=True)[1]
    at, building = at[first], building[first]
    given, unsure = agreed(reading.table.iloc[at], buildings.index.to_numpy(object)[building])
    filled = fill_unknown(buildings, given, skip=("building_id",))
    counts = {"rows": len(raw), "joined": len(at), "cells": filled}
    notices.add("info", "join_done", file=file, **counts)
    if unsure:
        notices.add(
            "warning", "points_differ", file=file, count=len(unsure), ids=some(unsure), log=unsure
        )
    if len(at) < len(raw):
        notices.add("info", "points_outside", file=file, count=len(raw) - len(at))


def agreed(rows: pd.DataFrame, ids: NDArray[np.object_]) -> tuple[pd.DataFrame, list[str]]:
    """
    Put what several rows say of one building into one row.

    Returns
    -------
    given, unsure
        One row per building, and the buildings whose rows differ in a column.
    """
    groups = rows.groupby(ids, sort=True)
    distinct = groups.nunique()
    given = groups.first()
    unsure: set[str] = set()
    for column in rows.columns:
        if column.endswith("_rough") or column == "building_id":
            continue
        differ = distinct.index[distinct[column] > 1]
        if not len(differ):
            continue
        unsure.update(str(i) for i in differ)
        if column == "use":
            texts = rows["use"].groupby(ids, sort=True).agg(_side_by_side)
            given.loc[differ, "use"] = texts.loc[differ].astype(TEXT)
        else:
            given.loc[differ, column] = None
    return given, sorted(unsure)


def _side_by_side(cells: pd.Series) -> str:
    """Write different texts one after the other, each once."""
    return _MANY.join(dict.fromkeys(cells.dropna().astype(str)))
