"""What an hour brings to every plane, worked out by pvlib once for a weather year.

Transposition models are linear in three numbers of a plane (the cosine of the angle of
incidence, half of one plus the cosine and the sine of its tilt), and cell temperature in
the light it receives. So an hour is a row of coefficients, which pvlib gives away when it is
asked for one plane that looks into the sun, and the kernel multiplies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pvlib

from hexi_solar.config import PV
from hexi_solar.yields.chain import cell_temperature, inverter_pdc0, loss_factor
from hexi_solar.yields.light import as_columns
from hexi_solar.yields.sky import Floats, Planes, Sky

Whole = npt.NDArray[np.int64]
ETA_REF = 0.9637  # of the inverters that PVWatts' curve was drawn after
CURVE = (-0.0059, 0.9858, -0.0162)  # of that curve: power lost, efficiency, its fall


@dataclass(frozen=True)
class HourTable:
    """The hours of a weather year, sorted by month.

    Columns of `rack` and `flush`: the sun's direction (3: east, north, up), light of beam,
    circumsolar (both for a plane that faces the sun), isotropic sky, horizon and ground
    (for planes that see nothing else) [W/m²], DC power per light [1/(W/m²)] and its change
    with light [1/(W/m²)²], then the inverter's power per kW of modules: slope and curvature
    in DC before losses. [kW/kWp]
    """

    rack: Floats
    """For rows on a rack."""
    flush: Floats
    """For modules close to the roof."""
    months: Whole
    """Where each month starts, 13 numbers."""
    elevation: Floats
    """Of the sun. [°]"""
    azimuth: Floats
    """Of the sun. [°]"""
    idle: float
    """What the inverter takes itself. [kW/kWp]"""
    limit: float
    """The most it gives. [kW/kWp]"""

    def __len__(self) -> int:
        return len(self.elevation)


def hour_table(sky: Sky, settings: PV, albedo: float) -> HourTable:
    """
    Work out what the hours of a year bring to every plane.

    Parameters
    ----------
    sky
        Hours with light.
    settings
        Models and losses.
    albedo
        Of what the planes see below the horizon. [-]
    """
    order = np.argsort(sky.month, kind="stable")
    light = np.column_stack([*_sun_vector(sky), *_light(sky, settings, albedo)])
    rack, flush = (
        np.column_stack([light, *_power(sky, settings, close), *_inverter(sky, settings)])[order]
        for close in (False, True)
    )
    idle, limit = _inverter_ends(settings)
    return HourTable(
        rack,
        flush,
        np.searchsorted(sky.month[order], np.arange(1, 14)).astype(np.int64),
        90.0 - sky.apparent_zenith[order],
        sky.azimuth[order],
        idle,
        limit,
    )


def _sun_vector(sky: Sky) -> tuple[Floats, Floats, Floats]:
    """Point at the sun: east, north, up."""
    zenith, azimuth = np.radians(sky.apparent_zenith), np.radians(sky.azimuth)
    return np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth), np.cos(zenith)


def _light(sky: Sky, settings: PV, albedo: float) -> list[Floats]:
    """Take pvlib's transposition apart: beam, circumsolar, isotropic, horizon, ground."""
    # a plane that faces the sun sees all kinds of light, and is never level
    tilt = np.clip(sky.apparent_zenith, 1.0, 90.0)
    facing = np.cos(np.radians(sky.apparent_zenith - tilt))
    sun = (sky.apparent_zenith, sky.azimuth)
    if settings.transposition == "perez":
        parts = pvlib.irradiance.perez(
            tilt, sky.azimuth, sky.dhi, sky.dni, sky.dni_extra, *sun, sky.airmass,
            return_components=True,
        )  # fmt: skip
    else:
        parts = pvlib.irradiance.haydavies(
            tilt, sky.azimuth, sky.dhi, sky.dni, sky.dni_extra, *sun, return_components=True
        )
    nothing = np.zeros(len(tilt))
    return [
        sky.dni,
        np.nan_to_num(parts["poa_circumsolar"] / facing),
        np.nan_to_num(parts["poa_isotropic"] / (0.5 * (1.0 + np.cos(np.radians(tilt))))),
        np.nan_to_num(parts.get("poa_horizon", nothing) / np.sin(np.radians(tilt))),
        pvlib.irradiance.get_ground_diffuse(180.0, sky.ghi, albedo),
    ]


def _power(sky: Sky, settings: PV, close: bool) -> tuple[Floats, Floats]:
    """Write DC power as light times (a number plus another times light)."""
    plane = Planes(np.zeros(1), np.zeros(1), np.zeros(1), np.array([close]))
    bright = np.full((len(sky.month), 1), 1000.0)
    warm = cell_temperature(bright, as_columns(sky), plane, settings)[:, 0]
    per_light = (warm - sky.temp_air) / 1000.0
    cold = 1.0 + settings.gamma_pdc * (sky.temp_air - 25.0)
    return cold / 1000.0, settings.gamma_pdc * per_light / 1000.0


def _inverter(sky: Sky, settings: PV) -> tuple[Floats, Floats]:
    """Write AC power as a parabola of DC power before losses: its slope and curvature."""
    factor = loss_factor(sky.month, settings)
    efficiency = settings.eta_inv_nom / ETA_REF
    slope = CURVE[1] * efficiency * factor
    return slope, CURVE[2] * efficiency / inverter_pdc0(settings) * factor**2


def _inverter_ends(settings: PV) -> tuple[float, float]:
    """Return the parabola's constant and the inverter's limit."""
    most = inverter_pdc0(settings)
    return (
        CURVE[0] * settings.eta_inv_nom / ETA_REF * most,
        settings.eta_inv_nom * most,
    )
