"""Spreadsheets as offices make them, written by hand for the tests of `hexi_solar.importing`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import shapely
import xlsxwriter

from hexi_solar.importing import Proposal, propose
from hexi_solar.importing.workbook import reasons_of
from hexi_solar.ledger import (
    CHAINED,
    FIRST,
    Event,
    canonical,
    empty_ledger,
    event_hash,
    event_id_of,
)
from hexi_solar.schema import LEDGER

TODAY = dt.date(2026, 6, 30)
# 117.22 E, 39.08 N in EPSG:4548
EAST, NORTH = 519_036.3, 4_327_408.3


def buildings() -> gpd.GeoDataFrame:
    """Five buildings in a row, two of one name at different addresses."""
    names = ["第一中学", "人民医院", "实验小学", "实验小学", "图书馆"]
    places = ["友谊路1号", "平江道2号", "大沽南路3号", "洞庭路4号", "友谊路5号"]
    shapes = [shapely.box(EAST + i * 100, NORTH, EAST + i * 100 + 40, NORTH + 40) for i in range(5)]
    index = pd.Index([f"B{i}" for i in range(1, 6)], name="building_id")
    codes = [f"1201030{i}" for i in range(1, 6)]
    data = {"name": names, "address": places, "code": codes}
    return gpd.GeoDataFrame(data, index=index, geometry=shapes, crs="EPSG:4548")


def position(number: int, crs: str = "EPSG:4326") -> tuple[float, float]:
    """Return a point in the middle of one of the buildings."""
    point = gpd.GeoSeries([buildings().geometry.iloc[number - 1].centroid], crs="EPSG:4548")
    place = point.to_crs(crs).iloc[0]
    return float(place.x), float(place.y)


def record(ledger: pd.DataFrame, events: Sequence[Event], by: str = "甲") -> pd.DataFrame:
    """Append events to a ledger as a register does, without one."""
    rows = list(ledger.rename_axis("event_id").reset_index().to_dict("records"))
    previous = rows[-1]["hash"] if rows else FIRST
    known = set(ledger.index)
    for event in events:
        name = event.event_id or event_id_of(event)
        if name in known:
            continue
        time = event.recorded_at or dt.datetime(2026, 6, 30, 8, tzinfo=dt.UTC)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        row: dict[str, Any] = {
            "event_id": name, "seq": len(rows) + 1, "entity_type": event.entity_type,
            "entity": event.entity, "kind": event.kind, "valid_on": event.valid_on.isoformat(),
            "recorded_at": stamp, "entered_at": stamp, "recorded_by": event.recorded_by or by,
            "reason": event.reason, "payload": canonical(event.payload), "source": event.source,
            "source_sha256": event.source_sha256, "source_row": event.source_row,
            "previous": previous,
        }  # fmt: skip
        previous = event_hash({n: row[n] for n in CHAINED})
        rows.append(row | {"hash": previous, "valid_on": pd.Timestamp(event.valid_on)})
        known.add(name)
    if not rows:
        return empty_ledger()
    table = pd.DataFrame(rows).set_index("event_id")[LEDGER.names]
    return table.astype(
        {"seq": "int64", "valid_on": "datetime64[us]", "source_row": "Int64", "source": object}
    )


def look(file: Path, ledger: pd.DataFrame | None = None, **more: Any) -> Proposal:
    """Propose an import with the buildings above."""
    more.setdefault("buildings", buildings())
    known = empty_ledger() if ledger is None else ledger
    return propose(file, known, today=TODAY, **more)


def book(path: Path, *sheets: tuple[str, Sequence[Sequence[Any]]]) -> Path:
    """Write a plain workbook of rows."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    made.save(path)
    return path


def changed(path: Path, change: Callable[[Any], None]) -> Path:
    """Change the first sheet of a workbook."""
    made = openpyxl.load_workbook(path)
    change(made.worksheets[0])
    made.save(path)
    return path


def merged(path: Path, rows: Sequence[Sequence[Any]], *ranges: str, title: str = "Sheet1") -> Path:
    """Write a workbook with merged cells."""

    def merge(sheet: Any) -> None:
        for area in ranges:
            sheet.merge_cells(area)

    return changed(book(path, (title, rows)), merge)


def worked_out(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """Write a workbook whose cells `("=...", value)` are formulas with the value they had."""
    made = xlsxwriter.Workbook(path)
    sheet = made.add_worksheet("台账")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, tuple):
                sheet.write_formula(r, c, cell[0], None, cell[1])
            elif cell is not None:
                sheet.write(r, c, cell)
    made.close()
    return path


def verdicts(proposal: Proposal) -> dict[int, str]:
    """Return the verdict of each row."""
    return {row.row: row.verdict for row in proposal}


def why(proposal: Proposal) -> dict[int, list[str]]:
    """Return the codes for which rows are refused or asked."""
    for row in proposal:  # every message fills in, in both languages
        assert reasons_of(row, "zh") or row.verdict in ("new", "same")
        reasons_of(row, "en")
    return {
        row.row: sorted(p.code.removeprefix("import_") for p in row.reasons)
        for row in proposal
        if row.reasons
    }


def said(proposal: Proposal) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return entity, kind, day and payload of each event."""
    return [(e.entity, e.kind, e.valid_on.isoformat(), dict(e.payload)) for e in proposal.events]
