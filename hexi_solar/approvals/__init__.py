"""New public buildings on their way: what is still open, who moves next, where the rate goes.

While a building is planned, approved or under construction, roof, load and wiring can
still be made ready for PV. `approval_list` asks the checklist of the district's plan of
each such building, yes, no or unknown, and says the next step and who takes it; the list
runs by expected completion. `forecast` lets the buildings be completed and works the
coming years' rates out twice: as things went so far, and with the list acted upon.

Areas are along the slope, as the coverage rates take them.
"""

from __future__ import annotations

from hexi_solar.approvals.checklist import CHECKLIST, approval_list
from hexi_solar.approvals.forecast import Habit, forecast, habit

__all__ = ["CHECKLIST", "Habit", "approval_list", "forecast", "habit"]
