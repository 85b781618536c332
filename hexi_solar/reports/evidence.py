"""What a report rests on: earlier publications, open records, method, and the lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hexi_solar.facts import cited
from hexi_solar.reports.changed import (
    column_title,
    rate_title,
    reported_first,
    value_shown,
    worth_showing,
)
from hexi_solar.reports.common import definition_name, of_building
from hexi_solar.reports.document import Draft
from hexi_solar.reports.say import Says
from hexi_solar.reports.year import Year

LONG = 15
"""Rows of lists that could go on and on."""


def changes(facts: Year, says: Says, draft: Draft) -> None:
    """Add what was published before, and what has changed since."""
    draft.heading(says("annual.changes"))
    published = facts.publications
    if published is None or published.empty:
        draft.say(says("annual.never_published"))
        return
    cells = [
        [says.day(r["recorded_at"][:10]), says.label("publication_kind", r["kind"]), says.rate(r["rate"], 2),
         str(r["recorded_by"]), r["reason"] or says.nothing, f"{r['head_seq']} · {r['head_hash'][:12]}"]
        for r in published.to_dict("records")
    ]  # fmt: skip
    columns = says.columns(
        "published < 1", "kind < 0.8", "rate > 0.8", "by < 0.9", "reason < 2.2", "head < 1.5"
    )
    draft.table(columns, cells, caption=says("annual.publications"), small=True)
    changes = facts.changes
    if changes is None or changes.empty:
        draft.say(says("annual.no_changes"))
        return
    changes = reported_first(worth_showing(changes))
    rows = changes.iloc[: 2 * LONG].to_dict("records")
    cells = [_change_cells(facts, says, r) for r in rows]
    columns = says.columns("what < 0.8", "name < 3.6", "fact < 1.2", "before > 1.1", "after > 1.1")
    shown = min(2 * LONG, len(changes))
    draft.table(
        columns,
        cells,
        caption=says("annual.since_last", shown=shown, count=len(changes)),
        small=True,
    )


def _change_cells(facts: Year, says: Says, row: Mapping[Any, Any]) -> list[str]:
    subject, name = str(row["subject"]), str(row["name"])
    shown = rate_title(name, says.language)
    if subject != "rate":
        shown = says.name(of_building(facts, name, "name"), name)
    return [
        says.label("change_subject", subject), shown,
        column_title(str(row["column"]), subject, says.language),
        *(value_shown(row, side, says.language) for side in ("before", "after")),
    ]  # fmt: skip


def data(facts: Year, says: Says, draft: Draft) -> None:
    """Add what does not agree, what is missing, and what was assumed."""
    draft.heading(says("annual.data"))
    draft.say(says("annual.data_note"))
    found = facts.reconciliation
    if found is not None and len(found):
        cells = [
            [str(r["rank"]), says.label("check", r["check"]), says.label("severity", r["severity"]),
             says.listed([str(e) for e in r["entities"]]) or says.nothing, says.points(r["rate_delta"])]
            for r in found.iloc[:LONG].to_dict("records")
        ]  # fmt: skip
        columns = says.columns(
            "number > 0.4", "check < 2.4", "severity < 0.9", "projects < 1.8", "rate_delta > 1.0"
        )
        caption = says("annual.reconciliation", shown=min(LONG, len(found)), count=len(found))
        draft.table(columns, cells, caption=caption, small=True)
    requests = facts.requests
    if requests is not None and len(requests):
        counts = requests.groupby("missing_fact").size().sort_values(ascending=False)
        cells = [[says.label("missing_fact", f), says.number(n)] for f, n in counts.items()]
        draft.table(says.columns("missing < 3", "count > 1"), cells, caption=says("annual.requests"))  # fmt: skip
    kinds: dict[str, None] = {}
    for notice in facts.notices:
        if notice.level in ("warning", "assumed"):
            kinds.setdefault(notice.message(facts.language), None)
    draft.bullets(list(kinds)[: 2 * LONG])


def method(facts: Year, says: Says, draft: Draft) -> None:
    """Add formulas, sources, and what the figures can be worked out again from."""
    draft.heading(says("annual.method"))
    coverage = facts.plan.coverage
    draft.say(says("annual.method_cohort", start=coverage.start.isoformat()))
    draft.say(says("annual.method_area"))
    draft.say(says("annual.method_unknown"))
    cells = [
        [definition_name(facts, says, n), str(d.get(f"formula_{says.language}", "")), cited(dict(d), says.language)]
        for n, d in facts.definitions.items()
    ]  # fmt: skip
    columns = says.columns("definition < 1.4", "formula < 1.8", "source < 3.2")
    draft.table(columns, cells, caption=says("annual.formulas"), small=True)
    seq, digest = facts.head
    items = [
        says("annual.register_head", seq=seq, hash=digest) if seq else says("no_register"),
        *(says("annual.layer", file=name, sha=sha) for name, sha in facts.checksums.items()),
        says("annual.versions", versions=says.listed([f"{k} {v}" for k, v in facts.versions.items()])),
    ]  # fmt: skip
    draft.bullets(items)


def lists(facts: Year, says: Says, draft: Draft) -> None:
    """Add the buildings of numerator and denominator, all of them."""
    draft.new_page()
    draft.heading(says("annual.lists"))
    row = facts.reported
    for side in ("numerator", "denominator"):
        ids = [str(i) for i in row[f"{side}_ids"]]
        cells = [_list_cells(facts, says, i) for i in ids]
        columns = says.columns(
            "name < 2.3", "building < 1.2", "owner_type < 1.7", "completed < 1.1", "roof > 0.9",
            "installable > 0.9", "kwp_installed > 0.9", "module_area > 0.9",
        )  # fmt: skip
        draft.table(columns, cells, caption=says(f"annual.list_{side}", count=len(ids)), small=True)
    flagged = [str(i) for i in row["flagged_ids"]]
    if flagged:
        draft.say(says("annual.flagged", ids=says.listed(flagged)), "bad")


def _list_cells(facts: Year, says: Says, building: str) -> list[str]:
    """Describe one building of the lists."""
    there = building in facts.pv.index
    pv: dict[Any, Any] = facts.pv.loc[building].to_dict() if there else {}
    mark = "*" if of_building(facts, building, "completed_on_source") == "derived" else ""
    return [
        says.name(of_building(facts, building, "name"), building), building,
        says.word("owner_type", of_building(facts, building, "owner_type")),
        says.day(of_building(facts, building, "completed_on")) + mark,
        says.number(of_building(facts, building, "roof_area_m2")),
        says.number(of_building(facts, building, "installable_area_m2")),
        says.number(pv.get("capacity_kwp"), 1),
        says.number(pv.get("module_area_m2")) + ("*" if bool(pv.get("derived", False)) else ""),
    ]  # fmt: skip
