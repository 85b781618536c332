"""What the register says of buildings, laid over what the layer says.

A layer is a picture of one day; the register knows of completions, owners and structural
reports that came later, and who said so. What it says counts before the layer, column by
column, and is marked as surveyed.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

import pandas as pd

from hexi_solar.schema import BUILDING_FACTS, STATUSES

COLUMNS = {
    "name": "name",
    "address": "address",
    "owner": "owner",
    "owner_type": "owner_type_given",
    "public_institution": "public_institution_given",
    "department": "department_given",
    "status": "status",
    "approved_on": "approved_on",
    "expected_on": "expected_on",
    "completed_on": "completed_on",
    "floor_area_m2": "floor_area_m2",
    "pv_reserved": "pv_reserved",
    "load_evidence": "load_evidence",
    "load_reserve_kn_m2": "load_reserve_kn_m2",
}
"""Fact of the register: column of the layer that it takes the place of."""
SOURCES = {
    "status": "status_source",
    "completed_on": "completed_on_source",
    "floor_area_m2": "floor_area_source",
}
Table = TypeVar("Table", bound=pd.DataFrame)


def stated(buildings: Table, facts: pd.DataFrame, on: dt.date) -> Table:
    """
    Lay what the register says over buildings as the layer has them.

    Parameters
    ----------
    buildings
        From the layers, before owners are classified.
    facts
        From `ledger.states` of buildings: what is known of each on the day `on`.
    on
        A building said to be completed by then is completed.

    Returns
    -------
    buildings
        The same rows and columns; what was said is in its place, its source `surveyed`.
    """
    known = facts[facts.index.isin(buildings.index)]
    if known.empty:
        return buildings
    table = buildings.copy()
    for fact, column in COLUMNS.items():
        said = known[fact].dropna() if fact in known else pd.Series(dtype=object)
        if said.empty or column not in table:
            continue
        values = _typed(said, BUILDING_FACTS[fact].kind)
        table.loc[values.index, column] = values.astype(table[column].dtype)
        if fact in SOURCES:
            table.loc[values.index, SOURCES[fact]] = "surveyed"
    return _finished(table, known, on)


def _typed(values: pd.Series, kind: str) -> pd.Series:
    """Read days and numbers of a JSON payload."""
    if kind == "date":
        return pd.to_datetime(values).astype("datetime64[us]")
    return pd.to_numeric(values).astype(float) if kind == "float" else values.astype(object)


def _finished(table: Table, known: pd.DataFrame, on: dt.date) -> Table:
    """Take a building with a day of completion as completed, if nobody says another status."""
    if "completed_on" in known:
        silent = known["status"].isna() if "status" in known else pd.Series(True, known.index)
        ids = known.index[known["completed_on"].notna() & silent]
        done = ids[(table.loc[ids, "completed_on"] <= pd.Timestamp(on)).to_numpy()]
        changed = done[(table.loc[done, "status"] != STATUSES[3]).to_numpy()]
        table.loc[changed, ["status", "status_source"]] = [STATUSES[3], "derived"]
    return table
