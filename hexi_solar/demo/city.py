"""The district put together: every building with what an office would know of it.

Sites are handed out, the new and the coming public institutions chosen among them, and
each building gets its years, floors and papers. What the layers then leave out on
purpose is decided in `tables.py`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely

from hexi_solar.demo.blocks import Plot, city_blocks, place_sites, plots
from hexi_solar.demo.campuses import SITES
from hexi_solar.demo.dice import Dice
from hexi_solar.demo.housing import Part, estate
from hexi_solar.demo.outline import areas, outline, river_side
from hexi_solar.demo.people import title_of
from hexi_solar.demo.shapes import Rings
from hexi_solar.facts import fact, read_facts

PUBLIC = ("primary", "middle", "kindergarten", "university", "hospital", "clinic", "government",
          "culture", "sport")  # fmt: skip
COHORT_START = dt.date.fromisoformat(fact("coverage.start"))
AS_OF = dt.date.fromisoformat(fact("demo.as_of"))
# years in which the new public institutions were completed, in turn
NEW_YEARS = (2022, 2024, 2021, 2023, 2025, 2021, 2023, 2022, 2024, 2026, 2025, 2023)
PENDING = ("building", "approved", "building", "planned", "building", "approved")


@dataclass
class Building:
    """One building, complete: what the layers leave out is left out later."""

    id: str
    rings: Rings
    plot: Plot
    part: Part
    name: str
    owner: str
    address: str
    year: int
    height_m: float
    footprint_m2: float
    floor_area_m2: float
    completed_on: dt.date | None
    approved_on: dt.date | None = None
    expected_on: dt.date | None = None
    status: str = "completed"
    pv_reserved: str = ""
    evidence: str = ""
    reserve_kn_m2: float | None = None

    @property
    def new(self) -> bool:
        """Whether it counts as a new public institution."""
        return self.plot.stage == "new"

    @property
    def polygon(self) -> shapely.Polygon:
        """Footprint in EPSG:4548."""
        return shapely.Polygon(self.rings[0], self.rings[1:])


def build_city(seed: int) -> list[Building]:
    """Generate the district; the same seed gives the same district on any machine."""
    found: list[Plot] = []
    river, edge = river_side(), outline()
    inner = edge.buffer(-30.0, join_style="mitre")
    for area in areas():
        dice = Dice(seed, int(area.code))
        blocks = city_blocks(area, river, inner, dice)
        place_sites(blocks, dice)
        for block in blocks:
            found += plots(block, dice)
    _number(found)
    _choose_cohort(found, Dice(seed, 1))
    counts: dict[str, int] = defaultdict(int)
    buildings: list[Building] = []
    for index, plot in enumerate(found):
        buildings += _buildings(plot, counts, Dice(seed, 2, index))
    return buildings


def _number(found: list[Plot]) -> None:
    """Number the sites of each kind, for their names."""
    counts: dict[str, int] = defaultdict(int)
    for plot in found:
        counts[plot.use] += 1
        plot.serial = counts[plot.use]


def _choose_cohort(found: list[Plot], dice: Dice) -> None:
    """Choose which sites are private, which are new and which are still to come."""
    wanted = read_facts("demo")["cohort"]
    for use in PUBLIC:
        sites = dice.shuffled([plot for plot in found if plot.use == use])
        sites.sort(key=lambda plot: plot.area.built[1] < 2014)  # room to build is in the south
        spread = sites[::2] + sites[1::2]
        private = wanted["private"].get(use, 0)
        for plot in spread[len(spread) - private :]:
            plot.private = True
        new = wanted["completed"].get(use, 0)
        for plot in spread[:new]:
            plot.stage = "new"
        for plot in spread[new : new + wanted["pending"].get(use, 0)]:
            plot.stage = "pending"
    for stage in ("new", "pending"):
        for turn, plot in enumerate(plot for plot in found if plot.stage == stage):
            plot.turn = turn


def _buildings(plot: Plot, counts: dict[str, int], dice: Dice) -> list[Building]:
    """Build one plot."""
    year = _year(plot, dice)
    if plot.use == "housing":
        if min(plot.box.width, plot.box.depth) < 26.0:
            return []
        parts = estate(plot.box, year, dice)
    else:
        parts = SITES[plot.use](plot.box, dice)
    room = plot.bounds.buffer(0.01, join_style="mitre")
    parts = [part for part in parts if room.contains(shapely.Polygon(part.rings[0]))]
    title = title_of(plot, year, dice)
    dates = _Dates(plot, year, dice)
    buildings = []
    for order, part in enumerate(parts, start=1):
        counts[plot.area.code] += 1
        number = f"SF{plot.area.code[-2:]}{counts[plot.area.code]:04d}"
        name = f"{title.name}{order}号楼" if part.role == "住宅楼" else f"{title.name} {part.role}"
        building = _building(number, plot, part, name, title.owner, year, dice)
        dates.settle(building)
        buildings.append(building)
    return buildings


def _building(
    number: str, plot: Plot, part: Part, name: str, owner: str, year: int, dice: Dice
) -> Building:
    """Put one building on the ground."""
    rings = [np.round(plot.frame.to_world(ring), 2) for ring in part.rings]
    footprint = sum(_area(ring) for ring in rings)  # courtyards run clockwise
    height = round(part.floors * part.storey_m + dice.between(0.6, 1.4), 1)
    floor_area = round(footprint * part.floors * dice.between(0.95, 1.0) / 10) * 10.0
    address = f"{plot.area.name}{plot.street}{plot.number}号"
    building = Building(
        number, rings, plot, part, name, owner, address, year, height, footprint, floor_area, None
    )
    _papers(building, dice)
    return building


def _area(ring: np.ndarray) -> float:
    """Return the signed area of a ring by the shoelace formula, in m²."""
    u, v = (ring - ring[0]).T
    return float(np.sum(u * np.roll(v, -1) - v * np.roll(u, -1))) / 2


def _year(plot: Plot, dice: Dice) -> int:
    """Draw the year in which a site was built; old kinds of sites are older."""
    first, last = plot.area.built
    if plot.stage == "new":
        return NEW_YEARS[plot.turn % len(NEW_YEARS)]
    if plot.stage == "pending":
        return AS_OF.year + 1
    if plot.private:  # some new, and yet no new public institution; none from before 1998
        new = COHORT_START.year + plot.serial % 5
        return new if plot.serial % 2 else 1998 + plot.serial % 20
    if plot.use in PUBLIC:
        last = min(last, COHORT_START.year - 1)
    if plot.use in ("office", "mall", "hotel"):
        first, last = max(first, 1988), max(last, 2018)
    share = dice.share()
    if plot.use == "housing" and first < 1980:  # most of an old quarter is old
        share *= share
    return min(int(first + (last + 1 - first) * share), last)


class _Dates:
    """The calendar of one site: its buildings follow each other within months."""

    def __init__(self, plot: Plot, year: int, dice: Dice) -> None:
        self.plot, self.dice = plot, dice
        months = (1, 3, 4, 5) if year >= AS_OF.year else (5, 6, 7, 8, 8, 9, 11, 12)
        self.completed = dt.date(min(year, AS_OF.year), dice.pick(months), dice.whole(1, 28))
        self.approved = self.completed - dt.timedelta(days=dice.whole(620, 1050))
        self.status = PENDING[plot.turn % len(PENDING)]

    def settle(self, building: Building) -> None:
        """Give a building its dates, status and whether its design keeps room for PV."""
        dice = self.dice
        if self.plot.stage == "pending":
            self._settle_pending(building)
            return
        later = dt.timedelta(days=dice.pick((0, 0, 0, 21, 45)))
        last = min(dt.date(self.completed.year, 12, 31), AS_OF - dt.timedelta(days=12))
        on = min(self.completed + later, last)
        building.completed_on = on
        if self.plot.stage == "new":
            building.approved_on = self.approved
            building.pv_reserved = dice.pick(("是", "是", "是", "是", "否", "未知"))

    def _settle_pending(self, building: Building) -> None:
        building.status, building.completed_on = self.status, None
        dice = self.dice
        ahead = {"building": (60, 420), "approved": (430, 800), "planned": (820, 1300)}[self.status]
        behind = {"building": (250, 700), "approved": (10, 240), "planned": (0, 0)}[self.status]
        if self.status != "planned":
            building.approved_on = AS_OF - dt.timedelta(days=dice.whole(*behind))
        if dice.chance(0.9):
            building.expected_on = AS_OF + dt.timedelta(days=dice.whole(*ahead))
        building.pv_reserved = dice.pick(("是", "是", "是", "否", "未知"))


def _papers(building: Building, dice: Dice) -> None:
    """Say what is known of the roof's strength; for most roofs nothing."""
    plot = building.plot
    if plot.use == "housing":
        building.evidence = "按年代与类型推断" if dice.chance(0.06) else ""
        return
    words = ("结构鉴定", "设计图纸", "按年代与类型推断", "无依据", "")
    limits = (0.08, 0.74, 0.80, 0.95) if plot.stage != "standing" else (0.08, 0.24, 0.52, 0.85)
    draw = dice.share()
    building.evidence = words[sum(draw >= limit for limit in limits)]
    if building.evidence in ("结构鉴定", "设计图纸"):
        draw = dice.share()
        light = building.part.roof in ("metal", "curved")
        if draw < 0.1:
            building.reserve_kn_m2 = round(dice.between(0.05, 0.14 if light else 0.22), 2)
        elif draw < 0.92:
            building.reserve_kn_m2 = round(
                dice.between(0.2 if light else 0.3, 0.5 if light else 1.5), 2
            )
