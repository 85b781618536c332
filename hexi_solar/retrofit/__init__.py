"""What a building should do besides PV, what it saves and costs, and who is looked at first.

`measures.py` works each measure out alone, `packages.py` chooses some of them together,
`roof.py` shares the roof between hot water, plant and PV, `readiness.py` and `storage.py`
screen for direct current and storage, `diagnoses.py` gives the free places away. All take
tables and give tables; savings of one end use multiply, never add.
"""

from hexi_solar.retrofit.diagnoses import choose_diagnoses
from hexi_solar.retrofit.flows import chosen, hot_water_flows, measure_flows, spread
from hexi_solar.retrofit.gates import pass_gates, sides_add_up
from hexi_solar.retrofit.measures import applicable, retrofit_measures
from hexi_solar.retrofit.others import (
    demand_response,
    energy_limits,
    equipment_roadmap,
    solar_heating,
    tracker_status,
)
from hexi_solar.retrofit.packages import choose_within_budget, measure_packages
from hexi_solar.retrofit.readiness import readiness
from hexi_solar.retrofit.roof import hot_water_demand, roof_claims
from hexi_solar.retrofit.storage import best_storage, size_storage

__all__ = [
    "applicable",
    "best_storage",
    "choose_diagnoses",
    "choose_within_budget",
    "chosen",
    "demand_response",
    "energy_limits",
    "equipment_roadmap",
    "hot_water_demand",
    "hot_water_flows",
    "measure_flows",
    "measure_packages",
    "pass_gates",
    "readiness",
    "retrofit_measures",
    "roof_claims",
    "sides_add_up",
    "size_storage",
    "solar_heating",
    "spread",
    "tracker_status",
]
