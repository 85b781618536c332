"""Footprints put right, and a log of what was done to each.

Nothing is mended in silence: every repair is logged with the building and its area
before and after, every footprint that cannot stand is listed with its row. Overlaps are
reported, not cut: which of the two is wrong is not ours to say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hexi_solar.config import Buildings
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.layers.vector import SOURCE_ROW
from hexi_solar.sheets.columns import some

Shapes = NDArray[np.object_]
Mask = NDArray[np.bool_]

# below this a footprint is a drawing error, not a building [m²]
SLIVER_M2 = 0.1
# ids and duplicates are compared on coordinates rounded to this [m]
GRID_M = 0.01
_POLYGONS = (3, 6)
_COLLECTION = 7
_LOG = 1000


def check_polygons(raw: gpd.GeoDataFrame, file: str) -> None:
    """
    Refuse a layer that has no polygons: points or lines cannot be buildings.

    Raises
    ------
    LayerError
        Naming what it has instead.
    """
    kinds = raw.geometry.geom_type.dropna()
    polygonal = kinds.isin(("Polygon", "MultiPolygon", "GeometryCollection"))
    if len(kinds) and not polygonal.any():
        counts = kinds.value_counts().sort_index()
        found = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        raise LayerError(Problem("layer_not_polygons", {"file": file, "found": found}))
    if not len(kinds):
        raise LayerError(Problem("layer_empty", {"file": file}))


def shape_keys(shapes: Shapes, digits: int = 12) -> list[str]:
    """
    Return a short key of each shape: the same to the centimetre, the same key.

    Where a ring starts and which way it runs make no difference; None gives an empty key.

    Parameters
    ----------
    shapes
        In metres.
    digits
        Length of the keys, in hexadecimal digits.
    """
    rounded = shapely.transform(single(shapes), lambda xy: np.rint(xy / GRID_M) + 0.0)
    wkb = shapely.to_wkb(shapely.normalize(rounded), byte_order=1)
    return [
        "" if bytes_ is None else hashlib.blake2b(bytes_).hexdigest()[:digits] for bytes_ in wkb
    ]


def single(shapes: Shapes) -> Shapes:
    """Take collections of one part as that part."""
    alone = (shapely.get_num_geometries(shapes) == 1) & (shapely.get_type_id(shapes) > 3)
    parts: Shapes = np.where(alone, shapely.get_geometry(shapes, 0), shapes)
    return parts


def geometry_ids(shapes: Shapes) -> list[str]:
    """
    Make ids of shapes; where shapes repeat, the later ones get a number.

    Examples
    --------
    >>> ids = geometry_ids(np.array([shapely.box(0, 0, 9, 9), shapely.box(0, 0, 9, 9)]))
    >>> ids[1].removeprefix(ids[0]), len(ids[0])
    ('-2', 14)
    """
    keys = pd.Series([f"g-{key}" if key else "g-none" for key in shape_keys(shapes)])
    again = keys.groupby(keys).cumcount() + 1
    return [key if n == 1 else f"{key}-{n}" for key, n in zip(keys, again, strict=True)]


@dataclass
class _Bench:
    """Footprints on their way through the repairs."""

    shapes: Shapes
    ids: NDArray[np.object_]
    rows: NDArray[np.int64]
    file: str
    notices: Notices

    def leave_out(self, code: str, bad: Mask) -> None:
        """List footprints that cannot stand, and take them off the bench."""
        if not bad.any():
            return
        facts = {"file": self.file, "count": int(bad.sum())}
        named = {"rows": some(self.rows[bad]), "ids": some(self.ids[bad])}
        log = [[str(i), int(r)] for i, r in zip(self.ids[bad], self.rows[bad], strict=True)]
        self.notices.add("left_out", code, **facts, **named, log=log[:_LOG])
        self.shapes, self.ids, self.rows = self.shapes[~bad], self.ids[~bad], self.rows[~bad]


def repair_footprints(
    layer: gpd.GeoDataFrame, settings: Buildings, file: str, notices: Notices
) -> gpd.GeoDataFrame:
    """
    Put footprints right and leave out those that cannot be.

    Parameters
    ----------
    layer
        Buildings in metres, with their ids as index and `source_row`.
    settings
        `repair` and `overlap_share`.
    file
        Name of the file, for messages.
    notices
        Where each repair is logged.

    Returns
    -------
    layer
        The rows that stand, with valid polygons or multipolygons, each footprint once.

    Raises
    ------
    LayerError
        If none stands.
    """
    rows = layer[SOURCE_ROW].to_numpy(np.int64)
    shapes = single(layer.geometry.to_numpy())
    bench = _Bench(shapes, layer.index.to_numpy(object), rows, file, notices)
    bench.leave_out(
        "shape_missing", shapely.is_missing(bench.shapes) | shapely.is_empty(bench.shapes)
    )
    _keep_polygons(bench)
    _make_valid(bench, settings)
    bench.leave_out("shape_sliver", shapely.area(bench.shapes) < SLIVER_M2)
    _drop_duplicates(bench)
    if not len(bench.shapes):
        raise LayerError(Problem("layer_none_left", {"file": file}))
    report_overlaps(bench.shapes, bench.ids, settings.overlap_share, file, notices)
    kept = layer.loc[pd.Index(bench.ids)]
    return kept.set_geometry(gpd.GeoSeries(bench.shapes, kept.index, crs=layer.crs))


def _keep_polygons(bench: _Bench) -> None:
    """Take the polygons out of collections; leave points and lines out."""
    kinds = shapely.get_type_id(bench.shapes)
    mixed = kinds == _COLLECTION
    bench.shapes[mixed] = [polygonal(s) for s in bench.shapes[mixed]]
    kinds = shapely.get_type_id(bench.shapes)
    bench.leave_out(
        "shape_not_polygon", ~np.isin(kinds, _POLYGONS) | shapely.is_empty(bench.shapes)
    )


def polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a collection, as one shape."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _make_valid(bench: _Bench, settings: Buildings) -> None:
    """Mend shapes that cross themselves, and log their areas before and after."""
    broken = ~shapely.is_valid(bench.shapes)
    if not broken.any():
        return
    if not settings.repair:
        bench.leave_out("shape_broken", broken)
        return
    before = shapely.area(bench.shapes[broken])
    # "structure" keeps what the rings enclose; a buffer of 0 would halve a bow-tie
    mended = shapely.make_valid(bench.shapes[broken], method="structure", keep_collapsed=False)
    bench.shapes[broken] = [
        s if shapely.get_type_id(s) in _POLYGONS else polygonal(s) for s in mended
    ]
    after = shapely.area(bench.shapes[broken])
    log = [
        [str(i), int(row), round(float(b), 2), round(float(a), 2)]
        for i, row, b, a in zip(bench.ids[broken], bench.rows[broken], before, after, strict=True)
    ]
    facts = {"file": bench.file, "count": len(log), "ids": some(entry[0] for entry in log)}
    areas = {"before_m2": f"{before.sum():,.1f}", "after_m2": f"{after.sum():,.1f}"}
    bench.notices.add("repaired", "shape_mended", **facts, **areas, log=log[:_LOG])
    bench.leave_out("shape_collapsed", shapely.is_empty(bench.shapes))


def _drop_duplicates(bench: _Bench) -> None:
    """Keep the first of footprints that are the same to the centimetre."""
    # only shapes in one and the same box can be the same
    boxes = pd.DataFrame(np.rint(shapely.bounds(bench.shapes) / GRID_M))
    alike = np.flatnonzero(boxes.duplicated(keep=False))
    keys = pd.Series(np.arange(len(boxes)).astype(str), dtype=object)
    keys.iloc[alike] = shape_keys(bench.shapes[alike], digits=32)
    again = keys.duplicated().to_numpy()
    if not again.any():
        return
    first = dict(zip(keys[~again], bench.ids[~again], strict=True))
    log = [
        [str(i), int(row), str(first[key])]
        for i, row, key in zip(bench.ids[again], bench.rows[again], keys[again], strict=True)
    ]
    facts = {"file": bench.file, "count": len(log), "ids": some(entry[0] for entry in log)}
    named = {"rows": some(entry[1] for entry in log), "kept": some(e[2] for e in log)}
    bench.notices.add("repaired", "shape_repeated", **facts, **named, log=log[:_LOG])
    bench.shapes, bench.ids, bench.rows = (
        bench.shapes[~again],
        bench.ids[~again],
        bench.rows[~again],
    )


def report_overlaps(
    shapes: Shapes, ids: NDArray[np.object_], share: float, file: str, notices: Notices
) -> None:
    """
    Warn of footprints that lie on each other; they are left as they are.

    Parameters
    ----------
    share
        Overlaps up to this share of the smaller footprint are passed over. [-]
    """
    first, second = shapely.STRtree(shapes).query(shapes)
    first, second = first[first < second], second[first < second]
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    # only boxes that overlap enough can hold shapes that do
    a, b = shapely.bounds(shapes[first]).T, shapely.bounds(shapes[second]).T
    width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
    height = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
    near = width * height > share * smaller
    first, second, smaller = first[near], second[near], smaller[near]
    # most neighbours share a wall only; their insides do not meet
    near = shapely.relate_pattern(shapes[first], shapes[second], "T********")
    first, second, smaller = first[near], second[near], smaller[near]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second])) / smaller
    bad = np.flatnonzero(common > share)
    if not len(bad):
        return
    bad = bad[np.lexsort((second[bad], first[bad]))]
    log = [[str(ids[first[i]]), str(ids[second[i]]), round(float(common[i]), 3)] for i in bad]
    pairs = some((f"{a}+{b} ({c:.0%})" for a, b, c in log), limit=5)
    facts = {"file": file, "count": len(log), "share": f"{share:.0%}", "pairs": pairs}
    notices.add("warning", "shape_overlap", **facts, log=log[:_LOG])
