"""From a roof to the area that modules may stand on.

A roof is a few slopes: planes that a surface model shows, or else the footprint as one or
two planes. From each a ledger takes out what cannot carry modules, one reason after the
other. Every entry is the difference of two areas, so the ledger and what is left add up to
the footprint exactly.
"""

from hexi_solar.roofs.areas import roof_planes
from hexi_solar.roofs.footprint import long_side_azimuth
from hexi_solar.roofs.frame import Frame
from hexi_solar.roofs.kinds import measured_kinds, plane_kind
from hexi_solar.roofs.load import load_state, needed_load_kn_m2

__all__ = [
    "Frame",
    "load_state",
    "long_side_azimuth",
    "measured_kinds",
    "needed_load_kn_m2",
    "plane_kind",
    "roof_planes",
]
