"""The `hexi-solar` commands: they read words, call `plan.py` and the seams, and speak.

Heavy libraries are imported inside the commands, so that `--help` answers at once. What
a command finds goes to standard output, progress and problems to standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hexi_solar import __version__
from hexi_solar.errors import HexiSolarError, Notices, Problem
from hexi_solar.labels import label, text

if TYPE_CHECKING:
    from hexi_solar.config import Plan

# drivers that fetch from the network or read other files on a layer's behalf stay off;
# GDAL reads this once, when it is first imported
BLOCKED_DRIVERS = (
    "OGR_VRT,VRT,GDALG,GTI,HTTP,WFS,CSW,OAPIF,OGCAPI,WMS,WMTS,WCS,STACTA,STACIT,Elasticsearch,Carto,"
    "AmigoCloud,PLSCENES,PLMOSAIC,NGW,EEDA,EEDAI,ADBC,DAAS"
)
DEMO = Path("layers/demo")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="城区屋顶光伏与公共建筑节能改造规划。 Rooftop PV and public-building retrofit for a city district.",
)


class Language(StrEnum):
    """Languages that people are spoken to in."""

    zh = "zh"
    en = "en"


PlanFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="PLAN",
        help="计划文件 plan.toml；不填则用示范区。 The plan; none for the demonstration district.",
    ),
]
Lang = Annotated[
    Language | None,
    typer.Option("--lang", help="语言；默认按计划。 Language; the plan's by default."),
]
# where there is no plan to ask
Speech = Annotated[
    Language, typer.Option("--lang", help="语言；默认中文。 Language; Chinese by default.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="只输出一个 JSON。 Print one JSON object instead of text.")
]
Out = Annotated[Path | None, typer.Option("--out", help="结果文件夹。 Folder of the results.")]


def main() -> None:
    """Run the command line; every error raised on purpose becomes one message."""
    os.environ.setdefault("GDAL_SKIP", BLOCKED_DRIVERS)
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(128 + _stopped_by[0])


# which signal stopped us, for the exit code that shells expect
_stopped_by = [int(signal.SIGINT)]


def _interrupt(number: int, frame: object) -> None:
    _stopped_by[0] = number
    raise KeyboardInterrupt


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    """Say what is wrong in the reader's language, and stop."""
    try:
        yield
    except HexiSolarError as error:
        typer.echo(text("cli.stopped", language) + "\n" + error.message(language), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        # a disk that is full or may not be written, wherever it shows
        said = text("cli.disk", language, file=error.filename or "", found=error.strerror or error)
        typer.echo(text("cli.stopped", language) + "\n- " + said, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("\n" + text("cli.interrupted", language), err=True)
        raise typer.Exit(128 + _stopped_by[0]) from None


class Steps:
    """Shows which step runs, and keeps the seconds that each took."""

    def __init__(self, language: str, quiet: bool) -> None:
        from rich.console import Console

        self.seconds: dict[str, float] = {}
        self.language = language
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.started = time.perf_counter()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Run one step."""
        before = time.perf_counter()
        with self.console.status(text(f"step.{name}", self.language)):
            yield
        self.seconds[name] = round(time.perf_counter() - before, 3)
        if self.console.is_terminal:
            took = f"{self.seconds[name]:6.1f} s"
            self.console.print(f"{took}  {text(f'step.{name}', self.language)}", style="dim")

    def total(self) -> dict[str, float]:
        """Return the seconds per step and in all."""
        return {**self.seconds, "total": round(time.perf_counter() - self.started, 3)}


def _plan(file: Path | None, lang: Language | None) -> Plan:
    """Read the plan; none stands for the demonstration district, written if it is not there."""
    from dataclasses import replace

    from hexi_solar.planfile import read_plan

    language = lang.value if lang else "zh"
    with _speaking(language):
        if file is None:
            from hexi_solar.demo import write_demo

            file = DEMO / "plan.toml"
            if not file.exists():
                write_demo(DEMO)
        plan = read_plan(file)
    return replace(plan, language=lang.value) if lang else plan


def _folder(plan: Plan, out: Path | None) -> Path:
    return out if out is not None else Path("outputs") / plan.name


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

    with _speaking(language):
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
    help="只读取、不计算，列出全部问题和假定。 "
    "Read everything, list problems and assumptions, compute nothing."
)
def check(plan: PlanFile = None, lang: Lang = None, as_json: AsJson = False) -> None:
    """Read everything, compute nothing; print every problem and every assumption."""
    from hexi_solar.inputs import read_inputs

    settings = _plan(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    with _speaking(language):
        inputs = read_inputs(settings, steps)
    notices, counts = inputs.notices, inputs.notices.counts()
    if as_json:
        found = [
            {"level": p.level, "code": p.code, "message": p.message(language)} for p in notices
        ]
        _print_json({"buildings": len(inputs.buildings), "counts": counts, "notices": found})
        return
    facts = {"buildings": len(inputs.buildings), "projects": inputs.register["entity"].nunique()}
    typer.echo(text("cli.check_done", language, **facts))
    _print_notices(notices, language)


def _print_notices(notices: Notices, language: str) -> None:
    """List what was noticed, level by level."""
    for level in ("warning", "repaired", "left_out", "assumed", "info"):
        found = notices.of(level)
        if found:
            typer.echo(f"\n{text(f'level.{level}', language)}")
            for problem in found:
                typer.echo(f"- {problem.message(language)}")


AllowGate = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-gate", help="有意放行此核对项，并记录在案。 Pass this gate on purpose; recorded."
    ),
]


@app.command(
    help="完成全部计算，结果写入 outputs/<name>/。 "
    "Carry out the study; results into outputs/<name>/."
)
def run(
    plan: PlanFile = None,
    out: Out = None,
    lang: Lang = None,
    as_json: AsJson = False,
    allow_gate: AllowGate = None,
) -> None:
    """Carry out the study: tables, map, workbook and run record into outputs/<name>/."""
    started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    settings = _plan(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    folder = _folder(settings, out)
    with _speaking(language), steps("import"):
        from hexi_solar.exports import published, write_record, write_study
        from hexi_solar.maps import write_map
        from hexi_solar.plan import run as run_study
    with _speaking(language), published(folder) as aside:
        study = run_study(settings, steps, allow_gate or ())
        with steps("map"):
            write_map(study, aside / "map.html")
        with steps("exports"):
            write_study(study, aside)
        record = {**study.record, "started": started, "seconds": steps.total()}
        write_record(record, aside)
    if as_json:
        _print_json(_summary(study.record, folder, steps))
    else:
        _print_summary(study.record, folder, language)


def _summary(record: dict[str, Any], folder: Path, steps: Steps) -> dict[str, Any]:
    """Gather what a program wants to know of a run."""
    return {
        "output": str(folder),
        "counts": record["counts"],
        **record["totals"],
        "coverage": record["coverage"],
        "warnings": record["warnings"],
        "seconds": steps.total(),
    }


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def _print_summary(record: dict[str, Any], folder: Path, language: str) -> None:
    """Tell a person what came out and where it lies."""
    counts, totals, rate = record["counts"], record["totals"], record["coverage"]
    unknown = text("cli.unknown", language)
    facts = {
        "buildings": f"{counts['buildings']:,}",
        "candidates": f"{counts['candidates']:,}",
        "capacity": f"{totals['capacity_kwp'] / 1000:,.1f}",
        "open": f"{totals['open_capacity_kwp'] / 1000:,.1f}",
        "energy": f"{totals['energy_ac_kwh'] / 1e6:,.1f}",
        "rate": unknown if rate["rate"] is None else f"{rate['rate']:.1%}",
        "numerator": f"{rate['numerator']:,.0f}",
        "denominator": f"{rate['denominator']:,.0f}",
        "unit": rate["unit"],
        "at": rate["at"],
        "definition": rate["definition_name"][language],
        "cohort": label("cohort", rate["cohort"], language),
        "target": f"{rate['target']:.0%}",
        "map": folder / "map.html",
        "workbook": folder / "candidates.xlsx",
    }
    if record["synthetic"]:
        typer.echo(text("cli.synthetic", language))
    typer.echo(text("cli.run_done", language, **facts))
    for message in record["warnings"]:
        typer.echo(f"! {message}")


@app.command(
    name="map",
    help="用上次的结果表重绘地图。 Redraw map.html from the tables of an earlier run.",
)
def map_(plan: PlanFile = None, out: Out = None, lang: Lang = None) -> None:
    """Redraw map.html from the tables of an earlier run."""
    from dataclasses import replace

    settings = _plan(plan, lang)
    language = settings.language
    folder = _folder(settings, out)
    with _speaking(language):
        from hexi_solar.exports import read_study
        from hexi_solar.maps import write_map

        study = read_study(folder)
        drawn = replace(study, plan=replace(study.plan, language=language, map=settings.map))
        _redraw(drawn, folder, write_map)
    typer.echo(str(folder / "map.html"))


def _redraw(study: Any, folder: Path, write_map: Any) -> None:
    """Write the map aside and move it into place."""
    aside = folder / ".map.html.part"
    try:
        write_map(study, aside)
        aside.replace(folder / "map.html")
    except OSError as error:
        raise HexiSolarError(Problem("map_failed", {"file": folder, "found": error})) from None
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


# an id may start with a minus sign
@app.command(
    context_settings={"ignore_unknown_options": True},
    help="逐项说明一栋建筑的结果，并用 pvlib ModelChain 复算。 "
    "Explain one building, and recompute it with pvlib's ModelChain.",
)
def explain(
    building: Annotated[
        str,
        typer.Argument(metavar="BUILDING_ID", help="建筑编号。 Id of a building."),
    ],
    plan: PlanFile = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Print the waterfall of one roof, and recompute it with a plain pvlib ModelChain."""
    settings = _plan(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    with _speaking(language):
        from hexi_solar.explain import explain_building, explanation_text

        found = explain_building(settings, building, steps)
    if as_json:
        _print_json(found)
    else:
        typer.echo(explanation_text(found, language))


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
    with _speaking(language):
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
    force: Annotated[
        bool,
        typer.Option("--force", help="覆盖已改动的文件。 Replace files that were changed."),
    ] = False,
    lang: Speech = Language.zh,
) -> None:
    """Write the demonstration district (generated, always the same bytes)."""
    with _speaking(lang.value):
        from hexi_solar.demo import write_demo

        typer.echo(str(write_demo(folder, force=force)))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hexi-solar {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="显示版本。 Show the version."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


if __name__ == "__main__":
    main()
