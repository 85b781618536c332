"""What the pages of the repository say of the code, held to the code."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from hexi_solar import __version__, coverage, schema
from hexi_solar.config import Layout, Plan
from hexi_solar.facts import read_facts
from hexi_solar.layout import shade_free_pitch
from hexi_solar.sheets.files import SUFFIXES
from hexi_solar.units import FACTORS, fold

ROOT = Path(__file__).parents[1]
PAGES = (
    "CHANGELOG.md",
    "docs/COVERAGE.md",
    "docs/ECONOMICS.md",
    "docs/PHYSICS.md",
    "docs/SUPERVISION.md",
    "layers/README.md",
    "README.md",
    "notebooks/README.md",
    "outputs/README.md",
)


def page(name: str) -> str:
    """Read one page."""
    return (ROOT / name).read_text("utf-8")


def rows(text: str) -> list[list[str]]:
    """Read the rows of all tables of a page, headers too, less the rules below them."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not set("".join(row)) <= set("- ")]


def section(text: str, title: str) -> str:
    """Cut one section out of a page."""
    return text.split(title, 1)[1].split("\n#", 1)[0]


def settings() -> dict[str, set[str]]:
    """List the keys of each table of a plan."""
    hints = typing.get_type_hints(Plan)
    tables = {n: h for n, h in hints.items() if dataclasses.is_dataclass(h)}
    return {name: {f.name for f in dataclasses.fields(hint)} for name, hint in tables.items()}


@pytest.mark.parametrize("name", PAGES)
def test_settings_that_pages_name_exist(name):
    """A page that says `[roofs] setback_m` names a setting of the plan."""
    known = settings()
    for table, key in re.findall(r"`\[(\w+)\] (\w+)`", page(name)):
        assert key in known[table], f"[{table}] {key}"
    for table, key in re.findall(r"`\[+(\w+)\.(\w+)\]+`", page(name)):
        assert key in known[table], f"[{table}.{key}]"


@pytest.mark.parametrize("name", PAGES)
def test_files_of_the_package_that_pages_name_exist(name):
    """`facts/pv.toml` or `layout.py` in a page is a file of the package."""
    named = set(re.findall(r"`(?:hexi_solar/)?((?:\w+/)?\w+\.(?:py|toml))`", page(name)))
    for file in named - {"plan.toml"}:
        assert (ROOT / "hexi_solar" / file).is_file() or (ROOT / file).is_file(), file


def test_definitions_are_those_of_the_data_file():
    """docs/COVERAGE.md lists every definition with its formula, readings and kind, and no other."""
    text = section(page("docs/COVERAGE.md"), "## Definitions")
    listed = {re.sub(r"[` ].*", "", row[0].strip("`")): row[1:] for row in rows(text)[1:]}
    known = read_facts("coverage")["definitions"]
    assert list(listed) == list(known)
    for name, (numerator, denominator, readings, kind) in listed.items():
        entry = known[name]
        assert (numerator, denominator) == (f"`{entry['numerator']}`", f"`{entry['denominator']}`")
        assert readings == ("three" if entry["readings"] else "one")
        assert kind == entry["kind"]


def test_readings_scopes_and_cohorts_are_named():
    """docs/COVERAGE.md explains every word of the index of the coverage table."""
    text = page("docs/COVERAGE.md")
    for word in (*coverage.READINGS, *coverage.SCOPES, *coverage.COHORTS):
        assert f"`{word}`" in text, word


def test_exclusions_are_listed_with_what_they_leave():
    """docs/PHYSICS.md lists every reason of the ledger, and what leaves the installable area."""
    text = section(page("docs/PHYSICS.md"), "## 1. ")
    listed = {row[0].strip("`"): row[2] for row in rows(text)[1:]}
    assert set(listed) == set(schema.EXCLUSIONS)
    permanent = {reason for reason, leaves in listed.items() if leaves == "yes"}
    assert permanent == set(schema.PERMANENT_EXCLUSIONS)


def test_figures_of_the_default_layout():
    """The pitch and coverage of the field that the pages quote follow from the formula."""
    length = Layout().module_length_m
    low, steep = (shade_free_pitch(39.08, tilt, 180.0, Layout()) for tilt in (10.0, 33.0))
    assert f"it gives {low:.2f} m, and rows cover {length / low:.2f} of the field" in " ".join(
        page("docs/PHYSICS.md").split()
    )
    quoted = (
        f"{length / low * 100:.0f} % of the field at 10° of tilt and {length / steep * 100:.0f} %"
    )
    assert quoted in " ".join(page("docs/COVERAGE.md").split())


@pytest.mark.parametrize(
    ("title", "table", "declared"),
    [("### Buildings", "buildings", None), ("### Register", "register", schema.REGISTER)],
)
def test_column_names_are_found_as_the_page_says(title, table, declared):
    """Every name that layers/README.md promises is a synonym of that column."""
    known = read_facts("columns")[table]
    listed = {
        row[0].strip("`"): row[1] for row in rows(section(page("layers/README.md"), title))[1:]
    }
    for ours, names in listed.items():
        names = re.split(r"[;:] | \(", names)[0]
        for name in names.split(","):
            assert name.strip() in known[ours], f"{ours}: {name}"
    if declared is not None:
        assert set(listed) == {*declared.names, *declared.index}
    else:
        assert set(listed) == set(known)


def test_formats_and_units_are_read():
    """layers/README.md promises no format and no unit that is not read."""
    text = page("layers/README.md")
    formats = section(text, "**Formats.**").split("Only plain")[0]
    assert set(re.findall(r"`(\.\w+)`", formats)) <= set(SUFFIXES)
    known = {unit for table in FACTORS.values() for unit in map(fold, table)}
    said = section(text, "### Units").split("A unit in the")[0]
    for unit in re.findall(
        r"(?:万?m²|亩|公顷|km²|ft²|[ck]?m\b|ft\b|[kM]?W\b|万千瓦|k[Ng]/m²)", said
    ):
        assert fold(unit) in known, unit


def test_changelog_opens_with_this_version():
    """The newest release of the changelog is the version of the package."""
    first = re.search(r"^## (\S+)", page("CHANGELOG.md"), re.MULTILINE)
    assert first is not None
    assert first.group(1) == __version__
    entries = [line for line in page("CHANGELOG.md").splitlines()[4:] if line]
    assert all(line.startswith(("- ", "## ")) for line in entries)


def test_outputs_page_names_the_tables_that_are_written():
    """outputs/README.md lists every table that a study keeps."""
    from hexi_solar.exports.read import NEEDED, OPTIONAL

    text = page("outputs/README.md")
    assert all(f"`{name}.parquet`" in text for name in (*NEEDED, *OPTIONAL))
