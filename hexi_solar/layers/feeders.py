"""Which transformer feeds which building, and how much it holds."""

from __future__ import annotations

import pandas as pd

from hexi_solar.config import Plan
from hexi_solar.errors import LayerError, Notices, Problem
from hexi_solar.sheets.columns import find_columns, read_columns, some
from hexi_solar.sheets.names import plain_id
from hexi_solar.sheets.tables import SOURCE_ROW, read_table

NEEDED = ("building_id", "feeder", "capacity_kva")


def read_feeders(
    plan: Plan, buildings: pd.Index, notices: Notices
) -> tuple[pd.DataFrame, pd.Series] | None:
    """
    Read the transformers and the buildings behind them.

    Parameters
    ----------
    plan
        The study; `layers.feeders` names a table with one row per building, or none.
    buildings
        Ids of the layer.
    notices
        Where rows without a building of ours are kept.

    Returns
    -------
    feeders, feeder
        `PATHWAY_FEEDERS` of `schema`, `standing_kwp` unknown where the table is silent, and
        the transformer of each building that is listed. None without such a table.

    Raises
    ------
    LayerError
        If a column is missing, a building has two transformers, or rows disagree.
    """
    given = plan.layers.feeders
    if given.path is None:
        return None
    file = given.path.name
    raw = read_table(given, "feeders", notices)
    names = [str(c) for c in raw.columns if c != SOURCE_ROW]
    found, problems = find_columns(names, "feeders", given.columns, file)
    about = {"file": file, "known": ", ".join(names)}
    missing = [n for n in NEEDED if n not in found]
    problems += [Problem("feeders_column", about | {"ours": n}) for n in missing if not problems]
    if problems:
        raise LayerError(*problems)
    table = read_columns(raw, "feeders", found).table
    table["building_id"] = table["building_id"].map(plain_id, na_action="ignore")
    table = table[table["feeder"].notna() & table["building_id"].notna()]
    problems = [*_disagreeing(table, file), *_twice(table, file)]
    if problems:
        raise LayerError(*problems)
    feeders = table.groupby("feeder")[["capacity_kva", "standing_kwp"]].first().astype(float)
    known = {plain_id(str(i)): i for i in buildings}
    ours = table["building_id"].map(known)
    strange = ours.isna()
    if strange.any():
        rows = some(table.loc[strange, "building_id"])
        notices.add("left_out", "feeders_unmatched", file=file, count=int(strange.sum()), rows=rows)
    feeder = pd.Series(table.loc[~strange, "feeder"].to_numpy(), ours[~strange].to_numpy())
    return feeders, feeder[~feeder.index.duplicated()]


def _disagreeing(table: pd.DataFrame, file: str) -> list[Problem]:
    """Find transformers without one capacity, or with several."""
    by = table.groupby("feeder")
    several = (by[["capacity_kva", "standing_kwp"]].nunique() > 1).any(axis=1)
    bad = several | ~(by["capacity_kva"].first() > 0) | (by["standing_kwp"].first() < 0)
    if not bad.any():
        return []
    return [
        Problem(
            "feeders_number",
            {"file": file, "count": int(bad.sum()), "rows": some(pd.Series(bad.index[bad]))},
        )
    ]


def _twice(table: pd.DataFrame, file: str) -> list[Problem]:
    """Find buildings with more than one transformer."""
    count = table.groupby("building_id")["feeder"].nunique()
    bad = pd.Series(count.index[count > 1])
    if bad.empty:
        return []
    return [Problem("feeders_twice", {"file": file, "count": len(bad), "rows": some(bad)})]
