"""The state of each PV project on a day, out of the events that are on file.

Events are facts with the day from which they hold and the time at which they were
recorded. Read in the order of their days, each overwrites what it knows; a correction
changes facts but not the stage.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

FACTS = [
    "building_id", "capacity_kwp", "modules", "module_area_m2", "array_area_m2", "module_tilt",
    "mode", "contract", "investor", "operator", "installer",
]  # fmt: skip
AREAS = ["capacity_kwp", "module_area_m2", "module_horizontal_area_m2", "array_area_m2"]
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
    projects: pd.DataFrame,
    *,
    kw_per_m2: float,
    gcr: float,
    module_tilt: float,
    ranges: Mapping[str, Sequence[float]] | None = None,
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
    ranges
        Least and most of these three, as modules and rows are; None for no range.

    Returns
    -------
    pv
        Per building `capacity_kwp`, `module_area_m2`, `module_horizontal_area_m2`,
        `array_area_m2` and `derived`: True where an area or the capacity was not filed
        and is found from the others. NaN where nothing is known. With `ranges` each
        figure also as `_low` and `_high`, the same where it was filed; 0 and infinite
        where nothing was.
    """
    built = standing(projects)
    number = {c: pd.to_numeric(built[c], errors="coerce").astype(float) for c in FACTS[1:6]}
    table = _filled(number, kw_per_m2, gcr, module_tilt)
    bounds: list[str] = []
    if ranges is not None:
        span = {
            name: (min(*given, value), max(*given, value))
            for name, value, given in (
                ("kw_per_m2", kw_per_m2, ranges["kw_per_m2"]),
                ("gcr", gcr, ranges["gcr"]),
                ("module_tilt", module_tilt, ranges["module_tilt"]),
            )
        }
        low, high = _spans(number, span)
        for name in AREAS:
            table[f"{name}_low"], table[f"{name}_high"] = low[name], high[name]
            bounds += [f"{name}_low", f"{name}_high"]
    table["building_id"] = built["building_id"]
    figures = ("module_area_m2", "capacity_kwp", "array_area_m2")
    table["derived"] = pd.concat([number[n].isna() for n in figures], axis=1).any(axis=1)
    grouped = table.groupby("building_id", sort=True)
    sums = grouped[[*AREAS, *bounds]].sum(min_count=1)
    sums["derived"] = grouped["derived"].any() if len(table) else pd.Series(dtype=bool)
    return sums


def _filled(
    number: Mapping[str, pd.Series], kw_per_m2: float, gcr: float, module_tilt: float
) -> pd.DataFrame:
    """Find what was not filed of each project from what was."""
    capacity, area = number["capacity_kwp"], number["module_area_m2"]
    whole = area.fillna(capacity / kw_per_m2)
    tilt = number["module_tilt"].fillna(module_tilt)
    return pd.DataFrame({
        "capacity_kwp": capacity.fillna(area * kw_per_m2),
        "module_area_m2": whole,
        "module_horizontal_area_m2": whole * np.cos(np.deg2rad(tilt)),
        "array_area_m2": number["array_area_m2"].fillna(whole / gcr),
    })  # fmt: skip


def _spans(
    number: Mapping[str, pd.Series], span: Mapping[str, tuple[float, float]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the least and the most that each figure of each project may be."""
    kw, gcr, tilt = span["kw_per_m2"], span["gcr"], span["module_tilt"]
    # strong modules make little area of a capacity, and much capacity of an area
    few = _filled(number, kw[1], gcr[1], tilt[1])
    many = _filled(number, kw[0], gcr[0], tilt[0])
    few["capacity_kwp"], many["capacity_kwp"] = many["capacity_kwp"], few["capacity_kwp"]
    return few.fillna(0.0), many.fillna(np.inf)
