"""The retrofit plan of a district: what each building should do, what it costs, who pays.

Here the study, the meters, the economics of PV and the steps of retrofit meet. The order
decides what is counted: measures first lower the use, hot water and PV then share the roof,
and PV is valued against what is left of both, so nothing is saved or covered twice.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar import schema
from hexi_solar.config import Buildings, Plan
from hexi_solar.contracts import cash_flows, contract_table, split
from hexi_solar.demand import annual_demand, degree_days, monthly_electricity, yearly
from hexi_solar.economics import (
    Portfolio,
    after_tax,
    economics_of,
    portfolio_sensitivity,
    prices_of_use,
    sensitivity,
)
from hexi_solar.economics.load import gross_floor_area
from hexi_solar.economics.selfuse import hourly_blocks
from hexi_solar.errors import ConfigError, GateError, Notices, Problem
from hexi_solar.facts import all_facts, fact
from hexi_solar.inputs import Records, Step, place_of, read_records, silent
from hexi_solar.layers.meters import read_meters
from hexi_solar.ledger import states
from hexi_solar.money import ProjectFlows, net_present_value
from hexi_solar.plan import pv_on, run
from hexi_solar.retrofit import (
    best_storage,
    choose_diagnoses,
    chosen,
    demand_response,
    energy_limits,
    equipment_roadmap,
    hot_water_demand,
    hot_water_flows,
    measure_flows,
    measure_packages,
    pass_gates,
    readiness,
    retrofit_measures,
    roof_claims,
    sides_add_up,
    solar_heating,
    spread,
    tracker_status,
)
from hexi_solar.retrofit.roof import collector_area
from hexi_solar.study import Renewal, Study
from hexi_solar.valuation import portfolio_of, read_tariffs
from hexi_solar.weather import WeatherYear, read_weather, read_weather_file

LEFT_OUT = ("residential",)
"""Owner types that size alone does not bring into scope."""
NOT_YET = ("planned", "approved", "building")
TOLD = ("beds", "boarders", "meals", "people")
"""Numbers of the register that hot water follows from."""
STORAGE_BLOCK = 256


def renewal_of(plan: Plan, step: Step = silent) -> Renewal:
    """
    Carry out a study and its retrofit plan.

    Parameters
    ----------
    plan
        The study; `[retrofit]`, `[contract]` and `[economics]` say how.
    step
        As for `plan.run`.

    Raises
    ------
    HexiSolarError
        If a file cannot be used, or a result cannot be true.
    """
    return renewal_of_study(run(plan, step), step=step)


def renewal_of_study(study: Study, *, step: Step = silent) -> Renewal:
    """Make the retrofit plan of a study that was carried out already."""
    plan, notices = study.plan, Notices()
    with step("demand"):
        records = read_records(plan, Notices())
        buildings = in_scope(plan, sized(study.buildings, notices))
        case = case_of(study, buildings, records, notices)
    with step("measures"):
        measures, packages = measures_of(case)
        picked = pick(plan, packages)
    with step("economics"):
        roof = share_roof(case, picked)
        pass_gates(case.demand, measures, packages, roof.claims)
        joint = together(case, measures, picked, roof)
        contracts, flows = contracts_of(plan, joint)
    diagnoses = states(records.ledger, "diagnosis", plan.today)
    done = diagnoses.index[diagnoses["kind"].isin(["done", "planned"])]
    diagnosed = int((diagnoses["kind"] == "done").sum())
    with step("diagnoses"):
        expected, unsure = expectation(case, measures, packages)
        places = max(plan.retrofit.places - len(done), 0)
        choice = choose_diagnoses(buildings, expected, unsure, places=places, done=done)
    usable = roof.claims["usable_area_m2"]
    found = Renewal(
        study=study,
        buildings=buildings,
        demand=case.demand,
        measures=measures,
        packages=packages,
        roof_claims=roof.claims,
        readiness=readiness(
            buildings,
            pv_energy_kwh=roof.energy_kwh.reindex(buildings.index).fillna(0.0),
            electricity_kwh=case.demand["electricity_kwh"],
            daytime_share=case.prices["day_share"],
        ),
        storage=roof.storage,
        economics=roof.economics,
        sensitivity=roof.sensitivity,
        contracts=contracts,
        cash_flows=flows,
        unit_plans=unit_plans(case, picked, roof, joint),
        diagnosis_choice=choice,
        energy_limits=energy_limits(buildings, case.demand),
        demand_response=demand_response(buildings, case.demand, case.prices["peak_share"]),
        solar_heating=solar_heating(case.demand, usable),
        equipment_roadmap=equipment_roadmap(
            equipment_of(records.ledger, plan, buildings), plan.today, grades_of(plan)
        ),
        tracker_status=tracker_status(
            states(records.ledger, "tracker", plan.today), diagnosed, plan.today
        ),
        diagnoses=diagnoses,
        notices=tuple(notices),
    )
    for name, table in found.tables.items():
        schema.check(table, schema.TABLES[name], name)
    return found


# ------------------------------------------------------------------ what is known


@dataclass(frozen=True)
class Case:
    """What every step of the retrofit plan takes."""

    study: Study
    buildings: gpd.GeoDataFrame
    demand: pd.DataFrame
    months: pd.DataFrame
    """Metered months of electricity, where all twelve are known."""
    prices: pd.DataFrame
    counts: pd.DataFrame
    """Beds, boarders, meals and people of the register."""
    emission_factor: float

    @property
    def plan(self) -> Plan:
        """The study's plan."""
        return self.study.plan


def sized(buildings: gpd.GeoDataFrame, notices: Notices) -> gpd.GeoDataFrame:
    """
    Find floors and floor areas that follow from height and footprint.

    Returns
    -------
    buildings
        What is neither stated nor follows stays unknown; what follows is marked derived.
    """
    table = buildings.copy()
    storeys = table["height_m"].astype(float) // Buildings().storey_height_m
    floors = table["floors"].astype(float)
    table["floors"] = floors.where(floors.notna(), storeys.clip(lower=1.0))
    known = table["floors"].notna() & ~(table["floor_area_m2"] > 0)
    area = gross_floor_area(table)
    table["floor_area_m2"] = table["floor_area_m2"].where(~known, area)
    if known.any():
        table["floor_area_source"] = table["floor_area_source"].mask(known, "derived")
        notices.add("assumed", "retrofit_floor_area", count=int(known.sum()), total=len(table))
    return table


def in_scope(plan: Plan, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Choose the buildings that get a retrofit plan.

    Returns
    -------
    buildings
        Public institutions, the owner types of `[retrofit]`, and other large buildings but
        dwellings; those that stand, in the zone that is asked for.

    Raises
    ------
    ConfigError
        If no building lies in a zone of that name.
    """
    settings = plan.retrofit
    kind = buildings["owner_type"].astype(str)
    wanted = kind.isin(settings.owner_types) | (buildings["public_institution"] == "yes")
    large = buildings["floor_area_m2"] >= settings.floor_area_m2
    wanted |= large & ~kind.isin(LEFT_OUT)
    wanted &= ~buildings["status"].isin(NOT_YET)
    if settings.zone:
        there = buildings["zone"] == settings.zone
        if not there.any():
            known = ", ".join(sorted(map(str, buildings["zone"].dropna().unique()))) or "-"
            raise ConfigError(Problem("retrofit_zone", {"found": settings.zone, "known": known}))
        wanted &= there
    return buildings[wanted].copy()


def case_of(study: Study, buildings: gpd.GeoDataFrame, records: Records, notices: Notices) -> Case:
    """Read the meters and find what each building uses."""
    plan = study.plan
    metered = with_register(read_meters(plan, study.buildings, notices), records.facts)
    metered = metered[metered.index.get_level_values(0).isin(buildings.index)]
    factor = float(all_facts()[f"carbon.{plan.ranking.emission_factor}"].value)
    then, usual = days_of(plan, study)
    demand = annual_demand(
        buildings, metered, emission_factor=factor, notices=notices,
        degree_days=then, usual_degree_days=usual,
    )  # fmt: skip
    tariffs = read_tariffs(plan.economics.tariff_files)
    counts = records.facts.reindex(index=buildings.index, columns=list(TOLD))
    counts = counts.apply(pd.to_numeric, errors="coerce")
    return Case(
        study, buildings, demand, monthly_electricity(metered),
        prices_of_use(buildings, plan.economics, tariffs), counts, factor,
    )  # fmt: skip


def with_register(metered: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Add the yearly use that the register says of buildings; a meter of the same year goes before."""
    said = facts.reindex(columns=schema.ENERGY_METERS.names).apply(pd.to_numeric, errors="coerce")
    said = said.dropna(how="all").astype(float)
    if said.empty:
        return metered
    years = pd.to_datetime(facts.loc[said.index, "kind_on"]).dt.year.astype("Int64").astype(str)
    keys = [said.index, years]
    said.index = pd.MultiIndex.from_arrays(keys, names=list(schema.ENERGY_METERS.index))
    return metered.combine_first(said) if len(metered) else said


def metered_use(study: Study) -> pd.DataFrame:
    """
    Return the electricity that meters or the register state, as `economics.prepare` takes it.

    Returns
    -------
    use
        Only buildings whose use is known: `electricity_kwh`, `electricity_source`, and its
        months where all twelve are metered.
    """
    plan = study.plan
    facts = read_records(plan, Notices()).facts
    metered = with_register(read_meters(plan, study.buildings, Notices()), facts)
    use = yearly(metered)[["electricity_kwh"]].dropna()
    use["electricity_source"] = "measured"
    return use.join(monthly_electricity(metered))


def days_of(
    plan: Plan, study: Study
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Count the degree days of the meters' year and of the study's weather, where both are given."""
    path = plan.retrofit.meter_weather
    if path is None:
        return None, None
    measured = read_weather_file(path, plan.weather, Notices())
    usual = weather_of(plan, study)
    return degree_days(measured.table["temp_air"]), degree_days(usual.table["temp_air"])


def weather_of(plan: Plan, study: Study) -> WeatherYear:
    """Read the first year of the plan's weather: money asks for the shape of its days alone."""
    place, site = place_of(plan, study.buildings), plan.site
    return read_weather(
        plan.weather, place.latitude, place.longitude, site.altitude, site.tz, Notices()
    )[0]


def equipment_of(ledger: pd.DataFrame, plan: Plan, buildings: pd.DataFrame) -> pd.DataFrame:
    """Return the machines of the register, of one zone where one is asked for."""
    table = states(ledger, "equipment", plan.today).reindex(columns=schema.EQUIPMENT.names)
    return table[table["building_id"].isin(buildings.index)] if plan.retrofit.zone else table


def grades_of(plan: Plan) -> dict[str, Any]:
    """
    Read the user's grades and lives of equipment.

    Raises
    ------
    ConfigError
        If the file is not TOML or holds anything but numbers by kind.
    """
    file = plan.retrofit.equipment_grades
    if file is None:
        return {}
    facts = {"file": file.name}
    try:
        given = tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(Problem("retrofit_grades", facts | {"found": error})) from None
    for name in ("entry_grade", "life_a"):
        table = given.get(name, {})
        if not isinstance(table, dict) or not all(
            isinstance(v, int | float) for v in table.values()
        ):
            raise ConfigError(Problem("retrofit_grades", facts | {"found": name}))
    return given


# ------------------------------------------------------------------ measures


def measures_of(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Work out measures and packages of every building."""
    about: dict[str, Any] = {
        "price_cny_kwh": case.prices["price_cny_kwh"],
        "emission_factor": case.emission_factor,
    }
    settings = case.plan.retrofit
    measures = retrofit_measures(case.buildings, case.demand, **about)
    packages = measure_packages(
        case.buildings, case.demand, measures, **about,
        budget_cny=settings.budget_cny, payback_years=settings.payback_years,
    )  # fmt: skip
    return measures, packages


def pick(plan: Plan, packages: pd.DataFrame) -> pd.DataFrame:
    """Return the package that is carried into money, one row per building."""
    name = plan.retrofit.package
    if name == "budget" and plan.retrofit.budget_cny is None:
        raise ConfigError(Problem("retrofit_budget", {}))
    rows = packages.reset_index()
    return rows[rows["package"] == name].set_index("building_id")


def expectation(
    case: Case, measures: pd.DataFrame, packages: pd.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Return the coal that all measures together are expected to save, and how unsure that is."""
    every = packages.xs("all", level="package") if len(packages) else packages
    electricity, heat = (fact(f"retrofit.{n}") for n in ("electricity_kgce_kwh", "heat_kgce_gj"))
    expected = every["electricity_kwh"] * electricity + every["heat_gj"] * heat
    sure = measures[measures["applies"] == "yes"]
    ends = {
        end: (sure[f"electricity_{end}_kwh"] * electricity + sure[f"heat_{end}_gj"] * heat)
        for end in ("low", "high")
    }
    wide = (ends["high"] - ends["low"]).groupby(level="building_id").sum()
    # what is not metered is unsure beside what a measure saves of it
    use = case.demand
    kgce = (use["electricity_high_kwh"] - use["electricity_low_kwh"]) * electricity
    kgce += (use["heat_high_gj"] - use["heat_low_gj"]) * heat
    rate = every["saving_rate"]
    return expected, wide.reindex(expected.index) + rate * kgce.reindex(expected.index)


# ------------------------------------------------------------------ the roof


@dataclass(frozen=True)
class Roof:
    """How roofs are shared, and what PV on its part is worth."""

    claims: pd.DataFrame
    economics: pd.DataFrame
    sensitivity: pd.DataFrame
    storage: pd.DataFrame
    flows: ProjectFlows | None
    energy_kwh: pd.Series


def share_roof(case: Case, picked: pd.DataFrame) -> Roof:
    """
    Share roofs between hot water and PV, both valued on what measures leave of the use.

    PV's loss where hot water takes its place is found by valuing both: the last square
    metres of a large roof feed in more and are worth less than the mean.
    """
    plan, study = case.plan, case.study
    roofs = study.roofs[study.roofs["building_id"].isin(case.buildings.index)]
    usable = roofs["usable_area_m2"].groupby(roofs["building_id"].to_numpy()).sum()
    usable = free_area(case, usable.reindex(case.buildings.index.intersection(usable.index)))
    water = hot_water_demand(case.buildings, case.counts).reindex(usable.index)
    if not plan.retrofit.hot_water:
        water["hot_water_l_d"] = np.nan
    portfolio = pv_of(case, usable, picked)
    ids = portfolio.table.index
    free = usable.reindex(ids).to_numpy(float)
    wanted = collector_area(water["hot_water_l_d"]) * fact("retrofit.solar_hot_water.roof_ratio")
    taken = np.minimum(wanted.reindex(ids).fillna(0.0).to_numpy(float), free)
    ones = np.ones(len(ids))
    whole = value_of(portfolio, plan)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.where(free > 0, 1.0 - taken / free, 0.0)
        less = value_of(portfolio.scaled(left, ones), plan)
        mean = pd.Series(np.where(free > 0, whole / free, np.nan), ids)
        given_up = pd.Series(np.where(taken > 0, (whole - less) / taken, mean), ids)
    claims = roof_claims(
        usable, water, pv_value_cny_m2=mean.reindex(usable.index),
        pv_given_up_cny_m2=given_up.reindex(usable.index), heat_value_cny_gj=plan.retrofit.hot_water_cny_gj,
    )  # fmt: skip
    own = claims["pv_area_m2"].reindex(ids).to_numpy(float)
    share = np.where(free > 0, own / np.where(free > 0, free, 1.0), 0.0)
    built = portfolio.scaled(share, ones)
    kept = [str(i) for i in ids[share > 0]]
    if not kept:
        nothing = pd.Series(dtype=float)
        empty = {n: _none(schema.TABLES[n]) for n in ("economics", "sensitivity", "storage")}
        frames = (empty["economics"], empty["sensitivity"], empty["storage"])
        return Roof(claims, *frames, None, nothing)
    built = built.of(kept)
    economics = economics_of(built, plan.ranking.emission_factor)
    return Roof(
        claims,
        economics[schema.ECONOMICS.names],
        sensitivity(built),
        storage_of(case, built, economics),
        built.flows(),
        economics["energy_ac_kwh"],
    )


def free_area(case: Case, usable: pd.Series) -> pd.Series:
    """Take the array fields that stand already off the usable area."""
    plan, study = case.plan, case.study
    pv = pv_on(plan, study.register, place_of(plan, study.buildings), plan.today)
    stands = pv["array_area_m2"].reindex(usable.index).fillna(0.0)
    return (usable - stands).clip(lower=0.0)


def pv_of(case: Case, usable: pd.Series, picked: pd.DataFrame) -> Portfolio:
    """Put the PV that fits beside what stands already together with the use that measures leave."""
    plan, study = case.plan, case.study
    ids = usable.index[usable > 0]
    use = case.demand.join(case.months)
    portfolio = portfolio_of(
        plan, case.buildings.loc[ids], study.roofs, study.layouts, study.yields,
        weather_of(plan, study), use,
    )  # fmt: skip
    own = portfolio.table.index
    roofs = study.roofs
    whole = roofs["usable_area_m2"].groupby(roofs["building_id"].to_numpy()).sum().reindex(own)
    saved = picked["electricity_kwh"].reindex(own) / case.demand["electricity_kwh"].reindex(own)
    left = 1.0 - saved.fillna(0.0).to_numpy(float)
    return portfolio.scaled((usable.reindex(own) / whole).clip(upper=1.0).to_numpy(float), left)


def value_of(portfolio: Portfolio, plan: Plan) -> np.ndarray:
    """Calculate the net present value of each project for who builds it. [CNY]"""
    net = after_tax(portfolio.flows(), plan.economics)
    return net_present_value(net, plan.economics.discount_rate_nominal)


def storage_of(case: Case, built: Portfolio, economics: pd.DataFrame) -> pd.DataFrame:
    """Try storage on every roof, some at a time."""
    price = case.prices["price_cny_kwh"].reindex(built.table.index).to_numpy(float)
    usual = case.plan.economics.surplus_cny_kwh_nominal
    surplus = economics["surplus_cny_kwh"].fillna(usual).to_numpy(float)
    parts = [
        best_storage(
            built.table.index[rows], given, taken,
            capacity_kwp=built.table["capacity_kwp"].to_numpy(float)[rows],
            price_cny_kwh=price[rows], surplus_price_cny_kwh=surplus[rows],
        )
        for rows, given, taken in hourly_blocks(built.supply, built.loads, built.hours, STORAGE_BLOCK)
    ]  # fmt: skip
    return pd.concat(parts)


def _none(table: schema.Table) -> pd.DataFrame:
    """Return a declared table without rows."""
    kinds: dict[str, Any] = {"float": float, "int": float, "date": "datetime64[us]"}
    columns = {c.name: pd.Series(dtype=kinds.get(c.kind, object)) for c in table}
    if len(table.index) == 1:
        return pd.DataFrame(columns).rename_axis(index=table.index[0])
    names = list(table.index)
    return pd.DataFrame(columns, pd.MultiIndex.from_tuples([], names=names))


# ------------------------------------------------------------------ money


def together(case: Case, measures: pd.DataFrame, picked: pd.DataFrame, roof: Roof) -> ProjectFlows:
    """Add measures, hot water and PV of each building that has any of them."""
    settings = case.plan.economics
    ids = case.buildings.index[case.demand["energy_kgce"].notna()]
    bill = case.demand["electricity_kwh"] * case.prices["price_cny_kwh"]
    bill = bill + case.demand["heat_gj"] * float(fact("retrofit.heat_price_cny_gj"))
    growth, years = settings.tariff_growth_nominal, settings.years
    rows = picked.reindex(picked.index.intersection(ids))
    flows = spread(measure_flows(rows, measures, bill, years=years, growth=growth), ids)
    rise = (1.0 + growth) ** np.maximum(np.arange(years + 1) - 1, 0) * (np.arange(years + 1) > 0)
    water = spread(
        hot_water_flows(
            roof.claims,
            years=years,
            growth=growth,
            heat_value_cny_gj=case.plan.retrofit.hot_water_cny_gj,
        ),
        ids,
    )
    # the bill is that of all energy before anything is done, hot water with it
    flows = replace(flows, bill=bill.reindex(ids).to_numpy(float)[:, None] * rise + water.bill)
    flows += water
    if roof.flows is not None:
        flows += spread(roof.flows, ids)
    return chosen(flows, flows.capex > 0)


def contracts_of(plan: Plan, joint: ProjectFlows) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Put the kinds of contract side by side, and write the plan's own out year by year.

    Raises
    ------
    GateError
        If the sides do not add up to the project.
    """
    contracts = contract_table(joint, plan.contract, plan.economics.discount_rate_nominal)
    sides = split(joint, plan.contract)
    parts = {party: sides.net(party) for party in ("owner", "contractor", "state")}
    wrong = sides_add_up(joint, parts)
    if wrong:
        facts = {"gate": "sides_add_up", "count": len(wrong), "rows": ", ".join(wrong[:8])}
        raise GateError(Problem("retrofit_gate", facts))
    order = {i: n for n, i in enumerate(joint.ids)}
    place = contracts.index.get_level_values(0).map(order)
    return contracts.iloc[np.argsort(place, kind="stable")], cash_flows(sides)


def unit_plans(case: Case, picked: pd.DataFrame, roof: Roof, joint: ProjectFlows) -> pd.DataFrame:
    """Sum each building up in one row: `schema.UNIT_PLANS`."""
    ids = joint.ids
    own = picked.reindex(ids)
    claims, economics = roof.claims.reindex(ids), roof.economics.reindex(ids)
    table = pd.DataFrame(index=ids)
    table["owner_type"] = case.buildings["owner_type"].reindex(ids).astype(str)
    table["floor_area_m2"] = case.demand["floor_area_m2"].reindex(ids)
    table["package"] = case.plan.retrofit.package
    table["measures"] = [m if isinstance(m, list) else [] for m in own["measures"]]
    for name, column in (
        ("electricity_saved_kwh", "electricity_kwh"), ("heat_saved_gj", "heat_gj"),
        ("saving_rate", "saving_rate"), ("measures_cny", "cost_cny"),
    ):  # fmt: skip
        table[name] = own[column].fillna(0.0)
    table["collector_area_m2"] = claims["collector_area_m2"].fillna(0.0)
    table["hot_water_cny"] = claims["hot_water_cost_cny"].fillna(0.0)
    table["capacity_kwp"] = economics["capacity_kwp"].fillna(0.0)
    table["energy_ac_kwh"] = economics["energy_ac_kwh"].fillna(0.0)
    table["pv_cny"] = economics["capex_cny"].fillna(0.0)
    table["storage_kwh"] = roof.storage["capacity_kwh"].reindex(ids).fillna(0.0)
    table["cost_cny"] = joint.capex
    first = joint.savings[:, 1] + joint.sales[:, 1] - joint.running_total[:, 1]
    table["value_cny_a"] = first
    table["simple_payback_a"] = table["cost_cny"] / table["value_cny_a"].where(first > 0)
    table["npv_cny"] = net_present_value(joint.net, case.plan.economics.discount_rate_nominal)
    heat = own["heat_gj"].fillna(0.0) + claims["hot_water_gj"].fillna(0.0)
    power = (own["electricity_kwh"].fillna(0.0) + table["energy_ac_kwh"]) / 1000.0
    table["co2_t"] = power * case.emission_factor + heat * fact("retrofit.heat_co2_t_gj")
    return table.rename_axis(index="building_id")[schema.UNIT_PLANS.names]


# ------------------------------------------------------------------ tasks of a year


def tasks_of(found: Renewal, year: int) -> pd.DataFrame:
    """
    List what each department has to do in a year, and how far it is.

    Returns
    -------
    tasks
        `schema.TASKS`, by department.
    """
    of = found.study.buildings["department"].astype(object)
    rows: list[dict[str, Any]] = []
    rows += _diagnosis_tasks(found, year, of)
    rows += _building_tasks(found, year, of)
    rows += _tracker_tasks(found, year)
    table = pd.DataFrame(rows, columns=["department", "task", *schema.TASKS.names])
    table = table.sort_values(["department", "task"], kind="stable")
    return table.set_index(["department", "task"])[schema.TASKS.names]


def _task(
    department: object, task: str, year: int, item: str, target: float, done: float, unit: str,
    ids: list[str],
) -> dict[str, Any]:  # fmt: skip
    """Write one task with its status."""
    said = "" if department is None or department != department else str(department)
    known = target == target and done == done
    status = (
        "unknown"
        if not known
        else "done"
        if done >= target
        else "under_way"
        if done > 0
        else "open"
    )
    return {
        "department": said, "task": task, "year": year, "plan_item": item, "target": target,
        "done": done, "unit": unit, "task_state": status, "buildings": ids,
    }  # fmt: skip


def _diagnosis_tasks(found: Renewal, year: int, of: pd.Series) -> list[dict[str, Any]]:
    """Ask each department to have the chosen buildings diagnosed."""
    done = found.diagnoses.index[found.diagnoses["kind"] == "done"]
    open_ = [
        *found.diagnosis_choice.index,
        *found.diagnoses.index[found.diagnoses["kind"] == "planned"],
    ]
    return _by_department("diagnose", year, "5", pd.Index(open_), done, of)


def _building_tasks(found: Renewal, year: int, of: pd.Series) -> list[dict[str, Any]]:
    """Ask for meters, for old machines to be replaced, and for PV on new roofs that have none."""
    metered = found.demand["electricity_source"] == "measured"
    rows = _by_department(
        "meter", year, "5", found.demand.index[~metered], found.demand.index[metered], of
    )
    roadmap = found.equipment_roadmap
    due = roadmap[(roadmap["replace_year"] <= year) | (roadmap["action"] == "replace")]
    rows += _by_department(
        "equipment", year, "6", pd.Index(due["building_id"].dropna()), pd.Index([]), of
    )
    new = found.study.candidates
    start = pd.Timestamp(found.study.plan.coverage.start)
    built = found.study.buildings["completed_on"].reindex(new.index)
    new = new[(new["public_institution"] == "yes") & (built >= start)]
    with_pv = new["existing_kwp"].fillna(0.0) > 0
    rows += _by_department("pv", year, "9", new.index[~with_pv], new.index[with_pv], of)
    return rows


def _by_department(
    task: str, year: int, item: str, open_: pd.Index, done: pd.Index, of: pd.Series
) -> list[dict[str, Any]]:
    """Count what is open and done for each department."""
    rows = []
    left, ready = (of.reindex(i).fillna("") for i in (open_, done))
    for department in sorted({*left, *ready}):
        ids = sorted({str(i) for i in left.index[left == department]})
        count = int((left == department).sum()), int((ready == department).sum())
        rows.append(
            _task(department, task, year, item, float(sum(count)), float(count[1]), "", ids)
        )
    return rows


def _tracker_tasks(found: Renewal, year: int) -> list[dict[str, Any]]:
    """Carry the trackers on; whose they are is nobody's until the plan says so."""
    rows = []
    items = {"saving_bodies": "27", "metered_heating": "8"}
    for name, item in items.items():
        row: Any = found.tracker_status.loc[name]
        facts = (float(row["target"]), float(row["value"]), str(row["unit"] or ""))
        rows.append(_task("", name, year, item, *facts, []))
    return rows


# ------------------------------------------------------------------ for a program


def renewal_record(found: Renewal) -> dict[str, Any]:
    """Collect everything for JSON: totals, and every table as rows."""
    return {
        "totals": totals(found),
        "tables": {
            **{name: plain_rows(table) for name, table in found.tables.items()},
            "cash_flows": plain_rows(found.cash_flows),
        },
        "portfolio_sensitivity": plain_rows(portfolio_sensitivity(found.sensitivity)),
        "notices": [
            {"level": n.level, "code": n.code, "message": n.message(found.study.plan.language)}
            for n in found.notices
        ],
    }


def totals(found: Renewal) -> dict[str, float | int]:
    """Add the district up."""
    plans, demand = found.unit_plans, found.demand
    use, heat = demand["electricity_kwh"].sum(), demand["heat_gj"].sum()
    sums = {
        name: float(plans[name].sum())
        for name in (
            "electricity_saved_kwh", "heat_saved_gj", "measures_cny", "hot_water_cny", "pv_cny",
            "capacity_kwp", "energy_ac_kwh", "cost_cny", "value_cny_a", "npv_cny", "co2_t",
        )
    }  # fmt: skip
    sources = demand["electricity_source"].value_counts()
    return {
        "buildings": len(found.buildings),
        **{f"use_{k}": int(sources.get(k, 0)) for k in ("measured", "assumed", "unknown")},
        "plans": len(plans),
        "electricity_kwh": float(use),
        "heat_gj": float(heat),
        **sums,
        "diagnoses": len(found.diagnosis_choice),
    }


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as rows of plain values; unknown is null."""
    text = table.reset_index().to_json(orient="records", date_format="iso", double_precision=6)
    rows: list[dict[str, Any]] = json.loads(text)
    return rows
