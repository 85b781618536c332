"""Who gets a free diagnosis: places given one after the other, each for stated reasons.

A place is worth what the building is expected to save, what a look at it would teach, and
how few places its owner type and subdistrict have so far. The last part falls with every
place given there, so the choice spreads by itself; each row says what decided.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.schema import DIAGNOSIS_CHOICE


def choose_diagnoses(
    buildings: pd.DataFrame,
    expected_kgce: pd.Series,
    spread_kgce: pd.Series,
    *,
    places: int | None = None,
    done: pd.Index | None = None,
) -> pd.DataFrame:
    """
    Give the places away.

    Parameters
    ----------
    buildings
        Who may be chosen, with `owner_type` and `subdistrict`.
    expected_kgce
        Standard coal that a package is expected to save in a year. [kgce]
    spread_kgce
        High less low end of that saving: what a look would settle. [kgce]
    places
        How many; None for the plan's 30.
    done
        Buildings already looked at: they count for their type and subdistrict and are not
        chosen again.

    Returns
    -------
    diagnoses
        `schema.DIAGNOSIS_CHOICE` in the order of the places; the points are those at the moment
        of the choice.

    Notes
    -----
    The sum of points is a monotone function of the set with falling returns, so taking
    the best building each time comes within 1 - 1/e of the best set of that size [1]_.

    References
    ----------
    .. [1] G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, "An analysis of approximations for
       maximizing submodular set functions - I," Mathematical Programming 14, 265-294, 1978,
       :doi:`10.1007/BF01588971`.
    """
    left = int(fact("retrofit.places")) if places is None else places
    known = expected_kgce.reindex(buildings.index).notna()
    free = buildings[known & ~buildings.index.isin(done if done is not None else [])]
    expected, spread = expected_kgce.reindex(free.index), spread_kgce.reindex(free.index)
    parts = pd.DataFrame(index=free.index)
    parts["saving_points"] = _shares(expected) * fact("retrofit.weight.saving")
    parts["learned_points"] = _shares(spread.fillna(0.0)) * fact("retrofit.weight.learned")
    counts = _counts(buildings, done)
    rows: list[dict[Any, Any]] = []
    while len(rows) < left and len(free):
        points = parts.loc[free.index]
        points["fairness_points"] = _fairness(free, counts) * fact("retrofit.weight.fairness")
        points["points"] = points.sum(axis=1)
        best = str(points["points"].idxmax())
        rows.append({"building_id": best, "place": len(rows) + 1, **points.loc[best].to_dict()})
        for column, count in counts.items():
            word = _word(free[column][best])
            count[word] = count.get(word, 0) + 1
        free = free.drop(index=best)
    table = pd.DataFrame(
        rows,
        columns=[
            "building_id",
            "place",
            "saving_points",
            "learned_points",
            "fairness_points",
            "points",
        ],
    )
    table = table.set_index("building_id")
    table["expected_kgce"] = expected_kgce.reindex(table.index)
    table["spread_kgce"] = spread_kgce.reindex(table.index)
    return table[DIAGNOSIS_CHOICE.names]


def _shares(values: pd.Series) -> pd.Series:
    """Scale values to the largest of them: the root of it, so that giants do not take all."""
    most = float(values.max()) if len(values) else 0.0
    return (values / most) ** 0.5 if most > 0 else values * 0.0


def _counts(buildings: pd.DataFrame, done: pd.Index | None) -> dict[str, dict[str, int]]:
    """Count the places that types and subdistricts have already."""
    before = buildings[buildings.index.isin(done if done is not None else [])]
    return {
        column: {_word(k): int(v) for k, v in before[column].map(_word).value_counts().items()}
        for column in ("owner_type", "subdistrict")
    }


def _word(value: object) -> str:
    return "" if value is None or value != value else str(value)


def _fairness(free: pd.DataFrame, counts: dict[str, dict[str, int]]) -> pd.Series:
    """Return how much a place would mean to type and subdistrict: 1 for the first, then less."""
    parts = []
    for column, count in counts.items():
        had = free[column].map(_word).map(lambda w, c=count: c.get(w, 0)).astype(float)
        parts.append((had + 1.0) ** 0.5 - had**0.5)
    mean: pd.Series = sum(parts[1:], parts[0]) / len(parts)
    return mean
