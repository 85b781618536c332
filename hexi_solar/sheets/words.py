"""What single cells mean: dates, numbers, words, as they are found in the wild.

Each function takes a whole column and works on its distinct values only, so a layer of
a million rows costs as much as its vocabulary. A cell that says "not known" in any of
the usual ways is NaN; a cell that says something which we do not understand is NaN too,
and is handed back for a warning.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import read_facts
from hexi_solar.labels import catalogue

# text that may be absent: NaN stays NaN, in every version of pandas
TEXT = pd.StringDtype(na_value=np.nan)
DATE = "datetime64[us]"

_DIGITS = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_DATE = re.compile(
    r"(\d{4})(?:\s*[年./-]\s*(\d{1,2})(?:\s*[月./-]\s*(\d{1,2})\s*[日号]?|\s*月)?|\s*年)?"
    r"(?:建成|竣工|完工)?(?:[T\s]+\d{1,2}:\d{2}.*)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_NUMERALS = str.maketrans("〇○零Ｏ一二三四五六七八九", "0000123456789")
# days counted by spreadsheets start before this day
_SHEET_EPOCH = dt.date(1899, 12, 30)
_SHEET_DAYS = (15_000.0, 80_000.0)
_YEARS = (1800, 2100)


def fold(text: object) -> str:
    """
    Bring a cell to one spelling: half-width, lower case, no blanks.

    Examples
    --------
    >>> fold(" ＡＢ（一）  区 ")
    'ab(一)区'
    """
    return "".join(unicodedata.normalize("NFKC", str(text)).lower().split())


def nearest(word: str, known: Iterable[str]) -> str:
    """
    Name the nearest known word, in brackets; empty if none is near.

    Examples
    --------
    >>> nearest("建筑名", ["建筑名称", "面积"])
    ' (建筑名称?)'
    """
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f" ({close[0]}?)" if close else ""


@cache
def unknown_words() -> frozenset[str]:
    """Return the cells that say "not known"."""
    return frozenset(fold(w) for w in read_facts("columns")["unknown"]["words"])


def by_value(values: pd.Series, meaning: Callable[[Any], Any]) -> list[Any]:
    """Apply a function to the distinct values of a column and spread the answers."""
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    answers = [meaning(v) for v in distinct]
    return [None if code < 0 else answers[code] for code in codes]


def parse_text(values: pd.Series) -> pd.Series:
    """
    Read a column as text; numbers that are whole lose their `.0`.

    Examples
    --------
    >>> parse_text(pd.Series([12.0, " 甲楼 ", "不详", None])).tolist()
    ['12', '甲楼', nan, nan]
    """
    return pd.Series(by_value(values, text_of), index=values.index, dtype=TEXT)


def text_of(cell: Any) -> str | None:
    """Read one cell as text."""
    if isinstance(cell, float | np.floating):
        number = float(cell)
        cell = int(number) if number.is_integer() and abs(number) < 1e15 else number
    text = " ".join(str(cell).split())
    return None if fold(text) in unknown_words() else text


def parse_numbers(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """
    Read a column as numbers; a unit or word after the number is passed over.

    Returns
    -------
    numbers, refused
        The numbers, and True where a cell says something that is no number.

    Examples
    --------
    >>> parse_numbers(pd.Series(["１２.5 m", "6层", "1,200", "高", None]))[0].tolist()
    [12.5, 6.0, 1200.0, nan, nan]
    """
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.astype(float)
        return numbers.where(np.isfinite(numbers)), pd.Series(False, index=values.index)
    numbers = pd.Series(by_value(values, _number), index=values.index, dtype=float)
    said = pd.Series(by_value(values, _says), index=values.index, dtype=object).eq(True)
    return numbers, said & numbers.isna()


def _says(cell: Any) -> bool:
    """Say whether a cell is more than a word for "not known"."""
    return fold(cell) not in unknown_words()


def _number(cell: Any) -> float | None:
    """Read one cell as a number."""
    if isinstance(cell, int | float | np.number) and not isinstance(cell, bool):
        return float(cell) if np.isfinite(float(cell)) else None
    text = fold(cell).replace(",", "")
    match = _DIGITS.search(text)
    # words may stand before the number ("地上6层"), other digits may not follow it
    if not match or _DIGITS.search(text[match.end() :].replace("m2", "").replace("m3", "")):
        return None
    return float(match.group())


def parse_dates(values: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """
    Read a column as dates.

    Returns
    -------
    dates, rough, refused
        The dates (last day of the month or year where only that is known), True where
        they are rough in that way, True where a cell says something that is no date.

    Examples
    --------
    >>> dates, rough, _ = parse_dates(pd.Series(["2025年1月", 1985, "2024-02-29", 45658]))
    >>> dates.dt.strftime("%Y-%m-%d").tolist(), rough.tolist()
    (['2025-01-31', '1985-12-31', '2024-02-29', '2025-01-01'], [True, True, False, False])
    """
    answers = by_value(values, date_of)
    pairs = [a if isinstance(a, tuple) else (None, False) for a in answers]
    dates = pd.Series([p[0] for p in pairs], index=values.index, dtype=DATE)
    rough = pd.Series([p[1] for p in pairs], index=values.index, dtype=bool)
    refused = pd.Series([a is False for a in answers], index=values.index, dtype=bool)
    return dates, rough, refused


def date_of(cell: Any) -> tuple[dt.date, bool] | bool | None:
    """Read one cell as a date; False if it says something else, None if it says nothing."""
    if isinstance(cell, pd.Timestamp | dt.datetime):
        return (cell.date(), False)
    if isinstance(cell, np.datetime64):
        return (pd.Timestamp(cell).date(), False)
    if isinstance(cell, dt.date):
        return (cell, False)
    text = in_digits(unicodedata.normalize("NFKC", str(cell)).strip())
    if fold(text) in unknown_words() or fold(text) in ("0", "0.0"):
        return None
    number = _number(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None
    if number is not None and _SHEET_DAYS[0] <= number <= _SHEET_DAYS[1]:
        return (_SHEET_EPOCH + dt.timedelta(days=int(number)), False)
    if number is not None and number.is_integer():
        text = str(int(number))
    match = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    return _calendar(*match.groups()) if match else False


def in_digits(text: str) -> str:
    """
    Write a date in Chinese numerals with digits.

    Examples
    --------
    >>> in_digits("二〇二五年十二月二十一日"), in_digits("二0二五年一月"), in_digits("十月")
    ('2025年12月21日', '2025年1月', '10月')
    """
    if "年" not in text and "月" not in text:
        return text
    plain = text.translate(_NUMERALS)
    # 二十一, 二十, 十一, 十: the ten is a place, not a digit
    plain = re.sub(r"(\d)十(\d)", r"\1\2", plain)
    plain = re.sub(r"(\d)十", r"\g<1>0", plain)
    return re.sub(r"十(\d)", r"1\1", plain).replace("十", "10")


def _calendar(year: str, month: str | None, day: str | None) -> tuple[dt.date, bool] | bool:
    """Make a date of what is known of it; zeros stand for an unknown month or day."""
    y, m, d = int(year), int(month or 0), int(day or 0)
    if not _YEARS[0] <= y <= _YEARS[1] or m > 12:
        return False
    if not m:
        return (dt.date(y, 12, 31), True) if not d else False
    last = monthrange(y, m)[1]
    if d > last:
        return False
    return (dt.date(y, m, d or last), not d)


def parse_times(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """
    Read a column as moments: dates with the time of day where it is given.

    Returns
    -------
    times, refused
        The moments, and True where a cell says something that is none.

    Examples
    --------
    >>> parse_times(pd.Series(["2025年1月3日 14:05"]))[0].iloc[0].isoformat()
    '2025-01-03T14:05:00'
    """
    dates, _, refused = parse_dates(values)
    clock = pd.Series(by_value(values, _clock), index=values.index, dtype="timedelta64[us]")
    return dates + clock.fillna(pd.Timedelta(0)), refused


def _clock(cell: Any) -> dt.timedelta:
    """Read the time of day in a cell."""
    match = re.search(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", unicodedata.normalize("NFKC", str(cell)))
    hours, minutes, seconds = (int(g or 0) for g in match.groups()) if match else (0, 0, 0)
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)


def parse_words(values: pd.Series, kind: str) -> tuple[pd.Series, pd.Series]:
    """
    Read a column as words of one of our lists.

    Parameters
    ----------
    kind
        A table below `words` in facts/columns.toml, e.g. ``"status"``.

    Returns
    -------
    words, refused
        Our words, and True where a cell says something that is none of them.

    Examples
    --------
    >>> parse_words(pd.Series(["已竣工", "在建", "彩钢", None]), "status")[0].tolist()
    ['completed', 'building', nan, nan]
    """
    exact, parts = vocabulary(kind)
    meaning = by_value(values, lambda cell: word_of(text_of(cell), exact, parts))
    words = pd.Series(meaning, index=values.index, dtype=TEXT)
    said = pd.Series(by_value(values, _says), index=values.index, dtype=object).eq(True)
    return words, said & words.isna()


def word_of(text: str | None, exact: Mapping[str, str], parts: Mapping[str, str]) -> str | None:
    """Find one word: the whole cell first, then the first part that it contains."""
    if text is None:
        return None
    cell = fold(text)
    if cell in exact:
        return exact[cell]
    return next((word for part, word in parts.items() if part in cell), None)


@cache
def vocabulary(kind: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what whole cells mean, and what parts of cells mean, of one list of words."""
    table = read_facts("columns")["words"][kind]
    exact: dict[str, str] = {}
    parts: dict[str, str] = {}
    for word, ways in table.items():
        names = catalogue().get(f"enum.{kind}.{word}", {})
        for way in (word, *names.values(), *ways.get("is", ())):
            exact.setdefault(fold(way), word)
        for part in ways.get("has", ()):
            parts[fold(part)] = word
    return exact, parts
