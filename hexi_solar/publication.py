"""A year's coverage rates as they were published: frozen, worked out again, compared.

A publication is an event of the register whose payload holds everything that its rates
rest on: the buildings with their areas, the projects, the settings and definitions, the
checksums of the layers, the code's version and the head of the register. So a register
file alone is enough to work the rates out again, years later and elsewhere; and because
the ledger is replayed up to that head, what was published and what was on file must agree.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.config import Coverage
from hexi_solar.coverage import (
    COHORTS,
    SCOPES,
    Frame,
    coverage_definitions,
    rates_of,
)
from hexi_solar.ledger import broken_links, project_register, states
from hexi_solar.projects import FACTS, existing_pv, project_states
from hexi_solar.schema import COVERAGE, COVERAGE_ROWS, OWNER_TYPES, YES_NO

NEARLY = 1e-9
"""Relative difference that another machine's arithmetic may make."""
NUMBERS = ("numerator", "denominator", "rate", "rate_low", "rate_high", "target")
LISTS = ("numerator_ids", "denominator_ids", "flagged_ids")
OVERLAID = ("completed_on", "status", "floor_area_m2", "department")
PUBLISHED, RESTATED = "published", "restated"


@dataclass(frozen=True)
class Basis:
    """Everything that the rates of one year rest on."""

    year: int
    at: dt.date
    """Day on which the PV is counted."""
    today: dt.date
    """Day up to which completions count, and whose facts are taken."""
    threshold_m2: float
    settings: Coverage
    filling: Mapping[str, Any]
    """What `projects.existing_pv` takes for figures that were not filed."""
    rows: pd.DataFrame
    """`schema.COVERAGE_ROWS`."""
    projects: pd.DataFrame
    """States of projects on the day `at`."""

    @property
    def pv(self) -> pd.DataFrame:
        """What stands on each building on the day `at`."""
        return existing_pv(self.projects, **self.filling)

    @property
    def frames(self) -> list[Frame]:
        """Both cohorts in both scopes."""
        return [Frame(self.year, c, self.at, s) for c in COHORTS for s in SCOPES]

    def rates(self) -> pd.DataFrame:
        """Work the rates out; table of `schema.COVERAGE`."""
        pv = self.pv
        return rates_of(
            self.rows,
            lambda day: pv,
            self.settings,
            today=self.today,
            threshold_m2=self.threshold_m2,
            chosen=self.frames,
        )


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was published."""

    what: str
    """`head`, `chain`, `project`, `fact` or `rate`."""
    name: str
    frozen: str
    found: str


def entity_of(year: int) -> str:
    """Name what the publications of a year are about."""
    return f"coverage-{year}"


# ---------------------------------------------------------------------------------- freeze


def freeze(
    basis: Basis, head: tuple[int, str], *, layers: Mapping[str, str], about: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Write everything that the rates rest on as the payload of an event.

    Parameters
    ----------
    basis
        What the rates rest on.
    head
        Place and hash of the last event of the register that was read.
    layers
        SHA-256 of every input file.
    about
        Name and title of the plan, and versions of the code.
    """
    settings = dataclasses.asdict(basis.settings)
    settings["start"] = basis.settings.start.isoformat()
    settings["targets"] = dict(basis.settings.targets)
    # the file of definitions may change: those of today are kept with what they gave
    settings["definitions"] = {
        name: {k: v for k, v in one.items() if k != "status"}
        for name, one in coverage_definitions(basis.settings).items()
    }
    return {
        "year": basis.year,
        "at": basis.at.isoformat(),
        "today": basis.today.isoformat(),
        "threshold_m2": basis.threshold_m2,
        "settings": settings,
        "filling": {k: _listed(v) for k, v in basis.filling.items()},
        "rows": _frozen_table(basis.rows),
        "projects": _frozen_table(basis.projects),
        "rates": frozen_rates(basis.rates()),
        "head": {"seq": head[0], "hash": head[1]},
        "layers": dict(layers),
        "about": dict(about),
    }


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _listed(v) for k, v in value.items()}
    return [float(v) for v in value] if isinstance(value, (list, tuple)) else float(value)


def _frozen_table(table: pd.DataFrame) -> dict[str, Any]:
    """Write a table as columns and rows of plain values, the index first."""
    flat = table.reset_index()
    return {
        "columns": [str(c) for c in flat.columns],
        "rows": [[plain_value(v) for v in row] for row in flat.itertuples(index=False, name=None)],
    }


def plain_value(value: Any) -> Any:
    """Return what JSON has for a value: unknown as None, days as text."""
    if isinstance(value, (list, tuple)):
        return [plain_value(v) for v in value]
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, (dt.date, pd.Timestamp)):
        return value.isoformat()[:10]
    return value.item() if isinstance(value, np.generic) else value


def frozen_rates(coverage: pd.DataFrame) -> list[dict[str, Any]]:
    """Write rates as plain values; the reported one keeps its lists of buildings."""
    found = []
    for row in coverage.reset_index().to_dict("records"):
        kept = {str(k): plain_value(v) for k, v in row.items() if row["reported"] or k not in LISTS}
        found.append(kept)
    return found


# ------------------------------------------------------------------------------------ thaw


def thaw(payload: Mapping[str, Any]) -> Basis:
    """Read what a publication rests on, as it was frozen."""
    settings = dict(payload["settings"])
    settings["start"] = dt.date.fromisoformat(settings["start"])
    known = {f.name for f in dataclasses.fields(Coverage)}
    rows = thawed_table(payload["rows"])
    for column in COVERAGE_ROWS:
        if column.name not in rows:
            rows[column.name] = None
        if column.kind == "date":
            rows[column.name] = pd.to_datetime(rows[column.name]).astype("datetime64[us]")
        elif column.kind == "float":
            rows[column.name] = pd.to_numeric(rows[column.name]).astype(float)
    return Basis(
        year=int(payload["year"]),
        at=dt.date.fromisoformat(payload["at"]),
        today=dt.date.fromisoformat(payload["today"]),
        threshold_m2=float(payload["threshold_m2"]),
        settings=Coverage(**{k: v for k, v in settings.items() if k in known}),
        filling=payload["filling"],
        rows=rows,
        projects=thawed_table(payload["projects"]),
    )


def thawed_table(frozen: Mapping[str, Any]) -> pd.DataFrame:
    """Read a frozen table; numbers and days are as JSON has them."""
    index, *columns = frozen["columns"]
    data = [row[1:] for row in frozen["rows"]]
    ids = pd.Index([row[0] for row in frozen["rows"]], name=index, dtype=object)
    return pd.DataFrame(data, index=ids, columns=columns)


def thaw_rates(payload: Mapping[str, Any]) -> pd.DataFrame:
    """Read the rates as they were published; lists of buildings where they were kept."""
    table = pd.DataFrame(payload["rates"])
    table["at"] = pd.to_datetime(table["at"])
    for name in NUMBERS:
        table[name] = pd.to_numeric(table[name]).astype(float)
    return table.set_index(list(COVERAGE.index))


# ---------------------------------------------------------------------------- work out again


def up_to(ledger: pd.DataFrame, seq: int) -> pd.DataFrame:
    """Return the events that were there when one was the last."""
    return ledger[ledger["seq"] <= seq]


def replay(payload: Mapping[str, Any], ledger: pd.DataFrame) -> Basis:
    """
    Read what a publication rests on anew, taking from the ledger what the ledger knows.

    Areas come from the frozen rows, for they were measured on layers; projects, days of
    completion, owners and floor areas come from the events up to the publication's head.
    """
    basis = thaw(payload)
    events = up_to(ledger, int(payload["head"]["seq"]))
    projects = project_states(project_register(events), basis.at)
    facts = states(events, "building", basis.today)
    return dataclasses.replace(basis, projects=projects, rows=_overlaid(basis.rows, facts))


def _overlaid(rows: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Lay facts of the register over frozen rows, where both say the same kind of thing."""
    table = rows.copy()
    words = {"owner_type": set(OWNER_TYPES) - {"unknown"}, "public_institution": set(YES_NO[:2])}
    for name in (*OVERLAID, *words):
        if name not in facts:
            continue
        said = facts.loc[facts.index.isin(table.index), name].dropna()
        said = said[said.isin(words[name])] if name in words else said
        if name == "completed_on":
            said = pd.to_datetime(said).astype("datetime64[us]")
            table.loc[said.index, "completed_on_source"] = "surveyed"
        if len(said):
            table.loc[said.index, name] = said.astype(table[name].dtype)
    return table


def check(payload: Mapping[str, Any], ledger: pd.DataFrame) -> list[Difference]:
    """
    Work a publication out again from the register alone, and compare.

    Parameters
    ----------
    payload
        Of the publication.
    ledger
        All events of the register.

    Returns
    -------
    differences
        Empty if the chain is whole up to the publication's head, the head is the one that
        was noted, and projects, facts and every rate come out as they were published.
    """
    found = list(_chain(payload, ledger))
    frozen, now = thaw(payload), replay(payload, ledger)
    found += _tables("project", frozen.projects, now.projects, [*FACTS, "stage"])
    found += _tables("fact", frozen.rows, now.rows, list(now.rows.columns))
    return found + _rates(payload["rates"], frozen_rates(now.rates()))


def _chain(payload: Mapping[str, Any], ledger: pd.DataFrame) -> list[Difference]:
    """Compare the head, and look for events that are not as they were recorded."""
    head = payload["head"]
    events = up_to(ledger, int(head["seq"]))
    found = [Difference("chain", event, "", what) for _seq, event, what in broken_links(events)]
    last = events[events["seq"] == int(head["seq"])]
    hash_ = "" if last.empty else str(last["hash"].iloc[0])
    if int(head["seq"]) and hash_ != head["hash"]:
        found.append(Difference("head", str(head["seq"]), str(head["hash"]), hash_))
    return found


def _tables(
    what: str, frozen: pd.DataFrame, now: pd.DataFrame, columns: Sequence[str]
) -> list[Difference]:
    """Compare two tables value by value."""
    found = []
    for one in frozen.index.union(now.index, sort=True):
        if one not in frozen.index or one not in now.index:
            side = ("", "+") if one not in frozen.index else ("+", "")
            found.append(Difference(what, str(one), *side))
            continue
        before, after = frozen.loc[one], now.loc[one]
        for name in columns:
            old, new = plain_value(before.get(name)), plain_value(after.get(name))
            if not same(old, new):
                found.append(Difference(what, f"{one}.{name}", said(old), said(new)))
    return found


def _rates(
    frozen: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> list[Difference]:
    """Compare rates, and the buildings behind the reported one."""
    found = []
    others = {key_of(row): row for row in now}
    for row in frozen:
        other = others.get(key_of(row), {})
        for name in (*NUMBERS, *LISTS):
            if name in row and not same(row[name], other.get(name)):
                parts = (said(row[name]), said(other.get(name)))
                found.append(Difference("rate", f"{rate_name(row)}.{name}", *parts))
    return found


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the axes of a rate."""
    return tuple(row[name] for name in COVERAGE.index)


def rate_name(row: Mapping[str, Any]) -> str:
    """Name a rate by its axes."""
    parts = (row["definition"], row["reading"], row["scope"], row["cohort"])
    return "/".join(str(p) for p in parts if p != "-")


def same(one: Any, other: Any) -> bool:
    """Say whether two values are the same but for another machine's arithmetic."""
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return math.isclose(one, other, rel_tol=NEARLY, abs_tol=1e-12)
    return bool(one == other)


def said(value: Any) -> str:
    """Write a value short enough for a table."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value)


def reported_rate(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reported rate of a publication."""
    found: Mapping[str, Any] = next(r for r in payload["rates"] if r["reported"])
    return found
