"""Loops turned into machine code at their first call, and kept for the next run.

The code is kept beside the module, or in the user's cache folder where that cannot be
written. Where neither can, every process compiles anew instead of failing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def machine_code(function: Callable[..., Any], **options: Any) -> Any:
    """
    Compile a function of numbers and arrays; it lets other threads work while it runs.

    Parameters
    ----------
    function
        To compile.
    options
        Of ``numba.njit``, beside `cache` and `nogil`.
    """
    try:
        return numba.njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:  # numba's way to say that it found no folder to write to
        return numba.njit(nogil=True, **options)(function)
