"""Planes too narrow for a window: what is left over beside the others.

Half of a small gable may be one cell wide. Such a strip says how high the plane lies but
hardly how steeply it falls across. Roofs are built in pairs, so the strip is tried with
the slopes of the planes that are known, turned by quarter circles: the opposite slope of a
gable, the end of a hip. It is taken only if it meets its neighbour in a ridge or valley
between the cells, which mixed cells along an eave do not.
"""

from __future__ import annotations

import numpy as np

from hexi_solar.compiled import machine_code
from hexi_solar.planes.fit import (
    SUMS,
    Floats,
    Ints,
    Labels,
    Mask,
    add_cell,
    fit_plane,
    height_above,
    inlined,
    label_sums,
)

LARGEST = 200  # cells of a strip; more of them without a plane are a tree or a dome


@machine_code
def add_strips(
    z: Floats,
    labels: Labels,
    planes: Floats,
    dx: float,
    dy: float,
    sigma: float,
    stray: float,
    plane_price: float,
    smallest: int,
    steepest: float,
) -> tuple[Floats, Mask]:
    """
    Find planes among the cells that have none.

    Parameters
    ----------
    z, labels
        Heights [m] and labels; cells that find a plane change theirs.
    planes
        (a, b, c) of the planes so far.
    dx, dy, sigma
        Cell size and standard deviation of a height about its plane. [m]
    stray, plane_price
        What a cell saves that finds a plane, and what a plane costs. [-]
    smallest
        Cells that a plane needs at least.
    steepest
        Largest slope. [-]

    Returns
    -------
    planes, borrowed
        With the new ones; whether the slope of a plane is borrowed from another.
    """
    cells, starts = _pieces(z, labels)
    count = len(starts) - 1
    most = len(planes) + 2 * count
    found = np.zeros((most, 3))
    found[: len(planes)] = planes
    borrowed = np.zeros(most, np.bool_)
    n = len(planes)
    for piece in range(count):
        left = cells[starts[piece] : starts[piece + 1]]
        for _ in range(2):
            if len(left) < smallest or len(left) > LARGEST:
                break
            plane, gain, lent = _best_plane(
                z, labels, left, planes, dx, dy, sigma, stray, smallest, steepest
            )
            if gain <= plane_price:
                break
            found[n], borrowed[n] = plane, lent
            kept = 0
            for i in range(len(left)):
                r, c = left[i]
                if 0.5 * (_miss(z, r, c, plane, dx, dy) / sigma) ** 2 < stray:
                    labels[r, c] = n
                else:
                    left[kept, 0], left[kept, 1] = r, c
                    kept += 1
            left = left[:kept]
            n += 1
    return found[:n], borrowed[:n]


@inlined
def _miss(z: Floats, r: int, c: int, plane: Floats, dx: float, dy: float) -> float:
    """Height of a cell above a plane. [m]"""
    return float(z[r, c] - plane[0] * (c + 0.5) * dx + plane[1] * (r + 0.5) * dy - plane[2])


@machine_code
def _pieces(z: Floats, labels: Labels) -> tuple[Ints, Ints]:
    """List the connected groups of cells without a plane: the cells, and where a group starts."""
    high, wide = z.shape
    seen = np.zeros(z.shape, np.bool_)
    cells = np.empty((z.size, 2), np.int64)
    starts = np.zeros(z.size + 1, np.int64)
    n = count = 0
    for r0 in range(high):
        for c0 in range(wide):
            if labels[r0, c0] >= 0 or np.isnan(z[r0, c0]) or seen[r0, c0]:
                continue
            i = n
            cells[n, 0], cells[n, 1] = r0, c0
            seen[r0, c0] = True
            n += 1
            while i < n:
                for dr in range(-1, 2):
                    for dc in range(-1, 2):
                        r, c = cells[i, 0] + dr, cells[i, 1] + dc
                        if not (0 <= r < high and 0 <= c < wide) or seen[r, c]:
                            continue
                        if labels[r, c] < 0 and not np.isnan(z[r, c]):
                            seen[r, c] = True
                            cells[n, 0], cells[n, 1] = r, c
                            n += 1
                i += 1
            count += 1
            starts[count] = n
    return cells[:n], starts[: count + 1]


@machine_code
def _neighbours(labels: Labels, cells: Ints, count: int) -> Ints:
    """List the planes that touch a group of cells."""
    near = np.empty(16, np.int64)
    n = 0
    for i in range(len(cells)):
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                r, c = cells[i, 0] + dr, cells[i, 1] + dc
                if not (0 <= r < labels.shape[0] and 0 <= c < labels.shape[1]):
                    continue
                k = labels[r, c]
                if 0 <= k < count and n < len(near) and not (near[:n] == k).any():
                    near[n] = k
                    n += 1
    return np.sort(near[:n])


@machine_code
def _best_plane(
    z: Floats,
    labels: Labels,
    cells: Ints,
    planes: Floats,
    dx: float,
    dy: float,
    sigma: float,
    stray: float,
    smallest: int,
    steepest: float,
) -> tuple[Floats, float, bool]:
    """Choose the plane that describes most of the cells: fitted freely, or with a known slope."""
    best, most, lent = np.zeros(3), 0.0, False
    sums = np.zeros(SUMS)
    plane = np.zeros(3)
    near = _neighbours(labels, cells, len(planes))
    for i in range(len(cells)):
        sums[:] = 0.0
        for j in range(len(cells)):
            if abs(cells[j, 0] - cells[i, 0]) <= 1 and abs(cells[j, 1] - cells[i, 1]) <= 1:
                r, c = cells[j]
                add_cell(sums, (c + 0.5) * dx, -(r + 0.5) * dy, z[r, c], 1.0)
        if sums[0] >= 5 and _is_wide(sums, dx, dy):
            plane[0], plane[1], plane[2], _ = fit_plane(sums)
            gain = _gain(z, cells, plane, dx, dy, sigma, stray, smallest)
            if gain > most and plane[0] ** 2 + plane[1] ** 2 <= steepest**2:
                best, most, lent = plane.copy(), gain, False
        for k in near:
            a, b = planes[k, 0], planes[k, 1]
            if a * a + b * b < 0.0076:  # 5°: a level plane lends no direction
                continue
            for quarter in range(4):
                r, c = cells[i]
                plane[0], plane[1], plane[2] = a, b, 0.0
                plane[2] = _miss(z, r, c, plane, dx, dy)
                a, b = -b, a
                gain = _gain(z, cells, plane, dx, dy, sigma, stray, smallest)
                # a slope of its own explains more before a borrowed one is believed
                if gain > most and quarter > 0 and _meets(labels, cells, plane, planes, dx, dy):
                    best, most, lent = plane.copy(), gain, True
    return best, most, lent


@machine_code
def _is_wide(sums: Floats, dx: float, dy: float) -> bool:
    """Say whether cells lie far enough from one line to tell a plane."""
    n = sums[0]
    xx = sums[3] / n - (sums[1] / n) ** 2
    yy = sums[5] / n - (sums[2] / n) ** 2
    xy = sums[4] / n - sums[1] * sums[2] / (n * n)
    least = 0.5 * (xx + yy) - np.sqrt(0.25 * (xx - yy) ** 2 + xy * xy)
    return bool(least >= 0.2 * dx * dy)


@machine_code
def _gain(
    z: Floats,
    cells: Ints,
    plane: Floats,
    dx: float,
    dy: float,
    sigma: float,
    stray: float,
    smallest: int,
) -> float:
    """What a plane would save over leaving the cells without one."""
    gain, n = 0.0, 0
    for i in range(len(cells)):
        miss = _miss(z, cells[i, 0], cells[i, 1], plane, dx, dy)
        cost = 0.5 * (miss / sigma) ** 2
        if cost < stray:
            gain += stray - cost
            n += 1
    return gain if n >= smallest else 0.0


@machine_code
def _meets(
    labels: Labels, cells: Ints, plane: Floats, planes: Floats, dx: float, dy: float
) -> bool:
    """Say whether a plane meets its neighbours between the cells on both sides."""
    size = max(dx, dy)
    near, all_ = 0, 0
    for i in range(len(cells)):
        for dr, dc in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            r, c = cells[i, 0] + dr, cells[i, 1] + dc
            if not (0 <= r < labels.shape[0] and 0 <= c < labels.shape[1]) or labels[r, c] < 0:
                continue
            k = labels[r, c]
            if k >= len(planes):
                continue
            da, db = plane[0] - planes[k, 0], plane[1] - planes[k, 1]
            x, y = (c + 0.5 - 0.5 * dc) * dx, -(r + 0.5 - 0.5 * dr) * dy
            apart = abs(da * x + db * y + plane[2] - planes[k, 2])
            all_ += 1
            if apart <= 0.75 * size * np.sqrt(da * da + db * db):
                near += 1
    return all_ >= 2 and near >= 0.7 * all_


@machine_code
def refit_height(
    z: Floats, labels: Labels, planes: Floats, borrowed: Mask, dx: float, dy: float
) -> tuple[Floats, Floats, Floats]:
    """Fit all planes anew, those with a borrowed slope in height alone; also their residuals."""
    count = len(planes)
    sums = label_sums(z, labels, count, dx, dy)
    found = planes.copy()
    for k in range(count):
        n = sums[k, 0]
        if n == 0.0:
            continue
        if borrowed[k]:
            found[k, 2] = (sums[k, 6] - found[k, 0] * sums[k, 1] - found[k, 1] * sums[k, 2]) / n
        elif n >= 4.0:
            found[k, 0], found[k, 1], found[k, 2], _ = fit_plane(sums[k])
    squares = np.zeros(count)
    for r in range(z.shape[0]):
        for c in range(z.shape[1]):
            if labels[r, c] >= 0:
                squares[labels[r, c]] += height_above(z, r, c, found, labels[r, c], dx, dy) ** 2
    return found, squares, sums[:, 0].copy()
