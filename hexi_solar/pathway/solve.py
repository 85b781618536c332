"""Solving an integer program, and always saying how far from the best the answer may be.

Small programs go to HiGHS as they are. For large ones the linear relaxation comes first:
its value bounds the answer, and it decides most groups. A program of only the groups that
it hardly decides gives an answer at once, and more such programs around that answer improve
it; what they may miss of the target costs more than any roof, so that there is always an
answer within the limits. Where the gap is not closed by then, the variables whose reduced
cost says that they cannot better the answer are held, and the rest is solved in the time
that is left.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from hexi_solar.pathway.model import Floats, Model

# programs up to this many variables are solved whole
SMALL = 2000
# so many variables are left open at once
CORE = 1500
# such programs after the first one, and nodes that each may look at
ROUNDS, NODES = 60, 3000
# programs with more open variables are not begun: the solver's presolve knows no clock
LARGEST = 30_000
# what a unit short of the target costs, over the dearest way to add it
PENALTY = 10.0
# limits may be passed by this share, the tolerance of the solver
TOLERANCE = 1e-6


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """Send what the solver prints of its own to standard error: results are printed on the other."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _milp(*args: Any, **options: Any) -> Any:
    """Call the solver."""
    with _aside():
        return milp(*args, **options)


@dataclass(frozen=True)
class Answer:
    """What a search found."""

    x: Floats | None
    """Number of buildings per variable; None if no answer was found."""
    value: float
    """Of the objective; infinite without an answer."""
    bound: float
    """No answer has a lower value."""
    infeasible: bool = False
    """It is proven that there is no answer."""
    seconds: float = 0.0

    @property
    def size(self) -> float:
        """Of the value, what shares of it are taken of."""
        return max(abs(self.value), TOLERANCE)

    @property
    def gap(self) -> float:
        """How far the value may be above the least one, as a share of it. [-]"""
        if self.x is None:
            return float("inf")
        return max(self.value - self.bound, 0.0) / self.size


def minimise(
    model: Model,
    objective: Floats,
    *,
    gap: float = 0.0,
    seconds: float = 60.0,
    without_target: bool = False,
    least_added: float | None = None,
) -> Answer:
    """
    Find the least value of an objective.

    Parameters
    ----------
    model
        The program.
    objective
        Per variable.
    gap
        The search stops when the value is proven to be within this share of the least. [-]
    seconds
        The search stops after this time. [s]
    without_target
        Leave the target out.
    least_added
        Ask for this instead of the target's contribution.

    Returns
    -------
    answer
        Same inputs, same answer, unless the time ran out.
    """
    least = model.least.copy()
    if without_target:
        least[-1] = -np.inf
    elif least_added is not None:
        least[-1] = least_added
    search = _Search(model, objective, least, gap, time.monotonic() + seconds)
    started = time.monotonic()
    found = search.whole() if len(objective) <= SMALL else search.in_parts()
    return Answer(found.x, found.value, found.bound, found.infeasible, time.monotonic() - started)


class _Search:
    """One search for the least value of an objective."""

    def __init__(
        self, model: Model, objective: Floats, least: Floats, gap: float, deadline: float
    ) -> None:
        self.model, self.objective, self.least = model, objective, least
        self.gap, self.deadline = gap, deadline

    def left(self) -> float:
        """Time that is left. [s]"""
        return max(self.deadline - time.monotonic(), 0.1)

    def whole(self) -> Answer:
        """Give the whole program to the solver."""
        return self._integer(np.zeros(len(self.objective)), self.model.most, self.gap)

    def in_parts(self) -> Answer:
        """Solve the relaxation, then the parts that it leaves open."""
        relaxed = self._relaxed()
        if relaxed is None:
            return self.whole()
        if relaxed.status == 2:
            return Answer(None, np.inf, np.inf, infeasible=True)
        bound = float(relaxed.fun)
        reduced = relaxed.lower.marginals + relaxed.upper.marginals
        best = self._core(relaxed.x, reduced, bound)
        if best.x is not None and best.value - bound <= self.gap * best.size:
            return Answer(best.x, best.value, bound)
        # a variable whose reduced cost exceeds what is left to gain keeps its bound
        room = best.value - bound if best.x is not None else np.inf
        low, high = _fixed(relaxed.x, reduced, room * (1 + TOLERANCE), self.model.most)
        if (low < high).sum() > LARGEST:
            return Answer(best.x, best.value, bound)
        rest = self._integer(low, high, self.gap)
        if rest.infeasible and best.x is None:
            return rest
        found = min((best, rest), key=lambda a: a.value)
        return Answer(found.x, found.value, min(max(bound, rest.bound), found.value))

    def _core(self, x: Floats, reduced: Floats, bound: float) -> Answer:
        """Solve programs of the groups that the relaxation hardly decides, one after the other."""
        group = self.model.group
        broken = np.abs(x - np.rint(x)) > TOLERANCE
        doubt = np.full(len(self.model.groups), np.inf)
        np.minimum.at(doubt, group, np.where(broken, -1.0, np.abs(reduced)))
        dice = np.random.default_rng(1)
        place = np.argsort(np.lexsort((dice.permutation(len(doubt)), doubt))) + 1.0
        size = np.bincount(group, minlength=len(doubt))
        best, now = Answer(None, np.inf, bound), np.rint(x)
        worth = np.inf
        for turn in range(ROUNDS):
            # the first program takes the most doubtful groups, later ones any, those more often
            score = place if turn == 0 else place * dice.random(len(place)) ** 3
            order = np.argsort(score, kind="stable")
            chosen = np.zeros(len(doubt), bool)
            chosen[order[: max(int(np.searchsorted(size[order].cumsum(), CORE)), 1)]] = True
            if turn == 0:
                chosen |= doubt < 0.0
            found, short = self._part(now, chosen[group], bound)
            if found is not None:
                value = float(self.objective @ found) + short * self._fine()
                if value < worth:
                    now, worth = found, value
                    if short <= TOLERANCE * max(self.least[-1], 1.0):
                        best = Answer(now, value, bound)
            closed = best.x is not None and best.value - bound <= self.gap * best.size
            if closed or time.monotonic() >= self.deadline:
                break
        return best

    def _fine(self) -> float:
        """Calculate what a unit short of the target costs."""
        adds = self.model.added > 0.0
        dear = np.max(np.abs(self.objective[adds]) / self.model.added[adds], initial=0.0)
        return PENALTY * float(dear)

    def _part(self, now: Floats, free: Any, bound: float) -> tuple[Floats | None, float]:
        """Solve the program of some variables, the others held, and say what the target lacks."""
        model = self.model
        held = np.where(free, 0.0, now)
        base = float(self.objective @ held)
        taken = model.rows @ held
        rows = np.zeros((len(model.limit), 1))
        rows[-1] = 1.0
        wanted = self.least[-1] if np.isfinite(self.least[-1]) else 0.0
        share = abs(bound) / max(abs(bound - base), TOLERANCE * abs(bound), TOLERANCE)
        found = _milp(
            np.r_[self.objective[free], self._fine()],
            integrality=np.r_[np.ones(int(free.sum())), 0.0],
            bounds=Bounds(0.0, np.r_[model.most[free], max(wanted, 0.0)]),
            constraints=LinearConstraint(
                hstack([model.rows[:, free], csr_array(rows)], format="csr"),
                self.least - taken,
                model.limit - taken,
            ),
            options={
                "mip_rel_gap": min(self.gap / 2 * share, 0.05),
                "time_limit": self.left(),
                "node_limit": NODES,
            },
        )
        if found.x is None:
            return None, np.inf
        x = held
        x[free] = np.rint(found.x[:-1])
        return x, max(wanted - float(model.added @ x), 0.0)

    def _relaxed(self) -> Any:
        """Solve the linear relaxation; None if that did not come to an end."""
        model = self.model
        bounded = np.isfinite(model.limit)
        under = np.isfinite(self.least)
        equal = bounded & under & (self.least == model.limit)
        upper, lower = bounded & ~equal, under & ~equal
        found = linprog(
            self.objective,
            A_ub=vstack([model.rows[upper], -model.rows[lower]], format="csr"),
            b_ub=np.r_[model.limit[upper], -self.least[lower]],
            A_eq=model.rows[equal] if equal.any() else None,
            b_eq=model.limit[equal] if equal.any() else None,
            bounds=np.column_stack([np.zeros(len(model.most)), model.most]),
            method="highs",
            options={"time_limit": self.left()},
        )
        return found if found.status in (0, 2) else None

    def _integer(self, low: Floats, high: Floats, gap: float) -> Answer:
        """Solve the program with variables held within bounds."""
        model = self.model
        open_ = low < high
        held = np.where(open_, 0.0, low)
        taken = model.rows @ held
        base = float(self.objective @ held)
        if not open_.any():
            return self._judged(held)
        found = _milp(
            self.objective[open_],
            integrality=np.ones(int(open_.sum())),
            bounds=Bounds(low[open_], high[open_]),
            constraints=LinearConstraint(
                model.rows[:, open_], self.least - taken, model.limit - taken
            ),
            options={"mip_rel_gap": gap, "time_limit": self.left()},
        )
        if found.status == 2:
            return Answer(None, np.inf, np.inf, infeasible=True)
        bound = found.mip_dual_bound
        bound = base + bound if bound is not None and np.isfinite(bound) else -np.inf
        if found.x is None:
            return Answer(None, np.inf, bound)
        x = held.copy()
        x[open_] = np.rint(found.x)
        value = float(self.objective @ x)
        return Answer(x, value, min(bound, value))

    def _judged(self, x: Floats) -> Answer:
        """Return an answer if it keeps every row."""
        room = TOLERANCE * np.maximum(1.0, np.abs(self.model.limit))
        used = self.model.rows @ x
        slack = np.where(np.isfinite(room), room, TOLERANCE)
        if (used <= self.model.limit + slack).all() and (used >= self.least - slack).all():
            value = float(self.objective @ x)
            return Answer(x, value, value)
        return Answer(None, np.inf, np.inf, infeasible=True)


def _fixed(x: Floats, reduced: Floats, room: float, most: Floats) -> tuple[Floats, Floats]:
    """Hold the variables at their bounds whose reduced cost is more than what is to be gained."""
    at_low = (x <= TOLERANCE) & (reduced > room)
    at_high = (x >= most - TOLERANCE) & (-reduced > room)
    return np.where(at_high, most, 0.0), np.where(at_low, 0.0, most)
