"""One question, its tables checked and put in order.

Options are what can be built, limits what each year allows, `adds` what an option adds to
the numerator of each measure of coverage, and the cohort says how numerator and
denominator of each measure stand in every year without the pathway. A measure is written
`definition/reading/scope`, as in `installable/module_area/all`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hexi_solar.config import Pathway
from hexi_solar.errors import Problem, SchemaError
from hexi_solar.schema import PATHWAY_FEEDERS, PATHWAY_LIMITS, PATHWAY_OPTIONS, check

# rows of sums of floats that are equal may differ by this share
ROUNDING = 1e-9


@dataclass(frozen=True)
class Case:
    """What is asked: build from `options` within the limits, so that `measure` reaches `target` by `by`."""

    options: pd.DataFrame
    """Table of `schema.py`, index `building_id`, `variant`, in their order."""
    adds: pd.DataFrame
    """What each option adds to each measure's numerator; rows of `options`, columns measures."""
    limits: pd.DataFrame
    """Table of `schema.py`, one row per year."""
    cohort: pd.DataFrame
    """Index `year`, `measure`: `standing` (numerator without the pathway), `denominator`."""
    feeders: pd.DataFrame
    """Table of `schema.py`; empty for no limits."""
    measure: str
    target: float
    by: int
    feeder_share: float
    discount_rate: float

    @property
    def years(self) -> list[int]:
        """Years that are planned."""
        return [int(y) for y in self.limits.index]

    @property
    def discount(self) -> pd.Series:
        """What one CNY of each year is worth in the first one."""
        age = np.asarray(self.years) - self.years[0]
        return pd.Series((1.0 + self.discount_rate) ** -age.astype(float), self.limits.index)

    @property
    def denominator(self) -> float:
        """Of the reported measure in the target's year."""
        return self._cohort("denominator")

    @property
    def standing(self) -> float:
        """Numerator of the reported measure in the target's year, without the pathway."""
        return self._cohort("standing")

    def _cohort(self, column: str) -> float:
        """Read one figure of the reported measure in the target's year."""
        values = self.cohort[column].to_numpy(float)
        return float(values[self.cohort.index.get_loc((self.by, self.measure))])

    @property
    def needed(self) -> float:
        """What the pathway has to add to the numerator by then; 0 if nothing."""
        return max(self.target * self.denominator - self.standing, 0.0)

    def rate(self, added: float) -> float:
        """Rate in the target's year with so much added."""
        return (self.standing + added) / self.denominator

    def with_(self, **changes: object) -> Case:
        """Return the same question with something changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


def make_case(
    options: pd.DataFrame,
    adds: pd.DataFrame,
    limits: pd.DataFrame,
    cohort: pd.DataFrame,
    feeders: pd.DataFrame | None = None,
    *,
    measure: str,
    target: float,
    by: int,
    settings: Pathway | None = None,
) -> Case:
    """
    Check the tables of a question and put them in order.

    Parameters
    ----------
    options
        Index `building_id`, or `building_id`, `variant` where a roof can be filled in
        several ways, of which at most one is taken. `cost_cny` and `capacity_kwp` are
        needed; of the other columns of `PATHWAY_OPTIONS` a missing one means no check, no
        date, no commitment, no school, no feeder, certain approval, exact area.
    adds
        Rows of `options`; one column per measure. [m², kWp, -]
    limits
        Index `year`; `budget_cny`, `installer_kwp`, `holiday_kwp`, NaN or no column for no
        limit; `price_factor`.
    cohort
        Index `year`, `measure`; `standing`, `denominator`.
    feeders
        Index `feeder`; `capacity_kva`, `standing_kwp`.
    measure
        The one that is held against the target.
    target
        Rate. [-]
    by
        Year by whose end the target should be met.
    settings
        Share of feeders, discount rate.

    Raises
    ------
    SchemaError
        With every problem of the tables at once.
    """
    settings = settings or Pathway()
    table = _options(options, limits)
    adds = adds if isinstance(adds.index, pd.MultiIndex) else _with_variant(adds)
    limits = _limits(limits)
    feeders = feeders if feeders is not None else _no_feeders()
    if not len(table):
        raise SchemaError(Problem("pathway_no_options"))
    found = [*_declared(table, limits, feeders)]
    found += _years_problems(limits, by, target)
    found += _adds_problems(table, adds)
    if not found:
        found += _cohort_problems(cohort, adds, limits, measure, by)
        found += _option_problems(table, limits, feeders)
    if found:
        raise SchemaError(*found)
    table = _bound(table)
    return Case(
        table,
        adds.loc[table.index],
        limits,
        cohort,
        feeders,
        measure,
        float(target),
        int(by),
        settings.feeder_share,
        settings.discount_rate,
    )


def _with_variant(table: pd.DataFrame) -> pd.DataFrame:
    """Give every building its only option a name."""
    index = pd.MultiIndex.from_product([table.index, [""]], names=["building_id", "variant"])
    return table.set_axis(index, axis=0)


def _options(options: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Fill the columns that were not given; rows in the order of their ids."""
    table = options if isinstance(options.index, pd.MultiIndex) else _with_variant(options)
    table = table.copy()
    years = limits.index if len(limits) else pd.Index([0])
    plain = {
        "energy_kwh": np.nan,
        "co2_t": np.nan,
        "check_cost_cny": 0.0,
        "earliest_year": years.min(),
        "earliest_proven_year": np.nan,
        "latest_year": years.max(),
        "committed_year": np.nan,
        "school": False,
        "feeder": "",
        "load_state": "yes",
        "p_approval": 1.0,
        "p_load": 1.0,
        "sigma": 0.0,
        "own_denominator": 0.0,
        "leaves_denominator": False,
    }
    for name, value in plain.items():
        if name not in table:
            table[name] = value
    table["feeder"] = table["feeder"].fillna("").astype(str)
    # the order of the rows must not decide between equals
    return table.sort_index()


def _bound(options: pd.DataFrame) -> pd.DataFrame:
    """Drop the other options of a building that is bound to one of them."""
    bound = options["committed_year"].notna()
    building = bound.groupby(level="building_id").transform("any")
    return options[bound | ~building]


def _limits(limits: pd.DataFrame) -> pd.DataFrame:
    """Fill the limits that were not given."""
    table = limits.copy().sort_index().rename_axis("year")
    for name in ("budget_cny", "installer_kwp", "holiday_kwp"):
        table[name] = table[name].astype(float) if name in table else np.nan
    table["price_factor"] = table["price_factor"].fillna(1.0) if "price_factor" in table else 1.0
    return table


def _no_feeders() -> pd.DataFrame:
    """Return an empty table of feeders."""
    return pd.DataFrame(
        {"capacity_kva": pd.Series(dtype=float), "standing_kwp": pd.Series(dtype=float)}
    ).rename_axis("feeder")


def _declared(
    options: pd.DataFrame, limits: pd.DataFrame, feeders: pd.DataFrame
) -> Iterable[Problem]:
    """Hold the tables to their declarations."""
    for frame, table in (
        (options, PATHWAY_OPTIONS),
        (limits, PATHWAY_LIMITS),
        (feeders, PATHWAY_FEEDERS),
    ):
        try:
            check(frame, table, table.name)
        except SchemaError as error:
            yield from error.problems


def _years_problems(limits: pd.DataFrame, by: int, target: float) -> list[Problem]:
    """Find years with gaps, and a target that none of them or no rate can meet."""
    years = [int(y) for y in limits.index]
    found = []
    if not years or years != list(range(years[0], years[-1] + 1)) or by not in years:
        facts = {"found": ", ".join(map(str, years)) or "-", "by": by}
        found.append(Problem("pathway_years", facts))
    if not 0.0 <= target <= 1.0:
        found.append(Problem("pathway_target", {"found": target}))
    return found


def _adds_problems(options: pd.DataFrame, adds: pd.DataFrame) -> list[Problem]:
    """Find contributions that are missing, unknown or negative."""
    strangers = options.index.symmetric_difference(adds.index)
    if len(strangers):
        return [Problem("pathway_index", {"where": "adds", "rows": _rows(strangers)})]
    found = []
    for name in adds.columns:
        bad = ~(adds[name] >= 0.0)
        if bad.any():
            facts = {"column": name, "count": int(bad.sum()), "rows": _rows(adds.index[bad])}
            found.append(Problem("pathway_adds", facts))
    return found


def _cohort_problems(
    cohort: pd.DataFrame, adds: pd.DataFrame, limits: pd.DataFrame, measure: str, by: int
) -> list[Problem]:
    """Find measures that lack a year."""
    known = [m for m in adds.columns if m in cohort.index.get_level_values("measure")]
    if measure not in known:
        return [Problem("pathway_measure", {"measure": measure, "known": ", ".join(known)})]
    found = []
    for name in known:
        parts = cohort.xs(name, level="measure").reindex(limits.index)
        whole = (parts[["standing", "denominator"]].to_numpy(float) >= 0.0).all(axis=1)
        bad = np.flatnonzero(~whole)
        if len(bad):
            years = ", ".join(str(y) for y in limits.index[bad])
            found.append(Problem("pathway_cohort", {"measure": name, "years": years}))
    if not found and cohort.at[(by, measure), "denominator"] == 0.0:
        found.append(Problem("pathway_no_denominator", {"measure": measure, "by": by}))
    return found


def _option_problems(
    options: pd.DataFrame, limits: pd.DataFrame, feeders: pd.DataFrame
) -> list[Problem]:
    """Find feeders that are not known and commitments that cannot be kept."""
    found = []
    lost = (options["feeder"] != "") & ~options["feeder"].isin(feeders.index) & (len(feeders) > 0)
    if lost.any():
        facts = {"count": int(lost.sum()), "rows": _rows(options.index[lost])}
        found.append(Problem("pathway_feeder", facts))
    year = options["committed_year"]
    kept = year.isin(limits.index)
    kept &= (year >= options["earliest_year"]) & (year <= options["latest_year"])
    bad = year.notna() & ~kept
    if bad.any():
        facts = {"count": int(bad.sum()), "rows": _rows(options.index[bad])}
        found.append(Problem("pathway_commitment", facts))
    return found


def _rows(rows: pd.Index, limit: int = 5) -> str:
    """Name the first rows."""
    names = ["/".join(str(p) for p in r if p != "") for r in rows[:limit]]
    return ", ".join(names) + (", ..." if len(rows) > limit else "")
