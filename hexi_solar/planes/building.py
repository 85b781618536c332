"""All planes over one footprint."""

from __future__ import annotations

import numpy as np
import shapely
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from hexi_solar.planes.above import Above, read_above
from hexi_solar.planes.fit import Floats, Labels, Mask
from hexi_solar.planes.found import Found, Plane
from hexi_solar.planes.grid import cells_inside, finer, window_over
from hexi_solar.planes.grow import noise_of
from hexi_solar.planes.outline import (
    FINE,
    crease_kinds,
    fill_gaps,
    plane_polygons,
    refine_labels,
    small_gaps,
)
from hexi_solar.planes.segment import Segments, segment_roof
from hexi_solar.planes.settings import PlaneSettings

NOTHING = Found((), 0.0, 1.0, float("nan"), float("nan"))


def planes_of_building(
    surface: Floats, transform: Affine, footprint: BaseGeometry, settings: PlaneSettings
) -> Found:
    """
    Find the planes of one roof in a surface model.

    Parameters
    ----------
    surface
        Heights, rows from north to south; NaN where unknown. [m]
    transform
        From column and row (the upper left corner of a cell) to map coordinates, north up.
    footprint
        Outline of the building in map coordinates. [m]
    settings
        Limits and prices; one set serves every resolution and noise.

    Returns
    -------
    found
        Planes that do not overlap and stay inside the footprint, what stands above them,
        and how much of the footprint they explain.

    Raises
    ------
    ValueError
        For a surface that is turned or has its south on top.

    Examples
    --------
    A shed roof that falls to the south by one in two:

    >>> rows, columns = np.indices((20, 20))
    >>> heights = 10.0 - 0.5 * rows
    >>> shape = shapely.box(2.0, 2.0, 18.0, 18.0)
    >>> found = planes_of_building(
    ...     heights, Affine(1.0, 0.0, 0.0, 0.0, -1.0, 20.0), shape, PlaneSettings()
    ... )
    >>> [(round(p.surface_tilt, 1), round(p.surface_azimuth, 1)) for p in found.planes]
    [(26.6, 180.0)]
    """
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        msg = "the surface must be north up: warp it before"
        raise ValueError(msg)
    if footprint.is_empty or not surface.size:
        return NOTHING
    z, corner = window_over(surface, transform, footprint)
    inside = cells_inside(z.shape, corner, footprint)
    known = inside & np.isfinite(z)
    if not known.any():
        return NOTHING
    level = float(np.median(z[known]))
    heights = np.where(known, z - level, np.nan)
    cell = (corner.a, -corner.e)
    noise = settings.noise_m if settings.noise_m is not None else noise_of([heights], *cell)[0]
    noise = min(noise, settings.most_noise_m) if np.isfinite(noise) else settings.roughness_m
    found = segment_roof(heights, *cell, noise, settings)
    if not len(found.planes):
        return Found((), 0.0, 1.0 - known.sum() / inside.sum(), float("nan"), noise)
    above = read_above(heights, found, corner, cell, settings)
    pieces = _draw(above.labels, found, inside, corner, footprint, settings)
    planes = _planes(pieces, found, above, corner, level)
    assigned = sum(plane.horizontal_area_m2 for plane in planes) / footprint.area
    rms = float(np.sqrt(found.squares.sum() / max(found.cells.sum(), 1.0)))
    unknown = 1.0 - known.sum() / inside.sum()
    return Found(tuple(planes), min(float(assigned), 1.0), float(unknown), rms, float(noise))


def _draw(
    labels: Labels,
    found: Segments,
    inside: Mask,
    transform: Affine,
    footprint: BaseGeometry,
    settings: PlaneSettings,
) -> list[tuple[int, shapely.Polygon]]:
    """Turn cells into polygons."""
    dx, dy = transform.a, -transform.e
    # small gaps on the roof close as far as set, large ones stay; beyond the roof's edge
    # labels run on, for the clip to cut
    small = small_gaps((labels < 0) & inside, settings.obstruction_area_m2 / (dx * dy))
    labels = fill_gaps(labels, small, settings.gap_m / max(dx, dy))
    labels = fill_gaps(labels, inside, 1.0)
    labels = fill_gaps(labels, ~inside, 3.0)
    kinds = crease_kinds(found.labels, found.planes, dx, dy)
    fine = refine_labels(labels, found.planes, kinds, dx, dy)
    step = finer(transform, FINE)
    tolerance = settings.straighten_cells * max(dx, dy)
    return plane_polygons(fine, step, footprint, tolerance, settings.smallest_area_m2)


def _planes(
    pieces: list[tuple[int, shapely.Polygon]],
    found: Segments,
    above: Above,
    transform: Affine,
    level: float,
) -> list[Plane]:
    """Describe every piece of a plane."""
    planes = []
    for label, shape in pieces:
        a, b, c = (float(v) for v in found.planes[label])
        slope = float(np.hypot(a, b))
        standing = [
            o for o in above.obstructions.get(label, []) if shape.intersects(o.shape.centroid)
        ]
        planes.append(
            Plane(
                shape=shape,
                surface_tilt=float(np.rad2deg(np.arctan(slope))),
                surface_azimuth=float(np.rad2deg(np.arctan2(-a, -b)) % 360.0)
                if slope > 1e-9
                else float("nan"),
                slope_east=a,
                slope_north=b,
                height_at_origin_m=c + level - a * transform.c - b * transform.f,
                rms_residual_m=float(np.sqrt(found.squares[label] / max(found.cells[label], 1.0))),
                cells=int(found.cells[label]),
                area_m2=float(shape.area * np.hypot(1.0, slope)),
                horizontal_area_m2=float(shape.area),
                obstructions=tuple(standing),
                borrowed=bool(found.borrowed[label]),
                parapet_height_m=above.parapets.get(label),
            )
        )
    return planes
