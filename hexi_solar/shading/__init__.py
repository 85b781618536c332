"""How much of the sun and the sky each roof gets from what stands around it.

`points` chooses where on each roof to look; `neighbours` and `footprints` look around
among buildings known by footprint and height; `lit` says which part of a roof the sun
reaches from each part of the sky, `view` how much of the dome is left.
"""

from __future__ import annotations

from hexi_solar.shading.footprints import Skylines, skylines_from_footprints
from hexi_solar.shading.lit import lit_at, lit_fraction, sun_band
from hexi_solar.shading.neighbours import Neighbours, neighbours_of
from hexi_solar.shading.points import Points, sample_points
from hexi_solar.shading.view import horizon_view, roof_means, sky_view

__all__ = [
    "Neighbours",
    "Points",
    "Skylines",
    "horizon_view",
    "lit_at",
    "lit_fraction",
    "neighbours_of",
    "roof_means",
    "sample_points",
    "sky_view",
    "skylines_from_footprints",
    "sun_band",
]
