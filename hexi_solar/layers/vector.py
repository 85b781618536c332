"""Reading one file with shapes, whatever its format, into a raw table.

What comes out still has the file's own columns and coordinates; `source_row` counts its
rows from 1. Everything that a reader (GDAL, or pyarrow for GeoParquet) can complain of
is turned into one message of ours.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from hexi_solar.config import Layer
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.layers import coordinates
from hexi_solar.sheets import files
from hexi_solar.sheets.encoding import dbf_encoding, decodes, known_encoding
from hexi_solar.sheets.words import nearest

SOURCE_ROW = "source_row"


def read_vector(layer: Layer, notices: Notices) -> gpd.GeoDataFrame:
    """
    Read one layer as it stands in its file.

    Parameters
    ----------
    layer
        What the plan says of it; `layer.path` is set.
    notices
        Where a guessed or corrected encoding is kept.

    Returns
    -------
    raw
        The file's columns, `source_row`, and geometry in the file's coordinates; no CRS
        where the file names none.

    Raises
    ------
    LayerError
        If the file cannot be read as a layer with shapes.
    """
    assert layer.path is not None
    with files.opened(layer.path, layer.layer) as path:
        suffix = path.suffix.lower()
        if suffix in files.TABLES:
            raw = coordinates.read_shapes(path, layer, notices)
        elif suffix in files.PARQUET:
            raw = _read_parquet(path, layer.path.name)
        else:
            raw = _read_gdal(path, layer, notices)
    if raw.empty:
        raise LayerError(Problem("layer_empty", {"file": layer.path.name}))
    return raw


def _read_parquet(path: Path, name: str) -> gpd.GeoDataFrame:
    """Read GeoParquet, which GDAL in the wheels does not know."""
    try:
        raw = gpd.read_parquet(path)
    except Exception as error:  # whatever the reader makes of a broken file
        raise LayerError(_unreadable(name, error, path)) from None
    raw = raw.reset_index(drop=raw.index.name is None or raw.index.name in raw.columns)
    return _numbered(raw)


def _read_gdal(path: Path, layer: Layer, notices: Notices) -> gpd.GeoDataFrame:
    """Read any other format through pyogrio."""
    assert layer.path is not None
    name = layer.path.name
    with _prepared(path, layer, notices) as (source, encoding):
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                raw = _read_json(source) if source.suffix.lower() in files.JSON else None
                if raw is None:
                    wanted = layer.layer if source.name == path.name else ""
                    raw = _read_layer(source, wanted, encoding, name)
        except LayerError:
            raise
        except Exception as error:  # whatever the reader makes of a broken file
            raise LayerError(_unreadable(name, error, source)) from None
        texts = {_said(w.message, source, name) for w in said}
    for text in sorted(texts):
        notices.add("info", "layer_reader_says", file=name, found=text)
    if not len(raw):
        raise LayerError(Problem("layer_empty", {"file": name}))
    if not isinstance(raw, gpd.GeoDataFrame):
        raise LayerError(Problem("layer_no_shapes", {"file": name}))
    return _numbered(raw)


def _read_json(source: Path) -> pd.DataFrame | None:
    """Read GeoJSON by the one driver that is asked for; None if it is another JSON."""
    try:
        raw: pd.DataFrame = pyogrio.read_dataframe(f"GeoJSON:{source}", on_invalid="fix")
    except Exception:  # TopoJSON, Esri JSON, JSON by lines, or broken
        return None
    return raw


def _read_layer(source: Path, wanted: str, encoding: str | None, name: str) -> pd.DataFrame:
    """Read one layer of a file whose driver is one that its suffix allows."""
    chosen = _layer_name(source, wanted, name)
    driver = pyogrio.read_info(source, layer=chosen, encoding=encoding)["driver"]
    if driver not in files.VECTORS[source.suffix.lower()]:
        raise LayerError(Problem("layer_disguised", {"file": name, "suffix": source.suffix}))
    raw: pd.DataFrame = pyogrio.read_dataframe(
        source, layer=chosen, encoding=encoding, on_invalid="fix"
    )
    return raw


def _numbered(raw: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Count the rows of the file from 1, and call the shapes `geometry`."""
    if raw.geometry.name != "geometry":
        raw = raw.drop(columns="geometry", errors="ignore").rename_geometry("geometry")
    return raw.assign(**{SOURCE_ROW: np.arange(1, len(raw) + 1)})


def _unreadable(name: str, error: Exception, source: Path) -> Problem:
    """Say that a reader gave up, in its words."""
    return Problem("layer_unreadable", {"file": name, "found": _said(error, source, name)})


def _said(text: object, source: Path, name: str) -> str:
    """Put a reader's words on one line, about the file that was handed over, not our copy."""
    return " ".join(str(text).replace(str(source), name).split())[:200]


def _layer_name(path: Path, wanted: str, name: str) -> str:
    """Choose the layer of a container: the one named, or the only one with shapes."""
    known = pyogrio.list_layers(path)
    names = [str(n) for n in known[:, 0]]
    if wanted in names:
        return wanted
    shapes = [str(n) for n, kind in known if kind is not None]
    # a file whose only layer has the file's own name need not be named rightly
    if wanted and not (len(shapes) == 1 and path.suffix.lower() in (".shp", *files.JSON)):
        facts = {"file": name, "found": wanted, "known": ", ".join(names)}
        raise LayerError(Problem("layer_unknown", facts | {"hint": nearest(wanted, names)}))
    if len(shapes) > 1:
        facts = {"file": name, "known": ", ".join(shapes)}
        raise LayerError(Problem("layer_which", facts))
    if not shapes:
        code = "layer_no_shapes" if names else "layer_empty"
        raise LayerError(Problem(code, {"file": name}))
    return shapes[0]


@contextmanager
def _prepared(path: Path, layer: Layer, notices: Notices) -> Iterator[tuple[Path, str | None]]:
    """Give the file to open and the encoding to tell GDAL, None for the format's own."""
    assert layer.path is not None
    name, suffix = layer.path.name, path.suffix.lower()
    said = known_encoding(layer.encoding) if layer.encoding else ""
    if layer.encoding and not said:
        facts = {"file": name, "found": layer.encoding}
        raise LayerError(Problem("layer_encoding", facts))
    if suffix == ".shp":
        yield path, said or _shapefile_encoding(path, name, notices)
    elif suffix == ".gml":
        # the reader writes what it learnt of a GML beside it: let that be elsewhere
        with TemporaryDirectory(prefix="hexi_layers_") as folder:
            for file in (path, path.with_suffix(".xsd")):
                if file.is_file():
                    shutil.copy(file, folder)
            yield Path(folder) / path.name, said or None
    elif suffix in files.JSON and not decodes_utf8(path):
        with TemporaryDirectory(prefix="hexi_layers_") as folder:
            copy = Path(folder) / path.name
            _recode(path, copy, said or "gb18030", name)
            notices.add("repaired", "layer_recoded", file=name, encoding=said or "gb18030")
            yield copy, None
    else:
        yield path, said or None


def _shapefile_encoding(path: Path, name: str, notices: Notices) -> str | None:
    """Find the encoding of a shapefile's table and note it where it was not said."""
    tables_beside = [path.with_suffix(s) for s in (".dbf", ".DBF", ".Dbf")]
    dbf = next((t for t in tables_beside if t.is_file()), None)
    if dbf is None:
        return None
    encoding, evidence = dbf_encoding(dbf)
    if evidence == "guess":
        notices.add("repaired", "layer_encoding_guessed", file=name, encoding=encoding)
    if evidence == "cpg_wrong":
        notices.add("repaired", "layer_encoding_cpg", file=name, encoding=encoding)
    return encoding


def decodes_utf8(path: Path) -> bool:
    """Say whether a whole file is UTF-8, line by line."""
    with path.open("rb") as file:
        return all(decodes(line, "utf-8") for line in file)


def _recode(path: Path, copy: Path, encoding: str, name: str) -> None:
    """Write a copy of a text file in UTF-8."""
    try:
        with (
            path.open(encoding=encoding, newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as sink,
        ):
            shutil.copyfileobj(source, sink, 1 << 20)
    except UnicodeDecodeError:
        raise LayerError(
            Problem("layer_encoding_none", {"file": name, "found": encoding})
        ) from None
