"""The building layer, from the file to the table that the steps work on.

The order matters: columns are read, then shapes are put right, then tables and points
fill what is unknown, and only then do assumptions stand in for what still is. Each
assumption is marked in the `*_source` column beside it and counted in the notices.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.layers.areas import fill_areas, leave_out_outside, suspect_shift
from hexi_solar.layers.crs import Shapes, to_plan
from hexi_solar.layers.join import join_points, join_table
from hexi_solar.layers.repair import check_polygons, geometry_ids, repair_footprints
from hexi_solar.layers.vector import SOURCE_ROW, read_vector
from hexi_solar.sheets.columns import (
    Found,
    Reading,
    cut_units,
    find_columns,
    read_columns,
    some,
    warn_refused,
)
from hexi_solar.sheets.words import TEXT

# columns that the step `owners` reads, raw; its own results have the plain names
GIVEN = {
    "owner_type": "owner_type_given",
    "public_institution": "public_institution_given",
    "department": "department_given",
}
COLUMNS = (
    "name", "address", "owner", "use", "land_use", "industry_code", *GIVEN.values(),
    "subdistrict", "subdistrict_code", "zone", "height_m", "height_source", "floors",
    "floor_area_m2", "floor_area_source", "footprint_area_m2", "status", "status_source", "approved_on",
    "expected_on", "completed_on", "completed_on_source", "pv_reserved", "roof_kind",
    "roof_kind_source", "load_evidence", "load_reserve_kn_m2", SOURCE_ROW, "geometry",
)  # fmt: skip


def read_footprints(plan: Plan, notices: Notices) -> tuple[gpd.GeoDataFrame, Reading]:
    """
    Read the footprints and what their layer says of them.

    Parameters
    ----------
    plan
        The study; `layers.buildings` names the layer.
    notices
        Where repairs and what was left out are kept.

    Returns
    -------
    footprints, reading
        Valid polygons in the plan's system with `source_row`, indexed by building id;
        and the layer's columns, of the same buildings.

    Raises
    ------
    LayerError
        If the layer cannot be read as buildings, with every reason.
    """
    layer = plan.layers.buildings
    if layer.path is None:
        file = plan.path.name if plan.path else "plan"
        raise LayerError(Problem("no_buildings", {"file": file}))
    file = layer.path.name
    raw = read_vector(layer, notices)
    names = [str(c) for c in raw.columns if c not in ("geometry", SOURCE_ROW)]
    found, problems = find_columns(
        names, "buildings", layer.columns, file, truncated=_is_shapefile(raw, names, file)
    )
    for name in cut_units(set(names) - {f.column for f in found.values()}, "buildings"):
        notices.add("warning", "layer_unit_cut", file=file, column=name)
    placed = None
    try:
        check_polygons(raw, file)
        placed = to_plan(raw, layer, plan, notices)
    except LayerError as error:
        problems += error.problems
    cells = pd.DataFrame(raw.drop(columns="geometry"))
    reading = read_columns(cells, "buildings", found)
    problems += _check_ids(reading, raw[SOURCE_ROW], file)
    if problems or placed is None:
        raise LayerError(*problems)
    ids = _ids(reading, placed, file, notices)
    warn_refused(reading, cells, raw[SOURCE_ROW], file, notices)
    _note_flattened(raw, ids, file, notices)
    placed.index = reading.table.index = pd.Index(ids, name="building_id", dtype=object)
    footprints = repair_footprints(placed[[SOURCE_ROW, "geometry"]], plan.buildings, file, notices)
    table = reading.table.loc[footprints.index]
    return footprints, Reading(table, reading.found, reading.refused)


def _is_shapefile(raw: gpd.GeoDataFrame, names: list[str], file: str) -> bool:
    """Say whether names of columns may be cut short."""
    return file.lower().endswith((".shp", ".zip")) and all(
        len(n.encode("utf-8", "replace")) <= 15 for n in names
    )


def _check_ids(reading: Reading, rows: pd.Series, file: str) -> list[Problem]:
    """Refuse an id column that the plan names and that does not tell buildings apart."""
    found = reading.found.get("building_id")
    if found is None or not found.named:
        return []
    problems = []
    ids = reading.table["building_id"]
    facts = {"file": file, "column": found.column, "total": len(ids)}
    blank, again = ids.isna(), ids.duplicated(keep=False) & ids.notna()
    if blank.any():
        named = {"count": int(blank.sum()), "rows": some(rows[blank])}
        problems.append(Problem("id_blank", facts | named))
    if again.any():
        values = some(ids[again].unique(), limit=5)
        named = {"count": int(again.sum()), "rows": some(rows[again]), "values": values}
        problems.append(Problem("id_repeated", facts | named))
    return problems


def _ids(reading: Reading, placed: gpd.GeoDataFrame, file: str, notices: Notices) -> list[str]:
    """Take the ids of the layer if they tell buildings apart, else make them of the shapes."""
    ids = reading.table["building_id"]
    if ids.notna().all() and ids.is_unique:
        return [str(i) for i in ids]
    found: Found | None = reading.found.get("building_id")
    column = found.column if found else "-"
    code = "ids_not_unique" if found else "ids_of_shapes"
    notices.add("info", code, file=file, column=column, distinct=int(ids.nunique()), total=len(ids))
    return geometry_ids(placed.geometry.to_numpy())


def _note_flattened(raw: gpd.GeoDataFrame, ids: list[str], file: str, notices: Notices) -> None:
    """Log shapes that came with heights of their corners, which are not used."""
    solid = raw.geometry.has_z.to_numpy()
    if solid.any():
        named = some(np.array(ids, dtype=object)[solid])
        notices.add("repaired", "shape_flattened", file=file, count=int(solid.sum()), ids=named)


def read_buildings(
    plan: Plan,
    notices: Notices,
    boundary: gpd.GeoDataFrame | None,
    subdistricts: gpd.GeoDataFrame | None,
    zones: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    """
    Read the buildings, join what else is known, and fill in what is assumed.

    Parameters
    ----------
    plan
        The study.
    notices
        Where everything that was noticed is kept.
    boundary, subdistricts, zones
        Layers of areas, where the plan has them.

    Returns
    -------
    buildings
        `schema.BUILDINGS` before the step `owners`: its columns are missing, and the
        texts it reads stand instead (`owner`, `use`, `land_use`, `industry_code`,
        `*_given`).

    Raises
    ------
    LayerError
        With everything that is wrong with the layer and the tables joined to it.
    """
    layer = plan.layers.buildings
    footprints, reading = read_footprints(plan, notices)
    assert layer.path is not None
    file = layer.path.name
    areas = boundary if boundary is not None else subdistricts
    if areas is not None:
        suspect_shift(footprints.geometry.to_numpy(), layer, areas, plan, notices)
    if boundary is not None:
        footprints = leave_out_outside(footprints, boundary, file, notices)
        if footprints.empty:
            raise LayerError(Problem("layer_none_inside", {"file": file}))
    table, shapes = reading.table.loc[footprints.index].copy(), footprints.geometry.to_numpy()
    _join(plan, table, shapes, notices)
    fill_areas(table, shapes, {"subdistrict": subdistricts, "zone": zones})
    table["footprint_area_m2"] = footprints.geometry.area
    table[SOURCE_ROW] = footprints[SOURCE_ROW]
    _fill_heights(table, plan, file, notices)
    _fill_status(table, plan, file, notices)
    _fill_roofs(table, file, notices)
    table = table.rename(columns=GIVEN)
    frame = gpd.GeoDataFrame(table, geometry=footprints.geometry, crs=footprints.crs)
    return frame[list(COLUMNS)]


def _join(plan: Plan, table: pd.DataFrame, shapes: Shapes, notices: Notices) -> None:
    """Fill what is unknown from tables and points, in the plan's order; say all problems."""
    problems: list[Problem] = []
    for attributes in plan.layers.attributes:
        try:
            join_table(attributes, table, notices)
        except LayerError as error:
            problems += error.problems
    for points in plan.layers.points:
        try:
            join_points(points, plan, table, shapes, notices)
        except LayerError as error:
            problems += error.problems
    if problems:
        raise LayerError(*problems)


def _fill_heights(table: pd.DataFrame, plan: Plan, file: str, notices: Notices) -> None:
    """Take heights from floors, floor areas from footprints, where they are unknown."""
    storey = plan.buildings.storey_height_m
    height, floors = table["height_m"], table["floors"]
    table["height_source"] = _source(height.notna(), "surveyed")
    constant = constant_storey(height, floors)
    if constant is not None:
        table.loc[height.notna() & floors.notna(), "height_source"] = "derived"
        notices.add("info", "height_of_floors", file=file, storey=f"{constant:g}")
    guessed = height.isna() & floors.notna()
    table["height_m"] = height.fillna(floors * storey)
    table.loc[guessed, "height_source"] = "derived"
    unknown = table["height_m"].isna()
    table.loc[unknown, "height_source"] = "unknown"
    facts = {"file": file, "storey": f"{storey:g}", "total": len(table)}
    if guessed.any() or unknown.any():
        counts = {"derived": int(guessed.sum()), "unknown": int(unknown.sum())}
        notices.add("assumed", "height_filled", **facts, **counts)
    area = table["floor_area_m2"]
    table["floor_area_source"] = _source(area.notna(), "surveyed")
    table["floor_area_m2"] = area.fillna(table["footprint_area_m2"] * floors)
    table.loc[area.isna() & floors.notna(), "floor_area_source"] = "derived"
    table.loc[table["floor_area_m2"].isna(), "floor_area_source"] = "unknown"


def constant_storey(height: pd.Series, floors: pd.Series) -> float | None:
    """
    Find the storey height that a height column was made with, if it was.

    A column in which every height is the same multiple of the floors was not measured.

    Examples
    --------
    >>> constant_storey(pd.Series([3.0, 9.0, 54.0]), pd.Series([1.0, 3.0, 18.0]))
    3.0
    """
    both = height.notna() & floors.notna()
    if both.sum() < 3 or floors[both].nunique() < 2 or not floors[height.notna()].notna().all():
        return None
    ratio = height[both] / floors[both]
    same = bool(np.isclose(ratio, ratio.iloc[0], rtol=1e-6).all())
    return round(float(ratio.iloc[0]), 6) if same else None


def _source(known: pd.Series, word: str) -> pd.Series:
    """Make a source column: one word where the value is known."""
    return pd.Series(word, index=known.index, dtype=TEXT).where(known)


def _fill_status(table: pd.DataFrame, plan: Plan, file: str, notices: Notices) -> None:
    """Say what is built and what is to come, from words and dates."""
    today = pd.Timestamp(plan.today)
    done, status = table["completed_on"], table["status"]
    late = done > today
    if late.any():
        # a completion that lies ahead is an expectation
        table["expected_on"] = table["expected_on"].fillna(done.where(late))
        table["completed_on"] = done = done.where(~late)
        notices.add(
            "warning", "date_ahead", file=file, count=int(late.sum()), ids=some(table.index[late])
        )
    rough = table["completed_on_rough"].astype(bool)
    source = _source(done.notna(), "surveyed")
    table["completed_on_source"] = source.mask(done.notna() & rough, "derived").fillna("unknown")
    torn = status.notna() & (status != "completed") & done.notna()
    if torn.any():
        notices.add(
            "warning", "status_torn", file=file, count=int(torn.sum()), ids=some(table.index[torn])
        )
    silent = status.isna()
    table["status_source"] = pd.Series("derived", table.index, dtype=TEXT).mask(~silent, "surveyed")
    approved, ahead = table["approved_on"].notna(), table["expected_on"].notna()
    table.loc[silent & done.notna(), "status"] = "completed"
    table.loc[silent & done.isna() & approved, "status"] = "approved"
    table.loc[silent & done.isna() & ~approved & ahead, "status"] = "unknown"
    nothing = silent & done.isna() & ~approved & ~ahead
    table.loc[nothing, "status"] = "completed"
    table.loc[nothing, "status_source"] = "assumed"
    if nothing.any():
        notices.add(
            "assumed", "status_assumed", file=file, count=int(nothing.sum()), total=len(table)
        )
    table["pv_reserved"] = table["pv_reserved"].fillna("unknown")


def _fill_roofs(table: pd.DataFrame, file: str, notices: Notices) -> None:
    """Take roofs as flat, and load as without evidence, where nothing is said."""
    kind, total = table["roof_kind"], len(table)
    table["roof_kind_source"] = _source(kind.notna(), "surveyed").fillna("assumed")
    table["roof_kind"] = kind.fillna("flat")
    if kind.isna().any():
        notices.add("assumed", "roof_assumed", file=file, count=int(kind.isna().sum()), total=total)
    silent = table["load_evidence"].isna()
    table["load_evidence"] = table["load_evidence"].fillna("none")
    if silent.any():
        notices.add("assumed", "load_assumed", file=file, count=int(silent.sum()), total=total)
