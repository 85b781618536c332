"""A plane through cells, from the ten sums that describe them.

Sums of two groups of cells add up to the sums of both together, so growing a plane,
moving a cell from one plane to its neighbour and asking what a merger would cost are
additions, never a second pass over the cells. Coordinates are local, in metres, with
x to the east and y to the north; a plane is z = a x + b y + c.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from hexi_solar.compiled import machine_code

Floats = NDArray[np.float64]
Labels = NDArray[np.int32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

SUMS = 10  # n, x, y, xx, xy, yy, z, xz, yz, zz
inlined = partial(machine_code, inline="always")  # for the shortest of loops' bodies

LEVELLING = 1e-7  # pulls a plane through cells in one line to the one that tilts least [m²]


@inlined
def add_cell(sums: Floats, x: float, y: float, z: float, weight: float) -> None:
    """Add one cell to the sums, or take it out with weight -1."""
    sums[0] += weight
    sums[1] += weight * x
    sums[2] += weight * y
    sums[3] += weight * x * x
    sums[4] += weight * x * y
    sums[5] += weight * y * y
    sums[6] += weight * z
    sums[7] += weight * x * z
    sums[8] += weight * y * z
    sums[9] += weight * z * z


@inlined
def height_above(z: Floats, r: int, c: int, planes: Floats, k: int, dx: float, dy: float) -> float:
    """Height of a cell above one of the planes. [m]"""
    x, y = (c + 0.5) * dx, -(r + 0.5) * dy
    return float(z[r, c] - planes[k, 0] * x - planes[k, 1] * y - planes[k, 2])


@machine_code
def fit_plane(sums: Floats) -> tuple[float, float, float, float]:
    """
    Fit z = a x + b y + c by least squares.

    Parameters
    ----------
    sums
        n, Σx, Σy, Σxx, Σxy, Σyy, Σz, Σxz, Σyz, Σzz over the cells, coordinates in metres.

    Returns
    -------
    a, b, c, squares
        Slopes [-], height at the origin [m] and the sum of squared residuals [m²].

    Examples
    --------
    Four cells on z = 2 x + 1:

    >>> sums = np.zeros(SUMS)
    >>> for x, y in [(0, 0), (1, 0), (0, 1), (1, 1)]:
    ...     add_cell(sums, float(x), float(y), 2.0 * x + 1.0, 1.0)
    >>> [round(v, 5) + 0.0 for v in fit_plane(sums)]
    [2.0, 0.0, 1.0, 0.0]
    """
    n = sums[0]
    if n < 1.0:
        return 0.0, 0.0, 0.0, 0.0
    mx, my, mz = sums[1] / n, sums[2] / n, sums[6] / n
    xx = sums[3] - n * mx * mx + n * LEVELLING
    yy = sums[5] - n * my * my + n * LEVELLING
    xy = sums[4] - n * mx * my
    xz = sums[7] - n * mx * mz
    yz = sums[8] - n * my * mz
    zz = sums[9] - n * mz * mz
    det = xx * yy - xy * xy
    a = (xz * yy - yz * xy) / det
    b = (yz * xx - xz * xy) / det
    return a, b, mz - a * mx - b * my, max(zz - a * xz - b * yz, 0.0)


@machine_code
def window_sums(
    z: Floats, top: int, left: int, rows: int, columns: int, dx: float, dy: float, sums: Floats
) -> bool:
    """Sum the cells of a window up; False where one of them is unknown."""
    sums[:] = 0.0
    for r in range(top, top + rows):
        for c in range(left, left + columns):
            if np.isnan(z[r, c]):
                return False
            add_cell(sums, (c + 0.5) * dx, -(r + 0.5) * dy, z[r, c], 1.0)
    return True


@machine_code
def label_sums(z: Floats, labels: Labels, count: int, dx: float, dy: float) -> Floats:
    """Sum the cells of every label up."""
    sums = np.zeros((count, SUMS))
    for r in range(z.shape[0]):
        for c in range(z.shape[1]):
            if labels[r, c] >= 0:
                add_cell(sums[labels[r, c]], (c + 0.5) * dx, -(r + 0.5) * dy, z[r, c], 1.0)
    return sums


@machine_code
def refit(
    z: Floats, labels: Labels, count: int, dx: float, dy: float
) -> tuple[Floats, Floats, Floats]:
    """
    Fit the plane of every label anew.

    Returns
    -------
    planes, squares, sums
        (a, b, c) per label, sum of squared residuals [m²], and the ten sums.
    """
    sums = label_sums(z, labels, count, dx, dy)
    planes = np.zeros((count, 3))
    squares = np.zeros(count)
    for k in range(count):
        planes[k, 0], planes[k, 1], planes[k, 2], squares[k] = fit_plane(sums[k])
    return planes, squares, sums
