"""The command that finds the path to the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    pass

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
        help="new 计入覆盖率的新建公共机构；existing 既有公共建筑。默认按计划。 "
        "new: the coverage cohort; existing: public institutions that stood before.",
    ),
]


@app.command(
    help="求达到覆盖率目标的最省路径：哪一年建哪些屋顶，结果写入 outputs/<name>-pathway/。 "
    "Find the cheapest path to the coverage target: which roofs to build in which year."
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
    with speaking(language):
        from hexi_solar.roadmap import roadmap, roadmap_record

        found = roadmap(settings, target=target, by=by, asked=scope, step=steps)
        record = roadmap_record(found)
    if as_json:
        print_json(record | {"seconds": steps.total()})
