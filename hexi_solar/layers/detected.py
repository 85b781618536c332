"""PV that was seen on roofs from above: by building, or as outlines that are laid over them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hexi_solar.config import AttributeTable, Detected, Layer, Plan
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.layers.crs import to_plan
from hexi_solar.layers.repair import check_polygons, polygonal
from hexi_solar.layers.vector import SOURCE_ROW, read_vector
from hexi_solar.sheets.columns import find_columns, read_columns, some
from hexi_solar.sheets.files import TABLES
from hexi_solar.sheets.names import plain_id
from hexi_solar.sheets.tables import read_table


def read_detected(
    plan: Plan, buildings: gpd.GeoDataFrame, notices: Notices
) -> pd.Series[float] | None:
    """
    Read how much PV was seen on each building.

    Parameters
    ----------
    plan
        The study; `layers.detected` names a table or a layer of polygons, or none.
    buildings
        Footprints in the plan's system, indexed by id.
    notices
        Where rows without a building of ours, and outlines beside every roof, are kept.

    Returns
    -------
    detected_m2
        Horizontal area of PV per building, for those that the layer speaks of; a table
        may say 0, polygons cannot. None where the plan names no layer. [m²]

    Raises
    ------
    LayerError
        If the file cannot be read as either.
    """
    given = plan.layers.detected
    if given.path is None:
        return None
    if given.path.suffix.lower() in TABLES:
        return _from_table(given, buildings, notices)
    return _from_shapes(given, plan, buildings, notices)


def _from_table(given: Detected, buildings: gpd.GeoDataFrame, notices: Notices) -> pd.Series[float]:
    """Read building and area; several rows of one building add up."""
    assert given.path is not None
    file = given.path.name
    table = AttributeTable(given.path, given.sheet, "building_id", given.encoding, given.columns)
    raw = read_table(table, "detected", notices)
    names = [str(c) for c in raw.columns if c != SOURCE_ROW]
    found, problems = find_columns(names, "detected", given.columns, file)
    missing = [n for n in ("building_id", "detected_m2") if n not in found]
    facts = {"file": file, "known": ", ".join(names)}
    problems += [Problem("detected_column", facts | {"ours": n}) for n in missing if not problems]
    if problems:
        raise LayerError(*problems)
    read = read_columns(raw, "detected", found)
    area = read.table["detected_m2"]
    bad = read.refused.get("detected_m2", pd.Series(False, raw.index)) | (area < 0) | area.isna()
    if bad.any():
        rows = some(raw.loc[bad, SOURCE_ROW])
        raise LayerError(
            Problem("detected_number", {"file": file, "count": int(bad.sum()), "rows": rows})
        )
    ids = read.table["building_id"].map(plain_id)
    known = {plain_id(str(i)): str(i) for i in buildings.index}
    ours = ids.map(known)
    strange = ours.isna()
    if strange.any():
        about = {"file": file, "count": int(strange.sum()), "rows": some(ids[strange])}
        notices.add("left_out", "detected_unmatched", **about)
    sums = area[~strange].groupby(ours[~strange].to_numpy()).sum()
    return sums.astype(float).rename("detected_m2").rename_axis("building_id")


def _from_shapes(
    given: Detected, plan: Plan, buildings: gpd.GeoDataFrame, notices: Notices
) -> pd.Series[float]:
    """Lay the outlines over the footprints; what lies beside them belongs to no building."""
    assert given.path is not None
    file = given.path.name
    layer = Layer(given.path, given.sheet, given.datum, given.crs, given.encoding)
    raw = read_vector(layer, notices)
    check_polygons(raw, file)
    shapes = np.array(
        [polygonal(s) for s in shapely.make_valid(to_plan(raw, layer, plan, notices).geometry.to_numpy())],
        dtype=object,
    )  # fmt: skip
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    # what two outlines show twice is one area
    merged = shapely.get_parts(shapely.union_all(shapes))
    roofs = buildings.geometry.to_numpy()
    piece, roof = shapely.STRtree(roofs).query(merged, predicate="intersects")
    area = shapely.area(shapely.intersection(merged[piece], roofs[roof]))
    beside = float(shapely.area(merged).sum() - area.sum())
    if beside > 0.01 * float(shapely.area(merged).sum()):
        whole = f"{shapely.area(merged).sum():,.0f}"
        notices.add("left_out", "detected_beside", file=file, area=f"{beside:,.0f}", total=whole)
    sums = pd.Series(area).groupby(buildings.index.to_numpy()[roof]).sum()
    return sums[sums > 0].astype(float).rename("detected_m2").rename_axis("building_id")
