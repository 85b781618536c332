"""What must hold before a result is published, and what someone must look at first.

A closed gate stops publication and names the roofs; it can be opened by name, on purpose,
and the record keeps that. A review only marks: the building is shown with the reason and
stays out of the totals until the plan says that someone has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.errors import GateError, Problem
from hexi_solar.facts import fact

REL = 1e-6  # relative difference that rounding may leave in a sum


@dataclass(frozen=True)
class Results:
    """The tables that gates look at."""

    roofs: gpd.GeoDataFrame
    exclusions: pd.DataFrame
    layouts: gpd.GeoDataFrame
    yields: pd.DataFrame
    candidates: pd.DataFrame
    night_energy_kwh_kwp: pd.Series
    """Energy of hours in which the sun is well below the horizon, of a sample of roofs."""


def areas_add_up(results: Results) -> list[str]:
    """Find roofs whose ledger and usable area are not their horizontal area."""
    roofs = results.roofs
    taken = results.exclusions["area_m2"].groupby(level="roof_id").sum()
    rest = roofs["horizontal_area_m2"] - taken.reindex(roofs.index, fill_value=0.0)
    wrong = (rest - roofs["usable_area_m2"]).abs() > float(fact("gates.tolerance_m2"))
    wrong |= roofs["usable_area_m2"] > roofs["installable_area_m2"] * (1 + REL)
    return [str(i) for i in roofs.index[wrong]]


def modules_on_roof(results: Results) -> list[str]:
    """Find roofs whose array field leaves the usable area."""
    field = results.layouts.geometry
    outside = field.difference(results.roofs.geometry.buffer(1e-3)).area
    return [str(i) for i in results.layouts.index[outside > float(fact("gates.tolerance_m2"))]]


def capacity_fits(results: Results) -> list[str]:
    """Find roofs with more capacity than the densest modules could reach."""
    roofs = results.roofs
    slope = roofs["area_m2"] / roofs["horizontal_area_m2"]
    most = roofs["usable_area_m2"] * slope * float(fact("gates.kw_per_usable_m2"))
    too_much = results.layouts["capacity_kwp"] > most * (1 + REL)
    return [str(i) for i in results.layouts.index[too_much]]


def shade_takes(results: Results) -> list[str]:
    """Find roofs that receive more light shaded than unshaded."""
    return [str(i) for i in results.yields.index[results.yields["shading_loss"] < -REL]]


def nights_are_dark(results: Results) -> list[str]:
    """Find roofs that yield at night."""
    night = results.night_energy_kwh_kwp
    return [str(i) for i in night.index[night > REL]]


def sums_close(results: Results) -> list[str]:
    """Find buildings whose months, roofs and totals do not agree."""
    yields, candidates = results.yields, results.candidates
    months = [
        c for c in yields.columns.astype(str) if c.startswith("energy_ac_") and c != "energy_ac_kwh"
    ]
    year = yields["energy_ac_kwh"]
    wrong = list(yields.index[(yields[months].sum(axis=1) - year).abs() > REL * (year + 1)])
    for column, table in (("energy_ac_kwh", yields), ("capacity_kwp", results.layouts)):
        sums = table[column].groupby(table["building_id"].to_numpy()).sum()
        sums = sums.reindex(candidates.index, fill_value=0.0)
        apart = (candidates[column] - sums).abs() > REL * (sums + 1)
        wrong += list(candidates.index[apart])
    return [str(i) for i in wrong]


GATES: dict[str, Callable[[Results], list[str]]] = {
    "areas": areas_add_up,
    "modules_outside": modules_on_roof,
    "capacity": capacity_fits,
    "shading": shade_takes,
    "night": nights_are_dark,
    "sums": sums_close,
}


def check_gates(results: Results, allowed: Iterable[str] = ()) -> dict[str, list[str]]:
    """
    Stop a result that cannot be true.

    Parameters
    ----------
    results
        The tables.
    allowed
        Gates that are open on purpose.

    Returns
    -------
    passed
        Roofs or buildings that an allowed gate would have stopped, by gate.

    Raises
    ------
    GateError
        With every closed gate and its roofs.
    """
    allowed = set(allowed)
    found = {name: gate(results) for name, gate in GATES.items()}
    found = {name: ids for name, ids in found.items() if ids}
    closed = [
        Problem(f"gate_{name}", {"count": len(ids), "rows": _named(ids), "gate": name})
        for name, ids in found.items()
        if name not in allowed
    ]
    if closed:
        raise GateError(*closed)
    return found


def _named(ids: list[str], limit: int = 8) -> str:
    """Name the first of many."""
    return ", ".join(ids[:limit]) + (", ..." if len(ids) > limit else "")


def reviews(candidates: pd.DataFrame, poa_shaded_kwh: pd.Series) -> pd.Series:
    """
    Say what someone should look at, building by building.

    Parameters
    ----------
    candidates
        With `specific_yield_kwh_kwp` and `energy_ac_kwh`.
    poa_shaded_kwh
        In-plane irradiation after shading times capacity, per building. [kWh/m² kWp]

    Returns
    -------
    review
        List of reasons per building; empty where there is nothing to look at.
    """
    hours = candidates["specific_yield_kwh_kwp"]
    ratio = candidates["energy_ac_kwh"] / poa_shaded_kwh.reindex(candidates.index).replace(
        0, np.nan
    )
    low, high = float(fact("gates.specific_yield_low")), float(fact("gates.specific_yield_high"))
    odd_yield = hours.notna() & ~hours.between(low, high)
    low, high = float(fact("gates.ratio_low")), float(fact("gates.ratio_high"))
    odd_ratio = ratio.notna() & ~ratio.between(low, high)
    reasons = [
        [name for name, odd in (("specific_yield", a), ("ratio", b)) if odd]
        for a, b in zip(odd_yield, odd_ratio, strict=True)
    ]
    return pd.Series(reasons, candidates.index, dtype=object, name="review")
