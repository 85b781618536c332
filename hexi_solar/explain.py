"""One roof in full: where its square metres and its kilowatt-hours go.

The waterfall follows the chain of `yields.py` from light on the level to current at the
meter; each line is the difference of two sums of the same hours, so it closes. Beside it
the same roof goes through a plain pvlib ModelChain.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import LayerError, Problem
from hexi_solar.inputs import Step, read_inputs, silent
from hexi_solar.labels import label, text
from hexi_solar.planfile import nearest
from hexi_solar.potential import Potential, doubt, potential_of, shades_of, sky_of_year
from hexi_solar.schema import PERMANENT_EXCLUSIONS
from hexi_solar.surroundings import Bound
from hexi_solar.tradeoff import variants
from hexi_solar.uncertainty import error_budget, worth_of_facts
from hexi_solar.weather import WeatherYear
from hexi_solar.witness import loss_waterfall, modelchain_energy, plain_modelchain
from hexi_solar.yields import (
    Planes,
    Shade,
    Sky,
    planes_of,
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
    offer = potential_of(plan, building, inputs.weather, inputs.place, inputs.buildings, step)
    building = offer.buildings
    with step("explain"):
        years = [(year, sky_of_year(year)) for year in inputs.weather]
        found = [_explain_roof(plan, roof_id, offer, years) for roof_id in offer.roofs.index]
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
        "tradeoffs": offer.tradeoffs.loc[building_id].reset_index().to_dict("records"),
        "roofs": found,
    }


def _explain_roof(
    plan: Plan,
    roof_id: str,
    offer: Potential,
    years: list[tuple[WeatherYear, Sky]],
) -> dict[str, Any]:
    """Keep every step of one roof."""
    roofs, layouts, yields, exclusions = offer.roofs, offer.layouts, offer.yields, offer.exclusions
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
        "tilt_source": roof["tilt_source"],
        "layout": {
            c: layout[c].item() if hasattr(layout[c], "item") else layout[c] for c in columns
        },
        "energy_ac_kwh": float(yields["energy_ac_kwh"][roof_id]),
        "p90_energy_ac_kwh": float(yields["p90_energy_ac_kwh"][roof_id]),
        "shading": {
            "tier": yields["shading_tier"][roof_id],
            "loss_low": float(yields["shading_loss_low"][roof_id]),
            "loss_high": float(yields["shading_loss_high"][roof_id]),
        },
        "uncertainty": _explain_doubt(roof_id, offer),
        "years": [
            _explain_year(plan, year, sky, _cases(plan, roof_id, planes, offer))
            for year, sky in years
        ],
    }


def _explain_doubt(roof_id: str, offer: Potential) -> list[dict[str, Any]]:
    """List the errors of one roof's energy, and what better facts would be worth."""
    some = offer.roofs.loc[[roof_id]]
    half = doubt(offer.yields.loc[[roof_id]])
    parts = error_budget(some, insolations=offer.insolations, shading_half_range=half)
    worth = worth_of_facts(offer.yields.loc[[roof_id], "energy_ac_kwh"], parts).iloc[0]
    return [
        {
            "name": part.name,
            "common": part.common,
            "sigma": float(part.sigma.iloc[0]),
            "p90_gain_kwh": float(worth[part.name]) if part.name in worth else None,
        }
        for part in parts
        if part.sigma.iloc[0] > 0
    ]


def _cases(
    plan: Plan, roof_id: str, planes: Planes, offer: Potential
) -> list[tuple[Planes, Shade | None]]:
    """List the planes and shades whose mean is the roof's energy: halves of pairs, bounds of heights."""
    layout = offer.layouts.loc[[roof_id]]
    views = offer.surroundings
    bounds: list[Bound] = ["low"]
    if views is not None and bool(views.unknown[roof_id]):
        bounds.append("high")
    cases = []
    for bound in bounds:
        one, other = shades_of(plan, layout, views, bound)
        cases.append((planes, one))
        if layout["arrangement"].iloc[0] == "east_west":
            cases.append((planes.turned, other))
    return cases


def _explain_year(
    plan: Plan, year: WeatherYear, sky: Sky, cases: list[tuple[Planes, Shade | None]]
) -> dict[str, Any]:
    """Follow one roof through one weather year, by our chain and by ModelChain."""
    albedo, station = plan.site.albedo, (year.latitude, year.longitude, year.altitude)
    falls = [loss_waterfall(sky, one, plan.pv, albedo, shade) for one, shade in cases]
    chains = [modelchain_energy(sky, one, plan.pv, albedo, shade) for one, shade in cases]
    plain = [plain_modelchain(sky, one, plan.pv, albedo, station) for one, _ in cases]
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
        lines += ["", *_doubt_lines(roof, language)]
    lines += ["", *_tradeoff_lines(found["tradeoffs"], language)]
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
    if roof["tilt_source"] == "assumed" and layout["arrangement"] == "flush":
        lines.append("  " + text("explain.tilt_assumed", language))
    lines.append("  " + text("explain.layout", language, **{**layout, "arrangement": arrangement}))
    lines.append(_line(text("explain.module_area", language), layout["module_area_m2"], "m²"))
    lines.append(_line(text("explain.capacity", language), layout["capacity_kwp"], "kWp"))
    return lines


def _doubt_lines(roof: dict[str, Any], language: str) -> list[str]:
    """Write how sure the energy is, the largest error first, each with a bar."""
    lines = [text("explain.doubt", language)]
    lines.append(_line(text("explain.p90", language), roof["p90_energy_ac_kwh"], "kWh"))
    shading = roof["shading"]
    if shading["loss_high"] - shading["loss_low"] > 1e-6:
        facts = {"low": f"{shading['loss_low']:.1%}", "high": f"{shading['loss_high']:.1%}"}
        lines.append("  " + text("explain.height_unknown", language, **facts))
    for part in sorted(roof["uncertainty"], key=lambda p: -p["sigma"]):
        name = label("uncertainty", part["name"], language)
        sort = text(f"explain.{'common' if part['common'] else 'own'}", language)
        gain = part["p90_gain_kwh"]
        note = text("explain.worth", language, gain=f"{gain:,.0f}") if gain else ""
        bar = "█" * round(part["sigma"] * 200)
        lines.append(_line(name, 100 * part["sigma"], "%", f"{sort} {bar} {note}"))
    return lines


def _tradeoff_lines(options: list[dict[str, Any]], language: str) -> list[str]:
    """Write the ways to fill the roofs side by side."""
    lines = [text("explain.tradeoff", language)]
    columns = ("capacity_kwp", "energy_ac_kwh", "specific_yield_kwh_kwp")
    rates = (
        "installable_module_area_rate",
        "installable_array_area_rate",
        "total_roof_module_area_rate",
    )
    heads = [text(f"explain.option.{c}", language) for c in (*columns, *rates)]
    lines.append("  " + " " * 18 + "".join(_right(head, 16) for head in heads))
    names = variants()
    for option in options:
        name = names[option["variant"]][language]
        wide = sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in name)
        cells = [f"{option[c]:,.0f}" if pd.notna(option[c]) else "–" for c in columns]
        cells += [f"{option[c]:.1%}" if pd.notna(option[c]) else "–" for c in rates]
        lines.append(f"  {name}{' ' * max(18 - wide, 1)}" + "".join(_right(c, 16) for c in cells))
    return lines


def _right(value: str, width: int) -> str:
    """Set a text to the right; Chinese letters are two columns wide."""
    wide = sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in value)
    return " " * max(width - wide, 1) + value


def _energy_lines(roof: dict[str, Any], year: dict[str, Any], language: str) -> list[str]:
    """Write the waterfall from light to energy, and ModelChain beside it."""
    source = label("source", year["weather_source"], language)
    name = label("weather_name", year["weather"], language)
    lines = [text("explain.weather", language, weather=name, source=source)]
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
