"""The district as an office would keep it: a building layer, and a ledger beside it.

The layer knows shapes and the plain attributes, with gaps; the ledger (结构与审批台账)
knows exact dates, approvals and load papers of what is not housing. Both are joined by
编号. Missing values are chosen by the seed, and no new public institution lacks its date.
"""

from __future__ import annotations

from typing import Any

from hexi_solar.demo.city import Building
from hexi_solar.demo.dice import Dice

# how often a value is missing in the layer
MISSING_HEIGHT = 0.12
MISSING_FLOORS = 0.07
MISSING_AREA = 0.18
MISSING_YEAR = 0.10
MISSING_ROOF = 0.15
MISSING_OWNER = 0.03
# buildings older than this are dated by the year only
EXACT_FROM = 2016

STATUS = {"completed": "已竣工", "building": "在建", "approved": "已批", "planned": "规划"}
ROOF = {"flat": "平屋面", "metal": "金属坡屋面", "tile": "瓦坡屋面", "curved": "曲面屋面"}
LEDGER = (
    "编号", "名称", "竣工日期", "审批日期", "预计竣工", "预留光伏", "荷载依据", "荷载裕度",
)  # fmt: skip


def layer_row(building: Building, dice: Dice) -> dict[str, Any]:
    """Write one building as the layer has it; None where it says nothing."""
    new_or_coming = building.plot.stage != "standing"
    sure = new_or_coming or building.plot.use != "housing"
    height = None if dice.chance(MISSING_HEIGHT) else building.height_m
    floors = None if dice.chance(MISSING_FLOORS) else building.part.floors
    area = None if dice.chance(MISSING_AREA) else building.floor_area_m2
    # what is not flat is seen from afar, except on housing
    unseen = dice.chance(MISSING_ROOF) and (building.part.roof == "flat" or not sure)
    roof = None if unseen else ROOF[building.part.roof]
    owner = None if dice.chance(MISSING_OWNER) and not new_or_coming else building.owner or None
    use = None if owner is None and not sure and dice.chance(0.15) else building.part.use
    return {
        "编号": building.id,
        "名称": building.name,
        "地址": building.address,
        "权属单位": owner,
        "用途": use,
        "高度": height,
        "层数": floors,
        "建筑面积": area,
        "竣工日期": _layer_date(building, dice),
        "建设状态": STATUS[building.status],
        "屋面类型": roof,
    }


def _layer_date(building: Building, dice: Dice) -> str | None:
    """Date a building as the layer does: the year for old ones, the ledger's job for new ones."""
    on = building.completed_on
    missing = dice.chance(MISSING_YEAR)
    if on is None or building.new:
        return None
    if on.year >= EXACT_FROM:
        return on.isoformat()
    if missing and building.plot.stage == "standing":
        return None
    return f"{on.year}年"


def ledger_row(building: Building) -> dict[str, Any]:
    """Write one building as the ledger of approvals and structures has it."""
    dated = building.completed_on is not None and (building.new or building.year >= EXACT_FROM)
    return dict(
        zip(
            LEDGER,
            (
                building.id,
                building.name,
                building.completed_on.isoformat() if dated and building.completed_on else "",
                building.approved_on.isoformat() if building.approved_on else "",
                building.expected_on.isoformat() if building.expected_on else "",
                building.pv_reserved,
                building.evidence,
                "" if building.reserve_kn_m2 is None else f"{building.reserve_kn_m2:.2f}",
            ),
            strict=True,
        )
    )


def in_ledger(building: Building) -> bool:
    """Tell whether the ledger has a row: all that is not housing, and housing with papers."""
    return building.plot.use not in ("housing", "park") or building.evidence != ""
