"""The commands of retrofit: the plan per building, and what each department has to do in a year."""

from __future__ import annotations

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
    plan_of,
    print_json,
    speaking,
)
from hexi_solar.errors import HexiSolarError, Problem
from hexi_solar.labels import text

Unit = Annotated[
    list[str] | None,
    typer.Option(
        "--unit",
        help="写一企一策的建筑，可多次。 Building with a plan of its own, repeatable.",
    ),
]
Zone = Annotated[
    str | None,
    typer.Option("--zone", help="只看此园区。 Only buildings of this zone; the plan's by default."),
]
TaskYear = Annotated[
    int | None, typer.Option("--year", help="年度；默认当年。 Year; today's by default.")
]


@app.command(
    help="编制公共建筑节能改造规划与一企一策。 Plan the retrofit of public buildings, unit by unit."
)
def retrofit(
    plan: PlanFile = None,
    unit: Unit = None,
    zone: Zone = None,
    out: Out = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Plan the retrofit, write its files into outputs/<name>-retrofit/, and print the answer."""
    settings = _zoned(plan_of(plan, lang), zone)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    folder = out if out is not None else Path("outputs") / f"{settings.name}-retrofit"
    with speaking(language):
        from hexi_solar.exports import check_target, published, write_record
        from hexi_solar.renewal import renewal_of, renewal_record, totals

        check_target(folder)
        found = renewal_of(settings, steps)
        units = _chosen(found, unit)
        with published(folder) as aside:
            with steps("documents"):
                _write(found, units, aside)
            write_record({"totals": totals(found), "seconds": steps.total()}, aside)
    if as_json:
        print_json({"output": str(folder), **renewal_record(found), "seconds": steps.total()})
        return
    _print(found, totals(found), folder, language)


def _zoned(settings: Any, zone: str | None) -> Any:
    """Take the zone of the command before that of the plan."""
    from dataclasses import replace

    if zone is None:
        return settings
    return replace(settings, retrofit=replace(settings.retrofit, zone=zone))


def _chosen(found: Any, unit: list[str] | None) -> list[str]:
    """
    Choose whose own plans are written: those named, else those chosen for a diagnosis.

    Raises
    ------
    HexiSolarError
        If one of those named has no plan.
    """
    known = found.unit_plans.index
    lost = [Problem("retrofit_unit", {"found": i}) for i in unit or [] if i not in known]
    if lost:
        raise HexiSolarError(*lost)
    return unit or [str(i) for i in found.diagnosis_choice.index if i in known]


def _write(found: Any, units: list[str], folder: Path) -> None:
    """Write tables, workbook, report and the plans of units into a folder."""
    from hexi_solar.exports.retrofit import write_retrofit
    from hexi_solar.renewal import tasks_of
    from hexi_solar.reports.docx import docx_of
    from hexi_solar.reports.pdf import pdf_of
    from hexi_solar.reports.renewal import retrofit_report
    from hexi_solar.reports.units import file_stem, unit_plan

    tasks = tasks_of(found, found.study.plan.today.year)
    write_retrofit(found, tasks, folder)
    whole = retrofit_report(found, tasks)
    (folder / "retrofit.docx").write_bytes(docx_of(whole))
    (folder / "retrofit.pdf").write_bytes(pdf_of(whole))
    own = folder / "units"
    own.mkdir()
    for building in units:
        page, stem = unit_plan(found, building), file_stem(found, building)
        (own / f"{stem}.docx").write_bytes(docx_of(page))
        (own / f"{stem}.pdf").write_bytes(pdf_of(page))


def _print(found: Any, sums: dict[str, Any], folder: Path, language: str) -> None:
    """Tell a person what came out: totals, then the buildings that save most."""
    if found.study.plan.synthetic:
        typer.echo(text("cli.synthetic", language))
    facts = {
        "buildings": f"{sums['buildings']:,}",
        "measured": f"{sums['use_measured']:,}",
        "plans": f"{sums['plans']:,}",
        "electricity": f"{sums['electricity_saved_kwh'] / 1e6:,.1f}",
        "heat": f"{sums['heat_saved_gj'] / 1e3:,.1f}",
        "cost": f"{sums['cost_cny'] / 1e8:,.2f}",
        "value": f"{sums['value_cny_a'] / 1e8:,.2f}",
        "npv": f"{sums['npv_cny'] / 1e8:,.2f}",
        "capacity": f"{sums['capacity_kwp'] / 1000:,.1f}",
        "co2": f"{sums['co2_t']:,.0f}",
        "diagnoses": f"{sums['diagnoses']:,}",
        "folder": folder,
    }
    typer.echo(text("cli.retrofit.done", language, **facts))
    plans = found.unit_plans.sort_values("npv_cny", ascending=False, kind="stable")
    for building, row in plans.head(5).iterrows():
        name = found.study.buildings.loc[building, "name"]
        line = {
            "name": building if name != name or name is None else name,
            "cost": f"{row['cost_cny'] / 1e4:,.0f}",
            "value": f"{row['value_cny_a'] / 1e4:,.0f}",
        }
        typer.echo(text("cli.retrofit.line", language, **line))
    for notice in found.notices:
        if notice.level in ("warning", "left_out", "assumed"):
            typer.echo(f"! {notice.message(language)}")


@app.command(help="写出各部门年度任务清单及状态。 Write what each department has to do in a year.")
def tasks(
    plan: PlanFile = None,
    year: TaskYear = None,
    out: Out = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Write the workbook of tasks, one sheet for all and one row per department and task."""
    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    chosen = year if year is not None else settings.today.year
    folder = out if out is not None else Path("outputs") / f"{settings.name}-tasks-{chosen}"
    with speaking(language):
        from hexi_solar.exports import published, write_record
        from hexi_solar.exports.retrofit import write_tasks
        from hexi_solar.renewal import plain_rows, renewal_of, tasks_of

        found = renewal_of(settings, steps)
        table = tasks_of(found, chosen)
        with published(folder) as aside:
            write_tasks(found, table, chosen, aside / f"tasks-{chosen}.xlsx")
            write_record({"year": chosen, "seconds": steps.total()}, aside)
    counts = {
        s: int((table["task_state"] == s).sum()) for s in ("done", "under_way", "open", "unknown")
    }
    if as_json:
        print_json({"output": str(folder), "year": chosen, **counts, "tasks": plain_rows(table)})
    else:
        typer.echo(text("cli.retrofit.tasks", language, year=chosen, folder=folder, **counts))
