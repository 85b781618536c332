"""Workbooks that would take a server down: they take down a child, with one message."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from hexi_solar.errors import LayerError, Notices
from hexi_solar.sheets import aside
from hexi_solar.sheets.aside import Limits, read_aside
from hexi_solar.sheets.books import read_book

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def workbook(path: Path, rows: int = 3) -> Path:
    """Write an honest workbook."""
    book = openpyxl.Workbook()
    for row in range(rows):
        book.active.append([f"PV-{row}", row, 1.5])
    book.save(path)
    return path


def with_part(source: Path, path: Path, part: str, content: bytes) -> Path:
    """Copy a workbook with one part replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return path


def refused(path: Path, limits: Limits = aside.USUAL) -> str:
    """Return the code of the one problem that a file is refused with."""
    with pytest.raises(LayerError) as error:
        read_aside(path, Notices(), limits)
    assert path.name in error.value.message("zh")
    return error.value.problems[0].code


def test_an_honest_file_reads_the_same(tmp_path):
    """What comes back from the child equals what is read here, for a workbook and a CSV."""
    book = workbook(tmp_path / "a.xlsx")
    table = tmp_path / "a.csv"
    table.write_text("项目编号,容量\nPV-1,20\n", encoding="gb18030")
    for file in (book, table):
        here, there = Notices(), Notices()
        assert read_aside(file, there) == read_book(file, here)
        assert list(there) == list(here)


def test_a_bomb_is_refused_by_its_size(tmp_path):
    """A sheet of blanks that unpacks to a thousand times its size is not unpacked."""
    content = (HEAD + SHEET).encode() + b" " * 80_000_000 + b"</sheetData></worksheet>"
    source = workbook(tmp_path / "a.xlsx")
    bomb = with_part(source, tmp_path / "bomb.xlsx", "xl/worksheets/sheet1.xml", content)
    assert bomb.stat().st_size < 200_000
    assert refused(bomb) == "layer_book_bomb"


def test_entities_are_refused(tmp_path):
    """A billion laughs, of a few hundred bytes, is refused for its declarations."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'{HEAD}<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row>'
    content = f"{head}{SHEET}{row}</sheetData></worksheet>".encode()
    source = workbook(tmp_path / "a.xlsx")
    bomb = with_part(source, tmp_path / "laughs.xlsx", "xl/worksheets/sheet1.xml", content)
    begun = time.monotonic()
    assert refused(bomb) == "layer_entities"
    assert time.monotonic() - begun < 20


@pytest.mark.skipif(not aside.limits_memory(), reason="this system does not limit memory")
def test_a_file_that_needs_more_memory_than_it_gets(tmp_path):
    """Many small cells pass for an honest archive; the child runs out, the parent goes on."""
    book = workbook(tmp_path / "large.xlsx", rows=60_000)
    assert refused(book, Limits(memory_mb=500)) == "layer_too_big"
    assert len(read_aside(workbook(tmp_path / "a.xlsx"), Notices())) == 1


def test_a_file_that_takes_too_long(tmp_path):
    """The clock ends a reader, and the message says after how long."""
    book = workbook(tmp_path / "long.xlsx", rows=40_000)
    assert refused(book, Limits(seconds=1)) == "layer_too_long"


def test_what_is_wrong_with_a_file_comes_back_as_its_message(tmp_path):
    """A file that is none says so just as it would without a child."""
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 none")
    assert refused(broken) == "layer_unreadable"
