"""What each constraint costs: the question is asked again with one of them eased.

Money and capacities are eased by a share of what is given, the target by the same share.
Evidence eased means that every structural check is made, passed and paid for; commitments
eased, that none binds; dates eased, that every roof could be built at once. An answer of
the first question remains one of the eased question, so nothing can get worse; what the
eased one is proven to gain at most stands beside what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Pathway
from hexi_solar.pathway.case import Case
from hexi_solar.pathway.model import MONEY, build_model, feeder_limits
from hexi_solar.pathway.path import Route
from hexi_solar.pathway.solve import minimise

YEARLY = {"budget": ("budget_cny", "CNY"), "installer": ("installer_kwp", "kWp"),
          "holiday": ("holiday_kwp", "kWp")}  # fmt: skip
Eased = tuple[str, str, float, float, str, Case]


def binding_table(path: Route, settings: Pathway | None = None) -> pd.DataFrame:
    """
    Find out what each constraint costs.

    Parameters
    ----------
    path
        The answer to the question as it was asked.
    settings
        `step`, the share that limits are eased by, with `gap` and `seconds` of each search.

    Returns
    -------
    binding
        Table `PATHWAY_BINDING` of `schema.py`, what brings most first. Where the target is
        reached, what the least cost falls by; where it is not, what the greatest rate
        rises by.
    """
    settings = settings or Pathway()
    rows = []
    for name, key, limit, eased, unit, case in eased_cases(path.case, settings.step):
        rows.append({
            "constraint": name, "key": key, "limit": limit, "eased": eased, "unit": unit,
            **_change(path, case, settings),
        })  # fmt: skip
    names = ["constraint", "key", "limit", "eased", "unit", "cost_cny", "cost_at_most_cny",
             "rate", "rate_at_most", "reaches"]  # fmt: skip
    table = pd.DataFrame(rows, columns=names)
    order = -table[["cost_cny", "rate"]].astype(float).fillna(0.0).sum(axis=1).round(9)
    table = table.loc[order.sort_values(kind="stable").index]
    return table.set_index(["constraint", "key"])


def _change(path: Route, case: Case, settings: Pathway) -> dict[str, object]:
    """Ask the eased question, and compare its answer with the first one."""
    model = build_model(case)
    names = ("cost_cny", "cost_at_most_cny", "rate", "rate_at_most")
    nothing: dict[str, object] = dict.fromkeys(names, np.nan)
    search: dict[str, Any] = {"gap": settings.gap, "seconds": settings.seconds}
    if path.status == "reached":
        found = minimise(model, model.cost, **search)
        # the first answer is one of the eased question too
        saved = max(path.cost_cny - found.value / MONEY, 0.0)
        most = max(path.cost_cny - found.bound / MONEY, saved)
        return nothing | {"cost_cny": saved, "cost_at_most_cny": most, "reaches": True}
    found = minimise(model, -model.added, **search, without_target=True)
    first, target = path.reachable_rate, path.case.target
    rate = max(case.rate(-found.value), first) if found.x is not None else first
    # past the target nothing counts
    gained = max(min(rate, target) - first, 0.0)
    most = max(min(case.rate(-found.bound), target) - first, gained)
    return nothing | {"rate": gained, "rate_at_most": most, "reaches": rate >= case.target}


def eased_cases(case: Case, step: float) -> Iterator[Eased]:
    """Ease one constraint after the other: name, key, limit before and after, unit, question."""
    for name, (column, unit) in YEARLY.items():
        known = case.limits[column].dropna()
        # what is built after the target's year comes too late to matter
        for year, limit in known[known.index <= case.by].items():
            limits = case.limits.copy()
            limits.loc[year, column] = limit * (1.0 + step)
            more = case.with_(limits=limits)
            yield name, str(year), float(limit), float(limit * (1.0 + step)), unit, more
    yield from _eased_feeders(case, step)
    options = case.options
    first, last = case.limits.index.min(), case.limits.index.max()
    if (options["load_state"] == "unknown").any():
        # a check takes time and money only where load-bearing is not shown
        unproven = options["load_state"] == "unknown"
        could = options["earliest_proven_year"].fillna(first).astype(int)
        proven = options.assign(
            check_cost_cny=options["check_cost_cny"].mask(unproven, 0.0),
            earliest_year=options["earliest_year"].mask(unproven, could),
        )
        yield "evidence", "", np.nan, np.nan, "", case.with_(options=proven)
    if options["committed_year"].notna().any():
        free = case.with_(options=options.assign(committed_year=np.nan))
        yield "commitment", "", np.nan, np.nan, "", free
    if ((options["earliest_year"] > first) | (options["latest_year"] < last)).any():
        # a check takes its time all the same
        could = options["earliest_proven_year"].fillna(options["earliest_year"])
        early = first + (options["earliest_year"] - could).astype(int)
        dates = options.assign(earliest_year=early, latest_year=last)
        yield "dates", "", np.nan, np.nan, "", case.with_(options=dates)
    target = case.target * (1.0 - step)
    yield "target", str(case.by), case.target, target, "-", case.with_(target=target)


def _eased_feeders(case: Case, step: float) -> Iterator[Eased]:
    """Ease every feeder that its roofs could fill."""
    room = feeder_limits(case)
    options = case.options
    largest = options["capacity_kwp"].groupby(level="building_id").max()
    feeder = options["feeder"].groupby(level="building_id").first()
    wanted = largest.groupby(feeder).sum().reindex(room.index, fill_value=0.0)
    for name in room.index[wanted > room]:
        feeders = case.feeders.copy()
        limit = float(feeders["capacity_kva"].loc[[name]].iloc[0])
        feeders.loc[name, "capacity_kva"] = limit * (1.0 + step)
        more = case.with_(feeders=feeders)
        yield "feeder", str(name), limit, limit * (1.0 + step), "kVA", more
