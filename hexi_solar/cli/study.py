"""The commands that carry a study out: check, run, map, explain."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from hexi_solar.cli.common import (
    AsJson,
    Lang,
    Out,
    PlanFile,
    Steps,
    app,
    folder_of,
    plan_of,
    print_json,
    speaking,
)
from hexi_solar.errors import HexiSolarError, Notices, Problem
from hexi_solar.labels import label, text


@app.command(
    help="只读取、不计算，列出全部问题和假定。 "
    "Read everything, list problems and assumptions, compute nothing."
)
def check(plan: PlanFile = None, lang: Lang = None, as_json: AsJson = False) -> None:
    """Read everything, compute nothing; print every problem and every assumption."""
    from hexi_solar.inputs import read_inputs

    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    with speaking(language):
        inputs = read_inputs(settings, steps)
    notices, counts = inputs.notices, inputs.notices.counts()
    if as_json:
        found = [
            {"level": p.level, "code": p.code, "message": p.message(language)} for p in notices
        ]
        print_json({"buildings": len(inputs.buildings), "counts": counts, "notices": found})
        return
    facts = {"buildings": len(inputs.buildings), "projects": inputs.register["entity"].nunique()}
    typer.echo(text("cli.check_done", language, **facts))
    print_notices(notices, language)


def print_notices(notices: Notices, language: str) -> None:
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
    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    folder = folder_of(settings, out)
    with speaking(language), steps("import"):
        from hexi_solar.exports import published, write_record, write_study
        from hexi_solar.maps import write_map
        from hexi_solar.plan import run as run_study
    with speaking(language), published(folder) as aside:
        study = run_study(settings, steps, allow_gate or ())
        with steps("map"):
            write_map(study, aside / "map.html")
        with steps("exports"):
            write_study(study, aside)
        record = {**study.record, "started": started, "seconds": steps.total()}
        record["peak_mib"] = steps.peak_mib
        write_record(record, aside)
    if as_json:
        print_json(_summary(study.record, folder, steps))
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

    settings = plan_of(plan, lang)
    language = settings.language
    folder = folder_of(settings, out)
    with speaking(language):
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
    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    with speaking(language):
        from hexi_solar.explain import explain_building, explanation_text

        found = explain_building(settings, building, steps)
    if as_json:
        print_json(found)
    else:
        typer.echo(explanation_text(found, language))
