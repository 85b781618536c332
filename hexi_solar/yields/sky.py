"""The hours of a weather year, and the planes that look at them.

What every plane asks of an hour (where the sun stands, how much air its light crosses) is
worked out once, by pvlib, for the hours that have light.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sky:
    """The hours of a year that have light, and what no plane changes about them.

    Arrays have one entry per hour with light; `month` counts from 1.
    """

    times: pd.DatetimeIndex
    """Start of each hour."""
    moments: pd.DatetimeIndex
    """When the sun stands where it is taken to stand."""
    month: npt.NDArray[np.int64]
    zenith: Floats
    apparent_zenith: Floats
    azimuth: Floats
    ghi: Floats
    dni: Floats
    dhi: Floats
    dni_extra: Floats
    airmass: Floats
    temp_air: Floats
    wind_speed: Floats
    altitude: float = 0.0
    """Of the station. [m]"""


@dataclass(frozen=True)
class Planes:
    """Planes that modules lie in; arrays of one length.

    `shade_gcr` is the collector width over the distance to the row in front that faces
    the same way, 0 where no row stands in front. [°, -]
    """

    tilt: Floats
    azimuth: Floats
    shade_gcr: Floats
    flush: npt.NDArray[np.bool_]

    def __getitem__(self, which: slice | npt.NDArray[Any]) -> Planes:
        return Planes(
            self.tilt[which], self.azimuth[which], self.shade_gcr[which], self.flush[which]
        )

    @property
    def turned(self) -> Planes:
        """The same planes facing the other way, as the other half of a pair does."""
        return replace(self, azimuth=(self.azimuth + 180.0) % 360.0)

    def __len__(self) -> int:
        return len(self.tilt)


def sky_of(
    weather: pd.DataFrame,
    *,
    latitude: float,
    longitude: float,
    altitude: float,
    sun_offset_minutes: float,
) -> Sky:
    """
    Work out what the hours of a weather year have in common for all planes.

    Parameters
    ----------
    weather
        Table of `schema`: an hour labelled by its start, with time zone.
    latitude, longitude, altitude
        Of the weather station: the sun belongs to the weather. [°, °, m]
    sun_offset_minutes
        Where in the hour the sun's position is taken, from its start. [min]
    """
    times = pd.DatetimeIndex(weather.index)
    moments = times + pd.Timedelta(minutes=sun_offset_minutes)
    sun = pvlib.solarposition.get_solarposition(
        moments, latitude, longitude, altitude, temperature=weather["temp_air"].to_numpy(float)
    )
    lit = (weather["ghi"].to_numpy() > 0) | (weather["dni"].to_numpy() > 0)
    lit |= weather["dhi"].to_numpy() > 0
    sun, weather = sun[lit], weather[lit]
    airmass = pvlib.atmosphere.get_relative_airmass(sun["apparent_zenith"].to_numpy())
    columns = {
        c: weather[c].to_numpy(float) for c in ("ghi", "dni", "dhi", "temp_air", "wind_speed")
    }
    return Sky(
        times=times[lit],
        moments=moments[lit],
        month=times[lit].month.to_numpy(np.int64),
        zenith=sun["zenith"].to_numpy(float),
        apparent_zenith=sun["apparent_zenith"].to_numpy(float),
        azimuth=sun["azimuth"].to_numpy(float),
        dni_extra=pvlib.irradiance.get_extra_radiation(moments[lit]).to_numpy(float),
        airmass=airmass,
        altitude=altitude,
        **columns,
    )


def planes_of(layouts: pd.DataFrame, collector_width_m: float) -> Planes:
    """
    Read the planes of a layout table.

    Parameters
    ----------
    layouts
        Table of `schema`.
    collector_width_m
        Slope length of one row. [m]
    """
    flush = (layouts["arrangement"] == "flush").to_numpy()
    gcr = collector_width_m / layouts["pitch_m"].to_numpy(float)
    return Planes(
        layouts["module_tilt"].to_numpy(float),
        layouts["module_azimuth"].to_numpy(float),
        np.where(flush, 0.0, gcr),
        flush,
    )
