"""Roof planes from a surface model: their tilt, their edges, and what stands on them.

A roof is described with as few planes as its heights allow. `building.py` is the way from
heights to planes on one page; `tables.py` does it for all buildings; `shift.py` asks
beforehand whether the footprints lie where the surface has its walls.
"""

from hexi_solar.planes.building import planes_of_building
from hexi_solar.planes.found import Found, Obstruction, Plane
from hexi_solar.planes.settings import PlaneSettings
from hexi_solar.planes.shift import Shift, footprint_shift
from hexi_solar.planes.tables import SurfaceRoofs, roof_planes_from_surface

__all__ = [
    "Found",
    "Obstruction",
    "Plane",
    "PlaneSettings",
    "Shift",
    "SurfaceRoofs",
    "footprint_shift",
    "planes_of_building",
    "roof_planes_from_surface",
]
