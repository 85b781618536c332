"""Cut a plane in two where a straight line across it pays for a second plane.

A window sees a few cells; a shallow ridge or a low step shows only when all cells on its
two sides are fitted together. Every plane is tried with lines in several directions and
at every offset; sums per strip of cells make each trial an addition.
"""

from __future__ import annotations

import numpy as np

from hexi_solar.compiled import machine_code
from hexi_solar.planes.fit import SUMS, Floats, Ints, Labels, add_cell, fit_plane, inlined

DIRECTIONS = 12  # lines tried, every 15°


@machine_code
def cut_planes(
    z: Floats,
    labels: Labels,
    squares: Floats,
    count: int,
    dx: float,
    dy: float,
    sigma: float,
    border: float,
    plane_price: float,
    roughness: float,
    smallest: int,
) -> int:
    """
    Cut every plane along the line that saves most, if it saves more than it costs.

    Parameters
    ----------
    z, labels
        Heights [m] and labels; `labels` is changed.
    squares
        Sum of squared residuals per plane. [m²]
    count
        Number of planes.
    dx, dy, sigma
        Cell size and standard deviation of a height about its plane. [m]
    border, plane_price
        Prices of a differing neighbour and of a plane. [-]
    roughness
        A cut must bring its smaller part nearer to the heights by this much. [m]
    smallest
        Cells that a plane needs at least.

    Returns
    -------
    count
        Number of planes, the new ones last.
    """
    cells, start = _cells_by_label(labels, count)
    total = count
    for k in range(count):
        # what no cut could save is not worth the search
        if (
            start[k + 1] - start[k] < 2 * smallest
            or squares[k] <= 2.0 * sigma * sigma * plane_price
        ):
            continue
        own = cells[start[k] : start[k + 1]]
        east, north, offset = _best_cut(
            z, own, squares[k], dx, dy, sigma, border, plane_price, roughness, smallest
        )
        if east == 0.0 and north == 0.0:
            continue
        for i in range(len(own)):
            if _along(own[i], east, north, dx, dy) >= offset:
                labels[own[i, 0], own[i, 1]] = total
        total += 1
    return total


@machine_code
def _cells_by_label(labels: Labels, count: int) -> tuple[Ints, Ints]:
    """List the cells of every label one after the other, and where each label's begin."""
    start = np.zeros(count + 1, np.int64)
    for k in labels.ravel():
        if k >= 0:
            start[k + 1] += 1
    start = np.cumsum(start)
    cells = np.empty((start[count], 2), np.int64)
    filled = start[:count].copy()
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            k = labels[r, c]
            if k >= 0:
                cells[filled[k], 0], cells[filled[k], 1] = r, c
                filled[k] += 1
    return cells, start


@inlined
def _along(cell: Ints, east: float, north: float, dx: float, dy: float) -> float:
    """How far a cell lies along a direction. [m]"""
    return float(east * (cell[1] + 0.5) * dx - north * (cell[0] + 0.5) * dy)


@machine_code
def _best_cut(
    z: Floats,
    cells: Ints,
    squares: float,
    dx: float,
    dy: float,
    sigma: float,
    border: float,
    plane_price: float,
    roughness: float,
    smallest: int,
) -> tuple[float, float, float]:
    """Find the line (east x + north y = offset) that saves most; zeros if none pays."""
    step = max(dx, dy)
    most = 0.0
    best = (0.0, 0.0, 0.0)
    for direction in range(DIRECTIONS):
        angle = np.pi * direction / DIRECTIONS
        east, north = np.sin(angle), np.cos(angle)
        low, high = np.inf, -np.inf
        for i in range(len(cells)):
            along = _along(cells[i], east, north, dx, dy)
            low, high = min(low, along), max(high, along)
        strips = int((high - low) / step) + 1
        sums = np.zeros((strips + 1, SUMS))
        for i in range(len(cells)):
            x, y = (cells[i, 1] + 0.5) * dx, -(cells[i, 0] + 0.5) * dy
            along = _along(cells[i], east, north, dx, dy)
            strip = min(int((along - low) / step), strips - 1)
            add_cell(sums[strip + 1], x, y, z[cells[i, 0], cells[i, 1]], 1.0)
        wide = sums[1:, 0].copy()
        for s in range(1, strips + 1):
            sums[s] += sums[s - 1]
        for s in range(1, strips):
            if sums[s, 0] < smallest or sums[strips, 0] - sums[s, 0] < smallest:
                continue
            parts = fit_plane(sums[s])[3] + fit_plane(sums[strips] - sums[s])[3]
            length = 0.5 * (wide[s - 1] + wide[s])
            fewer = min(sums[s, 0], sums[strips, 0] - sums[s, 0])
            if squares - parts < roughness * roughness * fewer:
                continue
            saved = (squares - parts) / (2.0 * sigma * sigma) - plane_price - 2.4 * border * length
            if saved > most:
                most = saved
                best = (east, north, low + s * step)
    return best
