"""The ledger of every plane: what is taken out, in which order, and on what evidence.

What has no place on a footprint (plant, stair heads, skylights) is taken as an allowance
at the side away from the sun, where its shadow leaves the roof; that place is assumed.
Where a surface model shows the planes, it also shows what stands on them: that is taken
out where it stands, and no allowance beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from hexi_solar.config import Roofs
from hexi_solar.facts import read_facts
from hexi_solar.roofs.cuts import cut_lanes, cut_shadow, cut_side, polygons, shrunk
from hexi_solar.roofs.footprint import footprint_slopes
from hexi_solar.roofs.frame import Frame, Slope
from hexi_solar.roofs.load import judge_load, needed_load_kn_m2
from hexi_solar.roofs.measured import measured_slopes

Shadows = Sequence[tuple[float, float]]

COLUMNS = [
    "roof_id", "building_id", "surface_tilt", "surface_azimuth", "area_m2", "horizontal_area_m2",
    "installable_area_m2", "usable_area_m2", "roof_kind", "mounting", "tilt_source", "source", "geometry",
]  # fmt: skip


class Account:
    """What is left of a plane, and the entries of what was taken."""

    def __init__(self, gross_m2: float, shape: BaseGeometry) -> None:
        self.area_m2 = gross_m2
        self.shape = shape
        self.entries: list[dict[str, object]] = []

    def take(self, reason: str, left: BaseGeometry, evidence: str, basis: str) -> None:
        """Enter the difference to what is left after a reason."""
        area, self.area_m2 = self.area_m2 - left.area, float(left.area)
        self.shape = left
        # every ledger begins with its setback, however little that is
        if area > 0.0 or reason == "setback":
            entry = {"reason": reason, "area_m2": max(area, 0.0)}
            self.entries.append({**entry, "evidence": evidence, "basis": basis})


def roof_planes(
    buildings: gpd.GeoDataFrame,
    settings: Roofs,
    *,
    row_azimuth: pd.Series,
    shadows: Shadows,
    frame: Frame,
    seen: gpd.GeoDataFrame | None = None,
    step_m: float = 0.0,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """
    Take out of each roof what cannot carry modules.

    Parameters
    ----------
    buildings
        Footprints in a projected system in metres, with `owner_type`, `roof_kind`,
        `roof_kind_source`, `load_evidence`, `load_reserve_kn_m2` and `load_state`.
    settings
        Setback, parapet, lanes, mounting.
    row_azimuth
        Azimuth that the rows of each building face on a flat roof; lanes run across the
        rows. [°]
    shadows
        Where the shadow of a post one metre high falls while no row may shade another,
        as (length east, length north). [m]
    frame
        True north and the side of the equator.
    seen
        Planes that a surface model shows, with `building_id`; buildings without any are
        taken from their footprints.
    step_m
        Difference in height from which on two of these planes are two levels. [m]

    Returns
    -------
    roofs, exclusions
        Tables of `schema.py`; the geometry of `roofs` is the usable area.

    Notes
    -----
    A pitched roof whose planes are not known is taken as two planes that meet above the
    middle of its longer side, at the tilt that `facts/roofs.toml` assumes for its kind.
    """
    rows: list[dict[str, object]] = []
    ledgers: list[dict[str, object]] = []
    own = {} if seen is None else dict(iter(seen.groupby("building_id", sort=False)))
    for building in buildings.itertuples():
        slopes = _slopes(building, own.get(building.Index), step_m, frame)
        facing = float(row_azimuth[building.Index])
        for number, slope in enumerate(slopes, start=1):
            roof_id = f"{building.Index}" if len(slopes) == 1 else f"{building.Index}/{number}"
            account, installable = _take_out(slope, building, settings, facing, shadows, frame)
            ledgers += [{"roof_id": roof_id, **entry} for entry in account.entries]
            rows.append(_roof_row(roof_id, building, slope, installable, account.shape, settings))
    return _tables(rows, ledgers, buildings)


def _slopes(
    building: Any, planes: gpd.GeoDataFrame | None, step_m: float, frame: Frame
) -> list[Slope]:
    """Describe a roof by the best that is known of it."""
    if planes is None:
        kind, source = str(building.roof_kind), str(building.roof_kind_source)
        return footprint_slopes(building.geometry, kind, source, frame)
    return measured_slopes(building.geometry, planes, step_m, frame)


def _tables(
    rows: list[dict[str, object]], ledgers: list[dict[str, object]], buildings: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Put rows together as the tables that `schema.py` declares, also when there are none."""
    roofs = gpd.GeoDataFrame(rows, columns=COLUMNS, geometry="geometry", crs=buildings.crs)
    columns = ["roof_id", "reason", "area_m2", "evidence", "basis"]
    exclusions = pd.DataFrame(ledgers, columns=columns).set_index(["roof_id", "reason"])
    return roofs.set_index("roof_id"), exclusions


def _roof_row(
    roof_id: str,
    building: Any,
    slope: Slope,
    installable: float,
    usable: BaseGeometry,
    settings: Roofs,
) -> dict[str, object]:
    """Describe one plane."""
    return {
        "roof_id": roof_id,
        "building_id": building.Index,
        "surface_tilt": slope.surface_tilt,
        "surface_azimuth": slope.surface_azimuth,
        "area_m2": slope.gross_m2 / np.cos(np.deg2rad(slope.surface_tilt)),
        "horizontal_area_m2": slope.gross_m2,
        "installable_area_m2": installable,
        "usable_area_m2": usable.area,
        "roof_kind": slope.roof_kind,
        "mounting": settings.mounting if slope.roof_kind == "flat" else "clamped",
        "tilt_source": slope.tilt_source,
        "source": slope.source,
        "geometry": usable,
    }


def _take_out(
    slope: Slope,
    building: Any,
    settings: Roofs,
    row_azimuth: float,
    shadows: Shadows,
    frame: Frame,
) -> tuple[Account, float]:
    """Carry out the ledger of one plane; returns it and the installable area."""
    account = Account(slope.gross_m2, slope.shape)
    if slope.source == "surface_model":
        _take_measured(account, slope, settings)
    else:
        _take_allowances(account, slope, str(building.owner_type), settings, frame)
    # on a slope rows lie along the eaves, on a flat roof they face as the building's do
    steep = slope.source == "surface_model" and slope.roof_kind != "flat"
    across = slope.surface_azimuth if steep else row_azimuth
    lanes = f"{settings.lane_width_m:g} m / {settings.lane_spacing_m:g} m"
    account.take("access_lane", cut_lanes(account.shape, across, settings, frame), "assumed", lanes)
    if _refused(slope, building, settings):
        basis = f"{building.load_evidence}: {building.load_reserve_kn_m2:g} kN/m²"
        account.take("load_refused", shapely.Polygon(), "surveyed", basis)
    installable = account.area_m2
    if slope.roof_kind == "flat":
        _take_parapet(account, slope, settings, shadows)
    elif _turned_away(slope, settings, frame):
        evidence = "assumed" if slope.tilt_source == "assumed" else slope.tilt_source
        account.take("orientation", shapely.Polygon(), evidence, "facts/roofs.toml")
    return account, installable


def _take_measured(account: Account, slope: Slope, settings: Roofs) -> None:
    """Take out the edge, what lies on no plane, and what stands on this one."""
    inner = shrunk(slope.region, settings.setback_m)
    # what is left of the rest lies on no plane: it goes in the next step
    plane = polygons(slope.shape.intersection(inner))
    rest = polygons(slope.rest.intersection(inner))
    both = shapely.MultiPolygon(
        [p for p in (*shapely.get_parts(plane), *shapely.get_parts(rest)) if not p.is_empty]
    )
    account.take("setback", both, "assumed", f"{settings.setback_m:g} m")
    account.take("no_plane", plane, "measured", "[layers.surface_model]")
    around = slope.standing.shape.buffer(settings.obstruction_margin_m, join_style="mitre")
    basis = f"{slope.standing.count} x, <= {slope.standing.highest_m:.1f} m"
    account.take("obstruction", polygons(plane.difference(around)), "measured", basis)


def _take_allowances(
    account: Account, slope: Slope, owner_type: str, settings: Roofs, frame: Frame
) -> None:
    """Take out the edge, and a share for what stands on roofs of this kind."""
    account.take(
        "setback", shrunk(slope.region, settings.setback_m), "assumed", f"{settings.setback_m:g} m"
    )
    shares = _shares(slope.roof_kind, owner_type)
    away = frame.unit(frame.equator + 180.0)
    for reason in ("stair_head", "skylight", "plant"):
        left = cut_side(account.shape, shares[reason] * slope.gross_m2, away)
        account.take(reason, left, "assumed", "facts/roofs.toml")


def _shares(roof_kind: str, owner_type: str) -> Mapping[str, float]:
    """Look up the allowances of a roof, as shares of its footprint."""
    facts = read_facts("roofs")
    flat = roof_kind == "flat"
    return {
        "stair_head": facts["stair_head_share"][roof_kind]["value"],
        "skylight": facts["skylight_share"][roof_kind]["value"],
        "plant": facts["plant_share"][owner_type]["value"] if flat else 0.0,
    }


def _take_parapet(account: Account, slope: Slope, settings: Roofs, shadows: Shadows) -> None:
    """Take out what the parapet shades, as high as measured or else as assumed."""
    measured = not np.isnan(slope.parapet_m)
    wall = slope.parapet_m if measured else settings.parapet_height_m
    above = max(wall - settings.module_clearance_m, 0.0)
    left = cut_shadow(account.shape, slope.region, above, shadows)
    basis = f"{wall:.1f} m" if measured else f"{wall:g} m"
    account.take("parapet_shadow", left, "measured" if measured else "assumed", basis)


def _refused(slope: Slope, building: Any, settings: Roofs) -> bool:
    """Say whether evidence shows that this plane cannot carry its mounting."""
    if slope.source == "footprint":
        return bool(building.load_state == "no")
    needed = needed_load_kn_m2(slope.roof_kind, settings.mounting)
    reserve = float(pd.to_numeric(building.load_reserve_kn_m2, errors="coerce"))
    return judge_load(str(building.load_evidence), reserve, needed) == "no"


def _turned_away(slope: Slope, settings: Roofs, frame: Frame) -> bool:
    """Say whether a slope faces the pole and is too steep to be used."""
    apart = abs((slope.surface_azimuth - frame.equator + 180.0) % 360.0 - 180.0)
    away = apart >= settings.north_slope_from
    return away and slope.surface_tilt > settings.north_slope_tilt
