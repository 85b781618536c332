"""One catalogue of texts, Chinese and English side by side.

Each TOML file in this folder holds texts for one place where people read: `columns`,
`enums`, `problems`, `map`, ... A text is a table with `zh` and `en`; its key is the
path of tables that leads to it. Two languages in one file keep a translation beside its
original, where a missing one shows; that is why this is not gettext.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("zh", "en")
# in which enumerations a column's words are; one not named here has its own, and
# whatever ends in _source says where a value is from
ENUMS = {
    "public_institution": ("yes_no",), "eligible": ("yes_no",), "pv_reserved": ("yes_no",),
    "load_state": ("yes_no",), "roof_large": ("yes_no",), "load_in_design": ("yes_no",),
    "builder_found": ("yes_no",), "pv_filed": ("yes_no",), "pv_together": ("yes_no",),
    "applies": ("yes_no",), "reaches_bar": ("yes_no",), "fits": ("yes_no",), "pays": ("yes_no",),
    "electricity_rating": ("rating",), "heat_rating": ("rating",), "label": ("rating",),
    "measures": ("measure",), "action": ("equipment_action",), "hot_water_unit": ("hot_water_user",),
    "evidence": ("source",), "reasons": ("reason",), "reason": ("exclusion",),
    "source": ("tier",), "kind": ("kind", "stage"), "weather_source": ("weather_file", "source"),
}  # fmt: skip


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Read every text, by its dotted key."""
    entries: dict[str, dict[str, str]] = {}
    folder = files("hexi_solar.labels")
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            _collect(tomllib.loads(file.read_text("utf-8")), "", entries)
    return entries


def _collect(node: dict[str, Any], path: str, entries: dict[str, dict[str, str]]) -> None:
    """Gather the leaves, tables with a text per language, below one node."""
    if isinstance(node.get("zh"), str):
        # the English of settings stands in `config.py`
        entries[path] = {language: node[language] for language in LANGUAGES if language in node}
        return
    for key, child in node.items():
        _collect(child, f"{path}.{key}" if path else key, entries)


def text(key: str, language: str, /, **fields: Any) -> str:
    """
    Return one text in one language, its fields filled in.

    Parameters
    ----------
    key
        Dotted path in the catalogue, e.g. ``"enum.owner_type.school"``.
    language
        ``"zh"`` or ``"en"``.
    fields
        Values for the ``{names}`` in the text.

    Raises
    ------
    KeyError
        If there is no such text: a missing translation is a defect of ours.
    """
    template = catalogue()[key][language]
    return template.format(**fields) if fields else template


def label(kind: str, value: object, language: str) -> str:
    """Return the name of one value of an enumeration; an unlisted value stands for itself."""
    entry = catalogue().get(f"enum.{kind}.{value}")
    return entry[language] if entry else str(value)


def column_label(column: str, value: object, language: str) -> str:
    """
    Return the name of one word of a table's column; an unlisted one stands for itself.

    Examples
    --------
    >>> column_label("height_source", "derived", "zh"), column_label("kind", "connected", "zh")
    ('推算', '并网')
    """
    usual = "source" if column.endswith("_source") else column
    for kind in ENUMS.get(column, (usual,)):
        if f"enum.{kind}.{value}" in catalogue():
            return label(kind, value, language)
    return str(value)


def event_label(kind: str, language: str) -> str:
    """
    Return the name of a kind of event of the register: a stage, a reading, a correction, ...

    Examples
    --------
    >>> event_label("connected", "zh"), event_label("withdrawn", "en")
    ('并网', 'withdrawn')
    """
    usual = "event" if f"enum.event.{kind}" in catalogue() else "stage"
    return label(usual, kind, language)
