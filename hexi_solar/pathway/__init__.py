"""Which roofs to build in which year, so that the coverage rate reaches its target at least cost.

The journey, tables in and tables out::

    case = study_case(study tables, ..., target=0.5, by=2030, settings=plan.pathway), or
    case = make_case(options, adds, limits, cohort, feeders,
                     measure="installable/module_area/all", target=0.5, by=2030)
    path = find_pathway(case, settings)      # reached, unreachable (proven), or undecided
    yearly_table(path), coverage_table(path) # money and capacity, and every definition, by year
    binding_table(path, settings)            # what each constraint costs
    chance_of(path, settings)                # probability, and the checks worth making
    safer_path(case, 0.8, settings)          # planned beyond the target, to be probable

`case.py` says what is asked, `model.py` writes it as an integer program, `solve.py` solves
it and proves how far the answer may be from the best, `path.py` writes the answer out.
Only what is handed in is in scope: new public institutions and existing roofs are asked
about one by one.
"""

from __future__ import annotations

from hexi_solar.pathway.binding import binding_table
from hexi_solar.pathway.case import Case, make_case
from hexi_solar.pathway.chance import Chance, chance_of, safer_path
from hexi_solar.pathway.options import (
    commitments,
    limits_of,
    new_members,
    options_of,
    quantities_of,
    study_case,
)
from hexi_solar.pathway.path import Route, coverage_table, find_pathway, yearly_table

__all__ = [
    "Case",
    "Chance",
    "Route",
    "binding_table",
    "chance_of",
    "commitments",
    "coverage_table",
    "find_pathway",
    "limits_of",
    "make_case",
    "new_members",
    "options_of",
    "quantities_of",
    "safer_path",
    "study_case",
    "yearly_table",
]
