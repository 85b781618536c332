"""What differs between two publications of a year, and which events did it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from hexi_solar.publication import (
    NUMBERS,
    plain_value,
    rate_name,
    said,
    same,
    thaw,
    thawed_table,
)
from hexi_solar.schema import COVERAGE_CHANGES, COVERAGE_ROWS


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], ledger: pd.DataFrame
) -> pd.DataFrame:
    """
    List what differs between two publications of a year, and the events that did it.

    Parameters
    ----------
    before, after
        Their payloads.
    ledger
        All events of the register.

    Returns
    -------
    changes
        `schema.COVERAGE_CHANGES`: rates, the reported one first; buildings that came into
        the cohort or left it; PV of buildings; facts; settings; layers.
    """
    rows = _rate_changes(before, after)
    heads = (int(before["head"]["seq"]), int(after["head"]["seq"]))
    between = ledger[(ledger["seq"] > min(heads)) & (ledger["seq"] <= max(heads))]
    projects = _event_ids_by_building(between, before, after)
    facts = {
        str(one): list(group.index)
        for one, group in between[between["entity_type"] == "building"].groupby("entity")
    }
    rows += _cohort_changes(before, after, facts)
    rows += _pv_changes(before, after, projects)
    rows += _fact_changes(before, after, facts)
    rows += _mapping_changes("setting", _settings(before), _settings(after))
    rows += _mapping_changes("layer", before["layers"], after["layers"])
    table = pd.DataFrame(rows, columns=COVERAGE_CHANGES.names)
    return table.rename_axis(index="change")


def _row(
    subject: str,
    name: str,
    column: str,
    values: tuple[Any, Any],
    events: tuple[str | None, list[str]] = (None, []),
) -> dict[str, Any]:
    return {
        "subject": subject,
        "name": name,
        "column": column,
        "before": said(values[0]),
        "after": said(values[1]),
        "event_ids": events[1],
        "entity_type": events[0] if events[1] else None,
    }


def _rate_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    # the same rate, whatever the day
    others = {rate_name(r): r for r in after["rates"]}
    rows = []
    for row in before["rates"]:
        other = others.get(rate_name(row), row)
        for name in NUMBERS:
            if not same(row[name], other[name]):
                rows.append(_row("rate", rate_name(row), name, (row[name], other[name])))
    return rows


def _reported_ids(payload: Mapping[str, Any]) -> set[str]:
    """Return the buildings of the reported rate, those without a known part too."""
    rate = next(r for r in payload["rates"] if r["reported"])
    return set(rate["denominator_ids"]) | set(rate["flagged_ids"])


def _cohort_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], facts: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    old, new = _reported_ids(before), _reported_ids(after)
    rows = []
    for one in sorted(old ^ new):
        sides = ("yes", "no") if one in old else ("no", "yes")
        rows.append(_row("cohort", one, "member", sides, ("building", facts.get(one, []))))
    return rows


def _pv_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], events: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    old, new = thaw(before).pv, thaw(after).pv
    kept = set(thawed_table(before["rows"]).index) | set(thawed_table(after["rows"]).index)
    rows = []
    for one in old.index.union(new.index, sort=True):
        if one not in kept:
            continue
        for name in ("capacity_kwp", "module_area_m2", "array_area_m2"):
            was, now = (plain_value(t[name].get(one)) for t in (old, new))
            if not same(was, now):
                about = ("project", events.get(str(one), []))
                rows.append(_row("pv", str(one), name, (was, now), about))
    return rows


def _fact_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], events: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    old, new = thaw(before).rows, thaw(after).rows
    rows = []
    for one in old.index.union(new.index, sort=True):
        about = ("building", events.get(str(one), []))
        if one not in old.index or one not in new.index:
            sides = ("no", "yes") if one not in old.index else ("yes", "no")
            rows.append(_row("fact", str(one), "could_be_new", sides, about))
            continue
        for name in COVERAGE_ROWS.names:
            pair = (plain_value(old.loc[one, name]), plain_value(new.loc[one, name]))
            if not same(*pair):
                rows.append(_row("fact", str(one), name, pair, about))
    return rows


def _event_ids_by_building(
    events: pd.DataFrame, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return the events about the projects that stand, or stood, on each building."""
    places: dict[str, set[str]] = {}
    for payload in (before, after):
        table = thawed_table(payload["projects"])
        for entity, building in table["building_id"].dropna().items():
            places.setdefault(str(entity), set()).add(str(building))
    found: dict[str, list[str]] = {}
    own = events[events["entity_type"] == "project"]
    for event, entity, written in zip(own.index, own["entity"], own["payload"], strict=True):
        named = json.loads(written).get("building_id")
        where = places.get(str(entity), set()) | ({str(named)} if named else set())
        for building in sorted(where):
            found.setdefault(building, []).append(str(event))
    return found


def _settings(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what was chosen, flat."""
    found = {k: v for k, v in payload["settings"].items() if k != "definitions"}
    for name, one in payload["settings"]["definitions"].items():
        found[f"definitions.{name}"] = json.dumps(one, ensure_ascii=False, sort_keys=True)
    found |= {k: payload[k] for k in ("at", "today", "threshold_m2")}
    found |= {f"filling.{k}": str(v) for k, v in payload["filling"].items()}
    return found | {f"version.{k}": v for k, v in payload["about"].get("versions", {}).items()}


def _mapping_changes(
    subject: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[dict[str, Any]]:
    rows = []
    for name in sorted({*old, *new}):
        pair = (old.get(name), new.get(name))
        if not same(*pair):
            rows.append(_row(subject, name, "", pair))
    return rows
