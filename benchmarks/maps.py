"""The map in a browser, offline: its size, and how long until every building is drawn.

Studies are those of the tests, made up. Time is the page's own: from the start of its
navigation until the map says that it has drawn all. Run as ``python -m benchmarks.maps``.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

SIZES = {"20k": (20_000, 2_000), "100k": (100_000, 9_000)}
VISITS = 3
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VIEWPORT = {"width": 1280, "height": 800}


def compare(*, quick: bool = False) -> dict[str, Any]:
    """Write maps of made-up studies and open them; null where there is no browser."""
    found: dict[str, Any] = {}
    for name, (count, candidates) in SIZES.items():
        if quick and name != "20k":
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = drawn(count, candidates, Path(folder))
            found[f"map_{name}_mb"] = path.stat().st_size / 1e6
            found[f"map_{name}_s"] = opened(path)
    return found


def drawn(count: int, candidates: int, folder: Path) -> Path:
    """Write the map of a made-up study."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    large_study = importlib.import_module("map_study").large_study
    from hexi_solar.maps import write_map

    path = folder / "map.html"
    write_map(large_study(count, candidates), path)
    return path


def opened(path: Path) -> float | None:
    """Open a map a few times, and return the shortest time until it was drawn. [s]"""
    try:
        driver = importlib.import_module("playwright.sync_api")
    except ImportError:
        return None
    browser = os.environ.get("HEXI_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    if browser is None:
        return None
    with driver.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        times = [visit(chromium, path) for _ in range(VISITS)]
        chromium.close()
    return min(times)


def visit(chromium: Any, path: Path) -> float:
    """Open a map once, with the network off."""
    context = chromium.new_context(viewport=VIEWPORT, reduced_motion="reduce", offline=True)
    page = context.new_page()
    page.add_init_script(
        """(() => {
            const look = () => {
                if (window.hexiMap !== undefined) { window.drawnAfter = performance.now(); }
                else { setTimeout(look, 0); }
            };
            look();
        })()"""
    )
    page.goto(path.as_uri())
    for _ in range(2000):
        after = page.evaluate("window.drawnAfter")
        if after is not None:
            break
        page.wait_for_timeout(10)
    context.close()
    return float(after) / 1000.0


if __name__ == "__main__":
    print(json.dumps(compare(), indent=2))
