"""The checklist of every building on its way, its next step and who takes it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.schema import APPROVALS

PENDING = ("planned", "approved", "building")
FILED = ("filed", "building", "connected", "operating")
STARTED = ("building", "connected", "operating")
CHECKLIST = (
    "roof_large",
    "load_in_design",
    "pv_reserved",
    "builder_found",
    "pv_filed",
    "pv_together",
)
AREAS = {
    "module_area_m2": "module_area_m2",
    "module_horizontal_area_m2": "module_horizontal_area_m2",
    "array_area_m2": "array_area_m2",
    "capacity_kwp": "capacity_kwp",
}
# step where an item of the checklist is not yes, and who takes it
STEPS = {
    "roof_large": ("state_roof", "builder"),
    "load_in_design": ("confirm_load", "design"),
    "pv_reserved": ("reserve_pv", "design"),
    "builder_found": ("find_builder", "department"),
    "pv_filed": ("file_project", "operator"),
    "pv_together": ("build_together", "builder"),
    "expected_on": ("state_expected", "builder"),
}


def approval_list(
    buildings: pd.DataFrame,
    facts: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    projects: pd.DataFrame,
    *,
    today: dt.date,
    threshold_m2: float,
) -> pd.DataFrame:
    """
    Ask the checklist of every building that is on its way.

    Parameters
    ----------
    buildings
        `schema.BUILDINGS`, what the register says already laid over the layer.
    facts
        What the register says of buildings today, `ledger.states` of buildings with any of
        the columns of `schema.BUILDING_FACTS`. Buildings that only it knows are listed too,
        their areas in proportion to the others' where the design's roof is stated.
    roofs, layouts
        `schema.ROOFS` and `schema.LAYOUTS`, at least of these buildings.
    projects
        States of projects today.
    today
        The day that days are counted from.
    threshold_m2
        Roofs from this area on must reserve room for PV. [m²]

    Returns
    -------
    approvals
        Table of `schema`, by expected completion. Buildings that are no public institution
        are left out; where that is unknown they are kept.
    """
    facts = facts.reindex(facts.index.union([])).rename_axis(index="building_id")
    coming = _coming(buildings, facts)
    own = projects[projects["building_id"].isin(coming.index) & (projects["stage"] != "retired")]
    coming = coming.join(_areas(coming, facts, roofs, layouts))
    coming = _dated(coming, today)
    large = coming["roof_area_m2"].round(4) >= threshold_m2
    coming["roof_large"] = _word(large, coming["roof_area_m2"].notna())
    load = coming["load_state"].where(coming["load_state"].isin(["yes", "no"]))
    coming["load_in_design"] = _said(facts, "load_in_design", coming.index, load)
    reserved = coming["pv_reserved"].where(coming["pv_reserved"].isin(["yes", "no"]))
    kept = _any(own["stage"].notna() & (own["stage"] != "survey"), own, coming.index)
    coming["pv_reserved"] = _said(facts, "pv_reserved", coming.index, reserved.mask(kept, "yes"))
    firm = _any(own["operator"].notna() | own["investor"].notna(), own, coming.index)
    found = pd.Series("unknown", coming.index, dtype=object).mask(firm, "yes")
    coming["builder_found"] = _said(facts, "builder_found", coming.index, found)
    filed = _any(own["stage"].isin(FILED), own, coming.index)
    coming["pv_filed"] = np.where(filed, "yes", "no")
    started = _any(own["stage"].isin(STARTED), own, coming.index)
    together = pd.Series("unknown", coming.index, dtype=object).mask(started, "yes")
    coming["pv_together"] = _said(facts, "pv_together", coming.index, together)
    named = own.groupby("building_id").groups
    coming["entities"] = [sorted(map(str, named.get(i, []))) for i in coming.index]
    steps = [_step({str(k): v for k, v in row.items()}) for row in coming.to_dict("records")]
    for place, name in enumerate(("open_items", "next_step", "who")):
        coming[name] = pd.Series([s[place] for s in steps], coming.index, dtype=object)
    coming = coming.assign(_id=coming.index.astype(str)).sort_values(["expected_on", "_id"])
    coming["rank"] = np.arange(1, len(coming) + 1)
    return coming[APPROVALS.names].rename_axis(index="building_id")


def _coming(buildings: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Gather the buildings that are on their way, those of the layer and the register's own."""
    names = [
        "name", "owner_type", "public_institution", "department", "subdistrict", "status",
        "approved_on", "expected_on", "floor_area_m2", "pv_reserved", "load_state",
    ]  # fmt: skip
    table = pd.DataFrame(buildings).reindex(columns=names)
    if "status" in facts:
        strangers = facts[~facts.index.isin(table.index) & facts["status"].isin(PENDING)]
        if len(strangers):
            table = pd.concat(
                [table.astype(object), strangers.reindex(columns=names).astype(object)]
            )
    table = table[table["status"].isin(PENDING) & (table["public_institution"] != "no")].copy()
    for name in ("public_institution", "owner_type"):
        table[name] = table[name].where(table[name].notna(), "unknown")
    for name in ("approved_on", "expected_on"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    table["floor_area_m2"] = table["floor_area_m2"].astype(float)
    return table


def _areas(
    coming: pd.DataFrame, facts: pd.DataFrame, roofs: pd.DataFrame, layouts: pd.DataFrame
) -> pd.DataFrame:
    """Add the roofs of each building up; where only the design speaks, in proportion."""
    own = roofs[roofs["building_id"].isin(coming.index)]
    slope = own["area_m2"] / own["horizontal_area_m2"].where(own["horizontal_area_m2"] > 0)
    by = own["building_id"].to_numpy()
    table = pd.DataFrame(index=coming.index)
    drawn = own["horizontal_area_m2"].groupby(by).sum().reindex(coming.index)
    design = pd.Series(np.nan, coming.index)
    if "roof_area_m2" in facts:
        design = facts["roof_area_m2"].reindex(coming.index).astype(float)
    table["roof_area_m2"] = design.fillna(drawn)
    table["roof_area_source"] = np.select(
        [design.notna(), drawn.notna()], ["surveyed", "derived"], "unknown"
    )
    room = (own["installable_area_m2"] * slope.fillna(1.0)).groupby(by).sum()
    table["installable_area_m2"] = room.reindex(coming.index)
    placed = layouts[layouts["building_id"].isin(coming.index)]
    for ours, theirs in AREAS.items():
        sums = placed[theirs].groupby(placed["building_id"].to_numpy()).sum()
        table[ours] = sums.reindex(coming.index)
    # a roof that differs from the drawn one, or was never drawn, keeps the others' shares
    for name in ("installable_area_m2", *AREAS):
        share = table[name] / drawn
        usual = table[name].sum() / drawn.sum() if drawn.sum() > 0 else np.nan
        table[name] = table[name].where(design.isna(), design * share.fillna(usual))
    return table


def _dated(coming: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Take the day of completion from the status where none is stated."""
    stated = coming["expected_on"].notna()
    start = coming["approved_on"].where(coming["status"] == "approved").fillna(pd.Timestamp(today))
    months = coming["status"].map({s: int(fact(f"supervision.months_left.{s}")) for s in PENDING})
    usual = [a + pd.DateOffset(months=int(m)) for a, m in zip(start, months, strict=True)]
    assumed = pd.Series(pd.DatetimeIndex(usual), coming.index, dtype="datetime64[us]")
    # what is not completed yet is not expected in the past
    tomorrow = pd.Timestamp(today) + pd.Timedelta(days=1)
    assumed = assumed.where(assumed > tomorrow, tomorrow)
    table = coming.assign(expected_on=coming["expected_on"].fillna(assumed))
    table["expected_source"] = np.where(stated, "surveyed", "assumed")
    table["days_left"] = (table["expected_on"] - pd.Timestamp(today)).dt.days.astype(int)
    return table


def _step(row: dict[str, Any]) -> tuple[list[str], str, str]:
    """Say what is open of one building, the next step, and who takes it."""
    items = [name for name in CHECKLIST if row[name] != "yes"]
    if row["expected_source"] == "assumed":
        items.append("expected_on")
    if row["roof_large"] == "no":
        return items, "none", "office"
    if not items:
        return items, "connect", "operator"
    first = items[0]
    if first == "load_in_design" and row[first] == "no":
        return items, "strengthen_load", "design"
    if first == "pv_reserved" and row["status"] == "planned":
        return items, "reserve_pv", "approval"
    return items, *STEPS[first]


def _said(facts: pd.DataFrame, name: str, index: pd.Index, otherwise: pd.Series) -> pd.Series:
    """Take what the register says, else what follows from other records, else unknown."""
    said = facts[name].reindex(index) if name in facts else pd.Series(None, index, dtype=object)
    said = said.astype(object).where(said.isin(["yes", "no"]), otherwise)
    return said.where(said.isin(["yes", "no"]), "unknown")


def _any(mask: pd.Series, own: pd.DataFrame, index: pd.Index) -> pd.Series:
    """Say which buildings have a project of which something holds."""
    return pd.Series(index.isin(own.loc[mask, "building_id"]), index)


def _word(yes: pd.Series, known: pd.Series) -> pd.Series:
    """Write yes, no or unknown."""
    return pd.Series(
        np.where(~known, "unknown", np.where(yes, "yes", "no")), yes.index, dtype=object
    )
