"""Weather files in the formats that are about, each to the same rows.

pvlib reads the formats it knows; its rows keep the file's labels, so each reader here
says what those mean: an hour's end (EPW, TMY3), its start, or the minute of the
satellite's picture (PVGIS, NSRDB).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pvlib

from hexi_solar import config
from hexi_solar.errors import Notices, Problem, WeatherError
from hexi_solar.weather.free_csv import read_free_csv
from hexi_solar.weather.year import fixed_zone

COLUMNS = ("ghi", "dni", "dhi", "temp_air", "wind_speed")
NEEDED = ("ghi", "temp_air", "wind_speed")
Site = tuple[float, float, float]


@dataclass(frozen=True)
class Record:
    """The rows of one file, and where they were taken."""

    table: pd.DataFrame
    """Columns of `schema.WEATHER`, dni and dhi only if given; labels with their zone."""
    place: Site
    """Latitude, longitude, altitude. [°], [°], [m]"""
    zone: str
    """Time zone of the station."""
    declared: float | None = None
    """Minute from the label at which the file says the sun stands. [min]"""


def read_record(
    path: Path, settings: config.Weather, notices: Notices, site: Site | None
) -> Record:
    """
    Read the rows of one file.

    Parameters
    ----------
    path
        The file.
    settings
        `[weather]` of the plan: format if it is not to be found out, and what a free CSV
        does not say itself.
    notices
        Takes a note where the site stands in for a place that a free CSV does not give.
    site
        Latitude, longitude and altitude of the district, if known. [°], [°], [m]

    Returns
    -------
    record
        Labels at the start of the hour, or within it.

    Raises
    ------
    WeatherError
        If there is no such file, or it cannot be read as the format it seems to be.
    """
    where = path.name
    text = _text(path)
    kind = settings.format or find_format(path, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if kind == "csv":
                table, place, zone = read_free_csv(text, where, settings, notices, site)
                record = Record(table, place, zone)
            else:
                record = READERS[kind](text)
    except WeatherError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        found = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        facts = {"file": where, "format": kind, "found": found}
        raise WeatherError(Problem("weather_unreadable", facts)) from error
    return _checked(record, where)


def _text(path: Path) -> str:
    """Read a text file, whatever its encoding."""
    if not path.is_file():
        raise WeatherError(Problem("weather_missing", {"file": str(path)}))
    try:
        data = path.read_bytes()
        return decode(data)
    except (OSError, UnicodeDecodeError, UnicodeError) as error:
        facts = {"file": path.name, "format": "text", "found": str(error)[:200]}
        raise WeatherError(Problem("weather_unreadable", facts)) from error


def decode(data: bytes) -> str:
    """
    Turn bytes into text: by their mark, else UTF-8, else the Chinese GB 18030.

    Examples
    --------
    >>> decode("时间".encode("gbk"))
    '时间'
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if b"\0" in data[:4096]:
        message = "not a text file"
        raise UnicodeError(message)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def find_format(path: Path, text: str) -> str:
    """
    Tell the format of a weather file from its first lines.

    Examples
    --------
    >>> find_format(Path("a.csv"), "Latitude (decimal degrees): 39.1")
    'pvgis'
    """
    first, second = [*text.lstrip().split("\n", 2), "", ""][:2]
    if path.suffix.lower() == ".epw" or first.startswith("LOCATION,"):
        return "epw"
    if path.suffix.lower() == ".json" or first.startswith("{"):
        return "pvgis"
    if first.startswith("Latitude (decimal degrees)"):
        return "pvgis"
    if first.startswith("Source,") and "Location ID" in first:
        return "nsrdb"
    if "Date (MM/DD/YYYY)" in second:
        return "tmy3"
    return "csv"


def _epw(text: str) -> Record:
    """Read an EnergyPlus file; pvlib moves its labels from the end of the hour to the start."""
    table, meta = pvlib.iotools.read_epw(io.StringIO(text))
    place = (meta["latitude"], meta["longitude"], meta["altitude"])
    return Record(table, place, fixed_zone(meta["TZ"]))


def _tmy3(text: str) -> Record:
    """Read a TMY3 file, whose labels stand at the end of the hour."""
    table, meta = pvlib.iotools.read_tmy3(io.StringIO(text))
    place = (meta["latitude"], meta["longitude"], meta["altitude"])
    table = table.set_axis(pd.DatetimeIndex(table.index))
    if table.index[0].hour == 1:
        table = table.set_axis(table.index - pd.Timedelta(hours=1))
    return Record(table, place, fixed_zone(meta["TZ"]))


def _nsrdb(text: str) -> Record:
    """Read a file of the National Solar Radiation Database, labelled at the minute of its sun."""
    text = text.replace("\r\n", "\n")
    table, meta = pvlib.iotools.read_nsrdb_psm4(io.StringIO(text))
    place = (meta["latitude"], meta["longitude"], float(meta["altitude"]))
    return Record(table, place, fixed_zone(meta["Local Time Zone"]), _minute(table))


def _pvgis(text: str) -> Record:
    """Read a PVGIS file, a typical year or hours, in UTC."""
    kind = "json" if text.lstrip().startswith("{") else "csv"
    if "time(UTC)" in text:
        buffer: Any = io.StringIO(text) if kind == "json" else io.BytesIO(text.encode())
        table, meta = pvlib.iotools.read_pvgis_tmy(buffer, pvgis_format=kind)
        declared = _declared_hours(meta["inputs"])
    else:
        table, meta = pvlib.iotools.read_pvgis_hourly(io.StringIO(text), pvgis_format=kind)
        table = _horizontal(table, _slope(meta["inputs"]))
        declared = _minute(table)
    where = meta["inputs"].get("location", meta["inputs"])
    place = (float(where["latitude"]), float(where["longitude"]), float(where["elevation"]))
    return Record(table, place, fixed_zone(round(place[1] / 15)), declared)


def _declared_hours(inputs: dict[str, Any]) -> float | None:
    """Return the minute after the label at which the satellite looked, if a file says it."""
    where = inputs.get("location", inputs)
    for key in ("irradiance time offset", "irradiance_time_offset"):
        if key in where:
            return float(where[key]) * 60
    return None


def _slope(inputs: dict[str, Any]) -> float:
    """Return the slope of the plane that PVGIS was asked for. [°]."""
    if "mounting_system" in inputs:
        return float(inputs["mounting_system"]["fixed"]["slope"]["value"])
    return float(str(inputs.get("Slope", "0")).split()[0])


def _horizontal(table: pd.DataFrame, slope: float) -> pd.DataFrame:
    """Take the plane of a PVGIS file for the horizontal one, which it must be."""
    if slope:
        raise WeatherError(Problem("weather_tilted", {"slope": f"{slope:g}"}))
    if "poa_direct" in table:
        diffuse = table["poa_sky_diffuse"]
        return table.assign(ghi=table["poa_direct"] + diffuse, dhi=diffuse)
    return table.assign(ghi=table["poa_global"])


def _minute(table: pd.DataFrame) -> float | None:
    """Return the minute of all labels, if they share one."""
    minutes = pd.DatetimeIndex(table.index).minute.unique()
    return float(minutes[0]) if len(minutes) == 1 else None


READERS: dict[str, Callable[[str], Record]] = {
    "epw": _epw,
    "tmy3": _tmy3,
    "nsrdb": _nsrdb,
    "pvgis": _pvgis,
}


def _checked(record: Record, where: str) -> Record:
    """Keep the columns that are used; refuse rows without them, or without any row."""
    table = record.table
    problems = [
        Problem("weather_no_column", {"file": where, "column": c, "found": _some(table.columns)})
        for c in NEEDED
        if c not in table
    ]
    if not len(table):
        problems.append(Problem("weather_rows", {"file": where, "count": 0}))
    latitude, longitude, _ = record.place
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        found = f"{latitude:g}, {longitude:g}"
        problems.append(Problem("weather_no_place", {"file": where, "found": found}))
    if problems:
        raise WeatherError(*problems)
    kept = table[[c for c in COLUMNS if c in table]].apply(pd.to_numeric, errors="coerce")
    return Record(kept.astype(float), record.place, record.zone, record.declared)


def _some(names: pd.Index) -> str:
    """Name some columns."""
    return ", ".join(str(n) for n in names[:12]) + (", ..." if len(names) > 12 else "")
