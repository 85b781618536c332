"""What each way to fill a roof would bring, side by side.

Low rows hold more modules and yield less from each; whether a roof reaches the target
depends on the way chosen and on the definition of coverage. The table shows all ways, and
an objective picks one per building.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact, read_facts

READINGS = ("module_area", "module_horizontal_area", "array_area")


def variants() -> dict[str, dict[str, Any]]:
    """Read the ways to fill a flat roof, in the order they are shown."""
    found: dict[str, dict[str, Any]] = read_facts("layouts")["variants"]
    return found


def tradeoff_table(
    roofs: pd.DataFrame, options: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]
) -> pd.DataFrame:
    """
    Put the ways to fill each building's roofs side by side.

    Parameters
    ----------
    roofs
        Table of `schema`.
    options
        Layouts and yields of all these roofs, by variant.

    Returns
    -------
    tradeoffs
        Index `building_id`, `variant`; `modules`, `capacity_kwp`, `energy_ac_kwh`,
        `specific_yield_kwh_kwp`, `npv_cny`, and for each reading of PV area the share of
        the installable and of the total roof that the building would have, e.g.
        `installable_module_area_rate`. [-, kWp, kWh, kWh/kWp, CNY, -]

    Notes
    -----
    On pitched roofs areas are taken in the plane of the roof, as in `coverage.py`.
    """
    tables = [_one_option(name, roofs, *tables) for name, tables in options.items()]
    table = pd.concat(tables)
    order = {name: i for i, name in enumerate(options)}
    table["_order"] = table["variant"].map(order)
    table = table.sort_values(["building_id", "_order"]).drop(columns="_order")
    return table.set_index(["building_id", "variant"])


def _one_option(
    name: str, roofs: pd.DataFrame, layouts: pd.DataFrame, yields: pd.DataFrame
) -> pd.DataFrame:
    """Add up one way to fill the roofs of each building."""
    ids = roofs["building_id"].to_numpy()
    slope = roofs["area_m2"] / roofs["horizontal_area_m2"]

    def of_building(values: pd.Series) -> pd.Series:
        return values.groupby(ids).sum()

    capacity = of_building(layouts["capacity_kwp"])
    energy = of_building(yields["energy_ac_kwh"])
    columns = {
        "variant": pd.Series(name, capacity.index),
        "modules": of_building(layouts["modules"]),
        "capacity_kwp": capacity,
        "energy_ac_kwh": energy,
        "specific_yield_kwh_kwp": energy / capacity.where(capacity > 0),
        "npv_cny": net_present_value(energy, capacity),
    }
    for reading in READINGS:
        # the projection is compared with horizontal areas, the others in the plane
        stretch = slope * 0.0 + 1.0 if reading == "module_horizontal_area" else slope
        covered = layouts[f"{reading}_m2"]
        covered = of_building(covered * slope if reading == "array_area" else covered)
        wholes = {"installable": "installable_area_m2", "total_roof": "horizontal_area_m2"}
        for definition, column in wholes.items():
            whole = of_building(roofs[column] * stretch)
            columns[f"{definition}_{reading}_rate"] = covered / whole.where(whole > 0)
    return pd.DataFrame(columns).rename_axis("building_id").reset_index()


def net_present_value(energy_kwh: pd.Series, capacity_kwp: pd.Series) -> pd.Series:
    r"""
    Value a layout over its life with the defaults of `facts/layouts.toml`.

    Parameters
    ----------
    energy_kwh
        In the first year. [kWh]
    capacity_kwp
        Of modules. [kWp]

    Returns
    -------
    npv
        Net present value, real, before tax. [CNY]

    Notes
    -----
    .. math:: -c P + \sum_{y=1}^{N} \frac{v E (1-d)^{y-1} - o P}{(1+r)^y}

    Examples
    --------
    >>> roof = pd.Series([125_000.0])
    >>> int(net_present_value(roof, pd.Series([100.0])).round(-3).item())
    362000
    """
    rate, years = float(fact("layouts.money.discount_rate")), int(fact("layouts.money.years"))
    year = np.arange(1, years + 1)
    discount = (1.0 + rate) ** -year
    ageing = (1.0 - float(fact("pv.degradation.per_year"))) ** (year - 1)
    worth = float(fact("layouts.money.energy_value_cny_kwh")) * float((discount * ageing).sum())
    upkeep = float(fact("layouts.money.opex_cny_kwp_a")) * float(discount.sum())
    cost = float(fact("layouts.money.capex_cny_kwp")) + upkeep
    return energy_kwh * worth - capacity_kwp * cost


def choose_variants(
    tradeoffs: pd.DataFrame, objective: str, *, rate_column: str, target: float
) -> pd.Series:
    """
    Pick one way per building.

    Parameters
    ----------
    tradeoffs
        From `tradeoff_table`.
    objective
        `max_energy_per_kwp`, `max_energy_per_roof`, `max_npv`, or `coverage_target`: of
        the ways that reach the target on this roof the one with the highest specific
        yield, and where none does the one with the highest rate.
    rate_column
        Rate that `coverage_target` looks at, a column of the table.
    target
        Of that rate. [-]

    Returns
    -------
    variant
        By building; ties go to the way that is listed first.
    """
    columns = {
        "max_energy_per_kwp": "specific_yield_kwh_kwp",
        "max_energy_per_roof": "energy_ac_kwh",
        "max_npv": "npv_cny",
    }
    if objective in columns:
        score = tradeoffs[columns[objective]].fillna(-np.inf)
    else:
        rate = tradeoffs[rate_column].fillna(-np.inf)
        reached = rate >= target
        # any way that reaches the target stands above every way that does not
        score = rate.where(~reached, 1e6 + tradeoffs["specific_yield_kwh_kwp"])
    frame = score.rename("score").reset_index()
    best = frame.groupby("building_id", sort=True)["score"].idxmax()
    return frame.loc[best].set_index("building_id")["variant"]
