"""The commands of what was published: publish, restate, list, compare, reproduce."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hexi_solar.cli.common import (
    AsJson,
    Lang,
    Language,
    PlanFile,
    Speech,
    Steps,
    plan_of,
    print_json,
    speaking,
)
from hexi_solar.cli.coverage import (
    AnyYear,
    Day,
    Year,
    amount,
    console,
    coverage,
    day_of,
    percent,
)
from hexi_solar.labels import text

if TYPE_CHECKING:
    import pandas as pd

    from hexi_solar.publishing import Publication, Reproduction

By = Annotated[str, typer.Option("--by", help="发布人。 Who publishes it.")]
Before = Annotated[
    str, typer.Option("--before", help="较早的发布编号；默认首次发布。 The first by default.")
]
After = Annotated[
    str, typer.Option("--after", help="较晚的发布编号；默认最近一次。 The last by default.")
]
WhichOne = Annotated[
    str, typer.Option("--publication", help="发布编号；默认该年全部。 All of the year by default.")
]
RegisterFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="REGISTERFILE",
        help="登记簿文件；不填则用计划的登记簿。 A register file; the plan's by default.",
    ),
]


@coverage.command(help="把某年度的覆盖率定稿写入登记簿。 Freeze a year's rates into the register.")
def publish(
    plan: PlanFile = None,
    year: Year = 0,
    by: By = "",
    as_of: Day = "",
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Publish a year."""
    settings = plan_of(plan, lang)
    language = settings.language
    day = day_of(as_of, language)
    steps = Steps(language, quiet=as_json)
    with speaking(language):
        from hexi_solar.publishing import publish as publish_year

        found, taken = publish_year(settings, year, by=by, as_of=day, step=steps)
    if as_json:
        print_json({**publication_json(found), "taken_over": taken})
        return
    if taken:
        typer.echo(text("coverage.taken_over", language, count=taken))
    _print_publication(found, "published", language)


@coverage.command(help="更正记录后重新发布，须写明原因。 Publish a year anew, with the reason.")
def restate(
    plan: PlanFile = None,
    year: Year = 0,
    reason: Annotated[str, typer.Option("--reason", help="重述原因。 Why.")] = "",
    by: By = "",
    as_of: Day = "",
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Restate a year."""
    settings = plan_of(plan, lang)
    language = settings.language
    day = day_of(as_of, language)
    steps = Steps(language, quiet=as_json)
    with speaking(language):
        from hexi_solar.publishing import restate as restate_year

        found = restate_year(settings, year, reason=reason, by=by, as_of=day, step=steps)
    if as_json:
        print_json(publication_json(found))
    else:
        _print_publication(found, "restated", language)


def publication_json(found: Publication) -> dict[str, Any]:
    """Gather what a program wants to know of a publication."""
    names = ("definition", "reading", "scope", "cohort", "numerator", "denominator", "unit")
    rates = ("rate", "rate_low", "rate_high", "target")
    return {
        "publication": found.event_id,
        "kind": found.kind,
        "year": found.year,
        "at": found.payload["at"],
        "recorded_at": found.recorded_at,
        "recorded_by": found.recorded_by,
        "reason": found.reason,
        "seq": found.seq,
        "head": found.payload["head"],
        **{name: found.rate[name] for name in (*names, *rates)},
    }


def _print_publication(found: Publication, key: str, language: str) -> None:
    """Say what was written into the register."""
    rate = found.rate
    facts = {
        "year": found.year,
        "rate": percent(rate["rate"], language),
        "low": percent(rate["rate_low"], language),
        "high": percent(rate["rate_high"], language),
        "numerator": amount(rate["numerator"], rate["unit"], language),
        "denominator": amount(rate["denominator"], rate["unit"], language),
        "id": found.event_id,
        "seq": found.seq,
        "by": found.recorded_by,
        "head": f"{found.payload['head']['seq']}:{found.payload['head']['hash'][:12]}",
    }
    typer.echo(text(f"coverage.{key}", language, **facts))


@coverage.command(help="列出已发布的覆盖率。 List what was published.")
def published(
    plan: PlanFile = None, year: AnyYear = None, lang: Lang = None, as_json: AsJson = False
) -> None:
    """List publications, oldest first."""
    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language):
        from hexi_solar.publishing import publications_of

        found = publications_of(_ledger_of(settings), year)
    if as_json:
        print_json({"publications": [publication_json(p) for p in found]})
        return
    if not found:
        typer.echo(text("coverage.nothing_published", language))
    for one in found:
        rate = one.rate
        facts = {
            "year": one.year, "kind": text(f"coverage.kind.{one.kind}", language),
            "day": one.recorded_at[:10], "by": one.recorded_by,
            "rate": percent(rate["rate"], language), "at": one.payload["at"],
            "id": one.event_id, "reason": one.reason,
        }  # fmt: skip
        typer.echo(text("coverage.publication_line", language, **facts).rstrip("：: "))


def _ledger_of(settings: Any) -> pd.DataFrame:
    """Read all events of a plan's register; none if it has no register."""
    from hexi_solar.ledger import empty_ledger
    from hexi_solar.office.store import open_register, register_exists

    if not register_exists(settings):
        return empty_ledger()
    with open_register(settings) as register:
        return register.ledger()


@coverage.command(help="比较同一年度的两次发布。 Differences between two publications of a year.")
def compare(
    plan: PlanFile = None,
    year: Year = 0,
    before: Before = "",
    after: After = "",
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """List rates, buildings and facts that differ, with the events that did it."""
    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language):
        from hexi_solar.publishing import compare as compare_years

        found = compare_years(_ledger_of(settings), year, before, after)
    if as_json:
        rows = found.astype(object).where(found.notna(), None).to_dict("records")
        print_json({"year": year, "changes": rows})
    else:
        _print_changes(found, language)


def _print_changes(found: pd.DataFrame, language: str) -> None:
    """Set the differences in one table; of rates that are not reported only the rate itself."""
    from rich import box
    from rich.table import Table

    from hexi_solar.reports.changed import column_title, rate_title, value_shown, worth_showing
    from hexi_solar.schema import COVERAGE_CHANGES

    if found.empty:
        typer.echo(text("coverage.no_changes", language))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("subject", "name", "column", "before", "after", "event_ids"):
        table.add_column(COVERAGE_CHANGES[name].label(language), overflow="fold")
    for row in worth_showing(found).to_dict("records"):
        table.add_row(
            text(f"coverage.subject.{row['subject']}", language),
            rate_title(row["name"], language) if row["subject"] == "rate" else row["name"],
            column_title(row["column"], row["subject"], language),
            *(value_shown(row, side, language) for side in ("before", "after")),
            "\n".join(row["event_ids"]),
        )
    console().print(table)


@coverage.command(
    help="只凭登记簿复算已发布的覆盖率。 Work a publication out again from the register alone."
)
def reproduce(
    register: RegisterFile = None,
    year: Year = 0,
    publication: WhichOne = "",
    plan: Annotated[
        Path | None, typer.Option("--plan", help="计划文件。 The plan, without a register file.")
    ] = None,
    lang: Speech = Language.zh,
    as_json: AsJson = False,
) -> None:
    """Recompute what was published, and say what differs; exit code 1 if anything does."""
    language = lang.value
    with speaking(language):
        from hexi_solar.publishing import reproduce as reproduce_year

        ledger = _ledger_in(register) if register else _ledger_of(plan_of(plan, lang))
        found = reproduce_year(ledger, year, publication)
    if as_json:
        print_json({"year": year, "publications": [reproduction_json(one) for one in found]})
    else:
        for one in found:
            _print_reproduction(one, language)
    if not all(one.equal for one in found):
        raise typer.Exit(1)


def _ledger_in(file: Path) -> pd.DataFrame:
    """Read all events of a register file."""
    from hexi_solar.errors import Problem, RegisterError
    from hexi_solar.office.store import open_target
    from hexi_solar.office.target import sqlite

    if not file.is_file():
        raise RegisterError(Problem("register_no_file", {"file": file}))
    with open_target(sqlite(file)) as opened:
        return opened.ledger()


def reproduction_json(one: Reproduction) -> dict[str, Any]:
    """Gather what a program wants to know of a recomputed publication."""
    differences = [
        {"what": d.what, "name": d.name, "published": d.frozen, "found": d.found}
        for d in one.differences
    ]
    return {
        "publication": one.publication.event_id,
        "kind": one.publication.kind,
        "equal": one.equal,
        "published_rate": one.publication.rate["rate"],
        "rate": one.rate,
        "differences": differences,
    }


def _print_reproduction(one: Reproduction, language: str) -> None:
    """Say whether a figure came out as it was published."""
    facts = {
        "year": one.publication.year,
        "id": one.publication.event_id,
        "kind": text(f"coverage.kind.{one.publication.kind}", language),
        "published": percent(one.publication.rate["rate"], language),
        "rate": percent(one.rate, language),
        "count": len(one.differences),
    }
    key = "reproduced" if one.equal else "not_reproduced"
    typer.echo(text(f"coverage.{key}", language, **facts))
    for d in one.differences[:20]:
        said = {"name": d.name, "published": d.frozen or "-", "found": d.found or "-"}
        said["what"] = text(f"coverage.differs.{d.what}", language)
        typer.echo(text("coverage.difference", language, **said))
