"""What does not agree in the register, and how much each item moves the reported rate.

The capacity of a project is told four times: as filed, as installed, as seen on the roof,
and as its meter implies. `capacities` puts the four side by side; `reconcile` holds the
records against each other, against the roof and against the calendar, and makes one list
of what someone should look at.

Each check proposes an edit of the table of projects, as if the other side were right
(a duplicate taken out, a capacity as its meter implies). The caller's `rate` works out
numerator and denominator of the reported definition for any such table, so an item's
weight is the rate after its edit less the rate before it: no definition is known here.
An edit only weighs an item, it is never made.

`todo` writes what to do about an item in the reader's language.
"""

from __future__ import annotations

from hexi_solar.reconcile.capacities import capacities
from hexi_solar.reconcile.worklist import SEVERITY, Rate, reconcile, todo

__all__ = ["SEVERITY", "Rate", "capacities", "reconcile", "todo"]
