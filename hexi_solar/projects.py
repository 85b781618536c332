"""The state of each PV project on a day, out of the events that are on file.

Events are facts with the day from which they hold and the time at which they were
recorded. Read in the order of their days, each overwrites what it knows; a correction
changes facts but not the stage.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

FACTS = [
    "building_id", "capacity_kwp", "modules", "module_area_m2", "array_area_m2", "module_tilt",
    "mode", "contract", "investor", "operator", "installer",
]  # fmt: skip
BUILT = ("connected", "operating")


def project_states(
    register: pd.DataFrame, on: dt.date, known_on: dt.date | None = None
) -> pd.DataFrame:
    """
    Say what was true of every project on one day.

    Parameters
    ----------
    register
        Events, a table of `schema`.
    on
        The day; events that hold from later on are not looked at.
    known_on
        If given, only events recorded by the end of that day; an event without a
        recording time counts as recorded on the day it holds from.

    Returns
    -------
    projects
        One row per `entity`: the facts, `stage`, `stage_on`, and `connected_on`, the day
        of its first connection (NaT if it is not connected).
    """
    columns = [*FACTS, "stage", "stage_on", "connected_on"]
    recorded = register["recorded_at"].fillna(register["valid_on"])
    seen = register["valid_on"] <= pd.Timestamp(on)
    if known_on is not None:
        seen &= recorded < pd.Timestamp(known_on) + pd.Timedelta(days=1)
    events = register[seen].assign(_recorded=recorded[seen])
    if events.empty:
        empty = pd.DataFrame(columns=columns, index=pd.Index([], name="entity"))
        return empty.astype({"stage_on": "datetime64[us]", "connected_on": "datetime64[us]"})
    events = events.rename_axis(index="event_id").reset_index()
    events = events.sort_values(["valid_on", "_recorded", "event_id"], kind="stable")
    stages = events["kind"].where(events["kind"] != "correction")
    events["stage"] = stages
    events["stage_on"] = events["valid_on"].where(stages.notna())
    events["connected_on"] = events["valid_on"].where(events["kind"].isin(BUILT))
    grouped = events.groupby("entity", sort=True)
    # the last known value of each fact; the first day of connection
    states = grouped[[*FACTS, "stage", "stage_on"]].last()
    states["connected_on"] = grouped["connected_on"].min()
    return states[columns]


def standing(projects: pd.DataFrame) -> pd.DataFrame:
    """Keep the projects that stand on their roof and are connected, each with a building."""
    return projects[projects["stage"].isin(BUILT) & projects["building_id"].notna()]


def existing_pv(
    projects: pd.DataFrame, *, kw_per_m2: float, gcr: float, module_tilt: float
) -> pd.DataFrame:
    """
    Add up the PV that stands on each building.

    Parameters
    ----------
    projects
        States of projects on one day.
    kw_per_m2
        Rated power of modules per area, to find an area that was not filed. [kW/m²]
    gcr
        Module area over array field where the field was not filed. [-]
    module_tilt
        Taken where it was not filed. [°]

    Returns
    -------
    pv
        Per building `capacity_kwp`, `module_area_m2`, `module_horizontal_area_m2`,
        `array_area_m2` and `derived`: True where an area or the capacity was not filed
        and is found from the others. NaN where nothing is known.
    """
    built = standing(projects)
    number = {c: pd.to_numeric(built[c], errors="coerce").astype(float) for c in FACTS[1:6]}
    capacity, area = number["capacity_kwp"], number["module_area_m2"]
    filled_area = area.fillna(capacity / kw_per_m2)
    tilt = number["module_tilt"].fillna(module_tilt)
    table = pd.DataFrame({
        "building_id": built["building_id"],
        "capacity_kwp": capacity.fillna(area * kw_per_m2),
        "module_area_m2": filled_area,
        "module_horizontal_area_m2": filled_area * np.cos(np.deg2rad(tilt)),
        "array_area_m2": number["array_area_m2"].fillna(filled_area / gcr),
        "derived": area.isna() | capacity.isna() | number["array_area_m2"].isna(),
    })  # fmt: skip
    grouped = table.groupby("building_id", sort=True)
    sums = grouped[list(table.columns[1:5])].sum(min_count=1)
    sums["derived"] = grouped["derived"].any() if len(table) else pd.Series(dtype=bool)
    return sums
