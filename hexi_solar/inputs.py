"""Everything that a plan names, read, checked and joined before anything is worked out.

What is wrong is gathered over all files and said at once; what is only odd goes into the
notices.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from hexi_solar import schema
from hexi_solar.config import Plan
from hexi_solar.coverage import could_be_new, coverage_definitions, nothing_known
from hexi_solar.errors import HexiSolarError, LayerError, Notices, Problem
from hexi_solar.facts import all_facts
from hexi_solar.layers import District, read_layers, read_register
from hexi_solar.ledger import empty_ledger, project_register, states
from hexi_solar.office.store import open_register, register_exists
from hexi_solar.owners import classify_owners
from hexi_solar.projects import BUILT
from hexi_solar.roofs import Frame, load_state
from hexi_solar.stated import stated
from hexi_solar.surface import open_surface
from hexi_solar.weather import WeatherYear, read_weather

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
    ledger: pd.DataFrame = field(default_factory=empty_ledger)
    """All events of the plan's register; none where it has no register of its own yet."""


@dataclass(frozen=True)
class Records:
    """What is on file: PV projects and facts of buildings, from the register or a layer's table."""

    register: pd.DataFrame
    facts: pd.DataFrame
    """States of buildings, as `ledger.states` gives them."""
    ledger: pd.DataFrame


@dataclass(frozen=True)
class Place:
    """Where the district lies, and how its plane coordinates stand to the sky."""

    latitude: float
    longitude: float
    frame: Frame


def read_inputs(plan: Plan, step: Step = silent, *, known_on: dt.date | None = None) -> Inputs:
    """
    Read everything that a plan names, and say everything that is wrong with it.

    Parameters
    ----------
    plan
        The study.
    step
        As for `plan.run`.
    known_on
        Records that came in after this day are not looked at; None for all.

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
    records = attempt("register", lambda: read_records(plan, notices, known_on))
    for model in (plan.layers.surface_model, plan.layers.far_terrain):
        if model.path is not None:
            attempt("surface", partial(open_surface, model.path, plan.crs, own_crs=model.crs))
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
        buildings = stated(district.buildings, records.facts, plan.today)
        buildings = classify_owners(buildings, notices)
        # to the square centimetre: a roof of 1000 m² is not under the threshold by rounding
        buildings["footprint_area_m2"] = buildings["footprint_area_m2"].round(4)
        buildings["load_state"] = load_state(buildings, plan.roofs)
        buildings["longitude"], buildings["latitude"] = lonlat(buildings)
        schema.check(buildings, schema.BUILDINGS, "buildings")
        say_assumptions(plan, buildings, notices)
    register = records.register
    unknown_places(register, buildings, notices)
    unknown_buildings(records.facts, buildings, notices)
    homeless_projects(register, notices)
    return Inputs(district, buildings, register, weather, place, notices, records.ledger)


def read_records(plan: Plan, notices: Notices, known_on: dt.date | None = None) -> Records:
    """
    Read what is on file, from the plan's register if it has one, else from the layer's table.

    Parameters
    ----------
    plan
        The study; facts of buildings are those of its day.
    notices
        Where is said which register was read.
    known_on
        Records that came in after this day are not looked at; None for all.
    """
    ledger = empty_ledger()
    if register_exists(plan):
        with open_register(plan) as opened:
            ledger = opened.ledger()
    if ledger.empty:
        register = read_register(plan, notices)
        if known_on is not None:
            came = register["recorded_at"].fillna(register["valid_on"])
            register = register[came < pd.Timestamp(known_on) + pd.Timedelta(days=1)]
        return Records(register, states(ledger, "building", plan.today), ledger)
    last = ledger.iloc[-1]
    notices.add("info", "register_read", events=len(ledger), head=f"{last.seq}:{last.hash[:12]}")
    facts = states(ledger, "building", plan.today, known_on)
    return Records(project_register(ledger, known_on), facts, ledger)


def say_assumptions(plan: Plan, buildings: gpd.GeoDataFrame, notices: Notices) -> None:
    """Say what was derived or taken for granted, and what that leaves out of the cohort."""
    file = Path(str(plan.layers.buildings.path)).name
    about = {"file": file, "total": len(buildings)}
    notices.add("assumed", "datum_assumed", **about, datum=plan.layers.buildings.datum)
    for column, code in (
        ("completed_on_source", "completion_derived"),
        ("floor_area_source", "floor_area_derived"),
    ):
        count = int((buildings[column] == "derived").sum())
        if count:
            notices.add("assumed", code, **about, count=count)
    factor = all_facts()[f"carbon.{plan.ranking.emission_factor}"]
    notices.add("assumed", "emission_factor", value=factor.value, year=factor.year, key=factor.key)
    silent = int(nothing_known(buildings).sum())
    if silent:
        notices.add("info", "coverage_silent", **about, count=silent)
    new = buildings["completed_on"] >= pd.Timestamp(plan.coverage.start)
    doubtful = buildings.index[new & (buildings["public_institution"] == "unknown")]
    if len(doubtful):
        named = ", ".join(map(str, doubtful[:8])) + (", ..." if len(doubtful) > 8 else "")
        notices.add("warning", "cohort_doubtful", **about, count=len(doubtful), rows=named)


def unknown_places(register: pd.DataFrame, buildings: pd.DataFrame, notices: Notices) -> None:
    """Warn of projects on buildings that are not in the layer."""
    ids = register["building_id"]
    lost = register.loc[ids.notna() & ~ids.isin(buildings.index), ["entity", "building_id"]]
    lost = lost.drop_duplicates()
    if len(lost):
        named = ", ".join(f"{e} ({b})" for e, b in lost.to_numpy()[:8])
        notices.add("warning", "pv_on_unknown_building", count=len(lost), rows=named)


def unknown_buildings(facts: pd.DataFrame, buildings: pd.DataFrame, notices: Notices) -> None:
    """Warn of facts about buildings that are not in the layer."""
    lost = facts.index[~facts.index.isin(buildings.index)]
    if len(lost):
        rows = ", ".join(map(str, lost[:8])) + (", ..." if len(lost) > 8 else "")
        notices.add("warning", "facts_on_unknown_building", count=len(lost), rows=rows)


def homeless_projects(register: pd.DataFrame, notices: Notices) -> None:
    """Warn of connected projects that name no building: they count in no rate."""
    named = set(register.loc[register["building_id"].notna(), "entity"])
    built = set(register.loc[register["kind"].isin(BUILT), "entity"])
    lost = sorted(str(entity) for entity in built - named)
    if lost:
        rows = ", ".join(lost[:8]) + (", ..." if len(lost) > 8 else "")
        notices.add("warning", "pv_without_building", count=len(lost), rows=rows)


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
    # those that could be in the cohort bound its rate
    counted |= could_be_new(buildings, plan.coverage.start, plan.today)
    with_pv = buildings.index.isin(register["building_id"].dropna())
    return buildings[large | counted | with_pv].copy()
