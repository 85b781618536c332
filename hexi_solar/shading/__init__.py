"""How much of the sun and the sky each roof gets from what stands around it.

`points` chooses where on each roof to look. `neighbours`, `footprints` and `walls` look around among
buildings known by footprint and height, `surface` over the cells of a surface model, and
`tiers` takes the better of the two for each building. `lit` says which part of a roof the
sun reaches from each part of the sky, `view` how much of the dome is left. `sweep` does a
whole surface at once.

A city is worked through in runs of roofs, so that memory does not grow with it::

    points = sample_points(roofs, height, clearance_m=0.3)
    around = neighbours_of(shapes, heights)
    for begin in range(0, points.roofs, 1000):
        some = points.of_roofs(begin, min(begin + 1000, points.roofs))
        seen = skylines_from_footprints(some, around, own[begin + some.roof])
        lit = lit_fraction(seen.low, some)
        view = roof_means(sky_view(seen.low, tilt[...], azimuth[...]), some)
"""

from __future__ import annotations

from hexi_solar.shading.footprints import Skylines, skylines_from_footprints
from hexi_solar.shading.lit import lit_at, lit_fraction, sun_band
from hexi_solar.shading.neighbours import Neighbours, Outlines, joined, neighbours_of, outlines_of
from hexi_solar.shading.packed import outlines_of_wkb
from hexi_solar.shading.points import Points, sample_points
from hexi_solar.shading.surface import known_share, on_surface, skylines_from_surface
from hexi_solar.shading.sweep import sweep_sky_view, sweep_skylines
from hexi_solar.shading.tiers import best_tiers, take_tiers
from hexi_solar.shading.view import horizon_view, roof_means, sky_view

__all__ = [
    "Neighbours",
    "Outlines",
    "Points",
    "Skylines",
    "best_tiers",
    "horizon_view",
    "joined",
    "known_share",
    "lit_at",
    "lit_fraction",
    "neighbours_of",
    "on_surface",
    "outlines_of",
    "outlines_of_wkb",
    "roof_means",
    "sample_points",
    "sky_view",
    "skylines_from_footprints",
    "skylines_from_surface",
    "sun_band",
    "sweep_sky_view",
    "sweep_skylines",
    "take_tiers",
]
