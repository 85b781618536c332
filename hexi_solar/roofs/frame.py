"""How the sky lies over plane coordinates, and what one plane of a roof is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True)
class Frame:
    """How the sky lies over the district's plane coordinates."""

    true_north: float = 0.0
    """Direction of true north, clockwise from grid north. [°]"""
    equator: float = 180.0
    """Azimuth of the equator: 180 on the northern hemisphere, 0 on the southern. [°]"""

    def unit(self, azimuth: float) -> tuple[float, float]:
        """Return the grid vector that points along an azimuth."""
        angle = np.deg2rad(azimuth + self.true_north)
        return float(np.sin(angle)), float(np.cos(angle))


@dataclass(frozen=True)
class Standing:
    """What a surface model shows above one plane."""

    shape: BaseGeometry = field(default_factory=shapely.Polygon)
    """Cells that stand out."""
    count: int = 0
    highest_m: float = 0.0
    """Above the plane. [m]"""


@dataclass(frozen=True)
class Slope:
    """One plane of a roof before anything is taken out."""

    shape: BaseGeometry
    """What lies on the plane, seen from above."""
    surface_tilt: float
    surface_azimuth: float
    """Clockwise from true north. [°]"""
    roof_kind: str
    tilt_source: str
    source: str
    """Tier of the data: `footprint` or `surface_model`."""
    region: BaseGeometry
    """Its edge is the roof's outer edge as this plane meets it: setback and parapet run along it."""
    rest: BaseGeometry = field(default_factory=shapely.Polygon)
    """Part of the footprint that lies on no plane and is accounted for here."""
    standing: Standing = field(default_factory=Standing)
    parapet_m: float = float("nan")
    """Height of the parapet where it was measured. [m]"""

    @property
    def gross_m2(self) -> float:
        """Horizontal area that the ledger starts from. [m²]"""
        return float(self.shape.area + self.rest.area)
