"""The retrofit report of a district, or of one of its zones: findings, money, who is first."""

from __future__ import annotations

import pandas as pd

from hexi_solar.reports.charts import Bar, bar_chart
from hexi_solar.reports.document import Document, Draft, Figure
from hexi_solar.reports.say import is_unknown
from hexi_solar.reports.svg import BLUE, GREEN, ORANGE
from hexi_solar.reports.units import Speaks, tornado, why_chosen
from hexi_solar.study import Renewal

LONG = 20
"""Rows of lists that could go on and on."""
YI = 1e8
"""Money of the district is shown in 100 million CNY."""


def retrofit_report(found: Renewal, tasks: pd.DataFrame) -> Document:
    """
    Write the report.

    Parameters
    ----------
    found
        The retrofit plan, of all or of one zone.
    tasks
        `schema.TASKS` of the year.

    Returns
    -------
    document
        Conclusion, use, measures, roofs, contracts, diagnoses, other rows, tasks, method.
    """
    plan = found.study.plan
    says, draft = Speaks(plan.language), Draft()
    for chapter in (_conclusion, _use, _measures, _roofs, _worth, _contracts, _diagnoses, _others):
        chapter(found, says, draft)
    _tasks(tasks, says, draft)
    _method(found, says, draft)
    zone = plan.retrofit.zone
    title = says.unit("report_zone", zone=zone) if zone else says.unit("report")
    return Document(
        title=title,
        subtitle=says.unit("report_subtitle", title=plan.title or plan.name),
        language=plan.language,
        day=plan.today.isoformat(),
        blocks=tuple(draft.blocks),
        footer=says.unit("footer"),
        stamp=says("stamp_synthetic") if plan.synthetic else plan.map.stamp,
    )


def _conclusion(found: Renewal, says: Speaks, draft: Draft) -> None:
    plans, demand = found.unit_plans, found.demand
    draft.heading(says.unit("conclusion"))
    sums = plans[
        [
            "electricity_saved_kwh",
            "heat_saved_gj",
            "cost_cny",
            "value_cny_a",
            "npv_cny",
            "co2_t",
            "capacity_kwp",
        ]
    ].sum()
    metered = int((demand["electricity_source"] == "measured").sum())
    draft.say(
        says.unit(
            "verdict", buildings=f"{len(demand):,}", metered=f"{metered:,}", plans=f"{len(plans):,}",
            electricity=says.number(sums["electricity_saved_kwh"] / 1e6, 1),
            share=says.rate(sums["electricity_saved_kwh"] / demand["electricity_kwh"].sum()),
            heat=says.number(sums["heat_saved_gj"] / 1e3, 0), capacity=says.number(sums["capacity_kwp"] / 1e3, 1),
        ),
        "lead",
    )  # fmt: skip
    draft.figures(
        Figure(says.unit("cost"), says.number(sums["cost_cny"] / YI, 2), says.unit("yi")),
        Figure(says.unit("value"), says.number(sums["value_cny_a"] / YI, 2), says.unit("yi_a")),
        Figure(says.unit("npv"), says.number(sums["npv_cny"] / YI, 2), says.unit("yi_tax")),
        Figure(says.unit("co2"), says.number(sums["co2_t"], 0), says.unit("t_a")),
    )
    if metered < len(demand):
        draft.say(says.unit("mostly_assumed", count=f"{len(demand) - metered:,}"), "note")


def _use(found: Renewal, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("findings"))
    kinds = found.buildings["owner_type"].astype(str)
    demand = found.demand
    sums = demand[["electricity_kwh", "heat_gj", "floor_area_m2"]].groupby(kinds).sum()
    counts = kinds.value_counts()
    metered = (demand["electricity_source"] == "measured").groupby(kinds).sum()
    sums = sums.sort_values("electricity_kwh", ascending=False, kind="stable")
    bars = [
        Bar(says.word("owner_type", kind), float(v), says.number(v / 1e6, 1, "GWh"), BLUE)
        for kind, v in sums["electricity_kwh"].items()
    ]
    draft.picture(bar_chart(bars), 160, says.unit("use_caption"))
    rows = [
        [
            says.word("owner_type", kind), f"{counts[str(kind)]:,}", f"{metered[str(kind)]:,}",
            says.number(row["floor_area_m2"] / 1e4, 1), says.number(row["electricity_kwh"] / row["floor_area_m2"], 1),
            says.number(row["heat_gj"] / row["floor_area_m2"], 2),
        ]
        for kind, row in sums[sums["floor_area_m2"] > 0].iterrows()
    ]  # fmt: skip
    heads = says.heads(
        "owner_type < 2",
        "buildings > 1",
        "metered > 1",
        "area_wan > 1.2",
        "kwh_m2 > 1.2",
        "gj_m2 > 1.2",
    )
    draft.table(heads, rows, caption=says.unit("use_table"), small=True)
    above = demand[demand["electricity_rating"] == "above"].sort_values(
        "electricity_kwh_m2", ascending=False
    )
    if len(above):
        rows = [
            [
                _name(found, i, says),
                str(i),
                says.number(r["electricity_kwh_m2"], 1),
                says.number(r["constraint_kwh_m2"], 0),
            ]
            for i, r in above.head(LONG).iterrows()
        ]
        draft.table(
            says.heads("name < 2", "id < 1.4", "kwh_m2 > 1", "constraint > 1"),
            rows,
            caption=says.unit("above_table", count=len(above)),
            small=True,
        )


def _name(found: Renewal, building: object, says: Speaks) -> str:
    return says.name(found.study.buildings["name"].get(building), str(building))


def _measures(found: Renewal, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("measures_title"))
    taken: dict[str, list[str]] = {}
    for building, names in found.unit_plans["measures"].items():
        for name in names:
            taken.setdefault(name, []).append(str(building))
    rows, bars = [], []
    for name, ids in sorted(taken.items(), key=lambda pair: -len(pair[1])):
        own = found.measures.xs(name, level="measure").loc[ids]
        value, cost = own["value_cny_a"].sum(), own["cost_cny"].sum()
        bars.append(
            Bar(
                says.label("measure", name),
                float(value),
                f"{says.number(value / 1e6, 1)} {says.unit('million_a')}",
                GREEN,
            )
        )
        rows.append([
            says.label("measure", name), f"{len(ids):,}", says.number(own["electricity_kwh"].sum() / 1e6, 1),
            says.number(own["heat_gj"].sum() / 1e3, 0),
            says.number(cost / 1e6, 1), says.number(value / 1e6, 1), says.years(cost / value if value > 0 else None),
        ])  # fmt: skip
    if not rows:
        draft.say(says.unit("no_measures"))
        return
    draft.picture(bar_chart(bars), 160, says.unit("measures_chart"))
    heads = says.heads(
        "measure < 2.2",
        "buildings > 0.9",
        "gwh > 1",
        "tj > 1",
        "cost_m > 1.1",
        "value_m > 1.1",
        "payback > 1",
    )
    draft.table(heads, rows, caption=says.unit("measures_table"), small=True)
    draft.say(says.unit("measures_note"), "note")
    best = found.unit_plans.sort_values("npv_cny", ascending=False, kind="stable").head(LONG)
    rows = [
        [
            _name(found, i, says),
            says.word("owner_type", r["owner_type"]),
            says.rate(r["saving_rate"]),
            says.number(r["capacity_kwp"], 0),
            says.wan(r["cost_cny"], 0),
            says.wan(r["value_cny_a"], 0),
            says.years(r["simple_payback_a"]),
        ]
        for i, r in best.iterrows()
    ]
    heads = says.heads(
        "name < 2.4",
        "owner_type < 1.3",
        "rate > 1",
        "kwp > 0.9",
        "cost > 1.1",
        "value_a > 1.1",
        "payback > 1",
    )
    draft.table(heads, rows, caption=says.unit("best_table"), small=True)


def _roofs(found: Renewal, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("roof"))
    claims, heating = found.roof_claims, found.solar_heating
    water, pv = claims["hot_water_area_m2"].sum(), claims["pv_area_m2"].sum()
    unknown = int(claims["hot_water_l_d"].isna().sum())
    draft.say(
        says.unit(
            "roof_verdict", roofs=f"{len(claims):,}", usable=says.number(claims["usable_area_m2"].sum() / 1e4, 1),
            water=says.number(water / 1e4, 2), pv=says.number(pv / 1e4, 1), unknown=f"{unknown:,}",
        )
    )  # fmt: skip
    paid = int((found.storage["capacity_kwh"] > 0).sum())
    draft.say(says.unit("storage_verdict", tried=f"{len(found.storage):,}", paid=f"{paid:,}"))
    fits = int(((heating["fits"] == "yes") & (heating["pays"] == "yes")).sum())
    draft.say(says.unit("heating_verdict", count=f"{len(heating):,}", fits=f"{fits:,}"))


def _worth(found: Renewal, says: Speaks, draft: Draft) -> None:
    """Show what moves the value of all PV together."""
    if found.sensitivity.empty:
        return
    draft.heading(says.unit("sensitivity"))
    by = found.sensitivity.groupby(level="parameter", sort=False)
    turned = by[["npv_cny", "npv_low_cny", "npv_high_cny"]].sum()
    turned = turned.join(by[["low", "high"]].first())
    turned["swing_cny"] = (turned["npv_high_cny"] - turned["npv_low_cny"]).abs()
    tornado(turned.sort_values("swing_cny", ascending=False, kind="stable"), says, draft)


def _contracts(found: Renewal, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("contracts"))
    rows = []
    for key, own in found.contracts.groupby(level="contract", sort=False):
        name = str(key)
        ready = own["grant_cny"].fillna(1.0) <= 0
        builds = name not in ("own", "guaranteed")
        rows.append([
            says.label("contract", name), says.number(own["owner_capex_cny"].sum() / YI, 2),
            says.number(own["owner_npv_cny"].sum() / YI, 2),
            says.nothing if name == "own" else says.number(own["contractor_npv_cny"].sum() / YI, 2),
            f"{int(ready.sum()):,}" if builds else says.nothing,
            says.number(own["grant_cny"].sum() / YI, 2) if builds else says.nothing,
        ])  # fmt: skip
    heads = says.heads(
        "contract < 1.8",
        "owner_capex_yi > 1.2",
        "owner_npv_yi > 1.2",
        "contractor_npv_yi > 1.2",
        "ready > 1.2",
        "grant_yi > 1.2",
    )
    draft.table(heads, rows, caption=says.unit("contracts_sum"), small=True)
    contract = found.study.plan.contract
    draft.say(
        says.unit(
            "contracts_note",
            required=says.rate(contract.required_irr_nominal),
            years=contract.years,
        ),
        "note",
    )


def _diagnoses(found: Renewal, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("diagnoses"))
    choice = found.diagnosis_choice
    done = int((found.diagnoses["kind"] == "done").sum())
    draft.say(
        says.unit(
            "diagnoses_verdict",
            places=found.study.plan.retrofit.places,
            done=done,
            count=len(choice),
        )
    )
    rows = [
        [
            str(int(r["place"])),
            _name(found, i, says),
            says.word("owner_type", found.buildings["owner_type"].get(i)),
            says.name(found.buildings["subdistrict"].get(i), says.nothing),
            says.number(r["expected_kgce"] / 1000.0, 0),
            why_chosen(found, str(i), says),
        ]
        for i, r in choice.iterrows()
    ]
    heads = says.heads(
        "place > 0.5",
        "name < 1.8",
        "owner_type < 1.1",
        "subdistrict < 1.1",
        "coal > 0.8",
        "why < 3.2",
    )
    draft.table(heads, rows, caption=says.unit("diagnoses_table"), small=True)


def _others(found: Renewal, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("others"))
    rows = [
        [
            says.label("tracker", name),
            says.number(r["value"]),
            says.number(r["target"]),
            r["unit"] if not is_unknown(r["unit"]) else "",
            says.rate(r["share"], 0),
            says.day(None if is_unknown(r["on"]) or pd.isna(r["on"]) else r["on"]),
            says.label("tracker_state", r["tracker_state"]),
        ]
        for name, r in found.tracker_status.iterrows()
    ]
    heads = says.heads(
        "tracker < 1.8",
        "reached > 1",
        "target > 1",
        "unit < 0.7",
        "share > 0.8",
        "on < 1",
        "state < 1.1",
    )
    draft.table(heads, rows, caption=says.unit("trackers_table"), small=True)
    roadmap = found.equipment_roadmap
    counts = roadmap["action"].value_counts()
    if len(roadmap):
        years = roadmap["replace_year"].dropna().astype(int).value_counts().sort_index()
        years = years[years.index <= found.study.plan.today.year + 10]
        bars = [Bar(str(y), float(n), f"{n:,}", ORANGE) for y, n in years.items()]
        named = {k: f"{int(counts.get(k, 0)):,}" for k in ("replace", "plan", "check", "keep")}
        draft.say(says.unit("equipment_verdict", count=f"{len(roadmap):,}", **named))
        if bars:
            draft.picture(bar_chart(bars), 140, says.unit("equipment_chart"))
    else:
        draft.say(says.unit("equipment_none"))
    limits, response = found.energy_limits, found.demand_response
    over = int((limits["label"] == "above").sum())
    metered = int((limits["electricity_source"] == "measured").sum())
    draft.say(
        says.unit(
            "limits_verdict", count=f"{len(limits):,}", metered=f"{metered:,}", over=f"{over:,}"
        )
    )
    draft.say(
        says.unit(
            "response_verdict",
            count=f"{len(response):,}",
            peak=says.number(response["peak_kw"].sum() / 1e3, 1),
            response=says.number(response["response_kw"].sum() / 1e3, 1),
        )
    )


def _tasks(tasks: pd.DataFrame, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("tasks"))
    rows = [
        [
            str(r["department"]) or says.unit("nobody"),
            says.label("task", r["task"]),
            str(r["plan_item"]),
            says.number(r["done"]),
            says.number(r["target"]),
            says.label("task_state", r["task_state"]),
        ]
        for _, r in tasks.reset_index().iterrows()
    ]
    heads = says.heads(
        "department < 1.8", "task < 2.4", "item ^ 0.7", "done > 0.8", "target > 0.8", "state < 1"
    )
    draft.table(heads, rows, caption=says.unit("tasks_table"), small=True)


def _method(found: Renewal, says: Speaks, draft: Draft) -> None:
    draft.heading(says.unit("method"))
    draft.bullets([says.unit(f"method_{n}") for n in range(1, 7)])
    for notice in found.notices:
        draft.say(notice.message(says.language), "note")
