"""Numbers taken from the world, each with its unit, year, source and confidence.

No such number stands in code. `config.py` takes its defaults from here, and whatever
shows one of them can show where it came from. Every fact is named, and its source given,
in Chinese and in English: `zh` and `en` beside the value, `source_zh` beside `source`.
Facts of one kind for every word of an enumeration share a name in the table `family` of
their file, a star for the word: `"plant_share.*"`. `CONFIDENCE` says how sure a fact is.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hexi_solar.labels import label

CONFIDENCE = {
    "verified": "read in a copy of the source, mostly a repost or an excerpt",
    "second-hand": "read where someone quotes the source, which was not seen",
    "computed": "worked out here, formula or measurement given",
    "chosen": "our choice or reading; the source says what it leans on",
    "recalled-high": "general knowledge, not checked; quite sure",
    "recalled-medium": "general knowledge, not checked",
    "recalled-low": "general knowledge, not checked; a placeholder",
}


@dataclass(frozen=True)
class Fact:
    """One number and where it comes from."""

    key: str
    value: Any
    unit: str
    year: str
    source: str
    confidence: str
    name_zh: str = ""
    name_en: str = ""
    source_zh: str = ""
    enum: str = ""
    """Enumeration that the last word of a family's fact is from; its label ends the name."""
    word: str = ""

    def name(self, language: str) -> str:
        """
        Return what the number is.

        Examples
        --------
        >>> all_facts()["roofs.plant_share.school"].name("zh")
        '屋面设备占比：中小学与幼儿园'
        """
        name = self.name_zh if language == "zh" else self.name_en
        between = "：" if language == "zh" else ": "
        return f"{name}{between}{label(self.enum, self.word, language)}" if self.enum else name

    def cited(self, language: str) -> str:
        """Return where the number is from."""
        return cited({"source": self.source, "source_zh": self.source_zh}, language)


def cited(entry: dict[str, Any], language: str) -> str:
    """
    Return the source of a fact or a definition; one that a plan gives may know one language.

    Examples
    --------
    >>> cited({"source": "our office"}, "zh")
    'our office'
    """
    return str((language == "zh" and entry.get("source_zh")) or entry.get("source", ""))


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
            facts = read_facts(name)
            _collect(facts, name, facts.get("family", {}), found)
    return found


def _collect(
    node: dict[str, Any], path: str, families: dict[str, Any], found: dict[str, Fact]
) -> None:
    """Gather the facts below one node of a file."""
    if "value" in node:
        origin = {k: str(node.get(k, "")) for k in ("unit", "year", "source", "confidence")}
        names, word = _names(node, path, families)
        found[path] = Fact(
            path,
            node["value"],
            **origin,
            name_zh=str(names.get("zh", "")),
            name_en=str(names.get("en", "")),
            source_zh=str(node.get("source_zh", "")),
            enum=str(names.get("enum", "")),
            word=word,
        )
        return
    for key, child in node.items():
        if isinstance(child, dict):
            _collect(child, f"{path}.{key}", families, found)


def _names(node: dict[str, Any], path: str, families: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the entry that names a fact, its own or its family's, and what the star stands for."""
    parts = path.split(".")[1:]
    for pattern, family in families.items():
        wanted = pattern.split(".")
        star = wanted.index("*")
        if len(parts) == len(wanted) and parts[:star] + parts[star + 1 :] == (
            wanted[:star] + wanted[star + 1 :]
        ):
            return family, parts[star]
    return node, ""


def fact(key: str) -> Any:
    """
    Return the value of one fact.

    Examples
    --------
    >>> fact("roofs.threshold_m2")
    1000.0
    """
    return all_facts()[key].value
