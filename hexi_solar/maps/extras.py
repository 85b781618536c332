"""What only some maps show: the path to the target, the use of buildings, their measures.

A plain map carries none of it, neither data nor script nor words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import read_facts
from hexi_solar.labels import catalogue, label
from hexi_solar.study import Roadmap


@dataclass(frozen=True)
class Extras:
    """Tables that some maps have beside the study."""

    roadmap: Roadmap | None = None
    demand: pd.DataFrame | None = None
    """`DEMAND` of `schema`: `electricity_kwh_m2` with its source."""
    packages: pd.DataFrame | None = None
    """`RETROFIT_PACKAGES` of `schema`; the first package of each building is shown."""

    @property
    def has_themes(self) -> bool:
        """Whether buildings are coloured by what they use or could save."""
        return self.demand is not None or self.packages is not None


NOTHING = Extras()


def extra_data(extras: Extras, rows: dict[str, int], language: str) -> dict[str, Any]:
    """
    Return the trees that the page's further scripts read.

    Parameters
    ----------
    extras
        What there is.
    rows
        Row of each building on the page.
    language
        Of names.
    """
    found: dict[str, Any] = {}
    if extras.roadmap is not None:
        found["pathway"] = pathway_data(extras.roadmap, rows, language)
    if extras.has_themes:
        found["themes"] = theme_data(extras, rows)
    return found


def pathway_data(found: Roadmap, rows: dict[str, int], language: str) -> dict[str, Any]:
    """
    Return the path as the page shows it.

    Returns
    -------
    pathway
        Figures of the answer; `years` with what is built and the rate at their end; one
        entry per roof under `roofs`, in columns; `members` that come to count later.
    """
    study, answer = found.study, found.answer
    schedule = found.schedule[found.schedule.index.astype(str).isin(list(rows))]
    variants = read_facts("layouts")["variants"]
    names = [str(variants.get(v, {}).get(language, v)) for v in schedule["variant"]]
    npv = found.economics["npv_cny"].reindex(schedule.index)
    today = study.plan.today.year
    later = found.members[found.members > today]
    later = later[later.index.astype(str).isin(list(rows))]
    reported = found.coverage[found.coverage["reported"]].reset_index().set_index("year")
    first = found.now[found.now["reported"]] if len(found.now) else found.now
    years = found.years.reset_index()
    return {
        "status": answer["status"],
        "asked": found.asked,
        "target": answer["target"],
        "by": answer["by"],
        "rate": _one(answer["rate"]),
        "nearest": _one(answer["reachable_rate"]),
        "at_most": _one(answer["reachable_rate_at_most"]),
        "gap": round(float(answer["gap"]), 6),
        "cost": round(float(answer["cost_cny"])),
        "npv": round(float(answer["npv_cny"])),
        "probability": round(float(found.chance["probability"]), 4),
        "now": {"year": today, "rate": _one(first["rate"].iloc[0]) if len(first) else None},
        "years": [
            {
                "year": int(r["year"]), "built": int(r["buildings"]), "checks": int(r["checks"]),
                "cost": round(float(r["cost_cny"])), "kwp": round(float(r["capacity_kwp"]), 1),
                "rate": _one(reported.at[r["year"], "rate"]),
            }
            for r in years.to_dict("records")
        ],
        "definitions": definitions(found, language),
        "roofs": {
            "row": [rows[str(i)] for i in schedule.index],
            "year": [int(y) for y in schedule["year"]],
            "way": names,
            "kwp": [round(float(v), 1) for v in schedule["capacity_kwp"]],
            "cost": [round(float(v)) for v in schedule["cost_cny"]],
            "npv": [None if np.isnan(v) else round(float(v)) for v in npv],
            "check": "".join("1" if s == "unknown" else "0" for s in schedule["load_state"]),
            "bound": "".join("1" if b else "0" for b in schedule["committed"]),
        },
        "members": {
            "row": [rows[str(i)] for i in later.index], "year": [int(y) for y in later],
        },
    }  # fmt: skip


def definitions(found: Roadmap, language: str) -> list[dict[str, Any]]:
    """List the rate of every definition at the end of every year, in the plan's scope."""
    plan = found.study.plan
    known = {**read_facts("coverage")["definitions"], **plan.coverage.definitions}
    table = found.coverage.xs(plan.coverage.scope, level="scope")
    rows = []
    levels = ("definition", "reading")
    pairs = dict.fromkeys(zip(*(table.index.get_level_values(n) for n in levels), strict=True))
    for name, reading in pairs:
        own = table.xs((name, reading), level=levels).sort_index()
        by_year = own["rate"]
        rows.append({
            "name": str(known.get(name, {}).get(language, name)),
            "reading": label("reading", reading, language)
            if f"enum.reading.{reading}" in catalogue() else "",
            "reported": bool(own["reported"].any()),
            "rates": [_one(v) for v in by_year],
        })  # fmt: skip
    return sorted(rows, key=lambda row: not row["reported"])


def theme_data(extras: Extras, rows: dict[str, int]) -> dict[str, Any]:
    """Return what buildings use per floor area, and what their first package saves."""
    found: dict[str, Any] = {}
    if extras.demand is not None and "electricity_kwh_m2" in extras.demand:
        table = _ours(extras.demand, rows)
        table = table[table["electricity_kwh_m2"].notna()]
        found["intensity"] = {
            "row": [rows[str(i)] for i in table.index],
            "value": [round(float(v), 1) for v in table["electricity_kwh_m2"]],
            "assumed": "".join("1" if s == "assumed" else "0" for s in table["electricity_source"]),
        }
    if extras.packages is not None:
        table = extras.packages.reset_index()
        table = table.groupby("building_id", sort=False).first()
        table = _ours(table, rows)
        table = table[table["saving_rate"].notna()]
        found["measures"] = {
            "row": [rows[str(i)] for i in table.index],
            "value": [round(100.0 * float(v), 1) for v in table["saving_rate"]],
            "count": [len(v) if isinstance(v, (list, tuple)) else 0 for v in table["measures"]],
        }
    return found


def _ours(table: pd.DataFrame, rows: dict[str, int]) -> pd.DataFrame:
    """Keep the buildings that the page shows."""
    return table[table.index.astype(str).isin(list(rows))]


def _one(value: Any) -> float | None:
    """Return a rate, or None where it is unknown."""
    return None if value is None or pd.isna(value) else round(float(value), 6)
