"""The commands that bring spreadsheets into the register, and the register out."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hexi_solar.cli.common import AsJson, Lang, PlanFile, plan_of, print_json, speaking
from hexi_solar.cli.register import register_app, there
from hexi_solar.errors import HexiSolarError, Notices, OutputError, Problem, RegisterError
from hexi_solar.labels import text

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from hexi_solar.config import Plan
    from hexi_solar.importing import Contact, Proposal
    from hexi_solar.office.store import Register

TRIES = 5
"""How often a file is held against the register anew, where others record at the same time."""
Sheet = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="表格 .xlsx、.csv，或填好的核对表。 Spreadsheet, or a check that was filled in.",
    ),
]


@register_app.command(
    "import",
    help="导入表格：先预览并写出逐行核对表，加 --record 才登记；有一行不接受就全部不登记。 "
    "Import a spreadsheet: a preview with a verdict per row; --record records all of it or nothing.",
)
def import_(
    file: Sheet,
    plan: PlanFile = None,
    record: Annotated[
        bool, typer.Option("--record", help="登记（默认只预览）。 Record; a preview by default.")
    ] = False,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            help="表格类别：projects、buildings、meters、diagnoses、trackers、equipment、ledger；"
            "不填则自动识别。 Kind; found out by default.",
        ),
    ] = None,
    reason: Annotated[
        str,
        typer.Option("--reason", help="更正已登记内容的事由。 Why facts on file are corrected."),
    ] = "",
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="接管旧登记表：保留事件编号、登记时间和登记人。 Keep ids, times and names of an older register.",
        ),
    ] = False,
    by: Annotated[
        str, typer.Option("--by", help="登记人。 Who records; your login name by default.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            help="指明列：文件中的列=登记簿的列（- 表示不用）。 Name a column: theirs=ours (- for none).",
        ),
    ] = None,
    datum: Annotated[
        str,
        typer.Option(
            "--datum", help="坐标系：wgs84、cgcs2000、gcj02、bd09。 Datum of coordinates in it."
        ),
    ] = "wgs84",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="核对表；默认写在表格旁。 The check; beside the file by default."
        ),
    ] = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Say row by row what a file would change; record it if asked and nothing is refused."""
    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language):
        from hexi_solar.importing import verdict_workbook

        check = out or file.with_name(f"{file.stem}-{text('importing.cli.suffix', language)}.xlsx")
        if check.absolute() == file.absolute():
            raise OutputError(Problem("import_same_file", {"file": check.name}))
        told = _told(column or [])

        def proposed() -> Proposal:
            return _proposal(settings, file, kind, reason, told, datum, take_over=take_over)

        done = _import(settings, proposed, by or _somebody(), record=record)
        proposal, recorded = done.proposal, done.recorded
        verdict_workbook(proposal, check, language, today=settings.today, recorded=bool(recorded))
    _say(done, check, record, language, as_json)
    if not proposal.acceptable:
        raise typer.Exit(1)


def _told(columns: list[str]) -> dict[str, str]:
    """Read decisions about columns, theirs=ours."""
    wrong = [said for said in columns if "=" not in said]
    if wrong:
        raise RegisterError(*(Problem("import_column_form", {"found": said}) for said in wrong))
    pairs = [said.rpartition("=") for said in columns]
    return {theirs.strip(): ours.strip() for theirs, _, ours in pairs}


def _somebody() -> str:
    """Return who is logged in on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid()) if hasattr(os, "getuid") else "?"


def _proposal(
    plan: Plan,
    file: Path,
    kind: str | None,
    reason: str,
    columns: dict[str, str],
    datum: str,
    *,
    take_over: bool,
) -> Proposal:
    """Read the file against the register, an empty one where there is none yet."""
    from hexi_solar.config import Datum
    from hexi_solar.importing import propose

    known = Datum.__args__  # type: ignore[attr-defined]
    if datum not in known:
        facts = {"found": datum, "known": ", ".join(known)}
        raise RegisterError(Problem("import_datum", facts))
    return propose(
        file, _ledger(plan), today=plan.today, kind=kind, buildings=_buildings(plan),
        memory=_memory(plan), reason=reason, datum=datum, columns=columns,
        take_over=take_over,
    )  # fmt: skip


def _ledger(plan: Plan) -> pd.DataFrame:
    from hexi_solar.ledger import empty_ledger
    from hexi_solar.office.store import open_register, register_exists

    if not register_exists(plan):
        return empty_ledger()
    with open_register(plan) as register:
        return register.ledger()


def _buildings(plan: Plan) -> gpd.GeoDataFrame | None:
    """Read the buildings that rows may mean; none where the plan names no layer."""
    from hexi_solar.layers import read_layers

    if plan.layers.buildings.path is None:
        return None
    return read_layers(plan, Notices()).buildings


def _memory_file(plan: Plan) -> Path:
    """Return where decisions are kept: beside the register, or beside the plan."""
    from hexi_solar.importing.memory import FILE
    from hexi_solar.office.target import target_of

    register = target_of(plan).file
    beside = plan.path.parent if plan.path else Path()
    return (register.parent if register else beside) / FILE


def _memory(plan: Plan) -> Any:
    from hexi_solar.importing import Memory

    return Memory.read(_memory_file(plan))


@dataclass(frozen=True)
class Done:
    """What an import would do, and what of it was done."""

    proposal: Proposal
    recorded: list[str] = field(default_factory=list)
    contacts: int = 0
    """People who were not known before."""


def _import(plan: Plan, proposed: Callable[[], Proposal], by: str, *, record: bool) -> Done:
    """Hold a file against the register and record it; anew where others recorded meanwhile."""
    from hexi_solar.office.store import MOVED

    for left in reversed(range(TRIES)):
        proposal = proposed()
        if not (record and proposal.acceptable):
            break
        try:
            return _record(plan, proposal, by)
        except RegisterError as error:
            if left == 0 or error.problems[0].code != MOVED:
                raise
    return Done(proposal)


def _record(plan: Plan, proposal: Proposal, by: str) -> Done:
    """Record all events, keep people beside them, and remember what was decided."""
    from hexi_solar.office.contacts import keep_contacts
    from hexi_solar.office.store import Head, open_register

    with open_register(plan) as register:
        recorded = register.append(
            proposal.events,
            by=by,
            take_over=proposal.take_over,
            expected_head=Head(*proposal.head),
        )
        people = [(c.entity_type, c.entity, c.facts) for c in proposal.contacts]
        contacts = keep_contacts(register, people)
    kept = _memory(plan).and_also(proposal.columns, proposal.matches)
    kept.write(_memory_file(plan))
    return Done(proposal, recorded, contacts)


def _say(done: Done, check: Path, record: bool, language: str, as_json: bool) -> None:
    """Tell what came out."""
    proposal, recorded = done.proposal, done.recorded
    summary = proposal.summary()
    if as_json:
        kept = {"recorded": len(recorded), "contacts_kept": done.contacts}
        print_json({**summary, **kept, "check": str(check)})
        return

    def say(name: str, **fields: Any) -> str:
        return text(f"importing.cli.{name}", language, **fields)

    typer.echo(say("summary", file=proposal.file, **summary["rows"]))
    for notice in proposal.notices:
        typer.echo(f"- {notice.message(language)}")
    if proposal.contacts:
        typer.echo(say("contacts", count=len(proposal.contacts)))
        if record and proposal.acceptable:
            typer.echo(say("contacts_kept", count=done.contacts))
    typer.echo(say("workbook", file=check))
    if not proposal.acceptable:
        typer.echo(say("stopped"), err=True)
        shown = [r for r in proposal if r.reasons][:10]
        for row in shown:
            for problem in row.reasons:
                where = text("importing.cli.row", language, row=row.row)
                typer.echo(f"- {where}{problem.message(language)}", err=True)
    elif not proposal.events:
        typer.echo(say("nothing" if any(True for _ in proposal) else "no_rows"))
    elif record:
        typer.echo(say("recorded", events=len(recorded)))
    else:
        typer.echo(say("preview"))


@register_app.command(
    "export",
    help="导出全部事件为 .xlsx 或 .csv，可原样重新导入；联系人须另行要求。 "
    "Export all events; importing them again gives the same events. Contacts only when asked for.",
)
def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="导出文件 .xlsx 或 .csv。 File to write.")
    ],
    plan: PlanFile = None,
    contacts: Annotated[
        bool,
        typer.Option(
            "--contacts",
            help="附上联系人（仅 .xlsx）；谁、何时要求会登记为一条事件。 "
            "With contacts (.xlsx only); that they were asked for is recorded as an event.",
        ),
    ] = False,
    by: Annotated[
        str, typer.Option("--by", help="导出人。 Who exports; your login name by default.")
    ] = "",
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Write all events of the register."""
    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language):
        from hexi_solar.importing import export_register

        with there(settings) as register:
            people = _people(register, file, by or _somebody()) if contacts else None
            ledger = register.ledger()
        try:
            count = export_register(ledger, file, language, today=settings.today, contacts=people)
        except OSError as error:
            if isinstance(error, HexiSolarError):
                raise
            facts = {"file": file, "found": error.strerror or error}
            raise OutputError(Problem("import_export_failed", facts)) from None
    if as_json:
        print_json({"file": str(file), "events": count, "contacts": len(people or [])})
        return
    typer.echo(text("importing.cli.exported", language, count=count, file=file))
    if people is not None:
        typer.echo(text("importing.cli.contacts_out", language, count=len(people)))


def _people(register: Register, file: Path, by: str) -> list[Contact]:
    """Read the contacts; that someone asked for them is recorded before they are handed out."""
    from hexi_solar.importing import Contact
    from hexi_solar.office.contacts import contacts_for

    if file.suffix.lower() != ".xlsx":
        raise OutputError(Problem("import_contacts_csv", {"file": file.name}))
    return [Contact(*one, row=0) for one in contacts_for(register, file.name, by)]
