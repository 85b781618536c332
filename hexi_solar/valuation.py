"""What PV is worth to a study's buildings: hours, tariffs, economics and contracts joined.

Roofs of like orientation share the shape of a day in each month (a class); how much each
roof gives in the month is its own. Steps know nothing of weather or of files, so classes
are worked out and tariff files read here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.contracts import cash_flows, contract_table, split
from hexi_solar.economics import (
    Portfolio,
    Tariff,
    economics_of,
    parse_tariff,
    portfolio_sensitivity,
    prepare,
    sensitivity,
)
from hexi_solar.errors import ConfigError, Notices, Problem
from hexi_solar.weather import WeatherYear
from hexi_solar.yields import Planes, hourly_chain, planes_of, sky_of

HOURS = 8760
TILT_STEP, AZIMUTH_STEP = 5.0, 15.0  # width of a class of orientation


@dataclass(frozen=True)
class Valuation:
    """Tables of `schema.py`, and what they were made from."""

    portfolio: Portfolio
    economics: pd.DataFrame
    sensitivity: pd.DataFrame
    portfolio_sensitivity: pd.DataFrame
    contracts: pd.DataFrame

    def cash_flows(self, plan: Plan, ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Write out who pays and receives what, under the plan's contract; some buildings or all."""
        chosen = self.portfolio if ids is None else self.portfolio.of(list(ids))
        return cash_flows(split(chosen.flows(), plan.contract))


def value_projects(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    yields: pd.DataFrame,
    year: WeatherYear,
    demand: pd.DataFrame | None = None,
) -> Valuation:
    """
    Value the PV of every building that modules fit on.

    Parameters
    ----------
    plan
        For `[economics]`, `[contract]`, `[ranking] emission_factor`.
    buildings, roofs, layouts, yields
        Tables of `schema.py`; give only the buildings that are to be valued.
    year
        Weather whose days give each month its shape; where several years were averaged,
        one of them, so that clouds stay as sharp as they are.
    demand
        As `economics.prepare` takes it; benchmarks without it.

    Raises
    ------
    ConfigError
        If a tariff is unknown or its file wrong, or the year's holidays are not published.
    """
    portfolio = portfolio_of(plan, buildings, roofs, layouts, yields, year, demand)
    rate = plan.economics.discount_rate_nominal
    turned = sensitivity(portfolio)
    return Valuation(
        portfolio,
        economics_of(portfolio, plan.ranking.emission_factor),
        turned,
        portfolio_sensitivity(turned),
        contract_table(portfolio.flows(), plan.contract, rate),
    )


def portfolio_of(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    roofs: pd.DataFrame,
    layouts: pd.DataFrame,
    yields: pd.DataFrame,
    year: WeatherYear,
    demand: pd.DataFrame | None = None,
) -> Portfolio:
    """Put together what `value_projects` values; parameters as there."""
    used = layouts[layouts["building_id"].isin(buildings.index)]
    profiles, classes = production_profiles(plan, used, year)
    return prepare(
        buildings,
        roofs,
        used,
        yields,
        profiles,
        classes,
        demand,
        plan.economics,
        connected_on=plan.economics.connected_on or plan.today,
        tariffs=read_tariffs(plan.economics.tariff_files),
    )


def say_assumptions(value: Valuation, least: float | None, notices: Notices) -> None:
    """Note whose use and tariff are not known, and whose self-use is too low."""
    table = value.economics
    guessed = table.index[table["electricity_source"] == "assumed"]
    if len(guessed):
        notices.add("assumed", "economics_use_assumed", count=len(guessed), rows=_named(guessed))
    usual = table[table["tariff_source"] == "assumed"]
    if len(usual):
        names = ", ".join(sorted(usual["tariff"].unique()))
        notices.add("assumed", "economics_tariff_assumed", count=len(usual), tariffs=names)
    low = table.index[table["self_use_enough"] == "no"]
    if len(low):
        facts = {"count": len(low), "rows": _named(low), "least": f"{least:.0%}"}
        notices.add("warning", "economics_self_use_low", **facts)


def _named(ids: pd.Index, most: int = 8) -> str:
    """Name the first of some buildings."""
    return ", ".join(map(str, ids[:most])) + (", ..." if len(ids) > most else "")


def read_tariffs(files: Iterable[Path]) -> dict[str, Tariff]:
    """
    Read tariff files; each is named after its file.

    Raises
    ------
    ConfigError
        If a file is not TOML, or not a tariff.
    """
    found = {}
    for file in files:
        try:
            given = tomllib.loads(file.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            problem = Problem("tariff_file", {"file": file.name, "found": error})
            raise ConfigError(problem) from None
        found[file.stem] = parse_tariff(file.stem, given)
    return found


def production_profiles(
    plan: Plan, layouts: pd.DataFrame, year: WeatherYear
) -> tuple[pd.DataFrame, pd.Series]:
    """
    Work out the hours of each class of orientation under open sky.

    Parameters
    ----------
    plan
        For `[pv]`, `[layout]` and `[site]`.
    layouts
        Table of `schema.py`.
    year
        Weather.

    Returns
    -------
    profiles, classes
        8760 local hours from 1 January, one column per class [kW/kWp], and the class of
        each roof.
    """
    kinds = orientation_classes(layouts, plan.layout.module_length_m)
    power = _hours(plan, kinds.planes, year)
    opposite = kinds.pairs
    if opposite.any():
        turned = kinds.planes[opposite].turned
        power[:, opposite] = 0.5 * (power[:, opposite] + _hours(plan, turned, year))
    return pd.DataFrame(power), kinds.classes


@dataclass(frozen=True)
class Orientations:
    """Classes of like orientation, numbered from 0."""

    planes: Planes
    """One per class, without a row in front."""
    pairs: npt.NDArray[np.bool_]
    """Classes of pairs back to back, of which `planes` is one half."""
    classes: pd.Series[int]
    """Class of each roof."""


def orientation_classes(layouts: pd.DataFrame, collector_width_m: float) -> Orientations:
    """
    Gather roofs of like orientation.

    Parameters
    ----------
    layouts
        Table of `schema.py`.
    collector_width_m
        Slope length of one row of modules. [m]
    """
    planes = planes_of(layouts, collector_width_m)
    pair = (layouts["arrangement"] == "east_west").to_numpy()
    keys = pd.DataFrame(
        {
            "tilt": np.rint(planes.tilt / TILT_STEP) * TILT_STEP,
            "azimuth": np.rint(planes.azimuth / AZIMUTH_STEP) * AZIMUTH_STEP % 360.0,
            "flush": planes.flush,
            "pair": pair,
        },
        index=layouts.index,
    )
    # a level plane looks nowhere
    keys.loc[keys["tilt"] == 0, "azimuth"] = 180.0
    kinds = keys.drop_duplicates().sort_values(list(keys.columns)).reset_index(drop=True)
    number = keys.merge(kinds.reset_index(), on=list(keys.columns), how="left")["index"]
    some = Planes(
        kinds["tilt"].to_numpy(float),
        kinds["azimuth"].to_numpy(float),
        np.zeros(len(kinds)),
        kinds["flush"].to_numpy(bool),
    )
    classes = pd.Series(number.to_numpy(), layouts.index, name="class")
    return Orientations(some, kinds["pair"].to_numpy(bool), classes)


def _hours(plan: Plan, planes: Planes, year: WeatherYear) -> np.ndarray:
    """Carry a year's light through the chain, and put it into the hours of the site's zone."""
    sky = sky_of(
        year.table,
        latitude=year.latitude,
        longitude=year.longitude,
        altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )
    ac = hourly_chain(sky, planes, plan.pv, plan.site.albedo).ac
    offset = pd.Timestamp(year.table.index[0]).tz_convert(plan.site.tz).utcoffset()
    own = pd.Timestamp(year.table.index[0]).utcoffset()
    assert offset is not None and own is not None
    shift = round((offset - own).total_seconds() / 3600.0)
    at = (year.table.index.get_indexer(sky.times) + shift) % HOURS
    power = np.zeros((HOURS, len(planes)))
    np.add.at(power, at, ac)
    return power
