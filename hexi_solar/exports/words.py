"""Values as people read them: words of the language, numbers with separators.

Machines get the words of `schema`; whatever a person opens goes through here.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.exports.tables import DECIMALS, day, is_unknown, joined
from hexi_solar.facts import cited, read_facts
from hexi_solar.labels import catalogue, column_label, label, text
from hexi_solar.schema import ColumnSpec

# digits after the point for people, by unit
FOR_PEOPLE = {
    "m²": 0,
    "kWh": 0,
    "kWp": 1,
    "kWh/kWp": 0,
    "kWh/m²": 0,
    "tCO₂": 1,
    "m": 1,
    "°": 5,
    "kN/m²": 2,
}


def title(plan: Plan) -> str:
    """Heading of whatever is handed on."""
    return plan.title or text("exports.title", plan.language, name=plan.name)


def definition(plan: Plan, name: str) -> dict[str, Any]:
    """Look a definition of the coverage rate up, in the plan before the facts."""
    known = {**read_facts("coverage")["definitions"], **plan.coverage.definitions}
    found = known.get(name, {})
    return found if isinstance(found, dict) else {}


def definition_name(plan: Plan, name: str) -> str:
    """Name a definition in the language of the study."""
    return str(definition(plan, name).get(plan.language, name))


def definition_source(plan: Plan, name: str) -> str:
    """Say whose words a definition follows; a plan's own may know one language only."""
    return cited(definition(plan, name), plan.language)


def word(value: Any, column: str, language: str) -> str:
    """
    Translate one word of a table.

    Examples
    --------
    >>> word("school", "owner_type", "zh"), word("yes", "eligible", "en")
    ('中小学与幼儿园', 'Yes')
    """
    return "" if is_unknown(value) else column_label(column, value, language)


def enumeration(kind: str, language: str) -> list[tuple[str, str]]:
    """List the words of one enumeration with their names."""
    start = f"enum.{kind}."
    known = [k.removeprefix(start) for k in catalogue() if k.startswith(start)]
    return [(k, label(kind, k, language)) for k in known]


def unit_name(unit: str, language: str) -> str:
    """
    Write a unit as people of one language do.

    Examples
    --------
    >>> unit_name("CNY/kWp a", "zh"), unit_name("a", "en"), unit_name("kWh", "zh")
    ('元/(kWp·年)', 'years', 'kWh')
    """
    return label("unit", unit, language)


def reasons(values: Any, language: str, column: str = "reasons") -> str:
    """Write the words of a list column, the reasons of a verdict say, as one sentence each."""
    between = "；" if language == "zh" else "; "
    return between.join(word(v, column, language) for v in joined(values).split(";") if v)


def as_words(value: Any, column: ColumnSpec, language: str) -> str:
    """Write one value for people to read; unknown is a dash, never a zero."""
    if column.kind == "list":
        return reasons(value, language, column.name) or "–"
    if is_unknown(value):
        return "–"
    if column.kind == "bool":
        return label("yes_no", "yes" if value else "no", language)
    if column.kind in ("float", "int"):
        decimals = 0 if column.kind == "int" else FOR_PEOPLE.get(column.unit, 2)
        return f"{float(value):,.{decimals}f}"
    if isinstance(value, pd.Timestamp):
        return day(value)
    return word(value, column.name, language) if column.words else str(value)


def unit_value(value: Any, column: ColumnSpec) -> Any:
    """Round one value as CSV does; unknown is None."""
    if column.kind == "list":
        return joined(value)
    if is_unknown(value):
        return None
    if column.kind == "float":
        return round(float(value), DECIMALS.get(column.unit, 6))
    if column.kind == "int":
        return int(value)
    return day(value) if isinstance(value, pd.Timestamp) else str(value)
