"""The path to the target against every possible path, and against what must hold of any."""

from __future__ import annotations

import os
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.config import Pathway
from hexi_solar.errors import SchemaError
from hexi_solar.pathway import (
    Case,
    binding_table,
    chance_of,
    coverage_table,
    find_pathway,
    make_case,
    safer_path,
    yearly_table,
)
from hexi_solar.pathway import solve as solving

AREA, COUNT = "installable/module_area/all", "buildings/-/all"
LIMITS = ("budget_cny", "installer_kwp", "holiday_kwp")
EXACT = Pathway(gap=0.0, feeder_share=0.8, discount_rate=0.06)


def district(
    seed: int, roofs: int, years: int, *, variants: int = 1, share: float = 0.5, tight: float = 1.0
) -> Case:
    """Draw a small district: whole numbers, so that limits can be met to the last unit."""
    dice = np.random.default_rng(seed)
    span = list(range(2027, 2027 + years))
    area = dice.integers(4, 30, roofs) * 100.0
    names = [f"b{i:02d}" for i in range(roofs)]
    rows = []
    for i, name in enumerate(names):
        doubt = dice.random() < 0.4
        bound = dice.choice(span) if dice.random() < 0.1 else np.nan
        for v in range(variants):
            fill = (0.7, 0.5, 0.6)[v]
            capacity = np.round(area[i] * fill * 0.2)
            rows.append({
                "building_id": name, "variant": f"v{v}", "capacity_kwp": capacity,
                "cost_cny": 1000.0 * np.round(capacity * dice.uniform(2.5, 4.5)),
                "energy_kwh": 1250.0 * capacity, "co2_t": capacity, "area": area[i] * fill,
                "check_cost_cny": 20_000.0 * doubt, "load_state": "unknown" if doubt else "yes",
                "earliest_year": span[0] + (int(doubt) if np.isnan(bound) else 0),
                "latest_year": span[-1], "committed_year": bound,
                "school": bool(i % 3 == 0), "feeder": ("east", "west", "")[i % 3],
                "p_load": 0.8 if doubt else 1.0, "p_approval": 0.9, "sigma": 0.1,
            })  # fmt: skip
    options = pd.DataFrame(rows).set_index(["building_id", "variant"])
    adds = pd.DataFrame({AREA: options.pop("area"), COUNT: 1.0})
    most = adds[AREA].groupby(level=0).max().sum()
    cost = options["cost_cny"].groupby(level=0).max().sum()
    power = options["capacity_kwp"].groupby(level=0).max().sum()
    limits = pd.DataFrame(
        {
            "budget_cny": np.round(cost * dice.uniform(0.3, 0.8, years) * tight / years, -3),
            "installer_kwp": np.round(power * dice.uniform(0.3, 1.0, years) * tight),
            "holiday_kwp": np.round(power * dice.uniform(0.1, 0.4, years) * tight),
        },
        index=pd.Index(span, name="year"),
    )
    # what is bound must fit
    for column, use in zip(LIMITS, ("cost_cny", "capacity_kwp", "capacity_kwp"), strict=True):
        bound = options[options["committed_year"].notna()]
        total = bound[use] + (bound["check_cost_cny"] if use == "cost_cny" else 0.0)
        least = total.groupby(bound["committed_year"]).sum().reindex(span, fill_value=0.0)
        limits[column] = limits[column].clip(lower=least)
    feeders = pd.DataFrame(
        {"capacity_kva": [power, power * 0.6], "standing_kwp": [10.0, 0.0]},
        index=pd.Index(["east", "west"], name="feeder"),
    )
    wholes = ((AREA, most * 1.2), (COUNT, roofs))
    cohort = pd.DataFrame(
        [(y, m, 0.0, w * (0.8 + 0.2 * k / years)) for k, y in enumerate(span) for m, w in wholes],
        columns=["year", "measure", "standing", "denominator"],
    ).set_index(["year", "measure"])  # fmt: skip
    return make_case(
        options, adds, limits, cohort, feeders,
        measure=AREA, target=share, by=span[-1], settings=EXACT,
    )  # fmt: skip


def every_path(case: Case) -> tuple[float, float]:
    """Go through every path: the least discounted cost that meets the target, the most that can be added."""
    years, options = case.years, case.options
    discount = case.discount.to_numpy()
    share = {f: 0.8 * r.capacity_kva - r.standing_kwp for f, r in case.feeders.iterrows()}
    # of every path so far: cost, what it adds, and what is left of each limit
    budget, power, holiday = (case.limits[c].to_numpy() for c in LIMITS)
    left = np.r_[budget, power, holiday, list(share.values())][None, :]
    cost, added = np.zeros(1), np.zeros(1)
    for _, own in options.groupby(level=0):
        moves = []
        if own["committed_year"].isna().all():
            moves.append((0.0, 0.0, np.zeros(left.shape[1])))
        for key, row in own.iterrows():
            for t, year in enumerate(years):
                if not row["earliest_year"] <= year <= row["latest_year"]:
                    continue
                if row["committed_year"] not in (year,) and not np.isnan(row["committed_year"]):
                    continue
                use = np.zeros(left.shape[1])
                price = row["cost_cny"] + row["check_cost_cny"]
                use[t], use[len(years) + t] = price, row["capacity_kwp"]
                use[2 * len(years) + t] = row["capacity_kwp"] * row["school"]
                if row["feeder"] in share:
                    use[3 * len(years) + list(share).index(row["feeder"])] = row["capacity_kwp"]
                moves.append((price * discount[t], case.adds.at[key, AREA], use))
        parts = []
        for price, gain, use in moves:
            rest = left - use
            fits = (rest >= -1e-6).all(axis=1)
            parts.append((cost[fits] + price, added[fits] + gain, rest[fits]))
        cost, added, left = (np.concatenate(p) for p in zip(*parts, strict=True))
    enough = added >= case.needed - 1e-6
    return (float(cost[enough].min()) if enough.any() else np.inf), float(added.max())


def kept(case: Case, path_schedule: pd.DataFrame) -> None:
    """Assert that a schedule keeps every limit, date and commitment, and builds no roof twice."""
    schedule, near = path_schedule, 1e-6
    assert schedule.index.is_unique
    by_year = schedule.groupby("year")
    for column, use in (("budget_cny", "cost_cny"), ("installer_kwp", "capacity_kwp")):
        for year, total in by_year[use].sum().items():
            assert total <= case.limits.at[year, column] * (1 + near)
    school = schedule[schedule["school"]].groupby("year")["capacity_kwp"].sum()
    assert all(v <= case.limits.at[y, "holiday_kwp"] * (1 + near) for y, v in school.items())
    for name, total in schedule.groupby("feeder")["capacity_kwp"].sum().items():
        if name in case.feeders.index:
            feeder = case.feeders.loc[name]
            assert total + feeder["standing_kwp"] <= 0.8 * feeder["capacity_kva"] * (1 + near)
    for building, row in schedule.iterrows():
        option = case.options.loc[(building, row["variant"])]
        assert option["earliest_year"] <= row["year"] <= option["latest_year"]
    bound = case.options["committed_year"].dropna().groupby(level=0).first()
    assert (schedule["year"].reindex(bound.index) == bound).all()


SIZES = [(4 + s % 9, 2) for s in range(120)] + [(3 + s % 6, 3) for s in range(80)]


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_no_path_is_better(first):
    """Of all paths of 200 districts, up to 12 roofs in 2 years or 8 in 3, none is cheaper or goes further."""
    reached = 0
    for seed in range(first, first + 20):
        roofs, years = SIZES[seed]
        variants = 2 if roofs <= 5 and seed % 2 else 1
        case = district(seed, roofs, years, variants=variants, share=(0.2, 0.35, 0.5)[seed % 3])
        least, most = every_path(case)
        path = find_pathway(case, EXACT, greatest=True)
        kept(case, path.schedule)
        assert path.reachable_rate == pytest.approx(case.rate(most), rel=1e-9)
        if np.isfinite(least):
            reached += 1
            assert path.status == "reached"
            assert path.cost_cny == pytest.approx(least, rel=1e-9, abs=1e-3)
            assert path.rate >= case.target - 1e-9
        else:
            assert path.status == "unreachable"
            assert path.rate == pytest.approx(case.rate(most), rel=1e-9)
            assert path.rate < case.target
    assert reached > 0


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), more=st.floats(1.05, 2.0))
def test_more_money_never_hurts(seed, more):
    """A larger budget never lowers the greatest rate and never raises the least cost."""
    case = district(seed, 9, 3, share=0.3)
    limits = case.limits.assign(budget_cny=case.limits["budget_cny"] * more)
    poor = find_pathway(case, EXACT, greatest=True)
    rich = find_pathway(case.with_(limits=limits), EXACT, greatest=True)
    assert rich.reachable_rate >= poor.reachable_rate - 1e-9
    if poor.status == "reached":
        assert rich.status == "reached"
        assert rich.cost_cny <= poor.cost_cny * (1 + 1e-9)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), variants=st.integers(1, 3))
def test_what_is_built_is_within_what_there_is(seed, variants):
    """Limits, dates and commitments are kept; sums agree with the schedule; rates never fall in a year's sum."""
    case = district(seed, 10, 3, variants=variants, share=0.3)
    path = find_pathway(case, EXACT)
    kept(case, path.schedule)
    years, coverage = yearly_table(path), coverage_table(path)
    schema.check(path.schedule, schema.PATHWAY, "pathway")
    schema.check(years, schema.PATHWAY_YEARS, "years")
    schema.check(coverage, schema.PATHWAY_COVERAGE, "coverage")
    assert years["cost_cny"].sum() == pytest.approx(path.schedule["cost_cny"].sum())
    assert years["buildings"].sum() == len(path.schedule)
    reported = coverage.xs(("installable", "module_area", "all"), level=(1, 2, 3))
    assert reported.at[case.by, "rate"] == pytest.approx(path.rate)
    counted = coverage.xs("buildings", level="definition")
    assert counted["added"].to_list() == pytest.approx(years["buildings"].cumsum().to_list())
    most = case.adds[AREA].groupby(level=0).max().sum()
    assert (reported["added"] <= most * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_the_rows_does_not_matter(seed):
    """Shuffled tables give the same schedule, and a second search gives it again."""
    case = district(seed, 10, 3, share=0.3)
    dice = np.random.default_rng(seed)
    mixed = case.options.iloc[dice.permutation(len(case.options))]
    other = make_case(
        mixed, case.adds.loc[mixed.index], case.limits.iloc[::-1], case.cohort, case.feeders.iloc[::-1],
        measure=AREA, target=case.target, by=case.by, settings=EXACT,
    )  # fmt: skip
    first = find_pathway(case, EXACT).schedule
    pd.testing.assert_frame_equal(first, find_pathway(other, EXACT).schedule)
    pd.testing.assert_frame_equal(first, find_pathway(case, EXACT).schedule)


def alike(count: int, needed: int, **limits: float) -> Case:
    """Draw a district of equal roofs: 100 m², 20 kWp, 60,000 CNY each."""
    ids = pd.Index([f"r{i:03d}" for i in range(count)], name="building_id")
    options = pd.DataFrame({"cost_cny": 60_000.0, "capacity_kwp": 20.0}, index=ids)
    years = pd.Index([2027, 2028], name="year")
    table = pd.DataFrame({k: [v, v] for k, v in limits.items()}, index=years)
    cohort = pd.DataFrame(
        {"standing": 0.0, "denominator": 100.0 * count},
        index=pd.MultiIndex.from_product([years, [AREA]], names=["year", "measure"]),
    )
    adds = pd.DataFrame({AREA: 100.0}, index=ids)
    return make_case(
        options, adds, table, cohort, measure=AREA, target=needed / count, by=2028, settings=EXACT
    )


def test_equal_roofs_are_built_in_the_order_of_their_ids():
    """Later is cheaper: 7 of 10 equal roofs, 4 a year at most, are 3 in the first year and 4 in the last."""
    path = find_pathway(alike(10, 7, budget_cny=240_000.0), EXACT)
    assert path.schedule["year"].to_list() == [2027] * 3 + [2028] * 4
    assert path.schedule.index.to_list() == [f"r{i:03d}" for i in range(7)]
    assert path.cost_cny == pytest.approx(180_000 + 240_000 / 1.06)


def test_out_of_reach_is_proven_and_the_nearest_given():
    """Two years of 3 roofs are 6 of 10: a target of 7 is out of reach, and 60 % is the nearest."""
    path = find_pathway(alike(10, 7, budget_cny=180_000.0), EXACT)
    assert path.status == "unreachable"
    assert path.rate == path.reachable_rate == pytest.approx(0.6)
    assert path.reachable_bound == pytest.approx(0.6)
    assert path.cost_cny == pytest.approx(180_000 + 180_000 / 1.06)


def test_what_binds_is_found_by_asking_again():
    """One more roof in the last year instead of the first saves 60,000 (1 - 1/1.06); spare capacity nothing."""
    path = find_pathway(alike(10, 7, budget_cny=240_000.0, installer_kwp=500.0), EXACT)
    table = binding_table(path, Pathway(gap=0.0, step=0.25))
    schema.check(table, schema.PATHWAY_BINDING, "binding")
    saved = table["cost_cny"]
    assert saved[("budget", "2028")] == pytest.approx(60_000 * (1 - 1 / 1.06))
    assert saved[("budget", "2027")] == pytest.approx(0.0, abs=1e-6)
    assert saved[("installer", "2028")] == pytest.approx(0.0, abs=1e-6)
    # 7 roofs less a quarter are 5.25, so 6: one roof of the first year less
    assert saved[("target", "2028")] == pytest.approx(60_000)


def test_what_binds_out_of_reach_is_told_in_rates():
    """A third more money in one year is one more roof of ten."""
    path = find_pathway(alike(10, 9, budget_cny=180_000.0), EXACT)
    table = binding_table(path, Pathway(gap=0.0, step=0.34))
    assert table.at[("budget", "2027"), "rate"] == pytest.approx(0.1)
    assert table["cost_cny"].isna().all()
    assert not table.at[("budget", "2027"), "reaches"]


@pytest.mark.parametrize("seed", [1, 2])
def test_large_programs_solved_in_parts_agree(seed, monkeypatch):
    """The way that large programs go gives the same cost as the whole program, within the gap it proves."""
    case = district(seed, 24, 3, variants=2, share=0.3)
    whole = find_pathway(case, Pathway(gap=2e-3))
    monkeypatch.setattr(solving, "SMALL", 0)
    monkeypatch.setattr(solving, "CORE", 60)
    parts = find_pathway(case, Pathway(gap=5e-3))
    kept(case, parts.schedule)
    assert parts.status == whole.status == "reached"
    assert parts.gap <= 5e-3
    assert parts.cost_bound_cny <= whole.cost_cny * (1 + 1e-9)
    assert parts.cost_cny >= whole.cost_bound_cny * (1 - 1e-9)


@pytest.mark.parametrize(
    ("roofs", "seconds"),
    [(300, 60), pytest.param(5000, 300, marks=pytest.mark.scale)],
)
def test_a_district_is_solved_in_time(roofs, seconds):
    """Within the time that the plan may take the cost is proven to be within 1 % of the least."""
    case = district(1, roofs, 5, share=0.3)
    began = time.monotonic()
    path = find_pathway(case)
    assert time.monotonic() - began < seconds
    kept(case, path.schedule)
    assert path.status == "reached"
    assert path.gap < 0.01


def test_what_the_solver_prints_is_no_result(capfd):
    """Results are printed on standard output; words of the solver go to the other one."""
    with solving._aside():
        os.write(1, b"words of the solver")
    out, err = capfd.readouterr()
    assert not out
    assert "words" in err


def test_no_time_still_gives_a_way_within_the_limits():
    """With next to no time there is a schedule that keeps every limit, and its gap is said."""
    case = district(1, 300, 5, share=0.3)
    path = find_pathway(case, Pathway(gap=0.0, seconds=0.2))
    kept(case, path.schedule)
    assert path.status == "reached" or path.reachable_bound >= path.rate
    assert path.gap >= 0.0


def test_a_search_that_finds_nothing_leaves_the_commitments(monkeypatch):
    """Where time runs out before any answer, what is bound is built, nothing is claimed, and the bound stands."""
    case = district(4, 8, 2, share=0.3)
    case = case.with_(options=case.options.assign(
        committed_year=[2027.0] + [np.nan] * 7, earliest_year=2027,
    ))  # fmt: skip
    nothing = solving.Answer(None, np.inf, -np.inf)
    monkeypatch.setattr(solving._Search, "whole", lambda self: nothing)
    path = find_pathway(case)
    assert path.status == "undecided"
    assert path.schedule.index.to_list() == ["b00"]
    # no more than every roof together
    assert path.rate < path.reachable_bound < 1.5


def test_a_way_that_reaches_the_target_is_one(monkeypatch):
    """Where only the search for the greatest rate comes to an end, its way counts, and its gap is said."""
    case = alike(10, 7, budget_cny=240_000.0)
    whole = solving._Search.whole

    def late(search):
        cheap = np.isfinite(search.least[-1])
        return solving.Answer(None, np.inf, -np.inf) if cheap else whole(search)

    monkeypatch.setattr(solving._Search, "whole", late)
    path = find_pathway(case, EXACT)
    assert path.status == "reached"
    assert path.rate == pytest.approx(0.8)
    assert path.gap == 1.0


def certain(path_case: Case, **columns: object) -> Case:
    """Give every roof the same odds."""
    return path_case.with_(options=path_case.options.assign(**columns))


def test_a_certain_path_is_certain():
    """Without doubt in areas, approvals and checks the target that is met is met."""
    case = certain(district(3, 8, 2, share=0.3), p_load=1.0, p_approval=1.0, sigma=0.0)
    path = find_pathway(case, EXACT)
    chance = chance_of(path, EXACT)
    assert chance.probability == 1.0
    assert chance.rate_p10 == chance.rate_p90 == pytest.approx(path.rate)


def test_a_path_to_the_last_roof_needs_every_approval():
    """5 equal roofs that are all needed, each approved with 0.9: the target is met with 0.9⁵."""
    case = certain(alike(10, 5), p_approval=0.9)
    chance = chance_of(find_pathway(case, EXACT), Pathway(draws=40_000))
    # four standard errors: 0.0025 each
    assert chance.probability == pytest.approx(0.9**5, abs=0.01)
    again = chance_of(find_pathway(case, EXACT), Pathway(draws=40_000))
    assert chance.summary() == again.summary()


def test_planning_beyond_the_target_makes_it_probable():
    """Of n roofs with 0.9 each, 5 stand with 80 % from n = 6 on (0.886): 6 are planned."""
    case = certain(alike(10, 5), p_approval=0.9)
    path, chance = safer_path(case, 0.8, EXACT)
    assert len(path.schedule) == 6
    assert chance.probability == pytest.approx(0.9**6 + 6 * 0.9**5 * 0.1, abs=0.015)


def test_a_check_in_time_is_worth_what_its_failure_costs():
    """One roof of five may fail its check with 0.4; told in time, another takes its place, and all is certain."""
    case = alike(10, 5)
    unknown = case.options.index == ("r000", "")
    options = case.options.assign(
        load_state=np.where(unknown, "unknown", "yes"),
        p_load=np.where(unknown, 0.6, 1.0),
        # the cheapest roof, so that the path takes it
        cost_cny=np.where(unknown, 10_000.0, 60_000.0),
        check_cost_cny=np.where(unknown, 20_000.0, 0.0),
    )
    path = find_pathway(case.with_(options=options), EXACT)
    assert "r000" in path.schedule.index
    chance = chance_of(path, EXACT)
    schema.check(chance.surveys, schema.PATHWAY_SURVEYS, "surveys")
    row = chance.surveys.loc["r000"]
    assert row["probability"] == 1.0
    assert row["gain"] == pytest.approx(0.4, abs=0.02)
    assert row["gain_per_mcny"] == pytest.approx(row["gain"] / 0.02)
    assert len(row["substitutes"]) == 1


def test_every_problem_of_the_tables_at_once():
    """A feeder nobody knows, a commitment before completion and an unknown contribution, each with its roof."""
    case = district(5, 6, 2)
    tables = (case.adds, case.limits, case.cohort)
    asked = {"measure": AREA, "target": 0.5, "by": 2028}
    options = case.options.copy()
    options.iloc[0, options.columns.get_loc("feeder")] = "north"
    options.iloc[1, options.columns.get_loc("committed_year")] = 2035.0
    with pytest.raises(SchemaError) as caught:
        make_case(options, *tables, case.feeders, **asked)
    said = str(caught.value)
    assert "b00/v0" in said and "b01/v0" in said
    adds = case.adds.copy()
    adds.iloc[2, 0] = np.nan
    with pytest.raises(SchemaError, match="b02/v0"):
        make_case(case.options, adds, *tables[1:], **asked)
    with pytest.raises(SchemaError, match="percentage"):
        make_case(case.options, *tables, **(asked | {"target": 50}))


def test_commitments_beyond_the_budget_are_refused():
    """Two roofs of 60,000 promised for a year with 100,000 are named with the limit that they break."""
    case = alike(3, 1, budget_cny=100_000.0)
    bound = case.options.assign(committed_year=[2027.0, 2027.0, np.nan])
    with pytest.raises(SchemaError, match="budget 2027"):
        find_pathway(case.with_(options=bound), EXACT)
