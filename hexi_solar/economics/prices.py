"""What a kilowatt-hour that is not bought saves a building, on average over its hours."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hexi_solar.config import Economics
from hexi_solar.economics.calendar import hours_of_year
from hexi_solar.economics.load import load_shape
from hexi_solar.economics.portfolio import refuse_unknown, tariffs_of
from hexi_solar.economics.tariffs import Tariff, built_in_tariffs
from hexi_solar.facts import fact


def prices_of_use(
    buildings: pd.DataFrame,
    settings: Economics,
    tariffs: Mapping[str, Tariff] | None = None,
) -> pd.DataFrame:
    """
    Weigh each building's tariff by the hours in which its owner type uses electricity.

    Parameters
    ----------
    buildings
        With `owner_type`.
    settings
        Of the plan.
    tariffs
        More tariffs by name, from files.

    Returns
    -------
    prices
        `tariff`, `tariff_source`, `price_cny_kwh` (nominal, with VAT), `day_share` (part of
        the use in the hours of day of `facts/retrofit.toml`) and `peak_share` (use in the
        highest hour over that of the year).

    Raises
    ------
    ConfigError
        If a tariff is named that there is not, or the year's holidays are not published.
    """
    table = pd.DataFrame({"owner_type": buildings["owner_type"].fillna("unknown").astype(str)})
    known = dict(built_in_tariffs()) | dict(tariffs or {})
    table["tariff"], table["tariff_source"] = tariffs_of(table, None, settings)
    refuse_unknown(table["tariff"], known)
    hours = hours_of_year(settings.calendar_year)
    first, last = fact("retrofit.day_hours")
    day = (hours.hour >= first) & (hours.hour < last)
    shapes = {t: load_shape(t, hours) for t in table["owner_type"].unique()}
    pairs = table[["owner_type", "tariff"]].drop_duplicates()
    price = {(t, n): float(shapes[t] @ known[n].hourly(hours)) for t, n in pairs.to_numpy()}
    keys = zip(table["owner_type"], table["tariff"], strict=True)
    table["price_cny_kwh"] = [price[key] for key in keys]
    for name, found in (
        ("day_share", {t: float(s[day].sum()) for t, s in shapes.items()}),
        ("peak_share", {t: float(s.max()) for t, s in shapes.items()}),
    ):
        table[name] = table["owner_type"].map(found)
    return table.drop(columns="owner_type")
