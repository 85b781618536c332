"""What a building should do besides PV, what it saves and costs, and who is looked at first.

`measures.py` works each measure out alone, `packages.py` chooses some of them together,
`roof.py` shares the roof between hot water, plant and PV, `readiness.py` and `storage.py`
screen for direct current and storage, `diagnoses.py` gives the free places away. All take
tables and give tables; savings of one end use multiply, never add.
"""

from hexi_solar.retrofit.diagnoses import choose_diagnoses
from hexi_solar.retrofit.measures import applicable, retrofit_measures
from hexi_solar.retrofit.packages import choose_within_budget, measure_packages
from hexi_solar.retrofit.readiness import readiness
from hexi_solar.retrofit.roof import hot_water_demand, roof_claims
from hexi_solar.retrofit.storage import size_storage

__all__ = [
    "applicable",
    "choose_diagnoses",
    "choose_within_budget",
    "hot_water_demand",
    "measure_packages",
    "readiness",
    "retrofit_measures",
    "roof_claims",
    "size_storage",
]
