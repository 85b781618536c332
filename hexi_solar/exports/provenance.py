"""Where every number is from: files, software, settings, facts, and what was assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hexi_solar.config import Plan
from hexi_solar.exports.record import plain, plan_record
from hexi_solar.exports.sheets import Book, Cell, Field, Sheet
from hexi_solar.exports.words import unit_name
from hexi_solar.facts import Fact, all_facts
from hexi_solar.labels import catalogue, label, text
from hexi_solar.study import Study

LEVELS = ("refused", "warning", "left_out", "repaired", "assumed", "info")


def write_provenance(book: Book, study: Study) -> None:
    """Write one section per kind of origin on one sheet."""
    said = book.said
    widths = (40, 60, 14, 11, 66, 26)
    fields = [Field("", widest=w) for w in widths]
    name, note = said("sheet.provenance"), said("provenance_note")
    sheet = Sheet(book, name, name, note, len(fields))
    sheet.row += 1
    sheet.most_lines = 12
    sections = (
        ("notices", _notices(book, study)),
        ("inputs", _inputs(study.record.get("inputs"))),
        ("settings", _settings(book, study.plan)),
        ("versions", sorted(plain(study.record.get("versions") or {}).items())),
    )
    for name, rows in sections:
        _section(book, sheet, fields[:2], name, [f"{name}_1", f"{name}_2"], list(rows))
    _facts(book, sheet, fields)
    sheet.finish()


def _section(
    book: Book, sheet: Sheet, fields: list[Field], name: str, heads: list[str], rows: list[Any]
) -> None:
    """Write one section: its name, its header, its rows; an empty one says so."""
    sheet.line(book.said(f"provenance.{name}"), "section")
    if not rows:
        sheet.line(book.said("none"), "note")
    else:
        names = [book.said(f"provenance.{h}") for h in heads]
        named = [Field(n, widest=f.widest) for n, f in zip(names, fields, strict=True)]
        sheet.header(named)
        for row in rows:
            sheet.write_row(named, row)
    sheet.row += 1


def _notices(book: Book, study: Study) -> Iterator[list[Any]]:
    """Say what was noticed, the gravest first."""
    order = {level: i for i, level in enumerate(LEVELS)}
    for notice in sorted(study.notices, key=lambda n: order[n.level]):
        style = "assumed" if notice.level == "assumed" else ""
        level = text(f"exports.level.{notice.level}", book.language)
        yield [Cell(level, style), Cell(notice.message(book.language), style)]


def _inputs(inputs: Any) -> list[tuple[str, str]]:
    """List the files read and their sha256, however the record keeps them."""
    if isinstance(inputs, Mapping):
        return sorted((str(k), str(v)) for k, v in inputs.items())
    return sorted((str(i.get("path")), str(i.get("sha256"))) for i in inputs or [])


def _settings(book: Book, plan: Plan) -> list[tuple[str, str]]:
    """List the settings that differ from the defaults, by their names in `plan.toml`."""
    given, usual = _flat(plan_record(plan)), _flat(plan_record(Plan(as_of=plan.as_of)))
    other = [k for k, v in given.items() if usual.get(k, "") != v and k != "path"]
    return [(k, str(_shown(book, given[k]))) for k in other]


def _shown(book: Book, value: Any) -> Any:
    """Write a value of any kind for people; numbers stay numbers."""
    if isinstance(value, bool):
        return label("yes_no", "yes" if value else "no", book.language)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} = {v}" for k, v in value.items())
    return ", ".join(str(v) for v in value) if isinstance(value, list) else value


def _flat(tree: Any, path: str = "") -> dict[str, Any]:
    """Name every leaf of a tree of settings by its path."""
    if isinstance(tree, Mapping):
        named = ((f"{path}.{k}" if path else str(k), v) for k, v in tree.items())
    elif isinstance(tree, list) and any(isinstance(v, Mapping) for v in tree):
        named = ((f"{path}[{i}]", v) for i, v in enumerate(tree))
    else:
        return {path: tree}
    return {key: leaf for name, node in named for key, leaf in _flat(node, name).items()}


def _facts(book: Book, sheet: Sheet, fields: list[Field]) -> None:
    """List every fact with its origin, file by file."""
    sheet.line(book.said("provenance.facts"), "section")
    sheet.line(book.said("provenance.facts_note"), "note")
    heads = ("fact", "value", "unit", "year", "source", "confidence")
    names = [book.said(f"provenance.{h}") for h in heads]
    named = [Field(n, widest=f.widest) for n, f in zip(names, fields, strict=True)]
    sheet.header(named)
    subject = ""
    for fact in all_facts().values():
        file, _, _ = fact.key.partition(".")
        if file != subject:
            heading = label("facts", file, book.language)
            sheet.write_row(named, [heading, f"facts/{file}.toml", *[None] * 4], style="group")
            subject = file
        sheet.write_row(named, _fact(book, fact))


def _fact(book: Book, fact: Fact) -> list[Any]:
    """Write one fact out; what is only recalled, or chosen, looks assumed."""
    known = f"exports.confidence.{fact.confidence}"
    sure = text(known, book.language) if known in catalogue() else fact.confidence
    style = "assumed" if fact.confidence.startswith(("recalled", "chosen")) else ""
    unit, source = unit_name(fact.unit, book.language), fact.cited(book.language)
    value = _shown(book, plain(fact.value))
    name = fact.name(book.language) or fact.key
    return [name, value, unit, fact.year, source, Cell(sure, style)]
