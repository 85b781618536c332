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


@dataclass(frozen=True)
class Roadmap:
    """The path of a study to its target, as it goes to maps, workbooks and reports.

    Tables as `schema` declares them. Nothing here asks again; `roadmap` found it.
    """

    study: Study
    asked: str
    """new: the coverage cohort; existing: public institutions that stood before."""
    answer: dict[str, Any]
    """Status, target, rate, cost, gap and sums of the schedule, as `Route.summary` of `pathway` gives them."""
    schedule: pd.DataFrame
    """`PATHWAY`, which roofs are built in which year."""
    years: pd.DataFrame
    """`PATHWAY_YEARS`."""
    coverage: pd.DataFrame
    """`PATHWAY_COVERAGE`, every definition in every year."""
    now: pd.DataFrame
    """Rows of `COVERAGE` of today, every definition; empty for existing roofs."""
    binding: pd.DataFrame
    """`PATHWAY_BINDING`, what each constraint costs."""
    chance: dict[str, Any]
    """Probability of the target with the schedule, and quantiles of the rate."""
    surveys: pd.DataFrame
    """`PATHWAY_SURVEYS`, structural checks worth making at once."""
    safer: dict[str, Any]
    """Figures of a path planned beyond the target until it is probable."""
    safer_schedule: pd.DataFrame
    economics: pd.DataFrame
    """`ECONOMICS` of the roofs in the schedule, filled as it says."""
    limits: pd.DataFrame
    """`PATHWAY_LIMITS`, what each year allows."""
    feeders: pd.DataFrame
    members: pd.Series
    """Year from which each building counts in the denominator."""
    assumptions: tuple[dict[str, Any], ...]
    """Defaults that the answer rests on, with source and confidence."""
    solver: dict[str, Any]
    """Gap, seconds and size of the search."""
    notices: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Renewal:
    """The retrofit plan of a study: tables of `schema`, one row per building unless said."""

    study: Study
    buildings: gpd.GeoDataFrame
    """Those in scope."""
    demand: pd.DataFrame
    measures: pd.DataFrame
    """Per building and measure."""
    packages: pd.DataFrame
    """Per building and package."""
    roof_claims: pd.DataFrame
    readiness: pd.DataFrame
    storage: pd.DataFrame
    economics: pd.DataFrame
    """PV on the roof that hot water leaves, for the use that measures leave."""
    sensitivity: pd.DataFrame
    """What PV is worth with one assumption turned; per building and assumption."""
    contracts: pd.DataFrame
    """Measures, hot water and PV together; per building and kind of contract."""
    cash_flows: pd.DataFrame
    """The same under the plan's contract; per building, year, party and item."""
    unit_plans: pd.DataFrame
    diagnosis_choice: pd.DataFrame
    energy_limits: pd.DataFrame
    demand_response: pd.DataFrame
    solar_heating: pd.DataFrame
    equipment_roadmap: pd.DataFrame
    """Per machine."""
    tracker_status: pd.DataFrame
    """Per tracker."""
    diagnoses: pd.DataFrame
    """What the register says of diagnoses: one row per building with `kind`."""
    notices: tuple[Problem, ...] = ()

    TABLES = (
        "demand", "measures", "packages", "roof_claims", "readiness", "storage", "economics",
        "sensitivity", "contracts", "unit_plans", "diagnosis_choice", "energy_limits",
        "demand_response", "solar_heating", "equipment_roadmap", "tracker_status",
    )  # fmt: skip

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables but the cash flows by name."""
        return {name: getattr(self, name) for name in self.TABLES}
