"""Which missing facts could turn the verdict, and how much each matters.

Whether the target t is reached is the sign of the sum of n - t·d over the cohort. Each
building's unknown facts move its own part of that sum between two values, so the fewest
facts that turn the verdict are those that move it most, taken in that order.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Coverage
from hexi_solar.coverage.cohort import Frame, Members, members
from hexi_solar.coverage.definitions import Combination
from hexi_solar.coverage.quantities import CAUSES, RECORDS
from hexi_solar.coverage.rates import Book

NEARLY = 1e-9


def books_by_cause(rows: pd.DataFrame, pv: pd.DataFrame) -> dict[tuple[str, ...], Book]:
    """Open the rows once per cause alone, and once for all records, to look at many rates."""
    choices = [(cause,) for cause in CAUSES] + [RECORDS]
    return {causes: Book(rows, pv, causes) for causes in choices}


def open_facts(
    books: Mapping[tuple[str, ...], Book],
    combination: Combination,
    frame: Frame,
    target: float,
    settings: Coverage,
    *,
    today: dt.date,
    threshold_m2: float,
) -> dict[str, Any]:
    """
    Say what is not known behind one rate, and whether it could turn the verdict.

    Parameters
    ----------
    books
        From `books_by_cause`, with the PV of the frame's day.
    settings, today, threshold_m2
        As for `rates_of`.
    combination, frame, target
        The rate.

    Returns
    -------
    open
        `causes`: for each cause alone the buildings that it concerns and the interval
        that it leaves; `could_flip`: whether records that are missing could turn the
        verdict (None without a rate or target); `fewest`: how many buildings' records it
        takes; `buildings`: id, causes, `moves`, the most that its records could move
        N - t·D towards the other verdict, in the numerator's unit, and `alone`, whether
        that is enough; those that move most first.
    """
    rows = books[RECORDS].rows

    def view(causes: tuple[str, ...]) -> tuple[Book, Members]:
        who = members(rows, frame, settings.start, today, threshold_m2, causes)
        return books[causes], who

    bearing = frame.scope == "eligible"
    found = []
    concerned: dict[str, list[str]] = {}
    for cause in CAUSES:
        book, who = view((cause,))
        touched = _touched(book, combination, who, bearing)
        if touched.any():
            low, high = book.bounds(combination, who, bearing)
            ids = [str(i) for i in rows.index[touched]]
            found.append({"cause": cause, "rate_low": low, "rate_high": high, "building_ids": ids})
            for one in ids if cause in RECORDS else ():
                concerned.setdefault(one, []).append(cause)
    book, who = view(RECORDS)
    verdict = _flips(book, combination, who, bearing, target)
    for one in verdict["buildings"]:
        one["causes"] = concerned.get(one["building_id"], [])
        # several unknown facts that only matter together
        if not one["causes"]:
            one["causes"] = _own_causes(rows.loc[one["building_id"]])
    return {"causes": found, **verdict}


def _own_causes(row: pd.Series) -> list[str]:
    """Name what is not known of a building that no single fact would bring in."""
    found = []
    if row["public_institution"] == "unknown":
        found.append("public_institution")
    if pd.isna(row["completed_on"]) or row["completed_on_source"] == "derived":
        found.append("completed_on")
    return [*found, "load"] if row["load_state"] == "unknown" else found


def _touched(book: Book, combination: Combination, who: Members, bearing: bool) -> np.ndarray:
    """Say whose part of the rate could be another one."""
    worth_low, worth_high = _range(book, combination, who, bearing, math.pi / 10)
    touched: np.ndarray = worth_high - worth_low > NEARLY
    return touched


def _range(
    book: Book, combination: Combination, who: Members, bearing: bool, target: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the most that n - t·d of each building may be."""
    above, below = book.sides(combination)
    tops, bottoms = book.worlds(combination, bearing)
    part = tops - target * bottoms
    some = ~np.isnan(part).all(axis=1)
    least, most = np.zeros(len(part)), np.zeros(len(part))
    least[some], most[some] = np.nanmin(part[some], axis=1), np.nanmax(part[some], axis=1)
    leaves = ~(who.surely & who.likely) | np.isnan(above) | np.isnan(below)
    least, most = (
        np.where(leaves, np.minimum(least, 0), least),
        np.where(leaves, np.maximum(most, 0), most),
    )
    return np.where(who.possibly, least, 0.0), np.where(who.possibly, most, 0.0)


def _flips(
    book: Book, combination: Combination, who: Members, bearing: bool, target: float
) -> dict[str, Any]:
    """Find the fewest buildings whose records would turn the verdict."""
    above, below = book.sides(combination)
    known = who.likely & ~np.isnan(above) & ~np.isnan(below)
    bottom = math.fsum(below[known])
    if not bottom > 0 or math.isnan(target):
        return {"could_flip": None, "fewest": None, "buildings": []}
    part = np.where(known, above - target * np.nan_to_num(below), 0.0)
    part = np.nan_to_num(part)
    balance = math.fsum(part)
    least, most = _range(book, combination, who, bearing, target)
    reached = balance >= -NEARLY * bottom
    moves = np.clip(part - least if reached else most - part, 0.0, None)
    low, high = book.bounds(combination, who, bearing)
    # the interval says whether; the sums say how few
    could = low < target * (1 - NEARLY) if reached else high >= target * (1 - NEARLY)
    need = balance if reached else -balance
    order = np.lexsort((book.rows.index.astype(str), -moves))
    order = order[moves[order] > NEARLY * max(1.0, bottom)]
    sums = np.cumsum(moves[order])
    enough = sums > need + NEARLY * bottom if reached else sums >= need - NEARLY * bottom
    fewest = int((~enough).sum()) + 1 if could and enough.any() else None
    listed = [
        {
            "building_id": str(book.rows.index[i]),
            "moves": float(moves[i]),
            "alone": bool(moves[i] > need + NEARLY * bottom)
            if reached
            else bool(moves[i] >= need - NEARLY * bottom),
        }
        for i in order
    ]
    return {"could_flip": bool(could), "fewest": fewest, "buildings": listed}
