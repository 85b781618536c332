"""One roof in full: where its square metres and its kilowatt-hours go.

The waterfall follows the chain of `yields.py` from light on the level to current at the
meter; each line is the difference of two sums of the same hours, so it closes. Beside it
the same roof goes through a plain pvlib ModelChain.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pvlib
from pvlib.location import Location
from pvlib.modelchain import ModelChain
from pvlib.pvsystem import Array, FixedMount, PVSystem
from pvlib.temperature import TEMPERATURE_MODEL_PARAMETERS

from hexi_solar.config import PV, Plan
from hexi_solar.errors import LayerError, Problem
from hexi_solar.inputs import Step, read_inputs, silent
from hexi_solar.labels import label, text
from hexi_solar.planfile import nearest
from hexi_solar.potential import potential_of, sky_of_year
from hexi_solar.schema import PERMANENT_EXCLUSIONS
from hexi_solar.weather import WeatherYear
from hexi_solar.yields import (
    Floats,
    Hours,
    Planes,
    Sky,
    hourly_chain,
    inverter_ac,
    inverter_pdc0,
    loss_factor,
    loss_items,
    planes_of,
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
    return clipped, float(inverter_ac(dc, settings).sum())


def modelchain_energy(sky: Sky, plane: Planes, settings: PV, albedo: float) -> pd.Series:
    """
    Run one plane through a pvlib ModelChain of the same settings.

    Parameters
    ----------
    sky, plane, settings, albedo
        As for `loss_waterfall`.

    Returns
    -------
    energy_ac
        Per month, of one kW of modules. [kWh/kWp]

    Notes
    -----
    The chain starts from the effective irradiance after our row shading, and takes the
    system's losses as the same factor for each hour; cell temperature, DC and inverter
    are the chain's own. `plain_modelchain` starts from the weather instead.
    """
    hours: Hours = hourly_chain(sky, plane, settings, albedo)
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


def explain_building(plan: Plan, building_id: str, step: Step = silent) -> dict[str, Any]:
    """
    Work out one building alone and keep every step of it.

    Parameters
    ----------
    plan
        The study.
    building_id
        Any building of the layer.
    step
        As for `plan.run`.

    Returns
    -------
    explanation
        For each roof: exclusion ledger, layout, waterfall per weather year, energy by our
        chain and by ModelChain with their relative difference.

    Raises
    ------
    LayerError
        If there is no such building, with the nearest id.
    """
    inputs = read_inputs(plan, step)
    if building_id not in inputs.buildings.index:
        facts = {"building": building_id, "hint": nearest(building_id, inputs.buildings.index)}
        raise LayerError(Problem("explain_unknown", facts))
    building = inputs.buildings.loc[[building_id]]
    offer = potential_of(plan, building, inputs.weather, inputs.place, step)
    roofs, exclusions, layouts, yields = offer.roofs, offer.exclusions, offer.layouts, offer.yields
    with step("explain"):
        years = [(year, sky_of_year(year)) for year in inputs.weather]
        found = [
            _explain_roof(plan, roof_id, roofs, exclusions, layouts, yields, years)
            for roof_id in roofs.index
        ]
    about = building.iloc[0]
    return {
        "building_id": building_id,
        "name": None if pd.isna(about["name"]) else str(about["name"]),
        "owner_type": about["owner_type"],
        "height_m": _number(about["height_m"]),
        "height_source": about["height_source"],
        "load_evidence": about["load_evidence"],
        "load_state": about["load_state"],
        "roof_kind": about["roof_kind"],
        "roof_kind_source": about["roof_kind_source"],
        "synthetic": plan.synthetic,
        "roofs": found,
    }


def _explain_roof(
    plan: Plan,
    roof_id: str,
    roofs: pd.DataFrame,
    exclusions: pd.DataFrame,
    layouts: pd.DataFrame,
    yields: pd.DataFrame,
    years: list[tuple[WeatherYear, Sky]],
) -> dict[str, Any]:
    """Keep every step of one roof."""
    # one row as plain values: a row of mixed columns has no type of its own
    roof: dict[Any, Any] = roofs.loc[[roof_id]].iloc[0].to_dict()
    layout: dict[Any, Any] = layouts.loc[[roof_id]].iloc[0].to_dict()
    ledger = exclusions.loc[exclusions.index.get_level_values("roof_id") == roof_id]
    planes = planes_of(layouts.loc[[roof_id]], plan.layout.module_length_m)
    columns = ["arrangement", "module_tilt", "module_azimuth", "modules", "rows", "pitch_m", "gcr"]
    columns += ["capacity_kwp", "module_area_m2", "array_area_m2"]
    return {
        "roof_id": roof_id,
        "footprint_m2": float(roof["horizontal_area_m2"]),
        "exclusions": [
            {"reason": reason, "area_m2": float(area), "evidence": evidence}
            for reason, area, evidence in zip(
                ledger.index.get_level_values("reason"),
                ledger["area_m2"],
                ledger["evidence"],
                strict=True,
            )
        ],
        "installable_m2": float(roof["installable_area_m2"]),
        "usable_m2": float(roof["usable_area_m2"]),
        "layout": {
            c: layout[c].item() if hasattr(layout[c], "item") else layout[c] for c in columns
        },
        "energy_ac_kwh": float(yields["energy_ac_kwh"][roof_id]),
        "years": [_explain_year(plan, year, sky, planes, layout) for year, sky in years],
    }


def _explain_year(
    plan: Plan, year: WeatherYear, sky: Sky, planes: Planes, layout: dict[Any, Any]
) -> dict[str, Any]:
    """Follow one roof through one weather year, by our chain and by ModelChain."""
    halves = [planes]
    if layout["arrangement"] == "east_west":
        halves.append(replace(planes, azimuth=(planes.azimuth + 180.0) % 360.0))
    albedo, station = plan.site.albedo, (year.latitude, year.longitude, year.altitude)
    falls = [loss_waterfall(sky, half, plan.pv, albedo) for half in halves]
    chains = [modelchain_energy(sky, half, plan.pv, albedo) for half in halves]
    plain = [plain_modelchain(sky, half, plan.pv, albedo, station) for half in halves]
    waterfall = pd.concat(falls, axis=1).mean(axis=1)[falls[0].index]
    chain = float(sum(c.sum() for c in chains) / len(chains))
    ours = float(waterfall["ac"])
    return {
        "weather": year.name,
        "weather_source": year.source,
        "waterfall_kwh_per_kwp": {name: float(value) for name, value in waterfall.items()},
        "specific_yield_kwh_kwp": ours,
        "modelchain_kwh_kwp": chain,
        "relative_difference": abs(ours - chain) / chain if chain > 0 else 0.0,
        "plain_modelchain_poa_kwh_m2": float(np.mean([light for light, _ in plain])),
        "plain_modelchain_kwh_kwp": float(np.mean([energy for _, energy in plain])),
    }


def _number(value: Any) -> float | None:
    """Return a number, or None where it is not known."""
    return None if pd.isna(value) else float(value)


def explanation_text(found: dict[str, Any], language: str) -> str:
    """Write an explanation out for people."""

    def say(key: str, **facts: Any) -> str:
        return text(f"explain.{key}", language, **facts)

    name = found["name"] or say("nameless")
    lines = [
        f"{found['building_id']}  {name}  {label('owner_type', found['owner_type'], language)}"
    ]
    if found["synthetic"]:
        lines.append(text("cli.synthetic", language))
    kind = label("roof_kind", found["roof_kind"], language)
    source = label("source", found["roof_kind_source"], language)
    evidence = label("load_evidence", found["load_evidence"], language)
    state = label("yes_no", found["load_state"], language)
    lines.append(say("roof_kind", kind=kind, source=source))
    lines.append(say("load", evidence=evidence, state=state))
    for roof in found["roofs"]:
        lines += ["", say("roof", roof_id=roof["roof_id"])]
        lines += _area_lines(roof, language)
        for year in roof["years"]:
            lines += ["", *_energy_lines(roof, year, language)]
    return "\n".join(lines)


def _line(name: str, value: float, unit: str, note: str = "") -> str:
    """Write one line of a waterfall; Chinese letters are two columns wide."""
    wide = sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in name)
    return f"  {name}{' ' * max(46 - wide, 1)}{value:>12,.1f} {unit}  {note}".rstrip()


def _area_lines(roof: dict[str, Any], language: str) -> list[str]:
    """Write the ledger from footprint to modules."""
    lines = [_line(text("explain.footprint", language), roof["footprint_m2"], "m²")]
    permanent = [e for e in roof["exclusions"] if e["reason"] in PERMANENT_EXCLUSIONS]
    later = [e for e in roof["exclusions"] if e["reason"] not in PERMANENT_EXCLUSIONS]
    for entries, total, key in (
        (permanent, roof["installable_m2"], "installable"),
        (later, roof["usable_m2"], "usable"),
    ):
        for entry in entries:
            name = "- " + label("exclusion", entry["reason"], language)
            note = label("source", entry["evidence"], language)
            lines.append(_line(name, -entry["area_m2"], "m²", note))
        lines.append(_line("= " + text(f"explain.{key}", language), total, "m²"))
    layout = roof["layout"]
    arrangement = label("arrangement", layout["arrangement"], language)
    lines.append("  " + text("explain.layout", language, **{**layout, "arrangement": arrangement}))
    lines.append(_line(text("explain.module_area", language), layout["module_area_m2"], "m²"))
    lines.append(_line(text("explain.capacity", language), layout["capacity_kwp"], "kWp"))
    return lines


def _energy_lines(roof: dict[str, Any], year: dict[str, Any], language: str) -> list[str]:
    """Write the waterfall from light to energy, and ModelChain beside it."""
    source = label("source", year["weather_source"], language)
    lines = [text("explain.weather", language, weather=year["weather"], source=source)]
    unit, running = "kWh/kWp", 0.0
    for name, value in year["waterfall_kwh_per_kwp"].items():
        if name == "ac":
            continue
        share = "" if not running else f"{value / running:+.2%}"
        running += value
        lines.append(_line(text(f"explain.step.{name}", language), value, unit, share))
    lines.append(_line("= " + text("explain.ac", language), year["specific_yield_kwh_kwp"], unit))
    energy = year["specific_yield_kwh_kwp"] * roof["layout"]["capacity_kwp"]
    lines.append(_line(text("explain.energy", language), energy, "kWh"))
    note = text("explain.difference", language, value=f"{year['relative_difference']:.1e}")
    lines.append(
        _line(text("explain.modelchain", language), year["modelchain_kwh_kwp"], unit, note)
    )
    plain = text("explain.plain", language)
    lines.append(
        _line(plain, year["plain_modelchain_kwh_kwp"], unit, text("explain.plain_note", language))
    )
    return lines
