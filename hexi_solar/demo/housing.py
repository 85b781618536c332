"""Housing estates: rows of slabs that face south, and towers, by the habits of their time.

Walk-ups of five or six floors until 2000, eleven and eighteen floors after it, towers of
some thirty floors in the last ten years; shops of one or two floors along the street.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hexi_solar.demo.blocks import Box
from hexi_solar.demo.dice import Dice
from hexi_solar.demo.shapes import Rings, butterfly, cross, mirror, rectangle, stepped


@dataclass
class Part:
    """One building of a plot, in grid axes."""

    rings: Rings
    role: str
    use: str
    floors: int
    storey_m: float
    roof: str = "flat"


@dataclass(frozen=True)
class Habit:
    """How a time built: floors, and the measures of slabs and their rows, in metres."""

    floors: tuple[int, ...]
    depth: tuple[float, float]
    length: tuple[float, float]
    pitch: tuple[float, float]
    gap: float
    roof: str = "flat"


WALK_UP_OLD = Habit((4, 5, 5), (10.0, 11.5), (50.0, 68.0), (23.0, 28.0), 12.0)
WALK_UP = Habit((6, 6, 6, 7), (11.0, 12.5), (52.0, 72.0), (28.0, 33.0), 12.0)
LOW_RISE = Habit((4, 4, 5), (12.0, 13.5), (40.0, 58.0), (28.0, 33.0), 14.0, "tile")
ELEVEN = Habit((11, 11, 9), (12.5, 14.0), (46.0, 64.0), (42.0, 50.0), 18.0)
EIGHTEEN = Habit((18, 18, 17), (14.0, 15.5), (34.0, 50.0), (56.0, 66.0), 22.0)
TOWER = Habit((24, 26, 30, 33), (20.0, 25.0), (28.0, 36.0), (62.0, 72.0), 30.0)


def habit_of(year: int, dice: Dice) -> Habit:
    """Choose how an estate of a year was built."""
    if year < 1978:
        return WALK_UP_OLD
    if year < 2000:
        return WALK_UP
    if year < 2009:
        return dice.pick((WALK_UP, LOW_RISE, ELEVEN, ELEVEN))
    if year < 2016:
        return dice.pick((LOW_RISE, ELEVEN, EIGHTEEN, EIGHTEEN, TOWER))
    return dice.pick((ELEVEN, EIGHTEEN, TOWER, TOWER))


def estate(box: Box, year: int, dice: Dice) -> list[Part]:
    """Fill a plot with an estate of one year."""
    habit = habit_of(year, dice)
    parts: list[Part] = []
    if box.width > 110.0 and box.depth > 90.0 and dice.chance(0.65):
        shops, box = _shops(box, dice)
        parts += shops
    if habit.floors[0] < 12 and box.width > 120.0 and box.depth > 110.0 and dice.chance(0.4):
        pieces, box = _services(box, dice)
        parts += pieces
    return parts + (_towers(box, habit, dice) if habit is TOWER else _rows(box, habit, dice))


def _rows(box: Box, habit: Habit, dice: Dice) -> list[Part]:
    """Set slabs in rows, one column behind the other."""
    depth, wanted = dice.between(*habit.depth), dice.between(*habit.length)
    if box.depth < depth + 2.0 or box.width < 20.0:
        return []
    columns = max(1, round((box.width + habit.gap) / (wanted + habit.gap)))
    length = min((box.width - (columns - 1) * habit.gap) / columns, habit.length[1] * 1.15)
    spare = (box.width - columns * length) / max(columns - 1, 1) if columns > 1 else 0.0
    rows = max(1, int((box.depth - depth - 2.0) / dice.between(*habit.pitch)) + 1)
    pitch = (box.depth - depth - 2.0) / (rows - 1) if rows > 1 else 0.0
    form = dice.pick(("plain", "plain", "stepped", "stepped", "notched"))
    units = max(2, round(length / dice.between(13.0, 19.0)))
    parts = []
    for row in range(rows):
        floors = dice.pick(habit.floors)
        for column in range(columns):
            u, v = box.u0 + column * (length + spare), box.v0 + row * pitch
            if dice.chance(0.04):  # a gap: a square, a shed too small to show
                continue
            rings = _slab(form, u, v, length, depth, units)
            parts.append(
                Part(rings, "住宅楼", "住宅", floors, 2.8 if floors < 8 else 2.9, habit.roof)
            )
    return parts


def _slab(form: str, u: float, v: float, length: float, depth: float, units: int) -> Rings:
    """Draw one slab."""
    if form == "stepped":
        return stepped(u, v, length, depth, 1.5, units)
    if form == "notched" and depth > 11.5:
        return butterfly(u, v, length, depth, 1.8)
    return rectangle(u, v, length, depth)


def _towers(box: Box, habit: Habit, dice: Dice) -> list[Part]:
    """Set towers in rows, every second row shifted by half a step."""
    width, depth = dice.between(*habit.length), dice.between(*habit.depth)
    if box.width < width or box.depth < depth:
        return []
    step, pitch = width + dice.between(26.0, 36.0), dice.between(*habit.pitch)
    rows = max(1, int((box.depth - depth) / pitch) + 1)
    pitch = (box.depth - depth) / (rows - 1) if rows > 1 else 0.0
    draw = dice.pick((cross, butterfly))
    cut = 5.0 if draw is cross else 4.0
    parts = []
    for row in range(rows):
        shift = step / 2 if row % 2 else 0.0
        columns = math.floor((box.width - shift - width) / step) + 1
        for column in range(columns):
            rings = draw(box.u0 + shift + column * step, box.v0 + row * pitch, width, depth, cut)
            parts.append(Part(rings, "住宅楼", "住宅", dice.pick(habit.floors), 2.95))
    return parts


def _shops(box: Box, dice: Dice) -> tuple[list[Part], Box]:
    """Line the west or the east street with shops and give back what is left."""
    wide, floors = dice.between(9.0, 13.0), dice.pick((1, 2, 2))
    count = max(1, round(box.depth / 75.0))
    length = (box.depth - 8.0 * (count - 1)) / count
    west = dice.chance(0.5)
    u = box.u0 if west else box.u1 - wide
    parts = []
    for place in range(count):
        rings = rectangle(u, box.v0 + place * (length + 8.0), wide, length)
        parts.append(
            Part(rings, "沿街商业", dice.pick(("商业服务", "底商", "社区商业")), floors, 4.2)
        )
    left, right = (wide + 11.0, 0.0) if west else (0.0, wide + 11.0)
    return parts, Box(box.u0 + left, box.v0, box.u1 - right, box.v1)


def _services(box: Box, dice: Dice) -> tuple[list[Part], Box]:
    """Put a heat station and a residents' house at the north side."""
    v = box.v1 - 13.0
    at = dice.between(0.1, 0.5) * box.width
    house = rectangle(box.u0 + at, v, dice.between(24.0, 34.0), 13.0)
    station = rectangle(box.u0 + at + 44.0, v + 1.0, dice.between(12.0, 16.0), 10.0)
    parts = [
        Part(house, "社区服务用房", "配套公建", 2, 3.6),
        Part(station, "换热站", "市政设施", 1, 4.5),
    ]
    if dice.chance(0.5):
        parts[0].rings = mirror(house, u=(box.u0 + box.u1) / 2)
        parts[1].rings = mirror(station, u=(box.u0 + box.u1) / 2)
    return parts, Box(box.u0, box.v0, box.u1, v - 10.0)
