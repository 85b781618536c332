"""All comparisons in one run: ``python -m benchmarks [--quick] [--json] [--readme]``.

Without ``--quick`` cities grow to a million buildings, peers get more to do, and energy,
cells, roof planes and the map are measured as well; that takes minutes. Ratios are of
processor time, with all peers on the same machine in the same run; what a peer that is not
installed would have shown is null. ``--readme`` puts the table of a full run into the README
and draws its chart; ``--from FILE`` takes the JSON of an earlier run instead of measuring.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import maps, report, scaling, year, yields

# what a reader of the object may count on
KEYS = (
    "yield_vs_modelchain",
    "yield_vs_broadcast",
    "yield_max_rel_diff",
    "footprint_skyline_points_per_s",
    "footprint_skyline_max_abs_deg",
    "surface_skyline_cells_per_s",
    "surface_skyline_p99_deg",
    "surface_skyline_vs_rhorizon",
    "exponent",
    "peak_mib",
)
SMALL, HUGE = 20_000, 3_000_000
QUICK_SIZES, SIZES = [25_000, 50_000, 100_000], [10_000, 100_000, 1_000_000]


def measure(*, quick: bool) -> dict[str, Any]:
    """Run all comparisons."""
    found: dict[str, Any] = dict.fromkeys(KEYS) | {"load": os.getloadavg()[0]}
    parts = [lambda: yields.compare(quick=quick), lambda: cities(quick=quick)]
    if not quick:
        parts += [year.compare, maps.compare, roof_planes]
    parts.append(lambda: skylines(quick=quick))
    for part in parts:
        found |= part()
    return report.stamped(found)


def cities(*, quick: bool) -> dict[str, Any]:
    """Run whole cities from file to files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        grown = scaling.grow(QUICK_SIZES if quick else SIZES, folder)
        last = grown["largest"]["cities"][-1]
        found = {
            "exponent": grown["exponent"],
            "peak_mib": grown["peak_mib"],
            "buildings": grown["sizes"][-1],
            "roofs": last["roofs"],
            "file_to_files_s": grown["largest"]["wall_s"],
            "file_to_files_cpu_s": last["cpu_s"],
            "million_cpu_s": sum(last["cpu_s"].values()),
            "sizes": grown["sizes"],
            "sizes_cpu_s": grown["cpu_s"],
        }
        if quick:
            return found
        small = scaling.write_city(SMALL, folder / "small.parquet")
        huge = scaling.write_city(HUGE, folder / "huge.parquet")
        runs = [scaling.in_a_process([small], folder, 2) for _ in range(3)]
        best = min(runs, key=lambda run: float(run["wall_s"]))
        return found | {
            "small_s": best["wall_s"],
            "small_cpu_s": sum(best["cities"][0]["cpu_s"].values()),
            "two_cores": scaling.by_threads(folder / f"city_{SIZES[1]}.parquet", folder),
            "huge_peak_mib": scaling.in_a_process([huge], folder, 2)["peak_mib"],
            "tiles_apart": scaling.tiles_apart(small, folder),
        }


def roof_planes() -> dict[str, Any]:
    """Score the roof planes of an LoD2 town, where the shared data are."""
    from benchmarks import planes

    town = planes.SHARED / "data" / "lod2" / "munich.gml"
    if not (planes.TOOLS.is_dir() and town.is_file()):
        print(f"no LoD2 town: {town} or {planes.TOOLS} is not here", file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory() as folder:
        scores = planes.lod2(town, 31468, Path(folder))
    row = scores.loc["0.5m, n05cm"]
    return {
        f"planes_{name}": float(row[name]) for name in ("matched", "correct", "precision", "ms")
    }


def skylines(*, quick: bool) -> dict[str, Any]:
    """Run the comparisons of skylines, where they are there."""
    try:
        module = importlib.import_module("benchmarks.skylines")
    except ModuleNotFoundError as error:
        if error.name != "benchmarks.skylines":
            raise
        return {}
    result: dict[str, Any] = module.compare(quick=quick)
    return result if quick else result | errors_of(result)


def errors_of(found: dict[str, Any]) -> dict[str, Any]:
    """Give the largest errors of energy among the towns compared."""
    towns = sum(key.endswith("_city") for key in found if key.startswith("shaded_energy_"))
    kinds, measures = ("city", "district"), ("mean", "p95", "worst")
    return {"towns": towns} | {
        f"{kind}_{m}": report.worst_of(found, f"_{kind}", m) for kind in kinds for m in measures
    }


def main() -> None:
    """Print one JSON object, or one line for each number."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small cases, under 50 s on 2 cores")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--readme", action="store_true", help="write the table into the README")
    parser.add_argument("--from", dest="earlier", type=Path, help="JSON of an earlier full run")
    options = parser.parse_args()
    found = {} if options.earlier is None else json.loads(options.earlier.read_text("utf-8"))
    found = found or measure(quick=options.quick)
    if options.readme:
        report.write_readmes(found)
    if options.json:
        print(json.dumps(found))
    elif options.quick:
        for name, value in found.items():
            print(f"{name:34} {f'{value:,.6g}' if isinstance(value, float) else value}")
    else:
        print(report.section(found, "README.md"))


if __name__ == "__main__":
    main()
