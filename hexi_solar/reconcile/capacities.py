"""The capacity of each project, told four times."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from hexi_solar.schema import CAPACITIES

BUILT = ("connected", "operating")
FACTS = ("capacity_kwp", "module_area_m2", "array_area_m2", "module_tilt")


def capacities(
    projects: pd.DataFrame,
    register: pd.DataFrame,
    *,
    on: dt.date,
    detected_m2: pd.Series | None = None,
    metered_kwp: pd.Series | None = None,
    kw_per_m2: float,
) -> pd.DataFrame:
    """
    Put the capacity of each project side by side: filed, installed, detected, metered.

    Parameters
    ----------
    projects
        States on the day `on`.
    register
        Events, `schema.REGISTER`.
    on
        Events that hold from later on are not looked at.
    detected_m2
        Horizontal PV area seen on each building, from a layer; shared between its standing
        projects by their capacity. [m²]
    metered_kwp
        From `metered.implied_capacity`, per project. [kWp]
    kw_per_m2
        Rated power per module area, to turn a detected area into a capacity. [kW/m²]

    Returns
    -------
    capacities
        Table of `schema`.
    """
    projects = numbers(projects)
    events = register[register["valid_on"] <= pd.Timestamp(on)]
    recorded = events["recorded_at"].fillna(events["valid_on"])
    events = events.assign(_recorded=recorded).sort_values(["valid_on", "_recorded"], kind="stable")
    said = events[events["capacity_kwp"].notna()]
    filed = said[said["kind"].isin(["reserved", "filed"])].groupby("entity")["capacity_kwp"].last()
    table = pd.DataFrame(index=projects.index)
    table[["building_id", "stage"]] = projects[["building_id", "stage"]]
    built = projects["stage"].isin(BUILT)
    table["filed_kwp"] = filed.reindex(table.index).astype(float)
    table["installed_kwp"] = projects["capacity_kwp"].where(built)
    table["installed_m2"] = projects["module_area_m2"].where(built)
    weight = table["installed_kwp"].groupby(table["building_id"]).transform("sum")
    seen = pd.Series(dtype=float) if detected_m2 is None else detected_m2
    share = (table["installed_kwp"] / weight.where(weight > 0)).where(built)
    table["detected_m2"] = table["building_id"].map(seen).astype(float) * share
    slope = np.cos(np.deg2rad(projects["module_tilt"].fillna(0.0)))
    table["detected_kwp"] = table["detected_m2"] / slope * kw_per_m2
    implied = pd.Series(dtype=float) if metered_kwp is None else metered_kwp
    table["metered_kwp"] = implied.reindex(table.index).astype(float)
    return table[CAPACITIES.names].rename_axis(index="entity")


def numbers(projects: pd.DataFrame) -> pd.DataFrame:
    """Bring the numbers of the projects to floats."""
    table = projects.copy()
    for name in FACTS:
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    return table
