"""The commands around a study: init, columns, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hexi_solar.cli.common import DEMO, Language, Speech, app, speaking
from hexi_solar.errors import HexiSolarError, Problem
from hexi_solar.labels import text


@app.command(
    help="新建研究：写出带说明的 plan.toml 和 layers/。 "
    "Start a study: a plan.toml that explains itself, and layers/."
)
def init(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="新研究的文件夹。 New folder of a study."),
    ],
    lang: Speech = Language.zh,
) -> None:
    """Write a commented plan.toml and an empty layers/ that says what goes where."""
    language = lang.value
    from hexi_solar.template import plan_template, study_name

    with speaking(language):
        layers = folder / "layers"
        written = {
            folder / "plan.toml": plan_template(study_name(folder), language),
            layers / "README.md": _layers_readme(),
        }
        there = [file for file in written if file.exists()]
        if there:
            raise HexiSolarError(*[Problem("init_exists", {"file": f}) for f in there])
        try:
            layers.mkdir(parents=True, exist_ok=True)
            for file, content in written.items():
                file.write_text(content, "utf-8")
        except OSError as error:
            raise HexiSolarError(Problem("init_failed", {"file": folder, "found": error})) from None
    typer.echo(text("cli.init_done", language, plan=folder / "plan.toml", layers=layers))


def _layers_readme() -> str:
    from importlib.resources import files

    return files("hexi_solar.labels").joinpath("layers_readme.md").read_text("utf-8")


@app.command(
    help="数据字典：每一列的单位、范围和含义。 "
    "Data dictionary: unit, range and meaning of every column."
)
def columns(
    table: Annotated[
        str | None,
        typer.Argument(metavar="TABLE", help="表名；不填为全部。 One table; none for all."),
    ] = None,
    lang: Speech = Language.zh,
) -> None:
    """Print the data dictionary: every column with unit, range and meaning."""
    language = lang.value
    with speaking(language):
        from hexi_solar.planfile import nearest
        from hexi_solar.schema import TABLES, dictionary_text

        if table is not None and table not in TABLES:
            facts = {"table": table, "hint": nearest(table, TABLES), "known": ", ".join(TABLES)}
            raise HexiSolarError(Problem("columns_unknown", facts))
    chosen = TABLES.values() if table is None else [TABLES[table]]
    typer.echo("\n\n".join(dictionary_text(t, language) for t in chosen))


@app.command(
    help="写出示范区（合成数据，每次字节相同）。 "
    "Write the demonstration district (generated, always the same)."
)
def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="写到哪里。 Where it is written.")
    ] = DEMO,
    register: Annotated[
        bool,
        typer.Option(
            "--register",
            help="并导入各登记表，建立登记簿。 Import the office's files into its register too.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="覆盖已改动的文件。 Replace files that were changed."),
    ] = False,
    lang: Speech = Language.zh,
) -> None:
    """Write the demonstration district (generated, always the same bytes)."""
    with speaking(lang.value):
        from hexi_solar.demo import write_demo

        file = write_demo(folder, force=force)
        typer.echo(str(file))
        if register:
            from hexi_solar.demonstration import fill_register
            from hexi_solar.planfile import read_plan

            count = fill_register(read_plan(file))
            typer.echo(text("supervise.filled", lang.value, count=count))
