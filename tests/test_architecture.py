"""The arrows: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "hexi_solar"
GROUND = {
    "config",
    "planfile",
    "template",
    "compiled",
    "schema",
    "ledger",
    "study",
    "engine",
    "units",
    "datum",
    "sheets",
    "errors",
    "labels",
    "facts",
    "money",
    "taxes",
}
STEPS = {
    "economics",
    "contracts",
    "owners",
    "planes",
    "roofs",
    "layout",
    "shading",
    "yields",
    "projects",
    "stated",
    "ranking",
    "coverage",
    "uncertainty",
    "tradeoff",
    "gates",
    "pathway",
    "demand",
    "retrofit",
    "reconcile",
    "metered",
    "approvals",
    "requests",
}
SEAMS = {
    "layers",
    "importing",
    "surface",
    "weather",
    "maps",
    "exports",
    "office",
    "reports",
    "demo",
}
TOP = {
    "publication",
    "differences",
    "accounting",
    "publishing",
    "record",
    "inputs",
    "rooftops",
    "surroundings",
    "potential",
    "witness",
    "valuation",
    "plan",
    "explain",
    "periods",
    "supervising",
    "demonstration",
    "yearbook",
    "renewal",
    "roadmap",
    "cli",
    "__main__",
}
ORDER = [
    GROUND,
    STEPS | SEAMS,
    {"record", "inputs", "publication"},
    {"differences", "rooftops", "surroundings", "valuation", "witness"},
    {"potential", "periods"},
    {"plan"},
    {"explain", "accounting", "roadmap"},
    {"publishing"},
    {"supervising", "demonstration"},
    {"renewal"},
    {"yearbook"},
    {"cli"},
    {"__main__"},
]


def units() -> dict[str, list[Path]]:
    """Modules and subpackages, by name."""
    found = {p.stem: [p] for p in PACKAGE.glob("*.py") if p.stem != "__init__"}
    found |= {p.parent.name: sorted(p.parent.rglob("*.py")) for p in PACKAGE.glob("*/__init__.py")}
    return found


def imports(files: list[Path]) -> set[str]:
    """Names below hexi_solar that files import."""
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hexi_solar"):
                parts = node.module.split(".")
                found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
            elif isinstance(node, ast.Import):
                found |= {
                    a.name.split(".")[1] for a in node.names if a.name.startswith("hexi_solar.")
                }
    return found - {"__version__"}


def test_every_module_has_its_place():
    """A new module is put on a level here before it is imported anywhere."""
    assert set(units()) == GROUND | STEPS | SEAMS | TOP


@pytest.mark.parametrize("name", sorted(units()))
def test_imports_point_downwards(name):
    """A step or a seam stands on the ground alone; the plan joins them; the command line is thin."""
    level = next(i for i, names in enumerate(ORDER) if name in names)
    allowed = set().union(*ORDER[:level]) | {name}
    if name in GROUND:
        allowed = GROUND
    assert imports(units()[name]) <= allowed


def test_only_seams_touch_files():
    """Steps take tables and give tables: no path, no open, no network."""
    for name in STEPS:
        for file in units()[name]:
            text = file.read_text("utf-8")
            assert not any(
                word in text
                for word in ("open(", "Path(", "read_text", "urlopen", "import requests")
            )
