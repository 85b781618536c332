r"""The question as an integer program.

One variable says how many buildings of a group take one option in one year. A group holds
the buildings whose options are alike in everything that the program looks at, mostly a
single one; so equal roofs do not multiply the search. An option that another one of the
same building beats or equals in cost, capacity, dates and contribution is left out.
Nothing that is left out could make the answer better.

.. math::

    \min_x \sum_{o,t} d_t c_{ot} x_{ot} \quad \text{so that} \quad
    \sum_{o \in g,t} x_{ot} \le N_g, \;
    \sum_o c_{ot} x_{ot} \le B_t, \;
    \sum_o p_o x_{ot} \le I_t, \;
    \sum_{o \in \text{schools}} p_o x_{ot} \le H_t, \;
    \sum_{o \in f,t} p_o x_{ot} \le s K_f - P_f, \;
    \sum_{o,t \le T} a_o x_{ot} \ge R
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from hexi_solar.pathway.case import Case

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
# the program counts in thousands of CNY: costs of the order of capacities and areas
MONEY = 1e-3


@dataclass(frozen=True)
class Model:
    """An integer program; `rows` are upper limits but for the first ones, which may be equal."""

    case: Case
    groups: list[list[object]]
    """Buildings of each group, in their order."""
    group: Integers
    """Of each variable."""
    variant: list[object]
    """Option of each variable."""
    year: Integers
    """Of each variable."""
    most: Floats
    """Upper bound of each variable."""
    cost: Floats
    """Discounted cost of each variable. [1000 CNY]"""
    added: Floats
    """What each variable adds to the reported numerator by the target's year."""
    rows: csr_array
    least: Floats
    """Lower limit of each row."""
    limit: Floats
    """Upper limit of each row."""
    names: list[tuple[str, object]]
    """Constraint and year or feeder of the rows after those of the groups."""


def build_model(case: Case) -> Model:
    """Write the question down as an integer program."""
    options, years = case.options, np.asarray(case.years)
    features = _features(case)
    groups, kept = _groups(options, features)
    rows = np.concatenate(kept) if kept else np.empty(0, int)
    group_of = np.repeat(np.arange(len(groups)), [len(k) for k in kept])
    # one variable for each option and year that are possible together
    early = options["earliest_year"].to_numpy(float)[rows]
    late = options["latest_year"].to_numpy(float)[rows]
    bound = options["committed_year"].to_numpy(float)[rows]
    free = np.isnan(bound)
    # past the target's year only commitments are built
    possible = (years >= early[:, None]) & (years <= late[:, None]) & (years <= case.by)
    possible = np.where(free[:, None], possible, years == bound[:, None])
    row, when = np.nonzero(possible)
    option = rows[row]
    group = group_of[row]
    size = np.array([len(g) for g in groups], float)
    price = _price(case)[option, when]
    use = _Use(case, option, when, group, price)
    matrix, least, limit, names = use.rows(size, committed_groups(groups, options))
    added = case.adds[case.measure].to_numpy(float)[option] * (years[when] <= case.by)
    return Model(
        case,
        groups,
        group,
        list(options.index.get_level_values("variant")[option]),
        years[when],
        size[group],
        price * case.discount.to_numpy()[when] * MONEY,
        added,
        matrix,
        least,
        limit,
        names,
    )


def _price(case: Case) -> Floats:
    """Calculate what each option costs in each year, its structural check included. [CNY]"""
    cost = (case.options["cost_cny"] + case.options["check_cost_cny"]).to_numpy(float)
    factor = case.limits["price_factor"].to_numpy(float)
    return np.asarray(cost[:, None] * factor[None, :])


def _features(case: Case) -> Floats:
    """List what the program looks at, one row per option: less is better in the first four."""
    options = case.options
    feeder = options["feeder"].where(options["feeder"].isin(case.feeders.index), "")
    columns = [
        options["cost_cny"] + options["check_cost_cny"],
        options["capacity_kwp"],
        options["earliest_year"],
        -options["latest_year"],
        -case.adds[case.measure],
        options["committed_year"].fillna(-1.0),
        options["school"],
        pd.Categorical(feeder).codes,
    ]
    return np.column_stack([np.asarray(c, dtype=float) for c in columns])


def _groups(options: pd.DataFrame, features: Floats) -> tuple[list[list[object]], list[Integers]]:
    """Group buildings that are alike, and keep the options of each that no other one beats."""
    ids = options.index.get_level_values("building_id")
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    variants = options.index.get_level_values("variant")
    found: dict[tuple[bytes, ...], int] = {}
    groups: list[list[object]] = []
    kept: list[Integers] = []
    for rows in np.split(np.arange(len(ids)), starts[1:]):
        own = features[rows]
        if len(rows) > 1:
            best = _unbeaten(own)
            rows, own = rows[best], own[best]
        key = (own.tobytes(), repr(list(variants[rows])).encode())
        if key not in found:
            found[key] = len(groups)
            groups.append([])
            kept.append(rows)
        groups[found[key]].append(ids[rows[0]])
    return groups, kept


def _unbeaten(own: Floats) -> npt.NDArray[np.bool_]:
    """Say which options of one building no other one beats or, standing before it, equals."""
    less = (own[:, None, :5] <= own[None, :, :5]).all(axis=2)
    same = (own[:, None, 5:] == own[None, :, 5:]).all(axis=2)
    beats = less & same
    order = np.arange(len(own))
    equal = beats & beats.T
    beats &= ~equal | (order[:, None] < order[None, :])
    np.fill_diagonal(beats, False)
    return np.asarray(~beats.any(axis=0))


def committed_groups(groups: list[list[object]], options: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Say which groups have to be built."""
    bound = options["committed_year"].notna().groupby(level="building_id").any()
    return np.asarray(bound.reindex([g[0] for g in groups]).to_numpy(bool))


class _Use:
    """What each variable takes of each limit."""

    def __init__(
        self, case: Case, option: Integers, when: Integers, group: Integers, price: Floats
    ) -> None:
        self.case, self.group, self.price, self.when = case, group, price, when
        options = case.options
        self.capacity = options["capacity_kwp"].to_numpy(float)[option]
        self.school = options["school"].to_numpy(bool)[option]
        self.feeder = options["feeder"].to_numpy(object)[option]
        self.added = case.adds[case.measure].to_numpy(float)[option]

    def rows(
        self, size: Floats, bound: npt.NDArray[np.bool_]
    ) -> tuple[csr_array, Floats, Floats, list[tuple[str, object]]]:
        """Write the rows down: groups, yearly limits, feeders, the target."""
        parts: list[tuple[Integers, Floats]] = []
        limits: list[float] = []
        names: list[tuple[str, object]] = []

        def add(
            name: str, key: object, chosen: npt.NDArray[np.bool_], use: Floats, limit: float
        ) -> None:
            where = np.flatnonzero(chosen)
            parts.append((where, use[where]))
            limits.append(limit)
            names.append((name, key))

        everyone = np.ones(len(self.when), bool)
        yearly = (
            ("budget", "budget_cny", everyone, self.price * MONEY, MONEY),
            ("installer", "installer_kwp", everyone, self.capacity, 1.0),
            ("holiday", "holiday_kwp", self.school, self.capacity, 1.0),
        )
        for name, column, who, use, scale in yearly:
            for t, (year, limit) in enumerate(self.case.limits[column].items()):
                if not np.isnan(limit):
                    add(name, year, who & (self.when == t), use, limit * scale)
        for feeder, limit in feeder_limits(self.case).items():
            add("feeder", feeder, self.feeder == feeder, self.capacity, limit)
        past = np.asarray(self.case.years)[self.when] > self.case.by
        add("target", self.case.by, ~past, self.added, np.inf)
        matrix = self._matrix(parts, len(size))
        least = np.r_[np.where(bound, size, 0.0), np.full(len(names), -np.inf)]
        least[-1] = self.case.needed
        return matrix, least, np.r_[size, limits], names

    def _matrix(self, parts: list[tuple[Integers, Floats]], groups: int) -> csr_array:
        """Put the rows together."""
        columns = np.arange(len(self.group))
        row = [self.group, *(np.full(len(w), groups + i) for i, (w, _) in enumerate(parts))]
        column = [columns, *(w for w, _ in parts)]
        value = [np.ones(len(self.group)), *(use for _, use in parts)]
        shape = (groups + len(parts), len(self.group))
        found = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
        return csr_array(found, shape=shape)


def feeder_limits(case: Case) -> pd.Series:
    """Calculate what can still connect to each feeder; 0 where it is over its limit. [kWp]"""
    feeders = case.feeders
    room = case.feeder_share * feeders["capacity_kva"] - feeders["standing_kwp"]
    return room.clip(lower=0.0)


def assignment(model: Model, x: Floats) -> pd.DataFrame:
    """
    Say which building takes which option in which year.

    Returns
    -------
    schedule
        Index `building_id`; `variant`, `year`. Of buildings that are alike the one that
        sorts first is built first.
    """
    whole = np.rint(x).astype(int)
    taken: dict[int, int] = {}
    rows = []
    chosen = np.flatnonzero(whole)
    for v in sorted(chosen, key=lambda v: (model.group[v], model.year[v], v)):
        group = int(model.group[v])
        for _ in range(whole[v]):
            building = model.groups[group][taken.get(group, 0)]
            taken[group] = taken.get(group, 0) + 1
            rows.append((building, model.variant[v], int(model.year[v])))
    table = pd.DataFrame(rows, columns=["building_id", "variant", "year"])
    return table.set_index("building_id").sort_index()
