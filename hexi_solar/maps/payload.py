"""What the page knows of a study, as one tree of plain values.

Buildings are columns in the order of the table, and everything else speaks of a
building by its row. Texts that repeat are kept once, in `words`. Unknown is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer

from hexi_solar.errors import OutputError, Problem
from hexi_solar.facts import read_facts
from hexi_solar.labels import catalogue, label, text
from hexi_solar.maps.extras import NOTHING, Extras, extra_data
from hexi_solar.maps.ledger import ledger_columns
from hexi_solar.maps.panel import progress
from hexi_solar.maps.shapes import pack_shapes, packed
from hexi_solar.schema import BUILDINGS, CANDIDATES, OWNER_TYPES, YES_NO
from hexi_solar.study import Study

# bounds of a shading loss further apart than this are said in the popup [-]
DOUBT = 0.005
ON_GRID = ("connected", "operating")
MONTHS = [f"energy_ac_{month:02d}_kwh" for month in range(1, 13)]
TYPE_CODES = "0123456789abcdefghijklmnopqrstuvwxyz"
# columns of the candidates that go to the page as numbers, with their decimals
NUMBERS = {
    "rank": 0, "rank_in_owner_type": 0, "roof_area_m2": 0, "modules": 0, "capacity_kwp": 1,
    "module_area_m2": 0, "energy_ac_kwh": 0, "specific_yield_kwh_kwp": 0, "performance_ratio": 3,
    "co2_t": 3, "existing_kwp": 1, "p90_energy_ac_kwh": 0, "longitude": 6, "latitude": 6,
}  # fmt: skip


class Words:
    """Texts of the page, each kept once; a cell holds the number of its text."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {"": 0}

    def __call__(self, word: str) -> int:
        """Return the number of a text."""
        return self._places.setdefault(word, len(self._places))

    def all(self) -> list[str]:
        """Return the texts in the order of their numbers."""
        return list(self._places)


def payload(study: Study, extras: Extras = NOTHING) -> dict[str, Any]:
    """
    Gather what the page shows.

    Parameters
    ----------
    study
        All tables of the study.
    extras
        What only some maps show.

    Returns
    -------
    data
        Values that JSON can hold; shapes packed as in `shapes.py`, in longitude and
        latitude (WGS84) [°].
    """
    language = study.plan.language
    words = Words()
    buildings = _shown(study)
    rows = {building: row for row, building in enumerate(buildings.index.astype(str))}
    shapes = to_degrees(buildings.geometry)
    return {
        "language": language,
        "title": study.plan.title or text("map.title", language),
        "date": study.plan.today.isoformat(),
        "stamp": study.plan.map.stamp,
        "synthetic": study.plan.synthetic,
        "bounds": _bounds(shapes, study),
        "sources": _sources(study),
        "notices": [
            n.message(language)
            for n in study.notices
            if n.level in ("warning", "left_out", "assumed")
        ],
        "threshold": study.plan.roofs.threshold_m2,
        "labels": _labels(language, extras),
        "types": list(OWNER_TYPES),
        "progress": progress(study, rows),
        "buildings": _buildings(buildings, shapes),
        "candidates": _candidates(study, rows, words),
        "existing": _existing(study, rows),
        "completed": _completed(study, buildings, rows),
        "areas": _areas(study, language),
        "boundary": _outline(study.boundary),
        "zones": _outline(study.zones, "name"),
        **extra_data(extras, rows, language),
        "words": words.all(),
    }


def _shown(study: Study) -> gpd.GeoDataFrame:
    """Return all buildings, or only those that results speak of where the plan says so."""
    if study.plan.map.others:
        return study.buildings
    wanted = set(study.candidates.index) | set(study.projects.get("building_id", ()))
    for ids in study.coverage.get("denominator_ids", ()):
        wanted |= set(listed(ids))
    return study.buildings[study.buildings.index.isin(list(wanted))]


def to_degrees(geometry: gpd.GeoSeries) -> NDArray[Any]:
    """
    Return shapes in longitude and latitude (WGS84) [°].

    Raises
    ------
    OutputError
        If nobody knows what the coordinates mean.
    """
    if geometry.crs is None:
        raise OutputError(Problem("map_no_crs", {}))
    transformer = Transformer.from_crs(CRS(geometry.crs), CRS(4326), always_xy=True)

    def turned(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    shapes: NDArray[Any] = shapely.transform(shapely.force_2d(geometry.to_numpy()), turned)
    return shapes


def _bounds(shapes: NDArray[Any], study: Study) -> list[list[float]]:
    """Return the south-west and north-east corners [°] of what there is to see."""
    if not len(shapes) and study.boundary is not None:
        shapes = to_degrees(study.boundary.geometry)
    if not len(shapes):
        return [[39.0, 117.0], [39.1, 117.1]]
    west, south, east, north = shapely.total_bounds(shapes).round(6).tolist()
    return [[south, west], [north, east]]


def _labels(language: str, extras: Extras) -> dict[str, str]:
    """Collect the texts of the page and the names of the words in tables."""
    wanted = ("map.", "enum.owner_type.", "enum.yes_no.", "enum.stage.", "enum.exclusion.")
    left = (
        *(() if extras.roadmap is not None else ("map.path.",)),
        *(() if extras.has_themes else ("map.theme.",)),
    )
    return {
        key.removeprefix("map."): texts[language]
        for key, texts in sorted(catalogue().items())
        if key.startswith(wanted) and not (left and key.startswith(left))
    }


def _sources(study: Study) -> list[str]:
    """Name the files that the study read, without their folders."""
    language, layers = study.plan.language, study.plan.layers
    weather = ", ".join(path.name for path in study.plan.weather.paths)
    named = {
        "buildings": layers.buildings.path.name if layers.buildings.path else "",
        "weather": weather or text("map.climate_year", language),
        "register": layers.register.path.name if layers.register.path else "",
    }
    return [text(f"map.source_{key}", language, name=name) for key, name in named.items() if name]


def _buildings(buildings: gpd.GeoDataFrame, shapes: NDArray[Any]) -> dict[str, Any]:
    """Return what is known of every building: shape, id, name, type, area."""
    codes = {name: TYPE_CODES[place] for place, name in enumerate(OWNER_TYPES)}
    return {
        "count": len(buildings),
        "shapes": pack_shapes(shapes),
        "ids": "\n".join(map(_line, buildings.index)),
        "names": "\n".join(map(_line, texts_of(buildings, "name"))),
        "types": "".join(codes[owner] for owner in buildings["owner_type"]),
        "areas": _whole(buildings["footprint_area_m2"]),
    }


def _line(value: object) -> str:
    return str(value).replace("\n", " ")


def texts_of(frame: pd.DataFrame, column: str) -> list[str]:
    """Return a column as texts, the empty one where unknown or where there is no column."""
    if column not in frame:
        return [""] * len(frame)
    return [
        "" if unknown else str(value)
        for value, unknown in zip(frame[column], frame[column].isna(), strict=True)
    ]


def numbers(values: Iterable[Any], digits: int) -> list[float | int | None]:
    """Round numbers for the page: unknown is None, no decimals gives whole numbers."""
    array = np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"), float)
    rounded = np.round(array, digits)
    known = np.isfinite(rounded)
    turned: Sequence[float | int] = rounded.tolist()
    if digits == 0:
        turned = np.where(known, rounded, 0).astype(np.int64).tolist()
    return [value if ok else None for value, ok in zip(turned, known.tolist(), strict=True)]


def listed(value: object) -> list[str]:
    """Return a cell that holds a list, or nothing, as a list of texts."""
    return [str(item) for item in value] if isinstance(value, (list, tuple, np.ndarray)) else []


def _candidates(study: Study, rows: dict[str, int], words: Words) -> dict[str, Any]:
    """Return the candidates, best first, with all that their popups show."""
    language = study.plan.language
    table = study.candidates.sort_values("rank", kind="stable")
    table = table[table.index.astype(str).isin(list(rows))]
    buildings = study.buildings.loc[table.index]
    reasons = table["reasons"] if "reasons" in table else [()] * len(table)
    joined = ("\n".join(label("reason", r, language) for r in listed(cell)) for cell in reasons)
    known = [name for name in NUMBERS if name in table]
    return {
        "row": [rows[str(building)] for building in table.index],
        **{name: numbers(table[name], NUMBERS[name]) for name in known},
        "counted": "".join("1" if c else "0" for c in table.get("in_totals", [True] * len(table))),
        "review": [
            words("\n".join(label("review", r, language) for r in listed(cell)))
            for cell in table.get("review", [()] * len(table))
        ],
        "eligible": "".join(str(YES_NO.index(value)) for value in table["eligible"]),
        "reasons": [words(cell) for cell in joined],
        **{
            name: [words(cell) for cell in texts_of(table, name)]
            for name in ("department", "address", "subdistrict")
        },
        **{
            name: [words(cell and label(name, cell, language)) for cell in texts_of(table, name)]
            for name in ("status", "roof_kind")
        },
        "assumed": [words(cell) for cell in _assumed(study, buildings, table)],
        "tier": [words(cell) for cell in _tiers(study, table.index)],
        "monthly": _monthly(study, table.index),
        "shading": _shading(study, table.index),
        "options": _options(study, table.index),
        "ledger": ledger_columns(study, table.index, words),
    }


def _whole(values: ArrayLike) -> str:
    """Pack quantities that are never negative as whole numbers, -1 where unknown."""
    array = np.asarray(values, float)
    return packed(np.where(np.isfinite(array), np.rint(array), -1).astype(np.int64))


def _monthly(study: Study, index: pd.Index) -> str:
    """Pack AC energy [kWh] of 12 months per candidate, one after the other."""
    if not set(MONTHS) <= set(study.yields.columns):
        return ""
    per_building = study.yields.groupby("building_id", sort=False)[MONTHS].sum(min_count=1)
    return _whole(per_building.reindex(index).to_numpy().ravel())


def _shading(study: Study, index: pd.Index) -> list[float | int | None]:
    """Return the part of each candidate's light that rows and surroundings take. [%]"""
    if "shading_loss" not in study.yields or "capacity_kwp" not in study.layouts:
        return [None] * len(index)
    weight = study.layouts["capacity_kwp"]
    building = study.yields["building_id"].to_numpy()
    lost = (study.yields["shading_loss"] * weight).groupby(building).sum()
    whole = weight.groupby(building).sum()
    return numbers((100.0 * lost / whole.where(whole > 0)).reindex(index), 1)


def _options(study: Study, index: pd.Index) -> dict[str, Any]:
    """
    Pack the ways to fill each candidate's roofs: capacity [kWp], energy [kWh], rate [0.01 %].

    Returns
    -------
    options
        `names` of the ways, and for each candidate one value per way, one after the other;
        empty without a table of trade-offs. The rate is that of module area over
        installable area, the default definition.
    """
    table = study.tradeoffs
    if table is None or table.empty:
        return {"names": [], "kwp": "", "kwh": "", "rate": ""}
    known = read_facts("layouts")["variants"]
    shown = [name for name in known if name in table.index.get_level_values("variant")]
    wanted = pd.MultiIndex.from_product([index, shown])
    rows = table.reindex(wanted)
    return {
        "names": [known[name][study.plan.language] for name in shown],
        "kwp": _whole(rows["capacity_kwp"]),
        "kwh": _whole(rows["energy_ac_kwh"]),
        "rate": _whole(1e4 * rows["installable_module_area_rate"]),
    }


def _assumed(study: Study, buildings: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Say per candidate what is not measured: every derived or assumed source, and the load."""
    language = study.plan.language
    lines: list[list[str]] = [[] for _ in range(len(table))]
    for column in (c.name for c in BUILDINGS if c.name.endswith("_source")):
        stem = column.removesuffix("_source")
        spec = next(c for c in BUILDINGS if c.name == stem or c.name.startswith(f"{stem}_m"))
        name = spec.zh if language == "zh" else spec.en
        for line, source in zip(lines, texts_of(buildings, column), strict=True):
            if source in ("assumed", "derived"):
                line.append(
                    text(
                        "map.assumed_line",
                        language,
                        name=name,
                        source=label("source", source, language),
                    )
                )
    for column in ("tilt_source", "weather_source"):
        name = text(f"map.{column}", language)
        for line, source in zip(lines, texts_of(table, column), strict=True):
            if source == "assumed":
                said = label("source", source, language)
                line.append(text("map.assumed_line", language, name=name, source=said))
    if {"shading_loss_low", "shading_loss_high"} <= set(table.columns):
        bounds = zip(lines, table["shading_loss_low"], table["shading_loss_high"], strict=True)
        for line, low, high in bounds:
            if high - low > DOUBT:
                # what rounds to zero has no sign
                low, high = (round(bound, 3) + 0.0 for bound in (low, high))
                line.append(
                    text("map.shading_doubt", language, low=f"{low:.1%}", high=f"{high:.1%}")
                )
    name = CANDIDATES["load_evidence"].zh if language == "zh" else CANDIDATES["load_evidence"].en
    for line, evidence in zip(lines, texts_of(buildings, "load_evidence"), strict=True):
        if evidence in ("none", "prior"):
            evidence = label("load_evidence", evidence, language)
            line.append(text("map.assumed_line", language, name=name, source=evidence))
    return ["\n".join(line) for line in lines]


def _tiers(study: Study, index: pd.Index) -> list[str]:
    """Name the data behind each candidate's roofs."""
    if "source" not in study.roofs:
        return [""] * len(index)
    first = study.roofs.groupby("building_id", sort=False)["source"].first().reindex(index)
    names = {s: text(f"map.tier_{s}", study.plan.language) for s in ("footprint", "surface_model")}
    return [names.get(source, "") for source in first]


def _existing(study: Study, rows: dict[str, int]) -> dict[str, Any]:
    """Return the PV that feeds today, per building, and what could not be placed."""
    table = study.projects
    if not {"stage", "building_id"} <= set(table.columns):
        return {"row": [], "kwp": [], "projects": [], "unplaced": 0}
    table = table[table["stage"].isin(ON_GRID)]
    place = pd.Series(
        [rows.get(b, -1) for b in texts_of(table, "building_id")], table.index, dtype=int
    )
    kwp = (
        pd.to_numeric(table["capacity_kwp"])
        if "capacity_kwp" in table
        else pd.Series(np.nan, table.index)
    )
    groups = kwp[place >= 0].groupby(place[place >= 0])
    return {
        "row": groups.size().index.tolist(),
        "kwp": numbers(groups.sum(min_count=1), 1),
        "projects": groups.size().tolist(),
        "unplaced": int((place < 0).sum()),
    }


def _completed(study: Study, buildings: pd.DataFrame, rows: dict[str, int]) -> dict[str, str]:
    """Return the completion dates of all buildings that some rate counts."""
    counted = {
        b for ids in study.coverage.get("denominator_ids", ()) for b in listed(ids) if b in rows
    }
    if "completed_on" not in buildings:
        return {}
    order = sorted(rows[b] for b in counted)
    dates = pd.to_datetime(buildings["completed_on"].iloc[order])
    return {
        str(row): d.strftime("%Y-%m-%d") for row, d in zip(order, dates, strict=True) if pd.notna(d)
    }


def _areas(study: Study, language: str) -> dict[str, Any]:
    """Return the subdistricts with the rate that each has by the reported definition."""
    frame = study.subdistricts
    if frame is None or frame.empty:
        return {"count": 0}
    entries = study.record.get("coverage_by_subdistrict", ())
    rates = {str(entry.get(by)): entry for by in ("name", "code") for entry in entries}
    names = texts_of(frame, "name")
    found = [
        rates.get(str(code), rates.get(name, {}))
        for code, name in zip(frame.index, names, strict=True)
    ]
    return {
        "count": len(frame),
        "shapes": pack_shapes(to_degrees(frame.geometry)),
        "names": names,
        "rate": numbers([r.get("rate") for r in found], 8),
        "numerator": numbers([r.get("numerator") for r in found], 1),
        "denominator": numbers([r.get("denominator") for r in found], 1),
    }


def _outline(frame: gpd.GeoDataFrame | None, column: str = "") -> dict[str, Any]:
    """Return outlines that are only drawn, with their names if they have some."""
    if frame is None or frame.empty:
        return {"count": 0}
    names = texts_of(frame, column) if column else []
    return {"count": len(frame), "shapes": pack_shapes(to_degrees(frame.geometry)), "names": names}
