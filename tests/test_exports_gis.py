"""Candidates open where maps are drawn: right place, right order of rings, names as text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pyogrio
import pyproj
import pytest
import shapely
from study_fixture import CRS, HOSTILE, in_english, make_study

from hexi_solar.exports.gis import candidate_shapes, write_geojson, write_gpkg, write_kml
from hexi_solar.schema import CANDIDATES

KML = "{http://www.opengis.net/kml/2.2}"


@pytest.fixture
def collection(tmp_path: Path) -> dict:
    write_geojson(make_study(), tmp_path / "c.geojson")
    return json.loads((tmp_path / "c.geojson").read_text("utf-8"))


@pytest.fixture
def document(tmp_path: Path) -> ElementTree.Element:
    write_kml(make_study(), tmp_path / "c.kml")
    return ElementTree.parse(tmp_path / "c.kml").getroot()


def test_geojson_keeps_to_rfc_7946(collection):
    """WGS84 without a crs member, seven decimals, outer rings counterclockwise, holes clockwise."""
    assert "crs" not in collection
    for feature in collection["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        for polygon in shapely.get_parts(shape):
            assert polygon.exterior.is_ccw
            assert not any(ring.is_ccw for ring in polygon.interiors)
        for number in shapely.get_coordinates(shape).ravel():
            assert number == round(number, 7)


def test_geojson_stands_where_the_buildings_stand(collection):
    """Back in metres, every corner is within rounding (2 cm) of the footprint's."""
    shapes = {f["id"]: shapely.geometry.shape(f["geometry"]) for f in collection["features"]}
    back = gpd.GeoSeries(shapes, crs="EPSG:4326").to_crs(CRS)
    buildings = make_study().buildings.geometry
    for key in back.index:
        assert back[key].hausdorff_distance(buildings[key]) < 0.02


def test_geojson_says_what_it_is(collection):
    """Heading, day, stamp, and that the data are generated."""
    assert collection["synthetic"] is True
    assert collection["as_of"] == "2025-12-31"
    assert "不得公开" in collection["stamp"]
    row = collection["features"][0]["properties"]
    assert list(row) == ["building_id", *CANDIDATES.names]
    assert row["rank"] == 1
    assert row["existing_kwp"] is None


def test_gdal_reads_the_same_numbers_from_geojson_and_geopackage(tmp_path):
    """Both formats hold the table; GeoPackage in the plan's system and in full."""
    study = make_study()
    write_geojson(study, tmp_path / "c.geojson")
    write_gpkg(study, tmp_path / "c.gpkg")
    geojson = gpd.read_file(tmp_path / "c.geojson").set_index("building_id")
    gpkg = gpd.read_file(tmp_path / "c.gpkg", layer="candidates").set_index("building_id")
    assert gpkg.crs == pyproj.CRS(CRS)
    assert list(gpkg.index) == list(geojson.index) == list(study.candidates.index)
    assert (gpkg["energy_ac_kwh"] == study.candidates["energy_ac_kwh"]).all()
    assert geojson["energy_ac_kwh"].to_numpy() == pytest.approx(gpkg["energy_ac_kwh"], abs=0.05)
    assert gpkg.loc["b001", "name"] == HOSTILE[0]
    assert gpkg.loc["b005", "reasons"] == "load_refused;has_pv"
    assert shapely.equals(
        gpkg.geometry.to_numpy(), candidate_shapes(study).geometry.to_numpy()
    ).all()
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "c.gpkg")] == [
        "candidates",
        "layouts",
    ]


def test_writing_leaves_gdal_as_the_caller_set_it(tmp_path):
    """The fixed date of change is withdrawn again."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "mine"})
    try:
        write_gpkg(make_study(), tmp_path / "c.gpkg")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == "mine"
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def test_kml_is_well_formed_and_complete(document):
    """One placemark per candidate, in a folder per owner type, with every ring."""
    marks = document.findall(f".//{KML}Placemark")
    assert len(marks) == 6
    folders = [f.findtext(f"{KML}name") for f in document.findall(f".//{KML}Folder")]
    assert folders == ["机关", "医疗", "商业", "中小学与幼儿园", "未知"]
    assert len(document.findall(f".//{KML}outerBoundaryIs")) == 7
    assert len(document.findall(f".//{KML}innerBoundaryIs")) == 1


def test_kml_names_are_text(document):
    """A name with tags is the same name after parsing; what XML cannot say is dropped."""
    names = {m.findtext(f"{KML}name") for m in document.iter(f"{KML}Placemark")}
    assert names == {*HOSTILE[:5], HOSTILE[5].replace("\x0b", "")}


def test_kml_balloons_do_not_carry_tags_of_others(document):
    """The balloon is HTML of ours: parsed once more, it holds table cells and text only."""
    allowed = {"table", "tr", "th", "td"}
    for mark in document.iter(f"{KML}Placemark"):
        balloon = ElementTree.fromstring(mark.findtext(f"{KML}description"))
        assert {e.tag for e in balloon.iter()} <= allowed


def test_kml_speaks_the_language_of_the_study(document, tmp_path):
    """Balloons are for people; the data beside them keep the words of the schema."""
    said = document.find(f".//{KML}Placemark/{KML}description").text
    assert "权属类型" in said
    assert "机关" in said
    data = document.find(f".//{KML}Data[@name='owner_type']/{KML}value").text
    assert data == "government"
    write_kml(in_english(make_study()), tmp_path / "en.kml")
    english = (tmp_path / "en.kml").read_text("utf-8")
    assert "Owner type" in english
    assert "Synthetic data" in english


def test_a_study_of_real_layers_is_not_called_synthetic(tmp_path):
    """The banner follows the plan."""
    study = make_study(synthetic=False)
    write_kml(study, tmp_path / "c.kml")
    assert "合成" not in (tmp_path / "c.kml").read_text("utf-8")


def test_a_candidate_without_a_shape_is_kept(tmp_path):
    """Null geometry is said to be null, in each format."""
    study = make_study()
    study = replace(study, buildings=study.buildings.drop(index="b001"))
    write_geojson(study, tmp_path / "c.geojson")
    write_kml(study, tmp_path / "c.kml")
    write_gpkg(study, tmp_path / "c.gpkg")
    features = json.loads((tmp_path / "c.geojson").read_text("utf-8"))["features"]
    assert [f["id"] for f in features if f["geometry"] is None] == ["b001"]
    assert len(ElementTree.parse(tmp_path / "c.kml").findall(f".//{KML}Placemark")) == 6
