"""The PV projects of a district's buildings, ready to be valued again and again.

What does not hang on prices is put together once: what roofs give by class and month, what
buildings take and by which tariff, what building costs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hexi_solar.config import Economics
from hexi_solar.economics.calendar import HOURS, YearHours, hours_of_year
from hexi_solar.economics.cashflow import (
    BASE,
    Case,
    ageing,
    building_capex,
    project_flows,
    size_factor,
)
from hexi_solar.economics.load import annual_electricity, load_shape, monthly_weights
from hexi_solar.economics.selfuse import Loads, Supply, hour_shares, match_hours
from hexi_solar.economics.tariffs import Tariff, built_in_tariffs, tariff_class
from hexi_solar.errors import ConfigError, Problem
from hexi_solar.money import Floats, ProjectFlows

ENERGY = [f"energy_ac_{month:02d}_kwh" for month in range(1, 13)]


@dataclass(frozen=True)
class Portfolio:
    """One project per building that modules fit on."""

    table: pd.DataFrame
    """Per building: capacity, areas, energy, cost, electricity use and tariff with their sources."""
    supply: Supply
    loads: Loads
    hours: YearHours
    settings: Economics
    connected_on: dt.date

    def of(self, ids: list[str]) -> Portfolio:
        """Return the projects of some buildings, in the order given."""
        rows = self.table.index.get_indexer(pd.Index(ids))
        loads = replace(
            self.loads,
            annual_kwh=self.loads.annual_kwh[rows],
            shape=self.loads.shape[rows],
            tariff=self.loads.tariff[rows],
            weights=None if self.loads.weights is None else self.loads.weights[rows],
        )
        place = np.full(len(self.table), -1)
        place[rows] = np.arange(len(rows))
        own = place[self.supply.building] >= 0
        supply = replace(
            self.supply,
            building=place[self.supply.building][own],
            kind=self.supply.kind[own],
            monthly_kwh=self.supply.monthly_kwh[own],
        )
        return replace(self, table=self.table.iloc[rows], supply=supply, loads=loads)

    def scaled(self, pv: Floats, load: Floats) -> Portfolio:
        """
        Return the same projects with part of the PV and part of the load.

        Parameters
        ----------
        pv, load
            Part of each building's modules and of its use that is left, shape (buildings,).
            A smaller lot costs more per kilowatt. [-]
        """
        table, capacity = self.table.copy(), self.table["capacity_kwp"].to_numpy(float)
        for name in ("capacity_kwp", "array_area_m2", "flat_array_area_m2", "energy_ac_kwh"):
            table[name] *= pv
        table["capex_cny"] *= pv * size_factor(capacity * pv) / size_factor(capacity)
        for name in ("electricity_kwh", "electricity_low_kwh", "electricity_high_kwh", "bill_cny"):
            table[name] *= load
        supply = replace(
            self.supply, monthly_kwh=self.supply.monthly_kwh * pv[self.supply.building][:, None]
        )
        loads = replace(self.loads, annual_kwh=self.loads.annual_kwh * load)
        return replace(self, table=table, supply=supply, loads=loads)

    def first_year(self, case: Case = BASE) -> pd.DataFrame:
        """Match hours with new and with aged modules; columns as `cashflow.project_flows` asks."""
        loads = replace(self.loads, annual_kwh=self.loads.annual_kwh * case.load)
        first = self.table.copy()
        last = float(ageing(self.settings)[-1])
        for ending, scale in (("", 1.0), ("_last", last)):
            used, value = match_hours(self.supply, loads, self.hours, scale * case.energy)
            first[f"self_use_kwh{ending}"], first[f"self_use_cny{ending}"] = used, value
        first["energy_kwh"] = first["energy_ac_kwh"] * case.energy
        first["bill_cny"] = first["bill_cny"] * case.load
        return first

    def flows(self, case: Case = BASE, first: pd.DataFrame | None = None) -> ProjectFlows:
        """Return the money of every year; `first` saves matching the hours again."""
        known = self.first_year(case) if first is None else first
        return project_flows(known, self.settings, self.connected_on, case)


def prepare(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    yields: pd.DataFrame,
    profiles: pd.DataFrame,
    roof_class: pd.Series,
    demand: pd.DataFrame | None,
    settings: Economics,
    *,
    connected_on: dt.date,
    tariffs: Mapping[str, Tariff] | None = None,
) -> Portfolio:
    """
    Put together what every valuation of PV on these buildings needs.

    Parameters
    ----------
    buildings, roofs, layouts, yields
        Tables of `schema.py`; buildings without modules are left out.
    profiles
        8760 hours of a common year in local time from 1 January, one column per class of
        orientation: AC power per kilowatt of modules. Only its shape within each month
        counts. [kW/kWp]
    roof_class
        Column of `profiles` for each roof.
    demand
        Index `building_id`, `electricity_kwh` (NaN: not known, a benchmark is taken and
        marked assumed), `electricity_source`, and if known `electricity_01_kwh` to
        `electricity_12_kwh`, `electricity_low_kwh`, `electricity_high_kwh` and `tariff`.
    settings
        Of the plan.
    connected_on
        Day of connection to the grid.
    tariffs
        More tariffs by name, from files.

    Raises
    ------
    ConfigError
        If a tariff is named that there is not, or the year's holidays are not published.
    """
    if len(profiles) != HOURS:
        message = f"profiles have {len(profiles)} hours, not {HOURS}"
        raise ValueError(message)
    built = layouts[layouts["capacity_kwp"] > 0]
    ids = buildings.index[buildings.index.isin(built["building_id"])]
    hours = hours_of_year(settings.calendar_year)
    table = _table(buildings.loc[ids], roofs, built, yields, settings)
    known = dict(built_in_tariffs()) | dict(tariffs or {})
    chosen, source = tariffs_of(table, demand, settings)
    refuse_unknown(chosen, known)
    table["tariff"], table["tariff_source"] = chosen, source
    table = table.join(annual_electricity(buildings.loc[ids], demand))
    loads = _loads(table, demand, known, hours)
    table["bill_cny"] = _bills(loads, hours)
    supply = _supply(ids, built, yields, profiles, roof_class, hours)
    return Portfolio(table, supply, loads, hours, settings, connected_on)


def _table(
    buildings: pd.DataFrame,
    roofs: pd.DataFrame,
    built: pd.DataFrame,
    yields: pd.DataFrame,
    settings: Economics,
) -> pd.DataFrame:
    """Add up the roofs of each building."""
    ids = built["building_id"].to_numpy()
    flat = roofs["roof_kind"].reindex(built.index) == "flat"
    energy = yields["energy_ac_kwh"].reindex(built.index)
    sums = {
        "capacity_kwp": built["capacity_kwp"],
        "array_area_m2": built["array_area_m2"],
        "flat_array_area_m2": built["array_area_m2"].where(flat, 0.0),
        "energy_ac_kwh": energy,
    }
    table = pd.DataFrame({k: v.groupby(ids).sum() for k, v in sums.items()})
    table["capex_cny"] = building_capex(built, roofs["mounting"], settings)
    table = table.reindex(buildings.index)
    table.insert(0, "owner_type", buildings["owner_type"].fillna("unknown"))
    return table


def tariffs_of(
    table: pd.DataFrame, demand: pd.DataFrame | None, settings: Economics
) -> tuple[pd.Series, pd.Series]:
    """Name each building's tariff: as given, by the plan for its owner type, or by the facts."""
    by_type = {t: settings.tariffs.get(t, tariff_class(t)) for t in table["owner_type"].unique()}
    chosen = table["owner_type"].map(by_type)
    source = pd.Series("assumed", table.index)
    if demand is not None and "tariff" in demand:
        given = demand["tariff"].reindex(table.index)
        source = source.mask(given.notna(), "surveyed")
        chosen = given.where(given.notna(), chosen)
    return chosen, source


def refuse_unknown(chosen: pd.Series, known: Mapping[str, Tariff]) -> None:
    """Refuse tariffs that there are not, all at once."""
    strange = sorted(set(chosen) - set(known))
    if strange:
        words = ", ".join(sorted(known))
        raise ConfigError(
            *(Problem("tariff_unknown", {"tariff": name, "known": words}) for name in strange)
        )


def _loads(
    table: pd.DataFrame,
    demand: pd.DataFrame | None,
    tariffs: Mapping[str, Tariff],
    hours: YearHours,
) -> Loads:
    """Number the shapes and tariffs that the buildings have."""
    types, names = sorted(table["owner_type"].unique()), sorted(table["tariff"].unique())
    shapes = np.array([load_shape(t, hours) for t in types]).reshape(len(types), HOURS)
    prices = np.array([tariffs[n].hourly(hours) for n in names]).reshape(len(names), HOURS)
    of_shape = table["owner_type"].map({t: i for i, t in enumerate(types)}).to_numpy(np.int64)
    of_tariff = table["tariff"].map({t: i for i, t in enumerate(names)}).to_numpy(np.int64)
    weights = monthly_weights(demand, table.index, shapes, of_shape, hours.month)
    annual = table["electricity_kwh"].to_numpy(float)
    return Loads(annual, of_shape, shapes, of_tariff, prices, weights)


def _bills(loads: Loads, hours: YearHours) -> Floats:
    """Calculate what each building pays for its electricity in a year. [CNY]"""
    weights = np.ones((len(loads.annual_kwh), 12)) if loads.weights is None else loads.weights
    bills = np.zeros(len(loads.annual_kwh))
    for kind, prices in enumerate(loads.prices):
        own = loads.tariff == kind
        monthly = np.stack(
            [np.bincount(hours.month, shape * prices, minlength=13)[1:] for shape in loads.shapes]
        )
        bills[own] = (monthly[loads.shape[own]] * weights[own]).sum(axis=1)
    return bills * loads.annual_kwh


def _supply(
    ids: pd.Index,
    built: pd.DataFrame,
    yields: pd.DataFrame,
    profiles: pd.DataFrame,
    roof_class: pd.Series,
    hours: YearHours,
) -> Supply:
    """Add up the roofs of one class on each building."""
    used = built[built["building_id"].isin(ids)]
    monthly = yields.loc[used.index, ENERGY].clip(lower=0.0)
    # months may lose a hair to clipping; the year is what it was
    kinds = profiles.columns.get_indexer(pd.Index(roof_class.loc[used.index]))
    keys = [ids.get_indexer(pd.Index(used["building_id"])), kinds]
    sums = monthly.groupby(keys).sum()
    building = sums.index.get_level_values(0).to_numpy(np.int64)
    kind = sums.index.get_level_values(1).to_numpy(np.int64)
    shares = hour_shares(profiles.to_numpy(float).T, hours.month)
    return Supply(building, kind, sums.to_numpy(float), shares)
