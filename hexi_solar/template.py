"""A plan that explains itself: every setting at its default, with its meaning above it.

The English meanings are the strings that stand below the fields in `config.py`, the
Chinese ones are in `labels/settings.toml`.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hexi_solar import config
from hexi_solar.config import Plan
from hexi_solar.labels import text


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


def table_key(kind: type) -> str:
    """
    Name a settings class as the label file does.

    Examples
    --------
    >>> table_key(config.AttributeTable), table_key(config.PV)
    ('attribute_table', 'pv')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def meaning(kind: type, name: str, language: str) -> str:
    """
    Say what one setting means.

    Examples
    --------
    >>> meaning(config.Site, "albedo", "zh")
    '周边地面反射率。[-]'
    """
    if language == "zh":
        return text(f"setting.{table_key(kind)}.{name}", language)
    return meanings(kind).get(name, "")


def table_meaning(kind: type, language: str) -> str:
    """Say what one table of settings is about."""
    if language == "zh":
        return text(f"setting_table.{table_key(kind)}", language)
    return inspect.getdoc(kind) or ""


def study_name(folder: Path) -> str:
    """
    Name a study after its folder, so that its results get a folder of their own.

    Examples
    --------
    >>> study_name(Path("studies/河西 2026"))
    '河西 2026'
    """
    name = folder.resolve().name
    return "".join(c if c.isprintable() else "_" for c in name) or "study"


def plan_template(name: str = "demo", language: str = "zh") -> str:
    """
    Write a plan with every setting, each at its default, explained and commented out.

    Parameters
    ----------
    name
        Name of the study, a folder name.
    language
        Of the explanations and of the study: ``"zh"`` or ``"en"``.
    """
    lines = _comment(text("cli.template_head", language))
    given = {"name": name, "language": language}
    lines += ["", *_settings(Plan, language, given=given, skip=("path",)), *_layers(language)]
    for f in fields(Plan):
        kind = type(getattr(Plan(), f.name))
        if is_dataclass(kind) and kind is not config.Layers:
            lines += ["", *_comment(table_meaning(kind, language)), f"[{f.name}]"]
            lines += _settings(kind, language)
    return "\n".join(lines) + "\n"


def _layers(language: str) -> list[str]:
    """Write the tables that name files: the buildings, and commented out, all others."""
    lines = ["", *_comment(meaning(config.Layers, "buildings", language)), "[layers.buildings]"]
    lines += ['path = "layers/buildings.gpkg"']
    lines += _settings(config.Layer, language, skip=("path", "columns"))
    lines += ["", *_comment(meaning(config.Layer, "columns", language))]
    lines += ["# [layers.buildings.columns]", '# name = "名称"']
    lines += ['# floor_area_m2 = { column = "建筑面积", unit = "万m2" }']
    for f in fields(config.Layers):
        if f.name == "buildings":
            continue
        head = f"[[layers.{f.name}]]" if f.default == () else f"[layers.{f.name}]"
        suffix = "xlsx" if f.name in ("attributes", "register") else "gpkg"
        lines += ["", *_comment(meaning(config.Layers, f.name, language))]
        lines += [f"# {head}", f'# path = "layers/{f.name}.{suffix}"']
        if f.name == "attributes":
            lines += _comment(meaning(config.AttributeTable, "join", language))
            lines.append('# join = "building_id"')
    return lines


def _settings(
    kind: Any, language: str, *, given: Mapping[str, Any] | None = None, skip: tuple[str, ...] = ()
) -> list[str]:
    """Write the settings of one table: what is given as it is, the defaults as comments."""
    default = kind()
    lines = []
    for f in fields(kind):
        value = getattr(default, f.name)
        if f.name in skip or is_dataclass(value):
            continue
        lines += _comment(meaning(kind, f.name, language))
        if given and f.name in given:
            lines.append(f"{f.name} = {toml_value(given[f.name])}")
        else:
            lines.append(f"# {f.name} =" + ("" if value is None else f" {toml_value(value)}"))
    return lines


def _comment(said: str) -> list[str]:
    """Write a text as comments."""
    return [f"# {line}" for line in said.splitlines()]


def toml_value(value: Any) -> str:
    """
    Write one value as TOML.

    Examples
    --------
    >>> toml_value((0.04, True, "南"))
    '[0.04, true, "南"]'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, str | Path):
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
