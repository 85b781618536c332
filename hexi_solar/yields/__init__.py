"""From an hour of weather to the kilowatt-hours of a roof, by pvlib's formulas.

Everything that hours need is worked out once per weather year (`sky.py`); each plane then
goes through the chain per kilowatt of modules: transposition, shading by what stands around
and the row in front, reflection (`light.py`), cell temperature, DC, losses, inverter
(`chain.py`). That is pvlib at work, hour by hour. For the year of many planes the same
formulas are compiled (`hours.py`, `glass.py`, `kernel.py`) and held to it. A preset
(`pvwatts.py`) is always pvlib's work. Planes of the same
tilt, azimuth and row pitch under open sky share one calculation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from hexi_solar.config import PV
from hexi_solar.yields.chain import (
    Hours,
    hourly_chain,
    inverter_ac,
    inverter_pdc0,
    loss_factor,
    loss_items,
)
from hexi_solar.yields.hours import HourTable, hour_table
from hexi_solar.yields.kernel import annual_sums
from hexi_solar.yields.light import lit_fraction, row_views, skyline_view
from hexi_solar.yields.shade import Shade, shade_of, sky_cell
from hexi_solar.yields.sky import Floats, Planes, Sky, planes_of, sky_of

__all__ = [
    "MONTHS",
    "Floats",
    "HourTable",
    "Hours",
    "Planes",
    "Shade",
    "Sky",
    "annual_sums",
    "annual_yields",
    "hour_table",
    "hourly_chain",
    "inverter_ac",
    "inverter_pdc0",
    "lit_fraction",
    "loss_factor",
    "loss_items",
    "planes_of",
    "row_views",
    "shade_of",
    "sky_cell",
    "sky_of",
    "skyline_view",
]

MONTHS = [f"energy_ac_{month:02d}_kwh" for month in range(1, 13)]
BLOCK = 128  # planes whose hours are in memory together where pvlib works alone


def annual_yields(
    layouts: pd.DataFrame,
    sky: Sky,
    settings: PV,
    *,
    albedo: float,
    collector_width_m: float,
    skyline: pd.DataFrame | None = None,
    shade: Shade | None = None,
    opposite_shade: Shade | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """
    Calculate the energy of a typical year for every roof.

    Parameters
    ----------
    layouts
        Table of `schema`.
    sky
        Hours with light of one weather year.
    settings, albedo
        Models and losses, and by which kernel; reflectance of the surroundings.
    collector_width_m
        Slope length of one row of modules. [m]
    skyline
        Elevation of the highest obstacle, one row per roof and one column per
        direction from north clockwise; open if not given. [°]
    shade
        Light that obstacles leave, one entry per row of `layouts`; instead of a skyline.
    opposite_shade
        The same for the halves of east-west pairs that face the other way; `shade` if not
        given.
    progress
        Called with planes done and planes in all.

    Returns
    -------
    yields
        Table of `schema`, indexed like `layouts`. A roof without modules yields 0.
    """
    planes = planes_of(layouts, collector_width_m)
    pairs = np.flatnonzero((layouts["arrangement"] == "east_west").to_numpy())
    # the other half of each pair faces the other way
    owner = np.concatenate([np.arange(len(planes)), pairs])
    both = planes[owner]
    both.azimuth[len(planes) :] = planes[pairs].turned.azimuth
    horizon = None if skyline is None else skyline.loc[layouts.index].to_numpy(float)[owner]
    around = shade
    if shade is not None and len(pairs):
        around = shade.joined((opposite_shade or shade)[pairs])
    sums = _annual_sums(sky, both, settings, albedo, horizon, around, progress)
    whole, opposite = sums[: len(planes)], sums[len(planes) :]
    whole[pairs] = 0.5 * (whole[pairs] + opposite)
    return _yield_table(layouts, whole)


def _annual_sums(
    sky: Sky,
    planes: Planes,
    settings: PV,
    albedo: float,
    horizon: Floats | None,
    shade: Shade | None,
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
    open_sky = horizon is None and shade is None
    alike = _alike(planes) if open_sky else np.arange(len(planes))
    _, first, inverse = np.unique(alike, return_index=True, return_inverse=True)
    some = planes[first]
    if settings.kernel == "numpy" or settings.preset:
        sums = _plain_sums(sky, some, settings, albedo, horizon, shade, progress)
    else:
        hours = hour_table(sky, settings, albedo)
        sums = annual_sums(hours, some, settings, skyline=horizon, shade=shade, progress=progress)
    return sums[inverse.reshape(-1)]


def _alike(planes: Planes) -> npt.NDArray[np.int64]:
    """Number planes so that alike ones have the same number."""
    table = pd.DataFrame(
        {name: getattr(planes, name) for name in ("tilt", "azimuth", "shade_gcr", "flush")}
    )
    return np.asarray(table.groupby(list(table.columns), sort=False).ngroup())


def _plain_sums(
    sky: Sky,
    planes: Planes,
    settings: PV,
    albedo: float,
    horizon: Floats | None,
    shade: Shade | None,
    progress: Callable[[int, int], None] | None,
) -> Floats:
    """Add up the hours of each plane by pvlib alone."""
    starts = (sky.month[None, :] == np.arange(1, 13)[:, None]).astype(float)
    sums = np.empty((len(planes), 16))
    for begin in range(0, len(planes), BLOCK):
        which = slice(begin, begin + BLOCK)
        skyline = None if horizon is None else horizon[which]
        part = None if shade is None else shade[which]
        hours = hourly_chain(sky, planes[which], settings, albedo, skyline, part)
        block = sums[which]
        light = (hours.poa_global, hours.poa_shaded, hours.effective_irradiance)
        for column, values in enumerate(light):
            block[:, column] = values.sum(axis=0) / 1000.0
        block[:, 3] = hours.dc.sum(axis=0)
        block[:, 4:] = (starts @ hours.ac).T
        if progress:
            progress(min(begin + BLOCK, len(planes)), len(planes))
    return sums


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
