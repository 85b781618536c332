"""How a table is declared: its columns, each with kind, unit, range or words, and names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnSpec:
    """One column: its kind, unit, range or words, and its names."""

    name: str
    kind: str  # "text", "float", "int", "bool", "date", "list", "shape"
    zh: str
    en: str
    unit: str = ""
    low: float = float("-inf")
    high: float = float("inf")
    words: tuple[str, ...] = ()
    required: bool = False  # no unknown values

    def label(self, language: str) -> str:
        """Name for people, with the unit."""
        name = self.zh if language == "zh" else self.en
        return f"{name} [{self.unit}]" if self.unit else name


@dataclass(frozen=True)
class Table:
    """One table: its index and columns."""

    name: str
    index: tuple[str, ...]
    zh: str
    en: str
    columns: tuple[ColumnSpec, ...]
    geometry: ColumnSpec | None = None  # the shapes, if the table has any

    def __iter__(self) -> Iterator[ColumnSpec]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> ColumnSpec:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> list[str]:
        """Columns in their order."""
        return [c.name for c in self.columns]

    @property
    def all_columns(self) -> tuple[ColumnSpec, ...]:
        """Columns in their order, and the shapes where the table has any."""
        return self.columns if self.geometry is None else (*self.columns, self.geometry)


def column(name: str, kind: str, zh: str, en: str, unit: str = "", **more: object) -> ColumnSpec:
    """Declare one column."""
    return ColumnSpec(name, kind, zh, en, unit, **more)  # type: ignore[arg-type]


def shape(zh: str, en: str) -> ColumnSpec:
    """Declare the shapes of a table."""
    return ColumnSpec(
        "geometry", "shape", zh, f"{en}, in the plan's projected system", required=True
    )


def months(stem: str, zh: str, en: str, unit: str) -> tuple[ColumnSpec, ...]:
    """Declare one column per month."""
    return tuple(
        column(stem.format(m), "float", f"{m} 月{zh}", f"{en}, month {m}", unit, low=0.0)
        for m in range(1, 13)
    )
