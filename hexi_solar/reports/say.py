"""Numbers and names as people read them: thousands separated, unknown said."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from hexi_solar.labels import column_label, label, text
from hexi_solar.reports.document import Align, Column

SIDES: dict[str, Align] = {"<": "left", ">": "right", "^": "centre"}


class Says:
    """Texts, names and numbers of reports in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **fields: Any) -> str:
        """Return a text below `report.`."""
        return text(f"report.{key}", self.language, **fields)

    def label(self, kind: str, value: object) -> str:
        """Return the name of one value of an enumeration, unknown as a dash."""
        return self.nothing if is_unknown(value) else label(kind, value, self.language)

    def word(self, column: str, value: object) -> str:
        """Return the name of one word of a table's column."""
        return self.nothing if is_unknown(value) else column_label(column, value, self.language)

    @property
    def nothing(self) -> str:
        """What stands where nothing is known."""
        return "—"

    @property
    def unknown(self) -> str:
        """The word for unknown."""
        return self("unknown")

    def rate(self, value: object, digits: int = 1) -> str:
        """Write a rate in percent."""
        return self.unknown if is_unknown(value) else f"{float(str(value)):.{digits}%}"

    def points(self, value: object) -> str:
        """Write a difference of rates in percentage points, with its sign."""
        return self.nothing if is_unknown(value) else f"{100 * float(str(value)):+.1f}"

    def interval(self, low: object, high: object) -> str:
        """Write an interval of rates."""
        if is_unknown(low) or is_unknown(high):
            return self.nothing
        if abs(float(str(high)) - float(str(low))) < 5e-4:
            return self.rate(low)
        return f"{100 * float(str(low)):.1f}–{self.rate(high)}"

    def number(self, value: object, digits: int = 0, unit: str = "") -> str:
        """Write a number with its unit."""
        if is_unknown(value):
            return self.nothing
        shown = f"{float(str(value)):,.{digits}f}"
        return f"{shown} {unit}" if unit else shown

    def day(self, value: object) -> str:
        """Write a day."""
        if is_unknown(value):
            return self.nothing
        return pd.Timestamp(str(value)).date().isoformat()

    def name(self, value: object, building: str) -> str:
        """Write a building's name; its id where it has none."""
        return building if is_unknown(value) else str(value)

    def columns(self, *specs: str) -> list[Column]:
        """
        Describe the columns of a table.

        Parameters
        ----------
        specs
            ``"name > 1.2"``: the text `report.col.name`, its side (< left, > right, ^ in the
            middle) and its share of the width.
        """
        found = []
        for spec in specs:
            name, side, width = spec.split()
            found.append(Column(self(f"col.{name}"), SIDES[side], float(width)))
        return found

    def listed(self, items: list[str]) -> str:
        """Join names with the language's comma."""
        return ("、" if self.language == "zh" else ", ").join(items)


def is_unknown(value: object) -> bool:
    """Tell whether a cell is empty."""
    if value is None or value is pd.NaT or (isinstance(value, str) and not value):
        return True
    if isinstance(value, (list, tuple, dict, dt.date)) and not isinstance(value, pd.Timestamp):
        return not value if isinstance(value, (list, tuple, dict)) else False
    return bool(pd.isna(value))  # type: ignore[call-overload]
