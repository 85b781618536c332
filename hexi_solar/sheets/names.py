"""When two people mean the same id, name or address, though they write it differently."""

from __future__ import annotations

import re

from hexi_solar.sheets.words import fold

_PUNCTUATION = re.compile(r"[()\[\]{}<>《》【】〔〕「」'\"·,，.。、:：;；#\-—_/\\]")


def plain_name(text: object) -> str:
    """
    Bring a name or address to what two people would both write.

    Examples
    --------
    >>> plain_name("天津市 实验中学（南楼）") == plain_name("天津市实验中学南楼")
    True
    """
    return _PUNCTUATION.sub("", fold(text))


def plain_id(text: object) -> str:
    """Bring an id to half-width without blanks around it."""
    return fold(text)


def namesakes(candidates: list[tuple[str, str]], place: str) -> list[str]:
    """Keep the buildings of one name whose address does not speak against the row."""
    exact = [b for b, its in candidates if place and its == place]
    if exact:
        return exact
    # one of two addresses often leaves out city and district
    return [
        b
        for b, its in candidates
        if not place or not its or its.endswith(place) or place.endswith(its)
    ]
