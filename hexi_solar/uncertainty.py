"""How sure a yield is, for one roof and for the whole district.

Errors are of two sorts. Some are common to all roofs, for they stand under one sky and
one model; some are each roof's own. Over many roofs the own errors cancel and the common
ones stay, so the district's P90 is neither the sum of the roofs' P90 nor their P50. Errors
are relative standard uncertainties of annual energy, taken as independent of each other
and normal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hexi_solar.facts import fact, read_facts

# distance from the median that is exceeded in 75 and 90 of 100 cases, normal distribution
Z75, Z90 = 0.6744897501960817, 1.2815515655446004


@dataclass(frozen=True)
class Part:
    """One error: relative standard uncertainty per roof, and whether all roofs share it."""

    name: str
    sigma: pd.Series
    common: bool


def error_budget(
    roofs: pd.DataFrame,
    *,
    years: int = 1,
    insolations: Sequence[float] = (),
    shading_half_range: pd.Series | None = None,
) -> list[Part]:
    """
    List the errors of each roof's annual energy.

    Parameters
    ----------
    roofs
        With `source` (tier of the data) and `tilt_source`.
    years
        Years that the energy is averaged over: 1 for a single year; the variability from
        year to year shrinks with their root.
    insolations
        Global horizontal irradiation of each weather file; two or more replace the
        budget's figure for long-term insolation by their spread. [kWh/m²]
    shading_half_range
        Half of the relative range that neighbours of unknown height leave, per roof; taken
        as uniform over that range.

    Returns
    -------
    parts
        Sigma per roof, indexed like `roofs`. [-]

    Notes
    -----
    The budget is that of Thevenard and Pelland [1]_; the area's part comes from the tier of
    the data.

    References
    ----------
    .. [1] D. Thevenard and S. Pelland, "Estimating the uncertainty in long-term
       photovoltaic yield predictions," Solar Energy 91, 432-445, 2013,
       :doi:`10.1016/j.solener.2011.05.006`.
    """
    facts = read_facts("uncertainty")
    parts = []
    for name, entry in facts["budget"].items():
        sigma = float(entry["value"])
        if name == "interannual":
            sigma /= np.sqrt(years)
        if name == "insolation" and len(insolations) > 1:
            light = np.asarray(insolations, dtype=float)
            # the mean of n files is known to their spread over the root of n
            sigma = float(light.std(ddof=1) / light.mean() / np.sqrt(len(light)))
        parts.append(Part(name, pd.Series(sigma, roofs.index), bool(entry["common"])))
    area = roofs["source"].map({k: float(v["value"]) for k, v in facts["area"].items()})
    parts.append(Part("area", area.astype(float), common=False))
    tilt = float(facts["tilt"]["assumed"]["value"])
    pitched = (roofs["tilt_source"] == "assumed") & (roofs["surface_tilt"] > 0)
    parts.append(Part("tilt", pd.Series(np.where(pitched, tilt, 0.0), roofs.index), common=False))
    if shading_half_range is not None:
        sigma = shading_half_range.reindex(roofs.index).fillna(0.0) / np.sqrt(3.0)
        parts.append(Part("height", sigma, common=False))
    return parts


def relative_sigma(parts: Sequence[Part], *, without: Sequence[str] = ()) -> pd.Series:
    """Add the errors of each roof in quadrature, leaving out those named. [-]"""
    kept = [p.sigma**2 for p in parts if p.name not in without]
    return pd.Series(np.sqrt(sum(kept)), parts[0].sigma.index, name="sigma")


def exceedance(energy_kwh: pd.Series, sigma: pd.Series) -> pd.DataFrame:
    """
    Calculate the energy that is exceeded with 50, 75 and 90 % probability.

    Parameters
    ----------
    energy_kwh
        Expected annual energy per roof. [kWh]
    sigma
        Relative standard uncertainty per roof. [-]

    Returns
    -------
    energies
        `p50_`, `p75_` and `p90_energy_ac_kwh`; never below 0. [kWh]

    Examples
    --------
    >>> roof = pd.Series([1000.0], ["hall"])
    >>> exceedance(roof, pd.Series([0.0946], ["hall"])).round(0).iloc[0].to_list()
    [1000.0, 936.0, 879.0]
    """
    columns = {
        "p50_energy_ac_kwh": energy_kwh,
        "p75_energy_ac_kwh": energy_kwh * (1.0 - Z75 * sigma).clip(lower=0.0),
        "p90_energy_ac_kwh": energy_kwh * (1.0 - Z90 * sigma).clip(lower=0.0),
    }
    return pd.DataFrame(columns)


def portfolio(energy_kwh: pd.Series, parts: Sequence[Part], groups: pd.Series) -> dict[str, Any]:
    r"""
    Calculate the exceedance energies of many roofs together.

    Parameters
    ----------
    energy_kwh
        Expected annual energy per roof. [kWh]
    parts
        Errors per roof, from `error_budget`.
    groups
        Building of each roof: planes of one building share that building's own errors.

    Returns
    -------
    portfolio
        p50_kwh, p75_kwh, p90_kwh, sigma, sigma_common, sigma_own, parts: sigma of each
        error for the whole, common.

    Notes
    -----
    .. math:: \sigma^2 = \sum_k \Big(\sum_i w_i \sigma_{ki}\Big)^2
              + \sum_l \sum_b \Big(\sum_{i \in b} w_i \sigma_{li}\Big)^2

    with the roofs' shares w of the energy, common errors k, own errors l and buildings b.
    """
    total = float(energy_kwh.sum())
    if total <= 0:
        return {"p50_kwh": 0.0, "p75_kwh": 0.0, "p90_kwh": 0.0, "sigma": 0.0, "parts": []}
    share = energy_kwh / total
    found, common, own = [], 0.0, 0.0
    for part in parts:
        weighted = share * part.sigma
        if part.common:
            variance = float(weighted.sum()) ** 2
            common += variance
        else:
            variance = float((weighted.groupby(groups.to_numpy()).sum() ** 2).sum())
            own += variance
        found.append({"name": part.name, "common": part.common, "sigma": float(np.sqrt(variance))})
    sigma = float(np.sqrt(common + own))
    return {
        "p50_kwh": total,
        "p75_kwh": total * max(1.0 - Z75 * sigma, 0.0),
        "p90_kwh": total * max(1.0 - Z90 * sigma, 0.0),
        "sigma": sigma,
        "sigma_common": float(np.sqrt(common)),
        "sigma_own": float(np.sqrt(own)),
        "parts": found,
    }


BETTER: Mapping[str, str] = {
    "area": "uncertainty.area.surface_model",
    "tilt": "",
    "height": "",
    "insolation": "",
}


def worth_of_facts(energy_kwh: pd.Series, parts: Sequence[Part]) -> pd.DataFrame:
    """
    Say how much each missing fact, once known, would raise a roof's P90.

    Parameters
    ----------
    energy_kwh
        Expected annual energy per roof. [kWh]
    parts
        Errors per roof.

    Returns
    -------
    worth
        One column per fact: area (as from a surface model), tilt, height and insolation
        (as if measured), in kWh of P90 gained. Load is not here: it decides whether the
        roof counts at all, and no error describes that.
    """
    now = relative_sigma(parts)
    columns = {}
    for part in parts:
        if part.name in BETTER:
            key = BETTER[part.name]
            left = min(float(fact(key)), np.inf) if key else 0.0
            rest = now**2 - part.sigma**2 + np.minimum(part.sigma, left) ** 2
            columns[part.name] = energy_kwh * Z90 * (now - np.sqrt(rest.clip(lower=0.0)))
    return pd.DataFrame(columns, index=energy_kwh.index)
