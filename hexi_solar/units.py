"""Units that offices write, brought to the ones the tables use.

A column of a layer may be in mu or in ten thousand square metres, a capacity in
megawatts; the plan names the unit and this module gives its factor.
"""

from __future__ import annotations

import unicodedata

# factor to the table's unit, by quantity; keys are folded by `fold`
FACTORS: dict[str, dict[str, float]] = {
    "m2": {
        "m2": 1.0, "m²": 1.0, "㎡": 1.0, "平方米": 1.0, "平米": 1.0,
        "亩": 10_000 / 15, "mu": 10_000 / 15,
        "万m2": 1e4, "万㎡": 1e4, "万平方米": 1e4, "万平米": 1e4,
        "ha": 1e4, "公顷": 1e4, "km2": 1e6, "平方公里": 1e6, "ft2": 0.09290304,
    },
    "m": {"m": 1.0, "米": 1.0, "cm": 0.01, "厘米": 0.01, "km": 1e3, "ft": 0.3048},
    "kWp": {
        "kwp": 1.0, "kw": 1.0, "千瓦": 1.0, "mw": 1e3, "mwp": 1e3, "兆瓦": 1e3,
        "w": 1e-3, "wp": 1e-3, "万千瓦": 1e4,
    },
    "kVA": {"kva": 1.0, "千伏安": 1.0, "mva": 1e3, "兆伏安": 1e3},
    "kW": {"kw": 1.0, "千瓦": 1.0, "mw": 1e3, "兆瓦": 1e3, "w": 1e-3, "瓦": 1e-3},
    "kWh": {
        "kwh": 1.0, "kw·h": 1.0, "千瓦时": 1.0, "千瓦小时": 1.0, "度": 1.0, "mwh": 1e3, "兆瓦时": 1e3,
        "万kwh": 1e4, "万kw·h": 1e4, "万千瓦时": 1e4, "万度": 1e4,
    },
    "GJ": {"gj": 1.0, "吉焦": 1.0, "百万千焦": 1.0, "mj": 1e-3, "兆焦": 1e-3, "tj": 1e3, "mwh": 3.6},
    "m3": {"m3": 1.0, "m³": 1.0, "立方米": 1.0, "立方": 1.0, "方": 1.0, "万m3": 1e4, "万立方米": 1e4},
    "kN/m2": {"kn/m2": 1.0, "kpa": 1.0, "千牛/平方米": 1.0, "kg/m2": 0.00980665, "公斤/平方米": 0.00980665},
}  # fmt: skip


def fold(name: str) -> str:
    """
    Bring a unit's name to one spelling: full-width to half-width, no blanks, lower case.

    Examples
    --------
    >>> fold("万 M²")
    '万m2'
    """
    return unicodedata.normalize("NFKC", name).replace(" ", "").lower()


def factor(unit: str, quantity: str) -> float:
    """
    Return what a value in `unit` is multiplied by to be in `quantity`.

    Parameters
    ----------
    unit
        Unit as the plan names it, e.g. ``"亩"``.
    quantity
        Unit of the table, a key of `FACTORS`.

    Raises
    ------
    KeyError
        If the unit is not one of that quantity.

    Examples
    --------
    >>> factor("万m²", "m2")
    10000.0
    >>> round(factor("亩", "m2"), 2)
    666.67
    """
    known = {fold(name): value for name, value in FACTORS[quantity].items()}
    return known[fold(unit)]
