"""What the register says already, ready to be compared with a row."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hexi_solar.ledger import WITHDRAWN, canonical, known

Thing = tuple[str, str]
"""Kind of entity and its id."""


@dataclass(frozen=True)
class Said:
    """One event that stands in the register and was not withdrawn."""

    event_id: str
    kind: str
    valid_on: dt.date
    payload: Mapping[str, Any]


class History:
    """
    The events of a register by what they are about.

    Parameters
    ----------
    ledger
        As `schema.LEDGER`.
    """

    def __init__(self, ledger: pd.DataFrame) -> None:
        self.ledger = ledger
        self._said: dict[Thing, list[Said]] = {}
        for event_id, row in known(ledger).iterrows():
            day = pd.Timestamp(row["valid_on"]).date()
            said = Said(str(event_id), row["kind"], day, json.loads(row["payload"]))
            self._said.setdefault((row["entity_type"], row["entity"]), []).append(said)
        gone = ledger[ledger["kind"] == WITHDRAWN]["payload"]
        self.withdrawn = {json.loads(p).get("event_id") for p in gone}
        self.ids = set(ledger.index) - self.withdrawn

    def of(self, thing: Thing) -> list[Said]:
        """Return the events of one thing in the order in which they hold."""
        return self._said.get(thing, [])

    def entities(self, entity_type: str) -> list[str]:
        """List the things of a kind."""
        return [entity for kind, entity in self._said if kind == entity_type]

    def facts(
        self, thing: Thing, on: dt.date | None = None, month: str = ""
    ) -> dict[str, tuple[Any, dt.date]]:
        """
        Say what is known of a thing, and since when.

        Parameters
        ----------
        thing
            Kind and id.
        on
            Events that hold from later on are not looked at; None for all.
        month
            Only readings of this month.

        Returns
        -------
        facts
            Per fact its value and the day of the event that said it last.
        """
        found: dict[str, tuple[Any, dt.date]] = {}
        for said in self.of(thing):
            if on is not None and said.valid_on > on:
                continue
            if month and said.payload.get("month") != month:
                continue
            found.update({name: (value, said.valid_on) for name, value in said.payload.items()})
        return found


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as it comes back from the register: days as text, unknown left out."""
    return dict(json.loads(canonical(values)))
