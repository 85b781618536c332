"""Who invests, who receives: the two sides of a project under each kind of contract.

A step: flows in, flows out, for PV, for measures or for both together (`ProjectFlows` of
`money.py`, added). Kinds after GB/T 24915 (energy performance contracting):

- `own`: the owner builds, runs and keeps all.
- `shared`: the contractor builds and runs; for the years of the contract it receives a part
  of the savings (for PV: power sold below the tariff) and what surplus earns; then all is
  the owner's.
- `guaranteed`: the owner builds and runs, pays a fee on the guaranteed saving, and is paid
  what the saving falls short of it.
- `trusteeship`: the owner pays a fixed fee instead of its bill; the contractor builds, runs
  and pays the bill that is left.
- `lease`: the contractor rents the roof, builds, runs and sells power at the building's
  own tariff; the owner has the rent.

What one side pays the other receives, and the state has the taxes less any grant:
`owner + contractor + state = project`, item by item, in every year.

>>> sides = split(flows, Contract(kind="shared"))                      # doctest: +SKIP
>>> cash_flows(sides)               # table CASHFLOWS                  # doctest: +SKIP
>>> contract_table(flows, contract, discount_rate)  # table CONTRACTS: all kinds side by side # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from hexi_solar.config import Contract
from hexi_solar.money import Floats, ProjectFlows, internal_rate, net_present_value
from hexi_solar.taxes import TaxRules, company_taxes

Kind = Literal["own", "shared", "guaranteed", "trusteeship", "lease"]
KINDS: tuple[Kind, ...] = ("own", "shared", "guaranteed", "trusteeship", "lease")
PARTIES = ("owner", "contractor", "state", "project")
OWNER_BUILDS = ("own", "guaranteed")
Items = dict[str, Floats]


@dataclass(frozen=True)
class Sides:
    """Who receives (positive) and pays (negative) what; arrays (rows, years + 1). [CNY]"""

    ids: pd.Index
    kind: str
    owner: Items
    contractor: Items
    state: Items
    project: Items

    def net(self, party: str) -> Floats:
        """Add up the items of one party. [CNY]"""
        return np.asarray(sum(getattr(self, party).values()))


def split(
    flows: ProjectFlows,
    contract: Contract,
    *,
    achieved: float = 1.0,
    grant: Floats | float = 0.0,
    rules: TaxRules | None = None,
) -> Sides:
    """
    Share the money of each project out.

    Parameters
    ----------
    flows
        Of the projects, as expected.
    contract
        Kind and terms.
    achieved
        Saving and sales that come true, over those expected. [-]
    grant
        Paid by the state today to who builds, at most what building costs. [CNY]
    rules
        Of tax, which the contractor pays and a public owner does not.

    Returns
    -------
    sides
        `contract_payment` is what the owner pays the contractor for the saving; under a
        trusteeship or a guarantee it may be negative.
    """
    grants = np.minimum(np.broadcast_to(np.asarray(grant, float), flows.capex.shape), flows.capex)
    during = np.arange(flows.years + 1) <= contract.years
    savings, sales = flows.savings * achieved, flows.sales * achieved
    costs = _costs(flows)
    project = {"savings": savings, "sales": sales} | {k: -v for k, v in costs.items()}
    with_contractor = during & (contract.kind not in OWNER_BUILDS)
    theirs = {k: v * with_contractor for k, v in costs.items()}
    payment = _payment(flows, contract, achieved) * during
    rent = _rent(flows, contract) * during
    sold = sales * with_contractor
    owner = {"savings": savings, "sales": sales - sold, "contract_payment": -payment, "rent": rent}
    owner |= {k: theirs[k] - v for k, v in costs.items()}
    contractor = {"sales": sold, "contract_payment": payment, "rent": -rent}
    contractor |= {k: -v for k, v in theirs.items()}
    builder = owner if contract.kind in OWNER_BUILDS else contractor
    today = np.arange(flows.years + 1) == 0
    builder["grant"] = grants[:, None] * today
    tax = _taxes(theirs, payment + sold, rent, grants, rules or TaxRules())
    contractor |= {k: -v for k, v in tax.items()}
    state = tax | {"grant": -builder["grant"]}
    return Sides(flows.ids, contract.kind, owner, contractor, state, project)


def _costs(flows: ProjectFlows) -> Items:
    """List what is paid in each year, positive. [CNY]"""
    today = np.arange(flows.years + 1) == 0
    return {"capex": flows.capex[:, None] * today, **flows.running, "renewal": flows.renewal}


def _payment(flows: ProjectFlows, contract: Contract, achieved: float) -> Floats:
    """
    Calculate what the owner pays the contractor for the saving, in every year.

    Notes
    -----
    With the saving S that comes true, that expected E, and the bill before B:

    - shared: `a S`, with the contractor's part a;
    - guaranteed: `f G - s max(0, G - S)` for a guarantee `G = g E`, a fee f on it, and the
      part s of the shortfall that is made good;
    - trusteeship: the fee `k B` less the bill `B - S` that the contractor pays;
    - lease: S, since power is sold at the tariff;
    - own: nothing.
    """
    saved = flows.savings * achieved
    if contract.kind == "shared":
        return saved * contract.price_ratio
    if contract.kind == "guaranteed":
        promised = flows.savings * contract.guarantee_ratio
        short = np.maximum(promised - saved, 0.0)
        return promised * contract.service_ratio - short * contract.shortfall_ratio
    if contract.kind == "trusteeship":
        return contract.trusteeship_fee_ratio * flows.bill - (flows.bill - saved)
    return saved if contract.kind == "lease" else np.zeros_like(saved)


def _rent(flows: ProjectFlows, contract: Contract) -> Floats:
    """Return the rent of the roof in each year. [CNY]"""
    later = np.arange(flows.years + 1) > 0
    paid = contract.rent_cny_m2_a if contract.kind == "lease" else 0.0
    return np.asarray(flows.area_m2[:, None] * paid * later)


def _taxes(theirs: Items, revenue: Floats, rent: Floats, grants: Floats, rules: TaxRules) -> Items:
    """Calculate what the contractor pays; a grant is no income and is not written off."""
    capex = theirs["capex"][:, 0]
    running = sum((v for k, v in theirs.items() if k not in ("capex", "renewal")), rent)
    cost = np.maximum(capex - grants, 0.0) * (capex > 0)
    return company_taxes(revenue, cost, theirs["renewal"], np.asarray(running), rules)


def contractor_value(
    flows: ProjectFlows, contract: Contract, grant: Floats | float = 0.0
) -> Floats:
    """Calculate the contractor's net present value at the rate it asks for, after tax. [CNY]"""
    sides = split(flows, contract, grant=grant)
    return net_present_value(sides.net("contractor"), contract.required_irr_nominal)


def grant_needed(flows: ProjectFlows, contract: Contract, steps: int = 50) -> Floats:
    """
    Find the least grant that lets the contractor reach the return it asks for.

    Returns
    -------
    grant
        0 where none is needed, NaN where even the whole cost of building is not enough or
        the contractor builds nothing. [CNY]

    Notes
    -----
    The value rises with the grant (each yuan is worth at least what writing it off would
    have saved in tax less than itself), so the interval is halved.
    """
    if contract.kind in OWNER_BUILDS:
        return np.full(len(flows.ids), np.nan)
    low, high = np.zeros(len(flows.ids)), flows.capex.copy()
    return _least(lambda grant: contractor_value(flows, contract, grant), low, high, steps)


def share_needed(flows: ProjectFlows, contract: Contract, steps: int = 40) -> Floats:
    """
    Find the least part of the savings that lets the contractor reach the return it asks for.

    Returns
    -------
    share
        Of the savings, for a shared-savings contract with the other terms as given; NaN
        where even all of them are not enough. [-]
    """

    def value(share: Floats) -> Floats:
        # savings times a share of one's own is a price ratio of one's own
        scaled = replace(flows, savings=flows.savings * share[:, None])
        return contractor_value(scaled, replace(contract, kind="shared", price_ratio=1.0))

    n = len(flows.ids)
    return _least(value, np.zeros(n), np.ones(n), steps)


def _least(value: Callable[[Floats], Floats], low: Floats, high: Floats, steps: int) -> Floats:
    """Find where a rising function of each row turns from below zero to zero or above."""
    at_low, at_high = value(low), value(high)
    start = low.copy()
    for _ in range(steps):
        middle = 0.5 * (low + high)
        enough = value(middle) >= 0
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(at_low >= 0, start, np.where(at_high >= 0, high, np.nan))


def contract_table(flows: ProjectFlows, contract: Contract, discount_rate: float) -> pd.DataFrame:
    """
    Put all kinds of contract side by side for every project.

    Parameters
    ----------
    flows
        Of the projects.
    contract
        Terms; its kind is marked as the one chosen.
    discount_rate
        Of the owner and the state, nominal. [-]

    Returns
    -------
    contracts
        Table CONTRACTS of `schema.py`: index `building_id`, `contract`. Returns are NaN for
        a side that invests nothing.
    """
    parts = []
    for kind in KINDS:
        terms = replace(contract, kind=kind)
        sides = split(flows, terms)
        owner, contractor = sides.net("owner"), sides.net("contractor")
        columns = {
            "contract": kind,
            "chosen": kind == contract.kind,
            "owner_npv_cny": net_present_value(owner, discount_rate),
            "owner_irr": internal_rate(owner),
            "owner_capex_cny": -sides.owner["capex"][:, 0],
            "contractor_npv_cny": net_present_value(contractor, contract.required_irr_nominal),
            "contractor_irr": internal_rate(contractor),
            "state_npv_cny": net_present_value(sides.net("state"), discount_rate),
            "grant_cny": grant_needed(flows, terms),
            "share_needed": share_needed(flows, terms) if kind == "shared" else np.nan,
        }
        parts.append(pd.DataFrame(columns, index=flows.ids))
    table = pd.concat(parts).rename_axis("building_id")
    table["owner_capex_cny"] += 0.0  # no minus zero
    return table.set_index("contract", append=True)


def cash_flows(sides: Sides) -> pd.DataFrame:
    """
    Write the sides out, one row per building, year, party and item; zeros are left out.

    Returns
    -------
    cash_flows
        Table CASHFLOWS of `schema.py`. [CNY]
    """
    years = np.arange(next(iter(sides.project.values())).shape[1])
    parts = []
    for party in PARTIES:
        for item, amounts in getattr(sides, party).items():
            row, year = np.nonzero(amounts)
            parts.append(
                pd.DataFrame(
                    {
                        "building_id": sides.ids.to_numpy()[row],
                        "year": years[year],
                        "party": party,
                        "item": item,
                        "contract": sides.kind,
                        "amount_cny": amounts[row, year],
                    }
                )
            )
    table = pd.concat(parts, ignore_index=True)
    order = {name: i for i, name in enumerate(sides.ids)}
    table["_order"] = table["building_id"].map(order)
    table = table.sort_values(["_order", "year"], kind="stable").drop(columns="_order")
    return table.set_index(["building_id", "year", "party", "item"])
