"""`candidates.xlsx`: the study as an office reads, filters, prints and files it.

One sheet per question: what this is, which roofs, how they add up by owner type, how far
the coverage rate has come, what could still come, which buildings count, what every
column means, and where every number is from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hexi_solar.exports.dictionary import write_dictionary
from hexi_solar.exports.progress import headline, write_coverage, write_reported
from hexi_solar.exports.provenance import write_provenance
from hexi_solar.exports.sheets import A3, Book, Cell, Field, Sheet
from hexi_solar.exports.tables import is_unknown, records
from hexi_solar.exports.words import FOR_PEOPLE, definition_name, reasons, title, word
from hexi_solar.labels import label, text
from hexi_solar.schema import CANDIDATES, ColumnSpec
from hexi_solar.study import Study

# printed, in this order; the others follow to the right for whoever filters on screen
PRINTED = (
    "rank", "building_id", "name", "owner_type", "department", "subdistrict", "eligible",
    "reasons", "roof_area_m2", "installable_area_m2", "capacity_kwp", "energy_ac_kwh",
    "specific_yield_kwh_kwp", "co2_t", "existing_kwp",
)  # fmt: skip
BY_OWNER = (
    "rank_in_owner_type", "building_id", "name", "subdistrict", "eligible", "roof_area_m2",
    "usable_area_m2", "capacity_kwp", "energy_ac_kwh", "co2_t", "rank",
)  # fmt: skip
SUMS = ("roof_area_m2", "usable_area_m2", "capacity_kwp", "energy_ac_kwh", "co2_t")
# which column says where the value of another one is from
SOURCE_OF = {
    "roof_kind": "roof_kind_source", "owner_type": "owner_type_source", "status": "status_source",
}  # fmt: skip
PERCENT = ("performance_ratio",)


def write_workbook(study: Study, path: Path) -> None:
    """Write the workbook of a study in the language of its plan."""
    book = Book(study.plan, text("exports.subject", study.plan.language))
    write_about(book, study)
    write_candidates(book, study)
    write_owner_types(book, study)
    write_coverage(book, study, "progress")
    write_coverage(book, study, "potential")
    write_reported(book, study)
    write_dictionary(book)
    write_provenance(book, study)
    book.save(path)


# -- what this is ------------------------------------------------------------------------------


def write_about(book: Book, study: Study) -> None:
    """Open with what the workbook is, its main figures, its sheets and how to read them."""
    plan, said = study.plan, book.said
    fields = [
        Field("", widest=26),
        Field("", "#,##0", widest=16),
        Field("", widest=14),
        Field("", widest=96),
    ]
    note = said("note", day=plan.today.isoformat(), stamp=plan.map.stamp)
    sheet = Sheet(book, said("sheet.about"), title(plan), note, len(fields))
    sheet.line(said("about"))
    sheet.row += 1
    sheet.line(said("figures"), "section")
    for name, value, unit, remark in _figures(book, study):
        sheet.write_row(fields, [Cell(name, "group"), value, unit, Cell(remark, "note")])
    sheet.row += 1
    sheet.line(said("sheets"), "section")
    for name in (
        "candidates",
        "by_owner",
        "coverage",
        "potential",
        "reported",
        "dictionary",
        "provenance",
    ):
        row = sheet.row
        sheet.write_row(fields, [None, None, None, said(f"about_sheet.{name}")])
        sheet.link(row, 0, said(f"sheet.{name}"))
    sheet.row += 1
    sheet.line(said("reading"), "section")
    for i in range(1, 6):
        sheet.line(said(f"reading_{i}"), "assumed" if i == 1 else "")
    sheet.finish()


def _figures(book: Book, study: Study) -> list[tuple[str, Any, str, str]]:
    """Collect the main figures: name, value, unit, remark."""
    said, table = book.said, study.candidates
    counted = table["in_totals"] if "in_totals" in table else table["eligible"].notna()
    open_ = table[counted & (table["eligible"] != "no")]
    counts = table["eligible"].value_counts()
    split = {word_: int(counts.get(word_, 0)) for word_ in ("yes", "unknown", "no")}

    def total(column: str, unit: str, scale: float, format_: str) -> tuple[str, Any, str, str]:
        """Sum over all candidates; the remark says what of it is still open."""
        value = Cell(table.loc[counted, column].sum() / scale, format_)
        rest = f"{open_[column].sum() / scale:,.{1 if format_ == 'one' else 0}f} {unit}"
        return said(f"figure.{column}"), value, unit, said("figure.of_open", open=rest)

    figures: list[tuple[str, Any, str, str]] = [
        (said("figure.buildings"), len(study.buildings), said("unit_buildings"), ""),
        (
            said("figure.candidates"),
            len(table),
            said("unit_buildings"),
            said("figure.split", **split),
        ),
        total("capacity_kwp", "MWp", 1e3, "one"),
        total("energy_ac_kwh", "GWh", 1e6, "one"),
        total("co2_t", "tCO₂", 1.0, "zero"),
    ]
    row = headline(study.coverage)
    if row is None:
        return figures
    definition = definition_name(study.plan, row["definition"])
    remark = said(
        "figure.rate_remark", definition=definition, at=row["at"].date().isoformat(),
        cohort=label("cohort", row["cohort"], book.language), year=row["year"],
        numerator=f"{row['numerator']:,.0f}", denominator=f"{row['denominator']:,.0f}",
        unit=row["unit"] or said("unit_buildings"),
    )  # fmt: skip
    rate = said("unknown") if is_unknown(row["rate"]) else Cell(row["rate"], "percent")
    target = Cell(row["target"], "percent")
    by = said("figure.target_remark", year=study.plan.coverage.target_year)
    return [
        (said("figure.rate"), rate, "", remark),
        (said("figure.target"), target, "", by),
        *figures,
    ]  # fmt: skip


# -- which roofs -------------------------------------------------------------------------------


def candidate_field(column: ColumnSpec, language: str, *, printed: bool = True) -> Field:
    """Describe how one column of the candidates looks."""
    widest = {
        "name": 30.0,
        "reasons": 26.0 if language == "zh" else 38.0,
        "department": 22.0,
        "address": 30.0,
    }.get(column.name, 20.0)
    centred = column.name in ("rank", "rank_in_owner_type", "eligible", "public_institution")
    return Field(column.label(language), number_format(column), widest, printed, centred=centred)


def number_format(column: ColumnSpec) -> str:
    """
    Choose the number format of one column.

    Examples
    --------
    >>> number_format(CANDIDATES["capacity_kwp"]), number_format(CANDIDATES["rank"])
    ('#,##0.0', '#,##0')
    """
    if column.name in PERCENT:
        return "0.0%"
    if column.kind == "int":
        return "#,##0"
    places = FOR_PEOPLE.get(column.unit, 1)
    if column.kind != "float":
        return "General"
    grouped = "0" if column.unit == "°" else "#,##0"
    return grouped + ("." + "0" * places if places else "")


def candidate_cell(row: dict[str, Any], column: ColumnSpec, language: str) -> Any:
    """Write one value of a candidate; what is assumed says so."""
    value = row[column.name]
    if column.kind == "list":
        return reasons(value, language, column.name)
    if column.kind == "bool":
        return label("yes_no", "yes" if value else "no", language)
    if not column.words:
        return value
    said = word(value, column.name, language)
    if column.name == "eligible":
        return Cell(said, str(value))
    assumed = row.get(SOURCE_OF.get(column.name, "")) == "assumed"
    if assumed:
        return Cell(f"{said}{text('exports.assumed', language)}", "assumed")
    return Cell(said, "assumed") if value in ("assumed", "prior") else said


def candidate_rows(study: Study) -> pd.DataFrame:
    """Return the candidates, best first."""
    return study.candidates.sort_values("rank", kind="stable").reset_index()


def candidate_fields(book: Book, names: Sequence[str], printed: int) -> list[Field]:
    """Describe the columns named; `building_id` is the index of the table."""
    key = Field(book.said("building_id"), widest=24)
    specs = [None if n == "building_id" else CANDIDATES[n] for n in names]
    return [
        key if spec is None else candidate_field(spec, book.language, printed=i < printed)
        for i, spec in enumerate(specs)
    ]


def candidate_values(row: dict[str, Any], names: Sequence[str], language: str) -> list[Any]:
    """Write one candidate out in the columns named."""
    return [
        row[n] if n == "building_id" else candidate_cell(row, CANDIDATES[n], language)
        for n in names
    ]


def write_candidates(book: Book, study: Study) -> None:
    """List every candidate, best first."""
    said = book.said
    names = [*PRINTED, *(n for n in CANDIDATES.names if n not in PRINTED)]
    fields = candidate_fields(book, names, len(PRINTED))
    note = said(
        "candidates_note", count=len(study.candidates), threshold=study.plan.roofs.threshold_m2
    )
    sheet = Sheet(book, said("sheet.candidates"), said("sheet.candidates"), note, len(PRINTED))
    header = sheet.header(fields)
    for row in records(candidate_rows(study)):
        sheet.write_row(fields, candidate_values(row, names, book.language))
    sheet.filter(header, len(names))
    sheet.finish(header, len(PRINTED), frozen=3, paper=A3)


# -- by owner type -----------------------------------------------------------------------------


def write_owner_types(book: Book, study: Study) -> None:
    """Add the candidates up by owner type, then list them type by type."""
    said, language = book.said, book.language
    table = candidate_rows(study)
    fields = candidate_fields(book, BY_OWNER, len(BY_OWNER))
    note = said("by_owner_note")
    sheet = Sheet(book, said("sheet.by_owner"), said("sheet.by_owner"), note, len(fields))
    sheet.row += 1
    _owner_summary(book, sheet, table)
    sheet.row += 1
    sheet.line(said("by_owner_list"), "section")
    header = sheet.header(fields)
    by_capacity = (
        table.groupby("owner_type")["capacity_kwp"]
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    for kind in by_capacity.index:
        rows = table[table["owner_type"] == kind].sort_values("rank_in_owner_type", kind="stable")
        name = f"{word(kind, 'owner_type', language)}{said('count', count=len(rows))}"
        own = rows[rows["in_totals"]] if "in_totals" in rows else rows
        totals: list[Any] = [own[n].sum() if n in SUMS else None for n in BY_OWNER]
        sheet.write_row(fields, [*totals[:2], name, *totals[3:]], style="group")
        for row in records(rows):
            sheet.write_row(fields, candidate_values(row, BY_OWNER, language), level=1)
    sheet.sheet.outline_settings(True, False, True, False)
    sheet.finish(header, frozen=0, keep_in_sight=False)


def _owner_summary(book: Book, sheet: Sheet, table: pd.DataFrame) -> None:
    """Write one row per owner type, the largest first, and the sum of all."""
    said, language = book.said, book.language
    sums = [candidate_field(CANDIDATES[n], language) for n in SUMS]
    fields = [
        Field("#", "0"), Field(said("buildings_count"), "#,##0"),
        Field(CANDIDATES["owner_type"].label(language)),
        Field(said("eligible_yes"), "#,##0"), Field(said("eligible_unknown"), "#,##0"),
        *sums, Field(said("share_of_capacity"), "0.0%"),
    ]  # fmt: skip
    sheet.line(said("by_owner_summary"), "section")
    sheet.header(fields)
    if "in_totals" in table:
        # listed and counted, but what waits for a look adds nothing to the sums
        table = table.assign(**{n: table[n].where(table["in_totals"], 0.0) for n in SUMS})
    whole = float(table["capacity_kwp"].sum())
    groups = sorted(table.groupby("owner_type"), key=lambda g: (-g[1]["capacity_kwp"].sum(), g[0]))
    first = sheet.row
    for number, (kind, rows) in enumerate(groups, 1):
        name = word(kind, "owner_type", language)
        sheet.write_row(fields, _owner_row(number, name, rows, whole))
    if len(groups):
        sheet.bars(first, sheet.row - 1, len(fields) - 1)
    sheet.write_row(fields, _owner_row(None, said("all"), table, whole), style="total")


def _owner_row(number: int | None, name: str, rows: pd.DataFrame, whole: float) -> list[Any]:
    """Add up one owner type."""
    verdicts = [int((rows["eligible"] == v).sum()) for v in ("yes", "unknown")]
    share = float(rows["capacity_kwp"].sum()) / whole if whole > 0 else None
    return [number, len(rows), name, *verdicts, *(rows[n].sum() for n in SUMS), share]
