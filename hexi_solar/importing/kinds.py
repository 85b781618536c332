"""Which kinds of spreadsheets there are, and what their columns hold.

`facts/importing.toml` says how offices call them; the tables of `schema` say what they
hold: number with unit and range, day, word of a list, or text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hexi_solar import schema, units
from hexi_solar.facts import read_facts
from hexi_solar.schema import ColumnSpec
from hexi_solar.schema.columns import column as _c
from hexi_solar.sheets.columns import WORDS, bare

LEDGER = "ledger"
"""The kind of our own exports."""
ENTITY = {
    "projects": "project", "buildings": "building", "meters": "meter",
    "diagnoses": "diagnosis", "trackers": "tracker", "equipment": "equipment",
}  # fmt: skip
"""What the events of each kind are about, in the order in which kinds are read."""
FACTS: dict[str, tuple[ColumnSpec, ...]] = {
    "projects": tuple(
        c for c in schema.REGISTER
        if c.name not in ("entity", "kind", "valid_on", "recorded_at", "recorded_by", "reason")
    ),
    "buildings": tuple(schema.BUILDING_FACTS),
    "meters": tuple(schema.READINGS),
    "diagnoses": tuple(schema.DIAGNOSES),
    "trackers": tuple(schema.TRACKERS),
    "equipment": tuple(schema.EQUIPMENT),
}  # fmt: skip
"""What an event's payload may hold."""
IDS = ("event_id", "entity", "building_id", "code", "equipment_id", "tracker")
_DAYS = {
    "valid_on": "发生日期", "recorded_at": "登记时间", "as_of": "统计日期", "month": "月份",
    "diagnosed_on": "诊断日期", "survey": "踏勘日期", "reserved": "预留日期", "filed": "备案日期",
    "building": "开工日期", "connected": "并网日期", "operating": "投运日期", "retired": "退役日期",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of spreadsheet."""

    name: str
    columns: Mapping[str, ColumnSpec]
    ways: Mapping[str, Mapping[str, int]]
    """Per column, its folded names with their rank."""
    marks: frozenset[str]
    titles: tuple[str, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        """Columns that go into the payload of an event."""
        return tuple(c.name for c in FACTS[self.name])


@cache
def kinds() -> dict[str, Kind]:
    """Read every kind."""
    known = read_facts("importing")["kinds"]
    return {name: _kind(name, known[name]) for name in ENTITY}


def _kind(name: str, table: Mapping[str, Any]) -> Kind:
    """Put the names of one kind together: those of its own, those that are reused."""
    names: dict[str, list[str]] = {}
    for source, columns in table.get("reuse", {}).items():
        for ours in columns:
            names[ours] = list(read_facts("columns")[source][ours])
    for ours, more in table["columns"].items():
        names[ours] = [*names.get(ours, []), *more]
    ways = {
        ours: {bare(way): rank for rank, way in reversed(list(enumerate((ours, *theirs))))}
        for ours, theirs in names.items()
    }
    specs = {c.name: c for c in FACTS[name]}
    held = {ours: _spec(ours, specs) for ours in names}
    return Kind(name, held, ways, frozenset(table["marks"]), tuple(table["titles"]))


def _spec(ours: str, specs: Mapping[str, ColumnSpec]) -> ColumnSpec:
    """Say what a column holds."""
    stem = {"reached": "value"}.get(ours, ours)
    for stage in ("_filed", "_connected"):
        stem = stem.removesuffix(stage) if stem.startswith("capacity") else stem
    if stem in specs:
        return specs[stem]
    if ours in _DAYS:
        return _c(ours, "date", _DAYS[ours], ours.replace("_", " "))
    if ours in ("longitude", "latitude"):
        return schema.BUILDINGS[ours]
    if ours == "year":
        return schema.TRACKERS["year"]
    return _c(ours, "text", ours, ours)


def quantity(spec: ColumnSpec) -> str:
    """
    Name the quantity of a column, a key of `units.FACTORS`; empty for a bare number.

    Examples
    --------
    >>> quantity(schema.REGISTER["module_area_m2"]), quantity(schema.REGISTER["modules"])
    ('m2', '')
    """
    name = unicodedata.normalize("NFKC", spec.unit)
    return name if name in units.FACTORS else ""


def vocabulary_of(spec: ColumnSpec) -> str:
    """Name the list of words that a column's cells are held to; empty for free text."""
    if spec.words == schema.YES_NO:
        return "yes_no"
    return WORDS.get(spec.name, "") if spec.kind == "text" else ""


@cache
def contact_names() -> dict[str, str]:
    """Return the folded names of columns about people, and what they hold."""
    known = read_facts("importing")["contacts"]
    return {bare(way): ours for ours, ways in known.items() for way in ways}
