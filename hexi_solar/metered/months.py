"""Every system and month: metered generation, expected generation, and what that looks like."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.schema import METERED

BUILT = ("connected", "operating")


def specific_months(yields: pd.DataFrame, layouts: pd.DataFrame) -> pd.DataFrame:
    """
    Calculate the specific yield of each building by month of the model's year.

    Parameters
    ----------
    yields
        With `building_id` and `energy_ac_01_kwh` to `energy_ac_12_kwh`, per roof.
    layouts
        With `capacity_kwp`, indexed like `yields`.

    Returns
    -------
    specific
        Buildings by months 1 to 12; NaN where no module fits. [kWh/kWp]
    """
    columns = [f"energy_ac_{m:02d}_kwh" for m in range(1, 13)]
    building = yields["building_id"].to_numpy()
    energy = yields[columns].groupby(building).sum()
    capacity = layouts["capacity_kwp"].reindex(yields.index).groupby(building).sum()
    specific = energy.div(capacity.where(capacity > 0), axis=0)
    specific.columns = pd.RangeIndex(1, 13)
    return specific.rename_axis(index="building_id")


def light_of(weather: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """
    Compare the light of each month of a period with the same month of the model's year.

    Parameters
    ----------
    weather
        Hours of the period, with `ghi`, index with time zone. [W/m²]
    reference
        Hours of the model's year, the same way.

    Returns
    -------
    light
        By month ("2025-03"): `factor`, horizontal irradiation of the month over that of
        the model's; months of which hours are missing are left out. In-plane irradiation
        of the same months, where someone has it, replaces `factor` and adds
        `poa_kwh_m2`. [-]
    """
    found = _month_sums(weather)
    usual = _month_sums(reference)
    calendar = usual["ghi"].groupby(usual["calendar"]).mean()
    whole = found[found["hours"] >= found["days"] * 24 - 1]
    factor = whole["ghi"] / whole["calendar"].map(calendar)
    index = pd.Index(whole.index.astype(str), name="month", dtype=object)
    return pd.DataFrame({"factor": factor.to_numpy()}, index=index)


def _month_sums(weather: pd.DataFrame) -> pd.DataFrame:
    """Add up hours by their month in local time."""
    months = pd.DatetimeIndex(weather.index).tz_localize(None).to_period("M")
    grouped = weather["ghi"].groupby(months)
    sums = pd.DataFrame({"ghi": grouped.sum(), "hours": grouped.size()})
    period = pd.PeriodIndex(sums.index)
    return sums.assign(calendar=period.month, days=period.days_in_month)


def metered_months(
    projects: pd.DataFrame,
    readings: pd.DataFrame,
    specific: pd.DataFrame,
    *,
    on: dt.date,
    light: pd.DataFrame | None = None,
    ageing: float = float(fact("pv.degradation.per_year")),
    within_days: int = int(fact("supervision.metered.reading_days")),
) -> pd.DataFrame:
    r"""
    Hold the metered generation of every system and month against the expected one.

    Parameters
    ----------
    projects
        States of projects, with `building_id`, `capacity_kwp`, `stage`, `connected_on`.
    readings
        `schema.READINGS`.
    specific
        From `specific_months`.
    on
        Today.
    light
        By month, or by building and month: `factor`, the month's in-plane irradiation over
        that of the model's weather, and, if known, `poa_kwh_m2`, that irradiation. Months
        that are not in it stand uncorrected.
    ageing
        Loss of power per year after the first. [1/a]
    within_days
        Days after its end by which a month is read; later months are not looked at. [d]

    Returns
    -------
    metered
        Table of `schema`: one row for every month from a system's connection on.

    Notes
    -----
    .. math:: E = y_m P s (1-d)^a \frac{H}{H_m}, \qquad PR = \frac{E_{metered}/P}{s H / G_{STC}}

    with the model's specific yield y, capacity P, part of the month s, years a since the
    connection, in-plane irradiation H and that of the model's month.
    """
    rows = _system_months(projects, on - dt.timedelta(days=within_days))
    table = rows.join(readings, on=["entity", "month"])
    month = pd.PeriodIndex(table["month"], freq="M")
    stacked = specific.stack()
    keys = pd.MultiIndex.from_arrays([table["building_id"], month.month])
    table["specific"] = stacked.reindex(keys).to_numpy(float)
    table = _lit(table, light)
    middle = month.to_timestamp() + pd.Timedelta(days=14)
    years = (middle - pd.DatetimeIndex(table["connected_on"])).days.to_numpy() / 365.25
    aged = (1.0 - ageing) ** np.clip(years, 0.0, None)
    size = table["capacity_kwp"] * table["connected_share"]
    table["expected_kwh"] = table["specific"] * size * aged * table["light_factor"]
    table["ratio"] = table["generation_kwh"] / table["expected_kwh"].where(
        table["expected_kwh"] > 0
    )
    table["final_yield_h"] = table["generation_kwh"] / table["capacity_kwp"]
    # H / G_stc has the same number as the irradiation in kWh/m²
    table["reference_yield_h"] = table["poa_kwh_m2"] * table["connected_share"]
    table["performance_ratio"] = table["final_yield_h"] / table["reference_yield_h"]
    parts = table["self_use_kwh"] + table["feed_in_kwh"]
    given = table["generation_kwh"].where(table["generation_kwh"] > 0)
    table["balance"] = (parts - given) / given
    table["best"] = specific.max().reindex(month.month).to_numpy(float)
    table["meter_state"] = _states(table)
    return table.set_index(["entity", "month"])[METERED.names].sort_index()


def _system_months(projects: pd.DataFrame, on: dt.date) -> pd.DataFrame:
    """List the months of every standing system, with the part that it was connected in."""
    standing = projects[projects["stage"].isin(BUILT) & projects["connected_on"].notna()]
    last = pd.Period(on + dt.timedelta(days=1), "M") - 1
    found = []
    for entity, building, kwp, start in zip(
        standing.index,
        standing["building_id"],
        standing["capacity_kwp"],
        standing["connected_on"],
        strict=True,
    ):
        months = pd.period_range(pd.Period(start, "M"), last, freq="M")
        share = np.ones(len(months))
        if len(months):
            share[0] = (months[0].days_in_month - start.day + 1) / months[0].days_in_month
        about = {
            "entity": entity,
            "building_id": building,
            "capacity_kwp": kwp,
            "connected_on": start,
        }
        found.append(pd.DataFrame(about | {"month": months.astype(str), "connected_share": share}))
    columns = ["entity", "building_id", "capacity_kwp", "connected_on", "month", "connected_share"]
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    table["connected_on"] = table["connected_on"].astype("datetime64[us]")
    kinds = {"capacity_kwp": float, "connected_share": float, "entity": object, "month": object}
    return table.astype(kinds)


def _lit(table: pd.DataFrame, light: pd.DataFrame | None) -> pd.DataFrame:
    """Add the light of each month where it is given."""
    known = pd.DataFrame(columns=["factor", "poa_kwh_m2"], dtype=float)
    keys: pd.Index = pd.Index(table["month"])
    if light is not None:
        known = light.reindex(columns=["factor", "poa_kwh_m2"]).astype(float)
        if light.index.nlevels > 1:
            keys = pd.MultiIndex.from_arrays([table["building_id"], table["month"]])
        known = known.reindex(keys)
    else:
        known = known.reindex(range(len(table)))
    factor = known["factor"].to_numpy(float)
    table["corrected"] = ~np.isnan(factor)
    table["light_factor"] = np.where(np.isnan(factor), 1.0, factor)
    table["poa_kwh_m2"] = known["poa_kwh_m2"].to_numpy(float)
    return table


def _states(table: pd.DataFrame) -> pd.Series:
    """
    Say what each month looks like.

    What is possible follows from the best roof of the district, not from the system's own:
    where the model shades a roof too much, its meter is right and the model is not.
    """
    corrected = table["corrected"]
    low = np.where(corrected, limit("low"), limit("low_uncorrected"))
    above = np.where(corrected, limit("above"), limit("above_uncorrected"))
    ratio = table["ratio"]
    most = table["best"] * table["light_factor"] * table["connected_share"] * above
    state = np.select(
        [
            table["generation_kwh"].isna(),
            (table["generation_kwh"] == 0) | (ratio < limit("zero")),
            (table["final_yield_h"] > most) | (table["performance_ratio"] > 1.0),
            ratio.isna(),
            ratio < low,
        ],
        ["missing", "zero", "above", "unknown", "low"],
        "ok",
    )
    return pd.Series(state, table.index, dtype=object)


def implied_capacity(metered: pd.DataFrame, *, months: int | None = None) -> pd.Series:
    """
    Find the capacity that each system's best month implies.

    Nothing but dirt, faults and shade lowers a month, so the best whole month is nearest
    to what stands on the roof. Only the sunniest quarter of its months is looked at,
    where shade weighs least; months above what is possible are readings in need of correction
    and are left out.

    Parameters
    ----------
    metered
        From `metered_months`.
    months
        Systems with fewer such months are left out: they may have had no good one yet.

    Returns
    -------
    capacity
        Per project. [kWp]
    """
    least = int(limit("min_months")) if months is None else months
    judged = metered["meter_state"].isin(["ok", "low"]) & (metered["connected_share"] >= 1.0)
    usable = metered[judged]
    usable = usable[usable["ratio"].groupby(level="entity").transform("count") >= least]
    model = usable["expected_kwh"] / usable["light_factor"]
    sunny = model >= model.groupby(level="entity").transform("quantile", 0.75)
    ratio = usable["ratio"][sunny].groupby(level="entity").max()
    capacity = usable["capacity_kwp"].groupby(level="entity").first()
    return (capacity.reindex(ratio.index) * ratio).rename("metered_kwp")


def performance(metered: pd.DataFrame) -> pd.DataFrame:
    """
    Sum the months of each system up: generation, expected, ratio, performance ratio.

    Returns
    -------
    performance
        Per project `months` with a reading, `generation_kwh` and `expected_kwh` of these,
        `ratio`, `performance_ratio` over the months whose irradiation is known, `missing`.
    """
    read = metered["meter_state"].isin(["ok", "low", "zero"])
    kept = metered[["generation_kwh", "expected_kwh"]].where(read)
    grouped = kept.groupby(level="entity")
    table = grouped.sum()
    table.insert(0, "months", grouped["generation_kwh"].count())
    table["ratio"] = table["generation_kwh"] / table["expected_kwh"].where(
        table["expected_kwh"] > 0
    )
    known = read & metered["reference_yield_h"].notna()
    both = (
        metered[["final_yield_h", "reference_yield_h"]].where(known).groupby(level="entity").sum()
    )
    bottom = both["reference_yield_h"]
    table["performance_ratio"] = both["final_yield_h"] / bottom.where(bottom > 0)
    missing = metered["meter_state"] == "missing"
    table["missing"] = missing.groupby(level="entity").sum()
    return table


def usable_months(metered: pd.DataFrame, months: int) -> pd.DataFrame:
    """
    Return the months that can say by how much the model is off.

    Whole months whose reading can be true, of systems with at least so many. A month further
    from its system's median than the limit above allows is a fault, or shade that the model
    has wrong in some season, and so is a system whose median is that far from 1: these are
    for alarms, not for a factor of the district. The cut runs about the median, since one
    about 1 would draw the factor there.
    """
    judged = metered["meter_state"].isin(["ok", "low"]) & (metered["connected_share"] >= 1.0)
    table = metered[judged]
    table = table[table["ratio"].groupby(level="entity").transform("count") >= months]
    edge = np.log(np.where(table["corrected"], limit("above"), limit("above_uncorrected")))
    logs = np.log(table["ratio"])
    middle = logs.groupby(level="entity").transform("median")
    near: pd.Series = ((logs - middle).abs() <= edge) & (middle.abs() <= edge)
    kept: pd.DataFrame = table[near]
    return kept


def limit(name: str) -> float:
    """Return one limit of `facts/supervision.toml`."""
    return float(fact(f"supervision.metered.{name}"))
