"""The path to the target: which roofs are built in which year, or the nearest that can be had.

First the least cost at which the target is met. Where it is proven that nothing meets it,
the greatest rate, and the least cost of that rate. Whatever the search leaves open is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from hexi_solar.config import Pathway
from hexi_solar.errors import Problem, SchemaError
from hexi_solar.pathway.case import ROUNDING, Case
from hexi_solar.pathway.model import MONEY, Floats, Model, assignment, build_model
from hexi_solar.pathway.solve import TOLERANCE, Answer, minimise

Status = Literal["reached", "unreachable", "undecided"]


@dataclass(frozen=True)
class Route:
    """What was found, and what is proven about it."""

    case: Case
    status: Status
    """reached; unreachable, proven; undecided: none found in time, none excluded."""
    schedule: pd.DataFrame
    """Table `PATHWAY` of `schema.py`."""
    cost_cny: float
    """Discounted cost of the schedule."""
    cost_bound_cny: float
    """No schedule of this rate costs less."""
    gap: float
    """How far the cost may be above the least, as a share of it; where the target is not reached, how far
    the rate may be below the greatest, as a share of that."""
    rate: float
    """Rate of the reported measure at the end of the target's year."""
    reachable_rate: float
    """Greatest rate found; with `reachable_bound` only where the target is not reached, or asked for."""
    reachable_bound: float
    """No schedule has a higher rate."""
    seconds: float

    def summary(self) -> dict[str, Any]:
        """Collect the figures that stand above the tables, ready for JSON."""
        case, schedule = self.case, self.schedule
        return {
            "status": self.status,
            "measure": case.measure,
            "target": case.target,
            "by": case.by,
            "rate": self.rate,
            "rate_without": case.rate(0.0),
            "cost_cny": float(schedule["cost_cny"].sum()),
            "discounted_cny": self.cost_cny,
            "discounted_at_least_cny": self.cost_bound_cny,
            "gap": self.gap,
            "reachable_rate": None if np.isnan(self.reachable_rate) else self.reachable_rate,
            "reachable_rate_at_most": None
            if np.isnan(self.reachable_bound)
            else self.reachable_bound,
            "buildings": len(schedule),
            "checks": int((schedule["load_state"] == "unknown").sum()),
            "capacity_kwp": float(schedule["capacity_kwp"].sum()),
            "energy_kwh": float(schedule["energy_kwh"].sum()),
            "co2_t": float(schedule["co2_t"].sum()),
        }


def find_pathway(case: Case, settings: Pathway | None = None, *, greatest: bool = False) -> Route:
    """
    Find the cheapest way to the target, or the way nearest to it.

    Parameters
    ----------
    case
        From `make_case`.
    settings
        `gap`, and `seconds` for each program that is solved.
    greatest
        Work out the greatest reachable rate also where the target is reached.

    Returns
    -------
    path
        Always keeps every limit and commitment. Same inputs, same path, unless a search
        ran out of time.

    Raises
    ------
    SchemaError
        If the commitments alone break a limit.
    """
    settings = settings or Pathway()
    options: dict[str, Any] = {"gap": settings.gap, "seconds": settings.seconds}
    model = build_model(case)
    refuse_broken_commitments(model)
    cheapest = minimise(model, model.cost, **options)
    if cheapest.x is not None:
        rate = bound = np.nan
        seconds = cheapest.seconds
        if greatest:
            most = minimise(model, -model.added, **options, without_target=True)
            rate = max(case.rate(-most.value), case.rate(_added(model, cheapest)))
            bound, seconds = max(case.rate(-most.bound), rate), seconds + most.seconds
        return _path(model, "reached", cheapest, cheapest.gap, rate, bound, seconds)
    return _nearest(model, cheapest, options)


def _nearest(model: Model, cheapest: Answer, options: dict[str, Any]) -> Route:
    """Find the greatest rate, and the least cost at which it can be had."""
    case = model.case
    most = minimise(model, -model.added, **options, without_target=True)
    if most.infeasible:
        raise SchemaError(Problem("pathway_commitments_break", {"limits": "-"}))
    furthest = _commitments_only(model) if most.x is None else most.x
    added = float(model.added @ furthest)
    if not cheapest.infeasible and added >= case.needed * (1.0 - ROUNDING):
        # the search for the least cost ran out of time, yet this way reaches the target
        cost = float(model.cost @ furthest)
        dear = Answer(furthest, cost, min(max(cheapest.bound, 0.0), cost))
        seconds = cheapest.seconds + most.seconds
        return _path(model, "reached", dear, dear.gap, np.nan, np.nan, seconds)
    everything = float(case.adds[case.measure].groupby(level="building_id").max().sum())
    at_most = max(min(-most.bound, everything), added)
    thrifty = minimise(model, model.cost, **options, least_added=added * (1.0 - ROUNDING))
    seconds = cheapest.seconds + most.seconds + thrifty.seconds
    if thrifty.x is None or _added(model, thrifty) < added * (1.0 - 2 * TOLERANCE):
        value = float(model.cost @ furthest)
        thrifty = Answer(furthest, value, min(thrifty.bound, value))
    unreachable = cheapest.infeasible or at_most < case.needed * (1.0 - TOLERANCE)
    bound = min(case.rate(at_most), case.target) if unreachable else case.rate(at_most)
    gap = max(case.rate(at_most) - case.rate(added), 0.0) / max(case.rate(at_most), ROUNDING)
    status: Status = "unreachable" if unreachable else "undecided"
    return _path(model, status, thrifty, gap, case.rate(added), bound, seconds)


def _commitments_only(model: Model) -> Floats:
    """Build what one is bound to, each in its smallest way, and nothing else."""
    x = np.zeros(len(model.cost))
    capacity = model.case.options["capacity_kwp"].to_dict()
    for g in np.flatnonzero(model.least[: len(model.groups)] > 0):
        own = np.flatnonzero(model.group == g)
        size = [capacity[(model.groups[g][0], model.variant[v])] for v in own]
        x[own[int(np.argmin(size))]] = len(model.groups[g])
    return x


def _path(
    model: Model,
    status: Status,
    answer: Answer,
    gap: float,
    reachable: float,
    bound: float,
    seconds: float,
) -> Route:
    """Write an answer down."""
    assert answer.x is not None
    schedule = schedule_table(model.case, assignment(model, answer.x))
    return Route(
        model.case,
        status,
        schedule,
        float(schedule["discounted_cny"].sum()),
        max(answer.bound, 0.0) / MONEY,
        gap,
        model.case.rate(_added(model, answer)),
        reachable,
        bound,
        seconds,
    )


def _added(model: Model, answer: Answer) -> float:
    """Add up what an answer adds to the reported numerator."""
    assert answer.x is not None
    return float(model.added @ answer.x)


def refuse_broken_commitments(model: Model) -> None:
    """
    Refuse commitments that break a limit before anything else is built.

    Raises
    ------
    SchemaError
        Naming the limits. Of several ways to fill a roof the one that takes least counts.
    """
    options = model.case.options
    if not options["committed_year"].notna().any():
        return
    groups = len(model.groups)
    must = model.least[:groups] > 0
    broken = []
    for i, (name, key) in enumerate(model.names[:-1]):
        use = model.rows[[groups + i]].toarray()[0]
        least = np.full(groups, np.inf)
        np.minimum.at(least, model.group, use)
        taken = float(least[must] @ model.least[:groups][must])
        if taken > model.limit[groups + i] * (1 + ROUNDING) + ROUNDING:
            broken.append(f"{name} {key}")
    if broken:
        raise SchemaError(Problem("pathway_commitments_break", {"limits": ", ".join(broken)}))


def schedule_table(case: Case, chosen: pd.DataFrame) -> pd.DataFrame:
    """
    Write out which roofs are built, year by year and within a year by id.

    Parameters
    ----------
    case
        The question.
    chosen
        From `assignment`.
    """
    keys = pd.MultiIndex.from_arrays([chosen.index, chosen["variant"]])
    own = case.options.loc[keys].set_axis(chosen.index, axis=0)
    price = case.limits["price_factor"].reindex(chosen["year"]).to_numpy(float)
    discount = case.discount.reindex(chosen["year"]).to_numpy(float)
    check = own["check_cost_cny"] * price
    cost = own["cost_cny"] * price + check
    table = pd.DataFrame({
        "variant": chosen["variant"],
        "year": chosen["year"].astype(int),
        "cost_cny": cost,
        "check_cost_cny": check,
        "discounted_cny": cost * discount,
        "capacity_kwp": own["capacity_kwp"],
        "energy_kwh": own["energy_kwh"],
        "co2_t": own["co2_t"],
        "added": case.adds[case.measure].loc[keys].to_numpy(float),
        "school": own["school"],
        "feeder": own["feeder"],
        "load_state": own["load_state"],
        "committed": own["committed_year"].notna(),
    })  # fmt: skip
    table.index.name = "building_id"
    return table.reset_index().sort_values(["year", "building_id"]).set_index("building_id")


def yearly_table(path: Route) -> pd.DataFrame:
    """Add the schedule up year by year, beside what each year allows: table `PATHWAY_YEARS`."""
    case, schedule = path.case, path.schedule
    years = case.limits.index
    by_year = schedule.groupby("year")

    def total(column: str) -> pd.Series:
        return by_year[column].sum().reindex(years, fill_value=0.0).astype(float)

    school = schedule[schedule["school"]].groupby("year")["capacity_kwp"].sum()
    check = schedule[schedule["load_state"] == "unknown"].groupby("year").size()
    table = pd.DataFrame({
        "buildings": by_year.size().reindex(years, fill_value=0).astype(int),
        "checks": check.reindex(years, fill_value=0).astype(int),
        "cost_cny": total("cost_cny"),
        "discounted_cny": total("discounted_cny"),
        "budget_cny": case.limits["budget_cny"],
        "capacity_kwp": total("capacity_kwp"),
        "installer_kwp": case.limits["installer_kwp"],
        "school_kwp": school.reindex(years, fill_value=0.0).astype(float),
        "holiday_kwp": case.limits["holiday_kwp"],
        "energy_kwh": total("energy_kwh"),
        "co2_t": total("co2_t"),
    })  # fmt: skip
    for column in ("capacity_kwp", "energy_kwh", "co2_t"):
        table[f"total_{column}"] = table[column].cumsum()
    return table.rename_axis("year")


def coverage_table(path: Route) -> pd.DataFrame:
    """Work out every measure of coverage at the end of every year: table `PATHWAY_COVERAGE`."""
    case, schedule = path.case, path.schedule
    keys = pd.MultiIndex.from_arrays([schedule.index, schedule["variant"]])
    adds = case.adds.loc[keys].set_axis(schedule["year"].to_numpy(), axis=0)
    known = case.cohort.index.get_level_values("measure")
    rows = []
    for measure in (m for m in case.adds.columns if m in known):
        yearly = adds[measure].groupby(level=0).sum().reindex(case.years, fill_value=0.0)
        parts = case.cohort.xs(measure, level="measure").reindex(case.years)
        part = parts.assign(added=np.cumsum(yearly.to_numpy(float)), measure=measure)
        rows.append(part.rename_axis("year").reset_index())
    table: pd.DataFrame = pd.concat(rows, ignore_index=True)
    whole = table["denominator"].where(table["denominator"] > 0)
    table["rate"] = (table["standing"] + table["added"]) / whole
    table["reported"] = table["measure"] == case.measure
    at = table["reported"] & (table["year"] == case.by)
    table["target"] = pd.Series(case.target, table.index).where(at)
    names = table["measure"].str.split("/", expand=True).reindex(columns=range(3)).fillna("-")
    table[["definition", "reading", "scope"]] = names.to_numpy()
    table = table.sort_values(["reported"], ascending=False, kind="stable")
    table = table.set_index(["year", "definition", "reading", "scope"])
    return table[["standing", "added", "denominator", "rate", "reported", "target"]]
