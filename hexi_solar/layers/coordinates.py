"""Tables that carry coordinates, or shapes as text, instead of being a layer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hexi_solar.config import Column, Layer
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.sheets.columns import find_columns
from hexi_solar.sheets.tables import SOURCE_ROW, read_rows
from hexi_solar.sheets.words import fold, parse_numbers, unknown_words


def read_shapes(path: Path, layer: Layer, notices: Notices) -> gpd.GeoDataFrame:
    """
    Read a table whose rows carry coordinates, or shapes as WKT.

    Raises
    ------
    LayerError
        If it has neither.
    """
    assert layer.path is not None
    file = layer.path.name
    coordinates: dict[str, Column] = {}
    raw = read_rows(path, layer.layer, layer.encoding, "shapes", coordinates, file, notices)
    found, _ = find_columns(_names(raw), "shapes", coordinates, file)
    if {"longitude", "latitude"} <= found.keys():
        x, _ = parse_numbers(raw[found["longitude"].column])
        y, _ = parse_numbers(raw[found["latitude"].column])
        shapes = np.full(len(raw), None, dtype=object)
        known = (x.notna() & y.notna()).to_numpy()
        shapes[known] = shapely.points(x[known], y[known])
        degrees = bool((x.abs().max() <= 180) and (y.abs().max() <= 180))
        crs = "EPSG:4326" if degrees and not layer.crs else None
        return gpd.GeoDataFrame(raw, geometry=shapes, crs=crs)
    if "wkt" in found:
        cells = raw.pop(found["wkt"].column)
        texts = [None if fold(c) in unknown_words() else str(c) for c in cells.fillna("")]
        shapes = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore")
        return gpd.GeoDataFrame(raw, geometry=shapes)
    raise LayerError(Problem("layer_no_shapes", {"file": file}))


def _names(raw: pd.DataFrame) -> Iterable[str]:
    return [str(c) for c in raw.columns if c != SOURCE_ROW]
