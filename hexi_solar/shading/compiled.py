"""How the loops of this step are compiled, and shared out over the processor's cores.

Loops are compiled once and kept beside the module. They let go of Python's lock, so that
plain threads work on separate runs of points; no run knows of another, so the result does
not depend on how many there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from hexi_solar.compiled import machine_code

Inputs = ParamSpec("Inputs")
Result = TypeVar("Result")
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

RUNS_PER_THREAD = 8  # more runs than threads, so that a hard one does not keep the others waiting


def compiled(function: Callable[Inputs, Result]) -> Callable[Inputs, Result]:
    """Compile a loop over arrays; division by zero gives infinity, as in numpy."""
    fast: Callable[Inputs, Result] = machine_code(function, error_model="numpy")
    return fast


def loosely(function: Callable[Inputs, Result]) -> Callable[Inputs, Result]:
    """Compile a loop without not-a-number, so that lanes are compared side by side."""
    fast: Callable[Inputs, Result] = machine_code(
        function, error_model="numpy", fastmath={"nnan", "nsz", "contract"}
    )
    return fast


def woven(function: Callable[Inputs, Result]) -> Callable[Inputs, Result]:
    """Compile a loop into those that call it; passing many arrays would cost more than it does."""
    fast: Callable[Inputs, Result] = machine_code(function, error_model="numpy", inline="always")
    return fast


def available_threads() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def over_runs(work: Callable[[int, int], None], count: int, threads: int | None = None) -> None:
    """
    Call ``work(first, last)`` for runs that together are ``range(count)``.

    Parameters
    ----------
    work
        A compiled loop that writes its own part of shared arrays.
    count
        Items in all.
    threads
        At the same time; as many as there are cores if not given.
    """
    threads = threads or available_threads()
    if threads == 1 or count < 2:
        work(0, count)
        return
    edges = np.linspace(0, count, min(count, threads * RUNS_PER_THREAD) + 1).astype(int)
    runs: Iterable[tuple[int, int]] = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, *run) for run in runs]:
            done.result()
