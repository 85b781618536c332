"""Drawings as SVG text, built from lines, areas and words.

User text is escaped here and nowhere else. Coordinates are in the drawing's own units,
y downwards, rounded so that the same drawing is the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

FONT = "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, SimHei, sans-serif"

INK, GREY, PALE, GRID = "#1f2a33", "#6b7680", "#e9edf0", "#cfd6db"
# Okabe-Ito: colour-blind people tell them apart
BLUE, ORANGE, GREEN, RED, SKY, YELLOW = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#f0e442",
)  # fmt: skip


class Drawing:
    """An SVG in the making."""

    def __init__(self, width: float, height: float, title: str = "") -> None:
        self.width, self.height, self.title = width, height, title
        self._parts: list[str] = []

    def line(
        self, points: Sequence[tuple[float, float]], colour: str = INK, width: float = 1.0,
        dash: str = "",
    ) -> None:  # fmt: skip
        """Draw a line through points."""
        more = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="{colour}" '
            f'stroke-width="{_n(width)}" stroke-linejoin="round"{more}/>'
        )

    def area(
        self, rings: Iterable[Sequence[tuple[float, float]]], fill: str, stroke: str = "none",
        width: float = 0.5, opacity: float = 1.0, dash: str = "",
    ) -> None:  # fmt: skip
        """Fill the area between rings, holes left free."""
        path = " ".join(f"M {_points(ring).replace(' ', ' L ')} Z" for ring in rings)
        more = f' stroke-dasharray="{dash}"' if dash else ""
        faded = "" if opacity >= 1.0 else f' fill-opacity="{_n(opacity)}"'
        self._parts.append(
            f'<path d="{path}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" '
            f'stroke-width="{_n(width)}"{faded}{more}/>'
        )

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, stroke: str = "none",
        opacity: float = 1.0,
    ) -> None:  # fmt: skip
        """Draw a rectangle from its upper left corner."""
        faded = "" if opacity >= 1.0 else f' fill-opacity="{_n(opacity)}"'
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0.0))}" '
            f'height="{_n(max(height, 0.0))}" fill="{fill}" stroke="{stroke}"{faded}/>'
        )

    def dot(self, x: float, y: float, radius: float, fill: str, stroke: str = "none") -> None:
        """Draw a disc."""
        self._parts.append(
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" stroke="{stroke}"/>'
        )

    def text(
        self, x: float, y: float, words: str, size: float = 11.0, anchor: str = "start",
        colour: str = INK, bold: bool = False,
    ) -> None:  # fmt: skip
        """Write words; y is their base line, anchor start, middle or end."""
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}" '
            f'fill="{colour}"{weight}>{escape(words)}</text>'
        )

    def svg(self) -> str:
        """Return the whole drawing."""
        title = f"<title>{escape(self.title)}</title>" if self.title else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(self.width)}" '
            f'height="{_n(self.height)}" viewBox="0 0 {_n(self.width)} {_n(self.height)}" '
            f"font-family={quoteattr(FONT)}>{title}{''.join(self._parts)}</svg>"
        )


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """Write a coordinate to two digits, without a useless zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text
