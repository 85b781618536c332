"""Layers in, checked tables out: everything that a district office may hand over.

`read_layers` returns the buildings in the plan's projected system, with what is known
of each, and the areas around them; whatever was repaired, left out or doubted is in the
notices. A layer that cannot be read as what it should be is refused, and all layers are
looked at before anything is said, so that they are put right once.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from hexi_solar.config import Layer, Plan
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.layers.areas import read_areas
from hexi_solar.layers.buildings import read_buildings
from hexi_solar.layers.crs import plan_crs
from hexi_solar.layers.detected import read_detected
from hexi_solar.layers.feeders import read_feeders
from hexi_solar.layers.register import read_register
from hexi_solar.sheets.files import input_checksums

__all__ = [
    "District", "input_checksums", "read_detected", "read_feeders", "read_layers", "read_register",
]  # fmt: skip


@dataclass(frozen=True)
class District:
    """What stands there, and the areas it stands in; all in the plan's system."""

    buildings: gpd.GeoDataFrame
    boundary: gpd.GeoDataFrame | None = None
    subdistricts: gpd.GeoDataFrame | None = None
    """Index `code`, column `name`."""
    zones: gpd.GeoDataFrame | None = None
    """Column `name`."""


def read_layers(plan: Plan, notices: Notices) -> District:
    """
    Read every layer that a plan names.

    Parameters
    ----------
    plan
        The study.
    notices
        Filled with repairs, doubts, assumptions and what was left out.

    Returns
    -------
    district
        The buildings, and the areas where the plan names them.

    Raises
    ------
    ConfigError
        If the plan's system is not one in metres that fits the district.
    LayerError
        With everything that is wrong with any of the layers.
    """
    plan_crs(plan)
    problems: list[Problem] = []
    layers = plan.layers

    def areas(layer: Layer) -> gpd.GeoDataFrame | None:
        try:
            return read_areas(layer, plan, notices) if layer.path else None
        except LayerError as error:
            problems.extend(error.problems)
            return None

    boundary, subdistricts = areas(layers.boundary), areas(layers.subdistricts)
    zones = areas(layers.zones)
    buildings = None
    try:
        buildings = read_buildings(plan, notices, boundary, subdistricts, zones)
    except LayerError as error:
        problems = [*error.problems, *problems]
    if problems or buildings is None:
        raise LayerError(*problems)
    return District(buildings, boundary, subdistricts, zones)
