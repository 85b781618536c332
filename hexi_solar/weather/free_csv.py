"""Weather in a table of someone's own: columns, units, zone and place named by the plan.

Names that are common in Chinese and English are found without the plan. What cannot be
guessed safely is asked for: the time zone of labels that carry none, and whether a
"direct" irradiance is the one normal to the beam.
"""

from __future__ import annotations

import io
import re

import pandas as pd

from hexi_solar import config
from hexi_solar.errors import Notices, Problem, WeatherError
from hexi_solar.units import fold
from hexi_solar.weather.year import fixed_zone, hours_ahead, standard_offset

# names that mean one thing only, folded; "direct" alone may be on the horizontal
NAMES = {
    "time": ("time", "datetime", "timestamp", "date", "时间", "日期时间", "时刻", "日期"),
    "ghi": ("ghi", "水平面总辐照度", "水平面总辐射", "总辐射", "总辐照度", "总辐射辐照度"),
    "dni": ("dni", "法向直射辐照度", "法向直接辐射", "直接法向辐射", "法向直接辐照度"),
    "dhi": ("dhi", "散射辐照度", "散射辐射", "水平面散射辐照度", "水平面散射辐射"),
    "temp_air": ("temp_air", "temperature", "temp", "气温", "温度", "干球温度", "环境温度"),
    "wind_speed": ("wind_speed", "windspeed", "ws", "风速"),
}
# factor and addend to the unit of our table
UNITS = {
    "light": {
        "": (1.0, 0.0), "w/m2": (1.0, 0.0), "wh/m2": (1.0, 0.0), "kw/m2": (1e3, 0.0),
        "kwh/m2": (1e3, 0.0), "kj/m2": (1 / 3.6, 0.0), "mj/m2": (1e3 / 3.6, 0.0),
        "j/cm2": (1e4 / 3600, 0.0),
    },
    "temp_air": {
        "": (1.0, 0.0), "°c": (1.0, 0.0), "c": (1.0, 0.0), "摄氏度": (1.0, 0.0),
        "k": (1.0, -273.15), "°f": (5 / 9, -160 / 9), "f": (5 / 9, -160 / 9),
    },
    "wind_speed": {
        "": (1.0, 0.0), "m/s": (1.0, 0.0), "米/秒": (1.0, 0.0), "km/h": (1 / 3.6, 0.0),
    },
}  # fmt: skip
Site = tuple[float, float, float]


def read_free_csv(
    text: str, where: str, settings: config.Weather, notices: Notices, site: Site | None
) -> tuple[pd.DataFrame, Site, str]:
    """
    Read a free table of hours.

    Parameters
    ----------
    text
        The file; separated by commas, semicolons or tabs, lines that start with # left out.
    where
        Its name.
    settings
        Columns and units, place and time zone.
    notices
        Takes a note where the site stands in for the station's place.
    site
        Latitude, longitude and altitude of the district, if known. [°], [°], [m]

    Returns
    -------
    table, place, zone
        Rows labelled by the start of their hour or within it, with their zone.

    Raises
    ------
    WeatherError
        If a column of the plan is not there, a unit is not known, labels cannot be read,
        or nobody says the zone or the place.
    """
    frame = pd.read_csv(io.StringIO(text), sep=_separator(text), comment="#", dtype=str)
    frame.columns = frame.columns.str.strip()
    taken, problems = _columns(frame, settings, where)
    place = _place(settings, site, where, notices, problems)
    if problems:
        raise WeatherError(*problems)
    table = pd.DataFrame(
        {name: _numbers(frame[c.column], name, c) for name, c in taken.items() if name != "time"}
    )
    index, zone = _labels(frame[taken["time"].column], settings, place, where)
    return table.set_axis(index), place, zone


def _separator(text: str) -> str:
    """Find what stands between the columns of the first line that counts."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    head = next(lines, "")
    return max((",", ";", "\t"), key=head.count)


def _columns(
    frame: pd.DataFrame, settings: config.Weather, where: str
) -> tuple[dict[str, config.Column], list[Problem]]:
    """Find each of our columns, first as the plan names it."""
    problems = []
    taken = {}
    folded = {_bare(name): name for name in reversed(list(frame.columns))}
    for name, known in NAMES.items():
        asked = settings.columns.get(name)
        column = asked.column if asked else next((folded[k] for k in known if k in folded), "")
        unit = asked.unit if asked else ""
        missing = column not in frame.columns
        if missing and (asked or name not in ("dni", "dhi")):
            found = ", ".join(frame.columns[:12])
            facts = {"file": where, "column": column or name, "found": found}
            problems.append(Problem("weather_no_column", facts))
        elif name != "time" and fold(unit) not in _units(name):
            facts = {"file": where, "column": name, "unit": unit}
            facts["expected"] = ", ".join(u for u in _units(name) if u)
            problems.append(Problem("weather_column_unit", facts))
        elif not missing:
            taken[name] = config.Column(column, unit)
    return taken, problems


def _bare(name: str) -> str:
    """Fold a column's name and leave out a unit in brackets."""
    return re.sub(r"[\[(].*?[\])]", "", fold(name))


def _units(name: str) -> dict[str, tuple[float, float]]:
    """Return the units that a column may be in."""
    return UNITS.get(name, UNITS["light"])


def _numbers(texts: pd.Series, name: str, column: config.Column) -> pd.Series:
    """Bring one column to numbers in our unit; what is no number is missing."""
    factor, addend = _units(name)[fold(column.unit)]
    return pd.to_numeric(texts.str.strip(), errors="coerce") * factor + addend


def _place(
    settings: config.Weather,
    site: Site | None,
    where: str,
    notices: Notices,
    problems: list[Problem],
) -> Site:
    """Take the station's place from the plan, else the site's."""
    altitude = site[2] if site else 0.0
    if settings.latitude is not None and settings.longitude is not None:
        return settings.latitude, settings.longitude, altitude
    if site is None:
        problems.append(Problem("weather_no_place", {"file": where, "found": "-"}))
        return 0.0, 0.0, 0.0
    notices.add("assumed", "weather_place_of_site", file=where)
    return site


def _labels(
    texts: pd.Series, settings: config.Weather, place: Site, where: str
) -> tuple[pd.DatetimeIndex, str]:
    """
    Read time labels and give them their zone.

    24:00 is the next day's 00:00. A year that runs from 01:00 to 00:00 is labelled by the
    ends of its hours, which become starts.
    """
    stamps = _stamps(texts, where)
    try:
        if stamps.tz is not None:
            zone = settings.tz or fixed_zone(hours_ahead(stamps[0]) or round(place[1] / 15))
            pd.Timestamp(2023, 1, 1, tz=zone)
        elif settings.tz:
            zone = settings.tz
            stamps = stamps.tz_localize(fixed_zone(standard_offset(zone)))
        else:
            raise WeatherError(Problem("weather_no_zone", {"file": where}))
    except (KeyError, ValueError) as error:
        if isinstance(error, WeatherError):
            raise
        raise WeatherError(
            Problem("weather_bad_zone", {"file": where, "found": settings.tz})
        ) from error
    if stamps[0].hour == 1 and stamps[-1].hour == 0:
        stamps = stamps - pd.Timedelta(hours=1)
    return stamps, zone


def _stamps(texts: pd.Series, where: str) -> pd.DatetimeIndex:
    """Read labels as they are written in China and elsewhere."""
    plain = texts.astype(str).str.strip().str.replace(r"[年月/]", "-", regex=True)
    plain = plain.str.replace("日", " ").str.replace("时", ":00").str.replace("  ", " ")
    midnight = plain.str.contains(r"[ T]24(?::00)+$")
    plain = plain.str.replace(r"([ T])24((?::00)+)$", r"\g<1>00\g<2>", regex=True)
    aware = plain.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$").all()
    stamps = pd.to_datetime(plain, errors="coerce", format="mixed", utc=bool(aware))
    if stamps.isna().any():
        bad = stamps.isna()
        facts = {"file": where, "count": int(bad.sum()), "found": texts[bad].iloc[0]}
        raise WeatherError(Problem("weather_labels", facts))
    if aware:
        stamps = _written_zone(plain, stamps)
    return pd.DatetimeIndex(stamps + pd.to_timedelta(midnight.astype(int), unit="D"))


def _written_zone(plain: pd.Series, stamps: pd.Series) -> pd.Series:
    """Give labels the distance from UTC they are written with, if it is one."""
    ends = plain.str.extract(r"(Z|[+-]\d\d:?\d\d)$")[0].unique()
    if len(ends) > 1 or ends[0] == "Z":
        return stamps
    sign, hours, minutes = ends[0][0], int(ends[0][1:3]), int(ends[0][-2:])
    ahead = (hours + minutes / 60) * (-1 if sign == "-" else 1)
    return pd.Series(stamps.dt.tz_convert(fixed_zone(ahead)))
