"""One roof, several claims: hot water, new plant and PV share the same square metres.

What all of them take never exceeds the usable area. New plant is set first, since the
building needs it; then each square metre goes to whichever earns more on it, hot water
up to what the building can use, PV without an upper bound. With values per square metre
that do not depend on the area this is the optimum of the linear program, and is held to it
by a test.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.retrofit.measures import annuity
from hexi_solar.schema import ROOF_CLAIMS

WATER = 4.187e-3
"""Heat that a litre of water takes per kelvin. [MJ/(L K)]"""
UNIT_OF = {"hospital": "ward", "hotel": "guest", "sport": "athlete"}
"""Who uses hot water, by owner type, where beds or visits are counted."""


def hot_water_demand(buildings: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """
    Find the hot water that a building uses on a usual day.

    Parameters
    ----------
    buildings
        With `owner_type`.
    counts
        Known numbers, columns of any of `beds`, `boarders`, `meals` (a day), `people`;
        indexed by building. Without a number hot water is unknown, not zero.

    Returns
    -------
    demand
        `hot_water_l_d` at 60 °C and `hot_water_unit`, that which uses most. [L/d]
    """
    numbers = counts.reindex(buildings.index).reindex(
        columns=["beds", "boarders", "meals", "people"]
    ).astype(float)  # fmt: skip
    kind = buildings["owner_type"].astype(str)
    office = kind.isin(["government", "office"])
    parts = {
        "ward": numbers["beds"].where(kind == "hospital") * fact("retrofit.hot_water_l.ward"),
        "guest": numbers["beds"].where(kind == "hotel") * fact("retrofit.hot_water_l.guest"),
        "dormitory": numbers["boarders"] * fact("retrofit.hot_water_l.dormitory"),
        "meal": numbers["meals"] * fact("retrofit.hot_water_l.meal"),
        "athlete": numbers["people"].where(kind == "sport") * fact("retrofit.hot_water_l.athlete"),
        "office": numbers["people"].where(office) * fact("retrofit.hot_water_l.office"),
    }
    table = pd.DataFrame(parts, index=buildings.index)
    total = table.sum(axis=1, min_count=1)
    unit = table.fillna(0.0).idxmax(axis=1).where(total > 0)
    return pd.DataFrame({"hot_water_l_d": total, "hot_water_unit": unit.astype(object)})


def collector_area(hot_water_l_d: pd.Series, irradiation_mj_m2_d: float | None = None) -> pd.Series:
    r"""
    Calculate the collector area of a solar hot-water system with the usual solar fraction.

    Parameters
    ----------
    hot_water_l_d
        Hot water per day. [L/d]
    irradiation_mj_m2_d
        Mean daily irradiation on the collectors; None for that of `facts/retrofit.toml`.

    Notes
    -----
    .. math:: A = \frac{Q c \rho (t_h - t_c) f}{J \eta (1 - \eta_L)}

    of GB 50364-2018, direct systems, with all parts but Q from `facts/retrofit.toml`.

    Examples
    --------
    >>> collector_area(pd.Series([10000.0])).round(0).item()
    174.0
    """
    light = irradiation_mj_m2_d or float(fact("retrofit.solar_hot_water.irradiation_mj_m2_d"))
    heat = hot_water_l_d * WATER * _warming() * fact("retrofit.solar_hot_water.fraction")
    kept = fact("retrofit.solar_hot_water.collector_efficiency") * (
        1.0 - fact("retrofit.solar_hot_water.pipe_loss")
    )
    area: pd.Series = heat / (light * kept)
    return area


def _warming() -> float:
    """Return how much the water is warmed. [K]."""
    hot, cold = (fact(f"retrofit.solar_hot_water.{end}_c") for end in ("hot", "cold"))
    return float(hot - cold)


def roof_claims(
    usable_area_m2: pd.Series,
    hot_water: pd.DataFrame,
    *,
    pv_value_cny_m2: pd.Series,
    pv_given_up_cny_m2: pd.Series | None = None,
    heat_value_cny_gj: float | None = None,
    plant_area_m2: pd.Series | None = None,
) -> pd.DataFrame:
    """
    Share each roof between new plant, hot water and PV.

    Parameters
    ----------
    usable_area_m2
        Of each building. [m²]
    hot_water
        `hot_water_l_d` and `hot_water_unit`, from `hot_water_demand`.
    pv_value_cny_m2
        Net present value of PV per m² of usable area. [CNY/m²]
    pv_given_up_cny_m2
        What PV loses per m² that hot water takes, where that is known: less than the mean,
        since the last square metres feed in more; None for the mean. [CNY/m²]
    heat_value_cny_gj
        What heat of the sun replaces; None for the price of purchased heat. [CNY/GJ]
    plant_area_m2
        Roof that new plant needs; None for none. [m²]

    Returns
    -------
    claims
        `schema.ROOF_CLAIMS`. Plant, hot water and PV add up to at most the usable area; a
        claim that loses money is not built.
    """
    ids = usable_area_m2.index
    table = pd.DataFrame({"usable_area_m2": usable_area_m2.astype(float)}, index=ids)
    table = table.join(hot_water.reindex(ids))
    area = collector_area(table["hot_water_l_d"])
    ratio = float(fact("retrofit.solar_hot_water.roof_ratio"))
    per_collector = _heat_gj_m2_a()
    price = heat_value_cny_gj or float(fact("retrofit.heat_price_cny_gj"))
    earned = per_collector * price * annuity(fact("retrofit.solar_hot_water.life_a"))
    worth = (earned - fact("retrofit.solar_hot_water.cost_cny_m2")) / ratio
    plant = pd.Series(0.0, ids) if plant_area_m2 is None else plant_area_m2.reindex(ids).fillna(0.0)
    table["plant_area_m2"] = np.minimum(plant, table["usable_area_m2"])
    free = table["usable_area_m2"] - table["plant_area_m2"]
    pv = pv_value_cny_m2.reindex(ids).astype(float)
    wanted = (area * ratio).fillna(0.0)
    # PV takes any amount, so hot water stands only where it earns more, or where PV earns nothing
    lost = pv if pv_given_up_cny_m2 is None else pv_given_up_cny_m2.reindex(ids).astype(float)
    first = (worth > 0) & (worth >= lost.where(pv > 0).fillna(0.0))
    taken = wanted.clip(upper=free).where(first, 0.0)
    table["hot_water_area_m2"] = taken
    table["collector_area_m2"] = taken / ratio
    table["pv_area_m2"] = (free - taken).where(pv > 0, 0.0)
    table["hot_water_gj"] = table["collector_area_m2"] * per_collector
    cost = fact("retrofit.solar_hot_water.cost_cny_m2")
    table["hot_water_cost_cny"] = table["collector_area_m2"] * cost
    table["hot_water_value_cny_m2"] = worth
    table["pv_value_cny_m2"] = pv
    return table.reindex(columns=ROOF_CLAIMS.names).rename_axis(index="building_id")


def _heat_gj_m2_a() -> float:
    """Return the heat that a square metre of collector gives in a year. [GJ/m²]."""
    light = float(fact("retrofit.solar_hot_water.irradiation_mj_m2_d"))
    kept = float(fact("retrofit.solar_hot_water.collector_efficiency")) * (
        1.0 - float(fact("retrofit.solar_hot_water.pipe_loss"))
    )
    return light * kept * float(fact("retrofit.solar_hot_water.days")) / 1000.0
