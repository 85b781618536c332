"""A plan on disk: read into the tree of `config.py`, written with its own explanation.

Everything wrong in a plan is said at once: unknown keys with the nearest known one,
values of the wrong kind, values out of range, files that are not there.
"""

from __future__ import annotations

import datetime as dt
import difflib
import importlib.util
import tomllib
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hexi_solar.config import Column, Plan
from hexi_solar.errors import ConfigError, Problem, Say
from hexi_solar.facts import read_facts
from hexi_solar.schema import OWNER_TYPES

# lowest and highest value that makes sense, both allowed
RANGES: dict[str, tuple[float, float]] = {
    "buildings.storey_height_m": (2.0, 8.0),
    "buildings.overlap_share": (0.0, 1.0),
    "weather.latitude": (-90.0, 90.0),
    "weather.longitude": (-180.0, 180.0),
    "weather.sun_offset_minutes": (-60.0, 60.0),
    "weather.far_km": (0.0, 20_000.0),
    "site.latitude": (-90.0, 90.0),
    "site.longitude": (-180.0, 180.0),
    "site.altitude": (-500.0, 9000.0),
    "site.albedo": (0.0, 1.0),
    "roofs.threshold_m2": (0.0, 1e6),
    "roofs.setback_m": (0.0, 20.0),
    "roofs.parapet_height_m": (0.0, 5.0),
    "roofs.module_clearance_m": (0.0, 5.0),
    "roofs.lane_width_m": (0.0, 20.0),
    "roofs.lane_spacing_m": (5.0, 1e6),
    "roofs.north_slope_from": (90.0, 180.0),
    "roofs.north_slope_tilt": (0.0, 90.0),
    "layout.flat_tilt": (0.0, 60.0),
    "layout.shade_free_from": (4.0, 12.0),
    "layout.shade_free_until": (12.0, 20.0),
    "layout.pitch_m": (0.5, 50.0),
    "layout.pair_gap_m": (0.0, 5.0),
    "layout.module_length_m": (0.3, 4.0),
    "layout.module_width_m": (0.3, 4.0),
    "layout.module_power_w": (10.0, 2000.0),
    "layout.module_gap_m": (0.0, 1.0),
    "pv.gamma_pdc": (-0.02, 0.0),
    "pv.coating_index": (1.0, 1.526),
    "pv.soiling_loss": (0.0, 1.0),
    "pv.snow_loss": (0.0, 1.0),
    "pv.mismatch_loss": (0.0, 1.0),
    "pv.wiring_loss": (0.0, 1.0),
    "pv.connections_loss": (0.0, 1.0),
    "pv.light_induced_loss": (0.0, 1.0),
    "pv.availability_loss": (0.0, 1.0),
    "pv.measured_factor": (0.5, 1.5),
    "pv.eta_inv_nom": (0.5, 1.0),
    "pv.dc_ac_ratio": (0.5, 3.0),
    "shading.directions": (8, 720),
    "shading.bands": (8, 360),
    "shading.reach_m": (0.0, 20_000.0),
    "shading.surface_known_m": (0.0, 20_000.0),
    "shading.points_at_least": (1, 1000),
    "shading.points_at_most": (1, 1000),
    "shading.unknown_height_quantile": (0.5, 1.0),
    "economics.years": (1, 60),
    "economics.discount_rate_nominal": (-0.5, 1.0),
    "economics.tariff_growth_nominal": (-0.5, 0.5),
    "economics.cost_growth_nominal": (-0.5, 0.5),
    "economics.capex_cny_kwp": (0.0, 100_000.0),
    "economics.opex_cny_kwp_a": (0.0, 10_000.0),
    "economics.insurance_rate": (0.0, 0.2),
    "economics.inverter_cny_kwp": (0.0, 10_000.0),
    "economics.inverter_year": (0, 60),
    "economics.roof_repair_cny_m2": (0.0, 10_000.0),
    "economics.roof_repair_year": (0, 60),
    "economics.degradation": (0.0, 0.2),
    "economics.surplus_cny_kwh_nominal": (0.0, 10.0),
    "economics.surplus_bid_cny_kwh": (0.0, 10.0),
    "economics.self_use_least": (0.0, 1.0),
    "economics.calendar_year": (2004, 2100),
    "contract.years": (1, 60),
    "contract.price_ratio": (0.0, 1.0),
    "contract.rent_cny_m2_a": (0.0, 1000.0),
    "contract.guarantee_ratio": (0.0, 1.0),
    "contract.shortfall_ratio": (0.0, 1.0),
    "contract.service_ratio": (0.0, 1.0),
    "contract.trusteeship_fee_ratio": (0.0, 2.0),
    "contract.required_irr_nominal": (-0.5, 1.0),
    "retrofit.floor_area_m2": (0.0, 1e7),
    "retrofit.budget_cny": (0.0, 1e12),
    "retrofit.payback_years": (0.0, 60.0),
    "retrofit.hot_water_cny_gj": (0.0, 10_000.0),
    "retrofit.places": (0, 100_000),
    "engine.workers": (1, 256),
    "engine.chunk": (1, 1_000_000),
    "coverage.target": (0.0, 1.0),
    "coverage.target_year": (2000, 2100),
}
MONTHLY = ("pv.soiling_loss", "pv.snow_loss")


def read_plan(path: Path | str) -> Plan:
    """
    Read a plan and everything that it leaves to the defaults.

    Parameters
    ----------
    path
        The `plan.toml`; relative paths in it are taken from its folder.

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML, or asks for something there is not.
    """
    path = Path(path)
    try:
        given = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(Problem("plan_missing", {"file": path})) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(Problem("plan_not_toml", {"file": path, "found": error})) from None
    except OSError as error:
        raise ConfigError(Problem("plan_unreadable", {"file": path, "found": error})) from None
    return parse_plan(given, path)


def parse_plan(given: Mapping[str, Any], path: Path) -> Plan:
    """
    Build a plan from its parsed TOML.

    Raises
    ------
    ConfigError
        With every unknown key, wrong kind and value out of range.
    """
    problems: list[Problem] = []
    plan: Plan = _Reader(path, problems).tree(Plan, given, "")
    problems += _contradictions(plan, path, {str(p.fields.get("key")) for p in problems})
    if problems:
        raise ConfigError(*problems)
    return plan


class _Reader:
    """Turns TOML values into the types that `config.py` asks for, and keeps what is wrong."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.folder = path.parent
        self.problems = problems

    def tree(self, kind: Any, given: Any, where: str) -> Any:
        """Read one table into one dataclass."""
        if not isinstance(given, Mapping):
            self.wrong(where, given, Say("expect.table"))
            return kind()
        hints = get_type_hints(kind)
        known = {f.name for f in fields(kind) if not f.metadata.get("internal")}
        values: dict[str, Any] = {"path": self.path} if kind is Plan else {}
        for key, value in given.items():
            name = f"{where}.{key}" if where else key
            if key in known:
                values[key] = self.value(hints[key], value, name)
            else:
                self.unknown(where, key, known)
        return kind(**values)

    def value(self, kind: Any, given: Any, where: str) -> Any:
        """Read one value as the type that its field has."""
        origin, arguments = get_origin(kind), get_args(kind)
        if kind is Any:
            return given
        if is_dataclass(kind) and kind is not Column:
            return self.tree(kind, given, where)
        if origin is Literal:
            return self.choice(arguments, given, where)
        if origin in (Union, UnionType):
            if given == "":
                return None
            return self.value(next(a for a in arguments if a is not type(None)), given, where)
        if origin is tuple:
            return self.many(arguments[0], given, where)
        if origin is not None and issubclass(origin, Mapping):
            return self.mapping(arguments[1], given, where)
        return self.scalar(kind, given, where)

    def scalar(self, kind: Any, given: Any, where: str) -> Any:
        """Read a number, a word, a date, a path or a column."""
        if kind is Column:
            return self.column(given, where)
        if kind is Path and isinstance(given, str):
            return (self.folder / given).resolve() if given else None
        if kind is float and isinstance(given, int | float) and not isinstance(given, bool):
            return self.in_range(float(given), where)
        if kind is int and isinstance(given, int) and not isinstance(given, bool):
            return self.in_range(given, where)
        if kind is dt.date and isinstance(given, dt.date) and not isinstance(given, dt.datetime):
            return given
        if kind in (str, bool) and isinstance(given, kind):
            return given
        self.wrong(where, given, Say(f"expect.{kind.__name__.lower()}"))
        return given

    def column(self, given: Any, where: str) -> Column:
        """Read where a column stands: its name, or a table with name and unit."""
        if isinstance(given, str):
            return Column(given)
        result: Column = self.tree(Column, given, where)
        return result

    def many(self, kind: Any, given: Any, where: str) -> tuple[Any, ...]:
        """Read a list; a number for each month where one number is given for all."""
        if where in MONTHLY and isinstance(given, int | float) and not isinstance(given, bool):
            given = [given] * 12
        if not isinstance(given, list):
            self.wrong(where, given, Say("expect.list"))
            return ()
        if where in MONTHLY and len(given) != 12:
            self.wrong(where, len(given), Say("expect.months"))
        name = "{}" if where in MONTHLY else "{}[{}]"
        return tuple(self.value(kind, v, name.format(where, i)) for i, v in enumerate(given))

    def mapping(self, kind: Any, given: Any, where: str) -> dict[str, Any]:
        """Read a table with keys of the user's own."""
        if not isinstance(given, Mapping):
            self.wrong(where, given, Say("expect.table"))
            return {}
        return {str(k): self.value(kind, v, f"{where}.{k}") for k, v in given.items()}

    def choice(self, known: tuple[Any, ...], given: Any, where: str) -> Any:
        """Read one of a few words."""
        if given not in known:
            words = ", ".join(str(k) for k in known if k)
            facts = {"words": words, "hint": nearest(str(given), known)}
            self.wrong(where, given, Say("expect.word", facts))
            return known[0]
        return given

    def in_range(self, given: float, where: str) -> float:
        """Refuse a number that makes no sense."""
        low, high = RANGES.get(where, (float("-inf"), float("inf")))
        if not low <= given <= high:
            self.wrong(where, given, Say("expect.range", {"low": f"{low:g}", "high": f"{high:g}"}))
        return given

    def wrong(self, where: str, found: Any, expected: Say | str) -> None:
        """Note a value that cannot be used."""
        facts = {"file": self.path.name, "key": where, "found": found, "expected": expected}
        self.problems.append(Problem("plan_value", facts))

    def unknown(self, where: str, key: str, known: set[str]) -> None:
        """Note a key that there is not."""
        facts = {"file": self.path.name, "table": where or "-", "key": key}
        self.problems.append(Problem("plan_key", facts | {"hint": nearest(key, known)}))


def nearest(word: str, known: Any) -> Say | str:
    """
    Ask whether the nearest known word was meant.

    Examples
    --------
    >>> nearest("mismatch_los", {"mismatch_loss", "wiring_loss"}).message("en")
    ' (did you mean mismatch_loss?)'
    """
    close = difflib.get_close_matches(word, sorted(str(k) for k in known), n=1, cutoff=0.5)
    return Say("hint.nearest", {"word": close[0]}) if close else ""


# what a weighted ranking may weigh
WEIGHTS = ("capacity", "energy", "specific_yield", "co2")


def _unknown_words(plan: Plan, wrong: set[str]) -> Iterator[tuple[str, Any, Say | str]]:
    """Find words that the plan's types let through but nothing answers to."""
    if not any(key.startswith("ranking") for key in wrong):
        weights = plan.ranking.weights
        for name in weights:
            if name not in WEIGHTS:
                facts = {"words": ", ".join(WEIGHTS), "hint": nearest(name, WEIGHTS)}
                yield f"ranking.weights.{name}", name, Say("expect.word", facts)
        if any(weight < 0 for weight in weights.values()) or sum(weights.values()) <= 0:
            yield "ranking.weights", dict(weights), Say("expect.weights")
        factors = read_facts("carbon")
        if plan.ranking.emission_factor not in factors:
            known = {
                "words": ", ".join(factors),
                "hint": nearest(plan.ranking.emission_factor, factors),
            }
            yield "ranking.emission_factor", plan.ranking.emission_factor, Say("expect.word", known)
    if not any(key.startswith("retrofit.owner_types") for key in wrong):
        for at, name in enumerate(plan.retrofit.owner_types):
            if name not in OWNER_TYPES:
                facts = {"words": ", ".join(OWNER_TYPES), "hint": nearest(name, OWNER_TYPES)}
                yield f"retrofit.owner_types[{at}]", name, Say("expect.word", facts)
    for key, zone in (("site.tz", plan.site.tz), ("weather.tz", plan.weather.tz)):
        if key not in wrong and zone and not _is_zone(zone):
            yield key, zone, Say("expect.zone")
    if not {"coverage.start", "as_of"} & wrong and plan.coverage.start > plan.today:
        yield (
            "coverage.start",
            plan.coverage.start.isoformat(),
            Say("expect.start", {"today": plan.today}),
        )
    for key, table in plan.coverage.definitions.items():
        if not isinstance(table, Mapping):
            yield f"coverage.definitions.{key}", table, Say("expect.table")
        elif not all(isinstance(v, int | float) for v in table.get("targets", {}).values()):
            yield f"coverage.definitions.{key}.targets", table["targets"], Say("expect.float")
    if plan.engine.scheduler and importlib.util.find_spec("distributed") is None:
        yield "engine.scheduler", plan.engine.scheduler, Say("expect.dask")


def _is_zone(name: str) -> bool:
    """Say whether a time zone exists."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _contradictions(plan: Plan, path: Path, wrong: set[str]) -> list[Problem]:
    """Find what is wrong only in the light of the whole plan: files that are not there."""
    layers = plan.layers
    named = [("layers.buildings.path", layers.buildings.path)]
    named += [(f"layers.attributes[{i}].path", t.path) for i, t in enumerate(layers.attributes)]
    named += [(f"layers.points[{i}].path", t.path) for i, t in enumerate(layers.points)]
    for name in (
        "boundary",
        "subdistricts",
        "zones",
        "surface_model",
        "far_terrain",
        "register",
        "feeders",
        "meters",
        "detected",
    ):
        named.append((f"layers.{name}.path", getattr(layers, name).path))
    named += [(f"weather.paths[{i}]", p) for i, p in enumerate(plan.weather.paths)]
    for name in ("meter_weather", "equipment_grades"):
        named.append((f"retrofit.{name}", getattr(plan.retrofit, name)))
    named += [(f"weather.period_paths[{i}]", p) for i, p in enumerate(plan.weather.period_paths)]
    files = plan.economics.tariff_files
    named += [(f"economics.tariff_files[{i}]", p) for i, p in enumerate(files)]
    found = [
        Problem("file_missing", {"file": path.name, "key": key, "found": file})
        for key, file in named
        if isinstance(file, Path) and not file.exists()
    ]
    facts_of = {"file": path.name}
    found += [
        Problem("plan_value", {**facts_of, "key": key, "found": value, "expected": expected})
        for key, value, expected in _unknown_words(plan, wrong)
    ]
    if plan.layers.buildings.path is None and "layers.buildings.path" not in wrong:
        found.insert(0, Problem("no_buildings", {"file": path.name}))
    if "name" not in wrong and (Path(plan.name).name != plan.name or plan.name in ("", ".", "..")):
        facts = {"file": path.name, "key": "name", "found": plan.name}
        found.append(Problem("plan_value", facts | {"expected": Say("expect.folder")}))
    return found
