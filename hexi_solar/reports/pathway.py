"""The path to the target on two to four pages: verdict, years, roofs, what binds, how sure.

The same sentences stand on the command line, so that both say the same.
"""

from __future__ import annotations

from typing import Any

from hexi_solar.facts import read_facts
from hexi_solar.labels import text
from hexi_solar.reports.charts import Bar, Course, Point, bar_chart, course_chart
from hexi_solar.reports.document import Column, Document, Draft, Figure
from hexi_solar.reports.say import Says, is_unknown
from hexi_solar.reports.svg import BLUE, ORANGE
from hexi_solar.study import Roadmap

LONG = 30
"""Roofs listed; the workbook has them all."""
FEW = 8


def money(says: Says, cny: object) -> str:
    """
    Write an amount of money as the language does.

    Examples
    --------
    >>> money(Says("zh"), 12_345_678.0), money(Says("en"), 12_345_678.0)
    ('1,235 万元', '12.35 M CNY')
    """
    if is_unknown(cny):
        return says.nothing
    amount = float(str(cny))
    if says.language == "zh":
        return says.number(amount / 1e4, 1 if abs(amount) < 1e6 else 0, says("path.unit"))
    return says.number(amount / 1e6, 2, says("path.unit"))


def measure_of(found: Roadmap, says: Says) -> str:
    """Name the definition that the path is held against, with its reading."""
    name, reading, _ = str(found.answer["measure"]).split("/")
    return _named(found, says, name, reading)


def _named(found: Roadmap, says: Says, name: str, reading: str) -> str:
    """Name a definition and its reading."""
    plan = found.study.plan.coverage
    known = {**read_facts("coverage")["definitions"], **plan.definitions}
    title = str(known.get(name, {}).get(says.language, name))
    if reading == "-":
        return title
    return says("path.definition", name=title, reading=says.label("reading", reading))


def roofs_of(found: Roadmap, says: Says) -> str:
    """Say whose roofs the question is about."""
    start = found.study.plan.coverage.start.isoformat()
    return says(f"path.roofs_{found.asked}", start=start, count=len(found.members))


def verdict(found: Roadmap, says: Says) -> str:
    """Say whether the target is reached, by what, at what cost, and what is proven."""
    answer = found.answer
    facts = {
        "by": answer["by"], "target": says.rate(answer["target"]), "rate": says.rate(answer["rate"]),
        "count": answer["buildings"], "kwp": says.number(answer["capacity_kwp"], 0, "kWp"),
        "cost": money(says, answer["cost_cny"]), "discounted": money(says, answer["discounted_cny"]),
        "gap": f"{answer['gap']:.2%}", "most": says.rate(answer["reachable_rate_at_most"]),
        "nearest": says.rate(answer["reachable_rate"]), "everything": says.rate(answer["everything"]),
        "seconds": f"{found.solver['seconds']:.0f}",
    }  # fmt: skip
    sentence = says(f"path.{answer['status']}", **facts)
    if answer["status"] == "unreachable" and answer["everything"] < answer["target"]:
        sentence += says("path.proof_all", **facts)
    return sentence


def standing(found: Roadmap, says: Says) -> str:
    """Say where the rate stands, and where it would go if nothing were built."""
    answer, today = found.answer, found.study.plan.today
    reported = found.now[found.now["reported"]] if len(found.now) else found.now
    rate = reported["rate"].iloc[0] if len(reported) else None
    counted = found.members[found.members <= answer["by"]]
    later = int(found.study.buildings.loc[counted.index, "completed_on"].isna().sum())
    without = says.rate(answer["rate_without"])
    if rate is None:
        return says("path.standing_existing", without=without)
    facts = {"rate": says.rate(rate), "day": today.isoformat(), "later": later, "by": answer["by"]}
    return says("path.standing", without=without, **facts)


def likelihood(found: Roadmap, says: Says) -> str:
    """Say how probable the target is, and what would make it so."""
    chance, safer = found.chance, found.safer
    facts = {
        "probability": says.rate(chance["probability"]), "draws": f"{chance['draws']:,}",
        "low": says.rate(chance["rate_p10"]), "high": says.rate(chance["rate_p90"]),
    }  # fmt: skip
    more = {
        "planned": says.rate(safer["planned_target"]), "count": safer["buildings"],
        "cost": money(says, safer["cost_cny"]), "then": says.rate(safer["probability"]),
        "asked": says.rate(safer["asked_probability"], 0),
    }  # fmt: skip
    sentence = says("path.chance", **facts)
    if safer["planned_target"] <= found.answer["target"] and safer["enough"]:
        return sentence
    return sentence + says("path.safer" if safer["enough"] else "path.not_safer", **more)


def survey(found: Roadmap, says: Says) -> str:
    """Name the structural check that helps most for its cost; nothing if none helps."""
    useful = found.surveys[found.surveys["gain"] > 0.0]
    if useful.empty:
        return ""
    first = useful.iloc[0]
    return says(
        "path.survey", name=name_of(found, says, str(useful.index[0])),
        cost=money(says, first["check_cost_cny"]), gain=says.points(first["gain"]),
    )  # fmt: skip


def name_of(found: Roadmap, says: Says, building: str) -> str:
    """Return the name of a building, its id where it has none."""
    names = found.study.buildings["name"]
    return says.name(names.get(building), building)


def worth(found: Roadmap, says: Says) -> str:
    """Say what the roofs of the path are worth, and on what that rests."""
    plan = found.study.plan
    return says(
        "path.worth", npv=money(says, found.answer["npv_cny"]),
        taxpayer=says(f"path.taxpayer_{plan.economics.taxpayer}"), years=plan.economics.years,
        rate=says.rate(plan.economics.discount_rate_nominal),
    )  # fmt: skip


def pathway_report(found: Roadmap) -> Document:
    """
    Write the report of a path.

    Parameters
    ----------
    found
        The path.

    Returns
    -------
    document
        Two to four pages.
    """
    plan = found.study.plan
    says, draft = Says(plan.language), Draft()
    answer = found.answer
    draft.say(verdict(found, says), "lead")
    reached = answer["status"] == "reached"
    draft.figures(
        Figure(says("path.figure.rate", by=answer["by"]), says.rate(answer["rate"]),
               says("path.figure.target", target=says.rate(answer["target"])), "good" if reached else "bad"),
        Figure(says("path.figure.cost"), money(says, answer["cost_cny"]),
               says("path.figure.discounted", amount=money(says, answer["discounted_cny"]))),
        Figure(says("path.figure.built"), says.number(answer["capacity_kwp"] / 1e3, 2, "MWp"),
               says("path.figure.count", count=answer["buildings"])),
        Figure(says("path.figure.chance"), says.rate(found.chance["probability"]),
               says("path.figure.chance_note")),
    )  # fmt: skip
    draft.say(standing(found, says))
    draft.picture(
        rate_chart(found, says), 172, says("path.rate_caption", target=says.rate(answer["target"]))
    )
    draft.picture(cost_chart(found, says), 172, says("path.cost_caption"))
    draft.table(*years_table(found, says), caption=says("path.years_caption"), small=True)
    draft.say(worth(found, says))
    draft.heading(says("path.schedule"))
    draft.table(*schedule_table(found, says), small=True)
    if len(found.schedule) > LONG:
        draft.say(says("path.rest", count=len(found.schedule) - LONG), "note")
    draft.heading(says("path.definitions"))
    draft.table(*definitions_table(found, says), small=True)
    draft.heading(says("path.binding"))
    draft.say(says("path.binding_note"))
    draft.table(*binding_rows(found, says), small=True)
    draft.heading(says("path.sure"))
    draft.say(likelihood(found, says))
    draft.say(survey(found, says))
    draft.table(*survey_rows(found, says), small=True)
    draft.heading(says("path.assumed"))
    draft.say(says("path.assumed_note"), "note")
    draft.table(*assumption_rows(found, says), small=True)
    draft.bullets([n.message(plan.language) for n in found.notices])
    return Document(
        title=says("path.title", title=plan.title or plan.name),
        subtitle=roofs_of(found, says),
        language=plan.language,
        day=plan.today.isoformat(),
        blocks=tuple(draft.blocks),
        footer=says("path.footer", measure=measure_of(found, says)),
        stamp=says("stamp_synthetic") if plan.synthetic else plan.map.stamp,
        cover=False,
        margin_mm=18.0,
    )


def rate_chart(found: Roadmap, says: Says) -> str:
    """Draw the reported rate of every year against the target, with and without the path."""
    own = found.coverage[found.coverage["reported"]].reset_index().sort_values("year")
    reported = found.now[found.now["reported"]] if len(found.now) else found.now
    today = found.study.plan.today.year
    first = [Point(today, _known(reported["rate"].iloc[0]))] if len(reported) else []
    along = [Point(int(r["year"]), _known(r["rate"])) for r in own.to_dict("records")]
    # without a denominator there is no rate
    bare = own["standing"] / own["denominator"].where(own["denominator"] > 0)
    still = [Point(int(y), _known(v)) for y, v in zip(own["year"], bare, strict=True)]
    return course_chart(
        [Course(says("path.along"), (*first, *along)),
         Course(says("path.without"), (*first, *still), ORANGE, dashed=True)],
        target=float(found.answer["target"]), target_year=int(found.answer["by"]),
        target_name="",
        height=230.0,
    )  # fmt: skip


def cost_chart(found: Roadmap, says: Says) -> str:
    """Draw what each year costs."""
    bars = [
        Bar(str(y), float(c), f"{money(says, c)}  {says.number(k, 0, 'kWp')}", BLUE)
        for y, c, k in zip(
            found.years.index, found.years["cost_cny"], found.years["capacity_kwp"], strict=True
        )
    ]
    return bar_chart(bars)


def _known(value: Any) -> float | None:
    """Return a number, None where it is not known."""
    return None if is_unknown(value) else float(value)


Rows = tuple[list[Column], list[list[str]]]


def years_table(found: Roadmap, says: Says) -> Rows:
    """Set the years side by side: what is built, what it costs, where the rate stands."""
    rates = found.coverage[found.coverage["reported"]].reset_index().set_index("year")["rate"]
    cells = [
        [str(r["year"]), says.number(r["buildings"]), says.number(r["checks"]),
         says.number(r["capacity_kwp"]), money(says, r["cost_cny"]), money(says, r["budget_cny"]),
         says.number(r["total_energy_kwh"] / 1e3), says.rate(rates.get(r["year"]))]
        for r in found.years.reset_index().to_dict("records")
    ]  # fmt: skip
    return says.columns(
        "year < 0.7", "path_built > 0.8", "path_checks > 0.9", "kwp > 1", "path_cost > 1.2",
        "path_budget > 1.2", "path_mwh > 1.3", "rate > 1",
    ), cells  # fmt: skip


def schedule_table(found: Roadmap, says: Says, most: int = LONG) -> Rows:
    """List the roofs in the order of their years."""
    ways = read_facts("layouts")["variants"]
    value = found.economics["npv_cny"].reindex(found.schedule.index)
    cells = [
        [str(r["year"]), name_of(found, says, str(i)),
         str(ways.get(r["variant"], {}).get(says.language, r["variant"])),
         says.number(r["capacity_kwp"]), money(says, r["cost_cny"]), money(says, v), _marks(r, says)]
        for (i, r), v in zip(
            zip(found.schedule.index, found.schedule.to_dict("records"), strict=True), value,
            strict=True,
        )
    ]  # fmt: skip
    return says.columns(
        "year < 0.6", "name < 2.4", "path_way < 1.6", "kwp > 0.8", "path_cost > 1.1",
        "path_npv > 1.1", "path_marks < 1.3",
    ), cells[:most]  # fmt: skip


def _marks(row: dict[Any, Any], says: Says) -> str:
    """Say what is special about a roof."""
    said = {
        "check": row["load_state"] == "unknown",
        "bound": row["committed"],
        "school": row["school"],
    }
    return says.listed([says(f"path.mark_{k}") for k, true in said.items() if true])


def definitions_table(found: Roadmap, says: Says) -> Rows:
    """Set every definition's rate at the end of every year side by side, in the plan's scope."""
    years = [int(y) for y in found.years.index]
    table = found.coverage.xs(found.study.plan.coverage.scope, level="scope")
    names = dict.fromkeys(
        zip(table.index.get_level_values(1), table.index.get_level_values(2), strict=True)
    )
    cells = []
    for name, reading in names:
        rates = table.xs((name, reading), level=("definition", "reading"))["rate"]
        cells.append(
            [_named(found, says, name, reading), *(says.rate(rates.get(y)) for y in years)]
        )
    return [
        Column(says("col.definition"), "left", 2.6),
        *(Column(str(y), "right", 0.8) for y in years),
    ], cells


def binding_rows(found: Roadmap, says: Says, most: int = FEW) -> Rows:
    """List what each constraint costs."""
    reached = found.answer["status"] == "reached"
    cells = []
    for r in found.binding.reset_index().head(most).to_dict("records"):
        name = says.label("constraint", r["constraint"])
        if r["key"]:
            name = says("path.keyed", name=name, which=r["key"])
        limits = [_limit(says, r[k], r["unit"]) for k in ("limit", "eased")]
        gained = (
            [money(says, r["cost_cny"]), money(says, r["cost_at_most_cny"])]
            if reached
            else [says.points(r["rate"]), says.points(r["rate_at_most"])]
        )
        cells.append([name, *limits, *gained, _yes(r["reaches"], says)])
    saved = "path_saved" if reached else "path_points"
    return says.columns(
        "path_constraint < 2", "path_limit > 1", "path_eased > 1", f"{saved} > 1.1",
        "path_most > 1.1", "path_reaches < 0.8",
    ), cells  # fmt: skip


def _yes(value: object, says: Says) -> str:
    """Write yes or no."""
    return says.label("yes_no", "yes" if value else "no")


def _limit(says: Says, value: object, unit: str) -> str:
    """Write a limit in its unit."""
    if is_unknown(value):
        return says.nothing
    if unit == "CNY":
        return money(says, value)
    return says.rate(value) if unit == "-" else says.number(value, 0, unit)


def survey_rows(found: Roadmap, says: Says, most: int = FEW) -> Rows:
    """List the checks worth making at once."""
    cells = [
        [str(r["rank"]), name_of(found, says, str(i)), money(says, r["check_cost_cny"]),
         says.rate(r["p_load"], 0), says.points(r["gain"]), says.number(len(r["substitutes"]))]
        for i, r in zip(found.surveys.index[:most], found.surveys.head(most).to_dict("records"), strict=True)
    ]  # fmt: skip
    return says.columns(
        "rank > 0.5", "name < 2.4", "path_check_cost > 1", "path_p_load > 1", "path_gain > 1.2",
        "path_substitutes > 1",
    ), cells  # fmt: skip


def assumption_rows(found: Roadmap, says: Says) -> Rows:
    """List the defaults that the answer rests on, placeholders first."""
    rows = sorted(found.assumptions, key=lambda r: not r["placeholder"])
    cells = [
        [str(r[says.language]), str(r["shown"]),
         says("path.by_plan") if r["set_by_plan"] else _sure(says, r["confidence"]),
         str(r["source"])]
        for r in rows
    ]  # fmt: skip
    return says.columns(
        "path_assumption < 1.9", "path_value > 0.8", "path_confidence < 0.9", "path_source < 3"
    ), cells


def _sure(says: Says, confidence: str) -> str:
    """Say how sure a default is; a placeholder is marked."""
    mark = "⚠ " if confidence == "recalled-low" else ""
    return mark + text(f"exports.confidence.{confidence}", says.language)
