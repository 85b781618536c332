"""Which question a study puts: who counts, what is promised, what it costs.

Two questions can be asked, never in one ratio: the new public institutions of the coverage
cohort, or the roofs of existing ones at or above the threshold.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.coverage import reported
from hexi_solar.coverage.definitions import combinations
from hexi_solar.errors import ConfigError, HexiSolarError, Notices, Problem
from hexi_solar.inputs import place_of
from hexi_solar.layers import read_feeders
from hexi_solar.pathway import Case, commitments, new_members, study_case
from hexi_solar.plan import pv_on
from hexi_solar.roadmap.money import costs_of, ways_of
from hexi_solar.study import Study

COMING = ("planned", "approved", "building")


def refuse_bad_question(
    plan: Plan, target: float | None, by: int | None, asked: str | None
) -> None:
    """
    Refuse a target, a year or a scope that no study could answer, before one is carried out.

    Raises
    ------
    ConfigError
        With all of them at once.
    """
    first, problems = plan.today.year + 1, []
    if target is not None and not 0.0 <= target <= 1.0:
        problems.append(Problem("pathway_target", {"found": target}))
    if by is not None and not first <= by < first + 40:
        problems.append(Problem("pathway_by", {"found": by, "first": first, "last": first + 39}))
    if asked not in (None, "new", "existing"):
        problems.append(Problem("pathway_scope", {"found": asked}))
    if problems:
        raise ConfigError(*problems)


def target_of(plan: Plan, target: float | None, by: int | None) -> tuple[float, int]:
    """Return the target and its year: as asked, else the plan's, or the last planned year where that has passed."""
    settings, first = plan.coverage, plan.today.year + 1
    ahead = {int(y): float(t) for y, t in settings.targets.items() if int(y) >= first}
    if by is None:
        last = first + plan.pathway.years - 1
        by = settings.target_year if settings.target_year >= first else max(ahead, default=last)
    return (ahead.get(by, settings.target) if target is None else target), by


def case_of(
    study: Study,
    target: float | None,
    by: int | None,
    asked: str | None,
    notices: Notices,
) -> tuple[Case, pd.Series]:
    """Put the study's question; also returns who counts and since when."""
    plan, settings = study.plan, study.plan.pathway
    rate, year = target_of(plan, target, by)
    first = plan.today.year + 1
    last = max(first + settings.years - 1, year)
    buildings = study.buildings[study.buildings.index.isin(study.roofs["building_id"])]
    scope = asked or settings.roofs
    members = members_of(study, buildings, scope, last)
    committed = committed_years(study, members, first, last, notices)
    say_left_out(study, members, notices)
    say_open_questions(study, members, scope, notices)
    place = place_of(plan, study.buildings)
    pv = pv_on(plan, study.register, place, plan.today)
    feeders, feeder = feeders_of(study, pv, notices)
    case = study_case(
        buildings, study.roofs, study.layouts, ways_of(study), study.candidates,
        pv, members,
        combinations(plan.coverage), reported(plan.coverage),
        scope=plan.coverage.scope, target=rate, by=year, first=first,
        threshold_m2=plan.roofs.threshold_m2, settings=settings,
        cost_cny=costs_of(study), committed=committed, feeders=feeders,
        feeder=feeder,
    )  # fmt: skip
    return case, members


def feeders_of(
    study: Study, pv: pd.DataFrame, notices: Notices
) -> tuple[pd.DataFrame | None, pd.Series | None]:
    """
    Read the plan's transformers, with the PV that stands behind each.

    Parameters
    ----------
    study
        The study.
    pv
        What stands on each building today; it stands in where the table does not say what
        is connected.
    notices
        Where transformers that are full are named.
    """
    found = read_feeders(study.plan, study.buildings.index, notices)
    if found is None:
        return None, None
    feeders, feeder = found
    known = pv["capacity_kwp"].reindex(feeder.index).fillna(0.0)
    behind = known.groupby(feeder.to_numpy()).sum().reindex(feeders.index, fill_value=0.0)
    feeders["standing_kwp"] = feeders["standing_kwp"].fillna(behind)
    share = study.plan.pathway.feeder_share
    full = feeders.index[feeders["standing_kwp"] >= share * feeders["capacity_kva"]]
    if len(full):
        notices.add(
            "warning", "pathway_feeders_full", count=len(full), rows=_named(full), share=share
        )
    return feeders, feeder


def members_of(study: Study, buildings: pd.DataFrame, asked: str, last: int) -> pd.Series:
    """
    Say which buildings the question is about, and since when each counts.

    Parameters
    ----------
    study
        The study.
    buildings
        Those whose roofs were worked out.
    asked
        new or existing.
    last
        Last planned year.

    Raises
    ------
    HexiSolarError
        If there are none.
    """
    start = study.plan.coverage.start
    new = new_members(buildings, start, last)
    if asked == "new":
        found = new
    else:
        table = buildings.loc[buildings.index.isin(study.candidates.index)]
        stands = ~table["status"].isin(COMING) & ~table.index.isin(new.index)
        old = table.index[stands & (table["public_institution"] == "yes")]
        found = pd.Series(study.plan.today.year, old, dtype=int)
    if found.empty:
        raise HexiSolarError(_nobody(study.buildings, asked, start))
    return found


def _nobody(buildings: pd.DataFrame, asked: str, start: dt.date) -> Problem:
    """Say why nobody is asked about, and what to do."""
    public = buildings["public_institution"] == "yes"
    facts = {
        "start": start,
        "public": int(public.sum()),
        "dated": int((public & buildings["completed_on"].notna()).sum()),
    }
    return Problem("pathway_no_cohort" if asked == "new" else "pathway_no_existing", facts)


def committed_years(
    study: Study, members: pd.Series, first: int, last: int, notices: Notices
) -> pd.Series:
    """Bind filed projects and those being built to the first year in which they can be built."""
    bound = commitments(study.projects, first)
    open_ = study.candidates.index[study.candidates["eligible"] != "no"]
    ours = bound[bound.index.isin(members.index)]
    lost = ours.index[~ours.index.isin(open_)]
    if len(lost):
        notices.add("warning", "pathway_commitment_lost", count=len(lost), rows=_named(lost))
    kept = ours[ours.index.isin(open_)]
    year = kept.clip(lower=members.reindex(kept.index).astype(float))
    late = year.index[year > last]
    if len(late):
        notices.add("warning", "pathway_commitment_late", count=len(late), rows=_named(late))
    return year[year <= last]


def say_left_out(study: Study, members: pd.Series, notices: Notices) -> None:
    """Say which roofs count and are yet not planned on."""
    small = members.index[~members.index.isin(study.candidates.index)]
    if len(small):
        notices.add(
            "info", "pathway_small", count=len(small), threshold=study.plan.roofs.threshold_m2
        )
    table = study.buildings.loc[members.index]
    undated = int((table["status"].isin(COMING) & table["expected_on"].isna()).sum())
    if undated:
        notices.add("assumed", "pathway_undated", count=undated, year=int(members.max()))
    own = study.candidates[study.candidates.index.isin(members.index)]
    unsure = own.index[(own["eligible"] != "no") & ~own["in_totals"]]
    if len(unsure):
        notices.add("warning", "pathway_review", count=len(unsure), rows=_named(unsure))


def say_open_questions(study: Study, members: pd.Series, asked: str, notices: Notices) -> None:
    """Say what the plan leaves open that decides the answer."""
    settings = study.plan.pathway
    yearly = (settings.budget_cny, settings.installer_kwp, *settings.budgets.values())
    if all(limit is None for limit in yearly):
        notices.add("assumed", "pathway_unlimited")
    table = study.buildings.loc[members.index]
    unknown = int(table["completed_on"].isna().sum())
    if asked == "existing" and unknown:
        notices.add("assumed", "pathway_date_unknown", count=unknown, total=len(table))


def _named(ids: pd.Index, most: int = 8) -> str:
    """Name the first of some buildings."""
    return ", ".join(map(str, ids[:most])) + (", ..." if len(ids) > most else "")
