"""Between what a rate lies, against every choice counted out one by one."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hexi_solar.config import Coverage
from hexi_solar.coverage import (
    CAUSES,
    Frame,
    books_by_cause,
    cohort_rows,
    extremes,
    frames,
    gap_of,
    open_facts,
    parts_of,
    rates_of,
)
from hexi_solar.coverage.cohort import completion, members
from hexi_solar.coverage.definitions import combinations
from hexi_solar.coverage.quantities import RECORDS
from hexi_solar.coverage.rates import Book
from hexi_solar.schema import COVERAGE_ROWS

TODAY = dt.date(2023, 6, 30)
START = dt.date(2021, 1, 1)
SETTINGS = Coverage()
INSTALLABLE, TOTAL = (
    next(c for c in combinations(SETTINGS) if c.name == name and c.label == "module_area")
    for name in ("installable", "total_roof")
)
FRAME = Frame(2023, "cumulative", TODAY, "all")


def building(public="yes", completed="2022-03-01", load="yes", roof=1000.0, **more) -> dict:
    """One row of the table that rates are made of; half of the roof is installable."""
    row = dict.fromkeys(COVERAGE_ROWS.names)
    row |= {
        "owner_type": "school", "public_institution": public, "completed_on": completed,
        "status": "completed", "load_state": load, "footprint_area_m2": roof,
        "completed_on_source": "unknown" if completed is None else "surveyed",
        "floor_area_m2": 2 * roof, "roof_area_m2": roof, "roof_slope_area_m2": roof,
        "installable_area_m2": roof / 2, "installable_slope_area_m2": roof / 2, "area_sigma": 0.0,
        "whole_roof_kwp": roof * 0.232, "achievable_kwp": roof * 0.07, "module_area_m2": roof * 0.3,
        "module_horizontal_area_m2": roof * 0.29, "array_area_m2": roof * 0.45,
    }  # fmt: skip
    return row | more


def table(*buildings: dict) -> pd.DataFrame:
    """Rows with ids a, b, c, ..."""
    ids = pd.Index([chr(97 + i) for i in range(len(buildings))], name="building_id")
    found = pd.DataFrame(list(buildings), index=ids, columns=COVERAGE_ROWS.names)
    for column in COVERAGE_ROWS:
        if column.kind == "date":
            found[column.name] = pd.to_datetime(found[column.name])
        elif column.kind == "float":
            found[column.name] = found[column.name].astype(float)
    return found


def stock(spread: float = 0.0, **areas: float) -> pd.DataFrame:
    """PV of so many m² of modules, known to within a part of it."""
    area = pd.Series(areas, dtype=float)
    names = {"capacity_kwp": 0.2, "module_area_m2": 1.0, "module_horizontal_area_m2": 0.9}
    names |= {"array_area_m2": 2.0}
    found = {name: area * factor for name, factor in names.items()}
    for name in list(found):
        found[f"{name}_low"] = (found[name] * (1 - spread)).fillna(0.0)
        found[f"{name}_high"] = (found[name] * (1 + spread)).fillna(np.inf)
    derived = area.isna() | (spread > 0)
    return pd.DataFrame(found, index=area.index).assign(derived=derived)


def rate(rows, pv, combination=INSTALLABLE, frame=FRAME, causes=CAUSES):
    """One rate with its interval."""
    who = members(rows, frame, START, TODAY, 1000.0, causes)
    return Book(rows, pv, causes).rate(combination, who, frame.scope == "eligible")


# ------------------------------------------------------------------------ extremes of ratios

number = st.integers(0, 20).map(float)
world = st.tuples(number, number)
some = st.lists(st.tuples(st.lists(world, min_size=1, max_size=3), st.booleans()), max_size=5)


@settings(max_examples=300, deadline=None)
@given(some)
@example([([(5.0, 0.0)], False), ([(0.0, 10.0)], True)])
@example([([(1.0, 2.0)], True), ([(3.0, 4.0)], True)])
def test_extremes_are_those_of_all_choices(buildings):
    """Going from one best choice to the next finds what counting every choice finds."""
    width = max((len(worlds) for worlds, _ in buildings), default=1)
    above = np.full((len(buildings), width), np.nan)
    below = above.copy()
    for i, (worlds, _) in enumerate(buildings):
        above[i, : len(worlds)], below[i, : len(worlds)] = zip(*worlds, strict=True)
    leave = np.array([may for _, may in buildings], bool)
    low, high = extremes(above, below, leave)
    choices = [worlds + [(0.0, 0.0)] * may for worlds, may in buildings]
    sums = [np.sum(c, axis=0) for c in itertools.product(*choices)] if choices else []
    ratios = [n / d for n, d in sums if d > 0]
    if ratios:
        assert (low, high) == pytest.approx((min(ratios), max(ratios)), rel=1e-12)
    else:
        assert math.isnan(low)
        assert math.isnan(high)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["yes", "unknown"]),
            st.sampled_from(["2022-03-01", "2019-05-05", None]),
            st.sampled_from(["yes", "no", "unknown"]),
            st.sampled_from([500.0, 1000.0, 3000.0]),
            st.sampled_from([None, 0.0, 100.0, 400.0]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["all", "eligible"]),
    st.sampled_from([INSTALLABLE, TOTAL]),
)
def test_interval_is_that_of_all_that_unknown_records_may_be(cohort, scope, combination):
    """Each unknown said one way or the other, every way: the rates lie as far apart as stated."""
    rows = table(*(known_building(*b[:4]) for b in cohort))
    pv = stock(**{i: b[4] for i, b in zip(rows.index, cohort, strict=True) if b[4] is not None})
    found = rate(rows, pv, combination, FRAME._replace(scope=scope))
    rates = []
    for choice in itertools.product(*(settled(*b, combination.name, scope) for b in cohort)):
        top, bottom = map(sum, zip(*choice, strict=True))
        rates += [top / bottom] if bottom else []
    if rates:
        expected = (min(rates), max(rates))
        assert (found["rate_low"], found["rate_high"]) == pytest.approx(expected, rel=1e-12)
    else:
        assert math.isnan(found["rate_low"])


def known_building(public, day, load, roof) -> dict:
    """A building whose roof carries nothing if its load is refused."""
    none = {"installable_area_m2": 0.0, "installable_slope_area_m2": 0.0}
    return building(public, day, load, roof, **(none if load == "no" else {}))


def settled(public, day, load, roof, pv, definition="installable", scope="all"):
    """List what a building may turn out to add to numerator and denominator."""
    found = []
    for is_public in ("yes", "no") if public == "unknown" else (public,):
        for done in ("2022-03-01", "2019-05-05") if day is None else (day,):
            for bears in ("yes", "no") if load == "unknown" else (load,):
                new = is_public == "yes" and done >= "2021"
                if not new or (scope == "eligible" and (bears == "no" or roof < 1000.0)):
                    found.append((0.0, 0.0))
                    continue
                # where PV stands, the roof bears it
                refused = bears == "no" and not (load == "unknown" and pv is not None)
                whole = roof if definition == "total_roof" else 0.0 if refused else roof / 2
                found.append((pv or 0.0, whole))
    return found


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["yes", "no", "unknown"]),
            st.sampled_from(["2021-12-31", "2022-03-01", "2023-12-31", None]),
            st.sampled_from(["surveyed", "derived"]),
            st.sampled_from(["yes", "no", "unknown"]),
            st.sampled_from([None, 0.0, 100.0, 2000.0, math.nan]),
            st.sampled_from([0.0, 0.11]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_interval_contains_its_rate(cohort):
    """Whatever is unknown, under every definition, reading, scope and cohort."""
    rows = table(
        *(
            building(
                *(public, day, load),
                completed_on_source=source,
                area_sigma=sigma,
                floor_area_m2=None if i % 2 else 900.0,
            )
            for i, (public, day, source, load, _, sigma) in enumerate(cohort)
        )
    )  # fmt: skip
    areas = {i: b[4] for i, b in zip(rows.index, cohort, strict=True) if b[4] is not None}
    pv = stock(0.1, **areas)
    found = rates_of(rows, lambda day: pv, SETTINGS, today=TODAY, threshold_m2=1000.0)
    known = found[found["rate"].notna()]
    assert (known["rate_low"] <= known["rate"]).all()
    assert (known["rate"] <= known["rate_high"]).all()
    bare = found[found["rate"].isna()]
    assert (bare["denominator"] == 0).all()


def test_without_unknown_facts_there_is_no_interval():
    """Everything surveyed: lowest, highest and rate are one number."""
    found = rate(table(building(), building()), stock(a=100.0))
    assert found["rate_low"] == found["rate"] == found["rate_high"] == pytest.approx(0.1)


def test_each_unknown_by_hand():
    """One covered roof of known kind, and one bare roof of which one thing is not known."""
    sure, pv = building(), stock(a=250.0)
    cases = {
        "public_institution": (building("unknown"), (0.25, 0.5)),
        "completed_on": (building(completed=None), (0.25, 0.5)),
        "load": (building(load="unknown"), (0.25, 0.5)),
        # ±11 % of 500 m², of which the roof itself bounds nothing
        "area": (building(area_sigma=0.11), (250 / 1055, 250 / 945)),
    }
    for cause, (other, expected) in cases.items():
        found = rate(table(sure, other), pv)
        assert (found["rate_low"], found["rate_high"]) == pytest.approx(expected), cause
        alone = rate(table(sure, other), pv, causes=(cause,))
        assert (alone["rate_low"], alone["rate_high"]) == pytest.approx(expected), cause


def test_pv_of_which_no_figure_was_filed_is_anything_up_to_the_roof():
    """Left out of the rate as recorded; 0 to 1000 m² of modules, or left out, in the interval."""
    found = rate(table(building(), building()), stock(a=250.0, b=math.nan))
    assert found["rate"] == pytest.approx(0.5)
    assert found["flagged_ids"] == ["b"]
    assert (found["rate_low"], found["rate_high"]) == pytest.approx((0.25, 1.25))


def test_pv_found_from_its_capacity_lies_in_its_range():
    """250 m² of modules, give or take a tenth."""
    found = rate(table(building()), stock(0.1, a=250.0))
    assert (found["rate_low"], found["rate_high"]) == pytest.approx((0.45, 0.55))


def test_a_roof_that_was_not_worked_out_is_bounded_by_its_footprint():
    """It is in no rate; of its 1000 m² between nothing and all may be installable."""
    lost = building(
        roof_area_m2=None, roof_slope_area_m2=None, installable_area_m2=None,
        installable_slope_area_m2=None, achievable_kwp=None,
    )  # fmt: skip
    found = rate(table(building(), lost), stock(a=250.0))
    assert found["rate"] == pytest.approx(0.5)
    assert found["rate_low"] == pytest.approx(250 / 1500)
    assert found["rate_high"] == pytest.approx(0.5)


def test_of_a_rough_date_the_whole_year_or_month_is_open():
    """The last day of a year stands for the year, that of a month for the month."""
    rows = table(
        building(completed="2023-12-31", completed_on_source="derived"),
        building(completed="2023-04-30", completed_on_source="derived"),
        building(completed="2023-04-30"),
        building(completed=None),
        building(completed=None, status="building"),
    )
    _, first, last = completion(rows, TODAY)
    assert [str(d) for d in first[:3]] == ["2023-01-01", "2023-04-01", "2023-04-30"]
    assert [str(d) for d in last[:3]] == ["2023-12-31", "2023-04-30", "2023-04-30"]
    assert (str(first[3]), str(last[3])) == ("0001-01-01", "2023-06-30")
    assert first[4] > last[4]


def test_the_year_of_a_start_within_it_is_open():
    """Completed in 2022, nobody knows when: before or after 26 December."""
    rows = table(building(completed="2022-12-31", completed_on_source="derived"))
    who = members(rows, FRAME, dt.date(2022, 12, 26), TODAY, 1000.0, CAUSES)
    assert (who.likely[0], who.surely[0], who.possibly[0]) == (True, False, True)
    who = members(rows, FRAME, START, TODAY, 1000.0, CAUSES)
    assert who.surely[0]


# ------------------------------------------------------------------- distance to the target


def gap(rows, pv, target=0.5, combination=INSTALLABLE):
    who = members(rows, FRAME, START, TODAY, 1000.0, CAUSES)
    return gap_of(Book(rows, pv), combination, who.likely, target)


def test_fewest_roofs_by_hand():
    """1000 installable m², 100 covered, 400 wanted more: the roof of 600 fills 300 m² of it first."""
    rows = table(building(roof=1000.0), building(roof=600.0), building(roof=400.0))
    found = gap(rows, stock(c=100.0))
    assert found["gap"] == pytest.approx(400.0)
    assert [r["building_id"] for r in found["roofs"]] == ["a", "b"]
    assert found["roofs"][-1]["rate"] == pytest.approx(0.58)
    assert found["closable"]


def test_a_gap_that_no_roof_of_the_cohort_closes():
    """Full roofs cover 60 % of what is installable; 70 % cannot be reached with them."""
    found = gap(table(building(), building()), stock(), target=0.7)
    assert not found["closable"]
    assert found["reachable"] == pytest.approx(0.6)
    assert len(found["roofs"]) == 2


def test_roofs_outside_the_cohort_close_nothing():
    """A huge roof that is no public institution's, or old, is not asked for."""
    rows = table(building(), building("no", roof=9e4), building(completed="2019-01-01", roof=9e4))
    assert [r["building_id"] for r in gap(rows, stock())["roofs"]] == ["a"]


def test_a_target_that_is_reached_needs_no_roof():
    """The surplus is negative, the list empty."""
    found = gap(table(building()), stock(a=260.0))
    assert found["gap"] == pytest.approx(-10.0)
    assert found["roofs"] == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([200.0, 700.0, 1000.0, 2500.0]), st.integers(0, 3)), min_size=1, max_size=7),
    st.sampled_from([0.1, 0.3, 0.5, 0.55, 0.6]),
)  # fmt: skip
def test_no_choice_of_fewer_roofs_closes_the_gap(roofs, target):
    """Every set of roofs counted out: none smaller does it, and if none does it is said."""
    rows = table(*(building(roof=roof) for roof, _ in roofs))
    pv = stock(**{i: roof * n / 10 for i, (roof, n) in zip(rows.index, roofs, strict=True) if n})
    found = gap(rows, pv, target)
    whole = sum(roof / 2 for roof, _ in roofs)
    have = sum(roof * n / 10 for roof, n in roofs)
    gains = [roof * 0.3 - roof * n / 10 for roof, n in roofs]
    fewest = next(
        (
            k
            for k in range(len(roofs) + 1)
            if any(have + sum(c) >= target * whole - 1e-6 for c in itertools.combinations(gains, k))
        ),
        None,
    )
    assert found["closable"] == (fewest is not None)
    if fewest is not None:
        assert len(found["roofs"]) == fewest


# ------------------------------------------------------------------- what could turn the verdict


def facts(rows, pv, target, combination=INSTALLABLE):
    books = books_by_cause(rows, pv)
    return open_facts(books, combination, FRAME, target, SETTINGS, today=TODAY, threshold_m2=1000.0)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["yes", "unknown"]),
            st.sampled_from(["2022-03-01", None]),
            st.sampled_from(["yes", "unknown"]),
            st.sampled_from([500.0, 1300.0, 3000.0]),
            st.sampled_from([None, 130.0, 570.0]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([0.171, 0.333, 0.517]),
)
def test_fewest_records_that_turn_the_verdict(cohort, target):
    """Every set of buildings settled every way: no smaller one turns it."""
    rows = table(*(building(*b[:4]) for b in cohort))
    pv = stock(**{i: b[4] for i, b in zip(rows.index, cohort, strict=True) if b[4] is not None})
    likely = rate(rows, pv, causes=())["rate"]
    found = facts(rows, pv, target)
    if math.isnan(likely):
        assert found["could_flip"] is None
        return
    recorded = [
        (b[4] or 0.0, b[3] / 2) if (b[0], b[1]) == ("yes", "2022-03-01") else (0.0, 0.0)
        for b in cohort
    ]
    turned = []
    for choice in itertools.product(*(settled(*b) for b in cohort)):
        top, bottom = map(sum, zip(*choice, strict=True))
        if bottom and (top / bottom >= target) != (likely >= target):
            turned.append(sum(c != r for c, r in zip(choice, recorded, strict=True)))
    assert found["could_flip"] == bool(turned)
    assert found["fewest"] == min(turned, default=None)


def test_open_facts_name_cause_and_building():
    """The undated roof alone keeps the verdict open, and is named with its reason."""
    rows = table(building(), building(completed=None))
    found = facts(rows, stock(a=260.0), 0.5)
    assert found["could_flip"]
    assert found["fewest"] == 1
    assert [(b["building_id"], b["causes"], b["alone"]) for b in found["buildings"]] == [
        ("b", ["completed_on"], True)
    ]
    assert [c["cause"] for c in found["causes"]] == ["completed_on"]


def test_a_building_with_two_unknowns_is_named_with_both():
    """Neither fact alone brings it in; both together do."""
    rows = table(building(), building("unknown", completed=None))
    found = facts(rows, stock(a=260.0), 0.5)
    assert found["causes"] == []
    assert found["buildings"][0]["causes"] == ["public_institution", "completed_on"]
    assert "area" not in RECORDS


# ------------------------------------------------------------------------------------- parts


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["school", "hospital", "government"]),
            st.sampled_from(["尖山街道", "马场街道", None]),
            st.sampled_from([None, 0.0, 100.0, math.nan]),
            st.sampled_from(["yes", "unknown"]),
        ),
        max_size=7,
    ),
    st.sampled_from(["owner_type", "subdistrict", "zone", "department"]),
)
def test_parts_sum_to_the_whole(cohort, by):
    """Numerators, denominators and counts of every split, under every definition and scope."""
    rows = table(
        *(building(owner_type=o, subdistrict=s, zone=s, department=o, load_state=load) for o, s, _, load in cohort)
    )  # fmt: skip
    pv = stock(**{i: b[2] for i, b in zip(rows.index, cohort, strict=True) if b[2] is not None})
    book = Book(rows, pv)
    for frame in frames(START, TODAY, ("all", "eligible"), [2022, 2023]):
        who = members(rows, frame, START, TODAY, 1000.0, CAUSES)
        for combination in combinations(SETTINGS):
            whole = book.rate(combination, who, frame.scope == "eligible")
            parts = parts_of(book, combination, frame, who.likely, by)
            for name in ("numerator", "denominator", "buildings", "buildings_with_pv"):
                assert parts[name].sum() == pytest.approx(whole[name])


def test_rows_of_buildings_without_roofs_keep_their_footprint():
    """A roof that nobody worked out is unknown, not zero."""
    buildings = pd.DataFrame(
        {
            "public_institution": ["yes"], "completed_on": pd.to_datetime(["2022-01-01"]),
            "owner_type": ["school"], "footprint_area_m2": [100.0], "load_state": ["yes"],
            "floor_area_m2": [np.nan],
        },
        index=["a"],
    )  # fmt: skip
    none = pd.DataFrame(
        columns=["building_id", "area_m2", "horizontal_area_m2", "installable_area_m2", "capacity_kwp"]
    )  # fmt: skip
    rows = cohort_rows(buildings, none, none, START, TODAY)
    assert math.isnan(rows.loc["a", "installable_area_m2"])
    assert rows.loc["a", "footprint_area_m2"] == 100.0
