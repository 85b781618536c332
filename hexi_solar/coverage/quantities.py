"""What definitions are made of, building by building: as recorded, and how it could be.

Each quantity has the value that the records give, the lowest and the highest that they
leave open, and, for what a roof can carry, nothing at all if its load-bearing should
turn out not to suffice. Which of these may be chosen together is said by the causes: one
unknown fact moves all quantities that rest on it.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

CAUSES = (
    "public_institution", "completed_on", "load", "pv_derived", "pv_unknown", "roof", "floor_area",
    "area",
)  # fmt: skip
RECORDS = CAUSES[:-1]
"""What a record could settle; how well areas are measured is another matter."""
AXES = {
    "installable_area": "roof", "achievable_kwp": "roof", "roof_area": "whole",
    "pv_area": "pv", "installed_kwp": "pv", "floor_area": "floor", "floor_area_with_pv": "floor",
}  # fmt: skip
CARRIED = ("installable_area", "achievable_kwp")


@dataclass(frozen=True)
class Quantities:
    """Columns of `definitions.UNITS`, indexed like the rows. [m², kWp, -]"""

    likely: pd.DataFrame
    """As recorded; NaN where a part is not known."""
    low: pd.DataFrame
    high: pd.DataFrame
    refusable: np.ndarray
    """Whose load-bearing is not known, and may turn out not to suffice."""
    derived: np.ndarray
    """Whose PV is found from other figures of its project."""


def quantities(
    rows: pd.DataFrame, pv: pd.DataFrame, reading: str, causes: Collection[str] = CAUSES
) -> Quantities:
    """
    Work out, building by building, what definitions are made of.

    Parameters
    ----------
    rows
        From `cohort_rows`.
    pv
        What stands on the buildings, from `projects.existing_pv`.
    reading
        What counts as PV area: `module_area`, its horizontal projection, or `array_area`.
    causes
        Which facts may turn out other than the records have it.

    Notes
    -----
    On pitched roofs both sides are taken in the plane of the roof; with the horizontal
    projection as numerator both are horizontal. Where PV stands its roof carries it.
    """
    ours = rows.index
    flat = reading == "module_horizontal_area"
    with_pv = ours.isin(pv.index)
    likely = pd.DataFrame(index=ours)
    likely["roof_area"] = rows["roof_area_m2" if flat else "roof_slope_area_m2"]
    installable = "installable_area_m2" if flat else "installable_slope_area_m2"
    likely["installable_area"] = rows[installable]
    likely["achievable_kwp"] = rows["achievable_kwp"]
    standing = pv.reindex(ours)
    likely["pv_area"] = np.where(with_pv, standing[f"{reading}_m2"], 0.0)
    likely["installed_kwp"] = np.where(with_pv, standing["capacity_kwp"], 0.0)
    likely["buildings"] = 1.0
    likely["buildings_with_pv"] = with_pv.astype(float)
    likely["floor_area"] = rows["floor_area_m2"].astype(float)
    likely["floor_area_with_pv"] = likely["floor_area"] * with_pv
    low, high = likely.copy(), likely.copy()
    _open_roofs(rows, likely, low, high, causes)
    _open_areas(rows, likely, low, high, causes)
    _open_pv(rows, standing, reading, likely, low, high, causes)
    _open_floors(rows, likely, low, high, causes)
    refusable = (rows["load_state"] == "unknown").to_numpy() & ~with_pv & ("load" in causes)
    known = standing["derived"].eq(True) if "derived" in standing else with_pv & False
    return Quantities(likely, low, high, refusable, np.asarray(known, bool))


def _open_roofs(
    rows: pd.DataFrame,
    likely: pd.DataFrame,
    low: pd.DataFrame,
    high: pd.DataFrame,
    causes: Collection[str],
) -> None:
    """A roof that was not worked out is its footprint, of which anything may be installable."""
    lost = likely["roof_area"].isna()
    if "roof" not in causes or not lost.any():
        return
    whole = rows.loc[lost, "footprint_area_m2"].astype(float)
    low.loc[lost, "roof_area"] = high.loc[lost, "roof_area"] = whole
    low.loc[lost, list(CARRIED)] = 0.0
    high.loc[lost, "installable_area"] = whole
    high.loc[lost, "achievable_kwp"] = rows.loc[lost, "whole_roof_kwp"]


def _open_areas(
    rows: pd.DataFrame,
    likely: pd.DataFrame,
    low: pd.DataFrame,
    high: pd.DataFrame,
    causes: Collection[str],
) -> None:
    """What is installable is known as well as its tier of data allows, and is never above the roof."""
    if "area" not in causes:
        return
    known = likely["installable_area"].notna()
    sigma = rows["area_sigma"].fillna(0.0).astype(float)
    above = likely["installable_area"] * (1.0 + sigma)
    above = above.where(above <= likely["roof_area"], likely["roof_area"])
    above = above.where(above >= likely["installable_area"], likely["installable_area"])
    whole = likely["installable_area"].where(likely["installable_area"] > 0)
    factor = (above / whole).fillna(1.0)
    for name in CARRIED:
        low.loc[known, name] = (likely[name] * (1.0 - sigma))[known]
        high.loc[known, name] = (likely[name] * factor)[known]


def _open_pv(
    rows: pd.DataFrame,
    standing: pd.DataFrame,
    reading: str,
    likely: pd.DataFrame,
    low: pd.DataFrame,
    high: pd.DataFrame,
    causes: Collection[str],
) -> None:
    """PV whose figures were not filed lies within what modules of its time were."""
    for ours, theirs, most in (
        ("pv_area", f"{reading}_m2", high["roof_area"]),
        ("installed_kwp", "capacity_kwp", rows["whole_roof_kwp"].astype(float)),
    ):
        if f"{theirs}_low" not in standing:
            continue
        bottom = standing[f"{theirs}_low"].astype(float)
        top = standing[f"{theirs}_high"].astype(float)
        boundless = np.isinf(top)
        # without any figure it is at most what the whole roof holds
        most = pd.concat([most, likely[ours]], axis=1).max(axis=1)
        top = top.where(~boundless, most)
        for chosen, cause in ((boundless, "pv_unknown"), (~boundless, "pv_derived")):
            told = chosen & bottom.notna()
            if cause in causes and told.any():
                low.loc[told, ours] = bottom[told]
                high.loc[told, ours] = top[told]


def _open_floors(
    rows: pd.DataFrame,
    likely: pd.DataFrame,
    low: pd.DataFrame,
    high: pd.DataFrame,
    causes: Collection[str],
) -> None:
    """An unknown floor area is one storey at least, and as many as any building here has at most."""
    lost = likely["floor_area"].isna()
    if "floor_area" not in causes or not lost.any():
        return
    storeys = (likely["floor_area"] / rows["footprint_area_m2"]).max()
    footprint = rows.loc[lost, "footprint_area_m2"].astype(float)
    with_pv = likely.loc[lost, "buildings_with_pv"]
    bottom = footprint
    top = footprint * (max(float(storeys), 1.0) if np.isfinite(storeys) else 1.0)
    for table, area in ((low, bottom), (high, top)):
        table.loc[lost, "floor_area"] = area
        table.loc[lost, "floor_area_with_pv"] = area * with_pv


def worlds(
    found: Quantities, numerator: str, denominator: str, *, bearing: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """
    List what numerator and denominator of each building may be together.

    Parameters
    ----------
    found
        From `quantities`.
    numerator, denominator
        Names of quantities.
    bearing
        True where only roofs whose load suffices are looked at.

    Returns
    -------
    above, below
        One row per building, one column per way in which things may be; NaN where nothing
        can be said. Corners of what is possible: a ratio of sums is greatest and least at
        corners.
    """
    axes: list[str] = [
        a for a in ("roof", "pv", "floor") if a in {AXES.get(numerator), AXES.get(denominator)}
    ]
    states = (
        ("low", "high", "refused") if found.refusable.any() and not bearing else ("low", "high")
    )
    above, below = [], []
    for choice in itertools.product(*(states if a == "roof" else ("low", "high") for a in axes)):
        picked: dict[str, str] = dict(zip(axes, choice, strict=True))
        above.append(_side(found, numerator, picked))
        below.append(_side(found, denominator, picked))
    return np.column_stack(above), np.column_stack(below)


def _side(found: Quantities, name: str, picked: dict[str, str]) -> np.ndarray:
    """Return one quantity of every building in one world."""
    state = picked.get(AXES.get(name, ""), "low")
    table = found.high if state == "high" else found.low
    values = table[name].to_numpy(float)
    if state == "refused":
        values = np.where(found.refusable, 0.0, values)
    return values
