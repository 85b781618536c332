"""A document as a list of blocks, before it is a file.

Reports are built once and written twice: as DOCX for editing and as PDF for filing. What
a block says is data, never markup; the two writers decide how it looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Align = Literal["left", "right", "centre"]
Tone = Literal["body", "note", "good", "bad", "unknown", "lead"]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 starts a chapter."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph in one tone."""

    text: str
    tone: Tone = "body"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Figure:
    """One key figure: what it is, its value with unit, and what it rests on."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "body"


@dataclass(frozen=True)
class Figures:
    """Key figures side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    title: str
    align: Align = "left"
    width: float = 1.0
    """Share of the free width."""


@dataclass(frozen=True)
class Table:
    """A table; cells are texts, ready to be read."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    strong: frozenset[int] = frozenset()
    """Rows set in bold, counted from 0."""
    small: bool = False


@dataclass(frozen=True)
class Picture:
    """A drawing."""

    svg: str
    width_mm: float
    caption: str = ""
    described: str = ""
    """What it shows, for who cannot see it."""


@dataclass(frozen=True)
class Pictures:
    """Drawings side by side."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | Bullets | Figures | Table | Picture | Pictures | PageBreak


@dataclass(frozen=True)
class Document:
    """A whole document."""

    title: str
    subtitle: str
    language: str
    day: str
    """Day of the data, ISO."""
    blocks: tuple[Block, ...]
    footer: str = ""
    """Printed on every page, beside its number."""
    stamp: str = ""
    """Printed at the top of every page."""
    cover: bool = True
    """Title on a page of its own."""
    margin_mm: float = 22.0


@dataclass
class Draft:
    """Blocks gathered one after the other."""

    blocks: list[Block] = field(default_factory=list)

    def heading(self, text: str, level: int = 1) -> None:
        """Begin a chapter or a section."""
        self.blocks.append(Heading(text, level))

    def say(self, text: str, tone: Tone = "body") -> None:
        """Add a paragraph; an empty one is left out."""
        if text:
            self.blocks.append(Paragraph(text, tone))

    def bullets(self, items: Sequence[str], *, numbered: bool = False) -> None:
        """Add a list; an empty one is left out."""
        if items:
            self.blocks.append(Bullets(tuple(items), numbered))

    def figures(self, *figures: Figure) -> None:
        """Add key figures side by side."""
        self.blocks.append(Figures(figures))

    def table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        *,
        caption: str = "",
        strong: Sequence[int] = (),
        small: bool = False,
    ) -> None:
        """Add a table."""
        cells = tuple(tuple(row) for row in rows)
        self.blocks.append(Table(tuple(columns), cells, caption, frozenset(strong), small))

    def picture(self, svg: str, width_mm: float, caption: str = "", described: str = "") -> None:
        """Add a drawing."""
        self.blocks.append(Picture(svg, width_mm, caption, described or caption))

    def pictures(self, *pictures: Picture) -> None:
        """Add drawings side by side; none are left out."""
        if pictures:
            self.blocks.append(Pictures(pictures))

    def new_page(self) -> None:
        """Go on with a new page."""
        self.blocks.append(PageBreak())
