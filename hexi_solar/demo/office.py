"""What else the office keeps: meters, approvals, diagnoses, trackers, equipment, PV seen from above.

Tables as spreadsheets have them, with headers that the import knows. Among the meters are
systems that fail, stop, are not read, or were entered wrongly; among the roofs seen from
above some where the register says otherwise: there is something to find.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any

from hexi_solar.demo.city import AS_OF, Building
from hexi_solar.demo.dice import Dice
from hexi_solar.demo.people import FIRMS
from hexi_solar.demo.register import Project, pv_projects
from hexi_solar.demo.tables import STATUS
from hexi_solar.facts import fact

METERS = ("项目编号", "年月", "发电量(kWh)", "自用电量(kWh)", "上网电量(kWh)")
APPROVALS = (
    "建筑编号", "建筑名称", "建设状态", "审批日期", "预计竣工日期", "设计屋顶面积(m²)", "预留光伏",
    "设计荷载已预留", "已落实建设运营方", "同步建设",
)  # fmt: skip
DIAGNOSES = (
    "建筑编号",
    "建筑名称",
    "诊断状态",
    "诊断日期",
    "诊断单位",
    "报告编号",
    "诊断建议",
    "可节电量(kWh)",
)
TRACKERS = ("指标", "年份", "统计日期", "完成数", "总数", "单位")
EQUIPMENT = (
    "设备编号", "建筑编号", "建筑名称", "设备名称", "设备类别", "规格型号", "额定功率(kW)", "台数",
    "能效等级", "投用日期",
)  # fmt: skip
ENERGY = ("建筑编号", "建筑名称", "年月", "用电量(kWh)", "用热量(GJ)", "用水量(m³)")
DETECTED = ("建筑编号", "影像日期", "检出光伏面积(m²)")
IMAGE_ON = dt.date(2026, 4, 18)
OWNER_OF_USE = {
    "government": "government", "primary": "school", "middle": "school", "kindergarten": "school",
    "university": "university", "hospital": "hospital", "clinic": "hospital", "culture": "culture",
    "sport": "sport", "office": "office", "mall": "mall", "hotel": "hotel",
}  # fmt: skip
PUBLIC_OLD = ("government", "hospital", "university", "culture", "sport", "middle")
ADVICE = (
    "照明改 LED",
    "冷机与水泵变频",
    "楼宇自控重新调适",
    "供热分时分温控制",
    "更换外窗",
    "屋面保温",
)
# name, category, model, power of one [kW], how many
MACHINES = (
    ("冷水机组", "冷水机组", "示例-LS", (180.0, 420.0), (1, 3)),
    ("燃气热水锅炉", "锅炉", "示例-RQ", (700.0, 2100.0), (1, 2)),
    ("循环水泵", "水泵", "示例-SB", (11.0, 45.0), (2, 6)),
    ("电梯", "电梯", "示例-DT", (11.0, 22.0), (1, 6)),
    ("配电变压器", "变压器", "示例-SCB", (630.0, 1600.0), (1, 2)),
)


def office_tables(
    buildings: list[Building], seed: int
) -> dict[str, tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """
    Write every further table of the office.

    Returns
    -------
    tables
        Columns and rows by file name.
    """
    projects = pv_projects(buildings, seed)
    return {
        "meters.csv": (METERS, meters(projects, seed)),
        "approvals.csv": (APPROVALS, approvals(buildings, projects, seed)),
        "diagnoses.csv": (DIAGNOSES, diagnoses(buildings, seed)),
        "trackers.csv": (TRACKERS, trackers(seed)),
        "equipment.csv": (EQUIPMENT, equipment(buildings, seed)),
        "energy.csv": (ENERGY, energy(buildings, seed)),
        "detected.csv": (DETECTED, detected(buildings, projects, seed)),
    }


# -------------------------------------------------------------------------------- meters


def meters(projects: list[Project], seed: int) -> list[dict[str, Any]]:
    """Read every connected system each month up to the one before today's."""
    sky = Dice(seed, 11)
    last = (AS_OF.year, AS_OF.month - 1)
    months = [(y, m) for y in range(2021, last[0] + 1) for m in range(1, 13) if (y, m) <= last]
    weather = {month: sky.between(0.9, 1.1) for month in months}
    rows: list[dict[str, Any]] = []
    for turn, project in enumerate(projects):
        connected = dict(project.days).get("并网")
        if connected is not None:
            rows += _readings(project, connected, weather, turn, Dice(seed, 12, turn))
    rows.sort(key=lambda row: (row["项目编号"], row["_month"]))
    return [{k: v for k, v in row.items() if k != "_month"} for row in rows]


def _readings(
    project: Project,
    connected: dt.date,
    weather: dict[tuple[int, int], float],
    turn: int,
    dice: Dice,
) -> Iterable[dict[str, Any]]:
    """Write one system's months down, with what goes wrong on some of them."""
    ours = [m for m in weather if m >= (connected.year, connected.month)]
    kwp = project.modules * project.power_w / 1000
    # some were built larger than anyone filed
    kwp *= 1.4 if turn % 29 == 4 else 1.0
    own = dice.between(0.86, 1.04)
    share = {"全部自用": 1.0, "全额上网": 0.0}.get(project.mode, dice.between(0.55, 0.9))
    trouble = {n: _span(ours, n, turn, dice) for n in ("dead", "half", "unread", "tenfold")}
    for number, (year, month) in enumerate(ours):
        kwh = kwp * _yield(month) * weather[year, month] * own * dice.between(0.97, 1.03)
        if number == 0:
            length = (dt.date(year + month // 12, month % 12 + 1, 1) - connected).days
            kwh *= length / 30.4
        if number in trouble["unread"]:
            continue
        kwh *= 0.0 if number in trouble["dead"] else 0.5 if number in trouble["half"] else 1.0
        kwh *= 10.0 if number in trouble["tenfold"] else 1.0
        generation, used = round(kwh), round(kwh * share)
        fed = generation - used
        # one office forgets a meter every ninth month
        used -= round(0.12 * used) if turn % 31 == 9 and number % 9 == 4 else 0
        values = (project.number, f"{year}年{month}月", generation, used, fed)
        yield dict(zip(METERS, values, strict=True)) | {"_month": (year, month)}


def _yield(month: int) -> float:
    """Return what a kWp yields in a month on a low slope here, in kWh."""
    light = fact("climate.ghi")[month - 1] * fact("supervision.demo.tilted_gain")[month - 1]
    return float(light * fact("supervision.demo.performance_ratio"))


def _span(ours: list[tuple[int, int]], trouble: str, turn: int, dice: Dice) -> range:
    """Say in which of its months a system has some trouble; mostly in none."""
    every, when, length = {
        "dead": (17, 3, 2),
        "half": (13, 5, 4),
        "unread": (11, 2, 3),
        "tenfold": (19, 7, 1),
    }[trouble]
    start = dice.whole(3, max(len(ours) - length, 3))
    if turn % every != when or len(ours) < 8:
        return range(0)
    # half of the failures have not been mended
    start = len(ours) - length if trouble == "half" and turn % 2 else start
    return range(start, start + length)


# ----------------------------------------------------------------------------- approvals


def approvals(
    buildings: list[Building], projects: list[Project], seed: int
) -> list[dict[str, Any]]:
    """List the buildings on their way as the approval office does, with gaps."""
    dice = Dice(seed, 13)
    reserved = {p.building.id for p in projects if p.number.startswith("PV-R")}
    rows = []
    for building in (b for b in buildings if b.plot.stage == "pending"):
        bears = building.reserve_kn_m2
        load = "" if bears is None else "是" if bears >= 0.25 else "否"
        area = round(building.footprint_m2 * dice.between(0.98, 1.02), 1)
        found = "是" if building.id in reserved and dice.chance(0.7) else dice.pick(("", "", "否"))
        together = "" if building.status != "building" else dice.pick(("是", "否", "", ""))
        values = (
            building.id, building.name, STATUS[building.status], _day(building.approved_on),
            _day(building.expected_on), area if dice.chance(0.8) else "",
            "" if building.pv_reserved == "未知" else building.pv_reserved, load, found, together,
        )  # fmt: skip
        rows.append(dict(zip(APPROVALS, values, strict=True)))
    return rows


def _day(day: dt.date | None) -> str:
    """Write a day as that office does."""
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"


# ----------------------------------------------------------- diagnoses, trackers, equipment


def diagnoses(buildings: list[Building], seed: int) -> list[dict[str, Any]]:
    """Diagnose some large old public buildings; the last ones are still planned."""
    dice = Dice(seed, 14)
    large = [
        b for b in buildings
        if b.plot.stage == "standing" and b.plot.use in PUBLIC_OLD and not b.plot.private
        and b.floor_area_m2 >= 8000.0
    ]  # fmt: skip
    rows = []
    for turn, building in enumerate(dice.shuffled(large)[:18]):
        done = turn < 12
        day = dt.date(2023, 3, 1) + dt.timedelta(days=90 * turn + dice.whole(0, 60))
        day = day if done else AS_OF + dt.timedelta(days=dice.whole(30, 180))
        advice = "、".join(dice.shuffled(ADVICE)[: dice.whole(2, 4)])
        saving = round(building.floor_area_m2 * dice.between(6.0, 16.0) / 100) * 100
        values = (
            building.id, building.name, "已完成" if done else "计划", day.isoformat(),
            dice.pick(FIRMS) if done else "", f"示范诊断-{day.year}-{turn + 1:02d}" if done else "",
            advice if done else "", saving if done else "",
        )  # fmt: skip
        rows.append(dict(zip(DIAGNOSES, values, strict=True)))
    return rows


def trackers(seed: int) -> list[dict[str, Any]]:
    """Count the plan's other targets year by year; the figures are invented."""
    dice = Dice(seed, 15)
    rows = []
    bodies, metered = 62.0, 345.0
    for year in range(2021, AS_OF.year):
        bodies, metered = min(bodies + dice.whole(7, 12), 118.0), metered + dice.whole(45, 75)
        day = f"{year}-12-31"
        values = [
            ("节约型机关", year, day, f"{bodies:.0f}", "120", "家"),
            ("供热分户计量", year, day, f"{metered:.0f}", "700", "万m²"),
        ]
        rows += [dict(zip(TRACKERS, row, strict=True)) for row in values]
    return rows


def equipment(buildings: list[Building], seed: int) -> list[dict[str, Any]]:
    """List the machines of some large public buildings, of every grade and age."""
    dice = Dice(seed, 16)
    large = [
        b for b in buildings
        if b.plot.use in PUBLIC_OLD and b.status == "completed" and not b.plot.private and b.floor_area_m2 >= 6000.0
    ]  # fmt: skip
    rows: list[dict[str, Any]] = []
    for building in dice.shuffled(large)[:24]:
        for name, category, model, power, count in MACHINES:
            if not dice.chance(0.6):
                continue
            built = max(building.year, 2000)
            year = min(built + (dice.whole(0, 12) if dice.chance(0.4) else 0), AS_OF.year - 1)
            grade = dice.pick((1, 1, 2, 2, 3) if year >= 2018 else (2, 3, 3, 4, 5))
            kw = math.floor(dice.between(*power) / 5 + 0.5) * 5
            values = (
                f"SB{len(rows) + 1:04d}", building.id, building.name, name, category,
                f"{model}{kw}（虚构）", kw, dice.whole(*count), grade if dice.chance(0.9) else "",
                f"{year}年{dice.whole(1, 12)}月",
            )  # fmt: skip
            rows.append(dict(zip(EQUIPMENT, values, strict=True)))
    return rows


# --------------------------------------------------------------------------------- energy


def energy(buildings: list[Building], seed: int) -> list[dict[str, Any]]:
    """Meter some public and large buildings for a year, a few with a month not read."""
    dice = Dice(seed, 18)
    year = AS_OF.year - 1
    known = [
        b for b in buildings
        if b.plot.stage == "standing" and b.plot.use in OWNER_OF_USE and b.floor_area_m2 >= 1500.0
        and b.year < year
    ]  # fmt: skip
    months = fact("economics.load.months")
    heating = {11: 0.12, 12: 0.25, 1: 0.28, 2: 0.22, 3: 0.13}
    rows: list[dict[str, Any]] = []
    for turn, building in enumerate(known):
        if not dice.chance(0.4):
            continue
        owner = OWNER_OF_USE[building.plot.use]
        usual = float(fact(f"economics.benchmark_kwh_m2.{owner}")[1])
        power = building.floor_area_m2 * usual * dice.between(0.55, 1.45)
        heat = building.floor_area_m2 * dice.between(0.2, 0.42)
        water = building.floor_area_m2 * dice.between(0.3, 1.2)
        for month in range(1, 13):
            if turn % 23 == 6 and month == 5:
                continue
            kwh = power * months[month - 1] / sum(months) * dice.between(0.95, 1.05)
            values = (
                building.id, building.name, f"{year}年{month}月", round(kwh),
                f"{heat * heating.get(month, 0.0):.1f}", round(water / 12.0 * dice.between(0.8, 1.2)),
            )  # fmt: skip
            rows.append(dict(zip(ENERGY, values, strict=True)))
    return rows


# ----------------------------------------------------------------------------- from above


def detected(buildings: list[Building], projects: list[Project], seed: int) -> list[dict[str, Any]]:
    """Measure PV on an image, 15 % off at most, with roofs where the register says otherwise."""
    dice = Dice(seed, 17)
    seen: dict[str, float] = {}
    module_m2 = fact("pv.module.length_m") * fact("pv.module.width_m")
    for turn, project in enumerate(projects):
        connected = dict(project.days).get("并网")
        if connected is None or connected > IMAGE_ON:
            continue
        area = project.modules * module_m2 * dice.between(0.87, 1.13)
        area *= 1.4 if turn % 29 == 4 else 0.0 if turn % 37 == 11 else 1.0
        seen[project.building.id] = seen.get(project.building.id, 0.0) + area
    taken = set(seen) | {p.building.id for p in projects}
    free = [b for b in buildings if b.new and b.id not in taken and b.footprint_m2 >= 900.0]
    for building in free[:1]:
        seen[building.id] = building.footprint_m2 * 0.3
    values = [(i, IMAGE_ON.isoformat(), f"{seen[i]:.0f}") for i in sorted(seen)]
    return [dict(zip(DETECTED, row, strict=True)) for row in values]
