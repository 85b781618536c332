"""What a company pays on a project: value-added tax, surcharges and income tax.

Year by year and for many projects at once. Prices hold value-added tax; the tax within
what was bought is set against the tax within what is sold, and carried on until used up.
Income tax is free for the first years and halved for some more; losses are carried on for
a few years, the oldest first. The rules stand in `facts/economics.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hexi_solar.facts import fact
from hexi_solar.money import Floats


@dataclass(frozen=True)
class TaxRules:
    """Rates and years; defaults from `facts/economics.toml`, tax."""

    vat_rate: float = fact("economics.tax.vat_rate")
    capex_vat_rate: float = fact("economics.tax.capex_vat_rate")
    surcharge_rate: float = fact("economics.tax.surcharge_rate")
    income_tax_rate: float = fact("economics.tax.income_tax_rate")
    free_years: int = fact("economics.tax.free_years")
    half_years: int = fact("economics.tax.half_years")
    depreciation_years: int = fact("economics.tax.depreciation_years")
    residual_ratio: float = fact("economics.tax.residual_ratio")
    loss_years: int = fact("economics.tax.loss_years")


def company_taxes(
    revenue: Floats, capex: Floats, renewal: Floats, running: Floats, rules: TaxRules
) -> dict[str, Floats]:
    """
    Calculate the taxes of each year.

    Parameters
    ----------
    revenue
        Received from customers in each year, shape (rows, years + 1), VAT included; where
        it is negative (a shortfall made good) it lowers the tax. [CNY]
    capex
        Paid today, positive, VAT included, less any grant, shape (rows,). [CNY]
    renewal
        Parts replaced in each year, positive, VAT included; an expense of its year. [CNY]
    running
        Other costs of each year, positive; no VAT is claimed back on them. [CNY]
    rules
        Rates and years.

    Returns
    -------
    taxes
        `vat`, `surcharge`, `income_tax`, each positive where paid, shape of `revenue`. [CNY]

    Notes
    -----
    VAT within a price `p` is `p v / (1 + v)`. Profit is revenue without VAT, less running
    costs, renewals without VAT, straight-line depreciation of the cost without VAT and
    surcharges (Enterprise Income Tax Law and its regulation, article 60; losses: article 18
    of the law; three years free and three at half from the first income: article 88 of the
    regulation).
    """
    years = revenue.shape[1] - 1
    bought = renewal * rules.capex_vat_rate / (1.0 + rules.capex_vat_rate)
    bought[:, 0] += capex * rules.capex_vat_rate / (1.0 + rules.capex_vat_rate)
    vat = value_added_tax(revenue * rules.vat_rate / (1.0 + rules.vat_rate), bought)
    surcharge = vat * rules.surcharge_rate
    profit = revenue / (1.0 + rules.vat_rate) - running - surcharge
    profit -= renewal / (1.0 + rules.capex_vat_rate)
    value = capex / (1.0 + rules.capex_vat_rate) * (1.0 - rules.residual_ratio)
    written = min(rules.depreciation_years, years)
    profit[:, 1 : written + 1] -= value[:, None] / rules.depreciation_years
    factor = np.ones(years + 1)
    factor[: rules.free_years + 1] = 0.0
    factor[rules.free_years + 1 : rules.free_years + rules.half_years + 1] = 0.5
    income_tax = rules.income_tax_rate * factor * taxable(profit, rules.loss_years)
    return {"vat": vat, "surcharge": surcharge, "income_tax": income_tax}


def value_added_tax(sold: Floats, bought: Floats) -> Floats:
    """
    Set the tax within purchases against that within sales, and carry the rest on.

    Parameters
    ----------
    sold, bought
        Tax within what was sold and bought in each year, shape (rows, years + 1). [CNY]

    Examples
    --------
    >>> value_added_tax(np.array([[0.0, 6.0, 6.0, 6.0]]), np.array([[10.0, 0.0, 0.0, 0.0]]))
    array([[0., 0., 2., 6.]])
    """
    paid = np.zeros_like(sold)
    credit = np.zeros(len(sold))
    for year in range(sold.shape[1]):
        due = sold[:, year] - bought[:, year] - credit
        paid[:, year] = np.maximum(due, 0.0)
        credit = np.maximum(-due, 0.0)
    return paid


def taxable(profit: Floats, loss_years: int) -> Floats:
    """
    Set losses against later profits, the oldest first, until they lapse.

    Parameters
    ----------
    profit
        Of each year, shape (rows, years + 1). [CNY]
    loss_years
        For which a loss may be carried on.

    Examples
    --------
    >>> taxable(np.array([[-5.0, 3.0, 3.0]]), 5)
    array([[0., 0., 1.]])
    >>> taxable(np.array([[-5.0, 3.0, 3.0]]), 1)
    array([[0., 0., 3.]])
    """
    left = np.zeros((loss_years, len(profit)))  # losses by age, the oldest first
    found = np.zeros_like(profit)
    for year in range(profit.shape[1]):
        gain = np.maximum(profit[:, year], 0.0)
        for loss in left:
            used = np.minimum(loss, gain)
            loss -= used
            gain = gain - used
        found[:, year] = gain
        left = np.concatenate([left[1:], np.maximum(-profit[:, year], 0.0)[None]])
    return found
