"""Where the cells of a surface lie: the window over a footprint and the cells inside it."""

from __future__ import annotations

import numpy as np
import shapely
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from hexi_solar.planes.fit import Floats, Mask

MARGIN = 2  # cells kept around a footprint


def moved(transform: Affine, columns: float, rows: float) -> Affine:
    """Move the corner of a north-up grid by whole cells."""
    t = transform
    return Affine(t.a, 0.0, t.c + columns * t.a, 0.0, t.e, t.f + rows * t.e)


def finer(transform: Affine, times: int) -> Affine:
    """Divide the cells of a north-up grid."""
    t = transform
    return Affine(t.a / times, 0.0, t.c, 0.0, t.e / times, t.f)


def window_over(
    surface: Floats, transform: Affine, footprint: BaseGeometry
) -> tuple[Floats, Affine]:
    """Cut the cells around a footprint out of a surface, with a margin."""
    west, south, east, north = footprint.bounds
    left = int(np.floor((west - transform.c) / transform.a)) - MARGIN
    right = int(np.ceil((east - transform.c) / transform.a)) + MARGIN
    top = int(np.floor((north - transform.f) / transform.e)) - MARGIN
    bottom = int(np.ceil((south - transform.f) / transform.e)) + MARGIN
    part = np.full((bottom - top, right - left), np.nan)
    # what lies beyond the surface is as unknown as a gap in it
    r0, r1 = max(top, 0), min(bottom, surface.shape[0])
    c0, c1 = max(left, 0), min(right, surface.shape[1])
    if r1 > r0 and c1 > c0:
        part[r0 - top : r1 - top, c0 - left : c1 - left] = surface[r0:r1, c0:c1]
    return part, moved(transform, left, top)


def cells_inside(shape: tuple[int, ...], transform: Affine, footprint: BaseGeometry) -> Mask:
    """Mark the cells whose centre lies in a footprint."""
    x = transform.c + (np.arange(shape[1]) + 0.5) * transform.a
    y = transform.f + (np.arange(shape[0]) + 0.5) * transform.e
    shapely.prepare(footprint)
    inside: Mask = np.asarray(shapely.intersects_xy(footprint, *np.meshgrid(x, y)))
    return inside
