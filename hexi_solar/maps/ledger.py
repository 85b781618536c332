"""The exclusion ledger of each candidate in whole square metres that still add up.

Rounding every entry by itself would leave a table that is off by one. The running
area is rounded instead, and an entry is the difference of two running areas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hexi_solar.schema import EXCLUSIONS, PERMANENT_EXCLUSIONS, SOURCES
from hexi_solar.study import Study


def whole_steps(total: float, parts: ArrayLike) -> tuple[int, NDArray[np.int64]]:
    """
    Round a total and what is taken from it so that they still add up.

    Parameters
    ----------
    total
        Area before anything is taken. [m²]
    parts
        Areas taken, in their order. [m²]

    Returns
    -------
    total, parts
        Whole numbers whose rest is the rounded rest.

    Examples
    --------
    >>> total, parts = whole_steps(10.4, [3.4, 3.4, 3.4])
    >>> total, parts.tolist()
    (10, [3, 3, 4])
    """
    running = np.rint(total - np.concatenate([[0.0], np.cumsum(np.asarray(parts, float))]))
    return int(running[0]), -np.diff(running).astype(np.int64)


def ledger_columns(study: Study, index: pd.Index, word: Callable[[str], int]) -> dict[str, Any]:
    """
    Return the ledgers of the buildings in `index`, one after the other.

    Parameters
    ----------
    study
        Roofs and exclusions are read.
    index
        Buildings, in the order wanted.
    word
        Gives the number of a text on the page.

    Returns
    -------
    ledger
        `total` [m²] and number of `entries` per building; `reason` (place in
        `schema.EXCLUSIONS`), `area` [m²], `evidence` (place in `schema.SOURCES`) and
        `basis` per entry; `permanent`: reasons that leave the installable area.
    """
    totals = (
        study.roofs.groupby("building_id", sort=False)["horizontal_area_m2"].sum().reindex(index)
    )
    entries = _entries(study, index)
    counts = entries.groupby(level=0, sort=False).size().reindex(index, fill_value=0).to_numpy()
    parts = entries["area_m2"].to_numpy(float)
    known = np.nan_to_num(totals.to_numpy(float))
    area: list[int] = []
    whole: list[int] = []
    for total, end, count in zip(known, np.cumsum(counts), counts, strict=True):
        first, steps = whole_steps(total, parts[end - count : end])
        whole.append(first)
        area += steps.tolist()
    return {
        "total": whole,
        "entries": counts.tolist(),
        "reason": entries["reason"].map(EXCLUSIONS.index).tolist(),
        "area": area,
        "evidence": [SOURCES.index(s) if s in SOURCES else -1 for s in entries["evidence"]],
        "basis": [word(b if isinstance(b, str) else "") for b in entries["basis"]],
        "reasons": list(EXCLUSIONS),
        "permanent": len(PERMANENT_EXCLUSIONS),
        "sources": list(SOURCES),
    }


def _entries(study: Study, index: pd.Index) -> pd.DataFrame:
    """Sum the exclusions of all roofs of a building, per reason, in the order of the ledger."""
    table = study.exclusions.reset_index()
    table["building_id"] = table["roof_id"].map(study.roofs["building_id"])
    for column in ("evidence", "basis"):
        if column not in table:
            table[column] = None
    table = table[table["building_id"].isin(index) & (table["area_m2"] > 0)]
    grouped = table.groupby(["building_id", "reason"], sort=False)
    summed = grouped.agg({"area_m2": "sum", "evidence": "first", "basis": "first"}).reset_index()
    place = {building: row for row, building in enumerate(index)}
    summed["place"] = summed["building_id"].map(place)
    summed["step"] = summed["reason"].map(EXCLUSIONS.index)
    return summed.sort_values(["place", "step"]).set_index("building_id")
