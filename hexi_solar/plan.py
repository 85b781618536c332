"""One study, step by step: read this first.

Seams read what stands there, steps work on tables and know nothing of each other, and
this module hands the tables on. Everything that a later reader may ask for, from the
plan's settings to the checksum of each file, goes into the record.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from hexi_solar import schema
from hexi_solar.config import Plan
from hexi_solar.coverage import (
    coverage_by_subdistrict,
    coverage_definitions,
    coverage_rates,
)
from hexi_solar.engine import chunks_of, over_chunks
from hexi_solar.errors import HexiSolarError, LayerError, Notices, Problem
from hexi_solar.layers import District, read_layers, read_register
from hexi_solar.layout import (
    module_layouts,
    row_azimuths,
    shade_free_pitch,
    shade_free_shadows,
)
from hexi_solar.owners import classify_owners
from hexi_solar.projects import existing_pv, project_states
from hexi_solar.ranking import building_sums, rank_candidates
from hexi_solar.record import record_of
from hexi_solar.roofs import Frame, load_state, long_side_azimuth, roof_planes
from hexi_solar.study import Study
from hexi_solar.weather import WeatherYear, read_weather
from hexi_solar.yields import Sky, annual_yields, sky_of

Step = Callable[[str], AbstractContextManager[None]]


def silent(name: str) -> AbstractContextManager[None]:
    """Show nothing while a step runs."""
    return nullcontext()


@dataclass(frozen=True)
class Inputs:
    """What a plan's files say, checked and in the plan's coordinates."""

    district: District
    buildings: gpd.GeoDataFrame
    register: pd.DataFrame
    weather: tuple[WeatherYear, ...]
    place: Place
    notices: Notices = field(default_factory=Notices)


@dataclass(frozen=True)
class Place:
    """Where the district lies, and how its plane coordinates stand to the sky."""

    latitude: float
    longitude: float
    frame: Frame


def run(plan: Plan, step: Step = silent) -> Study:
    """
    Carry out one study, from its layers to its coverage rates.

    Parameters
    ----------
    plan
        What to study.
    step
        Called with the name of each step; returns the context it runs in, to show
        progress and take the time.

    Raises
    ------
    HexiSolarError
        If the plan or a file cannot be used; all problems at once.
    """
    # what stands there
    inputs = read_inputs(plan, step)
    buildings, place = inputs.buildings, inputs.place

    # what the roofs offer
    with step("roofs"):
        chosen = of_interest(plan, buildings, inputs.register)
        roofs, exclusions, layouts = all_roofs_and_layouts(plan, chosen, place)
    with step("yields"):
        skies = [sky_of_year(year) for year in inputs.weather]
        yields, spread = mean_yields(plan, layouts, skies)

    # in which order to build, and how far that brings the coverage rate
    with step("ranking"):
        projects = project_states(inputs.register, plan.today)
        pv = pv_on(plan, inputs.register, place, plan.today)
        candidates = candidate_table(plan, chosen, roofs, layouts, yields, pv)
    with step("coverage"):
        about: dict[str, Any] = {"today": plan.today, "threshold_m2": plan.roofs.threshold_m2}
        coverage = coverage_rates(
            chosen,
            roofs,
            layouts,
            lambda day: pv_on(plan, inputs.register, place, day),
            plan.coverage,
            **about,
        )
        parts = coverage_by_subdistrict(chosen, roofs, layouts, pv, plan.coverage, **about)

    for table, declared in (
        (roofs, schema.ROOFS),
        (layouts, schema.LAYOUTS),
        (yields, schema.YIELDS),
        (candidates, schema.CANDIDATES),
        (coverage, schema.COVERAGE),
    ):
        schema.check(table, declared, declared.name)
    study = Study(
        plan=plan,
        buildings=inputs.buildings,
        roofs=roofs,
        exclusions=exclusions,
        layouts=layouts,
        yields=yields,
        candidates=candidates,
        register=inputs.register,
        projects=projects,
        coverage=coverage,
        boundary=inputs.district.boundary,
        subdistricts=inputs.district.subdistricts,
        zones=inputs.district.zones,
        notices=tuple(inputs.notices),
    )
    return dataclasses.replace(study, record=record_of(study, inputs.weather, parts, spread))


def read_inputs(plan: Plan, step: Step = silent) -> Inputs:
    """
    Read everything that a plan names, and say everything that is wrong with it.

    Raises
    ------
    HexiSolarError
        With the problems of all files together.
    """
    notices = Notices()
    problems: list[Problem] = []

    def attempt(name: str, read: Callable[[], Any]) -> Any:
        try:
            with step(name):
                return read()
        except HexiSolarError as error:
            problems.extend(error.problems)
            return None

    district = attempt("layers", lambda: read_layers(plan, notices))
    register = attempt("register", lambda: read_register(plan, notices))
    attempt("definitions", lambda: coverage_definitions(plan.coverage))
    place = place_of(plan, district.buildings) if district else Place(39.08, 117.22, Frame())
    site = plan.site
    weather = attempt(
        "weather",
        lambda: read_weather(
            plan.weather, place.latitude, place.longitude, site.altitude, site.tz, notices
        ),
    )
    if problems:
        raise LayerError(*problems)
    with step("owners"):
        buildings = classify_owners(district.buildings, notices)
        buildings["load_state"] = load_state(buildings, plan.roofs)
        buildings["longitude"], buildings["latitude"] = lonlat(buildings)
        schema.check(buildings, schema.BUILDINGS, "buildings")
    unknown_places(register, buildings, notices)
    return Inputs(district, buildings, register, weather, place, notices)


def unknown_places(register: pd.DataFrame, buildings: pd.DataFrame, notices: Notices) -> None:
    """Warn of projects on buildings that are not in the layer."""
    ids = register["building_id"]
    lost = register.loc[ids.notna() & ~ids.isin(buildings.index), ["entity", "building_id"]]
    lost = lost.drop_duplicates()
    if len(lost):
        named = ", ".join(f"{e} ({b})" for e, b in lost.to_numpy()[:8])
        notices.add("warning", "pv_on_unknown_building", count=len(lost), rows=named)


def lonlat(buildings: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude and latitude (WGS84) of a point on each footprint. [°]"""
    points = shapely.point_on_surface(buildings.geometry.to_numpy())
    to_degrees = pyproj.Transformer.from_crs(buildings.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(shapely.get_x(points), shapely.get_y(points))
    return np.round(longitude, 7), np.round(latitude, 7)


def place_of(plan: Plan, buildings: gpd.GeoDataFrame) -> Place:
    """Find the middle of the district, and the direction of true north there."""
    west, south, east, north = buildings.total_bounds
    x, y = (west + east) / 2, (south + north) / 2
    to_degrees = pyproj.Transformer.from_crs(buildings.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(x, y)
    northwards = to_degrees.transform(longitude, latitude + 1e-3, direction="INVERSE")
    origin = to_degrees.transform(longitude, latitude, direction="INVERSE")
    turn = np.rad2deg(np.arctan2(northwards[0] - origin[0], northwards[1] - origin[1]))
    equator = 180.0 if latitude >= 0 else 0.0
    site = plan.site
    return Place(
        latitude if site.latitude is None else site.latitude,
        longitude if site.longitude is None else site.longitude,
        Frame(true_north=float(turn), equator=equator),
    )


def of_interest(
    plan: Plan, buildings: gpd.GeoDataFrame, register: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Choose the buildings whose roofs are worked out: candidates, the cohort, known PV."""
    large = buildings["footprint_area_m2"] >= plan.roofs.threshold_m2
    coming = buildings["status"].isin(["planned", "approved", "building"])
    new = buildings["completed_on"] >= pd.Timestamp(plan.coverage.start)
    counted = (buildings["public_institution"] == "yes") & (coming | new)
    with_pv = buildings.index.isin(register["building_id"].dropna())
    return buildings[large | counted | with_pv].copy()


def roofs_and_layouts(
    plan: Plan, buildings: gpd.GeoDataFrame, place: Place
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame]:
    """Take out what roofs cannot use, and place modules on the rest."""
    true_north, equator = place.frame.true_north, place.frame.equator
    long_sides = buildings.geometry.map(long_side_azimuth).astype(float)
    facing = row_azimuths(long_sides, plan.layout, equator=equator, true_north=true_north)
    shadows = shade_free_shadows(place.latitude, plan.layout, true_north)
    roofs, exclusions = roof_planes(
        buildings, plan.roofs, row_azimuth=facing, shadows=shadows, frame=place.frame
    )
    latitude = roofs["building_id"].map(buildings["latitude"]).astype(float)
    layouts = module_layouts(
        roofs, plan.layout, row_azimuth=facing, latitude=latitude, true_north=true_north
    )
    return roofs, exclusions, layouts


def all_roofs_and_layouts(
    plan: Plan, buildings: gpd.GeoDataFrame, place: Place
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame]:
    """Work roofs out piece by piece, by whom the plan says."""
    engine = plan.engine
    work = partial(roofs_and_layouts, plan, place=place)
    chunks = chunks_of(buildings, engine.chunk)
    parts = over_chunks(work, chunks, workers=engine.workers, scheduler=engine.scheduler)
    if len(parts) == 1:
        return parts[0]
    roofs, exclusions, layouts = (pd.concat(tables) for tables in zip(*parts, strict=True))
    return roofs, exclusions, layouts


def sky_of_year(year: WeatherYear) -> Sky:
    """Work out the sun of one weather year."""
    return sky_of(
        year.table,
        latitude=year.latitude,
        longitude=year.longitude,
        altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )


def mean_yields(
    plan: Plan, layouts: pd.DataFrame, skies: list[Sky]
) -> tuple[pd.DataFrame, list[float]]:
    """
    Average the yields over the weather years; several years share one roof.

    Returns
    -------
    yields, spread
        The mean table, and the whole district's AC energy under each year. [kWh]
    """
    tables = [
        annual_yields(
            layouts,
            sky,
            plan.pv,
            albedo=plan.site.albedo,
            collector_width_m=plan.layout.module_length_m,
        )
        for sky in skies
    ]
    spread = [float(t["energy_ac_kwh"].sum()) for t in tables]
    if len(tables) == 1:
        return tables[0], spread
    mean = tables[0].copy()
    numbers = [c for c in mean.columns if c != "building_id"]
    mean[numbers] = sum(t[numbers] for t in tables) / len(tables)
    # a ratio of means, not a mean of ratios: it must follow from the columns beside it
    mean["performance_ratio"] = mean["specific_yield_kwh_kwp"] / mean["poa_global_kwh_m2"]
    return mean, spread


def pv_on(plan: Plan, register: pd.DataFrame, place: Place, day: dt.date) -> pd.DataFrame:
    """Add up the PV that stands on each building on one day."""
    layout = plan.layout
    area = layout.module_length_m * layout.module_width_m
    # an array field that was not filed is taken as wide as ours would be
    pitch = shade_free_pitch(place.latitude, layout.flat_tilt, place.frame.equator, layout)
    return existing_pv(
        project_states(register, day),
        kw_per_m2=layout.module_power_w / 1000.0 / area,
        gcr=layout.module_length_m / (layout.pitch_m or pitch),
        module_tilt=layout.flat_tilt,
    )


def candidate_table(
    plan: Plan,
    buildings: gpd.GeoDataFrame,
    roofs: gpd.GeoDataFrame,
    layouts: gpd.GeoDataFrame,
    yields: pd.DataFrame,
    pv: pd.DataFrame,
) -> pd.DataFrame:
    """Choose the candidates by the threshold and rank them."""
    sums = building_sums(roofs, layouts, yields)
    column = "roof_area_m2" if plan.roofs.threshold_on == "gross" else "usable_area_m2"
    # an area that rounds to the threshold at the square centimetre is at the threshold
    at_least = sums[column].round(4) >= plan.roofs.threshold_m2
    ids = sums.index[at_least]
    light = yields["poa_global_kwh_m2"] * layouts["capacity_kwp"]
    return rank_candidates(
        buildings.loc[ids],
        sums.loc[ids],
        poa_global_kwh=light.groupby(yields["building_id"].to_numpy()).sum(),
        pv=pv,
        settings=plan.ranking,
    )
