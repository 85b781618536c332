"""From the tables of a study to the tables of a question.

Which buildings are asked about is said by `members`: those that count in the denominator,
and the year from which they do. For new public institutions that is `new_members`; for
existing roofs, a potential of their own, whatever the caller takes them to be. A roof of a
building that is not a member adds nothing and is left out. Every definition of coverage is
carried along; the one that is reported decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from hexi_solar.config import Pathway
from hexi_solar.facts import fact, read_facts
from hexi_solar.pathway.case import Case, make_case

READINGS = ("module_area", "module_horizontal_area", "array_area")
HOLIDAYS = ("school",)
"""Owner types that are built on in the school holidays."""
WHOLES = ("installable_area", "achievable_kwp")
"""Denominators that a refused roof leaves, and that err with its area."""
SIZED = ("pv_area", "installed_kwp")
"""Numerators that err with the area of a roof."""
SCOPES = ("all", "eligible")
FILED = ("filed", "building")


class Combination(Protocol):
    """One definition with its reading, as `coverage.combinations` lists them."""

    @property
    def name(self) -> str:
        """Key of the definition."""

    @property
    def numerator(self) -> str:
        """Quantity above."""

    @property
    def denominator(self) -> str:
        """Quantity below."""

    @property
    def reading(self) -> str:
        """What areas are taken as."""

    @property
    def label(self) -> str:
        """The reading as tables say it."""

    @property
    def kind(self) -> str:
        """Progress or potential."""


def measure_name(combination: Combination, scope: str) -> str:
    """Name one measure of coverage: `definition/reading/scope`."""
    return f"{combination.name}/{combination.label}/{scope}"


def new_members(buildings: pd.DataFrame, start: dt.date, last: int) -> pd.Series:
    """
    Say which buildings are new public institutions by some year, and since when.

    Returns
    -------
    members
        Year of completion, or expected completion, by building. What is still to come and
        has no expected date counts from the last year.
    """
    public = buildings["public_institution"] == "yes"
    done = buildings["completed_on"]
    coming = done.isna() & buildings["status"].isin(["planned", "approved", "building"])
    expected = buildings["expected_on"].dt.year.fillna(last)
    year: pd.Series = done.dt.year.where(done.notna(), expected.where(coming))
    new = public & ((done >= pd.Timestamp(start)) | coming) & (year <= last)
    members: pd.Series = year[new].astype(int)
    return members


def limits_of(settings: Pathway, first: int, by: int) -> pd.DataFrame:
    """Write the limits of the settings year by year, from the first year at least to the target's."""
    years = pd.Index(range(first, max(first + settings.years - 1, by) + 1), name="year")
    nothing = np.nan
    table = pd.DataFrame(index=years)
    for name in ("budget_cny", "installer_kwp", "holiday_kwp"):
        limit = getattr(settings, name)
        table[name] = nothing if limit is None else float(limit)
    for year, budget in settings.budgets.items():
        if int(year) in years:
            table.loc[int(year), "budget_cny"] = float(budget)
    return table


def commitments(projects: pd.DataFrame, year: int) -> pd.Series:
    """Take projects that are filed or being built as bound to a year, by building."""
    bound = projects[projects["stage"].isin(FILED) & projects["building_id"].notna()]
    ids = pd.Index(sorted(bound["building_id"].unique()), name="building_id")
    return pd.Series(float(year), ids)


def quantities_of(
    buildings: pd.DataFrame, roofs: pd.DataFrame, layouts: pd.DataFrame, pv: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """
    Work out what definitions are made of, building by building, for each reading.

    Parameters
    ----------
    buildings
        Those that count, with `floor_area_m2`.
    roofs, layouts
        Tables of `schema.py`.
    pv
        What stands today, from `projects.existing_pv`.

    Returns
    -------
    quantities
        By reading; columns as `coverage.UNITS`. On pitched roofs in the plane of the roof,
        with the horizontal projection as reading horizontal. [m², kWp, -]
    """
    ours = buildings.index
    by = roofs["building_id"].to_numpy()
    slope = roofs["area_m2"] / roofs["horizontal_area_m2"]
    placed = layouts["capacity_kwp"].groupby(layouts["building_id"].to_numpy()).sum()
    stands = ours.isin(pv.index)
    found = {}
    for reading in READINGS:
        stretch = slope * 0.0 + 1.0 if reading == "module_horizontal_area" else slope
        table = pd.DataFrame(index=ours)
        for name, column in (
            ("roof_area", "horizontal_area_m2"),
            ("installable_area", "installable_area_m2"),
        ):
            table[name] = (roofs[column] * stretch).groupby(by).sum().reindex(ours)
        table["achievable_kwp"] = placed.reindex(ours)
        table["pv_area"] = np.where(stands, pv[f"{reading}_m2"].reindex(ours), 0.0)
        table["installed_kwp"] = np.where(stands, pv["capacity_kwp"].reindex(ours), 0.0)
        table["buildings"], table["buildings_with_pv"] = 1.0, stands.astype(float)
        table["floor_area"] = buildings["floor_area_m2"].astype(float)
        table["floor_area_with_pv"] = table["floor_area"] * stands
        found[reading] = table
    return found


def cohort_of(
    quantities: Mapping[str, pd.DataFrame],
    combinations: Sequence[Combination],
    members: pd.Series,
    eligible: pd.Index,
    years: Sequence[int],
) -> pd.DataFrame:
    """
    Add up numerator and denominator of every measure in every year, as PV stands today.

    Parameters
    ----------
    quantities
        From `quantities_of`, of all members.
    combinations
        From `coverage.combinations`.
    members
        Year from which each building counts.
    eligible
        Buildings of the scope `eligible`.
    years
        That are planned.
    """
    rows = []
    for combination in _progress(combinations):
        table = quantities[combination.reading].loc[members.index]
        above, below = table[combination.numerator], table[combination.denominator]
        known = above.notna() & below.notna()
        for scope in SCOPES:
            name = measure_name(combination, scope)
            who = known & (table.index.isin(eligible) | (scope == "all"))
            for year in years:
                there = who & (members <= year)
                rows.append((year, name, float(above[there].sum()), float(below[there].sum())))
    columns = ["year", "measure", "standing", "denominator"]
    return pd.DataFrame(rows, columns=columns).set_index(["year", "measure"])


def _progress(combinations: Sequence[Combination]) -> list[Combination]:
    """Leave out potentials: no roof that is built changes them."""
    return [c for c in combinations if c.kind == "progress"]


def options_of(
    candidates: pd.DataFrame,
    tradeoffs: pd.DataFrame,
    roofs: pd.DataFrame,
    quantities: Mapping[str, pd.DataFrame],
    combinations: Sequence[Combination],
    members: pd.Series,
    eligible: pd.Index,
    reported: Combination,
    *,
    first: int,
    last: int,
    settings: Pathway,
    cost_cny: pd.Series | None = None,
    committed: pd.Series | None = None,
    feeder: pd.Series | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    List what can be built on the members' roofs, and what it would add to each measure.

    Parameters
    ----------
    candidates, tradeoffs, roofs
        Tables of `schema.py`. Every way to fill a roof is an option; candidates that are
        refused, empty or have PV are left out.
    quantities, combinations, members, eligible
        As for `cohort_of`.
    reported
        The combination that is held against the target.
    first, last
        Years between which is built.
    settings
        Costs, years and odds of checks and approvals.
    cost_cny
        Cost by building for the capacity of `candidates`, or by building and variant; None
        for the unit cost of `facts/layouts.toml`. [CNY]
    committed
        Year that buildings are bound to.
    feeder
        Feeder of buildings.

    Returns
    -------
    options, adds
        As `make_case` takes them. What a roof adds is at most its own denominator: a way
        that holds more than the layout of the plan does not count for more.
    """
    open_ = candidates.index[candidates["eligible"] != "no"].intersection(members.index)
    ways = tradeoffs[(tradeoffs["modules"] > 0)]
    ways = ways[ways.index.get_level_values("building_id").isin(open_)].sort_index()
    ids = ways.index.get_level_values("building_id")
    own = candidates.loc[ids].set_axis(ways.index, axis=0)
    capacity = ways["capacity_kwp"].astype(float)
    doubt = own["load_evidence"].notna() & (own["eligible"] == "unknown")
    start = pd.Series(members.reindex(ids).clip(lower=first).to_numpy(float), ways.index)
    checked = np.maximum(start, first + settings.check_years)
    bound = _by_building(committed, ids, ways.index).astype(float)
    sized = reported.numerator in SIZED
    whole = quantities[reported.reading][reported.denominator].reindex(ids).to_numpy(float)
    errs = reported.denominator in WHOLES
    options = pd.DataFrame({
        "cost_cny": _costs(cost_cny, ways, own),
        "capacity_kwp": capacity,
        "energy_kwh": ways["energy_ac_kwh"].astype(float),
        "co2_t": ways["energy_ac_kwh"] * (own["co2_t"] / own["energy_ac_kwh"].where(own["energy_ac_kwh"] > 0)),
        "check_cost_cny": np.where(doubt, settings.check_cost_cny, 0.0),
        # who is bound has had the check arranged
        "earliest_year": np.where(doubt & bound.isna(), checked, start).astype(int),
        "earliest_proven_year": start,
        "latest_year": last,
        "committed_year": bound,
        "school": own["owner_type"].isin(HOLIDAYS),
        "feeder": _by_building(feeder, ids, ways.index).fillna(""),
        "load_state": np.where(doubt, "unknown", "yes"),
        "p_approval": np.where(bound.isna(), settings.p_approval, 1.0),
        "p_load": np.where(doubt, settings.p_load, 1.0),
        "sigma": _sigma(roofs).reindex(ids).fillna(0.0).to_numpy() if sized else 0.0,
        "own_denominator": np.nan_to_num(whole) if errs else 0.0,
        "leaves_denominator": errs,
    }, index=ways.index)  # fmt: skip
    options = options[options["earliest_year"] <= last]
    adds = _adds(ways, quantities, combinations, eligible)
    return options, adds.loc[options.index]


def _by_building(values: pd.Series | None, ids: pd.Index, index: pd.Index) -> pd.Series:
    """Spread one value per building over its options; unknown where there is none."""
    if values is None:
        return pd.Series(np.nan, index, dtype=object)
    return pd.Series(values.astype(object).reindex(ids).to_numpy(), index)


def _costs(cost: pd.Series | None, ways: pd.DataFrame, own: pd.DataFrame) -> pd.Series:
    """Find the cost of every way: given, in proportion to the capacity, or by the default. [CNY]"""
    capacity = ways["capacity_kwp"].astype(float)
    default = capacity * float(fact("layouts.money.capex_cny_kwp"))
    if cost is None:
        return default
    if isinstance(cost.index, pd.MultiIndex):
        return cost.reindex(ways.index).fillna(default)
    of_plan = cost.reindex(ways.index.get_level_values("building_id")).to_numpy(float)
    planned = own["capacity_kwp"].where(own["capacity_kwp"] > 0)
    return pd.Series(of_plan, ways.index).mul(capacity / planned).fillna(default)


def _sigma(roofs: pd.DataFrame) -> pd.Series:
    """Average the uncertainty of areas over the roofs of each building. [-]"""
    known = {k: float(v["value"]) for k, v in read_facts("uncertainty")["area"].items()}
    sigma = roofs["source"].map(known).astype(float)
    by = roofs["building_id"].to_numpy()
    area = roofs["usable_area_m2"].groupby(by).sum()
    total = (sigma * roofs["usable_area_m2"]).groupby(by).sum()
    return total / area.where(area > 0)


def _adds(
    ways: pd.DataFrame,
    quantities: Mapping[str, pd.DataFrame],
    combinations: Sequence[Combination],
    eligible: pd.Index,
) -> pd.DataFrame:
    """Calculate what every way adds to every measure, at most the building's own denominator."""
    ids = ways.index.get_level_values("building_id")
    counts = ids.isin(eligible)
    columns = {}
    for combination in _progress(combinations):
        own = quantities[combination.reading].reindex(ids).set_axis(ways.index, axis=0)
        parts = {
            "pv_area": ways[f"total_roof_{combination.reading}_rate"] * own["roof_area"],
            "installed_kwp": ways["capacity_kwp"].astype(float),
            "buildings_with_pv": pd.Series(1.0, ways.index),
            "floor_area_with_pv": own["floor_area"],
        }
        whole = own[combination.denominator]
        added = parts[combination.numerator].fillna(0.0).clip(upper=whole.fillna(0.0))
        for scope in SCOPES:
            columns[measure_name(combination, scope)] = added * (counts | (scope == "all"))
    return pd.DataFrame(columns)


def study_case(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    tradeoffs: pd.DataFrame,
    candidates: pd.DataFrame,
    pv: pd.DataFrame,
    members: pd.Series,
    combinations: Sequence[Combination],
    reported: Combination,
    *,
    scope: str,
    target: float,
    by: int,
    first: int,
    threshold_m2: float,
    settings: Pathway,
    limits: pd.DataFrame | None = None,
    feeders: pd.DataFrame | None = None,
    cost_cny: pd.Series | None = None,
    committed: pd.Series | None = None,
    feeder: pd.Series | None = None,
) -> Case:
    """
    Put the question of a study: its roofs, its cohort, the limits of its plan.

    Parameters
    ----------
    buildings, roofs, layouts, tradeoffs, candidates, pv
        Tables of the study, `pv` from `projects.existing_pv` of today.
    members
        Who counts, and since when; see `new_members`.
    combinations, reported, scope
        From `coverage.combinations`, `coverage.reported` and the plan.
    target, by, first
        Rate, its year, and the first year that is planned.
    threshold_m2
        Roofs at or above it, whose load is shown to suffice, are the scope `eligible`. A
        roof whose load is shown by a check to come is not yet one. [m²]
    settings, limits
        Of the plan; `limits` where other than those of the settings.
    feeders, cost_cny, committed, feeder
        As for `make_case` and `options_of`.

    Raises
    ------
    SchemaError
        If nothing can be built, or a table is not sound.
    """
    limits = limits_of(settings, first, by) if limits is None else limits
    years = [int(y) for y in limits.index]
    members = members[members <= years[-1]]
    ours = buildings.loc[members.index]
    large = ours["footprint_area_m2"].round(4) >= threshold_m2
    eligible = ours.index[large & (ours["load_state"] == "yes")]
    own = roofs[roofs["building_id"].isin(ours.index)]
    placed = layouts[layouts["building_id"].isin(ours.index)]
    quantities = quantities_of(ours, own, placed, pv)
    about = (quantities, combinations, members, eligible)
    options, adds = options_of(
        candidates, tradeoffs, own, *about, reported,
        first=years[0], last=years[-1], settings=settings,
        cost_cny=cost_cny, committed=committed, feeder=feeder,
    )  # fmt: skip
    return make_case(
        options, adds, limits, cohort_of(*about, years), feeders,
        measure=measure_name(reported, scope), target=target, by=by, settings=settings,
    )  # fmt: skip
