"""A year of a roof: pvlib and PVWatts roof by roof, pvlib over many roofs at once, our kernel.

All see the same hours, planes without rows in front under an open sky, Perez' sky, coated
glass, SAPM's open rack and PVWatts' module and inverter. ModelChain and PVWatts start from
the weather as they do for anyone; pvlib's functions over many roofs are given the sun and
the hours with light, as our kernel is, and the diffuse factors of each tilt once. ModelChain
knows no reflection of diffuse light; PVWatts' module and heat are its own. Run as ``python -m benchmarks.yields``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pvlib

from benchmarks.clock import Cost, cost_of, processor
from hexi_solar.config import PV
from hexi_solar.weather import WeatherYear, climate_year
from hexi_solar.yields import (
    Planes,
    Shade,
    Sky,
    annual_sums,
    hour_table,
    hourly_chain,
    inverter_pdc0,
    loss_factor,
    sky_of,
)

ALBEDO = 0.2
SETTINGS = PV()
MOUNT = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_glass"]
TILTS = (0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 33.0, 45.0, 60.0)
SIDE_BY_SIDE = 128  # roofs that pvlib's functions take at once: as many as its caches like


def weather() -> WeatherYear:
    """Return the hours that all see."""
    return climate_year(39.083, 117.067, 2.5, "Asia/Shanghai")


def sky_of_year(year: WeatherYear) -> Sky:
    """Work out the sun."""
    return sky_of(
        year.table,
        latitude=year.latitude,
        longitude=year.longitude,
        altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )


def open_planes(count: int, seed: int = 1) -> Planes:
    """Draw planes without rows in front: a few tilts, any azimuth."""
    dice = np.random.default_rng(seed)
    return Planes(
        dice.choice(TILTS, count),
        dice.uniform(0, 360, count),
        np.zeros(count),
        np.zeros(count, dtype=bool),
    )


def by_modelchain(year: WeatherYear, planes: Planes) -> np.ndarray:
    """Let pvlib's ModelChain work roof by roof. [kWh/kWp]"""
    site = pvlib.location.Location(year.latitude, year.longitude, altitude=year.altitude)
    hours = year.table.set_axis(
        year.table.index + pd.Timedelta(minutes=year.sun_offset_minutes), axis="index"
    )
    inverter = {"pdc0": inverter_pdc0(SETTINGS), "eta_inv_nom": SETTINGS.eta_inv_nom}
    left = loss_factor(hours.index.month.to_numpy(np.int64), SETTINGS)

    def coated(chain: Any) -> None:
        aoi = chain.results.aoi
        chain.results.aoi_modifier = pvlib.iam.physical(aoi, n_ar=SETTINGS.coating_index)

    def losses(chain: Any) -> None:
        chain.results.losses = left
        chain.results.dc = chain.results.dc * left

    found = []
    for tilt, azimuth in zip(planes.tilt, planes.azimuth, strict=True):
        array = pvlib.pvsystem.Array(
            pvlib.pvsystem.FixedMount(tilt, azimuth),
            albedo=ALBEDO,
            module_parameters={"pdc0": 1.0, "gamma_pdc": SETTINGS.gamma_pdc},
            temperature_model_parameters=MOUNT,
        )
        chain = pvlib.modelchain.ModelChain(
            pvlib.pvsystem.PVSystem([array], inverter_parameters=inverter),
            site,
            transposition_model="perez",
            aoi_model=coated,
            spectral_model="no_loss",
            dc_model="pvwatts",
            ac_model="pvwatts",
            temperature_model="sapm",
            losses_model=losses,
        )
        found.append(chain.run_model(hours).results.ac.sum())
    return np.array(found)


def by_pvwatts(year: WeatherYear, planes: Planes) -> np.ndarray | None:
    """Let PVWatts 8 of PySAM work roof by roof, if it is installed. [kWh/kWp]"""
    try:
        from PySAM import Pvwattsv8
    except ImportError:
        return None
    table, hours = year.table, pd.DatetimeIndex(year.table.index)
    resource = {
        "lat": year.latitude,
        "lon": year.longitude,
        "tz": 8,
        "elev": year.altitude,
        "year": hours.year.tolist(),
        "month": hours.month.tolist(),
        "day": hours.day.tolist(),
        "hour": hours.hour.tolist(),
        "minute": [int(year.sun_offset_minutes)] * len(hours),
    }
    names = {"gh": "ghi", "dn": "dni", "df": "dhi", "tdry": "temp_air", "wspd": "wind_speed"}
    resource |= {theirs: table[ours].tolist() for theirs, ours in names.items()}
    design = {"system_capacity": 1, "module_type": 1, "array_type": 0, "gcr": 0.01, "losses": 14}
    design |= {"dc_ac_ratio": SETTINGS.dc_ac_ratio, "inv_eff": 100 * SETTINGS.eta_inv_nom}
    found = []
    for tilt, azimuth in zip(planes.tilt, planes.azimuth, strict=True):
        model = Pvwattsv8.new()
        model.SolarResource.solar_resource_data = resource
        model.SystemDesign.assign(design | {"tilt": float(tilt), "azimuth": float(azimuth)})
        model.execute(0)
        found.append(sum(model.Outputs.ac) / 1000.0)
    return np.array(found)


def by_broadcast(sky: Sky, planes: Planes) -> np.ndarray:
    """Give pvlib's functions many roofs at once, as arrays of hours by roofs. [kWh/kWp]"""
    column = {k: v[:, None] for k, v in vars(sky).items() if isinstance(v, np.ndarray)}
    sun = (column["apparent_zenith"], column["azimuth"])
    factor = loss_factor(sky.month, SETTINGS)[:, None]
    diffuse = {
        tilt: pvlib.iam.marion_diffuse("physical", tilt, n_ar=SETTINGS.coating_index)
        for tilt in np.unique(planes.tilt)
    }
    found = []
    for start in range(0, len(planes), SIDE_BY_SIDE):
        some = planes[start : start + SIDE_BY_SIDE]
        tilt, azimuth = some.tilt[None, :], some.azimuth[None, :]
        glass = {
            region: np.nan_to_num([diffuse[t][region] for t in some.tilt])[None, :]
            for region in ("sky", "horizon", "ground")
        }
        beam = pvlib.irradiance.beam_component(tilt, azimuth, *sun, column["dni"])
        parts = pvlib.irradiance.perez(
            tilt, azimuth, column["dhi"], column["dni"], column["dni_extra"], *sun,
            column["airmass"], return_components=True,
        )  # fmt: skip
        ground = pvlib.irradiance.get_ground_diffuse(tilt, column["ghi"], ALBEDO)
        aoi = pvlib.irradiance.aoi(tilt, azimuth, *sun)
        direct = pvlib.iam.physical(aoi, n_ar=SETTINGS.coating_index)
        light = beam + parts["poa_sky_diffuse"] + ground
        effective = (
            (beam + parts["poa_circumsolar"]) * direct
            + parts["poa_isotropic"] * glass["sky"]
            + parts["poa_horizon"] * glass["horizon"]
            + ground * glass["ground"]
        )
        warm = pvlib.temperature.sapm_cell(light, column["temp_air"], column["wind_speed"], **MOUNT)
        dc = pvlib.pvsystem.pvwatts_dc(effective, warm, 1.0, SETTINGS.gamma_pdc) * factor
        ac = pvlib.inverter.pvwatts(dc, inverter_pdc0(SETTINGS), SETTINGS.eta_inv_nom)
        found.append(ac.sum(axis=0))
    return np.concatenate(found)


def by_kernel(sky: Sky, planes: Planes, kernel: str, **around: Any) -> np.ndarray:
    """Let our kernel work, its table of hours included. [kWh/kWp]"""
    settings = replace(SETTINGS, kernel=kernel)
    hours = hour_table(sky, settings, ALBEDO)
    return annual_sums(hours, planes, settings, **around)[:, 4:].sum(axis=1)


def largest_difference(sky: Sky, kernel: str, count: int) -> float:
    """Hold the kernel against pvlib, with rows in front and tables of shade too."""
    dice = np.random.default_rng(2)
    planes = open_planes(count, 3)
    rows = Planes(planes.tilt, planes.azimuth, dice.uniform(0.2, 0.9, count), planes.flush)
    shade = Shade(dice.random((count, 64, 32)), dice.random(count), dice.random(count))
    worst = 0.0
    for some, around in ((planes, None), (rows, None), (rows, shade)):
        ours = by_kernel(sky, some, kernel, shade=around)
        theirs = hourly_chain(sky, some, SETTINGS, ALBEDO, shade=around).ac.sum(axis=0)
        worst = max(worst, float(np.abs(ours / theirs - 1.0).max()))
    return worst


def compare(*, quick: bool = True) -> dict[str, Any]:
    """Run all, and give roofs per second and core, ratios and differences."""
    year = weather()
    sky = sky_of_year(year)
    few, some, many = (4, 256, 16_384) if quick else (20, 1024, 131_072)
    small, middle, large = open_planes(few), open_planes(some), open_planes(many)
    shade = Shade(
        np.random.default_rng(4).random((many // 4, 64, 32), np.float32), np.ones(many // 4)
    )
    by_kernel(sky, middle, "fast"), by_kernel(sky, middle, "exact")  # compiled by now
    by_kernel(sky, middle, "float32"), by_kernel(sky, middle, "fast", shade=shade[:some])
    costs: dict[str, tuple[Cost, int]] = {
        "modelchain": (cost_of(lambda: by_modelchain(year, small)), few),
        "pvwatts": (cost_of(lambda: by_pvwatts(year, small)), few),
        "broadcast": (cost_of(lambda: by_broadcast(sky, middle)), some),
    }
    for kernel in ("fast", "exact", "float32"):
        work = lambda name=kernel: by_kernel(sky, large, name, threads=1)  # noqa: E731
        costs[kernel] = (cost_of(work), many)
    part = large[: many // 4]
    costs["lit"] = (
        cost_of(lambda: by_kernel(sky, part, "fast", shade=shade, threads=1)),
        many // 4,
    )
    whole = cost_of(lambda: by_kernel(sky, large, "fast"))
    return processor() | summary(costs) | {
        "yield_all_cores_per_s": many / whole.wall,
        "yield_max_rel_diff": largest_difference(sky, "fast", 64),
        "yield_exact_max_rel_diff": largest_difference(sky, "exact", 64),
    }  # fmt: skip


def summary(costs: dict[str, tuple[Cost, int]]) -> dict[str, Any]:
    """Turn costs into roofs per second of one core, and ratios."""
    each = {name: cost.per(count) for name, (cost, count) in costs.items()}
    rates = {f"yield_{name}_per_s": 1.0 / value for name, value in each.items()}
    return rates | {
        "yield_vs_modelchain": each["modelchain"] / each["fast"],
        "yield_vs_pvwatts": each["pvwatts"] / each["fast"],
        "yield_vs_broadcast": each["broadcast"] / each["fast"],
    }


if __name__ == "__main__":
    print(json.dumps(compare(quick="--full" not in sys.argv), indent=2))
