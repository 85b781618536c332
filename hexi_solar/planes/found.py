"""What was found over one footprint."""

from __future__ import annotations

from dataclasses import dataclass

from shapely.geometry import Polygon


@dataclass(frozen=True)
class Obstruction:
    """Something that stands above a plane: chimney, plant, a bit of a dormer."""

    shape: Polygon
    """Cells it covers, in map coordinates."""
    height_m: float
    """Highest cell above the plane. [m]"""

    @property
    def area_m2(self) -> float:
        """Horizontal area. [m²]"""
        return float(self.shape.area)


@dataclass(frozen=True)
class Plane:
    """One plane of a roof."""

    shape: Polygon
    """Outline in map coordinates, obstructions not cut out."""
    surface_tilt: float
    """[°]"""
    surface_azimuth: float
    """Direction in which it falls, from grid north clockwise; NaN where it is level. [°]"""
    slope_east: float
    """a of z = a x + b y + c in map coordinates. [-]"""
    slope_north: float
    """b of z = a x + b y + c. [-]"""
    height_at_origin_m: float
    """c of z = a x + b y + c. [m]"""
    rms_residual_m: float
    """Heights about the plane. [m]"""
    cells: int
    """Cells of the surface it rests on."""
    area_m2: float
    """Along the slope. [m²]"""
    horizontal_area_m2: float
    """[m²]"""
    obstructions: tuple[Obstruction, ...] = ()
    borrowed: bool = False
    """Too narrow for a tilt of its own: it has that of a neighbour, turned."""
    parapet_height_m: float | None = None
    """Height of the raised rim of a flat roof; None where there is none. [m]"""


@dataclass(frozen=True)
class Found:
    """All planes over one footprint, and how much of it they explain."""

    planes: tuple[Plane, ...]
    assigned_share: float
    """Part of the footprint that lies on a plane. [-]"""
    unknown_share: float
    """Part of the footprint where the surface has no value. [-]"""
    rms_residual_m: float
    """Heights about their planes, NaN without a plane. [m]"""
    noise_m: float
    """Noise of the heights that was used. [m]"""
