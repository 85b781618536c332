"""How far the district is from its target, as the panel of the page tells it.

The headline is the reported rate; beside it stand the year alone, the cumulative rate,
every year since the start, and the same district by all other definitions.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from hexi_solar.facts import read_facts
from hexi_solar.labels import catalogue, label
from hexi_solar.study import Study


def progress(study: Study, rows: dict[str, int]) -> dict[str, Any] | None:
    """
    Return what the panel says of the coverage rate.

    Parameters
    ----------
    study
        The coverage table and the plan are read.
    rows
        Row of each building on the page.

    Returns
    -------
    progress
        None where nothing is reported. Rates are fractions [-]; buildings are rows.
    """
    table = study.coverage
    if table.empty or not table["reported"].astype(bool).any():
        return None
    plan, language = study.plan.coverage, study.plan.language
    flat = table.reset_index()
    reported = flat[flat["reported"].astype(bool)]
    own = reported[reported["cohort"] == plan.cohort]
    head = (own if len(own) else reported).sort_values(["year", "at"]).iloc[-1]
    same = flat[
        (flat["definition"] == head["definition"])
        & (flat["reading"] == head["reading"])
        & (flat["scope"] == head["scope"])
    ]
    return {
        **_rate(head),
        "name": _definition(study, head["definition"], language),
        "formula": _definition(study, head["definition"], f"formula_{language}"),
        "reading": label("reading", head["reading"], language),
        "scope": label("scope", head["scope"], language),
        "cohort": label("cohort", head["cohort"], language),
        "start": plan.start.isoformat(),
        "target_year": plan.target_year,
        "this_year": _at(same, head["year"], "in_year", last=True),
        "cumulative": _at(same, head["year"], "cumulative", last=True),
        "years": _years(same),
        "numerator_rows": _rows(head["numerator_ids"], rows),
        "denominator_rows": _rows(head["denominator_ids"], rows),
        "flagged_rows": _rows(head.get("flagged_ids"), rows),
        "others": _others(study, flat, head),
    }


def _rate(row: pd.Series[Any]) -> dict[str, Any]:
    """Return one rate with both sides of its ratio."""
    return {
        "year": int(row["year"]),
        "at": str(row["at"])[:10],
        "rate": _known(row["rate"], 8),
        "numerator": _known(row["numerator"], 1),
        "denominator": _known(row["denominator"], 1),
        "unit": "" if pd.isna(row["unit"]) else str(row["unit"]),
        "target": _known(row["target"], 8),
        "buildings": _known(row["buildings"], 0),
        "buildings_with_pv": _known(row["buildings_with_pv"], 0),
    }


def _known(value: Any, digits: int) -> float | None:
    """Return a number, or None where it is unknown."""
    number = float("nan") if pd.isna(value) else float(value)
    return round(number, digits) if math.isfinite(number) else None


def _definition(study: Study, definition: str, field: str) -> str:
    """Return a text of one definition, from the plan or from the facts."""
    known = {**read_facts("coverage")["definitions"], **study.plan.coverage.definitions}
    found = known.get(definition, {})
    return str(found.get(field, definition if not field.startswith("formula") else ""))


def _at(table: pd.DataFrame, year: int, cohort: str, *, last: bool) -> dict[str, Any] | None:
    """Return the rate of one year: at the last date there is, or at the first, the year's end."""
    found = table[(table["year"] == year) & (table["cohort"] == cohort)].sort_values("at")
    return _rate(found.iloc[-1 if last else 0]) if len(found) else None


def _years(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return both rates of every year, as they stood at its end (the current one: today)."""
    return [
        {
            "year": int(year),
            "in_year": _at(table, year, "in_year", last=False),
            "cumulative": _at(table, year, "cumulative", last=False),
        }
        for year in sorted(table["year"].unique())
    ]


def _rows(ids: Any, rows: dict[str, int]) -> list[int]:
    """Return buildings as rows of the page."""
    known = ids if isinstance(ids, (list, tuple)) else ()
    return [rows[str(building)] for building in known if str(building) in rows]


def _others(study: Study, table: pd.DataFrame, head: pd.Series[Any]) -> list[dict[str, Any]]:
    """Return the rates of the headline's year and day by every definition, reading and scope."""
    language = study.plan.language
    found = table[
        (table["year"] == head["year"])
        & (table["cohort"] == head["cohort"])
        & (table["at"] == head["at"])
    ]
    return [
        {
            "name": _definition(study, row["definition"], language),
            "reading": _reading(row["reading"], language),
            "scope": label("scope", row["scope"], language),
            "rate": _known(row["rate"], 8),
            "target": _known(row["target"], 8),
            "kind": str(row["kind"]),
            "reported": bool(row["reported"]),
        }
        for _, row in found.iterrows()
    ]


def _reading(reading: Any, language: str) -> str:
    """Name a reading of the PV area; a definition that knows only one has none."""
    entry = catalogue().get(f"enum.reading.{reading}")
    return entry[language] if entry else ""
