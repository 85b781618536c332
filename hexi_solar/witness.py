"""The chain of one plane, loss by loss, and pvlib's ModelChain as its witness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pvlib
from pvlib.location import Location
from pvlib.modelchain import ModelChain
from pvlib.pvsystem import Array, FixedMount, PVSystem
from pvlib.temperature import TEMPERATURE_MODEL_PARAMETERS

from hexi_solar.config import PV
from hexi_solar.yields import (
    Floats,
    Hours,
    Planes,
    Shade,
    Sky,
    hourly_chain,
    inverter_ac,
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


def loss_waterfall(
    sky: Sky, plane: Planes, settings: PV, albedo: float, shade: Shade | None = None
) -> pd.Series:
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
    shade
        What stands around; an open horizon if not given.

    Returns
    -------
    waterfall
        Per kW of modules: `ghi` at the start [kWh/m²], then what each step adds or takes,
        then `ac` [kWh/kWp]; the steps add up to `ac` less `ghi`. Light of 1 kWh/m² counts
        as 1 kWh/kWp, its value at standard conditions.
    """
    rows_alone = hourly_chain(sky, plane, settings, albedo)
    hours = hourly_chain(sky, plane, settings, albedo, None, shade)
    levels: dict[str, float] = {"ghi": float(sky.ghi.sum()) / 1000.0}
    levels["transposition"] = float(hours.poa_global.sum()) / 1000.0
    levels["row_shading"] = float(rows_alone.poa_shaded.sum()) / 1000.0
    levels["surroundings"] = float(hours.poa_shaded.sum()) / 1000.0
    levels["reflection"] = float(hours.effective_irradiance.sum()) / 1000.0
    levels["temperature"] = float(hours.dc.sum())
    running = hours.dc[:, 0].copy()
    for name, factor in loss_items(sky.month, settings).items():
        running = running * factor
        levels[name] = float(running.sum())
    clipped, through = _inverter(running, settings)
    levels["clipping"] = float(running.sum()) - clipped
    levels["inverter"] = through
    steps = pd.Series(levels).diff()
    steps["ghi"] = levels["ghi"]
    steps["ac"] = levels["inverter"]
    return steps.rename("kwh_per_kwp")


def _inverter(dc: Floats, settings: PV) -> tuple[float, float]:
    """Split what the inverter takes into its limit and its efficiency; DC it cannot take, AC."""
    limit = inverter_pdc0(settings)
    clipped = float(np.maximum(dc - limit, 0.0).sum())
    return clipped, float(inverter_ac(dc, settings).sum())


def modelchain_energy(
    sky: Sky, plane: Planes, settings: PV, albedo: float, shade: Shade | None = None
) -> pd.Series:
    """
    Run one plane through a pvlib ModelChain of the same settings.

    Parameters
    ----------
    sky, plane, settings, albedo, shade
        As for `loss_waterfall`.

    Returns
    -------
    energy_ac
        Per month, of one kW of modules. [kWh/kWp]

    Notes
    -----
    The chain starts from the effective irradiance after our shading, and takes the
    system's losses as the same factor for each hour; cell temperature, DC and inverter
    are the chain's own. `plain_modelchain` starts from the weather instead.
    """
    hours: Hours = hourly_chain(sky, plane, settings, albedo, None, shade)
    data = pd.DataFrame(
        {
            "effective_irradiance": hours.effective_irradiance[:, 0],
            "poa_global": hours.poa_shaded[:, 0],
            "temp_air": sky.temp_air,
            "wind_speed": sky.wind_speed,
        },
        index=sky.moments,
    )
    chain = _chain(sky, plane, settings, albedo, Location(0.0, 0.0), "no_loss")
    chain.run_model_from_effective_irradiance(data)
    months: pd.Series = chain.results.ac.groupby(sky.month).sum()
    return months.reindex(range(1, 13), fill_value=0.0)


def plain_modelchain(
    sky: Sky, plane: Planes, settings: PV, albedo: float, station: tuple[float, float, float]
) -> tuple[float, float]:
    """
    Run one plane through a ModelChain that starts from the weather and knows no rows.

    Parameters
    ----------
    sky, plane, settings, albedo
        As for `loss_waterfall`.
    station
        Latitude, longitude, altitude of the weather station. [°, °, m]

    Returns
    -------
    poa_global, energy_ac
        In-plane irradiation [kWh/m²], which is ours, and energy [kWh/kWp], which is ours
        but for the shade of rows and the reflection of diffuse light.
    """
    columns = ("ghi", "dni", "dhi", "temp_air", "wind_speed")
    weather = pd.DataFrame({c: getattr(sky, c) for c in columns}, index=sky.moments)
    place = Location(station[0], station[1], altitude=station[2])

    def coated_glass(chain: ModelChain) -> None:
        # ModelChain's own "physical" knows no coating
        aoi = chain.results.aoi
        chain.results.aoi_modifier = pvlib.iam.physical(aoi, n_ar=settings.coating_index)

    chain = _chain(sky, plane, settings, albedo, place, coated_glass)
    chain.run_model(weather)
    return float(chain.results.total_irrad["poa_global"].sum()) / 1000.0, float(
        chain.results.ac.sum()
    )


def _chain(
    sky: Sky, plane: Planes, settings: PV, albedo: float, place: Location, aoi_model: Any
) -> ModelChain:
    """Set up a ModelChain for one kW of modules."""
    model, preset = PRESETS[settings.temperature, bool(plane.flush[0])]
    array = Array(
        FixedMount(float(plane.tilt[0]), float(plane.azimuth[0])),
        albedo=albedo,
        module_parameters={"pdc0": 1.0, "gamma_pdc": settings.gamma_pdc},
        temperature_model_parameters=TEMPERATURE_MODEL_PARAMETERS[model][preset],
    )
    inverter = {"pdc0": inverter_pdc0(settings), "eta_inv_nom": settings.eta_inv_nom}
    factor = pd.Series(loss_factor(sky.month, settings), sky.moments)

    def hourly_losses(chain: ModelChain) -> None:
        chain.results.losses = factor
        chain.results.dc = chain.results.dc * factor

    return ModelChain(
        PVSystem([array], inverter_parameters=inverter),
        place,
        transposition_model=settings.transposition,
        aoi_model=aoi_model,
        spectral_model="no_loss",
        dc_model="pvwatts",
        ac_model="pvwatts",
        temperature_model=model,
        losses_model=hourly_losses,
    )
