"""A rate split over owner types, subdistricts, zones or departments.

Every building of the cohort is in one part of each split; one without a zone is in the
part that has no name. So numerators and denominators of the parts sum to the whole.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Coverage
from hexi_solar.coverage.cohort import Frame, members
from hexi_solar.coverage.definitions import Combination, reported
from hexi_solar.coverage.quantities import CAUSES
from hexi_solar.coverage.rates import Book, book_of
from hexi_solar.coverage.rows import cohort_rows

PARTS = ("owner_type", "subdistrict", "zone", "department")


def parts_of(
    book: Book, combination: Combination, frame: Frame, who: np.ndarray, by: str
) -> pd.DataFrame:
    """
    Split one rate.

    Parameters
    ----------
    book
        From `book_of`.
    combination
        The definition.
    frame
        The cohort and day.
    who
        Rows that belong to it.
    by
        One of `PARTS`.

    Returns
    -------
    parts
        `schema.COVERAGE_PARTS` of this split, by name of the part; "" where it is not known.
    """
    above, below = book.sides(combination)
    known = who & ~np.isnan(above) & ~np.isnan(below)
    names = book.rows[by].astype(object).where(book.rows[by].notna(), "").astype(str).to_numpy()
    found = []
    for name in sorted(set(names[who])):
        own = known & (names == name)
        top, bottom = math.fsum(above[own]), math.fsum(below[own])
        about = {"year": frame.year, "cohort": frame.cohort, "at": pd.Timestamp(frame.at)}
        about |= {"definition": combination.name, "reading": combination.label}
        found.append({
            **about, "scope": frame.scope, "by": by, "part": name,
            "numerator": top, "denominator": bottom,
            "rate": top / bottom if bottom > 0 else math.nan,
            "buildings": int(own.sum()), "buildings_with_pv": int((own & (above > 0)).sum()),
        })  # fmt: skip
    index = ["year", "cohort", "at", "definition", "reading", "scope", "by", "part"]
    columns = [*index, "numerator", "denominator", "rate", "buildings", "buildings_with_pv"]
    return pd.DataFrame(found, columns=columns).set_index(index)


def coverage_by_subdistrict(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    pv: pd.DataFrame,
    settings: Coverage,
    *,
    today: dt.date,
    threshold_m2: float,
) -> list[dict[str, Any]]:
    """
    Split the reported rate of the current year over the subdistricts.

    Returns
    -------
    rates
        One entry per subdistrict that holds a new public institution: name, numerator,
        denominator, rate (None where unknown). Numerators and denominators add up to the
        district's.
    """
    rows = cohort_rows(buildings, roofs, layouts, settings.start, today)
    frame = Frame(today.year, settings.cohort, today, settings.scope)
    who = members(rows, frame, settings.start, today, threshold_m2, CAUSES)
    parts = parts_of(book_of(rows, pv), reported(settings), frame, who.likely, "subdistrict")
    found = []
    for name, row in zip(
        parts.index.get_level_values("part"), parts.to_dict("records"), strict=True
    ):
        rate = None if math.isnan(row["rate"]) else float(row["rate"])
        kept = {k: row[k] for k in ("numerator", "denominator", "buildings")}
        found.append({"name": str(name), **kept, "rate": rate})
    return found
