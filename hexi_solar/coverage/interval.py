"""How low and how high a ratio of sums can be when each part of it may be one of several.

A rate is N/D, both sums over buildings, and each building may be in one of several
worlds: in the cohort or not, with this area or that. Whether some choice of worlds
reaches a rate r is the question whether the sum of n - r·d reaches 0, and that sum is
greatest where each building by itself takes its best world. So from any choice one goes
to the best worlds at its rate, and again from there; every turn raises the rate, and
where it does no more it is the highest [1]_.

References
----------
.. [1] W. Dinkelbach, "On nonlinear fractional programming," Management Science, vol. 13,
   no. 7, pp. 492-498, 1967.
"""

from __future__ import annotations

import math

import numpy as np


def extremes(above: np.ndarray, below: np.ndarray, may_leave: np.ndarray) -> tuple[float, float]:
    """
    Find the lowest and the highest ratio of sums over all choices of worlds.

    Parameters
    ----------
    above, below
        Numerator and denominator of each building (rows) in each of its worlds
        (columns), none negative; NaN where there is no such world.
    may_leave
        Buildings that may be in neither sum. One without any world is in none.

    Returns
    -------
    low, high
        Over the choices whose denominators do not sum to 0; NaN if there is none. [-]

    Examples
    --------
    Half of a roof is covered; a bare roof of the same size may join it:

    >>> extremes(np.array([[50.0], [0.0]]), np.array([[100.0], [100.0]]), np.array([False, True]))
    (0.25, 0.5)
    """
    if not len(above):
        return math.nan, math.nan
    there = ~(np.isnan(above) | np.isnan(below))
    may_leave = may_leave | ~there.any(axis=1)
    nothing = np.zeros((len(above), 1))
    above = np.hstack([np.where(there, above, 0.0), nothing])
    below = np.hstack([np.where(there, below, 0.0), nothing])
    there = np.hstack([there, may_leave[:, None]])
    if not (there & (below > 0)).any():
        return math.nan, math.nan
    return _extreme(above, below, there, -1.0), _extreme(above, below, there, 1.0)


def _extreme(above: np.ndarray, below: np.ndarray, there: np.ndarray, sign: float) -> float:
    """Go from the rate of one choice to that of the best worlds at it, until it rests."""
    every = np.arange(len(above))
    # begin where the most is in the denominator, which is then not 0
    picks = np.where(there, below, -np.inf).argmax(axis=1)
    rate = _ratio(above[every, picks], below[every, picks])
    while True:
        worth = np.where(there, sign * (above - rate * below), -np.inf)
        picks = worth.argmax(axis=1)
        if not below[every, picks].sum() > 0:
            _keep_one(picks, worth, there & (below > 0))
        better = _ratio(above[every, picks], below[every, picks])
        if not sign * (better - rate) > 1e-14 * max(1.0, abs(rate)):
            return rate
        rate = better


def _keep_one(picks: np.ndarray, worth: np.ndarray, counts: np.ndarray) -> None:
    """Of buildings that all leave, let the one stay that costs least."""
    staying = np.where(counts, worth, -np.inf)
    lost = staying.max(axis=1) - worth[np.arange(len(worth)), picks]
    one = int(lost.argmax())
    picks[one] = int(staying[one].argmax())


def _ratio(above: np.ndarray, below: np.ndarray) -> float:
    """Divide sums that come out the same on every machine."""
    return math.fsum(above) / math.fsum(below)
