"""From an hour of weather to the kilowatt-hours of a roof, by pvlib's formulas.

Everything that hours need is worked out once per weather year (`Sky`); each plane then
goes through the chain per kilowatt of modules: transposition, shading by the skyline and
the row in front, reflection, cell temperature, DC, losses, inverter. Planes of the same
tilt, azimuth and row pitch under the same skyline share one calculation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib
from pvlib.bifacial.utils import vf_row_ground_2d_integ, vf_row_sky_2d_integ

from hexi_solar.config import PV

Floats = npt.NDArray[np.float64]

MONTHS = [f"energy_ac_{month:02d}_kwh" for month in range(1, 13)]
BLOCK = 128  # planes whose hours are in memory together


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

    def __getitem__(self, which: slice) -> Planes:
        return Planes(self.tilt[which], self.azimuth[which], self.shade_gcr[which], self.flush[which])

    def __len__(self) -> int:
        return len(self.tilt)


@dataclass(frozen=True)
class Hours:
    """The chain's quantities for each hour with light and each plane, per kW of modules."""

    poa_global: Floats
    """In the plane, unshaded. [W/m²]"""
    poa_shaded: Floats
    """After skyline and rows. [W/m²]"""
    effective_irradiance: Floats
    """After reflection too. [W/m²]"""
    temp_cell: Floats
    """[°C]"""
    dc: Floats
    """Before the system's losses. [kW/kWp]"""
    dc_net: Floats
    """After them, as it reaches the inverter. [kW/kWp]"""
    ac: Floats
    """[kW/kWp]"""


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
        Table of `schema.py`: an hour labelled by its start, with time zone.
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
    columns = {c: weather[c].to_numpy(float) for c in ("ghi", "dni", "dhi", "temp_air", "wind_speed")}
    return Sky(
        times=times[lit],
        moments=moments[lit],
        month=times[lit].month.to_numpy(np.int64),
        zenith=sun["zenith"].to_numpy(float),
        apparent_zenith=sun["apparent_zenith"].to_numpy(float),
        azimuth=sun["azimuth"].to_numpy(float),
        dni_extra=pvlib.irradiance.get_extra_radiation(moments[lit]).to_numpy(float),
        airmass=airmass,
        **columns,
    )


def planes_of(layouts: pd.DataFrame, collector_width_m: float) -> Planes:
    """
    Read the planes of a layout table.

    Parameters
    ----------
    layouts
        Table of `schema.py`.
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


def hourly_chain(
    sky: Sky, planes: Planes, settings: PV, albedo: float, skyline: Floats | None = None
) -> Hours:
    """
    Carry light through the chain for every hour and plane.

    Parameters
    ----------
    sky
        Hours with light.
    planes
        One or more planes.
    settings
        Models and losses.
    albedo
        Of what the planes see below the horizon. [-]
    skyline
        Elevation of the highest obstacle, one row per plane and one column per
        direction, from north clockwise and equally spaced; open if not given. [°]

    Returns
    -------
    hours
        Arrays of shape (hours, planes).

    Notes
    -----
    Beam and circumsolar light reach the part of a row that the row in front leaves
    free [1]_. Isotropic and horizon light are scaled with the view of the sky, ground
    light with the view of the ground, between infinitely long rows [2]_. Reflection
    follows the physical model for beam and its integral for diffuse light [3]_.

    References
    ----------
    .. [1] K. Anderson and A. Jensen, "Shaded fraction and backtracking in single-axis
       trackers on rolling terrain," J. Renew. Sustain. Energy 16, 023504, 2024,
       :doi:`10.1063/5.0202220`.
    .. [2] K. Anderson, A. Jensen and C. Hansen, pvlib.bifacial.infinite_sheds,
       :doi:`10.1109/JPHOTOV.2026.3677506`.
    .. [3] B. Marion, "Numerical method for angle-of-incidence correction factors for
       diffuse radiation incident photovoltaic modules," Solar Energy 147, 344-348, 2017.
    """
    hour = _as_columns(sky)
    light = _in_plane(hour, planes, settings, albedo)
    free = _free_of_shade(hour, planes, skyline)
    reflected = _incidence_factors(hour, planes)
    shaded = {name: light[name] * free[name] for name in light}
    poa_shaded = sum(shaded.values())
    effective = sum(shaded[name] * reflected[name] for name in shaded)
    temp_cell = _cell_temperature(poa_shaded, hour, planes, settings)
    dc = pvlib.pvsystem.pvwatts_dc(effective, temp_cell, 1.0, settings.gamma_pdc)
    dc_net = dc * loss_factor(sky.month, settings)[:, None]
    ac = pvlib.inverter.pvwatts(dc_net, inverter_pdc0(settings), settings.eta_inv_nom)
    return Hours(sum(light.values()), poa_shaded, effective, temp_cell, dc, dc_net, ac)


def loss_items(month: npt.NDArray[np.int64], settings: PV) -> dict[str, Floats]:
    """List the system's losses hour by hour, each as what it leaves of the energy. [-]"""
    even = np.ones(len(month))
    return {
        "soiling": 1.0 - np.asarray(settings.soiling_loss)[month - 1],
        "snow": 1.0 - np.asarray(settings.snow_loss)[month - 1],
        "mismatch": (1.0 - settings.mismatch_loss) * even,
        "wiring": (1.0 - settings.wiring_loss) * even,
        "connections": (1.0 - settings.connections_loss) * even,
        "light_induced": (1.0 - settings.light_induced_loss) * even,
        "availability": (1.0 - settings.availability_loss) * even,
    }


def loss_factor(month: npt.NDArray[np.int64], settings: PV) -> Floats:
    """Multiply the system's losses to one factor per hour. [-]"""
    return np.asarray(np.prod(list(loss_items(month, settings).values()), axis=0))


def inverter_pdc0(settings: PV) -> float:
    """
    Return the DC power at which the inverter reaches its limit, per kW of modules.

    Examples
    --------
    >>> round(inverter_pdc0(PV(dc_ac_ratio=1.25, eta_inv_nom=0.96)), 4)
    0.8333
    """
    return 1.0 / settings.dc_ac_ratio / settings.eta_inv_nom


def annual_yields(
    layouts: pd.DataFrame,
    sky: Sky,
    settings: PV,
    *,
    albedo: float,
    collector_width_m: float,
    skyline: pd.DataFrame | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """
    Calculate the energy of a typical year for every roof.

    Parameters
    ----------
    layouts
        Table of `schema.py`.
    sky
        Hours with light of one weather year.
    settings, albedo
        Models and losses; reflectance of the surroundings.
    collector_width_m
        Slope length of one row of modules. [m]
    skyline
        Elevation of the highest obstacle, one row per roof and one column per
        direction from north clockwise; open if not given. [°]
    progress
        Called with planes done and planes in all.

    Returns
    -------
    yields
        Table of `schema.py`, indexed like `layouts`. A roof without modules yields 0.
    """
    planes = planes_of(layouts, collector_width_m)
    east_west = (layouts["arrangement"] == "east_west").to_numpy()
    horizon = None if skyline is None else skyline.loc[layouts.index].to_numpy(float)
    sums = _annual_sums(sky, planes, settings, albedo, horizon, progress)
    if east_west.any():
        # the other half of each pair faces the other way
        other = Planes(planes.tilt, (planes.azimuth + 180.0) % 360.0, planes.shade_gcr, planes.flush)
        opposite = _annual_sums(sky, other, settings, albedo, horizon, progress)
        sums = np.where(east_west[:, None], 0.5 * (sums + opposite), sums)
    return _yield_table(layouts, sums)


def _annual_sums(
    sky: Sky,
    planes: Planes,
    settings: PV,
    albedo: float,
    horizon: Floats | None,
    progress: Callable[[int, int], None] | None,
) -> Floats:
    """
    Add up the hours of each plane, alike planes once.

    Returns
    -------
    sums
        Columns: in-plane, shaded, effective irradiation [kWh/m²], DC before losses, then
        AC of each month [kWh/kWp].
    """
    keys = np.column_stack([planes.tilt, planes.azimuth, planes.shade_gcr, planes.flush])
    if horizon is not None:
        keys = np.hstack([keys, horizon])
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    starts = (sky.month[None, :] == np.arange(1, 13)[:, None]).astype(float)
    sums = np.empty((len(first), 16))
    for begin in range(0, len(first), BLOCK):
        which = first[begin : begin + BLOCK]
        part = Planes(*(getattr(planes, f)[which] for f in ("tilt", "azimuth", "shade_gcr", "flush")))
        skyline = None if horizon is None else horizon[which]
        hours = hourly_chain(sky, part, settings, albedo, skyline)
        block = sums[begin : begin + BLOCK]
        light = (hours.poa_global, hours.poa_shaded, hours.effective_irradiance)
        for column, values in enumerate(light):
            block[:, column] = values.sum(axis=0) / 1000.0
        block[:, 3] = hours.dc.sum(axis=0)
        block[:, 4:] = (starts @ hours.ac).T
        if progress:
            progress(min(begin + BLOCK, len(first)), len(first))
    return sums[inverse.reshape(-1)]


def _yield_table(layouts: pd.DataFrame, sums: Floats) -> pd.DataFrame:
    """Scale the sums with the capacity of each roof."""
    capacity = layouts["capacity_kwp"].to_numpy(float)
    specific = sums[:, 4:].sum(axis=1)
    table = pd.DataFrame(index=layouts.index)
    table["building_id"] = layouts["building_id"]
    table["poa_global_kwh_m2"] = sums[:, 0]
    table["effective_irradiance_kwh_m2"] = sums[:, 2]
    table["energy_dc_kwh"] = sums[:, 3] * capacity
    table["energy_ac_kwh"] = specific * capacity
    table[MONTHS] = sums[:, 4:] * capacity[:, None]
    built = capacity > 0
    table["specific_yield_kwh_kwp"] = np.where(built, specific, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        table["performance_ratio"] = np.where(built, specific / sums[:, 0], np.nan)
        table["shading_loss"] = 1.0 - sums[:, 1] / sums[:, 0]
    return table


def _as_columns(sky: Sky) -> Any:
    """Stand the hours upright, so that planes lie across them."""
    fields = ("zenith", "apparent_zenith", "azimuth", "ghi", "dni", "dhi", "dni_extra", "airmass")
    fields = (*fields, "temp_air", "wind_speed")
    return type("HourColumns", (), {name: getattr(sky, name)[:, None] for name in fields})


def _in_plane(hour: Any, planes: Planes, settings: PV, albedo: float) -> dict[str, Floats]:
    """Transpose light into the planes: beam, circumsolar, isotropic, horizon, ground."""
    tilt, azimuth = planes.tilt[None, :], planes.azimuth[None, :]
    sun = (hour.apparent_zenith, hour.azimuth)
    beam = pvlib.irradiance.beam_component(tilt, azimuth, *sun, hour.dni)
    if settings.transposition == "perez":
        parts = pvlib.irradiance.perez(
            tilt, azimuth, hour.dhi, hour.dni, hour.dni_extra, *sun, hour.airmass, return_components=True
        )
    else:
        parts = pvlib.irradiance.haydavies(
            tilt, azimuth, hour.dhi, hour.dni, hour.dni_extra, *sun, return_components=True
        )
    ground = pvlib.irradiance.get_ground_diffuse(tilt, hour.ghi, albedo)
    return {
        "beam": beam,
        "circumsolar": parts["poa_circumsolar"],
        "isotropic": parts["poa_isotropic"],
        # Hay and Davies know no bright horizon
        "horizon": parts.get("poa_horizon", np.zeros_like(beam)),
        "ground": np.broadcast_to(ground, beam.shape),
    }


def _free_of_shade(hour: Any, planes: Planes, skyline: Floats | None) -> dict[str, Floats]:
    """Say which part of each kind of light the rows and the skyline let through."""
    lit = _lit_fraction(hour, planes)
    sky_view, ground_view = row_views(planes)
    if skyline is not None:
        lit = lit * _above_skyline(hour, skyline)
        sky_view = sky_view * skyline_view(skyline, planes)
    return {
        "beam": lit,
        "circumsolar": lit,
        "isotropic": sky_view[None, :],
        "horizon": sky_view[None, :],
        "ground": ground_view[None, :],
    }


def _lit_fraction(hour: Any, planes: Planes) -> Floats:
    """Calculate the part of each row that the row in front does not shade."""
    width = np.where(planes.shade_gcr > 0, planes.shade_gcr, 1e-9)[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        shaded = pvlib.shading.shaded_fraction1d(
            hour.apparent_zenith,
            hour.azimuth,
            planes.azimuth[None, :] - 90.0,
            planes.tilt[None, :],
            collector_width=width,
            pitch=1.0,
        )
    return 1.0 - np.where(planes.shade_gcr[None, :] > 0, np.nan_to_num(shaded), 0.0)


def row_views(planes: Planes) -> tuple[Floats, Floats]:
    """
    Calculate what rows leave of a plane's view of the sky and of the ground.

    Returns
    -------
    sky, ground
        Relative to the same plane standing alone; 1 where no row stands in front. [-]
    """
    sky, ground = np.ones(len(planes)), np.ones(len(planes))
    for i, (tilt, gcr) in enumerate(zip(planes.tilt, planes.shade_gcr, strict=True)):
        if gcr > 0 and tilt > 0:
            slope = np.cos(np.deg2rad(tilt))
            sky[i] = vf_row_sky_2d_integ(tilt, gcr) / (0.5 * (1 + slope))
            ground[i] = vf_row_ground_2d_integ(tilt, gcr) / (0.5 * (1 - slope))
    return np.clip(sky, 0.0, 1.0), np.clip(ground, 0.0, 1.0)


def _above_skyline(hour: Any, skyline: Floats) -> Floats:
    """Say for each hour and plane whether the sun stands above the nearest direction's obstacle."""
    directions = skyline.shape[1]
    nearest = np.rint(hour.azimuth[:, 0] / 360.0 * directions).astype(int) % directions
    return (90.0 - hour.apparent_zenith > skyline[:, nearest].T).astype(float)


def skyline_view(skyline: Floats, planes: Planes) -> Floats:
    r"""
    Calculate what a skyline leaves of a tilted plane's view of the sky.

    Parameters
    ----------
    skyline
        Elevations, one row per plane, one column per direction from north. [°]
    planes
        As many as rows.

    Returns
    -------
    view
        Relative to the same plane under an open sky. [-]

    Notes
    -----
    .. math:: F = \frac{1}{2\pi} \int \left[ \cos\beta \cos^2 h + \sin\beta \cos(\varphi - \gamma)
              \left(\frac{\pi}{2} - h - \sin h \cos h\right) \right] d\varphi

    with the horizon h not below the plane itself [1]_.

    References
    ----------
    .. [1] J. Dozier and J. Frew, IEEE Trans. Geosci. Remote Sens. 28(5), 963-969, 1990,
       :doi:`10.1109/36.58986`.
    """
    step = 360.0 / skyline.shape[1]
    around = np.deg2rad(np.arange(skyline.shape[1]) * step)
    tilt = np.deg2rad(planes.tilt)[:, None]
    ahead = np.cos(around[None, :] - np.deg2rad(planes.azimuth)[:, None])

    def seen(elevation: Floats) -> Floats:
        own = np.arctan2(-np.sin(tilt) * ahead, np.cos(tilt))  # where the plane itself hides the sky
        h = np.maximum(elevation, np.maximum(own, 0.0))
        flat = np.cos(tilt) * np.cos(h) ** 2
        turned = np.sin(tilt) * ahead * (np.pi / 2 - h - np.sin(h) * np.cos(h))
        return np.asarray((flat + turned).mean(axis=1))

    return np.clip(seen(np.deg2rad(skyline)) / seen(np.zeros_like(skyline)), 0.0, 1.0)


def _incidence_factors(hour: Any, planes: Planes) -> dict[str, Floats]:
    """Calculate what the glass lets in of each kind of light."""
    tilt, azimuth = planes.tilt[None, :], planes.azimuth[None, :]
    aoi = pvlib.irradiance.aoi(tilt, azimuth, hour.apparent_zenith, hour.azimuth)
    beam = pvlib.iam.physical(aoi)
    diffuse = {"sky": np.ones(len(planes)), "horizon": np.ones(len(planes)), "ground": np.ones(len(planes))}
    for value in np.unique(planes.tilt):
        factors = pvlib.iam.marion_diffuse("physical", value)
        for region, factor in factors.items():
            diffuse[region][planes.tilt == value] = factor
    return {
        "beam": beam,
        "circumsolar": beam,
        "isotropic": diffuse["sky"][None, :],
        "horizon": diffuse["horizon"][None, :],
        "ground": np.nan_to_num(diffuse["ground"])[None, :],
    }


def _cell_temperature(poa: Floats, hour: Any, planes: Planes, settings: PV) -> Floats:
    """Calculate cell temperature, for rows as an open rack, close to the roof where flush."""
    known = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS[settings.temperature]
    if settings.temperature == "sapm":
        names = ("open_rack_glass_glass", "close_mount_glass_glass")
        model: Callable[..., Floats] = pvlib.temperature.sapm_cell
    else:
        names = ("freestanding", "insulated")
        model = pvlib.temperature.pvsyst_cell
    rack, close = known[names[0]], known[names[1]]
    chosen = {k: np.where(planes.flush, close[k], rack[k])[None, :] for k in rack}
    return model(poa, hour.temp_air, hour.wind_speed, **chosen)
