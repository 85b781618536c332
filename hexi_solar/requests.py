"""Which missing facts matter most, and whom to ask for them.

A fact is worth asking for by what its answer could change: the reported coverage rate
first, then its forecast, then the energy that can be promised (P90), then the capacity
that hangs on it. `data_requests` goes through all that is not known of buildings,
projects and meters and works each of these out; `by_department` cuts the list for those
who are asked, `question` writes each request out.

No definition of the rate is known here: the caller gives what each building adds to
numerator and denominator (`parts`), counted or not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import all_facts, fact
from hexi_solar.labels import text
from hexi_solar.schema import REQUEST_COUNTS, REQUESTS
from hexi_solar.schema.supervision import MISSING_FACTS

BUILT = ("connected", "operating")
# who is likely to know; the department answers for the building in any case
WHO = {
    "completed_on": "department", "public_institution": "department", "load": "owner",
    "module_area": "operator", "capacity": "operator", "readings": "operator", "area": "owner",
    "height": "owner", "tilt": "owner", "roof_area": "builder", "pv_reserved": "builder",
    "load_in_design": "design", "expected_on": "builder", "builder_found": "department",
}  # fmt: skip
COLUMNS = (
    "building_id",
    "entity",
    "rate_low",
    "rate_high",
    "forecast_delta",
    "p90_gain_kwh",
    "at_stake_kwp",
)


@dataclass(frozen=True)
class Unknowns:
    """Everything that the requests are drawn from."""

    buildings: pd.DataFrame
    parts: pd.DataFrame
    """Per building that is or could be new: `numerator`, `denominator` of the reported
    definition as if it counted, and `counted`, whether it does."""
    projects: pd.DataFrame
    capacity_kwp: pd.Series
    """What the study's layout holds, per building. [kWp]"""
    worth_kwh: pd.DataFrame
    """From `uncertainty.worth_of_facts`, summed per building: what P90 gains. [kWh]"""
    approvals: pd.DataFrame
    missing_months: pd.Series
    """Months without a reading, per project."""
    numerator: str = "module_area_m2"
    denominator: str = "installable_area_m2"
    """Columns of `approvals` that the reported definition adds up, or ``"buildings"`` to count."""
    scope: str = "all"
    """``"eligible"`` where only roofs at the threshold that bear PV are counted."""

    @property
    def top(self) -> float:
        """Numerator today."""
        return float(self.parts.loc[self.parts["counted"], "numerator"].sum())

    @property
    def bottom(self) -> float:
        """Denominator today."""
        return float(self.parts.loc[self.parts["counted"], "denominator"].sum())

    def moved(self, top: float, bottom: float) -> float:
        """Return how the rate changes if the sums change by so much."""
        above, below = self.top + top, self.bottom + bottom
        before = self.top / self.bottom if self.bottom > 0 else 0.0
        return above / below - before if below > 0 else -before

    def holds(self, building: object) -> float:
        """Return the capacity that a building could hold, 0 where that is not known. [kWp]"""
        value = float(self.capacity_kwp.get(building, np.nan))
        return 0.0 if np.isnan(value) else value


def data_requests(known: Unknowns, *, load_counts: bool = True) -> pd.DataFrame:
    """
    List the missing facts, those that matter most first.

    Parameters
    ----------
    known
        What is known.
    load_counts
        A roof that turns out not to bear PV leaves the denominator: so for installable
        area and achievable capacity, not for roofs, buildings and floor area.

    Returns
    -------
    requests
        Table of `schema`, by the width that the answer leaves open in the rate, then by
        forecast, P90, capacity, fact and building.
    """
    found = [row | {"missing_fact": n} for n, finder in FINDERS.items() for row in finder(known)]
    if not load_counts:
        found = [_unmoved(row) if row["missing_fact"] == "load" else row for row in found]
    table = pd.DataFrame(found, columns=["missing_fact", *COLUMNS])
    own = known.buildings.reindex(table["building_id"])
    table["name"] = own["name"].to_numpy()
    listed = known.approvals.reindex(columns=["name"])["name"]
    table["name"] = (
        table["name"]
        .astype(object)
        .where(pd.notna(table["name"]), table["building_id"].map(listed))
    )
    table["department"] = [department_of(row) for row in own.to_dict("records")]
    table["who"] = table["missing_fact"].map(WHO)
    for name in COLUMNS[2:]:
        table[name] = table[name].astype(float).fillna(0.0)
    keys = table.assign(
        _width=(table["rate_low"] - table["rate_high"]).round(9),
        _forecast=-table["forecast_delta"].round(9),
        _gain=-table["p90_gain_kwh"].round(3),
        _stake=-table["at_stake_kwp"].round(3),
        _fact=table["missing_fact"].map({f: i for i, f in enumerate(MISSING_FACTS)}),
        _id=table["building_id"].astype(str) + "/" + table["entity"].fillna("").astype(str),
    )
    table = table.loc[keys.sort_values(list(keys.columns[-6:]), kind="stable").index]
    table["rank"] = np.arange(1, len(table) + 1)
    thing = table["entity"].where(table["entity"].notna(), table["building_id"]).astype(str)
    table.index = pd.Index(table["missing_fact"] + "/" + thing, name="request_id", dtype=object)
    return table[REQUESTS.names]


def department_of(building: Mapping[Any, Any]) -> str:
    """Name the department that answers for a building, by its owner type where none is given; else empty."""
    given = building.get("department")
    if isinstance(given, str) and given:
        return given
    entry = all_facts().get(f"owners.owner.{building.get('owner_type')}.department")
    return str(entry.value) if entry else ""


def by_department(requests: pd.DataFrame, most: int | None = None) -> dict[str, pd.DataFrame]:
    """
    Cut the list for each department, in its order.

    Parameters
    ----------
    requests
        From `data_requests`.
    most
        Requests per department, the foremost; None for all.

    Returns
    -------
    requests
        By department, in the order of their names; the empty name, last, gathers what no
        department answers for.
    """
    names = sorted(requests["department"].unique(), key=lambda name: (name == "", name))
    return {str(name): requests[requests["department"] == name].iloc[:most] for name in names}


def request_counts(requests: pd.DataFrame) -> pd.DataFrame:
    """
    Sum the requests up per department.

    Returns
    -------
    counts
        Table of `schema`, those first whose answers matter most.
    """
    rows = []
    for name, own in by_department(requests).items():
        width = own["rate_high"] - own["rate_low"]
        sums = own[["forecast_delta", "p90_gain_kwh"]].sum()
        row = {"department": name, "requests": len(own), "buildings": own["building_id"].nunique()}
        rows.append(
            row | {"rate_width": float(width.sum()), **sums, "first": own["missing_fact"].iloc[0]}
        )
    table = pd.DataFrame(rows, columns=["department", *REQUEST_COUNTS.names])
    keys = ["rate_width", "forecast_delta", "p90_gain_kwh"]
    table = table.sort_values([*keys, "department"], ascending=[False] * 3 + [True], kind="stable")
    return table.set_index("department")


def question(row: pd.Series, language: str, *, start: dt.date) -> str:
    """Write one request as a question to whoever is asked."""
    name = row["name"] if isinstance(row["name"], str) else row["building_id"]
    about = {"name": name, "entity": row["entity"] or "", "start": start.isoformat()}
    return text(f"requests.question.{row['missing_fact']}", language, **about)


# -------------------------------------------------------------- what is not known of what


def _row(
    building: object, *, entity: str | None = None, move: tuple[float, ...] = (), **more: float
) -> dict[str, Any]:
    """Write one request down; the rate may move to any of the ends, or stay."""
    ends = (0.0, *move)
    row = {"building_id": building, "entity": entity, "rate_low": min(ends), "rate_high": max(ends)}
    return row | {n: more.get(n, 0.0) for n in COLUMNS[4:]}


def _unmoved(row: dict[str, Any]) -> dict[str, Any]:
    """Take what moves the rate out of a request."""
    return row | {"rate_low": 0.0, "rate_high": 0.0}


def _would_count(known: Unknowns, missing: pd.Series) -> Iterator[dict[str, Any]]:
    """Ask of buildings that would be counted if they turned out new institutions."""
    table = known.parts[~known.parts["counted"]]
    for building in table.index[missing.reindex(table.index).eq(True)]:
        top, bottom = table.loc[building, ["numerator", "denominator"]].fillna(0.0)
        yield _row(building, move=(known.moved(top, bottom),), at_stake_kwp=known.holds(building))


def _completed(known: Unknowns) -> Iterator[dict[str, Any]]:
    own = known.buildings
    there = own["status"].isin(["completed", "unknown"]) & (own["public_institution"] != "no")
    return _would_count(known, own["completed_on"].isna() & there)


def _institution(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _would_count(known, known.buildings["public_institution"] == "unknown")


def _load(known: Unknowns) -> Iterator[dict[str, Any]]:
    """Ask for papers of roofs that nothing stands on: refused, they leave the denominator."""
    standing = set(known.projects.loc[known.projects["stage"].isin(BUILT), "building_id"].dropna())
    unknown = known.buildings.index[known.buildings["load_state"] == "unknown"]
    asked = unknown.intersection(known.parts.index.union(known.capacity_kwp.index))
    counted = known.parts["counted"]
    for building in asked.difference(known.approvals.index):
        if building in standing:
            continue
        move: tuple[float, ...] = ()
        if counted.get(building, False):
            part = known.parts.loc[building]
            move = (known.moved(-float(part["numerator"]), -float(part["denominator"])),)
        if move or known.holds(building) > 0:
            yield _row(building, move=move, at_stake_kwp=known.holds(building))


def _filed(known: Unknowns, missing: str) -> Iterator[dict[str, Any]]:
    """Ask for what a project did not file; the other figure leaves a range of densities."""
    own = known.projects[known.projects["stage"].isin(BUILT)]
    low, high = (float(end) for end in fact("coverage.open.kw_per_m2"))
    lacking = own[pd.to_numeric(own[missing], errors="coerce").isna()]
    half = (high - low) / (high + low)
    for entity, row in zip(lacking.index, lacking.to_dict("records"), strict=True):
        building = row["building_id"]
        move: tuple[float, ...] = ()
        if building in known.parts.index and known.parts.loc[building, "counted"]:
            share = float(known.parts.loc[building, "numerator"]) / max(
                (own["building_id"] == building).sum(), 1
            )
            move = (known.moved(share * half, 0.0), known.moved(-share * half, 0.0))
        size = pd.to_numeric(row["capacity_kwp"], errors="coerce")
        yield _row(building, entity=str(entity), move=move, at_stake_kwp=float(np.nan_to_num(size)))


def _module_area(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _filed(known, "module_area_m2")


def _capacity(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _filed(known, "capacity_kwp")


def _readings(known: Unknowns) -> Iterator[dict[str, Any]]:
    """Ask for months without a reading: the capacity whose output is not known stands behind it."""
    own = {
        str(e): row
        for e, row in zip(known.projects.index, known.projects.to_dict("records"), strict=True)
    }
    for entity, months in known.missing_months[known.missing_months > 0].sort_index().items():
        if str(entity) in own:
            project = own[str(entity)]
            size = float(project["capacity_kwp"]) * min(float(months) / 12.0, 1.0)
            yield _row(project["building_id"], entity=str(entity), at_stake_kwp=size)


def _worth(name: str, known: Unknowns) -> Iterator[dict[str, Any]]:
    """Ask for what would narrow the energy that can be promised."""
    if name in known.worth_kwh:
        gains = known.worth_kwh[name]
        for building, gain in gains[gains > 0].sort_index().items():
            yield _row(building, p90_gain_kwh=float(gain))


def _area(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _worth("area", known)


def _height(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _worth("height", known)


def _tilt(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _worth("tilt", known)


def _coming(known: Unknowns, unknown: pd.Series) -> Iterator[dict[str, Any]]:
    """Ask of buildings on their way: what their roof would add to the rate once they all stand."""
    ours = known.approvals
    counts = ours["public_institution"] == "yes"
    if known.scope == "eligible":
        counts &= (ours["roof_large"] != "no") & (ours["load_in_design"] != "no")
    room = _side(ours, known.denominator).where(counts, 0.0)
    part = _side(ours, known.numerator).where(counts, 0.0)
    bottom = known.bottom + float(room.sum())
    for building in ours.index[unknown & (ours["roof_large"] != "no")]:
        delta = float(part[building]) / bottom if bottom > 0 else 0.0
        kwp = float(np.nan_to_num(ours["capacity_kwp"].astype(float)[building]))
        yield _row(building, forecast_delta=delta, at_stake_kwp=kwp)


def _side(approvals: pd.DataFrame, column: str) -> pd.Series:
    """Return what each building on its way adds to one side of the rate."""
    if column == "buildings":
        return pd.Series(1.0, approvals.index)
    return approvals[column].astype(float).fillna(0.0)


def _roof_area(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _coming(known, known.approvals["roof_large"] == "unknown")


def _reserved(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _coming(known, known.approvals["pv_reserved"] == "unknown")


def _design_load(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _coming(known, known.approvals["load_in_design"] == "unknown")


def _expected(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _coming(known, known.approvals["expected_source"] == "assumed")


def _builder(known: Unknowns) -> Iterator[dict[str, Any]]:
    return _coming(known, known.approvals["builder_found"] == "unknown")


FINDERS = {
    "completed_on": _completed, "public_institution": _institution, "load": _load,
    "module_area": _module_area, "capacity": _capacity, "readings": _readings, "area": _area,
    "height": _height, "tilt": _tilt, "roof_area": _roof_area, "pv_reserved": _reserved,
    "load_in_design": _design_load, "expected_on": _expected, "builder_found": _builder,
}  # fmt: skip
