"""What the web office is handed by the command line, since a seam knows no other seam.

Each service is a callable; one that is missing takes its page away with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hexi_solar.errors import Problem
from hexi_solar.ledger import Event

if TYPE_CHECKING:
    from hexi_solar.office.store import Register


@dataclass(frozen=True)
class Question:
    """Which of several things a row of an upload is about."""

    key: str
    asked: str
    """What the file says."""
    choices: Sequence[tuple[str, str]]
    """Id and how it is shown."""


@dataclass(frozen=True)
class Preview:
    """What an upload would change."""

    rows: pd.DataFrame
    """One row per row of the file; `verdict` and what else there is to say, to be shown as it is."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows per verdict."""
    events: Sequence[Event] = ()
    """What would be recorded."""
    accepted: bool = False
    """Nothing was refused and nothing is to be asked: it may be recorded, all of it."""
    take_over: bool = False
    """The events keep the clock and the clerks that they name."""
    head: tuple[int, str] | None = None
    """Place and hash of the last event that the file was held against."""
    questions: Sequence[Question] = ()
    """What must be answered before it may be recorded."""
    contacts: Sequence[tuple[str, str, dict[str, str]]] = ()
    """People named in the file: kind of thing, thing, and role, name, phone, email, note."""
    remember: Callable[[], None] | None = None
    """Called once the events are recorded: what was decided need not be asked again."""
    workbook: bytes = b""
    """The verdicts as a workbook to send back."""
    notices: Sequence[str] = ()
    """What was left out or guessed while reading, as sentences."""


@dataclass(frozen=True)
class Sent:
    """What came with an upload."""

    name: str
    """Under which the file was sent."""
    reason: str = ""
    """Why facts on file are corrected."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """To questions: key = id."""


@dataclass(frozen=True)
class Rates:
    """Coverage rates as the register stands, as far as they are worked out."""

    table: pd.DataFrame
    """As `schema.COVERAGE`."""
    waiting: Sequence[int] = ()
    """Years that are still being worked out."""
    problems: Sequence[Problem] = ()
    """Why there are none, or not those of a year."""


@dataclass(frozen=True)
class Services:
    """What the pages ask of the rest of the program."""

    coverage: Callable[[Register], Rates] | None = None
    """Rates per year; answers at once."""
    preview_import: Callable[[Register, Path, Sent], Preview] | None = None
    """Reads an uploaded file."""
    title: str = ""
    """Of the plan."""
    synthetic: bool = False
    """Demonstration data: said on every page."""


_handed: dict[str, Services] = {"services": Services()}


def hand_over(services: Services) -> None:
    """Give the pages what they may ask for."""
    _handed["services"] = services


def services() -> Services:
    """Return what was handed over."""
    return _handed["services"]
