"""What the ways to fill a roof cost, and what the roofs of a schedule are worth."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.economics.cashflow import building_capex, size_factor
from hexi_solar.errors import Notices
from hexi_solar.inputs import place_of
from hexi_solar.study import Study
from hexi_solar.valuation import value_projects
from hexi_solar.weather import WeatherYear, read_weather

ENERGY = [f"energy_ac_{month:02d}_kwh" for month in range(1, 13)]


def ways_of(study: Study) -> pd.DataFrame:
    """Return the ways to fill each roof; a study that was carried out has them."""
    assert study.tradeoffs is not None
    return study.tradeoffs


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
    ways = ways_of(study)["capacity_kwp"].astype(float)
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
    ways = ways_of(study)
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
