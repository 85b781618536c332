"""The register of PV projects (建档立卡) of the demonstration district, event by event.

Some projects stand on new public institutions, built with the house or after it; others
on roofs that were there before. Module areas are cut to what fits behind a margin on
the roof, so that no rate comes out above what the roof could carry.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from hexi_solar.demo.city import AS_OF, Building
from hexi_solar.demo.dice import Dice
from hexi_solar.demo.people import FIRMS
from hexi_solar.facts import fact

COLUMNS = (
    "事件编号", "项目编号", "建筑编号", "阶段", "发生日期", "登记时间", "登记人", "事由",
    "容量", "组件数", "组件面积", "阵列面积", "组件倾角", "消纳模式", "合同方式",
    "投资方", "运营方", "安装方",
)  # fmt: skip
SMALLEST_ROOF_M2 = 700.0
EXISTING = 36
# of several streams of chance, one under which the rate rises year by year
NEW_STREAM = 49
# power of one module by the year it was bought [W], from 2021; same size throughout
MODULE_W = fact("demo.module_power_w")
OWNER_OF_SHARE = {
    "primary": "school", "middle": "school", "kindergarten": "school", "clinic": "hospital",
}  # fmt: skip


@dataclass
class Project:
    """One PV system and the days of its stages."""

    number: str
    building: Building
    days: list[tuple[str, dt.date]]
    modules: int
    power_w: int
    tilt: float
    array_ratio: float
    firms: tuple[str, str, str]
    mode: str
    contract: str
    silent: bool = False
    correction: tuple[dt.date, str] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)


def register(buildings: list[Building], seed: int) -> list[dict[str, Any]]:
    """
    Write the events of all projects in the order in which they were recorded.

    Parameters
    ----------
    buildings
        The whole district.
    seed
        The district's seed.

    Returns
    -------
    events
        One per stage that was reached by the day that counts as today.
    """
    events = [event for p in pv_projects(buildings, seed) for event in _events(p, seed)]
    events.sort(key=lambda event: (event["登记时间"], event["项目编号"], event["发生日期"]))
    for number, event in enumerate(events, start=1):
        event["事件编号"] = f"E{number:05d}"
    return events


def pv_projects(buildings: list[Building], seed: int) -> list[Project]:
    """Put PV on the district: on new buildings, on those to come, on those that stood."""
    return _on_new(buildings, seed) + _on_coming(buildings, seed) + _on_existing(buildings, seed)


def _on_new(buildings: list[Building], seed: int) -> list[Project]:
    """Put PV on most of the new public institutions, together with the house or after it."""
    dice = Dice(seed, NEW_STREAM)
    projects: list[Project] = []
    for building in buildings:
        large = building.footprint_m2 >= SMALLEST_ROOF_M2 and bears_pv(building)
        if not (building.new and large and building.completed_on):
            continue
        # each year more of them, and sooner
        progress = min(building.year, 2025) - 2021
        together = dice.chance(0.25 + 0.15 * progress)
        wanted = dice.chance((0.6 if building.footprint_m2 >= 1000.0 else 0.35) + 0.07 * progress)
        lag = dice.whole(15, 90) if together else dice.whole(260, 1000)
        if wanted:
            connected = building.completed_on + dt.timedelta(days=lag)
            projects.append(_project(f"PV-N{len(projects) + 1:03d}", building, connected, dice))
    return projects


def _on_coming(buildings: list[Building], seed: int) -> list[Project]:
    """Reserve room on buildings that are approved or under construction."""
    dice = Dice(seed, 4)
    projects: list[Project] = []
    for building in buildings:
        coming = building.status in ("building", "approved") and bears_pv(building)
        coming = coming and building.pv_reserved == "是"
        if coming and building.approved_on and building.footprint_m2 >= SMALLEST_ROOF_M2:
            connected = AS_OF + dt.timedelta(days=dice.whole(200, 600))
            project = _project(f"PV-R{len(projects) + 1:03d}", building, connected, dice)
            day = min(building.approved_on + dt.timedelta(days=dice.whole(0, 30)), AS_OF)
            project.days = [("预留", day)]
            projects.append(project)
    return projects


def _on_existing(buildings: list[Building], seed: int) -> list[Project]:
    """Put PV on some large roofs that stood before."""
    dice = Dice(seed, 5)
    roofs = [
        b for b in buildings
        if b.plot.stage == "standing" and b.footprint_m2 >= 1400.0 and b.year < 2020
        and b.plot.use not in ("housing", "park") and bears_pv(b)
    ]  # fmt: skip
    projects: list[Project] = []
    for building in dice.shuffled(roofs)[:EXISTING]:
        connected = dt.date(2021, 3, 1) + dt.timedelta(days=dice.whole(0, 2050))
        projects.append(_project(f"PV-E{len(projects) + 1:03d}", building, connected, dice))
    return projects


def _project(number: str, building: Building, connected: dt.date, dice: Dice) -> Project:
    """Design one system and set the days of its stages, counted back from the connection."""
    light = building.part.roof in ("metal", "curved", "tile")
    usable = usable_area_m2(building)
    share = dice.between(0.62, 0.74) if light else dice.between(0.54, 0.62)
    module_m2 = fact("pv.module.length_m") * fact("pv.module.width_m")
    started = connected - dt.timedelta(days=dice.whole(45, 110))
    filed = started - dt.timedelta(days=dice.whole(20, 60))
    survey = filed - dt.timedelta(days=dice.whole(25, 120))
    operating = connected + dt.timedelta(days=dice.whole(5, 40))
    days = [
        ("踏勘", survey),
        ("备案", filed),
        ("在建", started),
        ("并网", connected),
        ("运行", operating),
    ]
    investor = dice.pick(FIRMS)
    contract = dice.pick(("EMC合同能源管理", "EMC合同能源管理", "屋顶租赁", "自投"))
    project = Project(
        number,
        building,
        [(stage, day) for stage, day in days if day <= AS_OF],
        modules=int(share * usable / module_m2),
        power_w=MODULE_W[min(max(filed.year - 2021, 0), len(MODULE_W) - 1)],
        tilt=6.0 if light else dice.pick((8.0, 10.0, 10.0, 12.0)),
        array_ratio=1.06 if light else 1.45,
        firms=(building.owner if contract == "自投" else investor, investor, dice.pick(FIRMS)),
        mode=dice.pick(("自发自用余电上网", "自发自用余电上网", "全部自用", "全额上网")),
        contract=contract,
        silent=dice.chance(0.07),
    )
    if dice.chance(0.06) and operating < AS_OF - dt.timedelta(days=200):
        project.correction = (operating, "组件面积录入有误，按竣工图更正")
    return project


def usable_area_m2(building: Building) -> float:
    """Estimate what modules may stand on: inside a margin, less plant and stair heads, in m²."""
    kind = building.plot.use
    owner = OWNER_OF_SHARE.get(kind, kind)
    flat = building.part.roof == "flat"
    share = (
        fact(f"roofs.plant_share.{owner}") + fact("roofs.stair_head_share.flat") if flat else 0.0
    )
    share += fact(f"roofs.skylight_share.{building.part.roof}")
    inner = building.polygon.buffer(-2.5 if flat else -1.0, join_style="mitre").area
    facing = 0.45 if building.part.roof == "tile" else 1.0  # only the sunny slope
    return float(inner * (1 - share) * facing)


def bears_pv(building: Building) -> bool:
    """Tell whether nothing on paper says that the roof cannot carry the weight."""
    mounting = "anchored" if building.part.roof == "flat" else "clamped"
    needed = fact(f"roofs.added_load_kn_m2.{mounting}")
    return building.reserve_kn_m2 is None or building.reserve_kn_m2 >= needed


def _events(project: Project, seed: int) -> list[dict[str, Any]]:
    """Write down each stage, some days or weeks after it happened."""
    dice = Dice(seed, 6, int(project.number[-3:]), ord(project.number[3]))
    events = []
    recorded = dt.date(2000, 1, 1)
    for stage, day in project.days:
        recorded = max(recorded, day + dt.timedelta(days=dice.whole(1, 35)))
        if recorded <= AS_OF:
            events.append(_event(project, stage, day, recorded, dice))
    if project.correction and len(events) == len(project.days):
        day, reason = project.correction
        event = _event(
            project, "更正", day, recorded + dt.timedelta(days=dice.whole(60, 150)), dice
        )
        events.append(event | {"事由": reason})
    return events


def _event(
    project: Project, stage: str, day: dt.date, recorded: dt.date, dice: Dice
) -> dict[str, Any]:
    """Write one event with what is known at its stage."""
    event: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    event |= {
        "项目编号": project.number,
        "建筑编号": project.building.id,
        "阶段": stage,
        "发生日期": day.isoformat(),
        "登记时间": recorded.isoformat(),
        "登记人": dice.pick(("示范登记员甲", "示范登记员乙")),
        "投资方": project.firms[0],
    }
    if stage in ("踏勘", "在建"):
        return event
    modules = project.modules
    if stage in ("备案", "预留"):  # what is filed is a little more than what is built
        modules = int(modules * 1.04)
    area = modules * fact("pv.module.length_m") * fact("pv.module.width_m")
    event |= {
        "容量": f"{modules * project.power_w / 1000:.2f}",
        "组件数": str(modules),
        "组件面积": "" if project.silent and stage != "更正" else f"{area:.1f}",
        "阵列面积": "" if project.silent else f"{area * project.array_ratio:.1f}",
        "组件倾角": f"{project.tilt:.0f}",
        "消纳模式": project.mode,
        "合同方式": project.contract,
        "运营方": project.firms[1],
        "安装方": project.firms[2],
    }
    return event
