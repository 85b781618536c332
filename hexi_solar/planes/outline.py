"""From cells to clean polygons that share their edges and stay inside the footprint.

Where two planes meet in a ridge, a hip or a valley, the edge is the line in which they
intersect, known far better than a cell. Where they meet in a step, the edge lies
somewhere between two cells and is drawn smoothly. Eaves are the footprint's own edge.
All planes of a roof are drawn on one finer grid and straightened together, as one
coverage, so no two of them overlap.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from hexi_solar.compiled import machine_code
from hexi_solar.planes.fit import Floats, Labels, Mask

FINE = 4  # finer cells per cell and direction
CLOSE = 1.2  # an intersection line this near the border of the cells is the edge [cells]


def fill_gaps(labels: Labels, fillable: Mask, reach: float) -> Labels:
    """Give cells without a plane the nearest one's, within a reach in cells."""
    bare = labels < 0
    if not bare.any() or bare.all():
        return labels
    distance, nearest = ndimage.distance_transform_edt(bare, return_indices=True)
    filled = labels[tuple(nearest)]
    return np.where(fillable & (distance <= reach), filled, labels).astype(np.int32)


def small_gaps(bare: Mask, largest: float) -> Mask:
    """Mark the connected groups of bare cells that are no larger than so many cells."""
    pieces, count = ndimage.label(bare)
    if not count:
        return bare
    size = np.bincount(pieces.ravel())
    small: Mask = bare & (size[pieces] <= largest)
    return small


@machine_code
def crease_kinds(labels: Labels, planes: Floats, dx: float, dy: float) -> NDArray[np.int8]:
    """
    Find how every two planes meet: 1 the lower one is the roof (ridge, hip), 2 the higher
    one is (valley), 0 neither, a step.
    """
    count = len(planes)
    votes = np.zeros((count, count), np.float32)  # above the diagonal lower, below it higher
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            i = labels[r, c]
            if i < 0:
                continue
            x, y = (c + 0.5) * dx, -(r + 0.5) * dy
            for dr in range(-2, 3):
                for dc in range(-2, 3):
                    rr, cc = r + dr, c + dc
                    if not (0 <= rr < labels.shape[0] and 0 <= cc < labels.shape[1]):
                        continue
                    j = labels[rr, cc]
                    if j < 0 or j == i:
                        continue
                    above = (
                        (planes[i, 0] - planes[j, 0]) * x
                        + (planes[i, 1] - planes[j, 1]) * y
                        + planes[i, 2]
                        - planes[j, 2]
                    )
                    slope = np.hypot(planes[i, 0] - planes[j, 0], planes[i, 1] - planes[j, 1])
                    if abs(above) > 3.0 * max(dx, dy) * slope:
                        continue
                    low, high = min(i, j), max(i, j)
                    if above < 0.0:
                        votes[low, high] -= above
                    else:
                        votes[high, low] += above
    kinds = np.zeros((count, count), np.int8)
    for i in range(count):
        for j in range(i + 1, count):
            lower, higher = votes[i, j], votes[j, i]
            if lower + higher > 0.0:
                if lower >= 0.85 * (lower + higher):
                    kinds[i, j] = kinds[j, i] = 1
                elif higher >= 0.85 * (lower + higher):
                    kinds[i, j] = kinds[j, i] = 2
    return kinds


@machine_code
def refine_labels(
    labels: Labels, planes: Floats, kinds: NDArray[np.int8], dx: float, dy: float
) -> Labels:
    """
    Label a grid that is `FINE` times finer.

    Each fine cell takes the label with most weight around it (a quadratic spline over 3x3
    cells); where that plane intersects a neighbour close by, the height decides instead.
    """
    high, wide = labels.shape
    fine = np.full((high * FINE, wide * FINE), np.int32(-1))
    near = np.empty(9, np.int32)
    weight = np.empty(9)
    for r in range(high * FINE):
        row = r // FINE
        v = (r % FINE + 0.5) / FINE - 0.5
        y = -(r + 0.5) * dy / FINE
        rows = (0.5 * (0.5 - v) ** 2, 0.75 - v * v, 0.5 * (0.5 + v) ** 2)
        for c in range(wide * FINE):
            column = c // FINE
            u = (c % FINE + 0.5) / FINE - 0.5
            x = (c + 0.5) * dx / FINE
            columns = (0.5 * (0.5 - u) ** 2, 0.75 - u * u, 0.5 * (0.5 + u) ** 2)
            n = 0
            for dr in range(3):
                for dc in range(3):
                    rr, cc = row + dr - 1, column + dc - 1
                    if not (0 <= rr < high and 0 <= cc < wide):
                        continue
                    label, share = labels[rr, cc], rows[dr] * columns[dc]
                    found = False
                    for k in range(n):
                        if near[k] == label:
                            weight[k] += share
                            found = True
                    if not found:
                        near[n], weight[n] = label, share
                        n += 1
            best = 0
            for k in range(1, n):
                if weight[k] > weight[best]:
                    best = k
            chosen = near[best]
            if chosen >= 0 and n > 1:
                chosen = _by_height(chosen, near[:n], planes, kinds, x, y, CLOSE * max(dx, dy))
            fine[r, c] = chosen
    return fine


@machine_code
def _by_height(
    chosen: int,
    near: Labels,
    planes: Floats,
    kinds: NDArray[np.int8],
    x: float,
    y: float,
    close: float,
) -> int:
    """Let the lower plane win at ridges and the higher in valleys, until none is beaten."""
    first = chosen
    for _ in range(len(near)):
        beaten = False
        for k in range(len(near)):
            other = near[k]
            if other < 0 or other == chosen or kinds[chosen, other] == 0:
                continue
            da = planes[chosen, 0] - planes[other, 0]
            db = planes[chosen, 1] - planes[other, 1]
            above = da * x + db * y + planes[chosen, 2] - planes[other, 2]
            slope = np.sqrt(da * da + db * db)
            if abs(above) > close * slope:
                continue
            ridge = kinds[chosen, other] == 1
            if (ridge and above > 0.0) or (not ridge and above < 0.0):
                chosen, beaten = other, True
        if not beaten:
            return chosen
    return first  # they beat each other in a circle


def plane_polygons(
    fine: Labels, transform: Affine, footprint: BaseGeometry, tolerance: float, smallest: float
) -> list[tuple[int, shapely.Polygon]]:
    """
    Trace the fine labels as polygons, straighten them together and clip them.

    Parameters
    ----------
    fine
        Labels on the fine grid.
    transform
        From column and row of the fine grid to map coordinates.
    footprint
        What no plane may leave.
    tolerance
        Edges are straightened within about this distance. [m]
    smallest
        Pieces of less area are dropped. [m²]

    Returns
    -------
    pieces
        (label, polygon), by label, then from west to east.
    """
    traced = [
        (int(value), shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:]))
        for shape, value in shapes(fine, mask=fine >= 0, connectivity=4, transform=transform)
    ]
    if not traced:
        return []
    polygons = np.array([shape for _, shape in traced], dtype=object)
    straight = shapely.coverage_simplify(polygons, tolerance)
    clipped = shapely.intersection(straight, footprint)
    pieces = []
    for (label, _), shape in zip(traced, clipped, strict=True):
        parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
        pieces += [(label, p) for p in parts if p.area >= smallest]
    return sorted(pieces, key=lambda piece: (piece[0], piece[1].bounds))
