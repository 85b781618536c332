"""What is coming: forecast, approval stage, candidates of the next year."""

from __future__ import annotations

import pandas as pd

from hexi_solar.reports.document import Column, Draft
from hexi_solar.reports.say import Says
from hexi_solar.reports.year import Year

LONG = 15
"""Rows of lists that could go on and on."""


def coming(facts: Year, says: Says, draft: Draft) -> None:
    """Add the forecast of the coming years and the buildings at the approval stage."""
    draft.heading(says("annual.coming"))
    forecast = facts.forecast
    if forecast is None or forecast.empty:
        draft.say(says("annual.no_forecast"))
        return
    draft.say(says("annual.forecast_note"))
    rows = forecast.reset_index()
    rows = rows[rows["cohort"] == facts.plan.coverage.cohort].sort_values(["year", "course"])
    cells = [
        [str(r["year"]), says.label("course", r["course"]), says.number(r["completions"]),
         says.number(r["with_pv"], 1), says.rate(r["rate"]), says.interval(r["rate_low"], r["rate_high"])]
        for r in rows.to_dict("records")
    ]  # fmt: skip
    columns = says.columns(
        "year < 1", "course < 1.6", "completions > 1", "with_pv > 1", "rate > 1", "interval80 > 1.4"
    )
    draft.table(columns, cells, caption=says("annual.forecast"))
    approvals = facts.approvals
    if approvals is not None and len(approvals):
        caption = says("annual.approvals", shown=min(LONG, len(approvals)), count=len(approvals))
        draft.table(*approval_table(approvals, says), caption=caption, small=True)


def approval_table(approvals: pd.DataFrame, says: Says) -> tuple[list[Column], list[list[str]]]:
    """List buildings at the approval stage: what is done, what is next, who."""
    checks = (
        "roof_large",
        "load_in_design",
        "pv_reserved",
        "builder_found",
        "pv_filed",
        "pv_together",
    )
    signs = {"yes": "✓", "no": "✗", "unknown": "?"}
    cells = [
        [says.name(r["name"], str(i)), says.day(r["expected_on"]) + ("*" if r["expected_source"] == "assumed" else ""),
         "".join(signs[r[c]] for c in checks), says.label("next_step", r["next_step"]), says.label("who", r["who"])]
        for i, r in zip(approvals.index[:LONG], approvals.iloc[:LONG].to_dict("records"), strict=True)
    ]  # fmt: skip
    columns = says.columns(
        "name < 2.2", "expected < 1.1", "checks ^ 1.0", "next_step < 2.0", "who < 1.0"
    )
    return columns, cells


def next_year(facts: Year, says: Says, draft: Draft) -> None:
    """Add the largest roofs without PV."""
    candidates = facts.candidates
    if candidates is None or candidates.empty:
        return
    draft.heading(says("annual.next"))
    draft.say(says("annual.next_note"))
    free = candidates[candidates["existing_kwp"].fillna(0.0) <= 0].sort_values("rank").head(LONG)
    cells = [
        [str(r["rank"]), says.name(r["name"], str(i)), says.word("owner_type", r["owner_type"]),
         says.word("eligible", r["eligible"]), says.number(r["capacity_kwp"]),
         says.number(r["energy_ac_kwh"] / 1000.0), says.number(r["specific_yield_kwh_kwp"])]
        for i, r in zip(free.index, free.to_dict("records"), strict=True)
    ]  # fmt: skip
    columns = says.columns(
        "rank > 0.5",
        "name < 2.4",
        "owner_type < 1.2",
        "load < 0.9",
        "kwp > 1",
        "mwh > 1",
        "yield > 1",
    )
    draft.table(columns, cells, caption=says("annual.candidates"), small=True)
