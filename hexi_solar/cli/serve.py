"""The command that opens the register in the browser: serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hexi_solar.cli.common import Lang, PlanFile, app, plan_of, speaking
from hexi_solar.labels import text

if TYPE_CHECKING:
    import pandas as pd

    from hexi_solar.config import Plan
    from hexi_solar.office.services import Services
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

    return Services(
        coverage_table=lambda register: last_rates(plan, register),
        title=plan.title,
        synthetic=plan.synthetic,
    )


def last_rates(plan: Plan, register: Register) -> pd.DataFrame:
    """Return the rates of the last run, as they stand in its folder."""
    import pandas as pd

    from hexi_solar.schema import COVERAGE

    file = Path("outputs") / plan.name / "tables" / "coverage.parquet"
    if file.exists():
        return pd.read_parquet(file)
    return pd.DataFrame(columns=COVERAGE.names)
