"""A study small enough to read, with names that a spreadsheet, a map or a parser may trip over."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box

from hexi_solar.config import Map, Plan
from hexi_solar.errors import Problem
from hexi_solar.schema import (
    BUILDINGS,
    CANDIDATES,
    COVERAGE,
    EXCLUSION_LEDGER,
    LAYOUTS,
    PROJECTS,
    REGISTER,
    ROOFS,
    YIELDS,
    Table,
)
from hexi_solar.study import Study

CRS = "EPSG:4548"
HOSTILE = (
    '=HYPERLINK("http://x","点我")',
    "＝1+1",
    "<b>粗体</b><img src=x onerror=alert(1)>",
    "太阳☀️学校🏫 & 'Söhne' \"quoted\"",
    "很长很长的名称" * 30,
    "@SUM(A1:A9)\n第二行;分号\x0b",
)
OWNERS = ("school", "hospital", "government", "school", "mall", "unknown")
ELIGIBLE = ("yes", "unknown", "unknown", "yes", "no", "unknown")


def make_study(copies: int = 1, language: str = "zh", synthetic: bool = True) -> Study:
    """Six buildings, `copies` times over; much is known in one row and unknown in another."""
    plan = Plan(
        name="fixture",
        language=language,
        as_of=dt.date(2025, 12, 31),
        synthetic=synthetic,
        map=Map(stamp="内部使用，未经审图不得公开" if language == "zh" else "Internal use only"),
    )
    buildings = _buildings(6 * copies)
    roofs = _roofs(buildings)
    layouts = _layouts(roofs)
    yields = _yields(layouts)
    candidates = _candidates(buildings, roofs, layouts, yields)
    register = _register(buildings)
    return Study(
        plan=plan,
        buildings=buildings,
        roofs=roofs,
        exclusions=_exclusions(roofs),
        layouts=layouts,
        yields=yields,
        candidates=candidates,
        register=register,
        projects=_projects(register),
        coverage=_coverage(buildings),
        boundary=gpd.GeoDataFrame(
            {"name": ["界"]}, geometry=[box(5e5, 4.32e6, 5.1e5, 4.34e6)], crs=CRS
        ),
        subdistricts=_subdistricts(),
        zones=None,
        notices=(
            Problem(
                "table_unknown",
                {
                    "where": "layers/b.gpkg",
                    "column": "height_m",
                    "count": 2,
                    "total": 6,
                    "rows": "b1, b2",
                },
                "assumed",
            ),
            Problem(
                "table_repeated",
                {
                    "where": "layers/b.gpkg",
                    "column": "geometry",
                    "count": 1,
                    "total": 6,
                    "rows": "b3",
                },
                "left_out",
            ),
        ),
        record={
            "inputs": [{"path": "layers/buildings.gpkg", "sha256": "0" * 64, "bytes": 1234}],
            "versions": {"hexi_solar": "0.1.0", "pvlib": "0.13.0"},
            "counts": {"buildings": 6 * copies},
        },
    )


def in_english(study: Study) -> Study:
    """Return the same study with its plan in English."""
    return replace(study, plan=replace(study.plan, language="en"))


def _typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Add the columns that a table declares and this one leaves empty, in their order."""
    empty = {"float": np.nan, "int": 0, "bool": False, "date": pd.NaT}
    for column in table:
        if column.name not in frame:
            value = column.words[0] if column.required and column.words else empty.get(column.kind)
            kind = None if column.kind in empty else "str"
            frame[column.name] = pd.Series(value, index=frame.index, dtype=kind)
    return frame[[*table.names, *(c for c in frame if c == "geometry")]]


def _ids(prefix: str, count: int) -> pd.Index:
    return pd.Index([f"{prefix}{i:03d}" for i in range(1, count + 1)], name="building_id")


def _buildings(count: int) -> gpd.GeoDataFrame:
    """Halls of 60 m x 30 m in a row, one with a courtyard, one in two parts."""
    shapes = []
    for i in range(count):
        shape = box(0, 0, 60, 30 + i % 7)
        if i % 6 == 2:
            shape = Polygon(shape.exterior.coords, [box(20, 10, 40, 20).exterior.coords])
        if i % 6 == 3:
            shape = MultiPolygon([box(0, 0, 25, 30), box(30, 0, 60, 30)])
        shapes.append(translate(shape, 519_000 + 80 * (i % 40), 4_328_000 + 60 * (i // 40)))
    kind = [i % 6 for i in range(count)]
    frame = gpd.GeoDataFrame(
        {
            "name": [HOSTILE[k] if i < 6 else f"河西区第{i}中学教学楼" for i, k in enumerate(kind)],
            "address": [
                "=1+2" if k == 0 else None if k == 1 else f"友谊路 {i} 号"
                for i, k in enumerate(kind)
            ],
            "owner_type": [OWNERS[k] for k in kind],
            "owner_type_source": ["assumed" if k == 2 else "derived" for k in kind],
            "public_institution": [("yes", "yes", "yes", "no", "no", "unknown")[k] for k in kind],
            "department": [
                ("教育局", "卫生健康委", "机关事务管理局", "教育局", "商务局", None)[k]
                for k in kind
            ],
            "subdistrict": ["友谊路街道" if k % 2 else "大营门街道" for k in kind],
            "height_m": [np.nan if k == 1 else 12.0 + k for k in kind],
            "height_source": [
                "unknown" if k == 1 else "assumed" if k == 2 else "measured" for k in kind
            ],
            "footprint_area_m2": [s.area for s in shapes],
            "status": ["approved" if k == 4 else "completed" for k in kind],
            "completed_on": pd.to_datetime([None if k == 4 else f"{2021 + k}-06-30" for k in kind]),
            "roof_kind": ["metal" if k == 4 else "flat" for k in kind],
            "roof_kind_source": ["assumed" if k in (1, 2) else "surveyed" for k in kind],
            "load_evidence": [
                ("drawings", "none", "prior", "appraisal", "drawings", "none")[k] for k in kind
            ],
            "load_reserve_kn_m2": [0.5 if k in (0, 3) else np.nan for k in kind],
        },
        index=_ids("b", count),
        geometry=shapes,
        crs=CRS,
    )
    return _typed(frame, BUILDINGS)


def _roofs(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    area = buildings.area.to_numpy()
    frame = gpd.GeoDataFrame(
        {
            "building_id": buildings.index,
            "surface_tilt": 0.0,
            "surface_azimuth": 180.0,
            "area_m2": area,
            "horizontal_area_m2": area,
            "installable_area_m2": area * 0.7,
            "usable_area_m2": area * 0.6,
            "roof_kind": buildings["roof_kind"].to_numpy(),
            "mounting": "anchored",
            "tilt_source": "assumed",
            "source": "footprint",
        },
        index=pd.Index([f"{b}-r1" for b in buildings.index], name="roof_id"),
        geometry=buildings.buffer(-2).to_numpy(),
        crs=CRS,
    )
    return _typed(frame, ROOFS)


def _exclusions(roofs: gpd.GeoDataFrame) -> pd.DataFrame:
    parts = {"setback": 0.2, "plant": 0.1, "parapet_shadow": 0.1}
    index = pd.MultiIndex.from_product([roofs.index, parts], names=EXCLUSION_LEDGER.index)
    area = roofs["horizontal_area_m2"].reindex(index.get_level_values(0)).to_numpy()
    share = np.tile(list(parts.values()), len(roofs))
    frame = pd.DataFrame(
        {"area_m2": area * share, "evidence": "assumed", "basis": "=practice"}, index
    )
    return _typed(frame, EXCLUSION_LEDGER)


def _layouts(roofs: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    modules = (roofs["usable_area_m2"] / 5).astype(int)
    frame = gpd.GeoDataFrame(
        {
            "building_id": roofs["building_id"],
            "module_tilt": 10.0,
            "module_azimuth": 180.0,
            "modules": modules,
            "rows": 5,
            "pitch_m": 3.1,
            "gcr": 0.7,
            "capacity_kwp": modules * 0.55,
            "module_area_m2": modules * 2.58,
            "module_horizontal_area_m2": modules * 2.58 * np.cos(np.deg2rad(10)),
            "array_area_m2": modules * 3.6,
            "flush": False,
        },
        index=roofs.index,
        geometry=roofs.buffer(-1).to_numpy(),
        crs=CRS,
    )
    return _typed(frame, LAYOUTS)


def _yields(layouts: gpd.GeoDataFrame) -> pd.DataFrame:
    energy = layouts["capacity_kwp"] * 1234.5
    frame = pd.DataFrame(
        {
            "building_id": layouts["building_id"],
            "poa_global_kwh_m2": 1580.0,
            "effective_irradiance_kwh_m2": 1520.0,
            "energy_dc_kwh": energy * 1.05,
            "energy_ac_kwh": energy,
            **{f"energy_ac_{m:02d}_kwh": energy / 12 for m in range(1, 13)},
            "specific_yield_kwh_kwp": 1234.5,
            "performance_ratio": 0.8123456789,
            "shading_loss": 0.02,
        },
        index=layouts.index,
    )
    return _typed(frame, YIELDS)


def _candidates(
    buildings: gpd.GeoDataFrame, roofs: pd.DataFrame, layouts: pd.DataFrame, yields: pd.DataFrame
) -> pd.DataFrame:
    kind = np.arange(len(buildings)) % 6
    point = buildings.representative_point().to_crs("EPSG:4326")
    frame = pd.DataFrame(buildings.drop(columns="geometry"))[
        [c for c in CANDIDATES.names if c in buildings]
    ].copy()
    by_building = layouts.set_index("building_id")
    for name in ("modules", "capacity_kwp", "module_area_m2", "array_area_m2"):
        frame[name] = by_building[name]
    for name in ("energy_ac_kwh", "specific_yield_kwh_kwp", "performance_ratio"):
        frame[name] = yields.set_index("building_id")[name]
    for name in ("installable_area_m2", "usable_area_m2"):
        frame[name] = roofs.set_index("building_id")[name]
    frame["roof_area_m2"] = buildings["footprint_area_m2"]
    frame["co2_t"] = frame["energy_ac_kwh"] * 0.7041 / 1000
    frame["existing_kwp"] = np.where(kind == 4, 120.0, np.nan)
    frame["eligible"] = [ELIGIBLE[k] for k in kind]
    why = {"yes": [], "unknown": ["load_unproven"], "no": ["load_refused", "has_pv"]}
    frame["reasons"] = [why[e] for e in frame["eligible"]]
    frame["longitude"], frame["latitude"] = point.x, point.y
    frame["score"] = frame["capacity_kwp"]
    frame["rank"] = frame["score"].rank(ascending=False, method="first").astype(int)
    of_type = frame.groupby("owner_type")["rank"]
    frame["rank_in_owner_type"] = of_type.rank(method="first").astype(int)
    # all count in the totals but the last, which waits for someone to look
    frame["in_totals"] = frame["rank"] < frame["rank"].max() if "rank" in frame else True
    return _typed(frame, CANDIDATES).sort_values("rank")


def _register(buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "entity": ["p1", "p1"],
            "building_id": buildings.index[4],
            "kind": ["filed", "connected"],
            "valid_on": pd.to_datetime(["2023-03-01", "2023-09-01"]),
            "capacity_kwp": 120.0,
            "investor": ["=cmd", "某公司"],
            "mode": "surplus",
        },
        index=pd.Index(["e1", "e2"], name="event_id"),
    )
    return _typed(frame, REGISTER)


def _projects(register: pd.DataFrame) -> pd.DataFrame:
    last = register.iloc[[-1]].set_index("entity")
    return _typed(last.rename(columns={"kind": "stage", "valid_on": "stage_on"}), PROJECTS)


def _subdistricts() -> gpd.GeoDataFrame:
    codes = pd.Index(["120103001", "120103005"], name="code")
    shapes = [box(5.18e5, 4.32e6, 5.2e5, 4.33e6), box(5.2e5, 4.32e6, 5.22e5, 4.33e6)]
    return gpd.GeoDataFrame(
        {"name": ["大营门街道", "友谊路街道"]}, index=codes, geometry=shapes, crs=CRS
    )


def _coverage(buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    """Three definitions, two cohorts, five years; some rows have no denominator."""
    axes = [("installable", r) for r in ("module_area", "module_horizontal_area", "array_area")]
    axes += [("buildings", "none"), ("installable_of_total", "none")]
    rows = []
    for year in range(2021, 2026):
        for cohort in ("in_year", "cumulative"):
            for definition, reading in axes:
                for scope in ("all", "eligible"):
                    rows.append(_rate(buildings, year, cohort, definition, reading, scope))
    frame = pd.DataFrame(rows).sort_values("reported", ascending=False, kind="stable")
    frame = frame.set_index(list(COVERAGE.index))
    return _typed(frame, COVERAGE)


def _rate(
    buildings: gpd.GeoDataFrame, year: int, cohort: str, definition: str, reading: str, scope: str
) -> dict[str, object]:
    done = buildings["completed_on"].dt.year
    chosen = buildings.index[(done == year) if cohort == "in_year" else (done <= year)][:40]
    count = definition == "buildings"
    whole = float(len(chosen)) if count else 1000.0 * len(chosen)
    whole = 0.0 if scope == "eligible" and year == 2021 else whole
    part = float(len(chosen) // 2) if count else whole * 0.31 * (year - 2020) / 5
    key = (cohort, definition, reading, scope)
    return {
        "year": year,
        "cohort": cohort,
        "at": dt.date(year, 12, 31),
        "definition": definition,
        "reading": reading,
        "scope": scope,
        "numerator": part,
        "denominator": whole,
        "unit": "1" if count else "m²",
        "rate": part / whole if whole else np.nan,
        "target": 0.5,
        "kind": "potential" if definition == "installable_of_total" else "progress",
        "reported": key == ("cumulative", "installable", "module_area", "all"),
        "buildings": len(chosen),
        "buildings_with_pv": len(chosen) // 2,
        "numerator_ids": list(chosen[: len(chosen) // 2]),
        "denominator_ids": list(chosen),
        "flagged_ids": [],
    }
