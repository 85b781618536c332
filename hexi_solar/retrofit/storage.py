"""How much storage pays where PV has a surplus: sizes are tried hour by hour.

The battery takes what PV has left and gives it back as soon as the building wants it. It
never charges from the grid: trading between prices is another business.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from hexi_solar.facts import fact
from hexi_solar.retrofit.measures import annuity

Floats = npt.NDArray[np.float64]


def stored_self_use(
    pv_kwh: Floats, load_kwh: Floats, capacity_kwh: Floats, *, efficiency: float, hours: float
) -> Floats:
    """
    Calculate the surplus that storage of several sizes brings back to the building.

    Parameters
    ----------
    pv_kwh, load_kwh
        Hour by hour, shape (hours,). [kWh]
    capacity_kwh
        Usable sizes, shape (sizes,). [kWh]
    efficiency
        Of a round trip; the loss is taken at charging. [-]
    hours
        Energy over power. [h]

    Returns
    -------
    brought_back
        Per size. [kWh]

    Examples
    --------
    Two hours, 10 kWh too much in the first and too little in the second:

    >>> pv, load = np.array([10.0, 0.0]), np.array([0.0, 10.0])
    >>> stored_self_use(pv, load, np.array([0.0, 4.0, 40.0]), efficiency=1.0, hours=1.0)
    array([ 0.,  4., 10.])
    """
    charge = np.zeros(len(capacity_kwh))
    given = np.zeros(len(capacity_kwh))
    power = capacity_kwh / hours
    for spare, wanted in zip(
        np.maximum(pv_kwh - load_kwh, 0.0), np.maximum(load_kwh - pv_kwh, 0.0), strict=True
    ):
        if spare > 0.0:
            taken = np.minimum(np.minimum(spare, power) * efficiency, capacity_kwh - charge)
            charge += taken
        elif wanted > 0.0:
            out = np.minimum(np.minimum(wanted, power), charge)
            charge -= out
            given += out
    return given


def size_storage(
    pv_kwh: Floats,
    load_kwh: Floats,
    *,
    capacity_kwp: float,
    price_cny_kwh: float,
    surplus_price_cny_kwh: float,
) -> pd.DataFrame:
    """
    Try sizes of storage for one building and say what each is worth.

    Parameters
    ----------
    pv_kwh, load_kwh
        A year hour by hour. [kWh]
    capacity_kwp
        Of the PV. [kWp]
    price_cny_kwh, surplus_price_cny_kwh
        What a kilowatt-hour is worth in the building, and fed in. [CNY/kWh]

    Returns
    -------
    sizes
        Per `capacity_kwh`: `brought_back_kwh`, `value_cny_a`, `cost_cny`, `npv_cny`. The
        first row is none; the row of the highest net present value is the one to take.
    """
    sizes = np.array(fact("retrofit.storage.sizes_kwh_kwp"), float) * capacity_kwp
    efficiency = float(fact("retrofit.storage.efficiency"))
    hours = float(fact("retrofit.storage.hours"))
    back = stored_self_use(pv_kwh, load_kwh, sizes, efficiency=efficiency, hours=hours)
    # what comes back was not fed in, and more of it was taken in than comes out
    value = back * (price_cny_kwh - surplus_price_cny_kwh / efficiency)
    cost = sizes * float(fact("retrofit.storage.cost_cny_kwh"))
    worth = value * annuity(fact("retrofit.storage.life_a")) - cost
    columns = {"brought_back_kwh": back, "value_cny_a": value, "cost_cny": cost, "npv_cny": worth}
    return pd.DataFrame(columns, index=pd.Index(sizes, name="capacity_kwh"))
