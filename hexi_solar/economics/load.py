"""How much electricity a building takes, and in which hours.

A year's use is metered or, where it is not, a benchmark of the owner type times the floor
area, marked as assumed. Its hours follow the type's day: hours of use, a lower load
outside them, less on days of rest and in vacations, more in the months of cooling. All
of that shape is estimated (`facts/economics.toml`), so meters should replace it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.config import Buildings
from hexi_solar.economics.calendar import YearHours
from hexi_solar.facts import fact
from hexi_solar.money import Floats

MONTHLY_USE = [f"electricity_{month:02d}_kwh" for month in range(1, 13)]


def load_shape(owner_type: str, hours: YearHours) -> Floats:
    """
    Spread one kilowatt-hour over the hours of a year as an owner type does.

    Parameters
    ----------
    owner_type
        Word of `schema.OWNER_TYPES`.
    hours
        Of the year.

    Returns
    -------
    shape
        8760 numbers that add up to 1. [-]
    """
    night = float(fact(f"economics.load_night_ratio.{owner_type}"))
    rest = float(fact(f"economics.load_rest_ratio.{owner_type}"))
    vacation = float(fact(f"economics.load_vacation_ratio.{owner_type}"))
    level = np.where(hours.rest, rest, 1.0)
    level = np.where(hours.vacation, np.minimum(level, vacation), level)
    open_share = in_use(hours.hour, *fact(f"economics.load_hours.{owner_type}"))
    use = night + np.maximum(level - night, 0.0) * open_share
    use *= np.asarray(fact("economics.load.months"))[hours.month - 1]
    shape: Floats = use / use.sum()
    return shape


def in_use(hour: np.ndarray, first: float, last: float) -> Floats:
    """
    Say how much of each hour's use is that of opening hours, half an hour's ramp each side.

    Examples
    --------
    >>> in_use(np.arange(24), 8.0, 18.0)[[6, 7, 8, 17, 18, 19]]
    array([0. , 0.5, 1. , 1. , 0.5, 0. ])
    """
    inside = (hour >= first) & (hour < last)
    edge = (hour == first - 1.0) | (hour == last)
    return np.where(inside, 1.0, np.where(edge, 0.5, 0.0))


def annual_electricity(buildings: pd.DataFrame, demand: pd.DataFrame | None) -> pd.DataFrame:
    """
    Return each building's electricity use, metered or from a benchmark.

    Parameters
    ----------
    buildings
        Table of `schema.py`.
    demand
        Index `building_id`, `electricity_kwh` and `electricity_source`; NaN where it is not
        known. [kWh/a]

    Returns
    -------
    use
        `electricity_kwh`, `electricity_low_kwh`, `electricity_high_kwh` (the benchmark's
        band; the value itself where metered), `electricity_source`. [kWh/a]
    """
    types = buildings["owner_type"].fillna("unknown")
    area = gross_floor_area(buildings)
    bands = {t: fact(f"economics.benchmark_kwh_m2.{t}") for t in types.unique()}
    names = ("electricity_low_kwh", "electricity_kwh", "electricity_high_kwh")
    columns = {n: area * types.map(lambda t, i=i: bands[t][i]) for i, n in enumerate(names)}
    use = pd.DataFrame(columns, index=buildings.index)
    use["electricity_source"] = "assumed"
    if demand is not None:
        metered = demand["electricity_kwh"].reindex(use.index).astype(float)
        known = metered.notna()
        for name in names:
            use[name] = use[name].mask(known, metered)
        source = pd.Series("measured", use.index)
        if "electricity_source" in demand:
            source = demand["electricity_source"].reindex(use.index).fillna("unknown")
        use["electricity_source"] = use["electricity_source"].mask(known, source)
        # a benchmark that someone else worked out keeps its own band
        for name in ("electricity_low_kwh", "electricity_high_kwh"):
            if name in demand:
                given = demand[name].reindex(use.index).astype(float)
                use[name] = use[name].mask(given.notna(), given)
    return use


def gross_floor_area(buildings: pd.DataFrame) -> pd.Series:
    """
    Return floor areas; where not known, footprint times floors.

    Where floors are not known either, they follow from the height, else there is one: a
    lower bound, so that self-use is rather too low.

    Returns
    -------
    area
        [m²]
    """
    floors = buildings["floors"].astype(float)
    if "height_m" in buildings:
        storeys = buildings["height_m"].astype(float) // Buildings().storey_height_m
        floors = floors.fillna(storeys)
    floors = floors.fillna(1.0).clip(lower=1.0)
    derived = buildings["footprint_area_m2"].astype(float) * floors
    area: pd.Series = buildings["floor_area_m2"].astype(float)
    return area.where(area > 0).fillna(derived)


def monthly_weights(
    demand: pd.DataFrame | None,
    ids: pd.Index,
    shapes: Floats,
    of_shape: np.ndarray,
    month: np.ndarray,
) -> Floats | None:
    """
    Return by how much metered months differ from the shape's, where all twelve are known.

    Parameters
    ----------
    demand
        With `electricity_01_kwh` to `electricity_12_kwh`, if months are metered.
    ids
        Buildings.
    shapes, of_shape
        Shapes of a year, one row each, and which one each building has.
    month
        Of each hour, from 1.

    Returns
    -------
    weights
        Shape (buildings, 12), or None if no month is metered anywhere. [-]
    """
    if demand is None or not set(MONTHLY_USE) <= set(demand.columns):
        return None
    metered = demand[MONTHLY_USE].reindex(ids).to_numpy(float)
    usual = np.stack([np.bincount(month, s, minlength=13)[1:] for s in shapes])[of_shape]
    whole = metered.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights: Floats = metered / whole / usual
    return np.where(np.isfinite(weights).all(axis=1, keepdims=True), weights, 1.0)
