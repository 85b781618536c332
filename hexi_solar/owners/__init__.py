"""Who owns or uses each building, and what rule says so.

Layers say it in free text, OSM tags or codes; `facts/owners.toml` says what each of them
means. Evidence is asked in one order, and the first that matches decides: what was given
outright, use, owner, name, industry code, tag of the building, land use. A word said of
many kinds of building (教育, 大厦) waits until no plainer word is left, and so does an
owner that is an authority: it owns schools too. Whether a building is a public
institution is a question of its own; a tag or the word 学校 does not answer it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hexi_solar.errors import Notices
from hexi_solar.facts import read_facts
from hexi_solar.labels import LANGUAGES, catalogue
from hexi_solar.owners.rules import (
    Match,
    by_anything,
    by_industry,
    by_land,
    by_tag,
    fold,
    in_text,
    rules,
)
from hexi_solar.schema import OWNER_TYPES, YES_NO

TEXTS = ("owner", "use", "land_use", "industry_code")
"""Columns that make up `owner_text`; the name has a column of its own."""

MAY_BE_PUBLIC = ("government", "school", "university", "hospital", "culture", "sport")
"""Owner types of the plan's public institutions."""

_YES = {"yes", "y", "true", "1", "1.0", "是", "公共机构", "公办", "公立"}
_NO = {"no", "n", "false", "0", "0.0", "否", "非公共机构", "民办", "民营", "私立"}
_UNKNOWN = {"unknown", "未知", "不详", "?", "-", "—", "/", "无"}


def target_shares() -> dict[str, float]:
    """
    Return the part of the roof that should be installable, by owner type. [-].

    Types that no source gives a share for are not in it.

    Examples
    --------
    >>> target_shares()["government"]
    0.5
    """
    owners = read_facts("owners")["owner"]
    return {k: float(o["target_share"]["value"]) for k, o in owners.items() if "target_share" in o}


def classify_owners(buildings: gpd.GeoDataFrame, notices: Notices) -> gpd.GeoDataFrame:
    """
    Find owner type, public institution and department of every building.

    Parameters
    ----------
    buildings
        Index `building_id`. Of the columns `name`, `owner` (权属单位), `use` (用途, or an OSM
        tag), `land_use` (用地), `industry_code` (GB/T 4754), `owner_type_given`,
        `public_institution_given` and `department_given` any may be missing or empty.
    notices
        Takes how many matched by which kind of evidence, and the texts that no rule matched.

    Returns
    -------
    buildings
        The same rows and columns, and `owner_text`, `owner_type`, `owner_type_source`,
        `owner_rule`, `public_institution`, `department` as in `schema.BUILDINGS`.
    """
    columns = _columns(buildings)
    matches = _matches(columns)
    given = _given_types(columns["owner_type_given"])
    number = np.array([-1 if m is None else m[0] for m in matches], dtype=int)
    found = [None if m is None else m[1] for m in matches]

    result = buildings.copy()
    result["owner_text"] = _joined([columns[c] for c in TEXTS], buildings.index)
    types = _types(given, number)
    result["owner_type"] = types
    result["owner_type_source"] = np.select(
        [given.notna(), types != "unknown"], ["surveyed", "derived"], "unknown"
    )
    result["owner_rule"] = given.map(lambda _: "given", na_action="ignore").fillna(
        pd.Series(found, buildings.index, dtype=object)
    )
    result["public_institution"] = _public(columns, types, given.isna().to_numpy(), number)
    result["department"] = _departments(columns["department_given"], types, given, number)
    _report(result, columns, notices)
    return result


# ---------------------------------------------------------------------------------- texts


def _columns(buildings: pd.DataFrame) -> dict[str, pd.Series]:
    """Take the raw columns as they are written, an absent or empty text as None."""
    names = ("name", *TEXTS, "owner_type_given", "public_institution_given", "department_given")
    return {name: _texts(buildings, name) for name in names}


def _texts(buildings: pd.DataFrame, name: str) -> pd.Series:
    if name not in buildings:
        return pd.Series([None] * len(buildings), buildings.index, dtype=object)
    return _mapped(buildings[name], lambda v: str(v).strip() or None)


def _mapped(texts: pd.Series, function: Callable[[Any], Any]) -> pd.Series:
    """Apply a function once to each text that occurs; what it does not know is None."""
    codes, unique = pd.factorize(texts)
    values = np.empty(len(unique) + 1, dtype=object)
    values[:-1] = [function(v) for v in unique]
    values[-1] = None
    return pd.Series(values[codes], texts.index, dtype=object)


def _joined(columns: list[pd.Series], index: pd.Index) -> pd.Series:
    rows = zip(*columns, strict=True)
    texts = ["；".join(dict.fromkeys(t for t in row if t is not None)) or None for row in rows]
    return pd.Series(texts, index, dtype=object)


# --------------------------------------------------------------------------------- matches


def _matches(columns: Mapping[str, pd.Series]) -> list[Match | None]:
    """Ask the evidence in its order; the first match of a row stands."""
    use, owner, name = columns["use"], columns["owner"], columns["name"]
    authority = _words("words", "endings", only="government")
    asked: list[tuple[pd.Series, Callable[[str], Match | None]]] = [
        (columns["owner_type_given"], by_anything),
        # plain words; an authority owns schools too, so what it owns speaks first
        (use, _words("words")),
        (owner, _words("words", never="government")),
        (name, _words("words")),
        (owner, authority),
        # words said of many kinds of building
        (use, _words("broad", "use_words", "endings")),
        (owner, _words("broad", "endings")),
        (name, _words("broad", "endings")),
        # codes and tags
        (columns["industry_code"], by_industry),
        (use, by_tag),
        (columns["land_use"], by_land),
    ]
    found: list[Match | None] = [None] * len(name)
    for texts, function in asked:
        open_rows = [row for row, match in enumerate(found) if match is None]
        for row, match in zip(open_rows, _mapped(texts.iloc[open_rows], function), strict=True):
            found[row] = match
    return found


def _words(*kinds: str, only: str = "", never: str = "") -> Callable[[str], Match | None]:
    return lambda text: in_text(text, *kinds, only=only, never=never)


# -------------------------------------------------------------------------------- verdicts


@cache
def _type_names() -> dict[str, str]:
    """Map every name of an owner type, in both languages, to the type."""
    names = {t: t for t in OWNER_TYPES if t != "unknown"}
    for owner_type in list(names):
        entry = catalogue()[f"enum.owner_type.{owner_type}"]
        names |= {fold(entry[language]): owner_type for language in LANGUAGES}
    return names


def _given_types(texts: pd.Series) -> pd.Series:
    return _mapped(texts, lambda text: _type_names().get(fold(text)))


def _given_public(texts: pd.Series) -> pd.Series:
    words = dict.fromkeys(_YES, "yes") | dict.fromkeys(_NO, "no")
    return _mapped(texts, lambda text: words.get(fold(text)))


def _types(given: pd.Series, number: np.ndarray) -> pd.Series:
    by_rule = np.array([*(rule.owner_type for rule in rules()), "unknown"], dtype=object)
    return given.fillna(pd.Series(by_rule[number], given.index, dtype=object))


def _public(
    columns: Mapping[str, pd.Series], types: pd.Series, ruled: np.ndarray, number: np.ndarray
) -> pd.Series:
    """Decide on public institutions: given, then private, then public evidence, then the rule."""
    owners = read_facts("owners")["owner"]
    default = types.map({t: owners[t]["public"] for t in OWNER_TYPES})
    by_rule = np.array([*(rule.public for rule in rules()), "unknown"], dtype=object)
    default = default.mask(ruled, by_rule[number])
    private, public = _ownership(columns)
    # a government body in the house of a company: what it is and whose it is disagree
    no = pd.Series(np.where(types == "government", "unknown", "no"), types.index)
    verdict = default.mask(public & (default != "yes"), "yes").mask(private, no)
    fixed = types.map({t: owners[t].get("public_fixed", False) for t in OWNER_TYPES}).astype(bool)
    return _given_public(columns["public_institution_given"]).fillna(verdict.mask(fixed, default))


def _ownership(columns: Mapping[str, pd.Series]) -> tuple[pd.Series, pd.Series]:
    """Say which rows carry a word for private, and which one for public ownership."""
    data = read_facts("owners")
    kept, owned = data["private"]["words"], data["private"]["owner_words"]
    known = re.compile("|".join([*data["public"]["words"], *data["public"]["patterns"]]))
    authority = _words("words", "endings", only="government")
    private = pd.Series(False, columns["name"].index)
    public = private.copy()
    for name in ("owner", "use", "name"):
        words = [*kept, *owned] if name == "owner" else kept
        texts = columns[name]
        private |= _true(texts, re.compile("|".join(words)))
        public |= _true(texts, known)
    return private, public | _mapped(columns["owner"], authority).notna()


def _true(texts: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    """Say which texts hold a pattern."""
    return _mapped(texts, lambda text: pattern.search(fold(text))).notna()


def _departments(
    texts: pd.Series, types: pd.Series, given: pd.Series, number: np.ndarray
) -> pd.Series:
    owners = read_facts("owners")["owner"]
    by_type = types.map({t: owners[t].get("department", {}).get("value") for t in OWNER_TYPES})
    by_rule = np.array([*(rule.department or None for rule in rules()), None], dtype=object)
    derived = by_type.astype(object).where(given.notna(), by_rule[number])
    return texts.fillna(derived)


# ---------------------------------------------------------------------------------- notices


def _report(result: pd.DataFrame, columns: Mapping[str, pd.Series], notices: Notices) -> None:
    """Tell what matched by which kind of evidence, and what nobody could read."""
    kinds = Counter(result["owner_rule"].dropna().map(_kind))
    counts = {f"by_{kind}": kinds[kind] for kind in ("given", "text", "code", "tag", "land_use")}
    unknown = result["owner_type"] == "unknown"
    notices.add("info", "owners_matched", **counts, unknown=int(unknown.sum()), total=len(result))
    _report_unmatched(unknown, columns, notices)
    _report_odd("owner_type", columns, _given_types, OWNER_TYPES, notices)
    _report_odd("public_institution", columns, _given_public, YES_NO, notices)
    asked = result.loc[result["public_institution"] == "unknown", "owner_type"]
    types = Counter(asked[asked.isin(MAY_BE_PUBLIC)])
    if types:
        fields = {owner_type: types[owner_type] for owner_type in MAY_BE_PUBLIC}
        rest = len(asked) - types.total()
        notices.add("info", "owners_public_unknown", count=len(asked), rest=rest, **fields)


def _report_odd(
    name: str,
    columns: Mapping[str, pd.Series],
    reader: Callable[[pd.Series], pd.Series],
    expected: Iterable[str],
    notices: Notices,
) -> None:
    """Tell of words in a column of ours that are none of its words."""
    texts = columns[f"{name}_given"].dropna()
    texts = texts[~texts.map(fold).isin(_UNKNOWN)]
    odd = texts[reader(texts).isna()]
    if len(odd):
        found, words = _listed(_most(odd)), ", ".join(expected)
        notices.add(
            "warning",
            "owners_given_unknown",
            column=name,
            count=len(odd),
            texts=found,
            expected=words,
        )


def _report_unmatched(
    unknown: pd.Series, columns: Mapping[str, pd.Series], notices: Notices
) -> None:
    names = ("name", *TEXTS)
    carried = unknown & pd.concat([columns[n].notna() for n in names], axis=1).any(axis=1)
    texts = pd.concat([columns[n][carried].dropna() for n in names])
    if len(texts):
        found, total = _listed(_most(texts)), int(texts.nunique())
        notices.add(
            "info", "owners_unmatched", buildings=int(carried.sum()), total=total, texts=found
        )


def _kind(rule: str) -> str:
    """Say which kind of evidence a rule's name stands for."""
    head = rule.split(":", 1)[0]
    return head if head in ("given", "code", "tag", "land_use") else "text"


def _most(texts: pd.Series, limit: int = 20) -> dict[str, int]:
    """Count texts, the most frequent first, ties in the order of their letters."""
    counts = Counter(texts.tolist())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{text} × {count}" for text, count in counts.items())
