"""Measures and hot water as money of every year, to be added to that of PV.

Savings of a package are those of all its measures together; each measure is bought again
when its own life ends.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.money import Floats, ProjectFlows, even_flows
from hexi_solar.retrofit.measures import measure_names

FOREVER = 1e9  # a life that never ends [a]


def measure_flows(
    packages: pd.DataFrame,
    measures: pd.DataFrame,
    bill_cny_a: pd.Series,
    *,
    years: int,
    growth: float = 0.0,
) -> ProjectFlows:
    """
    Write one package per building as flows.

    Parameters
    ----------
    packages
        Rows of `schema.RETROFIT_PACKAGES`, indexed by building.
    measures
        `schema.MEASURES` of the same buildings.
    bill_cny_a
        What each building pays for energy in a year, before. [CNY/a]
    years
        The last year.
    growth
        Of prices per year, nominal. [1/a]
    """
    ids = packages.index
    flows = even_flows(
        ids,
        capex_cny=np.zeros(len(ids)),
        saving_cny_a=packages["value_cny_a"].to_numpy(float),
        life_years=FOREVER,
        bill_cny_a=bill_cny_a.reindex(ids).to_numpy(float),
        years=years,
    )
    cost = measures["cost_cny"].unstack("measure").reindex(ids)
    for name in measure_names():
        taken = np.array([name in chosen for chosen in packages["measures"]], float)
        flows += even_flows(
            ids,
            capex_cny=cost[name].fillna(0.0).to_numpy(float) * taken,
            saving_cny_a=np.zeros(len(ids)),
            life_years=float(fact(f"retrofit.life_a.{name}")),
            years=years,
        )
    return grown(flows, growth)


def hot_water_flows(
    claims: pd.DataFrame,
    *,
    years: int,
    growth: float = 0.0,
    heat_value_cny_gj: float | None = None,
) -> ProjectFlows:
    """
    Write solar hot water as flows; the heat that is bought for hot water is its bill.

    Parameters
    ----------
    claims
        `schema.ROOF_CLAIMS`.
    years, growth
        As of `measure_flows`.
    heat_value_cny_gj
        What heat of the sun replaces; None for the price of purchased heat. [CNY/GJ]
    """
    price = heat_value_cny_gj or float(fact("retrofit.heat_price_cny_gj"))
    saved = claims["hot_water_gj"].fillna(0.0) * price
    flows = even_flows(
        claims.index,
        capex_cny=claims["hot_water_cost_cny"].fillna(0.0).to_numpy(float),
        saving_cny_a=saved.to_numpy(float),
        life_years=float(fact("retrofit.solar_hot_water.life_a")),
        bill_cny_a=saved.to_numpy(float) / float(fact("retrofit.solar_hot_water.fraction")),
        years=years,
    )
    return grown(flows, growth)


def grown(flows: ProjectFlows, growth: float) -> ProjectFlows:
    """Let savings and bills grow from the second year on."""
    rise = (1.0 + growth) ** np.maximum(np.arange(flows.years + 1) - 1, 0)
    return replace(flows, savings=flows.savings * rise, bill=flows.bill * rise)


def spread(flows: ProjectFlows, ids: pd.Index) -> ProjectFlows:
    """
    Put flows of some buildings among others, which have none.

    Examples
    --------
    >>> one = even_flows(pd.Index(["b"]), capex_cny=np.array([5.0]), saving_cny_a=np.array([1.0]),
    ...                  life_years=9.0, years=1)
    >>> spread(one, pd.Index(["a", "b"])).capex
    array([0., 5.])
    """
    rows = flows.ids.get_indexer(ids)

    def placed(values: Floats) -> Floats:
        out = (
            values[np.maximum(rows, 0)] if len(values) else np.zeros((len(ids), *values.shape[1:]))
        )
        out = out.copy()
        out[rows < 0] = 0.0
        return out

    return ProjectFlows(
        ids,
        placed(flows.capex),
        placed(flows.savings),
        placed(flows.sales),
        {name: placed(v) for name, v in flows.running.items()},
        placed(flows.renewal),
        placed(flows.bill),
        placed(flows.area_m2),
    )


def chosen(flows: ProjectFlows, rows: np.ndarray) -> ProjectFlows:
    """Keep some rows."""
    return ProjectFlows(
        flows.ids[rows],
        flows.capex[rows],
        flows.savings[rows],
        flows.sales[rows],
        {name: v[rows] for name, v in flows.running.items()},
        flows.renewal[rows],
        flows.bill[rows],
        flows.area_m2[rows],
    )
