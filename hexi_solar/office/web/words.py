"""The words on the pages, in the language that the office is served in."""

from __future__ import annotations

import json
from typing import Any

from django.utils import translation
from django.utils.functional import lazy

from hexi_solar.facts import read_facts
from hexi_solar.labels import column_label, event_label, label, text
from hexi_solar.office.services import services
from hexi_solar.schema import BUILDING_FACTS, READINGS, REGISTER, TABLES, Table

# what the payload of an event of each kind of thing may say
FACTS: dict[str, Table] = {"project": REGISTER, "building": BUILDING_FACTS, "meter": READINGS}
# columns of the flat register that an event carries beside its payload
BESIDE = ("entity", "kind", "valid_on", "recorded_at", "recorded_by", "reason")

# of lists and the like, written out
LONGEST = 160


def language() -> str:
    """Return "zh" or "en"."""
    return "en" if (translation.get_language() or "").startswith("en") else "zh"


def say(key: str, **fields: Any) -> str:
    """Return one text of the web office."""
    return text(f"office.web.{key}", language(), **fields)


say_later = lazy(say, str)


def entity_type_name(value: str) -> str:
    """Name a kind of thing."""
    return label("entity_type", value, language())


def kind_name(value: object) -> str:
    """Name a kind of event."""
    return "" if value is None else event_label(str(value), language())


def fact_name(entity_type: str, key: str) -> str:
    """Name a fact with its unit."""
    table = FACTS.get(entity_type)
    if table is not None and key in table.names:
        return table[key].label(language())
    entry = f"office.fact.{key}"
    return text(entry, language()) if entry in _known() else key


def _known() -> dict[str, dict[str, str]]:
    from hexi_solar.labels import catalogue

    return catalogue()


def fact_value(key: str, value: Any) -> str:
    """Write a value for people: words by their names, thousands apart."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, float | int):
        year = key in ("year", "seq") or key.endswith("_year")
        return str(value) if year else f"{value:,.10g}"
    if isinstance(value, dict) and set(value) == {"seq", "hash"}:
        return f"{value['seq']}:{str(value['hash'])[:12]}…"
    if isinstance(value, list | dict):
        said = json.dumps(value, ensure_ascii=False)
        return said if len(said) <= LONGEST else said[:LONGEST] + "…"
    return column_label(key, value, language())


def facts_of(entity_type: str, payload: str) -> list[tuple[str, str]]:
    """Write a payload as names and values; one that is damaged as it is."""
    try:
        said = json.loads(payload)
    except ValueError:
        return [("?", payload)]
    if entity_type == "publication" and isinstance(said.get("rates"), list):
        return published_facts(said)
    return [(fact_name(entity_type, k), fact_value(k, v)) for k, v in said.items()]


def in_templates(request: Any) -> dict[str, Any]:
    """Give every page its words, its language and its title."""
    given = services()
    return {
        "w": _Words(),
        "office_language": "en" if language() == "en" else "zh-CN",
        "office_title": given.title,
        "office_synthetic": given.synthetic,
    }


class _Words:
    """Texts by their keys: `w.projects` in a template."""

    def __getitem__(self, key: str) -> str:
        return say(key)


def published_facts(said: dict[str, Any]) -> list[tuple[str, str]]:
    """Write what a publication says first: the rate that it reports, and what it rests on."""
    facts = [(say("column_year"), str(said.get("year", ""))), (say("column_at"), str(said["at"]))]
    for row in said["rates"]:
        if row.get("reported") and row.get("at") == said["at"] and row.get("rate") is not None:
            facts.append((definition_name(str(row["definition"])), f"{row['rate']:.1%}"))
            for name in ("rate_low", "rate_high"):
                if row.get(name) is not None:
                    facts.append((say(f"column_{name}"), f"{row[name]:.1%}"))
            amounts = f"{row['numerator']:,.0f} / {row['denominator']:,.0f} {row['unit'] or ''}"
            facts.append((f"{say('column_numerator')} / {say('column_denominator')}", amounts))
    facts.append((text("office.fact.head", language()), fact_value("head", said.get("head"))))
    facts += [(say("frozen"), str(len(said.get("layers") or [])))]
    return facts


def definition_name(name: str) -> str:
    """Name a coverage definition; one of the plan's own stands for itself."""
    entry = read_facts("coverage")["definitions"].get(name, {})
    return str(entry.get(language(), name))


def role_name(role: str) -> str:
    """Name a role; a group of another name stands for itself."""
    entry = f"office.role.{role}"
    return text(entry, language()) if entry in _known() else role


def column_name(table: str, column: str) -> str:
    """Name a column of a table."""
    return TABLES[table][column].label(language())


column_name_later = lazy(column_name, str)
entity_type_later = lazy(entity_type_name, str)
