"""Results out of the study and into files, whole or not at all.

`published` gives a folder to write into and moves it into place; `write_study` fills it;
`read_study` takes the study back from its tables.
"""

from __future__ import annotations

from pathlib import Path

from hexi_solar.exports.gis import write_geojson, write_gpkg, write_kml
from hexi_solar.exports.handover import read_answers, write_handover
from hexi_solar.exports.publish import check_target, published
from hexi_solar.exports.read import NEEDED, OPTIONAL, read_study
from hexi_solar.exports.record import plan_record, study_record, write_record
from hexi_solar.exports.tables import write_csv, write_table
from hexi_solar.exports.workbook import write_workbook
from hexi_solar.schema import CANDIDATES, COVERAGE
from hexi_solar.study import Study

__all__ = [
    "check_target",
    "plan_record",
    "published",
    "read_answers",
    "read_study",
    "write_record",
    "write_study",
]


def write_study(study: Study, folder: Path) -> None:
    """
    Write every file of a study but its map.

    Parameters
    ----------
    study
        All tables, as `schema` declares them.
    folder
        Folder to fill, best one that `published` gave.

    Raises
    ------
    OSError
        If a file cannot be written in full.
    """
    folder = Path(folder)
    for name in (*NEEDED, *OPTIONAL):
        table = getattr(study, name)
        if table is not None:
            write_table(table, folder / f"{name}.parquet")
    candidates = study.candidates.sort_values("rank", kind="stable")
    write_csv(candidates, CANDIDATES, folder / "candidates.csv")
    write_csv(study.coverage, COVERAGE, folder / "coverage.csv")
    write_gpkg(study, folder / "candidates.gpkg")
    write_geojson(study, folder / "candidates.geojson")
    write_kml(study, folder / "candidates.kml")
    write_workbook(study, folder / "candidates.xlsx")
    write_handover(study, folder / "handover.xlsx")
    write_record(study_record(study), folder)
