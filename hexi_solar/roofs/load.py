"""Whether a roof can carry modules: known from evidence, never assumed."""

from __future__ import annotations

import math

import pandas as pd

from hexi_solar.config import Roofs
from hexi_solar.facts import fact

PROOF = ("appraisal", "drawings")


def needed_load_kn_m2(roof_kind: str, mounting: str) -> float:
    """
    Return the weight that a mounting adds to a roof, which its reserve must carry.

    Examples
    --------
    >>> needed_load_kn_m2("metal", "anchored")
    0.15
    """
    used = mounting if roof_kind == "flat" else "clamped"
    return float(fact(f"roofs.added_load_kn_m2.{used}"))


def judge_load(evidence: str, reserve_kn_m2: float, needed_kn_m2: float) -> str:
    """
    Judge one roof: yes, no or unknown.

    Examples
    --------
    >>> judge_load("drawings", 0.5, 0.25), judge_load("prior", 2.0, 0.25)
    ('yes', 'unknown')
    """
    if evidence not in PROOF or math.isnan(reserve_kn_m2):
        return "unknown"
    return "yes" if reserve_kn_m2 >= needed_kn_m2 else "no"


def load_state(buildings: pd.DataFrame, settings: Roofs) -> pd.Series:
    """
    Judge each roof's load-bearing from its evidence: yes, no or unknown.

    Only an appraisal or the design drawings, with the reserve they give, can say yes or
    no; age and type alone, or no evidence, leave it unknown.

    Returns
    -------
    load_state
        ``"yes"``, ``"no"`` or ``"unknown"``, indexed like `buildings`.
    """
    needed = buildings["roof_kind"].map(
        lambda kind: needed_load_kn_m2(str(kind), settings.mounting)
    )
    reserve = pd.to_numeric(buildings["load_reserve_kn_m2"], errors="coerce").astype(float)
    rows = zip(buildings["load_evidence"], reserve, needed, strict=True)
    state = [judge_load(*row) for row in rows]
    return pd.Series(state, buildings.index, dtype="str", name="load_state")
