"""One page for who decides: the rate, where it goes, and three things to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hexi_solar.reports.annual import (
    doubt_sentence,
    gap_sentence,
    history_chart,
    verdict,
)
from hexi_solar.reports.common import definition_name, of_building, unit_name
from hexi_solar.reports.document import Column, Document, Draft, Figure
from hexi_solar.reports.say import Says, is_unknown
from hexi_solar.reports.year import Year

NAMED = 3
"""Buildings named in an action."""


def leader_page(facts: Year) -> Document:
    """
    Write the page.

    Parameters
    ----------
    facts
        What is known of the year.

    Returns
    -------
    document
        One A4 page: verdict, key figures, chart, three actions, what it rests on.
    """
    says, draft = Says(facts.language), Draft()
    row = facts.reported
    draft.say(verdict(facts, says), "lead")
    met = not is_unknown(row["rate"]) and row["rate"] >= row["target"]
    draft.figures(
        Figure(
            says("figure.rate"), says.rate(row["rate"]),
            says("figure.interval", interval=says.interval(row["rate_low"], row["rate_high"])),
            "good" if met else "bad",
        ),
        Figure(
            says("figure.target"), says.rate(row["target"], 0),
            says("figure.target_note", year=facts.plan.coverage.target_year),
        ),
        Figure(says("figure.trend"), trend(facts, says), says("figure.trend_note")),
        Figure(says("figure.ahead"), ahead(facts, says), says("figure.ahead_note")),
    )  # fmt: skip
    draft.picture(history_chart(facts, says), 172, says("annual.history_caption"))
    draft.heading(says("leader.actions"), 2)
    draft.bullets(actions(facts, says), numbered=True)
    draft.say(doubt_sentence(facts, says), "note")
    draft.table(*other_definitions(facts, says), small=True)
    return Document(
        title=says("leader.title", title=facts.plan.title or facts.plan.name),
        subtitle=says("annual.subtitle", year=facts.year, at=facts.at.isoformat()),
        language=facts.language,
        day=facts.today.isoformat(),
        blocks=tuple(draft.blocks),
        footer=says("footer", head=says("head", seq=facts.head[0], hash=facts.head[1][:16]))
        if facts.head[0]
        else says("no_register"),
        stamp=says("stamp_synthetic") if facts.plan.synthetic else facts.plan.map.stamp,
        cover=False,
        margin_mm=18.0,
    )


def trend(facts: Year, says: Says) -> str:
    """Write the change against the year before, in percentage points."""
    rates = facts.history["rate"].dropna()
    if len(rates) < 2:
        return says.nothing
    return says.points(rates.iloc[-1] - rates.iloc[-2])


def ahead(facts: Year, says: Says) -> str:
    """Write the forecast of the next year, as before and with action."""
    found = facts.forecast
    if found is None or found.empty:
        return says.nothing
    rows = found.reset_index()
    rows = rows[(rows["cohort"] == facts.plan.coverage.cohort) & (rows["year"] > facts.year)]
    if rows.empty:
        return says.nothing
    first = rows[rows["year"] == rows["year"].min()].set_index("course")["rate"]
    both = [first.get("as_before"), first.get("with_action")]
    return " / ".join(says.rate(value, 0) for value in both)


def actions(facts: Year, says: Says) -> list[str]:
    """Name three things to do: roofs to build, designs to keep open, records to mend."""
    found = []
    gap = facts.gap
    if gap is not None and gap["gap"] > 0 and gap["roofs"]:
        names = [_named(facts, says, roof["building_id"]) for roof in gap["roofs"][:NAMED]]
        found.append(
            says("leader.build", sentence=gap_sentence(gap, says), names=says.listed(names))
        )
    approvals = facts.approvals
    if approvals is not None and len(approvals):
        due = approvals[approvals["next_step"] != "none"].iloc[:NAMED]
        parts = [
            _step(says, str(i), r) for i, r in zip(due.index, due.to_dict("records"), strict=True)
        ]
        if parts:
            found.append(
                says(
                    "leader.design",
                    parts="；".join(parts) if says.language == "zh" else "; ".join(parts),
                )
            )
    found += _records(facts, says)
    return found[:3]


def _named(facts: Year, says: Says, building: str) -> str:
    return says.name(of_building(facts, building, "name"), building)


def _step(says: Says, building: str, row: Mapping[Any, Any]) -> str:
    """Say of one building at the approval stage what is next, who, and by when."""
    fields = {
        "name": says.name(row["name"], building),
        "step": says.label("next_step", row["next_step"]),
        "who": says.label("who", row["who"]),
        "day": says.day(row["expected_on"]),
    }
    return says("leader.step", **fields)


def _records(facts: Year, says: Says) -> list[str]:
    """Say which records to mend or to ask for."""
    found = facts.reconciliation
    items = []
    if found is not None and len(found) and abs(found["rate_delta"].iloc[0]) > 0:
        first = found.iloc[0]
        fields = {
            "check": says.label("check", first["check"]),
            "projects": says.listed([str(e) for e in first["entities"]]),
            "points": says.points(first["rate_delta"]),
            "count": len(found),
        }
        items.append(says("leader.mend", **fields))
    requests = facts.requests
    if requests is not None and len(requests):
        first = requests.iloc[0]
        fields = {
            "fact": says.label("missing_fact", first["missing_fact"]),
            "name": says.name(first["name"], str(first["building_id"])),
            "who": str(first["department"]) or says.label("who", first["who"]),
            "count": len(requests),
        }
        items.append(says("leader.ask", **fields))
    return items


def other_definitions(facts: Year, says: Says) -> tuple[list[Column], list[list[str]]]:
    """Set the other definitions of progress beside the reported one, one reading each."""
    row = facts.reported
    rows = facts.coverage.reset_index()
    rows = rows[
        (rows["cohort"] == row["cohort"])
        & (rows["scope"] == row["scope"])
        & (rows["kind"] == "progress")
    ]
    rows = rows[rows["reading"].isin([row["reading"], "-"])]
    cells = [
        [
            definition_name(facts, says, r["definition"]),
            f"{says.number(r['numerator'])} / {says.number(r['denominator'])} {unit_name(says, r['unit'])}",
            says.rate(r["rate"]), says.interval(r["rate_low"], r["rate_high"]),
        ]
        for r in rows.to_dict("records")
    ]  # fmt: skip
    return says.columns("definition < 2.4", "sides > 2", "rate > 1", "interval > 1.4"), cells
