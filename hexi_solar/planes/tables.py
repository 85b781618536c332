"""Roof planes of many buildings, as the tables between the steps.

The surface is asked for window by window, so it may be of any size. Noise and shift belong
to the surface and not to one house: both are found first, on a sample of the buildings,
and then hold for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from rasterio.transform import Affine
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from hexi_solar.errors import Notices
from hexi_solar.planes.building import NOTHING, planes_of_building
from hexi_solar.planes.fit import Floats
from hexi_solar.planes.found import Found, Obstruction, Plane
from hexi_solar.planes.grid import cells_inside, window_over
from hexi_solar.planes.grow import noise_of
from hexi_solar.planes.settings import PlaneSettings
from hexi_solar.planes.shift import Shift, measure_walls, solve_shift, wall_points

Bounds = tuple[float, float, float, float]
Window = Callable[[Bounds], tuple[Floats, Affine]]

SAMPLE = 300  # buildings that noise and shift are found on
HALO = 4.0  # m of surface around a footprint, beyond the reach of the shift
SURE = 0.5  # confidence from which a shift is believed

ROOF_COLUMNS = [
    "roof_id", "building_id", "surface_tilt", "surface_azimuth", "area_m2", "horizontal_area_m2",
    "installable_area_m2", "usable_area_m2", "roof_kind", "mounting", "tilt_source", "source",
    "height_m", "rms_residual_m", "parapet_height_m", "geometry",
]  # fmt: skip
NOTE_COLUMNS = [
    "building_id", "planes", "assigned_share", "unknown_share", "rms_residual_m",
    "parapet_height_m", "shift_dx_m", "shift_dy_m", "shift_confidence", "notes",
]  # fmt: skip


@dataclass(frozen=True)
class SurfaceRoofs:
    """What a surface model says about the roofs."""

    roofs: gpd.GeoDataFrame
    """One row per plane, columns of `schema.ROOFS` and what was measured besides."""
    exclusions: pd.DataFrame
    """Obstructions in the terms of `schema.EXCLUSION_LEDGER`, evidence measured."""
    obstructions: gpd.GeoDataFrame
    """Shape and height of each obstruction, with its `roof_id`."""
    buildings: pd.DataFrame
    """One row per building: shares, residual, shift and notes."""
    shift: Shift
    """How the footprints lie against the surface."""
    noise_m: float
    """Noise of the heights. [m]"""


def roof_planes_from_surface(
    buildings: gpd.GeoDataFrame,
    read_window: Window,
    settings: PlaneSettings,
    *,
    true_north: float = 0.0,
    level_azimuth: float = 180.0,
    notices: Notices | None = None,
) -> SurfaceRoofs:
    """
    Find the roof planes of all buildings in a surface model.

    Parameters
    ----------
    buildings
        Footprints by `building_id`, in the surface's coordinate system in metres; a
        column `roof_kind` is kept for pitched planes.
    read_window
        Gives heights (NaN where unknown) and transform for bounds (west, south, east,
        north).
    settings
        Limits and prices.
    true_north
        Direction of true north, clockwise from grid north. [°]
    level_azimuth
        What stands in `surface_azimuth` of planes that face nowhere. [°]
    notices
        Where a shift and roofs without planes are reported.

    Returns
    -------
    found
        Tables; planes keep inside the footprints as given, also where these were moved to
        meet the surface.
    """
    walls = wall_points(list(buildings.geometry), settings.shift_reach_m)
    noise, shift = _survey(buildings, read_window, walls, settings)
    settings = replace(settings, noise_m=noise)
    moves = shift.confidence >= SURE and shift.length_m >= settings.shift_warning_m
    dx, dy = (shift.dx, shift.dy) if moves else (0.0, 0.0)
    rows: list[dict[str, Any]] = []
    ledger: list[dict[str, Any]] = []
    standing: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    owners = walls[2]
    order = np.argsort(owners, kind="stable")
    first = np.searchsorted(owners[order], np.arange(len(buildings) + 1))
    for number, building in enumerate(buildings.itertuples()):
        surface, transform = read_window(_around(building.geometry, settings))
        own = order[first[number] : first[number + 1]]
        found = _moved_planes(surface, transform, building.geometry, settings, dx, dy)
        apart = _own_shift(surface, transform, walls[0][own], walls[1][own], settings)
        notes.append(_note(building.Index, found, apart, settings))
        for plane_number, plane in enumerate(found.planes, start=1):
            roof_id = _roof_id(building.Index, plane_number, len(found.planes))
            kind = str(getattr(building, "roof_kind", ""))
            rows.append(
                _roof_row(roof_id, building.Index, kind, plane, settings, true_north, level_azimuth)
            )
            ledger += _ledger(roof_id, plane)
            standing += [_obstruction_row(roof_id, o) for o in plane.obstructions]
    _report(notes, shift, moves, notices)
    return _tables(rows, ledger, standing, notes, shift, noise, buildings)


def _around(footprint: BaseGeometry, settings: PlaneSettings) -> Bounds:
    """Bounds of the surface that one footprint needs."""
    west, south, east, north = footprint.bounds
    halo = settings.shift_reach_m + HALO
    return west - halo, south - halo, east + halo, north + halo


def _survey(
    buildings: gpd.GeoDataFrame,
    read_window: Window,
    walls: tuple[Floats, Floats, Any],
    settings: PlaneSettings,
) -> tuple[float, Shift]:
    """Find noise and shift on a sample of buildings, spread evenly over the table."""
    points, normals, owners = walls
    surfaces, distances, used, cell = [], [], [], 1.0
    chosen = np.unique(np.linspace(0, len(buildings) - 1, min(SAMPLE, len(buildings))).astype(int))
    for number in chosen:
        footprint = buildings.geometry.iloc[number]
        surface, transform = read_window(_around(footprint, settings))
        own = np.flatnonzero(owners == number)
        used.append(own)
        distances.append(measure_walls(surface, transform, points[own], normals[own], settings))
        part, corner = window_over(surface, transform, footprint)
        inside = cells_inside(part.shape, corner, footprint) & np.isfinite(part)
        level = np.median(part[inside]) if inside.any() else 0.0
        surfaces.append(np.where(inside, part - level, np.nan))
        cell = transform.a
    shift = solve_shift(normals[np.concatenate(used)] if used else normals[:0], distances, cell)
    if settings.noise_m is not None:
        return settings.noise_m, shift
    noise = noise_of(surfaces, cell, cell)[0] if surfaces else float("nan")
    return noise if np.isfinite(noise) else settings.roughness_m, shift


def _moved_planes(
    surface: Floats,
    transform: Affine,
    footprint: BaseGeometry,
    settings: PlaneSettings,
    dx: float,
    dy: float,
) -> Found:
    """Read the surface where the footprint really lies, and bring the planes back to it."""
    if not surface.size:
        return NOTHING
    if dx == 0.0 and dy == 0.0:
        return planes_of_building(surface, transform, footprint, settings)
    found = planes_of_building(surface, transform, translate(footprint, dx, dy), settings)
    planes = tuple(
        replace(
            plane,
            shape=translate(plane.shape, -dx, -dy),
            height_at_origin_m=plane.height_at_origin_m
            + plane.slope_east * dx
            + plane.slope_north * dy,
            obstructions=tuple(
                Obstruction(translate(o.shape, -dx, -dy), o.height_m) for o in plane.obstructions
            ),
        )
        for plane in found.planes
    )
    return replace(found, planes=planes)


def _own_shift(
    surface: Floats, transform: Affine, points: Floats, normals: Floats, settings: PlaneSettings
) -> Shift:
    """Find the shift of one building from its own walls."""
    distances = measure_walls(surface, transform, points, normals, settings)
    return solve_shift(normals, [distances], transform.a)


def _roof_id(building_id: object, number: int, count: int) -> str:
    """Name a plane like the roofs from footprints: numbered where there are several."""
    return f"{building_id}" if count == 1 else f"{building_id}/{number}"


def _roof_row(
    roof_id: str,
    building_id: object,
    roof_kind: str,
    plane: Plane,
    settings: PlaneSettings,
    true_north: float,
    level_azimuth: float,
) -> dict[str, Any]:
    """Describe one plane in the terms of `schema.ROOFS`."""
    flat = plane.surface_tilt <= settings.flat_tilt
    pitched = roof_kind if roof_kind in ("metal", "tile", "curved") else "tile"
    blocked = sum(o.area_m2 for o in plane.obstructions)
    free = max(plane.horizontal_area_m2 - blocked, 0.0)
    azimuth = plane.surface_azimuth - true_north
    centre = plane.shape.centroid
    return {
        "roof_id": roof_id,
        "building_id": building_id,
        "surface_tilt": plane.surface_tilt,
        "surface_azimuth": azimuth % 360.0 if np.isfinite(azimuth) else level_azimuth,
        "area_m2": plane.area_m2,
        "horizontal_area_m2": plane.horizontal_area_m2,
        "installable_area_m2": free,
        "usable_area_m2": free,
        "roof_kind": "flat" if flat else pitched,
        "mounting": None,
        "tilt_source": "derived" if plane.borrowed else "measured",
        "source": "surface_model",
        "height_m": plane.slope_east * centre.x
        + plane.slope_north * centre.y
        + plane.height_at_origin_m,
        "rms_residual_m": plane.rms_residual_m,
        "parapet_height_m": np.nan if plane.parapet_height_m is None else plane.parapet_height_m,
        "geometry": plane.shape,
    }


def _ledger(roof_id: str, plane: Plane) -> Iterator[dict[str, Any]]:
    """Take the obstructions out, as one entry with what it rests on."""
    if plane.obstructions:
        highest = max(o.height_m for o in plane.obstructions)
        yield {
            "roof_id": roof_id,
            "reason": "plant",
            "area_m2": sum(o.area_m2 for o in plane.obstructions),
            "evidence": "measured",
            "basis": f"{len(plane.obstructions)} x, <= {highest:.1f} m",
        }


def _obstruction_row(roof_id: str, obstruction: Obstruction) -> dict[str, Any]:
    """Describe one obstruction."""
    return {
        "roof_id": roof_id,
        "height_m": obstruction.height_m,
        "area_m2": obstruction.area_m2,
        "geometry": obstruction.shape,
    }


def _note(
    building_id: object, found: Found, shift: Shift, settings: PlaneSettings
) -> dict[str, Any]:
    """Say how well one building is known."""
    notes = []
    if found.unknown_share > settings.unknown_share:
        notes.append("surface_unknown")
    if not found.planes:
        notes.append("no_planes")
    elif found.assigned_share < settings.explained_share:
        notes.append("little_explained")
    if shift.confidence >= SURE and shift.length_m >= settings.shift_warning_m:
        notes.append("shifted")
    parapets = [p.parapet_height_m for p in found.planes if p.parapet_height_m is not None]
    return {
        "building_id": building_id,
        "planes": len(found.planes),
        "assigned_share": found.assigned_share,
        "unknown_share": found.unknown_share,
        "rms_residual_m": found.rms_residual_m,
        "parapet_height_m": max(parapets, default=np.nan),
        "shift_dx_m": shift.dx if shift.confidence >= SURE else np.nan,
        "shift_dy_m": shift.dy if shift.confidence >= SURE else np.nan,
        "shift_confidence": shift.confidence,
        "notes": notes,
    }


def _report(
    notes: list[dict[str, Any]], shift: Shift, moved: bool, notices: Notices | None
) -> None:
    """Tell people about a shift and about roofs that the surface does not explain."""
    if notices is None:
        return
    if moved:
        notices.add(
            "warning", "footprints_shifted", east=f"{shift.dx:+.2f}", north=f"{shift.dy:+.2f}",
            length=f"{shift.length_m:.2f}", confidence=f"{shift.confidence:.0%}",
        )  # fmt: skip
    for note in ("surface_unknown", "no_planes", "little_explained"):
        ids = [str(row["building_id"]) for row in notes if note in row["notes"]]
        if ids:
            named = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
            notices.add("warning", f"planes_{note}", count=len(ids), total=len(notes), rows=named)


def _tables(
    rows: list[dict[str, Any]],
    ledger: list[dict[str, Any]],
    standing: list[dict[str, Any]],
    notes: list[dict[str, Any]],
    shift: Shift,
    noise: float,
    buildings: gpd.GeoDataFrame,
) -> SurfaceRoofs:
    """Put rows together, also when there are none."""
    crs = buildings.crs
    roofs = gpd.GeoDataFrame(rows, columns=ROOF_COLUMNS, geometry="geometry", crs=crs)
    columns = ["roof_id", "reason", "area_m2", "evidence", "basis"]
    exclusions = pd.DataFrame(ledger, columns=columns).set_index(["roof_id", "reason"])
    names = ["roof_id", "height_m", "area_m2", "geometry"]
    obstructions = gpd.GeoDataFrame(standing, columns=names, geometry="geometry", crs=crs)
    table = pd.DataFrame(notes, columns=NOTE_COLUMNS).set_index("building_id")
    return SurfaceRoofs(roofs.set_index("roof_id"), exclusions, obstructions, table, shift, noise)
