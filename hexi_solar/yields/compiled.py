"""Formulas turned into machine code at their first call, and kept for the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Formula = TypeVar("Formula", bound=Callable[..., Any])

# sums may be taken in another order and products fused; not-a-number stays what it is
LIBERTIES = {"reassoc", "contract", "arcp", "nsz"}


def compiled(formula: Formula) -> Formula:
    """
    Compile a function of numbers and arrays; it lets other threads work while it runs.

    Notes
    -----
    The machine code is kept beside the module, or in the user's cache folder where that
    cannot be written. Where neither can, every process compiles anew.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": LIBERTIES}
    try:
        machine = numba.njit(cache=True, **options)(formula)
    except RuntimeError:  # numba's way to say that it found no folder to write to
        machine = numba.njit(**options)(formula)
    return cast(Formula, machine)
