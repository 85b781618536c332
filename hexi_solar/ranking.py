"""Candidate roofs in order, and what stands in the way of each.

A candidate is a building whose roofs together reach the threshold. Whether it can carry
PV is yes, no or unknown; unknown is never taken as yes. Two ranks are given, over all
and within the owner type; those that cannot carry PV come last.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.config import Ranking
from hexi_solar.facts import fact

CARRIED = [
    "name", "owner_type", "owner_type_source", "public_institution", "department", "subdistrict",
    "address", "status", "status_source",
    "roof_kind", "roof_kind_source", "height_source", "load_evidence", "load_reserve_kn_m2",
]  # fmt: skip
SUMS = {
    "roof_area_m2": ("roofs", "horizontal_area_m2"),
    "installable_area_m2": ("roofs", "installable_area_m2"),
    "usable_area_m2": ("roofs", "usable_area_m2"),
    "modules": ("layouts", "modules"),
    "capacity_kwp": ("layouts", "capacity_kwp"),
    "module_area_m2": ("layouts", "module_area_m2"),
    "array_area_m2": ("layouts", "array_area_m2"),
    "energy_ac_kwh": ("yields", "energy_ac_kwh"),
}


def building_sums(
    roofs: pd.DataFrame, layouts: pd.DataFrame, yields: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Add up the roofs of each building: areas, modules, capacity, energy."""
    tables = {"roofs": roofs, "layouts": layouts, "yields": yields}
    columns = {}
    for name, (table, column) in SUMS.items():
        frame = tables[table]
        if frame is not None:
            columns[name] = frame[column].groupby(frame["building_id"].to_numpy()).sum()
    return pd.DataFrame(columns).rename_axis("building_id")


def rank_candidates(
    buildings: gpd.GeoDataFrame,
    sums: pd.DataFrame,
    *,
    poa_global_kwh: pd.Series,
    pv: pd.DataFrame,
    settings: Ranking,
) -> pd.DataFrame:
    """
    Rank candidate buildings.

    Parameters
    ----------
    buildings
        The candidates, with `load_state`, `longitude` and `latitude`.
    sums
        Per building, from `building_sums`.
    poa_global_kwh
        Unshaded in-plane irradiation times capacity, per building, for the performance
        ratio. [kWh/m² kWp]
    pv
        What already stands on each building, from `projects.existing_pv`.
    settings
        What decides the order.

    Returns
    -------
    candidates
        Table of `schema`, in order of rank. Ties go to the larger capacity, then to
        the id that sorts first.
    """
    table = buildings[[*CARRIED, "load_state", "longitude", "latitude"]].copy()
    table = pd.DataFrame(table).join(sums)
    table["modules"] = table["modules"].astype(int)
    capacity = table["capacity_kwp"].where(table["capacity_kwp"] > 0)
    table["specific_yield_kwh_kwp"] = table["energy_ac_kwh"] / capacity
    # H_i / G_stc has the same number as in-plane irradiation in kWh/m²
    table["performance_ratio"] = table["energy_ac_kwh"] / poa_global_kwh.reindex(table.index)
    table.loc[capacity.isna(), "performance_ratio"] = np.nan
    factor = float(fact(f"carbon.{settings.emission_factor}"))
    table["co2_t"] = table["energy_ac_kwh"] * factor / 1000.0
    table["existing_kwp"] = pv["capacity_kwp"].reindex(table.index)
    has_pv = table.index.isin(pv.index)
    table["eligible"], table["reasons"] = _eligibility(table, has_pv)
    table["score"] = _score(table, settings)
    return _in_order(table).drop(columns="load_state")


def _eligibility(table: pd.DataFrame, has_pv: np.ndarray) -> tuple[pd.Series, pd.Series]:
    """Say yes, no or unknown for each candidate, and why."""
    refused = (table["load_state"] == "no").to_numpy()
    unproven = (table["load_state"] == "unknown").to_numpy()
    empty = ((table["modules"] == 0) & ~refused).to_numpy()
    checks = {
        "load_refused": refused,
        "no_module_fits": empty,
        "has_pv": has_pv,
        "load_unproven": unproven,
        "not_built": (table["status"] != "completed").to_numpy(),
        "owner_unknown": (table["owner_type"] == "unknown").to_numpy(),
    }
    eligible = np.where(refused | empty | has_pv, "no", np.where(unproven, "unknown", "yes"))
    reasons = [[reason for reason, found in checks.items() if found[i]] for i in range(len(table))]
    return pd.Series(eligible, table.index), pd.Series(reasons, table.index, dtype=object)


def _score(table: pd.DataFrame, settings: Ranking) -> pd.Series:
    """Return what the order follows."""
    columns = {
        "capacity": "capacity_kwp",
        "energy": "energy_ac_kwh",
        "co2": "co2_t",
        "specific_yield": "specific_yield_kwh_kwp",
    }
    if settings.by != "weighted":
        return table[columns[settings.by]].astype(float)
    total = sum(settings.weights.values())
    score = pd.Series(0.0, table.index)
    for name, weight in settings.weights.items():
        values = table[columns[name]].fillna(0.0)
        spread = values.max() - values.min()
        score += weight / total * ((values - values.min()) / spread if spread > 0 else 0.0)
    return score


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort and number the candidates."""
    table = table.assign(
        _last=(table["eligible"] == "no"),
        # equal to the sixth figure is equal: the order must not hang on rounding
        _score=-table["score"].round(6),
        _capacity=-table["capacity_kwp"].round(6),
        _id=table.index.astype(str),
    )
    table = table.sort_values(["_last", "_score", "_capacity", "_id"], kind="stable")
    table["rank"] = np.arange(1, len(table) + 1)
    table["rank_in_owner_type"] = table.groupby("owner_type").cumcount() + 1
    table = table.drop(columns=["_last", "_score", "_capacity", "_id"])
    first = ["rank", "rank_in_owner_type"]
    return table[first + [c for c in table.columns if c not in first]]
