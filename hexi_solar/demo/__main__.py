"""Write the demonstration district: `python -m hexi_solar.demo [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

from hexi_solar.demo.write import write_demo

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("layers/demo")
    sys.stdout.write(f"{write_demo(folder)}\n")
