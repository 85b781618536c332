"""All tables of one study together, as they go to maps, workbooks and reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import Problem


@dataclass(frozen=True)
class Study:
    """What a study knows once it is done; tables as `schema` declares them.

    Geometry is in the plan's projected system. `buildings` carries footprints, `roofs`
    the part of each plane that modules may stand on, `layouts` the array fields.
    """

    plan: Plan
    buildings: gpd.GeoDataFrame
    roofs: gpd.GeoDataFrame
    exclusions: pd.DataFrame
    layouts: gpd.GeoDataFrame
    yields: pd.DataFrame
    candidates: pd.DataFrame
    register: pd.DataFrame
    projects: pd.DataFrame
    """State of each PV project today, from the register: one row per `entity`."""
    coverage: pd.DataFrame
    tradeoffs: pd.DataFrame | None = None
    """Ways to fill the roofs of each building, side by side."""
    boundary: gpd.GeoDataFrame | None = None
    subdistricts: gpd.GeoDataFrame | None = None
    """Index `code`, column `name`."""
    zones: gpd.GeoDataFrame | None = None
    notices: tuple[Problem, ...] = ()
    record: dict[str, Any] = field(default_factory=dict)
    """What `run.json` says, less `started` and `seconds`."""
