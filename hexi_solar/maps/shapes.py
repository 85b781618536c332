"""Footprints as short text: whole numbers, each the step from the one before.

A vertex is kept to 1e-6 degrees, about 0.1 m. Neighbouring vertices differ little, so
their steps fit one or two bytes: a step is folded to be positive (0, -1, 1, -2 become
0, 1, 2, 3), cut into groups of 7 bits, low ones first, the eighth bit saying that more
follow, and the bytes are written in base64. `unpack` in base.js reads it back.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

SCALE = 1e6


def packed(values: NDArray[np.int64]) -> str:
    """
    Write whole numbers as base64 of 7-bit groups, small ones short.

    Parameters
    ----------
    values
        Whole numbers of any sign.

    Examples
    --------
    >>> packed(np.array([0, -1, 1, 64]))
    'AAECgAE='
    """
    folded = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    groups = np.ones(len(folded), int)
    for count in range(1, 10):
        groups[folded >= np.uint64(1) << np.uint64(7 * count)] = count + 1
    ends = np.cumsum(groups)
    place = np.arange(groups.sum()) - np.repeat(ends - groups, groups)
    shifted = np.repeat(folded, groups) >> (7 * place).astype(np.uint64)
    more = place < np.repeat(groups, groups) - 1
    stream = (shifted & np.uint64(0x7F)).astype(np.uint8) | (more.astype(np.uint8) << 7)
    return base64.b64encode(stream.astype(np.uint8).tobytes()).decode()


def pack_shapes(geometries: NDArray[Any]) -> dict[str, str]:
    """
    Pack polygons, in longitude and latitude, one entry per shape.

    Parameters
    ----------
    geometries
        Polygons, multipolygons or None. [°]

    Returns
    -------
    shapes
        `rings`: rings per shape; `sizes`: vertices per ring, without the closing one;
        `x`, `y`: steps between vertices across all rings, in units of 1e-6 °.

    Examples
    --------
    >>> pack_shapes(np.array([shapely.box(0, 0, 3e-6, 2e-6)]))["rings"]
    'Ag=='
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, owner = parts[polygon], owner[polygon]
    rings, part = shapely.get_rings(parts, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    sizes = np.bincount(ring, minlength=len(rings))
    last = np.cumsum(sizes) - 1
    whole = np.rint(np.delete(coordinates, last, axis=0) * SCALE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int64))
    counts = np.bincount(owner[part], minlength=len(geometries))
    return {
        "rings": packed(counts.astype(np.int64)),
        "sizes": packed((sizes - 1).astype(np.int64)),
        "x": packed(steps[:, 0]),
        "y": packed(steps[:, 1]),
    }
