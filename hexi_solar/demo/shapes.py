"""Outlines of buildings, each a list of rings in grid axes: the wall, then its courtyards.

All are drawn anticlockwise from the south-west corner; `mirror` turns one round.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]
Rings = list[Ring]


def _ring(*points: tuple[float, float]) -> Ring:
    return np.array(points, dtype=float)


def rectangle(u: float, v: float, width: float, depth: float) -> Rings:
    """Return a plain box."""
    return [_ring((u, v), (u + width, v), (u + width, v + depth), (u, v + depth))]


def stepped(u: float, v: float, width: float, depth: float, step: float, units: int) -> Rings:
    """Return a slab whose units (flats round one stair) step back one after the other."""
    length = width / units
    front = [(u, v)]
    back = [(u, v + depth)]
    for unit in range(1, units):
        at, before, now = u + unit * length, (unit - 1) % 2 * step, unit % 2 * step
        front += [(at, v + before), (at, v + now)]
        back += [(at, v + depth + before), (at, v + depth + now)]
    last = (units - 1) % 2 * step
    front.append((u + width, v + last))
    back.append((u + width, v + depth + last))
    return [_ring(*front, *reversed(back))]


def l_shape(u: float, v: float, width: float, depth: float, wing: float, arm: float) -> Rings:
    """Return a wing along the south and an arm along the west."""
    return [
        _ring(
            (u, v), (u + width, v), (u + width, v + wing), (u + arm, v + wing),
            (u + arm, v + depth), (u, v + depth),
        )
    ]  # fmt: skip


def u_shape(u: float, v: float, width: float, depth: float, wing: float, arm: float) -> Rings:
    """Return a wing along the north and an arm on either side, open to the south."""
    return [
        _ring(
            (u, v), (u + arm, v), (u + arm, v + depth - wing),
            (u + width - arm, v + depth - wing), (u + width - arm, v), (u + width, v),
            (u + width, v + depth), (u, v + depth),
        )
    ]  # fmt: skip


def o_shape(u: float, v: float, width: float, depth: float, wing: float, arm: float) -> Rings:
    """Return four wings round a courtyard."""
    court = rectangle(u + arm, v + wing, width - 2 * arm, depth - 2 * wing)[0]
    return [rectangle(u, v, width, depth)[0], court[::-1]]


def comb(
    u: float, v: float, width: float, depth: float, wing: float, arm: float, teeth: int
) -> Rings:
    """Return parallel wings that run east, joined by an arm along the west."""
    gap = (depth - teeth * wing) / (teeth - 1)
    points = [(u, v)]
    for tooth in range(teeth):
        south = v + tooth * (wing + gap)
        if tooth:
            points.append((u + arm, south))
        points += [(u + width, south), (u + width, south + wing)]
        if tooth < teeth - 1:
            points.append((u + arm, south + wing))
    points.append((u, v + depth))
    return [_ring(*points)]


def h_shape(u: float, v: float, width: float, depth: float, wing: float, bar: float) -> Rings:
    """Return two parallel wings that run east with a bar between them."""
    west, east = u + (width - bar) / 2, u + (width + bar) / 2
    low, high = v + wing, v + depth - wing
    return [
        _ring(
            (u, v), (u + width, v), (u + width, low), (east, low), (east, high),
            (u + width, high), (u + width, v + depth), (u, v + depth), (u, high),
            (west, high), (west, low), (u, low),
        )
    ]  # fmt: skip


def cross(u: float, v: float, width: float, depth: float, cut: float) -> Rings:
    """Return a tower with its four corners cut out."""
    a, b, c, d = u + cut, u + width - cut, v + cut, v + depth - cut
    east, north = u + width, v + depth
    return [
        _ring(
            (a, v), (b, v), (b, c), (east, c), (east, d), (b, d),
            (b, north), (a, north), (a, d), (u, d), (u, c), (a, c),
        )
    ]  # fmt: skip


def butterfly(u: float, v: float, width: float, depth: float, cut: float) -> Rings:
    """Return a tower with light wells in the middle of its south and north sides."""
    a, b = u + width * 0.38, u + width * 0.62
    north = v + depth
    return [
        _ring(
            (u, v), (a, v), (a, v + cut), (b, v + cut), (b, v), (u + width, v),
            (u + width, north), (b, north), (b, north - cut), (a, north - cut), (a, north),
            (u, north),
        )
    ]  # fmt: skip


def bevelled(u: float, v: float, width: float, depth: float, bevel: float) -> Rings:
    """Return a box whose south-east corner, at the crossing, is cut off."""
    return [
        _ring(
            (u, v), (u + width - bevel, v), (u + width, v + bevel),
            (u + width, v + depth), (u, v + depth),
        )
    ]  # fmt: skip


def oval(u: float, v: float, width: float, depth: float, corners: int = 36) -> Rings:
    """Return an ellipse inside a box."""
    turn = [2 * math.pi * k / corners for k in range(corners)]
    points = [(u + width / 2 * (1 + math.cos(t)), v + depth / 2 * (1 + math.sin(t))) for t in turn]
    return [_ring(*points)]


def oval_ring(u: float, v: float, width: float, depth: float, wide: float) -> Rings:
    """Return the stands round a field."""
    inner = oval(u + wide, v + wide, width - 2 * wide, depth - 2 * wide)[0]
    return [oval(u, v, width, depth)[0], inner[::-1]]


def bow(u: float, v: float, width: float, depth: float, rise: float, corners: int = 13) -> Rings:
    """Return a box whose south side swings out in an arc."""
    steps = np.linspace(0.0, 1.0, corners)
    points = [(u + width * s, v + rise * (2 * s - 1) ** 2) for s in steps.tolist()]
    return [_ring(*points, (u + width, v + depth), (u, v + depth))]


def mirror(rings: Rings, *, u: float | None = None, v: float | None = None) -> Rings:
    """Mirror a shape at the line u or v, its rings kept anticlockwise."""
    for axis, line in ((0, u), (1, v)):
        if line is not None:
            rings = [_mirrored(ring, axis, line) for ring in rings]
    return rings


def _mirrored(ring: Ring, axis: int, line: float) -> Ring:
    turned = ring[::-1].copy()
    turned[:, axis] = 2 * line - turned[:, axis]
    return turned
