"""One plan per unit (一企一策): what a building uses, what it should do, what it costs, who pays."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from hexi_solar.labels import text
from hexi_solar.reports.charts import Bar, bar_chart
from hexi_solar.reports.document import Column, Document, Draft, Figure
from hexi_solar.reports.say import Says, is_unknown
from hexi_solar.reports.svg import BLUE, GREEN, GREY
from hexi_solar.study import Renewal

WAN = 1e4
"""Money of one building is shown in 10,000 CNY."""


class Speaks(Says):
    """Texts below `retrofit.unit.`; numbers and names as in every report."""

    def unit(self, key: str, **fields: Any) -> str:
        """Return a text of the unit's plan."""
        return text(f"retrofit.unit.{key}", self.language, **fields)

    def heads(self, *specs: str) -> list[Column]:
        """Describe columns: `retrofit.unit.col.name`, side and width."""
        sides: dict[str, Any] = {"<": "left", ">": "right", "^": "centre"}
        parts = [spec.split() for spec in specs]
        return [Column(self.unit(f"col.{n}"), sides[s], float(w)) for n, s, w in parts]

    def wan(self, value: object, digits: int = 1) -> str:
        """Write money in 10,000 CNY; unknown as a dash."""
        return self.nothing if is_unknown(value) else f"{float(str(value)) / WAN:,.{digits}f}"

    def years(self, value: object) -> str:
        """Write a payback; unknown means that it never comes."""
        return self.unit("never") if is_unknown(value) else self.number(value, 1, self.unit("a"))


def file_stem(found: Renewal, building: str) -> str:
    """Name the files of one unit: id and name, with nothing that a file system dislikes."""
    name = found.study.buildings["name"].get(building)
    words = f"{building}-{name}" if not is_unknown(name) else building
    return re.sub(r"[^\w\u4e00-\u9fff.-]+", "-", words).strip("-.")[:80]


def unit_plan(found: Renewal, building: str) -> Document:
    """
    Write the plan of one building.

    Parameters
    ----------
    found
        The retrofit plan.
    building
        One of `found.unit_plans`.

    Returns
    -------
    document
        Findings, measures with money and energy, roof, contracts for both sides, next steps.
    """
    plan = found.study.plan
    says, draft = Speaks(plan.language), Draft()
    for chapter in (_summary, _findings, _measures, _roof, _contracts, _steps):
        chapter(found, building, says, draft)
    return Document(
        title=says.name(found.study.buildings["name"].get(building), building),
        subtitle=says.unit("subtitle", id=building, title=plan.title or plan.name),
        language=plan.language,
        day=plan.today.isoformat(),
        blocks=tuple(draft.blocks),
        footer=says.unit("footer"),
        stamp=says("stamp_synthetic") if plan.synthetic else plan.map.stamp,
        cover=False,
        margin_mm=19.0,
    )


def unit_sections(found: Renewal, building: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the retrofit section of a building's card; none where there is no plan."""
    if building not in found.unit_plans.index:
        return []
    says = Speaks(found.study.plan.language)
    row: Any = found.unit_plans.loc[building]
    electricity = says.number(row["electricity_saved_kwh"], 0, "kWh")
    heat = says.number(row["heat_saved_gj"], 0, "GJ")
    measures = says.listed([says.label("measure", m) for m in row["measures"]])
    lines = [
        (says.unit("use"), _use(found.demand.loc[building], says)),
        (says.unit("measures"), measures or says.nothing),
        (says.unit("saving"), f"{electricity}, {heat} ({says.rate(row['saving_rate'])})"),
        (
            says.unit("money"),
            says.unit(
                "money_line",
                cost=says.wan(row["cost_cny"]),
                value=says.wan(row["value_cny_a"]),
                years=says.years(row["simple_payback_a"]),
            ),
        ),
    ]
    return [(says.unit("section"), lines)]


def _use(demand: Any, says: Speaks) -> str:
    """Write the use of electricity with its source."""
    mark = says.label("source", demand["electricity_source"])
    intensity = says.number(demand["electricity_kwh_m2"], 1, "kWh/m²")
    return f"{says.number(demand['electricity_kwh'], 0, 'kWh')} ({intensity}, {mark})"


def _heat(demand: Any, says: Speaks) -> str:
    """Write the use of heat with its source."""
    mark = says.label("source", demand["heat_source"])
    intensity = says.number(demand["heat_gj_m2"], 2, "GJ/m²")
    return f"{says.number(demand['heat_gj'], 0, 'GJ')} ({intensity}, {mark})"


# ----------------------------------------------------------------------------- chapters


def _summary(found: Renewal, building: str, says: Speaks, draft: Draft) -> None:
    row: Any = found.unit_plans.loc[building]
    draft.say(summary(found, building, says), "lead")
    draft.figures(
        Figure(says.unit("cost"), says.wan(row["cost_cny"]), says.unit("wan")),
        Figure(says.unit("value"), says.wan(row["value_cny_a"]), says.unit("wan_a")),
        Figure(says.unit("payback"), says.years(row["simple_payback_a"]), says.unit("simple")),
        Figure(says.unit("co2"), says.number(row["co2_t"], 0), says.unit("t_a")),
    )
    if found.demand.loc[building, "electricity_source"] != "measured":
        draft.say(says.unit("assumed"), "note")


def summary(found: Renewal, building: str, says: Speaks) -> str:
    """Say the plan in one sentence."""
    row: Any = found.unit_plans.loc[building]
    parts = []
    if row["measures"]:
        measures = says.listed([says.label("measure", m) for m in row["measures"]])
        parts.append(
            says.unit("part_measures", measures=measures, rate=says.rate(row["saving_rate"]))
        )
    if row["collector_area_m2"] > 0:
        parts.append(says.unit("part_water", area=says.number(row["collector_area_m2"])))
    if row["capacity_kwp"] > 0:
        parts.append(says.unit("part_pv", capacity=says.number(row["capacity_kwp"], 0)))
    if row["storage_kwh"] > 0:
        parts.append(
            says.unit(
                "part_storage",
                capacity=says.number(row["storage_kwh"], 0),
                cost=says.wan(found.storage.loc[building, "cost_cny"]),
            )
        )
    between, end = ("；", "。") if says.language == "zh" else ("; ", ".")
    return between.join(parts) + end


def _findings(found: Renewal, building: str, says: Speaks, draft: Draft) -> None:
    demand: Any = found.demand.loc[building]
    about = found.study.buildings.loc[building]
    draft.heading(says.unit("findings"), 2)
    area = says.number(demand["floor_area_m2"], 0, "m²")
    rows = [
        [
            says.unit("owner_type"),
            says.word("owner_type", about["owner_type"]),
            says.unit("area"),
            area,
        ],
        [
            says.unit("department"),
            says.name(about["department"], says.nothing),
            says.unit("year"),
            says.day(about["completed_on"]),
        ],
        [
            says.unit("electricity"),
            _use(demand, says),
            says.unit("heat"),
            _heat(demand, says),
        ],
        [
            says.unit("limits"),
            _limits(demand, says),
            says.unit("rating"),
            says.label("rating", demand["electricity_rating"]),
        ],
    ]
    draft.table(says.heads("fact < 1", "value < 2", "fact < 1", "value < 2"), rows, small=True)
    chart = _intensity(demand, says)
    if chart:
        draft.picture(chart, 150, says.unit("intensity_caption"))
    if building in found.diagnosis_choice.index:
        draft.say(why_chosen(found, building, says))


def _limits(demand: Any, says: Speaks) -> str:
    if is_unknown(demand["constraint_kwh_m2"]):
        return says.label("rating", "not_covered")
    return f"{says.number(demand['guide_kwh_m2'], 0)} / {says.number(demand['constraint_kwh_m2'], 0, 'kWh/m²')}"


def _intensity(demand: Any, says: Speaks) -> str:
    """Draw the intensity beside its limits; empty where there are none."""
    values = [
        ("own", demand["electricity_kwh_m2"], BLUE), ("guide", demand["guide_kwh_m2"], GREEN),
        ("constraint", demand["constraint_kwh_m2"], GREY),
    ]  # fmt: skip
    if any(is_unknown(v) for _, v, _ in values):
        return ""
    bars = [Bar(says.unit(n), float(v), says.number(v, 1, "kWh/m²"), c) for n, v, c in values]
    return bar_chart(bars, width=560)


def why_chosen(found: Renewal, building: str, says: Speaks) -> str:
    """Say why a building is chosen for a free diagnosis."""
    row: Any = found.diagnosis_choice.loc[building]
    return says.unit(
        "chosen",
        place=int(row["place"]),
        coal=says.number(float(row["expected_kgce"]) / 1000.0, 0),
        spread=says.number(float(row["spread_kgce"]) / 1000.0, 0),
        **{n: f"{float(row[f'{n}_points']):.2f}" for n in ("saving", "learned", "fairness")},
    )


def _measures(found: Renewal, building: str, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("measures_title"), 2)
    table = found.measures.xs(building, level="building_id")
    plan: Any = found.unit_plans.loc[building]
    chosen = set(plan["measures"])
    shown = table[table["applies"] != "no"]
    rows, strong = [], []
    for number, (name, row) in enumerate(shown.iterrows()):
        state = (
            says.unit("taken")
            if name in chosen
            else says.unit("unsure")
            if row["applies"] == "unknown"
            else says.unit("not_taken")
        )
        energy = (
            f"{says.number(row['electricity_kwh'] / 1000.0, 1)} / {says.number(row['heat_gj'], 0)}"
        )
        cost = f"{says.wan(row['cost_cny'])} ({says.wan(row['cost_low_cny'])}–{says.wan(row['cost_high_cny'])})"
        rows.append(
            [
                says.label("measure", name),
                energy,
                cost,
                says.wan(row["value_cny_a"]),
                says.years(row["simple_payback_a"]),
                state,
            ]
        )
        strong += [number] if name in chosen else []
    heads = says.heads(
        "measure < 2", "energy > 1.5", "cost > 2", "value_a > 1.1", "payback > 1", "state < 1.1"
    )
    draft.table(heads, rows, caption=says.unit("measures_caption"), strong=strong, small=True)
    every = found.packages.xs(building, level="building_id")
    rows = [
        [
            says.label("package", name),
            says.rate(row["saving_rate"]),
            says.wan(row["cost_cny"]),
            says.wan(row["value_cny_a"]),
            says.years(row["simple_payback_a"]),
            says.wan(row["npv_cny"]),
        ]
        for name, row in every.iterrows()
    ]
    strong = [n for n, name in enumerate(every.index) if name == plan["package"]]
    heads = says.heads(
        "package < 2", "rate > 1", "cost > 1.1", "value_a > 1.1", "payback > 1", "npv > 1.1"
    )
    draft.table(heads, rows, caption=says.unit("packages_caption"), strong=strong, small=True)
    draft.say(says.unit("measures_note"), "note")


def _roof(found: Renewal, building: str, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("roof"), 2)
    if building not in found.roof_claims.index:
        draft.say(says.unit("no_roof"))
        return
    claim = found.roof_claims.loc[building]
    if is_unknown(claim["hot_water_l_d"]):
        draft.say(says.unit("no_water"), "note")
    rows = [
        [says.unit(f"claim_{n}"), says.number(claim[f"{n}_area_m2"], 0, "m²")]
        for n in ("usable", "hot_water", "plant", "pv")
    ]
    if building in found.economics.index:
        pv = found.economics.loc[building]
        rows += [
            [says.unit("capacity"), says.number(pv["capacity_kwp"], 1, "kWp")],
            [says.unit("energy"), says.number(pv["energy_ac_kwh"], 0, "kWh")],
            [says.unit("self_use"), says.rate(pv["self_use_share"])],
            [says.unit("pv_cost"), says.wan(pv["capex_cny"])],
            [says.unit("irr"), says.rate(pv["irr"])],
            [says.unit("lcoe"), says.number(pv["lcoe_cny_kwh"], 3)],
        ]
    half = (len(rows) + 1) // 2
    pairs = [a + b for a, b in zip(rows[:half], [*rows[half:], ["", ""]][:half], strict=True)]
    draft.table(says.heads("fact < 1.4", "value > 1", "fact < 1.4", "value > 1"), pairs, small=True)
    if building in found.economics.index:
        turned = found.sensitivity.loc[[building]].droplevel("building_id")
        tornado(turned.sort_values("swing_cny", ascending=False, kind="stable"), says, draft)


def tornado(turned: pd.DataFrame, says: Speaks, draft: Draft) -> None:
    """Show what PV is worth with one assumption turned at a time, the widest swing first."""
    names = {p: says.label("sensitivity", p) for p in turned.index}
    bars = [Bar(names[p], float(v), says.wan(v), BLUE) for p, v in turned["swing_cny"].items()]
    draft.picture(bar_chart(bars, width=560), 150, says.unit("sensitivity_chart"))
    rows = [
        [
            names[p], f"{row['low']:g} – {row['high']:g}",
            says.wan(row["npv_low_cny"]), says.wan(row["npv_high_cny"]),
        ]
        for p, row in turned.iterrows()
    ]  # fmt: skip
    heads = says.heads("assumption < 1.6", "range > 1.2", "npv_low > 1.4", "npv_high > 1.4")
    draft.table(heads, rows, caption=says.unit("sensitivity"), small=True)
    base = f"{says.wan(turned['npv_cny'].iloc[0])} {says.unit('wan_plain')}"
    draft.say(says.unit("sensitivity_note", npv=base), "note")


def _contracts(found: Renewal, building: str, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("contracts"), 2)
    if building not in found.contracts.index.get_level_values(0):
        draft.say(says.unit("no_contract"))
        return
    table = found.contracts.xs(building, level="building_id")
    rows = [
        [
            says.label("contract", name), says.wan(row["owner_capex_cny"]), says.wan(row["owner_npv_cny"]),
            says.nothing if name == "own" else says.wan(row["contractor_npv_cny"]),
            says.rate(row["contractor_irr"]) if not is_unknown(row["contractor_irr"]) else says.nothing,
            says.wan(row["grant_cny"]),
        ]
        for name, row in table.iterrows()
    ]  # fmt: skip
    heads = says.heads(
        "contract < 1.8",
        "owner_capex > 1.2",
        "owner_npv > 1.2",
        "contractor_npv > 1.2",
        "contractor_irr > 1.2",
        "grant > 1.2",
    )
    strong = [n for n, kept in enumerate(table["chosen"]) if kept]
    required = says.rate(found.study.plan.contract.required_irr_nominal)
    draft.table(heads, rows, caption=says.unit("contracts_caption"), strong=strong, small=True)
    draft.say(
        says.unit("contracts_note", required=required, years=found.study.plan.contract.years),
        "note",
    )


def _steps(found: Renewal, building: str, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("steps"), 2)
    draft.bullets(
        [says.unit(f"step_{name}") for name in next_steps(found, building)], numbered=True
    )


def next_steps(found: Renewal, building: str) -> list[str]:
    """List what comes next, in order: keys of `retrofit.unit.step_`."""
    row, demand = found.unit_plans.loc[building], found.demand.loc[building]
    about = found.study.buildings.loc[building]
    steps = ["meter"] if demand["electricity_source"] != "measured" else []
    steps += ["diagnose"] if building in found.diagnosis_choice.index else []
    unsure = found.measures.xs(building, level="building_id")["applies"] == "unknown"
    steps += ["facts"] if unsure.any() else []
    steps += ["load"] if row["capacity_kwp"] > 0 and about.get("load_state") != "yes" else []
    if building in found.roof_claims.index and is_unknown(
        found.roof_claims.loc[building, "hot_water_l_d"]
    ):
        steps.append("water")
    return [*steps, "offers", "contract"]
