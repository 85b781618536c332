"""All comparisons in one run: ``python -m benchmarks [--quick] [--json]``.

Without ``--quick`` cities grow to a million buildings and peers get more to do; that takes
minutes. Ratios are of processor time, with all peers on the same machine in the same run;
what a peer that is not installed would have shown is null.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import scaling, yields

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
QUICK_SIZES, SIZES = [25_000, 50_000, 100_000], [10_000, 100_000, 1_000_000]


def measure(*, quick: bool) -> dict[str, Any]:
    """Run all comparisons."""
    found: dict[str, Any] = dict.fromkeys(KEYS)
    found |= yields.compare(quick=quick)
    found |= skylines(quick=quick)
    with tempfile.TemporaryDirectory() as folder:
        grown = scaling.grow(QUICK_SIZES if quick else SIZES, Path(folder))
    return found | {
        "exponent": grown["exponent"],
        "peak_mib": grown["peak_mib"],
        "buildings": grown["sizes"][-1],
        "file_to_files_s": grown["largest"]["wall_s"],
        "file_to_files_cpu_s": grown["largest"]["cities"][-1]["cpu_s"],
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
    return result


def main() -> None:
    """Print one JSON object, or one line for each number."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small cases, under 50 s on 2 cores")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    found = measure(quick=options.quick)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:34} {f'{value:,.6g}' if isinstance(value, float) else value}")


if __name__ == "__main__":
    main()
