"""The light of actual months in the planes of a study's modules, over that of the model's year.

Roofs of like orientation share their light (the classes of `valuation`), so that some
thousand hours are transposed a few dozen times, not once per roof. The sky is taken as
open in both: what stands around takes about the same share of either.
"""

from __future__ import annotations

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import Notices
from hexi_solar.inputs import Place
from hexi_solar.valuation import Orientations, orientation_classes
from hexi_solar.weather import WeatherYear, read_periods, read_weather
from hexi_solar.yields import hourly_chain, sky_of


def month_light(
    plan: Plan, layouts: pd.DataFrame, place: Place, notices: Notices
) -> pd.DataFrame | None:
    """
    Compare the light in the modules' planes, month by month, with that of the model's year.

    Parameters
    ----------
    plan
        For `[weather]` with its `period_paths`, `[pv]` and `[site]`.
    layouts
        Table of `schema`, of the buildings that are metered.
    place
        Where they stand.
    notices
        Takes what is repaired in the files.

    Returns
    -------
    light
        By building and month ("2025-03"), roofs weighed by their capacity: `factor`, in-plane
        irradiation of the month over that of the model's calendar month [-], and
        `poa_kwh_m2`, that irradiation. Months of which hours are missing are left out, and
        of months that two files have the first is taken. None where the plan names no file.
    """
    if not plan.weather.period_paths:
        return None
    site = (place.latitude, place.longitude, plan.site.altitude)
    measured = read_periods(plan.weather, site, notices)
    # the years of the study: what there is to say of them was said when it was carried out
    usual = read_weather(plan.weather, *site, plan.site.tz, Notices())
    built = layouts[layouts["capacity_kwp"] > 0]
    kinds = orientation_classes(built, plan.layout.module_length_m)
    whole = pd.concat([_month_sums(plan, kinds, p) for p in measured])
    whole = whole[~whole.index.duplicated()].sort_index()
    months = pd.concat([_month_sums(plan, kinds, y) for y in usual])
    calendar = months.groupby(pd.PeriodIndex(months.index).month).mean()
    usual_of_each = calendar.reindex(pd.PeriodIndex(whole.index).month).set_axis(whole.index)
    ratio = whole.div(usual_of_each)
    return pd.DataFrame(
        {
            "factor": _per_building(ratio, kinds, built),
            "poa_kwh_m2": _per_building(whole, kinds, built),
        }
    )


def _month_sums(plan: Plan, kinds: Orientations, year: WeatherYear) -> pd.DataFrame:
    """Add up the light in each class of planes by whole month of the site's time. [kWh/m²]"""
    sky = sky_of(
        year.table,
        latitude=year.latitude,
        longitude=year.longitude,
        altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )
    albedo = plan.site.albedo
    light = hourly_chain(sky, kinds.planes, plan.pv, albedo).poa_global
    pairs = kinds.pairs
    if pairs.any():
        turned = hourly_chain(sky, kinds.planes[pairs].turned, plan.pv, albedo).poa_global
        light[:, pairs] = 0.5 * (light[:, pairs] + turned)
    sums = pd.DataFrame(light / 1000.0).groupby(_months(sky.times, plan.site.tz)).sum()
    hours = pd.Series(1, index=year.table.index).groupby(
        _months(pd.DatetimeIndex(year.table.index), plan.site.tz)
    ).size()  # fmt: skip
    most = pd.PeriodIndex(hours.index).days_in_month * 24
    # an hour may be missing where a station's time is not the site's
    full = hours.index[(hours >= most - 1).to_numpy()]
    if year.source != "file" or not len(full):
        full = hours.index
    return sums.reindex(full).fillna(0.0)


def _months(times: pd.DatetimeIndex, tz: str) -> pd.PeriodIndex:
    """Say to which month of the site's time each hour belongs."""
    return pd.PeriodIndex(times.tz_convert(tz).tz_localize(None), freq="M")


def _per_building(table: pd.DataFrame, kinds: Orientations, layouts: pd.DataFrame) -> pd.Series:
    """Average classes over the roofs of each building, weighed by capacity."""
    weight = layouts["capacity_kwp"].to_numpy(float)
    building = layouts["building_id"].to_numpy()
    roofs = pd.DataFrame(table[kinds.classes].to_numpy() * weight, index=table.index.astype(str))
    sums = roofs.T.groupby(building).sum().div(pd.Series(weight).groupby(building).sum(), axis=0)
    long = pd.Series(sums.stack())
    return long.rename_axis(index=["building_id", "month"])
