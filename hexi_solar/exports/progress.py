"""The coverage sheets: what is reported first, every other definition beside it.

Progress counts what is built. What could be built is a potential, and stands on a sheet
of its own so that the two are never read in one column.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from hexi_solar.exports.sheets import Book, Cell, Field, Sheet
from hexi_solar.exports.tables import is_unknown, records
from hexi_solar.exports.words import definition, definition_name, definition_source, word
from hexi_solar.facts import cited
from hexi_solar.labels import label
from hexi_solar.schema import BUILDINGS, COVERAGE
from hexi_solar.study import Study

KINDS = ("progress", "potential")


def headline(coverage: pd.DataFrame) -> dict[str, Any] | None:
    """Pick the reported rate of the latest year on the latest day; None if there is none."""
    rows = coverage.reset_index()
    rows = rows[rows["reported"].astype(bool)]
    if rows.empty:
        return None
    rows = rows.assign(at=pd.to_datetime(rows["at"])).sort_values(["year", "at"], kind="stable")
    return {str(k): v for k, v in rows.iloc[-1].items()}


def write_coverage(book: Book, study: Study, kind: str) -> None:
    """Write the rates of one kind, in the order of the table: the reported ones first."""
    said = book.said
    name = "coverage" if kind == "progress" else "potential"
    rows = study.coverage.reset_index()
    rows = rows[rows["kind"] == kind]
    fields = _fields(book)
    sheet = Sheet(
        book, said(f"sheet.{name}"), said(f"{name}_title"), said(f"{name}_note"), len(fields)
    )
    head = headline(study.coverage)
    if kind == "progress" and head is not None:
        _reported_panel(book, sheet, study, head)
    header = sheet.header(fields)
    first = sheet.row
    for row in records(rows):
        sheet.write_row(
            fields, _values(book, study, row), style="reported" if row["reported"] else ""
        )
    if len(rows):
        sheet.bars(first, sheet.row - 1, 9)
        sheet.filter(header, len(fields))
    formulas = [(n, definition(study.plan, n)) for n in rows["definition"].unique()]
    sheet.row += 1
    _formulas(book, sheet, formulas)
    sheet.finish(header, frozen=0)


def _fields(book: Book) -> list[Field]:
    """Describe the columns of a coverage sheet."""
    said, language = book.said, book.language
    names = {c.name: c.label(language) for c in COVERAGE}
    return [
        Field(said("definition"), widest=40), Field(said("reading_of_area"), widest=38),
        Field(said("scope"), widest=16), Field(said("cohort"), widest=24), Field(said("year"), "0"),
        Field(said("at"), widest=12), Field(names["numerator"], "#,##0.0"),
        Field(names["denominator"], "#,##0.0"), Field(said("unit"), widest=10),
        Field(said("rate"), "0.0%"), Field(names["rate_low"], "0.0%"),
        Field(names["rate_high"], "0.0%"), Field(names["target"], "0.0%"),
        Field(said("gap"), "+0.0%;-0.0%;0.0%"),
        Field(names["buildings"], "#,##0"), Field(names["buildings_with_pv"], "#,##0"),
        Field(said("flagged"), "#,##0"),
    ]  # fmt: skip


def _values(book: Book, study: Study, row: dict[str, Any]) -> list[Any]:
    """Write one rate out; 0/0 is said to be unknown."""
    language = book.language
    unknown = is_unknown(row["rate"])
    gap = None if unknown or is_unknown(row["target"]) else row["rate"] - row["target"]
    reading = (
        "–" if row["reading"] in ("-", "none", "") else label("reading", row["reading"], language)
    )
    flagged = row["flagged_ids"] if isinstance(row["flagged_ids"], list | tuple) else []
    return [
        definition_name(study.plan, row["definition"]), reading,
        label("scope", row["scope"], language), label("cohort", row["cohort"], language),
        row["year"], pd.Timestamp(row["at"]), row["numerator"], row["denominator"],
        row["unit"] if row["unit"] not in ("", "1") else book.said("unit_buildings"),
        Cell(book.said("unknown"), "unknown") if unknown else row["rate"],
        row["rate_low"], row["rate_high"], row["target"], gap,
        row["buildings"], row["buildings_with_pv"], len(flagged),
    ]  # fmt: skip


def _reported_panel(book: Book, sheet: Sheet, study: Study, row: dict[str, Any]) -> None:
    """Show the reported rate large, with everything that defines it."""
    said, language = book.said, book.language
    about = definition(study.plan, row["definition"])
    rate = said("unknown") if is_unknown(row["rate"]) else f"{row['rate']:.1%}"
    target = said("unknown") if is_unknown(row["target"]) else f"{row['target']:.0%}"
    facts = {
        "rate": rate, "target": target, "year": row["year"], "at": row["at"].date().isoformat(),
        "numerator": f"{row['numerator']:,.1f}", "denominator": f"{row['denominator']:,.1f}",
        "unit": row["unit"] if row["unit"] not in ("", "1") else said("unit_buildings"),
        "definition": definition_name(study.plan, row["definition"]),
        "formula": about.get(f"formula_{language}", ""),
        "source": definition_source(study.plan, row["definition"]),
        "cohort": label("cohort", row["cohort"], language),
        "reading": label("reading", row["reading"], language),
        "scope": label("scope", row["scope"], language),
    }  # fmt: skip
    sheet.sheet.set_row(sheet.row, 32)
    sheet.line(said("panel_rate", **facts), "figure")
    lines = ["panel_definition", "panel_numbers", "panel_source"]
    if not is_unknown(row["rate_low"]) and not is_unknown(row["rate_high"]):
        lines.insert(2, "panel_interval")
        facts |= {"low": f"{row['rate_low']:.1%}", "high": f"{row['rate_high']:.1%}"}
    for line in lines:
        sheet.line(said(line, **facts))
    sheet.row += 1


def _formulas(book: Book, sheet: Sheet, definitions: list[tuple[str, dict[str, Any]]]) -> None:
    """Print formula and source of every definition below the table."""
    sheet.line(book.said("formulas"), "section")
    for name, about in definitions:
        facts = {
            "name": about.get(book.language, name),
            "formula": about.get(f"formula_{book.language}", ""),
            "source": cited(about, book.language),
        }
        sheet.line(book.said("formula_line", **facts))


def write_reported(book: Book, study: Study) -> None:
    """List the buildings behind the reported rate."""
    said, language = book.said, book.language
    head = headline(study.coverage)
    columns = (
        "name",
        "owner_type",
        "department",
        "subdistrict",
        "completed_on",
        "footprint_area_m2",
    )
    specs = [BUILDINGS[c] for c in columns]
    fields = [Field(said("building_id"), widest=24)]
    fields += [Field(s.label(language), "#,##0" if s.unit else "General", 30) for s in specs]
    fields += [Field(said(n), "#,##0.0", 16) for n in ("existing_kwp", "in_numerator", "flagged")]
    note = (
        said("reported_none")
        if head is None
        else said("reported_note", year=head["year"], at=head["at"].date())
    )
    sheet = Sheet(book, said("sheet.reported"), said("reported_title"), note, len(fields))
    header = sheet.header(fields)
    for row in _reported_rows(study, head) if head else []:
        values = [
            row[c] if not s.words else word(row[c], c, language)
            for c, s in zip(columns, specs, strict=True)
        ]
        marks = [
            Cell(word(row[m], "eligible", language), row[m]) for m in ("in_numerator", "flagged")
        ]
        sheet.write_row(fields, [row["building_id"], *values, row["existing_kwp"], *marks])
    sheet.filter(header, len(fields))
    sheet.finish(header, frozen=2)


def _reported_rows(study: Study, head: dict[str, Any]) -> list[dict[str, Any]]:
    """Gather what is known of the buildings of the reported rate, and of those left out of it."""
    counted, with_pv, flagged = (
        list(head[n]) for n in ("denominator_ids", "numerator_ids", "flagged_ids")
    )
    ids = [i for i in dict.fromkeys([*counted, *flagged]) if i in study.buildings.index]
    rows = study.buildings.loc[ids].drop(columns=study.buildings.geometry.name).reset_index()
    installed = _installed(study)
    rows["existing_kwp"] = rows["building_id"].map(installed)
    rows["in_numerator"] = ["yes" if i in set(with_pv) else "no" for i in rows["building_id"]]
    rows["flagged"] = ["yes" if i in set(flagged) else "no" for i in rows["building_id"]]
    rows = rows.sort_values(
        ["in_numerator", "completed_on", "building_id"],
        ascending=[False, True, True],
        kind="stable",
    )
    return records(rows)


def _installed(study: Study) -> dict[Any, float]:
    """Add up the registered capacity [kWp] that is connected, by building."""
    projects = study.projects
    if not {"building_id", "stage", "capacity_kwp"} <= set(projects.columns):
        return {}
    live = projects[projects["stage"].isin(["connected", "operating"])]
    sums = live.groupby("building_id")["capacity_kwp"].sum(min_count=1)
    return {k: float(v) for k, v in sums.items()}
