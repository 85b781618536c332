"""Where a layer lies: systems, axes, zone numbers, datums."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from layer_files import EAST, NORTH, blocks, codes, layer_of, notice, read, without_system

from hexi_solar.config import Layer, Site
from hexi_solar.datum import FROM_WGS84
from hexi_solar.errors import LayerError
from hexi_solar.layers.crs import better_crs

TO_DEGREES = pyproj.Transformer.from_crs("EPSG:4548", "EPSG:4326", always_xy=True)
CENTRE = (EAST + 20.0, NORTH + 20.0)


def moved(change, count=3):
    """The usual blocks with their coordinates changed."""
    return [shapely.transform(b, change, interleaved=False) for b in blocks(count)]


def middle(district):
    """Middle of the first building."""
    point = district.buildings.geometry.iloc[0].centroid
    return point.x, point.y


@pytest.mark.parametrize("crs", ["EPSG:4548", "EPSG:4527", "EPSG:4509", "EPSG:4490", "EPSG:32650"])
def test_every_system_leads_to_the_plan(tmp_path, crs):
    """One place written in several systems is one place, to a millimetre."""
    layer_of(blocks()).to_crs(crs).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg")
    assert middle(district) == pytest.approx(CENTRE, abs=1e-3)
    assert not notices.of("warning")


def test_published_test_point(tmp_path):
    """117.22 E 39.08 N is E 519 036.3 N 4 327 408.3 (FACTS.md 8)."""
    d = 1e-4
    shape = shapely.box(117.22 - d, 39.08 - d, 117.22 + d, 39.08 + d)
    layer_of([shape], crs="EPSG:4326").to_file(tmp_path / "a.geojson")
    district, _ = read(tmp_path / "a.geojson")
    assert middle(district) == pytest.approx((519_036.3, 4_327_408.3), abs=0.1)


def degrees(x, y):
    return TO_DEGREES.transform(x, y)


@pytest.mark.parametrize(
    ("change", "crs", "code"),
    [
        (lambda x, y: (y, x), "EPSG:4548", "layer_swapped"),
        (lambda x, y: (x + 39e6, y), "EPSG:4548", "layer_zone"),
        (lambda x, y: (x + 20e6, y), "EPSG:4509", "layer_zone"),
        (lambda x, y: (x, y), "EPSG:4527", "layer_zone"),
        (lambda x, y: (y, x + 39e6), "EPSG:4548", "layer_zone_swapped"),
        (lambda x, y: (y, x), "EPSG:4527", "layer_zone_swapped"),
        (lambda x, y: degrees(x, y)[::-1], "EPSG:4326", "layer_swapped"),
    ],
)
def test_slips_that_are_undone(tmp_path, change, crs, code):
    """Swapped axes and zone numbers are put right, and told."""
    layer_of(moved(change), crs=crs).to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg")
    assert middle(district) == pytest.approx(CENTRE, abs=1e-3)
    assert notice(notices, code).level == "warning"


@pytest.mark.parametrize(
    ("change", "crs", "code"),
    [
        # GeoJSON in metres is taken as degrees by every reader
        (lambda x, y: (x, y), "EPSG:4326", "layer_metres"),
        (lambda x, y: (x, y), "EPSG:4490", "layer_metres"),
        (degrees, "EPSG:4548", "layer_degrees"),
        (degrees, "EPSG:4527", "layer_degrees"),
        # zone 40 is not the zone of 117°, so the number cannot be put right
        (lambda x, y: (x + 40e6, y), "EPSG:4548", "layer_impossible"),
    ],
)
def test_slips_that_are_refused(tmp_path, change, crs, code):
    """Coordinates that cannot be what the system says are refused, with what to do."""
    layer_of(moved(change), crs=crs).to_file(tmp_path / "a.gpkg")
    with pytest.raises(LayerError) as refused:
        read(tmp_path / "a.gpkg")
    (problem,) = refused.value.problems
    assert problem.code == code
    assert "crs" in problem.message("en")
    assert "a.gpkg" in problem.message("zh")


def test_geojson_in_metres_with_the_system_in_the_plan(tmp_path):
    """GeoJSON cannot name a system; the plan can, and no doubt is raised."""
    without_system(layer_of(blocks()), tmp_path / "a.geojson")
    with pytest.raises(LayerError, match="look like metres"):
        read(tmp_path / "a.geojson")
    district, notices = read(tmp_path / "a.geojson", layer_crs="EPSG:4548")
    assert middle(district) == pytest.approx(CENTRE)
    assert not notices.of("warning")


def test_no_system(tmp_path):
    """A layer without a system is refused unless the plan names one."""
    without_system(layer_of(blocks()), tmp_path / "a.gpkg")
    with pytest.raises(LayerError) as refused:
        read(tmp_path / "a.gpkg")
    assert codes(refused.value) == ["layer_no_crs"]
    assert middle(read(tmp_path / "a.gpkg", layer_crs="EPSG:4548")[0]) == pytest.approx(CENTRE)


def test_unknown_system(tmp_path):
    """A system of the layer that there is not is refused by its name."""
    layer_of(blocks()).to_file(tmp_path / "a.gpkg")
    with pytest.raises(LayerError) as refused:
        read(tmp_path / "a.gpkg", layer_crs="天津90")
    assert codes(refused.value) == ["layer_crs_unknown"]
    assert "天津90" in refused.value.message("zh")


def test_plan_overrules_the_file(tmp_path):
    """A system that the plan names counts, and the contradiction is told."""
    layer_of(blocks(), crs="EPSG:4549").to_file(tmp_path / "a.gpkg")
    district, notices = read(tmp_path / "a.gpkg", layer_crs="EPSG:4548")
    assert middle(district) == pytest.approx(CENTRE)
    assert notice(notices, "layer_crs_overruled").fields["used"] == "EPSG:4548"


@pytest.mark.parametrize(
    ("longitude", "latitude", "crs", "verdict"),
    [
        (-74.0, 40.7, "EPSG:32618", ""),  # New York
        (120.6, 31.3, "EPSG:4549", ""),  # Suzhou
        (120.6, 31.3, "EPSG:4548", "layer_outside"),  # two degrees east of the zone
        (-74.0, 40.7, "EPSG:4548", "layer_far"),
        (11.1, 48.1, "EPSG:4548", "layer_far"),
    ],
)
def test_area_that_a_system_is_made_for(tmp_path, longitude, latitude, crs, verdict):
    """Far outside the plan's system a layer is refused, near it is warned of, inside welcome."""
    d = 2e-4
    shape = shapely.box(longitude - d, latitude - d, longitude + d, latitude + d)
    layer_of([shape], crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    if verdict == "layer_far":
        with pytest.raises(LayerError) as refused:
            read(tmp_path / "a.gpkg", crs=crs)
        assert codes(refused.value) == [verdict]
        assert better_crs(longitude, latitude) in refused.value.message("zh")
    else:
        _, notices = read(tmp_path / "a.gpkg", crs=crs)
        assert [p.code for p in notices.of("warning")] == ([verdict] if verdict else [])


def test_site_of_the_plan_decides(tmp_path):
    """Where the area of the system allows both readings, the plan's site chooses."""
    # 45° E 40° N and 40° E 45° N lie in one zone each way round
    shape = shapely.box(39.999, 44.999, 40.001, 45.001)
    layer_of([shape], crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    _, notices = read(
        tmp_path / "a.gpkg", crs="EPSG:32638", site=Site(longitude=45.0, latitude=40.0)
    )
    assert notice(notices, "layer_swapped").level == "warning"


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(75.1, 39.5), (117.2, 39.1), (116.4, 39.9), (134.5, 48.0)]
)
def test_better_system_fits_its_place(longitude, latitude):
    """The system that is proposed has its meridian within 1.5° of the place."""
    crs = pyproj.CRS(better_crs(longitude, latitude))
    values = {p.name: p.value for p in crs.coordinate_operation.params}
    meridian = values["Longitude of natural origin"]
    assert abs(meridian - longitude) <= 1.5


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4548"])
def test_shifted_layers_come_back(tmp_path, datum, crs):
    """A layer of Gaode or Baidu, in degrees or in metres, comes back to its place."""
    shown = [shapely.transform(b, degrees, interleaved=False) for b in blocks()]
    shown = [shapely.transform(b, FROM_WGS84[datum], interleaved=False) for b in shown]
    layer_of(shown, crs="EPSG:4326").to_crs(crs).to_file(tmp_path / "a.gpkg")
    district, _ = read(tmp_path / "a.gpkg", datum=datum)
    assert middle(district) == pytest.approx(CENTRE, abs=1e-3)
    assert district.buildings["footprint_area_m2"].tolist() == pytest.approx([1600.0] * 3, abs=0.1)


def test_cgcs2000_is_taken_as_wgs84(tmp_path):
    """The two agree to centimetres, so nothing is shifted between them."""
    layer_of(blocks()).to_file(tmp_path / "a.gpkg")
    assert middle(read(tmp_path / "a.gpkg", datum="cgcs2000")[0]) == pytest.approx(CENTRE, abs=1e-6)


def test_old_datums_are_doubted(tmp_path):
    """Xi'an 80 has no public way to CGCS2000: the layer is read, and the doubt told."""
    layer_of(blocks(), crs="EPSG:2384").to_file(tmp_path / "a.gpkg")
    _, notices = read(tmp_path / "a.gpkg")
    assert "Xian 1980" in notice(notices, "layer_old_datum").message("zh")


def town(count=30, step=100.0):
    """A town of blocks, and its outline 20 m around it."""
    shapes = [
        shapely.box(EAST + i * step, NORTH + j * step, EAST + i * step + 40, NORTH + j * step + 40)
        for i in range(count)
        for j in range(count)
    ]
    side = count * step
    return shapes, shapely.box(EAST - 20, NORTH - 20, EAST + side - 40, NORTH + side - 40)


def shifted(shapes, datum):
    """Shapes as a web map shows them, in degrees."""
    shown = [shapely.transform(s, degrees, interleaved=False) for s in shapes]
    return [shapely.transform(s, FROM_WGS84[datum], interleaved=False) for s in shown]


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_suspected_shift_of_the_buildings(tmp_path, datum):
    """Buildings that fit the boundary only once shifted back are suspected, not shifted."""
    shapes, outline = town()
    layer_of(shifted(shapes, datum), crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    layer_of([outline]).to_file(tmp_path / "b.gpkg")
    boundary = Layer(tmp_path / "b.gpkg")
    district, notices = read(tmp_path / "a.gpkg", boundary=boundary)
    assert notice(notices, "layer_suspect_datum").fields["datum"] == datum
    assert len(district.buildings) < 900
    # once the plan says so, all is well
    district, notices = read(tmp_path / "a.gpkg", boundary=boundary, datum=datum)
    assert len(district.buildings) == 900
    assert not notices.of("warning")


def test_suspected_shift_of_the_boundary(tmp_path):
    """A boundary of Gaode around true buildings is suspected itself."""
    shapes, outline = town()
    layer_of(shapes).to_file(tmp_path / "a.gpkg")
    layer_of(shifted([outline], "gcj02"), crs="EPSG:4326").to_file(tmp_path / "b.gpkg")
    _, notices = read(tmp_path / "a.gpkg", boundary=Layer(tmp_path / "b.gpkg"))
    assert notice(notices, "area_suspect_datum").fields["datum"] == "gcj02"
    _, notices = read(tmp_path / "a.gpkg", boundary=Layer(tmp_path / "b.gpkg", datum="gcj02"))
    assert not notices.of("warning")


def test_no_suspicion_without_evidence(tmp_path):
    """Without a boundary, or with buildings all around it, nothing is claimed."""
    shapes, _ = town()
    layer_of(shifted(shapes, "gcj02"), crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    _, notices = read(tmp_path / "a.gpkg")
    assert not notices.of("warning")
    inner = shapely.box(EAST + 1000, NORTH + 1000, EAST + 2000, NORTH + 2000)
    layer_of([inner]).to_file(tmp_path / "b.gpkg")
    _, notices = read(tmp_path / "a.gpkg", boundary=Layer(tmp_path / "b.gpkg"))
    assert not notices.of("warning")


def test_hexi_boundary_is_found_out(tmp_path, shared_data):
    """The public boundary of Hexi says EPSG:4326 and is GCJ-02: true buildings tell."""
    import geopandas as gpd

    file = shared_data / "boundary" / "hexi_gcj02.geojson"
    whole = gpd.read_file(file).to_crs("EPSG:4326").geometry.union_all()
    from hexi_solar.datum import wgs84_from_gcj02

    whole = shapely.transform(whole, wgs84_from_gcj02, interleaved=False)
    west, south, east, north = whole.bounds
    x, y = (
        a.ravel() for a in np.meshgrid(np.linspace(west, east, 80), np.linspace(south, north, 80))
    )
    inside = shapely.contains_xy(whole, x, y)
    shapes = shapely.box(x[inside], y[inside], x[inside] + 2e-4, y[inside] + 2e-4)
    layer_of(shapes, crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    _, notices = read(tmp_path / "a.gpkg", boundary=Layer(file))
    assert notice(notices, "area_suspect_datum").fields["datum"] == "gcj02"
    _, notices = read(tmp_path / "a.gpkg", boundary=Layer(file, datum="gcj02"))
    assert "area_suspect_datum" not in codes(notices)
