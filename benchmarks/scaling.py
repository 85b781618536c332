"""From a file of buildings to a ranked list of roofs in files: time and memory as a city grows.

One process reads the footprints, keeps roofs of 1000 m² and more, looks from 32 points of
each at the neighbours within 500 m, counts which part of the roof the sun reaches from
where, adds up the year, ranks, and writes a table for geographic systems and one for
spreadsheets. The city goes through in squares, each with what stands within reach around
it, so memory is that of all outlines and of a square per thread.
Run as ``python -m benchmarks.scaling 10000 100000 1000000``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from benchmarks.city import CRS, write_city
from benchmarks.clock import peak_mib
from hexi_solar.config import PV, Layout, Roofs
from hexi_solar.shading import (
    Outlines,
    joined,
    lit_fraction,
    neighbours_of,
    outlines_of_wkb,
    sample_points,
    skylines_from_footprints,
)
from hexi_solar.weather import climate_year
from hexi_solar.yields import HourTable, Planes, annual_sums, hour_table, shade_of, sky_of

THRESHOLD_M2 = Roofs().threshold_m2
POINTS, REACH_M, TILT, AZIMUTH = 32, 500.0, 10.0, 180.0
FLOOR_DEG = 1.4  # half of the lowest band of lit parts: what is lower changes nothing
RUN = 1024  # roofs whose skylines are in memory together, per thread
TILE_M = 5000.0
BATCH = 65_536  # buildings read together
BUILT = 0.7  # part of a roof that modules cover in this comparison
GCR = 0.45  # of their rows
ALBEDO = 0.2
SETTINGS = PV()


class Laps:
    """Processor seconds of each step, of all threads together."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = Lock()

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Take the time of a step of this thread."""
        begin = time.thread_time()
        yield
        with self._lock:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.thread_time() - begin


@dataclass(frozen=True)
class Footprints:
    """All buildings as outlines, and what is known of each."""

    outlines: Outlines
    height: np.ndarray
    """[m]"""
    area: np.ndarray
    """[m²]"""
    box: np.ndarray
    """West, south, east, north. [m]"""


def rank_city(
    path: Path, folder: Path, *, threads: int = 2, tile_m: float | None = None
) -> dict[str, Any]:
    """
    Rank the roofs of a city.

    Parameters
    ----------
    path
        GeoParquet with `building_id`, `height_m` and geometry in metres.
    folder
        Where the two files go.
    threads
        That work at once.
    tile_m
        Side of the squares; `TILE_M` if not given. [m]

    Returns
    -------
    result
        Numbers of buildings and roofs, energy, and processor seconds of each step.
    """
    laps, begin = Laps(), time.perf_counter()
    city = read_footprints(path, laps, threads)
    large = np.flatnonzero(city.area >= THRESHOLD_M2)
    with laps.lap("hours"):
        hours = hours_of_the_year()
    yields = np.full(len(city.height), np.nan)
    with ThreadPoolExecutor(threads) as pool:
        work = partial(work_on_tile, city, hours, laps, yields)
        list(pool.map(work, tiles_of(city, large, tile_m or TILE_M)))
    with laps.lap("rank and write"):
        table = ranked(path, city, large, yields[large])
        write_ranked(table, folder)
    return {
        "buildings": len(city.height),
        "roofs": len(large),
        "energy_gwh": float(table["energy_ac_kwh"].sum() / 1e6),
        "cpu_s": {name: round(value, 3) for name, value in laps.seconds.items()},
        "wall_s": time.perf_counter() - begin,
    }


def read_footprints(path: Path, laps: Laps, threads: int) -> Footprints:
    """Read heights and packed shapes, and measure the shapes batch by batch."""

    def measured(batch: pa.RecordBatch) -> tuple[Any, ...]:
        with laps.lap("read"):
            outlines = outlines_of_wkb(batch["geometry"])
            box, area = outlines.boxes()
            return outlines, batch["height_m"].to_numpy(), area, box

    file = pq.ParquetFile(path)
    # a few batches at a time: shapes take ten times the memory of their outlines
    with ThreadPoolExecutor(threads) as pool:
        batches = file.iter_batches(BATCH, columns=["height_m", "geometry"])
        parts = [part for some in batched(batches, threads) for part in pool.map(measured, some)]
    outlines, *columns = zip(*parts, strict=True)
    with laps.lap("read"):
        return Footprints(joined(outlines), *(np.concatenate(part) for part in columns))


def batched(values: Iterator[Any], count: int) -> Iterator[list[Any]]:
    """Take some values at a time."""
    while some := list(islice(values, count)):
        yield some


def tiles_of(
    city: Footprints, large: np.ndarray, tile_m: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """
    Cut the city into squares.

    Yields
    ------
    roofs, around
        Large roofs of a square, by position, and all buildings near enough to shade them.
    """
    middle = 0.5 * (city.box[large, :2] + city.box[large, 2:])
    cell = np.floor(middle / tile_m).astype(np.int64)
    for place in np.unique(cell, axis=0):
        roofs = large[(cell == place).all(axis=1)]
        low = city.box[roofs, :2].min(axis=0) - REACH_M
        high = city.box[roofs, 2:].max(axis=0) + REACH_M
        near = (city.box[:, 2:] >= low).all(axis=1) & (city.box[:, :2] <= high).all(axis=1)
        yield roofs, np.flatnonzero(near)


def work_on_tile(
    city: Footprints,
    hours: HourTable,
    laps: Laps,
    yields: np.ndarray,
    tile: tuple[np.ndarray, np.ndarray],
) -> None:
    """Write the year of each large roof of a tile into `yields`. [kWh/kWp]"""
    roofs, around = tile
    with laps.lap("neighbours"):
        neighbours = neighbours_of(city.outlines.taken(around), city.height[around])
        own = np.searchsorted(around, roofs)
    with laps.lap("points"):
        points = sample_points(
            city.outlines.taken(roofs),
            city.height[roofs],
            at_least=POINTS,
            at_most=POINTS,
            threads=1,
        )
    for begin in range(0, len(roofs), RUN):
        end = min(begin + RUN, len(roofs))
        mine = points.of_roofs(begin, end)
        with laps.lap("skylines"):
            skyline = skylines_from_footprints(
                mine,
                neighbours,
                own[begin:end][mine.roof],
                reach_m=REACH_M,
                floor_deg=FLOOR_DEG,
                threads=1,
            ).low
        with laps.lap("lit"):
            lit = lit_fraction(skyline, mine, threads=1)
        with laps.lap("yields"):
            yields[roofs[begin:end]] = yields_of(lit, hours)


def hours_of_the_year() -> HourTable:
    """Work out the hours of the built-in year."""
    year = climate_year(39.083, 117.067, 2.5, "Asia/Shanghai")
    sky = sky_of(
        year.table,
        latitude=year.latitude,
        longitude=year.longitude,
        altitude=year.altitude,
        sun_offset_minutes=year.sun_offset_minutes,
    )
    return hour_table(sky, SETTINGS, ALBEDO)


def yields_of(lit: np.ndarray, hours: HourTable) -> np.ndarray:
    """Add up the year of roofs in the shade, all with the same rows. [kWh/kWp]"""
    same = np.ones(len(lit))
    planes = Planes(TILT * same, AZIMUTH * same, GCR * same, np.zeros(len(lit), bool))
    shade = shade_of(lit, planes)
    return annual_sums(hours, planes, SETTINGS, shade=shade, threads=1)[:, 4:].sum(axis=1)


def ranked(path: Path, city: Footprints, large: np.ndarray, yields: np.ndarray) -> gpd.GeoDataFrame:
    """Put the roofs in order of their energy."""
    kept = pq.read_table(path, columns=["building_id", "geometry"]).take(large)
    layout = Layout()
    per_m2 = layout.module_power_w / 1000.0 / (layout.module_length_m * layout.module_width_m)
    capacity = city.area[large] * BUILT * per_m2
    table = gpd.GeoDataFrame(
        {
            "building_id": kept["building_id"].to_numpy(),
            "roof_area_m2": city.area[large].round(1),
            "height_m": city.height[large],
            "capacity_kwp": capacity.round(1),
            "specific_yield_kwh_kwp": yields.round(2),
            "energy_ac_kwh": (capacity * yields).round(0),
        },
        geometry=shapely.from_wkb(kept["geometry"].to_numpy()),
        crs=CRS,
    )
    table = table.sort_values(["energy_ac_kwh", "building_id"], ascending=[False, True])
    return table.assign(rank=np.arange(1, len(table) + 1))


def write_ranked(table: gpd.GeoDataFrame, folder: Path) -> None:
    """Write the ranked roofs with their shapes, and without for spreadsheets."""
    table.to_parquet(folder / "ranked.parquet")
    pd.DataFrame(table.drop(columns="geometry")).to_csv(folder / "ranked.csv", index=False)


def in_a_process(paths: list[Path], folder: Path, threads: int) -> dict[str, Any]:
    """Rank cities in a fresh process, and say what that took from start to end."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling", "--of", str(folder), str(threads)]
        + [str(path) for path in paths],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"wall_s": round(time.perf_counter() - begin, 2), "threads": threads}


def grow(sizes: list[int], folder: Path, *, threads: int = 2) -> dict[str, Any]:
    """
    Rank cities of several sizes.

    Returns
    -------
    result
        The largest one from the start of a process to its files: seconds, and the most
        memory. The exponent of processor time over buildings, of a process that has ranked
        the smallest city before: 1 where twice the buildings take twice the time.
    """
    paths = [write_city(size, folder / f"city_{size}.parquet") for size in sizes]
    largest = in_a_process(paths[-1:], folder, threads)
    # the smallest first, to have everything loaded; then all twice, for the lesser of two; on
    # one thread, as two that share a core spend more, and small cities do not keep two busy
    each = in_a_process([paths[0], *paths, *paths], folder, 1)["cities"][1:]
    spent = [sum(city["cpu_s"].values()) - city["cpu_s"]["hours"] for city in each]
    cost = [min(pair) for pair in zip(spent[: len(sizes)], spent[len(sizes) :], strict=True)]
    exponent = float(np.polyfit(np.log(sizes), np.log(cost), 1)[0]) if len(sizes) > 1 else None
    return {
        "largest": largest,
        "sizes": sizes,
        "cpu_s": [round(value, 3) for value in cost],
        "exponent": exponent,
        "peak_mib": largest["peak_mib"],
    }


def by_threads(path: Path, folder: Path, repeats: int = 3) -> float:
    """Return how many times as fast two threads are as one, the best of each."""
    best = {1: np.inf, 2: np.inf}
    rank_city(path, folder)
    for _ in range(repeats):
        for threads in best:
            best[threads] = min(best[threads], rank_city(path, folder, threads=threads)["wall_s"])
    return best[1] / best[2]


def tiles_apart(path: Path, folder: Path, sizes: tuple[float, float] = (1000.0, 1e6)) -> float:
    """Return the largest difference of a roof's energy between small squares and one piece."""
    tables = []
    for size in sizes:
        rank_city(path, folder, tile_m=size)
        table = pd.read_csv(folder / "ranked.csv", index_col="building_id")
        tables.append(table["specific_yield_kwh_kwp"].sort_index())
    return float((tables[0] / tables[1] - 1.0).abs().max())


def main(arguments: list[str]) -> None:
    """Print what the sizes on the command line take."""
    if arguments[:1] == ["--of"]:
        folder, threads, *paths = arguments[1:]
        cities = [rank_city(Path(p), Path(folder), threads=int(threads)) for p in paths]
        print(json.dumps({"cities": cities, "peak_mib": round(peak_mib(), 1)}))
        return
    sizes = [int(float(size)) for size in arguments] or [10_000, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(grow(sizes, Path(folder)), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
