"""The command that looks after records, meters and buildings on their way between two reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from hexi_solar.labels import label, text

if TYPE_CHECKING:
    import pandas as pd

    from hexi_solar.supervising import Supervision

Year = Annotated[
    int | None,
    typer.Option("--year", help="年度；默认最近一年。 Year; the latest by default."),
]
FILE = "supervision.xlsx"


@app.command(
    help="核对登记、抄表和审批阶段，写出 supervision.xlsx。 Look after records, meters and new buildings."
)
def supervise(
    plan: PlanFile = None,
    year: Year = None,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest",
            help="只打印建议的实测系数设置。 Print the setting that the meters suggest.",
        ),
    ] = False,
    out: Out = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Work out every table of supervision and write it into outputs/<name>-supervision/."""
    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    chosen = year if year is not None else settings.today.year
    folder = out if out is not None else Path("outputs") / f"{settings.name}-supervision"
    with speaking(language):
        from hexi_solar.supervising import supervision_of

        found = supervision_of(settings, chosen, step=steps)
        if suggest:
            _suggest(found, language, as_json)
            return
        if as_json:
            print_json(_json(found, language))
            return
        with steps("documents"):
            _write(found, folder, steps)
    for name, value, _ in figures_of(found, language):
        typer.echo(f"{name}  {_shown(value)}")
    typer.echo(text("supervise.done", language, file=folder / FILE))


def _shown(value: Any) -> str:
    """Write the value of a figure on a line."""
    if getattr(value, "style", "") == "factor":
        return f"{value.value:.3f}"
    value = getattr(value, "value", value)
    return f"{value:.1%}" if isinstance(value, float) else str(value)


def _suggest(found: Supervision, language: str, as_json: bool) -> None:
    """Print the setting that the meters suggest, or why they suggest none."""
    from hexi_solar.metered import basis, suggestion

    if as_json:
        print_json({"factor": _factor(found, language)})
        return
    written = suggestion(found.factor, language)
    typer.echo(written or basis(found.factor, language))
    if written and found.plan.pv.measured_factor != 1.0:
        typer.echo(text("supervise.set_now", language, factor=found.plan.pv.measured_factor))


def _factor(found: Supervision, language: str) -> dict[str, Any]:
    """Gather the measured factor and what it rests on."""
    from hexi_solar.exports.record import plain
    from hexi_solar.metered import basis

    names = (
        "factor",
        "low",
        "high",
        "raw",
        "systems",
        "months",
        "within",
        "between",
        "used",
        "corrected",
    )
    said: dict[str, Any] = plain({n: getattr(found.factor, n) for n in names})
    return {**said, "basis": basis(found.factor, language), "set": found.plan.pv.measured_factor}


def tables_of(found: Supervision) -> dict[str, pd.DataFrame]:
    """Name every table as the workbook does."""
    names = ("capacities", "metered", "alarms", "approvals", "forecast", "requests")
    tables = {name: getattr(found, name) for name in names}
    return {
        **tables,
        "forecast": _ours_first(found),
        "worklist": found.reconciliation,
        "systems": found.performance,
        "factor": found.factor.table,
    }


def _ours_first(found: Supervision) -> pd.DataFrame:
    """Return the forecast with the reported cohort before the other."""
    cohorts = found.forecast.index.get_level_values("cohort")
    ours = cohorts == found.plan.coverage.cohort
    import pandas as pd

    return pd.concat([found.forecast[ours], found.forecast[~ours]])


def _json(found: Supervision, language: str) -> dict[str, Any]:
    """Gather every table for a program."""
    from hexi_solar.exports.record import plain
    from hexi_solar.exports.tables import records

    tables = {**tables_of(found), "request_counts": found.request_counts}
    return {
        "plan": found.plan.name,
        "year": found.year,
        "today": found.today.isoformat(),
        "synthetic": found.plan.synthetic,
        "register": {"seq": found.head[0], "hash": found.head[1]} if found.head[0] else None,
        "measured_factor": _factor(found, language),
        **{name: plain(records(t.reset_index())) for name, t in tables.items()},
        "notices": [p.message(language) for p in found.notices],
    }


def figures_of(found: Supervision, language: str) -> list[tuple[str, Any, str]]:
    """Name the main figures: name, value, remark."""
    from hexi_solar.coverage.rates import records
    from hexi_solar.exports.sheets import Cell
    from hexi_solar.metered import basis

    def say(key: str, **fields: Any) -> tuple[str, str]:
        return text(f"supervise.figure.{key}", language), text(
            f"supervise.remark.{key}", language, **fields
        )

    ours = next(
        r for r in records(found.coverage)
        if r["reported"] and r["cohort"] == found.plan.coverage.cohort
    )  # fmt: skip
    unknown = text("cli.unknown", language)
    items, alarms = found.reconciliation, found.alarms
    moving = int((items["rate_delta"].abs() > 0).sum())
    last = found.forecast.reset_index()
    last = last[last["cohort"] == ours["cohort"]].sort_values("year")
    ends = last[last["year"] == last["year"].max()].set_index("course")["rate"]
    rows: list[tuple[tuple[str, str], Any]] = [
        (say("rate", year=found.year, cohort=label("cohort", ours["cohort"], language)),
         unknown if ours["rate"] is None else Cell(ours["rate"], "percent")),
        (say("worklist", moving=moving), len(items)),
        (say("alarms", lasting=int(alarms["still"].sum()), lost=f"{alarms['lost_kwh'].sum():,.0f}"), len(alarms)),
        (say("factor", basis=basis(found.factor, language)),
         Cell(round(found.factor.factor, 3), "factor") if found.factor.used else unknown),
        (say("approvals", overdue=int((found.approvals["days_left"] < 0).sum())), len(found.approvals)),
    ]  # fmt: skip
    for course in ("as_before", "with_action"):
        rate = float(ends.get(course, float("nan")))
        value = Cell(rate, "percent") if rate == rate else unknown
        rows.append((say(f"forecast_{course}", year=int(last["year"].max())), value))
    rows.append(
        (
            say("requests", departments=int((found.request_counts.index != "").sum())),
            len(found.requests),
        )
    )
    return [(name, value, remark) for (name, remark), value in rows]


def _write(found: Supervision, folder: Path, steps: Steps) -> None:
    """Write the workbook and its record into a folder, whole or not at all."""
    import pandas as pd

    from hexi_solar import schema
    from hexi_solar.exports import plan_record, published, write_record
    from hexi_solar.exports.supervision import write_supervision
    from hexi_solar.metered import basis
    from hexi_solar.reconcile.worklist import todo
    from hexi_solar.requests import question

    plan, language = found.plan, found.plan.language
    start = plan.coverage.start
    declared = {
        "worklist": schema.RECONCILIATION, "capacities": schema.CAPACITIES,
        "systems": schema.PERFORMANCE, "metered": schema.METERED, "alarms": schema.METER_ALARMS,
        "factor": schema.SYSTEM_FACTORS, "approvals": schema.APPROVALS, "forecast": schema.FORECAST,
        "requests": schema.REQUESTS,
    }  # fmt: skip
    sentence = "。" if language == "zh" else ". "
    lines = [s.strip(" .。") for s in basis(found.factor, language).split(sentence) if s.strip()]
    if found.factor.used:
        lines.append(f"plan.toml:  [pv]  measured_factor = {found.factor.factor:.3f}")
    with published(folder) as aside:
        write_supervision(
            plan,
            tables_of(found),
            declared,
            aside / FILE,
            figures=figures_of(found, language),
            factor=lines,
            todo=lambda row: todo(pd.Series(dict(row)), language),
            question=lambda row: question(pd.Series(dict(row)), language, start=start),
        )
        record = {"year": found.year, "seconds": steps.total(), "plan": plan_record(plan)}
        notices = [{"level": n.level, "code": n.code, "fields": n.fields} for n in found.notices]
        write_record({**record, "notices": notices}, aside)
