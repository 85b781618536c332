"""A year is published, corrected, restated, and both figures come out of the register alone."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
import sqlite3
from dataclasses import replace

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner

from hexi_solar import schema
from hexi_solar.accounting import account
from hexi_solar.cli import app
from hexi_solar.cli.coverage import account_json, print_account
from hexi_solar.config import AttributeTable, Coverage, Layer, Layers, Plan
from hexi_solar.errors import ConfigError, RegisterError
from hexi_solar.ledger import Event
from hexi_solar.office.store import open_register, open_target, register_exists
from hexi_solar.office.target import sqlite
from hexi_solar.publication import check, freeze, thaw
from hexi_solar.publishing import (
    compare,
    publications_of,
    publications_table,
    publish,
    reproduce,
    restate,
)

TODAY = dt.date(2026, 6, 30)
DONE = ("2021-05-01", "2022-06-01", "2023-03-01", "2024-08-01", "2025-09-01", "2019-02-01", "")


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    """The registers here are files, whatever the environment says."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def plan(tmp_path) -> Plan:
    """Seven schools of which five are new, four with PV, and a table of projects."""
    folder = tmp_path / "layers"
    folder.mkdir()
    east, north = 519_000.0, 4_327_000.0
    shapes = [
        shapely.box(east + 120 * i, north, east + 120 * i + 50 + i, north + 40) for i in range(7)
    ]
    columns = {
        "编号": [f"B{i}" for i in range(7)],
        "名称": [f"第{i}小学" for i in range(7)],
        "用途": ["小学"] * 7,
        "权属单位": ["区教育局"] * 7,
        "层数": [3] * 7,
        "竣工日期": DONE,
    }
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4548).to_file(folder / "b.geojson")
    with (folder / "register.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["事件编号", "项目编号", "建筑编号", "阶段", "发生日期", "登记时间", "登记人", "事由",
             "容量", "组件面积", "阵列面积", "组件倾角"]
        )  # fmt: skip
        for i in range(4):
            day, came = f"202{i + 2}-11-01", f"202{i + 2}-11-20"
            writer.writerow(
                [f"E{2 * i}", f"P{i}", f"B{i}", "备案", day, came, "甲", "", 60 + i, 280, 400, 10]
            )
            day, came = f"202{i + 2}-12-01", f"202{i + 2}-12-20"
            area = "" if i == 3 else 270 + i
            writer.writerow(
                [f"E{2 * i + 1}", f"P{i}", f"B{i}", "并网", day, came, "甲", "", 58, area, "", 10]
            )
    layers = Layers(
        buildings=Layer(path=folder / "b.geojson"),
        register=AttributeTable(path=folder / "register.csv"),
    )
    return Plan(name="tiny", layers=layers, as_of=TODAY, path=tmp_path / "plan.toml")


def fact(building: str, **said) -> Event:
    """A fact of a building, found out on the last day."""
    return Event("building", building, "correction", dt.date(2025, 6, 1), said, "核对档案")


def figure(project: str, **said) -> Event:
    """A figure of a project, true from its connection on."""
    return Event("project", project, "correction", dt.date(2025, 12, 1), said, "按竣工图更正")


CORRECTIONS = (
    figure("P0", module_area_m2=300.0),
    figure("P1", module_area_m2=240.0, capacity_kwp=52.0),
    figure("P2", array_area_m2=410.0),
    figure("P3", module_area_m2=265.5),
    fact("B0", floor_area_m2=6100.0),
    fact("B1", completed_on="2020-11-30"),
    fact("B2", owner_type="hospital"),
    fact("B6", completed_on="2024-01-15"),
    fact("B4", load_evidence="appraisal", load_reserve_kn_m2=1.5),
    Event("project", "P1", "withdrawn", dt.date(2025, 6, 1), {"event_id": "E2"}, "重复备案"),
)


@pytest.fixture
def published(plan) -> Plan:
    """The plan after its year 2025 was published, corrected ten times and restated."""
    publish(plan, 2025, by="甲")
    with open_register(plan) as register:
        assert len(register.append(CORRECTIONS, by="乙")) == 10
    restate(plan, 2025, reason="年中核对", by="丙")
    return plan


def ledger_of(plan):
    with open_register(plan) as register:
        return register.ledger()


def test_the_register_gives_what_the_layers_table_gave(plan):
    """Taken over with its times, it leads to the same rates, on any day of knowledge."""
    days = [None, dt.date(2024, 12, 10)]
    before = [account(plan, 2025, known_on=day).coverage for day in days]
    _, taken = publish(plan, 2025, by="甲")
    assert taken == 8
    for day, rates in zip(days, before, strict=True):
        found = account(plan, 2025, known_on=day)
        assert found.head[0] == 9
        assert found.coverage.equals(rates)
    assert before[0]["numerator"].iloc[0] > before[1]["numerator"].iloc[0] > 0


def test_published_and_restated_come_out_of_a_copy_elsewhere(published, tmp_path, monkeypatch):
    """A copy of the register in a folder without layers or plan; by the command, too."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with open_register(published) as register:
        register.backup(elsewhere / "copy.sqlite3", events_only=True)
    shutil.rmtree(tmp_path / "layers")
    monkeypatch.chdir(elsewhere)
    with open_target(sqlite(elsewhere / "copy.sqlite3")) as register:
        ledger = register.ledger()
        assert register.verify() == []
    first, second = reproduce(ledger, 2025)
    assert first.differences == second.differences == []
    assert (first.publication.kind, second.publication.kind) == ("published", "restated")
    for one in (first, second):
        assert one.rate == pytest.approx(one.publication.rate["rate"], rel=1e-12)
    assert first.rate != second.rate
    done = CliRunner().invoke(
        app, ["coverage", "reproduce", "copy.sqlite3", "--year", "2025", "--json"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)["publications"]
    assert [p["equal"] for p in said] == [True, True]
    assert [p["rate"] for p in said] == [first.rate, second.rate]


def test_a_changed_byte_is_found_and_named(published, tmp_path):
    """One digit of one event: verify names it, and no figure passes as reproduced."""
    copy = tmp_path / "copy.sqlite3"
    with open_register(published) as register:
        register.backup(copy)
    ledger = ledger_of(published)
    victim = ledger.index[ledger["entity"] == "P0"][0]
    raw = sqlite3.connect(copy, isolation_level=None)
    names = [r[0] for r in raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'")]
    for name in names:
        raw.execute(f'DROP TRIGGER "{name}"')
    (table,) = (
        r[0]
        for r in raw.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%event_id%' AND type='table'")
    )  # fmt: skip
    raw.execute(
        f"UPDATE {table} SET payload = replace(payload, '400', '401') WHERE event_id = ?", [victim]
    )
    raw.close()
    with open_target(sqlite(copy)) as register:
        problems = register.verify()
        changed = register.ledger()
    assert any(victim in p.message("zh") for p in problems)
    for one in reproduce(changed, 2025):
        assert victim in {d.name for d in one.differences if d.what == "chain"}


def test_differences_name_rates_buildings_facts_and_events(published):
    """What moved the figure, and which records did it."""
    ledger = ledger_of(published)
    found = compare(ledger, 2025)
    schema.check(found, schema.COVERAGE_CHANGES, "changes")
    cohort = found[found["subject"] == "cohort"].set_index("name")
    assert cohort["after"].to_dict() == {"B1": "no", "B6": "yes"}
    by_id = {e: ledger.loc[e, "entity"] for ids in cohort["event_ids"] for e in ids}
    assert set(by_id.values()) == {"B1", "B6"}
    pv = found[(found["subject"] == "pv") & (found["column"] == "module_area_m2")]
    assert pv.set_index("name").loc["B0", ["before", "after"]].to_list() == ["270", "300"]
    assert all(ledger.loc[e, "entity"] == "P0" for e in pv.iloc[0]["event_ids"])
    facts = found[found["subject"] == "fact"].set_index(["name", "column"])
    assert facts.loc[("B2", "owner_type"), "after"] == "hospital"
    assert facts.loc[("B4", "load_state"), ["before", "after"]].to_list() == ["unknown", "yes"]
    rates = found[(found["subject"] == "rate") & (found["column"] == "rate")]
    assert "installable/module_area/all/cumulative" in set(rates["name"])
    assert compare(ledger, 2025, *[p.event_id for p in publications_of(ledger)][:1] * 2).empty


def test_the_figure_as_it_was_known_when_it_was_published(published):
    """Asked for what was known then, layers and register still give the published rate."""
    ledger = ledger_of(published)
    first = publications_of(ledger)[0]
    # corrections came in on the same day, so the register itself is cut at the head
    rates = check(first.payload, ledger[ledger["seq"] <= first.payload["head"]["seq"]])
    assert rates == []


def test_publications_are_listed(published):
    """Oldest first, with the figure and the head that each rests on."""
    table = publications_table(ledger_of(published))
    schema.check(table, schema.PUBLICATIONS, "publications")
    assert table["kind"].to_list() == ["published", "restated"]
    assert table["head_seq"].to_list() == [8, 19]
    assert table["reason"].to_list() == ["", "年中核对"]


def test_a_tampered_publication_is_found(published):
    """A rate that its own rows do not give, or projects that the ledger does not know."""
    ledger = ledger_of(published)
    payload = json.loads(json.dumps(publications_of(ledger)[0].payload))
    payload["rates"][0]["numerator"] += 1.0
    payload["projects"]["rows"].pop()
    payload["head"]["hash"] = "0" * 64
    assert {d.what for d in check(payload, ledger)} == {"rate", "project", "head"}


def test_second_figures_need_a_reason_and_a_change(plan):
    """Published once; restated with a reason, and not for nothing."""
    publish(plan, 2025, by="甲")
    with pytest.raises(RegisterError, match="published already"):
        publish(plan, 2025, by="甲")
    with pytest.raises(RegisterError, match="reason"):
        restate(plan, 2025, reason=" ", by="甲")
    with pytest.raises(RegisterError, match="nothing"):
        restate(plan, 2025, reason="无", by="甲")
    with pytest.raises(RegisterError, match="no publication of 2024"):
        restate(plan, 2024, reason="无", by="甲")
    assert len(publications_of(ledger_of(plan))) == 1


def test_nothing_is_made_before_the_year_is_right(plan):
    """A year that has not begun is refused with the years that there are."""
    with pytest.raises(ConfigError, match="2021 to 2026"):
        account(plan, 2027)
    assert not register_exists(plan)


def test_a_frozen_basis_is_what_it_was(plan):
    """Frozen, written as JSON and read again, it gives the same rates to the last digit."""
    found = account(replace(plan, coverage=Coverage(targets={"2025": 0.4})), 2025)
    payload = freeze(found.basis, (0, ""), layers={}, about={})
    again = thaw(json.loads(json.dumps(payload)))
    assert again.rates().equals(found.basis.rates())
    schema.check(found.basis.rows, schema.COVERAGE_ROWS, "rows")
    schema.check(found.parts, schema.COVERAGE_PARTS, "parts")
    schema.check(found.coverage, schema.COVERAGE, "coverage")


def test_a_rate_of_a_definition_that_came_later_is_no_difference(plan):
    """Definitions are frozen with what they gave; one that the plan adds later changes nothing."""
    publication, _ = publish(plan, 2025, by="甲")
    own = {"zh": "自定", "en": "Mine", "numerator": "installed_kwp", "denominator": "roof_area"}
    added = replace(plan, coverage=Coverage(definitions={"mine": own}))
    rates = account(added, 2025).coverage
    assert "mine" in rates.index.get_level_values("definition")
    assert check(publication.payload, ledger_of(plan)) == []


def test_as_of_and_known_on_are_two_clocks(plan):
    """PV connected in December 2024 and told on the 20th: true from the 1st, known from the 20th."""

    def area(**days):
        found = account(plan, 2024, **{k: dt.date.fromisoformat(v) for k, v in days.items()})
        ours = found.coverage[found.coverage["reported"]]
        return float(ours["numerator"].iloc[0])

    assert area(as_of="2024-11-30") == pytest.approx(270 + 271)
    assert area(as_of="2024-12-05") == pytest.approx(270 + 271 + 272)
    assert area(as_of="2024-12-05", known_on="2024-12-05") == pytest.approx(270 + 271)
    assert area(as_of="2024-12-25", known_on="2024-12-25") == pytest.approx(270 + 271 + 272)


def test_the_command_prints_one_row_per_definition_reading_and_scope(plan, tmp_path, monkeypatch):
    """As JSON: every row with numerator, denominator, rate, interval, target, reported or not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(
        'name = "tiny"\nas_of = 2026-06-30\n[layers.buildings]\npath = "layers/b.geojson"\n'
        '[layers.register]\npath = "layers/register.csv"\n',
        "utf-8",
    )
    run = CliRunner().invoke(app, ["coverage", "plan.toml", "--year", "2025", "--json"])
    assert run.exit_code == 0, run.output
    said = json.loads(run.stdout)
    rows = said["rows"]
    keys = [(r["definition"], r["reading"], r["scope"]) for r in rows]
    assert len(keys) == len(set(keys)) == 20
    assert [r["reported"] for r in rows] == [True] + [False] * 19
    for row in rows:
        wanted = {"numerator", "denominator", "rate", "rate_low", "rate_high", "target", "unit"}
        assert wanted <= set(row)
        assert row["cohort"] == "cumulative"
    assert [s["start"] for s in said["starts"]] == ["2021-01-01", "2022-12-26"]
    for language in ("zh", "en"):
        shown = CliRunner().invoke(
            app, ["coverage", "plan.toml", "--year", "2025", "--lang", language]
        )
        assert shown.exit_code == 0, shown.output
        assert f"{rows[0]['rate']:.1%}" in shown.stdout


def test_differences_are_told_in_the_readers_words(published, tmp_path, monkeypatch):
    """Rates in percent, columns and yes and no by their names, in both languages."""
    monkeypatch.chdir(tmp_path)
    layers = '[layers.buildings]\npath = "layers/b.geojson"\n'
    (tmp_path / "plan.toml").write_text(f'name = "tiny"\nas_of = 2026-06-30\n{layers}', "utf-8")
    for language, words in (
        ("zh", ("计入", "是", "组件面积")),
        ("en", ("Counted", "Yes", "Module area")),
    ):
        asked = ["coverage", "compare", "plan.toml", "--year", "2025", "--lang", language]
        shown = CliRunner().invoke(app, asked)
        assert shown.exit_code == 0, shown.output
        assert all(word in shown.stdout for word in words)
        assert "%" in shown.stdout
    listed = CliRunner().invoke(app, ["coverage", "published", "plan.toml", "--json"])
    assert [p["seq"] for p in json.loads(listed.stdout)["publications"]] == [9, 20]


def test_a_year_without_any_building_has_no_rate(plan, capsys):
    """Nothing over nothing is unknown, said in words, and nothing is asked for."""
    found = account(replace(plan, coverage=Coverage(start=dt.date(2026, 1, 1))), 2026)
    print_account(found, "en")
    assert "Rate" in capsys.readouterr().out
    said = account_json(found, "en")
    progress = [r for r in said["rows"] if r["reported"]]
    assert [(r["rate"], r["denominator"]) for r in progress] == [(None, 0.0)]
    assert said["parts"] == []
    assert said["distance"][0]["gap"] is None
    json.dumps(said, allow_nan=False)
