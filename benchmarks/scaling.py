"""From a file of buildings to a ranked list of roofs in files: time and memory as a city grows.

One process reads the footprints, keeps roofs of 1000 m² and more, looks from 32 points of
each at the neighbours within 500 m, counts which part of the roof the sun reaches from
where, adds up the year, ranks, and writes a table for geographic systems and one for
spreadsheets. Outlines are laid aside on disk, and the city goes through in tiles, each with
what stands within reach around it. In memory are a tile per thread and the ranked roofs.
Run as ``python -m benchmarks.scaling 10000 100000 1000000``.
"""

from __future__ import annotations

import json
import math
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
from pyarrow.csv import write_csv

from benchmarks.city import CRS, write_city
from benchmarks.clock import peak_mib
from benchmarks.squares import Footprints, Squares
from hexi_solar.config import PV, Layout, Roofs
from hexi_solar.shading import (
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
TILE_M, SQUARE_M = 3000.0, 1000.0  # worked on together; laid aside together
BATCH = 65_536  # buildings read together
KEPT = ["building_id", "geometry"]
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
class Candidates:
    """The large roofs of a city, which are ranked."""

    shapes: pa.Table
    """`building_id` and geometry."""
    row: np.ndarray
    """In the layer."""
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
    with tempfile.TemporaryDirectory(dir=folder) as aside, ThreadPoolExecutor(threads) as pool:
        squares = Squares(Path(aside) / "outlines", SQUARE_M)
        hours = pool.submit(timed_hours, laps)
        large = read_footprints(path, squares, laps, pool, threads)
        yields = np.full(len(large.row), np.nan)
        work = partial(work_on_tile, squares, large, hours.result(), laps, yields)
        list(pool.map(work, tiles_of(large, tile_m or TILE_M)))
    with laps.lap("rank and write"):
        table = ranked(large, yields)
        write_ranked(table, folder)
    return {
        "buildings": squares.buildings,
        "roofs": len(large.row),
        "energy_gwh": float(table["energy_ac_kwh"].sum() / 1e6),
        "cpu_s": {name: round(value, 3) for name, value in laps.seconds.items()},
        "wall_s": time.perf_counter() - begin,
    }


def read_footprints(
    path: Path, squares: Squares, laps: Laps, pool: ThreadPoolExecutor, threads: int
) -> Candidates:
    """Read heights and packed shapes batch by batch, lay outlines aside, keep large roofs."""

    def measured(batch: pa.RecordBatch, first: int) -> tuple[pa.Table, list[np.ndarray]]:
        with laps.lap("read"):
            outlines = outlines_of_wkb(batch["geometry"])
            box, area = outlines.boxes()
            row = first + np.arange(len(area))
            found = Footprints(outlines, row, batch["height_m"].to_numpy(), area, box)
        with laps.lap("lay aside"):
            squares.add(found)
            large = np.flatnonzero(area >= THRESHOLD_M2)
            shapes = pa.Table.from_batches([batch]).select(KEPT).take(large)
            return shapes, [column[large] for column in found[1:]]

    kept, columns, read = [], [], 0
    batches = pq.ParquetFile(path).iter_batches(BATCH, columns=["height_m", *KEPT])
    # a few batches at a time: shapes take ten times the memory of their outlines
    for some in batched(batches, threads):
        firsts = read + np.cumsum([0, *(len(batch) for batch in some)])
        read = int(firsts[-1])
        for shapes, known in pool.map(measured, some, firsts[:-1].tolist()):
            kept.append(shapes)
            columns.append(known)
    return Candidates(
        pa.concat_tables(kept), *(np.concatenate(parts) for parts in zip(*columns, strict=True))
    )


def timed_hours(laps: Laps) -> HourTable:
    """Work out the hours of the year while the city is read."""
    with laps.lap("hours"):
        return hours_of_the_year()


def batched(values: Iterator[Any], count: int) -> Iterator[list[Any]]:
    """Take some values at a time."""
    while some := list(islice(values, count)):
        yield some


def tiles_of(large: Candidates, tile_m: float) -> list[np.ndarray]:
    """List the large roofs of each tile, by position; tiles with most of them first."""
    middle = 0.5 * (large.box[:, :2] + large.box[:, 2:])
    cell = np.floor(middle / tile_m).astype(np.int64)
    _, tile = np.unique(cell, axis=0, return_inverse=True)
    order = np.argsort(tile.reshape(-1), kind="stable")
    tiles = np.split(order, np.cumsum(np.bincount(tile.reshape(-1)))[:-1])
    return sorted(tiles, key=len, reverse=True)


def work_on_tile(
    squares: Squares,
    large: Candidates,
    hours: HourTable,
    laps: Laps,
    yields: np.ndarray,
    roofs: np.ndarray,
) -> None:
    """Write the year of each large roof of a tile into `yields`. [kWh/kWp]"""
    with laps.lap("neighbours"):
        low = large.box[roofs, :2].min(axis=0) - REACH_M
        high = large.box[roofs, 2:].max(axis=0) + REACH_M
        around = squares.near(low, high)
        neighbours = neighbours_of(around.outlines, around.height)
        own = np.searchsorted(around.row, large.row[roofs])
    with laps.lap("points"):
        points = sample_points(
            around.outlines.taken(own),
            large.height[roofs],
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


def ranked(large: Candidates, yields: np.ndarray) -> gpd.GeoDataFrame:
    """Put the roofs in order of their energy."""
    layout = Layout()
    per_m2 = layout.module_power_w / 1000.0 / (layout.module_length_m * layout.module_width_m)
    capacity = large.area * BUILT * per_m2
    table = gpd.GeoDataFrame(
        {
            "building_id": large.shapes["building_id"].to_numpy(),
            "roof_area_m2": large.area.round(1),
            "height_m": large.height,
            "capacity_kwp": capacity.round(1),
            "specific_yield_kwh_kwp": yields.round(2),
            "energy_ac_kwh": (capacity * yields).round(0),
        },
        geometry=shapely.from_wkb(large.shapes["geometry"].to_numpy()),
        crs=CRS,
    )
    table = table.sort_values(["energy_ac_kwh", "building_id"], ascending=[False, True])
    return table.assign(rank=np.arange(1, len(table) + 1))


def write_ranked(table: gpd.GeoDataFrame, folder: Path) -> None:
    """Write the ranked roofs with their shapes, and without for spreadsheets."""
    table.to_parquet(folder / "ranked.parquet")
    plain = pa.Table.from_pandas(pd.DataFrame(table.drop(columns="geometry")), preserve_index=False)
    write_csv(plain, folder / "ranked.csv")


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
        The largest one from the start of a process to its files, the faster of two: seconds,
        and the most memory. The exponent of processor time over buildings, of a process that has ranked
        the smallest city before, without the hours of the year, which are the same for any: 1
        where twice the buildings take twice the time.
    """
    paths = [write_city(size, folder / f"city_{size}.parquet") for size in sizes]
    runs = [in_a_process(paths[-1:], folder, threads) for _ in range(2)]
    largest = min(runs, key=lambda run: float(run["wall_s"]))
    # the smallest first, to have everything loaded; then the least of several, more of small ones,
    # which little disturbs; on one thread, as two that share a core spend more, and small
    # cities do not keep two busy
    repeats = [min(8, max(2, round(math.sqrt(sizes[-1] / size)))) for size in sizes]
    turns = [i for turn in range(max(repeats)) for i, n in enumerate(repeats) if turn < n]
    each = in_a_process([paths[0], *(paths[i] for i in turns)], folder, 1)["cities"][1:]
    spent = [sum(city["cpu_s"].values()) - city["cpu_s"]["hours"] for city in each]
    cost = [
        min(value for i, value in zip(turns, spent, strict=True) if i == size)
        for size in range(len(sizes))
    ]
    exponent = float(np.polyfit(np.log(sizes), np.log(cost), 1)[0]) if len(sizes) > 1 else None
    return {
        "largest": largest,
        "sizes": sizes,
        "cpu_s": [round(value, 3) for value in cost],
        "exponent": exponent,
        "peak_mib": max(run["peak_mib"] for run in runs),
    }


def by_threads(path: Path, folder: Path, repeats: int = 5) -> float:
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
