"""New public buildings on their way: what is still open, who moves next, where the rate goes.

While a building is planned, approved or under construction, roof, load and wiring can
still be made ready for PV. `approval_list` asks the checklist of the district's plan of
each such building, yes, no or unknown, and says the next step and who takes it; the list
runs by expected completion. `forecast` lets the buildings be completed and works the
coming years' rates out twice: as things went so far, and with the list acted upon.

Areas are along the slope, as the coverage rates take them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.schema import APPROVALS, FORECAST

PENDING = ("planned", "approved", "building")
FILED = ("filed", "building", "connected", "operating")
STARTED = ("building", "connected", "operating")
CHECKLIST = (
    "roof_large",
    "load_in_design",
    "pv_reserved",
    "builder_found",
    "pv_filed",
    "pv_together",
)
AREAS = {
    "module_area_m2": "module_area_m2",
    "module_horizontal_area_m2": "module_horizontal_area_m2",
    "array_area_m2": "array_area_m2",
    "capacity_kwp": "capacity_kwp",
}
# step where an item of the checklist is not yes, and who takes it
STEPS = {
    "roof_large": ("state_roof", "builder"),
    "load_in_design": ("confirm_load", "design"),
    "pv_reserved": ("reserve_pv", "design"),
    "builder_found": ("find_builder", "department"),
    "pv_filed": ("file_project", "operator"),
    "pv_together": ("build_together", "builder"),
    "expected_on": ("state_expected", "builder"),
}
Z80 = 1.2815515655446004  # half of an 80 % interval, normal distribution


# ------------------------------------------------------------------------------- the list


def approval_list(
    buildings: pd.DataFrame,
    facts: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    projects: pd.DataFrame,
    *,
    today: dt.date,
    threshold_m2: float,
) -> pd.DataFrame:
    """
    Ask the checklist of every building that is on its way.

    Parameters
    ----------
    buildings
        `schema.BUILDINGS`, what the register says already laid over the layer.
    facts
        What the register says of buildings today, `ledger.states` of buildings with any of
        the columns of `schema.BUILDING_FACTS`. Buildings that only it knows are listed too,
        their areas in proportion to the others' where the design's roof is stated.
    roofs, layouts
        `schema.ROOFS` and `schema.LAYOUTS`, at least of these buildings.
    projects
        States of projects today.
    today
        The day that days are counted from.
    threshold_m2
        Roofs from this area on must reserve room for PV. [m²]

    Returns
    -------
    approvals
        Table of `schema`, by expected completion. Buildings that are no public institution
        are left out; where that is unknown they are kept.
    """
    facts = facts.reindex(facts.index.union([])).rename_axis(index="building_id")
    coming = _coming(buildings, facts)
    own = projects[projects["building_id"].isin(coming.index) & (projects["stage"] != "retired")]
    coming = coming.join(_areas(coming, facts, roofs, layouts))
    coming = _dated(coming, today)
    large = coming["roof_area_m2"].round(4) >= threshold_m2
    coming["roof_large"] = _word(large, coming["roof_area_m2"].notna())
    load = coming["load_state"].where(coming["load_state"].isin(["yes", "no"]))
    coming["load_in_design"] = _said(facts, "load_in_design", coming.index, load)
    reserved = coming["pv_reserved"].where(coming["pv_reserved"].isin(["yes", "no"]))
    kept = _any(own["stage"].notna() & (own["stage"] != "survey"), own, coming.index)
    coming["pv_reserved"] = _said(facts, "pv_reserved", coming.index, reserved.mask(kept, "yes"))
    firm = _any(own["operator"].notna() | own["investor"].notna(), own, coming.index)
    found = pd.Series("unknown", coming.index, dtype=object).mask(firm, "yes")
    coming["builder_found"] = _said(facts, "builder_found", coming.index, found)
    filed = _any(own["stage"].isin(FILED), own, coming.index)
    coming["pv_filed"] = np.where(filed, "yes", "no")
    started = _any(own["stage"].isin(STARTED), own, coming.index)
    together = pd.Series("unknown", coming.index, dtype=object).mask(started, "yes")
    coming["pv_together"] = _said(facts, "pv_together", coming.index, together)
    named = own.groupby("building_id").groups
    coming["entities"] = [sorted(map(str, named.get(i, []))) for i in coming.index]
    steps = [_step({str(k): v for k, v in row.items()}) for row in coming.to_dict("records")]
    for place, name in enumerate(("open_items", "next_step", "who")):
        coming[name] = pd.Series([s[place] for s in steps], coming.index, dtype=object)
    coming = coming.assign(_id=coming.index.astype(str)).sort_values(["expected_on", "_id"])
    coming["rank"] = np.arange(1, len(coming) + 1)
    return coming[APPROVALS.names].rename_axis(index="building_id")


def _coming(buildings: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Gather the buildings that are on their way, those of the layer and the register's own."""
    names = [
        "name", "owner_type", "public_institution", "department", "subdistrict", "status",
        "approved_on", "expected_on", "floor_area_m2", "pv_reserved", "load_state",
    ]  # fmt: skip
    table = pd.DataFrame(buildings).reindex(columns=names)
    if "status" in facts:
        strangers = facts[~facts.index.isin(table.index) & facts["status"].isin(PENDING)]
        if len(strangers):
            table = pd.concat(
                [table.astype(object), strangers.reindex(columns=names).astype(object)]
            )
    table = table[table["status"].isin(PENDING) & (table["public_institution"] != "no")].copy()
    for name in ("public_institution", "owner_type"):
        table[name] = table[name].where(table[name].notna(), "unknown")
    for name in ("approved_on", "expected_on"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    table["floor_area_m2"] = table["floor_area_m2"].astype(float)
    return table


def _areas(
    coming: pd.DataFrame, facts: pd.DataFrame, roofs: pd.DataFrame, layouts: pd.DataFrame
) -> pd.DataFrame:
    """Add the roofs of each building up; where only the design speaks, in proportion."""
    own = roofs[roofs["building_id"].isin(coming.index)]
    slope = own["area_m2"] / own["horizontal_area_m2"].where(own["horizontal_area_m2"] > 0)
    by = own["building_id"].to_numpy()
    table = pd.DataFrame(index=coming.index)
    drawn = own["horizontal_area_m2"].groupby(by).sum().reindex(coming.index)
    design = pd.Series(np.nan, coming.index)
    if "roof_area_m2" in facts:
        design = facts["roof_area_m2"].reindex(coming.index).astype(float)
    table["roof_area_m2"] = design.fillna(drawn)
    table["roof_area_source"] = np.select(
        [design.notna(), drawn.notna()], ["surveyed", "derived"], "unknown"
    )
    room = (own["installable_area_m2"] * slope.fillna(1.0)).groupby(by).sum()
    table["installable_area_m2"] = room.reindex(coming.index)
    placed = layouts[layouts["building_id"].isin(coming.index)]
    for ours, theirs in AREAS.items():
        sums = placed[theirs].groupby(placed["building_id"].to_numpy()).sum()
        table[ours] = sums.reindex(coming.index)
    # a roof that differs from the drawn one, or was never drawn, keeps the others' shares
    for name in ("installable_area_m2", *AREAS):
        share = table[name] / drawn
        usual = table[name].sum() / drawn.sum() if drawn.sum() > 0 else np.nan
        table[name] = table[name].where(design.isna(), design * share.fillna(usual))
    return table


def _dated(coming: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Take the day of completion from the status where none is stated."""
    stated = coming["expected_on"].notna()
    start = coming["approved_on"].where(coming["status"] == "approved").fillna(pd.Timestamp(today))
    months = coming["status"].map({s: int(fact(f"supervision.months_left.{s}")) for s in PENDING})
    usual = [a + pd.DateOffset(months=int(m)) for a, m in zip(start, months, strict=True)]
    assumed = pd.Series(pd.DatetimeIndex(usual), coming.index, dtype="datetime64[us]")
    # what is not completed yet is not expected in the past
    tomorrow = pd.Timestamp(today) + pd.Timedelta(days=1)
    assumed = assumed.where(assumed > tomorrow, tomorrow)
    table = coming.assign(expected_on=coming["expected_on"].fillna(assumed))
    table["expected_source"] = np.where(stated, "surveyed", "assumed")
    table["days_left"] = (table["expected_on"] - pd.Timestamp(today)).dt.days.astype(int)
    return table


def _step(row: dict[str, Any]) -> tuple[list[str], str, str]:
    """Say what is open of one building, the next step, and who takes it."""
    items = [name for name in CHECKLIST if row[name] != "yes"]
    if row["expected_source"] == "assumed":
        items.append("expected_on")
    if row["roof_large"] == "no":
        return items, "none", "office"
    if not items:
        return items, "connect", "operator"
    first = items[0]
    if first == "load_in_design" and row[first] == "no":
        return items, "strengthen_load", "design"
    if first == "pv_reserved" and row["status"] == "planned":
        return items, "reserve_pv", "approval"
    return items, *STEPS[first]


def _said(facts: pd.DataFrame, name: str, index: pd.Index, otherwise: pd.Series) -> pd.Series:
    """Take what the register says, else what follows from other records, else unknown."""
    said = facts[name].reindex(index) if name in facts else pd.Series(None, index, dtype=object)
    said = said.astype(object).where(said.isin(["yes", "no"]), otherwise)
    return said.where(said.isin(["yes", "no"]), "unknown")


def _any(mask: pd.Series, own: pd.DataFrame, index: pd.Index) -> pd.Series:
    """Say which buildings have a project of which something holds."""
    return pd.Series(index.isin(own.loc[mask, "building_id"]), index)


def _word(yes: pd.Series, known: pd.Series) -> pd.Series:
    """Write yes, no or unknown."""
    return pd.Series(
        np.where(~known, "unknown", np.where(yes, "yes", "no")), yes.index, dtype=object
    )


# ---------------------------------------------------------------------------- the forecast


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
        Today's numerator and denominator, `cumulative` and `in_year` (this year's).
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
    # overdue ones are completed this year at the earliest
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
