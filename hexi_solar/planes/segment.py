"""From the heights over one footprint to a plane number for each of its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from hexi_solar.planes.compete import (
    exchange_cells,
    merge_planes,
    separate,
    split_planes,
)
from hexi_solar.planes.fit import Floats, Ints, Labels, Mask, refit
from hexi_solar.planes.grow import grow_planes
from hexi_solar.planes.settings import PlaneSettings
from hexi_solar.planes.strips import add_strips, refit_height

# rows and columns of the windows that planes grow from, in the order they are tried
WINDOWS: Ints = np.array(
    [(7, 7), (5, 5), (3, 5), (5, 3), (3, 3), (2, 4), (4, 2), (2, 3), (3, 2)], np.int64
)


@dataclass(frozen=True)
class Segments:
    """Planes over one footprint, as cells."""

    labels: Labels
    """Plane of each cell, -1 for none."""
    planes: Floats
    """(a, b, c) per plane in local coordinates. [-, -, m]"""
    squares: Floats
    """Sum of squared residuals per plane. [m²]"""
    cells: Floats
    """Number of cells per plane."""
    borrowed: Mask
    """Whether a plane, too narrow for its own, has the slope of another one, turned."""


def segment_roof(
    z: Floats, dx: float, dy: float, noise: float, settings: PlaneSettings
) -> Segments:
    """
    Label the cells of one roof by plane.

    Parameters
    ----------
    z
        Heights, NaN where unknown or off the roof, rows from north to south. [m]
    dx, dy
        Cell size. [m]
    noise
        Standard deviation of the heights. [m]
    settings
        Prices and limits.
    """
    sigma = float(np.hypot(noise, settings.roughness_m))
    steepest = float(np.tan(np.deg2rad(settings.steepest_tilt)))
    smallest = max(int(np.ceil(settings.smallest_area_m2 / (dx * dy))), settings.smallest_cells)
    labels, planes, squares, cells, borrowed = _segment(
        z, dx, dy, sigma, WINDOWS, settings.reach_sigma, steepest, smallest,
        settings.border_price, settings.stray_price, settings.plane_price,
        settings.same_angle, settings.same_step_m,
    )  # fmt: skip
    return Segments(labels, planes, squares, cells, borrowed)


@nb.njit(cache=True, nogil=True)
def _segment(
    z: Floats,
    dx: float,
    dy: float,
    sigma: float,
    windows: Ints,
    reach: float,
    steepest: float,
    smallest: int,
    border: float,
    stray: float,
    plane_price: float,
    same_angle: float,
    same_step: float,
) -> tuple[Labels, Floats, Floats, Floats, Mask]:
    """Grow, then exchange, merge and split in turn; at last add what is narrow."""
    labels, count = grow_planes(z, dx, dy, sigma, windows, reach, steepest)
    for turn in range(6):
        for _ in range(3):
            planes, _s, _n = refit(z, labels, count, dx, dy)
            if exchange_cells(z, labels, planes, dx, dy, sigma, border, stray, 6) == 0:
                break
        count = separate(labels, smallest)
        count = merge_planes(
            z, labels, count, dx, dy, sigma, border, plane_price, same_angle, same_step
        )
        if turn < 4:
            planes, _s, _n = refit(z, labels, count, dx, dy)
            size = 5 if turn % 2 == 0 else 3
            count = split_planes(
                z, labels, planes, count, dx, dy, sigma, border, plane_price, steepest, size
            )
    planes, squares, _s = refit(z, labels, count, dx, dy)
    planes, borrowed = add_strips(
        z, labels, planes, dx, dy, sigma, stray, plane_price, smallest, steepest
    )
    for _ in range(3):
        planes, squares, cells = refit_height(z, labels, planes, borrowed, dx, dy)
        exchange_cells(z, labels, planes, dx, dy, sigma, border, stray, 6)
    planes, squares, cells = refit_height(z, labels, planes, borrowed, dx, dy)
    return labels, planes, squares, cells, borrowed
