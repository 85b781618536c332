"""What one text, tag or code says of a building's owner.

The rules stand in `facts/owners.toml` in their order; a match names the rule and what it
was matched by. A word that a road, a bus stop or a block of flats is only named after
does not count, and of several words in one text the longest does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hexi_solar.facts import read_facts

Match = tuple[int, str]  # number of the rule, how it is named in `owner_rule`


@dataclass(frozen=True)
class Rule:
    """One entry of `facts/owners.toml`."""

    id: str
    owner_type: str
    public: str
    department: str
    words: tuple[str, ...]
    broad: tuple[str, ...]
    use_words: tuple[str, ...]
    endings: tuple[str, ...]
    unless: tuple[str, ...]
    tags: tuple[str, ...]
    industry: tuple[str, ...]
    land_codes: tuple[str, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """Read the rules, each with what its owner type says where it is silent itself."""
    data = read_facts("owners")
    return tuple(_rule(entry, data["owner"][entry["owner_type"]]) for entry in data["rule"])


def _rule(entry: Mapping[str, Any], owner: Mapping[str, Any]) -> Rule:
    lists = ("words", "broad", "use_words", "endings", "unless", "tags", "industry", "land_codes")
    return Rule(
        id=entry["id"],
        owner_type=entry["owner_type"],
        public=entry.get("public", owner["public"]),
        department=entry.get("department", owner.get("department", {}).get("value", "")),
        **{name: tuple(entry.get(name, ())) for name in lists},
    )


def fold(text: str) -> str:
    """
    Bring a text to one spelling: full-width to half-width, no blanks, lower case.

    Examples
    --------
    >>> fold("Ｐ８３ １ 天津市 第四十二中学")
    'p831天津市第四十二中学'
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


@cache
def _lexicon(*kinds: str, only: str = "", never: str = "") -> tuple[tuple[str, bool, int], ...]:
    """List (word, stands at the end, rule), the longest word first, then as in the file."""
    entries = [
        (word, kind == "endings", number)
        for number, rule in enumerate(rules())
        if (not only or rule.id == only) and rule.id != never
        for kind in kinds
        for word in getattr(rule, kind)
    ]
    return tuple(sorted(entries, key=lambda e: -len(e[0])))


@cache
def _any_of(*kinds: str, only: str = "", never: str = "") -> re.Pattern[str]:
    """Compile the words of a lexicon into one pattern: most texts hold none of them."""
    words = (re.escape(word) for word, _, _ in _lexicon(*kinds, only=only, never=never))
    return re.compile("|".join(words))


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """Compile a word that is not followed by what is only named after it."""
    return re.compile(re.escape(word) + f"(?!{read_facts('owners')['not_before']})")


@cache
def _house_number() -> re.Pattern[str]:
    return re.compile(read_facts("owners")["house_number"])


def in_text(text: str, *kinds: str, only: str = "", never: str = "") -> Match | None:
    """
    Find the longest word in a text, or, of equally long ones, the first of the file.

    Parameters
    ----------
    text
        What a layer says.
    kinds
        Lists of the rules to look in: ``"words"``, ``"broad"``, ``"use_words"``, ``"endings"``.
    only
        Id of the one rule to ask; empty for all.
    never
        Id of a rule to leave out.

    Examples
    --------
    >>> in_text("体育馆路小学", "words")[1]
    'school/zh:小学'
    """
    plain = fold(text)
    if not _any_of(*kinds, only=only, never=never).search(plain):
        return None
    unnumbered = _house_number().sub("", plain)
    known = rules()
    for word, at_end, number in _lexicon(*kinds, only=only, never=never):
        found = word in plain and _pattern(word).search(plain) is not None
        hit = unnumbered.endswith(word) if at_end else found
        if hit and not any(friend in plain for friend in known[number].unless):
            return number, f"{known[number].id}/zh:{word}"
    return None


def in_any_word(text: str) -> Match | None:
    """Find the longest word, plain or broad, in a text that is about nothing but a use."""
    return in_text(text, "words", "broad", "use_words")


@cache
def _exact(kind: str) -> dict[str, int]:
    """Map each tag or code to the first rule that names it."""
    table: dict[str, int] = {}
    for number, rule in enumerate(rules()):
        for word in getattr(rule, kind):
            table.setdefault(word.lower(), number)
    return table


def by_tag(text: str, prefix: str = "tag") -> Match | None:
    """
    Find the first known tag in a text.

    Examples
    --------
    >>> by_tag("yes; Sports Centre")[1]
    'tag:sports_centre'
    """
    table = _exact("tags")
    for tag in re.split(r"[;,|/；，、]", text):
        key = re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", tag).strip().lower())
        if key in table:
            return table[key], f"{prefix}:{key}"
    return None


def by_industry(text: str) -> Match | None:
    """
    Find an industry by its code, with or without the letter, or by its name.

    Examples
    --------
    >>> by_industry("8321") == by_industry("P832")
    True
    """
    code = _code(text)
    if code and code[0].isdigit():
        sections = read_facts("owners")["sections"].items()
        division = int(code[:2])
        code = next((letter.lower() for letter, last in sections if division <= last), "") + code
    return _longest(code, "industry", "code") or in_any_word(text)


def by_land(text: str) -> Match | None:
    """
    Find a land use by its code, tag or name.

    Examples
    --------
    >>> by_land("教育用地")[1], by_land("A33")[1], by_land("school")[1]
    ('land_use:教育用地', 'land_use:A33', 'land_use:school')
    """
    code = _code(text)
    if code.isdigit() and len(code) % 2:
        code = "0" + code  # a table took the code for a number
    match = _longest(code, "land_codes", "land_use") or by_tag(text, "land_use")
    named = in_any_word(text) if match is None else None
    return match if named is None else (named[0], f"land_use:{text}")


def by_anything(text: str) -> Match | None:
    """Read what stands in the column of the owner type without being one."""
    return in_any_word(text) or by_tag(text)


def _code(text: str) -> str:
    """Return a text if it is a code, less what a table of numbers added; else nothing."""
    code = fold(text).removesuffix(".0")
    return code if re.fullmatch(r"[a-z]\d{0,6}|\d{2,8}", code) else ""


def _longest(code: str, kind: str, prefix: str) -> Match | None:
    """Find the longest known beginning of a code."""
    table = _exact(kind)
    for length in range(len(code), 0, -1):
        if code[:length] in table:
            return table[code[:length]], f"{prefix}:{code[:length].upper()}"
    return None
