"""The register of PV projects (建档立卡), read event by event from a workbook or CSV.

An event says what became true of a project, and when. Offices keep either such events,
or one card per project with a date for each stage; a card is read as one event per date.
A register that cannot be read whole is refused whole, with the rows: a rate that is
reported must not rest on half of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar import schema
from hexi_solar.config import Plan
from hexi_solar.errors import LayerError, Notices, Problem, RegisterError
from hexi_solar.sheets.columns import (
    Found,
    Reading,
    find_columns,
    read_columns,
    some,
    warn_refused,
)
from hexi_solar.sheets.tables import SOURCE_ROW, read_table
from hexi_solar.sheets.words import DATE, TEXT, parse_times

# what an event is made of; without one of them it says nothing
_ESSENTIAL = ("entity", "kind", "valid_on")


def read_register(plan: Plan, notices: Notices) -> pd.DataFrame:
    """
    Read the events of PV projects.

    Parameters
    ----------
    plan
        The study; `layers.register` names the table, or none.
    notices
        Where rough dates and cells that were not understood are kept.

    Returns
    -------
    register
        `schema.REGISTER`, in the order of the file; empty where the plan names none.

    Raises
    ------
    LayerError
        If the file cannot be read as a table.
    RegisterError
        With every row that is no event: unknown stages, bad dates, projects without a
        number, impossible figures, repeated event ids.
    """
    table = plan.layers.register
    if table.path is None:
        return _declared(pd.DataFrame(index=pd.RangeIndex(0)))
    file = table.path.name
    raw = read_table(table, "register", notices)
    names = [str(c) for c in raw.columns if c != SOURCE_ROW]
    found, problems = find_columns(names, "register", table.columns, file)
    if problems:
        raise LayerError(*problems)
    raw, found = _unfold_payload(raw, found, file)
    if "kind" not in found or "valid_on" not in found:
        raw, found = _unfold_stages(raw, found, file, notices)
    missing = [name for name in _ESSENTIAL if name not in found]
    if missing:
        facts = {"file": file, "known": ", ".join(names)}
        raise RegisterError(*(Problem("register_column", facts | {"ours": m}) for m in missing))
    reading = read_columns(raw, "register", found)
    problems = _check_rows(reading, raw, file)
    if problems:
        raise RegisterError(*problems)
    return _events(reading, raw, file, notices)


def _unfold_stages(
    raw: pd.DataFrame, found: Mapping[str, Found], file: str, notices: Notices
) -> tuple[pd.DataFrame, dict[str, Found]]:
    """Make one event of every stage's date on a project's card."""
    names = [str(c) for c in raw.columns if c != SOURCE_ROW]
    stages, _ = find_columns(names, "register_stages", {}, file)
    if not stages:
        return raw, dict(found)
    parts = []
    for stage, its in stages.items():
        filled = raw[its.column].map(lambda c: c is not None and str(c).strip() != "")
        part = raw[filled].assign(kind=stage, valid_on=raw.loc[filled, its.column])
        parts.append(part)
    events = pd.concat(parts, ignore_index=True)
    # the cards in their order, each with its stages in theirs
    events = events.sort_values(SOURCE_ROW, kind="stable", ignore_index=True)
    facts = {"file": file, "count": len(raw), "events": len(events)}
    notices.add(
        "info", "register_cards", **facts, columns=", ".join(s.column for s in stages.values())
    )
    kept = {ours: f for ours, f in found.items() if ours not in ("event_id", "kind", "valid_on")}
    return events, {**kept, "kind": Found("kind"), "valid_on": Found("valid_on")}


def _unfold_payload(
    raw: pd.DataFrame, found: Mapping[str, Found], file: str
) -> tuple[pd.DataFrame, dict[str, Found]]:
    """Spread the JSON of a payload column over the columns that it names."""
    found = dict(found)
    where = found.pop("payload", None)
    if where is None:
        return raw, found
    contents: list[dict[str, object]] = []
    bad: list[int] = []
    for cell, row in zip(raw[where.column], raw[SOURCE_ROW], strict=True):
        text = "" if cell is None else str(cell).strip()
        try:
            content = json.loads(text) if text and text.lower() != "nan" else {}
        except ValueError:
            content = None
        if not isinstance(content, dict):
            bad.append(int(row))
            content = {}
        contents.append(content)
    if bad:
        facts = {"file": file, "column": where.column, "count": len(bad), "rows": some(bad)}
        raise RegisterError(Problem("register_payload", facts))
    raw = raw.copy()
    for name in schema.REGISTER.names:
        if not any(name in content for content in contents):
            continue
        given = pd.Series([c.get(name) for c in contents], index=raw.index, dtype=object)
        flat = raw[found[name].column] if name in found else given
        blank = flat.map(lambda c: c is None or str(c).strip() == "")
        # a cell of its own column counts before the payload
        raw[f"payload.{name}"] = flat.where(~blank, given)
        found[name] = Found(f"payload.{name}", found[name].factor if name in found else 1.0)
    return raw, found


def _check_rows(reading: Reading, raw: pd.DataFrame, file: str) -> list[Problem]:
    """Find the rows that are no event."""
    problems, rows = [], raw[SOURCE_ROW]
    for ours in _ESSENTIAL:
        column = reading.found[ours].column
        wrong = reading.refused.get(ours)
        if wrong is not None and wrong.any():
            values = some(raw.loc[wrong, column].astype(str).unique(), limit=5)
            facts = {"file": file, "column": column, "found": values, "rows": some(rows[wrong])}
            problems.append(Problem(f"register_{ours}", facts | {"count": int(wrong.sum())}))
        blank = reading.table[ours].isna()
        if wrong is not None:
            blank &= ~wrong
        if blank.any():
            facts = {"file": file, "column": column, "rows": some(rows[blank])}
            problems.append(Problem("register_blank", facts | {"count": int(blank.sum())}))
    for spec in schema.REGISTER:
        if spec.kind == "float" and spec.name in reading.found:
            problems += _check_numbers(reading, raw, spec, file)
    problems += _check_event_ids(reading, rows, file)
    return problems


def _check_numbers(
    reading: Reading, raw: pd.DataFrame, spec: schema.ColumnSpec, file: str
) -> list[Problem]:
    """Refuse figures that are none, or that cannot be."""
    numbers = reading.table[spec.name]
    bad = (numbers < spec.low) | (numbers > spec.high)
    bad |= reading.refused.get(spec.name, pd.Series(False, index=numbers.index))
    if not bad.any():
        return []
    column = reading.found[spec.name].column
    values = some(raw.loc[bad, column].astype(str).unique(), limit=5)
    facts = {"file": file, "column": column, "found": values, "count": int(bad.sum())}
    high = "" if np.isinf(spec.high) else f"{spec.high:g}"
    expected = f"{spec.low:g}..{high} {spec.unit}".strip()
    return [
        Problem(
            "register_number",
            facts | {"rows": some(raw.loc[bad, SOURCE_ROW]), "expected": expected},
        )
    ]


def _check_event_ids(reading: Reading, rows: pd.Series, file: str) -> list[Problem]:
    """Refuse event ids that repeat."""
    ids = reading.table["event_id"]
    again = ids.notna() & ids.duplicated(keep=False)
    if not again.any():
        return []
    facts = {"file": file, "found": some(ids[again].unique(), limit=5)}
    return [
        Problem("register_repeated", facts | {"count": int(again.sum()), "rows": some(rows[again])})
    ]


def _events(reading: Reading, raw: pd.DataFrame, file: str, notices: Notices) -> pd.DataFrame:
    """Make the register of a reading without problems."""
    softer = {k: v for k, v in reading.refused.items() if k not in _ESSENTIAL}
    warn_refused(Reading(reading.table, reading.found, softer), raw, raw[SOURCE_ROW], file, notices)
    rough = reading.table["valid_on_rough"]
    if rough.any():
        facts = {"file": file, "count": int(rough.sum())}
        notices.add("assumed", "register_rough", **facts, rows=some(raw.loc[rough, SOURCE_ROW]))
    events = reading.table.copy()
    if "recorded_at" in reading.found:
        events["recorded_at"], _ = parse_times(raw[reading.found["recorded_at"].column])
    made = _made_ids(events)
    events.index = pd.Index(events["event_id"].fillna(made).astype(object), name="event_id")
    return _declared(events)


def _made_ids(events: pd.DataFrame) -> pd.Series:
    """Make ids of what an event says: the same row keeps its id when others come and go."""
    columns = [c for c in schema.REGISTER.names if c in events]
    said = events[columns].astype(object).where(events[columns].notna(), "")
    texts = ["\x1f".join(str(v) for v in row) for row in said.itertuples(index=False)]
    keys = pd.Series(
        [f"e-{hashlib.blake2b(t.encode()).hexdigest()[:12]}" for t in texts], index=events.index
    )
    again = keys.groupby(keys).cumcount() + 1
    return keys.where(again == 1, keys + "-" + again.astype(str)).astype(TEXT)


def _declared(events: pd.DataFrame) -> pd.DataFrame:
    """Give a table all columns of the register, in their order and kind."""
    dtypes: dict[str, Any] = {"date": DATE, "float": float}
    columns = {
        c.name: events[c.name] if c.name in events else pd.Series(index=events.index, dtype=object)
        for c in schema.REGISTER
    }
    table = pd.DataFrame(columns, index=events.index)
    table = table.astype({c.name: dtypes.get(c.kind, TEXT) for c in schema.REGISTER})
    return table.rename_axis(index="event_id")
