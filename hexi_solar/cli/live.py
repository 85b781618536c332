"""The coverage rates that the pages show: worked out beside them, once per state of the register."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from hexi_solar.config import Plan
    from hexi_solar.errors import Problem
    from hexi_solar.office.services import Rates
    from hexi_solar.office.store import Head, Register

LOG = logging.getLogger(__name__)


@dataclass
class _Work:
    """What is worked out for one head of the register."""

    head: Head
    waiting: list[int]
    tables: list[pd.DataFrame] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class LiveRates:
    """
    The rates of every year of a plan, as its register stands.

    A page does not wait for them: a thread works out one year after the other, the newest
    first, and a page shows those that are there. Whatever is recorded begins it anew.
    Layers are read when a year is worked out; one that changes shows with the next event.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._lock = threading.Lock()
        self._work: _Work | None = None

    def of(self, register: Register) -> Rates:
        """Return what there is by now; begin where nothing is."""
        import pandas as pd

        from hexi_solar.office.services import Rates
        from hexi_solar.schema import COVERAGE

        head = register.head()
        with self._lock:
            if self._work is None or self._work.head != head:
                self._work = _Work(head, self._years())
                threading.Thread(target=self._go_on, args=(self._work,), daemon=True).start()
            work = self._work
            empty = pd.MultiIndex.from_tuples([], names=list(COVERAGE.index))
            tables = [pd.DataFrame(columns=COVERAGE.names, index=empty)]
            table = pd.concat(work.tables) if work.tables else tables[0]
            return Rates(table, tuple(work.waiting), tuple(work.problems))

    def _years(self) -> list[int]:
        """List the years of the plan, the newest first."""
        first, last = self.plan.coverage.start.year, self.plan.today.year
        return list(range(last, first - 1, -1))

    def _go_on(self, work: _Work) -> None:
        """Work out year after year, until all are done or the register moved on."""
        while work is self._work and work.waiting:
            tables, problems = self._year(work.waiting[0])
            with self._lock:
                work.tables += tables
                work.problems += [p for p in problems if p not in work.problems]
                # what keeps one year from being worked out keeps all
                work.waiting = [] if problems else work.waiting[1:]

    def _year(self, year: int) -> tuple[list[pd.DataFrame], list[Problem]]:
        """Work out one year; whatever goes wrong is a problem to be shown."""
        from hexi_solar.accounting import account
        from hexi_solar.errors import HexiSolarError, Problem

        try:
            return [account(self.plan, year).coverage], []
        except HexiSolarError as error:
            return [], list(error.problems)
        except Exception as error:
            LOG.exception("coverage of %s", year)
            facts = {"year": year, "found": type(error).__name__}
            return [], [Problem("office_rates", facts)]
