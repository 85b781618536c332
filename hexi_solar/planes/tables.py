"""Roof planes of many buildings, as the tables between the steps.

The surface is asked for window by window, so it may be of any size. Noise and shift belong
to the surface and not to one house: both are found first, on a sample of the buildings,
and then hold for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.transform import Affine
from scipy import ndimage
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from hexi_solar.errors import Notices
from hexi_solar.planes.building import NOTHING, planes_of_building
from hexi_solar.planes.fit import Floats, Ints
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
LOWEST = 0.05  # part of the heights around a building that may be pits

# why planes of a building are not to be believed, in the order they are looked for
REASONS = ("surface_unknown", "not_standing", "no_planes", "little_explained")

PLANE_COLUMNS = [
    "plane_id", "building_id", "surface_tilt", "surface_azimuth", "area_m2", "horizontal_area_m2",
    "tilt_source", "slope_east", "slope_north", "height_at_origin_m", "rms_residual_m", "parapet_height_m",
    "standing", "standing_count", "standing_height_m", "geometry",
]  # fmt: skip
NOTE_COLUMNS = [
    "building_id", "planes", "reason", "assigned_share", "unknown_share", "standing_m", "rms_residual_m",
    "parapet_height_m", "shift_dx_m", "shift_dy_m", "shift_confidence",
]  # fmt: skip


@dataclass(frozen=True)
class SurfaceRoofs:
    """What a surface model says about the roofs."""

    planes: gpd.GeoDataFrame
    """One row per plane. `standing` is what stands above it, `standing_count` pieces up to
    `standing_height_m`; its height is `slope_east` x + `slope_north` y + `height_at_origin_m`;
    `surface_azimuth` is NaN where it faces nowhere."""
    obstructions: gpd.GeoDataFrame
    """Each obstruction alone, with its `plane_id` and height."""
    buildings: pd.DataFrame
    """One row per building: shares, residual, shift, and in `reason` why its planes are not to
    be believed, empty where they are."""
    shift: Shift
    """How the footprints lie against the surface."""
    moved: tuple[float, float]
    """How far footprints were moved to read the surface; nothing where the shift is not sure. [m]"""
    noise_m: float
    """Noise of the heights. [m]"""


def roof_planes_from_surface(
    buildings: gpd.GeoDataFrame,
    read_window: Window,
    settings: PlaneSettings,
    *,
    around: gpd.GeoDataFrame | None = None,
    true_north: float = 0.0,
    notices: Notices | None = None,
) -> SurfaceRoofs:
    """
    Find the roof planes of all buildings in a surface model.

    Parameters
    ----------
    buildings
        Footprints by `building_id`, in the surface's coordinate system in metres.
    read_window
        Gives heights (NaN where unknown) and transform for bounds (west, south, east,
        north).
    settings
        Limits and prices.
    around
        All footprints of the district, `buildings` among them: noise and shift are found on
        a sample of these, so that they do not depend on which buildings are asked for.
    true_north
        Direction of true north, clockwise from grid north. [°]
    notices
        Where a shift and roofs that are not believed are reported.

    Returns
    -------
    found
        Tables; planes keep inside the footprints as given, also where these were moved to
        meet the surface.
    """
    around = buildings if around is None else around
    noise, shift = _survey(around, read_window, settings)
    if notices is not None and settings.noise_m is None and noise < settings.least_noise_m:
        notices.add("warning", "planes_too_smooth", noise=f"{noise * 100:.2g}")
    settings = replace(settings, noise_m=noise)
    moves = shift.confidence >= SURE and shift.length_m >= settings.shift_warning_m
    moved = (shift.dx, shift.dy) if moves else (0.0, 0.0)
    walls = _Walls.of(buildings, around, settings)
    rows: list[dict[str, Any]] = []
    pieces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for number, building in enumerate(buildings.itertuples()):
        footprint = building.geometry
        surface, transform = read_window(_around(footprint, settings))
        found = _moved_planes(surface, transform, footprint, settings, *moved)
        stands = standing_height(surface, transform, translate(footprint, *moved))
        apart = walls.shift(number, surface, transform, settings)
        notes.append(_note(building.Index, found, stands, apart, settings))
        for plane_number, plane in enumerate(found.planes, start=1):
            plane_id = f"{building.Index}/{plane_number}"
            rows.append(_plane_row(plane_id, building.Index, plane, true_north))
            pieces += [
                {"plane_id": plane_id, "height_m": o.height_m, "geometry": o.shape}
                for o in plane.obstructions
            ]
    _report(notes, shift, moves, notices)
    planes = gpd.GeoDataFrame(
        rows, columns=PLANE_COLUMNS, geometry="geometry", crs=buildings.crs
    ).set_index("plane_id")
    names = ["plane_id", "height_m", "geometry"]
    standing = gpd.GeoDataFrame(pieces, columns=names, geometry="geometry", crs=buildings.crs)
    table = pd.DataFrame(notes, columns=NOTE_COLUMNS).set_index("building_id")
    return SurfaceRoofs(planes, standing, table, shift, moved, noise)


@dataclass(frozen=True)
class _Walls:
    """Free walls of some buildings, those of one building side by side."""

    points: Floats
    normals: Floats
    first: Ints

    @staticmethod
    def of(
        buildings: gpd.GeoDataFrame, around: gpd.GeoDataFrame, settings: PlaneSettings
    ) -> _Walls:
        """Set points along them, where no other building stands before them."""
        points, normals, owners = wall_points(
            list(buildings.geometry), settings.shift_reach_m, list(around.geometry)
        )
        order = np.argsort(owners, kind="stable")
        first = np.searchsorted(owners[order], np.arange(len(buildings) + 1))
        return _Walls(points[order], normals[order], first)

    def measure(
        self, number: int, surface: Floats, transform: Affine, settings: PlaneSettings
    ) -> tuple[Floats, Floats]:
        """Measure the steps of one building's walls; returns normals and distances."""
        own = slice(int(self.first[number]), int(self.first[number + 1]))
        normals = self.normals[own]
        return normals, measure_walls(surface, transform, self.points[own], normals, settings)

    def shift(
        self, number: int, surface: Floats, transform: Affine, settings: PlaneSettings
    ) -> Shift:
        """Find the shift of one building from its own walls."""
        normals, distances = self.measure(number, surface, transform, settings)
        return solve_shift(normals, [distances], transform.a)


def _around(footprint: BaseGeometry, settings: PlaneSettings) -> Bounds:
    """Bounds of the surface that one footprint needs."""
    west, south, east, north = footprint.bounds
    halo = settings.shift_reach_m + HALO
    return west - halo, south - halo, east + halo, north + halo


def _survey(
    around: gpd.GeoDataFrame, read_window: Window, settings: PlaneSettings
) -> tuple[float, Shift]:
    """Find noise and shift on a sample of buildings, spread evenly over the table."""
    chosen = np.unique(np.linspace(0, len(around) - 1, min(SAMPLE, len(around))).astype(int))
    sample = around.iloc[chosen]
    walls = _Walls.of(sample, around, settings)
    surfaces, distances, normals, cell = [], [], [np.empty((0, 2))], 1.0
    for number, footprint in enumerate(sample.geometry):
        surface, transform = read_window(_around(footprint, settings))
        facing, seen = walls.measure(number, surface, transform, settings)
        normals.append(facing)
        distances.append(seen)
        part, corner = window_over(surface, transform, footprint)
        inside = cells_inside(part.shape, corner, footprint) & np.isfinite(part)
        level = np.median(part[inside]) if inside.any() else 0.0
        surfaces.append(np.where(inside, part - level, np.nan))
        cell = transform.a
    shift = solve_shift(np.concatenate(normals), distances, cell)
    if settings.noise_m is not None:
        return settings.noise_m, shift
    noise = noise_of(surfaces, cell, cell)[0] if surfaces else float("nan")
    return noise if np.isfinite(noise) else settings.roughness_m, shift


def standing_height(surface: Floats, transform: Affine, footprint: BaseGeometry) -> float:
    """
    Measure how high a building stands above the lowest ground around it.

    A surface older than a building shows the ground it was built on.

    Returns
    -------
    standing_height
        Median of the roof's heights less nearly the lowest around it; NaN where one of them
        is not known. [m]
    """
    if not surface.size:
        return float("nan")
    west, south, east, north = footprint.bounds
    halo = shapely.box(west - HALO, south - HALO, east + HALO, north + HALO)
    near, corner = window_over(surface, transform, halo)
    known = np.isfinite(near)
    roof = cells_inside(near.shape, corner, footprint)
    # cells on the wall itself are neither
    beside = ~ndimage.binary_dilation(roof, iterations=int(np.ceil(1.0 / transform.a)))
    top, ground = near[roof & known], near[beside & known]
    if not (len(top) and len(ground)):
        return float("nan")
    return float(np.median(top) - np.quantile(ground, LOWEST))


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


def _plane_row(
    plane_id: str, building_id: object, plane: Plane, true_north: float
) -> dict[str, Any]:
    """Describe one plane."""
    standing = plane.obstructions
    return {
        "plane_id": plane_id,
        "building_id": building_id,
        "surface_tilt": plane.surface_tilt,
        "surface_azimuth": (plane.surface_azimuth - true_north) % 360.0,
        "area_m2": plane.area_m2,
        "horizontal_area_m2": plane.horizontal_area_m2,
        "tilt_source": "derived" if plane.borrowed else "measured",
        "slope_east": plane.slope_east,
        "slope_north": plane.slope_north,
        "height_at_origin_m": plane.height_at_origin_m,
        "rms_residual_m": plane.rms_residual_m,
        "parapet_height_m": np.nan if plane.parapet_height_m is None else plane.parapet_height_m,
        "standing": shapely.MultiPolygon([o.shape for o in standing]),
        "standing_count": len(standing),
        "standing_height_m": max((o.height_m for o in standing), default=0.0),
        "geometry": plane.shape,
    }


def _note(
    building_id: object, found: Found, stands: float, shift: Shift, settings: PlaneSettings
) -> dict[str, Any]:
    """Say how well one building is known, and why not to believe its planes."""
    doubts = (
        found.unknown_share > settings.unknown_share,
        not stands >= settings.standing_m,
        not found.planes,
        found.assigned_share < settings.explained_share,
    )
    parapets = [p.parapet_height_m for p in found.planes if p.parapet_height_m is not None]
    sure = shift.confidence >= SURE
    return {
        "building_id": building_id,
        "planes": len(found.planes),
        "reason": next((r for r, doubt in zip(REASONS, doubts, strict=True) if doubt), ""),
        "assigned_share": found.assigned_share,
        "unknown_share": found.unknown_share,
        "standing_m": stands,
        "rms_residual_m": found.rms_residual_m,
        "parapet_height_m": max(parapets, default=np.nan),
        "shift_dx_m": shift.dx if sure else np.nan,
        "shift_dy_m": shift.dy if sure else np.nan,
        "shift_confidence": shift.confidence,
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
    for reason in REASONS:
        ids = [str(row["building_id"]) for row in notes if row["reason"] == reason]
        if ids:
            named = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
            notices.add("warning", f"planes_{reason}", count=len(ids), total=len(notes), rows=named)
