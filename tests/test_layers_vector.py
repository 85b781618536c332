"""Reading files: formats, archives, encodings, and what is refused."""

from __future__ import annotations

import json
import struct
import zipfile

import geopandas as gpd
import pytest
import shapely
from layer_files import EAST, NORTH, blocks, codes, layer_of, notice, plan_of, read

from hexi_solar.config import AttributeTable, Column, Layer
from hexi_solar.errors import ConfigError, LayerError
from hexi_solar.layers import input_checksums
from hexi_solar.sheets.encoding import dbf_encoding, text_encoding

NAMES = ["第一小学", "实验中学（南楼）", "人民医院"]


def chinese(count=3):
    """Three buildings with Chinese columns."""
    columns = {"编号": [f"A{i}" for i in range(count)], "名称": NAMES[:count]}
    return layer_of(blocks(count), columns)


def write_mif(layer, file):
    """Write a layer as MapInfo's exchange format does in China: GBK, and no system."""
    head = 'Version 300\nCharset "WindowsSimpChinese"\nDelimiter ","\n'
    head += "Columns 2\n  编号 Char(10)\n  名称 Char(40)\nData\n\n"
    for shape in layer.geometry:
        corners = list(shape.exterior.coords)
        head += f"Region 1\n{len(corners)}\n" + "".join(f"{x} {y}\n" for x, y in corners)
    file.write_bytes(head.encode("gbk"))
    rows = zip(layer["编号"], layer["名称"], strict=True)
    text = "".join(f'"{a}","{b}"\n' for a, b in rows)
    file.with_suffix(".mid").write_bytes(text.encode("gbk"))


@pytest.mark.parametrize(
    "suffix",
    ["gpkg", "gdb", "fgb", "shp", "gml", "geojsonl", "parquet", "sqlite", "mif", "kml", "geojson"],
)
def test_every_format_says_the_same(tmp_path, suffix):
    """The same three buildings come out of every format, with their names and areas."""
    layer, file = chinese(), tmp_path / f"建筑.{suffix}"
    if suffix in ("kml", "geojson", "geojsonl"):
        layer = layer.to_crs("EPSG:4326")
    if suffix == "parquet":
        layer.to_parquet(file)
    elif suffix == "shp":
        layer.to_file(file, encoding="gb18030")
    elif suffix == "kml":
        layer.rename(columns={"名称": "Name"}).to_file(file, driver="KML")
    elif suffix == "mif":
        write_mif(layer, file)
    else:
        drivers = {"sqlite": "SQLite", "gml": "GML", "geojsonl": "GeoJSONSeq", "gdb": "OpenFileGDB"}
        layer.to_file(file, driver=drivers.get(suffix))
    district, _ = read(file, layer_crs="EPSG:4548" if suffix == "mif" else "")
    buildings = district.buildings
    # FlatGeobuf may store rows in another order
    assert sorted(buildings["name"]) == sorted(NAMES)
    assert buildings["source_row"].tolist() == [1, 2, 3]
    # KML and GeoJSON keep 1e-7 degree or better, about a centimetre on 40 m
    assert buildings["footprint_area_m2"].tolist() == pytest.approx([1600.0] * 3, abs=1.5)
    assert buildings.crs == "EPSG:4548"


@pytest.mark.parametrize("inner", ["shp", "gpkg"])
def test_zipped(tmp_path, inner):
    """A zipped shapefile or GeoPackage reads like the plain one, Chinese names and all."""
    folder = tmp_path / "in"
    folder.mkdir()
    chinese().to_file(folder / f"建筑.{inner}", encoding="gb18030" if inner == "shp" else None)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"图层/{file.name}")
    district, _ = read(tmp_path / "b.zip")
    assert district.buildings["name"].tolist() == NAMES


def archive_of(file, members):
    """Write an archive."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"a.geojson": b" " * 40_000_000}, "layer_zip_bomb"),
        ({"../a.geojson": b"{}"}, "layer_zip_path"),
        ({"/a.geojson": b"{}"}, "layer_zip_path"),
        ({"..\\..\\a.geojson": b"{}"}, "layer_zip_path"),
        ({"C:/a.geojson": b"{}"}, "layer_zip_path"),
        ({"a.geojson": b"{}", "b.geojson": b"{}"}, "layer_zip_many"),
        ({"a.docx": b"{}"}, "layer_zip_none"),
        ({"a.zip": b"PK"}, "layer_zip_none"),
    ],
)
def test_bad_archives(tmp_path, members, code):
    """Archives that would burst, leave their folder, or hold no one layer are refused."""
    archive_of(tmp_path / "b.zip", members)
    with pytest.raises(LayerError) as refused:
        read(tmp_path / "b.zip")
    assert codes(refused.value) == [code]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.zip"]


def test_one_of_several_layers(tmp_path):
    """Of several layers the plan names one; without a name none is chosen for it."""
    file = tmp_path / "two.gpkg"
    chinese().to_file(file, layer="现状")
    chinese(1).to_file(file, layer="规划")
    assert len(read(file, layer="规划")[0].buildings) == 1
    for named, code in (("", "layer_which"), ("规化", "layer_unknown")):
        with pytest.raises(LayerError) as refused:
            read(file, layer=named)
        assert codes(refused.value) == [code]
        assert "规划" in refused.value.message("zh")


VRT = """<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{}</SrcDataSource>
</OGRVRTLayer></OGRVRTDataSource>"""


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "kml", "gml", "shp", "fgb", "tab", "csv"])
def test_virtual_datasets_are_not_opened(tmp_path, suffix):
    """A virtual dataset under another suffix would read any file: it is refused unopened."""
    secret = tmp_path / "secret.gpkg"
    chinese().to_file(secret)
    file = tmp_path / f"a.{suffix}"
    file.write_text(VRT.format(secret))
    with pytest.raises(LayerError) as refused:
        read(file)
    assert codes(refused.value) in (["layer_disguised"], ["layer_no_shapes"], ["layer_empty"])


def test_virtual_pipeline_is_not_opened(tmp_path):
    """A GDALG pipeline is JSON, and refused as what it is."""
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector read x"}))
    with pytest.raises(LayerError) as refused:
        read(file)
    assert codes(refused.value) == ["layer_disguised"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nothing.gpkg", "layer_missing"),
        ("a.dwg", "layer_suffix"),
        ("a.vrt", "layer_suffix"),
        ("a.xls", "layer_suffix"),
    ],
)
def test_files_that_are_none(tmp_path, name, code):
    """What is not there, or of no kind we read, is refused by name."""
    if code == "layer_suffix":
        (tmp_path / name).write_text("x")
    with pytest.raises(LayerError) as refused:
        read(tmp_path / name)
    assert codes(refused.value) == [code]
    assert name in refused.value.message("zh")


@pytest.mark.parametrize("path", ["/vsicurl/http://127.0.0.1:9/a.gpkg", "/vsizip/a.zip"])
def test_virtual_paths(tmp_path, path):
    """Virtual file systems and addresses are not asked."""
    from pathlib import Path

    with pytest.raises(LayerError) as refused:
        read(Path(path))
    assert codes(refused.value) == ["layer_not_local"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{"type"'),
        ("a.gpkg", b"SQLite format 3\0" + b"\0" * 200),
        ("a.fgb", b"fgb\x03fgb\x00" + b"\xff" * 50),
        ("a.shp", b"\0\0\x27\x0a" + b"\0" * 96),
        ("a.parquet", b"PAR1abcdPAR1"),
        ("a.zip", b"PK\x03\x04broken"),
        ("a.xlsx", b"PK\x03\x04broken"),
    ],
)
def test_broken_files(tmp_path, name, data):
    """A file that breaks off is unreadable, in one message that names it."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LayerError) as refused:
        read(tmp_path / name)
    assert len(refused.value.problems) == 1
    assert codes(refused.value)[0] in ("layer_unreadable", "layer_empty")
    assert name in refused.value.message("en")


def test_empty_files(tmp_path):
    """No bytes, no features and no rows are all "empty"."""
    (tmp_path / "a.geojson").write_bytes(b"")
    (tmp_path / "b.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "c.csv").write_text("名称,经度,纬度\n", encoding="utf-8")
    for name in "a.geojson", "b.geojson", "c.csv":
        with pytest.raises(LayerError) as refused:
            read(tmp_path / name)
        assert codes(refused.value) == ["layer_empty"], name


@pytest.mark.parametrize(
    "shape",
    [shapely.Point(EAST, NORTH), shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH)])],
)
def test_points_and_lines_are_no_buildings(tmp_path, shape):
    """A layer of points or lines is refused as such, with their number."""
    layer_of([shape, shape]).to_file(tmp_path / "a.gpkg")
    with pytest.raises(LayerError) as refused:
        read(tmp_path / "a.gpkg")
    assert codes(refused.value) == ["layer_not_polygons"]
    assert f"2 {shape.geom_type}" in refused.value.message("zh")


def test_table_without_shapes(tmp_path):
    """A table that has neither shapes nor coordinates is no layer."""
    (tmp_path / "a.csv").write_text("名称,地址\n甲,乙\n", encoding="utf-8")
    with pytest.raises(LayerError) as refused:
        read(tmp_path / "a.csv")
    assert codes(refused.value) == ["layer_no_shapes"]


def test_shapes_as_wkt(tmp_path):
    """A CSV with WKT is a layer; its system is the plan's to say."""
    lines = [f'甲,"{blocks(1)[0].wkt}"', "乙,"]
    (tmp_path / "a.csv").write_text("名称,WKT\n" + "\n".join(lines), encoding="gbk")
    district, notices = read(tmp_path / "a.csv", layer_crs="EPSG:4548")
    assert district.buildings["footprint_area_m2"].tolist() == pytest.approx([1600.0])
    assert notice(notices, "shape_missing").fields["rows"] == "3"


@pytest.mark.parametrize(
    ("encoding", "cpg", "said"),
    [
        ("gb18030", "GBK", None),
        ("gb18030", "936", None),
        ("gb18030", "UTF-8", "layer_encoding_cpg"),
        ("gb18030", None, "layer_encoding_guessed"),
        ("utf-8", "UTF-8", None),
        ("utf-8", "klingon", None),
        ("utf-8", None, None),
    ],
)
def test_shapefiles_of_any_encoding(tmp_path, encoding, cpg, said):
    """Names survive whatever the .cpg says or does not say, and guesses are told."""
    file = tmp_path / "a.shp"
    chinese().to_file(file, encoding=encoding)
    (tmp_path / "a.cpg").unlink()
    if cpg:
        (tmp_path / "a.cpg").write_text(cpg)
    # without GDAL's language byte, as other programs leave it
    data = bytearray((tmp_path / "a.dbf").read_bytes())
    data[29] = 0
    (tmp_path / "a.dbf").write_bytes(data)
    district, notices = read(file)
    assert district.buildings["name"].tolist() == NAMES
    assert [p.code for p in notices.of("repaired")] == ([said] if said else [])


def test_language_byte_of_a_dbf(tmp_path):
    """The language byte 0x4D means GBK where no .cpg is beside it."""
    header = bytearray(32)
    header[29] = 0x4D
    header[4:12] = struct.pack("<IHH", 1, 65, 11)
    field = "名称".encode("gbk").ljust(11, b"\0") + b"C" + b"\0" * 4 + bytes([10]) + b"\0" * 15
    row = b" " + "甲".encode("gbk").ljust(10)
    (tmp_path / "a.dbf").write_bytes(bytes(header) + field + b"\x0d" + row)
    assert dbf_encoding(tmp_path / "a.dbf") == ("gb18030", "ldid")


def test_encoding_of_texts():
    """UTF-8 is recognised strictly, with or without its mark; the rest is GB18030 or nothing."""
    assert text_encoding("名称".encode("utf-8-sig")) == "utf-8-sig"
    assert text_encoding("名称".encode("utf-16")) == "utf-16"
    assert text_encoding("㐀名".encode("gb18030")) == "gb18030"
    assert text_encoding(b"\xff\xff\xff") == ""


def test_geojson_in_gbk(tmp_path):
    """A GeoJSON in GBK, which the format forbids, is read and told."""
    text = chinese().to_crs("EPSG:4326").to_json(ensure_ascii=False)
    (tmp_path / "a.geojson").write_bytes(text.encode("gb18030"))
    district, notices = read(tmp_path / "a.geojson")
    assert district.buildings["name"].tolist() == NAMES
    assert notice(notices, "layer_recoded").level == "repaired"


def test_wrong_encoding_in_the_plan(tmp_path):
    """An encoding that there is not, or that the text is not in, is refused."""
    chinese().to_file(tmp_path / "a.shp")
    (tmp_path / "b.csv").write_bytes("名称,经度,纬度\n甲,117,39\n".encode("gbk"))
    for name, encoding, code in (
        ("a.shp", "klingon", "layer_encoding"),
        ("b.csv", "klingon", "layer_encoding"),
        ("b.csv", "utf-8", "layer_encoding_none"),
    ):
        with pytest.raises(LayerError) as refused:
            read(tmp_path / name, encoding=encoding)
        assert codes(refused.value) == [code]


def test_all_that_is_wrong_at_once(tmp_path):
    """Columns, ids and shapes of one layer, and other layers, are refused in one message."""
    points = [shapely.Point(EAST, NORTH)] * 3
    layer_of(points, {"编号": ["1", "1", None]}).to_file(tmp_path / "a.gpkg")
    with pytest.raises(LayerError) as refused:
        read(
            tmp_path / "a.gpkg",
            columns={"building_id": Column("编号"), "name": Column("名字")},
            boundary=Layer(tmp_path / "no.gpkg"),
            zones=Layer(tmp_path / "a.dwg"),
        )
    assert codes(refused.value) == [
        "layer_column", "layer_not_polygons", "id_blank", "id_repeated",
        "layer_missing", "layer_suffix",
    ]  # fmt: skip
    lines = refused.value.message("zh").splitlines()
    assert len(lines) == 6
    assert all("a.gpkg" in line or "no.gpkg" in line or "a.dwg" in line for line in lines)


@pytest.mark.parametrize(
    ("crs", "code"),
    [
        ("EPSG:4490", "crs_degrees"),
        ("EPSG:4326", "crs_degrees"),
        ("EPSG:2263", "crs_unit"),  # New York in US survey feet
        ("EPSG:99999", "crs_unknown"),
        ("河西", "crs_unknown"),
        ("EPSG:3857", "crs_scale"),  # areas 66 % too large at 39° N
    ],
)
def test_plans_that_cannot_measure(tmp_path, crs, code):
    """A plan's system must be in metres, and true to area within a percent."""
    chinese().to_file(tmp_path / "a.gpkg")
    with pytest.raises(ConfigError) as refused:
        read(tmp_path / "a.gpkg", crs=crs)
    assert codes(refused.value) == [code]
    if code == "crs_scale":
        assert "EPSG:4548" in refused.value.message("zh")


def test_checksums(tmp_path):
    """Every file that a plan names is summed, with the companions of a shapefile."""
    chinese().to_file(tmp_path / "a.shp")
    table = tmp_path / "sub" / "t.csv"
    table.parent.mkdir()
    table.write_bytes(b"abc")
    plan = plan_of(tmp_path / "a.shp", attributes=(AttributeTable(table),))
    sums = input_checksums(plan)
    assert list(sums) == ["a.cpg", "a.dbf", "a.prj", "a.shp", "a.shx", "sub/t.csv"]
    # FIPS 180-2, appendix B.1
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sums["sub/t.csv"] == abc


def test_layer_with_a_geometry_column_of_another_name(tmp_path):
    """What the shapes are called in the file makes no difference."""
    chinese().rename_geometry("shape").to_parquet(tmp_path / "a.parquet")
    assert isinstance(read(tmp_path / "a.parquet")[0].buildings, gpd.GeoDataFrame)


def test_nothing_is_written_beside_the_layers(tmp_path):
    """Reading leaves the folder of the layers as it was."""
    chinese().to_file(tmp_path / "a.gml", driver="GML")
    (tmp_path / "a.xsd").unlink()
    before = sorted(p.name for p in tmp_path.iterdir())
    read(tmp_path / "a.gml")
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_zipped_geodatabase(tmp_path):
    """A file geodatabase in an archive, as ArcGIS users send it."""
    chinese().to_file(tmp_path / "a.gdb", driver="OpenFileGDB", layer="建筑")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (tmp_path / "a.gdb").iterdir():
            archive.write(file, f"a.gdb/{file.name}")
    assert read(tmp_path / "b.zip")[0].buildings["name"].tolist() == NAMES
    assert read(tmp_path / "b.zip", layer="建筑")[0].buildings["name"].tolist() == NAMES


def test_two_readings_are_the_same(tmp_path):
    """The same file gives the same table and the same notices, word for word."""
    chinese().to_file(tmp_path / "a.shp", encoding="gb18030")
    (tmp_path / "a.cpg").unlink()
    first, second = read(tmp_path / "a.shp"), read(tmp_path / "a.shp")
    assert first[0].buildings.equals(second[0].buildings)
    said = [[p.message("zh") for p in notices] for _, notices in (first, second)]
    assert said[0] == said[1]
