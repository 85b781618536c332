"""What stands around a roof: which part of it the sun reaches, and how much sky is left.

The table of lit parts is by direction and elevation of the sun. As the sun sees the roof
from there, the roof sees that part of the sky, so the table holds the views too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hexi_solar.yields.compiled import compiled
from hexi_solar.yields.sky import Floats, Planes


@dataclass(frozen=True)
class Shade:
    """What obstacles leave of the light of each roof's modules; one entry per roof.

    A direction's number is its azimuth, from true north clockwise, over 360 times the count
    of directions, rounded; that of a band of elevation is its elevation over 90 times the
    count of bands, cut. See `sky_cell`.
    """

    lit: npt.NDArray[np.floating]
    """Part of the modules that the sun reaches, shape (roofs, directions, bands). [-]"""
    sky_view: Floats
    """Of the sky in view of the plane, what obstacles leave. [-]"""
    horizon_view: Floats | None = None
    """Of the bright band along the horizon; like the sky if not given. [-]"""

    @property
    def bright_view(self) -> Floats:
        """What obstacles leave of the horizon band."""
        return self.sky_view if self.horizon_view is None else self.horizon_view

    def __getitem__(self, which: slice | npt.NDArray[Any]) -> Shade:
        horizon = None if self.horizon_view is None else self.horizon_view[which]
        return Shade(self.lit[which], self.sky_view[which], horizon)

    def joined(self, other: Shade) -> Shade:
        """Put the roofs of another table behind these."""
        return Shade(
            np.concatenate([self.lit, other.lit]),
            np.concatenate([self.sky_view, other.sky_view]),
            np.concatenate([self.bright_view, other.bright_view]),
        )

    def __len__(self) -> int:
        return len(self.sky_view)


def sky_cell(
    azimuth: Floats, elevation: Floats, directions: int, bands: int
) -> npt.NDArray[np.int64]:
    """
    Find the cell of the sky that the sun stands in.

    Parameters
    ----------
    azimuth, elevation
        Of the sun. [°]
    directions, bands
        Into which the sky is cut; below the horizon is the lowest band.

    Returns
    -------
    cell
        Direction times the count of bands, plus band.

    Examples
    --------
    >>> sky_cell(np.array([0.0, 357.2, 90.0]), np.array([-1.0, 1.0, 45.0]), 64, 32)
    array([  0,   0, 528])
    """
    direction = np.rint(azimuth / 360.0 * directions).astype(np.int64) % directions
    band = np.clip(np.floor(elevation / 90.0 * bands).astype(np.int64), 0, bands - 1)
    return np.asarray(direction * bands + band)


def shade_of(lit: npt.NDArray[np.floating], planes: Planes) -> Shade:
    """
    Complete a table of lit parts with the views of the sky that follow from it.

    Parameters
    ----------
    lit
        Part of the modules that the sun reaches, shape (planes, directions, bands). [-]
    planes
        As many.

    Notes
    -----
    A view is the mean of the lit parts over the sky in front of the plane, weighted with
    the cosine of incidence and the size of the cell.

    Examples
    --------
    Walls of 45° all around leave half of the sky to a level plane:

    >>> lit = np.ones((1, 64, 32))
    >>> lit[:, :, :16] = 0.0
    >>> level = Planes(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1, dtype=bool))
    >>> shade_of(lit, level).sky_view.round(3)
    array([0.5])
    """
    bands, directions = lit.shape[2], lit.shape[1]
    edges = np.radians(np.linspace(0.0, 90.0, bands + 1))
    # of the cosine of incidence over a band: the part of its height, and of its side
    up = np.diff(-np.cos(2.0 * edges)) / 4.0
    side = np.diff(edges / 2.0 + np.sin(2.0 * edges) / 4.0)
    around = np.radians(np.arange(directions) * 360.0 / directions)
    ahead = np.column_stack([np.sin(around), np.cos(around)])
    tilt, azimuth = np.radians(planes.tilt), np.radians(planes.azimuth)
    normal = np.column_stack(
        [np.sin(tilt) * np.sin(azimuth), np.sin(tilt) * np.cos(azimuth), np.cos(tilt)]
    )
    view = np.empty(len(planes))
    _mean_over_sky(lit, normal, ahead, up, side, view)
    return Shade(lit, view)


@compiled
def _mean_over_sky(lit: Any, normal: Any, ahead: Any, up: Any, side: Any, view: Any) -> None:
    """Average the lit parts over the sky in front of each plane."""
    for i in range(lit.shape[0]):
        seen, whole = 0.0, 0.0
        for k in range(lit.shape[1]):
            facing = ahead[k, 0] * normal[i, 0] + ahead[k, 1] * normal[i, 1]
            for b in range(lit.shape[2]):
                weight = facing * side[b] + normal[i, 2] * up[b]
                weight = weight if weight > 0.0 else 0.0
                whole += weight
                seen += weight * lit[i, k, b]
        view[i] = seen / whole if whole > 0.0 else 0.0
