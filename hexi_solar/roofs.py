"""From a footprint to the area that modules may stand on.

Without a surface model a roof is its footprint, less what a ledger takes out one after
the other: setback, stair heads, plant, skylights, access lanes, refused load, the
parapet's shadow, slopes turned away. Every entry is the difference of two areas, so the
ledger and what is left add up to the footprint exactly.

What has no place on the footprint (plant, stair heads, skylights) is taken as an allowance
at the side away from the sun, where its shadow leaves the roof; that place is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.affinity import rotate, translate
from shapely.geometry.base import BaseGeometry

from hexi_solar.config import Roofs
from hexi_solar.facts import fact, read_facts
from hexi_solar.schema import PERMANENT_EXCLUSIONS

FAR = 1e7  # beyond any roof [m]


@dataclass(frozen=True)
class Frame:
    """How the sky lies over the district's plane coordinates."""

    true_north: float = 0.0
    """Direction of true north, clockwise from grid north. [°]"""
    equator: float = 180.0
    """Azimuth of the equator: 180 on the northern hemisphere, 0 on the southern. [°]"""

    def unit(self, azimuth: float) -> tuple[float, float]:
        """Return the grid vector that points along an azimuth."""
        angle = np.deg2rad(azimuth + self.true_north)
        return float(np.sin(angle)), float(np.cos(angle))


@dataclass(frozen=True)
class Slope:
    """One plane of a roof before anything is taken out."""

    shape: BaseGeometry
    surface_tilt: float
    surface_azimuth: float


def roof_planes(
    buildings: gpd.GeoDataFrame,
    settings: Roofs,
    *,
    row_azimuth: pd.Series,
    shadows: Sequence[tuple[float, float]],
    frame: Frame,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """
    Take out of each footprint what cannot carry modules.

    Parameters
    ----------
    buildings
        Footprints in a projected system in metres, with `owner_type`, `roof_kind`,
        `roof_kind_source`, `load_evidence` and `load_reserve_kn_m2`.
    settings
        Setback, parapet, lanes, mounting.
    row_azimuth
        Azimuth that the rows of each building face; lanes run across the rows. [°]
    shadows
        Where the shadow of a post one metre high falls while no row may shade another,
        as (length east, length north). [m]
    frame
        True north and the side of the equator.

    Returns
    -------
    roofs, exclusions
        Tables of `schema`; the geometry of `roofs` is the usable area.

    Notes
    -----
    A pitched roof whose planes are not known is taken as two planes that meet above the
    middle of its longer side, at the tilt that `facts/roofs.toml` assumes for its kind.
    """
    rows: list[dict[str, object]] = []
    ledgers: list[dict[str, object]] = []
    for building in buildings.itertuples():
        slopes = _slopes(building.geometry, str(building.roof_kind), frame)
        for number, slope in enumerate(slopes, start=1):
            roof_id = f"{building.Index}" if len(slopes) == 1 else f"{building.Index}/{number}"
            entries, installable, usable = _take_out(
                slope, building, settings, float(row_azimuth[building.Index]), shadows, frame
            )
            ledgers += [{"roof_id": roof_id, **entry} for entry in entries]
            rows.append(_roof_row(roof_id, building, slope, installable, usable, settings))
    return _tables(rows, ledgers, buildings)


def _tables(
    rows: list[dict[str, object]], ledgers: list[dict[str, object]], buildings: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Put rows together as the tables that `schema` declares, also when there are none."""
    names = [
        "roof_id", "building_id", "surface_tilt", "surface_azimuth", "area_m2", "horizontal_area_m2",
        "installable_area_m2", "usable_area_m2", "roof_kind", "mounting", "tilt_source", "source", "geometry",
    ]  # fmt: skip
    roofs = gpd.GeoDataFrame(rows, columns=names, geometry="geometry", crs=buildings.crs)
    columns = ["roof_id", "reason", "area_m2", "evidence", "basis"]
    exclusions = pd.DataFrame(ledgers, columns=columns).set_index(["roof_id", "reason"])
    return roofs.set_index("roof_id"), exclusions


def _roof_row(
    roof_id: str,
    building: object,
    slope: Slope,
    installable: float,
    usable: BaseGeometry,
    settings: Roofs,
) -> dict[str, object]:
    """Describe one plane."""
    kind = str(building.roof_kind)  # type: ignore[attr-defined]
    horizontal = slope.shape.area
    flat = kind == "flat"
    return {
        "roof_id": roof_id,
        "building_id": building.Index,  # type: ignore[attr-defined]
        "surface_tilt": slope.surface_tilt,
        "surface_azimuth": slope.surface_azimuth,
        "area_m2": horizontal / np.cos(np.deg2rad(slope.surface_tilt)),
        "horizontal_area_m2": horizontal,
        "installable_area_m2": installable,
        "usable_area_m2": usable.area,
        "roof_kind": kind,
        "mounting": settings.mounting if flat else "clamped",
        "tilt_source": "assumed" if not flat else building.roof_kind_source,  # type: ignore[attr-defined]
        "source": "footprint",
        "geometry": usable,
    }


def needed_load_kn_m2(roof_kind: str, mounting: str) -> float:
    """
    Return the weight that a mounting adds to a roof, which its reserve must carry.

    Examples
    --------
    >>> needed_load_kn_m2("metal", "anchored")
    0.15
    """
    used = mounting if roof_kind == "flat" else "clamped"
    return float(fact(f"roofs.added_load_kn_m2.{used}"))


def load_state(buildings: pd.DataFrame, settings: Roofs) -> pd.Series:
    """
    Judge each roof's load-bearing from its evidence: yes, no or unknown.

    Only an appraisal or the design drawings, with the reserve they give, can say yes or
    no; age and type alone, or no evidence, leave it unknown.

    Returns
    -------
    load_state
        ``"yes"``, ``"no"`` or ``"unknown"``, indexed like `buildings`.
    """
    needed = buildings["roof_kind"].map(
        lambda kind: needed_load_kn_m2(str(kind), settings.mounting)
    )
    reserve = pd.to_numeric(buildings["load_reserve_kn_m2"], errors="coerce")
    proven = buildings["load_evidence"].isin(["appraisal", "drawings"]) & reserve.notna()
    state = np.where(reserve >= needed, "yes", "no")
    return pd.Series(np.where(proven, state, "unknown"), buildings.index, name="load_state")


def long_side_azimuth(shape: BaseGeometry) -> float:
    """
    Return the grid direction of the longer side of a footprint.

    The direction is that of the smallest rectangle around it, within 0..180. [°]

    Examples
    --------
    >>> long_side_azimuth(shapely.box(0, 0, 30, 10))
    90.0
    """
    box = shapely.minimum_rotated_rectangle(shape)
    corners = shapely.get_coordinates(box)
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    # a square has no longer side: take the one nearer to east-west, so that noise does not decide
    east, north = sides[0] if lengths[0] > lengths[1] * (1 + 1e-9) else sides[1]
    if abs(lengths[0] - lengths[1]) <= 1e-9 * lengths.max():
        east, north = max(sides.tolist(), key=lambda side: abs(side[0]))
    return float(np.round(np.rad2deg(np.arctan2(east, north)) % 180.0, 9))


def _slopes(shape: BaseGeometry, roof_kind: str, frame: Frame) -> list[Slope]:
    """Split a pitched roof along its ridge; a flat one is one plane."""
    if roof_kind == "flat":
        return [Slope(shape, 0.0, frame.equator)]
    tilt = float(fact(f"roofs.assumed_tilt.{roof_kind}"))
    ridge = long_side_azimuth(shape)
    middle = shapely.minimum_rotated_rectangle(shape).centroid
    slopes = []
    for side in (ridge + 90.0, ridge - 90.0):
        half = _half_plane((middle.x, middle.y), np.deg2rad(side))
        part = _polygons(shape.intersection(half))
        if not part.is_empty:
            slopes.append(Slope(part, tilt, float((side - frame.true_north) % 360.0)))
    return slopes


def _half_plane(point: tuple[float, float], direction: float) -> BaseGeometry:
    """Build the half plane that lies from a point towards a grid direction. [rad]"""
    square = shapely.box(point[0] - FAR, point[1], point[0] + FAR, point[1] + FAR)
    return rotate(square, -direction, origin=point, use_radians=True)


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    """Keep the areas of a shape; lines and points left by an overlay go."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and p.area > 0]
    return shapely.MultiPolygon(parts) if parts else shapely.Polygon()


def _take_out(
    slope: Slope,
    building: object,
    settings: Roofs,
    row_azimuth: float,
    shadows: Sequence[tuple[float, float]],
    frame: Frame,
) -> tuple[list[dict[str, object]], float, BaseGeometry]:
    """Carry out the ledger of one plane; returns entries, installable area and usable shape."""
    kind = str(building.roof_kind)  # type: ignore[attr-defined]
    gross = slope.shape.area
    shares = _shares(kind, str(building.owner_type))  # type: ignore[attr-defined]
    shape = _polygons(slope.shape.buffer(-settings.setback_m, join_style="mitre"))
    shapes = {"setback": shape}
    away = frame.unit(frame.equator + 180.0)
    for reason in ("stair_head", "skylight", "plant"):
        shape = _cut_side(shape, shares[reason] * gross, away)
        shapes[reason] = shape
    shape = shapes["access_lane"] = _cut_lanes(shape, row_azimuth, settings, frame)
    if building.load_state == "no":  # type: ignore[attr-defined]
        shape = shapes["load_refused"] = shapely.Polygon()
    installable = shape.area
    if kind == "flat":
        height = max(settings.parapet_height_m - settings.module_clearance_m, 0.0)
        shape = shapes["parapet_shadow"] = _cut_shadow(shape, slope.shape, height, shadows)
    elif _turned_away(slope, settings, frame):
        shape = shapes["orientation"] = shapely.Polygon()
    return _ledger(gross, shapes, building, settings), installable, shape


def _shares(roof_kind: str, owner_type: str) -> Mapping[str, float]:
    """Look up the allowances of a roof, as shares of its footprint."""
    facts = read_facts("roofs")
    flat = roof_kind == "flat"
    return {
        "stair_head": facts["stair_head_share"][roof_kind]["value"],
        "skylight": facts["skylight_share"][roof_kind]["value"],
        "plant": facts["plant_share"][owner_type]["value"] if flat else 0.0,
    }


def _ledger(
    gross: float, shapes: Mapping[str, BaseGeometry], building: object, settings: Roofs
) -> list[dict[str, object]]:
    """Turn the sequence of shapes into areas taken out, in that order."""
    basis = {
        "setback": f"{settings.setback_m:g} m",
        "access_lane": f"{settings.lane_width_m:g} m / {settings.lane_spacing_m:g} m",
        "parapet_shadow": f"{settings.parapet_height_m:g} m",
        "load_refused": f"{building.load_evidence}: {building.load_reserve_kn_m2:g} kN/m²",  # type: ignore[attr-defined]
    }
    entries: list[dict[str, object]] = []
    before = gross
    for reason, shape in shapes.items():
        evidence = "surveyed" if reason == "load_refused" else "assumed"
        area, before = before - shape.area, shape.area
        if area > 0.0 or reason in PERMANENT_EXCLUSIONS[:1]:
            entry = {"reason": reason, "area_m2": max(area, 0.0), "evidence": evidence}
            entries.append({**entry, "basis": basis.get(reason, "facts/roofs.toml")})
    return entries


def _turned_away(slope: Slope, settings: Roofs, frame: Frame) -> bool:
    """Say whether a slope faces the pole and is too steep to be used."""
    apart = abs((slope.surface_azimuth - frame.equator + 180.0) % 360.0 - 180.0)
    return apart > 90.0 + 1e-6 and slope.surface_tilt > settings.north_slope_tilt


def _cut_side(shape: BaseGeometry, area: float, towards: tuple[float, float]) -> BaseGeometry:
    """Take an area off the side of a shape that lies towards a direction."""
    if area <= 0.0 or shape.is_empty:
        return shape
    if area >= shape.area:
        return shapely.Polygon()
    # turned so that the side is up, the cut is a level line, found by halving
    angle = np.arctan2(towards[0], towards[1])
    turned = rotate(shape, angle, origin=(0.0, 0.0), use_radians=True)
    west, low, east, high = turned.bounds
    wanted = shape.area - area
    bottom = low
    for _ in range(26):
        level = 0.5 * (low + high)
        below = shapely.clip_by_rect(turned, west - 1.0, bottom - 1.0, east + 1.0, level).area
        low, high = (level, high) if below < wanted else (low, level)
    left = shapely.box(west - 1.0, bottom - 1.0, east + 1.0, 0.5 * (low + high))
    return _polygons(shape.intersection(rotate(left, -angle, origin=(0.0, 0.0), use_radians=True)))


def _cut_lanes(
    shape: BaseGeometry, row_azimuth: float, settings: Roofs, frame: Frame
) -> BaseGeometry:
    """Take out lanes that run across the rows, evenly spaced and not wider apart than set."""
    if shape.is_empty or settings.lane_width_m <= 0.0:
        return shape
    east, north = frame.unit(row_azimuth)
    angle = np.arctan2(east, north)
    turned = rotate(shape, angle, origin=(0.0, 0.0), use_radians=True)
    west, low, right, high = turned.bounds
    count = int(np.ceil((right - west) / settings.lane_spacing_m)) - 1
    if count < 1:
        return shape
    middles = west + (right - west) * np.arange(1, count + 1) / (count + 1)
    half = settings.lane_width_m / 2
    strips = [shapely.box(m - half, low - 1.0, m + half, high + 1.0) for m in middles]
    lanes = shapely.union_all(strips)
    back = rotate(lanes, -angle, origin=(0.0, 0.0), use_radians=True)
    return _polygons(shape.difference(back))


def _cut_shadow(
    shape: BaseGeometry,
    footprint: BaseGeometry,
    height: float,
    shadows: Sequence[tuple[float, float]],
) -> BaseGeometry:
    """
    Keep what the parapet never shades while the roof should be free of shade.

    A point lies outside the shadow of a wall along the footprint's edge if the way back
    along the shadow, at half and at full length, stays inside the footprint.
    """
    if height <= 0.0 or shape.is_empty:
        return shape
    for east, north in shadows:
        for part in (0.5, 1.0):
            moved = translate(footprint, part * height * east, part * height * north)
            shape = shape.intersection(moved)
    return _polygons(shape)
