"""How far a rate is from its target, and the fewest roofs that close the gap.

The target is reached where N reaches t·D. PV on a building outside the cohort moves
neither side; PV on one inside adds to N alone. So the fewest roofs are those that add
most, one after the other, until the gap is closed: no other choice of as many adds more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.coverage.definitions import UNITS, Combination
from hexi_solar.coverage.rates import Book

NEARLY = 1e-9
PROGRESS = ("pv_area", "installed_kwp", "buildings_with_pv", "floor_area_with_pv")


def gap_of(
    book: Book, combination: Combination, who: np.ndarray, target: float
) -> dict[str, Any] | None:
    """
    Find the distance to the target and the fewest roofs that close it.

    Parameters
    ----------
    book
        From `book_of`.
    combination
        A definition of progress.
    who
        Rows that belong to the cohort.
    target
        [-]

    Returns
    -------
    gap
        `gap` in the numerator's unit (negative where the target is passed), `unit`,
        `roofs`: id, what full use of the roof would add and the rate after it, the fewest
        first to last; `closable`, and `reachable`, the rate with every roof of the cohort
        in full use. None for a potential, an unknown rate or no target.
    """
    above, below = book.sides(combination)
    known = who & ~np.isnan(above) & ~np.isnan(below)
    top, bottom = math.fsum(above[known]), math.fsum(below[known])
    if combination.numerator not in PROGRESS or not bottom > 0 or math.isnan(target):
        return None
    gap = target * bottom - top
    gains = pd.Series(additions(book, combination), book.rows.index)[known]
    gains = gains[gains > 0].sort_index().sort_values(ascending=False, kind="stable")
    reached = top + gains.cumsum()
    short = gap > NEARLY * max(1.0, bottom)
    closable = not short or bool((reached >= target * bottom - NEARLY * bottom).any())
    needed = 0
    if short:
        needed = (
            int((reached < target * bottom - NEARLY * bottom).sum()) + 1 if closable else len(gains)
        )
    return {
        "gap": gap,
        "unit": UNITS[combination.numerator],
        "closable": closable,
        "reachable": (top + math.fsum(gains)) / bottom,
        "roofs": [
            {"building_id": str(one), "adds": float(gain), "rate": float(reached[one] / bottom)}
            for one, gain in gains.iloc[:needed].items()
        ],
    }


def additions(book: Book, combination: Combination) -> np.ndarray:
    """
    Calculate what each building would add to the numerator if its roof were in full use.

    PV that stands there already stays; the layout says what the roof holds.
    """
    rows = book.rows
    likely = book.quantities(combination.reading).likely
    holds = rows["achievable_kwp"].to_numpy(float)
    has = likely["buildings_with_pv"].to_numpy(float)
    if combination.numerator == "buildings_with_pv":
        gain = np.where(holds > 0, 1.0 - has, 0.0)
    elif combination.numerator == "floor_area_with_pv":
        gain = np.where(holds > 0, (1.0 - has) * likely["floor_area"].to_numpy(float), 0.0)
    elif combination.numerator == "installed_kwp":
        gain = holds - likely["installed_kwp"].to_numpy(float)
    else:
        gain = rows[f"{combination.reading}_m2"].to_numpy(float)
        gain = gain - likely["pv_area"].to_numpy(float)
    found: np.ndarray = np.clip(np.nan_to_num(gain), 0.0, None)
    return found
