"""What coated glass lets through: of a beam by its angle, of diffuse light as a whole.

The formulas are those of `pvlib.iam.physical` and `pvlib.iam.marion_diffuse`, written in the
cosine of the angle of incidence so that thousands of planes can go through them at once. A
polynomial stands in for the first where speed counts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pvlib

from hexi_solar.yields.compiled import compiled
from hexi_solar.yields.sky import Floats

GLASS = 1.526  # refractive index; with the next, pvlib.iam.physical's defaults
ABSORPTION = 4.0 * 0.002  # extinction [1/m] times thickness [m]
DEGREE = 13  # of the polynomial: 1e-7 of the light of a beam
FINE = 0.05  # between tilts whose diffuse factors are worked out, where many are asked for [°]
FEW = 1500  # tilts that are worked out one by one
CELLS = {"sky": 180, "horizon": 1800, "ground": 180}  # pvlib's cells over half a circle


class Glass(NamedTuple):
    """A cover: index of its coating, and what passes at right angles. [-]"""

    coating: float
    upright: float


@lru_cache(8)
def glass_of(coating: float) -> Glass:
    """
    Describe a cover by the refractive index of its coating.

    Parameters
    ----------
    coating
        Refractive index; 1, that of air, or that of glass for none. [-]
    """
    index = GLASS if np.isclose(coating, 1.0) else coating
    return Glass(index, passing(1.0, index))


@compiled
def passing(cosine: float, coating: float) -> float:
    r"""
    Calculate what passes coating and glass, of light that comes under an angle.

    Parameters
    ----------
    cosine
        Of the angle of incidence, 0 to 1. [-]
    coating
        Refractive index. [-]

    Notes
    -----
    Snell's and Fresnel's laws at both faces of the coating, endless reflections between
    them, then absorption in the glass [1]_. The exponential of absorption is written
    relative to light at right angles, where its exponent is below 0.003, as a series.

    References
    ----------
    .. [1] W. De Soto, S. Klein and W. Beckman, "Improvement and validation of a model for
       photovoltaic array performance," Solar Energy 80, 78-88, 2006.
    """
    sine2 = 1.0 - cosine * cosine
    inside = np.sqrt(1.0 - sine2 / (coating * coating))
    glass = np.sqrt(1.0 - sine2 / (GLASS * GLASS))
    outer_s = ((cosine - coating * inside) / (cosine + coating * inside)) ** 2
    outer_p = ((inside - coating * cosine) / (inside + coating * cosine)) ** 2
    inner_s = ((coating * inside - GLASS * glass) / (coating * inside + GLASS * glass)) ** 2
    inner_p = ((coating * glass - GLASS * inside) / (coating * glass + GLASS * inside)) ** 2
    through_s = (1.0 - outer_s) * (1.0 - inner_s) / (1.0 - inner_s * outer_s)
    through_p = (1.0 - outer_p) * (1.0 - inner_p) / (1.0 - inner_p * outer_p)
    x = -ABSORPTION * (1.0 / glass - 1.0)
    absorbed = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0))))
    through: float = 0.5 * (through_s + through_p) * absorbed
    return through


@lru_cache(8)
def beam_polynomial(coating: float) -> tuple[float, ...]:
    """
    Fit a polynomial to what the glass lets through, relative to light at right angles.

    Returns
    -------
    coefficients
        Of the powers 0, 1, 2... of the cosine of the angle of incidence. [-]

    Examples
    --------
    At right angles all passes:

    >>> round(sum(beam_polynomial(1.29)), 6)
    1.0
    """
    cosine = 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, 4001)))[1:]
    angle = np.degrees(np.arccos(cosine))
    # a beam counts by its cosine, so errors near grazing count little
    light = pvlib.iam.physical(angle, n_ar=coating) * cosine
    basis = np.polynomial.chebyshev.chebvander(2.0 * cosine - 1.0, DEGREE - 1)
    weights = np.linalg.lstsq(basis * cosine[:, None], light, rcond=None)[0]
    series = np.polynomial.Chebyshev(weights, domain=[0.0, 1.0])
    return tuple(float(v) for v in series.convert(kind=np.polynomial.Polynomial).coef)


def diffuse_factors(tilt: Floats, coating: float, *, exact: bool = False) -> Floats:
    """
    Calculate what the glass lets through of light from the sky, the horizon and the ground.

    Parameters
    ----------
    tilt
        Of planes. [°]
    coating
        Refractive index. [-]
    exact
        Work out each tilt, however many there are; otherwise many are read off between
        neighbours 0.05° apart.

    Returns
    -------
    factors
        Three columns, one row per plane; 0 where nothing is seen. [-]

    Notes
    -----
    Marion's sums over cells of the sky, with pvlib's cells [1]_.

    References
    ----------
    .. [1] B. Marion, "Numerical method for angle-of-incidence correction factors for
       diffuse radiation incident photovoltaic modules," Solar Energy 147, 344-348, 2017.
    """
    values, inverse = np.unique(tilt, return_inverse=True)
    if exact or len(values) <= FEW:
        known = np.array([_factors_of(float(v), coating) for v in values]).reshape(-1, 3)
        return np.asarray(known[inverse.reshape(-1)])
    grid, factors = _factor_table(coating)
    return np.column_stack([np.interp(tilt, grid, factors[:, k]) for k in range(3)])


@lru_cache(4)
def _factor_table(coating: float) -> tuple[Floats, Floats]:
    """Work out the diffuse factors of tilts close to each other."""
    grid = np.linspace(0.0, 90.0, round(90.0 / FINE) + 1)
    return grid, np.array([_factors_of(float(v), coating) for v in grid])


@lru_cache(100_000)
def _factors_of(tilt: float, coating: float) -> tuple[float, float, float]:
    """Calculate the diffuse factors of one tilt: sky, horizon, ground."""
    glass = glass_of(coating)
    sky, horizon, ground = (
        _mean_passing(*_cells(region), np.radians(tilt), glass.coating) / glass.upright
        for region in CELLS
    )
    return sky, horizon, ground


@lru_cache(3)
def _cells(region: str) -> tuple[Floats, Floats]:
    """Lay out rings of sky: cosine and sine of their zenith and their height, and directions."""
    count = CELLS[region]
    width = np.pi / count
    start = np.linspace(0.0, np.pi, count, endpoint=False)
    if region == "sky":
        start = start[start + width <= np.pi / 2]
    elif region == "horizon":
        start = start[(start >= 89.5 * np.pi / 180) & (start + width <= np.pi / 2)]
    else:
        start = start[start >= np.pi / 2]
    middle = start + 0.5 * width
    rings = np.column_stack([np.cos(middle), np.sin(middle), np.cos(start) - np.cos(start + width)])
    # the two halves of the sky mirror each other
    around = np.cos((np.arange(count) + 0.5) * width)
    return rings, around


@compiled
def _mean_passing(rings: Floats, around: Floats, tilt: float, coating: float) -> float:
    """Average what passes over the cells that a plane sees, by the light each sends it."""
    level, upright = np.cos(tilt), np.sin(tilt)
    through, sent = 0.0, 0.0
    for i in range(rings.shape[0]):
        for k in range(around.shape[0]):
            cosine = level * rings[i, 0] + upright * rings[i, 1] * around[k]
            cosine = min(cosine, 1.0) if cosine > 0.0 else 0.0
            through += rings[i, 2] * cosine * passing(cosine, coating)
            sent += rings[i, 2] * cosine
    return through / sent if sent > 0.0 else 0.0
