"""`retrofit.xlsx` and the tables behind it; the workbook of a year's tasks.

One sheet per question. A building without a meter is in grey italics throughout: all that
is said of it rests on a benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from hexi_solar.exports.provenance import write_provenance
from hexi_solar.exports.sheets import A3, Book, Cell, Field, Sheet
from hexi_solar.exports.tables import is_unknown, records, write_table
from hexi_solar.exports.words import reasons, title, word
from hexi_solar.exports.workbook import number_format
from hexi_solar.labels import label, text
from hexi_solar.schema import TABLES, ColumnSpec
from hexi_solar.study import Renewal

SHEETS = (
    "unit_plans", "demand", "measures", "packages", "roof_claims", "economics", "sensitivity",
    "storage", "readiness", "contracts", "diagnosis_choice", "energy_limits", "demand_response",
    "solar_heating", "equipment_roadmap", "tracker_status",
)  # fmt: skip
RATES = (
    "saving_rate", "saving_ratio", "share", "self_use_share", "self_sufficiency", "pv_share",
    "daytime", "dc_load", "storage_room", "feeder", "control", "known_share", "readiness", "irr",
    "owner_irr", "contractor_irr", "share_needed",
)  # fmt: skip
FINE = {
    "electricity_kwh_m2": "0.0", "heat_gj_m2": "0.00", "guide_kwh_m2": "0.0", "constraint_kwh_m2": "0.0",
    "lcoe_cny_kwh": "0.000", "self_use_cny_kwh": "0.000", "surplus_cny_kwh": "0.000",
    "co2_kg_kwh": "0.000", "low": "0.00", "high": "0.00", "efficiency_grade": "0", "entry_grade": "0", "count": "0",
    "saving_points": "0.000", "learned_points": "0.000", "fairness_points": "0.000", "points": "0.000",
}  # fmt: skip
YEARS = ("year", "co2_year", "life_end", "replace_year", "target_year")
FIRST = {"unit_plans": "npv_cny", "economics": "npv_cny", "readiness": "readiness"}
"""By which column a sheet begins with its largest."""
PRINTED = 24
"""Columns of a sheet that go to paper; the others follow for whoever filters on screen."""


def write_retrofit(found: Renewal, tasks: pd.DataFrame, folder: Path) -> None:
    """Write every table as Parquet, and the workbook in the language of the plan."""
    for name, table in (found.tables | {"cash_flows": found.cash_flows, "tasks": tasks}).items():
        write_table(table, folder / f"{name}.parquet")
    book = Book(found.study.plan, text("retrofit.subject", found.study.plan.language))
    _about(book, found, (*SHEETS, "tasks"))
    assumed = _assumed(found)
    for name in SHEETS:
        _table(book, name, found.tables[name], found, assumed)
    _tasks(book, tasks)
    notices = (*found.study.notices, *found.notices)
    write_provenance(book, replace(found.study, notices=notices))
    book.save(folder / "retrofit.xlsx")


def write_tasks(found: Renewal, tasks: pd.DataFrame, year: int, path: Path) -> None:
    """Write the workbook of a year's tasks."""
    book = Book(found.study.plan, _said_in(found, "tasks_title", year=year))
    _tasks(book, tasks, year)
    book.save(path)


def _said_in(found: Renewal, key: str, **fields: Any) -> str:
    return text(f"retrofit.{key}", found.study.plan.language, **fields)


def _said(book: Book, key: str, **fields: Any) -> str:
    return text(f"retrofit.{key}", book.language, **fields)


def _assumed(found: Renewal) -> set[str]:
    """Return the buildings whose use no meter shows."""
    source = found.demand["electricity_source"]
    return {str(i) for i in source.index[source != "measured"]}


def _about(book: Book, found: Renewal, names: Iterable[str]) -> None:
    """Open with what the workbook is, its main figures and its sheets."""
    fields = [
        Field("", widest=30),
        Field("", "#,##0", widest=18),
        Field("", widest=12),
        Field("", widest=90),
    ]
    plan = book.plan
    note = book.said("note", day=plan.today.isoformat(), stamp=plan.map.stamp)
    sheet = Sheet(
        book, _said(book, "sheet.about"), f"{title(plan)} · {_said(book, 'subject')}", note, 4
    )
    sheet.line(_said(book, "about"))
    sheet.row += 1
    sheet.line(_said(book, "figures"), "section")
    for key, value, unit in figures(found):
        sheet.write_row(
            fields,
            [
                Cell(_said(book, f"figure.{key}"), "group"),
                Cell(value, "zero" if isinstance(value, int) else "one"),
                unit,
                None,
            ],
        )
    sheet.row += 1
    sheet.line(_said(book, "sheets"), "section")
    for name in names:
        row = sheet.row
        sheet.write_row(fields, [None, None, None, _said(book, f"note.{name}")])
        sheet.link(row, 0, _said(book, f"sheet.{name}"))
    sheet.row += 1
    sheet.line(book.said("reading"), "section")
    for number in range(1, 5):
        sheet.line(_said(book, f"reading_{number}"), "assumed" if number == 1 else "")
    sheet.finish()


def figures(found: Renewal) -> list[tuple[str, float, str]]:
    """Collect the main figures: key, value, unit."""
    plans, demand = found.unit_plans, found.demand
    english = found.study.plan.language == "en"
    money, count = ("million CNY", "") if english else ("百万元", "栋")
    return [
        ("buildings", len(demand), count),
        ("use_measured", int((demand["electricity_source"] == "measured").sum()), count),
        ("electricity_kwh", demand["electricity_kwh"].sum() / 1e6, "GWh"),
        ("heat_gj", demand["heat_gj"].sum() / 1e3, "TJ"),
        ("electricity_saved_kwh", plans["electricity_saved_kwh"].sum() / 1e6, "GWh"),
        ("heat_saved_gj", plans["heat_saved_gj"].sum() / 1e3, "TJ"),
        ("capacity_kwp", plans["capacity_kwp"].sum() / 1e3, "MWp"),
        ("energy_ac_kwh", plans["energy_ac_kwh"].sum() / 1e6, "GWh"),
        ("cost_cny", plans["cost_cny"].sum() / 1e6, money),
        ("value_cny_a", plans["value_cny_a"].sum() / 1e6, money),
        ("npv_cny", plans["npv_cny"].sum() / 1e6, money),
        ("co2_t", plans["co2_t"].sum(), "tCO₂"),
        ("diagnoses", len(found.diagnosis_choice), count),
    ]


def _format(spec: ColumnSpec) -> str:
    """Choose the number format of a column."""
    if spec.name in RATES:
        return "0.0%"
    if spec.name in YEARS:
        return "0"
    return FINE.get(spec.name) or ("#,##0" if spec.unit.startswith("CNY") else number_format(spec))


def _table(book: Book, name: str, table: pd.DataFrame, found: Renewal, assumed: set[str]) -> None:
    """Write one table on a sheet of its own, with the names of its buildings."""
    declared, language = TABLES[name], book.language
    if name in FIRST:
        table = table.sort_values(FIRST[name], ascending=False, kind="stable")
    rows = table.reset_index()
    specs = list(declared)
    front = _front(book, declared.index)
    fields = [*front, *(_field(spec, language, n + len(front)) for n, spec in enumerate(specs))]
    sheet = Sheet(
        book,
        _said(book, f"sheet.{name}"),
        _said(book, f"sheet.{name}"),
        _said(book, f"note.{name}"),
        min(len(fields), PRINTED),
    )
    if rows.empty:
        sheet.line(_said(book, "empty"))
        sheet.finish()
        return
    header = sheet.header(fields)
    names = found.study.buildings["name"]
    for row in records(rows):
        first = _first(row, declared.index, names, language)
        guessed = str(row.get("building_id")) in assumed
        values = [_cell(row[spec.name], spec, language) for spec in specs]
        sheet.write_row(fields, [*first, *values], style="assumed" if guessed else "")
    sheet.filter(header, len(fields))
    sheet.finish(header, min(len(fields), PRINTED), frozen=min(2, len(front)), paper=A3)


def _front(book: Book, index: tuple[str, ...]) -> list[Field]:
    """Describe the columns of an index; a building has its name beside its id."""
    fields = []
    for name in index:
        if name == "building_id":
            fields += [
                Field(book.said("building_id"), widest=24),
                Field(_said(book, "name"), widest=30),
            ]
        else:
            fields.append(Field(_said(book, f"index.{name}"), widest=26))
    return fields


def _first(
    row: dict[str, Any], index: tuple[str, ...], names: pd.Series, language: str
) -> list[Any]:
    """Write the index of one row."""
    cells: list[Any] = []
    for name in index:
        cells.append(label("sensitivity" if name == "parameter" else name, row[name], language))
        if name == "building_id":
            found = names.get(row[name])
            cells[-1] = str(row[name])
            cells.append(None if is_unknown(found) else str(found))
    return cells


def _field(spec: ColumnSpec, language: str, at: int) -> Field:
    """Describe one column."""
    widest = 44.0 if spec.kind == "list" else 22.0
    return Field(spec.label(language), _format(spec), widest, at < PRINTED)


def _cell(value: Any, spec: ColumnSpec, language: str) -> Any:
    """Write one value for people."""
    if spec.kind == "list":
        return reasons(value, language, spec.name)
    if spec.kind == "bool":
        return label("yes_no", "yes" if value else "no", language)
    if spec.kind == "text" and not is_unknown(value):
        said = word(value, spec.name, language)
        return Cell(said, "assumed") if value == "assumed" else said
    return value


def _tasks(book: Book, tasks: pd.DataFrame, year: int | None = None) -> None:
    """List tasks by department; the same sheet in both workbooks."""
    language, declared = book.language, TABLES["tasks"]
    shown = ("plan_item", "target", "done", "unit", "task_state", "buildings")
    fields = [
        Field(_said(book, "index.department"), widest=28), Field(_said(book, "index.task"), widest=34),
        *(Field(declared[n].label(language), "#,##0", 60.0 if n == "buildings" else 18.0) for n in shown),
    ]  # fmt: skip
    heading = _said(book, "sheet.tasks") if year is None else _said(book, "tasks_title", year=year)
    sheet = Sheet(book, _said(book, "sheet.tasks"), heading, _said(book, "note.tasks"), len(fields))
    header = sheet.header(fields)
    for row in records(tasks.reset_index()):
        state = Cell(label("task_state", row["task_state"], language), _look(row["task_state"]))
        department = row["department"] or _said(book, "nobody")
        cells = {"task_state": state, "buildings": ", ".join(row["buildings"])}
        values = [cells.get(n, row[n]) for n in shown]
        sheet.write_row(fields, [department, label("task", row["task"], language), *values])
    sheet.filter(header, len(fields))
    sheet.finish(header, len(fields), frozen=2, paper=A3)


def _look(state: str) -> str:
    """Choose how a status looks."""
    return {"done": "yes", "under_way": "", "open": "unknown"}.get(state, "no")
