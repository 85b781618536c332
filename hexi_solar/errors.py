"""What can be wrong, said once and in the reader's language.

A `Problem` names a text of the catalogue (`labels/`) and the facts that fill it; an
error carries all problems of one input together, so that a layer is repaired once.
What did not stop the study, a repair, an assumption, a building left out, is the same
`Problem` with another `level`, kept in `Notices` and shown by `check` and in `run.json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hexi_solar.labels import text

Level = Literal["refused", "warning", "repaired", "left_out", "assumed", "info"]


@dataclass(frozen=True)
class Say:
    """A part of a message that is itself a text of the catalogue."""

    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def message(self, language: str) -> str:
        """Write it out in one language."""
        return text(self.key, language, **_said(self.fields, language))


def _said(fields: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Write out the fields that are texts themselves."""
    return {k: v.message(language) if isinstance(v, Say) else v for k, v in fields.items()}


@dataclass(frozen=True)
class Problem:
    """One thing found in what was given to us.

    `code` is a key below `problem.` in the label catalogue; `fields` fill its text.
    """

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    level: Level = "refused"

    def message(self, language: str = "en") -> str:
        """Write the problem out in one language."""
        return text(f"problem.{self.code}", language, **_said(self.fields, language))


class HexiSolarError(Exception):
    """An error raised on purpose; the command line prints it as one message.

    Parameters
    ----------
    problems
        All that was found, at least one.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__(self.message("en"))

    def message(self, language: str = "en") -> str:
        """Write all problems out, one line each."""
        return "\n".join(f"- {p.message(language)}" for p in self.problems)


class ConfigError(HexiSolarError, ValueError):
    """A plan that cannot be carried out as it is written."""


class LayerError(HexiSolarError, ValueError):
    """A layer or table that cannot be read as what it is said to be."""


class WeatherError(HexiSolarError, ValueError):
    """A weather file that does not describe a year."""


class SchemaError(HexiSolarError, ValueError):
    """A table that breaks its declaration in `schema`."""


class RegisterError(HexiSolarError, ValueError):
    """A register of projects that cannot be read event by event."""


class GateError(HexiSolarError, ValueError):
    """A result that cannot be true; nothing is published."""


class OutputError(HexiSolarError, OSError):
    """Results that could not be written; earlier ones are as they were."""


class Notices:
    """What was noticed on the way and did not stop the study."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, level: Level, code: str, **fields: Any) -> None:
        """Keep one notice."""
        self._problems.append(Problem(code, fields, level))

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def __len__(self) -> int:
        return len(self._problems)

    def of(self, *levels: Level) -> list[Problem]:
        """Return the notices of the levels named, in the order they came."""
        return [p for p in self._problems if p.level in levels]

    def counts(self) -> dict[str, int]:
        """Count the notices per level."""
        return dict(Counter(p.level for p in self._problems))
