"""One page per building (一楼一档): what stands there, what is known of it, what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from hexi_solar.reports.charts import Part, interval_chart, months_chart
from hexi_solar.reports.document import Column, Document, Draft, Picture
from hexi_solar.reports.pictures import Sheet, map_picture
from hexi_solar.reports.say import Says, is_unknown
from hexi_solar.reports.svg import BLUE, GREEN, GREY
from hexi_solar.schema import BUILDINGS
from hexi_solar.study import Study

AROUND_M = 35.0
"""Shown around a building. [m]"""
WIDE, FLAT = 620.0, 0.125
"""Width of the picture, and its height over it."""
MOST_EVENTS, MOST_QUESTIONS = 5, 3
"""As many as one page holds; the others are counted."""
LEAST_EVENTS, LEAST_QUESTIONS = 2, 2
"""The same on a page that has further sections."""
FACTS = (
    "address", "owner", "owner_type", "public_institution", "department", "subdistrict", "status",
    "completed_on", "floors", "height_m", "floor_area_m2", "roof_kind", "load_evidence",
    "load_reserve_kn_m2",
)  # fmt: skip


@dataclass(frozen=True)
class Card:
    """What a card shows beside the study."""

    building_id: str
    events: Sequence[Mapping[str, Any]] = ()
    """Events of the register about the building and its projects, oldest first: `valid_on`,
    `recorded_at`, `recorded_by`, `entity`, `kind`, `reason` and `said`, its content."""
    questions: Sequence[str] = ()
    """What is not known and would matter, ready to be read."""
    parts: Sequence[Part] = ()
    """What the interval of the energy consists of."""
    sections: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    """Further sections, such as retrofit: a heading and its lines."""


def building_card(study: Study, card: Card, *, north: float = 0.0) -> Document:
    """
    Write the card of one building.

    Parameters
    ----------
    study
        With the building among its `buildings`; roofs, layouts and yields where it has any.
    card
        What else is known.
    north
        Direction of true north, clockwise from grid north. [°]

    Returns
    -------
    document
        One A4 page: the latest events and the first questions, the others counted.
    """
    says, draft = Says(study.plan.language), Draft()
    row = study.buildings.loc[card.building_id]
    roofs = study.roofs[study.roofs["building_id"] == card.building_id]
    draft.picture(
        roof_picture(study, card.building_id, roofs, says, north), 180,
        described=says("card.picture_note"),
    )  # fmt: skip
    draft.table(*_facts(row, says), caption=says("card.facts"), small=True)
    if len(roofs):
        draft.table(*_ledger(study, roofs, says), caption=says("card.ledger"), small=True)
        _yield(study, roofs, card, says, draft)
    else:
        draft.say(says("card.no_roof"), "note")
    for heading, lines in card.sections:
        draft.table(_two(says), [list(line) for line in lines], caption=heading, small=True)
    _history(card, says, draft)
    if card.questions:
        draft.heading(says("card.questions"), 3)
        most = LEAST_QUESTIONS if card.sections else MOST_QUESTIONS
        draft.bullets(card.questions[:most])
        if len(card.questions) > most:
            draft.say(says("card.more", count=len(card.questions) - most), "note")
    return Document(
        title=says.name(row["name"], card.building_id),
        subtitle=says(
            "card.subtitle", id=card.building_id, title=study.plan.title or study.plan.name
        ),
        language=study.plan.language,
        day=study.plan.today.isoformat(),
        blocks=tuple(draft.blocks),
        footer=says("card.footer"),
        stamp=says("stamp_synthetic") if study.plan.synthetic else study.plan.map.stamp,
        cover=False,
        margin_mm=13.0,
    )


def roof_picture(
    study: Study, building: str, roofs: gpd.GeoDataFrame, says: Says, north: float
) -> str:
    """Draw footprint, usable area and array field among the neighbours."""
    footprint = study.buildings.geometry.loc[building]
    west, south, east, top = footprint.bounds
    bounds = _window(west - AROUND_M, south - AROUND_M, east + AROUND_M, top + AROUND_M)
    near = study.buildings.geometry.cx[bounds[0] : bounds[2], bounds[1] : bounds[3]]
    window = shapely.box(*bounds)
    around = tuple(near[near.index != building].intersection(window))
    fields = study.layouts.geometry.reindex(roofs.index).dropna()
    sheets = [
        Sheet(around, "#e6eaed", "#c4ccd1"),
        Sheet((footprint,), "#ffffff", GREY, 1.4, name=says("card.footprint")),
        Sheet(tuple(roofs.geometry), "#d8f0e6", GREEN, 0.8, name=says("card.usable")),
        Sheet(tuple(f for f in fields if not f.is_empty), BLUE, "#00466e", 0.6, 0.75, name=says("card.field")),
    ]  # fmt: skip
    return map_picture(
        [s for s in sheets if s.shapes], bounds=bounds, north=north, metre=says("metre"),
        width=WIDE, height=WIDE * FLAT + 52.0, smallest=0.2,
    )  # fmt: skip


def _window(
    west: float, south: float, east: float, north: float
) -> tuple[float, float, float, float]:
    """Widen a window to the shape of the picture."""
    wide = max((north - south) / FLAT, east - west)
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - wide * FLAT / 2, x + wide / 2, y + wide * FLAT / 2


def _two(says: Says) -> list[Column]:
    return says.columns("fact < 1.2", "value < 2")


def _facts(row: pd.Series, says: Says) -> tuple[list[Column], list[list[str]]]:
    """List what is known of a building, two facts to a row, each with its source."""
    cells = []
    for name in FACTS:
        spec = BUILDINGS[name]
        source = row.get(f"{name.removesuffix('_m2').removesuffix('_m')}_source")
        mark = (
            "" if is_unknown(source) else says("card.source", source=says.label("source", source))
        )
        cells.append(
            [spec.zh if says.language == "zh" else spec.en, _shown(row[name], spec, says) + mark]
        )
    half = (len(cells) + 1) // 2
    rows = [a + b for a, b in zip(cells[:half], [*cells[half:], ["", ""]][:half], strict=True)]
    return says.columns("fact < 1.35", "value < 1.35", "fact < 1.35", "value < 1.35"), rows


def _shown(value: object, spec: Any, says: Says) -> str:
    if is_unknown(value):
        return says.unknown
    if spec.kind == "date":
        return says.day(value)
    if spec.kind in ("float", "int"):
        return says.number(value, 1 if spec.unit in ("m", "kN/m²") else 0, spec.unit)
    return says.word(spec.name, value)


def _ledger(
    study: Study, roofs: gpd.GeoDataFrame, says: Says
) -> tuple[list[Column], list[list[str]]]:
    """Write the way from footprint to usable area, planes added up."""
    taken = study.exclusions[study.exclusions.index.get_level_values("roof_id").isin(roofs.index)]
    sums = taken.groupby(level="reason", sort=False)
    total = float(roofs["horizontal_area_m2"].sum())
    rows = [[says("card.gross"), says.number(total, 1), ""]]
    for reason, own in sums:
        evidence = says.label("source", own["evidence"].iloc[0])
        rows.append(
            [says.label("exclusion", reason), says.number(-own["area_m2"].sum(), 1), evidence]
        )
    rows.append([says("card.usable"), says.number(roofs["usable_area_m2"].sum(), 1), ""])
    # two columns of entries: the ledger is read downwards, first left, then right
    half = (len(rows) + 1) // 2
    pairs = [a + b for a, b in zip(rows[:half], [*rows[half:], ["", "", ""]][:half], strict=True)]
    return says.columns(*("entry < 2", "area > 1", "evidence < 1") * 2), pairs


def _yield(
    study: Study, roofs: gpd.GeoDataFrame, card: Card, says: Says, draft: Draft
) -> None:  # fmt: skip
    """Add layout and energy: what, how sure, month by month."""
    layouts, yields = study.layouts.loc[roofs.index], study.yields.loc[roofs.index]
    capacity, energy = layouts["capacity_kwp"].sum(), yields["energy_ac_kwh"].sum()
    specific = energy / capacity if capacity else None
    p75, p90 = (yields[f"p{n}_energy_ac_kwh"].sum() for n in (75, 90))
    lines = [
        [
            says("card.capacity"), says.number(capacity, 1, "kWp"),
            says("card.modules"), says.number(layouts["modules"].sum()),
        ],
        [
            says("card.energy"), says.number(energy, 0, "kWh"),
            says("card.specific"), says.number(specific, 0, "kWh/kWp"),
        ],
        [
            "P75 / P90", f"{says.number(p75)} / {says.number(p90)} kWh",
            says("card.shading"), says.rate(_mean(yields, layouts, "shading_loss")),
        ],
    ]  # fmt: skip
    draft.table(
        says.columns("fact < 1.35", "value < 1.35", "fact < 1.35", "value < 1.35"), lines,
        caption=says("card.yield"), small=True,
    )  # fmt: skip
    months = [float(yields[f"energy_ac_{m:02d}_kwh"].sum()) for m in range(1, 13)]
    charts = []
    if energy > 0:
        chart = months_chart(months, unit="kWh", width=330, height=92 if card.sections else 122)
        charts.append(Picture(chart, 84, says("card.months")))
    if card.parts:
        whole = sum(p.sigma**2 for p in card.parts) ** 0.5
        words = {"common": says("card.common"), "own": says("card.own"), "all_": says("card.all")}
        chart = interval_chart(
            card.parts, whole, **words, width=330, row=11 if card.sections else 14
        )
        charts.append(Picture(chart, 84, says("card.interval")))
    draft.pictures(*charts)


def _mean(yields: pd.DataFrame, layouts: pd.DataFrame, column: str) -> float | None:
    """Average a loss over the planes by their light."""
    weight = yields["poa_global_kwh_m2"] * layouts["capacity_kwp"]
    total = float(weight.sum())
    return float((yields[column] * weight).sum()) / total if total > 0 else None


def _history(card: Card, says: Says, draft: Draft) -> None:
    """Add what the register says, event by event."""
    if not card.events:
        draft.say(says("card.no_events"), "note")
        return
    rows = [
        [
            says.day(e["valid_on"]), str(e["entity"]), says.word("kind", e["kind"]), str(e["said"]),
            says.day(str(e["recorded_at"])[:10]), str(e["recorded_by"]),
            "" if is_unknown(e["reason"]) else str(e["reason"]),
        ]
        for e in card.events[-(LEAST_EVENTS if card.sections else MOST_EVENTS) :]
    ]  # fmt: skip
    columns = says.columns(
        "valid < 1",
        "project < 0.9",
        "stage < 1.05",
        "said < 4.4",
        "recorded < 1",
        "by < 1.5",
        "reason < 1",
    )
    draft.table(columns, rows, caption=says("card.history"), small=True)
    earlier = len(card.events) - len(rows)
    if earlier > 0:
        draft.say(says("card.earlier", count=earlier), "note")
