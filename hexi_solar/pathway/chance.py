"""How probable it is that a path reaches its target, and which structural check helps most.

A roof of the path may be refused approval, may fail its structural check, and may turn out
smaller or larger than it was worked out. Each happens to each roof on its own, so a path
that meets its target exactly on paper meets it in few draws; `safer_path` plans beyond it.
What is bound by `own_denominator` errs with the roof, and leaves the denominator where
`leaves_denominator` says so and the check fails.

A check that is made at once tells in time: if it fails, roofs whose load-bearing is shown
take the place, within what the limits leave. What that raises the probability by, over the
check's cost, is the order of the surveys.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hexi_solar.config import Pathway
from hexi_solar.pathway.case import ROUNDING, Case
from hexi_solar.pathway.model import Floats, feeder_limits
from hexi_solar.pathway.path import Route, find_pathway

# numbers that are held at once, and roofs that are tried as substitutes
HELD, TRIED = 4_000_000, 200


@dataclass(frozen=True)
class Chance:
    """How probable the target is, and the rates behind that."""

    probability: float
    error: float
    """Standard error of the probability, from the number of draws."""
    rate_p10: float
    """Rate that is exceeded in 9 of 10 draws."""
    rate_p50: float
    rate_p90: float
    """Rate that is exceeded in 1 of 10 draws."""
    draws: int
    seed: int
    surveys: pd.DataFrame
    """Table `PATHWAY_SURVEYS` of `schema.py`."""

    def summary(self) -> dict[str, Any]:
        """Collect the figures, ready for JSON."""
        names = ("probability", "error", "rate_p10", "rate_p50", "rate_p90", "draws", "seed")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class _Roofs:
    """What may happen to some roofs."""

    added: Floats
    own: Floats
    leaves: Floats
    approval: Floats
    load: Floats
    sigma: Floats

    def draw(
        self, dice: np.random.Generator, count: int
    ) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
        """Draw numerators, denominators less their expected part, and failed checks."""
        shape = (count, len(self.added))
        size = np.maximum(1.0 + self.sigma * dice.standard_normal(shape), 0.0)
        approved = dice.random(shape) < self.approval
        failed = dice.random(shape) >= self.load
        top = self.added * size * (approved & ~failed)
        bottom = self.own * np.where(failed & (self.leaves > 0), -1.0, size - 1.0)
        return top, bottom, failed


def chance_of(path: Route, settings: Pathway | None = None) -> Chance:
    """
    Draw what may happen to the roofs of a path.

    Parameters
    ----------
    path
        From `find_pathway`.
    settings
        `draws` and `seed`.

    Returns
    -------
    chance
        Probability of the target with the path as it stands, quantiles of the rate, and
        the checks worth making at once. Same seed, same figures.
    """
    settings = settings or Pathway()
    case = path.case
    schedule = path.schedule[path.schedule["year"] <= case.by]
    doubtful = schedule.index[(schedule["load_state"] == "unknown").to_numpy()]
    spare = _spare(case, schedule)
    chosen = substitutes(path, doubtful, spare)
    ours = _roofs(case, schedule.index, schedule["variant"])
    others = _roofs(case, spare.index.get_level_values(0), spare.index.get_level_values(1))
    takes = np.zeros((len(spare), len(doubtful)))
    for i, rows in enumerate(chosen):
        takes[rows, i] = 1.0
    where = schedule.index.get_indexer(doubtful)
    rates, hits = [], np.zeros(len(doubtful))
    size = max(HELD // max(len(schedule) + len(spare), 1), 1)
    for dice, count in _parts(settings.draws, size, settings.seed):
        top, bottom, failed = ours.draw(dice, count)
        instead, _, _ = others.draw(dice, count)
        numerator = case.standing + top.sum(axis=1)
        denominator = np.maximum(case.denominator + bottom.sum(axis=1), ROUNDING)
        rates.append(numerator / denominator)
        need = case.target * denominator * (1.0 - ROUNDING)
        told = numerator[:, None] + failed[:, where] * (instead @ takes)
        hits += (told >= need[:, None]).sum(axis=0)
    rate = np.concatenate(rates)
    probability = float((rate >= case.target * (1.0 - ROUNDING)).mean())
    low, middle, high = np.quantile(rate, (0.1, 0.5, 0.9))
    surveys = _surveys(case, schedule, doubtful, hits / settings.draws, probability, chosen, spare)
    error = float(np.sqrt(probability * (1.0 - probability) / settings.draws))
    return Chance(
        probability, error, float(low), float(middle), float(high),
        settings.draws, settings.seed, surveys,
    )  # fmt: skip


def safer_path(
    case: Case, probability: float, settings: Pathway | None = None, rounds: int = 6
) -> tuple[Route, Chance]:
    """
    Plan beyond the target until it is met with some probability.

    Parameters
    ----------
    case
        From `make_case`.
    probability
        That is asked for. [-]
    settings
        Of each search and its draws.
    rounds
        Planned targets that are tried, each halving what is open.

    Returns
    -------
    path, chance
        The path with the lowest planned target that is probable enough; if none is, the
        most probable one. `path.case.target` is what was planned, the chance is that of
        the target asked for.
    """
    settings = settings or Pathway()
    low, high = case.target, 1.0
    best: tuple[Route, Chance] | None = None
    planned = low
    for turn in range(rounds):
        path = find_pathway(case.with_(target=planned), settings)
        found = (path, chance_of(_asked(path, case), settings))
        enough = found[1].probability >= probability
        if best is None or enough or found[1].probability > best[1].probability:
            best = found
        if turn == 0:
            if enough:
                break
            # beyond the greatest rate nothing more can be planned
            most = find_pathway(case.with_(target=1.0), settings)
            high = most.reachable_rate if most.status != "reached" else 1.0
            planned = high
            continue
        if turn == 1 and not enough:
            break
        low, high = (low, planned) if enough else (planned, high)
        planned = 0.5 * (low + high)
    assert best is not None
    return best


def _asked(path: Route, case: Case) -> Route:
    """Hold a path against the target that was asked for."""
    return dataclasses.replace(path, case=case)


def _parts(draws: int, size: int, seed: int) -> list[tuple[np.random.Generator, int]]:
    """Cut the draws into parts that fit into memory, each with dice of its own."""
    counts = [min(size, draws - start) for start in range(0, draws, size)]
    seeds = np.random.SeedSequence(seed).spawn(len(counts))
    return [(np.random.default_rng(s), c) for s, c in zip(seeds, counts, strict=True)]


def _roofs(case: Case, buildings: pd.Index, variants: Any) -> _Roofs:
    """Collect what may happen to some options."""
    keys = pd.MultiIndex.from_arrays([buildings, variants], names=case.options.index.names)
    own = case.options.loc[keys]
    return _Roofs(
        case.adds[case.measure].loc[keys].to_numpy(float),
        own["own_denominator"].to_numpy(float),
        own["leaves_denominator"].to_numpy(float),
        own["p_approval"].to_numpy(float),
        own["p_load"].to_numpy(float),
        own["sigma"].to_numpy(float),
    )


def _spare(case: Case, schedule: pd.DataFrame) -> pd.DataFrame:
    """List the proven options of roofs that the path leaves, the cheapest for what it adds first."""
    options = case.options
    adds = case.adds[case.measure]
    free = ~options.index.get_level_values("building_id").isin(schedule.index)
    free &= ((options["load_state"] == "yes") & (options["earliest_year"] <= case.by)).to_numpy()
    free &= (adds > 0).to_numpy()
    price = (options["cost_cny"] / adds.where(adds > 0))[free]
    return options.loc[price.sort_values(kind="stable").index[:TRIED]]


def substitutes(path: Route, doubtful: pd.Index, spare: pd.DataFrame) -> list[list[int]]:
    """
    Choose what would be built in the place of each doubtful roof, within the limits.

    Returns
    -------
    chosen
        Rows of `spare` per doubtful roof, until they add as much as it would have.
    """
    case, schedule = path.case, path.schedule
    left = _room(case, schedule)
    feeders = feeder_limits(case) - schedule.groupby("feeder")["capacity_kwp"].sum().reindex(
        case.feeders.index, fill_value=0.0
    )
    adds = case.adds[case.measure].loc[spare.index].to_numpy(float)
    rows = list(spare.reset_index().itertuples(index=False))
    found = []
    for building in doubtful:
        out = schedule.loc[building]
        room = left.copy()
        room[case.years.index(int(out["year"]))] += _use(
            out["cost_cny"], out["capacity_kwp"], out["school"]
        )
        cable = feeders.to_dict()
        if out["feeder"] in cable:
            cable[out["feeder"]] += out["capacity_kwp"]
        found.append(_fill(case, rows, adds, room, cable, float(out["added"])))
    return found


def _fill(
    case: Case, rows: list[Any], adds: Floats, room: Floats, cable: dict[Any, float], lost: float
) -> list[int]:
    """Build spare roofs in their order, each as early as it fits, until what was lost is made up."""
    chosen: list[int] = []
    taken: set[object] = set()
    for i, row in enumerate(rows):
        if lost <= ROUNDING:
            break
        fits = row.building_id not in taken and row.capacity_kwp <= cable.get(row.feeder, np.inf)
        for t, year in enumerate(case.years if fits else []):
            price = row.cost_cny * float(case.limits["price_factor"].iloc[t])
            use = _use(price, row.capacity_kwp, row.school)
            possible = row.earliest_year <= year <= min(row.latest_year, case.by)
            if possible and (use <= room[t]).all():
                room[t] -= use
                if row.feeder in cable:
                    cable[row.feeder] -= row.capacity_kwp
                chosen.append(i)
                taken.add(row.building_id)
                lost -= adds[i]
                break
    return chosen


def _use(cost: float, capacity: float, school: bool) -> Floats:
    """List what a roof takes of a year: money, capacity, capacity in holidays."""
    return np.array([cost, capacity, capacity if school else 0.0])


def _room(case: Case, schedule: pd.DataFrame) -> Floats:
    """Calculate what the path leaves of each year's limits."""
    limits = case.limits[["budget_cny", "installer_kwp", "holiday_kwp"]].fillna(np.inf)
    room = limits.to_numpy(float)
    for t, year in enumerate(case.years):
        built = schedule[schedule["year"] == year]
        school = built["capacity_kwp"].where(built["school"], 0.0).sum()
        room[t] -= [built["cost_cny"].sum(), built["capacity_kwp"].sum(), school]
    return room


def _surveys(
    case: Case,
    schedule: pd.DataFrame,
    doubtful: pd.Index,
    probability: Floats,
    before: float,
    chosen: list[list[int]],
    spare: pd.DataFrame,
) -> pd.DataFrame:
    """Put the checks in the order of what they bring."""
    variants = schedule.loc[doubtful, "variant"]
    keys = pd.MultiIndex.from_arrays([doubtful, variants])
    own = case.options.loc[keys].set_axis(doubtful, axis=0)
    ids = spare.index.get_level_values("building_id")
    gain = np.maximum(probability - before, 0.0)
    cost = own["check_cost_cny"].to_numpy(float)
    table = pd.DataFrame({
        "check_cost_cny": cost,
        "p_load": own["p_load"].to_numpy(float),
        "probability": probability,
        "gain": gain,
        "gain_per_mcny": np.divide(gain * 1e6, cost, out=np.full(len(cost), np.nan), where=cost > 0),
        "substitutes": [[str(ids[r]) for r in rows] for rows in chosen],
    }, index=doubtful.rename("building_id"))  # fmt: skip
    # a check that costs nothing comes first
    order = table["gain_per_mcny"].fillna(np.inf).where(table["gain"] > 0, 0.0)
    table = table.loc[(-order).sort_values(kind="stable").index]
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table
