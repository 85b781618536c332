"""Skylines and shade against brute force and peers: ``python -m benchmarks.skylines [--quick]``.

- Skylines from footprints: speed, and the difference from lines of sight cut by shapely.
- Skylines of points over a surface, and of all its cells: speed, and the difference from
  heights looked up every 0.1 m along rays, every 0.01 m within the first 20 m, as a wall
  half a metre away stands degrees lower if it is met a tenth of a metre late. Cells
  anywhere, and those on roofs of 1000 m² and more, a metre from the edge.
- GRASS `r.horizon`, SAGA's sky view and topocalc on the same surface, and pybdshadow, one
  thread each; null where they are not installed.
- The energy that the short cuts cost (not in the quick run): a year of 200 roofs against
  one whose shade is traced for every hour from every square metre.

Speeds are of all cores together; ratios are of processor time, beside GRASS, SAGA and topocalc
without the system's, which theirs leaves out.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numba
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin

from benchmarks.city import city
from benchmarks.clock import cost_of
from hexi_solar.shading import (
    Points,
    lit_fraction,
    neighbours_of,
    roof_means,
    sample_points,
    sky_view,
    skylines_from_footprints,
    skylines_from_surface,
    sweep_sky_view,
    sweep_skylines,
)

SEED = 20240901
NEAR_M = 20.0  # within which rays are followed in finer steps
REACH_M, DIRECTIONS = 300.0, 36  # of the peers and of us beside them
LARGE_M2 = 1000.0
HOURS = 4380  # with the sun up, which our table of lit parts serves
TILT, AZIMUTH = 10.0, 180.0  # of the modules whose energy is compared


def compare(*, quick: bool) -> dict[str, Any]:
    """Run all comparisons; keys as `benchmarks.__main__` lists them, and more."""
    buildings = city(20_000 if not quick else 8_000, SEED)
    surface, transform, inner = burnt(buildings, 1500 if not quick else 800)
    found = footprints(buildings, quick=quick)
    found |= points_on_surface(surface, transform, inner, quick=quick)
    found |= all_cells(surface, transform, inner, quick=quick)
    with tempfile.TemporaryDirectory() as folder:
        found |= peers(surface, transform, Path(folder), found, quick=quick)
    if not quick:
        for name, layer in energy_layers().items():
            found |= {f"shaded_energy_{name}_{k}": v for k, v in energy_errors(layer).items()}
    return found


# -- footprints ------------------------------------------------------------------------------


def large_roofs(buildings: gpd.GeoDataFrame, count: int | None = None) -> gpd.GeoDataFrame:
    """Return roofs of 1000 m² and more, less a metre along the edge, with the row of each."""
    rows = np.flatnonzero(buildings.geometry.area >= LARGE_M2)
    if count is not None and len(rows) > count:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, count, replace=False))
    shapes = buildings.geometry.iloc[rows].buffer(-1.0, join_style="mitre")
    heights = buildings["height_m"].iloc[rows].to_numpy()
    roofs = gpd.GeoDataFrame({"row": rows, "height_m": heights}, geometry=shapes.to_numpy())
    return roofs[~roofs.geometry.is_empty].reset_index(drop=True)


def footprints(buildings: gpd.GeoDataFrame, *, quick: bool) -> dict[str, Any]:
    """Time skylines from footprints, and hold them to shapely."""
    roofs = large_roofs(buildings)
    around = neighbours_of(buildings.geometry.to_numpy(), buildings["height_m"].to_numpy())
    points = sample_points(roofs, roofs["height_m"], at_least=16, at_most=16, clearance_m=0.3)
    own = roofs["row"].to_numpy()[points.roof]

    def look() -> Any:
        return skylines_from_footprints(points, around, own, directions=64, reach_m=REACH_M)

    low = look().low
    cost = cost_of(look, 3 if quick else 5)
    whole = cost_of(lambda: lit_fraction(look().low, points), 1)
    theirs = None if quick else shadows_by_pybdshadow(buildings)
    some = np.random.default_rng(SEED).choice(len(points), 15 if quick else 60, replace=False)
    apart = [
        np.abs(low[p] - seen_by_shapely(buildings, points, int(p), int(own[p]))).max() for p in some
    ]
    return {
        "footprint_skyline_points_per_s": len(points) / cost.wall,
        "footprint_skyline_points_per_cpu_s": len(points) / cost.cpu,
        "footprint_skyline_max_abs_deg": float(max(apart)),
        "shadow_vs_pybdshadow": ratio(theirs, 1, whole.per(len(roofs)) / HOURS),
    }


def shadows_by_pybdshadow(buildings: gpd.GeoDataFrame, count: int = 150) -> float | None:
    """Time pybdshadow's shadows on roofs, per building and hour. [s]"""
    try:
        module = importlib.import_module("pybdshadow")
    except ImportError:
        return None
    some = buildings.iloc[:count].to_crs(4326).rename(columns={"height_m": "height"})
    hour = pd.Timestamp("2025-03-20 02:00:00")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of its own ways, roof by roof
        some = module.bd_preprocess(some.assign(building_id=range(count)))
        begin = time.process_time()
        module.bdshadow_sunlight(some, hour, roof=True, include_building=False)
    return (time.process_time() - begin) / count


def seen_by_shapely(
    buildings: gpd.GeoDataFrame, points: Points, p: int, own: int, directions: int = 64
) -> np.ndarray:
    """Cut the lines of sight of one point with all buildings near it. [°]"""
    here = shapely.Point(points.x[p], points.y[p])
    near = buildings.sindex.query(here.buffer(REACH_M))
    height = buildings["height_m"].to_numpy()[near] - points.z[p]
    near, height = near[(height > 0) & (near != own)], height[(height > 0) & (near != own)]
    shapes = buildings.geometry.to_numpy()[near]
    found = np.zeros(directions)
    for k in range(directions):
        angle = 2 * math.pi * k / directions
        end = (here.x + REACH_M * math.sin(angle), here.y + REACH_M * math.cos(angle))
        hits = shapely.intersection(shapely.LineString([here, end]), shapes)
        hit = ~shapely.is_empty(hits)
        if hit.any():
            up = np.arctan2(height[hit], shapely.distance(here, hits[hit]))
            found[k] = np.degrees(up.max())
    return found


# -- surfaces --------------------------------------------------------------------------------


def burnt(buildings: gpd.GeoDataFrame, size: int) -> tuple[np.ndarray, rasterio.Affine, np.ndarray]:
    """
    Burn a part of the city into cells of 1 m on rolling ground.

    Returns
    -------
    surface, transform, inner
        Heights, their place, and the cells (row, column) where modules may stand.
    """
    west, south, east, north = buildings.total_bounds
    middle = (west + east) / 2, (south + north) / 2
    transform = from_origin(round(middle[0]) - size / 2, round(middle[1]) + size / 2, 1.0, 1.0)
    row, column = np.mgrid[0:size, 0:size]
    ground = 3.0 + 1.5 * np.sin(column / 700.0) + 1.2 * np.cos(row / 900.0)
    ordered = buildings.sort_values("height_m")
    about = {"out_shape": (size, size), "transform": transform}
    pairs = zip(ordered.geometry, ordered["height_m"], strict=True)
    surface = ground + rasterize(pairs, fill=0.0, dtype="float32", **about)
    modules = rasterize(large_roofs(buildings).geometry, **about).astype(bool)
    return surface.astype(np.float32), transform, np.argwhere(modules)


def on_cells(surface: np.ndarray, transform: rasterio.Affine, cells: np.ndarray) -> Points:
    """Return points in the middle of cells, at their height."""
    row, column = cells.T
    x, y = transform.c + column + 0.5, transform.f - row - 0.5
    count = len(cells)
    return Points(x, y, surface[row, column].astype(float), np.arange(count), np.arange(count + 1))


@numba.njit(cache=True)
def marched(
    surface: np.ndarray, cells: np.ndarray, directions: int, reach: float, near: float,
    found: np.ndarray,
) -> None:  # fmt: skip
    """Look the height up every 0.1 m along rays from the middle of cells; near by, 0.01 m."""
    fine = int(near * 100.0)
    rows, columns = surface.shape
    for p in range(len(cells)):
        row, column = cells[p]
        for k in range(directions):
            angle = 2.0 * math.pi * k / directions
            east, south, tangent = math.sin(angle), -math.cos(angle), 0.0
            for step in range(1, fine + int((reach - near) * 10.0) + 1):
                away = 0.01 * step if step <= fine else near + 0.1 * (step - fine)
                x, y = column + 0.5 + away * east, row + 0.5 + away * south
                if x < 0.0 or y < 0.0 or x >= columns or y >= rows:
                    break
                if int(x) != column or int(y) != row:
                    tangent = max(tangent, (surface[int(y), int(x)] - surface[row, column]) / away)
            found[p, k] = math.degrees(math.atan(tangent))


def points_on_surface(
    surface: np.ndarray, transform: rasterio.Affine, inner: np.ndarray, *, quick: bool
) -> dict[str, Any]:
    """Time rays from points on roofs, and hold them to marching."""
    dice = np.random.default_rng(SEED)
    cells = inner[dice.choice(len(inner), 4_000 if quick else 20_000)]
    points = on_cells(surface, transform, cells)

    def look() -> Any:
        return skylines_from_surface(points, surface, transform, directions=64, reach_m=REACH_M)

    low = look().low
    cost = cost_of(look)
    expected = np.empty((200, 64))
    marched(surface, cells[:200], 64, REACH_M, 0.0, expected)
    apart = np.abs(low[:200] - expected)
    return {
        "surface_points_per_s": len(points) / cost.wall,
        "surface_points_per_cpu_s": len(points) / cost.cpu,
        "surface_points_p99_deg": float(np.percentile(apart, 99)),
    }


def all_cells(
    surface: np.ndarray, transform: rasterio.Affine, inner: np.ndarray, *, quick: bool
) -> dict[str, Any]:
    """Time the sweep over all cells, and hold it to marching."""
    swept = sweep_skylines(surface, 1.0, directions=DIRECTIONS)
    cost = cost_of(lambda: sweep_skylines(surface, 1.0, directions=DIRECTIONS), 3)
    dice = np.random.default_rng(SEED)
    anywhere = np.argwhere(np.ones_like(surface))
    found: dict[str, Any] = {
        "surface_skyline_cells_per_s": surface.size / cost.wall,
        "surface_skyline_cells_per_cpu_s": surface.size / cost.user,
    }
    for name, where, near in (
        ("", anywhere, NEAR_M),
        ("_roofs", inner, NEAR_M),
        ("_coarse_rays", anywhere, 0.0),
    ):
        cells = where[dice.choice(len(where), 300 if quick else 2_000)]
        expected = np.empty((len(cells), DIRECTIONS))
        marched(surface, cells, DIRECTIONS, 2.0 * len(surface), near, expected)
        apart = np.degrees(np.arctan(swept[:, cells[:, 0], cells[:, 1]].T)) - expected
        found[f"surface_skyline_mean_deg{name}"] = float(np.abs(apart).mean())
        found[f"surface_skyline_p99_deg{name}"] = float(np.percentile(np.abs(apart), 99))
    return found


# -- peers -----------------------------------------------------------------------------------


def peers(
    surface: np.ndarray,
    transform: rasterio.Affine,
    folder: Path,
    ours: dict[str, Any],
    *,
    quick: bool,
) -> dict[str, Any]:
    """Time peers on the middle of the surface, each on one thread."""
    size = len(surface)
    inside = 90 if quick else 300
    margin = (size - inside) // 2
    path = folder / "surface.tif"
    write(path, surface, transform)
    cells = inside * inside
    horizon = tried(lambda: r_horizon(path, folder, margin, quick=quick))
    part = folder / "part.tif"
    side = 200 if quick else 600
    # r.horizon reads past its region; the others are given a smaller surface
    write(part, surface[:side, :side], transform)
    view = tried(lambda: saga_view(part, folder))
    topo = topocalc_horizon(surface[:side, :side])
    sweep_view = cost_of(lambda: sweep_sky_view(surface, 1.0, directions=DIRECTIONS), 3)
    mine = 1.0 / ours["surface_skyline_cells_per_cpu_s"]
    view_mine = sweep_view.user / surface.size
    return {
        "surface_skyline_vs_rhorizon": ratio(horizon, cells, mine),
        "sky_view_cells_per_cpu_s": 1.0 / view_mine,
        "sky_view_vs_saga": ratio(view, side * side, view_mine),
        "surface_skyline_vs_topocalc": ratio(topo, side * side, mine),
    }


def tried(peer: Callable[[], Any]) -> Any:
    """Run a peer; one that is there and fails is said to, and counts as not there."""
    try:
        return peer()
    except (subprocess.CalledProcessError, OSError, IndexError) as error:
        print(f"a peer failed: {error}", file=sys.stderr)
        return None


def ratio(seconds: float | None, cells: int, mine: float) -> float | None:
    """Return how many times as long a peer takes for a cell."""
    return None if seconds is None else seconds / cells / mine


def write(path: Path, surface: np.ndarray, transform: rasterio.Affine) -> None:
    """Write a surface for peers."""
    about = {
        "driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4548",
        "height": surface.shape[0], "width": surface.shape[1], "transform": transform,
    }  # fmt: skip
    with rasterio.open(path, "w", **about) as target:
        target.write(surface, 1)


def r_horizon(path: Path, folder: Path, margin: int, *, quick: bool) -> float | None:
    """Time GRASS r.horizon, less what it takes for next to nothing. [s]"""
    if shutil.which("grass") is None:
        return None
    reach, step = 500.0 if not quick else 300.0, 360.0 / DIRECTIONS
    script = folder / "horizon.sh"
    near = min(reach, margin - 1)
    grown = f"n=n-{margin} s=s+{margin} w=w+{margin} e=e-{margin}"
    script.write_text(
        f"""set -e
r.in.gdal input={path} output=surface --o --q -o
g.region raster=surface
g.region {grown}
TIMEFORMAT="spent %U"
time r.horizon -d elevation=surface step={step} bufferzone={near} maxdistance={reach} output=h --o --q
""",
        "utf-8",
    )
    place = folder / "grass"
    run = {"env": {**os.environ, "OMP_NUM_THREADS": "1"}, "capture_output": True, "text": True}
    subprocess.run(["grass", "-c", "EPSG:4548", str(place), "-e"], check=True, **run)  # type: ignore[call-overload]
    done = subprocess.run(  # type: ignore[call-overload]
        ["grass", str(place / "PERMANENT"), "--exec", "bash", str(script)], check=True, **run
    )
    spent = [line for line in done.stderr.splitlines() if line.startswith("spent")]
    return float(spent[-1].split()[1])


def saga_view(path: Path, folder: Path) -> float | None:
    """Time SAGA's sky view. [s]"""
    if shutil.which("saga_cmd") is None:
        return None
    work = ["-DEM", str(path), "-SVF", str(folder / "svf.sgrd"), "-VISIBLE", str(folder / "v.sgrd")]
    work += ["-RADIUS", "500", "-NDIRS", str(DIRECTIONS)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(
        ["saga_cmd", "-f=s", "-c=1", "ta_lighting", "3", *work], check=True, capture_output=True
    )
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def topocalc_horizon(surface: np.ndarray) -> float | None:
    """Time topocalc's horizons. [s]"""
    try:
        module = importlib.import_module("topocalc.horizon")
    except ImportError:
        return None
    heights = surface.astype(np.float64)
    return cost_of(
        lambda: [
            module.horizon(k * 360.0 / DIRECTIONS - 180.0, heights, 1.0) for k in range(DIRECTIONS)
        ],
        1,
    ).user


# -- energy ----------------------------------------------------------------------------------


def energy_layers() -> dict[str, Callable[[], gpd.GeoDataFrame]]:
    """List the layers whose roofs are worked out: generated ones, and New York where it is."""
    shared = Path(os.environ.get("HEXI_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    real = shared / "buildings" / "newyork_south.fgb"
    layers: dict[str, Callable[[], gpd.GeoDataFrame]] = {"city": lambda: city(20_000, SEED)}
    layers["demo"] = demonstration
    if real.exists():
        layers["newyork"] = lambda: read(real, "height", "EPSG:32618")
    return layers


def demonstration() -> gpd.GeoDataFrame:
    """Return the buildings of the demonstration district."""
    from hexi_solar.demo import write_demo

    with tempfile.TemporaryDirectory() as folder:
        write_demo(Path(folder))
        layer = gpd.read_file(next(Path(folder).rglob("buildings.geojson")))
    column = next(c for c in ("height_m", "高度", "height", "建筑高度") if c in layer.columns)
    layer["height_m"] = pd.to_numeric(layer[column], errors="coerce")
    return layer.to_crs("EPSG:4548")


def read(path: Path, column: str, crs: str) -> gpd.GeoDataFrame:
    """Read footprints with heights."""
    layer = gpd.read_file(path).to_crs(crs)
    layer["height_m"] = pd.to_numeric(layer[column], errors="coerce")
    return layer


def energy_errors(
    layer: Callable[[], gpd.GeoDataFrame], count: int = 200
) -> dict[str, dict[str, float]]:
    """
    Compare a year under our short cuts with one traced from every square metre.

    Returns
    -------
    errors
        Of the district's settings (64 to 128 points, 800 m) and of the city's (32 points,
        500 m, nothing below the lowest band): mean, 95th percentile and worst of the
        differences, and that of the sum. [%]
    """
    from benchmarks import scaling
    from hexi_solar.yields import Planes, Shade, annual_sums, shade_of

    buildings = layer()
    buildings = buildings[buildings.geom_type.isin(["Polygon", "MultiPolygon"])].reset_index()
    roofs = large_roofs(buildings[buildings["height_m"].notna()].reset_index(drop=True), count)
    buildings = buildings[buildings["height_m"].notna()].reset_index(drop=True)
    around = neighbours_of(buildings.geometry.to_numpy(), buildings["height_m"].to_numpy())
    hours = scaling.hours_of_the_year()
    plane = Planes(*(np.array([v]) for v in (TILT, AZIMUTH, 0.45)), np.zeros(1, dtype=bool))

    def year(
        points: Points, directions: int, bins: int, reach_m: float, floor_deg: float = 0.0
    ) -> np.ndarray:
        sums = []
        for i in range(points.roofs):
            mine = points.of_roofs(i, i + 1)
            own = np.full(len(mine), roofs["row"][i])
            seen = skylines_from_footprints(
                mine, around, own, directions=directions, reach_m=reach_m, floor_deg=floor_deg
            ).low
            lit = lit_fraction(seen, mine, bins=bins)
            if floor_deg > 0.0:
                shade = shade_of(lit, plane)
            else:
                few = seen[:, :: max(1, directions // 360)]
                shade = Shade(lit, roof_means(sky_view(few, TILT, AZIMUTH), mine))
            sums.append(annual_sums(hours, plane, scaling.SETTINGS, shade=shade)[0, 4:].sum())
        return np.array(sums)

    expected = year(every_square_metre(roofs), 1440, 720, 3000.0)
    settings = {
        "district": (64, 128, 800.0, 0.0),
        "city": (scaling.POINTS, scaling.POINTS, scaling.REACH_M, scaling.FLOOR_DEG),
    }
    found = {}
    for name, (least, most, reach_m, floor_deg) in settings.items():
        some = sample_points(
            roofs, roofs["height_m"], at_least=least, at_most=most, clearance_m=0.3
        )
        got = year(some, 64, 32, reach_m, floor_deg)
        apart = 100.0 * np.abs(got / expected - 1.0)
        found[name] = {
            "mean": round(float(apart.mean()), 3),
            "p95": round(float(np.percentile(apart, 95)), 3),
            "worst": round(float(apart.max()), 3),
            "sum": round(100.0 * float(got.sum() / expected.sum() - 1.0), 3),
        }
    return found


def every_square_metre(roofs: gpd.GeoDataFrame) -> Points:
    """Return the middle of each square metre of each roof."""
    xs, ys, counts = [], [], []
    for shape in roofs.geometry:
        west, south, east, north = shape.bounds
        x, y = np.meshgrid(np.arange(west + 0.5, east), np.arange(south + 0.5, north))
        inside = shapely.contains_xy(shape, x, y)
        xs.append(x[inside])
        ys.append(y[inside])
        counts.append(int(inside.sum()))
    first = np.concatenate([[0], np.cumsum(counts)])
    roof = np.repeat(np.arange(len(roofs)), counts)
    z = roofs["height_m"].to_numpy()[roof] + 0.3
    return Points(np.concatenate(xs), np.concatenate(ys), z, roof, first)


if __name__ == "__main__":
    print(json.dumps(compare(quick="--quick" in sys.argv[1:]), indent=2))
