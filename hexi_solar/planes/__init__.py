"""Roof planes from a surface model."""

from hexi_solar.planes.building import planes_of_building
from hexi_solar.planes.found import Found, Obstruction, Plane
from hexi_solar.planes.settings import PlaneSettings

__all__ = ["Found", "Obstruction", "Plane", "PlaneSettings", "planes_of_building"]
