"""Which assumption moves the value of a project most: the data of a tornado chart.

Each assumption of `facts/economics.toml`, sensitivity, is set to its low and its high value
while all others stay; the portfolio is the sum of its buildings.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hexi_solar.economics.cashflow import BASE, Case, after_tax
from hexi_solar.economics.portfolio import Portfolio
from hexi_solar.facts import fact, read_facts
from hexi_solar.money import Floats, net_present_value

MATCHED = ("energy", "load")  # these change who uses which hour


def parameters() -> list[str]:
    """
    Return the assumptions that are turned.

    Examples
    --------
    >>> parameters()[:3]
    ['capex', 'energy', 'load']
    """
    return list(read_facts("economics")["sensitivity"])


def sensitivity(portfolio: Portfolio) -> pd.DataFrame:
    """
    Value every project with one assumption turned at a time.

    Parameters
    ----------
    portfolio
        From `prepare`.

    Returns
    -------
    sensitivity
        Index `building_id`, `parameter`; `low`, `high` (factor of the base, or the value
        itself), `npv_cny`, `npv_low_cny`, `npv_high_cny`, `swing_cny`. [-, CNY]
    """
    first = portfolio.first_year()
    base = _value(portfolio, BASE, first)
    parts = []
    for name in parameters():
        low, high = fact(f"economics.sensitivity.{name}")
        ends = []
        for value in (low, high):
            case = replace(BASE, **{name: value})
            ends.append(_value(portfolio, case, None if name in MATCHED else first))
        columns = {
            "parameter": name, "low": low, "high": high,
            "npv_cny": base, "npv_low_cny": ends[0], "npv_high_cny": ends[1],
            "swing_cny": np.abs(ends[1] - ends[0]),
        }  # fmt: skip
        parts.append(pd.DataFrame(columns, index=portfolio.table.index))
    table = pd.concat(parts).rename_axis("building_id").set_index("parameter", append=True)
    return table.loc[[(i, p) for i in portfolio.table.index for p in parameters()]]


def _value(portfolio: Portfolio, case: Case, first: pd.DataFrame | None) -> Floats:
    """Calculate the net present value of each project in one case. [CNY]"""
    settings = portfolio.settings
    rate = settings.discount_rate_nominal if case.discount is None else case.discount
    return net_present_value(after_tax(portfolio.flows(case, first), settings), rate)


def portfolio_sensitivity(table: pd.DataFrame) -> pd.DataFrame:
    """
    Add the buildings of a sensitivity table up, the widest swing first.

    Returns
    -------
    portfolio
        Index `parameter`, columns as `sensitivity`. [-, CNY]
    """
    ranges = table[["low", "high"]].groupby(level="parameter").first()
    money = ["npv_cny", "npv_low_cny", "npv_high_cny"]
    sums = ranges.join(table[money].groupby(level="parameter").sum())
    sums["swing_cny"] = (sums["npv_high_cny"] - sums["npv_low_cny"]).abs()
    return sums.sort_values(["swing_cny"], ascending=False, kind="stable")
