"""From a first year to the money of every year: costs, savings, sales, tax.

Prices are nominal and hold value-added tax. The first year's self-use comes hour by hour;
between it and the last year, when modules have aged, self-use is interpolated, because in
that narrow range it is all but straight.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hexi_solar.config import Economics
from hexi_solar.economics.tariffs import surplus_prices
from hexi_solar.facts import fact
from hexi_solar.money import Floats, ProjectFlows
from hexi_solar.taxes import TaxRules, company_taxes


@dataclass(frozen=True)
class Case:
    """One turn of the assumptions: factors of the base, or values instead of it."""

    capex: float = 1.0
    energy: float = 1.0
    load: float = 1.0
    tariff: float = 1.0
    opex: float = 1.0
    surplus: float | None = None
    """Price of surplus energy instead of any rule. [CNY/kWh]"""
    discount: float | None = None
    """Discount rate instead of the setting's, nominal. [-]"""


BASE = Case()


def size_factor(capacity_kwp: Floats) -> Floats:
    """
    Return by how much a lot of some size costs more per kilowatt than a large one.

    Notes
    -----
    Linear in the logarithm of capacity between the points of `facts/economics.toml`,
    constant beyond them.

    Examples
    --------
    >>> size_factor(np.array([20.0, 300.0, 5000.0]))
    array([1.4 , 1.15, 1.  ])
    """
    sizes = np.log(np.asarray(fact("economics.cost.capex_size_kwp")))
    capacity = np.log(np.maximum(np.asarray(capacity_kwp, float), 1e-9))
    factor: Floats = np.interp(capacity, sizes, fact("economics.cost.capex_size_factor"))
    return factor


def building_capex(layouts: pd.DataFrame, mounting: pd.Series, settings: Economics) -> pd.Series:
    r"""
    Calculate what building costs, per building.

    Parameters
    ----------
    layouts
        Table of `schema.py`.
    mounting
        Of each roof: anchored, ballast or clamped; anchored where not known.
    settings
        For the cost of a large lot.

    Returns
    -------
    capex
        VAT included. [CNY]

    Notes
    -----
    .. math:: C = c \, s(P) \sum_r m_r P_r

    with the cost c of large lots, the factor s of the building's capacity P and that of
    each roof's mounting, m.
    """
    factors = {
        k: fact(f"economics.capex_mounting_factor.{k}") for k in ("anchored", "ballast", "clamped")
    }
    factor = mounting.reindex(layouts.index).map(factors).astype(float).fillna(factors["anchored"])
    ids = layouts["building_id"].to_numpy()
    capacity = layouts["capacity_kwp"].groupby(ids).sum()
    mounted = (layouts["capacity_kwp"] * factor).groupby(ids).sum()
    capex: pd.Series = settings.capex_cny_kwp * mounted * size_factor(capacity.to_numpy(float))
    return capex


def ageing(settings: Economics) -> Floats:
    """
    Return what modules give in each year, over the first; 0 today.

    Examples
    --------
    >>> ageing(Economics(years=3, degradation=0.5))
    array([0.  , 1.  , 0.5 , 0.25])
    """
    year = np.arange(settings.years + 1)
    return np.where(year > 0, (1.0 - settings.degradation) ** np.maximum(year - 1, 0), 0.0)


def growth(rate: float, years: int) -> Floats:
    """
    Return prices of each year over those of the first.

    Examples
    --------
    >>> growth(0.5, 3)
    array([1.  , 1.  , 1.5 , 2.25])
    """
    return np.asarray((1.0 + rate) ** np.maximum(np.arange(years + 1) - 1, 0), float)


def project_flows(
    first: pd.DataFrame, settings: Economics, connected_on: dt.date, case: Case = BASE
) -> ProjectFlows:
    """
    Carry the first year through the life of the modules.

    Parameters
    ----------
    first
        Per building: `capacity_kwp`, `capex_cny`, `flat_array_area_m2`, `array_area_m2`,
        `bill_cny`, and of the first and the last year `energy_kwh`, `self_use_kwh`,
        `self_use_cny`, the last year's ending in `_last`.
    settings
        Costs, prices, growth and years, nominal.
    connected_on
        Decides the rules for surplus energy.
    case
        Turn of the assumptions; of energy and load, `first` must know already.

    Returns
    -------
    flows
        One row per building, all positive. [CNY]
    """
    years, age = settings.years, ageing(settings)
    prices = growth(settings.tariff_growth_nominal, years)
    costs = growth(settings.cost_growth_nominal, years)
    column = {name: first[name].to_numpy(float)[:, None] for name in first.select_dtypes("number")}
    energy = column["energy_kwh"] * age
    self_use = _between(column["self_use_kwh"], column["self_use_kwh_last"], age)
    saved = _between(column["self_use_cny"], column["self_use_cny_last"], age)
    surplus = np.maximum(energy - self_use, 0.0)
    flat = np.ones((1, years + 1)) * (np.arange(years + 1) > 0)
    capacity, capex = column["capacity_kwp"], column["capex_cny"] * case.capex
    running = {
        "opex": capacity * settings.opex_cny_kwp_a * costs * flat * case.opex,
        "insurance": capex * settings.insurance_rate * flat * np.ones_like(costs),
        "roof_repair": column["flat_array_area_m2"]
        * settings.roof_repair_cny_m2
        * _once(settings.roof_repair_year, costs),
    }
    return ProjectFlows(
        ids=first.index,
        capex=capex[:, 0],
        savings=saved * prices * case.tariff,
        sales=surplus * _surplus_price(energy, capacity, settings, connected_on, case),
        running=running,
        renewal=capacity * settings.inverter_cny_kwp * _once(settings.inverter_year, costs),
        bill=column["bill_cny"] * prices * case.tariff * flat,
        area_m2=column["array_area_m2"][:, 0],
    )


def _between(first: Floats, last: Floats, age: Floats) -> Floats:
    """Interpolate between the first and the last year by what ageing has left; 0 today."""
    lost = 1.0 - age[1:]
    share = lost / lost[-1] if lost[-1] > 0 else np.zeros_like(lost)
    values = first + (last - first) * share
    return np.hstack([np.zeros((len(values), 1)), values])


def _once(year: int, costs: Floats) -> Floats:
    """Pay once, in one year; never if that is beyond the last one."""
    return np.where(np.arange(len(costs)) == year, costs, 0.0) if year > 0 else np.zeros_like(costs)


def _surplus_price(
    energy: Floats, capacity: Floats, settings: Economics, connected_on: dt.date, case: Case
) -> Floats:
    """Return what surplus earns in each year, today's column too. [CNY/kWh]"""
    if settings.mode == "self_use":
        return np.zeros_like(energy)
    if case.surplus is not None:
        return np.full_like(energy, case.surplus)
    prices = surplus_prices(
        connected_on,
        energy[:, 1:] / np.maximum(capacity, 1e-9),
        market_cny_kwh=settings.surplus_cny_kwh_nominal,
        bid_cny_kwh=settings.surplus_bid_cny_kwh,
    )
    return np.hstack([prices[:, :1], prices])


def after_tax(flows: ProjectFlows, settings: Economics) -> Floats:
    """
    Return what each year leaves to who builds, after tax where a company does.

    Notes
    -----
    A company is taken to sell to the building at the building's own tariff, so this is
    the value of the project as a whole, before anyone shares it. An institution pays no
    tax on what it saves.

    Returns
    -------
    net
        Shape (rows, years + 1). [CNY]
    """
    if settings.taxpayer == "institution":
        return flows.net
    taxes = company_taxes(
        flows.savings + flows.sales, flows.capex, flows.renewal, flows.running_total, TaxRules()
    )
    return np.asarray(flows.net - sum(taxes.values()))
