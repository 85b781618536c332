"""What must hold of a retrofit plan before anyone sees it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.errors import GateError, Problem
from hexi_solar.money import ProjectFlows

REL = 1e-6  # relative difference that rounding may leave in a sum


def pass_gates(
    demand: pd.DataFrame, measures: pd.DataFrame, packages: pd.DataFrame, claims: pd.DataFrame
) -> None:
    """
    Stop where savings reach the use, anything is negative, or a roof is given away twice.

    Raises
    ------
    GateError
        With every gate that is closed and the buildings behind it.
    """
    found = {
        "savings_below_use": savings_reach_use(demand, packages),
        "nothing_negative": [*negative(demand), *negative(measures), *negative(packages)],
        "claims_within_roof": claims_beyond_roof(claims),
    }
    closed = [
        Problem("retrofit_gate", {"gate": gate, "count": len(ids), "rows": ", ".join(ids[:8])})
        for gate, ids in found.items()
        if ids
    ]
    if closed:
        raise GateError(*closed)


def savings_reach_use(demand: pd.DataFrame, packages: pd.DataFrame) -> list[str]:
    """Find buildings whose measures together save all that is used, or more."""
    building = packages.index.get_level_values("building_id")
    wrong = np.zeros(len(packages), bool)
    for column in ("electricity_kwh", "heat_gj"):
        saved = packages[column].to_numpy(float)
        wrong |= (saved > 0) & (saved >= demand[column].reindex(building).to_numpy(float))
    return sorted({str(i) for i in building[wrong]})


def negative(table: pd.DataFrame) -> list[str]:
    """Find buildings with a use, intensity, saving or cost below zero."""
    numbers = table.select_dtypes("number")
    numbers = numbers.drop(columns=[c for c in numbers if str(c).startswith("npv")])
    wrong = ((numbers < 0) | np.isinf(numbers)).any(axis=1)
    return sorted({str(i) for i in table.index[wrong].get_level_values("building_id")})


def claims_beyond_roof(claims: pd.DataFrame) -> list[str]:
    """Find roofs of which more is given away than there is."""
    parts = claims[["plant_area_m2", "hot_water_area_m2", "pv_area_m2"]].fillna(0.0)
    over = parts.sum(axis=1) > claims["usable_area_m2"] * (1 + REL) + REL
    return [str(i) for i in claims.index[over | (parts < 0).any(axis=1)]]


def sides_add_up(flows: ProjectFlows, parts: dict[str, np.ndarray]) -> list[str]:
    """
    Find buildings where the sides of a contract are not the project.

    Parameters
    ----------
    flows
        The project's.
    parts
        Net flows of `owner`, `contractor` and `state`.
    """
    gap = np.abs(sum(parts.values()) - flows.net).max(axis=1)
    scale = np.abs(flows.net).max(axis=1) + np.abs(flows.capex) + 1.0
    return [str(i) for i in flows.ids[gap > REL * scale]]
