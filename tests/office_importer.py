"""A process that imports sheets one after the other, as the command does: `PLAN SHEET...`."""

from __future__ import annotations

import contextlib
import sys

from hexi_solar.cli import app


def main(plan: str, *sheets: str) -> None:
    """Import each sheet; what is printed was acknowledged."""
    for sheet in sheets:
        with contextlib.suppress(SystemExit):
            app(["register", "import", sheet, plan, "--record", "--json", "--by", "test"])
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
