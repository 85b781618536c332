"""What was decided before: which column is which, and which building a row means.

Kept as one JSON file beside the register, so that the same spreadsheet of next month asks
nothing again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hexi_solar.errors import Problem, RegisterError

FILE = "register_import.json"
"""Its usual name."""


@dataclass(frozen=True)
class Memory:
    """Decisions about columns and buildings."""

    columns: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """Kind, then fingerprint of the header: column of the file = column of ours."""
    matches: Mapping[str, str] = field(default_factory=dict)
    """What rows said of their building (`match.Asked.key`) = building."""

    @classmethod
    def read(cls, path: Path) -> Memory:
        """
        Read the file; nothing is remembered where there is none.

        Raises
        ------
        RegisterError
            If the file is not one of ours.
        """
        if not path.exists():
            return cls()
        try:
            said = json.loads(path.read_text("utf-8"))
            return cls(dict(said["columns"]), dict(said["matches"]))
        except (ValueError, KeyError, TypeError) as error:
            facts = {"file": path.name, "found": str(error)[:80]}
            raise RegisterError(Problem("import_memory", facts)) from None

    def write(self, path: Path) -> None:
        """Write the file whole, in the order of the keys."""
        said = {"columns": self.columns, "matches": self.matches}
        aside = path.with_name(path.name + ".part")
        aside.write_text(json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
        aside.replace(path)

    def and_also(
        self,
        columns: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
        matches: Mapping[str, str] | None = None,
    ) -> Memory:
        """Add decisions; later ones count."""
        merged = {kind: dict(headers) for kind, headers in self.columns.items()}
        for kind, headers in (columns or {}).items():
            for header, names in headers.items():
                known = merged.setdefault(kind, {})
                known[header] = {**known.get(header, {}), **names}
        return Memory(merged, {**self.matches, **(matches or {})})
