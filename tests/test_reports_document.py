"""Documents: the same blocks as PDF and as DOCX."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile

import docx
import pytest
import shapely

from hexi_solar.errors import OutputError
from hexi_solar.reports import pdf
from hexi_solar.reports.charts import Course, Part, Point, course_chart, interval_chart, shortened
from hexi_solar.reports.document import Column, Document, Draft, Figure
from hexi_solar.reports.docx import docx_of
from hexi_solar.reports.pdf import CHINESE_FONTS, joined, pdf_of, png_of
from hexi_solar.reports.pictures import Sheet, map_picture
from hexi_solar.reports.svg import Drawing

HOSTILE = '#strong[x] $y$ <b>&amp; "\\ \u0007 =1+1'

needs_font = pytest.mark.skipif(
    not set(CHINESE_FONTS) & set(pdf.fonts().families()),
    reason="this machine has no font with Chinese letters (packages.txt names one)",
)


def document(**more) -> Document:
    """One block of each kind, with text that would be markup elsewhere."""
    draft = Draft()
    draft.heading("一、结论")
    draft.say(HOSTILE, "lead")
    draft.figures(Figure("覆盖率", "39.2%", "可安装口径", "bad"), Figure("目标", "50%"))
    course = Course("累计", (Point(2021, 0.1), Point(2022, None), Point(2023, 0.3, 0.2, 0.4)))
    chart = course_chart([course], target=0.5, target_year=2025, target_name="目标")
    draft.picture(chart, 160, "图 1")
    draft.table([Column("名称", width=3), Column("面积", "right")], [(HOSTILE, "12")], strong=[0])
    draft.bullets([HOSTILE], numbered=True)
    draft.new_page()
    parts = {
        "title": "年度报告", "subtitle": HOSTILE, "language": "zh", "day": "2026-06-30",
        "blocks": tuple(draft.blocks), "footer": "head", "stamp": "内部使用",
    }  # fmt: skip
    return Document(**{**parts, **more})


@needs_font
def test_pdf_is_the_same_twice():
    """A document that is filed can be made again, byte by byte."""
    first, second = pdf_of(document()), pdf_of(document())
    assert first == second
    assert first.startswith(b"%PDF")


@needs_font
def test_docx_is_the_same_twice_and_keeps_texts_as_they_are():
    """No name of a building is read as markup; control characters are left out."""
    first = docx_of(document())
    assert first == docx_of(document())
    paper = docx.Document(io.BytesIO(first))
    words = [p.text for p in paper.paragraphs]
    assert HOSTILE.replace("\u0007", "") in words
    assert paper.tables[1].rows[1].cells[0].text == HOSTILE.replace("\u0007", "")
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {i.date_time for i in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@needs_font
def test_joined_documents_follow_each_other():
    """Cards of several buildings make one file."""
    one = document(cover=False)
    both = joined([one, one])
    assert len(both.blocks) == 2 * len(one.blocks) + 3
    assert pdf_of([one, one]) != pdf_of(one)


def test_no_chinese_font_is_said(monkeypatch):
    """Boxes instead of letters would be worse than no document."""
    monkeypatch.setattr(pdf, "CHINESE_FONTS", ("No Such Font",))
    with pytest.raises(OutputError, match="no font with Chinese letters"):
        pdf_of(document())


def test_a_drawing_escapes_what_it_is_told():
    """A name is words in the picture, whatever it looks like."""
    drawing = Drawing(10, 10, title="<a>&")
    drawing.text(1, 1, "<script>&\"'")
    root = ET.fromstring(drawing.svg())
    assert [e.text for e in root.iter() if e.text] == ["<a>&", "<script>&\"'"]


def test_no_line_leads_over_an_unknown_year():
    """2021 and 2023 are known, 2022 is not: two dots and no line of the course between them."""
    chart = course_chart(
        [Course("a", (Point(2021, 0.1), Point(2022, None), Point(2023, 0.3)), colour="#123456")],
        target=None, target_year=None, target_name="",
    )  # fmt: skip
    root = ET.fromstring(chart)
    space = "{http://www.w3.org/2000/svg}"
    dots = [e for e in root.iter(f"{space}circle") if e.get("fill") == "#123456"]
    lines = [e for e in root.iter(f"{space}polyline") if e.get("stroke") == "#123456"]
    assert (len(dots), len(lines)) == (2, 1)  # the one line is the legend's


def test_interval_chart_shows_the_largest_part_first():
    """The bars are in the order of their size, the whole at the end."""
    chart = interval_chart(
        [Part("small", 0.01, True), Part("large", 0.1, False), Part("none", 0.0, True)], 0.1005,
        common="c", own="o", all_="all",
    )  # fmt: skip
    texts = [e.text for e in ET.fromstring(chart).iter() if e.text]
    assert texts == ["large（o）", "10.0%", "small（c）", "1.0%", "all", "10.1%"]


def test_scale_of_a_map_is_true():
    """A square of 100 m is drawn as wide as the bar says."""
    square = shapely.box(0, 0, 100, 100)
    root = ET.fromstring(map_picture([Sheet((square,), "#abc", name="square")]))
    space = "{http://www.w3.org/2000/svg}"
    path = next(e for e in root.iter(f"{space}path") if e.get("fill") == "#abc").get("d")
    xs = [float(p.split(",")[0]) for p in path.split() if "," in p]
    bar = next(root.iter(f"{space}polyline")).get("points").split()
    length = float(bar[2].split(",")[0]) - float(bar[1].split(",")[0])
    said = next(e.text for e in root.iter(f"{space}text") if e.text.endswith(" m"))
    assert length / float(said.split()[0]) == pytest.approx((max(xs) - min(xs)) / 100, rel=1e-3)


def test_long_names_are_cut_with_a_sign():
    """What does not fit says so."""
    assert shortened("河西区第一中心小学", 60, 10) == "河西区第一…"
    assert shortened("school", 60, 10) == "school"


@needs_font
def test_a_picture_for_docx_is_a_png():
    """Word processors take no SVG from this library."""
    assert png_of(Drawing(20, 10).svg(), 10).startswith(b"\x89PNG")


def test_the_grid_of_a_docx_table_has_the_widths_of_its_columns():
    """LibreOffice goes by the grid, Word by the cells: both say the same."""
    for table in docx.Document(io.BytesIO(docx_of(document()))).tables:
        cells = [c.width for c in table.rows[0].cells]
        if all(cells):
            assert [c.width for c in table.columns] == pytest.approx(cells, abs=700)
