"""Studies for the map: one small enough to draw on paper, with hostile names, and large ones."""

from __future__ import annotations

import dataclasses
import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import MultiPolygon, Polygon, box

from hexi_solar.config import Plan
from hexi_solar.schema import EXCLUSIONS
from hexi_solar.study import Roadmap, Study

CRS = "EPSG:4548"
WEST, SOUTH = 519_000.0, 4_326_000.0  # a corner in the district's projected system
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "${alert(1)}",
    "{{7*7}}",
    "市第二医院\u202e<b>&amp;\n新楼",
)
# id, name, owner type, public, width and depth [m], eligible, completed
BUILDINGS = (
    ("A01", "河西第一中学 教学楼", "school", "yes", 80, 40, "yes", "2021-06-30"),
    ("A02", HOSTILE[0], "hospital", "yes", 70, 50, "unknown", "2022-05-01"),
    ("A03", HOSTILE[1], "government", "yes", 60, 40, "yes", "2023-09-01"),
    ("A04", HOSTILE[2], "mall", "no", 90, 60, "unknown", None),
    ("A05", HOSTILE[3], "sport", "yes", 60, 60, "yes", "2024-03-15"),
    ("A06", HOSTILE[4], "university", "yes", 50, 50, "no", "2025-08-20"),
    ("A07", "", "unknown", "unknown", 45, 30, "unknown", None),
    ("A08", "宾馆西楼", "hotel", "no", 40, 30, "yes", None),
    ("A09", "体院北社区服务中心", "government", "yes", 20, 20, None, "2024-11-11"),
    ("A10", "平房", "residential", "no", 12, 10, None, None),
    ("A11", "6 号楼", "residential", "no", 60, 12, None, "2003-12-31"),
    ("A12", "小区会所", "other", "no", 25, 20, None, None),
)


def small_study(language: str = "zh", **changes: object) -> Study:
    """Build twelve buildings in two rows: eight candidates, six that count, three with PV."""
    names = [
        "building_id",
        "name",
        "owner_type",
        "public_institution",
        "wide",
        "deep",
        "eligible",
        "completed_on",
    ]
    table = pd.DataFrame(list(BUILDINGS), columns=names).set_index("building_id")
    shapes = [
        _shape(number, WEST + 130 * (number % 6), SOUTH + 130 * (number // 6), row.wide, row.deep)
        for number, row in enumerate(table.itertuples())
    ]
    plan = Plan(
        name="small", title="河西区屋顶光伏 & <测试>", language=language,  # type: ignore[arg-type]
        as_of=dt.date(2026, 6, 30), synthetic=True,
    )  # fmt: skip
    study = assemble(table, gpd.GeoSeries(shapes, table.index, crs=CRS), plan)
    return dataclasses.replace(study, **changes)


def large_study(count: int, candidates: int) -> Study:
    """Build a grid of many buildings with eight corners each, the first ones candidates."""
    number = np.arange(count)
    side = int(np.ceil(np.sqrt(count)))
    types = np.array(
        ["school", "office", "mall", "hospital", "residential", "government", "unknown"]
    )
    table = pd.DataFrame(
        {
            "name": [f"河西区测试街道第 {n} 号楼" if n % 3 else "" for n in number],
            "owner_type": types[number % len(types)],
            "public_institution": np.where(number % 7 < 1, "yes", "no"),
            "wide": 30.0 + number % 17, "deep": 14.0 + number % 5,
            "eligible": np.where(number < candidates, np.where(number % 3, "unknown", "yes"), None),
            "completed_on": None,
        },
        index=pd.Index([f"b{n:012x}" for n in number * 7919], name="building_id"),
    )  # fmt: skip
    table.loc[table.index[:200], "completed_on"] = "2023-05-05"
    place = zip(number % side, number // side, table["wide"], table["deep"], strict=True)
    shapes = [_octagon(WEST + 60 * x, SOUTH + 45 * y, wide, deep) for x, y, wide, deep in place]
    plan = Plan(name="large", title="二万栋", as_of=dt.date(2026, 6, 30))
    return assemble(table, gpd.GeoSeries(shapes, table.index, crs=CRS), plan)


def _shape(number: int, x: float, y: float, wide: float, deep: float) -> Polygon | MultiPolygon:
    """A rectangle; the second has a courtyard, the third two parts."""
    outer = box(x, y, x + wide, y + deep)
    if number == 1:
        return outer.difference(box(x + 20, y + 15, x + wide - 20, y + deep - 15))
    if number == 2:
        return MultiPolygon([box(x, y, x + 25, y + deep), box(x + 35, y, x + wide, y + deep)])
    return outer


def _octagon(x: float, y: float, wide: float, deep: float) -> Polygon:
    cut = 3.0
    return Polygon([
        (x + cut, y), (x + wide - cut, y), (x + wide, y + cut), (x + wide, y + deep - cut),
        (x + wide - cut, y + deep), (x + cut, y + deep), (x, y + deep - cut), (x, y + cut),
    ])  # fmt: skip


def assemble(table: pd.DataFrame, shapes: gpd.GeoSeries, plan: Plan) -> Study:
    """Give every building the tables that a study holds of it."""
    buildings = _buildings(table, shapes)
    chosen = buildings[table["eligible"].notna().to_numpy()]
    roofs, exclusions = _roofs(chosen)
    yields = _yields(chosen)
    candidates = _candidates(chosen, table.loc[chosen.index, "eligible"], yields)
    projects = _projects(buildings)
    west, south, east, north = shapes.total_bounds
    halves = [
        box(west - 20, south - 20, (west + east) / 2, north + 20),
        box((west + east) / 2, south - 20, east + 20, north + 20),
    ]
    areas = gpd.GeoDataFrame(
        {"name": ["大营门街道", "梅江街道"]},
        geometry=halves,
        crs=CRS,
        index=pd.Index(["120103001", "120103014"], name="code"),
    )
    whole = gpd.GeoDataFrame(geometry=[box(west - 20, south - 20, east + 20, north + 20)], crs=CRS)
    return Study(
        plan=plan, buildings=buildings, roofs=roofs, exclusions=exclusions,
        layouts=gpd.GeoDataFrame({"building_id": []}, geometry=[], crs=CRS),
        yields=yields, candidates=candidates, register=pd.DataFrame(), projects=projects,
        coverage=_coverage(buildings, projects), boundary=whole, subdistricts=areas,
        record={"coverage_by_subdistrict": [
            {"name": "大营门街道", "numerator": 900.0, "denominator": 3000.0, "rate": 0.3},
            {"name": "梅江街道", "numerator": 0.0, "denominator": 0.0, "rate": None},
        ]},
    )  # fmt: skip


def _buildings(table: pd.DataFrame, shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        table[["name", "owner_type", "public_institution"]].copy(), geometry=shapes
    )
    frame["address"] = [f"解放南路 {n} 号" for n in range(len(frame))]
    frame["owner_type_source"] = "derived"
    frame["department"] = np.where(frame["owner_type"] == "school", "教育局", "机关事务管理局")
    frame["subdistrict"] = "大营门街道"
    frame["height_m"], frame["height_source"] = 12.0, "derived"
    frame["footprint_area_m2"] = shapes.area
    frame["status"] = "completed"
    frame["completed_on"] = pd.to_datetime(table["completed_on"])
    frame["completed_on_source"] = "measured"
    frame["roof_kind"], frame["roof_kind_source"] = "flat", "assumed"
    frame["load_evidence"] = "none"
    return frame


def _roofs(chosen: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """One flat roof per building; a tenth, a twentieth ... of it is excluded."""
    area = chosen["footprint_area_m2"].to_numpy()
    ids = pd.Index(chosen.index + "-1", name="roof_id")
    roofs = gpd.GeoDataFrame(
        {"building_id": chosen.index, "horizontal_area_m2": area, "source": "footprint"},
        geometry=chosen.geometry.to_numpy(), index=ids, crs=CRS,
    )  # fmt: skip
    shares = {"setback": 0.1, "plant": 0.0533, "access_lane": 0.0417, "parapet_shadow": 0.0291}
    ledger = pd.DataFrame(
        {
            "area_m2": np.concatenate([share * area for share in shares.values()]),
            "evidence": np.repeat(["measured", "assumed", "assumed", "derived"], len(ids)),
            "basis": np.repeat(["1 m", "facts/roofs.toml", "", ""], len(ids)),
        },
        index=pd.MultiIndex.from_arrays(
            [np.tile(ids, len(shares)), np.repeat(list(shares), len(ids))],
            names=["roof_id", "reason"],
        ),
    )
    assert set(shares) <= set(EXCLUSIONS)
    return roofs, ledger


def _yields(chosen: gpd.GeoDataFrame) -> pd.DataFrame:
    share = np.array([5, 6, 9, 10, 11, 10.5, 9.5, 9.5, 9, 8.5, 6.5, 5.5])
    year = 0.12 * chosen["footprint_area_m2"].to_numpy() * 1250
    frame = pd.DataFrame(
        {f"energy_ac_{m + 1:02d}_kwh": year * share[m] / share.sum() for m in range(12)},
        index=pd.Index(chosen.index + "-1", name="roof_id"),
    )
    frame.insert(0, "building_id", chosen.index)
    frame["energy_ac_kwh"] = year
    return frame


def _candidates(
    chosen: gpd.GeoDataFrame, eligible: pd.Series, yields: pd.DataFrame
) -> pd.DataFrame:
    frame = pd.DataFrame(chosen.drop(columns="geometry"))
    frame["eligible"] = eligible
    frame["reasons"] = [
        {"yes": [], "no": ["load_refused"], "unknown": ["load_unproven"]}[e] for e in eligible
    ]
    frame["roof_area_m2"] = frame["footprint_area_m2"]
    frame["capacity_kwp"] = 0.12 * frame["footprint_area_m2"]
    frame["modules"] = (frame["capacity_kwp"] / 0.58).astype(int)
    frame["energy_ac_kwh"] = yields["energy_ac_kwh"].to_numpy()
    frame["specific_yield_kwh_kwp"], frame["performance_ratio"] = 1250.0, 0.8154
    frame["co2_t"] = frame["energy_ac_kwh"] * 0.0007
    frame["existing_kwp"] = 0.0
    centre = chosen.geometry.centroid.to_crs(4326)
    frame["longitude"], frame["latitude"] = centre.x, centre.y
    frame["rank"] = frame["capacity_kwp"].rank(method="first", ascending=False).astype(int)
    frame["rank_in_owner_type"] = (
        frame.groupby("owner_type")["capacity_kwp"]
        .rank(method="first", ascending=False)
        .astype(int)
    )
    frame["score"] = frame["capacity_kwp"]
    return frame.sort_values("rank")


def _projects(buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    ids = list(buildings.index[[0, 3, 4, 7]])
    return pd.DataFrame(
        {
            "building_id": [*ids, None],
            "stage": ["operating", "connected", "connected", "filed", "operating"],
            "capacity_kwp": [200.0, 88.5, 120.0, 60.0, 12.0],
        },
        index=pd.Index([f"P{n}" for n in range(5)], name="entity"),
    )  # fmt: skip


def _coverage(buildings: gpd.GeoDataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Reported rates per year and cohort, a second definition beside them, at today."""
    new = buildings[
        (buildings["public_institution"] == "yes") & (buildings["completed_on"] >= "2021-01-01")
    ]
    reached = set(projects.loc[projects["stage"] != "filed", "building_id"].dropna())
    rows = []
    for year in range(2021, 2027):
        for cohort in ("in_year", "cumulative"):
            years = new["completed_on"].dt.year
            part = new[years == year] if cohort == "in_year" else new[years <= year]
            at = min(f"{year}-12-31", "2026-06-30")
            for definition, share, target in (("installable", 0.8, 0.5), ("total_roof", 1.0, 0.3)):
                rows.append(_rate(part, reached, year, cohort, at, definition, share, target))
    names = ["year", "cohort", "at", "definition", "reading", "scope"]
    return pd.DataFrame(rows).set_index(names)


def _rate(
    part: pd.DataFrame,
    reached: set[str],
    year: int,
    cohort: str,
    at: str,
    definition: str,
    share: float,
    target: float,
) -> dict[str, object]:
    with_pv = [building for building in part.index if building in reached]
    below = share * float(part["footprint_area_m2"].sum())
    above = 0.45 * float(part.loc[with_pv, "footprint_area_m2"].sum())
    return {
        "year": year, "cohort": cohort, "at": at, "definition": definition,
        "reading": "module_area", "scope": "all", "target": target,
        "numerator": above, "denominator": below, "unit": "m²",
        "rate": above / below if below else np.nan,
        "kind": "progress", "reported": definition == "installable" and cohort == "cumulative",
        "buildings": len(part), "buildings_with_pv": len(with_pv),
        "numerator_ids": with_pv, "denominator_ids": list(part.index), "flagged_ids": with_pv[:1],
    }  # fmt: skip


def small_roadmap(language: str = "zh") -> Roadmap:
    """Build a path over the small study: one roof in 2027, two in 2029, to a rate of 0.6."""
    study = small_study(language)
    years = pd.Index([2027, 2028, 2029], name="year")
    schedule = pd.DataFrame(
        {
            "variant": ["south_10", "flush", "south_10"], "year": [2027, 2029, 2029],
            "cost_cny": [1e6, 2e6, 3e6], "check_cost_cny": [0.0, 2e4, 0.0],
            "discounted_cny": [1e6, 1.8e6, 2.7e6], "capacity_kwp": [300.0, 500.0, 900.0],
            "energy_kwh": 1e5, "co2_t": 80.0, "added": [1000.0, 2000.0, 3000.0],
            "school": [True, False, False], "feeder": "", "load_state": ["yes", "unknown", "yes"],
            "committed": [True, False, False],
        },
        index=pd.Index(["A01", "A02", "A03"], name="building_id"),
    )  # fmt: skip
    built, cost = [1, 0, 2], [1e6, 0.0, 5e6]
    table = pd.DataFrame({
        "buildings": built, "checks": [0, 0, 1], "cost_cny": cost, "discounted_cny": cost,
        "budget_cny": np.nan, "capacity_kwp": [300.0, 0.0, 1400.0], "installer_kwp": np.nan,
        "school_kwp": [300.0, 0.0, 0.0], "holiday_kwp": np.nan, "energy_kwh": 1e5, "co2_t": 80.0,
        "total_capacity_kwp": [300.0, 300.0, 1700.0], "total_energy_kwh": 1e5, "total_co2_t": 80.0,
    }, index=years)  # fmt: skip
    rates = {"installable": [0.3, 0.25, 0.6], "total_roof": [0.2, 0.18, 0.4]}
    rows = [
        {"year": y, "definition": name, "reading": "module_area", "scope": "all", "standing": 1000.0,
         "added": 0.0, "denominator": 1e4, "rate": r, "reported": name == "installable",
         "target": 0.5 if (name, y) == ("installable", 2029) else np.nan}
        for name, own in rates.items() for y, r in zip(years, own, strict=True)
    ]  # fmt: skip
    coverage = pd.DataFrame(rows).set_index(["year", "definition", "reading", "scope"])
    return Roadmap(
        study=study, asked="new",
        answer={
            "status": "reached", "measure": "installable/module_area/all", "target": 0.5, "by": 2029,
            "rate": 0.6, "rate_without": 0.1, "cost_cny": 6e6, "discounted_cny": 5.5e6,
            "discounted_at_least_cny": 5.48e6, "gap": 0.0036, "reachable_rate": None,
            "reachable_rate_at_most": None, "buildings": 3, "checks": 1, "capacity_kwp": 1700.0,
            "energy_kwh": 3e5, "co2_t": 240.0, "members": 5, "npv_cny": 1.2e6, "denominator": 1e4,
            "standing": 1000.0, "needed": 4000.0, "everything": 0.8,
        },
        schedule=schedule, years=table, coverage=coverage, now=coverage.iloc[:0],
        binding=pd.DataFrame(
            {"limit": [0.5, np.nan], "eased": [0.45, np.nan], "unit": ["-", ""],
             "cost_cny": [5e5, 2e4], "cost_at_most_cny": [6e5, 2e4], "rate": np.nan,
             "rate_at_most": np.nan, "reaches": True},
            index=pd.MultiIndex.from_tuples(
                [("target", "2029"), ("evidence", "")], names=["constraint", "key"]),
        ),
        chance={"probability": 0.3, "error": 0.005, "rate_p10": 0.4, "rate_p50": 0.5,
                "rate_p90": 0.6, "draws": 10000, "seed": 1},
        surveys=pd.DataFrame(
            {"rank": [1], "check_cost_cny": [2e4], "p_load": [0.8], "probability": [0.4],
             "gain": [0.1], "gain_per_mcny": [5.0], "substitutes": [["A05"]]},
            index=pd.Index(["A02"], name="building_id"),
        ),
        safer={"asked_probability": 0.8, "enough": True, "planned_target": 0.58, "status": "reached",
               "rate": 0.6, "cost_cny": 7e6, "discounted_cny": 6.5e6, "gap": 0.001, "buildings": 4,
               "probability": 0.83, "rate_p10": 0.49, "rate_p50": 0.55, "rate_p90": 0.6},
        safer_schedule=schedule,
        economics=pd.DataFrame(
            {"npv_cny": [5e5, 4e5, 3e5], "irr": 0.09, "capex_cny": [1e6, 1.98e6, 3e6]},
            index=schedule.index,
        ),
        limits=pd.DataFrame(
            {"budget_cny": np.nan, "installer_kwp": np.nan, "holiday_kwp": np.nan, "price_factor": 1.0},
            index=years,
        ),
        feeders=pd.DataFrame({"capacity_kva": [], "standing_kwp": []}).rename_axis("feeder"),
        members=pd.Series({"A01": 2021, "A02": 2022, "A03": 2023, "A05": 2024, "A09": 2028}),
        assumptions=({
            "key": "pathway.p_load", "zh": "结构检测通过的概率", "en": "Probability that a check passes",
            "value": 0.8, "shown": "0.8", "unit": "-", "year": "", "source": "placeholder",
            "confidence": "recalled-low", "set_by_plan": False, "placeholder": True,
        },),
        solver={"gap": 0.0036, "seconds": 0.1, "options": 12, "buildings": 4},
    )  # fmt: skip
