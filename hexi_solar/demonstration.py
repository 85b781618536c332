"""The demonstration district's register: its projects taken over, its office's files imported.

The files go through the same door as anyone's, `importing.propose`; only the clock differs:
what was read or decided years ago is recorded as of then, so that the register has a
history and comes out the same every time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import Notices, Problem, RegisterError
from hexi_solar.importing import propose
from hexi_solar.layers import read_layers
from hexi_solar.ledger import Event
from hexi_solar.office.store import open_register
from hexi_solar.publishing import take_over

FILES = ("approvals", "meters", "diagnoses", "trackers", "equipment")
LATER = dt.timedelta(days=15)
"""From when something holds until the office recorded it."""
CLOCK = dt.time(9, 0)
WHO = "示范办公室"


def fill_register(plan: Plan) -> int:
    """
    Bring projects and office files of the demonstration district into its register.

    Parameters
    ----------
    plan
        That of the demonstration district, beside its files.

    Returns
    -------
    recorded
        How many events; those that are there already are not recorded again.

    Raises
    ------
    RegisterError
        If a row of a file is refused: someone changed it.
    """
    assert plan.path is not None
    count = take_over(plan, by=WHO)
    buildings = read_layers(plan, Notices()).buildings
    for name in FILES:
        file = plan.path.parent / f"{name}.csv"
        with open_register(plan) as register:
            ledger = register.ledger()
            proposal = propose(file, ledger, today=plan.today, buildings=buildings)
            if not proposal.acceptable:
                facts = {"files": file.name, "folder": file.parent}
                raise RegisterError(Problem("demo_changed", facts))
            events = sorted((dated(e, plan.today) for e in proposal.events), key=_when)
            count += len(register.append(events, by=WHO, take_over=True))
    return count


def dated(event: Event, today: dt.date) -> Event:
    """Record an event some days after it came to hold, at the latest today."""
    day = min(event.valid_on + LATER, today)
    clock = dt.datetime.combine(day, CLOCK, tzinfo=dt.UTC)
    return replace(event, recorded_at=clock, recorded_by=WHO)


def _when(event: Event) -> tuple[dt.datetime, str, str]:
    """Sort events as they were recorded."""
    assert event.recorded_at is not None
    return event.recorded_at, event.entity, str(pd.Timestamp(event.valid_on))
