"""What the year's documents say: the figures of the tables, all of them and no other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hexi_solar.reports import pdf
from hexi_solar.reports.annual import annual_report
from hexi_solar.reports.cards import building_card
from hexi_solar.reports.document import Bullets, Document, Figures, Heading, Paragraph, Table
from hexi_solar.reports.leader import leader_page
from hexi_solar.reports.pdf import CHINESE_FONTS, pdf_of
from hexi_solar.reports.say import Says
from hexi_solar.yearbook import asked, cards_of

needs_font = pytest.mark.skipif(
    not set(CHINESE_FONTS) & set(pdf.fonts().families()),
    reason="this machine has no font with Chinese letters (packages.txt names one)",
)
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


def spoken(year, language):
    """The same year for readers of a language."""
    return replace(year, plan=replace(year.plan, language=language))


def blocks(document, kind):
    return [b for b in document.blocks if isinstance(b, kind)]


def cells(document) -> list[str]:
    return [c for t in blocks(document, Table) for row in t.rows for c in row]


def said(document) -> str:
    """Every text of a document."""
    found = [b.text for b in document.blocks if isinstance(b, Heading | Paragraph)]
    found += [i for b in blocks(document, Bullets) for i in b.items]
    found += [f"{f.label} {f.value} {f.note}" for b in blocks(document, Figures) for f in b.figures]
    return "\n".join(map(str, [*found, *cells(document)]))


def pages(content: bytes) -> int:
    """Count the pages of a PDF."""
    return len(re.findall(rb"/Type\s*/Page(?![s\w])", content))


@LANGUAGES
def test_the_headline_is_the_coverage_table(demo_office, language):
    """Rate, interval, both sides and target are those of the reported row, to the digit shown."""
    year = spoken(demo_office.year, language)
    table = year.coverage.reset_index()
    row = table[table["reported"] & (table["cohort"] == "cumulative")].iloc[0]
    first = blocks(annual_report(year), Figures)[0].figures
    assert first[0].value == f"{row['rate']:.1%}"
    assert f"{100 * row['rate_low']:.1f}–{row['rate_high']:.1%}" in first[0].note
    assert first[1].value == f"{row['target']:.0%}"
    assert first[2].value == f"{row['numerator']:,.0f} / {row['denominator']:,.0f}"
    lead = next(b.text for b in annual_report(year).blocks if isinstance(b, Paragraph))
    for shown in (f"{row['rate']:.1%}", f"{row['buildings']:,}", f"{row['buildings_with_pv']:,}"):
        assert shown in lead


@LANGUAGES
def test_every_definition_is_listed(demo_office, language):
    """Each row of the year's cohort stands in one of the tables with its rate."""
    year = spoken(demo_office.year, language)
    rows = year.coverage.reset_index()
    rows = rows[rows["cohort"] == "cumulative"]
    progress, potential = blocks(annual_report(year), Table)[:2]
    assert len(progress.rows) + len(potential.rows) == len(rows)
    shown = sorted(r[6] for t in (progress, potential) for r in t.rows)
    assert shown == sorted(f"{rate:.1%}" for rate in rows["rate"])


@LANGUAGES
def test_the_lists_are_whole(demo_office, language):
    """Every building of numerator and denominator is in the report with its id."""
    year = spoken(demo_office.year, language)
    ours = year.reported
    found = cells(annual_report(year))
    assert len(ours["denominator_ids"]) == ours["buildings"]
    for building in (*ours["numerator_ids"], *ours["denominator_ids"]):
        assert building in found


def test_both_languages_show_the_same_figures(demo_office):
    """Nothing but words differs."""
    one, other = (
        sorted(re.findall(r"\d[\d,.]*%", said(annual_report(spoken(demo_office.year, lang)))))
        for lang in ("zh", "en")
    )
    assert one == other


@LANGUAGES
def test_what_is_not_known_is_said_to_be_unknown(demo_office, language):
    """A year without a rate, forecast, approvals, items and candidates has no figure for them."""
    year = spoken(demo_office.year, language)
    empty = year.coverage.assign(rate=np.nan, rate_low=np.nan, rate_high=np.nan)
    bare = replace(
        year, coverage=empty, history=year.history.assign(rate=np.nan, rate_low=np.nan, rate_high=np.nan),
        distance=(), forecast=None, approvals=None, reconciliation=None, requests=None, alarms=None,
        candidates=None, starts=[], parts=year.parts.iloc[:0],
    )  # fmt: skip
    says = Says(language)
    document = annual_report(bare)
    assert blocks(document, Figures)[0].figures[0].value == says.unknown
    assert says("annual.no_forecast") in said(document)
    assert not re.search(r"\bnan\b", said(document))
    page = leader_page(bare)
    assert blocks(page, Figures)[0].figures[3].value == says.nothing
    assert not re.search(r"\bnan\b", said(page))


@LANGUAGES
def test_a_rate_above_one_is_flagged_and_never_clipped(demo_office, language):
    """The figure stays what it is, with a mark in the table of definitions."""
    year = spoken(demo_office.year, language)
    table = year.coverage.copy()
    table.loc[table["reported"], "rate"] = 1.234
    document = annual_report(replace(year, coverage=table))
    assert blocks(document, Figures)[0].figures[0].value == "123.4%"
    assert "123.4%" + Says(language)("above_one") in cells(document)


def test_the_publication_is_named(demo_office):
    """A published year says so; the register's head is on every page."""
    year = demo_office.year
    document = annual_report(year)
    assert len(year.publications) == 1
    assert Says("zh")("annual.draft") not in said(document)
    assert year.head[1][:16] in document.footer and document.stamp


@needs_font
@LANGUAGES
def test_the_leaders_page_is_one_page(demo_office, language):
    """One A4 page, with three actions."""
    page = leader_page(spoken(demo_office.year, language))
    content = pdf_of(page)
    assert pages(content) == 1
    assert len(blocks(page, Bullets)[0].items) == 3


@needs_font
def test_pages_are_counted():
    """The count behind these tests sees a page break."""
    from hexi_solar.reports.document import Document, Draft

    draft = Draft()
    draft.say("一")
    draft.new_page()
    draft.say("二")
    document = Document("题", "", "zh", "2026-06-30", tuple(draft.blocks), cover=False)
    assert pages(pdf_of(document)) == 2


@needs_font
@LANGUAGES
def test_a_card_is_one_page_with_and_without_history(demo_office, language):
    """Facts, ledger, layout, yield and history of a building fit on its page."""
    study = replace(demo_office.study, plan=replace(demo_office.plan, language=language))
    year = spoken(demo_office.year, language)
    with_pv = study.projects["building_id"].value_counts().index[0]
    without = study.candidates.index[~study.candidates.index.isin(study.projects["building_id"])][0]
    for building in (with_pv, without):
        card = cards_of(study, demo_office.case.ledger, year, [building])[0]
        assert bool(card.events) == (building == with_pv)
        assert pages(pdf_of(building_card(study, card))) == 1
        # as full as they come: retrofit, more history and questions than are shown
        lines = [("年节能量 Saved", "120,432 kWh, 1,072 GJ (20.5%); " * 2)] * 4
        full = replace(
            card, sections=[("节能改造", lines)], events=[*card.events] * 8,
            questions=["“示范大学 图书馆”有无屋面测绘图或竣工图？" * 2] * 5,
        )  # fmt: skip
        assert pages(pdf_of(building_card(study, full))) == 1


def test_several_cards_do_not_bear_the_name_of_the_first():
    """The head of a page names its own document, or none."""
    one, other = (
        Document(n, "", "zh", "2026-06-30", (Paragraph("x"),), cover=False)
        for n in ("甲楼", "乙楼")
    )
    assert pdf._data(one, Path())["running"] == "甲楼"
    assert pdf._data(pdf.joined([one, other]), Path())["running"] == ""


def test_requests_are_all_asked(demo_office):
    """Each request is in the workbook of one department, and none twice."""
    year = demo_office.year
    rows = [r for own in asked(year).values() for r in own]
    assert len(rows) == len(year.requests)
    assert sorted(r["rank"] for r in rows) == list(range(1, len(rows) + 1))
    assert all(isinstance(r["question"], str) and r["question"] for r in rows)
    assert pd.Series([r["rank"] for r in rows]).is_unique
