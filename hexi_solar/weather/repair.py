"""What cannot be true in a weather file, and what is put in its place.

Every limit is one of physics, so a clean file passes unchanged. What fails one is
counted by its kind and rebuilt from the rest of the same file; a file in which too
much would have to be rebuilt is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from hexi_solar.errors import Notices, Problem, WeatherError
from hexi_solar.weather.closure import Array, sun_zenith
from hexi_solar.weather.year import labels_of

Mask = npt.NDArray[np.bool_]

LIGHT = ("ghi", "dni", "dhi")
# values outside are codes for "missing" (9999, 99.9, 999, -999, -9900), not weather
BELIEVED = {
    "ghi": (-20.0, 2000.0),
    "dni": (-20.0, 1e6),
    "dhi": (-20.0, 2000.0),
    "temp_air": (-60.0, 60.0),
    "wind_speed": (0.0, 90.0),
}
MISSING_DNI = (9999.0, 99999.0)
# more than this share of the year (of its daylight, for light) is not repaired. [-]
MOST_REPAIRED = 0.1
# more light than this share of the year's at night tells a wrong zone or place. [-]
MOST_AT_NIGHT = 0.01
TWILIGHT = 96.0
LOWEST_SUN = 87.0


def blank_missing(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Mask]]:
    """
    Turn codes for "missing" into NaN.

    Parameters
    ----------
    table
        Columns of `schema.WEATHER` as they were read; dni and dhi may be absent.

    Returns
    -------
    table, missing
        With NaN for what is missing and for columns that are absent; and which hours,
        by ``missing_<column>``, of the columns that are there.
    """
    table = table.copy()
    missing = {}
    for column, (low, high) in BELIEVED.items():
        if column not in table:
            table[column] = np.nan
            continue
        values = table[column].to_numpy(float)
        with np.errstate(invalid="ignore"):
            coded = ~((values >= low) & (values <= high))
        if column == "dni":
            coded |= np.isin(values, MISSING_DNI)
        table[column] = np.where(coded, np.nan, values)
        missing[f"missing_{column}"] = coded
    return table, missing


def repair(
    table: pd.DataFrame,
    place: tuple[float, float, float],
    offset: float,
    where: str,
    notices: Notices,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """
    Rebuild what is missing or cannot be true.

    Parameters
    ----------
    table
        One year with the columns of `schema.WEATHER`; dni and dhi may be absent.
    place
        Latitude, longitude and altitude. [°], [°], [m]
    offset
        Minute of the sun from the label. [min]
    where
        The file's name.
    notices
        Takes a note per kind of repair, with the first hours.

    Returns
    -------
    table, repairs
        Columns of `schema.WEATHER`, and the hours repaired by kind.

    Raises
    ------
    WeatherError
        If more than a tenth of a quantity would have to be rebuilt, or if the sun
        shines at night: zone or place are wrong.
    """
    raw = table
    table, found = blank_missing(table)
    zenith = sun_zenith(labels_of(table), *place, offset)
    highest = np.minimum.reduce(
        [zenith, *(sun_zenith(labels_of(table), *place, offset + m) for m in (-30.0, 30.0))]
    )
    _negative_light(table, found)
    problems = _night_light(table, highest, found, where)
    _too_much_light(table, highest, found)
    problems += _too_many(found, highest < 90, labels_of(table), where)
    if problems:
        raise WeatherError(*problems)

    _fill_weather(table)
    _fill_global(table, zenith, place)
    _split(table, zenith, highest, found, absent={"dni", "dhi"} - set(raw.columns))
    repairs = {kind: int(mask.sum()) for kind, mask in found.items() if mask.any()}
    for kind, count in repairs.items():
        facts = {"file": where, "count": count, "hours": _first(labels_of(table)[found[kind]])}
        if kind == "dni_beyond_physics":
            facts["highest"] = f"{raw['dni'].to_numpy(float)[found[kind]].max():.0f}"
        notices.add("repaired", f"weather_{kind}", **facts)
    return table[list(BELIEVED)], repairs


def _negative_light(table: pd.DataFrame, found: dict[str, Mask]) -> None:
    """Set light below zero (the zero error of an instrument at night) to zero."""
    found["negative_light"] = np.zeros(len(table), bool)
    for column in LIGHT:
        below = (table[column] < 0).to_numpy()
        found["negative_light"] |= below
        table.loc[below, column] = 0.0


def _night_light(
    table: pd.DataFrame, highest: Array, found: dict[str, Mask], where: str
) -> list[Problem]:
    """Put out light in hours that lie wholly after civil twilight; refuse bright nights."""
    night = highest > TWILIGHT
    lit = night & (table[list(LIGHT)].fillna(0).to_numpy() > 0).any(axis=1)
    share = table["ghi"][night].sum() / max(table["ghi"].sum(), 1e-9)
    if share > MOST_AT_NIGHT:
        hours = _first(labels_of(table)[lit])
        facts = {"file": where, "count": int(lit.sum()), "share": f"{share:.1%}", "hours": hours}
        return [Problem("weather_sun_at_night", facts)]
    table.loc[night, list(LIGHT)] = 0.0
    found["light_at_night"] = lit
    for column in LIGHT:
        if f"missing_{column}" in found:
            found[f"missing_{column}"] &= ~night
    return []


def _too_much_light(table: pd.DataFrame, highest: Array, found: dict[str, Mask]) -> None:
    """
    Blank irradiance above the limits of the Baseline Surface Radiation Network.

    The limits for global and diffuse irradiance are its "physically possible" ones, for
    beam the "extremely rare" one, which is near the best clear sky; each with the
    highest sun of the hour [1]_.

    References
    ----------
    .. [1] C. N. Long and Y. Shi, "An automated quality assessment and control algorithm
       for surface radiation measurements," The Open Atmospheric Science Journal, vol. 2,
       pp. 23-37, 2008, :doi:`10.2174/1874282300802010023`.
    """
    for column, limit in light_limits(labels_of(table), highest).items():
        above = (table[column].to_numpy(float) > limit) & (highest <= TWILIGHT)
        table.loc[above, column] = np.nan
        found[f"{column}_beyond_physics"] = above


def light_limits(hours: pd.DatetimeIndex, zenith: Array) -> dict[str, Array]:
    """
    Calculate the most irradiance that is believed, from the height of the sun.

    Parameters
    ----------
    hours
        Labels with their time zone.
    zenith
        Of the sun. [°]

    Returns
    -------
    limits
        Of ghi, dni and dhi. [W/m²]

    Examples
    --------
    >>> noon = pd.DatetimeIndex(["2023-04-04 12:00+08:00"])
    >>> {k: float(v.round()[0]) for k, v in light_limits(noon, np.array([0.0])).items()}
    {'ghi': 2148.0, 'dni': 1307.0, 'dhi': 1347.0}
    """
    extra = pvlib.irradiance.get_extra_radiation(hours).to_numpy()
    up = np.maximum(np.cos(np.radians(zenith)), 0)
    return {
        "ghi": 1.5 * extra * up**1.2 + 100,
        "dni": 0.95 * extra * up**0.2 + 10,
        "dhi": 0.95 * extra * up**1.2 + 50,
    }


def _too_many(
    found: dict[str, Mask], daylight: Mask, hours: pd.DatetimeIndex, where: str
) -> list[Problem]:
    """Name the quantities of which more than a tenth would be invented."""
    problems = []
    for column in BELIEVED:
        bad = np.zeros(len(hours), bool)
        for kind in (f"missing_{column}", f"{column}_beyond_physics"):
            bad |= found.get(kind, False)
        of = daylight if column in LIGHT else np.ones(len(hours), bool)
        if (bad & of).sum() > MOST_REPAIRED * of.sum():
            facts = {"file": where, "column": column, "count": int((bad & of).sum())}
            facts |= {"total": int(of.sum()), "hours": _first(hours[bad & of])}
            problems.append(Problem("weather_too_many", facts))
    return problems


def _fill_weather(table: pd.DataFrame) -> None:
    """Draw a straight line over missing temperatures and wind speeds."""
    for column in ("temp_air", "wind_speed"):
        table[column] = table[column].interpolate(limit_direction="both")


def _fill_global(table: pd.DataFrame, zenith: Array, place: tuple[float, float, float]) -> None:
    """Close missing global irradiance: from its parts, else with the sky of the hours around."""
    parts = table["dhi"] + table["dni"] * np.maximum(np.cos(np.radians(zenith)), 0)
    table["ghi"] = table["ghi"].fillna(parts)
    if table["ghi"].isna().any():
        clear = pvlib.clearsky.haurwitz(pd.Series(zenith, table.index))["ghi"]
        seen = (table["ghi"] / clear.where(clear > 20)).interpolate(limit_direction="both")
        table["ghi"] = table["ghi"].fillna(seen * clear)


def _split(
    table: pd.DataFrame,
    zenith: Array,
    highest: Array,
    found: dict[str, Mask],
    absent: Iterable[str],
) -> None:
    """
    Complete beam and diffuse irradiance where one of them is unknown.

    Diffuse follows from beam and beam from diffuse by closure while the sun is up and
    the result is believable; else both follow from global irradiance by Erbs-Driesse. That model,
    not DIRINT, because it needs nothing but the hour itself (no pressure, no dew
    point, no hour before or after), is smooth, and closes exactly.
    """
    up = np.maximum(np.cos(np.radians(zenith)), 0)
    limit = light_limits(labels_of(table), highest)["dni"]
    sun = zenith < LOWEST_SUN
    ghi = table["ghi"].to_numpy(float)
    dni, dhi = table["dni"].to_numpy(float).copy(), table["dhi"].to_numpy(float).copy()
    unknown = np.isnan(dni) | np.isnan(dhi)

    with np.errstate(invalid="ignore", divide="ignore"):
        closed = np.where(sun, (ghi - dhi) / np.where(sun, up, 1), 0)
        beam_known = np.isnan(dhi) & (dni * up <= ghi)
        dhi = np.where(beam_known, ghi - dni * up, dhi)
        diffuse_known = np.isnan(dni) & sun & (closed >= 0) & (closed <= limit)
        dni = np.where(diffuse_known, closed, dni)

    rest = np.isnan(dni) | np.isnan(dhi)
    split_dni, split_dhi = decompose(labels_of(table), ghi, zenith, limit)
    table["dni"], table["dhi"] = np.where(rest, split_dni, dni), np.where(rest, split_dhi, dhi)
    for column in absent:
        found[f"{column}_rebuilt"] = unknown & (ghi > 0)

    # light before sunrise has no direction: the sun stands below the horizon
    low = (zenith >= 90) & (table["dni"].to_numpy(float) > 0)
    table.loc[low, "dhi"] = ghi[low]
    table.loc[low, "dni"] = 0.0
    found["beam_below_horizon"] = low & ~unknown


def decompose(
    hours: pd.DatetimeIndex, ghi: Array, zenith: Array, limit: Array
) -> tuple[Array, Array]:
    """
    Split global irradiance into beam and diffuse after Erbs and Driesse.

    Parameters
    ----------
    hours
        Labels with their time zone.
    ghi
        [W/m²]
    zenith
        Of the sun that the hour's irradiance belongs to. [°]
    limit
        Most beam that is believed. [W/m²]

    Returns
    -------
    dni, dhi
        Closed exactly: ``ghi = dhi + dni cos z``. Below 3° of sun all light is diffuse. [W/m²]
    """
    extra = pvlib.irradiance.get_extra_radiation(hours).to_numpy()
    parts = pvlib.irradiance.erbs_driesse(ghi, zenith, dni_extra=extra, max_zenith=LOWEST_SUN)
    dni = np.minimum(np.nan_to_num(parts["dni"]), limit)
    dhi = ghi - dni * np.maximum(np.cos(np.radians(zenith)), 0)
    return dni, dhi


def _first(hours: pd.DatetimeIndex) -> str:
    """Name the first hours of many."""
    return ", ".join(f"{h:%m-%d %H:%M}" for h in hours[:3]) + (", ..." if len(hours) > 3 else "")
