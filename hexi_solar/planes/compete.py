"""Planes compete for cells until no exchange, merger or split makes the whole cheaper.

The cost of a labelling is its length of description: squared residuals in units of the
noise, a price per metre of border between planes, and a price per plane. A cell goes to
the neighbouring plane that makes it cheapest, two planes merge if one plane describes
them more cheaply, a window leaves its plane if it pays for a plane of its own. Cells that
no plane describes at a bearable cost stay without one: chimneys, plant, trees, rims.
"""

from __future__ import annotations

import numpy as np

from hexi_solar.compiled import machine_code
from hexi_solar.planes.fit import (
    SUMS,
    Floats,
    Ints,
    Labels,
    fit_plane,
    height_above,
    refit,
    window_sums,
)

DIAGONAL = 0.7  # weight of a corner neighbour beside an edge neighbour's 1


@machine_code
def exchange_cells(
    z: Floats,
    labels: Labels,
    planes: Floats,
    dx: float,
    dy: float,
    sigma: float,
    border: float,
    stray: float,
    sweeps: int,
) -> int:
    """
    Give each cell the label, among its neighbours' and none, at which it costs least.

    Parameters
    ----------
    z, labels
        Heights [m] and labels; `labels` is changed.
    planes
        (a, b, c) per label.
    dx, dy, sigma
        Cell size and standard deviation of a height about its plane. [m]
    border, stray
        Price of a differing neighbour and of a cell without a plane. [-]
    sweeps
        Passes over all cells at most, in alternating direction.

    Returns
    -------
    changed
        Cells that changed in the last pass.
    """
    high, wide = z.shape
    half = 0.5 / (sigma * sigma)
    near = np.empty(9, np.int64)
    changed = 0
    for sweep in range(sweeps):
        changed = 0
        for step in range(high * wide):
            i = step if sweep % 2 == 0 else high * wide - 1 - step
            r, c = i // wide, i % wide
            if np.isnan(z[r, c]):
                continue
            own = labels[r, c]
            n, mixed = 0, own < 0
            for dr in range(-1, 2):
                for dc in range(-1, 2):
                    rr, cc = r + dr, c + dc
                    if rr < 0 or cc < 0 or rr >= high or cc >= wide or np.isnan(z[rr, cc]):
                        continue
                    if labels[rr, cc] != own:
                        mixed = True
                    near[n] = labels[rr, cc]
                    n += 1
            if not mixed:
                miss = height_above(z, r, c, planes, own, dx, dy)
                if miss * miss * half <= stray:
                    continue
            best, least = own, np.inf
            for k in range(-1, n):
                label = near[k] if k >= 0 else -1
                if label >= 0:
                    miss = height_above(z, r, c, planes, label, dx, dy)
                    cost = miss * miss * half
                else:
                    cost = stray
                for dr in range(-1, 2):
                    for dc in range(-1, 2):
                        rr, cc = r + dr, c + dc
                        if rr < 0 or cc < 0 or rr >= high or cc >= wide or np.isnan(z[rr, cc]):
                            continue
                        if (dr != 0 or dc != 0) and labels[rr, cc] != label:
                            cost += border if dr == 0 or dc == 0 else border * DIAGONAL
                if cost < least - 1e-12 or (cost < least + 1e-12 and label == own):
                    best, least = label, cost
            if best != own:
                labels[r, c] = best
                changed += 1
        if changed == 0:
            break
    return changed


@machine_code
def separate(labels: Labels, smallest: int) -> int:
    """Number the connected pieces of every label; pieces of too few cells lose theirs."""
    high, wide = labels.shape
    old = labels.copy()
    labels[:] = -1
    queue = np.empty((labels.size, 2), np.int64)
    count = 0
    for r0 in range(high):
        for c0 in range(wide):
            if old[r0, c0] < 0:
                continue
            label = old[r0, c0]
            queue[0, 0], queue[0, 1] = r0, c0
            old[r0, c0] = -1
            n, i = 1, 0
            while i < n:
                for dr in range(-1, 2):
                    for dc in range(-1, 2):
                        r, c = queue[i, 0] + dr, queue[i, 1] + dc
                        if 0 <= r < high and 0 <= c < wide and old[r, c] == label:
                            old[r, c] = -1
                            queue[n, 0], queue[n, 1] = r, c
                            n += 1
                i += 1
            if n >= smallest:
                for i in range(n):
                    labels[queue[i, 0], queue[i, 1]] = count
                count += 1
    return count


@machine_code
def borders(
    labels: Labels, planes: Floats, dx: float, dy: float
) -> tuple[Ints, Ints, Floats, Floats]:
    """
    Measure the common border of every two planes that have one.

    Returns
    -------
    first, second, lengths, steps
        The lower and the higher label, the number of differing neighbours, corners
        weighted, and the mean distance of the two planes in height along the border. [m]
    """
    high, wide = labels.shape
    count = len(planes)
    keys = np.empty(4 * labels.size, np.int64)
    weights = np.empty(4 * labels.size)
    falls = np.empty(4 * labels.size)
    n = 0
    for r in range(high):
        for c in range(wide):
            i = labels[r, c]
            if i < 0:
                continue
            for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
                rr, cc = r + dr, c + dc
                if rr >= high or cc < 0 or cc >= wide:
                    continue
                j = labels[rr, cc]
                if j < 0 or j == i:
                    continue
                x, y = (c + 0.5 + 0.5 * dc) * dx, -(r + 0.5 + 0.5 * dr) * dy
                a, b = planes[i, 0] - planes[j, 0], planes[i, 1] - planes[j, 1]
                keys[n] = min(i, j) * count + max(i, j)
                weights[n] = 1.0 if dr == 0 or dc == 0 else DIAGONAL
                falls[n] = weights[n] * abs(a * x + b * y + planes[i, 2] - planes[j, 2])
                n += 1
    order = np.argsort(keys[:n], kind="mergesort")
    found = 0
    pairs = np.empty(n, np.int64)
    lengths, steps = np.zeros(n), np.zeros(n)
    for k in order:
        if found == 0 or pairs[found - 1] != keys[k]:
            pairs[found] = keys[k]
            found += 1
        lengths[found - 1] += weights[k]
        steps[found - 1] += falls[k]
    pairs, lengths, steps = pairs[:found], lengths[:found], steps[:found]
    return pairs // max(count, 1), pairs % max(count, 1), lengths, steps / lengths


@machine_code
def border_length(z: Floats, labels: Labels) -> float:
    """Count neighbours of different labels on the roof, corners weighted."""
    total = 0.0
    for r in range(z.shape[0]):
        for c in range(z.shape[1]):
            if np.isnan(z[r, c]):
                continue
            for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
                rr, cc = r + dr, c + dc
                if rr >= z.shape[0] or cc < 0 or cc >= z.shape[1] or np.isnan(z[rr, cc]):
                    continue
                if labels[rr, cc] != labels[r, c]:
                    total += 1.0 if dr == 0 or dc == 0 else DIAGONAL
    return total


@machine_code
def merge_planes(
    z: Floats,
    labels: Labels,
    count: int,
    dx: float,
    dy: float,
    sigma: float,
    border: float,
    plane_price: float,
    same_angle: float,
    same_step: float,
) -> int:
    """
    Merge neighbours while that is cheaper, or while they differ less than a roofer could see.

    In every round those pairs merge of which each would gain most by the other.
    """
    while count > 1:
        planes, squares, sums = refit(z, labels, count, dx, dy)
        first, second, lengths, steps = borders(labels, planes, dx, dy)
        partner = np.full(count, -1)
        least = np.zeros(count)
        for e in range(len(first)):
            i, j = first[e], second[e]
            both = fit_plane(sums[i] + sums[j])[3]
            gain = (both - squares[i] - squares[j]) / (2.0 * sigma * sigma)
            gain -= border * lengths[e] + plane_price
            if gain > 0.0 and steps[e] <= same_step and lengths[e] >= 2.0:
                fewer = i if sums[i, 0] <= sums[j, 0] else j
                alike = _apart(sums[fewer], planes[i], planes[j]) <= 0.5 * same_step
                if alike or _angle(planes[i], planes[j]) <= same_angle:
                    gain = -1e-6 / (1.0 + e)  # no two alike, so some pair is always mutual
            if gain < least[i]:
                least[i], partner[i] = gain, j
            if gain < least[j]:
                least[j], partner[j] = gain, i
        target = np.arange(count)
        for i in range(count):
            j = partner[i]
            if j > i and partner[j] == i:
                target[j] = i
        numbers = np.full(count, -1)
        kept = 0
        for i in range(count):
            if target[i] == i:
                numbers[i] = kept
                kept += 1
        if kept == count:
            break
        for r in range(z.shape[0]):
            for c in range(z.shape[1]):
                if labels[r, c] >= 0:
                    labels[r, c] = numbers[target[labels[r, c]]]
        count = kept
    return count


@machine_code
def _apart(sums: Floats, one: Floats, two: Floats) -> float:
    """Root mean square of the heights between two planes over some cells. [m]"""
    a, b, c = one[0] - two[0], one[1] - two[1], one[2] - two[2]
    square = a * a * sums[3] + b * b * sums[5] + c * c * sums[0]
    square += 2.0 * (a * b * sums[4] + a * c * sums[1] + b * c * sums[2])
    return float(np.sqrt(max(square, 0.0) / sums[0]))


@machine_code
def _angle(one: Floats, two: Floats) -> float:
    """Angle between two planes. [°]"""
    dot = one[0] * two[0] + one[1] * two[1] + 1.0
    size = np.sqrt((one[0] ** 2 + one[1] ** 2 + 1.0) * (two[0] ** 2 + two[1] ** 2 + 1.0))
    return float(np.rad2deg(np.arccos(min(dot / size, 1.0))))


@machine_code
def split_planes(
    z: Floats,
    labels: Labels,
    planes: Floats,
    count: int,
    dx: float,
    dy: float,
    sigma: float,
    border: float,
    plane_price: float,
    steepest: float,
    size: int,
) -> int:
    """Start a new plane in every window of one size that pays for its own plane."""
    high, wide = z.shape[0] - size + 1, z.shape[1] - size + 1
    if high <= 0 or wide <= 0:
        return count
    price = plane_price + border * 4.0 * size * (1.0 + DIAGONAL)
    gains = np.empty(high * wide)
    places = np.empty(high * wide, np.int64)
    sums = np.zeros(SUMS)
    n = 0
    for r in range(high):
        for c in range(wide):
            old = _cost(z, labels, planes, r, c, size, dx, dy, sigma, 4.5)
            if old <= price or not window_sums(z, r, c, size, size, dx, dy, sums):
                continue
            a, b, _, squares = fit_plane(sums)
            gain = old - squares / (2.0 * sigma * sigma) - price
            free = size * size - 3.0
            if squares > sigma * sigma * (free + 2.0 * np.sqrt(2.0 * free)):
                continue
            if gain > 0.0 and a * a + b * b <= steepest * steepest:
                gains[n], places[n] = -gain, r * wide + c
                n += 1
    taken = np.zeros(z.shape, np.bool_)
    for i in np.argsort(gains[:n], kind="mergesort"):
        r, c = places[i] // wide, places[i] % wide
        if taken[r : r + size, c : c + size].any():
            continue
        taken[r : r + size, c : c + size] = True
        labels[r : r + size, c : c + size] = count
        count += 1
    return count


@machine_code
def _cost(
    z: Floats,
    labels: Labels,
    planes: Floats,
    top: int,
    left: int,
    size: int,
    dx: float,
    dy: float,
    sigma: float,
    stray: float,
) -> float:
    """Cost of a window as it is labelled now."""
    cost = 0.0
    for r in range(top, top + size):
        for c in range(left, left + size):
            k = labels[r, c]
            if np.isnan(z[r, c]):
                return 0.0
            if k < 0:
                cost += stray
            else:
                miss = height_above(z, r, c, planes, k, dx, dy)
                cost += miss * miss / (2.0 * sigma * sigma)
    return cost
