"""One study, step by step: read this first.

Seams read what stands there, steps work on tables and know nothing of each other, and
this module hands the tables on. `inputs.py` reads, `potential.py` carries footprints to
energy; `record.py` writes down whatever a later reader may ask for.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd

from hexi_solar import schema
from hexi_solar.config import Plan
from hexi_solar.coverage import coverage_by_subdistrict, coverage_rates
from hexi_solar.errors import ConfigError, Notices, Problem
from hexi_solar.facts import fact
from hexi_solar.gates import GATES, Results, check_gates, reviews
from hexi_solar.inputs import Place, Step, of_interest, read_inputs, silent
from hexi_solar.layout import field_ratio
from hexi_solar.planfile import nearest
from hexi_solar.potential import Potential, portfolios, potential_of
from hexi_solar.projects import existing_pv, project_states
from hexi_solar.ranking import building_sums, rank_candidates
from hexi_solar.record import record_of
from hexi_solar.rooftops import with_roofs_of
from hexi_solar.study import Study

__all__ = ["Step", "run", "silent"]


def run(plan: Plan, step: Step = silent, allowed_gates: Iterable[str] = ()) -> Study:
    """
    Carry out one study, from its layers to its coverage rates.

    Parameters
    ----------
    plan
        What to study.
    step
        Called with the name of each step; returns the context it runs in, to show
        progress and take the time.
    allowed_gates
        Gates of `gates.py` that are passed on purpose.

    Raises
    ------
    HexiSolarError
        If the plan or a file cannot be used, all problems at once; if a result cannot be
        true.
    """
    refuse_unknown_gates(allowed_gates)
    # what stands there
    inputs = read_inputs(plan, step)
    register, place = inputs.register, inputs.place

    # what the roofs offer
    buildings = of_interest(plan, inputs.buildings, register)
    found = potential_of(
        plan, buildings, inputs.weather, place, inputs.buildings, step, inputs.notices
    )
    buildings = found.buildings

    # in which order to build
    with step("ranking"):
        pv = pv_on(plan, register, place, plan.today)
        candidates = candidate_table(
            plan, buildings, found, pv, inputs.notices, inputs.weather[0].source
        )

    # how far that brings the coverage rate
    with step("coverage"):
        about: dict[str, Any] = {"today": plan.today, "threshold_m2": plan.roofs.threshold_m2}
        tables = (buildings, found.roofs, found.layouts)
        coverage = coverage_rates(
            *tables, lambda day: pv_on(plan, register, place, day), plan.coverage, **about
        )
        parts = coverage_by_subdistrict(*tables, pv, plan.coverage, **about)

        say_impossible_rates(coverage, inputs.notices)

    # whether all of it can be true
    with step("gates"):
        check_tables(found, candidates, coverage)
        passed = pass_gates(found, candidates, allowed_gates, inputs.notices)
    study = Study(
        plan=plan,
        buildings=with_roofs_of(inputs.buildings, buildings),
        roofs=found.roofs,
        exclusions=found.exclusions,
        layouts=found.layouts,
        yields=found.yields,
        tradeoffs=found.tradeoffs,
        candidates=candidates,
        register=register,
        projects=project_states(register, plan.today),
        coverage=coverage,
        boundary=inputs.district.boundary,
        subdistricts=inputs.district.subdistricts,
        zones=inputs.district.zones,
        notices=tuple(inputs.notices),
    )
    counted = roofs_in_totals(study)
    by_year = found.energy_by_year_kwh[counted].sum().to_list()
    record = record_of(study, inputs.weather, parts, by_year)
    record |= {"gates_passed": passed, "portfolio": candidate_portfolio(study, found, counted)}
    return dataclasses.replace(study, record=record)


def pv_on(plan: Plan, register: pd.DataFrame, place: Place, day: dt.date) -> pd.DataFrame:
    """Add up the PV that stands on each building on one day."""
    return existing_pv(project_states(register, day), **pv_filling(plan, place))


def pv_filling(plan: Plan, place: Place) -> dict[str, Any]:
    """Say what `existing_pv` takes for figures that were not filed."""
    layout = plan.layout
    area = layout.module_length_m * layout.module_width_m
    ranges = {name: fact(f"coverage.open.{name}") for name in ("kw_per_m2", "gcr", "module_tilt")}
    return {
        "kw_per_m2": layout.module_power_w / 1000.0 / area,
        # an array field that was not filed is taken as wide as ours would be
        "gcr": float(field_ratio(place.latitude, place.frame.equator, layout)),
        "module_tilt": layout.flat_tilt,
        "ranges": ranges,
    }


def candidate_table(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    found: Potential,
    pv: pd.DataFrame,
    notices: Notices,
    weather_source: str,
) -> pd.DataFrame:
    """Choose the candidates by the threshold, rank them, and mark what needs a look."""
    layouts, yields = found.layouts, found.yields
    sums = building_sums(found.roofs, layouts, yields)
    column = "roof_area_m2" if plan.roofs.threshold_on == "gross" else "usable_area_m2"
    # an area that rounds to the threshold at the square centimetre is at the threshold
    ids = sums.index[sums[column].round(4) >= plan.roofs.threshold_m2]
    building = yields["building_id"].to_numpy()
    light = (yields["poa_global_kwh_m2"] * layouts["capacity_kwp"]).groupby(building).sum()
    candidates = rank_candidates(
        buildings.loc[ids],
        sums.loc[ids],
        poa_global_kwh=light,
        pv=pv,
        settings=plan.ranking,
    )
    assumed = (found.roofs["tilt_source"] == "assumed") & (found.roofs["surface_tilt"] > 0)
    pitched = found.roofs.loc[assumed, "building_id"].unique()
    tilt_source = candidates["roof_kind_source"].mask(candidates.index.isin(pitched), "assumed")
    seen = found.roofs.loc[found.roofs["source"] == "surface_model", "building_id"].unique()
    tilt_source = tilt_source.mask(candidates.index.isin(seen), "measured")
    candidates["tilt_source"] = tilt_source
    candidates["weather_source"] = weather_source
    # planes of one building err together, so their exceedance energies add up
    candidates["p90_energy_ac_kwh"] = yields["p90_energy_ac_kwh"].groupby(building).sum()
    shaded = light * (1.0 - weighted_shading(found))
    for bound in ("shading_loss_low", "shading_loss_high"):
        candidates[bound] = weighted_shading(found, bound)
    candidates["review"] = reviews(candidates, shaded)
    strangers = [i for i in plan.review.looked_at if i not in candidates.index]
    if strangers:
        rows = ", ".join(strangers[:8])
        notices.add("warning", "review_unknown", count=len(strangers), rows=rows)
    marked = candidates.index[candidates["review"].map(len) > 0]
    odd = [i for i in marked if i not in plan.review.looked_at]
    candidates["in_totals"] = ~candidates.index.isin(odd)
    if odd:
        named = ", ".join(map(str, odd[:8])) + (", ..." if len(odd) > 8 else "")
        notices.add("warning", "review_needed", count=len(odd), rows=named)
    return candidates


def weighted_shading(found: Potential, column: str = "shading_loss") -> pd.Series:
    """Average a shading loss over the roofs of each building by their light."""
    yields = found.yields
    building = yields["building_id"].to_numpy()
    light = yields["poa_global_kwh_m2"] * found.layouts["capacity_kwp"]
    lost = (light * yields[column]).groupby(building).sum()
    whole = light.groupby(building).sum()
    loss: pd.Series = (lost / whole.where(whole > 0)).fillna(0.0)
    return loss


def say_impossible_rates(coverage: pd.DataFrame, notices: Notices) -> None:
    """Warn of reported rates above 1, with the buildings whose records need correction."""
    over = coverage[coverage["reported"] & (coverage["rate"] > 1.0)]
    if len(over):
        ids = sorted({i for flagged in over["flagged_ids"] for i in flagged})
        named = ", ".join(ids[:8]) + (", ..." if len(ids) > 8 else "")
        worst = f"{over['rate'].max():.1%}"
        notices.add("warning", "rate_above_one", rate=worst, count=len(ids), rows=named)


def refuse_unknown_gates(names: Iterable[str]) -> None:
    """
    Refuse to open a gate that there is not.

    Raises
    ------
    ConfigError
        With the nearest known gate.
    """
    wrong = [
        Problem("gate_unknown", {"gate": n, "hint": nearest(n, GATES), "known": ", ".join(GATES)})
        for n in names
        if n not in GATES
    ]
    if wrong:
        raise ConfigError(*wrong)


def check_tables(found: Potential, candidates: pd.DataFrame, coverage: pd.DataFrame) -> None:
    """Hold every result to its declaration."""
    schema.check(found.roofs, schema.ROOFS, "roofs")
    schema.check(found.layouts, schema.LAYOUTS, "layouts")
    schema.check(found.yields, schema.YIELDS, "yields")
    schema.check(found.tradeoffs, schema.TRADEOFFS, "tradeoffs")
    schema.check(candidates, schema.CANDIDATES, "candidates")
    schema.check(coverage, schema.COVERAGE, "coverage")


def pass_gates(
    found: Potential, candidates: pd.DataFrame, allowed: Iterable[str], notices: Notices
) -> dict[str, list[str]]:
    """Stop at a closed gate; note what went through an open one."""
    results = Results(
        roofs=found.roofs,
        exclusions=found.exclusions,
        layouts=found.layouts,
        yields=found.yields,
        candidates=candidates,
        night_energy_kwh_kwp=found.night_energy_kwh_kwp,
    )
    passed = check_gates(results, allowed)
    for gate, ids in passed.items():
        notices.add("warning", "gate_allowed", gate=gate, count=len(ids), rows=", ".join(ids[:8]))
    return passed


def roofs_in_totals(study: Study) -> pd.Series:
    """Say which roofs belong to candidates that count in the totals."""
    counted = study.candidates.index[study.candidates["in_totals"]]
    own: pd.Series = study.roofs["building_id"].isin(counted)
    return own


def candidate_portfolio(study: Study, found: Potential, counted: pd.Series) -> dict[str, Any]:
    """Calculate P50, P75 and P90 of all candidates that count in the totals."""
    return portfolios(study.roofs[counted], study.yields[counted], found.insolations)
