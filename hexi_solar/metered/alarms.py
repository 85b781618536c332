"""Runs of months that someone should look at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hexi_solar.metered.months import limit
from hexi_solar.schema import METER_ALARMS


def alarms(metered: pd.DataFrame, *, months: int | None = None) -> pd.DataFrame:
    """
    Find runs of months that someone should look at.

    Parameters
    ----------
    metered
        From `metered_months`.
    months
        Low months in a row that raise an alarm; every other kind is raised by one month.

    Returns
    -------
    alarms
        Table of `schema`, those that still last first, then by what they lost.
    """
    needed = {"low": int(limit("alarm_months")) if months is None else months}
    table = metered.reset_index()
    kinds = {kind: table["meter_state"] == kind for kind in ("low", "zero", "above", "missing")}
    kinds["balance"] = table["balance"].abs() > limit("balance")
    latest = table.groupby("entity")["month"].transform("max")
    found = []
    for kind, marked in kinds.items():
        # a run ends where the mark or the system changes
        run = (marked != marked.shift()) | (table["entity"] != table["entity"].shift())
        for _, own in table[marked].groupby(run.cumsum()[marked]):
            if len(own) >= needed.get(kind, 1):
                found.append(_alarm(kind, own, latest[own.index[-1]]))
    columns = [*METER_ALARMS.index, *METER_ALARMS.names]
    listed = pd.DataFrame(found, columns=columns)
    listed = listed.assign(
        _lost=-listed["lost_kwh"].fillna(0.0), _still=~listed["still"].astype(bool)
    )
    by = ["_still", "_lost", "entity", "alarm", "from_month"]
    listed = listed.sort_values(by, kind="stable").drop(columns=["_lost", "_still"])
    return listed.set_index(list(METER_ALARMS.index))


def _alarm(kind: str, own: pd.DataFrame, latest: str) -> dict[str, object]:
    """Write one run of months down."""
    read = own[own["generation_kwh"].notna()]
    got, wanted = float(read["generation_kwh"].sum()), float(read["expected_kwh"].sum())
    lost = max(wanted - got, 0.0) if kind in ("low", "zero") else np.nan
    return {
        "entity": own["entity"].iloc[0],
        "alarm": kind,
        "from_month": own["month"].iloc[0],
        "building_id": own["building_id"].iloc[0],
        "to_month": own["month"].iloc[-1],
        "months": len(own),
        "ratio": got / wanted if wanted > 0 else np.nan,
        "lost_kwh": lost,
        "still": bool(own["month"].iloc[-1] == latest),
    }
