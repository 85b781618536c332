"""Whole modules in rows on what a roof offers.

A row is a band across the roof. Where the whole depth of the band lies on the usable
area, modules stand side by side; the row pitch is wide enough that no row shades the
next between two hours of the shortest day. All rows of a roof are shifted together to
where most modules fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib
import shapely
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from hexi_solar.compiled import machine_code
from hexi_solar.config import Layout
from hexi_solar.facts import fact

Floats = npt.NDArray[np.float64]

DECLINATION = 23.45  # of the sun at the solstices [°]
LOWEST_SUN = 5.0  # near the poles the rule for the shortest day is kept from this elevation on [°]
SHIFTS = 16  # positions tried for the first row


@dataclass(frozen=True)
class Rows:
    """How rows of one roof stand, before they meet its outline. [m, °]"""

    arrangement: str
    module_tilt: float
    module_azimuth: float
    depth: float
    """Horizontal depth of one band; along the slope where flush."""
    pitch: float
    collector_width: float
    """Modules of one band, across it."""


def winter_sun(latitude: float, hours: Floats) -> tuple[Floats, Floats]:
    """
    Calculate where the sun stands on the day of winter solstice.

    Parameters
    ----------
    latitude
        Positive north. [°]
    hours
        True solar time. [h]

    Returns
    -------
    elevation, azimuth
        Without refraction; azimuth clockwise from north. [°]
    """
    declination = np.deg2rad(-DECLINATION if latitude >= 0 else DECLINATION)
    # pvlib's formulas divide by the cosine of the hour angle's zenith: keep clear of noon itself
    hour_angle = np.deg2rad(15.0 * (hours - 12.0) + 1e-9)
    phi = np.deg2rad(latitude)
    zenith = pvlib.solarposition.solar_zenith_analytical(phi, hour_angle, declination)
    azimuth = pvlib.solarposition.solar_azimuth_analytical(phi, hour_angle, declination, zenith)
    return 90.0 - np.rad2deg(zenith), np.rad2deg(azimuth) % 360.0


def shade_free_shadows(
    latitude: float, settings: Layout, true_north: float = 0.0, samples: int = 5
) -> list[tuple[float, float]]:
    """
    Calculate the shadows of a post one metre high while rows must not shade each other.

    Returns
    -------
    shadows
        (length towards grid east, length towards grid north), from `shade_free_from` to
        `shade_free_until` on the day of winter solstice. [m]
    """
    hours = np.linspace(settings.shade_free_from, settings.shade_free_until, samples)
    elevation, azimuth = winter_sun(latitude, hours)
    length = 1.0 / np.tan(np.deg2rad(np.maximum(elevation, LOWEST_SUN)))
    bearing = np.deg2rad(azimuth + true_north + 180.0)
    return list(zip(length * np.sin(bearing), length * np.cos(bearing), strict=True))


def shade_free_pitch(
    latitude: float, module_tilt: float, module_azimuth: float, settings: Layout
) -> float:
    r"""
    Calculate the row pitch at which no row shades the next on the shortest day.

    Parameters
    ----------
    latitude
        Positive north. [°]
    module_tilt, module_azimuth
        Of the modules; azimuth clockwise from north. [°]
    settings
        Module length and the hours of true solar time that stay free of shade.

    Returns
    -------
    pitch
        Horizontal distance from row to row, rounded up to the centimetre. [m]

    Notes
    -----
    .. math:: D = L \cos\beta + L \sin\beta \max_t \frac{\cos(A_t - \gamma)}{\tan e_t}

    with the sun's azimuth A and elevation e [1]_. For rows that face due south this is
    the textbook formula of GB 50797 at nine and fifteen hours.

    References
    ----------
    .. [1] GB 50797-2012, "Code for design of photovoltaic power station", 7.2.2.

    Examples
    --------
    >>> shade_free_pitch(39.08, 10.0, 180.0, Layout())
    3.37
    """
    hours = np.arange(settings.shade_free_from, settings.shade_free_until + 1e-9, 1 / 6)
    elevation, azimuth = winter_sun(latitude, hours)
    elevation = np.maximum(elevation, LOWEST_SUN)
    ahead = np.cos(np.deg2rad(azimuth - module_azimuth)) / np.tan(np.deg2rad(elevation))
    tilt = np.deg2rad(module_tilt)
    rise = settings.module_length_m * np.sin(tilt)
    pitch = settings.module_length_m * np.cos(tilt) + rise * max(float(ahead.max()), 0.0)
    # a flat module still needs its gap; installers measure in centimetres
    pitch = max(pitch, settings.module_length_m * np.cos(tilt) + settings.module_gap_m)
    return float(np.ceil(round(pitch * 100, 6)) / 100)


def row_azimuths(
    long_sides: pd.Series, settings: Layout, *, equator: float, true_north: float
) -> pd.Series:
    """
    Choose the azimuth that the rows of each building face on a flat roof.

    Parameters
    ----------
    long_sides
        Grid direction of the longer side of each footprint. [°]
    settings
        `layout` decides: towards the equator, east-west pairs, or along the building.
    equator, true_north
        Azimuth of the equator; direction of true north from grid north. [°]

    Returns
    -------
    row_azimuth
        Clockwise from true north, of the row (east-west: of the half that faces east). [°]
    """
    if settings.layout == "east_west":
        azimuth = pd.Series(90.0, long_sides.index)
    elif settings.layout in ("aligned", "flush"):
        # of the four directions square to the walls, the one nearest to the equator
        turned = long_sides - true_north - equator
        azimuth = equator + (turned + 45.0) % 90.0 - 45.0
    else:
        azimuth = pd.Series(equator, long_sides.index)
    return (azimuth % 360.0).rename("row_azimuth")


def module_layouts(
    roofs: gpd.GeoDataFrame,
    settings: Layout,
    *,
    row_azimuth: pd.Series,
    latitude: pd.Series,
    true_north: float = 0.0,
    fields: bool = True,
) -> gpd.GeoDataFrame:
    """
    Place whole modules on the usable area of each roof.

    Parameters
    ----------
    roofs
        Usable areas as geometry, with `building_id`, `surface_tilt`, `surface_azimuth`
        and `roof_kind`.
    settings
        Module, layout and the hours without shade.
    row_azimuth
        Azimuth of the rows of each building on a flat roof. [°]
    latitude
        Of each roof. [°]
    true_north
        Direction of true north, clockwise from grid north. [°]
    fields
        False to leave the geometry empty, where only figures are compared.

    Returns
    -------
    layouts
        Table of `schema`; the geometry is the array field, its row gaps included.
    """
    records, shapes = [], []
    for roof in roofs.itertuples():
        rows = _rows_of(roof, settings, float(row_azimuth[roof.building_id]), latitude[roof.Index])
        record, field = _place(roof, rows, settings, true_north, fields)
        records.append(record)
        shapes.append(field)
    names = [
        "building_id", "module_tilt", "module_azimuth", "modules", "rows", "pitch_m", "gcr", "capacity_kwp",
        "module_area_m2", "module_horizontal_area_m2", "array_area_m2", "arrangement",
    ]  # fmt: skip
    frame = pd.DataFrame(records, columns=names, index=roofs.index)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=roofs.crs)


def field_ratio(latitude: float, equator: float, settings: Layout) -> float:
    """
    Return the module area over the array field of a flat roof filled as set.

    Parameters
    ----------
    latitude, equator
        Of the district; azimuth of the equator. [°]
    settings
        Layout, tilt and pitch.

    Returns
    -------
    field_ratio
        Never above 1. [-]

    Examples
    --------
    >>> round(field_ratio(39.08, 180.0, Layout()), 3)
    0.676
    >>> round(field_ratio(39.08, 180.0, Layout(layout="east_west")), 3)
    0.896
    """
    length = settings.module_length_m
    if settings.layout == "flush":
        return length / (length + float(fact("pv.layout.flush_gap_m")))
    depth = length * float(np.cos(np.deg2rad(settings.flat_tilt)))
    if settings.layout == "east_west":
        return min(2 * length / (settings.pitch_m or 2 * depth + settings.pair_gap_m), 1.0)
    pitch = settings.pitch_m or shade_free_pitch(latitude, settings.flat_tilt, equator, settings)
    return min(length / max(pitch, depth), 1.0)


def _rows_of(roof: object, settings: Layout, azimuth: float, latitude: float) -> Rows:
    """Say how rows stand on one roof."""
    length = settings.module_length_m
    if roof.roof_kind != "flat":  # type: ignore[attr-defined]
        pitch = length + float(fact("pv.layout.flush_gap_m"))
        tilt, towards = roof.surface_tilt, roof.surface_azimuth  # type: ignore[attr-defined]
        return Rows("flush", float(tilt), float(towards), length, pitch, length)
    if settings.layout == "flush":
        return Rows(
            "flush", 0.0, azimuth, length, length + float(fact("pv.layout.flush_gap_m")), length
        )
    depth = length * float(np.cos(np.deg2rad(settings.flat_tilt)))
    if settings.layout == "east_west":
        pitch = settings.pitch_m or 2 * depth + settings.pair_gap_m
        return Rows("east_west", settings.flat_tilt, azimuth, 2 * depth, pitch, 2 * length)
    pitch = settings.pitch_m or shade_free_pitch(latitude, settings.flat_tilt, azimuth, settings)
    return Rows("rows", settings.flat_tilt, azimuth, depth, max(pitch, depth), length)


def _place(
    roof: object, rows: Rows, settings: Layout, true_north: float, fields: bool
) -> tuple[dict[str, object], BaseGeometry]:
    """Fit the rows into one outline and measure what stands there."""
    usable: BaseGeometry = roof.geometry  # type: ignore[attr-defined]
    # into a frame whose x runs along the rows and whose y runs the way they face
    stretch = 1.0
    if rows.arrangement == "flush":
        stretch = 1.0 / float(np.cos(np.deg2rad(rows.module_tilt)))
    forth, back = _frame(rows.module_azimuth + true_north, stretch, usable)
    outline = affine_transform(usable, forth)
    step = settings.module_width_m + settings.module_gap_m
    low, west, east, counts = _fit(outline, rows, step)
    bands = 2 if rows.arrangement == "east_west" else 1
    modules = int(counts.sum()) * bands
    area = modules * settings.module_length_m * settings.module_width_m
    pieces = _field(outline, rows, low, west, east)
    field = shapely.union_all(pieces, grid_size=1e-6) if fields else shapely.Polygon()
    return {
        "building_id": roof.building_id,  # type: ignore[attr-defined]
        "module_tilt": rows.module_tilt,
        "module_azimuth": rows.module_azimuth % 360.0,
        "modules": modules,
        "rows": len(np.unique(low)) * bands,
        "pitch_m": rows.pitch,
        "gcr": min(rows.collector_width / rows.pitch, 1.0),
        "capacity_kwp": modules * settings.module_power_w / 1000.0,
        "module_area_m2": area,
        "module_horizontal_area_m2": area * float(np.cos(np.deg2rad(rows.module_tilt))),
        # the pieces of a field never overlap
        "array_area_m2": float(shapely.area(pieces).sum()) / stretch,
        "arrangement": rows.arrangement,
    }, affine_transform(field, back)


def _frame(bearing: float, stretch: float, shape: BaseGeometry) -> tuple[list[float], list[float]]:
    """Build the affine maps into the frame of the rows and back, about the shape's corner."""
    x0, y0 = (0.0, 0.0) if shape.is_empty else shape.bounds[:2]
    angle = np.deg2rad(bearing)
    sin, cos = float(np.sin(angle)), float(np.cos(angle))
    # y runs along the bearing, x to the left of it: x = -cos e + sin n, y = sin e + cos n
    a, b, d, e = -cos, sin, sin * stretch, cos * stretch
    forth = [a, b, d, e, -(a * x0 + b * y0), -(d * x0 + e * y0)]
    back = [-cos, sin / stretch, sin, cos / stretch, x0, y0]
    return forth, back


def _fit(outline: BaseGeometry, rows: Rows, step: float) -> tuple[Floats, Floats, Floats, Floats]:
    """
    Find the shift of the rows that fits most modules.

    Returns
    -------
    low, west, east, counts
        One entry per stretch of a row: lower edge, ends, modules (of one half of a pair).
    """
    edges = _edges(outline)
    if not len(edges):
        return tuple(np.empty(0) for _ in range(4))  # type: ignore[return-value]
    shifts = np.arange(SHIFTS) * rows.pitch / SHIFTS
    best = max(
        shifts,
        key=lambda shift: (count_modules(edges, rows.depth, rows.pitch, shift, step), -shift),
    )
    found = place_rows(edges, rows.depth, rows.pitch, float(best), step)
    return found[:, 0], found[:, 1], found[:, 2], found[:, 3]


def _edges(shape: BaseGeometry) -> Floats:
    """List the edges of all rings of a shape, (x0, y0, x1, y1) each."""
    polygons = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty]
    rings = [ring for p in polygons for ring in (p.exterior, *p.interiors)]
    pairs = [np.hstack([c[:-1], c[1:]]) for c in map(shapely.get_coordinates, rings)]
    return np.ascontiguousarray(np.vstack(pairs)) if pairs else np.empty((0, 4))


@machine_code
def _free_stretches(edges: Floats, low: float, high: float) -> Floats:
    """Find where a band from low to high lies inside a shape over its whole depth."""
    margin = 1e-7  # a band may touch the outline
    middle = 0.5 * (low + high)
    blocked = np.empty((len(edges), 2))
    crossings = np.empty(len(edges))
    n = m = 0
    for x0, y0, x1, y1 in edges:
        if (y0 > middle) != (y1 > middle):
            crossings[m] = x0 + (middle - y0) / (y1 - y0) * (x1 - x0)
            m += 1
        bottom, top = max(min(y0, y1), low + margin), min(max(y0, y1), high - margin)
        if bottom > top:
            continue
        if y0 == y1:
            a, b = min(x0, x1), max(x0, x1)
        else:
            xa = x0 + (bottom - y0) / (y1 - y0) * (x1 - x0)
            xb = x0 + (top - y0) / (y1 - y0) * (x1 - x0)
            a, b = min(xa, xb), max(xa, xb)
        blocked[n, 0], blocked[n, 1] = a, b
        n += 1
    free = np.empty((max(n - 1, 0), 2))
    k = 0
    if n > 1:
        blocked = blocked[:n]
        order = np.argsort(blocked[:, 0])
        reach = blocked[order[0], 1]
        for i in range(1, n):
            a, b = blocked[order[i], 0], blocked[order[i], 1]
            if a > reach:
                centre = 0.5 * (a + reach)
                # inside if an odd number of edges lies to the left
                if np.sum(crossings[:m] < centre) % 2 == 1:
                    free[k, 0], free[k, 1] = reach, a
                    k += 1
            reach = max(reach, b)
    return free[:k]


@machine_code
def place_rows(edges: Floats, depth: float, pitch: float, shift: float, step: float) -> Floats:
    """
    Place modules on all bands of one shift.

    Parameters
    ----------
    edges
        Edges of the outline, (x0, y0, x1, y1), in the frame of the rows. [m]
    depth, pitch, shift
        Depth of a band, distance from band to band, start of the first. [m]
    step
        Module width and gap. [m]

    Returns
    -------
    stretches
        (lower edge, west end, east end, modules) of every stretch that holds a module.
    """
    lowest = min(edges[:, 1].min(), edges[:, 3].min())
    highest = max(edges[:, 1].max(), edges[:, 3].max())
    bands = int((highest - lowest - shift - depth + 1e-9) // pitch) + 1
    found = np.empty((max(bands, 0) * max(len(edges), 1), 4))
    k = 0
    for band in range(bands):
        low = lowest + shift + band * pitch
        for west, east in _free_stretches(edges, low, low + depth):
            modules = (east - west + 1e-9) // step
            if modules >= 1.0:
                # the modules stand in the middle of their stretch
                spare = 0.5 * (east - west - modules * step)
                found[k] = (low, west + spare, west + spare + modules * step, modules)
                k += 1
    return found[:k]


@machine_code
def count_modules(edges: Floats, depth: float, pitch: float, shift: float, step: float) -> float:
    """Count the modules that fit at one shift; see `place_rows`."""
    total: float = place_rows(edges, depth, pitch, shift, step)[:, 3].sum()
    return total


def _field(outline: BaseGeometry, rows: Rows, low: Floats, west: Floats, east: Floats) -> Any:
    """Outline the array in pieces: each row with the gap behind it, as far as the usable area goes."""
    # rows face up (+y), so the gap behind a row lies below it
    gap = rows.pitch - rows.depth
    boxes = shapely.box(west, low - gap, east, low + rows.depth)
    return shapely.intersection(boxes, outline)
