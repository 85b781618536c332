"""What a public building uses, metered or assumed, and how that compares.

A meter goes before a benchmark; a benchmark is floor area times a band of the owner type,
is marked assumed, and is never rated against a limit: a rating needs a meter. Heat and
electricity are kept apart, since the limits of GB/T 51161 leave heating out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.errors import Notices
from hexi_solar.facts import fact, read_facts
from hexi_solar.schema import DEMAND

CARRIERS = ("electricity_kwh", "heat_gj", "gas_m3", "water_m3")


def yearly(metered: pd.DataFrame) -> pd.DataFrame:
    """
    Add monthly meters up to years, and keep the last whole year of each building and carrier.

    Parameters
    ----------
    metered
        `schema.ENERGY_METERS`; a period is a year ("2025") or a month ("2025-03").

    Returns
    -------
    years
        Per building the four carriers and `year`, that of the electricity (or of the
        first carrier that is known). A year with a month missing is not used: a part
        of a year says nothing sure of the whole.

    Examples
    --------
    >>> rows = [("hall", f"2025-{m:02}", 100.0) for m in range(1, 13)]
    >>> index = pd.MultiIndex.from_tuples([r[:2] for r in rows], names=["building_id", "period"])
    >>> table = pd.DataFrame({"electricity_kwh": [r[2] for r in rows]}, index)
    >>> float(yearly(table).loc["hall", "electricity_kwh"])
    1200.0
    """
    rows = metered.reindex(columns=list(CARRIERS)).astype(float)
    building = rows.index.get_level_values(0)
    period = rows.index.get_level_values(1).astype(str)
    year = period.str[:4]
    months = rows[period.str.len() == 7]
    keys = [building[period.str.len() == 7], year[period.str.len() == 7]]
    sums = months.groupby(keys).sum(min_count=12)
    whole = rows[period.str.len() == 4]
    whole.index = pd.MultiIndex.from_arrays(
        [building[period.str.len() == 4], year[period.str.len() == 4]]
    )
    # a year that is given outright goes before its months
    years = whole.combine_first(sums).sort_index()
    years.index.names = ["building_id", "year"]
    last = years.groupby(level=0).last()
    said = years.reset_index(level=1)
    known = said[said["electricity_kwh"].notna()].groupby(level=0)["year"].last()
    first = said[said[list(CARRIERS)].notna().any(axis=1)].groupby(level=0)["year"].last()
    last["year"] = pd.to_numeric(known.reindex(last.index).fillna(first.reindex(last.index)))
    return last


def monthly_electricity(metered: pd.DataFrame) -> pd.DataFrame:
    """
    Return the last year of which all twelve months of electricity are metered.

    Parameters
    ----------
    metered
        `schema.ENERGY_METERS`.

    Returns
    -------
    months
        Columns `electricity_01_kwh` to `electricity_12_kwh`, only buildings that have them.
    """
    use = metered["electricity_kwh"].astype(float).dropna()
    period = use.index.get_level_values(1).astype(str)
    use = use[period.str.len() == 7]
    period = use.index.get_level_values(1).astype(str)
    keys = [use.index.get_level_values(0), period.str[:4], period.str[5:7].astype(int)]
    wide = use.groupby(keys).sum().unstack() if len(use) else pd.DataFrame()
    wide = wide.reindex(columns=range(1, 13)).dropna()
    last = wide.groupby(level=0).last() if len(wide) else wide
    return last.set_axis([f"electricity_{m:02d}_kwh" for m in range(1, 13)], axis=1)


def annual_demand(
    buildings: pd.DataFrame,
    metered: pd.DataFrame,
    *,
    emission_factor: float,
    notices: Notices | None = None,
    degree_days: tuple[float, float] | None = None,
    usual_degree_days: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """
    Find what each building uses in a year.

    Parameters
    ----------
    buildings
        With `owner_type` and `floor_area_m2`.
    metered
        `schema.ENERGY_METERS`, empty where no meter is known.
    emission_factor
        Of electricity. [kgCO₂/kWh]
    notices
        Takes how many are metered, assumed and unknown.
    degree_days, usual_degree_days
        Heating and cooling degree days of the year of the meters and of a usual year, to
        bring use to usual weather; None leaves that unknown. [K d]

    Returns
    -------
    demand
        `schema.DEMAND`, indexed like `buildings`. The interval of a meter is the meter.
    """
    table = pd.DataFrame(index=buildings.index)
    years = yearly(metered).reindex(buildings.index)
    area = buildings["floor_area_m2"].astype(float)
    table["floor_area_m2"] = area
    types = buildings["owner_type"].astype(str)
    for carrier, family in (
        ("electricity_kwh", "economics.benchmark_kwh_m2"),
        ("heat_gj", "retrofit.heat_gj_m2"),
    ):
        _fill(table, carrier, years[carrier], area, types, family)
    for carrier in ("gas_m3", "water_m3"):
        table[carrier] = years[carrier]
    table["year"] = years["year"].where(years[list(CARRIERS)].notna().any(axis=1))
    table["electricity_kwh_m2"] = table["electricity_kwh"] / area.where(area > 0)
    table["heat_gj_m2"] = table["heat_gj"] / area.where(area > 0)
    _rate(table, buildings, types)
    _normalise(table, types, degree_days, usual_degree_days)
    gas = table["gas_m3"].fillna(0.0)
    table["energy_kgce"] = energy_kgce(table["electricity_kwh"], table["heat_gj"], gas)
    table["energy_co2_t"] = (
        table["electricity_kwh"] * emission_factor / 1000.0
        + table["heat_gj"] * fact("retrofit.heat_co2_t_gj")
        + gas * fact("retrofit.gas_co2_kg_m3") / 1000.0
    )
    if notices is not None:
        counts = table["electricity_source"].value_counts()
        said = {k: int(counts.get(k, 0)) for k in ("measured", "assumed", "unknown")}
        notices.add("assumed", "demand_assumed", total=len(table), **said)
    return table.reindex(columns=DEMAND.names)


def energy_kgce(
    electricity_kwh: pd.Series, heat_gj: pd.Series, gas_m3: pd.Series | float = 0.0
) -> pd.Series:
    """
    Add energies up as standard coal, electricity at its equivalent heat (GB/T 2589-2020). [kgce].

    Examples
    --------
    >>> round(energy_kgce(pd.Series([1000.0]), pd.Series([1.0])).item(), 6)
    157.02
    """
    coal: pd.Series = (
        electricity_kwh * fact("retrofit.electricity_kgce_kwh")
        + heat_gj * fact("retrofit.heat_kgce_gj")
        + gas_m3 * fact("retrofit.gas_kgce_m3")
    )
    return coal


def _fill(
    table: pd.DataFrame, carrier: str, metered: pd.Series, area: pd.Series, types: pd.Series,
    family: str,
) -> None:  # fmt: skip
    """Take the meter, else the band of the owner type; unknown without floor area."""
    name, unit = carrier.rsplit("_", 1)
    bands = types.map({t: fact(f"{family}.{t}") for t in types.unique()})
    for number, end in enumerate(("low", "", "high")):
        benchmark = area * bands.map(lambda band, n=number: float(band[n]))
        column = f"{name}_{end}_{unit}" if end else carrier
        table[column] = metered.fillna(benchmark)
    table[f"{name}_source"] = np.select(
        [metered.notna(), table[carrier].notna()], ["measured", "assumed"], "unknown"
    )


def _rate(table: pd.DataFrame, buildings: pd.DataFrame, types: pd.Series) -> None:
    """Compare meters with GB/T 51161 and the local values of heat."""
    facts = read_facts("retrofit")
    # central plant decides the class; without word of it, large and tall is class B
    floors = pd.to_numeric(buildings["floors"], errors="coerce")
    class_b = table["floor_area_m2"] >= fact("retrofit.class_b_floor_area_m2")
    class_b |= floors >= fact("retrofit.class_b_floors")
    for end, number in (("constraint", 0), ("guide", 1)):
        by_class = {
            kind: types.map(
                {k: float(v["value"][number]) for k, v in facts[f"class_{kind}"].items()}
            )
            for kind in "ab"
        }
        table[f"{end}_kwh_m2"] = by_class["b"].where(class_b, by_class["a"])
    table["electricity_rating"] = _rating(
        table["electricity_kwh_m2"].where(table["electricity_source"] == "measured"),
        table["guide_kwh_m2"], table["constraint_kwh_m2"],
    )  # fmt: skip
    guide = pd.Series(fact("retrofit.heat_guide_gj_m2"), table.index)
    limit = pd.Series(fact("retrofit.heat_constraint_gj_m2"), table.index)
    heat = table["heat_gj_m2"].where(table["heat_source"] == "measured")
    table["heat_rating"] = _rating(heat, guide, limit)


def _rating(value: pd.Series, guide: pd.Series, limit: pd.Series) -> np.ndarray:
    """Say where a metered intensity stands."""
    return np.select(
        [limit.isna(), value.isna(), value <= guide, value <= limit],
        ["not_covered", "unknown", "guide", "between"], "above",
    )  # fmt: skip


def _normalise(
    table: pd.DataFrame, types: pd.Series,
    degree_days: tuple[float, float] | None, usual: tuple[float, float] | None,
) -> None:  # fmt: skip
    """Bring meters to usual weather: heat by heating, the cooling's share by cooling degree days."""
    if degree_days is None or usual is None or min(degree_days) <= 0:
        table["normal_heat_gj"] = table["normal_electricity_kwh"] = np.nan
        return
    share = types.map({t: float(fact(f"retrofit.end_use.{t}")[1]) for t in types.unique()})
    cooling = usual[1] / degree_days[1]
    heat = table["heat_gj"] * (usual[0] / degree_days[0])
    electricity = table["electricity_kwh"] * (1.0 - share + share * cooling)
    table["normal_heat_gj"] = heat.where(table["heat_source"] == "measured")
    table["normal_electricity_kwh"] = electricity.where(table["electricity_source"] == "measured")


def degree_days(temp_air: pd.Series) -> tuple[float, float]:
    """
    Calculate heating and cooling degree days of a year of hourly temperatures.

    Parameters
    ----------
    temp_air
        Hourly, indexed by time. [°C]

    Returns
    -------
    heating, cooling
        Sums over the days of 18 °C less the day's mean, and of the mean less 26 °C, where
        positive (HDD18, CDD26 of GB 50176). [K d]

    Examples
    --------
    >>> hours = pd.date_range("2025-01-01", periods=48, freq="h")
    >>> degree_days(pd.Series([8.0] * 24 + [30.0] * 24, hours))
    (10.0, 4.0)
    """
    days = temp_air.resample("D").mean()
    heating = (fact("retrofit.heating_base_c") - days).clip(lower=0.0).sum()
    cooling = (days - fact("retrofit.cooling_base_c")).clip(lower=0.0).sum()
    return float(heating), float(cooling)
