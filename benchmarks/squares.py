"""Buildings laid aside on disk by square, so that memory does not grow with a city.

Batches come in any order. Each is divided among the squares of a grid and put at the end of one
file; where the pieces of a square begin stays in memory. What touches any rectangle, roofs
and the halo of what may shade them, is read from the squares that it may lie in.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from hexi_solar.shading import Outlines, joined

Square = tuple[int, int]


class Footprints(NamedTuple):
    """Buildings as outlines, and what is known of each."""

    outlines: Outlines
    row: np.ndarray
    """In the layer."""
    height: np.ndarray
    """[m]"""
    area: np.ndarray
    """[m²]"""
    box: np.ndarray
    """West, south, east, north. [m]"""

    def taken(self, which: np.ndarray) -> Footprints:
        """Return some of them, by position."""
        columns = (column[which] for column in self[1:])
        return Footprints(self.outlines.taken(which), *columns)


class Piece(NamedTuple):
    """What one batch has in one square."""

    place: int
    """In the file. [bytes]"""
    corners: int
    rings: int
    buildings: int


class Squares:
    """Footprints in a file, by square."""

    def __init__(self, path: Path, side_m: float) -> None:
        self.path, self.side_m = path, side_m
        self.pieces: dict[Square, list[Piece]] = {}
        self.widest_m, self.buildings = 0.0, 0
        self._lock = Lock()
        path.write_bytes(b"")

    def add(self, batch: Footprints) -> None:
        """Divide buildings among the squares that their middles lie in; empty ones are left out."""
        square = np.floor(0.5 * (batch.box[:, :2] + batch.box[:, 2:]) / self.side_m)
        drawn = np.flatnonzero(np.isfinite(square[:, 0]))
        places, which = np.unique(square[drawn].astype(np.int64), axis=0, return_inverse=True)
        parts = [batch.taken(drawn[which.reshape(-1) == i]) for i in range(len(places))]
        with self._lock, self.path.open("ab") as file:
            self.buildings += len(batch.row)
            if len(drawn):
                sides = batch.box[drawn, 2:] - batch.box[drawn, :2]
                self.widest_m = max(self.widest_m, float(sides.max()))
            for place, some in zip(places.tolist(), parts, strict=True):
                shapes = some.outlines
                sizes = len(shapes.corners), len(shapes.first_corner), len(some.row)
                self.pieces.setdefault(tuple(place), []).append(Piece(file.tell(), *sizes))
                for array in (*shapes, *some[1:]):
                    file.write(np.ascontiguousarray(array).data)

    def near(self, low: np.ndarray, high: np.ndarray) -> Footprints:
        """Read, in the order of the layer, what touches a rectangle."""
        beyond = 0.5 * self.widest_m  # from a middle to what it is the middle of
        first, last = (
            np.floor((edge + side) / self.side_m).astype(np.int64).tolist()
            for edge, side in ((low, -beyond), (high, beyond))
        )
        parts = []
        with self.path.open("rb") as file:
            for x in range(first[0], last[0] + 1):
                for y in range(first[1], last[1] + 1):
                    for piece in self.pieces.get((x, y), []):
                        part = _read(file, piece)
                        touches = (part.box[:, 2:] >= low).all(1) & (part.box[:, :2] <= high).all(1)
                        parts.append(part if touches.all() else part.taken(np.flatnonzero(touches)))
        outlines, *columns = zip(*parts, strict=True)
        found = Footprints(joined(outlines), *(np.concatenate(column) for column in columns))
        return found.taken(np.argsort(found.row))


def _read(file: Any, piece: Piece) -> Footprints:
    """Read one piece."""
    file.seek(piece.place)

    def numbers(kind: type, count: int) -> np.ndarray:
        return np.fromfile(file, kind, count)

    corners = numbers(np.float64, 2 * piece.corners).reshape(-1, 2)
    outlines = Outlines(
        corners, numbers(np.int64, piece.rings), numbers(np.int64, piece.buildings + 1)
    )
    row, height = numbers(np.int64, piece.buildings), numbers(np.float64, piece.buildings)
    area, box = numbers(np.float64, piece.buildings), numbers(np.float64, 4 * piece.buildings)
    return Footprints(outlines, row, height, area, box.reshape(-1, 4))
