"""A finished study, read back from its tables: for the map, for `explain`, for reports.

Parquet keeps what the tables are made of, so a study read back is the one that was
written, to the last bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from hexi_solar.errors import LayerError, Problem
from hexi_solar.exports.record import read_notices, read_record, restore_plan
from hexi_solar.exports.tables import read_table
from hexi_solar.study import Study

# the tables of a study, and whether one may be absent
NEEDED = (
    "buildings", "roofs", "exclusions", "layouts", "yields", "candidates", "register",
    "projects", "coverage",
)  # fmt: skip
OPTIONAL = ("tradeoffs", "boundary", "subdistricts", "zones")
# of the record, what tells one run from the next
OF_THE_RUN = ("started", "seconds", "peak_mib", "files")


def read_study(folder: Path) -> Study:
    """
    Read a study from the folder that a run published.

    Parameters
    ----------
    folder
        An output folder, e.g. `outputs/demo`.

    Raises
    ------
    LayerError
        If the folder is not a study of ours, or a table is missing or cannot be read.
    """
    folder = Path(folder)
    record = read_record(folder)
    missing = [n for n in NEEDED if not (folder / f"{n}.parquet").is_file()]
    if missing:
        names = ", ".join(f"{n}.parquet" for n in missing)
        raise LayerError(Problem("study_incomplete", {"folder": folder, "files": names}))
    tables: dict[str, Any] = {name: _read(folder, name) for name in NEEDED}
    tables |= {n: _read(folder, n) for n in OPTIONAL if (folder / f"{n}.parquet").is_file()}
    return Study(
        plan=restore_plan(record["plan"]),
        notices=read_notices(record),
        record={k: v for k, v in record.items() if k not in OF_THE_RUN},
        **tables,
    )


def _read(folder: Path, name: str) -> pd.DataFrame | gpd.GeoDataFrame:
    """Read one table, and say which one when it cannot be."""
    path = folder / f"{name}.parquet"
    try:
        return read_table(path)
    except (OSError, ValueError) as error:
        raise LayerError(Problem("study_unreadable", {"file": path, "found": error})) from None
