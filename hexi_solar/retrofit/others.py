"""The plan's other rows: equipment, energy limits, demand response, solar heating, trackers.

Each is a small view of tables that are there already, with its method in one sentence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact, read_facts
from hexi_solar.retrofit.measures import annuity
from hexi_solar.schema import (
    DEMAND_RESPONSE,
    ENERGY_LIMITS,
    EQUIPMENT_ROADMAP,
    SOLAR_HEATING,
    TRACKER_STATUS,
)

LARGE_TYPES = ("office", "government", "mall", "hotel")
TRACKER_UNITS = {"万m²": 1e4, "万㎡": 1e4, "万平方米": 1e4}


def equipment_kind(words: object) -> str:
    """
    Tell a kind of equipment by the words of its category or name.

    Examples
    --------
    >>> equipment_kind("循环水泵"), equipment_kind("蒸汽锅炉"), equipment_kind("烤箱")
    ('pump', 'boiler', 'other')
    """
    said = str(words).lower()
    for kind, known in read_facts("retrofit")["equipment_words"].items():
        if any(word in said for word in known):
            return str(kind)
    return "other"


def equipment_roadmap(
    equipment: pd.DataFrame, today: dt.date, grades: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """
    Say of each machine whether it may stay, and when it is replaced.

    Parameters
    ----------
    equipment
        `schema.EQUIPMENT`.
    today
        From which years are counted.
    grades
        `entry_grade` and `life_a` by kind, instead of those of the facts.

    Returns
    -------
    roadmap
        `schema.EQUIPMENT_ROADMAP`. Below the least grade of today: replace next year. Else
        when its life ends: plan, or next year where that is past. Unknown grade: check.
    """
    table = equipment.reindex(
        columns=["building_id", "name", "category", "power_kw", "count", "efficiency_grade", "installed_on"]
    ).copy()  # fmt: skip
    said = table[["category", "name"]].astype(object)
    said = said.where(said.notna(), "").astype(str)
    words = said["category"] + " " + said["name"]
    table["equipment_kind"] = words.map(equipment_kind)
    given = dict(grades or {})
    kinds = table["equipment_kind"].unique()
    entry = {k: _grade(given, "entry_grade", "equipment_entry_grade", k) for k in kinds}
    lives = {k: _grade(given, "life_a", "equipment_life_a", k) for k in kinds}
    table["entry_grade"] = table["equipment_kind"].map(entry).astype(float)
    for name in ("power_kw", "count", "efficiency_grade"):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    table["installed_on"] = pd.to_datetime(table["installed_on"]).astype("datetime64[us]")
    built = table["installed_on"].dt.year.astype(float)
    table["life_end"] = built + table["equipment_kind"].map(lives).astype(float)
    below = table["efficiency_grade"] > table["entry_grade"]
    known = table["efficiency_grade"].notna()
    over = table["life_end"] <= today.year
    table["action"] = np.select(
        [below, ~known, over, table["life_end"].notna()],
        ["replace", "check", "replace", "plan"],
        "keep",
    )
    year = table["life_end"].where(table["action"] == "plan")
    table["replace_year"] = year.mask(table["action"] == "replace", today.year + 1.0)
    table = table.rename_axis(index="equipment_id")[EQUIPMENT_ROADMAP.names]
    return table.sort_values(["replace_year", "building_id"], kind="stable", na_position="last")


def _grade(given: Mapping[str, Any], name: str, family: str, kind: str) -> float:
    """Take a number of the user's file, else of the facts."""
    return float(given.get(name, {}).get(kind, fact(f"retrofit.{family}.{kind}")))


def energy_limits(buildings: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    """
    Hold large offices, malls and hotels against GB/T 51161; only a meter earns a label.

    Returns
    -------
    limits
        `schema.ENERGY_LIMITS`, the highest intensity first.
    """
    large = demand["floor_area_m2"] >= float(fact("retrofit.large_floor_area_m2"))
    large &= buildings["owner_type"].reindex(demand.index).isin(LARGE_TYPES)
    table = demand[large].copy()
    table["owner_type"] = buildings["owner_type"].reindex(table.index).astype(str)
    table["label"] = table["electricity_rating"]
    above = (table["electricity_kwh_m2"] - table["constraint_kwh_m2"]).clip(lower=0.0)
    metered = table["electricity_source"] == "measured"
    table["above_kwh"] = (above * table["floor_area_m2"]).where(metered)
    table = table.sort_values("electricity_kwh_m2", ascending=False, kind="stable")
    return table[ENERGY_LIMITS.names]


def demand_response(
    buildings: pd.DataFrame, demand: pd.DataFrame, peak_share: pd.Series
) -> pd.DataFrame:
    """
    Estimate the load of large buildings that could give way for an hour or two.

    Parameters
    ----------
    buildings, demand
        Of the same index.
    peak_share
        Use in the highest hour over that of the year, by the usual shape. [-]

    Returns
    -------
    response
        `schema.DEMAND_RESPONSE`: annual use x share of the highest hour x share that can
        respond by owner type, a placeholder until someone asks the buildings.
    """
    large = demand["floor_area_m2"] >= float(fact("retrofit.large_floor_area_m2"))
    types = buildings["owner_type"].reindex(demand.index).astype(str)
    large &= (types != "residential") & demand["electricity_kwh"].notna()
    table = demand.loc[large, ["electricity_kwh", "electricity_source"]].copy()
    table["owner_type"] = types[large]
    table["peak_kw"] = table["electricity_kwh"] * peak_share.reindex(table.index)
    share = {t: float(fact(f"retrofit.response_share.{t}")) for t in table["owner_type"].unique()}
    table["response_kw"] = table["peak_kw"] * table["owner_type"].map(share).astype(float)
    table = table.sort_values("response_kw", ascending=False, kind="stable")
    return table[DEMAND_RESPONSE.names]


def solar_heating(demand: pd.DataFrame, usable_area_m2: pd.Series) -> pd.DataFrame:
    r"""
    Screen for solar heating: the collectors that give part of the heat, and whether they fit.

    Notes
    -----
    .. math:: A = \frac{Q f}{J \eta D}

    with heat Q, solar fraction f, daily irradiation J and efficiency eta in the heating
    season, of D days. Roof and cost per collector are those of solar hot water.
    """
    known = demand["heat_gj"].notna() & (demand["heat_gj"] > 0)
    table = demand.loc[known, ["heat_gj", "heat_source"]].copy()
    given = {
        n: float(fact(f"retrofit.solar_heating.{n}"))
        for n in ("days", "irradiation_mj_m2_d", "efficiency", "fraction")
    }
    per_m2 = given["irradiation_mj_m2_d"] * given["efficiency"] * given["days"] / 1000.0
    useful = table["heat_gj"] * given["fraction"]
    table["collector_area_m2"] = useful / per_m2
    table["roof_needed_m2"] = table["collector_area_m2"] * float(
        fact("retrofit.solar_hot_water.roof_ratio")
    )
    roof = usable_area_m2.reindex(table.index)
    table["usable_area_m2"] = roof
    fits = roof >= table["roof_needed_m2"]
    table["fits"] = np.select([roof.isna(), fits], ["unknown", "yes"], "no")
    table["cost_cny"] = table["collector_area_m2"] * float(
        fact("retrofit.solar_hot_water.cost_cny_m2")
    )
    table["value_cny_a"] = useful * float(fact("retrofit.heat_price_cny_gj"))
    table["simple_payback_a"] = table["cost_cny"] / table["value_cny_a"]
    worth = table["value_cny_a"] * annuity(float(fact("retrofit.solar_hot_water.life_a")))
    table["pays"] = np.where(worth >= table["cost_cny"], "yes", "no")
    return table[SOLAR_HEATING.names]


def tracker_status(trackers: pd.DataFrame, diagnosed: int, today: dt.date) -> pd.DataFrame:
    """
    Say where diagnoses, saving bodies and metered heating stand.

    Parameters
    ----------
    trackers
        States of the register's trackers: `value`, `total`, `unit`, `kind_on`.
    diagnosed
        Buildings whose diagnosis is done.
    today
        Targets of a year that has passed are reached or behind.

    Returns
    -------
    status
        `schema.TRACKER_STATUS`; unknown where the register says nothing.
    """
    rows = []
    for name, about in read_facts("retrofit")["tracker_target"].items():
        goal, year = float(about["value"]), int(about["year"])
        row: dict[str, Any] = {
            "tracker": name,
            "target_year": year,
            "value": np.nan,
            "total": np.nan,
        }
        if name == "diagnoses":
            row |= {"value": float(diagnosed), "total": goal, "unit": "", "on": pd.Timestamp(today)}
        elif name in trackers.index:
            said = trackers.loc[name]
            scale = TRACKER_UNITS.get(str(said.get("unit")), 1.0)
            row |= {c: _number(said.get(c)) * scale for c in ("value", "total")}
            row |= {
                "unit": "m²" if scale > 1 else str(said.get("unit") or ""),
                "on": said["kind_on"],
            }
        # a target below one is a share of the total
        row["target"] = goal * row["total"] if goal <= 1 else goal
        row["share"] = row["value"] / row["target"] if row["target"] > 0 else np.nan
        rows.append(row | {"tracker_state": _state(row["share"], year, today)})
    table = pd.DataFrame(rows).set_index("tracker").reindex(columns=TRACKER_STATUS.names)
    table["on"] = pd.to_datetime(table["on"]).astype("datetime64[us]")
    return table


def _number(value: object) -> float:
    return float(str(value)) if value is not None and value == value else float("nan")


def _state(share: float, year: int, today: dt.date) -> str:
    """Judge a tracker: reached, behind once its year is over, on course before."""
    if share != share:
        return "unknown"
    return "reached" if share >= 1 else "behind" if today.year > year else "on_course"
