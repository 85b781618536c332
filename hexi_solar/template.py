"""A plan that explains itself: every setting at its default, with its meaning above it.

The meanings are the strings that stand below the fields in `config.py`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hexi_solar import config
from hexi_solar.config import Plan


@cache
def meanings(kind: type) -> dict[str, str]:
    """
    Read the strings that stand below the fields of a settings class.

    Examples
    --------
    >>> meanings(config.Site)["albedo"]
    'Reflectance of the surroundings. [-]'
    """
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            value = getattr(following, "value", None)
            if isinstance(following, ast.Expr) and isinstance(value, ast.Constant):
                found[statement.target.id] = inspect.cleandoc(str(value.value))
    return found


def plan_template() -> str:
    """Write a plan with every setting, each at its default, explained and commented out."""
    lines = ["# One study of hexi_solar. Lines that start with # show the defaults.", ""]
    lines += _settings(Plan, skip=("path",))
    lines += ["", "[layers.buildings]", 'path = "layers/buildings.gpkg"']
    lines += _settings(config.Layer, skip=("path",))
    lines += ["", "# [layers.buildings.columns]", '# name = "名称"']
    lines += ['# floor_area_m2 = { column = "建筑面积", unit = "万m2" }']
    for name in ("boundary", "subdistricts", "zones", "register"):
        lines += ["", f"# [layers.{name}]", f'# path = "layers/{name}.gpkg"']
    lines[-1] = '# path = "layers/register.xlsx"'
    lines += ["", "# [[layers.attributes]]", '# path = "layers/attributes.xlsx"']
    lines += ['# join = "building_id"   # or "name_address"']
    for name in (
        "buildings",
        "weather",
        "site",
        "roofs",
        "layout",
        "pv",
        "shading",
        "ranking",
        "review",
        "coverage",
    ):
        lines += ["", f"[{name}]", *_settings(getattr(config, name.title().replace("Pv", "PV")))]
    lines += ["", "[map]", *_settings(config.Map), "", "[engine]", *_settings(config.Engine)]
    return "\n".join(lines) + "\n"


def _settings(kind: Any, skip: tuple[str, ...] = ()) -> list[str]:
    """Write the plain settings of one table as comments."""
    default, said = kind(), meanings(kind)
    lines = []
    for f in fields(kind):
        value = getattr(default, f.name)
        if f.name in skip or is_dataclass(value):
            continue
        if f.name not in ("layer", "attributes") or value != ():
            lines += [f"# {line}" for line in said.get(f.name, "").splitlines()]
            lines.append(f"# {f.name} = {toml_value(value)}")
    return lines


def toml_value(value: Any) -> str:
    """
    Write one value as TOML.

    Examples
    --------
    >>> toml_value((0.04, True, "南"))
    '[0.04, true, "南"]'
    """
    if value is None:
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, str | Path):
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
