"""The verdict workbook: what goes back to whoever sent the spreadsheet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from hexi_solar.importing.columns import Reading, fingerprint
from hexi_solar.importing.kinds import Kind
from hexi_solar.importing.match import NOBODY
from hexi_solar.importing.pages import A3, COLOURS, YELLOW, Pages, fitted, lines_needed
from hexi_solar.importing.proposal import Proposal, RowVerdict, SheetProposal
from hexi_solar.importing.verdicts import ASKED, CHANGED, NEW, PASSED, REFUSED, VERDICTS, Change
from hexi_solar.labels import catalogue, column_label, text
from hexi_solar.schema import TABLES, ColumnSpec

_REASON_WIDTH = 52
_LEAST, _MOST = 9, 30
_ANSWER = 5  # column of the answers on the sheet of columns


def verdict_workbook(
    proposal: Proposal, path: Path, language: str, *, today: dt.date, recorded: bool = False
) -> Path:
    """
    Write what an import would do, row by row, as a workbook to send back.

    Parameters
    ----------
    proposal
        Of `propose`.
    path
        Where to; its folder exists.
    language
        ``"zh"`` or ``"en"``.
    today
        The day as of which the file was checked.
    recorded
        The events were recorded since.

    Returns
    -------
    path
        Of the workbook.
    """
    pages = Pages(language, text("importing.about.title", language), today)
    _about(pages, proposal, today, recorded)
    for sheet in proposal.sheets:
        _verdicts(pages, sheet)
    if proposal.questions:
        _matches(pages, proposal)
    if any(sheet.reading for sheet in proposal.sheets):
        _columns(pages, proposal)
    pages.save(path)
    return path


def _head(language: str, *names: str) -> list[str]:
    return [text(f"importing.head.{name}", language) for name in names]


# -------------------------------------------------------------------------------- about


def _about(pages: Pages, proposal: Proposal, today: dt.date, recorded: bool) -> None:
    """Say what this is, what came out, and how to go on."""
    language = pages.language

    def say(name: str, **fields: Any) -> str:
        return text(f"importing.about.{name}", language, **fields)

    sheet = pages.sheet(text("importing.sheet.about", language), say("title"))
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 20)
    sheet.set_column(2, 2, 70)
    plain, strong = pages.format(), pages.format(bold=True, font_size=12)
    lines = [say("what"), say("file", file=proposal.file), say("sha256", sha256=proposal.sha256)]
    lines += [say("day", day=today.isoformat()), say("rule")]
    for row, line in enumerate(lines, start=2):
        sheet.write_string(row, 0, line, plain)
    row = len(lines) + 3
    look = pages.format(bold=True, font_size=12, font_color=_colour(proposal))
    sheet.write_string(row, 0, _result(proposal, language, recorded), look)
    if not proposal.acceptable:
        row += 1
        sheet.merge_range(row, 0, row, 2, say("how"), pages.format(text_wrap=True, valign="top"))
        sheet.set_row(row, 32)
    row += 2
    sheet.write_string(row, 0, say("verdicts"), strong)
    for at, head in enumerate(_head(language, "verdict", "count", "meaning")):
        sheet.write_string(row + 1, at, head, pages.header)
    row += 2
    for verdict in VERDICTS:
        ground, ink = COLOURS[verdict]
        name = text(f"importing.verdict.{verdict}", language)
        sheet.write_string(row, 0, name, pages.body(bg_color=ground, font_color=ink, bold=True))
        sheet.write_number(row, 1, proposal.counts.get(verdict, 0), pages.body(align="center"))
        sheet.write_string(row, 2, text(f"importing.meaning.{verdict}", language), pages.body())
        row += 1
    row += 1
    sheet.write_string(row, 0, say("sheets"), strong)
    for at, head in enumerate(_head(language, "sheet", "kind", "count")):
        sheet.write_string(row + 1, at, head, pages.header)
    row += 2
    for part in proposal.sheets:
        title = part.title or text("importing.sheet.csv", language)
        sheet.write_string(row, 0, title, pages.body())
        sheet.write_string(row, 1, text(f"importing.kind.{part.kind}", language), pages.body())
        sheet.write_number(row, 2, len(part.rows), pages.body(align="left"))
        row += 1
    if proposal.notices:
        row += 1
        sheet.write_string(row, 0, say("noticed"), strong)
        for problem in proposal.notices:
            row += 1
            sheet.write_string(row, 0, "· " + problem.message(language), plain)


def _result(proposal: Proposal, language: str, recorded: bool) -> str:
    """Say in one line what came out."""
    counts, events = proposal.counts, len(proposal.events)
    if not proposal.acceptable:
        facts = {"refused": counts.get(REFUSED, 0), "asked": counts.get(ASKED, 0)}
        return text("importing.about.stopped", language, **facts)
    name = "done" if recorded and events else "ready" if events else "nothing"
    name = name if any(True for _ in proposal) else "no_rows"
    return text(f"importing.about.{name}", language, events=events)


def _colour(proposal: Proposal) -> str:
    return COLOURS[NEW if proposal.acceptable else REFUSED][1]


# ------------------------------------------------------------------------------- verdicts


def _verdicts(pages: Pages, part: SheetProposal) -> None:
    """Write the rows of one sheet with verdict and reason before the file's own columns."""
    language = pages.language
    name = _sheet_name(pages, part.title or text("importing.sheet.csv", language))
    title = f"{part.title or text('importing.sheet.csv', language)} · {text(f'importing.kind.{part.kind}', language)}"
    # titles stay: they may name the unit or the year of the whole sheet
    above = part.reading.grid.above if part.reading else ()
    sheet = pages.sheet(name, title, "；".join(above))
    kept = [at for at, head in enumerate(part.heads) if head or _filled(part, at)]
    heads = [*_head(language, "row", "verdict", "reason"), *(part.heads[at] for at in kept)]
    pages.table(sheet, 2, heads, frozen=3)
    if len(heads) > 10:
        sheet.set_paper(A3)
    sheet.set_column(0, 0, 7)
    sheet.set_column(1, 1, 11)
    sheet.set_column(2, 2, _REASON_WIDTH)
    for at, column in enumerate(kept, start=3):
        shown = [
            part.cells[r.row][column]
            for r in part.rows
            if r.verdict != PASSED and column < len(part.cells[r.row])
        ]
        sheet.set_column(at, at, fitted([part.heads[column], *shown], _LEAST, _MOST))
    for number, verdict in enumerate(part.rows, start=3):
        _row(pages, sheet, number, verdict, part, kept)
    sheet.autofilter(2, 0, 2 + len(part.rows), len(heads) - 1)


def _row(
    pages: Pages, sheet: Any, number: int, row: RowVerdict, part: SheetProposal, kept: list[int]
) -> None:
    """Write one row."""
    language = pages.language
    ground, ink = COLOURS[row.verdict]
    coloured = pages.body(bg_color=ground, font_color=ink)
    said = reasons_of(row, language)
    name = text(f"importing.verdict.{row.verdict}", language)
    sheet.write_number(number, 0, row.row, pages.body(align="center"))
    sheet.write_string(number, 1, name, pages.body(bg_color=ground, font_color=ink, bold=True))
    sheet.write_string(number, 2, said, coloured)
    cells = part.cells[row.row]
    for at, column in enumerate(kept, start=3):
        value = cells[column] if column < len(cells) else None
        wraps = row.verdict != PASSED
        left = {"align": "left", "indent": 1} if isinstance(value, str) else {"align": "right"}
        pages.write(sheet, number, at, value, pages.body(text_wrap=wraps, **left))
    sheet.set_row(number, max(18, 15 * lines_needed(said, _REASON_WIDTH)))


def _filled(part: SheetProposal, at: int) -> bool:
    return any(at < len(c) and c[at] not in (None, "") for c in part.cells.values())


def _sheet_name(pages: Pages, title: str) -> str:
    """Make a name of a sheet that a workbook takes, and that is not there yet."""
    plain = "".join("_" if c in "[]:*?/\\" else c for c in title).strip("'")[:28] or "1"
    taken = {s.get_name().lower() for s in pages.book.worksheets()}
    reserved = {t.lower() for n in ("about", "columns", "matches")
                for t in catalogue()[f"importing.sheet.{n}"].values()}  # fmt: skip
    name, number = plain, 1
    while name.lower() in taken | reserved:
        number += 1
        name = f"{plain}-{number}"
    return name


def reasons_of(row: RowVerdict, language: str) -> str:
    """Write why a row is refused, what would change, and what was noticed, a line each."""
    lines = [p.message(language) for p in row.reasons]
    lines += [_change(c, language) for c in row.changes if row.verdict != "same"]
    lines += [p.message(language) for p in row.notes]
    if row.verdict == CHANGED and not lines:
        lines = [text("importing.meaning.changed", language)]
    return "\n".join(lines)


def _change(change: Change, language: str) -> str:
    """Write one change: field, old, new."""
    month, _, field = change.field.rpartition(" ")
    old, new = (_said(field, value, language) for value in (change.old, change.new))
    name = field_name(field, language)
    between = "：" if language == "zh" else ": "
    return f"{month} {name}{between}{old} → {new}".strip()


def _said(field: str, value: Any, language: str) -> str:
    """Write one value of a change."""
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.12g}"
    return column_label(field, value, language)


def field_name(field: str, language: str) -> str:
    """Name one of our columns."""
    spec = _spec(field)
    if spec is not None:
        return spec.label(language)
    entry = catalogue().get(f"enum.stage.{field}")
    return entry[language] if entry else field


def _spec(field: str) -> ColumnSpec | None:
    names = (
        "register",
        "building_facts",
        "readings",
        "diagnoses",
        "trackers",
        "equipment",
        "ledger",
    )
    found = (c for n in names for c in TABLES[n] if c.name == field)
    return next(found, None)


# --------------------------------------------------------------------- questions, columns


def _matches(pages: Pages, proposal: Proposal) -> None:
    """Ask for the buildings that are not certain."""
    language = pages.language

    def say(name: str) -> str:
        return text(f"importing.matches.{name}", language)

    sheet = pages.sheet(text("importing.sheet.matches", language), say("title"), say("note"))
    pages.table(sheet, 3, _head(language, "row", "says", "candidates", "answer", "key"))
    for column, width in enumerate((9, 42, 60, 30, 20)):
        sheet.set_column(column, column, width)
    asked: dict[str, list[RowVerdict]] = {}
    for row in proposal:
        if row.question is not None:
            asked.setdefault(row.question.asked.key, []).append(row)
    for number, (key, rows) in enumerate(asked.items(), start=4):
        question = rows[0].question
        assert question is not None
        said = question.asked
        words = [said.building_id, said.code, said.name, said.address]
        if said.longitude is not None and said.latitude is not None:
            words.append(f"{said.longitude}, {said.latitude}")
        sheet.write_string(number, 0, ", ".join(str(r.row) for r in rows), pages.body())
        sheet.write_string(number, 1, "，".join(w for w in words if w), pages.body())
        sheet.write_string(number, 2, "\n".join(question.shown) or "–", pages.body())
        sheet.write_blank(number, 3, None, pages.body(bg_color=YELLOW))
        sheet.write_string(number, 4, key, pages.body(font_color="#9CA3AF", font_size=8))
        sheet.set_row(number, 16 * max(1, len(question.shown)))
        choices = [*question.shown, NOBODY]
        if sum(len(c) + 1 for c in choices) < 250 and not any("," in c for c in choices):
            rule = {"validate": "list", "source": choices, "error_type": "warning"}
            sheet.data_validation(number, 3, number, 3, rule)


def _columns(pages: Pages, proposal: Proposal) -> None:
    """Show which column was taken for which, to be put right where it is wrong."""
    language = pages.language

    def say(name: str) -> str:
        return text(f"importing.columns.{name}", language)

    sheet = pages.sheet(text("importing.sheet.columns", language), say("title"), say("note"))
    heads = ("sheet", "theirs", "sample", "ours", "unit", "answer", "kind_key", "header_key")
    pages.table(sheet, 3, _head(language, *heads))
    for column, width in enumerate((16, 24, 22, 34, 10, 22, 12, 20)):
        sheet.set_column(column, column, width)
    number, lists = 4, _write_choices(pages, sheet, proposal)
    for part in proposal.sheets:
        if part.reading is None:
            continue
        for at, head in enumerate(part.heads):
            if head:
                _column(pages, sheet, number, part, part.reading, at)
                rule = {"validate": "list", "source": lists[part.kind], "error_type": "warning"}
                sheet.data_validation(number, _ANSWER, number, _ANSWER, rule)
                number += 1


def _write_choices(pages: Pages, sheet: Any, proposal: Proposal) -> dict[str, str]:
    """List the columns of the register beside the table; return where, for each kind."""
    lists: dict[str, str] = {}
    for part in proposal.sheets:
        if part.reading is None or part.kind in lists:
            continue
        column = _ANSWER + 4 + 3 * len(lists)
        title = text(f"importing.kind.{part.kind}", pages.language)
        sheet.merge_range(3, column, 3, column + 1, title, pages.header)
        sheet.set_column(column, column + 1, 24)
        kind, faint = part.reading.kind, pages.body(font_color="#6B7280")
        choices = _choices(kind)
        for number, name in enumerate(choices, start=4):
            sheet.write_string(number, column, name, faint)
            sheet.write_string(number, column + 1, _meaning(kind, name, pages.language), faint)
        letter = xl_col_to_name(column)
        lists[part.kind] = f"=${letter}$5:${letter}${4 + len(choices)}"
    return lists


def _meaning(kind: Kind, name: str, language: str) -> str:
    """Name one choice for people."""
    if name not in kind.columns:
        return text("importing.columns.unused", language)
    part = name.removeprefix("capacity_kwp_") if name.startswith("capacity_kwp_") else ""
    shown = field_name(kind.columns[name].name, language)
    if shown == name:
        entry = catalogue().get(f"importing.column.{name}")
        shown = entry[language] if entry else name
    return f"{shown}, {field_name(part, language)}" if part else shown


def _column(
    pages: Pages, sheet: Any, number: int, part: SheetProposal, reading: Reading, at: int
) -> None:
    """Write one column of the file."""
    language, key = pages.language, fingerprint(reading.grid.heads)
    ours, unit = _taken_for(reading, at, language)
    samples = [c[at] for r, c in part.cells.items() if r in reading.grid.rows and c[at] is not None]
    faint = pages.body(font_color="#9CA3AF", font_size=8)
    sheet.write_string(number, 0, part.title, pages.body())
    sheet.write_string(number, 1, part.heads[at], pages.body())
    pages.write(sheet, number, 2, samples[0] if samples else None, pages.body(align="left"))
    sheet.write_string(number, 3, ours, pages.body())
    sheet.write_string(number, 4, unit, pages.body())
    sheet.write_blank(number, _ANSWER, None, pages.body(bg_color=YELLOW))
    sheet.write_string(number, 6, part.kind, faint)
    sheet.write_string(number, 7, key, faint)


def _taken_for(reading: Reading, at: int, language: str) -> tuple[str, str]:
    """Say what a column was taken for, and in which unit."""
    for placed in reading.placed:
        if at == placed.at or at in placed.also:
            name = _meaning(reading.kind, placed.ours, language)
            shown = f"{name} ({placed.ours})"
            if placed.month:
                month = placed.month.replace("0000-", "")
                shown = text("importing.columns.month", language, month=month, ours=name)
            return shown, placed.unit
    name = "contact" if at in reading.contacts.values() else "unused"
    return text(f"importing.columns.{name}", language), ""


def _choices(kind: Kind) -> list[str]:
    return ["-", *kind.columns]
