"""First guess of the planes: small windows that fit one well, grown over their neighbours.

Windows are tried from large to small. A large window averages the noise away but needs a
wide roof; a small one finds the narrow strips that the large ones could not enter. What
counts as a good fit follows from the noise of the surface itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hexi_solar.compiled import machine_code
from hexi_solar.planes.fit import SUMS, Floats, Ints, Labels, add_cell, fit_plane, window_sums

# first quartile of chi-square over its degrees of freedom: 3x3 cells less 3 parameters
QUARTILE = 3.4546 / 6.0


def noise_of(surfaces: Sequence[Floats], dx: float, dy: float) -> tuple[float, int]:
    """
    Estimate the noise of the heights from how well small windows fit a plane.

    The lower quartile of the residuals is used, so that up to about half of the windows
    may lie across a ridge or a step. Noise that is alike in neighbouring cells is missed.

    Parameters
    ----------
    surfaces
        Heights over one or more roofs, NaN where unknown or off the roof. [m]
    dx, dy
        Cell size. [m]

    Returns
    -------
    noise, windows
        Standard deviation [m], NaN without a window; number of windows it rests on.

    Examples
    --------
    >>> z = np.random.default_rng(1).normal(0.0, 0.1, (80, 80))
    >>> round(noise_of([z], 0.5, 0.5)[0], 2)
    0.1
    """
    squares = np.concatenate([window_squares(z, 3, dx, dy) for z in surfaces])
    if not len(squares):
        return float("nan"), 0
    return float(np.sqrt(np.quantile(squares, 0.25) / 6.0 / QUARTILE)), len(squares)


@machine_code
def window_squares(z: Floats, size: int, dx: float, dy: float) -> Floats:
    """Sum the squared residuals of every whole window of size x size cells. [m²]"""
    high, wide = z.shape[0] - size + 1, z.shape[1] - size + 1
    found = np.empty(max(high, 0) * max(wide, 0))
    sums = np.zeros(SUMS)
    n = 0
    for r in range(high):
        for c in range(wide):
            if window_sums(z, r, c, size, size, dx, dy, sums):
                found[n] = fit_plane(sums)[3]
                n += 1
    return found[:n]


@machine_code
def grow_planes(
    z: Floats, dx: float, dy: float, sigma: float, windows: Ints, reach: float, steepest: float
) -> tuple[Labels, int]:
    """
    Label cells by planes grown from the windows that fit best.

    Parameters
    ----------
    z
        Heights, NaN where unknown or off the roof. [m]
    dx, dy
        Cell size. [m]
    sigma
        Standard deviation of a height about its plane. [m]
    windows
        Window sizes (rows, columns) in the order in which they are tried.
    reach
        A cell joins a plane if it lies within this many `sigma` of it. [-]
    steepest
        Largest slope of a roof plane, as rise over run. [-]

    Returns
    -------
    labels, count
        Plane of each cell, -1 for none yet; number of planes.
    """
    labels = np.full(z.shape, np.int32(-1))
    count = 0
    for size in range(len(windows)):
        count = _seed_windows(
            z, labels, count, dx, dy, sigma, windows[size, 0], windows[size, 1], reach, steepest
        )
    return labels, count


@machine_code
def _seed_windows(
    z: Floats,
    labels: Labels,
    count: int,
    dx: float,
    dy: float,
    sigma: float,
    rows: int,
    columns: int,
    reach: float,
    steepest: float,
) -> int:
    """Grow a plane from every free window of one size, best fit first."""
    high, wide = z.shape[0] - rows + 1, z.shape[1] - columns + 1
    if high <= 0 or wide <= 0:
        return count
    free = rows * columns - 3.0
    bound = sigma * sigma * (free + 2.0 * np.sqrt(2.0 * free))
    places = np.empty(high * wide, np.int64)
    fits = np.empty(high * wide)
    sums = np.zeros(SUMS)
    n = 0
    for r in range(high):
        for c in range(wide):
            if not _is_free(labels, r, c, rows, columns):
                continue
            if not window_sums(z, r, c, rows, columns, dx, dy, sums):
                continue
            a, b, _, squares = fit_plane(sums)
            if squares <= bound and a * a + b * b <= steepest * steepest:
                places[n], fits[n] = r * wide + c, squares
                n += 1
    queue = np.empty((z.size if n else 1, 2), np.int64)
    for i in np.argsort(fits[:n], kind="mergesort"):
        r, c = places[i] // wide, places[i] % wide
        if _is_free(labels, r, c, rows, columns):
            _grow(z, labels, count, queue, r, c, rows, columns, dx, dy, reach * sigma, steepest)
            count += 1
    return count


@machine_code
def _is_free(labels: Labels, top: int, left: int, rows: int, columns: int) -> bool:
    """Say whether no cell of a window has a plane yet."""
    for r in range(top, top + rows):
        for c in range(left, left + columns):
            if labels[r, c] >= 0:
                return False
    return True


@machine_code
def _grow(
    z: Floats,
    labels: Labels,
    label: int,
    queue: Ints,
    top: int,
    left: int,
    rows: int,
    columns: int,
    dx: float,
    dy: float,
    tolerance: float,
    steepest: float,
) -> None:
    """Add ring after ring of neighbours that lie on the plane, fitted anew after each ring."""
    sums = np.zeros(SUMS)
    n = 0
    for r in range(top, top + rows):
        for c in range(left, left + columns):
            labels[r, c] = label
            add_cell(sums, (c + 0.5) * dx, -(r + 0.5) * dy, z[r, c], 1.0)
            queue[n, 0], queue[n, 1] = r, c
            n += 1
    a, b, plane_c, _ = fit_plane(sums)
    start = 0
    while start < n:
        end = n
        for i in range(start, end):
            for dr in range(-1, 2):
                for dc in range(-1, 2):
                    r, c = queue[i, 0] + dr, queue[i, 1] + dc
                    if r < 0 or c < 0 or r >= z.shape[0] or c >= z.shape[1]:
                        continue
                    if labels[r, c] >= 0 or np.isnan(z[r, c]):
                        continue
                    x, y = (c + 0.5) * dx, -(r + 0.5) * dy
                    if abs(z[r, c] - a * x - b * y - plane_c) <= tolerance:
                        labels[r, c] = label
                        add_cell(sums, x, y, z[r, c], 1.0)
                        queue[n, 0], queue[n, 1] = r, c
                        n += 1
        start = end
        new_a, new_b, new_c, _ = fit_plane(sums)
        if new_a * new_a + new_b * new_b <= steepest * steepest:
            a, b, plane_c = new_a, new_b, new_c
