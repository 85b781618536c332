"""From the records of one sheet to verdicts: each row by the judge of its kind, then row against row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hexi_solar.errors import Problem
from hexi_solar.importing.columns import Reading
from hexi_solar.importing.judge_projects import judge_meter, judge_project
from hexi_solar.importing.judge_things import (
    judge_building,
    judge_diagnosis,
    judge_equipment,
    judge_tracker,
)
from hexi_solar.importing.judging import (
    Judge,
)
from hexi_solar.importing.proposal import RowVerdict
from hexi_solar.importing.records import Record
from hexi_solar.importing.verdicts import (
    ASKED,
    CHANGED,
    NEW,
    REFUSED,
)


def judge_sheet(judge: Judge, reading: Reading, records: list[Record]) -> list[RowVerdict]:
    """Judge every row of a sheet."""
    judged = [_judge_row(judge, reading, record) for record in records]
    against: dict[int, list[int]] = {}
    for row in judged:
        for p in row.reasons:
            if p.code == "import_contradiction":
                against.setdefault(p.fields["row"], []).append(row.row)
    return [_with_contradictions(row, against.get(row.row, [])) for row in judged]


def _judge_row(judge: Judge, reading: Reading, record: Record) -> RowVerdict:
    """Judge one row."""
    judge.questions.pop(record.row, None)
    say = {
        "projects": judge_project, "buildings": judge_building, "meters": judge_meter,
        "diagnoses": judge_diagnosis, "trackers": judge_tracker, "equipment": judge_equipment,
    }[reading.kind.name]  # fmt: skip
    entity, outcome = say(judge, reading, record)
    question = judge.questions.get(record.row)
    problems = tuple(
        dict.fromkeys([*map(_hashed, record.problems), *map(_hashed, outcome.problems)])
    )
    reasons = tuple(p.problem for p in problems)
    verdict = outcome.verdict
    if question is not None:
        verdict = ASKED
    if reasons and not (question is not None and all(_is_question(p) for p in reasons)):
        verdict = REFUSED
    kept = outcome.events if verdict in (NEW, CHANGED) else ()
    notes = (*record.notes, *outcome.notes)
    return RowVerdict(record.row, verdict, entity, outcome.changes, reasons, notes, kept, question)


@dataclass(frozen=True)
class _Same:
    """A problem that equals another of the same words."""

    text: str
    problem: Problem = field(compare=False)


def _hashed(problem: Problem) -> _Same:
    return _Same(
        f"{problem.code} {sorted((k, str(v)) for k, v in problem.fields.items())}", problem
    )


def _is_question(problem: Problem) -> bool:
    return problem.code.startswith("import_asked")


def _with_contradictions(row: RowVerdict, others: list[int]) -> RowVerdict:
    """Refuse the first of two rows that contradict each other, too."""
    if not others or any(p.code == "import_contradiction" for p in row.reasons):
        return row
    problem = Problem("import_contradiction", {"row": ", ".join(map(str, others))})
    return replace(row, verdict=REFUSED, reasons=(*row.reasons, problem), events=())
