"""By how much a district's systems differ from the model, each weighed by what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hexi_solar.facts import read_facts
from hexi_solar.labels import text
from hexi_solar.metered.months import limit, usable_months
from hexi_solar.schema import SYSTEM_FACTORS

Z80 = 1.2815515655446004  # half of an 80 % interval, normal distribution


@dataclass(frozen=True)
class Factor:
    """By how much a district's systems generate more or less than the model says."""

    factor: float
    """Metered over expected, shrunk towards 1; 1 where it is not used."""
    low: float
    high: float
    """80 % interval of the factor."""
    raw: float
    """Before shrinking towards 1; NaN where nothing can be said."""
    systems: int
    months: int
    """System-months behind it."""
    within: float
    """Standard deviation of a month about its system, of the logarithm."""
    between: float
    """Standard deviation of a system about the district, of the logarithm."""
    used: bool
    """False where fewer systems than are needed have enough months."""
    corrected: bool
    """All months were corrected for their weather."""
    table: pd.DataFrame
    """Each system's part, `schema.SYSTEM_FACTORS`."""


def district_factor(
    metered: pd.DataFrame,
    *,
    min_systems: int | None = None,
    min_months: int | None = None,
    prior_sigma: float | None = None,
) -> Factor:
    r"""
    Estimate by how much the district's systems differ from the model, with shrinkage.

    Parameters
    ----------
    metered
        From `metered_months`.
    min_systems
        With fewer, no factor is used.
    min_months
        Systems with fewer usable months are left out, so that all seasons count.
    prior_sigma
        How far off the model may be before any meter was read: the errors of
        `facts/uncertainty.toml` that all roofs share. [-]

    Returns
    -------
    factor
        With its 80 % interval and its support.

    Notes
    -----
    With the logarithm of metered over expected of system i in month j as
    :math:`x_{ij} = \mu + a_i + e_{ij}`, the months' variance s² is pooled over systems,
    each system's mean has variance :math:`v_i = s^2/n_i`, and the variance between systems
    :math:`\tau^2` is that of DerSimonian and Laird [1]_. The district's mean weighs systems
    with :math:`1/(\tau^2 + v_i)`; each system keeps the part :math:`\tau^2/(\tau^2 + v_i)` of
    its own deviation (James and Stein). Light that is not corrected for is common to all
    systems of a month: the variance of the months' means over the number of months is
    added to that of the district's mean. The mean is then drawn towards 0 by
    :math:`p^2/(p^2 + var)`, p being `prior_sigma`.

    References
    ----------
    .. [1] R. DerSimonian and N. Laird, "Meta-analysis in clinical trials," Controlled
       Clinical Trials, vol. 7, no. 3, pp. 177-188, 1986,
       :doi:`10.1016/0197-2456(86)90046-2`.
    """
    least = int(limit("min_systems")) if min_systems is None else min_systems
    whole = int(limit("min_months")) if min_months is None else min_months
    prior = _prior() if prior_sigma is None else prior_sigma
    usable = usable_months(metered, whole)
    logs = np.log(usable["ratio"])
    systems = logs.index.get_level_values("entity").nunique()
    corrected = bool(usable["corrected"].all()) if len(usable) else False
    if systems < max(least, 2) or len(logs) <= systems:
        nothing = pd.DataFrame(columns=SYSTEM_FACTORS.names, index=pd.Index([], name="entity"))
        nan = float("nan")
        return Factor(1.0, nan, nan, nan, systems, len(logs), nan, nan, False, corrected, nothing)
    table, mean, variance, within, between = _pooled(logs)
    if not corrected:
        variance += _common_months(logs, within)
    keep = prior**2 / (prior**2 + variance)
    centre, spread = mean * keep, Z80 * np.sqrt(variance * keep)
    low, high = np.exp(centre - spread), np.exp(centre + spread)
    return Factor(
        float(np.exp(centre)), float(low), float(high), float(np.exp(mean)), systems, len(logs),
        float(np.sqrt(within)), float(np.sqrt(between)), True, corrected, table,
    )  # fmt: skip


def _pooled(logs: pd.Series) -> tuple[pd.DataFrame, float, float, float, float]:
    """Estimate the variance within and between systems, the mean and its variance."""
    grouped = logs.groupby(level="entity")
    n, own = grouped.count(), grouped.mean()
    within = float(((logs - grouped.transform("mean")) ** 2).sum() / (len(logs) - len(n)))
    noise = within / n
    # months that agree to the last digit would weigh infinitely
    sure = 1.0 / noise.clip(lower=1e-12)
    centre = (sure * own).sum() / sure.sum()
    excess = float((sure * (own - centre) ** 2).sum()) - (len(n) - 1)
    between = max(excess / float(sure.sum() - (sure**2).sum() / sure.sum()), 0.0)
    weight = 1.0 / (between + 1.0 / sure)
    mean = float((weight * own).sum() / weight.sum())
    keep = between / (between + 1.0 / sure)
    columns = {
        "months": n,
        "factor": np.exp(own),
        "weight": weight / weight.sum(),
        "shrinkage": keep,
        "shrunk_factor": np.exp(mean + keep * (own - mean)),
    }
    table = pd.DataFrame(columns)[SYSTEM_FACTORS.names]
    return table, mean, float(1.0 / weight.sum()), within, between


def _common_months(logs: pd.Series, within: float) -> float:
    """Estimate the variance that months common to all systems add to the mean."""
    rest = logs - logs.groupby(level="entity").transform("mean")
    grouped = rest.groupby(level="month")
    means, count = grouped.mean(), grouped.count()
    shared = max(float((means**2).mean() - (within / count).mean()), 0.0)
    return shared / len(means)


def _prior() -> float:
    """Add the errors that all roofs share in quadrature, less those of a single year. [-]"""
    budget = read_facts("uncertainty")["budget"]
    shared = [e["value"] for name, e in budget.items() if e["common"] and name != "interannual"]
    return float(np.sqrt(np.sum(np.square(shared))))


def basis(factor: Factor, language: str) -> str:
    """Say what a factor rests on, or why there is none."""
    between = "" if language == "zh" else " "
    if not factor.used:
        about = {"min_months": int(limit("min_months")), "min_systems": int(limit("min_systems"))}
        return text("metered.factor.too_few", language, systems=factor.systems, **about)
    names = ("factor", "low", "high", "systems", "months", "between", "within")
    said = text("metered.factor.used", language, **{n: getattr(factor, n) for n in names})
    return (
        said if factor.corrected else said + between + text("metered.factor.uncorrected", language)
    )


def suggestion(factor: Factor, language: str) -> str:
    """
    Write the factor as a setting to copy into plan.toml; empty where it is not used.

    Nothing takes it up by itself: whoever signs the plan decides.
    """
    if not factor.used:
        return ""
    about = {"basis": basis(factor, language), "factor": factor.factor}
    return text("metered.factor.suggestion", language, **about)
