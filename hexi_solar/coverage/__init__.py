"""The rooftop-PV coverage rate of every year, under every definition in use.

Texts that ask for a coverage rate do not say what it is, so each definition of
`facts/coverage.toml` is worked out side by side: for the buildings completed in a year
and for all since the start, at the end of that year and today, with each reading of "PV
area" and with or without the thresholds. Every rate keeps its numerator, its denominator
and the buildings behind both, and stands between the lowest and the highest rate that
unknown facts leave open. 0/0 is unknown; a rate above 1 is flagged, never clipped.

`rows` gathers one line per building that is new or could be; everything after it works
on that table alone, so that a published year can be worked out again from its rows.
"""

from __future__ import annotations

from hexi_solar.coverage.cohort import Frame, frames
from hexi_solar.coverage.definitions import (
    COHORTS,
    READINGS,
    SCOPES,
    UNITS,
    Combination,
    coverage_definitions,
    reported,
)
from hexi_solar.coverage.gaps import gap_of
from hexi_solar.coverage.interval import extremes
from hexi_solar.coverage.open_facts import books_by_cause, open_facts
from hexi_solar.coverage.parts import PARTS, coverage_by_subdistrict, parts_of
from hexi_solar.coverage.quantities import CAUSES, quantities
from hexi_solar.coverage.rates import coverage_rates, headline, rates_of
from hexi_solar.coverage.rows import cohort_rows, could_be_new, nothing_known

__all__ = [
    "CAUSES", "COHORTS", "PARTS", "READINGS", "SCOPES", "UNITS", "Combination", "Frame", "books_by_cause",
    "cohort_rows", "could_be_new", "coverage_by_subdistrict", "coverage_definitions", "coverage_rates", "extremes",
    "frames", "gap_of", "headline", "nothing_known", "open_facts", "parts_of", "quantities", "rates_of", "reported",
]  # fmt: skip
