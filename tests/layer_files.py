"""Small layers for the tests of `hexi_solar.layers`, drawn around the centre of Hexi."""

from __future__ import annotations

import dataclasses
import datetime as dt
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from hexi_solar.config import Layer, Layers, Plan
from hexi_solar.errors import HexiSolarError, Notices
from hexi_solar.layers import District, read_layers

# 117.22 E, 39.08 N in EPSG:4548 (FACTS.md 8: test point)
EAST, NORTH = 519_036.3, 4_327_408.3
TODAY = dt.date(2026, 6, 30)


def blocks(count: int = 3, size: float = 40.0, step: float = 100.0) -> list[shapely.Polygon]:
    """Draw square buildings in a row from the test point eastwards."""
    return [
        shapely.box(EAST + i * step, NORTH, EAST + i * step + size, NORTH + size)
        for i in range(count)
    ]


def layer_of(
    shapes: Sequence[Any], columns: dict[str, Any] | None = None, crs: Any = "EPSG:4548"
) -> gpd.GeoDataFrame:
    """Make a layer of shapes and columns."""
    return gpd.GeoDataFrame(columns or {}, geometry=list(shapes), crs=crs)


def without_system(layer: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer that does not say its system."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer.set_crs(None, allow_override=True).to_file(path)


def plan_of(path: Path, *, crs: str = "EPSG:4548", **settings: Any) -> Plan:
    """
    Make a plan with one building layer.

    Settings of `Layer` go to the building layer, those of `Layers` and `Plan` to theirs.
    """
    layer = {f.name for f in dataclasses.fields(Layer)}
    layers = {f.name for f in dataclasses.fields(Layers)}
    own = {k: v for k, v in settings.items() if k in layer}
    beside = {k: v for k, v in settings.items() if k in layers - {"buildings"}}
    rest = {k: v for k, v in settings.items() if k not in own.keys() | beside.keys()}
    if "layer_crs" in rest:
        own["crs"] = rest.pop("layer_crs")
    return Plan(
        crs=crs,
        as_of=rest.pop("as_of", TODAY),
        layers=Layers(buildings=Layer(path=path, **own), **beside),
        path=path.parent / "plan.toml",
        **rest,
    )


def read(path: Path, **settings: Any) -> tuple[District, Notices]:
    """Read a plan with one building layer."""
    notices = Notices()
    return read_layers(plan_of(path, **settings), notices), notices


def codes(found: Notices | HexiSolarError) -> list[str]:
    """List what was noticed or refused."""
    problems = found.problems if isinstance(found, HexiSolarError) else found
    return [p.code for p in problems]


def notice(notices: Notices, code: str) -> Any:
    """Return the only notice of a code."""
    (found,) = [p for p in notices if p.code == code]
    # both languages fill in
    assert found.message("zh")
    assert found.message("en")
    return found
