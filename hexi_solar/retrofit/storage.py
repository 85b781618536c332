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
from hexi_solar.schema import STORAGE

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
    one = np.asarray(capacity_kwh, float)[None]
    given: Floats = stored_by_building(
        np.asarray(pv_kwh)[None],
        np.asarray(load_kwh)[None],
        one,
        efficiency=efficiency,
        hours=hours,
    )[0]
    return given


def stored_by_building(
    pv_kwh: Floats, load_kwh: Floats, capacity_kwh: Floats, *, efficiency: float, hours: float
) -> Floats:
    """
    Calculate what `stored_self_use` does for many buildings at once.

    Parameters
    ----------
    pv_kwh, load_kwh
        Shape (buildings, hours). [kWh]
    capacity_kwh
        Shape (buildings, sizes). [kWh]
    efficiency, hours
        As there.

    Returns
    -------
    brought_back
        Shape (buildings, sizes). [kWh]
    """
    charge = np.zeros(capacity_kwh.shape)
    given = np.zeros(capacity_kwh.shape)
    power = capacity_kwh / hours
    left = (pv_kwh - load_kwh).T
    for spare in left[(left != 0.0).any(axis=1)]:
        # an hour has a surplus or a want, never both
        taken = np.minimum(np.maximum(spare, 0.0)[:, None], power) * efficiency
        charge += np.minimum(taken, capacity_kwh - charge)
        out = np.minimum(np.minimum(np.maximum(-spare, 0.0)[:, None], power), charge)
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


def best_storage(
    ids: pd.Index,
    pv_kwh: Floats,
    load_kwh: Floats,
    *,
    capacity_kwp: Floats,
    price_cny_kwh: Floats,
    surplus_price_cny_kwh: Floats,
) -> pd.DataFrame:
    """
    Take the size of the highest value for each of many buildings.

    Parameters
    ----------
    ids
        Buildings.
    pv_kwh, load_kwh
        Shape (buildings, hours). [kWh]
    capacity_kwp, price_cny_kwh, surplus_price_cny_kwh
        As of `size_storage`, one for each building.

    Returns
    -------
    storage
        `schema.STORAGE`; capacity 0 where no size pays.
    """
    per_kwp = np.array(fact("retrofit.storage.sizes_kwh_kwp"), float)
    sizes = np.asarray(capacity_kwp, float)[:, None] * per_kwp
    efficiency = float(fact("retrofit.storage.efficiency"))
    hours = float(fact("retrofit.storage.hours"))
    back = stored_by_building(pv_kwh, load_kwh, sizes, efficiency=efficiency, hours=hours)
    value = back * (price_cny_kwh - surplus_price_cny_kwh / efficiency)[:, None]
    cost = sizes * float(fact("retrofit.storage.cost_cny_kwh"))
    worth = value * annuity(fact("retrofit.storage.life_a")) - cost
    rows, best = np.arange(len(ids)), worth.argmax(axis=1)
    columns = {
        "capacity_kwh": sizes, "brought_back_kwh": back, "value_cny_a": value,
        "cost_cny": cost, "npv_cny": worth,
    }  # fmt: skip
    table = pd.DataFrame({name: v[rows, best] for name, v in columns.items()}, index=ids)
    table["tried_npv_cny"] = worth[:, per_kwp > 0].max(axis=1)
    return table[STORAGE.names].rename_axis(index="building_id")
