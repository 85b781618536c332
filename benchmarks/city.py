"""A made-up city of any size, to measure how time and memory grow.

Districts of 240 m, each with a grid of plots of one kind: houses, slabs, towers, halls or
malls. Sizes, heights and turns of the buildings are drawn; about one in ten is larger than
1000 m². The same number and seed give the same city. Run as
``python -m benchmarks.city 1000000 city.parquet``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

DISTRICT_M = 240.0
ORIGIN = (500_000.0, 4_320_000.0)  # in EPSG:4548, about Tianjin
CRS = "EPSG:4548"


class Kind(NamedTuple):
    """One kind of district."""

    share: float
    """Of the districts."""
    plots: tuple[int, int]
    """Across and up."""
    size_m: tuple[float, float]
    """Of the largest building."""
    height_m: tuple[float, float]
    """Lowest and highest."""


KINDS = {
    "houses": Kind(0.18, (10, 10), (18.0, 14.0), (3.0, 12.0)),
    "slabs": Kind(0.34, (4, 8), (52.0, 16.0), (12.0, 33.0)),
    "towers": Kind(0.16, (5, 5), (30.0, 30.0), (40.0, 100.0)),
    "halls": Kind(0.22, (4, 4), (56.0, 50.0), (6.0, 15.0)),
    "malls": Kind(0.10, (2, 2), (95.0, 80.0), (12.0, 30.0)),
}


def city(count: int, seed: int = 1) -> gpd.GeoDataFrame:
    """
    Build a city.

    Parameters
    ----------
    count
        Buildings.
    seed
        Of what is drawn.

    Returns
    -------
    buildings
        Columns `building_id`, `name`, `height_m` [m] and geometry in metres.
    """
    dice = np.random.default_rng(seed)
    share = np.array([kind.share for kind in KINDS.values()])
    plots = np.array([kind.plots for kind in KINDS.values()])
    each = (plots[:, 0] * plots[:, 1] * share).sum()
    districts = int(count / each * 1.05) + 20
    chosen = dice.choice(len(KINDS), districts, p=share)
    district = np.repeat(np.arange(districts), plots[chosen].prod(axis=1))[:count]
    kind = chosen[district]
    place = np.arange(len(district)) - np.searchsorted(district, district)
    along = int(np.ceil(np.sqrt(districts)))
    across, up = plots[kind].T
    x = (district % along + (place % across + 0.5) / across) * DISTRICT_M
    y = (district // along + (place // across + 0.5) / up) * DISTRICT_M
    size = np.array([k.size_m for k in KINDS.values()])[kind]
    size = size * dice.uniform(0.5, 1.0, (len(kind), 2))
    low, high = np.array([k.height_m for k in KINDS.values()])[kind].T
    height = np.round(dice.uniform(low, high), 1)
    turn = np.deg2rad(dice.normal(0.0, 2.0, len(kind)))
    shapes = shapely.polygons(_corners(x, y, size, turn, dice.random(len(kind)) < 0.3))
    numbers = np.arange(len(kind))
    return gpd.GeoDataFrame(
        {
            "building_id": np.char.add("b", np.char.mod("%08d", numbers)),
            "name": np.char.add("building ", numbers.astype(str)),
            "height_m": height,
        },
        geometry=shapes,
        crs=CRS,
    )


def _corners(
    x: np.ndarray, y: np.ndarray, size: np.ndarray, turn: np.ndarray, cut: np.ndarray
) -> np.ndarray:
    """Draw rectangles around places; some lack a corner and are L-shaped."""
    wide, deep = size.T / 2.0
    notch = np.where(cut, 0.3, 0.0)
    dx = np.stack([-wide, wide, wide, wide * (1 - notch), wide * (1 - notch), -wide, -wide], 1)
    dy = np.stack([-deep, -deep, deep * (1 - notch), deep * (1 - notch), deep, deep, -deep], 1)
    cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
    east = ORIGIN[0] + x[:, None] + cosine * dx - sine * dy
    north = ORIGIN[1] + y[:, None] + sine * dx + cosine * dy
    return np.stack([east, north], axis=-1)


def write_city(count: int, path: Path) -> Path:
    """Write a city as GeoParquet, unless it is there."""
    if not path.exists():
        city(count).to_parquet(path)
    return path


if __name__ == "__main__":
    write_city(int(float(sys.argv[1])), Path(sys.argv[2]))
