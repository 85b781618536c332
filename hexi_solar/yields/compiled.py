"""Formulas turned into machine code at their first call, and kept for the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from hexi_solar.compiled import machine_code

Formula = TypeVar("Formula", bound=Callable[..., Any])

# sums may be taken in another order and products fused; not-a-number stays what it is
LIBERTIES = {"reassoc", "contract", "arcp", "nsz"}


def compiled(formula: Formula) -> Formula:
    """Compile a formula of numbers and arrays."""
    return cast(Formula, machine_code(formula, error_model="numpy", fastmath=LIBERTIES))
