"""Streets, the blocks between them, and the plots that blocks are cut into.

Every subdistrict has a street grid of its own, turned a little against its neighbours';
avenues run where subdistricts meet and a green bank along the river. A plot is a
rectangle in the grid's own axes: u along the streets that run more or less east, v to
the left of it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

from hexi_solar.demo.dice import Dice
from hexi_solar.demo.outline import Area, largest

AVENUE_HALF_M = 26.0
RIVER_BANK_M = 90.0
STREETS_M = (15.0, 18.0, 20.0, 26.0, 40.0)
PAVEMENT_M = 7.0
LANE_M = 12.0
SMALLEST_BLOCK_M2 = 3500.0

# length along the street and depth that a site wants [m]
SITE_SIZES = {
    "primary": (125.0, 150.0),
    "middle": (150.0, 180.0),
    "kindergarten": (64.0, 66.0),
    "university": (250.0, 250.0),
    "hospital": (165.0, 170.0),
    "clinic": (52.0, 50.0),
    "government": (92.0, 84.0),
    "office": (84.0, 78.0),
    "mall": (120.0, 110.0),
    "hotel": (72.0, 62.0),
    "culture": (120.0, 110.0),
    "sport": (150.0, 130.0),
    "transport": (140.0, 120.0),
    "industrial": (250.0, 250.0),
    "park": (250.0, 250.0),
}
WHOLE_BLOCK = ("university", "industrial", "park")


@dataclass(frozen=True)
class Frame:
    """Axes of one street grid: turned about the subdistrict's seat."""

    x: float
    y: float
    cos: float
    sin: float

    @classmethod
    def of(cls, area: Area) -> Frame:
        """Turn by a fraction of whole numbers, so that no machine rounds it differently."""
        half = round(math.tan(math.radians(area.turn) / 2), 4)
        norm = 1 + half * half
        return cls(*area.seat, (1 - half * half) / norm, 2 * half / norm)

    def to_world(self, uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn grid axes into EPSG:4548, both in metres."""
        u, v = uv[:, 0], uv[:, 1]
        return np.column_stack(
            (self.x + u * self.cos - v * self.sin, self.y + u * self.sin + v * self.cos)
        )

    def to_grid(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn EPSG:4548 into grid axes, both in metres."""
        x, y = xy[:, 0] - self.x, xy[:, 1] - self.y
        return np.column_stack((x * self.cos + y * self.sin, y * self.cos - x * self.sin))


@dataclass(frozen=True)
class Box:
    """A rectangle in grid axes, in metres."""

    u0: float
    v0: float
    u1: float
    v1: float

    @property
    def width(self) -> float:
        """Length along u, in metres."""
        return self.u1 - self.u0

    @property
    def depth(self) -> float:
        """Length along v, in metres."""
        return self.v1 - self.v0

    def inside(self, margin: float) -> Box:
        """Leave a margin on all sides."""
        return Box(self.u0 + margin, self.v0 + margin, self.u1 - margin, self.v1 - margin)

    def polygon(self) -> Polygon:
        """Return it as a shape."""
        return shapely.box(self.u0, self.v0, self.u1, self.v1)


@dataclass
class Plot:
    """A piece of a block with one use; buildings stay inside `bounds`."""

    area: Area
    frame: Frame
    box: Box
    bounds: Polygon
    use: str
    street: str
    number: int
    whole: bool
    stage: str = "standing"
    turn: int = 0
    private: bool = False
    serial: int = 0


@dataclass
class Block:
    """What lies between four streets, less what the avenues and the river take of it."""

    area: Area
    frame: Frame
    box: Box
    shape: Polygon
    row: int
    column: int
    sites: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is cut off."""
        return self.shape.area > 0.985 * self.box.width * self.box.depth


def city_blocks(area: Area, river: LineString, outline: Polygon, dice: Dice) -> list[Block]:
    """Lay the street grid over one subdistrict and return its blocks."""
    frame = Frame.of(area)
    bank = river.buffer(RIVER_BANK_M, quad_segs=4)
    ground = area.shape.buffer(-AVENUE_HALF_M, join_style="mitre").difference(bank)
    ground = shapely.transform(largest(ground.intersection(outline)), frame.to_grid)
    west, south, east, north = ground.bounds
    columns = _spans(west, east, area.block, dice)
    rows = _spans(south, north, area.block, dice)
    shapely.prepare(ground)
    blocks = []
    for row, (v0, v1) in enumerate(rows):
        for column, (u0, u1) in enumerate(columns):
            box = Box(u0, v0, u1, v1)
            if not ground.intersects(box.polygon()):
                continue
            shape = ground.intersection(box.polygon())
            if shape.area >= SMALLEST_BLOCK_M2:
                blocks.append(Block(area, frame, box, largest(shape), row, column))
    return blocks


def _spans(
    start: float, end: float, length: tuple[float, float], dice: Dice
) -> list[tuple[float, float]]:
    """Cut a line into blocks, with streets of several widths between them."""
    spans = []
    at = start - dice.between(0.0, 0.4) * length[0]
    while at < end:
        step = dice.between(*length)
        spans.append((round(at, 2), round(at + step, 2)))
        at += step + dice.pick(STREETS_M)
    return spans


def place_sites(blocks: list[Block], dice: Dice) -> None:
    """Give the sites of one subdistrict to its blocks: the large ones a block each."""
    if not blocks:
        return
    wanted = Counter(blocks[0].area.sites)
    free = dice.shuffled([b for b in blocks if b.whole])
    for use in WHOLE_BLOCK:
        free.sort(key=lambda b: -min(b.box.width, b.box.depth))
        count = wanted.pop(use, 0)
        if use == "industrial":  # works stand together, away from the river, in the south
            free.sort(key=lambda b: b.frame.to_world(np.array([[b.box.u0, b.box.v0]]))[0, 1])
        for _ in range(min(count, len(free))):
            free.pop(0 if use != "park" else len(free) // 2).sites.append(use)
    free = dice.shuffled(free)
    rest = [use for use in SITE_SIZES for _ in range(wanted.pop(use, 0))]
    for turn, use in enumerate(rest):
        room = [b for b in free[turn % len(free) :] + free if _fits(b, use)]
        if room:
            room[0].sites.append(use)


def _fits(block: Block, use: str) -> bool:
    """Tell whether a site still finds room along the street of a block."""
    if len(block.sites) >= 3 or use in block.sites:
        return False
    taken = sum(SITE_SIZES[s][0] + LANE_M for s in block.sites)
    width, depth = SITE_SIZES[use]
    room = block.box.inside(PAVEMENT_M)
    return width <= room.width - taken and depth <= room.depth + 0.01


def plots(block: Block, dice: Dice) -> list[Plot]:
    """Cut a block into the plots of its sites, and leave the rest to housing."""
    room = block.box.inside(PAVEMENT_M)
    bounds = largest(block.shape.buffer(-PAVEMENT_M, join_style="mitre"))
    shapely.prepare(bounds)
    pieces: list[tuple[str, Box]] = []
    if block.sites and block.sites[0] in WHOLE_BLOCK:
        pieces.append((block.sites[0], room))
    else:
        at = room.u0
        for use in block.sites:
            width, depth = SITE_SIZES[use]
            depth = depth if room.depth - depth >= 50.0 else room.depth
            pieces.append((use, Box(at, room.v0, at + width, room.v0 + depth)))
            if room.depth - depth >= 50.0:
                pieces.append(("housing", Box(at, room.v0 + depth + LANE_M, at + width, room.v1)))
            at += width + LANE_M
        if room.u1 - at >= 40.0:
            pieces.append(("housing", Box(at, room.v0, room.u1, room.v1)))
    flip = dice.chance(0.5)
    street = f"示范{chinese(block.row + 1)}{'道' if block.row % 2 else '路'}"
    number = 2 * block.column + 1
    found = []
    for place, (use, box) in enumerate(pieces):
        if flip:
            box = Box(room.u0 + room.u1 - box.u1, box.v0, room.u0 + room.u1 - box.u0, box.v1)
        numbered = 10 * number + 2 * place
        plot = Plot(block.area, block.frame, box, bounds, use, street, numbered, block.whole)
        found.append(plot)
    return found


def chinese(number: int) -> str:
    """
    Write a whole number from 1 to 99 in Chinese.

    Examples
    --------
    >>> chinese(3), chinese(12), chinese(40), chinese(57)
    ('三', '十二', '四十', '五十七')
    """
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{digits[tens]}十")
    return head + (digits[ones] if ones or not tens else "")
