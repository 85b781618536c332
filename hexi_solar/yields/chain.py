"""From light in the plane to alternating current, per kilowatt of modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pvlib

from hexi_solar.config import PV
from hexi_solar.yields import pvwatts
from hexi_solar.yields.light import as_columns, free_of_shade, in_plane, incidence_factors
from hexi_solar.yields.pvwatts import of_preset, sky_of_preset
from hexi_solar.yields.shade import Shade
from hexi_solar.yields.sky import Floats, Planes, Sky


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


def hourly_chain(
    sky: Sky,
    planes: Planes,
    settings: PV,
    albedo: float,
    skyline: Floats | None = None,
    shade: Shade | None = None,
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
    shade
        Light that obstacles leave, one entry per plane; instead of a skyline.

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
    settings, hour = of_preset(settings), as_columns(sky_of_preset(sky, settings))
    light = in_plane(hour, planes, settings, albedo)
    free = free_of_shade(hour, planes, skyline, shade)
    shaded = {name: light[name] * free[name] for name in light}
    poa_shaded = _total(shaded)
    if settings.preset == "pvwatts":
        through = pvwatts.cover_factors(hour, planes)
        effective = _total({name: shaded[name] * through[name] for name in shaded})
        temp_cell = pvwatts.cell_temperature(poa_shaded, effective, hour, planes)
        dc = pvwatts.dc_power(effective, temp_cell)
    else:
        through = incidence_factors(hour, planes, settings.coating_index)
        effective = _total({name: shaded[name] * through[name] for name in shaded})
        temp_cell = cell_temperature(poa_shaded, hour, planes, settings)
        dc = pvlib.pvsystem.pvwatts_dc(effective, temp_cell, 1.0, settings.gamma_pdc)
    dc_net = dc * loss_factor(sky.month, settings)[:, None]
    ac = inverter_ac(dc_net, settings)
    return Hours(_total(light), poa_shaded, effective, temp_cell, dc, dc_net, ac)


def _total(parts: dict[str, Floats]) -> Floats:
    """Add up kinds of light."""
    return np.asarray(sum(parts.values()))


def loss_items(month: npt.NDArray[np.int64], settings: PV) -> dict[str, Floats]:
    """List the system's losses hour by hour, each as what it leaves of the energy. [-]"""
    settings, even = of_preset(settings), np.ones(len(month))
    items = {
        "soiling": 1.0 - np.asarray(settings.soiling_loss)[month - 1],
        "snow": 1.0 - np.asarray(settings.snow_loss)[month - 1],
        "mismatch": (1.0 - settings.mismatch_loss) * even,
        "wiring": (1.0 - settings.wiring_loss) * even,
        "connections": (1.0 - settings.connections_loss) * even,
        "light_induced": (1.0 - settings.light_induced_loss) * even,
        "availability": (1.0 - settings.availability_loss) * even,
    }
    # what the district's own meters say goes on top, and shows only where it is set
    if settings.measured_factor != 1.0:
        items["measured"] = settings.measured_factor * even
    return items


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
    settings = of_preset(settings)
    return 1.0 / settings.dc_ac_ratio / settings.eta_inv_nom


def inverter_ac(dc_net: Floats, settings: PV) -> Floats:
    """Calculate what the inverter gives per kW of modules, from DC after losses. [kW/kWp]"""
    settings = of_preset(settings)
    if settings.preset == "pvwatts":
        return pvwatts.ac_power(dc_net, settings)
    limit = inverter_pdc0(settings)
    return np.asarray(pvlib.inverter.pvwatts(dc_net, limit, settings.eta_inv_nom))


def cell_temperature(poa: Floats, hour: Any, planes: Planes, settings: PV) -> Floats:
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
    return np.asarray(model(poa, hour.temp_air, hour.wind_speed, **chosen))
