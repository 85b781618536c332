"""PVWatts 8 as SAM runs it, put together from pvlib's formulas.

For whoever wants to see a roof as PVWatts sees it, and for knowing what every other choice
of ours is worth. PVWatts 8 departs from the PVWatts 5 of the manual: its module is a diode
with measured parameters, its cell follows NOCT instead of Fuentes' balance, its inverter is
a straight line, and reddened light counts. The sources are SSC's `cmod_pvwattsv8`,
`lib_cec6par` and `lib_pv_incidence_modifier`, read as of 2024; the test against PySAM shows
what they leave open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pvlib

from hexi_solar.config import PV
from hexi_solar.facts import read_facts
from hexi_solar.yields.sky import Floats, Planes, Sky

# pvlib's polynomial of air mass, with De Soto's coefficients for crystalline silicon
SPECTRUM = {"A0": 0.918093, "A1": 0.086257, "A2": -0.024459, "A3": 0.002816, "A4": -0.000126}
GLASS, COATING, AIR = 1.526, 1.3, 1.0  # refractive indices
IN_GLASS, IN_COATING = 4.0 * 0.002, 4.0 * 0.002 * 0.01  # extinction times thickness


def of_preset(settings: PV) -> PV:
    """
    Put the numbers of a preset in place of those that it replaces.

    PVWatts has two losses that we do not list, 3 % for what stands around and 1 % for the
    nameplate; they are taken with mismatch.
    """
    if settings.preset != "pvwatts":
        return settings
    known = {name: entry["value"] for name, entry in read_facts("pv")["pvwatts"].items()}
    unnamed = (1 - known["mismatch"]) * (1 - known["shading"]) * (1 - known["nameplate"])
    return replace(
        settings,
        transposition="perez",
        gamma_pdc=known["gamma_pdc"],
        soiling_loss=(known["soiling"],) * 12,
        snow_loss=(0.0,) * 12,
        mismatch_loss=1 - unnamed,
        wiring_loss=known["wiring"],
        connections_loss=known["connections"],
        light_induced_loss=known["light_induced"],
        availability_loss=known["availability"],
        eta_inv_nom=known["eta_inv_nom"],
        dc_ac_ratio=known["dc_ac_ratio"],
    )


def sky_of_preset(sky: Sky, settings: PV) -> Sky:
    """
    Put beam and sky light together where the preset wants it.

    PVWatts takes beam and diffuse light from a file and works the light on the ground out
    of them; a file whose global light does not fit the two is otherwise up to 0.7 % brighter
    on steep planes.
    """
    if settings.preset != "pvwatts":
        return sky
    beam = sky.dni * np.maximum(np.cos(np.radians(sky.zenith)), 0.0)
    return replace(sky, ghi=beam + sky.dhi)


def cover_factors(hour: Any, planes: Planes) -> dict[str, Floats]:
    """
    Calculate what cover and red light leave of each kind of light.

    Notes
    -----
    De Soto's cover for the beam, with a coating; for the sky, circumsolar light included,
    and the ground the angles of Brandemuehl and Beckman, on bare glass. All of it relative
    to light at one degree from upright, which SSC lets enter the glass from air.
    """
    aoi = pvlib.irradiance.aoi(
        planes.tilt[None, :], planes.azimuth[None, :], hour.apparent_zenith, hour.azimuth
    )
    beam = np.cos(np.radians(np.clip(aoi, 1.0, 89.0)))
    upright = np.array(np.cos(np.radians(1.0)))
    coated, inside = _through(upright, AIR, COATING, IN_COATING)
    whole = coated * _through(inside, AIR, GLASS, IN_GLASS)[0]
    through, inside = _through(beam, AIR, COATING, IN_COATING)
    through = through * _through(inside, COATING, GLASS, IN_GLASS)[0]
    tilt = planes.tilt[None, :]
    sky = _through(_cosine(59.7 - 0.1388 * tilt + 0.001497 * tilt**2), AIR, GLASS, IN_GLASS)[0]
    ground = _through(_cosine(90.0 - 0.5788 * tilt + 0.002693 * tilt**2), AIR, GLASS, IN_GLASS)[0]
    red = _spectral_factor(hour)
    parts = {name: np.minimum(part / whole, 1.0) * red for name, part in
             {"beam": through, "isotropic": sky, "ground": ground}.items()}  # fmt: skip
    return parts | {"circumsolar": parts["isotropic"], "horizon": parts["isotropic"]}


def _cosine(degrees: Floats) -> Floats:
    return np.asarray(np.cos(np.radians(degrees)))


def _through(cosine: Floats, before: float, behind: float, depth: float) -> tuple[Floats, Floats]:
    """Let light into a layer: what passes, and the cosine of its angle inside."""
    inside = np.sqrt(1.0 - (1.0 - cosine**2) * (before / behind) ** 2)
    s = ((before * cosine - behind * inside) / (before * cosine + behind * inside)) ** 2
    p = ((before * inside - behind * cosine) / (before * inside + behind * cosine)) ** 2
    return (1.0 - 0.5 * (s + p)) * np.exp(-depth / inside), inside


def _spectral_factor(hour: Any) -> Floats:
    """Calculate how much more or less light counts for its colour, by air mass."""
    zenith = np.minimum(hour.apparent_zenith, 86.0)
    pressure = pvlib.atmosphere.alt2pres(hour.altitude)
    airmass = pvlib.atmosphere.get_absolute_airmass(
        pvlib.atmosphere.get_relative_airmass(zenith), pressure
    )
    return np.asarray(pvlib.spectrum.spectral_factor_sapm(airmass, SPECTRUM))


def cell_temperature(poa: Floats, effective: Floats, hour: Any, planes: Planes) -> Floats:
    """Calculate cell temperature by NOCT; where there is no light it does not matter."""
    known = read_facts("pv")["pvwatts"]
    module = known["module"]["value"]
    warm = np.where(planes.flush, known["noct_flush"]["value"], known["noct"]["value"])
    dark = poa <= 0.0
    return np.asarray(
        pvlib.temperature.noct_sam(
            np.where(dark, 1.0, poa),
            hour.temp_air,
            hour.wind_speed,
            warm[None, :],
            module["v_mp"] * module["i_mp"] / 1000.0 / module["area_m2"],
            effective_irradiance=np.where(dark, 1.0, effective),
        )
    )


def dc_power(effective: Floats, temp_cell: Floats) -> Floats:
    """
    Calculate the power of one kW of modules by the single diode of the CEC's database.

    References
    ----------
    .. [1] A. Dobos, "An improved coefficient calculator for the California Energy Commission
       6 parameter photovoltaic module model," J. Sol. Energy Eng. 134(2), 2012,
       :doi:`10.1115/1.4005759`.
    """
    module = read_facts("pv")["pvwatts"]["module"]["value"]
    names = ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust")
    # below 1 W/m² the module is off
    bright = effective >= 1.0
    parameters = pvlib.pvsystem.calcparams_cec(
        np.where(bright, effective, 1.0), temp_cell, **{name: module[name] for name in names}
    )
    power = pvlib.pvsystem.max_power_point(*parameters, method="newton")["p_mp"]
    return np.asarray(np.where(bright, power, 0.0) / (module["v_mp"] * module["i_mp"]))


def ac_power(dc_net: Floats, settings: PV) -> Floats:
    """Calculate what the inverter gives per kW of modules: Sandia's model, drawn straight."""
    limit = 1.0 / settings.dc_ac_ratio
    start = read_facts("pv")["pvwatts"]["start"]["value"] * limit
    inverter = {"Paco": limit, "Pdco": limit / settings.eta_inv_nom, "Vdco": 1.0, "Pso": start}
    inverter |= {"C0": 0.0, "C1": 0.0, "C2": 0.0, "C3": 0.0, "Pnt": 0.0}
    found = pvlib.inverter.sandia(np.ones_like(dc_net), dc_net, inverter)
    return np.asarray(np.maximum(found, 0.0))
