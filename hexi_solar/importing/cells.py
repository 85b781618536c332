"""What one cell of the register's spreadsheets says, and in which unit; or why it says nothing.

Where a layer may be read with a doubt, a record may not: a cell is understood whole or
refused with its reason. A unit behind a number counts before that of the header.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hexi_solar import units
from hexi_solar.errors import Problem, Say
from hexi_solar.facts import read_facts
from hexi_solar.importing.kinds import IDS, quantity, vocabulary_of
from hexi_solar.labels import column_label
from hexi_solar.schema import ColumnSpec
from hexi_solar.sheets.words import (
    date_of,
    fold,
    in_digits,
    text_of,
    unknown_words,
    vocabulary,
    word_of,
)

_NUMBER = re.compile(r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?)(?![\d,.])(.*)")
_ERRORS = ("#ref!", "#value!", "#div/0!", "#name?", "#n/a", "#num!", "#null!")
_APOSTROPHES = "'’‘`＇"
# a mobile number of mainland China, or a citizen's number
_PERSONAL = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")


@dataclass(frozen=True)
class Value:
    """What a cell says."""

    value: Any = None
    rough: bool = False
    """A day of which only the year or the month is known."""
    problem: Problem | None = None
    note: Problem | None = None


class Words(Say):
    """The words of one list, by their names in the language of whoever reads."""

    def __init__(self, kind: str, words: Iterable[str]) -> None:
        super().__init__(kind, {"words": tuple(dict.fromkeys(words))})

    def message(self, language: str) -> str:
        """Write them out."""
        words = [column_label(self.key, word, language) for word in self.fields["words"]]
        return ("、" if language == "zh" else ", ").join(words)


def read_cell(cell: Any, spec: ColumnSpec, header: str, factor: float = 1.0) -> Value:
    """
    Read one cell.

    Parameters
    ----------
    cell
        As it stands in the file.
    spec
        What its column holds.
    header
        Name of the column in the file, for messages.
    factor
        To our unit, from the unit of the header; a unit in the cell counts before it.

    Examples
    --------
    >>> from hexi_solar.schema import REGISTER
    >>> read_cell("'１.２ MW", REGISTER["capacity_kwp"], "容量").value
    1200.0
    >>> read_cell("120 m²", REGISTER["capacity_kwp"], "容量").problem.code
    'import_cell_unit'
    """
    if isinstance(cell, str):
        cell = cell.strip().lstrip(_APOSTROPHES).strip()
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return Value()
    if isinstance(cell, str) and fold(cell) in _ERRORS:
        return _refused("import_error_cell", header, cell)
    if not isinstance(cell, bool) and fold(cell) in unknown_words():
        return Value()
    if spec.kind in ("float", "int"):
        return _number(cell, spec, header, factor)
    if spec.kind == "date":
        return _day(cell, header)
    kind = vocabulary_of(spec)
    return _word(cell, kind, header) if kind else _text(cell, spec, header)


def _refused(code: str, header: str, cell: Any, **more: Any) -> Value:
    return Value(problem=Problem(code, {"column": header, "found": str(cell)[:60], **more}))


def _number(cell: Any, spec: ColumnSpec, header: str, factor: float) -> Value:
    """Read a number with the unit behind it."""
    if isinstance(cell, bool | dt.date | dt.time):
        return _refused("import_number", header, cell)
    if isinstance(cell, int | float | np.number):
        number = float(cell) * factor
    else:
        text = fold(cell).replace("，", ",").replace("−", "-")
        match = _NUMBER.fullmatch(text)
        if not match:
            return _refused("import_number", header, cell)
        unit, known = match.group(2), units.FACTORS.get(quantity(spec), {})
        named = {units.fold(name): value for name, value in known.items()}
        if unit and unit not in named and unit not in counters().get(spec.name, ()):
            code = "import_number" if unit[0] in "0123456789,.-~至/" else "import_cell_unit"
            allowed = ", ".join(known) or "-"
            return _refused(code, header, cell, expected=allowed)
        number = float(match.group(1).replace(",", "")) * named.get(unit, factor)
    # a factor such as 10,000 / 15 must not leave a tail of rounding
    number = float(f"{number:.12g}")
    if not (spec.low <= number <= spec.high and np.isfinite(number)):
        high = "" if np.isinf(spec.high) else f"{spec.high:g}"
        expected = f"{spec.low:g}..{high} {spec.unit}".strip()
        return _refused("import_range", header, cell, expected=expected)
    if spec.name in ("modules", "count", "year") and not number.is_integer():
        return _refused("import_whole", header, cell)
    return Value(number)


@cache
def counters() -> dict[str, tuple[str, ...]]:
    """Return the words that may stand behind a number of each column."""
    known = read_facts("importing")["counters"]
    return {{"reached": "value"}.get(k, k): tuple(fold(w) for w in v) for k, v in known.items()}


def _day(cell: Any, header: str) -> Value:
    """Read a day; the last of the month or year where only that is said."""
    if isinstance(cell, bool | dt.time):
        return _refused("import_date", header, cell)
    if isinstance(cell, float) and not cell.is_integer() and 1800 <= cell <= 2100:
        # 2025.1 in a number is January or October
        return _refused("import_date_number", header, cell)
    answer = date_of(cell)
    if answer is False:
        return _refused("import_date", header, cell)
    if not isinstance(answer, tuple):
        return Value()
    day, rough = answer
    note = Problem("import_rough", {"column": header, "found": str(cell), "day": day})
    return Value(day, rough, note=note if rough else None)


def _word(cell: Any, kind: str, header: str) -> Value:
    """Read a word of one of our lists."""
    exact, parts = vocabulary(kind)
    word = word_of(text_of(cell), exact, parts)
    if word is None:
        return _refused("import_word", header, cell, expected=Words(kind, exact.values()))
    return Value(word)


def _text(cell: Any, spec: ColumnSpec, header: str) -> Value:
    """Read a text; a person's number in it is taken out."""
    if isinstance(cell, dt.datetime) and spec.name in IDS:
        return _refused("import_id_date", header, cell)
    said = text_of(cell)
    if said is None:
        return Value()
    if spec.name in IDS:
        return Value(unicodedata.normalize("NFKC", said))
    plain = _PERSONAL.sub("***", said)
    note = Problem("import_personal", {"column": header}) if plain != said else None
    return Value(plain, note=note)


def time_of(cell: Any) -> dt.datetime | None:
    """
    Read a time of day with its day; None if the cell says a day at most.

    Examples
    --------
    >>> str(time_of("2024/03/01 08:30:00.123456")), time_of("2024-03-01")
    ('2024-03-01 08:30:00.123456', None)
    """
    if isinstance(cell, dt.datetime):
        return cell if cell.time() != dt.time() else None
    text = unicodedata.normalize("NFKC", cell).strip() if isinstance(cell, str) else ""
    if ":" not in text:
        return None
    try:
        return dt.datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


_MONTH = re.compile(r"(?:(\d{4})[年./-]?)?(\d{1,2})月?(?:份)?")


def month_of(cell: Any, year: int | None = None) -> str | None:
    """
    Read a month, "2025-03"; None if the cell names none.

    Examples
    --------
    >>> month_of("２０２５年３月"), month_of("三月", 2025), month_of("202503"), month_of("2025-13")
    ('2025-03', '2025-03', '2025-03', None)
    """
    if isinstance(cell, dt.date):
        return f"{cell:%Y-%m}"
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, float) and not cell.is_integer():
        return None
    if isinstance(cell, int | float) and cell > 12:
        cell = str(int(cell))
    text = in_digits(fold(text_of(cell) or "").lstrip(_APOSTROPHES))
    match = _MONTH.fullmatch(text)
    if match and re.fullmatch(r"\d{4}|\d{3}", text):
        return None  # a year alone
    if match and 1 <= int(match.group(2)) <= 12:
        said = int(match.group(1)) if match.group(1) else year
        return f"{said:04d}-{int(match.group(2)):02d}" if said else None
    answer = date_of(cell if not isinstance(cell, str) else text)
    if isinstance(answer, tuple) and not re.fullmatch(r"\d{4}年?", text):
        return f"{answer[0]:%Y-%m}"
    return None
