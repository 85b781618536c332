"""The command that opens the register in the browser: serve."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hexi_solar.cli.common import Lang, PlanFile, app, plan_of, speaking
from hexi_solar.cli.live import LiveRates
from hexi_solar.labels import text

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from hexi_solar.config import Plan
    from hexi_solar.importing import Proposal
    from hexi_solar.importing.match import Asked
    from hexi_solar.office.services import Preview, Sent, Services
    from hexi_solar.office.store import Register


@app.command(
    help="在浏览器中打开登记簿（默认只对本机）。 "
    "Open the register in the browser, for this machine only unless a host is named."
)
def serve(
    plan: PlanFile = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            help="监听地址；对网络开放须先设登录。 Address; the network only once there are logins.",
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="端口。 Port.")] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name", help="访问本机所用的名称。 Name under which this machine is reached."
        ),
    ] = None,
    lang: Lang = None,
) -> None:
    """Serve the register's pages until interrupted."""
    from hexi_solar.office.people import logins
    from hexi_solar.office.serve import listen, own_names, prepare_site, refuse_open_door
    from hexi_solar.office.store import open_register
    from hexi_solar.office.target import target_of

    settings = plan_of(plan, lang)
    language = settings.language
    with speaking(language):
        target = target_of(settings)
        refuse_open_door(target, host)
        names = (*own_names(host), *(name or []))
        application = prepare_site(target, language, services_of(settings), names)
        with open_register(settings) as register:
            nobody = not logins(register)
        server = listen(application, host, port)
        facts = {"host": host, "port": server.effective_port, "file": target.name}
        typer.echo(text("office.serving", language, **facts))
        if nobody:
            typer.echo(text("office.no_logins", language))
        try:
            server.run()
        finally:
            server.close()


def services_of(plan: Plan) -> Services:
    """Tie the pages to the rest of the program."""
    from hexi_solar.office.services import Services

    reader = Importer(plan)
    return Services(
        coverage=LiveRates(plan).of,
        preview_import=reader.preview,
        title=plan.title,
        synthetic=plan.synthetic,
    )


class Importer:
    """Reads uploads against the register, as `hexi-solar register import` does."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def buildings(self) -> gpd.GeoDataFrame | None:
        """Buildings that rows may mean; read once."""
        from hexi_solar.errors import Notices
        from hexi_solar.layers import read_layers

        if self.plan.layers.buildings.path is None:
            return None
        return read_layers(self.plan, Notices()).buildings

    def preview(self, register: Register, path: Path, sent: Sent) -> Preview:
        """Say what an upload would change; nothing is recorded."""
        from hexi_solar.cli.imports import _memory, _memory_file
        from hexi_solar.importing import propose
        from hexi_solar.office.services import Preview, Question
        from hexi_solar.sheets.aside import read_aside

        memory = _memory(self.plan).and_also({}, dict(sent.answers))
        proposal = propose(
            path,
            register.ledger(),
            today=self.plan.today,
            buildings=self.buildings,
            memory=memory,
            reason=sent.reason,
            source=sent.name,
            reader=read_aside,
        )

        def remember() -> None:
            kept = memory.and_also(proposal.columns, proposal.matches)
            kept.write(_memory_file(self.plan))

        questions = [
            Question(q.asked.key, _asked(q.asked), list(zip(q.candidates, q.shown, strict=True)))
            for q in proposal.questions
        ]
        return Preview(
            rows=self._rows(proposal),
            counts=proposal.counts,
            events=proposal.events,
            accepted=proposal.acceptable,
            take_over=proposal.take_over,
            head=proposal.head,
            questions=questions,
            contacts=[(c.entity_type, c.entity, c.facts) for c in proposal.contacts],
            workbook=self._workbook(proposal),
            notices=[n.message(self.plan.language) for n in proposal.notices],
            remember=remember,
        )

    def _rows(self, proposal: Proposal) -> pd.DataFrame:
        """Write the verdicts as a table for people."""
        import pandas as pd

        language = self.plan.language
        names = [
            text(f"office.web.{n}", language)
            for n in ("row", "verdict", "entity", "changes", "why")
        ]
        rows = [
            (
                row.row,
                text(f"office.web.verdict_{row.verdict}", language),
                row.entity,
                "; ".join(
                    f"{_name(c.field, language)}: {_shown(c.old)} → {_shown(c.new)}"
                    for c in row.changes
                ),
                " ".join(p.message(language) for p in (*row.reasons, *row.notes)),
            )
            for row in proposal
        ]
        return pd.DataFrame(rows, columns=names)

    def _workbook(self, proposal: Proposal) -> bytes:
        """Write the verdicts as a workbook to send back."""
        from tempfile import TemporaryDirectory

        from hexi_solar.importing import verdict_workbook

        with TemporaryDirectory() as folder:
            path = Path(folder) / "verdicts.xlsx"
            verdict_workbook(proposal, path, self.plan.language, today=self.plan.today)
            return path.read_bytes()


def _asked(asked: Asked) -> str:
    """Write what a row says of its building."""
    return " ".join(p for p in (asked.building_id, asked.code, asked.name, asked.address) if p)


def _name(field: str, language: str) -> str:
    """Name a fact as the register's tables do."""
    from hexi_solar.schema import BUILDING_FACTS, READINGS, REGISTER

    for table in (REGISTER, BUILDING_FACTS, READINGS):
        if field in table.names:
            return table[field].label(language)
    return field


def _shown(value: Any) -> str:
    return "—" if value is None or value == "" else str(value)
