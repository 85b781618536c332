"""What PV systems generate against what the model expects, month by month.

The expected generation of a system in a month is the specific yield of its building in
that month of the model's year, times its capacity, the part of the month in which it was
connected, its ageing, and, where the weather of that month is given, the month's light
over the model's. Metered over expected is the `ratio`; the performance ratio of IEC
61724-1 is given only where the irradiation of that very month is known.

From there: `alarms` finds months that are low, dead, impossible or missing;
`implied_capacity` turns each system's best month into a capacity, for `reconcile`; and
`district_factor` estimates by how much the model is off in this district, each system
weighed by what it is worth, the whole drawn towards 1. `suggestion` writes the factor as
a setting; nothing here changes a plan.
"""

from __future__ import annotations

from hexi_solar.metered.alarms import alarms
from hexi_solar.metered.factor import Factor, basis, district_factor, suggestion
from hexi_solar.metered.months import (
    implied_capacity,
    light_of,
    metered_months,
    performance,
    specific_months,
)

__all__ = [
    "Factor", "alarms", "basis", "district_factor", "implied_capacity", "light_of", "metered_months",
    "performance", "specific_months", "suggestion",
]  # fmt: skip
