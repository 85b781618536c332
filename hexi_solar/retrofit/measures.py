"""Each measure alone: where it applies, what it saves and what it costs.

A measure acts on one end use, or on the whole building. It saves a share of that use, so
what it saves in kilowatt-hours depends on what the others have left: `packages.py`
multiplies. Where the fact that decides is missing (the year of the house, its floors), the
measure is neither taken nor dropped: it applies "unknown", and is said to be so.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from hexi_solar.facts import fact, read_facts
from hexi_solar.schema import MEASURES

Floats = npt.NDArray[np.float64]

END_USES = ("lighting", "cooling", "ventilation", "equipment", "lifts", "hot_water", "other")
"""Of electricity, in the order of `facts/retrofit.toml`; heating is the heat."""
ENDS = ("low", "", "high")


def measure_names() -> tuple[str, ...]:
    """Return the measures of `facts/retrofit.toml`, in their order."""
    return tuple(read_facts("retrofit")["measure"])


def applicable(buildings: pd.DataFrame) -> pd.DataFrame:
    """
    Say which measure applies to which building.

    Parameters
    ----------
    buildings
        With `floor_area_m2`, `floors` and `completed_on`, each of which may be unknown.

    Returns
    -------
    applies
        One column per measure: yes, no or unknown.
    """
    columns = {}
    for name, about in read_facts("retrofit")["measure"].items():
        said = pd.Series("yes", buildings.index)
        for column, holds in _conditions(buildings, about):
            known = buildings[column].notna()
            said = said.mask(known & ~holds, "no")
            said = said.mask(~known & (said == "yes"), "unknown")
        columns[name] = said
    return pd.DataFrame(columns, index=buildings.index)


def _conditions(buildings: pd.DataFrame, about: dict[str, object]) -> list[tuple[str, pd.Series]]:
    """List what must hold for a measure: column and truth per building."""
    found: list[tuple[str, pd.Series]] = []
    for column in ("floor_area_m2", "floors"):
        if column in about:
            number = pd.to_numeric(buildings[column], errors="coerce")
            found.append((column, number >= float(str(about[column]))))
    if "completed_before" in about:
        before = pd.Timestamp(str(about["completed_before"]))
        found.append(("completed_on", buildings["completed_on"] < before))
    return found


def end_use_shares(owner_type: pd.Series) -> Floats:
    """
    Return the share of electricity by end use, one row per building.

    Returns
    -------
    shares
        Shape (buildings, end uses), rows add up to 1. [-]
    """
    shares = {t: fact(f"retrofit.end_use.{t}") for t in owner_type.unique()}
    return np.array([shares[t] for t in owner_type], float).reshape(-1, len(END_USES))


def savings(end: str = "") -> tuple[Floats, Floats]:
    """
    Return what each measure saves of each end use.

    Parameters
    ----------
    end
        ``"low"``, ``""`` or ``"high"`` of the range.

    Returns
    -------
    of_electricity, of_heat
        Shapes (measures, end uses) and (measures,). [-]
    """
    electricity = np.zeros((len(measure_names()), len(END_USES)))
    heat = np.zeros(len(measure_names()))
    for row, (name, about) in enumerate(read_facts("retrofit")["measure"].items()):
        share = float(fact(f"retrofit.saving.{name}")[ENDS.index(end)])
        use = about["end_use"]
        if use == "whole":
            electricity[row], heat[row] = share, share
        elif use == "heating":
            heat[row] = share
        else:
            electricity[row, END_USES.index(use)] = share
    return electricity, heat


def retrofit_measures(
    buildings: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    price_cny_kwh: pd.Series,
    emission_factor: float,
) -> pd.DataFrame:
    """
    Work out each measure of each building on its own.

    Parameters
    ----------
    buildings
        With `owner_type`, `floor_area_m2`, `floors`, `completed_on`.
    demand
        `schema.DEMAND` of the same buildings.
    price_cny_kwh
        What a saved kilowatt-hour is worth, nominal. [CNY/kWh]
    emission_factor
        Of electricity. [kgCO₂/kWh]

    Returns
    -------
    measures
        `schema.MEASURES`; every measure of every building, also those that do not apply,
        with what they would save. Unknown use leaves savings unknown.
    """
    shares = end_use_shares(buildings["owner_type"].astype(str))
    use = demand["electricity_kwh"].to_numpy(float)
    heat = demand["heat_gj"].to_numpy(float)
    area = buildings["floor_area_m2"].to_numpy(float)
    price = price_cny_kwh.reindex(buildings.index).to_numpy(float)
    said = applicable(buildings)
    parts = []
    for row, name in enumerate(measure_names()):
        part = pd.DataFrame(index=buildings.index)
        part["measure"], part["applies"] = name, said[name]
        part["saving_ratio"] = float(fact(f"retrofit.saving.{name}")[1])
        for end in ENDS:
            of_use, of_heat = savings(end)
            middle = f"_{end}" if end else ""
            part[f"electricity{middle}_kwh"] = use * (shares @ of_use[row])
            part[f"heat{middle}_gj"] = heat * of_heat[row]
        for end, cost in zip(ENDS, fact(f"retrofit.cost_cny_m2.{name}"), strict=True):
            part[f"cost{'_' + end if end else ''}_cny"] = area * float(cost)
        part["life_a"] = float(fact(f"retrofit.life_a.{name}"))
        part["value_cny_a"] = part["electricity_kwh"] * price + part["heat_gj"] * fact(
            "retrofit.heat_price_cny_gj"
        )
        part["co2_t"] = part["electricity_kwh"] * emission_factor / 1000.0 + part["heat_gj"] * fact(
            "retrofit.heat_co2_t_gj"
        )
        parts.append(part)
    table = pd.concat(parts).rename_axis(index="building_id").reset_index()
    table["simple_payback_a"] = table["cost_cny"] / table["value_cny_a"].where(
        table["value_cny_a"] > 0
    )
    yearly = table["cost_cny"] / table["life_a"].map(annuity)
    table["npv_cny"] = (table["value_cny_a"] - yearly) * annuity(fact("retrofit.years"))
    order = {name: n for n, name in enumerate(measure_names())}
    table["order"] = table["measure"].map(order)
    place = {b: n for n, b in enumerate(buildings.index)}
    table["place"] = table["building_id"].map(place)
    table = table.sort_values(["place", "order"], kind="stable")
    return table.set_index(["building_id", "measure"])[MEASURES.names]


def annuity(years: float) -> float:
    r"""
    Calculate what one yuan a year is worth today, at the end of each of some years.

    Notes
    -----
    .. math:: a = \frac{1 - (1 + r)^{-n}}{r}

    with the nominal rate r of `facts/retrofit.toml`. A cost over the annuity of a life is
    its equal annual cost, with which measures of different lives are compared: each is
    renewed at the end of its own.
    """
    rate = float(fact("retrofit.discount_rate"))
    return float((1.0 - (1.0 + rate) ** -years) / rate)
