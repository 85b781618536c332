"""From the heights over one footprint to a plane number for each of its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hexi_solar.compiled import machine_code
from hexi_solar.planes.bisect import cut_planes
from hexi_solar.planes.compete import (
    border_length,
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
TURNS = 7  # of exchange, merger and split; the last without a split


DOUBLINGS = 2  # of the scatter, where the noise does not explain the roof
WORTH = 0.35  # price per cell from which a doubled scatter may pay


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
    sigma: float
    """Scatter of the heights about their planes that describes the roof most shortly. [m]"""


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
    best, least = _at(z, dx, dy, sigma, settings)
    cells = int(np.isfinite(z).sum())
    for _ in range(DOUBLINGS):
        # half as exact a description saves at most what planes, borders and strays cost now
        if 2.0 * sigma > settings.most_noise_m:
            break
        if least - cells * np.log(sigma) < cells * WORTH:
            break
        sigma *= 2.0
        other, length = _at(z, dx, dy, sigma, settings)
        if length >= least:
            break
        best, least = other, length
    return best


def _at(
    z: Floats, dx: float, dy: float, sigma: float, settings: PlaneSettings
) -> tuple[Segments, float]:
    """Segment at one scatter; returns the length of description as well."""
    steepest = float(np.tan(np.deg2rad(settings.steepest_tilt)))
    smallest = max(int(np.ceil(settings.smallest_area_m2 / (dx * dy))), settings.smallest_cells)
    labels, planes, squares, cells, borrowed = _segment(
        z, dx, dy, sigma, WINDOWS, settings.reach_sigma, steepest, smallest,
        settings.border_price, settings.stray_price, settings.plane_price,
        settings.same_angle, settings.same_step_m, settings.roughness_m,
    )  # fmt: skip
    length = squares.sum() / (2.0 * sigma * sigma) + cells.sum() * np.log(sigma)
    length += (cells > 0).sum() * settings.plane_price
    strays = np.isfinite(z).sum() - cells.sum()
    length += strays * (settings.stray_price + np.log(sigma))
    length += border_length(z, labels) * settings.border_price
    return Segments(labels, planes, squares, cells, borrowed, sigma), float(length)


@machine_code
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
    roughness: float,
) -> tuple[Labels, Floats, Floats, Floats, Mask]:
    """Grow, then exchange, merge and split in turn; at last add what is narrow."""
    labels, count = grow_planes(z, dx, dy, sigma, windows, reach, steepest)
    for turn in range(TURNS):
        for _ in range(3):
            planes, _s, _n = refit(z, labels, count, dx, dy)
            if exchange_cells(z, labels, planes, dx, dy, sigma, border, stray, 6) == 0:
                break
        count = separate(labels, smallest)
        count = merge_planes(
            z, labels, count, dx, dy, sigma, border, plane_price, same_angle, same_step
        )
        planes, squares, _n = refit(z, labels, count, dx, dy)
        if turn % 2 == 0 and turn < TURNS - 1:
            count = cut_planes(
                z, labels, squares, count, dx, dy, sigma, border, plane_price, roughness, smallest
            )
        elif turn < TURNS - 1:
            size = 5 if turn == 1 else 3
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
