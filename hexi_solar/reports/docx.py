"""Writes a document as DOCX, for editing in Word or WPS."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from hexi_solar.reports.document import (
    Block,
    Bullets,
    Document,
    Figures,
    Heading,
    PageBreak,
    Paragraph,
    Picture,
    Pictures,
    Table,
)
from hexi_solar.reports.pdf import png_of

LATIN, CHINESE = "Arial", "Microsoft YaHei"
WIDTH_MM, HEIGHT_MM = 210.0, 297.0
TONES = {
    "body": None, "lead": None, "note": "6B7680", "unknown": "6B7680", "good": "00705A",
    "bad": "B34700",
}  # fmt: skip
ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "centre": WD_ALIGN_PARAGRAPH.CENTER,
}  # fmt: skip
EPOCH = (1980, 1, 1, 0, 0, 0)
# what XML cannot hold
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def docx_of(document: Document) -> bytes:
    """
    Write a document as DOCX.

    Returns
    -------
    docx
        The same bytes for the same document.
    """
    paper = docx.Document()
    _prepare(paper, document)
    if document.cover:
        _cover(paper, document)
    else:
        _write(paper.add_paragraph(), document.title, size=16, bold=True)
        if document.subtitle:
            _write(paper.add_paragraph(), document.subtitle, size=10, colour="6B7680")
    for block in document.blocks:
        _add(paper, block, WIDTH_MM - 2 * document.margin_mm)
    stream = io.BytesIO()
    paper.save(stream)
    return _settled(stream.getvalue())


def _prepare(paper: Any, document: Document) -> None:
    """Set page, fonts, header and footer, and what the file says of itself."""
    section = paper.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(WIDTH_MM), Mm(HEIGHT_MM)
    section.left_margin = section.right_margin = Mm(document.margin_mm)
    section.top_margin = section.bottom_margin = Mm(document.margin_mm)
    for style in ("Normal", "Heading 1", "Heading 2", "Heading 3"):
        _font(paper.styles[style])
    paper.styles["Normal"].font.size = Pt(10.5)
    for level, size in ((1, 15), (2, 12), (3, 10.5)):
        paper.styles[f"Heading {level}"].font.size = Pt(size)
    for style in ("Header", "Footer"):
        stops = paper.styles[style].paragraph_format.tab_stops
        stops.clear_all()
        stops.add_tab_stop(Mm(WIDTH_MM - 2 * document.margin_mm), WD_TAB_ALIGNMENT.RIGHT)
    header = section.header.paragraphs[0]
    _write(header, f"{document.title}\t{document.stamp}", size=8.5, colour="6B7680")
    footer = section.footer.paragraphs[0]
    _write(footer, f"{document.footer}\t", size=8.5, colour="6B7680")
    _page_number(footer)
    about = paper.core_properties
    about.title, about.author, about.comments = _clean(document.title), "hexi_solar", ""
    moment = dt.datetime.fromisoformat(document.day)
    about.created = about.modified = about.last_printed = moment
    about.language = "zh-CN" if document.language == "zh" else "en-GB"


def _font(style: Any) -> None:
    """Give a style one font for Latin and one for Chinese letters."""
    style.font.name, style.font.color.rgb = LATIN, RGBColor(0x1F, 0x2A, 0x33)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(name), None)
    fonts.set(qn("w:eastAsia"), CHINESE)


def _cover(paper: Any, document: Document) -> None:
    """Write the title page."""
    for _ in range(9):
        paper.add_paragraph()
    _write(paper.add_paragraph(), document.title, size=26, bold=True)
    _write(paper.add_paragraph(), document.subtitle, size=14, colour="6B7680")
    for _ in range(14):
        paper.add_paragraph()
    _write(paper.add_paragraph(), f"{document.day}    {document.stamp}", colour="6B7680")
    paper.add_page_break()


def _add(paper: Any, block: Block, width_mm: float) -> None:
    """Add one block."""
    match block:
        case Heading(text, level):
            paper.add_heading(_clean(text), level)
        case Paragraph(text, tone):
            size = {"note": 9, "lead": 12}.get(tone, 10.5)
            _write(paper.add_paragraph(), text, size=size, bold=tone == "lead", colour=TONES[tone])
        case Bullets(items, numbered):
            for number, item in enumerate(items, start=1):
                sign = f"{number}. " if numbered else "• "
                paragraph = paper.add_paragraph()
                paragraph.paragraph_format.left_indent = Mm(5)
                paragraph.paragraph_format.first_line_indent = Mm(-5)
                _write(paragraph, sign + item)
        case Figures():
            _add_figures(paper, block)
        case Table():
            _add_table(paper, block, width_mm)
        case Picture():
            _add_picture(paper, block)
        case Pictures(pictures):
            table = paper.add_table(rows=1, cols=len(pictures))
            for cell, picture in zip(table.rows[0].cells, pictures, strict=True):
                _add_picture(cell, picture)
        case PageBreak():
            paper.add_page_break()


def _add_picture(place: Any, picture: Picture) -> None:
    """Add a drawing to the paper or to a cell."""
    run = place.add_paragraph().add_run()
    png = io.BytesIO(png_of(picture.svg, picture.width_mm))
    drawn = run.add_picture(png, width=Mm(picture.width_mm))
    drawn._inline.docPr.set("descr", _clean(picture.described))
    if picture.caption:
        _write(place.add_paragraph(), picture.caption, size=9, colour="6B7680")


def _add_figures(paper: Any, block: Figures) -> None:
    """Add key figures as one row of shaded cells."""
    table = paper.add_table(rows=1, cols=len(block.figures))
    for cell, figure in zip(table.rows[0].cells, block.figures, strict=True):
        _shade(cell)
        _write(cell.paragraphs[0], figure.label, size=9, colour="6B7680")
        _write(cell.add_paragraph(), figure.value, size=17, bold=True, colour=TONES[figure.tone])
        if figure.note:
            _write(cell.add_paragraph(), figure.note, size=8.5, colour="6B7680")
    paper.add_paragraph()


def _add_table(paper: Any, block: Table, width_mm: float) -> None:
    """Add a table; its header repeats on every page."""
    if block.caption:
        caption = paper.add_paragraph()
        caption.paragraph_format.keep_with_next = True
        _write(caption, block.caption, size=9.5, bold=True)
    size = 8 if block.small else 9
    table = paper.add_table(rows=1, cols=len(block.columns))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    whole = sum(c.width for c in block.columns)
    widths = [Mm(width_mm * c.width / whole) for c in block.columns]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width  # LibreOffice goes by the grid, Word by the cells
    for cell, column in zip(table.rows[0].cells, block.columns, strict=True):
        _shade(cell)
        _cell(cell, column.title, column.align, size, bold=True)
    _repeat(table.rows[0])
    for number, row in enumerate(block.rows):
        cells = table.add_row().cells
        for cell, column, text in zip(cells, block.columns, row, strict=True):
            _cell(cell, text, column.align, size, bold=number in block.strong)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    _rules(table)
    paper.add_paragraph()


def _cell(cell: Any, text: str, align: str, size: float, *, bold: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = ALIGN[align]
    paragraph.paragraph_format.space_after = Pt(1)
    _write(paragraph, text, size=size, bold=bold)


def _write(
    paragraph: Any, text: str, *, size: float = 10.5, bold: bool = False, colour: str | None = None
) -> None:
    """Write words into a paragraph."""
    run = paragraph.add_run(_clean(text))
    run.font.size, run.font.bold = Pt(size), bold
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _shade(cell: Any) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "EEF2F4")):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _repeat(row: Any) -> None:
    """Print a row again at the top of each page."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _rules(table: Any) -> None:
    """Draw thin lines below the rows."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("color", "CFD6DB")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)


def _page_number(paragraph: Any) -> None:
    """Add the number of the page, which the word processor fills in."""
    run = paragraph.add_run()
    run.font.size = Pt(8.5)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        if kind:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.text = text
        run._r.append(part)


def _settled(data: bytes) -> bytes:
    """Pack the file anew with one fixed time in it, so that the same document is the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return stream.getvalue()
