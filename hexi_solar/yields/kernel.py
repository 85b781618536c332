"""The chain of a year for many planes at once, compiled.

Planes lie side by side in blocks, so that one instruction works on several of them, and a
block's numbers stay in the processor's nearest memory while all hours of the year pass.
The formulas are those of `chain.py`; what is new is only the order: light in the plane is

    beam      (dni + circumsolar) x cosine of incidence
    diffuse   isotropic x (1 + cos tilt) / 2 + horizon x sin tilt + ground x (1 - cos tilt) / 2

and the part of a row's slope that the row in front leaves free, times the cosine of
incidence, is the smaller of that cosine and the sine of the sun's elevation over the ground
cover ratio. Sums are those of `annual_sums`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from hexi_solar.config import PV
from hexi_solar.yields.compiled import compiled
from hexi_solar.yields.glass import beam_polynomial, diffuse_factors, glass_of, passing
from hexi_solar.yields.hours import HourTable
from hexi_solar.yields.light import row_views, skyline_view
from hexi_solar.yields.shade import Shade, sky_cell
from hexi_solar.yields.sky import Floats, Planes

BLOCK = 128  # planes side by side
RUN = 16  # blocks that one thread takes at a time: what is in memory together
SUMS = 16  # in plane, shaded, effective, DC, AC of twelve months
ALONE = 1e30  # sun's height over gcr of a row without another in front

# A block's numbers lie behind each other in one piece of memory, each kind from here on:
# the compiler then sees that writing sums does not change coefficients.
(
    EAST, NORTH, UP, FREE, VIEW, SIDE, SKY, HORIZON, GROUND, GLASS_SKY, GLASS_HORIZON, GLASS_GROUND,
    IN_PLANE, SHADED, EFFECTIVE, DC, AC, THROUGH, END,
) = range(0, 19 * BLOCK, BLOCK)  # fmt: skip
KINDS = IN_PLANE // BLOCK  # of coefficients


def annual_sums(
    hours: HourTable,
    planes: Planes,
    settings: PV,
    *,
    skyline: Floats | None = None,
    shade: Shade | None = None,
    progress: Callable[[int, int], None] | None = None,
    threads: int | None = None,
) -> Floats:
    """
    Add up the hours of a year for each plane.

    Parameters
    ----------
    hours
        From `hour_table`.
    planes
        Any number.
    settings
        `kernel` says how: "exact" to rounding, "fast" to 1e-6, "float32" to 1e-5.
    skyline
        Elevation of the highest obstacle, one row per plane and one column per
        direction from north clockwise. [°]
    shade
        Light that obstacles leave, one entry per plane.
    progress
        Called with planes done and planes in all.
    threads
        That work at once; as many as the process may use if not given.

    Returns
    -------
    sums
        Columns: in-plane, shaded, effective irradiation [kWh/m²], DC before losses, then
        AC of each month [kWh/kWp].
    """
    sums = np.empty((len(planes), SUMS))
    done = 0
    work = list(_runs(planes))

    def take(which: Any) -> int:
        of_roof = None if skyline is None else skyline[which]
        part = None if shade is None else shade[which]
        sums[which] = _run_sums(hours, planes[which], settings, of_roof, part)
        return len(which)

    def report(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, len(planes))

    workers = min(threads or _cores(), len(work))
    if workers <= 1:
        for which in work:
            report(take(which))
    else:
        with ThreadPoolExecutor(workers) as pool:
            for count in pool.map(take, work):
                report(count)
    return sums


def _cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _runs(planes: Planes) -> Iterator[Any]:
    """Cut the planes into runs, those on racks apart from those close to the roof."""
    for flush in (False, True):
        which = np.flatnonzero(planes.flush == flush)
        for start in range(0, len(which), BLOCK * RUN):
            yield which[start : start + BLOCK * RUN]


def _run_sums(
    hours: HourTable,
    planes: Planes,
    settings: PV,
    skyline: Floats | None,
    shade: Shade | None,
) -> Floats:
    """Add up one run of planes that are mounted alike."""
    number = np.dtype(np.float32 if settings.kernel == "float32" else np.float64)
    table = hours.flush if planes.flush[0] else hours.rack
    shades, lit, edge = _shades_of(len(planes), skyline, shade)
    cells, column = _cells(hours, skyline, shade)
    curve = None
    if settings.kernel != "exact":
        curve = tuple(number.type(v) for v in beam_polynomial(settings.coating_index))
    found = np.zeros((-(-len(planes) // BLOCK), SUMS, BLOCK))
    sum_blocks(
        table.astype(number),
        hours.months,
        _blocks_of(coefficients(planes, settings, skyline, shade).astype(number)),
        np.array([0.0, 1e-20, hours.idle, hours.limit], number),
        glass_of(settings.coating_index),
        curve,
        lit,
        edge,
        shades,
        cells,
        column,
        hours.elevation,
        found,
    )
    return found.transpose(0, 2, 1).reshape(-1, SUMS)[: len(planes)]


def coefficients(
    planes: Planes, settings: PV, skyline: Floats | None, shade: Shade | None
) -> Floats:
    """
    Write planes as what the kernel multiplies an hour with.

    Returns
    -------
    coefficients
        Twelve rows, one column per plane: the normal (east, north, up), sun's height to
        beam free of the row in front, view of the sky and side, then what shade leaves of
        sky, horizon and ground, and what the glass lets through of that. [-]
    """
    tilt, azimuth = np.radians(planes.tilt), np.radians(planes.azimuth)
    side, view = np.sin(tilt), 0.5 * (1.0 + np.cos(tilt))
    sky_view, ground_view = row_views(planes)
    horizon_view = sky_view
    if shade is not None:
        sky_view, horizon_view = sky_view * shade.sky_view, horizon_view * shade.bright_view
    elif skyline is not None:
        sky_view = horizon_view = sky_view * skyline_view(skyline, planes)
    rows = planes.shade_gcr > 0
    sky, horizon, ground = view * sky_view, side * horizon_view, (1.0 - view) * ground_view
    glass = diffuse_factors(planes.tilt, settings.coating_index, exact=settings.kernel == "exact")
    return np.array(
        [
            side * np.sin(azimuth),
            side * np.cos(azimuth),
            np.cos(tilt),
            np.where(rows, 1.0 / np.where(rows, planes.shade_gcr, 1.0), ALONE),
            view,
            side,
            sky,
            horizon,
            ground,
            sky * glass[:, 0],
            horizon * glass[:, 1],
            ground * glass[:, 2],
        ]
    )


def _blocks_of(rows: Any) -> Any:
    """Cut rows of coefficients into blocks, the last filled up with its last plane."""
    missing = -rows.shape[1] % BLOCK
    full = np.pad(rows, ((0, 0), (0, missing)), mode="edge")
    blocks = full.reshape(KINDS, -1, BLOCK).transpose(1, 0, 2)
    return np.ascontiguousarray(blocks).reshape(-1, IN_PLANE)


def _shades_of(count: int, skyline: Floats | None, shade: Shade | None) -> tuple[Any, Any, Any]:
    """Return one row of shade per plane, and whether it is of lit parts or of a skyline."""
    if shade is not None:
        return shade.lit.reshape(count, -1), True, None
    if skyline is not None:
        return skyline, None, True
    return np.ones((1, 1)), None, None


def _cells(hours: HourTable, skyline: Floats | None, shade: Shade | None) -> tuple[Any, Any]:
    """
    Find where the sun stands in the tables of shade.

    Returns
    -------
    cells, column
        Entries of a plane's table that the sun visits, and each hour's place among them.
    """
    if shade is not None:
        place = sky_cell(hours.azimuth, hours.elevation, *shade.lit.shape[1:])
    elif skyline is not None:
        place = sky_cell(hours.azimuth, hours.elevation, skyline.shape[1], 1)
    else:
        place = np.zeros(len(hours), np.int64)
    cells, column = np.unique(place, return_inverse=True)
    return cells, column.reshape(-1)


@compiled
def sum_blocks(
    table: Any, months: Any, blocks: Any, ends: Any, glass: Any, curve: Any,
    lit: Any, skyline: Any, shades: Any, cells: Any, column: Any, elevation: Any, found: Any,
) -> None:  # fmt: skip
    """
    Add up the year of every block.

    `lit` and `skyline` are True or None and say what `shades` holds: None does not reach
    the machine code, so that there is a kernel of its own for each case.
    """
    at = np.empty(END, blocks.dtype)
    for b in range(blocks.shape[0]):
        at[:IN_PLANE] = blocks[b]
        shadow = _turned(shades, cells, b * BLOCK, at)
        least, most = np.min(at[VIEW:SIDE]), np.max(at[SIDE:SKY])
        for month in range(12):
            at[IN_PLANE:] = ends[0]
            sky, horizon, ground = 0.0, 0.0, 0.0
            for h in range(months[month], months[month + 1]):
                # indices are passed on, not rows: making those would cost more than the work
                sky_h, horizon_h = table[h, 5], table[h, 6]
                if sky_h >= ends[0] and (
                    horizon_h >= ends[0] or sky_h * least + horizon_h * most > ends[0]
                ):
                    _pass(
                        h, table, at, ends, glass, curve,
                        lit, skyline, shadow, column[h], elevation[h], None,
                    )  # fmt: skip
                    sky, horizon, ground = sky + sky_h, horizon + horizon_h, ground + table[h, 7]
                else:
                    _pass(
                        h, table, at, ends, glass, curve,
                        lit, skyline, shadow, column[h], elevation[h], True,
                    )  # fmt: skip
            _add_month(at, sky, horizon, ground, month, found[b])


@compiled
def _add_month(at: Any, sky: float, horizon: float, ground: float, month: int, sums: Any) -> None:
    """Add a month to the year: what shone hour by hour, and the even light of all its hours."""
    for j in range(BLOCK):
        view = at[j + VIEW]
        even = sky * view + horizon * at[j + SIDE] + ground * (1.0 - view)
        left = sky * at[j + SKY] + horizon * at[j + HORIZON] + ground * at[j + GROUND]
        sums[0, j] += (at[j + IN_PLANE] + even) / 1000.0
        sums[1, j] += (at[j + SHADED] + left) / 1000.0
        sums[2, j] += at[j + EFFECTIVE] / 1000.0
        sums[3, j] += at[j + DC]
        sums[4 + month, j] = at[j + AC]


@compiled
def _turned(table: Any, cells: Any, first: int, at: Any) -> Any:
    """Turn a block's tables of shade so that its planes lie side by side."""
    turned = np.empty((cells.shape[0], BLOCK), at.dtype)
    for j in range(BLOCK):
        row = table[min(first + j, table.shape[0] - 1)]
        for k in range(cells.shape[0]):
            turned[k, j] = row[cells[k]]
    return turned


@compiled
def _pass(
    h: int, table: Any, at: Any, ends: Any, glass: Any, curve: Any,
    lit: Any, skyline: Any, shadow: Any, column: int, elevation: float, dim: Any,
) -> None:  # fmt: skip
    """
    Let one hour shine on a block.

    The block gains beam in plane and shaded (with all other light where the hour is dim),
    effective irradiance, DC and AC. An hour is dim where the model's sky could be darker
    than nothing for some plane; it is then nothing, as in pvlib.
    """
    zero, tiny, idle, limit = ends[0], ends[1], ends[2], ends[3]
    east, north, up = table[h, 0], table[h, 1], table[h, 2]
    dni, circumsolar, isotropic = table[h, 3], table[h, 4], table[h, 5]
    horizon, ground = table[h, 6], table[h, 7]
    cold, warming, slope, bend = table[h, 8], table[h, 9], table[h, 10], table[h, 11]
    height = up if up > tiny else tiny
    for j in range(BLOCK):
        cosine = east * at[j + EAST] + north * at[j + NORTH] + up * at[j + UP]
        cosine = cosine if cosine > zero else zero
        free = height * at[j + FREE]
        free = free if free < cosine else cosine
        if lit is not None:
            free = free * shadow[column, j]
        if skyline is not None:
            free = free if elevation > shadow[column, j] else zero
        beam, sky, bright = dni + circumsolar, isotropic, horizon
        if dim is not None:
            whole = circumsolar * cosine + sky * at[j + VIEW] + bright * at[j + SIDE]
            beam = beam if whole > zero else dni
            sky = sky if whole > zero else zero
            bright = bright if whole > zero else zero
        if curve is None:
            # by way of memory, where it takes the block's kind of number
            at[j + THROUGH] = passing(cosine, glass.coating) / glass.upright
            through = at[j + THROUGH]
        else:
            through = _polynomial(cosine, curve)
        direct = beam * free
        diffuse = sky * at[j + SKY] + bright * at[j + HORIZON] + ground * at[j + GROUND]
        behind = (
            sky * at[j + GLASS_SKY] + bright * at[j + GLASS_HORIZON] + ground * at[j + GLASS_GROUND]
        )
        effective = direct * through + behind
        dc = effective * (cold + warming * (direct + diffuse))
        ac = idle + dc * (slope + bend * dc)
        ac = ac if ac > zero else zero
        ac = ac if ac < limit else limit
        if dim is None:
            at[j + IN_PLANE] += beam * cosine
            at[j + SHADED] += direct
        else:
            view = at[j + VIEW]
            even = sky * view + bright * at[j + SIDE] + ground - ground * view
            at[j + IN_PLANE] += beam * cosine + even
            at[j + SHADED] += direct + diffuse
        at[j + EFFECTIVE] += effective
        at[j + DC] += dc
        at[j + AC] += ac


@compiled
def _polynomial(x: Any, curve: Any) -> Any:
    """Take a polynomial of 13 coefficients, lowest power first."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12 = curve
    high = c7 + x * (c8 + x * (c9 + x * (c10 + x * (c11 + x * c12))))
    return c0 + x * (c1 + x * (c2 + x * (c3 + x * (c4 + x * (c5 + x * (c6 + x * high))))))
