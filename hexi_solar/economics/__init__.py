"""What PV on public buildings costs, saves and is worth.

A step: tables in, tables out. `prepare` puts a district's projects together once; the rest
takes what it returns.

>>> portfolio = prepare(buildings, roofs, layouts, yields, profiles, roof_class, demand,
...                    plan.economics, connected_on=plan.today)    # doctest: +SKIP
>>> economics_of(portfolio)                 # table ECONOMICS, one row per building  # doctest: +SKIP
>>> sensitivity(portfolio)                  # tornado per building                   # doctest: +SKIP
>>> portfolio_sensitivity(sensitivity(portfolio))  # ... of all together             # doctest: +SKIP
>>> portfolio.flows()                        # money.ProjectFlows, for contracts.py   # doctest: +SKIP

`profiles` are 8760 local hours of AC power per kilowatt, one column per class of
orientation, `roof_class` names each roof's; `valuation.py` makes both and does all of the
above for a study. `demand` has `electricity_kwh` and `electricity_source` by building; what
it does not know is taken from the benchmark of the owner type and marked `assumed`.

All money is nominal CNY with VAT. Value and return are those of who builds: after tax where
`taxpayer = "company"` (the building's own tariff is what it sells at), without tax where an
institution saves its own bill. The levelised cost is before tax.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.config import Economics
from hexi_solar.economics.calendar import hours_of_year
from hexi_solar.economics.cashflow import BASE, Case, after_tax, ageing
from hexi_solar.economics.portfolio import Portfolio, prepare
from hexi_solar.economics.prices import prices_of_use
from hexi_solar.economics.sensitivity import portfolio_sensitivity, sensitivity
from hexi_solar.economics.tariffs import Tariff, built_in_tariffs, parse_tariff
from hexi_solar.facts import all_facts
from hexi_solar.money import (
    Floats,
    ProjectFlows,
    internal_rate,
    levelised_cost,
    net_present_value,
    payback_years,
)

__all__ = [
    "BASE",
    "Case",
    "Portfolio",
    "Tariff",
    "after_tax",
    "built_in_tariffs",
    "economics_of",
    "hours_of_year",
    "parse_tariff",
    "portfolio_sensitivity",
    "prepare",
    "prices_of_use",
    "sensitivity",
]

CARRIED = [
    "owner_type", "capacity_kwp", "energy_ac_kwh", "electricity_kwh", "electricity_low_kwh",
    "electricity_high_kwh", "electricity_source", "tariff", "tariff_source", "capex_cny",
]  # fmt: skip


def economics_of(
    portfolio: Portfolio, emission_factor: str = "tianjin", case: Case = BASE
) -> pd.DataFrame:
    """
    Value the PV of each building.

    Parameters
    ----------
    portfolio
        From `prepare`.
    emission_factor
        Entry of `facts/carbon.toml`.
    case
        Turn of the assumptions.

    Returns
    -------
    economics
        Table ECONOMICS of `schema.py`. Where no rate makes the value vanish, or the cost is
        never paid back, the cell is NaN.
    """
    settings = portfolio.settings
    rate = settings.discount_rate_nominal if case.discount is None else case.discount
    first = portfolio.first_year(case)
    flows = portfolio.flows(case, first)
    net = after_tax(flows, settings)
    energy = first[["energy_kwh"]].to_numpy() * ageing(settings)
    table = first[CARRIED].copy()
    table["energy_ac_kwh"], table["capex_cny"] = first["energy_kwh"], flows.capex
    table["opex_cny_a"] = flows.running["opex"][:, 1] + flows.running["insurance"][:, 1]
    _shares(table, first, flows, settings)
    table["npv_cny"] = net_present_value(net, rate)
    table["irr"] = internal_rate(net)
    table["lcoe_cny_kwh"] = levelised_cost(_costs(flows), energy, rate)
    table["payback_years"] = payback_years(net, rate)
    table["simple_payback_years"] = payback_years(net)
    factor = all_facts()[f"carbon.{emission_factor}"]
    table["co2_t"] = table["energy_ac_kwh"] * float(factor.value) / 1000.0
    table["co2_life_t"] = energy.sum(axis=1) * float(factor.value) / 1000.0
    table["co2_region"], table["co2_year"] = emission_factor, int(factor.year)
    table["co2_kg_kwh"] = float(factor.value)
    return table.rename_axis("building_id")


def _shares(
    table: pd.DataFrame, first: pd.DataFrame, flows: ProjectFlows, settings: Economics
) -> None:
    """Say where the first year's energy goes and what it brings."""
    used, energy = first["self_use_kwh"], table["energy_ac_kwh"]
    surplus = (energy - used).clip(lower=0.0)
    table["self_use_kwh"], table["surplus_kwh"] = used, surplus
    table["self_use_share"] = (used / energy.where(energy > 0)).clip(upper=1.0)
    least = settings.self_use_least
    enough = (
        (table["self_use_share"] >= least).map({True: "yes", False: "no"})
        if least is not None
        else "unknown"
    )
    table["self_use_enough"] = enough
    use = table["electricity_kwh"]
    table["self_sufficiency"] = (used / use.where(use > 0)).clip(upper=1.0)
    saved, sold = flows.savings[:, 1], flows.sales[:, 1]
    table["self_use_cny_kwh"] = saved / used.where(used > 0)
    table["surplus_cny_kwh"] = sold / surplus.where(surplus > 0)
    table["savings_cny_a"], table["sales_cny_a"] = saved, sold


def _costs(flows: ProjectFlows) -> Floats:
    """Add up what is paid in each year, before tax. [CNY]"""
    costs: Floats = flows.running_total + flows.renewal
    costs[:, 0] += flows.capex
    return np.asarray(costs)
