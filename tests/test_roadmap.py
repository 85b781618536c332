"""The path to the target of a whole study: the demonstration district, from its files to its answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from map_study import small_roadmap
from typer.testing import CliRunner

from hexi_solar import schema
from hexi_solar.cli import app
from hexi_solar.cli.coverage import console
from hexi_solar.config import AttributeTable
from hexi_solar.coverage.definitions import combinations
from hexi_solar.demo import write_demo
from hexi_solar.errors import HexiSolarError
from hexi_solar.inputs import place_of
from hexi_solar.pathway.options import cohort_of, new_members, quantities_of
from hexi_solar.plan import pv_on, run
from hexi_solar.planfile import read_plan
from hexi_solar.renewal import metered_use
from hexi_solar.reports.pathway import pathway_report, verdict
from hexi_solar.reports.say import Says
from hexi_solar.roadmap import roadmap_of_study, roadmap_record
from hexi_solar.roadmap.money import costs_of

KEYS = {
    "plan", "synthetic", "as_of", "roofs", "status", "measure", "target", "by", "rate", "rate_without",
    "cost_cny", "discounted_cny", "discounted_at_least_cny", "gap", "reachable_rate",
    "reachable_rate_at_most", "buildings", "checks", "capacity_kwp", "energy_kwh", "co2_t", "members",
    "npv_cny", "denominator", "standing", "needed", "everything", "schedule", "years", "coverage_now",
    "coverage", "binding", "chance", "safer", "limits", "feeders", "economics", "assumptions",
    "notices", "solver",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("path") / "layers" / "demo"
    write_demo(folder)
    return folder


@pytest.fixture(scope="module")
def study(folder):
    return run(read_plan(folder / "plan.toml"))


@pytest.fixture(scope="module")
def found(study):
    return roadmap_of_study(study, target=0.5, by=2030)


def test_the_demonstration_district_is_solved_within_one_percent(found):
    """Half of the installable roof by 2030 is reached, and proven to cost at most 1 % above the least."""
    assert found.answer["status"] == "reached" and found.answer["rate"] >= 0.5
    assert 0.0 <= found.answer["gap"] < 0.01
    assert found.answer["discounted_at_least_cny"] <= found.answer["discounted_cny"]


def test_the_answer_is_whole_and_declared(found):
    """Every key is there, every table is as declared, and JSON can say it."""
    record = roadmap_record(found)
    assert set(record) == KEYS
    assert json.loads(json.dumps(record, allow_nan=False))["years"][0]["year"] == 2027
    for name, table in (
        ("schedule", schema.PATHWAY), ("years", schema.PATHWAY_YEARS),
        ("coverage", schema.PATHWAY_COVERAGE), ("binding", schema.PATHWAY_BINDING),
        ("surveys", schema.PATHWAY_SURVEYS), ("economics", schema.ECONOMICS),
    ):  # fmt: skip
        schema.check(getattr(found, name), table, name)
    assert {a["confidence"] for a in record["assumptions"]} >= {"recalled-low", "chosen"}


def test_the_path_starts_from_the_figures_of_coverage(study):
    """Completed so far, numerator and denominator of every definition are those that coverage reports today."""
    plan, today = study.plan, study.plan.today
    built = study.buildings[study.buildings.index.isin(study.roofs["building_id"])]
    members = new_members(built, plan.coverage.start, today.year)
    done = members[study.buildings.loc[members.index, "completed_on"].notna()]
    ours = study.buildings.loc[done.index]
    large = ours["footprint_area_m2"].round(4) >= plan.roofs.threshold_m2
    eligible = ours.index[large & (ours["load_state"] == "yes")]
    own = study.roofs["building_id"].isin(done.index)
    pv = pv_on(plan, study.register, place_of(plan, study.buildings), today)
    quantities = quantities_of(ours, study.roofs[own], study.layouts[own.to_numpy()], pv)
    cohort = cohort_of(quantities, combinations(plan.coverage), done, eligible, [today.year])
    table = study.coverage.reset_index()
    table = table[
        (table["year"] == today.year) & (pd.to_datetime(table["at"]) == pd.Timestamp(today))
    ]
    table = table[(table["cohort"] == "cumulative") & (table["kind"] == "progress")]
    assert len(table) == len(cohort) > 10
    for row in table.to_dict("records"):
        mine = cohort.loc[(today.year, f"{row['definition']}/{row['reading']}/{row['scope']}")]
        assert mine["standing"] == pytest.approx(row["numerator"], rel=1e-9)
        assert mine["denominator"] == pytest.approx(row["denominator"], rel=1e-9)


def test_what_is_promised_is_built(found, study):
    """Filed projects and those being built stand in the first year in which they can."""
    bound = study.projects[study.projects["stage"].isin(["filed", "building"])]["building_id"]
    open_ = study.candidates.index[study.candidates["eligible"] != "no"]
    ours = sorted(set(bound) & set(found.members.index) & set(open_))
    assert ours
    assert found.schedule.loc[ours, "committed"].all()
    first = found.members[ours].clip(lower=study.plan.today.year + 1)
    assert (found.schedule.loc[ours, "year"] == first).all()


def test_nothing_is_built_before_it_stands(found):
    """A building of the approval stage is built on when it completes, not before."""
    start = found.members.reindex(found.schedule.index)
    assert start.notna().all() and (found.schedule["year"] >= start).all()
    assert (found.members > found.study.plan.today.year).any()


def test_same_question_same_answer(found, study):
    """Asked twice, the answer is the same to the last digit."""
    again = roadmap_of_study(study, target=0.5, by=2030)
    pd.testing.assert_frame_equal(again.schedule, found.schedule)
    assert again.chance == found.chance and again.safer == found.safer


def test_costs_are_those_of_economics(found, study):
    """What a roof costs on the path is what `economics` prices for the same layout, checks aside."""
    paid = found.schedule["cost_cny"] - found.schedule["check_cost_cny"]
    np.testing.assert_allclose(paid, found.economics["capex_cny"].reindex(paid.index), rtol=1e-9)
    assert (costs_of(study) >= 0.0).all()


def test_a_target_beyond_all_roofs_is_out_of_reach_and_said_so(study):
    """95 % is more than all roofs hold: proven, with the nearest and the sum of everything."""
    found = roadmap_of_study(study, target=0.95, by=2028)
    answer = found.answer
    assert answer["status"] == "unreachable"
    assert answer["reachable_rate"] <= answer["reachable_rate_at_most"] < 0.95
    assert answer["everything"] < 0.95
    assert f"{answer['everything']:.1%}" in verdict(found, Says("zh"))
    assert found.binding["rate"].notna().all()


def test_existing_roofs_are_another_question(study):
    """Roofs that stood before share no building with the new ones, and no ratio."""
    new = roadmap_of_study(study, target=0.3, by=2028, asked="new")
    old = roadmap_of_study(study, target=0.1, by=2028, asked="existing")
    assert not set(new.members.index) & set(old.members.index)
    assert old.now.empty and set(old.schedule.index) <= set(old.members.index)
    done = study.buildings.loc[old.members.index, "completed_on"]
    assert (done.dropna() < pd.Timestamp(study.plan.coverage.start)).all()


def test_without_a_cohort_it_says_what_is_missing(study):
    """Where no day of completion is known, the message names the column and the other question."""
    nothing = study.buildings.assign(completed_on=pd.NaT, expected_on=pd.NaT, status="unknown")
    with pytest.raises(HexiSolarError) as error:
        roadmap_of_study(dataclasses.replace(study, buildings=nothing), target=0.5, by=2030)
    assert "completed_on" in error.value.message(
        "en"
    ) and "--scope existing" in error.value.message("en")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"target": 50.0}, "divide by 100"),
        ({"by": 2020}, "cannot be planned"),
        ({"asked": "both"}, "never share a ratio"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(study, asked, says):
    """A percentage, a year that has passed, new and old in one ratio."""
    with pytest.raises(HexiSolarError) as error:
        roadmap_of_study(study, **asked)
    assert says in error.value.message("en")


def test_yearly_limits_are_kept(study):
    """5 million CNY and 2000 kWp a year: no year passes them."""
    plan = study.plan
    limits = replace(plan.pathway, budget_cny=5e6, installer_kwp=2000.0, gap=0.02, probability=0.01)
    tight = dataclasses.replace(study, plan=replace(plan, pathway=limits))
    found = roadmap_of_study(tight, target=0.45, by=2030)
    assert (found.years["cost_cny"] <= 5e6 * (1 + 1e-6)).all()
    assert (found.years["capacity_kwp"] <= 2000.0 * (1 + 1e-6)).all()
    assert {"budget", "installer"} <= set(found.binding.index.get_level_values("constraint"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_says_it_in_both_languages(language):
    """A small path has verdict, charts and tables; nothing of the wrong language is left."""
    document = pathway_report(small_roadmap(language))
    said = str(document.blocks)
    assert ("可以达标" in said) == (language == "zh") and "<svg" in said
    assert "60.0%" in said and document.language == language


def test_the_command_prints_one_json_and_writes_every_file(folder, tmp_path):
    """`--json` is one object with the whole answer; workbook, report, tables and map lie in the folder."""
    out = tmp_path / "out"
    words = ["pathway", str(folder / "plan.toml"), "--target", "0.4", "--by", "2029", "--json"]
    result = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert set(said) == KEYS | {"output", "seconds"} and said["by"] == 2029
    files = {p.name for p in out.iterdir()}
    assert files >= {"pathway.xlsx", "pathway.pdf", "pathway.docx", "map.html", "run.json",
                     "pathway.parquet", "pathway_years.parquet", "pathway_coverage.parquet"}  # fmt: skip
    assert dt.date.fromisoformat(said["as_of"]).year == 2026


def test_transformers_hold_at_most_their_share(study, tmp_path):
    """Two dear roofs behind one transformer of 500 kVA: at most 400 kWp with what stands there, else it says so."""
    free = roadmap_of_study(study, target=0.5, by=2030)
    loose = free.schedule[~free.schedule["committed"]]
    two = loose["capacity_kwp"].nlargest(2)
    assert two.sum() > 400.0
    file = tmp_path / "feeders.csv"
    rows = "".join(f"{i},T1,500,0\n" for i in two.index) + "nobody,T1,500,0\n"
    file.write_text("建筑编号,台区,变压器容量(kVA),已接入容量\n" + rows, "utf-8")
    plan = study.plan
    layers = replace(plan.layers, feeders=AttributeTable(path=file))
    tight = dataclasses.replace(study, plan=replace(plan, layers=layers))
    found = roadmap_of_study(tight, target=0.5, by=2030)
    used = found.schedule.loc[found.schedule["feeder"] == "T1", "capacity_kwp"].sum()
    assert used <= 0.8 * 500.0 + 1e-6
    assert found.answer["discounted_cny"] >= free.answer["discounted_at_least_cny"]
    assert "feeders_unmatched" in {n.code for n in found.notices}
    assert found.feeders.loc["T1", "capacity_kva"] == 500.0


def test_transformers_that_disagree_are_refused(study, tmp_path):
    """One transformer with two capacities, one building with two transformers: both are said at once."""
    file = tmp_path / "feeders.csv"
    file.write_text("building_id,feeder,capacity_kva\nx,T1,500\ny,T1,630\nx,T2,200\n", "utf-8")
    layers = replace(study.plan.layers, feeders=AttributeTable(path=file))
    wrong = dataclasses.replace(study, plan=replace(study.plan, layers=layers))
    with pytest.raises(HexiSolarError) as error:
        roadmap_of_study(wrong, target=0.5, by=2030)
    assert {p.code for p in error.value.problems} == {"feeders_number", "feeders_twice"}


def test_words_in_brackets_are_printed_whole(capsys):
    """A message that names `[pathway]` of the plan says so on the screen too."""
    console().print("budget_cny in [pathway], :key: and all")
    assert capsys.readouterr().out == "budget_cny in [pathway], :key: and all\n"


def test_what_a_meter_says_goes_before_a_benchmark(folder, study, tmp_path):
    """Roofs of metered buildings are valued with the use that their meters add up to."""
    words = ["pathway", str(folder / "plan.toml"), "--scope", "existing", "--target", "0.3"]
    result = CliRunner().invoke(
        app, [*words, "--by", "2029", "--json", "--out", str(tmp_path / "o")]
    )
    assert result.exit_code == 0, result.output
    valued = pd.DataFrame(json.loads(result.stdout)["economics"]).set_index("building_id")
    use = metered_use(study)
    known = valued.index.intersection(use.index)
    assert len(known)
    assert (valued.loc[known, "electricity_source"] == "measured").all()
    np.testing.assert_allclose(
        valued.loc[known, "electricity_kwh"], use.loc[known, "electricity_kwh"]
    )
    assert (valued.drop(known)["electricity_source"] == "assumed").all()
