"""Surface models: what is read from a file, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform as to_crs

from hexi_solar.errors import LayerError
from hexi_solar.surface import open_surface

CRS = "EPSG:4548"
WEST, NORTH = 519_000.0, 4_329_000.0


def raster(path: Path, height: np.ndarray, *, cell=1.0, crs=CRS, west=WEST, north=NORTH, **more):
    """Write a small GeoTIFF."""
    about = {
        "driver": "GTiff", "count": 1, "dtype": str(height.dtype), "crs": crs,
        "height": height.shape[0], "width": height.shape[1],
        "transform": from_origin(west, north, cell, cell), **more,
    }  # fmt: skip
    with rasterio.open(path, "w", **about) as target:
        target.write(height, 1)
    return path


@pytest.fixture
def numbered(tmp_path):
    """Cells that say where they are: 10 000 + row times 100 + column, in centimetres."""
    height = (np.arange(40)[:, None] * 100 + np.arange(60)[None, :]) / 100.0
    return raster(tmp_path / "dsm.tif", height.astype(np.float32), nodata=-9999.0)


def codes(error) -> list[str]:
    """Codes of the problems an error carries."""
    return [p.code for p in error.value.problems]


def test_what_a_file_says_of_itself(numbered):
    """Extent and cell are known before a cell is read."""
    surface = open_surface(numbered, CRS)
    assert surface.bounds == (WEST, NORTH - 40, WEST + 60, NORTH)
    assert surface.cell_m == 1.0
    assert surface.same_system


def test_window_holds_the_cells_that_lie_there(numbered):
    """Whole cells around the rectangle, each where it lies."""
    grid = open_surface(numbered, CRS).window((WEST + 9.5, NORTH - 8, WEST + 14, NORTH - 5.2))
    assert grid.bounds == (WEST + 9, NORTH - 8, WEST + 14, NORTH - 5)
    expected = [[(row * 100 + column) / 100 for column in range(9, 14)] for row in range(5, 8)]
    assert grid.height == pytest.approx(np.array(expected))


def test_beside_the_file_nothing_is_known(numbered):
    """A window over the edge is padded with NaN; one beside it is all NaN."""
    surface = open_surface(numbered, CRS)
    grid = surface.window((WEST - 3, NORTH - 2, WEST + 2, NORTH + 2))
    assert np.isnan(grid.height[:2]).all()
    assert np.isnan(grid.height[:, :3]).all()
    assert grid.height[2:, 3:] == pytest.approx(np.array([[0.0, 0.01], [1.0, 1.01]]))
    assert np.isnan(surface.window((WEST + 500, NORTH - 2, WEST + 510, NORTH)).height).all()


def test_nodata_and_nonsense_are_unknown(tmp_path):
    """The file's no-data value, NaN, and heights off this planet become NaN."""
    height = np.array([[1.0, -9999.0, np.nan], [3.4e38, 5.0, -1e6]], dtype=np.float32)
    path = raster(tmp_path / "dsm.tif", height, nodata=-9999.0)
    grid = open_surface(path, CRS).window((WEST, NORTH - 2, WEST + 3, NORTH))
    assert np.isfinite(grid.height).tolist() == [[True, False, False], [False, True, False]]


def test_integer_heights_with_nodata(tmp_path):
    """Whole metres are heights too."""
    path = raster(tmp_path / "dsm.tif", np.array([[3, -32768]], dtype=np.int16), nodata=-32768)
    grid = open_surface(path, CRS).window((WEST, NORTH - 1, WEST + 2, NORTH))
    assert grid.height[0, 0] == 3.0
    assert np.isnan(grid.height[0, 1])


def test_heights_in_units_of_their_own(tmp_path):
    """Steps of a centimetre, feet of a band and feet of a vertical system all come out in metres."""
    metres = np.array([[10.0, 20.0], [30.0, 40.0]], np.float32)
    box = (WEST, NORTH - 2, WEST + 2, NORTH)
    steps = raster(tmp_path / "cm.tif", (100 * metres).astype(np.int16))
    with rasterio.open(steps, "r+") as file:
        file.scales = (0.01,)
    assert open_surface(steps, CRS).window(box).height == pytest.approx(metres)
    feet = raster(tmp_path / "ft.tif", (metres / 0.3048).astype(np.float32))
    with rasterio.open(feet, "r+") as file:
        file.units = ("ft",)
    assert open_surface(feet, CRS).window(box).height == pytest.approx(metres)
    # EPSG:6360 is NAVD88 in US survey feet
    flat = np.full((40, 40), 100.0, np.float32)
    survey = open_surface(raster(tmp_path / "us.tif", flat, crs=f"{CRS}+6360"), CRS)
    inside = survey.window((WEST + 5, NORTH - 10, WEST + 10, NORTH - 5)).height
    assert inside == pytest.approx(100.0 * 1200 / 3937)


def test_another_system_is_brought_to_the_plans(tmp_path):
    """A slope drawn in degrees has the same heights at the same places in metres."""
    rows, columns, cell = 80, 100, 1e-5
    west, north = 117.22, 39.10
    height = 0.1 * np.arange(columns)[None, :] + 0.2 * np.arange(rows)[:, None]
    path = raster(
        tmp_path / "degrees.tif", height.astype(np.float32), cell=cell, crs="EPSG:4326",
        west=west, north=north,
    )  # fmt: skip
    surface = open_surface(path, CRS, cell_m=1.0)
    assert not surface.same_system
    grid = surface.window(surface.bounds)
    row, column = 40, 43
    x = grid.transform.c + (column + 0.5) * grid.transform.a
    y = grid.transform.f + (row + 0.5) * grid.transform.e
    (lon,), (lat,) = to_crs(CRS, "EPSG:4326", [x], [y])
    expected = 0.1 * ((lon - west) / cell - 0.5) + 0.2 * ((north - lat) / cell - 0.5)
    # a plane survives bilinear resampling; the warp is approximated to an eighth of a cell
    assert grid.height[row, column] == pytest.approx(expected, abs=0.04)


def test_coarser_cells_on_request(numbered):
    """Cells of the size asked for, on the lattice of the file's corner."""
    surface = open_surface(numbered, CRS, cell_m=2.0)
    grid = surface.window((WEST, NORTH - 40, WEST + 60, NORTH))
    assert grid.height.shape == (20, 30)
    assert np.isfinite(grid.height).all()


def test_tiles_cover_all_once_and_agree_with_the_whole(numbered):
    """Tiles part the rectangle; their cells are those of the whole."""
    surface = open_surface(numbered, CRS)
    whole = surface.window(surface.bounds)
    tiles = list(surface.tiles(surface.bounds, size_m=25.0, halo_m=5.0))
    assert len(tiles) == 6
    assert sum((t.inner[2] - t.inner[0]) * (t.inner[3] - t.inner[1]) for t in tiles) == 2400.0
    for tile in tiles:
        part = surface.window(tile.inner)
        column = round(part.transform.c - WEST)
        row = round(NORTH - part.transform.f)
        rows, columns = part.height.shape
        assert (part.height == whole.height[row : row + rows, column : column + columns]).all()
        assert tile.outer[0] == tile.inner[0] - 5.0


def test_a_small_file_that_claims_to_be_huge(tmp_path):
    """A sparse file of some megabytes stands for 640 GB: opened, a window read, the whole refused."""
    path = tmp_path / "sparse.tif"
    side = 400_000
    about = {
        "driver": "GTiff", "count": 1, "dtype": "float32", "crs": CRS, "height": side, "width": side,
        "transform": from_origin(WEST, NORTH, 1.0, 1.0), "tiled": True, "blockxsize": 4096,
        "blockysize": 4096, "sparse_ok": True, "bigtiff": "yes", "nodata": -9999.0,
    }  # fmt: skip
    with rasterio.open(path, "w", **about):
        pass
    assert path.stat().st_size < 10e6
    surface = open_surface(path, CRS)
    near = surface.window((WEST, NORTH - 100, WEST + 100, NORTH))
    assert np.isnan(near.height).all()
    with pytest.raises(LayerError, match="160,000 million cells") as error:
        surface.window(surface.bounds)
    assert codes(error) == ["surface_window_too_large"]


def test_a_file_of_one_huge_block(tmp_path):
    """A compressed strip of ten gigabytes, however small on disk, is refused before it is unpacked."""
    path = tmp_path / "strip.tif"
    about = {
        "driver": "GTiff", "count": 1, "dtype": "float32", "crs": CRS, "height": 50_000,
        "width": 50_000, "transform": from_origin(WEST, NORTH, 1.0, 1.0), "blockysize": 50_000,
        "compress": "deflate", "sparse_ok": True, "bigtiff": "yes",
    }  # fmt: skip
    with rasterio.open(path, "w", **about):
        pass
    with pytest.raises(LayerError) as error:
        open_surface(path, CRS)
    assert codes(error) == ["surface_block_too_large"]


def test_virtual_rasters_are_refused_under_any_name(tmp_path, numbered):
    """A VRT, as itself or renamed, is not opened; neither are addresses."""
    vrt = (
        '<VRTDataset rasterXSize="60" rasterYSize="40"><VRTRasterBand dataType="Float32" band="1">'
        f"<SimpleSource><SourceFilename>{numbered}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    for name, code in (
        ("a.vrt", "surface_suffix"),
        ("a.tif", "layer_disguised"),
        ("a.asc", "layer_disguised"),
    ):
        path = tmp_path / "virtual" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(vrt, "utf-8")
        with pytest.raises(LayerError) as error:
            open_surface(path, CRS)
        assert codes(error) == [code]
    for text in ("/vsicurl/http/x.tif", "https://host/x.tif"):
        with pytest.raises(LayerError) as error:
            open_surface(Path(text), CRS)
        assert codes(error) == ["layer_not_local"]
    with pytest.raises(LayerError) as error:
        open_surface(tmp_path / "absent.tif", CRS)
    assert codes(error) == ["layer_missing"]


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    """An image without system, south up."""
    path = tmp_path / "image.tif"
    about = {
        "driver": "GTiff", "count": 1, "dtype": "uint8", "height": 2, "width": 2,
        "transform": rasterio.Affine(1.0, 0.0, WEST, 0.0, 1.0, NORTH),
    }  # fmt: skip
    with rasterio.open(path, "w", **about) as target:
        target.write(np.zeros((2, 2), dtype=np.uint8), 1)
    with pytest.raises(LayerError) as error:
        open_surface(path, CRS)
    assert codes(error) == ["surface_no_crs", "surface_turned", "surface_not_heights"]


def test_a_file_that_breaks_off(tmp_path, numbered):
    """A truncated file is a problem with a name, not a crash."""
    cut = tmp_path / "cut.tif"
    cut.write_bytes(numbered.read_bytes()[:3000])
    with pytest.raises(LayerError):
        surface = open_surface(cut, CRS)
        surface.window(surface.bounds)


def test_ascii_grid(tmp_path):
    """An ASCII grid says no system; the plan does."""
    path = tmp_path / "dsm.asc"
    path.write_text(
        f"ncols 2\nnrows 2\nxllcorner {WEST}\nyllcorner {NORTH}\ncellsize 1\nNODATA_value -9999\n"
        "1.5 2.5\n3.5 -9999\n",
        "ascii",
    )
    surface = open_surface(path, CRS, own_crs=CRS)
    grid = surface.window(surface.bounds)
    assert grid.height[0].tolist() == [1.5, 2.5]
    assert np.isnan(grid.height[1, 1])


def test_goteborg(shared_data):
    """A real surface of 1 m: its cells, in its own system and in another."""
    path = shared_data / "surface" / "goteborg" / "DSM_KRbig.tif"
    surface = open_surface(path, "EPSG:3007")
    grid = surface.window(surface.bounds)
    assert grid.height.shape == (223, 234) or grid.height.shape == (234, 223)
    assert np.isfinite(grid.height).all()
    other = open_surface(path, "EPSG:3006")
    brought = other.window(other.bounds)
    inside = np.isfinite(brought.height)
    assert inside.mean() > 0.9
    assert np.nanmedian(brought.height) == pytest.approx(np.median(grid.height), abs=0.5)
