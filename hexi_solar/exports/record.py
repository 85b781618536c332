"""The run record: what a study was made from, in one file that reads back.

`run.json` holds the plan with every default, versions, checksums of the inputs, counts
and notices. Two runs of the same plan differ in it only under `started` and `seconds`.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePath
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import LayerError, Problem
from hexi_solar.exports.publish import RECORD, json_text
from hexi_solar.study import Study


def write_record(record: Mapping[str, Any], folder: Path) -> None:
    """
    Write `run.json`: keys sorted, text as it is, unknown numbers as null.

    What `write_study` entered there stays, so that the study can be read back: a record
    adds to it.
    """
    path = Path(folder) / RECORD
    earlier = json.loads(path.read_text("utf-8")) if path.exists() else {}
    kept = {key: earlier[key] for key in ("plan", "notices") if key in earlier}
    path.write_text(json_text({**earlier, **plain(record), **kept}), "utf-8", newline="\n")


def study_record(study: Study) -> dict[str, Any]:
    """Collect what the record says of a study: its own record, the whole plan, all notices."""
    notices = [{"level": n.level, "code": n.code, "fields": n.fields} for n in study.notices]
    record: dict[str, Any] = plain(study.record)
    return record | {"plan": plan_record(study.plan), "notices": plain(notices)}


def read_record(folder: Path) -> dict[str, Any]:
    """
    Read the record of a study's folder.

    Raises
    ------
    LayerError
        If there is none, or it is not ours.
    """
    path = Path(folder) / RECORD
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LayerError(Problem("study_unreadable", {"file": path, "found": error})) from None
    if not isinstance(record, dict) or "plan" not in record:
        raise LayerError(Problem("study_unreadable", {"file": path, "found": "-"}))
    return record


def read_notices(record: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Take the notices of a record back to what they were."""
    notices = record.get("notices", [])
    return tuple(Problem(n["code"], n["fields"], n["level"]) for n in notices)


def plain(value: Any) -> Any:
    """
    Bring a value to what JSON can say; unknown numbers become null.

    Examples
    --------
    >>> plain({"rate": float("nan"), "on": dt.date(2025, 12, 31), "ids": ("a", "b")})
    {'rate': None, 'on': '2025-12-31', 'ids': ['a', 'b']}
    """
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(v) for v in value), key=str)
    if isinstance(value, list | tuple | np.ndarray | pd.Series | pd.Index):
        return [plain(v) for v in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dt.date):
        return value.isoformat()
    return value.as_posix() if isinstance(value, PurePath) else str(value)


# -- the plan ----------------------------------------------------------------------------------


def plan_record(plan: Plan) -> dict[str, Any]:
    """
    Write a plan out with all its defaults; paths relative to the plan's folder.

    Settings that are empty are left out; the day the study stands at is always said.
    """
    folder = plan.path.parent if plan.path else None
    record: dict[str, Any] = _settings(plan, folder) | {"as_of": plan.today.isoformat()}
    return record | ({"path": plan.path.name} if plan.path else {})


def _settings(value: Any, folder: Path | None) -> Any:
    """Write one setting out as JSON can say it."""
    if is_dataclass(value):
        named = ((f.name, _settings(getattr(value, f.name), folder)) for f in fields(value))
        return {name: setting for name, setting in named if setting is not None}
    if isinstance(value, Mapping):
        return {str(k): _settings(v, folder) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_settings(v, folder) for v in value]
    if isinstance(value, Path):
        return _relative(value, folder)
    return plain(value)


def _relative(path: Path, folder: Path | None) -> str:
    """Name a file from the plan's folder, so that the record holds on another machine."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix() if folder else path.as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def restore_plan(record: Mapping[str, Any]) -> Plan:
    """Build the plan that `plan_record` wrote; its paths stay relative to the plan's folder."""
    plan: Plan = _restore(Plan, record)
    return plan


def _restore(kind: Any, given: Any) -> Any:
    """Build one setting of the type that `config.py` declares."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        known = {f.name for f in fields(kind)}
        values = {k: _restore(hints[k], v) for k, v in given.items() if k in known}
        return kind(**values)  # type: ignore[operator]
    if origin in (Union, UnionType):
        return _restore(next(a for a in arguments if a is not type(None)), given)
    if origin is tuple:
        return tuple(_restore(arguments[0], v) for v in given)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {k: _restore(arguments[1], v) for k, v in given.items()}
    if kind is Path:
        return Path(given)
    return dt.date.fromisoformat(given) if kind is dt.date else given
