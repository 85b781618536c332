"""The list handed to third-party installers, and their answers read back.

`handover.xlsx` holds the roofs that may carry PV and empty columns for what a survey
finds. It names no person. What comes back is judged row by row: an answer is accepted,
or refused with the reason, and nothing is taken over in silence.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from hexi_solar.errors import LayerError, Problem
from hexi_solar.exports.sheets import A3, DATE_FORMAT, Book, Field, Sheet
from hexi_solar.exports.tables import is_unknown, records
from hexi_solar.exports.words import title
from hexi_solar.exports.workbook import candidate_cell, candidate_field
from hexi_solar.labels import LANGUAGES, text
from hexi_solar.schema import CANDIDATES
from hexi_solar.study import Study

GIVEN = (
    "name", "owner_type", "subdistrict", "address", "eligible", "reasons", "roof_kind",
    "load_evidence", "roof_area_m2", "usable_area_m2", "capacity_kwp", "energy_ac_kwh",
    "longitude", "latitude",
)  # fmt: skip
ANSWERS = ("surveyed_on", "load_result", "feasible_kwp", "price_cny", "remark")
LOAD_RESULTS = ("sufficient", "strengthen", "insufficient")
# a workbook that unpacks to more than this is not an answer [bytes]
LARGEST = 200 << 20
MOST_ROWS = 100_000


def write_handover(study: Study, path: Path) -> None:
    """Write the list of roofs whose load is proven or not yet known, best first."""
    language = study.plan.language
    book = Book(study.plan, text("exports.handover_title", language))
    _write_list(book, study)
    _write_instructions(book, study)
    book.save(path)


def _write_list(book: Book, study: Study) -> None:
    """Write one row per roof, what we know on the left, what the survey finds on the right."""
    said, language = book.said, book.language
    table = study.candidates[study.candidates["eligible"] != "no"]
    table = table.sort_values("rank", kind="stable").reset_index()
    fields = [Field(said("building_id"), widest=20)]
    fields += [candidate_field(CANDIDATES[n], language) for n in GIVEN]
    formats = {"surveyed_on": DATE_FORMAT, "feasible_kwp": "#,##0.0", "price_cny": "#,##0"}
    widest = {"remark": 32.0}
    fields += [
        Field(said(f"answer.{n}"), formats.get(n, "General"), widest.get(n, 15.0), fill=True)
        for n in ANSWERS
    ]
    note = said(
        "handover_note",
        count=len(table),
        day=study.plan.today.isoformat(),
        stamp=study.plan.map.stamp,
    )
    heading = f"{title(study.plan)} · {said('handover_title')}"
    sheet = Sheet(book, said("sheet.handover"), heading, note, len(fields))
    header = sheet.header(fields)
    first = sheet.row
    for row in records(table):
        given = [candidate_cell(row, CANDIDATES[n], language) for n in GIVEN]
        sheet.write_row(fields, [row["building_id"], *given, *[None] * len(ANSWERS)])
    if len(table):
        _validate(book, sheet, first, sheet.row - 1, 1 + len(GIVEN))
    sheet.filter(header, len(fields))
    sheet.finish(header, frozen=2, paper=A3)


def _validate(book: Book, sheet: Sheet, first: int, last: int, column: int) -> None:
    """Let the spreadsheet refuse what cannot be an answer."""
    said = book.said
    results = [said(f"load_result.{r}") for r in LOAD_RESULTS]
    rules: dict[str, dict[str, Any]] = {
        "surveyed_on": {
            "validate": "date", "criteria": "between",
            "minimum": dt.date(2000, 1, 1), "maximum": dt.date(2100, 12, 31),
        },
        "load_result": {"validate": "list", "source": results},
        "feasible_kwp": {"validate": "decimal", "criteria": ">=", "value": 0},
        "price_cny": {"validate": "decimal", "criteria": ">=", "value": 0},
    }  # fmt: skip
    for i, name in enumerate(ANSWERS):
        if name in rules:
            said_wrong = {
                "error_title": said(f"answer.{name}")[:32],
                "error_message": said("answer_wrong"),
            }
            sheet.sheet.data_validation(
                first, column + i, last, column + i, rules[name] | said_wrong
            )


def _write_instructions(book: Book, study: Study) -> None:
    """Say how the list is filled in."""
    said = book.said
    sheet = Sheet(
        book, said("sheet.instructions"), said("sheet.instructions"), study.plan.map.stamp, 2
    )
    fields = [
        Field(said("instruction.column"), widest=24),
        Field(said("instruction.what"), widest=90),
    ]
    sheet.header(fields)
    for name in ANSWERS:
        sheet.write_row(fields, [said(f"answer.{name}"), said(f"answer_about.{name}")])
    sheet.row += 1
    for i in range(1, 4):
        sheet.line(said(f"instruction_{i}"))
    sheet.finish()


# -- answers -----------------------------------------------------------------------------------


def read_answers(
    path: Path, candidates: pd.DataFrame, *, language: str = "zh", today: dt.date | None = None
) -> pd.DataFrame:
    """
    Read a filled-in list back and judge it row by row.

    Parameters
    ----------
    path
        The workbook as it came back.
    candidates
        The candidates it was made from, by `building_id`.
    language
        Language of the reasons.
    today
        Surveys after this day are refused; the day of reading if not given.

    Returns
    -------
    answers
        One row per row of the list, by its number in the workbook: `building_id`,
        `surveyed_on`, `load_result` (sufficient, strengthen, insufficient),
        `feasible_kwp` [kWp], `price_cny` [CNY], `remark`, `verdict` (accepted, refused,
        unanswered) and `why`.

    Raises
    ------
    LayerError
        If the file is not such a list.
    """
    rows = _answer_rows(Path(path))
    ids = Counter(str(row["building_id"]) for row in rows.values())
    repeated = {key for key, times in ids.items() if times > 1}
    judged = []
    for number, row in rows.items():
        answer, wrong = _judge(row, candidates, repeated, today or dt.date.today())
        blank = all(is_unknown(row[n]) for n in ANSWERS)
        verdict = "unanswered" if blank else "refused" if wrong else "accepted"
        why = " ".join(text(f"exports.refused.{code}", language, **f) for code, f in wrong)
        judged.append({"row": number, **answer, "verdict": verdict, "why": "" if blank else why})
    columns = ["row", "building_id", *ANSWERS, "verdict", "why"]
    table = pd.DataFrame(judged, columns=columns).set_index("row")
    table["surveyed_on"] = pd.to_datetime(table["surveyed_on"])
    return table.astype({"feasible_kwp": float, "price_cny": float})


def _answer_rows(path: Path) -> dict[int, dict[str, Any]]:
    """Read the cells of the list, by row number; rows without any text are passed over."""
    if not path.is_file():
        raise LayerError(Problem("answers_unreadable", {"file": path, "found": "-"}))
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > LARGEST:
            raise LayerError(Problem("answers_too_large", {"file": path, "found": size >> 20}))
        grid = _first_sheet(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, IndexError) as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError(Problem("answers_unreadable", {"file": path, "found": error})) from None
    header, places = _find_header(grid, path)
    found = {}
    for number, cells in enumerate(grid[header + 1 :], header + 2):
        row = {n: _blank(cells[i]) if i < len(cells) else None for n, i in places.items()}
        if any(value is not None for value in row.values()):
            found[number] = row
    return found


def _first_sheet(path: Path) -> list[tuple[Any, ...]]:
    """Read the values of the first sheet; what else the file holds is not looked at."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        grid = list(book.worksheets[0].iter_rows(max_row=MOST_ROWS, values_only=True))
        book.close()
    return grid


def _blank(value: Any) -> Any:
    """Take an empty text for nothing; trim the others."""
    return (value.strip() or None) if isinstance(value, str) else value


def _find_header(grid: list[tuple[Any, ...]], path: Path) -> tuple[int, dict[str, int]]:
    """Find the header row by its names, in whichever language it was handed out."""
    wanted = {"building_id": "building_id", **{n: f"answer.{n}" for n in ANSWERS}}
    names = {
        _folded(text(f"exports.{k}", lang)): n for n, k in wanted.items() for lang in LANGUAGES
    }
    for number, cells in enumerate(grid[:50]):
        places = {names[_folded(c)]: i for i, c in enumerate(cells) if _folded(c) in names}
        if len(places) == len(wanted):
            return number, places
    expected = ", ".join(text(f"exports.{k}", "zh") for k in wanted.values())
    raise LayerError(Problem("answers_no_header", {"file": path, "expected": expected}))


def _folded(value: Any) -> str:
    return "".join(str(value).split()).lower()


def _judge(
    row: dict[str, Any], candidates: pd.DataFrame, repeated: set[str], today: dt.date
) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """Read one answer and name everything that is wrong with it."""
    wrong: list[tuple[str, dict[str, Any]]] = []
    key = None if is_unknown(row["building_id"]) else str(row["building_id"])
    answer: dict[str, Any] = {"building_id": key, "remark": row["remark"]}
    if key is None or key not in candidates.index:
        wrong.append(("no_building", {"found": key}))
    elif key in repeated:
        wrong.append(("repeated", {"found": key}))
    answer["surveyed_on"] = _day(row["surveyed_on"], today, wrong)
    answer["load_result"] = _load_result(row["load_result"], wrong)
    for name in ("feasible_kwp", "price_cny"):
        answer[name] = _number(row[name], name, wrong)
    _contradictions(answer, candidates, wrong)
    answer["remark"] = None if is_unknown(row["remark"]) else str(row["remark"])
    return answer, wrong


def _day(value: Any, today: dt.date, wrong: list[tuple[str, dict[str, Any]]]) -> Any:
    """Read the day of the survey."""
    if is_unknown(value):
        return pd.NaT
    day = value.date() if isinstance(value, dt.datetime) else value
    if isinstance(value, str):
        spelt = (
            value.replace("/", "-")
            .replace(".", "-")
            .replace("年", "-")
            .replace("月", "-")
            .replace("日", "")
        )
        try:
            day = dt.date(*(int(part) for part in spelt.split("-")))
        except (ValueError, TypeError):
            day = None
    if not isinstance(day, dt.date) or not dt.date(2000, 1, 1) <= day <= today:
        wrong.append(("day", {"found": value, "today": today}))
        return pd.NaT
    return pd.Timestamp(day)


def _load_result(value: Any, wrong: list[tuple[str, dict[str, Any]]]) -> str | None:
    """Read the result of the load check, as a word of ours or as either language says it."""
    if is_unknown(value):
        return None
    known = {r: r for r in LOAD_RESULTS}
    known |= {
        _folded(text(f"exports.load_result.{r}", lang)): r
        for r in LOAD_RESULTS
        for lang in LANGUAGES
    }
    found = known.get(_folded(value))
    if found is None:
        wrong.append(("load_result", {"found": value}))
    return found


def _number(value: Any, name: str, wrong: list[tuple[str, dict[str, Any]]]) -> float:
    """Read a number that is not negative; thousands may be separated."""
    if is_unknown(value):
        return np.nan
    try:
        if isinstance(value, bool | dt.date):
            raise ValueError
        number = float(str(value).replace(",", "").replace("，", ""))
    except ValueError:
        number = np.nan
    if not 0 <= number < np.inf:
        wrong.append((name, {"found": value}))
        return np.nan
    return number


def _contradictions(
    answer: dict[str, Any], candidates: pd.DataFrame, wrong: list[tuple[str, dict[str, Any]]]
) -> None:
    """Refuse what cannot be: capacity on a roof that carries none, or more than covers it."""
    feasible = answer["feasible_kwp"]
    if answer["load_result"] == "insufficient" and feasible > 0:
        wrong.append(("load_and_capacity", {"found": feasible}))
    if answer["building_id"] in candidates.index:
        most = _most_kwp(candidates.loc[answer["building_id"]])
        if feasible > most:
            wrong.append(("too_much", {"found": feasible, "most": f"{most:,.1f}"}))


def _most_kwp(candidate: pd.Series) -> float:
    """Calculate the capacity [kWp] of modules laid side by side over the whole roof."""
    area = candidate["module_area_m2"]
    if is_unknown(area) or area <= 0:
        return np.inf
    return float(candidate["capacity_kwp"] / area * candidate["roof_area_m2"])
