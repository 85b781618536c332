"""Charts of reports: years against the path to the target, bars, parts of an interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hexi_solar.reports.svg import BLUE, GREEN, GREY, GRID, INK, ORANGE, PALE, RED, Drawing


@dataclass(frozen=True)
class Point:
    """One year of a course; None where the value is unknown."""

    year: int
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Course:
    """Values of several years with one name."""

    name: str
    points: tuple[Point, ...]
    colour: str = BLUE
    dashed: bool = False


def course_chart(
    courses: Sequence[Course],
    *,
    target: float | None,
    target_year: int | None,
    target_name: str,
    width: float = 620.0,
    height: float = 270.0,
) -> str:
    """
    Draw rates over the years, their intervals, and the target.

    Parameters
    ----------
    courses
        Rates as parts of one; at least one with a known point.
    target, target_year
        A level with a mark in its year; None for none.

    Returns
    -------
    svg
    """
    drawing = Drawing(width, height)
    left, right, top, bottom = 46.0, 12.0, 34.0, 28.0
    years = sorted({p.year for c in courses for p in c.points} | _some(target_year))
    tops = [v for c in courses for p in c.points for v in (p.value, p.high) if v is not None]
    most = nice_top(1.04 * max([*tops, target or 0.0, 0.1]))
    span = max(len(years) - 1, 1)

    def x(year: int) -> float:
        return left + (width - left - right) * (years.index(year) + 0.5) / (span + 1)

    def y(value: float) -> float:
        return height - bottom - (height - top - bottom) * value / most

    for step in range(6):
        level = most * step / 5
        drawing.line([(left, y(level)), (width - right, y(level))], GRID, 0.6)
        drawing.text(left - 6, y(level) + 4, f"{level:.0%}", 10.5, "end", GREY)
    for year in years:
        drawing.text(x(year), height - 9, str(year), 10.5, "middle", GREY)
    if target is not None:
        drawing.line([(left, y(target)), (width - right, y(target))], RED, 1.2, "5 4")
        drawing.text(width - right, y(target) - 5, target_name, 10.5, "end", RED)
        if target_year is not None:
            drawing.dot(x(target_year), y(target), 4.2, RED)
    place = left
    for course in courses:
        _draw_course(drawing, course, x, y)
        drawing.line([(place, 15), (place + 18, 15)], course.colour, 2.4, "4 3" * course.dashed)
        drawing.text(place + 24, 19, course.name, 11)
        place += 40 + text_width(course.name, 11)
    return drawing.svg()


def _draw_course(
    drawing: Drawing, course: Course, x: Callable[[int], float], y: Callable[[float], float]
) -> None:
    """Draw one course: intervals as bars, values as dots on a line."""
    known = [p for p in course.points if p.value is not None]
    for point in known:
        if point.low is not None and point.high is not None and point.high > point.low:
            middle = x(point.year)
            drawing.box(
                middle - 5, y(point.high), 10, y(point.low) - y(point.high), course.colour,
                opacity=0.22,
            )  # fmt: skip
    line = [(x(p.year), y(p.value)) for p in known if p.value is not None]
    for run in _runs(course.points):
        places = [(x(p.year), y(p.value)) for p in run if p.value is not None]
        if len(places) > 1:
            drawing.line(places, course.colour, 2.2, "5 4" if course.dashed else "")
    for point, (px, py) in zip(known, line, strict=True):
        drawing.dot(px, py, 3.4, course.colour)
        # a dashed course is written out at its end only: its beginning is another's
        if not course.dashed or point is known[-1]:
            drawing.text(px, py - 8, f"{point.value:.1%}", 10.5, "middle", INK)


def _some(year: int | None) -> set[int]:
    return set() if year is None else {year}


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Split a course where a value is unknown: no line leads over a gap."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return runs


@dataclass(frozen=True)
class Bar:
    """One bar of a chart."""

    name: str
    value: float
    shown: str
    colour: str = BLUE


def bar_chart(bars: Sequence[Bar], *, width: float = 620.0, row: float = 22.0) -> str:
    """Draw bars from the left, one below the other, each with its name and value."""
    names = max((text_width(b.name, 11) for b in bars), default=0.0)
    values = max((text_width(b.shown, 11) for b in bars), default=0.0)
    left = min(names + 14, width * 0.5)
    free = width - left - values - 16
    most = max((abs(b.value) for b in bars), default=1.0) or 1.0
    drawing = Drawing(width, row * max(len(bars), 1) + 6)
    for number, bar in enumerate(bars):
        top = 3 + row * number
        drawing.text(left - 8, top + row * 0.68, shortened(bar.name, left - 14, 11), 11, "end")
        drawing.box(left, top + 3, free, row - 8, PALE)
        drawing.box(left, top + 3, free * abs(bar.value) / most, row - 8, bar.colour)
        drawing.text(left + free + 8, top + row * 0.68, bar.shown, 11)
    return drawing.svg()


def months_chart(
    values: Sequence[float], *, unit: str, width: float = 300.0, height: float = 110.0
) -> str:
    """Draw twelve bars, January first, with the highest value written above its bar."""
    drawing = Drawing(width, height)
    top, bottom = 18.0, 16.0
    most = max([*values, 1e-9])
    step = width / 12
    for month, value in enumerate(values):
        tall = (height - top - bottom) * value / most
        drawing.box(step * month + 3, height - bottom - tall, step - 6, tall, ORANGE)
        drawing.text(step * (month + 0.5), height - 4, str(month + 1), 9.5, "middle", GREY)
        if value == most:
            drawing.text(
                min(max(step * (month + 0.5), 40), width - 40), height - bottom - tall - 5,
                f"{value:,.0f} {unit}", 9.5, "middle",
            )  # fmt: skip
    return drawing.svg()


@dataclass(frozen=True)
class Part:
    """One part of an uncertainty budget."""

    name: str
    sigma: float
    common: bool


def interval_chart(
    parts: Sequence[Part],
    total: float,
    *,
    common: str,
    own: str,
    all_: str,
    width: float = 620.0,
    row: float = 22.0,
) -> str:
    """Draw what an interval consists of: the standard deviation of each part, and of all."""
    chosen = sorted((p for p in parts if p.sigma > 0), key=lambda p: (-p.sigma, p.name))
    bars = [
        Bar(f"{p.name}（{common if p.common else own}）", p.sigma, f"{p.sigma:.1%}", BLUE if p.common else GREEN)
        for p in chosen
    ]  # fmt: skip
    return bar_chart([*bars, Bar(all_, total, f"{total:.1%}", INK)], width=width, row=row)


def nice_top(value: float) -> float:
    """
    Return a round top for an axis that starts at 0 and has five steps.

    Examples
    --------
    >>> nice_top(0.62), nice_top(0.11), nice_top(1.3)
    (0.75, 0.25, 1.5)
    """
    for top in (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 5.0, 10.0):
        if value <= top:
            return top
    return value


def text_width(words: str, size: float) -> float:
    """Estimate how wide words are: a Chinese character is as wide as high, a letter 0.56 of it."""
    return sum(size if letter > "\u2e7f" else 0.56 * size for letter in words)


def shortened(words: str, width: float, size: float) -> str:
    """Cut words that are too wide, and say so with an ellipsis."""
    if text_width(words, size) <= width:
        return words
    kept = words
    while kept and text_width(kept + "…", size) > width:
        kept = kept[:-1]
    return kept + "…"
