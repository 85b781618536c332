"""Tables come back as they were, repeat byte for byte, and hold no live formula."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal
from study_fixture import HOSTILE, in_english, make_study

from hexi_solar import planfile
from hexi_solar.errors import LayerError
from hexi_solar.exports import plan_record, read_study, write_record, write_study
from hexi_solar.exports.read import NEEDED, OPTIONAL
from hexi_solar.exports.record import restore_plan
from hexi_solar.exports.tables import FORMULA_STARTS, guarded, read_table, write_table
from hexi_solar.schema import CANDIDATES, COVERAGE, TABLES, check


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_study(make_study(), folder)
    return folder


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_fixture_is_a_study():
    """The tables these tests stand on keep to `schema`."""
    study = make_study()
    for name in (*NEEDED, "subdistricts"):
        check(getattr(study, name), TABLES[name], name)


def test_two_studies_alike_are_the_same_bytes(written, tmp_path):
    """Every file of the folder repeats, GeoPackage and workbooks included."""
    write_study(make_study(), tmp_path)
    names = sorted(p.name for p in written.iterdir())
    assert names == sorted(p.name for p in tmp_path.iterdir())
    assert [n for n in names if (written / n).read_bytes() != (tmp_path / n).read_bytes()] == []


@pytest.mark.parametrize("name", [*NEEDED, *OPTIONAL])
def test_a_study_read_back_is_the_one_written(written, name):
    """Every table: values, types, order, index, shapes, reference system."""
    before, after = getattr(make_study(), name), getattr(read_study(written), name)
    if before is None:
        assert after is None
    elif isinstance(before, gpd.GeoDataFrame):
        assert_geodataframe_equal(before, after, check_crs=True)
    else:
        assert_frame_equal(before, after)


def test_types_that_parquet_does_not_know_come_back(tmp_path):
    """Days counted in seconds and texts kept as objects, in columns and in the index."""
    days = pd.to_datetime(["2021-12-31", None]).astype("datetime64[s]")
    plain = pd.Index(["a", "b"], dtype=object, name="id")
    frame = pd.DataFrame({"on": days}, plain)
    frame["text"] = pd.Series(["x", None], index=plain, dtype=object)
    frame["other"] = pd.Series(["x", np.nan], index=plain, dtype=object)
    several = frame.set_index(pd.MultiIndex.from_arrays([plain, days], names=["id", "at"]))
    for table in (frame, several):
        write_table(table, tmp_path / "t.parquet")
        read = read_table(tmp_path / "t.parquet")
        assert_frame_equal(read, table)
        assert read["text"].iloc[1] is None
        assert read["other"].iloc[1] is not None


def test_lists_come_back_as_lists(written):
    """A cell with several values is no array of another kind after reading."""
    study = read_study(written)
    assert study.candidates.loc["b005", "reasons"] == ["load_refused", "has_pv"]
    assert study.candidates.loc["b001", "reasons"] == []


def test_plan_notices_and_record_come_back(written):
    """What is not a table is in `run.json`."""
    before, after = make_study(), read_study(written)
    assert after.plan == before.plan
    assert after.notices == before.notices
    assert {k: after.record[k] for k in before.record} == before.record
    assert not {"started", "seconds", "files"} & set(after.record)


def test_a_whole_plan_with_every_kind_of_setting_comes_back(tmp_path):
    """Paths, dates, columns with units, tuples, mappings; paths stay relative to the plan."""
    (tmp_path / "layers").mkdir()
    for name in ("b.gpkg", "a.xlsx", "w.epw"):
        (tmp_path / "layers" / name).touch()
    (tmp_path / "plan.toml").write_text(
        """
        name = "x"
        as_of = 2025-06-30
        [layers.buildings]
        path = "layers/b.gpkg"
        columns = { name = "名称", floor_area_m2 = { column = "面积", unit = "亩" } }
        [[layers.attributes]]
        path = "layers/a.xlsx"
        [weather]
        paths = ["layers/w.epw"]
        [coverage]
        start = 2022-12-26
        targets = { 2027 = 0.6 }
        """,
        "utf-8",
    )
    plan = planfile.read_plan(tmp_path / "plan.toml")
    restored = restore_plan(json.loads(json.dumps(plan_record(plan))))
    assert restored.layers.buildings.path == Path("layers/b.gpkg")
    assert restored.coverage == plan.coverage
    assert restored.layers.buildings.columns == plan.layers.buildings.columns
    assert str(tmp_path) not in json.dumps(plan_record(plan))
    assert plan_record(restored) == plan_record(plan)


def test_the_day_of_the_run_is_kept_in_the_record():
    """A study that was not told its day still shows it when it is read back later."""
    plan = replace(make_study().plan, as_of=None)
    assert restore_plan(plan_record(plan)).as_of == plan.today


def test_what_the_pipeline_adds_to_the_record_does_not_hide_the_plan(written, tmp_path):
    """`write_record` after `write_study` adds; unknown numbers are null, Chinese stays readable."""
    write_study(make_study(), tmp_path)
    write_record({"seconds": {"读取": 1.5, "x": np.float64("nan")}, "plan": {"name": 1}}, tmp_path)
    text = (tmp_path / "run.json").read_text("utf-8")
    assert json.loads(text)["seconds"] == {"x": None, "读取": 1.5}
    assert "读取" in text
    assert read_study(tmp_path).plan == make_study().plan


def test_a_folder_that_is_no_study_is_refused_in_words(written, tmp_path):
    """No record, a missing table, a broken one: each is named."""
    with pytest.raises(LayerError, match=r"run\.json"):
        read_study(tmp_path)
    write_study(make_study(), tmp_path)
    (tmp_path / "roofs.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(LayerError, match=r"roofs\.parquet"):
        read_study(tmp_path)
    (tmp_path / "roofs.parquet").unlink()
    (tmp_path / "yields.parquet").unlink()
    with pytest.raises(LayerError, match=r"lacks roofs\.parquet, yields\.parquet"):
        read_study(tmp_path)


# -- CSV -----------------------------------------------------------------------------------------


def test_csv_opens_in_a_spreadsheet_and_in_a_program(written):
    """UTF-8 with BOM, one row per candidate, best first, columns of the schema."""
    assert (written / "candidates.csv").read_bytes().startswith(b"\xef\xbb\xbfbuilding_id,")
    rows = read_csv(written / "candidates.csv")
    assert list(rows[0]) == ["building_id", *CANDIDATES.names]
    assert [r["rank"] for r in rows] == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("name", ["candidates.csv", "coverage.csv"])
def test_no_cell_of_a_csv_begins_like_a_formula(written, name):
    """Only numbers may begin with a sign; text that does has an apostrophe before it."""
    for row in read_csv(written / name):
        for column, cell in row.items():
            assert not cell.startswith(FORMULA_STARTS), (column, cell)


def test_hostile_names_keep_their_text(written):
    """The apostrophe is all that is added, and only where it is needed."""
    names = {r["building_id"]: r["name"] for r in read_csv(written / "candidates.csv")}
    assert [names[f"b{i:03d}"] for i in range(1, 7)] == [
        f"'{HOSTILE[0]}", f"'{HOSTILE[1]}", HOSTILE[2], HOSTILE[3], HOSTILE[4], f"'{HOSTILE[5]}",
    ]  # fmt: skip


@pytest.mark.parametrize("start", [*"=+-@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_every_start_of_a_formula_is_guarded(start):
    """As INTERFACES.md lists them."""
    assert guarded(f"{start}1") == f"'{start}1"


def test_numbers_in_csv_are_rounded_and_unknown_is_empty(written):
    """Areas to 0.01, energy to 0.1, rates to 1e-6; unknown is not zero."""
    row = next(r for r in read_csv(written / "candidates.csv") if r["building_id"] == "b001")
    assert (row["roof_area_m2"], row["performance_ratio"]) == ("1800.00", "0.812346")
    assert row["energy_ac_kwh"] == f"{216 * 0.55 * 1234.5:.1f}"
    assert row["existing_kwp"] == ""
    coverage = read_csv(written / "coverage.csv")
    empty = [r for r in coverage if r["denominator"] == "0.000000"]
    assert empty
    assert {r["rate"] for r in empty} == {""}


def test_lists_in_csv_are_joined_and_dates_are_iso(written):
    """Ids of buildings stand in one cell, separated by semicolons."""
    reported = [r for r in read_csv(written / "coverage.csv") if r["reported"] == "true"]
    assert [r["denominator_ids"] for r in reported][:2] == ["b001", "b001;b002"]
    assert reported[0]["at"] == "2021-12-31"
    assert list(reported[0]) == [*COVERAGE.index, *COVERAGE.names]


def test_csv_speaks_the_words_of_the_schema_in_every_language(written, tmp_path):
    """Machine words do not change with the language of the study."""
    write_study(in_english(make_study()), tmp_path)
    for name in ("candidates.csv", "coverage.csv"):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_a_study_without_candidates_is_written_and_read(tmp_path):
    """Nothing found is a result too."""
    study = make_study()
    study = replace(
        study, candidates=study.candidates.iloc[:0], layouts=study.layouts.iloc[:0],
        yields=study.yields.iloc[:0], coverage=study.coverage.iloc[:0],
        register=study.register.iloc[:0], projects=study.projects.iloc[:0],
    )  # fmt: skip
    write_study(study, tmp_path)
    back = read_study(tmp_path)
    assert_frame_equal(back.candidates, study.candidates)
    assert len(read_csv(tmp_path / "candidates.csv")) == 0
    assert json.loads((tmp_path / "candidates.geojson").read_text("utf-8"))["features"] == []


def test_no_file_for_others_names_people_or_firms(written):
    """Columns of contacts and contractors stay in the register."""
    private = {"investor", "operator", "installer", "recorded_by", "contact", "phone"}
    for name in ("candidates.csv", "candidates.geojson", "candidates.kml", "coverage.csv"):
        text = (written / name).read_text("utf-8-sig")
        assert [p for p in sorted(private) if p in text] == []


def test_dates_of_any_kind_are_written_alike(tmp_path):
    """A date, a timestamp at midnight and one with a time."""
    study = make_study()
    coverage = study.coverage.reset_index()
    coverage["at"] = pd.to_datetime(coverage["at"])
    write_study(replace(study, coverage=coverage.set_index(list(COVERAGE.index))), tmp_path)
    assert {r["at"][:4] for r in read_csv(tmp_path / "coverage.csv")} == {
        "2021",
        "2022",
        "2023",
        "2024",
        "2025",
    }
    assert {len(r["at"]) for r in read_csv(tmp_path / "coverage.csv")} == {10}
