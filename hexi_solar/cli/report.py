"""The commands that write documents: the year's report, and cards of buildings."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from hexi_solar.cli.common import Lang, Out, PlanFile, Steps, app, plan_of, speaking
from hexi_solar.errors import HexiSolarError, Problem
from hexi_solar.labels import text

Year = Annotated[
    int | None,
    typer.Option("--year", help="年度；默认最近一年。 Year; the latest by default."),
]


@app.command(
    help="写出年度报告、一页通与征询清单。 Write the year's report, the leader's page, the requests."
)
def report(plan: PlanFile = None, year: Year = None, out: Out = None, lang: Lang = None) -> None:
    """Write the documents of one year into outputs/<name>-<year>/."""
    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=False)
    chosen = year if year is not None else settings.today.year
    folder = out if out is not None else Path("outputs") / f"{settings.name}-{chosen}"
    with speaking(language):
        from hexi_solar.exports import published, write_record
        from hexi_solar.yearbook import year_of

        with published(folder) as aside:
            facts = year_of(settings, chosen, step=steps)
            with steps("documents"):
                _write_year(facts, aside)
            write_record({"year": chosen, "seconds": steps.total()}, aside)
    typer.echo(text("cli.report.done", language, year=chosen, folder=folder))


def _write_year(facts: Any, folder: Path) -> None:
    """Write every document of a year into a folder."""
    from hexi_solar.reports.annual import annual_report
    from hexi_solar.reports.asks import file_name, request_book
    from hexi_solar.reports.docx import docx_of
    from hexi_solar.reports.leader import leader_page
    from hexi_solar.reports.pdf import pdf_of
    from hexi_solar.yearbook import asked

    whole, page = annual_report(facts), leader_page(facts)
    (folder / f"coverage-{facts.year}.docx").write_bytes(docx_of(whole))
    (folder / f"coverage-{facts.year}.pdf").write_bytes(pdf_of(whole))
    (folder / f"leader-{facts.year}.pdf").write_bytes(pdf_of(page))
    requests = folder / "requests"
    requests.mkdir()
    title = facts.plan.title or facts.plan.name
    for department, rows in asked(facts).items():
        book = request_book(
            department, rows, language=facts.language, title=title, day=facts.today.isoformat(),
            stamp=whole.stamp,
        )  # fmt: skip
        (requests / f"{file_name(department, facts.language)}.xlsx").write_bytes(book)


@app.command(help="写出楼卡（一楼一档），每栋一页。 Write one page per building, as PDF.")
def cards(
    plan: PlanFile = None,
    building: Annotated[
        list[str] | None,
        typer.Option(
            "--building",
            help="建筑编号，可多次；默认全部候选。 Id, repeatable; all candidates by default.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="结果文件。 File that is written.")
    ] = None,
    lang: Lang = None,
) -> None:
    """Write the cards of candidates, or of the buildings named, into one PDF."""
    settings = plan_of(plan, lang)
    language = settings.language
    steps = Steps(language, quiet=False)
    file = out if out is not None else Path("outputs") / f"{settings.name}-cards.pdf"
    with speaking(language):
        from hexi_solar.plan import run as run_study
        from hexi_solar.yearbook import ledger_of, year_of_study

        study = run_study(settings, steps)
        facts = year_of_study(study, min(settings.today, dt.date.today()).year, step=steps)
        ids = _chosen(study, building)
        with steps("documents"):
            count = _write_cards(study, ledger_of(settings), facts, ids, file)
    typer.echo(text("cli.report.cards", language, count=count, file=file))


def _chosen(study: Any, building: list[str] | None) -> list[str]:
    """
    Choose the buildings: those named, else every candidate.

    Raises
    ------
    HexiSolarError
        If one is not in the layer, or there is none.
    """
    ids = building or [str(i) for i in study.candidates.sort_values("rank").index]
    lost = [Problem("card_unknown", {"found": i}) for i in ids if i not in study.buildings.index]
    if lost:
        raise HexiSolarError(*lost)
    if not ids:
        raise HexiSolarError(Problem("no_candidates", {}))
    return ids


def _write_cards(study: Any, ledger: Any, facts: Any, ids: list[str], file: Path) -> int:
    """Write the cards aside and move them into place."""
    from hexi_solar.renewal import renewal_of_study
    from hexi_solar.reports.cards import building_card
    from hexi_solar.reports.pdf import pdf_of
    from hexi_solar.reports.units import unit_sections
    from hexi_solar.yearbook import cards_of

    found = renewal_of_study(study)
    cards = [
        replace(card, sections=[*card.sections, *unit_sections(found, card.building_id)])
        for card in cards_of(study, ledger, facts, ids)
    ]
    pages = [building_card(study, card) for card in cards]
    pdf = pdf_of(pages)
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.part")
    try:
        aside.write_bytes(pdf)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    return len(pages)
