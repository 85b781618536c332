"""What does not lie on a plane: obstructions above it and the rim around it.

A raised piece of a roof counts as an obstruction while it is small and stands on one
plane; a larger one is a roof of its own. Raised cells along the edge of a flat roof are its
parapet. Both go back to the plane they stand on, and are kept as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy import ndimage

from hexi_solar.planes.fit import Floats, Labels, Mask
from hexi_solar.planes.found import Obstruction
from hexi_solar.planes.grid import moved
from hexi_solar.planes.segment import Segments
from hexi_solar.planes.settings import PlaneSettings

AROUND = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Above:
    """Cells with their plane, and what stands on the planes."""

    labels: Labels
    """Plane of each cell, those below obstructions and rims included."""
    obstructions: dict[int, list[Obstruction]]
    parapets: dict[int, float]
    """Height of the rim by plane. [m]"""


def heights_above(
    z: Floats, plane: Floats, cell: tuple[float, float], box: tuple[slice, slice]
) -> Floats:
    """Heights of a window's cells above a plane in local coordinates. [m]"""
    rows, columns = box
    x = (np.arange(columns.start, columns.stop) + 0.5) * cell[0]
    y = -(np.arange(rows.start, rows.stop) + 0.5) * cell[1]
    height: Floats = z[box] - plane[0] * x - plane[1] * y[:, None] - plane[2]
    return height


def read_above(
    z: Floats,
    found: Segments,
    transform: Affine,
    cell: tuple[float, float],
    settings: PlaneSettings,
) -> Above:
    """
    Sort what stands out of the planes.

    Parameters
    ----------
    z
        Heights, NaN off the roof. [m]
    found
        Planes as cells.
    transform
        From column and row to map coordinates.
    cell
        Cell size (dx, dy). [m]
    settings
        Limits.
    """
    sigma = found.sigma
    labels = found.labels.copy()
    small = _small_raised(z, labels, found, cell, settings)
    bare = (labels < 0) & ~np.isnan(z)
    bare[small] = True
    labels[small] = -1
    parapets, rims = _parapets(z, labels, bare, found, cell, sigma, settings)
    labels = np.where(rims >= 0, rims, labels).astype(np.int32)
    bare &= rims < 0
    obstructions: dict[int, list[Obstruction]] = {}
    threshold = max(settings.raised_m, 4.0 * sigma)
    pieces, count = ndimage.label(bare, AROUND)
    for box, number in zip(ndimage.find_objects(pieces), range(1, count + 1), strict=True):
        rows, columns = _wider(box, z.shape)
        piece = pieces[rows, columns] == number
        if piece.sum() * cell[0] * cell[1] > settings.obstruction_area_m2:
            continue
        host = _host(piece, labels[rows, columns])
        if host < 0:
            continue
        above = heights_above(z, found.planes[host], cell, (rows, columns))
        high = piece & (above > threshold)
        labels[rows, columns][piece] = host
        part = moved(transform, columns.start, rows.start)
        shapes_ = _cell_polygons(high, part)
        obstructions.setdefault(host, []).extend(
            Obstruction(shape, float(above[inside].max())) for shape, inside in shapes_
        )
    return Above(labels, obstructions, parapets)


def _wider(box: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Widen a window by one cell."""
    rows, columns = box
    return (
        slice(max(rows.start - 1, 0), min(rows.stop + 1, shape[0])),
        slice(max(columns.start - 1, 0), min(columns.stop + 1, shape[1])),
    )


def _host(piece: Mask, labels: Labels) -> int:
    """Find the plane that most of the cells around a piece lie on."""
    ring = ndimage.binary_dilation(piece, AROUND, iterations=2) & ~piece & (labels >= 0)
    near = labels[ring]
    return int(np.bincount(near).argmax()) if len(near) else -1


def _small_raised(
    z: Floats, labels: Labels, found: Segments, cell: tuple[float, float], settings: PlaneSettings
) -> Mask:
    """Mark small planes that stand in the middle of another one and above it all around."""
    marked = np.zeros(labels.shape, bool)
    size = cell[0] * cell[1]
    for k, box in enumerate(ndimage.find_objects(labels + 1)):
        if box is None or found.cells[k] * size > settings.obstruction_area_m2:
            continue
        rows, columns = _wider(_wider(box, labels.shape), labels.shape)
        piece = labels[rows, columns] == k
        ring = ndimage.binary_dilation(piece, AROUND, iterations=2) & ~piece
        around = labels[rows, columns][ring]
        host = _host(piece, labels[rows, columns])
        inside = ~np.isnan(z[rows, columns][ring])
        # half of the cells around are of one plane, few of others, few beyond the edge
        if host < 0 or (around == host).mean() < 0.5 or inside.mean() < 0.9:
            continue
        if (around[around >= 0] == host).mean() < 0.75:
            continue
        above = heights_above(z, found.planes[host], cell, (rows, columns))[piece]
        if np.quantile(above, 0.25) > settings.raised_m:
            marked[rows, columns] |= piece
    return marked


def _parapets(
    z: Floats,
    labels: Labels,
    bare: Mask,
    found: Segments,
    cell: tuple[float, float],
    sigma: float,
    settings: PlaneSettings,
) -> tuple[dict[int, float], Labels]:
    """Find raised cells along the edges of flat planes; returns heights and the rims' planes."""
    parapets: dict[int, float] = {}
    whole = slice(0, z.shape[0]), slice(0, z.shape[1])
    rims = np.full(labels.shape, np.int32(-1))
    inside = ~np.isnan(z)
    depth = ndimage.distance_transform_edt(np.pad(inside, 1), sampling=cell[::-1])[1:-1, 1:-1]
    band = inside & (depth <= settings.rim_width_m + 0.5 * max(cell))
    edge = inside & (depth <= max(cell) * 1.01)
    on_rim = _rim_planes(labels, band, len(found.planes))
    bare = bare | (on_rim[labels] & (labels >= 0))
    tilts = np.rad2deg(np.arctan(np.hypot(found.planes[:, 0], found.planes[:, 1])))
    nearest = _nearest(np.where(bare, -1, labels).astype(np.int32))
    for k in np.flatnonzero((tilts <= settings.flat_tilt) & ~on_rim):
        own = nearest == k
        if not (own & edge).any():
            continue
        above = heights_above(z, found.planes[k], cell, whole)
        # cells that the rim fills in part stand lower than the rim
        high = own & band & bare & (above > max(0.5 * settings.raised_m, 4.0 * sigma))
        high &= above <= settings.rim_height_m
        if (high & edge).sum() >= settings.rim_share * (own & edge).sum():
            # a rim narrower than a cell shows only in part, so its full height is near the top
            parapets[int(k)] = float(np.quantile(above[high & edge], 0.75))
            rims[high] = k
    return parapets, rims


def _rim_planes(labels: Labels, band: Mask, count: int) -> Mask:
    """Say which planes lie along the edge of the roof only, no wider than a rim."""
    cells = np.bincount(labels[labels >= 0], minlength=count)
    rim = np.bincount(labels[(labels >= 0) & band], minlength=count)
    slim: Mask = rim >= 0.9 * np.maximum(cells, 1)
    return slim


def _nearest(labels: Labels) -> Labels:
    """Plane nearest to each cell."""
    if (labels < 0).all():
        return labels
    index = ndimage.distance_transform_edt(labels < 0, return_distances=False, return_indices=True)
    nearest: Labels = labels[tuple(index)]
    return nearest


def _cell_polygons(mask: Mask, transform: Affine) -> list[tuple[shapely.Polygon, Mask]]:
    """Outline connected cells, each outline with its cells."""
    pieces, count = ndimage.label(mask)
    if not count:
        return []
    outlines = {
        int(value): shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:])
        for shape, value in shapes(pieces.astype(np.int32), mask=mask, transform=transform)
    }
    return [(outlines[n], pieces == n) for n in range(1, count + 1)]
