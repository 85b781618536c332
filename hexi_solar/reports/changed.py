"""The differences between two publications, in words: rates by their axes, columns by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hexi_solar.facts import read_facts
from hexi_solar.labels import catalogue, column_label, label, text
from hexi_solar.schema import COVERAGE_ROWS, REGISTER


def worth_showing(found: pd.DataFrame) -> pd.DataFrame:
    """
    Leave out what follows from the rest: sums and interval of rates that are not reported.

    Parameters
    ----------
    found
        `schema.COVERAGE_CHANGES`; its first rate is the reported one.
    """
    rates = found["subject"] == "rate"
    first = found.loc[rates, "name"].iloc[0] if rates.any() else ""
    return found[~(rates & (found["column"] != "rate") & (found["name"] != first))]


def reported_first(found: pd.DataFrame) -> pd.DataFrame:
    """Put the reported rate first, then what moved it, then all other rates."""
    rates = found["subject"] == "rate"
    first = found.loc[rates, "name"].iloc[0] if rates.any() else ""
    place = rates.astype(int) + (rates & (found["name"] != first)) + ~rates * 1.5
    return found.loc[place.sort_values(kind="stable").index]


def rate_title(name: str, language: str) -> str:
    """Name a rate by the words of its axes."""
    definition, *axes = name.split("/")
    about = read_facts("coverage")["definitions"].get(definition, {})
    words = [str(about.get(language, definition))]
    for axis, group in zip(reversed(axes), ("cohort", "scope", "reading"), strict=False):
        words.insert(1, label(group, axis, language))
    return text("coverage.comma", language).join(words)


def column_title(name: str, subject: str, language: str) -> str:
    """Name a column as its table does."""
    if f"coverage.column.{name}" in catalogue():
        return text(f"coverage.column.{name}", language)
    table = REGISTER if subject == "pv" else COVERAGE_ROWS
    return table[name].label(language) if name in table.names else name


def value_shown(row: Mapping[Any, Any], side: str, language: str) -> str:
    """Write a value for people: rates in percent, words by their names, numbers to six figures."""
    value, column = row[side], str(row["column"])
    if value is None or value != value or str(value) == "":
        return "-"
    value = str(value)
    if column in ("member", "could_be_new"):
        return column_label("eligible", value, language)
    try:
        number = float(value)
    except ValueError:
        named = column_label(column, value, language) if column else value
        return named if len(named) <= 24 else named[:23] + "…"
    if row["subject"] == "rate" and column not in ("numerator", "denominator"):
        return f"{number:.2%}"
    return f"{number:,.6g}"
