"""How much of a roof's energy its building takes itself, hour by hour, and what that saves.

An hour's self-use is the smaller of what the roofs give and what the building takes; what
it saves is that times the price of the hour. The shape of a day in each month comes from
the roof's class of orientation, the energy of the month from the roof itself, so that its
shade is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hexi_solar.compiled import machine_code
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
    order = np.argsort(supply.building, kind="stable")
    groups = np.searchsorted(supply.building[order], np.arange(len(loads.annual_kwh) + 1))
    n, weights = len(loads.annual_kwh), loads.weights
    found: tuple[Floats, Floats] = _match(
        groups.astype(np.int64), supply.kind[order], supply.monthly_kwh[order] * scale,
        np.ascontiguousarray(supply.profiles), np.asarray(loads.annual_kwh, float), loads.shape,
        np.ascontiguousarray(loads.shapes), loads.tariff, np.ascontiguousarray(loads.prices),
        np.ones((n, 12)) if weights is None else np.asarray(weights, float), hours.month - 1,
    )  # fmt: skip
    return found


def hourly_blocks(
    supply: Supply, loads: Loads, hours: YearHours, block: int = BLOCK
) -> Iterator[tuple[slice, Floats, Floats]]:
    """
    Write out what roofs give and what buildings take, some buildings at a time.

    Yields
    ------
    rows, given, taken
        Which buildings, and their hours, shape (buildings, 8760). [kWh]
    """
    month = hours.month - 1
    order = np.argsort(supply.building, kind="stable")
    for begin in range(0, len(loads.annual_kwh), block):
        rows = slice(begin, min(begin + block, len(loads.annual_kwh)))
        first, last = np.searchsorted(supply.building[order], [rows.start, rows.stop])
        given = np.zeros((rows.stop - rows.start, len(month)))
        for group in order[first:last]:
            share = supply.profiles[supply.kind[group]]
            given[supply.building[group] - begin] += supply.monthly_kwh[group, month] * share
        taken = loads.shapes[loads.shape[rows]] * loads.annual_kwh[rows, None]
        if loads.weights is not None:
            taken *= loads.weights[rows][:, month]
        yield rows, given, taken


def _match_hours(
    groups: Whole, kind: Whole, monthly: Floats, profiles: Floats, annual: Floats, shape: Whole,
    shapes: Floats, tariff: Whole, prices: Floats, weights: Floats, month: Whole,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Go through the hours of each building; nothing but sums is kept."""
    self_use, value = np.zeros(len(annual)), np.zeros(len(annual))
    for building in range(len(annual)):
        for hour in range(len(month)):
            given = 0.0
            for group in range(groups[building], groups[building + 1]):
                given += monthly[group, month[hour]] * profiles[kind[group], hour]
            taken = annual[building] * weights[building, month[hour]]
            used = min(given, taken * shapes[shape[building], hour])
            self_use[building] += used
            value[building] += used * prices[tariff[building], hour]
    return self_use, value


_match = machine_code(_match_hours)
