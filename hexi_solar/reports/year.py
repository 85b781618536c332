"""What is known of one year when its report is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import Problem


@dataclass(frozen=True)
class Year:
    """Everything that documents about one year are made of; tables as `schema` declares them."""

    plan: Plan
    year: int
    at: dt.date
    """Day on which PV is counted."""
    today: dt.date
    head: tuple[int, str]
    """Last event of the register; (0, ...) without one."""
    definitions: Mapping[str, Mapping[str, Any]]
    coverage: pd.DataFrame
    """Rates of this year, both cohorts; `schema.COVERAGE`."""
    history: pd.DataFrame
    """Reported rate of every year up to this one: index `year`; rate, rate_low, rate_high, target."""
    starts: Sequence[Mapping[str, Any]]
    parts: pd.DataFrame
    """`schema.COVERAGE_PARTS`."""
    distance: Sequence[Mapping[str, Any]]
    """Per definition and reading: gap, fewest roofs, open facts."""
    rows: pd.DataFrame
    """`schema.COVERAGE_ROWS`."""
    pv: pd.DataFrame
    """What stands on each building at `at`."""
    buildings: gpd.GeoDataFrame
    boundary: gpd.GeoDataFrame | None = None
    subdistricts: gpd.GeoDataFrame | None = None
    north: float = 0.0
    """Direction of true north, clockwise from grid north. [°]"""
    publications: pd.DataFrame | None = None
    """`schema.PUBLICATIONS`, of this year."""
    changes: pd.DataFrame | None = None
    """`schema.COVERAGE_CHANGES` since the last publication."""
    forecast: pd.DataFrame | None = None
    approvals: pd.DataFrame | None = None
    reconciliation: pd.DataFrame | None = None
    requests: pd.DataFrame | None = None
    alarms: pd.DataFrame | None = None
    candidates: pd.DataFrame | None = None
    projects: pd.DataFrame | None = None
    notices: Sequence[Problem] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """Language of the documents."""
        return self.plan.language

    @property
    def reported(self) -> dict[str, Any]:
        """The rate that is reported: one row of `coverage` with its index."""
        rows = self.coverage.reset_index()
        rows = rows[rows["reported"] & (rows["cohort"] == self.plan.coverage.cohort)]
        at = rows[pd.to_datetime(rows["at"]) == pd.Timestamp(self.at)]
        return {str(k): v for k, v in (at if len(at) else rows).iloc[-1].items()}

    @property
    def gap(self) -> Mapping[str, Any] | None:
        """Distance of the reported rate from its target, where it is known."""
        found = next((d for d in self.distance if d["reported"]), None)
        return None if found is None else found["gap"]

    @property
    def open(self) -> Mapping[str, Any] | None:
        """What is not known behind the reported rate."""
        found = next((d for d in self.distance if d["reported"]), None)
        return None if found is None else found["open"]
