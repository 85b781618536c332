"""The same step over chunks of a table: here, on this machine's cores, or on a Dask cluster.

A chunk is a run of rows and a step is a function of tables, so nothing is shared and the
results stand in the order of the rows, whoever worked them out. One process is enough
for a district; the others are for whole cities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")


def chunks_of(table: Any, size: int) -> list[Any]:
    """
    Cut a table into runs of rows.

    Parameters
    ----------
    table
        A DataFrame.
    size
        Rows per chunk; the last one may be shorter.

    Returns
    -------
    chunks
        At least one, which is empty if the table is.
    """
    starts = np.arange(0, max(len(table), 1), size)
    return [table.iloc[start : start + size] for start in starts]


def over_chunks(
    function: Callable[[Any], Result],
    chunks: Sequence[Any],
    *,
    workers: int = 1,
    scheduler: str = "",
) -> list[Result]:
    """
    Apply a function to every chunk.

    Parameters
    ----------
    function
        Of one chunk; for more than one process it must be importable by name.
    chunks
        From `chunks_of`.
    workers
        Processes on this machine; 1 for none but this one.
    scheduler
        Address of a running Dask scheduler, used instead if given; needs the extra
        ``dask``.

    Returns
    -------
    results
        In the order of the chunks.
    """
    if scheduler:
        from distributed import Client

        with Client(scheduler) as client:
            found: list[Result] = client.gather(client.map(function, list(chunks), pure=False))
            return found
    if workers == 1 or len(chunks) < 2:
        return [function(chunk) for chunk in chunks]
    # a fresh interpreter per worker: forking one with running threads can hang
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(function, chunks))
