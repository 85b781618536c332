"""A year for every cell of a surface, beside GRASS: ``python -m benchmarks.year``.

Both begin with the surface. We sweep the skylines of all cells, then add up every hour of
the year with its weather, down to kilowatt-hours. GRASS works out horizons by `r.horizon`
to 300 m, then twelve days under a clear sky by `r.sun`. Level cells, 36 directions, one
thread each; what `r.sun` alone takes is given too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.city import city
from benchmarks.clock import cost_of
from benchmarks.scaling import SETTINGS, hours_of_the_year
from benchmarks.skylines import DIRECTIONS, SEED, burnt, tried, write
from hexi_solar.shading import sweep_skylines
from hexi_solar.yields import HourTable, Planes, annual_sums

DAYS = (17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344)  # Klein's, one of each month
KEYS = (
    "year_cells_per_cpu_s",
    "year_grass_cells_per_cpu_s",
    "year_vs_rsun_12_days",
    "year_vs_rsun_12_days_without_horizons",
)
MAP = replace(SETTINGS, kernel="float32")  # to 1e-5, enough for a map of cells
RUN = 65_536  # cells whose skylines are turned into rows together
SIDE, MARGIN = 150, 300  # cells that GRASS works on, and around them, for its horizons


def compare() -> dict[str, Any]:
    """Time both, and give cells per second and their ratio; null where GRASS is not there."""
    surface, transform, _ = burnt(city(8_000, SEED), SIDE + 2 * MARGIN)
    hours = hours_of_the_year()
    of_all_cells(surface[:64, :64], hours)  # compiled by now
    mine = cost_of(lambda: of_all_cells(surface, hours)).cpu / surface.size
    found: dict[str, Any] = dict.fromkeys(KEYS)
    found["year_cells_per_cpu_s"] = 1.0 / mine
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "surface.tif"
        write(path, surface, transform)
        theirs = tried(lambda: r_sun(path, Path(folder)))
    if theirs is not None:
        horizons, sun = (seconds / SIDE**2 for seconds in theirs)
        found["year_grass_cells_per_cpu_s"] = 1.0 / (horizons + sun)
        found["year_vs_rsun_12_days"] = (horizons + sun) / mine
        found["year_vs_rsun_12_days_without_horizons"] = sun / mine
    return found


def of_all_cells(surface: np.ndarray, hours: HourTable) -> np.ndarray:
    """Work out the energy of a level module on each cell. [kWh/kWp]"""
    tangent = sweep_skylines(surface, 1.0, directions=DIRECTIONS, threads=1)
    tangent = tangent.reshape(DIRECTIONS, -1)
    energy = np.empty(surface.size)
    for begin in range(0, surface.size, RUN):
        which = slice(begin, min(begin + RUN, surface.size))
        skyline = np.ascontiguousarray(np.degrees(np.arctan(tangent[:, which])).T)
        none = np.zeros(len(skyline))
        planes = Planes(none, none + 180.0, none, none > 0.0)
        sums = annual_sums(hours, planes, MAP, skyline=skyline, threads=1)
        energy[which] = sums[:, 4:].sum(axis=1)
    return energy.reshape(surface.shape)


def r_sun(path: Path, folder: Path) -> tuple[float, float] | None:
    """Time GRASS r.horizon, and twelve days of r.sun over its horizons. [s]"""
    if shutil.which("grass") is None:
        return None
    step = 360 // DIRECTIONS
    days = " ".join(map(str, DAYS))
    script = folder / "sun.sh"
    script.write_text(
        f"""set -e
r.in.gdal input={path} output=surface --o --q -o
g.region raster=surface
g.region n=n-{MARGIN} s=s+{MARGIN} w=w+{MARGIN} e=e-{MARGIN}
TIMEFORMAT="spent %U"
time r.horizon elevation=surface step={step} bufferzone={MARGIN} maxdistance={MARGIN} output=h --o --q
time for day in {days}; do
r.sun elevation=surface horizon_basename=h horizon_step={step} day=$day glob_rad=g --o --q
done
""",
        "utf-8",
    )
    run = {"env": {**os.environ, "OMP_NUM_THREADS": "1"}, "capture_output": True, "text": True}
    place = folder / "grass"
    subprocess.run(["grass", "-c", "EPSG:4548", str(place), "-e"], check=True, **run)  # type: ignore[call-overload]
    done = subprocess.run(  # type: ignore[call-overload]
        ["grass", str(place / "PERMANENT"), "--exec", "bash", str(script)], check=True, **run
    )
    spent = [line for line in done.stderr.splitlines() if line.startswith("spent")]
    return float(spent[0].split()[1]), float(spent[1].split()[1])


if __name__ == "__main__":
    print(json.dumps(compare(), indent=2))
