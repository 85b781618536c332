"""What a kilowatt-hour costs, by tariff, month and hour; and what a surplus one earns.

A tariff is a flat price per month and, for each of its 24 hours, a letter: `p` peak, `f`
flat, `v` valley, `s` sharp peak, `d` deep valley. Each letter has a ratio to the flat price;
a part of the price may stand still. The built-in ones are in `facts/tariffs.toml`; a file
with the same keys, read by whoever calls, goes through `parse_tariff`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hexi_solar.economics.calendar import YearHours
from hexi_solar.errors import ConfigError, Problem
from hexi_solar.facts import fact, read_facts
from hexi_solar.money import Floats

LETTERS = "pfvsd"
KEYS = {
    "zh", "en", "valid_from", "source", "source_zh", "flat_cny_kwh", "fixed_cny_kwh", "ratios",
    "periods",
}  # fmt: skip


@dataclass(frozen=True)
class Tariff:
    """One tariff."""

    name: str
    zh: str
    en: str
    prices: Floats
    """By month and hour, shape (12, 24), VAT included. [CNY/kWh]"""
    letters: tuple[str, ...]
    """By month, 24 letters."""

    def hourly(self, hours: YearHours) -> Floats:
        """Return the price of each hour of a year. [CNY/kWh]"""
        return self.prices[hours.month - 1, hours.hour]


@cache
def built_in_tariffs() -> dict[str, Tariff]:
    """
    Return the tariffs of `facts/tariffs.toml` by name.

    Examples
    --------
    >>> prices = built_in_tariffs()["tianjin_2025"].prices
    >>> round(float(prices[0, 19] / prices[0, 11]), 6)  # January: sharp peak over flat
    1.92
    """
    found = {}
    for name, entry in read_facts("tariffs")["tariff"].items():
        keys = ("flat_cny_kwh", "ratios", "periods")
        given = {"fixed_cny_kwh": fact("tariffs.price.fixed")} | dict(entry)
        found[name] = parse_tariff(name, given | {k: fact(entry[k]) for k in keys})
    return found


def parse_tariff(name: str, given: Mapping[str, Any]) -> Tariff:
    r"""
    Read a tariff from its parsed TOML.

    Parameters
    ----------
    name
        What settings call it.
    given
        `flat_cny_kwh` (one number, or twelve), `periods` (months such as ``"1,2,12"`` or
        ``"3-6"`` = 24 letters), `ratios` (letter = price over flat), and if known
        `fixed_cny_kwh`, `zh`, `en`, `valid_from`, `source`.

    Raises
    ------
    ConfigError
        With all that is wrong: unknown keys, months missing or given twice, days that do
        not have 24 letters, letters without a ratio, prices that are no positive numbers.

    Notes
    -----
    .. math:: p(m, h) = q + (f_m - q)\, \rho(m, h)

    with flat price f, fixed part q and ratio ρ.
    """
    problems = list(_key_problems(name, given))
    flat = _monthly(given.get("flat_cny_kwh"))
    if flat is None:
        problems.append(Problem("tariff_price", {"tariff": name}))
    fixed = given.get("fixed_cny_kwh", 0.0)
    if not isinstance(fixed, int | float) or fixed < 0 or (flat is not None and fixed > flat.min()):
        problems.append(Problem("tariff_fixed", {"tariff": name, "found": fixed}))
    letters, wrong = _letters(name, given.get("periods"))
    problems += wrong
    ratios = given.get("ratios")
    ratios = ratios if isinstance(ratios, Mapping) else {}
    used = sorted(set("".join(letters)) & set(LETTERS))
    good = {k: v for k, v in ratios.items() if isinstance(v, int | float) and v > 0}
    problems += [
        Problem("tariff_ratio", {"tariff": name, "letter": k}) for k in used if k not in good
    ]
    if problems or flat is None:
        raise ConfigError(*problems)
    ratio = np.array([[good[letter] for letter in day] for day in letters])
    prices = fixed + (flat[:, None] - fixed) * ratio
    zh = str(given.get("zh", name))
    return Tariff(name, zh, str(given.get("en", zh)), prices, tuple(letters))


def _key_problems(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    """Find keys that a tariff does not have."""
    for key in sorted(set(given) - KEYS):
        yield Problem("tariff_key", {"tariff": name, "key": key, "known": ", ".join(sorted(KEYS))})


def _monthly(given: Any) -> Floats | None:
    """Read one price for all months, or twelve."""
    values = given if isinstance(given, list) else [given] * 12
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) and v > 0 for v in values)
    return np.array(values, float) if numbers and len(values) == 12 else None


def _letters(name: str, given: Any) -> tuple[list[str], list[Problem]]:
    """Read the letters of each month's day."""
    days: dict[int, str] = {}
    problems = []
    for months, letters in (given if isinstance(given, Mapping) else {}).items():
        day = str(letters).replace(" ", "")
        if len(day) != 24 or set(day) - set(LETTERS):
            facts = {"tariff": name, "months": months, "found": len(day)}
            problems.append(Problem("tariff_day", facts))
        for month in _months(str(months)):
            if month in days:
                problems.append(Problem("tariff_twice", {"tariff": name, "month": month}))
            days[month] = day
    missing = [m for m in range(1, 13) if m not in days]
    if missing:
        facts = {"tariff": name, "months": ", ".join(map(str, missing))}
        problems.append(Problem("tariff_months", facts))
    return [days.get(m, "") for m in range(1, 13)], problems


def _months(given: str) -> list[int]:
    """
    Read a list of months; what is no month is left out, and missed afterwards.

    Examples
    --------
    >>> _months("1,2,12"), _months("3-6")
    ([1, 2, 12], [3, 4, 5, 6])
    """
    found = []
    for part in given.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and (last or first).isdigit():
            found += [m for m in range(int(first), int(last or first) + 1) if 1 <= m <= 12]
    return found


def tariff_class(owner_type: str) -> str:
    """
    Name the tariff that an owner type pays where nothing else is said.

    Examples
    --------
    >>> tariff_class("school"), tariff_class("hospital")
    ('tianjin_resident', 'tianjin_2025')
    """
    known = read_facts("tariffs")["class"]
    return str(known.get(owner_type, known["default"])["value"])


def surplus_prices(
    connected_on: dt.date,
    full_load_hours: Floats,
    *,
    market_cny_kwh: float,
    bid_cny_kwh: float | None = None,
) -> Floats:
    """
    Calculate what surplus energy earns in each year of operation.

    Parameters
    ----------
    connected_on
        Day of connection to the grid: before 2025-06-01 the project is an existing one.
    full_load_hours
        Energy of each year over capacity, shape (rows, years), the first year first. [h]
    market_cny_kwh
        Price outside any guarantee, nominal. [CNY/kWh]
    bid_cny_kwh
        Winning bid of a new project; None if it is not in the pool. [CNY/kWh]

    Returns
    -------
    prices
        Mean price of each year, shape (rows, years); in the year in which the hours that
        an existing project is paid for run out, the mean of both prices. [CNY/kWh]

    Notes
    -----
    Tianjin's plan for document 136 (2025-10): existing projects are paid the benchmark
    until 26 000 full-load hours or 20 years, whichever is first, counted from connection;
    new ones bid, up to a cap, for 10 years.
    """
    year = np.arange(1, full_load_hours.shape[1] + 1)
    if connected_on < dt.date.fromisoformat(fact("tariffs.surplus.new_from")):
        done = np.cumsum(full_load_hours, axis=1)
        left = float(fact("tariffs.surplus.old_hours")) - (done - full_load_hours)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.nan_to_num(np.clip(left / full_load_hours, 0.0, 1.0))
        share = np.where(year <= int(fact("tariffs.surplus.old_years")), share, 0.0)
        price = float(fact("tariffs.surplus.benchmark"))
    else:
        won = bid_cny_kwh is not None
        share = np.where(won & (year <= int(fact("tariffs.surplus.pool_years"))), 1.0, 0.0)
        share = np.broadcast_to(share, full_load_hours.shape)
        price = min(bid_cny_kwh or 0.0, float(fact("tariffs.surplus.cap")))
    prices: Floats = share * price + (1.0 - share) * market_cny_kwh
    return prices
