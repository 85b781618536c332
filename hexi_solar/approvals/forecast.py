"""The rate of the coming years, as things went so far and with the list acted upon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.schema import FORECAST

Z80 = 1.2815515655446004  # half of an 80 % interval, normal distribution


@dataclass(frozen=True)
class Habit:
    """How PV that was reserved has fared on buildings that are completed."""

    reserved: int
    built: int
    size: float
    """What was built over what the study's layout would hold on the same roofs. [-]"""

    @property
    def share(self) -> float:
        """Mean of the share that is built: (k + ½)/(n + 1), after Jeffreys. [-]"""
        return (self.built + 0.5) / (self.reserved + 1.0)

    @property
    def share_variance(self) -> float:
        """Variance of that share. [-]"""
        return self.share * (1.0 - self.share) / (self.reserved + 2.0)


def habit(completed: pd.DataFrame, built: pd.Series, possible: pd.Series) -> Habit:
    """
    Learn from completed buildings how often PV that was reserved got built.

    Parameters
    ----------
    completed
        New public institutions that stand, with `pv_reserved`.
    built
        What stands on them in the unit of the numerator, 0 or missing where none does.
    possible
        What the study's layout would hold.
    """
    kept = completed.index[completed["pv_reserved"] == "yes"]
    stands = built.reindex(kept).fillna(0.0) > 0
    roofs = kept[stands.to_numpy()]
    room = float(possible.reindex(roofs).sum())
    size = float(built.reindex(roofs).sum()) / room if room > 0 else 1.0
    return Habit(len(kept), int(stands.sum()), size)


def forecast(
    approvals: pd.DataFrame,
    base: Mapping[str, tuple[float, float]],
    past: Habit,
    *,
    today: dt.date,
    years: int = 4,
    numerator: str = "module_area_m2",
    denominator: str = "installable_area_m2",
    scope: str = "all",
    under_way: float = 0.0,
    targets: Mapping[int, float] | None = None,
) -> pd.DataFrame:
    r"""
    Forecast the rate at the end of this year and of the coming ones, as before and with action.

    Parameters
    ----------
    approvals
        From `approval_list`; those of public institutions count.
    base
        Numerator and denominator today: `cumulative`, of all completed from the start up to
        today, and `in_year`, of those completed in the year of `today`, which may be
        another than the year that is reported.
    past
        From `habit`.
    today
        This year is the first that is forecast.
    years
        Years after it.
    numerator, denominator
        Columns of `approvals`, or ``"buildings"`` to count them.
    scope
        ``"all"``, or ``"eligible"`` for roofs at or above the threshold that bear PV.
    under_way
        Numerator of PV that is filed or being built on buildings that stand already.
    targets
        Target by year.

    Returns
    -------
    forecast
        Table of `schema`. **As before**, PV comes on buildings where it is filed or
        reserved, as often and as large as it did; what is under way likewise. **With
        action**, it comes in the study's layout on every roof at the threshold that may
        bear it, under construction without reservation left out; unknown load counts with
        the probability that a check passes.

    Notes
    -----
    As before, with the roofs' sizes A, the share p of Jeffreys' posterior from past
    buildings, the variance of the numerator is
    :math:`p(1-p)\sum A^2 + ((\sum A)^2 - \sum A^2)\, var(p)`; the interval is 80 %. With
    action its ends are what is certain today, reserved roofs that are shown to bear it,
    and every roof that is not refused. Completions are taken on their day: later ones
    move a building's part to another year and change no end state.
    """
    ours = approvals[approvals["public_institution"] == "yes"]
    if scope == "eligible":
        ours = ours[(ours["roof_large"] == "yes") & (ours["load_in_design"] == "yes")]
    table = _parts(ours, past, numerator, denominator)
    # what is overdue is completed this year at the earliest
    table["year"] = table["year"].clip(lower=today.year)
    rows = []
    for year in range(today.year, today.year + years + 1):
        for cohort in ("cumulative", "in_year"):
            chosen = table["year"] <= year if cohort == "cumulative" else table["year"] == year
            start = base[cohort] if cohort == "cumulative" or year == today.year else (0.0, 0.0)
            waiting = under_way if cohort == "cumulative" else 0.0
            for course in ("as_before", "with_action"):
                row = _course(table[chosen], start, waiting, course, past)
                goal = (targets or {}).get(year, np.nan)
                rows.append(
                    {"year": year, "cohort": cohort, "course": course, "target": goal} | row
                )
    return pd.DataFrame(rows).set_index(list(FORECAST.index))[FORECAST.names]


def _parts(ours: pd.DataFrame, past: Habit, numerator: str, denominator: str) -> pd.DataFrame:
    """Work out what each building may add, and how likely."""
    one = pd.Series(1.0, ours.index)
    table = pd.DataFrame(index=ours.index)
    table["year"] = ours["expected_on"].dt.year
    table["assumed"] = ours["expected_source"] == "assumed"
    table["room"] = (
        (one if denominator == "buildings" else ours[denominator]).astype(float).fillna(0.0)
    )
    full = (one if numerator == "buildings" else ours[numerator]).astype(float).fillna(0.0)
    refused = ours["load_in_design"] == "no"
    planned = (ours["pv_filed"] == "yes") | (ours["pv_reserved"] == "yes")
    table["before"] = full.where(planned & ~refused, 0.0) * (
        1.0 if numerator == "buildings" else past.size
    )
    kept = ours["pv_reserved"] == "yes"
    late = (ours["status"] == "building") & ~kept
    able = (ours["roof_large"] != "no") & ~refused & ~late
    odds = (ours["load_in_design"] == "yes") + (ours["load_in_design"] == "unknown") * float(
        fact("pathway.p_load")
    )
    table["action"] = full.where(able | (kept & ~refused), 0.0)
    table["action_odds"] = odds
    table["sure"] = table["action"].where(kept & (ours["load_in_design"] == "yes"), 0.0)
    return table


def _course(
    chosen: pd.DataFrame, start: tuple[float, float], waiting: float, course: str, past: Habit
) -> dict[str, Any]:
    """Add one course's part to what stands, and divide."""
    bottom = start[1] + float(chosen["room"].sum())
    if course == "as_before":
        sizes = np.append(chosen["before"].to_numpy(float), waiting)
        p = past.share
        total, squares = float(sizes.sum()), float((sizes**2).sum())
        spread = Z80 * np.sqrt(p * (1 - p) * squares + (total**2 - squares) * past.share_variance)
        added, ends = p * total, (max(p * total - spread, 0.0), min(p * total + spread, total))
        with_pv = p * float((chosen["before"] > 0).sum())
    else:
        added = float((chosen["action"] * chosen["action_odds"]).sum()) + waiting
        ends = (
            float(chosen["sure"].sum()) + waiting * past.share,
            float(chosen["action"].sum()) + waiting,
        )
        ends = (min(ends[0], added), max(ends[1], added))
        with_pv = float(chosen.loc[chosen["action"] > 0, "action_odds"].sum())
    tops = [start[0] + part for part in (added, *ends)]
    rates = [top / bottom if bottom > 0 else np.nan for top in tops]
    return {
        "completions": len(chosen),
        "with_pv": with_pv,
        "numerator": tops[0],
        "denominator": bottom,
        "rate": rates[0],
        "rate_low": rates[1],
        "rate_high": rates[2],
        "assumed_dates": int(chosen["assumed"].sum()),
    }
