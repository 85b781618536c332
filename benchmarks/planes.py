"""Roof planes against towns whose planes are known: generated ones, and LoD2 models if there.

    python benchmarks/planes.py                         generated towns, and the shared LoD2 town
    python benchmarks/planes.py --lod2 TOWN --epsg N    another CityGML or CityJSON town
    python benchmarks/planes.py --picture OUT.png       also draw the planes over Gothenburg

The LoD2 town is read, burnt and scored by the tools in `$HEXI_SHARED/tools/planes`; without
them only the generated towns are run, and that is said. One set of settings serves all.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.transform import Affine
from rasterio.windows import Window, from_bounds, intersect

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from plane_towns import KINDS, burn, compare, make_town  # noqa: E402

from hexi_solar.planes import PlaneSettings, SurfaceRoofs, roof_planes_from_surface  # noqa: E402

SHARED = Path(os.environ.get("HEXI_SHARED", ROOT.parent / "shared"))
TOOLS = SHARED / "tools" / "planes"
MEASURES = {
    "matched": "matched_share",
    "correct": "correct_share",
    "precision": "pred_matched_share",
    "tilt_p90": "tilt_err_p90",
    "azimuth_p90": "az_err_p90",
    "area_p90": "area_err_p90",
    "assigned": "roof_area_assigned",
}
VARIANTS = [(0.0, False), (0.05, False), (0.15, False), (0.05, True)]
Read = Callable[[tuple[float, float, float, float]], tuple[np.ndarray, Affine]]


def reader(source: rasterio.DatasetReader) -> Read:
    """Read windows of a raster file, NaN where it has no value."""

    def read(bounds: tuple[float, float, float, float]) -> tuple[np.ndarray, Affine]:
        whole = Window(0, 0, source.width, source.height)
        window = from_bounds(*bounds, source.transform).round_offsets().round_lengths()
        if not intersect([window, whole]):
            return np.empty((0, 0)), source.transform
        window = window.intersection(whole)
        z = source.read(1, window=window, masked=True).astype(float)
        return np.ma.filled(z, np.nan), source.window_transform(window)

    return read


def in_memory(z: np.ndarray, transform: Affine) -> Read:
    """Give the whole surface for every window."""
    return lambda bounds: (z, transform)


def timed(footprints: gpd.GeoDataFrame, read: Read) -> tuple[SurfaceRoofs, float]:
    """Find the planes; returns the processor time per building as well. [ms]"""
    start = time.process_time()
    found = roof_planes_from_surface(footprints, read, PlaneSettings())
    return found, (time.process_time() - start) / len(footprints) * 1000.0


def generated(count: int, seed: int) -> pd.DataFrame:
    """Score generated towns at every resolution and noise."""
    town = make_town(count, seed)
    footprints = town.footprints.set_index("building_id")
    rows = []
    for resolution in (0.5, 1.0):
        for noise, real in VARIANTS:
            read = in_memory(*burn(town, resolution, noise, seed=1, real=real))
            found, spent = timed(footprints, read)
            measured = compare(found.planes.reset_index(), town.truth)
            name = f"{resolution:g} m, " + ("mixed cells" if real else f"{noise * 100:.0f} cm")
            rows.append({"surface": name, **measured[list(MEASURES)], "ms": spent})
    return pd.DataFrame(rows).set_index("surface")


def scorer() -> Any:
    """Load the shared scoring tool."""
    spec = importlib.util.spec_from_file_location("score_planes", TOOLS / "score_planes.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_tool(name: str, *arguments: object) -> None:
    """Run one of the shared tools."""
    command = [sys.executable, str(TOOLS / name), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def lod2(source: Path, epsg: int, folder: Path) -> pd.DataFrame:
    """Burn and score an LoD2 town, its footprints in place and shifted by 0.6 m."""
    package = folder / "town.gpkg"
    run_tool("parse_planes.py", source, package, "--epsg", epsg)
    run_tool("burn_dsm.py", package, folder, "t", "--real")
    score = scorer().score
    truth = gpd.read_file(package, layer="truth")
    town = gpd.read_file(package, layer="footprints").set_index("building_id")
    rows = []
    for file in sorted(folder.glob("t_dsm_*.tif")):
        for name, dx, dy in (("", 0.0, 0.0), (", shifted", 0.5, 0.33)):
            moved = town.set_geometry(town.geometry.translate(dx, dy))
            with rasterio.open(file) as surface:
                found, spent = timed(moved, reader(surface))
            back = found.planes.set_geometry(found.planes.geometry.translate(-dx, -dy))
            measured, _ = score(back.reset_index(), truth)
            row = {ours: measured[theirs] for ours, theirs in MEASURES.items()}
            shift = f"{found.shift.dx:+.2f} {found.shift.dy:+.2f}"
            label = file.stem.removeprefix("t_dsm_").replace("_", ", ") + name
            rows.append({"surface": label, **row, "ms": spent, "shift found [m]": shift})
    return pd.DataFrame(rows).set_index("surface")


def draw_gothenburg(out: Path) -> None:
    """Draw the planes over the shaded surface of Gothenburg."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    folder = SHARED / "data" / "surface" / "goteborg"
    with rasterio.open(folder / "DSM_KRbig.tif") as surface:
        z, bounds, read = surface.read(1), surface.bounds, reader(surface)
        houses = gpd.read_file(folder / "buildings.shp").to_crs(3007)
        houses = houses[houses.intersects(shapely.box(*bounds))].explode(ignore_index=True)
        found, spent = timed(houses, read)
    print(f"Gothenburg: {len(houses)} buildings, {len(found.planes)} planes, {spent:.1f} ms each")
    figure = Figure(figsize=(18, 17), layout="constrained")
    axes = figure.add_subplot()
    north, east = np.gradient(z)
    shade = (1.0 - 0.5 * east + 0.5 * north) / np.sqrt(1.0 + north**2 + east**2)
    extent = (bounds.left, bounds.right, bounds.bottom, bounds.top)
    axes.imshow(shade, cmap="gray", extent=extent, vmin=-1, vmax=2)
    colour = colormaps["hsv"](found.planes["surface_azimuth"] / 360.0)
    colour[(found.planes["surface_tilt"] <= 5.0).to_numpy()] = (0.8, 0.8, 0.8, 1.0)
    found.planes.plot(ax=axes, color=colour, alpha=0.55, edgecolor="white", linewidth=0.8)
    found.obstructions.plot(ax=axes, color="black")
    houses.boundary.plot(ax=axes, color="black", linewidth=0.6)
    axes.set(xlim=extent[:2], ylim=extent[2:], xlabel="E [m]", ylabel="N [m]")
    axes.set_title("Roof planes, coloured by azimuth; flat grey; obstructions black")
    figure.savefig(out, dpi=60)


def main() -> None:
    """Run what there is and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lod2", type=Path, default=SHARED / "data" / "lod2" / "munich.gml")
    parser.add_argument("--epsg", type=int, default=31468)
    parser.add_argument("--houses", type=int, default=20 * len(KINDS))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    pd.set_option("display.width", 200, "display.max_columns", 20, "display.precision", 3)
    small = make_town(2, seed=1)  # compiles, so that no table pays for it
    timed(small.footprints.set_index("building_id"), in_memory(*burn(small, 1.0, 0.0)))
    print(f"\nGenerated town of {asked.houses} houses, {len(KINDS)} kinds, seed {asked.seed}")
    print(generated(asked.houses, asked.seed).to_string())
    if not (TOOLS.is_dir() and asked.lod2.is_file()):
        print(f"\nNo LoD2 town: {asked.lod2} or {TOOLS} is not here (set HEXI_SHARED).")
    else:
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n{asked.lod2.name}")
            print(lod2(asked.lod2, asked.epsg, Path(folder)).to_string())
    if asked.picture:
        draw_gothenburg(asked.picture)


if __name__ == "__main__":
    main()
