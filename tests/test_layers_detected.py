"""PV seen from above: tables by building, and outlines laid over the footprints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from hexi_solar.config import Column, Detected, Layers, Plan
from hexi_solar.errors import LayerError, Notices
from hexi_solar.layers import read_detected

CRS = "EPSG:4548"
EAST, NORTH = 519_000.0, 4_325_000.0


def roofs() -> gpd.GeoDataFrame:
    """Two roofs of 1000 m², side by side with 10 m between them."""
    shapes = [box(EAST + x, NORTH, EAST + x + 40, NORTH + 25) for x in (0, 50)]
    return gpd.GeoDataFrame(
        index=pd.Index(["A1", "A2"], name="building_id"), geometry=shapes, crs=CRS
    )


def read(path: Path, **more):
    plan = Plan(crs=CRS, layers=Layers(detected=Detected(path, **more)))
    notices = Notices()
    return read_detected(plan, roofs(), notices), {n.code for n in notices}


def test_without_a_layer_nothing_is_known():
    """No layer is not the same as no PV."""
    assert read_detected(replace(Plan(), crs=CRS), roofs(), Notices()) is None


def test_rows_of_one_building_add_up_and_zero_is_said(tmp_path):
    """Full-width ids are found, a row of another district is left out and named."""
    file = tmp_path / "seen.csv"
    file.write_text("建筑编号,检出光伏面积(m²)\nＡ1,120\nA1,30\nA2,0\nZ9,5\n", "utf-8")
    found, codes = read(file)
    assert found.to_dict() == {"A1": 150.0, "A2": 0.0}
    assert "detected_unmatched" in codes


def test_other_names_and_units_are_told(tmp_path):
    """A column that the plan names, in another unit."""
    file = tmp_path / "seen.csv"
    file.write_text("楼,亩数\nA1,0.15\n", "utf-8")
    columns = {"building_id": Column("楼"), "detected_m2": Column("亩数", "亩")}
    found, _ = read(file, columns=columns)
    assert found["A1"] == pytest.approx(100.0, rel=1e-3)


@pytest.mark.parametrize("cell", ["很多", "-5", ""])
def test_an_area_that_is_none_refuses_the_layer(tmp_path, cell):
    """The row is named; nothing is guessed."""
    file = tmp_path / "seen.csv"
    file.write_text(f"建筑编号,检出面积\nA1,{cell}\n", "utf-8")
    with pytest.raises(LayerError, match="2"):
        read(file)


def test_a_table_without_area_names_its_columns(tmp_path):
    """The message says what is missing and what is there."""
    file = tmp_path / "seen.csv"
    file.write_text("建筑编号,备注\nA1,有\n", "utf-8")
    with pytest.raises(LayerError, match="detected_m2"):
        read(file)


def test_outlines_are_cut_at_the_roofs_and_counted_once(tmp_path):
    """Two outlines over each other are one area; what bridges two roofs is shared between them."""
    seen = [
        box(EAST, NORTH, EAST + 20, NORTH + 10),
        box(EAST + 10, NORTH, EAST + 20, NORTH + 10),  # the half of the first once more
        box(EAST + 30, NORTH + 20, EAST + 60, NORTH + 25),  # 10 m on each roof, 10 m between
    ]
    file = tmp_path / "seen.gpkg"
    gpd.GeoDataFrame(geometry=seen, crs=CRS).to_file(file, engine="pyogrio")
    found, codes = read(file, datum="cgcs2000")
    assert found["A1"] == pytest.approx(200.0 + 50.0, rel=1e-6)
    assert found["A2"] == pytest.approx(50.0, rel=1e-6)
    assert "detected_beside" in codes
