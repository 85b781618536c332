"""What a run writes down of itself: on what the results depend, and what they come to.

The record goes into `run.json`. It names files by their name and checksum, not by the
folder they lay in, so that the same study gives the same record anywhere.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import numpy as np

from hexi_solar import __version__
from hexi_solar.coverage import headline
from hexi_solar.layers import input_checksums
from hexi_solar.study import Study
from hexi_solar.weather import WeatherYear

LIBRARIES = (
    "folium", "geopandas", "numba", "numpy", "pandas", "pvlib", "pyarrow", "pyogrio", "pyproj",
    "rasterio", "scipy", "shapely", "xlsxwriter",
)  # fmt: skip


def record_of(
    study: Study, weather: tuple[WeatherYear, ...], parts: list[dict[str, Any]], spread: list[float]
) -> dict[str, Any]:
    """Write down everything that the results depend on, and what they come to."""
    plan, candidates = study.plan, study.candidates
    counted = candidates["in_totals"]
    open_ = counted & (candidates["eligible"] != "no")
    notices = [
        {"level": p.level, "code": p.code, "message": p.message(plan.language)}
        for p in study.notices
    ]
    return {
        "name": plan.name,
        "title": plan.title,
        "synthetic": plan.synthetic,
        "today": plan.today.isoformat(),
        "plan": plain(plan),
        "versions": versions(),
        "inputs": input_checksums(plan),
        "weather": [weather_entry(y, e) for y, e in zip(weather, spread, strict=True)],
        "counts": {
            "buildings": len(study.buildings),
            "roofs_at_or_over_threshold": int(
                (study.buildings["footprint_area_m2"] >= plan.roofs.threshold_m2).sum()
            ),
            "candidates": len(candidates),
            "for_review": int((~counted).sum()),
            "projects": len(study.projects),
        },
        "tiers": tiers(study),
        "totals": {
            "capacity_kwp": float(candidates.loc[counted, "capacity_kwp"].sum()),
            "energy_ac_kwh": float(candidates.loc[counted, "energy_ac_kwh"].sum()),
            "co2_t": float(candidates.loc[counted, "co2_t"].sum()),
            # of it, what is not ruled out: eligible, or with the load still to be checked
            "open_capacity_kwp": float(candidates.loc[open_, "capacity_kwp"].sum()),
            "open_energy_ac_kwh": float(candidates.loc[open_, "energy_ac_kwh"].sum()),
        },
        "coverage": headline(study.coverage, plan.today.year, plan.coverage),
        "coverage_by_subdistrict": parts,
        "notices": notices,
        "warnings": [n["message"] for n in notices if n["level"] == "warning"],
    }


def weather_entry(year: WeatherYear, energy_kwh: float) -> dict[str, Any]:
    """Describe one weather year and what the district yields under it."""
    closure = None if np.isnan(year.closure_rmse_w_m2) else round(year.closure_rmse_w_m2, 3)
    return {
        "name": year.name,
        "source": year.source,
        "latitude": year.latitude,
        "longitude": year.longitude,
        "ghi_kwh_m2": round(float(year.table["ghi"].sum()) / 1000.0, 3),
        "sun_offset_minutes": year.sun_offset_minutes,
        "closure_rmse_w_m2": closure,
        "repairs": dict(year.repairs),
        "energy_ac_kwh": energy_kwh,
    }


def tiers(study: Study) -> dict[str, dict[str, int]]:
    """Count how good the data behind the candidates are."""
    own = study.buildings.loc[study.candidates.index]
    columns = ("height_source", "owner_type_source", "roof_kind_source", "load_evidence")
    counted = {c: own[c].value_counts().sort_index() for c in columns}
    counted["roof_source"] = study.roofs["source"].value_counts().sort_index()
    return {name: {str(k): int(v) for k, v in c.items()} for name, c in counted.items()}


def versions() -> dict[str, str]:
    """Name what computed this."""
    found = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"hexi_solar": __version__, "python": platform.python_version(), **found}


def plain(value: Any) -> Any:
    """Bring settings to what JSON knows; files by their name, wherever the folder lies."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value) if not f.metadata.get("internal")]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, Path):
        return value.name
    return value.isoformat() if isinstance(value, dt.date) else value
