"""The map of a report: who is in the cohort, who has PV, who does not yet."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from hexi_solar.reports.pictures import Sheet, map_picture
from hexi_solar.reports.say import Says
from hexi_solar.reports.svg import BLUE, GREY, ORANGE
from hexi_solar.reports.year import Year


def cohort_map(facts: Year, says: Says) -> str:
    """
    Draw the district with the buildings of the reported rate.

    Returns
    -------
    svg
        Buildings with PV filled, those without outlined and hatched by a lighter fill,
        all others in grey; small footprints are drawn larger so that they are seen.
    """
    row = facts.reported
    with_pv, counted = set(row["numerator_ids"]), set(row["denominator_ids"])
    buildings = facts.buildings.geometry
    others = buildings[~buildings.index.isin(counted)]
    areas = facts.subdistricts
    sheets = [
        Sheet(_shapes(facts.boundary), "#f6f8f9", GREY, 1.2),
        Sheet(_shapes(areas), "none", "#b9c3c9", 0.7, dash="4 3"),
        Sheet(tuple(others), "#dfe4e7"),
        Sheet(
            _visible(buildings, counted - with_pv), "#fdeccb", ORANGE, 1.1,
            name=says("map.without", count=len(counted - with_pv)),
        ),
        Sheet(
            _visible(buildings, with_pv), BLUE, "#00466e", 0.8,
            name=says("map.with", count=len(with_pv)),
        ),
    ]  # fmt: skip
    labels = []
    if areas is not None:
        points = shapely.point_on_surface(areas.geometry.to_numpy())
        labels = [(p.x, p.y, str(n)) for p, n in zip(points, areas["name"], strict=True)]
    return map_picture(
        [s for s in sheets if s.shapes], labels=labels, north=facts.north, metre=says("metre")
    )


def _shapes(layer: gpd.GeoDataFrame | None) -> tuple[BaseGeometry, ...]:
    return () if layer is None else tuple(layer.geometry)


def _visible(
    buildings: gpd.GeoSeries, ids: Iterable[str], least_m: float = 45.0
) -> tuple[BaseGeometry, ...]:
    """Take footprints, the small ones widened so that they show on a district map."""
    chosen = buildings[buildings.index.isin(list(ids))]
    side = chosen.area**0.5
    return tuple(chosen.buffer(((least_m - side) / 2).clip(lower=0.0), join_style="mitre"))
