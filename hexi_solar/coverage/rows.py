"""One line per building that is new or could be: what rates are made of."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.schema import COVERAGE_ROWS

FACTS = (
    "name", "owner_type", "public_institution", "department", "subdistrict", "zone", "status",
    "completed_on", "completed_on_source", "load_state", "footprint_area_m2", "floor_area_m2",
)  # fmt: skip
PLACED = {
    "achievable_kwp": "capacity_kwp",
    "module_area_m2": "module_area_m2",
    "module_horizontal_area_m2": "module_horizontal_area_m2",
    "array_area_m2": "array_area_m2",
}


def could_be_new(buildings: pd.DataFrame, start: dt.date, today: dt.date) -> pd.Series:
    """
    Say which buildings are new, or would be if what is not known of them were so.

    New is what is of a public institution and was completed from `start` to `today`. A
    building of which neither kind nor day of completion is known is not looked at: layers
    without any attribute would make every rate lie between 0 and 1.
    """
    done = buildings["completed_on"]
    rough = done.notna()
    if "completed_on_source" in buildings:
        rough = rough & (buildings["completed_on_source"] == "derived")
    # a rough date is the last day of what is known, and may lie after today
    dated = (done >= pd.Timestamp(start)) & (done <= pd.Timestamp(today))
    dated |= rough & (done >= pd.Timestamp(start)) & (done.dt.year <= today.year)
    undated = done.isna()
    if "status" in buildings:
        undated &= buildings["status"].isin(["completed", "unknown"])
    undated &= ~nothing_known(buildings)
    could: pd.Series = (buildings["public_institution"] != "no") & (dated | undated)
    return could


def nothing_known(buildings: pd.DataFrame) -> pd.Series:
    """Say of which buildings neither kind, ownership nor day of completion is known."""
    silent = buildings["completed_on"].isna() & (buildings["public_institution"] == "unknown")
    found: pd.Series = silent & (buildings["owner_type"] == "unknown")
    return found


def cohort_rows(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    start: dt.date,
    today: dt.date,
) -> pd.DataFrame:
    """
    Gather what rates are made of, less the PV that stands there.

    Parameters
    ----------
    buildings
        All that may matter.
    roofs, layouts
        Of these buildings; those of a building that could be new may be missing.
    start, today
        Days between which completion counts as new.

    Returns
    -------
    rows
        `schema.COVERAGE_ROWS`, one per building that is or could be new, sorted by id.
        Areas of buildings without worked-out roofs are unknown. [m², kWp]
    """
    rows = pd.DataFrame(buildings.loc[could_be_new(buildings, start, today)])
    rows = rows.reindex(columns=list(FACTS))
    if "status" not in buildings:
        rows["status"] = np.where(rows["completed_on"].isna(), "planned", "completed")
    if "completed_on_source" not in buildings:
        rows["completed_on_source"] = "surveyed"
    rows = rows.sort_index()
    own = roofs[roofs["building_id"].isin(rows.index)]
    by = own["building_id"].to_numpy()
    slope = own["area_m2"] / own["horizontal_area_m2"]

    def total(values: pd.Series) -> pd.Series:
        return values.groupby(by).sum().reindex(rows.index)

    rows["roof_area_m2"] = total(own["horizontal_area_m2"])
    rows["roof_slope_area_m2"] = total(own["horizontal_area_m2"] * slope)
    rows["installable_area_m2"] = total(own["installable_area_m2"])
    rows["installable_slope_area_m2"] = total(own["installable_area_m2"] * slope)
    rows["area_sigma"] = (total(own["installable_area_m2"] * _sigma(own))) / rows[
        "installable_area_m2"
    ].where(rows["installable_area_m2"] > 0)
    whole = rows["roof_slope_area_m2"].fillna(rows["footprint_area_m2"])
    rows["whole_roof_kwp"] = whole * float(max(fact("coverage.open.kw_per_m2")))
    placed = layouts[layouts["building_id"].isin(rows.index)]
    groups = placed["building_id"].to_numpy()
    for ours, theirs in PLACED.items():
        values = placed[theirs] if theirs in placed else pd.Series(np.nan, placed.index)
        rows[ours] = values.groupby(groups).sum(min_count=1).reindex(rows.index)
    return rows[COVERAGE_ROWS.names].rename_axis(index="building_id")


def _sigma(roofs: pd.DataFrame) -> pd.Series:
    """Return the relative standard uncertainty of each plane's usable area. [-]"""
    if "source" not in roofs:
        return pd.Series(0.0, roofs.index)
    sigma: pd.Series = roofs["source"].map(
        {tier: float(fact(f"uncertainty.area.{tier}")) for tier in ("footprint", "surface_model")}
    )
    return sigma.astype(float).fillna(float(fact("uncertainty.area.footprint")))
