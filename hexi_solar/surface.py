"""Surface models from files: any size, any system, read window by window.

A `SurfaceFile` knows where it lies in the plan's coordinates before a single cell is read.
`window` reads a rectangle of it, in the plan's system and with unknown cells as NaN;
`tiles` cuts a district into rectangles with a margin, so that what is worked out tile by
tile is what would be worked out on the whole.

Only plain local GeoTIFF and ASCII grids are opened: a virtual raster would read any other
file, or fetch one from the network. A small file may claim to be huge, so the cells that a
window would hold are counted before they are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine, from_origin
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from hexi_solar.errors import LayerError, Problem

Heights = npt.NDArray[np.float32]
Bounds = tuple[float, float, float, float]

# suffix: the one driver of GDAL that may answer to it
DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}
MOST_CELLS = 60_000_000  # of one window: a quarter of a gigabyte
STARTS = {"GTiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")}
FOOT, SURVEY_FOOT = 0.3048, 1200.0 / 3937.0
UNITS = dict.fromkeys(("ft", "foot", "feet", "international foot"), FOOT)
UNITS |= dict.fromkeys(("ftus", "us-ft", "us survey foot", "us survey feet"), SURVEY_FOOT)
UNITS |= {"cm": 0.01, "centimetre": 0.01, "mm": 0.001}
LOWEST, HIGHEST = -500.0, 9000.0  # heights outside are no heights on this planet [m]


@dataclass(frozen=True)
class Grid:
    """Heights of one window."""

    height: Heights
    """The first row in the north; NaN where not known. [m]"""
    transform: Affine
    """From columns and rows to plane coordinates."""

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north. [m]"""
        rows, columns = self.height.shape
        west, north = self.transform.c, self.transform.f
        return west, north + rows * self.transform.e, west + columns * self.transform.a, north


@dataclass(frozen=True)
class Tile:
    """A rectangle to work on, and the wider one that has to be read for it."""

    inner: Bounds
    outer: Bounds


@dataclass(frozen=True)
class SurfaceFile:
    """A surface model that is known and not yet read."""

    path: Path
    crs: str
    """System of the plan: windows come in it."""
    own_crs: str
    """System of the file."""
    bounds: Bounds
    """In the plan's system: west, south, east, north. [m]"""
    cell_m: float
    """Side of the cells of its windows. [m]"""
    same_system: bool
    """Cells are handed on as they are, not resampled."""
    most_cells: int = MOST_CELLS
    unit_m: float = 1.0
    """Metres in the unit of its heights."""

    def window(self, bounds: Bounds) -> Grid:
        """
        Read a rectangle.

        Parameters
        ----------
        bounds
            West, south, east, north in the plan's system; widened to whole cells. What lies
            beside the file is not known. [m]

        Raises
        ------
        LayerError
            If it holds more cells than `most_cells`, or the file breaks off.
        """
        transform, rows, columns = self._frame(bounds)
        if rows * columns > self.most_cells:
            facts = {"file": self.path.name, "cells": f"{rows * columns / 1e6:,.0f}"}
            limit = f"{self.most_cells / 1e6:,.0f}"
            raise LayerError(Problem("surface_window_too_large", {**facts, "limit": limit}))
        if rows * columns == 0:
            return Grid(np.empty((rows, columns), dtype=np.float32), transform)
        try:
            height = self._read(transform, rows, columns)
        except (RasterioError, OSError) as error:
            facts = {"file": self.path.name, "found": str(error).splitlines()[0]}
            raise LayerError(Problem("layer_unreadable", facts)) from None
        height[~((height > LOWEST) & (height < HIGHEST))] = np.nan
        return Grid(height, transform)

    def tiles(self, bounds: Bounds, *, size_m: float, halo_m: float) -> Iterator[Tile]:
        """
        Cut a rectangle into tiles along the cells of the surface.

        Parameters
        ----------
        bounds
            West, south, east, north. [m]
        size_m
            Side of a tile without its halo. [m]
        halo_m
            Read around each tile: the reach of skylines, at least. [m]
        """
        frame, rows, columns = self._frame(bounds)
        size = max(1, round(size_m / self.cell_m))
        for row in range(0, rows, size):
            for column in range(0, columns, size):
                west, north = frame.c + column * frame.a, frame.f + row * frame.e
                east = frame.c + min(column + size, columns) * frame.a
                south = frame.f + min(row + size, rows) * frame.e
                outer = west - halo_m, south - halo_m, east + halo_m, north + halo_m
                yield Tile((west, south, east, north), outer)

    def _frame(self, bounds: Bounds) -> tuple[Affine, int, int]:
        """Lay whole cells around a rectangle, on the lattice of the file's own."""
        west, south, east, north = bounds
        cell, corner = self.cell_m, (self.bounds[0], self.bounds[3])
        # a rectangle that ends on a cell's edge, but for a rounding error, ends there
        left = math.floor((west - corner[0]) / cell + 1e-6)
        right = math.ceil((east - corner[0]) / cell - 1e-6)
        upper = math.floor((corner[1] - north) / cell + 1e-6)
        lower = math.ceil((corner[1] - south) / cell - 1e-6)
        transform = from_origin(corner[0] + left * cell, corner[1] - upper * cell, cell, cell)
        return transform, max(lower - upper, 0), max(right - left, 0)

    def _read(self, transform: Affine, rows: int, columns: int) -> Heights:
        """Read cells as they are, or brought to the plan's system."""
        with rasterio.open(self.path, driver=DRIVERS[self.path.suffix.lower()]) as source:
            if not self.same_system:
                about = {"resampling": Resampling.bilinear, "dtype": "float32", "nodata": np.nan}
                with WarpedVRT(
                    source, src_crs=self.own_crs, crs=self.crs, transform=transform,
                    width=columns, height=rows, src_nodata=source.nodata, **about,
                ) as brought:  # fmt: skip
                    height = np.asarray(brought.read(1), dtype=np.float32)
            else:
                height = _read_window(source, transform, rows, columns)
            # numbers of a file may be stored in steps of its own
            scale, offset = source.scales[0], source.offsets[0]
            if (scale, offset, self.unit_m) != (1.0, 0.0, 1.0):
                height = ((height * scale + offset) * self.unit_m).astype(np.float32)
            return height


def open_surface(
    path: Path, crs: str, *, own_crs: str = "", cell_m: float = 0.0, most_cells: int = MOST_CELLS
) -> SurfaceFile:
    """
    Look at a surface model without reading its cells.

    Parameters
    ----------
    path
        GeoTIFF (.tif, .tiff) or ASCII grid (.asc) with heights in its first band. [m]
    crs
        System of the plan, in metres.
    own_crs
        System of the file, only if it does not say it.
    cell_m
        Side of the cells that windows should have; that of the file if not given. [m]
    most_cells
        More than these are not read at a time.

    Raises
    ------
    LayerError
        If it is no plain local file of these kinds, does not say its system, is turned, or
        holds something else than heights.
    """
    _check_file(path)
    driver = DRIVERS[path.suffix.lower()]
    try:
        with rasterio.open(path, driver=driver) as source:
            _check_content(path, source, own_crs)
            own = pyproj.CRS.from_user_input(own_crs or source.crs.to_wkt())
            bounds, size = tuple(source.bounds), (source.transform.a, -source.transform.e)
            shape = (source.height, source.width)
            unit_m = _metres_of(source.units[0], own)
    except (RasterioError, OSError, pyproj.exceptions.CRSError) as error:
        facts = {"file": path.name, "found": str(error).splitlines()[0]}
        raise LayerError(Problem("layer_unreadable", facts)) from None
    target = pyproj.CRS.from_user_input(crs)
    same = own.equals(target, ignore_axis_order=True) or _same_datum(own, target)
    square = math.isclose(size[0], size[1], rel_tol=1e-6)
    if not same:
        bounds = transform_bounds(own.to_wkt(), target.to_wkt(), *bounds, densify_pts=21)
        # as many metres per cell as the whole has, whatever the units of the file
        area = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
        size = (math.sqrt(area / (shape[0] * shape[1])),) * 2
        size = (float(f"{size[0]:.3g}"),) * 2
    cell = cell_m or min(size)
    # on cells of its own, a file is handed on as it is
    as_it_is = same and square and math.isclose(cell, size[0], rel_tol=1e-6)
    west, south, east, north = (float(b) for b in bounds)
    return SurfaceFile(
        path, target.to_wkt(), own.to_wkt(), (west, south, east, north), float(cell), as_it_is,
        most_cells, unit_m,
    )  # fmt: skip


def _metres_of(unit: str | None, crs: pyproj.CRS) -> float:
    """Return the metres of the unit that a band or its vertical system names; 1 if neither does."""
    if unit:
        return UNITS.get(unit.strip().lower().replace("_", " "), 1.0)
    upright = [part for part in crs.sub_crs_list if part.is_vertical]
    return float(upright[0].axis_info[0].unit_conversion_factor) if upright else 1.0


def _same_datum(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Say whether two systems have the same plane coordinates under two names."""
    return bool(one.to_epsg()) and one.to_epsg() == other.to_epsg()


def _check_file(path: Path) -> None:
    """Refuse what is not a plain local file of a kind that we read."""
    text, suffix = path.as_posix(), path.suffix.lower()
    if ":/" in text[2:] or text.lower().startswith("/vsi"):
        raise LayerError(Problem("layer_not_local", {"file": text}))
    if suffix not in DRIVERS:
        known = " ".join(DRIVERS)
        raise LayerError(Problem("surface_suffix", {"file": path.name, "known": known}))
    if not path.is_file():
        raise LayerError(Problem("layer_missing", {"file": text}))
    with path.open("rb") as file:
        head = file.read(4)
    starts = STARTS.get(DRIVERS[suffix], ())
    text_like = head[:1].isalpha() and head[:1] not in b"IM<" if not starts else True
    if (starts and head not in starts) or not text_like:
        raise LayerError(Problem("layer_disguised", {"file": path.name, "suffix": suffix}))


def _check_content(path: Path, source: Any, own_crs: str) -> None:
    """Refuse what cannot be laid over the plan, all reasons at once."""
    problems = []
    if source.crs is None and not own_crs:
        problems.append(Problem("surface_no_crs", {"file": path.name}))
    transform = source.transform
    if transform.b or transform.d or transform.a <= 0.0 or transform.e >= 0.0:
        problems.append(Problem("surface_turned", {"file": path.name}))
    kind = np.dtype(source.dtypes[0])
    if kind.kind not in "iuf" or kind == np.uint8:
        problems.append(Problem("surface_not_heights", {"file": path.name, "found": str(kind)}))
    # any cell of a block is read with all of it
    rows, columns = source.block_shapes[0]
    if rows * columns > MOST_CELLS:
        facts = {"file": path.name, "cells": f"{rows * columns / 1e6:,.0f}"}
        problems.append(Problem("surface_block_too_large", facts))
    if problems:
        raise LayerError(*problems)


def _read_window(source: Any, transform: Affine, rows: int, columns: int) -> Heights:
    """Read the cells of the file that lie in the window; the others are not known."""
    height = np.full((rows, columns), np.nan, dtype=np.float32)
    own = source.transform
    left, upper = round((transform.c - own.c) / own.a), round((transform.f - own.f) / own.e)
    first_row, last_row = max(upper, 0), min(upper + rows, source.height)
    first_column, last_column = max(left, 0), min(left + columns, source.width)
    if first_row >= last_row or first_column >= last_column:
        return height
    window = Window(first_column, first_row, last_column - first_column, last_row - first_row)
    part = source.read(1, window=window, masked=True)
    there = np.s_[first_row - upper : last_row - upper, first_column - left : last_column - left]
    height[there] = part.astype(np.float32).filled(np.nan)
    return height
