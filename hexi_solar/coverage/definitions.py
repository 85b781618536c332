"""What can be meant by a coverage rate: definitions as data, and the axes beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hexi_solar.config import Coverage
from hexi_solar.errors import ConfigError, Problem
from hexi_solar.facts import read_facts

READINGS = ("module_area", "module_horizontal_area", "array_area")
SCOPES = ("all", "eligible")
COHORTS = ("cumulative", "in_year")
UNITS = {
    "roof_area": "m²", "installable_area": "m²", "pv_area": "m²", "floor_area": "m²",
    "floor_area_with_pv": "m²", "buildings": "", "buildings_with_pv": "",
    "installed_kwp": "kWp", "achievable_kwp": "kWp",
}  # fmt: skip
NUMERATORS = (
    "pv_area",
    "buildings_with_pv",
    "installed_kwp",
    "floor_area_with_pv",
    "installable_area",
)
DENOMINATORS = ("roof_area", "installable_area", "buildings", "achievable_kwp", "floor_area")


class Combination(NamedTuple):
    """One definition with its reading of PV area."""

    name: str
    """Key of the definition."""
    numerator: str
    denominator: str
    reading: str
    """What areas are taken as, one of `READINGS`."""
    label: str
    """The reading as the table says it, `-` where there is only one."""
    kind: str
    targets: Mapping[str, float]
    """Target by owner type, and `default`."""


def coverage_definitions(settings: Coverage) -> dict[str, dict[str, Any]]:
    """
    Read the definitions, those of the plan after those of `facts/coverage.toml`.

    Raises
    ------
    ConfigError
        If a definition names a quantity there is not, or the reported one is missing or
        a potential.
    """
    known: dict[str, dict[str, Any]] = {**read_facts("coverage")["definitions"]}
    known.update(settings.definitions)
    problems = []
    for name, definition in known.items():
        wanted = (("numerator", NUMERATORS), ("denominator", DENOMINATORS))
        for part, allowed in wanted:
            if definition.get(part) not in allowed:
                facts = {"definition": name, "part": part, "found": definition.get(part)}
                problems.append(Problem("coverage_part", {**facts, "expected": ", ".join(allowed)}))
    if known.get(settings.definition, {}).get("kind", "progress") != "progress":
        problems.append(Problem("coverage_potential", {"definition": settings.definition}))
    if settings.definition not in known:
        facts = {"definition": settings.definition, "expected": ", ".join(known)}
        problems.append(Problem("coverage_unknown", facts))
    if problems:
        raise ConfigError(*problems)
    return known


def combinations(settings: Coverage) -> list[Combination]:
    """List every definition with every reading of PV area that it has."""
    found = []
    for name, definition in coverage_definitions(settings).items():
        several = bool(definition.get("readings"))
        for reading in READINGS if several else READINGS[:1]:
            found.append(
                Combination(
                    name,
                    definition["numerator"],
                    definition["denominator"],
                    reading,
                    reading if several else "-",
                    definition.get("kind", "progress"),
                    definition.get("targets", {}),
                )
            )
    return found


def reported(settings: Coverage) -> Combination:
    """Return the definition that is reported, with its reading."""
    ours = [c for c in combinations(settings) if c.name == settings.definition]
    return next((c for c in ours if c.label == settings.reading), ours[0])
