"""From the coordinates of a file to the plan's projected system, with doubts raised early.

A layer that lands in the wrong place is worse than none. So before anything is
transformed, the middle of the layer is held against the area that the plan's system is
made for: as the file says it is, then with its axes swapped, then with the zone number
before the easting put on or taken off. The first that fits is used, and said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from hexi_solar.config import Layer, Plan
from hexi_solar.datum import TO_WGS84
from hexi_solar.errors import ConfigError, LayerError, Notices, Problem

LONLAT = "EPSG:4326"
# how far outside its area a system is used in silence, and at all [°]
NEAR, FAR = 0.25, 3.0
# areas off by more than this cannot be planned with [-]
AREA_ERROR = 0.01
# datums without a public transformation to CGCS2000: off by tens of metres or more
OLD_DATUMS = ("Xian 1980", "Beijing 1954", "New Beijing")

Shapes = NDArray[np.object_]


def plan_crs(plan: Plan) -> pyproj.CRS:
    """
    Check that the plan measures in metres.

    Raises
    ------
    ConfigError
        If `crs` is unknown, in degrees, or projected in another unit.
    """
    file = plan.path.name if plan.path else "plan"
    try:
        crs = pyproj.CRS.from_user_input(plan.crs)
    except CRSError:
        raise ConfigError(Problem("crs_unknown", {"file": file, "found": plan.crs})) from None
    if not crs.is_projected:
        raise ConfigError(Problem("crs_degrees", {"file": file, "found": plan.crs}))
    if any(axis.unit_name not in ("metre", "meter", "m") for axis in crs.axis_info[:2]):
        unit = crs.axis_info[0].unit_name
        raise ConfigError(Problem("crs_unit", {"file": file, "found": plan.crs, "unit": unit}))
    return crs


def to_plan(raw: gpd.GeoDataFrame, layer: Layer, plan: Plan, notices: Notices) -> gpd.GeoDataFrame:
    """
    Bring a raw layer into the plan's system, its datum shift undone.

    Parameters
    ----------
    raw
        Layer as `read_vector` gives it.
    layer
        What the plan says of it: `crs` and `datum`.
    plan
        The study.
    notices
        Where swapped axes, zone numbers and doubts are kept.

    Returns
    -------
    layer
        The same rows, two-dimensional, in `plan.crs`; shapes that cannot be projected
        are None.

    Raises
    ------
    LayerError
        If the layer has no CRS, or its coordinates cannot be what the CRS says.
    """
    assert layer.path is not None
    file, target = layer.path.name, plan_crs(plan)
    source = _source_crs(raw, layer, notices)
    shapes: Shapes = shapely.force_2d(raw.geometry.to_numpy())
    reading = _fitting(_middle(shapes, file), source, target, plan, file, notices)
    if reading.code:
        shapes = _transform(shapes, reading.change)
    shapes = _transform(shapes, transformation(source, target, layer.datum))
    left, bottom, right, top = shapely.bounds(shapes).T
    lost = ~np.isfinite(left + bottom + right + top)
    shapes[lost] = None
    return raw.drop(columns="geometry").set_geometry(gpd.GeoSeries(shapes, raw.index, crs=target))


def _source_crs(raw: gpd.GeoDataFrame, layer: Layer, notices: Notices) -> pyproj.CRS:
    """Say which system a layer is in: the plan's word, then the file's."""
    assert layer.path is not None
    file, said = layer.path.name, raw.crs
    if layer.crs:
        try:
            crs = pyproj.CRS.from_user_input(layer.crs)
        except CRSError:
            facts = {"file": file, "found": layer.crs}
            raise LayerError(Problem("layer_crs_unknown", facts)) from None
        # GeoJSON cannot name a system, so its EPSG:4326 is no contradiction
        if said is not None and said != crs and said.to_epsg() != 4326:
            facts = {"file": file, "found": _name(said), "used": layer.crs}
            notices.add("warning", "layer_crs_overruled", **facts)
    elif said is None:
        raise LayerError(Problem("layer_no_crs", {"file": file}))
    else:
        crs = pyproj.CRS.from_user_input(said)
    datum = crs.geodetic_crs.datum.name if crs.geodetic_crs and crs.geodetic_crs.datum else ""
    if datum.startswith(OLD_DATUMS):
        notices.add("warning", "layer_old_datum", file=file, found=datum)
    if not (crs.is_projected or crs.is_geographic or crs.is_bound):
        raise LayerError(Problem("layer_crs_unknown", {"file": file, "found": _name(crs)}))
    return crs


def _name(crs: pyproj.CRS) -> str:
    """Name a system shortly."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name


def _middle(shapes: Shapes, file: str) -> tuple[float, float]:
    """Find the middle of a layer, whatever a few strange shapes say."""
    bounds = shapely.bounds(shapes)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        raise LayerError(Problem("layer_empty", {"file": file}))
    west, south, east, north = np.median(bounds, axis=0)
    return float((west + east) / 2), float((south + north) / 2)


@dataclass(frozen=True)
class _Attempt:
    """One way to read the coordinates of a file."""

    code: str  # notice that says it; empty for "as they are"
    change: Callable[[Any, Any], tuple[Any, Any]]


def _fitting(
    middle: tuple[float, float],
    source: pyproj.CRS,
    target: pyproj.CRS,
    plan: Plan,
    file: str,
    notices: Notices,
) -> _Attempt:
    """Choose the way of reading the coordinates that puts them where the plan measures."""
    attempts = _attempts(middle, source)
    for attempt in attempts:
        place = _place(attempt.change(*middle), source)
        if place is not None and _distance(place, target, plan) <= NEAR:
            if attempt.code:
                x, y = (f"{c:,.6g}" for c in middle)
                notices.add("warning", attempt.code, file=file, x=x, y=y, crs=_name(source))
            _check_scale(place, target, plan)
            return attempt
    place = _place(middle, source)
    facts = {"file": file, "x": f"{middle[0]:.9g}", "y": f"{middle[1]:.9g}", "crs": _name(source)}
    if place is None:
        facts |= {"plan": plan.crs, "better": zone_crs(middle[0]) or plan.crs}
        raise LayerError(Problem(_misfit(middle, source), facts))
    facts |= {"longitude": f"{place[0]:.3f}", "latitude": f"{place[1]:.3f}", "plan": plan.crs}
    if _distance(place, target, plan) > FAR:
        raise LayerError(Problem("layer_far", facts | {"better": better_crs(*place)}))
    _check_scale(place, target, plan)
    notices.add("warning", "layer_outside", **facts, better=better_crs(*place))
    return attempts[0]


def _misfit(middle: tuple[float, float], source: pyproj.CRS) -> str:
    """Name what is wrong with coordinates that cannot be of their system."""
    if not source.is_projected:
        return "layer_metres"
    return "layer_degrees" if _in_degrees(middle) else "layer_impossible"


def _in_degrees(middle: tuple[float, float]) -> bool:
    """Say whether coordinates look like longitude and latitude, in either order."""
    return max(abs(middle[0]), abs(middle[1])) <= 180


def zone_crs(easting: float) -> str:
    """
    Name the system of an easting that carries the number of a 3-degree zone.

    Examples
    --------
    >>> zone_crs(39_519_036.3), zone_crs(519_036.3)
    ('EPSG:4527', '')
    """
    zone = round(easting // 1e6)
    # CGCS2000 / 3-degree Gauss-Krueger zone 25 .. 45, in steps of one code
    return f"EPSG:{4513 + zone - 25}" if 25 <= zone <= 45 else ""


def _attempts(middle: tuple[float, float], source: pyproj.CRS) -> list[_Attempt]:
    """List the ways to read coordinates, the likeliest first."""
    ways = [_Attempt("", lambda x, y: (x, y)), _Attempt("layer_swapped", lambda x, y: (y, x))]
    step, swapped_step = _zone_step(middle[0], source), _zone_step(middle[1], source)
    if step:
        ways.append(_Attempt("layer_zone", lambda x, y: (x + step, y)))
    if swapped_step:
        ways.append(_Attempt("layer_zone_swapped", lambda x, y: (y + swapped_step, x)))
    return ways


def _zone_step(easting: float, source: pyproj.CRS) -> float:
    """
    Find what brings an easting with (without) a zone number to one without (with).

    Gauss-Krueger eastings are written 519 036 or, with the zone before them,
    39 519 036; a zone number counts only if it is that of the system's meridian.
    """
    operation = source.coordinate_operation
    if not source.is_projected or operation is None:
        return 0.0
    values = {p.name: p.value for p in operation.params}
    false_easting = float(values.get("False easting", 0.0))
    meridian = float(values.get("Longitude of natural origin", np.nan))
    zone, said = round(false_easting // 1e6), round(easting // 1e6)
    if zone and said == 0:
        return zone * 1e6
    if not zone and said and meridian in (said * 3.0, said * 6.0 - 3.0):
        return -said * 1e6
    return 0.0


def _place(middle: tuple[float, float], source: pyproj.CRS) -> tuple[float, float] | None:
    """Find longitude and latitude of a point; None if it cannot be one of that system."""
    x, y = middle
    if source.is_projected and _in_degrees(middle):
        return None
    if source.is_geographic and (abs(x) > 180 or abs(y) > 90):
        return None
    longitude, latitude = _transformer(source, pyproj.CRS(LONLAT)).transform(x, y)
    if not (np.isfinite(longitude) and np.isfinite(latitude)):
        return None
    return float(longitude), float(latitude)


def _distance(place: tuple[float, float], target: pyproj.CRS, plan: Plan) -> float:
    """Measure how far a place lies outside the area of the plan, in degrees; 0 inside."""
    site = plan.site
    if site.longitude is not None and site.latitude is not None:
        return max(abs(place[0] - site.longitude) - 1.0, abs(place[1] - site.latitude) - 1.0, 0.0)
    area = target.area_of_use
    if area is None:
        return 0.0
    longitude, latitude = place
    outside_x = max(area.west - longitude, longitude - area.east, 0.0)
    return max(outside_x, area.south - latitude, latitude - area.north, 0.0)


def _check_scale(place: tuple[float, float], target: pyproj.CRS, plan: Plan) -> None:
    """Refuse a plan system that draws areas of the district too large or too small."""
    scale = pyproj.Proj(target).get_factors(*place).areal_scale
    if not abs(scale - 1.0) <= AREA_ERROR:
        facts = {"file": plan.path.name if plan.path else "plan", "found": plan.crs}
        facts |= {"percent": f"{100 * (scale - 1):+.1f}", "better": better_crs(*place)}
        raise ConfigError(Problem("crs_scale", facts))


def better_crs(longitude: float, latitude: float) -> str:
    """
    Name a projected system in metres for a place.

    Examples
    --------
    >>> better_crs(117.2, 39.1), better_crs(-74.0, 40.7)
    ('EPSG:4548', 'EPSG:32618')
    """
    meridian = round(longitude / 3) * 3
    # CGCS2000 / 3-degree Gauss-Krueger, CM 75E .. 135E, in steps of one code
    if 75 <= meridian <= 135 and 18 <= latitude <= 54:
        return f"EPSG:{4534 + (meridian - 75) // 3}"
    zone = int((longitude + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"


@lru_cache(maxsize=64)
def _transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def transformation(
    source: pyproj.CRS, target: pyproj.CRS, datum: str
) -> Callable[[Any, Any], tuple[Any, Any]]:
    """
    Build the way from coordinates of one system to another.

    Parameters
    ----------
    source, target
        Systems; axes always east (longitude) first.
    datum
        `gcj02` and `bd09` are shifted back on the way; others are taken as WGS84.
    """
    unshift = TO_WGS84.get(datum)
    if unshift is None:
        return _transformer(source, target).transform
    # a shifted CGCS2000 file is shifted in its own longitudes and latitudes
    degrees = pyproj.CRS(LONLAT)
    inward, outward = _transformer(source, degrees), _transformer(degrees, target)

    def shifted(x: Any, y: Any) -> tuple[Any, Any]:
        longitude, latitude = unshift(*inward.transform(x, y))
        done: tuple[Any, Any] = outward.transform(longitude, latitude)
        return done

    return shifted


def _transform(shapes: Shapes, change: Callable[[Any, Any], tuple[Any, Any]]) -> Shapes:
    """Change the coordinates of shapes, missing ones left missing."""
    changed = shapely.transform(shapes, change, interleaved=False)  # type: ignore[arg-type]
    return np.asarray(changed, dtype=object)
