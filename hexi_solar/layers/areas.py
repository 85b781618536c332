"""The district's outline, its subdistricts and zones, and which building lies in which."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hexi_solar.config import Layer, Plan
from hexi_solar.datum import FROM_WGS84, TO_WGS84, Degrees, in_china
from hexi_solar.errors import LayerError, Notices
from hexi_solar.layers.crs import LONLAT, Shapes, plan_crs, to_plan, transformation
from hexi_solar.layers.repair import check_polygons, polygonal
from hexi_solar.layers.vector import SOURCE_ROW, read_vector
from hexi_solar.sheets.columns import find_columns, read_columns, some
from hexi_solar.sheets.words import TEXT

# a shift is suspected if it is the better of two by far: this share of the buildings
# outside as the layer stands, and a quarter of it or less once it is shifted back
_SUSPECT_SHARE = 0.02
_SUSPECT_COUNT = 5
_SUSPECT_GAIN = 0.25


def read_areas(layer: Layer, plan: Plan, notices: Notices) -> gpd.GeoDataFrame:
    """
    Read a layer of areas: boundary, subdistricts or zones.

    Parameters
    ----------
    layer
        What the plan says of it; `layer.path` is set.

    Returns
    -------
    areas
        Index `code` (the name where the layer has no codes), column `name`, valid
        polygons in the plan's system.

    Raises
    ------
    LayerError
        If it cannot be read as areas.
    """
    assert layer.path is not None
    file = layer.path.name
    raw = read_vector(layer, notices)
    check_polygons(raw, file)
    names = [str(c) for c in raw.columns if c not in ("geometry", SOURCE_ROW)]
    found, problems = find_columns(
        names, "areas", layer.columns, file, truncated=layer.path.suffix.lower() == ".shp"
    )
    if problems:
        raise LayerError(*problems)
    shapes = to_plan(raw, layer, plan, notices).geometry.to_numpy()
    shapes = _valid(shapes)
    whole = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    table = read_columns(pd.DataFrame(raw.drop(columns="geometry")), "areas", found).table
    number = "#" + raw[SOURCE_ROW].astype(str)
    name = table["name"].fillna(table["code"]).fillna(number)
    code = table["code"].fillna(name)
    areas = gpd.GeoDataFrame({"name": name.astype(TEXT)}, geometry=shapes, crs=plan_crs(plan))
    areas.index = pd.Index(code.astype(str).to_numpy(object), name="code")
    return _merged(areas[whole])


def _merged(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put areas of several rows with one code together."""
    if areas.index.is_unique:
        return areas
    names = areas["name"].groupby(level=0, sort=False).first()
    shapes = areas.geometry.groupby(level=0, sort=False).agg(
        lambda s: shapely.union_all(s.to_numpy())
    )
    return gpd.GeoDataFrame({"name": names}, geometry=gpd.GeoSeries(shapes, crs=areas.crs))


def _valid(shapes: Shapes) -> Shapes:
    """Mend areas that cross themselves."""
    shapes = shapes.copy()
    broken = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if broken.any():
        mended = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        shapes[broken] = [polygonal(shape) for shape in mended]
    return shapes


def outline(areas: gpd.GeoDataFrame) -> shapely.Geometry:
    """Put all areas of a layer together, prepared for many questions."""
    whole = shapely.union_all(areas.geometry.to_numpy())
    shapely.prepare(whole)
    return whole


def inside(shapes: Shapes, whole: shapely.Geometry) -> NDArray[np.bool_]:
    """
    Say which footprints lie in an area with half of themselves or more.

    Parameters
    ----------
    shapes
        Valid footprints. [m]
    whole
        The area.
    """
    answer: NDArray[np.bool_] = shapely.covers(whole, shapes)
    edge = ~answer & shapely.intersects(whole, shapes)
    common = shapely.area(shapely.intersection(whole, shapes[edge]))
    answer[edge] = common >= 0.5 * shapely.area(shapes[edge])
    return answer


def leave_out_outside(
    buildings: gpd.GeoDataFrame, boundary: gpd.GeoDataFrame, file: str, notices: Notices
) -> gpd.GeoDataFrame:
    """
    Keep the buildings within the boundary, and list the others.

    Raises
    ------
    LayerError
        If none lies within.
    """
    within = inside(buildings.geometry.to_numpy(), outline(boundary))
    if within.all():
        return buildings
    out = buildings[~within]
    facts = {"file": file, "count": len(out), "total": len(buildings)}
    log = [[str(i), int(r)] for i, r in zip(out.index, out[SOURCE_ROW], strict=True)][:1000]
    notices.add("left_out", "shape_outside", **facts, ids=some(out.index), log=log)
    return buildings[within]


def locate(shapes: Shapes, areas: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """
    Find the area that each footprint lies in.

    An inner point of the footprint decides; where it lies in no area (a gap, a river,
    the edge), the area that holds most of the footprint.

    Returns
    -------
    codes
        Index of the area, None where the footprint touches none.
    """
    codes = np.full(len(shapes), None, dtype=object)
    regions, names = areas.geometry.to_numpy(), areas.index.to_numpy(object)
    points = shapely.point_on_surface(shapes)
    at, area = shapely.STRtree(regions).query(points, predicate="intersects")
    # where areas overlap, the first of the layer
    order = np.lexsort((area, at))[::-1]
    codes[at[order]] = names[area[order]]
    lost = np.flatnonzero([code is None for code in codes])
    at, area = shapely.STRtree(regions).query(shapes[lost], predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[lost[at]], regions[area]))
    order = np.lexsort((-area, common))
    codes[lost[at[order]]] = names[area[order]]
    return codes


def fill_areas(
    table: pd.DataFrame, shapes: Shapes, areas: Mapping[str, gpd.GeoDataFrame | None]
) -> None:
    """
    Fill subdistrict, its code, and zone where the buildings' layer is silent.

    Parameters
    ----------
    table
        Buildings, changed in place.
    shapes
        Their footprints.
    areas
        `subdistrict` and `zone` with their layers.
    """
    for column, layer in areas.items():
        if layer is None:
            continue
        codes = pd.Series(locate(shapes, layer), index=table.index)
        names = codes.map(layer["name"].to_dict()).astype(TEXT)
        if column == "subdistrict":
            own = table["subdistrict"].map(_codes_by_name(layer)).astype(TEXT)
            silent = table["subdistrict"].isna()
            found = own.where(~silent, codes.astype(TEXT))
            table["subdistrict_code"] = table["subdistrict_code"].fillna(found)
        table[column] = table[column].fillna(names)


def _codes_by_name(layer: gpd.GeoDataFrame) -> dict[str, str]:
    """Map the names of areas to their codes."""
    return {str(name): str(code) for code, name in reversed(list(layer["name"].items()))}


def suspect_shift(
    shapes: Shapes, layer: Layer, areas: gpd.GeoDataFrame, plan: Plan, notices: Notices
) -> None:
    """
    Warn if the buildings fit the district far better once a datum shift is undone.

    Nothing is shifted: which of the two layers is wrong is for the plan to say. Without
    areas to hold them against, nothing can be said, and nothing is.

    Parameters
    ----------
    shapes
        Valid footprints in the plan's system.
    layer
        What the plan says of the buildings.
    areas
        Boundary, or subdistricts.
    """
    assert layer.path is not None
    crs, whole = plan_crs(plan), outline(areas)
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    degrees = transformation(crs, crs.from_user_input(LONLAT), "wgs84")
    back = transformation(crs.from_user_input(LONLAT), crs, "wgs84")
    longitude, latitude = degrees(points[:, 0], points[:, 1])
    if not in_china(longitude, latitude).all():
        return

    def outside(x: Degrees, y: Degrees) -> float:
        return float(1.0 - np.mean(shapely.contains_xy(whole, x, y)))

    now = outside(points[:, 0], points[:, 1])
    if now < _SUSPECT_SHARE or now * len(points) < _SUSPECT_COUNT:
        return
    ways = [("layer_suspect_datum", d, f) for d, f in TO_WGS84.items()]
    ways += [("area_suspect_datum", d, f) for d, f in FROM_WGS84.items()]
    tried = [
        (outside(*back(*way(longitude, latitude))), code, datum)
        for code, datum, way in ways
        if not (code == "layer_suspect_datum" and layer.datum == datum)
    ]
    then, code, datum = min(tried, key=lambda t: t[0])
    if then <= _SUSPECT_GAIN * now:
        facts = {"file": layer.path.name, "datum": datum}
        shares = {"now": f"{now:.1%}", "then": f"{then:.1%}"}
        notices.add("warning", code, **facts, **shares, count=round(now * len(points)))
