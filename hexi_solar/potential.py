"""What the roofs of a district offer: areas, modules, energy, and how sure that is.

The steps from footprint to energy in one place, for the study and for explaining one
building alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.config import Layout, Plan
from hexi_solar.engine import chunks_of, over_chunks
from hexi_solar.errors import Notices
from hexi_solar.facts import fact
from hexi_solar.inputs import Place, Step, silent
from hexi_solar.layout import module_layouts, row_azimuths, shade_free_shadows
from hexi_solar.roofs import long_side_azimuth, roof_planes
from hexi_solar.rooftops import Rooftops, rooftops_of
from hexi_solar.surroundings import Bound, Surroundings, surroundings_of
from hexi_solar.tradeoff import choose_variants, tradeoff_table, variants
from hexi_solar.uncertainty import Part, error_budget, exceedance, portfolio, relative_sigma
from hexi_solar.weather import WeatherYear
from hexi_solar.yields import Shade, Sky, annual_yields, hourly_chain, planes_of, sky_of

OBJECTIVES = ("max_energy_per_kwp", "max_energy_per_roof", "max_npv", "coverage_target")


@dataclass(frozen=True)
class Potential:
    """What roofs offer; tables of `schema`."""

    buildings: gpd.GeoDataFrame
    """Those asked for, with the roof kind and load state of what was measured."""
    roofs: gpd.GeoDataFrame
    exclusions: pd.DataFrame
    layouts: gpd.GeoDataFrame
    yields: pd.DataFrame
    tradeoffs: pd.DataFrame
    energy_by_year_kwh: pd.DataFrame
    """Each roof under each weather year, one column per year. [kWh]"""
    insolations: list[float]
    """Global horizontal irradiation of each weather year. [kWh/m²]"""
    night_energy_kwh_kwp: pd.Series
    """Energy of hours with the sun well below the horizon, of a sample of roofs."""
    surroundings: Surroundings | None = None


def potential_of(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    weather: tuple[WeatherYear, ...],
    place: Place,
    around: gpd.GeoDataFrame,
    step: Step = silent,
    notices: Notices | None = None,
) -> Potential:
    """
    Work out what the roofs of some buildings offer.

    Parameters
    ----------
    plan
        The study.
    buildings
        With `load_state` and `latitude`.
    weather
        Years to average over.
    place
        Where they stand.
    around
        All buildings of the district: what may shade.
    step
        As for `plan.run`.
    notices
        Where is said which roofs a surface model shows.
    """
    with step("planes"):
        tops = rooftops_of(plan, buildings, around, place, notices)
        buildings = tops.buildings
    with step("roofs"):
        base = replace(plan, layout=_base_layout(plan.layout))
        roofs, exclusions, layouts = all_roofs_and_layouts(base, tops, place)
    with step("yields"):
        skies = [sky_of_year(year) for year in weather]
    with step("shading"):
        views = surroundings_of(plan, roofs, around, place, tops.shift)
    with step("tradeoff"):
        some = roofs[roofs["building_id"].isin(compared(plan, buildings))]
        options = layout_options(plan, buildings, some, layouts, skies, place, views)
        tradeoffs = tradeoff_table(some, options)
        layouts = chosen_layouts(plan, buildings, roofs, layouts, tradeoffs, place)
    with step("yields_chosen"):
        yields, by_year = shaded_yields(plan, layouts, skies, views)
        insolations = [float(sky.ghi.sum()) / 1000.0 for sky in skies]
        yields = with_uncertainty(roofs, yields, insolations)
        night = night_energy(plan, layouts, skies[0])
    return Potential(
        buildings, roofs, exclusions, layouts, yields, tradeoffs, by_year, insolations, night, views
    )


def compared(plan: Plan, buildings: pd.DataFrame) -> pd.Index:
    """
    Choose the buildings whose ways to fill the roof are set side by side.

    All of them where the way is picked by its outcome, or where one alone is asked for;
    else those at the threshold and public institutions: of others only the areas count.
    """
    if plan.layout.layout in OBJECTIVES or len(buildings) == 1:
        return buildings.index
    large = buildings["footprint_area_m2"] >= plan.roofs.threshold_m2
    return buildings.index[large | (buildings["public_institution"] == "yes")]


def _base_layout(settings: Layout) -> Layout:
    """Return the layout that lanes are laid for: an objective starts from rows to the equator."""
    return replace(settings, layout="south") if settings.layout in OBJECTIVES else settings


def roofs_and_layouts(
    plan: Plan, tops: Rooftops, place: Place
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame]:
    """Take out what roofs cannot use, and place modules on the rest."""
    buildings = tops.buildings
    true_north, equator = place.frame.true_north, place.frame.equator
    long_sides = buildings.geometry.map(long_side_azimuth).astype(float)
    facing = row_azimuths(long_sides, plan.layout, equator=equator, true_north=true_north)
    shadows = shade_free_shadows(place.latitude, plan.layout, true_north)
    roofs, exclusions = roof_planes(
        buildings,
        plan.roofs,
        row_azimuth=facing,
        shadows=shadows,
        frame=place.frame,
        seen=tops.planes,
        step_m=plan.planes.raised_m,
    )
    latitude = roofs["building_id"].map(buildings["latitude"]).astype(float)
    layouts = module_layouts(
        roofs, plan.layout, row_azimuth=facing, latitude=latitude, true_north=true_north
    )
    return roofs, exclusions, layouts


def all_roofs_and_layouts(
    plan: Plan, tops: Rooftops, place: Place
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame]:
    """Work roofs out piece by piece, by whom the plan says."""
    engine = plan.engine
    work = partial(roofs_and_layouts, plan, place=place)
    chunks = [tops.of(some) for some in chunks_of(tops.buildings, engine.chunk)]
    parts = over_chunks(work, chunks, workers=engine.workers, scheduler=engine.scheduler)
    if len(parts) == 1:
        return parts[0]
    roofs, exclusions, layouts = (pd.concat(tables) for tables in zip(*parts, strict=True))
    return roofs, exclusions, layouts


def place_modules(
    settings: Layout,
    buildings: gpd.GeoDataFrame,
    roofs: gpd.GeoDataFrame,
    place: Place,
    *,
    fields: bool = True,
) -> gpd.GeoDataFrame:
    """Place modules on roofs that are worked out already."""
    true_north, equator = place.frame.true_north, place.frame.equator
    long_sides = buildings.geometry.map(long_side_azimuth).astype(float)
    facing = row_azimuths(long_sides, settings, equator=equator, true_north=true_north)
    latitude = roofs["building_id"].map(buildings["latitude"]).astype(float)
    return module_layouts(
        roofs,
        settings,
        row_azimuth=facing,
        latitude=latitude,
        true_north=true_north,
        fields=fields,
    )


def layout_options(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    roofs: gpd.GeoDataFrame,
    layouts: gpd.GeoDataFrame,
    skies: list[Sky],
    place: Place,
    views: Surroundings | None,
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Fill flat roofs in every way of `facts/layouts.toml`; pitched roofs have one way."""
    flat = roofs[roofs["roof_kind"] == "flat"]
    pitched = layouts.loc[roofs.index[roofs["roof_kind"] != "flat"]]
    below = buildings.loc[flat["building_id"].unique()]
    options = {}
    for name, variant in variants().items():
        settings = variant_layout(plan.layout, variant)
        placed = place_modules(settings, below, flat, place, fields=False)
        placed = pd.concat([pd.DataFrame(placed), pd.DataFrame(pitched)]).loc[roofs.index]
        options[name] = (placed, shaded_yields(plan, placed, skies, views)[0])
    return options


def variant_layout(settings: Layout, variant: Mapping[str, Any]) -> Layout:
    """Return the settings of one way to fill a roof, at its own shade-free pitch."""
    tilt = float(variant["flat_tilt"])
    return replace(settings, layout=variant["layout"], flat_tilt=tilt, pitch_m=None)


def chosen_layouts(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    roofs: gpd.GeoDataFrame,
    layouts: gpd.GeoDataFrame,
    tradeoffs: pd.DataFrame,
    place: Place,
) -> gpd.GeoDataFrame:
    """Carry out what the objective picks for each building; without one, keep the layout set."""
    if plan.layout.layout not in OBJECTIVES or tradeoffs.empty:
        return layouts
    settings = plan.coverage
    reading = settings.reading
    definition = settings.definition if settings.definition == "total_roof" else "installable"
    picked = choose_variants(
        tradeoffs,
        plan.layout.layout,
        rate_column=f"{definition}_{reading}_rate",
        target=settings.target,
    )
    parts = []
    for name, variant in variants().items():
        own = buildings[buildings.index.isin(picked.index[picked == name])]
        some = roofs[roofs["building_id"].isin(own.index)]
        if len(some):
            parts.append(place_modules(variant_layout(plan.layout, variant), own, some, place))
    return pd.concat(parts).loc[roofs.index]


def sky_of_year(year: WeatherYear) -> Sky:
    """Work out the sun of one weather year."""
    return sky_of(
        year.table,
        latitude=year.latitude,
        longitude=year.longitude,
        altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )


def shaded_yields(
    plan: Plan, layouts: pd.DataFrame, skies: list[Sky], views: Surroundings | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Calculate yields under what stands around, between the bounds of unknown heights.

    Returns
    -------
    yields, by_year
        As `mean_yields`, with `shading_loss_low`, `shading_loss_high` and `shading_tier`.
    """
    low, by_year = mean_yields(plan, layouts, skies, shades_of(plan, layouts, views, "low"))
    low["shading_loss_low"] = low["shading_loss_high"] = low["shading_loss"]
    low["shading_tier"] = "open" if views is None else views.tier[layouts.index]
    nobody = pd.Index([])
    doubtful = nobody if views is None else layouts.index[views.unknown[layouts.index]]
    if len(doubtful):
        some = layouts.loc[doubtful]
        high, high_by_year = mean_yields(plan, some, skies, shades_of(plan, some, views, "high"))
        numbers = [c for c in high.columns if c != "building_id"]
        low.loc[doubtful, "shading_loss_high"] = high["shading_loss"]
        low.loc[doubtful, numbers] = 0.5 * (low.loc[doubtful, numbers] + high[numbers])
        by_year.loc[doubtful] = 0.5 * (by_year.loc[doubtful] + high_by_year)
    return low, by_year


def shades_of(
    plan: Plan, layouts: pd.DataFrame, views: Surroundings | None, bound: Bound
) -> tuple[Shade | None, Shade | None]:
    """Return the shade of each layout, and of the halves of pairs that face the other way."""
    if views is None:
        return None, None
    planes = planes_of(layouts, plan.layout.module_length_m)
    one = views.shade(layouts.index, planes, bound)
    pairs = (layouts["arrangement"] == "east_west").any()
    return one, views.shade(layouts.index, planes.turned, bound) if pairs else None


def mean_yields(
    plan: Plan,
    layouts: pd.DataFrame,
    skies: list[Sky],
    shades: tuple[Shade | None, Shade | None] = (None, None),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Average the yields over the weather years; several years share one roof.

    Returns
    -------
    yields, by_year
        The mean table, and each roof's AC energy under each year, one column per year. [kWh]
    """
    tables = [
        annual_yields(
            layouts,
            sky,
            plan.pv,
            albedo=plan.site.albedo,
            collector_width_m=plan.layout.module_length_m,
            shade=shades[0],
            opposite_shade=shades[1],
        )
        for sky in skies
    ]
    by_year = pd.DataFrame({i: t["energy_ac_kwh"] for i, t in enumerate(tables)}, layouts.index)
    if len(tables) == 1:
        return tables[0], by_year
    mean = tables[0].copy()
    numbers = [c for c in mean.columns if c != "building_id"]
    mean[numbers] = sum(t[numbers] for t in tables) / len(tables)
    # a ratio of means, not a mean of ratios: it must follow from the columns beside it
    mean["performance_ratio"] = mean["specific_yield_kwh_kwp"] / mean["poa_global_kwh_m2"]
    return mean, by_year


def with_uncertainty(
    roofs: pd.DataFrame, yields: pd.DataFrame, insolations: list[float]
) -> pd.DataFrame:
    """Add the energies that are exceeded with 50, 75 and 90 % probability in a single year."""
    budget = error_budget(roofs, insolations=insolations, shading_half_range=doubt(yields))
    sigma = relative_sigma(budget)
    return yields.assign(sigma=sigma).join(exceedance(yields["energy_ac_kwh"], sigma))


def doubt(yields: pd.DataFrame) -> pd.Series:
    """Return half of the relative range that unknown heights leave to each roof's light. [-]"""
    spread = yields["shading_loss_high"] - yields["shading_loss_low"]
    half: pd.Series = 0.5 * spread / (1.0 - yields["shading_loss"]).clip(lower=0.01)
    return half.clip(lower=0.0)


def portfolios(
    roofs: pd.DataFrame, yields: pd.DataFrame, insolations: list[float]
) -> dict[str, Any]:
    """
    Calculate the exceedance energies of all roofs together.

    Returns
    -------
    portfolios
        `year`, the first year; `life`, the mean year of the modules' life, ageing included.
    """
    life = int(fact("uncertainty.life.years"))
    ageing = float(np.mean((1.0 - float(fact("pv.degradation.per_year"))) ** np.arange(life)))
    found = {}
    for name, years, share in (("year", 1, 1.0), ("life", life, ageing)):
        parts: list[Part] = error_budget(
            roofs, years=years, insolations=insolations, shading_half_range=doubt(yields)
        )
        found[name] = portfolio(yields["energy_ac_kwh"] * share, parts, roofs["building_id"])
        found[name]["years"] = years
    return found


def night_energy(plan: Plan, layouts: pd.DataFrame, sky: Sky, samples: int = 8) -> pd.Series:
    """Add up what a sample of roofs yields while the sun is more than 5° below the horizon."""
    built = layouts[layouts["capacity_kwp"] > 0]
    some = built.iloc[:: max(len(built) // samples, 1)]
    if some.empty:
        return pd.Series(dtype=float)
    planes = planes_of(some, plan.layout.module_length_m)
    hours = hourly_chain(sky, planes, plan.pv, plan.site.albedo)
    dark = sky.apparent_zenith > 95.0
    return pd.Series(hours.ac[dark].sum(axis=0), some.index)
