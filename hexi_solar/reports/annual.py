"""The yearly report on the coverage rate, whole enough to hand in.

Each chapter is a function that adds its blocks; what a year's tables do not hold is left
out with a sentence that says so, never filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hexi_solar.reports.charts import Course, Point, course_chart
from hexi_solar.reports.common import (
    definition_name,
    known,
    of_building,
    reading_name,
    unit_name,
)
from hexi_solar.reports.document import Column, Document, Draft, Figure
from hexi_solar.reports.evidence import changes, data, lists, method
from hexi_solar.reports.maps import cohort_map
from hexi_solar.reports.outlook import coming, next_year
from hexi_solar.reports.say import Says, is_unknown
from hexi_solar.reports.svg import BLUE, GREEN, ORANGE
from hexi_solar.reports.year import Year

LONG = 15
"""Rows of lists that could go on and on."""


def annual_report(facts: Year) -> Document:
    """
    Write the report of one year.

    Parameters
    ----------
    facts
        What is known of it.

    Returns
    -------
    document
        Chapters: conclusion, all definitions, where it stands, distance to the target,
        the coming years, changes, candidates, data, method, lists.
    """
    says, draft = Says(facts.language), Draft()
    for chapter in (
        _conclusion, _definitions, _where, _distance, coming, changes, next_year, data, method, lists,
    ):  # fmt: skip
        chapter(facts, says, draft)
    title = facts.plan.title or facts.plan.name
    stamp = says("stamp_synthetic") if facts.plan.synthetic else facts.plan.map.stamp
    return Document(
        title=says("annual.title", title=title),
        subtitle=says("annual.subtitle", year=facts.year, at=facts.at.isoformat()),
        language=facts.language,
        day=facts.today.isoformat(),
        blocks=tuple(draft.blocks),
        footer=says("footer", head=_head(facts, says)),
        stamp=stamp,
    )


def _head(facts: Year, says: Says) -> str:
    """Name the state of the register that everything rests on."""
    seq, digest = facts.head
    return says("head", seq=seq, hash=digest[:16]) if seq else says("no_register")


# ----------------------------------------------------------------------------- chapters


def _conclusion(facts: Year, says: Says, draft: Draft) -> None:
    row, gap = facts.reported, facts.gap
    draft.heading(says("annual.conclusion"))
    draft.say(verdict(facts, says), "lead")
    unit = unit_name(says, row["unit"])
    met = not is_unknown(row["rate"]) and row["rate"] >= row["target"]
    sides = f"{says.number(row['numerator'])} / {says.number(row['denominator'])}"
    figures = [
        Figure(
            says("figure.rate"), says.rate(row["rate"]),
            says("figure.interval", interval=says.interval(row["rate_low"], row["rate_high"])),
            "good" if met else "bad",
        ),
        Figure(
            says("figure.target"), says.rate(row["target"], 0),
            says("figure.target_note", year=facts.plan.coverage.target_year),
        ),
        Figure(says("figure.sides", unit=unit), sides, definition_name(facts, says, row["definition"])),
    ]  # fmt: skip
    draft.figures(*figures)
    if gap is not None:
        draft.say(gap_sentence(gap, says))
    draft.say(doubt_sentence(facts, says))
    draft.picture(history_chart(facts, says), 166, says("annual.history_caption"))
    if facts.publications is None or facts.publications.empty:
        draft.say(says("annual.draft"), "note")


def verdict(facts: Year, says: Says) -> str:
    """Say the rate in one sentence, with everything that defines it."""
    row = facts.reported
    fields = {
        "at": facts.at.isoformat(),
        "start": facts.plan.coverage.start.isoformat(),
        "year": facts.year,
        "buildings": says.number(row["buildings"]),
        "with_pv": says.number(row["buildings_with_pv"]),
        "definition": definition_name(facts, says, row["definition"]),
        "reading": reading_name(says, row["reading"]),
        "rate": says.rate(row["rate"]),
    }
    return says(f"annual.verdict_{row['cohort']}", **fields)


def gap_sentence(gap: Mapping[str, Any], says: Says) -> str:
    """Say how far the target is and what would close it."""
    amount = says.number(abs(gap["gap"]), unit=unit_name(says, gap["unit"]))
    if gap["gap"] <= 0:
        return says("annual.passed", amount=amount)
    if not gap["closable"]:
        return says("annual.not_closable", amount=amount, reachable=says.rate(gap["reachable"]))
    return says("annual.closable", amount=amount, count=len(gap["roofs"]))


def doubt_sentence(facts: Year, says: Says) -> str:
    """Say whether records that are missing could turn the verdict."""
    doubt = facts.open
    if doubt is None or doubt["could_flip"] is None:
        return ""
    if not doubt["could_flip"]:
        return says("annual.sure")
    return says("annual.could_flip", count=doubt["fewest"] or len(doubt["buildings"]))


def history_chart(facts: Year, says: Says) -> str:
    """Draw the reported rate of the years, the forecast, and the target."""
    history = facts.history
    points = tuple(
        Point(int(str(y)), known(r["rate"]), known(r["rate_low"]), known(r["rate_high"]))
        for y, r in zip(history.index, history.to_dict("records"), strict=True)
    )
    courses = [Course(says(f"chart.{facts.plan.coverage.cohort}"), points, BLUE)]
    forecast = facts.forecast
    if forecast is not None and len(forecast):
        rows = forecast.reset_index()
        rows = rows[rows["cohort"] == facts.plan.coverage.cohort]
        for course, colour in (("as_before", ORANGE), ("with_action", GREEN)):
            ahead = rows[(rows["course"] == course) & (rows["year"] > facts.year)]
            if len(ahead):
                courses.append(
                    Course(says.label("course", course), _ahead(points, ahead), colour, True)
                )
    return course_chart(
        courses,
        target=known(facts.reported["target"]),
        target_year=facts.plan.coverage.target_year,
        target_name=says("chart.target", target=says.rate(facts.reported["target"], 0)),
    )


def _ahead(points: tuple[Point, ...], rows: pd.DataFrame) -> tuple[Point, ...]:
    """Let a forecast begin where the known course ends."""
    start = tuple(Point(p.year, p.value) for p in points[-1:])
    coming = tuple(
        Point(int(r["year"]), known(r["rate"]), known(r["rate_low"]), known(r["rate_high"]))
        for r in rows.sort_values("year").to_dict("records")
    )
    return start + coming


def _definitions(facts: Year, says: Says, draft: Draft) -> None:
    draft.heading(says("annual.definitions"))
    draft.say(says("annual.definitions_note"))
    row = facts.reported
    rows = facts.coverage.reset_index()
    same = (rows["cohort"] == row["cohort"]) & (
        pd.to_datetime(rows["at"]) == pd.Timestamp(row["at"])
    )
    columns = says.columns(
        "definition < 2.95", "reading < 2.45", "scope < 1.2", "numerator > 1.5", "denominator > 1.75",
        "unit < 1.2", "rate > 1.15", "interval > 1.7", "target > 0.9",
    )  # fmt: skip
    for kind in ("progress", "potential"):
        chosen = rows[same & (rows["kind"] == kind)].to_dict("records")
        cells = [_definition_cells(facts, says, r) for r in chosen]
        strong = [n for n, r in enumerate(chosen) if r["reported"]]
        caption = says(f"annual.table_{kind}")
        draft.table(columns, cells, caption=caption, strong=strong, small=True)
    starts = [
        [
            s["start"], says.number(s["buildings"]), says.number(s["numerator"]),
            says.number(s["denominator"]), says.rate(s["rate"]),
        ]
        for s in facts.starts
    ]  # fmt: skip
    draft.table(
        says.columns("start < 1", "buildings > 1", "numerator > 1", "denominator > 1", "rate > 1"),
        starts, caption=says("annual.starts"), strong=[0],
    )  # fmt: skip


def _definition_cells(facts: Year, says: Says, row: Mapping[str, Any]) -> list[str]:
    flag = "" if is_unknown(row["rate"]) or row["rate"] <= 1 else says("above_one")
    return [
        definition_name(facts, says, row["definition"]), reading_name(says, row["reading"]),
        says.label("scope", row["scope"]), says.number(row["numerator"]),
        says.number(row["denominator"]), unit_name(says, row["unit"]),
        says.rate(row["rate"]) + flag, says.interval(row["rate_low"], row["rate_high"]),
        says.rate(row["target"], 0) if not is_unknown(row["target"]) else says.nothing,
    ]  # fmt: skip


def _where(facts: Year, says: Says, draft: Draft) -> None:
    draft.heading(says("annual.where"))
    draft.picture(cohort_map(facts, says), 166, says("annual.map_caption"))
    parts = facts.parts.reset_index()
    for by in ("owner_type", "subdistrict", "zone", "department"):
        rows = parts[parts["by"] == by].to_dict("records")
        if not rows or (len(rows) == 1 and not rows[0]["part"]):
            continue
        cells = [
            [
                part_name(says, by, r["part"]), says.number(r["buildings"]),
                says.number(r["buildings_with_pv"]), says.number(r["numerator"]),
                says.number(r["denominator"]), says.rate(r["rate"]),
            ]
            for r in rows
        ]  # fmt: skip
        names = ("buildings", "with_pv", "numerator", "denominator", "rate")
        columns = [
            Column(says(f"by.{by}"), width=2.4),
            *says.columns(*(f"{name} > 1" for name in names)),
        ]
        draft.table(columns, cells, caption=says("annual.parts", by=says(f"by.{by}")), small=True)


def part_name(says: Says, by: str, part: object) -> str:
    """Return the name of one part of a rate."""
    if is_unknown(part):
        return says("not_stated")
    return says.label("owner_type", part) if by == "owner_type" else str(part)


def _distance(facts: Year, says: Says, draft: Draft) -> None:
    gap, doubt = facts.gap, facts.open
    draft.heading(says("annual.distance"))
    if gap is None:
        draft.say(says("annual.no_gap"))
        return
    draft.say(gap_sentence(gap, says))
    unit = unit_name(says, gap["unit"])
    if gap["roofs"]:
        cells = [
            [str(n), says.name(of_building(facts, r["building_id"], "name"), r["building_id"]), r["building_id"],
             says.word("owner_type", of_building(facts, r["building_id"], "owner_type")),
             says.word("load_state", of_building(facts, r["building_id"], "load_state")),
             says.number(r["adds"], unit=unit), says.rate(r["rate"])]
            for n, r in enumerate(gap["roofs"][: 2 * LONG], start=1)
        ]  # fmt: skip
        columns = says.columns(
            "number > 0.4",
            "name < 2.4",
            "building < 1.4",
            "owner_type < 1.3",
            "load < 1.0",
            "adds > 1.1",
            "rate_after > 1.0",
        )
        draft.table(columns, cells, caption=says("annual.fewest"), small=True)
        draft.say(says("annual.fewest_note"), "note")
    if doubt and doubt["causes"]:
        cells = [
            [
                says.label("coverage_cause", c["cause"]), says.number(len(c["building_ids"])),
                says.interval(c["rate_low"], c["rate_high"]),
            ]
            for c in doubt["causes"]
        ]  # fmt: skip
        columns = says.columns("cause < 3", "buildings > 1", "interval > 1.4")
        draft.table(columns, cells, caption=says("annual.causes"))
