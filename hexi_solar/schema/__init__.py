"""The tables between the steps, declared once, column by column.

A table is a DataFrame with a named index; its declaration says unit, range, allowed
words and meaning of every column. `check` names every problem of a table at once, with
the rows. NaN means "not known", 0 means zero; an assumed value is marked in the
`*_source` column beside it.
"""

from __future__ import annotations

from hexi_solar.schema import coverage, money, office, pathway, retrofit, study, supervision
from hexi_solar.schema.checks import check, dictionary_text
from hexi_solar.schema.columns import ColumnSpec, Table
from hexi_solar.schema.coverage import (
    COVERAGE_CHANGES,
    COVERAGE_PARTS,
    COVERAGE_ROWS,
    PUBLICATIONS,
)
from hexi_solar.schema.money import CASHFLOWS, CONTRACTS, ECONOMICS, SENSITIVITY
from hexi_solar.schema.office import (
    BUILDING_FACTS,
    DIAGNOSES,
    EQUIPMENT,
    LEDGER,
    READINGS,
    TRACKERS,
)
from hexi_solar.schema.pathway import (
    CONSTRAINTS,
    PATHWAY,
    PATHWAY_BINDING,
    PATHWAY_COVERAGE,
    PATHWAY_FEEDERS,
    PATHWAY_LIMITS,
    PATHWAY_OPTIONS,
    PATHWAY_SURVEYS,
    PATHWAY_YEARS,
)
from hexi_solar.schema.retrofit import (
    DEMAND,
    DEMAND_RESPONSE,
    DIAGNOSIS_CHOICE,
    ENERGY_LIMITS,
    ENERGY_METERS,
    EQUIPMENT_ROADMAP,
    MEASURES,
    READINESS,
    RETROFIT_PACKAGES,
    ROOF_CLAIMS,
    SOLAR_HEATING,
    STORAGE,
    TASKS,
    TRACKER_STATUS,
    UNIT_PLANS,
)
from hexi_solar.schema.study import (
    BOUNDARY,
    BUILDINGS,
    CANDIDATES,
    COVERAGE,
    EXCLUSION_LEDGER,
    LAYOUTS,
    PROJECTS,
    REGISTER,
    ROOFS,
    SUBDISTRICTS,
    TRADEOFFS,
    WEATHER,
    YIELDS,
    ZONES,
)
from hexi_solar.schema.supervision import (
    APPROVALS,
    CAPACITIES,
    FORECAST,
    METER_ALARMS,
    METERED,
    PERFORMANCE,
    RECONCILIATION,
    REQUEST_COUNTS,
    REQUESTS,
    SYSTEM_FACTORS,
)
from hexi_solar.schema.words import (
    ENTITY_TYPES,
    EXCLUSIONS,
    LOAD_EVIDENCE,
    MODES,
    OWNER_TYPES,
    PERMANENT_EXCLUSIONS,
    ROOF_KINDS,
    SOURCES,
    STAGES,
    STATUSES,
    YES_NO,
)

__all__ = [
    "APPROVALS",
    "BOUNDARY",
    "BUILDINGS",
    "BUILDING_FACTS",
    "CANDIDATES",
    "CAPACITIES",
    "CASHFLOWS",
    "CONSTRAINTS",
    "CONTRACTS",
    "COVERAGE",
    "COVERAGE_CHANGES",
    "COVERAGE_PARTS",
    "COVERAGE_ROWS",
    "DEMAND",
    "DEMAND_RESPONSE",
    "DIAGNOSES",
    "DIAGNOSIS_CHOICE",
    "ECONOMICS",
    "ENERGY_LIMITS",
    "ENERGY_METERS",
    "ENTITY_TYPES",
    "EQUIPMENT",
    "EQUIPMENT_ROADMAP",
    "EXCLUSIONS",
    "EXCLUSION_LEDGER",
    "FORECAST",
    "LAYOUTS",
    "LEDGER",
    "LOAD_EVIDENCE",
    "MEASURES",
    "METERED",
    "METER_ALARMS",
    "MODES",
    "OWNER_TYPES",
    "PATHWAY",
    "PATHWAY_BINDING",
    "PATHWAY_COVERAGE",
    "PATHWAY_FEEDERS",
    "PATHWAY_LIMITS",
    "PATHWAY_OPTIONS",
    "PATHWAY_SURVEYS",
    "PATHWAY_YEARS",
    "PERFORMANCE",
    "PERMANENT_EXCLUSIONS",
    "PROJECTS",
    "PUBLICATIONS",
    "READINESS",
    "READINGS",
    "RECONCILIATION",
    "REGISTER",
    "REQUESTS",
    "REQUEST_COUNTS",
    "RETROFIT_PACKAGES",
    "ROOFS",
    "ROOF_CLAIMS",
    "ROOF_KINDS",
    "SENSITIVITY",
    "SOLAR_HEATING",
    "SOURCES",
    "STAGES",
    "STATUSES",
    "STORAGE",
    "STUDY_TABLES",
    "SUBDISTRICTS",
    "SYSTEM_FACTORS",
    "TABLES",
    "TASKS",
    "TRACKERS",
    "TRACKER_STATUS",
    "TRADEOFFS",
    "UNIT_PLANS",
    "WEATHER",
    "YES_NO",
    "YIELDS",
    "ZONES",
    "ColumnSpec",
    "Table",
    "check",
    "dictionary_text",
]  # fmt: skip

STUDY_TABLES = {t.name: t for t in vars(study).values() if isinstance(t, Table)}
"""Those that a run works out or reads."""
TABLES = STUDY_TABLES | {
    t.name: t
    for part in (coverage, money, office, pathway, retrofit, supervision)
    for t in vars(part).values()
    if isinstance(t, Table)
}
