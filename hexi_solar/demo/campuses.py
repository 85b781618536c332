"""Everything that is not housing: how a site of each kind is laid out on its plot.

Each function takes a plot's rectangle and gives back its buildings, at least 6 m apart
where they do not share a wall on purpose (a tower in the opening of its podium).
"""

from __future__ import annotations

from collections.abc import Callable

from hexi_solar.demo.blocks import Box
from hexi_solar.demo.dice import Dice
from hexi_solar.demo.housing import Part
from hexi_solar.demo.shapes import (
    Rings,
    bevelled,
    bow,
    comb,
    h_shape,
    l_shape,
    mirror,
    o_shape,
    oval,
    oval_ring,
    rectangle,
    u_shape,
)


def school(box: Box, dice: Dice) -> list[Part]:
    """Teaching wings in the south, gym and canteen behind, the running track beside them."""
    track = min(0.44 * box.width, 84.0)
    built = Box(box.u0 + 4, box.v0 + 8, box.u1 - track - 6, box.v1 - 4)
    wide, floors = built.width, dice.pick((4, 4, 5))
    deep = min(built.depth * 0.56, 88.0)
    parts = [Part(_teaching(built, wide, deep, dice), "教学楼", "教育", floors, 3.9)]
    v = built.v0 + deep + 12
    left = built.v1 - v
    gym = Box(built.u0, v, built.u0 + wide * 0.56, v + min(left, 46.0))
    roof = dice.pick(("curved", "metal", "metal"))
    parts.append(Part(rectangle(gym.u0, v, gym.width, gym.depth), "体育馆", "教育", 2, 6.5, roof))
    rest = wide - gym.width - 9
    parts.append(Part(rectangle(gym.u1 + 9, v, rest, min(left, 34.0)), "食堂", "教育", 2, 4.5))
    if box.depth > 165.0:
        stand = rectangle(box.u1 - track, box.v1 - 14, track - 6, 10)
        parts.append(Part(stand, "看台与器材室", "教育", 1, 4.0))
    return _either_way(parts, box, dice)


def _teaching(built: Box, wide: float, deep: float, dice: Dice) -> Rings:
    """Draw the teaching building: comb, courtyard, U or L."""
    form = dice.pick(("comb", "o", "o", "u", "l"))
    if form == "comb":
        teeth = 3 if deep > 70 else 2
        return comb(built.u0, built.v0, wide, deep, 15.0, 11.0, teeth)
    if form == "o":
        return o_shape(built.u0, built.v0, wide, deep, 16.0, 12.0)
    if form == "u":
        return u_shape(built.u0, built.v0, wide, deep, 18.0, 16.0)
    return l_shape(built.u0, built.v0, wide, deep, 19.0, 18.0)


def kindergarten(box: Box, dice: Dice) -> list[Part]:
    """A low U or L round a playground open to the south."""
    u, v, wide, deep = box.u0 + 5, box.v0 + 8, min(box.width - 10, 56), min(box.depth - 14, 48)
    draw = dice.pick((u_shape, l_shape, o_shape))
    arm = 14.0 if draw is not o_shape else 13.0
    rings = draw(u, v, wide, deep, 15.0, arm)
    roof = "tile" if dice.chance(0.15) else "flat"
    return _either_way([Part(rings, "教学楼", "幼儿教育", 3, 3.6, roof)], box, dice)


def university(box: Box, dice: Dice) -> list[Part]:
    """Library in the middle, teaching rings before it, dormitories in the north, sports east."""
    wide, deep = box.width, box.depth
    u, v = box.u0, box.v0
    third = wide * 0.31
    ring_depth = min(deep * 0.26, 62.0)
    parts = [
        Part(
            o_shape(u + 4, v + 6, third - 8, ring_depth, 16, 14), "第一教学楼", "高等教育", 6, 4.0
        ),
        Part(
            comb(u + third + 8, v + 6, third - 8, ring_depth, 15, 12, 2),
            "第二教学楼",
            "高等教育",
            6,
            4.0,
        ),
    ]
    v2 = v + ring_depth + 22
    library = min(third * 0.85, deep * 0.24)
    court = o_shape(u + third * 0.72, v2, library, library, library * 0.34, library * 0.34)
    parts.append(Part(court, "图书馆", "高等教育", 6, 4.5))
    side = rectangle(u + 4, v2 + 4, third * 0.55, library * 0.7)
    parts.append(Part(side, "食堂", "高等教育", 2, 5.0, dice.pick(("flat", "metal"))))
    hall = oval(u + third * 1.72, v2, third * 0.5, library * 0.8)
    parts.append(Part(hall, "报告厅", "高等教育", 2, 6.0, "curved"))
    v3 = v2 + library + 20
    rows = max(1, int((box.v1 - v3 - 15) / 34) + 1)
    for row in range(rows):
        for column in range(2):
            rings = rectangle(u + 4 + column * (third + 6), v3 + row * 34, third - 8, 15)
            parts.append(Part(rings, f"学生公寓{2 * row + column + 1}号楼", "高等教育", 6, 3.4))
    east = u + 2 * third + 18
    gym = rectangle(east, v + 6, box.u1 - east - 4, min(52.0, deep * 0.24))
    parts.append(Part(gym, "体育馆", "高等教育", 2, 8.0, "curved"))
    return _either_way(parts, box, dice)


def hospital(box: Box, dice: Dice) -> list[Part]:
    """Outpatients at the street, wards behind, service buildings at the back."""
    u, v, wide, deep = box.u0 + 6, box.v0 + 10, box.width - 12, box.depth - 16
    front = min(deep * 0.36, 60.0)
    form = dice.pick(("o", "bow", "comb"))
    if form == "o":
        clinic_rings = o_shape(u, v, wide * 0.74, front, front * 0.34, 26)
    elif form == "bow":
        clinic_rings = bow(u, v, wide * 0.74, front, 10.0)
    else:
        clinic_rings = comb(u, v, wide * 0.74, front, front * 0.36, 30, 2)
    parts = [Part(clinic_rings, "门诊楼", "医疗卫生", 5, 4.5)]
    lab = rectangle(u + wide * 0.74 + 10, v + 4, wide * 0.26 - 10, front * 0.8)
    parts.append(Part(lab, "医技楼", "医疗卫生", 4, 4.5))
    v2 = v + front + 18
    ward = min(deep * 0.3, 46.0)
    rings = h_shape(u + wide * 0.06, v2, wide * 0.6, ward, ward * 0.38, 22)
    parts.append(Part(rings, "住院楼", "医疗卫生", dice.pick((11, 13, 16)), 3.9))
    v3 = v2 + ward + 14
    if box.v1 - 4 - v3 > 12:
        back = min(box.v1 - 4 - v3, 18.0)
        parts.append(Part(rectangle(u, v3, wide * 0.42, back), "行政后勤楼", "医疗卫生", 4, 3.6))
        canteen = rectangle(u + wide * 0.5, v3, wide * 0.26, back)
        parts.append(Part(canteen, "食堂", "医疗卫生", 2, 4.5))
    return _either_way(parts, box, dice)


def clinic(box: Box, dice: Dice) -> list[Part]:
    """A community health centre: one building, four floors at most."""
    wide, deep = min(box.width - 8, 46.0), min(box.depth - 10, 36.0)
    rings = l_shape(box.u0 + 4, box.v0 + 5, wide, deep, 17.0, 18.0)
    return _either_way([Part(rings, "门诊综合楼", "社区医疗", dice.pick((3, 4)), 3.7)], box, dice)


def government(box: Box, dice: Dice) -> list[Part]:
    """An office building with two wings, a service building behind."""
    wide, deep = min(box.width - 12, 84.0), min(box.depth * 0.5, 44.0)
    u, v = box.u0 + 6, box.v0 + 10
    draw = dice.pick(("u", "h", "slab", "u"))
    if draw == "u":
        rings = mirror(u_shape(u, v, wide, deep, 17.0, 17.0), v=v + deep / 2)
    elif draw == "h":
        rings = h_shape(u, v, wide, deep, 15.0, 20.0)
    else:
        rings = rectangle(u, v, wide, 19.0)
    parts = [Part(rings, "办公楼", "机关办公", dice.pick((5, 6, 8, 11)), 3.8)]
    v2 = v + deep + 9
    if box.v1 - 3 - v2 > 12:
        back = rectangle(u, v2, wide * 0.6, min(box.v1 - 3 - v2, 18.0))
        parts.append(Part(back, "附属用房", "机关办公", 3, 3.6))
    return parts


def office(box: Box, dice: Dice) -> list[Part]:
    """A tower that rises through a podium, or a slab on its own."""
    if dice.chance(0.7):
        wide, deep = min(box.width - 8, 84.0), min(box.depth - 8, 70.0)
        side = min(wide, deep) * dice.between(0.46, 0.56)
        u, v = box.u0 + 4, box.v0 + 4
        tu, tv = u + (wide - side) * dice.between(0.3, 0.7), v + (deep - side) * 0.6
        tower = rectangle(tu, tv, side, side)
        podium = [rectangle(u, v, wide, deep)[0], tower[0][::-1]]
        return [
            Part(podium, "裙楼", "商业办公", dice.pick((3, 4, 5)), 5.0),
            Part(tower, "塔楼", "商务办公", dice.pick((22, 26, 30, 36)), 4.0),
        ]
    wide, deep = min(box.width - 10, 76.0), dice.between(19.0, 24.0)
    rings = rectangle(box.u0 + 5, box.v0 + 8, wide, deep)
    parts = [Part(rings, "主楼", "商务办公", dice.pick((9, 12, 15)), 3.9)]
    if box.depth > 62.0:
        v = box.v0 + 8 + deep + 10
        parts.append(Part(rectangle(box.u0 + 5, v, wide * 0.55, 16), "附楼", "商务办公", 4, 3.9))
    return _either_way(parts, box, dice)


def mall(box: Box, dice: Dice) -> list[Part]:
    """One deep box, its corner cut at the crossing, or round an atrium."""
    u, v, wide, deep = box.u0 + 4, box.v0 + 4, box.width - 8, min(box.depth - 8, 110.0)
    form = dice.pick(("bevelled", "bow", "o", "market"))
    if form == "market":
        hall = rectangle(u, v, wide * 0.62, min(deep, 58.0))
        shed = rectangle(u + wide * 0.62 + 10, v, wide * 0.38 - 10, min(deep, 58.0))
        return [
            Part(hall, "农贸市场", "菜市场", 1, 8.0, "metal"),
            Part(shed, "便民商业楼", "商业服务", 2, 4.5),
        ]
    if form == "bevelled":
        rings = bevelled(u, v, wide, deep, 24.0)
    elif form == "bow":
        rings = bow(u, v, wide, deep, 14.0)
    else:
        rings = o_shape(u, v, wide, deep, deep * 0.38, wide * 0.36)
    return _either_way([Part(rings, "商场", "商业", dice.pick((4, 5, 6)), 5.4)], box, dice)


def hotel(box: Box, dice: Dice) -> list[Part]:
    """An L of rooms with a banquet hall beside it."""
    wide, deep = min(box.width - 8, 66.0), min(box.depth - 8, 52.0)
    rings = l_shape(box.u0 + 4, box.v0 + 4, wide, deep, 19.0, 20.0)
    parts = [Part(rings, "主楼", "酒店", dice.pick((8, 12, 16, 20)), 3.6)]
    hall = rectangle(box.u0 + 31, box.v0 + 30, wide - 27, deep - 28)
    parts.append(Part(hall, "宴会厅", "酒店", 2, 5.5))
    return _either_way(parts, box, dice)


def culture(box: Box, dice: Dice) -> list[Part]:
    """A round or curved house in a square, sometimes with a lower one beside it."""
    wide, deep = box.width - 16, min(box.depth - 16, 96.0)
    u, v = box.u0 + 8, box.v0 + 8
    form = dice.pick(("oval", "bow", "ring"))
    if form == "oval":
        rings = oval(u, v, wide * 0.62, deep * 0.8)
    elif form == "ring":
        rings = oval_ring(u, v, wide * 0.64, deep * 0.86, deep * 0.26)
    else:
        rings = bow(u, v, wide * 0.64, deep * 0.75, 16.0)
    parts = [Part(rings, "主馆", "文化场馆", 4, 6.0, "curved" if form != "bow" else "flat")]
    side = rectangle(u + wide * 0.72, v + 4, wide * 0.28, deep * 0.62)
    parts.append(Part(side, "副馆", "文化场馆", 3, 4.8))
    return _either_way(parts, box, dice)


def sport(box: Box, dice: Dice) -> list[Part]:
    """A stadium's ring of stands or a large hall, and a swimming hall."""
    u, v, wide = box.u0 + 6, box.v0 + 6, box.width - 12
    deep = min(box.depth - 12, 118.0)
    hall = Part(
        rectangle(u + wide * 0.7, v, wide * 0.3, deep * 0.46), "游泳馆", "体育场馆", 2, 7.0, "metal"
    )
    if dice.chance(0.5):
        stands = oval_ring(u, v, wide * 0.64, deep, 17.0)
        parts = [Part(stands, "体育场看台", "体育场馆", 3, 5.0, "metal"), hall]
    else:
        main = oval(u, v, wide * 0.62, deep * 0.74)
        parts = [Part(main, "体育馆", "体育场馆", 3, 7.0, "curved"), hall]
    shed = rectangle(u + wide * 0.7, v + deep * 0.58, wide * 0.3, deep * 0.36)
    parts.append(Part(shed, "全民健身中心", "体育场馆", 3, 4.8))
    return _either_way(parts, box, dice)


def transport(box: Box, dice: Dice) -> list[Part]:
    """A bus depot: parking sheds in rows and a dispatcher's office."""
    wide = box.width - 16
    parts = [Part(rectangle(box.u0 + 8, box.v0 + 6, wide * 0.5, 14), "调度楼", "公交场站", 3, 3.6)]
    v = box.v0 + 34
    while v + 26 <= box.v1 - 4 and len(parts) < 4:
        parts.append(
            Part(rectangle(box.u0 + 8, v, wide, 26), "停车棚", "公交场站", 1, 7.5, "metal")
        )
        v += 44
    return _either_way(parts, box, dice)


def industrial(box: Box, dice: Dice) -> list[Part]:
    """Sheds in rows, an office slab at the gate."""
    parts = [Part(rectangle(box.u0 + 6, box.v0 + 4, 52, 14), "办公楼", "工业", 4, 3.6)]
    shed_depth, gap = dice.between(36.0, 54.0), 16.0
    columns = 2 if box.width > 150 else 1
    length = (box.width - 12 - (columns - 1) * gap) / columns
    v, number = box.v0 + 32, 1
    while v + shed_depth <= box.v1 - 3:
        for column in range(columns):
            share = dice.between(0.82, 1.0)
            rings = rectangle(box.u0 + 6 + column * (length + gap), v, length * share, shed_depth)
            use, storeys = dice.pick(
                (("工业厂房", 1), ("工业厂房", 1), ("仓储", 1), ("研发厂房", 3))
            )
            roof = "metal" if storeys == 1 else "flat"
            parts.append(
                Part(rings, f"{number}号厂房", use, storeys, 9.0 if storeys == 1 else 4.5, roof)
            )
            number += 1
        v += shed_depth + gap
    return parts


def park(box: Box, dice: Dice) -> list[Part]:
    """Green, with a pavilion and a keeper's house."""
    u, v = box.u0 + box.width * dice.between(0.3, 0.5), box.v0 + box.depth * dice.between(0.3, 0.6)
    hall = rectangle(box.u0 + 8, box.v0 + 8, 22, 12)
    return [
        Part(oval(u, v, 24, 24, 24), "展亭", "公园", 1, 6.0, "curved"),
        Part(hall, "管理用房", "公园", 1, 3.6, "tile"),
    ]


def _either_way(parts: list[Part], box: Box, dice: Dice) -> list[Part]:
    """Mirror a site at its middle, or leave it."""
    if dice.chance(0.5):
        for part in parts:
            part.rings = mirror(part.rings, u=(box.u0 + box.u1) / 2)
    return parts


SITES: dict[str, Callable[[Box, Dice], list[Part]]] = {
    "primary": school,
    "middle": school,
    "kindergarten": kindergarten,
    "university": university,
    "hospital": hospital,
    "clinic": clinic,
    "government": government,
    "office": office,
    "mall": mall,
    "hotel": hotel,
    "culture": culture,
    "sport": sport,
    "transport": transport,
    "industrial": industrial,
    "park": park,
}
