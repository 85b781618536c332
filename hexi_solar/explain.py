"""One roof in full: where its square metres and its kilowatt-hours go.

The waterfall follows the chain of `yields.py` from light on the level to current at the
meter; each line is the difference of two sums of the same hours, so it closes. Beside it
the same roof goes through a plain pvlib ModelChain.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
from pvlib.modelchain import ModelChain
from pvlib.pvsystem import Array, FixedMount, PVSystem

from hexi_solar.config import PV
from hexi_solar.yields import (
    Floats,
    Hours,
    Planes,
    Sky,
    hourly_chain,
    inverter_pdc0,
    loss_factor,
    loss_items,
)

PRESETS = {
    ("sapm", False): ("sapm", "open_rack_glass_glass"),
    ("sapm", True): ("sapm", "close_mount_glass_glass"),
    ("pvsyst", False): ("pvsyst", "freestanding"),
    ("pvsyst", True): ("pvsyst", "insulated"),
}


def loss_waterfall(sky: Sky, plane: Planes, settings: PV, albedo: float) -> pd.Series:
    """
    Follow one plane's light from the level to alternating current.

    Parameters
    ----------
    sky
        Hours with light.
    plane
        One plane.
    settings, albedo
        Models and losses; reflectance of the surroundings.

    Returns
    -------
    waterfall
        Per kW of modules: `ghi` at the start [kWh/m²], then what each step adds or takes,
        then `ac` [kWh/kWp]; the steps add up to `ac` less `ghi`. Light of 1 kWh/m² counts
        as 1 kWh/kWp, its value at standard conditions.
    """
    hours = hourly_chain(sky, plane, settings, albedo)
    levels: dict[str, float] = {"ghi": float(sky.ghi.sum()) / 1000.0}
    levels["transposition"] = float(hours.poa_global.sum()) / 1000.0
    levels["row_shading"] = float(hours.poa_shaded.sum()) / 1000.0
    levels["reflection"] = float(hours.effective_irradiance.sum()) / 1000.0
    levels["temperature"] = float(hours.dc.sum())
    running = hours.dc[:, 0].copy()
    for name, factor in loss_items(sky.month, settings).items():
        running = running * factor
        levels[name] = float(running.sum())
    clipped, through = _inverter(running, settings)
    levels["clipping"] = levels["availability"] - clipped
    levels["inverter"] = through
    steps = pd.Series(levels).diff()
    steps["ghi"] = levels["ghi"]
    steps["ac"] = levels["inverter"]
    return steps.rename("kwh_per_kwp")


def _inverter(dc: Floats, settings: PV) -> tuple[float, float]:
    """Split what the inverter takes into its limit and its efficiency; DC it cannot take, AC."""
    limit = inverter_pdc0(settings)
    clipped = float(np.maximum(dc - limit, 0.0).sum())
    ac = pvlib.inverter.pvwatts(dc, limit, settings.eta_inv_nom)
    return clipped, float(ac.sum())


def modelchain_energy(
    sky: Sky, plane: Planes, settings: PV, albedo: float, *, latitude: float, longitude: float
) -> pd.Series:
    """
    Run one plane through a plain pvlib ModelChain of the same settings.

    Parameters
    ----------
    sky, plane, settings, albedo
        As for `loss_waterfall`.
    latitude, longitude
        Of the weather station. [°]

    Returns
    -------
    energy_ac
        Per month, of one kW of modules. [kWh/kWp]

    Notes
    -----
    The chain starts from the effective irradiance after our row shading, and takes the
    system's losses as the same factor for each hour; cell temperature, DC and inverter
    are the chain's own.
    """
    hours: Hours = hourly_chain(sky, plane, settings, albedo)
    model, preset = PRESETS[settings.temperature, bool(plane.flush[0])]
    parameters = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS[model][preset]
    array = Array(
        FixedMount(float(plane.tilt[0]), float(plane.azimuth[0])),
        albedo=albedo,
        module_parameters={"pdc0": 1.0, "gamma_pdc": settings.gamma_pdc},
        temperature_model_parameters=parameters,
    )
    inverter = {"pdc0": inverter_pdc0(settings), "eta_inv_nom": settings.eta_inv_nom}
    factor = pd.Series(loss_factor(sky.month, settings), sky.times)

    def hourly_losses(chain: ModelChain) -> None:
        chain.results.losses = factor
        chain.results.dc = chain.results.dc * factor

    chain = ModelChain(
        PVSystem([array], inverter_parameters=inverter),
        pvlib.location.Location(latitude, longitude),
        aoi_model="no_loss",
        spectral_model="no_loss",
        dc_model="pvwatts",
        ac_model="pvwatts",
        temperature_model=model,
        losses_model=hourly_losses,
    )
    data = pd.DataFrame(
        {
            "effective_irradiance": hours.effective_irradiance[:, 0],
            "poa_global": hours.poa_shaded[:, 0],
            "temp_air": sky.temp_air,
            "wind_speed": sky.wind_speed,
        },
        index=sky.times,
    )
    chain.run_model_from_effective_irradiance(data)
    return chain.results.ac.groupby(sky.month).sum().reindex(range(1, 13), fill_value=0.0)
