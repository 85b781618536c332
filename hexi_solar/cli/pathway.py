"""The command that finds the path to the target."""

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
from hexi_solar.errors import HexiSolarError
from hexi_solar.labels import text

if TYPE_CHECKING:
    from hexi_solar.maps import Extras
    from hexi_solar.reports.document import Column
    from hexi_solar.study import Roadmap

WIDTH = 100
Target = Annotated[
    float | None,
    typer.Option(
        "--target", help="目标覆盖率，如 0.5；默认按计划。 Rate to reach; the plan's by default."
    ),
]
By = Annotated[
    int | None,
    typer.Option("--by", help="在此年年底前达到。 Year by whose end it should be met."),
]
Scope = Annotated[
    str | None,
    typer.Option(
        "--scope",
        help="范围：new 新建公共机构，existing 既有公共建筑。 "
        "Scope: the coverage cohort, or institutions that stood before.",
    ),
]


@app.command(
    help="求达到覆盖率目标的最省路径：哪一年建哪些屋顶。 "
    "Find the cheapest path to the target: which roofs in which year."
)
def pathway(
    plan: PlanFile = None,
    target: Target = None,
    by: By = None,
    scope: Scope = None,
    out: Out = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Find the path, write its files into outputs/<name>-pathway/, and print the answer."""
    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=as_json)
    folder = out if out is not None else Path("outputs") / f"{settings.name}-pathway"
    with speaking(language):
        from hexi_solar.exports import published
        from hexi_solar.plan import run
        from hexi_solar.renewal import metered_use
        from hexi_solar.roadmap import roadmap_of_study, roadmap_record

        with published(folder) as aside:
            study = run(settings, steps)
            use = metered_use(study)
            found = roadmap_of_study(
                study, target=target, by=by, asked=scope, demand=use, step=steps
            )
            with steps("documents"):
                _write(found, aside)
            record = roadmap_record(found)
            _record(found, record, steps, aside)
    if as_json:
        print_json({"output": str(folder)} | record | {"seconds": steps.total()})
    else:
        _print(found, folder)


def _write(found: Roadmap, folder: Path) -> None:
    """Write workbook, report, tables and map of a path."""
    from hexi_solar.exports.pathway import write_pathway
    from hexi_solar.maps import write_map
    from hexi_solar.reports.docx import docx_of
    from hexi_solar.reports.pathway import pathway_report
    from hexi_solar.reports.pdf import pdf_of

    document = pathway_report(found)
    (folder / "pathway.docx").write_bytes(docx_of(document))
    (folder / "pathway.pdf").write_bytes(pdf_of(document))
    write_pathway(found, _sentences(found), folder)
    write_map(found.study, folder / "map.html", _extras(found))


def _extras(found: Roadmap) -> Extras:
    """Add what buildings use and could save to the map, where that can be worked out."""
    from hexi_solar.maps import Extras
    from hexi_solar.renewal import pick, renewal_of_study

    try:
        use = renewal_of_study(found.study)
    except HexiSolarError:
        # nobody is in scope of a retrofit plan: the map has the path alone
        return Extras(roadmap=found)
    return Extras(found, use.demand, pick(found.study.plan, use.packages))


def _record(found: Roadmap, record: dict[str, Any], steps: Steps, folder: Path) -> None:
    """Write what the run was made from."""
    from hexi_solar.exports import plan_record, write_record

    kept = {k: v for k, v in record.items() if not isinstance(v, list)}
    write_record({**kept, "plan": plan_record(found.study.plan), "seconds": steps.total()}, folder)


def _sentences(found: Roadmap) -> list[str]:
    """Say verdict, standing, odds, the best check and what the roofs are worth."""
    from hexi_solar.reports import pathway as says_of
    from hexi_solar.reports.say import Says

    says = Says(found.study.plan.language)
    parts = (says_of.verdict, says_of.standing, says_of.likelihood, says_of.survey, says_of.worth)
    return [said for part in parts if (said := part(found, says))]


def _print(found: Roadmap, folder: Path) -> None:
    """Tell a person the answer: verdict first, then years, roofs, constraints, definitions."""
    from hexi_solar.cli.coverage import console
    from hexi_solar.reports import pathway as says_of
    from hexi_solar.reports.say import Says

    plan = found.study.plan
    says, out = Says(plan.language), console()
    if plan.synthetic:
        out.print(text("cli.synthetic", plan.language))
    out.print(says("path.title", title=plan.title or plan.name), style="bold")
    out.print(f"{says_of.roofs_of(found, says)}; {says_of.measure_of(found, says)}")
    for sentence in _sentences(found):
        out.print(sentence)
    for name, table in (
        ("years_caption", says_of.years_table(found, says)),
        ("schedule", says_of.schedule_table(found, says, 15)),
        ("binding", says_of.binding_rows(found, says)),
        ("definitions", says_of.definitions_table(found, says)),
    ):
        out.print(_set(says(f"path.{name}"), *table))
    if len(found.schedule) > 15:
        out.print(says("path.rest", count=len(found.schedule) - 15))
    for notice in found.notices:
        out.print(f"! {notice.message(plan.language)}")
    out.print(says("path.files", folder=folder))


def _set(title: str, columns: list[Column], rows: list[list[str]]) -> Any:
    """Set one table of the report for a screen."""
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False,
        padding=(0, 1, 0, 0),
    )  # fmt: skip
    for column in columns:
        right = column.align == "right"
        table.add_column(column.title, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
