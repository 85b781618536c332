"""Names and facts that several chapters of a report show."""

from __future__ import annotations

from typing import Any

from hexi_solar.reports.say import Says, is_unknown
from hexi_solar.reports.year import Year


def definition_name(facts: Year, says: Says, name: str) -> str:
    """Return the name of a definition."""
    return str(facts.definitions[name].get(says.language, name))


def reading_name(says: Says, reading: str) -> str:
    """Return the name of a reading of PV area."""
    return says.nothing if reading == "-" else says.label("reading", reading)


def unit_name(says: Says, unit: str) -> str:
    """Return a unit, buildings where there is none."""
    return unit if unit not in ("", "1") else says("buildings")


def of_building(facts: Year, building: str, column: str) -> Any:
    """Return what is known of a building."""
    for table in (facts.rows, facts.buildings):
        if building in table.index and column in table:
            return table.loc[building, column]
    return None


def known(value: object) -> float | None:
    """Return a number, None where it is not known."""
    return None if is_unknown(value) else float(str(value))
