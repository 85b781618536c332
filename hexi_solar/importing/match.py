"""Which building a row means: by id, code, name and address, or position.

What fits one building is taken; what fits several, or says two things of which each fits
another, is asked. An answer is remembered by what the row said, so that it is asked once.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hexi_solar.datum import TO_WGS84
from hexi_solar.importing.history import History
from hexi_solar.sheets.names import namesakes, plain_id, plain_name

NOBODY = "-"
"""Answer: none of the buildings that we know."""
CODES = ("code", "building_code", "cadastre_code")


@dataclass(frozen=True)
class Asked:
    """What a row says of its building."""

    building_id: str | None = None
    code: str | None = None
    name: str | None = None
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None

    @property
    def empty(self) -> bool:
        """Whether the row says nothing of a building."""
        place = self.longitude is not None and self.latitude is not None
        return not (self.building_id or self.code or self.name or self.address or place)

    @property
    def key(self) -> str:
        """One short word for what the row says; the same words give the same key."""
        parts = [plain_id(self.building_id or ""), plain_id(self.code or "")]
        parts += [plain_name(self.name or ""), plain_name(self.address or "")]
        parts += [f"{c:.6f}" if c is not None else "" for c in (self.longitude, self.latitude)]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Match:
    """The building of a row, or those that it may be."""

    building: str | None = None
    how: str = "none"
    """answer, id, code, name, position, several, contradiction or none."""
    candidates: tuple[str, ...] = ()


class Buildings:
    """
    The buildings that rows are matched with.

    Parameters
    ----------
    frame
        Indexed by building id, with name and address, and footprints in a projected
        system where positions are to be matched. None for those of the register alone.
    history
        The register; buildings that are planned stand there before they stand in a layer.
    datum
        In which coordinates of the spreadsheets are: wgs84, cgcs2000, gcj02 or bd09.
    """

    def __init__(self, frame: pd.DataFrame | None, history: History, datum: str = "wgs84") -> None:
        self.datum = datum
        self.names: dict[str, str] = {}
        self.places: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._namesakes: dict[str, list[tuple[str, str]]] = {}
        self._tree: tuple[shapely.STRtree, list[str], Any] | None = None
        if frame is not None:
            self._add_frame(frame)
        for building in history.entities("building"):
            facts = history.facts(("building", building))
            name, address = (facts.get(c, (None,))[0] for c in ("name", "address"))
            self._add(building, name, address)

    def _add_frame(self, frame: pd.DataFrame) -> None:
        """Take the buildings of a layer."""
        names, places = (frame.get(c, [None] * len(frame)) for c in ("name", "address"))
        for building, name, place in zip(frame.index, names, places, strict=True):
            self._add(str(building), name, place)
        for column in CODES:
            if column in frame:
                for building, code in frame[column].dropna().items():
                    self._codes.setdefault(plain_id(code), str(building))
        if isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None and len(frame):
            ids = [str(i) for i in frame.index]
            self._tree = (shapely.STRtree(frame.geometry.to_numpy()), ids, frame.crs)

    def _add(self, building: str, name: Any, place: Any) -> None:
        """Take one building; a name that is known already is not added twice."""
        self._ids.setdefault(plain_id(building), building)
        if not isinstance(name, str):
            return
        said = plain_name(place) if isinstance(place, str) else ""
        known = self._namesakes.setdefault(plain_name(name), [])
        if all(b != building for b, _ in known):
            known.append((building, said))
        self.names.setdefault(building, name)
        self.places.setdefault(building, place if isinstance(place, str) else "")

    def __contains__(self, building: str) -> bool:
        return plain_id(building) in self._ids

    def id_of(self, building: str) -> str:
        """Return an id as we write it."""
        return self._ids.get(plain_id(building), building)

    def match(self, asked: Asked, answers: Mapping[str, str]) -> Match:
        """Find the building that a row means."""
        answer = answers.get(asked.key)
        if answer:
            if answer == NOBODY:
                return Match(None, "answer")
            return Match(self.id_of(answer), "answer")
        by_id = self._ids.get(plain_id(asked.building_id)) if asked.building_id else None
        by_code = self._codes.get(plain_id(asked.code)) if asked.code else None
        by_name = self._by_name(asked)
        here = self._at(asked)
        if len(by_name) > 1 and here:  # two of one name: the position decides
            by_name = [b for b in by_name if b in here] or by_name
        sure = [b for b in (by_id, by_code) if b]
        said = [*sure, *(by_name if not sure or not self._called(sure[0], asked) else [])]
        if not any(b in here for b in said):  # a position on an overlap agrees with each
            said += here
        found = list(dict.fromkeys(said))
        if len(found) == 1:
            how = "id" if by_id else "code" if by_code else "name" if by_name else "position"
            return Match(found[0], how)
        if found:
            several = not sure and not here
            return Match(None, "several" if several else "contradiction", tuple(found))
        return Match(None, "none", tuple(self._near(asked)))

    def _called(self, building: str, asked: Asked) -> bool:
        """Say whether a building bears the name of the row, or none that is known."""
        if not asked.name or building not in self.names:
            return True
        return plain_name(self.names[building]) == plain_name(asked.name)

    def _by_name(self, asked: Asked) -> list[str]:
        if not asked.name:
            return []
        known = self._namesakes.get(plain_name(asked.name), [])
        return namesakes(known, plain_name(asked.address) if asked.address else "")

    def _at(self, asked: Asked) -> list[str]:
        """Find the buildings whose footprint holds the position."""
        if self._tree is None or asked.longitude is None or asked.latitude is None:
            return []
        tree, ids, crs = self._tree
        x, y = np.array([asked.longitude]), np.array([asked.latitude])
        if self.datum in TO_WGS84:
            x, y = TO_WGS84[self.datum](x, y)
        point = gpd.GeoSeries(gpd.points_from_xy(x, y), crs="EPSG:4326").to_crs(crs).iloc[0]
        return [ids[i] for i in sorted(tree.query(point, predicate="intersects"))]

    def _near(self, asked: Asked) -> Sequence[str]:
        """Name buildings with a similar name, for whoever is asked."""
        if not asked.name:
            return []
        close = difflib.get_close_matches(plain_name(asked.name), self._namesakes, n=3, cutoff=0.6)
        return [b for name in close for b, _ in self._namesakes[name]][:4]

    def shown(self, building: str) -> str:
        """Write a building so that people know it."""
        words = [self.names.get(building, ""), self.places.get(building, "")]
        said = "，".join(w for w in words if w)
        return f"{building} ({said})" if said else building
