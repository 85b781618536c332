"""The commands around the register: verify, backup, restore, head, log, user."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hexi_solar.cli.common import AsJson, Lang, PlanFile, app, plan_of, print_json, speaking
from hexi_solar.errors import Problem, RegisterError
from hexi_solar.labels import event_label, label, text

if TYPE_CHECKING:
    from hexi_solar.config import Plan
    from hexi_solar.office.store import Head, Register

PASSWORD = "HEXI_PASSWORD"
register_app = typer.Typer(
    no_args_is_help=True,
    help="登记簿（建档立卡）：核验、备份、恢复、查看、用户。 The register: verify, back up, restore, look, logins.",
)
user_app = typer.Typer(
    no_args_is_help=True, help="谁可以登录网页办公室。 Who may log in to the web office."
)
app.add_typer(register_app, name="register")
register_app.add_typer(user_app, name="user")

Copy = Annotated[Path, typer.Argument(metavar="FILE", help="备份文件。 The backup.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="登录名。 Name to log in with.")]


def there(plan: Plan) -> Register:
    """
    Open the register that a plan has.

    Raises
    ------
    RegisterError
        If it has none yet.
    """
    from hexi_solar.office.store import open_register, register_exists
    from hexi_solar.office.target import target_of

    if not register_exists(plan):
        raise RegisterError(Problem("office_none", {"file": target_of(plan).name}))
    return open_register(plan)


@register_app.command(
    help="核验：逐条重算校验值，指出被改动、缺失的事件。 "
    "Verify: work every hash out anew and name what was changed or is missing."
)
def verify(
    plan: PlanFile = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="SEQ:HASH",
            help="别处（如年报）记录的末条，登记簿必须包含它。 A head noted elsewhere, e.g. in a report.",
        ),
    ] = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Name every event that is not as it was recorded; exit code 1 if there is any."""
    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language), there(settings) as register:
        heads = [_head(said) for said in head or []]
        problems = register.verify(heads)
        last = None if problems else register.head()
    if as_json:
        found = [
            {"code": p.code, **_facts(p, language), "message": p.message(language)}
            for p in problems
        ]
        print_json({"register": register.target.name, "sound": not problems, "problems": found})
    elif last is not None:
        facts = {"file": register.target.name, "count": last.seq, "head": last}
        typer.echo(text("office.sound", language, **facts))
    else:
        typer.echo(text("office.unsound", language), err=True)
        for problem in problems:
            typer.echo(f"- {problem.message(language)}", err=True)
    if problems:
        raise typer.Exit(1)


def _facts(problem: Problem, language: str) -> dict[str, object]:
    """Return what a problem is about as plain values."""
    return {k: v for k, v in problem.fields.items() if isinstance(v, (str, int))}


def _head(said: str) -> Head:
    """Read a head as it is printed."""
    from hexi_solar.office.store import Head

    seq, _, found = said.strip().partition(":")
    if not seq.isdigit() or len(found) != 64:
        raise RegisterError(Problem("office_head_form", {"found": said}))
    return Head(int(seq), found.lower())


@register_app.command(
    help="备份为一个文件（登记期间也可进行）。 Back up into one file, while others go on working."
)
def backup(
    file: Copy,
    plan: PlanFile = None,
    events_only: Annotated[
        bool,
        typer.Option(
            "--events-only",
            help="不含联系人和登录信息，可交给他人。 Without contacts and logins, to hand on.",
        ),
    ] = False,
    lang: Lang = None,
) -> None:
    """Copy the register into one file."""
    settings = plan_of(plan, lang)
    with speaking(settings.language), there(settings) as register:
        path = register.backup(file, events_only=events_only)
        count = register.head().seq
    typer.echo(text("office.backed_up", settings.language, file=path, count=count))


@register_app.command(
    help="从备份恢复；已有事件时须加 --force，原登记簿改名保留。 "
    "Restore a backup; a register with events only with --force, and it is kept aside."
)
def restore(
    file: Copy,
    plan: PlanFile = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="替换已有事件的登记簿。 Replace a register with events."),
    ] = False,
    lang: Lang = None,
) -> None:
    """Put a backup in the register's place."""
    from hexi_solar.office.store import open_register
    from hexi_solar.office.store import restore as put_back

    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language):
        kept = put_back(file, settings, force=force)
        with open_register(settings) as register:
            facts = {"file": register.target.name, "count": register.head().seq}
    typer.echo(text("office.restored", language, **facts))
    if kept is not None:
        typer.echo(text("office.kept", language, file=kept))


@register_app.command(
    help="末条事件的序号和校验值，可抄在报告上备查。 "
    "Place and hash of the last event, to be noted in a report."
)
def head(plan: PlanFile = None, lang: Lang = None, as_json: AsJson = False) -> None:
    """Print the head of the chain."""
    settings = plan_of(plan, lang)
    with speaking(settings.language), there(settings) as register:
        last = register.head()
    if as_json:
        print_json({"register": register.target.name, "seq": last.seq, "hash": last.hash})
    else:
        typer.echo(str(last))


@register_app.command(
    help="列出事件，最近的在前。 List events, the newest first.",
)
def log(
    plan: PlanFile = None,
    entity: Annotated[
        str | None, typer.Option("--entity", help="只看此对象。 Only of this thing.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--type", help="只看此类对象，如 project。 Only of this kind of thing."),
    ] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="条数。 How many.")] = 20,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Print the newest events."""
    from hexi_solar.ledger import ledger_rows

    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language), there(settings) as register:
        events = register.ledger()
    if entity is not None:
        events = events[events["entity"] == entity]
    if kind is not None:
        events = events[events["entity_type"] == kind]
    rows = list(ledger_rows(events.tail(last)))[::-1]
    if as_json:
        print_json({"events": rows})
        return
    for row in rows:
        what = label("entity_type", row["entity_type"], language)
        stage = event_label(row["kind"], language)
        where = f"{row['seq']:>6}  {row['valid_on']}  {what} {row['entity']}  {stage}"
        by = f"{row['recorded_by']}, {row['recorded_at'][:16]}"
        typer.echo(f"{where}  {row['payload']}  ({by}) {row['reason']}".rstrip())


@user_app.command(
    "add",
    help="新建登录或更换口令、角色；口令会询问，或取自环境变量 HEXI_PASSWORD。 "
    "Make a login, or change its role and password; asked for, or from HEXI_PASSWORD.",
)
def user_add(
    name: Name,
    plan: PlanFile = None,
    role: Annotated[
        str,
        typer.Option(
            "--role",
            help="viewer 查看、editor 登记、admin 管理登录。 viewer reads, editor records, admin manages logins.",
        ),
    ] = "viewer",
    lang: Lang = None,
) -> None:
    """Let someone log in to the web office."""
    from hexi_solar.office.people import add_login
    from hexi_solar.office.store import open_register

    settings = plan_of(plan, lang)
    language = settings.language
    password = os.environ.get(PASSWORD) or typer.prompt(
        text("office.password", language), hide_input=True, confirmation_prompt=True
    )
    with speaking(language), open_register(settings) as register:
        add_login(register, name, role, password, language)
    facts = {"name": name, "role": text(f"office.role.{role}", language)}
    typer.echo(text("office.login_added", language, **facts))


@user_app.command("list", help="列出登录。 List logins.")
def user_list(plan: PlanFile = None, lang: Lang = None) -> None:
    """List who may log in."""
    from hexi_solar.office.people import ROLES, logins

    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language), there(settings) as register:
        for login in logins(register):
            known = login.role in ROLES
            role = text(f"office.role.{login.role}", language) if known else login.role
            typer.echo(f"{login.name}  {role}")


@user_app.command("remove", help="取消登录；其登记的事件保留。 Take a login away.")
def user_remove(name: Name, plan: PlanFile = None, lang: Lang = None) -> None:
    """Take a login away; what it recorded stays."""
    from hexi_solar.office.people import remove_login

    settings = plan_of(plan, lang)
    with speaking(settings.language), there(settings) as register:
        remove_login(register, name)
    typer.echo(text("office.login_removed", settings.language, name=name))
