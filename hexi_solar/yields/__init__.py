"""From an hour of weather to the kilowatt-hours of a roof, by pvlib's formulas.

Everything that hours need is worked out once per weather year (`sky.py`); each plane then
goes through the chain per kilowatt of modules: transposition, shading by the skyline and
the row in front, reflection (`light.py`), cell temperature, DC, losses, inverter
(`chain.py`). Planes of the same tilt, azimuth and row pitch under the same skyline share
one calculation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from hexi_solar.config import PV
from hexi_solar.yields.chain import (
    Hours,
    hourly_chain,
    inverter_pdc0,
    loss_factor,
    loss_items,
)
from hexi_solar.yields.light import lit_fraction, row_views, skyline_view
from hexi_solar.yields.sky import Floats, Planes, Sky, planes_of, sky_of

__all__ = [
    "MONTHS",
    "Floats",
    "Hours",
    "Planes",
    "Sky",
    "annual_yields",
    "hourly_chain",
    "inverter_pdc0",
    "lit_fraction",
    "loss_factor",
    "loss_items",
    "planes_of",
    "row_views",
    "sky_of",
    "skyline_view",
]

MONTHS = [f"energy_ac_{month:02d}_kwh" for month in range(1, 13)]
BLOCK = 128  # planes whose hours are in memory together


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
        other = Planes(
            planes.tilt, (planes.azimuth + 180.0) % 360.0, planes.shade_gcr, planes.flush
        )
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
        part = Planes(
            *(getattr(planes, f)[which] for f in ("tilt", "azimuth", "shade_gcr", "flush"))
        )
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
