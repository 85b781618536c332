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
    left = max(int(np.floor((west - transform.c) / transform.a)) - MARGIN, 0)
    right = min(int(np.ceil((east - transform.c) / transform.a)) + MARGIN, surface.shape[1])
    top = max(int(np.floor((north - transform.f) / transform.e)) - MARGIN, 0)
    bottom = min(int(np.ceil((south - transform.f) / transform.e)) + MARGIN, surface.shape[0])
    part = np.asarray(surface[top : max(bottom, top), left : max(right, left)], float)
    return part, moved(transform, left, top)


def cells_inside(shape: tuple[int, ...], transform: Affine, footprint: BaseGeometry) -> Mask:
    """Mark the cells whose centre lies in a footprint."""
    x = transform.c + (np.arange(shape[1]) + 0.5) * transform.a
    y = transform.f + (np.arange(shape[0]) + 0.5) * transform.e
    shapely.prepare(footprint)
    inside: Mask = np.asarray(shapely.intersects_xy(footprint, *np.meshgrid(x, y)))
    return inside
