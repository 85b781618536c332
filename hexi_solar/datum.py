r"""The shifted coordinates of Chinese web maps, and the way back.

GCJ-02 (Gaode, Tencent) moves every point in China by some hundred metres along a smooth
field of sines; BD-09 (Baidu) moves it once more. Both are published as forward formulas
only; the way back is found by asking which point moves here: start at the shifted point,
subtract the shift found there, and repeat. The field is so smooth that every round makes
the error a thousand times smaller.

No file says that it is shifted: `datum` in the plan does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Degrees = NDArray[np.float64]

# ellipsoid that the shift is reckoned on (Krassovsky 1940), as the formula was published
_AXIS = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
# the field is laid around this point
_ORIGIN = (105.0, 35.0)
# where the web maps shift at all; outside, coordinates stay as they are
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
# terms a * sin(pi * x / b) that both components share in their own argument
_X_TERMS = ((20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
_Y_TERMS = ((20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
# Baidu's second shift: a rotation by a wobble, and a constant step
_BAIDU_WAVE = np.pi * 3000.0 / 180.0
_BAIDU_STEP = (0.0065, 0.006)
_ROUNDS = 12


def in_china(longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
    """Say where the web maps shift: a generous rectangle around China."""
    x, y = np.asarray(longitude, float), np.asarray(latitude, float)
    west, south, east, north = CHINA
    inside: NDArray[np.bool_] = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return inside


def gcj02_from_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
    """
    Shift true coordinates as Gaode and Tencent show them.

    Parameters
    ----------
    longitude, latitude
        WGS84 or CGCS2000. [°]

    Returns
    -------
    longitude, latitude
        GCJ-02; unchanged outside China. [°]

    Examples
    --------
    The centre of Hexi moves 543 m east and 109 m north:

    >>> x, y = gcj02_from_wgs84(117.22, 39.08)
    >>> round((float(x) - 117.22) * 86_500), round((float(y) - 39.08) * 111_000)
    (543, 109)
    """
    x, y = _pair(longitude, latitude)
    east, north = _shift(x, y)
    return x + east, y + north


def _shift(x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
    """Calculate the shift of GCJ-02 at true coordinates, 0 outside China, in degrees."""
    u, v = x - _ORIGIN[0], y - _ORIGIN[1]
    root = np.sqrt(np.abs(u))
    ripple = 20.0 * np.sin(6.0 * np.pi * u) + 20.0 * np.sin(2.0 * np.pi * u)
    east = 300.0 + u + 2.0 * v + 0.1 * u * u + 0.1 * u * v + 0.1 * root
    east = east + (ripple + _waves(u, _X_TERMS)) * 2.0 / 3.0
    north = -100.0 + 2.0 * u + 3.0 * v + 0.2 * v * v + 0.1 * u * v + 0.2 * root
    north = north + (ripple + _waves(v, _Y_TERMS)) * 2.0 / 3.0
    # metres on the ellipsoid to degrees
    sine = np.sin(np.deg2rad(y))
    w2 = 1.0 - _ECCENTRICITY2 * sine * sine
    meridian = _AXIS * (1.0 - _ECCENTRICITY2) / (w2 * np.sqrt(w2))
    parallel = _AXIS / np.sqrt(w2) * np.cos(np.deg2rad(y))
    shifted = in_china(x, y)
    return (
        np.where(shifted, np.rad2deg(east / parallel), 0.0),
        np.where(shifted, np.rad2deg(north / meridian), 0.0),
    )


def _waves(t: Degrees, terms: tuple[tuple[float, float], ...]) -> Degrees:
    """Add up the slow sines of one component."""
    total = np.zeros_like(t)
    for height, stretch in terms:
        total += height * np.sin(np.pi * t / stretch)
    return total


def wgs84_from_gcj02(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
    """
    Undo the shift of GCJ-02, to far below a millimetre.

    Parameters
    ----------
    longitude, latitude
        GCJ-02. [°]

    Returns
    -------
    longitude, latitude
        WGS84. [°]
    """
    x, y = _pair(longitude, latitude)
    east, north = _shift(x, y)
    for _ in range(_ROUNDS):
        east, north = _shift(x - east, y - north)
    return x - east, y - north


def bd09_from_gcj02(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
    """Shift GCJ-02 as Baidu shows it, in degrees."""
    x, y = _pair(longitude, latitude)
    radius = np.hypot(x, y) + 2e-5 * np.sin(y * _BAIDU_WAVE)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * _BAIDU_WAVE)
    shifted = in_china(x, y)
    return (
        np.where(shifted, radius * np.cos(angle) + _BAIDU_STEP[0], x),
        np.where(shifted, radius * np.sin(angle) + _BAIDU_STEP[1], y),
    )


def gcj02_from_bd09(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
    """Undo Baidu's second shift, in degrees."""
    x, y = _pair(longitude, latitude)
    u, v = x - _BAIDU_STEP[0], y - _BAIDU_STEP[1]
    u, v = np.where(in_china(x, y), u, x), np.where(in_china(x, y), v, y)
    for _ in range(_ROUNDS):
        shown_x, shown_y = bd09_from_gcj02(u, v)
        u, v = u + (x - shown_x), v + (y - shown_y)
    return u, v


def bd09_from_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
    """Shift true coordinates as Baidu shows them, in degrees."""
    return bd09_from_gcj02(*gcj02_from_wgs84(longitude, latitude))


def wgs84_from_bd09(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
    """Undo both of Baidu's shifts, in degrees."""
    return wgs84_from_gcj02(*gcj02_from_bd09(longitude, latitude))


TO_WGS84 = {"gcj02": wgs84_from_gcj02, "bd09": wgs84_from_bd09}
FROM_WGS84 = {"gcj02": gcj02_from_wgs84, "bd09": bd09_from_wgs84}


def _pair(longitude: Any, latitude: Any) -> tuple[Degrees, Degrees]:
    return np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
