"""Both sides of every contract: nothing is lost between them, and what a side needs is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexi_solar import schema
from hexi_solar.config import Contract
from hexi_solar.contracts import (
    KINDS,
    PARTIES,
    cash_flows,
    contract_table,
    contractor_value,
    grant_needed,
    share_needed,
    split,
)
from hexi_solar.labels import catalogue
from hexi_solar.money import ProjectFlows, even_flows, internal_rate, net_present_value

YEARS = 25
YUAN = st.floats(0.0, 1e6)
RATIO = st.floats(0.0, 1.0)
TERMS = st.builds(
    Contract,
    kind=st.sampled_from(KINDS),
    years=st.integers(1, 30),
    price_ratio=RATIO,
    rent_cny_m2_a=st.floats(0.0, 20.0),
    guarantee_ratio=RATIO,
    shortfall_ratio=RATIO,
    service_ratio=RATIO,
    trusteeship_fee_ratio=st.floats(0.0, 2.0),
)


def project(saving=120_000.0, cost=700_000.0, sale=10_000.0, n=1) -> ProjectFlows:
    """Even flows: a saving, a sale and running cost each year, inverters in the thirteenth."""
    later = (np.arange(YEARS + 1) > 0) * np.ones((n, 1))
    thirteenth = (np.arange(YEARS + 1) == 13) * np.ones((n, 1))
    return ProjectFlows(
        ids=pd.Index([f"b{i}" for i in range(n)], name="building_id"),
        capex=np.full(n, cost),
        savings=saving * later,
        sales=sale * later,
        running={"opex": 9000.0 * later, "insurance": 0.0025 * cost * later},
        renewal=40_000.0 * thirteenth,
        bill=400_000.0 * later,
        area_m2=np.full(n, 1200.0),
    )


@given(TERMS, YUAN, YUAN, YUAN, st.floats(0.0, 2.0), YUAN)
def test_owner_contractor_and_state_are_the_project(terms, saving, cost, sale, achieved, grant):
    """In every year, under all terms: the three sides add up to the project before tax."""
    sides = split(project(saving, cost, sale), terms, achieved=achieved, grant=grant)
    together = sides.net("owner") + sides.net("contractor") + sides.net("state")
    np.testing.assert_allclose(together, sides.net("project"), atol=1e-6)
    for item in ("contract_payment", "rent"):
        np.testing.assert_allclose(sides.owner[item], -sides.contractor[item])


@given(TERMS, YUAN, YUAN)
def test_pv_and_measures_together(terms, saving, cost):
    """Two projects under one contract: flows before tax are those of both, added."""
    pv, measures = project(), replace(project(saving, cost, 0.0), area_m2=np.zeros(1))
    joint = split(pv + measures, terms)
    alone = [split(p, terms).net("project") for p in (pv, measures)]
    np.testing.assert_allclose(joint.net("project"), sum(alone), atol=1e-6)


def test_measures_are_renewed_when_their_life_ends():
    """Lamps of 10 years are bought three times in 25; windows of 30 once; both join PV."""
    ids = project().ids
    lamps, windows = (
        even_flows(
            ids, capex_cny=np.array([100.0]), saving_cny_a=np.array([30.0]), life_years=life, years=YEARS
        )
        for life in (10.0, 30.0)
    )  # fmt: skip
    assert list(np.flatnonzero(lamps.renewal[0])) == [10, 20]
    assert not windows.renewal.any()
    assert lamps.net.sum() == 25 * 30.0 - 300.0
    both = project() + lamps
    np.testing.assert_allclose(both.net, project().net + lamps.net)


def test_shares_of_the_saving_sum_to_it():
    """Shared savings: what both sides receive of each saving is the saving."""
    flows = project()
    for share in (0.0, 0.3, 0.85, 1.0):
        sides = split(flows, Contract(kind="shared", price_ratio=share))
        theirs = sides.contractor["contract_payment"]
        ours = sides.owner["savings"] + sides.owner["contract_payment"]
        np.testing.assert_allclose(theirs + ours, flows.savings)
        np.testing.assert_allclose(theirs[:, 1:21], share * flows.savings[:, 1:21])


def test_after_the_contract_all_is_the_owners():
    """From the year after its end the contractor has nothing, the owner all of the project."""
    flows = project()
    for kind in ("shared", "trusteeship", "lease"):
        sides = split(flows, Contract(kind=kind, years=10))
        assert not sides.net("contractor")[:, 11:].any()
        np.testing.assert_allclose(sides.net("owner")[:, 11:], flows.net[:, 11:])


def test_a_shortfall_is_made_good():
    """Guaranteed 90 of 100, 60 come true: the contractor pays 30 less its fee of 9."""
    flows = project(saving=100.0)
    terms = Contract(
        kind="guaranteed", guarantee_ratio=0.9, service_ratio=0.1, shortfall_ratio=1.0, years=25
    )
    sides = split(flows, terms, achieved=0.6)
    np.testing.assert_allclose(sides.contractor["contract_payment"][0, 1:], 9.0 - 30.0)
    # the owner has 90 less the fee of 9, as if all had come true
    kept = sides.owner["savings"] + sides.owner["contract_payment"]
    np.testing.assert_allclose(kept[0, 1:], 81.0)
    enough = split(flows, terms, achieved=0.95)
    np.testing.assert_allclose(enough.contractor["contract_payment"][0, 1:], 9.0)


def test_a_trusteeship_turns_the_bill_into_a_fee():
    """The owner pays 380 instead of 400, whatever comes true; the contractor bears the rest."""
    terms = Contract(kind="trusteeship", trusteeship_fee_ratio=0.95, years=25)
    for achieved in (0.0, 1.0, 1.5):
        sides = split(project(), terms, achieved=achieved)
        np.testing.assert_allclose(sides.net("owner")[0, 1:], 0.05 * 400_000.0)


def test_a_lease_pays_rent_alone():
    """The owner has 5 yuan a year and m², and pays for its power what it paid before."""
    sides = split(project(), Contract(kind="lease", rent_cny_m2_a=5.0, years=25))
    np.testing.assert_allclose(sides.net("owner")[0, 1:], 6000.0)


def test_own_investment_has_no_contractor():
    """The owner's flows are the project's, without tax."""
    sides = split(project(), Contract(kind="own"))
    np.testing.assert_allclose(sides.net("owner"), sides.net("project"))
    assert not sides.net("contractor").any()


def test_the_grant_brings_the_contractor_to_its_return():
    """With the grant found its rate of return is the one asked for; a yuan less, below it."""
    flows, terms = project(saving=90_000.0), Contract(kind="shared")
    grant = grant_needed(flows, terms)
    assert 0 < grant[0] < flows.capex[0]
    found = internal_rate(split(flows, terms, grant=grant).net("contractor"))
    assert found[0] == pytest.approx(terms.required_irr_nominal, abs=1e-8)
    assert contractor_value(flows, terms, grant - 1.0)[0] < 0


def test_no_grant_where_none_is_needed_and_none_that_would_not_do():
    """Rich savings need nothing; savings of nothing cannot be bought."""
    terms = Contract(kind="shared")
    assert grant_needed(project(saving=300_000.0), terms)[0] == 0
    assert np.isnan(grant_needed(project(saving=0.0, sale=0.0), terms)[0])
    assert np.isnan(grant_needed(project(), Contract(kind="own"))[0])


def test_the_least_share_is_found():
    """At the share found the contractor's value is nothing; NaN where all would be too little."""
    flows, terms = project(), Contract(kind="shared")
    share = share_needed(flows, terms)
    assert 0 < share[0] < 1
    at = contractor_value(flows, replace(terms, price_ratio=float(share[0])))
    assert at[0] == pytest.approx(0.0, abs=1e-3)
    assert np.isnan(share_needed(project(saving=20_000.0), terms)[0])


@given(st.floats(0.0, 1.0), st.floats(0.0, 7e5), st.floats(0.0, 7e5))
def test_more_grant_never_hurts_the_contractor(share, less, more):
    """The value rises with the grant, so that halving finds the least one."""
    terms = Contract(kind="shared", price_ratio=share)
    low, high = sorted((less, more))
    assert (
        contractor_value(project(), terms, high)[0]
        >= contractor_value(project(), terms, low)[0] - 1e-6
    )


def test_tables_are_as_declared():
    """All kinds side by side, the chosen one marked; cash flows add up to each party's net."""
    flows = project(n=2)
    table = contract_table(flows, Contract(), 0.06)
    schema.check(table, schema.CONTRACTS, "contracts")
    assert list(table.columns) == schema.CONTRACTS.names
    assert list(table.index[table["chosen"]]) == [("b0", "shared"), ("b1", "shared")]
    for kind in KINDS:
        sides = split(flows, Contract(kind=kind))
        written = cash_flows(sides)
        schema.check(written, schema.CASHFLOWS, "cashflows")
        sums = written["amount_cny"].groupby(level=["building_id", "party"]).sum()
        for party in PARTIES:
            expected = sides.net(party)[0].sum()
            assert sums.get(("b0", party), 0.0) == pytest.approx(expected, abs=1e-3)
        items = set(written.index.get_level_values("item"))
        assert {f"enum.item.{i}" for i in items} <= set(catalogue())


def test_value_of_a_contract_that_can_be_reckoned_by_hand():
    """No tax is due in a trusteeship whose fee just pays the rest: the contractor only spends."""
    flows = project(saving=100.0, cost=1000.0, sale=0.0)
    terms = Contract(kind="trusteeship", trusteeship_fee_ratio=1.0 - 100.0 / 400_000.0, years=25)
    sides = split(flows, terms)
    np.testing.assert_allclose(sides.contractor["contract_payment"], 0.0, atol=1e-6)
    spent = flows.net - flows.savings
    expected = net_present_value(spent, terms.required_irr_nominal)
    np.testing.assert_allclose(
        net_present_value(sides.net("contractor"), terms.required_irr_nominal), expected
    )
