"""The path to the target of a plan: its study, its register and its money put to `pathway`.

A study says what roofs hold, the register what is promised, `valuation` what it costs and
is worth; `pathway` finds which roofs to build when. Two questions can be asked, never in
one ratio: the new public institutions of the coverage cohort, or the roofs of existing ones
at or above the threshold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.config import Pathway, Plan
from hexi_solar.coverage import reported
from hexi_solar.coverage.definitions import combinations
from hexi_solar.economics.cashflow import building_capex, size_factor
from hexi_solar.errors import ConfigError, HexiSolarError, Notices, Problem
from hexi_solar.facts import all_facts
from hexi_solar.inputs import Step, place_of, silent
from hexi_solar.pathway import (
    Case,
    Chance,
    Route,
    binding_table,
    chance_of,
    commitments,
    coverage_table,
    find_pathway,
    new_members,
    safer_path,
    study_case,
    yearly_table,
)
from hexi_solar.plan import pv_on, run
from hexi_solar.study import Study
from hexi_solar.valuation import value_projects
from hexi_solar.weather import WeatherYear, read_weather

Roofs = Literal["new", "existing"]
COMING = ("planned", "approved", "building")
ENERGY = [f"energy_ac_{month:02d}_kwh" for month in range(1, 13)]
MARKED = ("recalled-low", "chosen")
"""Confidences that a reader is told of first."""
ASSUMED = (
    "pathway.check_cost_cny", "pathway.check_years", "pathway.p_load", "pathway.p_approval",
    "pathway.feeder_share", "pathway.probability", "layouts.money.discount_rate",
    "economics.cost.capex_cny_kwp", "economics.cost.discount_rate", "coverage.target",
)  # fmt: skip


@dataclass(frozen=True)
class Roadmap:
    """The answer to one question, and everything that stands beside it."""

    study: Study
    asked: Roofs
    case: Case
    path: Route
    years: pd.DataFrame
    """Table `PATHWAY_YEARS` of `schema`."""
    coverage: pd.DataFrame
    """Table `PATHWAY_COVERAGE` of `schema`."""
    binding: pd.DataFrame
    """Table `PATHWAY_BINDING` of `schema`."""
    chance: Chance
    safer: Route
    """Planned beyond the target, to be probable."""
    safer_chance: Chance
    economics: pd.DataFrame
    """Table `ECONOMICS` of `schema`, of the roofs in the schedule, filled as it says."""
    members: pd.Series
    """Year from which each building counts."""
    settings: Pathway
    notices: Notices

    @property
    def plan(self) -> Plan:
        """Of the study."""
        return self.study.plan

    @property
    def npv_cny(self) -> float:
        """Net present value of the schedule's roofs for who builds."""
        return float(self.economics["npv_cny"].sum())


def roadmap(
    plan: Plan,
    *,
    target: float | None = None,
    by: int | None = None,
    asked: Roofs | None = None,
    step: Step = silent,
) -> Roadmap:
    """
    Carry out a study and find its path to the target.

    Parameters
    ----------
    plan
        The study.
    target, by, asked
        As for `roadmap_of_study`.
    step
        As for `plan.run`.
    """
    refuse_bad_question(plan, target, by, asked)
    return roadmap_of_study(run(plan, step), target=target, by=by, asked=asked, step=step)


def roadmap_of_study(
    study: Study,
    *,
    target: float | None = None,
    by: int | None = None,
    asked: Roofs | None = None,
    demand: pd.DataFrame | None = None,
    feeders: pd.DataFrame | None = None,
    step: Step = silent,
) -> Roadmap:
    """
    Find the path of a study that was carried out already.

    Parameters
    ----------
    study
        The study.
    target
        Rate of the reported definition; None for the plan's. [-]
    by
        Year by whose end it should be met; None for the plan's target year, or the last
        planned year where that has passed.
    asked
        new: the coverage cohort; existing: roofs of public institutions that stood before,
        at or above the threshold. None for the plan's.
    demand
        As `valuation.value_projects` takes it.
    feeders
        Table `PATHWAY_FEEDERS` of `schema`; buildings name theirs in their column `feeder`.
    step
        As for `plan.run`.

    Raises
    ------
    HexiSolarError
        If no building is in question, none can be built on, or a limit cannot be kept.
    """
    plan = study.plan
    refuse_bad_question(plan, target, by, asked)
    notices = Notices()
    with step("pathway_case"):
        case, members = case_of(study, target, by, asked, feeders, notices)
    settings = plan.pathway
    with step("pathway"):
        path = find_pathway(case, settings)
    with step("pathway_binding"):
        binding = binding_table(path, settings)
    with step("pathway_chance"):
        chance = chance_of(path, settings)
        safer, safer_chance = safer_path(case, settings.probability, settings)
    with step("economics"):
        worth = value_schedule(study, path.schedule, demand)
    return Roadmap(
        study=study,
        asked=asked or plan.pathway.roofs,
        case=case,
        path=path,
        years=yearly_table(path),
        coverage=coverage_table(path),
        binding=binding,
        chance=chance,
        safer=safer,
        safer_chance=safer_chance,
        economics=worth,
        members=members,
        settings=settings,
        notices=notices,
    )


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
    asked: Roofs | None,
    feeders: pd.DataFrame | None,
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
    case = study_case(
        buildings, study.roofs, study.layouts, tradeoffs_of(study), study.candidates,
        pv_on(plan, study.register, place, plan.today), members,
        combinations(plan.coverage), reported(plan.coverage),
        scope=plan.coverage.scope, target=rate, by=year, first=first,
        threshold_m2=plan.roofs.threshold_m2, settings=settings,
        cost_cny=costs_of(study), committed=committed, feeders=feeders,
        feeder=buildings.get("feeder") if feeders is not None else None,
    )  # fmt: skip
    return case, members


def tradeoffs_of(study: Study) -> pd.DataFrame:
    """Return the ways to fill each roof; a study always has them."""
    assert study.tradeoffs is not None
    return study.tradeoffs


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
        raise HexiSolarError(_nobody(buildings, asked, start))
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


def costs_of(study: Study) -> pd.Series:
    """
    Work out what every way to fill a roof costs.

    Returns
    -------
    cost
        Index `building_id`, `variant`; as `economics.building_capex` prices the layout of
        the plan, at the size factor of the variant's own capacity. [CNY]
    """
    settings, built = study.plan.economics, study.layouts[study.layouts["capacity_kwp"] > 0]
    capacity = built["capacity_kwp"].groupby(built["building_id"].to_numpy()).sum()
    planned = building_capex(built, study.roofs["mounting"], settings)
    # what a kilowatt of a large lot costs on the mountings of this building
    unit = planned / capacity / size_factor(capacity.to_numpy(float))
    ways = tradeoffs_of(study)["capacity_kwp"].astype(float)
    of_building = unit.reindex(ways.index.get_level_values("building_id")).to_numpy(float)
    of_building = np.where(np.isnan(of_building), settings.capex_cny_kwp, of_building)
    size = size_factor(np.maximum(ways.to_numpy(float), 1e-9))
    return pd.Series(ways.to_numpy(float) * of_building * size, ways.index)


def value_schedule(
    study: Study, schedule: pd.DataFrame, demand: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Value the roofs of a schedule, filled as it says: table `ECONOMICS` of `schema`."""
    plan = study.plan
    buildings = study.buildings.loc[study.buildings.index.isin(schedule.index)]
    layouts = study.layouts[study.layouts["building_id"].isin(schedule.index)].copy()
    yields = study.yields.loc[layouts.index].copy()
    ways = tradeoffs_of(study)
    keys = pd.MultiIndex.from_arrays([schedule.index, schedule["variant"]])
    ids = layouts["building_id"].to_numpy()
    planned = pd.DataFrame({"capacity": layouts["capacity_kwp"], "energy": yields["energy_ac_kwh"]})
    planned = planned.groupby(ids).sum().reindex(schedule.index)
    chosen = ways.loc[keys, ["capacity_kwp", "energy_ac_kwh"]].set_axis(schedule.index, axis=0)
    size = (chosen["capacity_kwp"] / planned["capacity"]).reindex(ids).to_numpy(float)
    energy = (chosen["energy_ac_kwh"] / planned["energy"]).reindex(ids).to_numpy(float)
    layouts["capacity_kwp"] *= size
    columns = [*ENERGY, "energy_ac_kwh"]
    yields[columns] = yields[columns].mul(energy, axis=0)
    year = weather_of(plan, buildings if len(buildings) else study.buildings)
    found = value_projects(plan, buildings, study.roofs, layouts, yields, year, demand)
    return found.economics


def weather_of(plan: Plan, buildings: gpd.GeoDataFrame) -> WeatherYear:
    """Read the first weather year of the plan: money asks for the shape of its days alone."""
    place, site = place_of(plan, buildings), plan.site
    years = read_weather(
        plan.weather, place.latitude, place.longitude, site.altitude, site.tz, Notices()
    )
    return years[0]


# -- as a program reads it ---------------------------------------------------------------------


def roadmap_record(found: Roadmap) -> dict[str, Any]:
    """
    Collect the whole answer, ready for JSON.

    Returns
    -------
    record
        `status` and the other figures of `Route.summary`, then the tables: `schedule`,
        `years`, `coverage`, `coverage_now`, `binding`, `chance` with its `surveys`,
        `safer`, `limits`, `economics`, `assumptions`, `notices`, `solver`.
    """
    plan, path = found.plan, found.path
    summary = path.summary()
    names = found.study.buildings["name"].reindex(path.schedule.index)
    schedule = path.schedule.assign(name=names, npv_cny=found.economics["npv_cny"])
    return {
        "plan": plan.name,
        "synthetic": plan.synthetic,
        "as_of": plan.today.isoformat(),
        "roofs": found.asked,
        "members": len(found.members),
        **summary,
        "npv_cny": found.npv_cny,
        "schedule": _rows(schedule),
        "years": _rows(found.years),
        "coverage_now": now(found),
        "coverage": _rows(found.coverage),
        "binding": _rows(found.binding),
        "chance": found.chance.summary() | {"surveys": _rows(found.chance.surveys)},
        "safer": safer_record(found),
        "limits": _rows(found.case.limits) + _rows(found.case.feeders),
        "economics": _rows(found.economics),
        "assumptions": assumptions(found),
        "notices": [
            {"level": n.level, "code": n.code, "message": n.message(plan.language)}
            for n in found.notices
        ],
        "solver": {"gap": path.gap, "seconds": path.seconds, "options": len(found.case.options)},
    }


def safer_record(found: Roadmap) -> dict[str, Any]:
    """Say what is planned beyond the target, and how probable that makes it."""
    more = found.safer
    return {
        "asked_probability": found.settings.probability,
        "enough": found.safer_chance.probability >= found.settings.probability,
        "planned_target": more.case.target,
        **{k: v for k, v in more.summary().items() if k not in ("target", "by", "measure")},
        **found.safer_chance.summary(),
        "schedule": _rows(more.schedule[["variant", "year", "capacity_kwp", "cost_cny"]]),
    }


def now(found: Roadmap) -> list[dict[str, Any]]:
    """List the coverage of today under all definitions, as `coverage` reports it; new buildings only."""
    if found.asked != "new":
        return []
    table = found.study.coverage.reset_index()
    today = pd.Timestamp(found.plan.today)
    kept = table[(table["year"] == today.year) & (pd.to_datetime(table["at"]) == today)]
    kept = kept[(kept["cohort"] == "cumulative") & (kept["kind"] == "progress")]
    columns = ["definition", "reading", "scope", "numerator", "denominator", "rate",
               "rate_low", "rate_high", "reported"]  # fmt: skip
    return _rows(kept[columns].set_index("definition"))


def assumptions(found: Roadmap) -> list[dict[str, Any]]:
    """List the defaults that the answer rests on, each with source and confidence."""
    known = all_facts()
    rows = []
    for key in ASSUMED:
        fact = known[key]
        used = _used(found, key, fact.value)
        rows.append({
            "key": key, "zh": fact.name_zh, "en": fact.name_en, "value": used, "unit": fact.unit,
            "year": fact.year, "source": fact.source, "confidence": fact.confidence,
            "set_by_plan": used != fact.value, "placeholder": fact.confidence == "recalled-low",
        })  # fmt: skip
    return rows


def _used(found: Roadmap, key: str, default: Any) -> Any:
    """Return the value that was taken for a fact."""
    plan, settings = found.plan, found.settings
    name = key.rsplit(".", 1)[1]
    if key.startswith("pathway."):
        return getattr(settings, name)
    special: Mapping[str, Any] = {
        "layouts.money.discount_rate": settings.discount_rate,
        "economics.cost.capex_cny_kwp": plan.economics.capex_cny_kwp,
        "economics.cost.discount_rate": plan.economics.discount_rate_nominal,
        "coverage.target": found.case.target,
    }
    return special.get(key, default)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Write a table row by row; unknown becomes None."""
    rows = table.reset_index().to_dict("records")
    return [{str(k): _plain(v) for k, v in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """Bring one value to what JSON can say."""
    if isinstance(value, list):
        return value
    if value is None or (isinstance(value, float) and not np.isfinite(value)) or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value.isoformat() if isinstance(value, dt.date) else value


__all__ = ["Roadmap", "roadmap", "roadmap_of_study", "roadmap_record"]
