"""Measures taken together: all that apply, those that pay back, the cheapest that reach the bar.

Of n measures there are 2ⁿ packages, few enough to try every one: what is chosen is the
best, not nearly the best. What a package leaves of an end use is the product of what each
of its measures leaves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.optimize as opt
from scipy import sparse

from hexi_solar.facts import fact
from hexi_solar.retrofit.measures import annuity, end_use_shares, measure_names, savings
from hexi_solar.schema import RETROFIT_PACKAGES

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CHUNK = 500  # buildings at a time: memory stays small


def subsets(count: int) -> Bools:
    """
    List every choice out of some measures, none first.

    Examples
    --------
    >>> subsets(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    chosen: Bools = (np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1
    return chosen


def remaining(chosen: Bools) -> tuple[Floats, Floats]:
    """
    Calculate what choices of measures leave of each end use.

    Parameters
    ----------
    chosen
        Shape (choices, measures).

    Returns
    -------
    of_electricity, of_heat
        Shapes (choices, end uses) and (choices,). [-]
    """
    of_use, of_heat = savings()
    left = np.where(chosen[:, :, None], 1.0 - of_use[None], 1.0).prod(axis=1)
    heat = np.where(chosen, 1.0 - of_heat[None], 1.0).prod(axis=1)
    return left, heat


def measure_packages(
    buildings: pd.DataFrame,
    demand: pd.DataFrame,
    measures: pd.DataFrame,
    *,
    price_cny_kwh: pd.Series,
    emission_factor: float,
    budget_cny: float | None = None,
    payback_years: float | None = None,
) -> pd.DataFrame:
    """
    Choose packages for each building out of the measures that surely apply.

    Parameters
    ----------
    buildings, demand, measures
        As of `retrofit_measures`.
    price_cny_kwh
        What a saved kilowatt-hour is worth, nominal. [CNY/kWh]
    emission_factor
        Of electricity. [kgCO₂/kWh]
    budget_cny
        If given, `budget` is the choice over all buildings that saves most standard coal
        within it.
    payback_years
        Limit of the simple payback; None for that of the facts. [a]

    Returns
    -------
    packages
        `schema.RETROFIT_PACKAGES`: `all` that apply; `payback`, of the highest net
        present value among those whose simple payback keeps to the limit; `bar`, the
        cheapest that saves the bar of a retrofit project, or what saves most if none
        does; `budget`. Buildings of unknown use have none.
    """
    limit = float(fact("retrofit.payback_years")) if payback_years is None else payback_years
    known = demand["energy_kgce"].notna() & buildings["floor_area_m2"].notna()
    tables = []
    ids = buildings.index[known]
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        tables.append(
            _packages(
                buildings.loc[part],
                demand.loc[part],
                measures,
                price_cny_kwh,
                emission_factor,
                limit,
            )
        )
    columns = RETROFIT_PACKAGES.names
    if not tables:
        index = pd.MultiIndex.from_tuples([], names=list(RETROFIT_PACKAGES.index))
        return pd.DataFrame(columns=columns, index=index)
    table = pd.concat(tables)
    if budget_cny is not None:
        chosen = choose_within_budget(table, budget_cny)
        budget = table.loc[chosen].reset_index()
        budget["package"] = "budget"
        table = pd.concat([table, budget.set_index(["building_id", "package"])])
        table = table.sort_index(level=0, sort_remaining=False, kind="stable")
    return table[columns]


def _packages(
    buildings: pd.DataFrame, demand: pd.DataFrame, measures: pd.DataFrame,
    price_cny_kwh: pd.Series, emission_factor: float, payback_years: float,
) -> pd.DataFrame:  # fmt: skip
    """Try every choice of measures for some buildings."""
    names = measure_names()
    chosen = subsets(len(names))
    left, heat_left = remaining(chosen)
    shares = end_use_shares(buildings["owner_type"].astype(str))
    use, heat = demand["electricity_kwh"].to_numpy(float), demand["heat_gj"].to_numpy(float)
    # shares add up to one but for rounding, and nothing saved is nothing
    saved = np.maximum(use[:, None] * (1.0 - shares @ left.T), 0.0) * (left < 1.0).any(axis=1)
    saved_heat = heat[:, None] * (1.0 - heat_left)[None]
    cost = _per_measure(measures, "cost_cny", buildings.index) @ chosen.T
    price = price_cny_kwh.reindex(buildings.index).to_numpy(float)[:, None]
    value = saved * price + saved_heat * fact("retrofit.heat_price_cny_gj")
    coal = saved * fact("retrofit.electricity_kgce_kwh") + saved_heat * fact(
        "retrofit.heat_kgce_gj"
    )
    rate = coal / demand["energy_kgce"].to_numpy(float)[:, None]
    applies = _per_measure(measures, "applies", buildings.index) == "yes"
    allowed = ~(chosen[None] & ~applies[:, None]).any(axis=2)
    lives = np.array([annuity(float(fact(f"retrofit.life_a.{n}"))) for n in names])
    yearly = (_per_measure(measures, "cost_cny", buildings.index) / lives) @ chosen.T
    worth = (value - yearly) * annuity(fact("retrofit.years"))
    figures = {
        "electricity_kwh": saved, "heat_gj": saved_heat, "saving_rate": rate, "cost_cny": cost,
        "value_cny_a": value, "npv_cny": worth,
        "co2_t": saved * emission_factor / 1000.0 + saved_heat * fact("retrofit.heat_co2_t_gj"),
    }  # fmt: skip
    picks = {
        "all": _best(np.where(allowed, chosen.sum(axis=1)[None].astype(float), -np.inf)),
        "payback": _best(np.where(allowed & (cost <= value * payback_years), worth, -np.inf)),
        "bar": _cheapest(cost, rate, allowed, float(fact("retrofit.bar"))),
    }
    return _table(buildings.index, picks, figures, chosen, names)


def _per_measure(measures: pd.DataFrame, column: str, ids: pd.Index) -> npt.NDArray[Any]:
    """Return one column of the measures as buildings by measures."""
    wide = measures[column].unstack("measure")
    return wide.loc[ids, list(measure_names())].to_numpy()


def _best(score: Floats) -> npt.NDArray[np.intp]:
    """Take the choice of the highest score; the first of several."""
    best: npt.NDArray[np.intp] = score.argmax(axis=1)
    return best


def _cheapest(cost: Floats, rate: Floats, allowed: Bools, bar: float) -> npt.NDArray[np.intp]:
    """Take the cheapest choice that reaches the bar, else the one that saves most."""
    reach = allowed & (rate >= bar - 1e-12)
    cheapest = np.where(reach, cost, np.inf).argmin(axis=1)
    most = np.where(allowed, rate, -1.0).argmax(axis=1)
    chosen: npt.NDArray[np.intp] = np.where(reach.any(axis=1), cheapest, most)
    return chosen


def _table(
    ids: pd.Index, picks: dict[str, npt.NDArray[np.intp]], figures: dict[str, Floats],
    chosen: Bools, names: tuple[str, ...],
) -> pd.DataFrame:  # fmt: skip
    """Write the chosen packages out."""
    parts = []
    rows = np.arange(len(ids))
    for package, pick in picks.items():
        part = pd.DataFrame({k: v[rows, pick] for k, v in figures.items()}, index=ids)
        part["measures"] = [[n for n, c in zip(names, chosen[p], strict=True) if c] for p in pick]
        part["package"] = package
        parts.append(part)
    table = pd.concat(parts).rename_axis(index="building_id").reset_index()
    table["simple_payback_a"] = table["cost_cny"] / table["value_cny_a"].where(
        table["value_cny_a"] > 0
    )
    reached = table["saving_rate"] >= fact("retrofit.bar") - 1e-12
    table["reaches_bar"] = np.where(reached, "yes", "no")
    order = {b: n for n, b in enumerate(ids)}
    table = table.iloc[table["building_id"].map(order).argsort(kind="stable")]
    return table.set_index(["building_id", "package"])[RETROFIT_PACKAGES.names]


def choose_within_budget(packages: pd.DataFrame, budget_cny: float) -> list[tuple[str, str]]:
    """
    Choose at most one package per building so that most standard coal is saved within a budget.

    Parameters
    ----------
    packages
        `schema.RETROFIT_PACKAGES`.
    budget_cny
        What may be spent in all. [CNY]

    Returns
    -------
    chosen
        Index entries of `packages`; the optimum of a mixed-integer program (HiGHS).
    """
    # what costs more than all that may be spent is not in question
    rows = packages[packages["cost_cny"].between(0.0, budget_cny, inclusive="right")]
    if rows.empty:
        return []
    coal = rows["electricity_kwh"] * fact("retrofit.electricity_kgce_kwh")
    coal = coal + rows["heat_gj"] * fact("retrofit.heat_kgce_gj")
    building = pd.factorize(rows.index.get_level_values("building_id"))[0]
    ones, places = np.ones(len(rows)), np.arange(len(rows))
    one_each = sparse.csr_array((ones, (building, places)), (building.max() + 1, len(rows)))
    limits = [
        opt.LinearConstraint(rows["cost_cny"].to_numpy()[None] / budget_cny, -np.inf, 1.0),
        opt.LinearConstraint(one_each, -np.inf, 1.0),
    ]
    scale = max(float(coal.max()), 1.0)
    # of equal savings the cheaper one
    gain = coal.to_numpy() / scale - 1e-9 * rows["cost_cny"].to_numpy() / budget_cny
    found = opt.milp(
        -gain, integrality=np.ones(len(rows)), bounds=opt.Bounds(0, 1), constraints=limits
    )
    return [key for key, taken in zip(rows.index, found.x, strict=True) if taken > 0.5]
