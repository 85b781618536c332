"""Which roofs a surface model shows, and what that says about their buildings.

A building's roof is measured where the model knows it well enough, and taken from its
footprint where not: never half of each. What decides is written down per roof, and counted
in a notice.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.transform import Affine

from hexi_solar.config import Plan
from hexi_solar.errors import Notices
from hexi_solar.inputs import Place
from hexi_solar.planes import PlaneSettings, roof_planes_from_surface
from hexi_solar.planes.fit import Floats
from hexi_solar.roofs import load_state, measured_kinds, plane_kind
from hexi_solar.surface import Bounds, SurfaceFile, open_surface


@dataclass(frozen=True)
class Rooftops:
    """Buildings with the roofs they are known to have."""

    buildings: gpd.GeoDataFrame
    """With the roof kind and load state of what was measured."""
    planes: gpd.GeoDataFrame | None = None
    """Planes of the buildings that are measured, with `building_id` and `roof_kind`."""
    shift: tuple[float, float] = (0.0, 0.0)
    """How far the surface lies from the footprints, east and north. [m]"""

    def of(self, buildings: gpd.GeoDataFrame) -> Rooftops:
        """Return what is known of some of the buildings."""
        if self.planes is None:
            return replace(self, buildings=buildings)
        own = self.planes["building_id"].isin(buildings.index)
        return replace(self, buildings=buildings, planes=self.planes[own])


def rooftops_of(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    around: gpd.GeoDataFrame,
    place: Place,
    notices: Notices | None = None,
) -> Rooftops:
    """
    Look for the roof planes of some buildings in the plan's surface model.

    Parameters
    ----------
    plan
        `[layers.surface_model]` and `[planes]`.
    buildings
        Whose roofs are asked for.
    around
        All buildings of the district.
    place
        For the direction of true north.
    notices
        Where tiers are counted, and a shift is reported.
    """
    notices = Notices() if notices is None else notices
    model = plan.layers.surface_model
    if plan.planes.tier == "footprint" or model.path is None:
        return Rooftops(buildings)
    file = open_surface(model.path, plan.crs, own_crs=model.crs)
    if file.cell_m > plan.planes.coarsest_cell_m:
        limit = f"{plan.planes.coarsest_cell_m:g}"
        facts = {"file": file.path.name, "cell": f"{file.cell_m:g}", "limit": limit}
        notices.add("warning", "planes_too_coarse", **facts)
        return Rooftops(buildings)
    covered = around[_covered(around, file)]
    built = covered[~covered["status"].isin(["planned", "approved", "building"])]
    asked = buildings[buildings.index.isin(built.index)]
    found = roof_planes_from_surface(
        asked,
        lambda bounds: _heights(file, bounds),
        plane_settings(plan),
        around=built,
        true_north=place.frame.true_north,
        notices=notices,
    )
    used = found.buildings.index[found.buildings["reason"] == ""]
    planes = found.planes[found.planes["building_id"].isin(used)]
    given = buildings["roof_kind"].reindex(planes["building_id"])
    flat = plan.planes.flat_tilt
    kinds = [plane_kind(t, flat, k) for t, k in zip(planes["surface_tilt"], given, strict=True)]
    planes = planes.assign(roof_kind=kinds)
    outside = int((~buildings.index.isin(covered.index)).sum())
    notices.add(
        "info", "planes_by_tier", file=file.path.name, total=len(buildings), seen=len(used),
        planes=len(planes), rest=len(buildings) - len(used), outside=outside,
        coming=len(buildings) - outside - len(asked),
    )  # fmt: skip
    return Rooftops(_with_kinds(plan, buildings, planes, notices), planes, found.moved)


def plane_settings(plan: Plan) -> PlaneSettings:
    """Return what the plan says about planes; the rest is as it always is."""
    known = {f.name for f in fields(PlaneSettings)}
    asked = {f.name: getattr(plan.planes, f.name) for f in fields(plan.planes)}
    return PlaneSettings(**{name: value for name, value in asked.items() if name in known})


def with_roofs_of(buildings: gpd.GeoDataFrame, measured: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Hand the roof kind and load state of some measured buildings on to the table of all."""
    whole = buildings.copy()
    for column in ("roof_kind", "roof_kind_source", "load_state"):
        whole.loc[measured.index, column] = measured[column]
    return whole


def _covered(buildings: gpd.GeoDataFrame, file: SurfaceFile) -> np.ndarray:
    """Say which footprints lie at least partly on the surface model."""
    return np.asarray(shapely.intersects(buildings.geometry.to_numpy(), shapely.box(*file.bounds)))


def _heights(file: SurfaceFile, bounds: Bounds) -> tuple[Floats, Affine]:
    """Read a window."""
    grid = file.window(bounds)
    return grid.height.astype(float), grid.transform


def _with_kinds(
    plan: Plan, buildings: gpd.GeoDataFrame, planes: pd.DataFrame, notices: Notices
) -> gpd.GeoDataFrame:
    """Give measured buildings the roof kind that the surface shows, and judge their load anew."""
    kinds = measured_kinds(planes, buildings[["roof_kind", "roof_kind_source"]])
    odd = kinds.index[kinds["contradicts"].astype(bool)]
    if len(odd):
        rows = ", ".join(map(str, odd[:5])) + (", ..." if len(odd) > 5 else "")
        notices.add("warning", "roof_kind_contradicted", count=len(odd), rows=rows)
    known = buildings.copy()
    for column in ("roof_kind", "roof_kind_source"):
        known.loc[kinds.index, column] = kinds[column]
    known["load_state"] = load_state(known, plan.roofs)
    return known
