"""Numbers taken from the world, each with its unit, year, source and confidence.

No such number stands in code. `config.py` takes its defaults from here, and whatever
shows one of them can show where it came from. `confidence` is `verified` (read in a
copy of the source), `computed` (worked out here, formula given) or `recalled-high`,
`recalled-medium`, `recalled-low` (general knowledge, not checked).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Fact:
    """One number and where it comes from."""

    key: str
    value: Any
    unit: str
    year: str
    source: str
    confidence: str


@cache
def read_facts(name: str) -> dict[str, Any]:
    """Read one file of facts, `facts/<name>.toml`, as it is written."""
    return tomllib.loads(files("hexi_solar.facts").joinpath(f"{name}.toml").read_text("utf-8"))


@cache
def all_facts() -> dict[str, Fact]:
    """Collect every entry that has a `value`, by dotted key."""
    found: dict[str, Fact] = {}
    for file in sorted(files("hexi_solar.facts").iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            _collect(read_facts(name), name, found)
    return found


def _collect(node: dict[str, Any], path: str, found: dict[str, Fact]) -> None:
    if "value" in node:
        origin = {k: str(node.get(k, "")) for k in ("unit", "year", "source", "confidence")}
        found[path] = Fact(path, node["value"], **origin)
        return
    for key, child in node.items():
        if isinstance(child, dict):
            _collect(child, f"{path}.{key}", found)


def fact(key: str) -> Any:
    """
    Return the value of one fact.

    Examples
    --------
    >>> fact("roofs.threshold_m2")
    1000.0
    """
    return all_facts()[key].value
