"""Compiled loops where nothing can be kept."""

from __future__ import annotations

from types import SimpleNamespace

import numba

from hexi_solar.compiled import machine_code


def twice(number: int) -> int:
    """A loop small enough to compile at once."""
    return 2 * number


def test_without_a_cache_folder_it_compiles_anew(monkeypatch):
    """An installation that may not be written, for a user without a home, still runs."""
    kept = numba.njit

    def nowhere_to_write(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return kept(**options)

    # for us alone: numba compiles parts of itself with its own
    ours = SimpleNamespace(njit=nowhere_to_write)
    monkeypatch.setattr("hexi_solar.compiled.numba", ours)
    assert machine_code(twice)(21) == 42
