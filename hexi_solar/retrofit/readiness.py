"""How ready a building is for PV, storage, direct current and flexible use (光储直柔).

A screening aid, no design: a score of six parts with stated weights, each shown. A part
that is not known is left out, and the weight of what is known stands beside the score.
"""

from __future__ import annotations

import pandas as pd

from hexi_solar.facts import fact, read_facts
from hexi_solar.schema import READINESS


def readiness(
    buildings: pd.DataFrame,
    *,
    pv_energy_kwh: pd.Series,
    electricity_kwh: pd.Series,
    daytime_share: pd.Series | None = None,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Score each building.

    Parameters
    ----------
    buildings
        With `owner_type`.
    pv_energy_kwh, electricity_kwh
        PV in a year and electricity used in it. [kWh]
    daytime_share
        Part of the electricity that is used by day. [-]
    known
        `storage_room`, `feeder` and `control` as 0..1 where someone has looked.

    Returns
    -------
    readiness
        `schema.READINESS`, unknown parts as NaN.

    Examples
    --------
    >>> town = pd.DataFrame({"owner_type": ["school"]}, index=["hall"])
    >>> one = pd.Series([50.0], ["hall"])
    >>> table = readiness(town, pv_energy_kwh=one, electricity_kwh=2 * one)
    >>> table.loc["hall", ["pv_share", "dc_load", "known_share"]].to_list()
    [0.5, 0.6, 0.45]
    """
    ids = buildings.index
    table = pd.DataFrame(index=ids)
    share = pv_energy_kwh.reindex(ids) / electricity_kwh.reindex(ids).where(
        electricity_kwh.reindex(ids) > 0
    )
    table["pv_share"] = share.clip(upper=1.0)
    table["daytime"] = float("nan") if daytime_share is None else daytime_share.reindex(ids)
    kinds = buildings["owner_type"].astype(str)
    table["dc_load"] = kinds.map({t: float(fact(f"retrofit.dc_share.{t}")) for t in kinds.unique()})
    for part in ("storage_room", "feeder", "control"):
        there = known is not None and part in known
        table[part] = known[part].reindex(ids) if there and known is not None else float("nan")
    weights = pd.Series(
        {k: float(v["value"]) for k, v in read_facts("retrofit")["readiness"].items()}
    )
    parts = table[list(weights.index)].astype(float)
    table["known_share"] = (parts.notna() * weights).sum(axis=1).round(12)
    score = (parts.fillna(0.0) * weights).sum(axis=1)
    table["readiness"] = score / table["known_share"].where(table["known_share"] > 0)
    return table[READINESS.names]
