"""What stands around the roofs, and what it leaves of their light.

From footprints and heights alone: every roof is looked at from many points, and the part
of them that the sun reaches is kept for each part of the sky. A neighbour of unknown
height is neither nothing nor a tower: both bounds are worked out, the energy between them
is taken, and what lies between goes into the uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine

from hexi_solar.config import Plan
from hexi_solar.inputs import Place
from hexi_solar.shading import (
    Points,
    Skylines,
    best_tiers,
    horizon_view,
    known_share,
    lit_fraction,
    neighbours_of,
    on_surface,
    roof_means,
    sample_points,
    sky_view,
    skylines_from_footprints,
    skylines_from_surface,
    take_tiers,
)
from hexi_solar.surface import Grid, open_surface
from hexi_solar.yields import Planes, Shade

Bound = Literal["low", "high"]
TILE_M = 2000.0  # side of the pieces in which a surface model is read


@dataclass(frozen=True)
class Surroundings:
    """Skylines of the points of all roofs, in the order of the roof table."""

    roofs: pd.Index
    points: Points
    skyline: dict[str, npt.NDArray[np.float64]]
    """By bound: as if neighbours of unknown height were not there, or as high as they may be. [°]"""
    lit: dict[str, npt.NDArray[np.float32]]
    """By bound, shape (roofs, directions, bands). [-]"""
    unknown: pd.Series
    """Roofs whose light depends on a height that is not known."""
    tier: pd.Series
    """Data behind each roof's skyline: `surface_model` or `footprint`."""

    def shade(self, roofs: pd.Index, planes: Planes, bound: Bound = "low") -> Shade:
        """
        Say what the surroundings leave of the light of modules on some roofs.

        Parameters
        ----------
        roofs
            Of these roofs, one for each plane.
        planes
            That the modules lie in.
        bound
            How neighbours of unknown height are taken.
        """
        where = self.roofs.get_indexer(roofs)
        tilt, azimuth = np.zeros(len(self.roofs)), np.full(len(self.roofs), 180.0)
        tilt[where], azimuth[where] = planes.tilt, planes.azimuth
        of_point = self.points.roof
        facing = (self.skyline[bound], tilt[of_point], azimuth[of_point])
        return Shade(
            self.lit[bound][where],
            roof_means(sky_view(*facing), self.points)[where],
            roof_means(horizon_view(*facing), self.points)[where],
        )


def surroundings_of(
    plan: Plan,
    roofs: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    place: Place,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Surroundings | None:
    """
    Look around from every roof.

    Parameters
    ----------
    plan
        `[shading]` says how many directions, how far, from how many points.
    roofs
        Table of `schema`; geometry is the usable area.
    buildings
        All buildings of the district, with `height_m` and `status`.
    place
        For the direction of true north.
    shift
        How far the surface model lies from the footprints, east and north. [m]

    Returns
    -------
    surroundings
        None if the plan asks for an open horizon.
    """
    settings = plan.shading
    if settings.tier == "open":
        return None
    height = buildings["height_m"].to_numpy(float).copy()
    # what is not built yet shades nothing today, but a roof on it is as high as it will be
    coming = buildings["status"].isin(["planned", "approved"]).to_numpy()
    standing = np.where(coming, 0.0, height)
    own_height = pd.Series(height, buildings.index).reindex(roofs["building_id"])
    points = sample_points(
        roofs,
        pd.Series(own_height.to_numpy(), roofs.index),
        at_least=settings.points_at_least,
        at_most=settings.points_at_most,
        clearance_m=plan.roofs.module_clearance_m,
    )
    home = buildings.index.get_indexer(roofs["building_id"])
    flat = (roofs["roof_kind"] == "flat").to_numpy()
    above = max(plan.roofs.parapet_height_m - plan.roofs.module_clearance_m, 0.0)
    known = height[np.isfinite(height)]
    tall = float(np.quantile(known, settings.unknown_height_quantile)) if len(known) else 0.0
    short = float(np.quantile(known, 1.0 - settings.unknown_height_quantile)) if len(known) else 0.0
    seen = skylines_from_footprints(
        points,
        neighbours_of(buildings.geometry.to_numpy(), standing),
        home[points.roof],
        directions=settings.directions,
        reach_m=settings.reach_m,
        true_north=place.frame.true_north,
        unknown_height_m=tall,
        unknown_roof_m=short,
        parapet_m=np.where(flat, above, 0.0)[points.roof],
    )
    tier = np.full(len(roofs), "footprint", dtype="<U13")
    if settings.tier == "best" and plan.layers.surface_model.path is not None:
        top = np.where(np.isnan(standing), tall, standing)
        there = buildings.geometry.set_axis(pd.Index(top, name="height_m"))
        tier, seen = _over_surface(plan, roofs, points, seen, place, shift, there)
    seen = _before_hills(plan, points, seen, place)
    doubtful = np.bincount(points.roof, weights=seen.unknown, minlength=points.roofs) > 0
    lit_low = lit_fraction(seen.low, points, bins=settings.bands)
    same = seen.high is seen.low
    lit_high = lit_low if same else lit_fraction(seen.high, points, bins=settings.bands)
    return Surroundings(
        roofs=roofs.index,
        points=points,
        skyline={"low": seen.low, "high": seen.high},
        lit={"low": lit_low, "high": lit_high},
        unknown=pd.Series(doubtful, roofs.index),
        tier=pd.Series(tier, roofs.index),
    )


def _before_hills(plan: Plan, points: Points, seen: Skylines, place: Place) -> Skylines:
    """
    Raise skylines to the hills of the far terrain, beyond the reach of buildings.

    The ground below a roof is that of the same terrain, so that its level and that of a
    surface model need not agree.
    """
    model, settings = plan.layers.far_terrain, plan.shading
    if model.path is None or not len(points):
        return seen
    file = open_surface(model.path, plan.crs, own_crs=model.crs)
    reach = settings.far_reach_m
    around = (points.x.min(), points.y.min(), points.x.max(), points.y.max())
    wide = (around[0] - reach, around[1] - reach, around[2] + reach, around[3] + reach)
    grid = file.window(_common(wide, file.bounds))
    ground = on_surface(points, grid.height, grid.transform, clearance_m=0.0).z
    hills = skylines_from_surface(
        replace(points, z=ground + np.nan_to_num(points.z)),
        # nothing near: that is what buildings and the surface model are for
        np.full((1, 1), np.nan, dtype=np.float32),
        grid.transform,
        directions=settings.directions,
        reach_m=settings.reach_m,
        true_north=place.frame.true_north,
        far=(grid.height, grid.transform),
        far_reach_m=reach,
    ).low
    low = np.maximum(seen.low, hills)
    high = low if seen.high is seen.low else np.maximum(seen.high, hills)
    return replace(seen, low=low, high=high)


def _over_surface(
    plan: Plan,
    roofs: gpd.GeoDataFrame,
    points: Points,
    footprints: Skylines,
    place: Place,
    shift: tuple[float, float],
    there: gpd.GeoSeries,
) -> tuple[npt.NDArray[np.str_], Skylines]:
    """
    Look over the surface model from every roof that it knows, tile by tile.

    What it does not know is nothing in the low skyline, and in the high one as high as the
    footprints `there`, whose index is their height, say.
    """
    # where the surface has the roof, should the footprints lie beside it
    points = replace(points, x=points.x + shift[0], y=points.y + shift[1])
    settings, model = plan.shading, plan.layers.surface_model
    assert model.path is not None
    file = open_surface(model.path, plan.crs, own_crs=model.crs)
    low, high = np.zeros_like(footprints.low), np.zeros_like(footprints.low)
    known, z = np.zeros(len(points)), np.full(len(points), np.nan)
    if len(points):
        around = (points.x.min(), points.y.min(), points.x.max() + 1.0, points.y.max() + 1.0)
        for tile in file.tiles(
            _common(around, file.bounds), size_m=TILE_M, halo_m=settings.reach_m
        ):
            west, south, east, north = tile.inner
            here = (points.x >= west) & (points.x < east) & (points.y > south) & (points.y <= north)
            if not here.any():
                continue
            grid = file.window(tile.outer)
            some = replace(points, x=points.x[here], y=points.y[here], z=points.z[here])
            clearance = plan.roofs.module_clearance_m
            some = on_surface(some, grid.height, grid.transform, clearance_m=clearance)
            look = partial(
                skylines_from_surface,
                some,
                transform=grid.transform,
                directions=settings.directions,
                reach_m=settings.reach_m,
                true_north=place.frame.true_north,
            )
            low[here], z[here] = look(grid.height).low, some.z
            filled = _completed(grid, there, shift, plan.planes.unknown_share)
            high[here] = low[here] if filled is None else look(filled).low
            known[here] = known_share(
                some, grid.height, grid.transform, reach_m=settings.surface_known_m
            )
    nothing = np.zeros(len(points), dtype=bool)
    unsure = np.isnan(z) | (high > low).any(axis=1)
    surface = Skylines(low, high, unsure, nothing)
    tier = best_tiers(replace(points, z=z), roofs["building_id"].to_numpy(), known, surface)
    return tier, take_tiers(points, tier, surface, footprints)


def _completed(
    grid: Grid, there: gpd.GeoSeries, shift: tuple[float, float], unknown_share: float
) -> npt.NDArray[np.float32] | None:
    """
    Raise unknown cells to what footprints say stands there, above the middle of the open ground.

    Only where the surface misses more than a share of a building: single cells without a
    height are no tower. None where it misses none.
    """
    gap = np.isnan(grid.height)
    west, south, east, north = grid.bounds
    window = shapely.box(west - shift[0], south - shift[1], east - shift[0], north - shift[1])
    near = there.iloc[np.sort(there.sindex.query(window))].sort_index()
    if gap.all() or not gap.any() or near.empty:
        return None
    at = grid.transform
    number = rasterize(
        zip(near.array, range(1, len(near) + 1), strict=True),
        out_shape=gap.shape,
        transform=Affine(at.a, at.b, at.c - shift[0], at.d, at.e, at.f - shift[1]),
        dtype="int32",
    )
    cells = np.bincount(number.ravel(), minlength=len(near) + 1)
    missed = np.bincount(number[gap], minlength=len(near) + 1) > unknown_share * cells
    missed[0] = False
    raised = gap & missed[number]
    if not raised.any():
        return None
    ground = grid.height[(number == 0) & ~gap]
    level = np.median(ground) if ground.size else np.nanmin(grid.height)
    filled = grid.height.copy()
    filled[raised] = level + np.concatenate([[0.0], near.index])[number[raised]]
    return filled


def _common(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Return the rectangle that two have in common; without any, an empty one."""
    west, south = max(one[0], other[0]), max(one[1], other[1])
    return west, south, max(west, min(one[2], other[2])), max(south, min(one[3], other[3]))
