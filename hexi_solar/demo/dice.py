"""Chance that falls the same way everywhere.

NumPy promises the bits of a bit generator for ever, not the numbers that a `Generator`
makes of them; so the few draws that the district needs are made of the bits here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """Draws that depend on the seed and on nothing else.

    Parameters
    ----------
    seed
        Any whole numbers: the district's seed and what the draws are for.

    Examples
    --------
    >>> Dice(1, 2).whole(1, 6) == Dice(1, 2).whole(1, 6)
    True
    """

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(list(seed))

    def share(self) -> float:
        """Draw a number from 0 up to, but not including, 1."""
        return (int(self._bits.random_raw()) >> 11) * 2.0**-53

    def between(self, low: float, high: float) -> float:
        """Draw a number between two others."""
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return low + int(self.share() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Say yes with a probability."""
        return self.share() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Draw one of a few things."""
        return items[self.whole(0, len(items) - 1)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Put things into another order (Fisher and Yates)."""
        deck = list(items)
        for last in range(len(deck) - 1, 0, -1):
            other = self.whole(0, last)
            deck[last], deck[other] = deck[other], deck[last]
        return deck
