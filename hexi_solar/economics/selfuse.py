"""How much of a roof's energy its building takes itself, hour by hour, and what that saves.

An hour's self-use is the smaller of what the roofs give and what the building takes; what
it saves is that times the price of the hour. The shape of a day in each month comes from
the roof's class of orientation, the energy of the month from the roof itself, so that its
shade is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hexi_solar.economics.calendar import YearHours
from hexi_solar.money import Floats

Whole = npt.NDArray[np.int64]
BLOCK = 256  # buildings whose hours are in memory together


@dataclass(frozen=True)
class Loads:
    """What buildings take; one entry per building."""

    annual_kwh: Floats
    shape: Whole
    """Row of `shapes`."""
    shapes: Floats
    """Shape (kinds, 8760), each row adds up to 1. [-]"""
    tariff: Whole
    """Row of `prices`."""
    prices: Floats
    """Shape (tariffs, 8760). [CNY/kWh]"""
    weights: Floats | None = None
    """By building and month, what metered months are over the shape's. [-]"""


@dataclass(frozen=True)
class Supply:
    """What roofs give; one entry per group of a building's roofs of one class."""

    building: Whole
    """Row of the building."""
    kind: Whole
    """Row of `profiles`."""
    monthly_kwh: Floats
    """Shape (groups, 12)."""
    profiles: Floats
    """Shape (classes, 8760): part of the month's energy that each hour has. [-]"""


def hour_shares(profiles: Floats, month: Whole) -> Floats:
    """
    Turn hourly power of each class into the part of its month that each hour has.

    Parameters
    ----------
    profiles
        Shape (classes, 8760); the night may be slightly negative, an inverter's own use,
        and counts as nothing. [kW/kWp]
    month
        Of each hour, from 1.

    Returns
    -------
    shares
        Rows add up to 1 in every month; a month without light is spread evenly. [-]
    """
    power = np.maximum(profiles, 0.0)
    sums = np.stack([np.bincount(month, row, minlength=13)[1:] for row in power])
    hours = np.bincount(month, minlength=13)[1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = power / sums[:, month - 1]
    return np.where(sums[:, month - 1] > 0, shares, 1.0 / hours[month - 1])


def match_hours(
    supply: Supply, loads: Loads, hours: YearHours, scale: float = 1.0
) -> tuple[Floats, Floats]:
    """
    Hold what roofs give against what their buildings take.

    Parameters
    ----------
    supply, loads
        Of the same buildings.
    hours
        Of the year.
    scale
        Of the roofs' energy: what ageing leaves of it. [-]

    Returns
    -------
    self_use, value
        Per building: energy used in it [kWh], and what that would have cost [CNY].
    """
    n = len(loads.annual_kwh)
    month = hours.month - 1
    order = np.argsort(supply.building, kind="stable")
    starts = np.searchsorted(supply.building[order], np.arange(0, n + BLOCK, BLOCK))
    self_use, value = np.zeros(n), np.zeros(n)
    for number, begin in enumerate(range(0, n, BLOCK)):
        block = slice(begin, min(begin + BLOCK, n))
        roofs = np.zeros((block.stop - begin, len(month)))
        for group in order[starts[number] : starts[number + 1]]:
            energy = supply.monthly_kwh[group, month] * scale
            roofs[supply.building[group] - begin] += energy * supply.profiles[supply.kind[group]]
        taken = loads.shapes[loads.shape[block]] * loads.annual_kwh[block, None]
        if loads.weights is not None:
            taken *= loads.weights[block][:, month]
        used = np.minimum(roofs, taken)
        self_use[block] = used.sum(axis=1)
        for kind in np.unique(loads.tariff[block]):
            own = np.flatnonzero(loads.tariff[block] == kind)
            value[begin + own] = used[own] @ loads.prices[kind]
    return self_use, value
