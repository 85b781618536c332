"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import get_type_hints

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hexi_solar import cli
from hexi_solar.exports.tables import read_table
from hexi_solar.planfile import read_plan
from hexi_solar.schema import STUDY_TABLES, check

PLAN = """
name = "tiny"
title = "小区"
as_of = 2026-06-30
[layers.buildings]
path = "buildings.geojson"
"""


def hexi(*words: str, cwd: Path, **more) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder of its own."""
    command = [sys.executable, "-m", "hexi_solar", *words]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "120", "TERM": "dumb"}
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", env=environment, **more
    )


def write_tiny(folder: Path) -> None:
    """Write three buildings near Hexi: a school, a mall, a kiosk."""
    x, y = 519_000, 4_327_000
    rows = [
        ("S1", "示范小学", "小学", "区教育局", 5, "2022-08-01"),
        ("M1", "示范商场", "商场", "示范公司", 4, "2005"),
        ("K1", "示范报亭", "", "", 1, None),
    ]
    shapes = [
        shapely.box(x, y, x + 60, y + 30),
        shapely.box(x, y + 60, x + 80, y + 110),
        shapely.box(x - 9, y, x - 5, y + 3),
    ]
    columns = ["编号", "名称", "用途", "权属单位", "层数", "竣工日期"]
    gpd.GeoDataFrame(rows, columns=columns, geometry=shapes, crs=4548).to_file(
        folder / "buildings.geojson"
    )
    (folder / "plan.toml").write_text(PLAN, "utf-8")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A study that has not been run."""
    write_tiny(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A study that has been run, and what it said."""
    folder = tmp_path_factory.mktemp("once")
    write_tiny(folder)
    return folder, hexi("run", "plan.toml", "--json", cwd=folder)


@pytest.fixture
def ran(once, tmp_path: Path) -> Path:
    """A copy of it to do harm to."""
    shutil.copytree(once[0], tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_help_answers_without_the_heavy_libraries(tmp_path):
    """No geopandas, pvlib, folium or numpy is needed to say what there is."""
    code = "import sys; sys.argv = ['hexi-solar', '--help']\nfrom hexi_solar.cli import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "heavy = {'numpy', 'pandas', 'geopandas', 'pvlib', 'folium', 'numba'}\n"
    code += "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    for command in ("init", "check", "run", "map", "explain", "columns", "demo"):
        assert command in found.stdout


def test_run_says_what_came_out(once):
    """One JSON object with folder, counts, totals, coverage and seconds; the files are there."""
    tiny, found = once
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout)
    assert said["counts"] == {
        "buildings": 3,
        "roofs_at_or_over_threshold": 2,
        "candidates": 2,
        "for_review": 0,
        "projects": 0,
    }
    assert said["capacity_kwp"] > 0
    assert 1000 < said["energy_ac_kwh"] / said["capacity_kwp"] < 1500
    coverage = said["coverage"]
    assert (coverage["rate"], coverage["numerator"], coverage["definition"]) == (
        0.0,
        0.0,
        "installable",
    )
    assert coverage["denominator"] > 0
    assert {"layers", "roofs", "yields", "map", "total"} <= set(said["seconds"])
    folder = tiny / said["output"]
    expected = {
        "candidates.xlsx", "candidates.csv", "candidates.gpkg", "candidates.geojson", "candidates.kml",
        "roofs.parquet", "yields.parquet", "exclusions.parquet", "coverage.csv", "map.html", "run.json",
    }  # fmt: skip
    assert expected <= {p.name for p in folder.iterdir()}


def test_two_runs_give_the_same_bytes(ran):
    """CSV, GeoJSON, KML, Parquet and map to the byte; the record but for time."""
    assert hexi("run", "plan.toml", "--out", "two", cwd=ran).returncode == 0
    one, two = ({p.name: p for p in (ran / f).iterdir()} for f in ("outputs/tiny", "two"))
    assert set(one) == set(two)
    for name in one:
        if name.endswith((".csv", ".geojson", ".kml", ".parquet", ".html")):
            assert one[name].read_bytes() == two[name].read_bytes(), name
    records = [json.loads(files["run.json"].read_text("utf-8")) for files in (one, two)]
    for record in records:
        assert record.pop("started")
        seconds, memory = record.pop("seconds"), record.pop("peak_mib")
        assert set(seconds) == {*memory, "total"}
        assert min(memory.values()) > 1.0
    assert records[0] == records[1]


def test_every_table_of_a_run_is_declared(tmp_path):
    """Each Parquet file has its table, with the same columns both ways, and keeps to it."""
    write_tiny(tmp_path)
    buildings = gpd.read_file(tmp_path / "buildings.geojson")
    hull = [buildings.union_all().convex_hull]
    area = gpd.GeoDataFrame({"名称": ["甲街道"], "代码": ["01"]}, geometry=hull, crs=4548)
    area.to_file(tmp_path / "area.geojson")
    (tmp_path / "register.csv").write_text(
        "项目编号,建筑编号,阶段,发生日期,装机容量\nP1,M1,备案,2024-01-05,80\nP1,M1,并网,2024-06-01,80\n",
        "utf-8",
    )
    layers = ("boundary", "subdistricts", "zones")
    plan = PLAN + "".join(f'[layers.{name}]\npath = "area.geojson"\n' for name in layers)
    plan += '[layers.register]\npath = "register.csv"\n'
    (tmp_path / "plan.toml").write_text(plan, "utf-8")
    found = hexi("run", "plan.toml", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    files = {f.stem: f for f in (tmp_path / "outputs/tiny").glob("*.parquet")}
    assert set(files) == set(STUDY_TABLES) - {"weather"}
    for name, file in files.items():
        table, written = STUDY_TABLES[name], read_table(file)
        assert len(written), name
        assert tuple(written.index.names) == table.index, name
        assert set(written.columns) == {c.name for c in table.all_columns}, name
        check(written, table, name)
        for column in table:
            values = written[column.name]
            if column.kind == "date":
                assert values.dtype.kind == "M", (name, column.name)
            elif column.kind in ("float", "int") and values.notna().any():
                assert values.dtype.kind in "fi", (name, column.name)


def test_english_by_setting(tiny):
    """The same run in English."""
    found = hexi("run", "plan.toml", "--lang", "en", cwd=tiny)
    assert "candidate roofs" in found.stdout
    assert '<html lang="en"' in (tiny / "outputs/tiny/map.html").read_text("utf-8")[:400]


def test_map_is_redrawn_from_the_tables(ran):
    """From the tables of the run alone, the map comes back as it was."""
    drawn = ran / "outputs/tiny/map.html"
    before = drawn.read_bytes()
    drawn.unlink()
    found = hexi("map", "plan.toml", cwd=ran)
    assert found.returncode == 0, found.stderr
    assert drawn.read_bytes() == before


def test_check_computes_nothing_and_names_every_assumption(tiny):
    """Heights from floors, roofs taken as flat, load without evidence; no output folder."""
    found = hexi("check", "plan.toml", cwd=tiny)
    assert found.returncode == 0, found.stderr
    for word in ("3 栋", "平屋面", "荷载", "气候年"):
        assert word in found.stdout
    assert not (tiny / "outputs").exists()


def test_explain_recomputes_with_modelchain(ran):
    """The waterfall closes, and ModelChain agrees to 1e-6."""
    tiny = ran
    found = json.loads(hexi("explain", "S1", "plan.toml", "--json", cwd=tiny).stdout)
    # what is explained is what was published
    published = pd.read_parquet(ran / "outputs/tiny/yields.parquet").loc["S1"]
    explained = found["roofs"][0]
    assert explained["energy_ac_kwh"] == pytest.approx(published["energy_ac_kwh"], rel=1e-9)
    ours = explained["years"][0]["specific_yield_kwh_kwp"]
    assert ours == pytest.approx(published["specific_yield_kwh_kwp"], rel=1e-6)
    roof = found["roofs"][0]
    assert sum(e["area_m2"] for e in roof["exclusions"]) + roof["usable_m2"] == pytest.approx(1800)
    assert roof["years"][0]["relative_difference"] < 1e-6
    text = hexi("explain", "S1", "plan.toml", cwd=tiny).stdout
    assert "ModelChain" in text
    assert "示范小学" in text


def test_explain_asks_whether_another_was_meant(tiny):
    """An id that there is not."""
    found = hexi("explain", "S2", "plan.toml", cwd=tiny)
    assert found.returncode == 1
    assert "没有编号为 S2 的建筑（是否想写 S1？）。" in found.stderr
    assert "buildings.parquet" in found.stderr


def test_init_then_check(tiny):
    """A new study explains itself, and says what is still missing; it is never overwritten."""
    assert hexi("init", "study", cwd=tiny).returncode == 0
    assert (tiny / "study/layers/README.md").exists()
    missing = hexi("check", "study/plan.toml", cwd=tiny)
    assert missing.returncode == 1
    assert "buildings.gpkg" in missing.stderr
    again = hexi("init", "study", cwd=tiny)
    assert again.returncode == 1
    assert "已存在" in again.stderr


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_new_study_has_a_name_of_its_own(tiny, language):
    """Its plan names it after its folder and keeps the language it was asked for."""
    assert hexi("init", "河西", "--lang", language, cwd=tiny).returncode == 0
    shutil.copy(tiny / "buildings.geojson", tiny / "河西/layers/buildings.gpkg.geojson")
    plan = (tiny / "河西/plan.toml").read_text("utf-8")
    assert ("Roofs of a building" in plan) == (language == "en")
    plan = plan.replace("buildings.gpkg", "buildings.gpkg.geojson")
    (tiny / "河西/plan.toml").write_text(plan, "utf-8")
    found = hexi("check", "河西/plan.toml", cwd=tiny)
    assert found.returncode == 0, found.stderr
    assert ("3 栋" in found.stdout) == (language == "zh")
    assert read_plan(tiny / "河西/plan.toml").name == "河西"


def test_every_command_is_described_in_both_languages():
    """Commands, their arguments and their options: short, Chinese first, then English."""
    for command in cli.app.registered_commands:
        said = {command.name or command.callback.__name__: command.help}
        hints = get_type_hints(command.callback, include_extras=True)
        said |= {k: h.__metadata__[0].help for k, h in hints.items() if hasattr(h, "__metadata__")}
        assert len(said) == len(hints), command.callback  # `return` stands for the command
        for name, words in said.items():
            assert re.match("[^A-Za-z]*[\u4e00-\u9fff].*。 [A-Z].*\\.$", words), (name, words)
            assert len(words) < 100, (name, words)


def test_an_edited_demonstration_district_is_left_alone(tmp_path):
    """No command without a plan writes over it; `demo` refuses, and restores it if it must."""
    folder = tmp_path / "layers/demo"
    assert hexi("demo", cwd=tmp_path).returncode == 0
    fresh = {f.name: f.read_bytes() for f in folder.iterdir()}
    edited = (folder / "plan.toml").read_text("utf-8").replace('name = "demo"', 'name = "mine"')
    (folder / "plan.toml").write_text(edited, "utf-8")
    (folder / "ledger.csv").write_text("编号\n", "utf-8")
    # `map` has no results to draw, and says where it looked for them
    found = hexi("map", cwd=tmp_path)
    assert found.returncode == 1
    assert "outputs/mine" in found.stderr
    refused = hexi("demo", cwd=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.count("\n- ") == 1
    assert "ledger.csv, plan.toml" in refused.stderr
    assert "buildings.geojson" not in refused.stderr
    assert (folder / "ledger.csv").read_text("utf-8") == "编号\n"
    assert hexi("demo", "--force", cwd=tmp_path).returncode == 0
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == fresh


def test_columns(tmp_path):
    """The data dictionary, of one table or all; a misspelt one is asked about."""
    assert "surface_tilt" in hexi("columns", "roofs", cwd=tmp_path).stdout
    assert "energy_ac_12_kwh" in hexi("columns", cwd=tmp_path).stdout
    said = hexi("columns", "projects", cwd=tmp_path).stdout
    assert "光伏项目现状" in said
    assert "connected = 并网" in said
    assert "建筑基底面" in hexi("columns", "buildings", cwd=tmp_path).stdout
    wrong = hexi("columns", "roof", "--lang", "en", cwd=tmp_path)
    assert wrong.returncode == 1
    assert "did you mean roofs" in wrong.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plan": PLAN.replace("buildings.geojson", "nothing.geojson")}, ["nothing.geojson"]),
        ({"plan": PLAN + "[pv]\nmismatch_los = 0.1\n"}, ["mismatch_los", "mismatch_loss"]),
        ({"plan": PLAN.replace("as_of", 'crs = "EPSG:4326"\nas_of')}, ["EPSG:4326"]),
        ({"shapes": "points"}, ["buildings.geojson", "Point"]),
        ({"shapes": "empty"}, ["buildings.geojson"]),
        ({"plan": PLAN + '[layers.buildings.columns]\nbuilding_id = "用途"\n'}, ["用途"]),
        ({"weather": 8000}, ["year.csv", "8000"]),
    ],
)
def test_refusals_leave_earlier_outputs_untouched(ran, change, words):
    """One message that names the file and what was found; the folder of the last run as it was."""
    before = {p.name: p.read_bytes() for p in (ran / "outputs/tiny").iterdir()}
    if "plan" in change:
        (ran / "plan.toml").write_text(change["plan"], "utf-8")
    layer = gpd.read_file(ran / "buildings.geojson")
    if change.get("shapes") == "points":
        layer.set_geometry(layer.centroid).to_file(ran / "buildings.geojson")
    if change.get("shapes") == "empty":
        (ran / "buildings.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    if "weather" in change:
        hours = pd.date_range("2023-01-01", periods=change["weather"], freq="h")
        rows = "\n".join(f"{hour:%Y-%m-%dT%H:%M},0,0,0,10,2" for hour in hours)
        (ran / "year.csv").write_text("time,ghi,dni,dhi,temp_air,wind_speed\n" + rows)
        asked = '[weather]\npaths = ["year.csv"]\nlatitude = 39.1\nlongitude = 117.2\ntz = "Asia/Shanghai"\n'
        (ran / "plan.toml").write_text(PLAN + asked, "utf-8")
    found = hexi("run", "plan.toml", cwd=ran)
    assert found.returncode == 1, found.stdout
    assert "Traceback" not in found.stderr
    for word in words:
        assert word in found.stderr
    assert {p.name: p.read_bytes() for p in (ran / "outputs/tiny").iterdir()} == before
    assert [p.name for p in (ran / "outputs").iterdir()] == ["tiny"]


def test_all_files_problems_come_together(tiny):
    """A wrong layer and a wrong weather file are said in one message."""
    (tiny / "buildings.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tiny / "bad.epw").write_text("no weather")
    (tiny / "plan.toml").write_text(PLAN + '[weather]\npaths = ["bad.epw"]\n', "utf-8")
    found = hexi("run", "plan.toml", cwd=tiny)
    assert found.returncode == 1
    assert "buildings.geojson" in found.stderr
    assert "bad.epw" in found.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(ran, number):
    """Ctrl-C in mid-run: no half output, earlier results as they were."""
    before = {p.name: p.read_bytes() for p in (ran / "outputs/tiny").iterdir()}
    command = [sys.executable, "-m", "hexi_solar", "run", "plan.toml"]
    process = subprocess.Popen(
        command, cwd=ran, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while len(list((ran / "outputs").iterdir())) < 2 and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert [p.name for p in (ran / "outputs").iterdir()] == ["tiny"]
    assert {p.name: p.read_bytes() for p in (ran / "outputs/tiny").iterdir()} == before


def test_a_disk_that_cannot_be_written_is_said(tmp_path):
    """A file where the demonstration district should go is one message, not a traceback."""
    (tmp_path / "layers").write_text("in the way")
    for words in (["run"], ["demo", "layers/demo"], ["init", "layers/study"]):
        found = hexi(*words, cwd=tmp_path)
        assert found.returncode == 1
        assert "Traceback" not in found.stderr
        assert "layers" in found.stderr


def test_exactly_a_thousand_square_metres_is_enough(tmp_path):
    """The threshold is inclusive for every count and scope, however the building is turned."""
    shapes = [
        shapely.affinity.rotate(shapely.box(x, y, x + 40, y + 25), 7.3 * i)
        for i, (x, y) in enumerate((519_000 + 90 * k, 4_327_000) for k in range(40))
    ]
    columns = {
        "编号": [f"T{i:02d}" for i in range(40)],
        "权属单位": "区教育局",
        "用途": "小学",
        "竣工日期": "2022-08-01",
        "荷载依据": "设计图纸",
        "荷载裕度": 1.0,
    }
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4548).to_file(tmp_path / "buildings.geojson")
    (tmp_path / "plan.toml").write_text(PLAN, "utf-8")
    said = json.loads(hexi("run", "plan.toml", "--json", cwd=tmp_path).stdout)
    assert said["counts"]["candidates"] == 40
    assert said["counts"]["roofs_at_or_over_threshold"] == 40
    coverage = pd.read_csv(tmp_path / "outputs/tiny/coverage.csv")
    eligible = coverage[(coverage["scope"] == "eligible") & (coverage["year"] == 2026)]
    eligible = eligible[eligible["definition"] == "installable"]
    assert set(eligible.loc[eligible["cohort"] == "cumulative", "buildings"]) == {40}
