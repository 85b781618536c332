"""What money at different times is worth together.

A row of yearly cash flows, the first of them today, is all that these functions take;
many rows go through at once. What is received is positive, what is paid negative. Whether
flows and rate are nominal or real is the caller's to keep alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

# rates between which a return is looked for, and how finely
LOWEST, HIGHEST, STEPS = -0.95, 10.0, 400


def discount_factors(rate: Floats | float, years: int) -> Floats:
    """
    Return what one yuan at the end of each year is worth today.

    Parameters
    ----------
    rate
        Discount rate, one for all or one per row. [-]
    years
        The last year; the first factor is that of today, 1.

    Examples
    --------
    >>> discount_factors(0.25, 2)
    array([1.  , 0.8 , 0.64])
    """
    rate = np.asarray(rate, float)
    factors: Floats = (1.0 + rate[..., None]) ** -np.arange(years + 1)
    return factors


def net_present_value(flows: Floats, rate: Floats | float) -> Floats:
    r"""
    Calculate the net present value of each row of yearly flows [1]_.

    Parameters
    ----------
    flows
        Shape (..., years + 1), the first column today. [CNY]
    rate
        Discount rate, nominal for nominal flows. [-]

    Notes
    -----
    .. math:: V = \sum_{t=0}^{N} \frac{F_t}{(1+r)^t}

    References
    ----------
    .. [1] W. Short, D. Packey and T. Holt, "A manual for the economic evaluation of energy
       efficiency and renewable energy technologies," NREL/TP-462-5173, 1995, chapter 3.

    Examples
    --------
    >>> net_present_value(np.array([-100.0, 60.0, 60.0]), 0.1).round(3)
    np.float64(4.132)
    """
    flows = np.asarray(flows, float)
    value: Floats = (flows * discount_factors(rate, flows.shape[-1] - 1)).sum(axis=-1)
    return value


def internal_rate(flows: Floats) -> Floats:
    r"""
    Find the rate at which each row of flows is worth nothing.

    Parameters
    ----------
    flows
        Shape (rows, years + 1), the first column today. [CNY]

    Returns
    -------
    rate
        NaN where no rate between -95 % and 1000 % makes the value vanish; the one closest
        to zero where several do. [-]

    Notes
    -----
    Signs of the value are taken at 400 rates, evenly spaced in the logarithm of `1 + r`;
    the bracket found is halved until it is narrower than rounding. Defined in the manual of
    NREL (TP-462-5173), chapter 3.

    Examples
    --------
    >>> internal_rate(np.array([[-100.0, 110.0], [-100.0, -1.0]])).round(6)
    array([0.1, nan])
    """
    flows = np.atleast_2d(np.asarray(flows, float))
    grid = np.expm1(np.linspace(np.log1p(LOWEST), np.log1p(HIGHEST), STEPS))
    with np.errstate(over="ignore"):
        values = flows @ discount_factors(grid, flows.shape[1] - 1).T
    crossed = np.sign(values[:, :-1]) * np.sign(values[:, 1:]) <= 0
    crossed &= (values[:, :-1] != 0) | (values[:, 1:] != 0)
    distance = np.where(crossed, np.abs(grid[:-1] + grid[1:]), np.inf)
    at = distance.argmin(axis=1)
    found = crossed.any(axis=1)
    low, high = grid[at], grid[at + 1]
    rising = values[np.arange(len(flows)), at] < 0
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = (net_present_value(flows, middle) < 0) == rising
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(found, 0.5 * (low + high), np.nan)


def payback_years(flows: Floats, rate: Floats | float = 0.0) -> Floats:
    r"""
    Find when discounted flows have paid back what was spent, once and for all.

    Parameters
    ----------
    flows
        Shape (rows, years + 1), the first column today. [CNY]
    rate
        Discount rate; 0 for the simple payback. [-]

    Returns
    -------
    years
        The moment after which the sum of discounted flows stays at or above zero, flows
        being even within a year; NaN where they never do. [a]

    Examples
    --------
    >>> payback_years(np.array([[-100.0, 40.0, 40.0, 40.0], [-100.0, 10.0, 10.0, 10.0]]))
    array([2.5, nan])
    """
    flows = np.atleast_2d(np.asarray(flows, float))
    sums = np.cumsum(flows * discount_factors(rate, flows.shape[1] - 1), axis=1)
    below = sums < 0
    ever = below.any(axis=1)
    last = np.where(ever, below.shape[1] - 1 - below[:, ::-1].argmax(axis=1), -1)
    paid = last < flows.shape[1] - 1
    row, start = np.arange(len(flows)), np.clip(last, 0, flows.shape[1] - 2)
    before, after = sums[row, start], sums[row, start + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        years = start + before / (before - after)
    return np.where(~ever, 0.0, np.where(paid, years, np.nan))


def levelised_cost(costs: Floats, energy: Floats, rate: Floats | float) -> Floats:
    r"""
    Calculate the price of energy that just covers its costs.

    Parameters
    ----------
    costs
        Paid in each year, positive, shape (..., years + 1). [CNY]
    energy
        Given in each year, the same shape. [kWh]
    rate
        Discount rate. [-]

    Returns
    -------
    cost
        NaN where there is no energy. [CNY/kWh]

    Notes
    -----
    .. math:: L = \frac{\sum_t C_t (1+r)^{-t}}{\sum_t E_t (1+r)^{-t}}

    as in the manual of NREL (TP-462-5173), chapter 3, before tax. With even costs and
    energy it is the fixed-charge-rate form, `(C · CRF + O) / E`.
    """
    whole = net_present_value(energy, rate)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, net_present_value(costs, rate) / whole, np.nan)


def capital_recovery(rate: float, years: int) -> float:
    r"""
    Return the even yearly payment that one yuan borrowed today asks for.

    Notes
    -----
    .. math:: \frac{r (1+r)^N}{(1+r)^N - 1}

    Examples
    --------
    >>> round(capital_recovery(0.08, 10), 5)
    0.14903
    """
    return 1.0 / years if rate == 0 else rate / (1.0 - (1.0 + rate) ** -years)


@dataclass(frozen=True)
class ProjectFlows:
    """Money of projects before anyone shares it, one row per building; all of it positive.

    Arrays have the shape (rows, years + 1), the first column today, nominal CNY with VAT.
    PV and measures of one building are two of these, added.
    """

    ids: pd.Index
    capex: Floats
    """Paid today, shape (rows,). [CNY]"""
    savings: Floats
    """Bills that the building no longer pays. [CNY]"""
    sales: Floats
    """Received from others, for surplus energy. [CNY]"""
    running: dict[str, Floats]
    """Costs of each year by item. [CNY]"""
    renewal: Floats
    """Parts replaced. [CNY]"""
    bill: Floats
    """What the building would pay without the project. [CNY]"""
    area_m2: Floats
    """Of roof that would be rented, shape (rows,)."""

    @property
    def years(self) -> int:
        """The last year."""
        return int(self.savings.shape[1]) - 1

    @property
    def running_total(self) -> Floats:
        """Costs of each year, less what is replaced. [CNY]"""
        return np.asarray(sum(self.running.values(), np.zeros_like(self.savings)))

    @property
    def net(self) -> Floats:
        """Received less paid, before tax. [CNY]"""
        net = self.savings + self.sales - self.running_total - self.renewal
        net[:, 0] -= self.capex
        return net

    def __add__(self, other: ProjectFlows) -> ProjectFlows:
        """
        Join two projects of the same buildings.

        The bill before is that of the first; what both save is added, so the second must
        have been worked out on what the first leaves.
        """
        if not self.ids.equals(other.ids) or self.years != other.years:
            message = "flows of different buildings or years cannot be added"
            raise ValueError(message)
        items = [*self.running, *(name for name in other.running if name not in self.running)]
        nothing = np.zeros_like(self.savings)
        running = {
            name: self.running.get(name, nothing) + other.running.get(name, nothing)
            for name in items
        }
        return ProjectFlows(
            self.ids,
            self.capex + other.capex,
            self.savings + other.savings,
            self.sales + other.sales,
            running,
            self.renewal + other.renewal,
            self.bill,
            self.area_m2 + other.area_m2,
        )


def even_flows(
    ids: pd.Index,
    *,
    capex_cny: Floats,
    saving_cny_a: Floats,
    running_cny_a: Floats | float = 0.0,
    life_years: Floats | float,
    bill_cny_a: Floats | float = 0.0,
    years: int,
) -> ProjectFlows:
    """
    Write a measure that saves alike in every year as flows, renewed whenever its life ends.

    Parameters
    ----------
    ids
        Buildings.
    capex_cny, saving_cny_a, running_cny_a
        Cost today, and what it saves and costs each year, positive. [CNY, CNY/a]
    life_years
        After which it is bought again at the same cost, but not in the last year. [a]
    bill_cny_a
        What the building would pay without it; 0 where it is added to PV, whose bill stands.
        [CNY/a]
    years
        The last year.

    Examples
    --------
    >>> one = pd.Index(["hall"])
    >>> lamps = even_flows(one, capex_cny=np.array([10.0]), saving_cny_a=np.array([4.0]),
    ...                    life_years=2.0, years=4)
    >>> lamps.net
    array([[-10.,   4.,  -6.,   4.,   4.]])
    """
    year = np.arange(years + 1)
    later = (year > 0).astype(float)
    column = (np.broadcast_to(np.asarray(v, float), (len(ids),)) for v in (
        capex_cny, saving_cny_a, running_cny_a, life_years, bill_cny_a,
    ))  # fmt: skip
    capex, saving, running, life, bill = column
    # the years in which a further life begins: the count of whole lives grows there
    lives = np.floor(year / life[:, None] + 1e-9)
    again = (np.diff(lives, axis=1, prepend=0.0) > 0) & (year < years)
    return ProjectFlows(
        ids=ids,
        capex=capex.copy(),
        savings=saving[:, None] * later,
        sales=np.zeros((len(ids), years + 1)),
        running={"opex": running[:, None] * later},
        renewal=capex[:, None] * again,
        bill=bill[:, None] * later,
        area_m2=np.zeros(len(ids)),
    )
