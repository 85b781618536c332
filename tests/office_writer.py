"""A process that appends to a register and says each id once it is kept: `PLAN NAME COUNT`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from hexi_solar.config import Plan
from hexi_solar.ledger import Event
from hexi_solar.office.store import open_register


def main(plan: str, name: str, count: int, batch: int = 1) -> None:
    """Append batches; what is printed was acknowledged."""
    with open_register(Plan(path=Path(plan))) as register:
        for number in range(count):
            events = [
                Event(
                    "project",
                    f"{name}-{number}-{part}",
                    "filed",
                    dt.date(2024, 1, 1),
                    {"part": part},
                )
                for part in range(batch)
            ]
            for event_id in register.append(events, by=name):
                sys.stdout.write(f"{event_id}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
