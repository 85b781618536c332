"""Maps and roofs as drawings: north up, a scale bar, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hexi_solar.reports.svg import GREY, INK, Drawing

Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Sheet:
    """A set of shapes that are drawn alike."""

    shapes: tuple[BaseGeometry, ...]
    fill: str
    stroke: str = "none"
    width: float = 0.5
    opacity: float = 1.0
    dash: str = ""
    name: str = ""
    """Entry in the legend; empty for none."""


@dataclass(frozen=True)
class View:
    """A window on the plane that fits a drawing."""

    west: float
    north: float
    scale: float
    """Drawing units per metre."""

    def ring(self, coordinates: np.ndarray) -> list[tuple[float, float]]:
        """Put coordinates [m] into the drawing."""
        x = (coordinates[:, 0] - self.west) * self.scale
        y = (self.north - coordinates[:, 1]) * self.scale
        return list(zip(x.tolist(), y.tolist(), strict=True))


def map_picture(
    sheets: Sequence[Sheet],
    *,
    labels: Sequence[tuple[float, float, str]] = (),
    bounds: tuple[float, float, float, float] | None = None,
    width: float = 620.0,
    height: float = 520.0,
    north: float = 0.0,
    metre: str = "m",
    smallest: float = 0.6,
) -> str:
    """
    Draw sheets over each other, with a scale bar, a north arrow and a legend.

    Parameters
    ----------
    sheets
        From the lowest to the highest, shapes in one projected system. [m]
    labels
        (x, y, words) of what is named on the map. [m]
    bounds
        Window as (west, south, east, north); None for all shapes. [m]
    north
        Direction of true north, clockwise from the top. [°]
    smallest
        Shapes are simplified to this many drawing units.

    Returns
    -------
    svg
    """
    legend = [s for s in sheets if s.name and s.shapes]
    foot = 22.0 * (1 + (len(legend) - 1) // 3) if legend else 0.0
    shapes = [g for s in sheets for g in s.shapes if not g.is_empty]
    west, south, east, top = bounds or shapely.total_bounds(np.array(shapes, dtype=object))
    scale = min((width - 8) / max(east - west, 1.0), (height - 30 - foot) / max(top - south, 1.0))
    # in the middle of the drawing
    spare_x = (width / scale - (east - west)) / 2
    spare_y = ((height - 26 - foot) / scale - (top - south)) / 2
    view = View(west - spare_x, top + spare_y, scale)
    drawing = Drawing(width, height)
    for sheet in sheets:
        for shape in sheet.shapes:
            rings = list(_rings(shape.simplify(smallest / scale), view))
            if rings:
                drawing.area(
                    rings, sheet.fill, sheet.stroke, sheet.width, sheet.opacity, sheet.dash
                )
    for x, y, words in labels:
        ((px, py),) = view.ring(np.array([[x, y]]))
        drawing.text(px, py, words, 10, "middle", GREY)
    _scale_bar(drawing, scale, height - foot - 8, metre)
    _north_arrow(drawing, width - 22, 26, north)
    for number, sheet in enumerate(legend):
        x, y = 8 + (number % 3) * width / 3, height - foot + 14 + 22 * (number // 3)
        drawing.box(x, y - 10, 14, 11, sheet.fill, sheet.stroke, sheet.opacity)
        drawing.text(x + 20, y, sheet.name, 10.5)
    return drawing.svg()


def _rings(shape: BaseGeometry, view: View) -> Iterator[Ring]:
    """Take a shape apart into closed rings, holes too."""
    for part in _polygons(shape):
        yield view.ring(shapely.get_coordinates(part.exterior)[:-1])
        for hole in part.interiors:
            yield view.ring(shapely.get_coordinates(hole)[:-1])


def _polygons(shape: BaseGeometry) -> Iterable[shapely.Polygon]:
    return [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty]


def _scale_bar(drawing: Drawing, scale: float, y: float, metre: str) -> None:
    """Draw a bar of a round length, about a fifth of the drawing."""
    wanted = drawing.width / 5 / scale
    power = 10 ** np.floor(np.log10(wanted))
    length = float(max(n * power for n in (1, 2, 5) if n * power <= wanted))
    drawing.line(
        [(8, y - 5), (8, y), (8 + length * scale, y), (8 + length * scale, y - 5)], INK, 1.2
    )
    drawing.text(14 + length * scale, y + 1, f"{length:,.0f} {metre}", 10.5)


def _north_arrow(drawing: Drawing, x: float, y: float, north: float) -> None:
    """Draw an arrow to true north."""
    angle = np.deg2rad(north)

    def turned(dx: float, dy: float) -> tuple[float, float]:
        return (
            x + dx * float(np.cos(angle)) - dy * float(np.sin(angle)),
            y + dx * float(np.sin(angle)) + dy * float(np.cos(angle)),
        )

    drawing.area([[turned(0, -14), turned(5, 4), turned(0, 0), turned(-5, 4)]], INK)
    tx, ty = turned(0, 17)
    drawing.text(tx, ty, "N", 11, "middle", INK, bold=True)
