"""The same step over chunks gives the same table."""

from __future__ import annotations

import pandas as pd
import pytest

from hexi_solar.engine import chunks_of, over_chunks

TABLE = pd.DataFrame({"area_m2": range(10)})


def doubled(chunk: pd.DataFrame) -> pd.DataFrame:
    """A step that can be imported by name."""
    return chunk * 2


@pytest.mark.parametrize("size", [1, 3, 10, 99])
def test_chunks_put_together_are_the_table(size):
    """No row is lost, doubled or moved."""
    pd.testing.assert_frame_equal(pd.concat(chunks_of(TABLE, size)), TABLE)


def test_an_empty_table_is_one_empty_chunk():
    """So that a step still says which columns it makes."""
    assert [len(c) for c in chunks_of(TABLE.iloc[:0], 4)] == [0]


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(workers):
    """One process or two: the same rows in the same order."""
    found = pd.concat(over_chunks(doubled, chunks_of(TABLE, 3), workers=workers))
    pd.testing.assert_frame_equal(found, TABLE * 2)


@pytest.mark.slow
def test_a_dask_cluster_changes_nothing():
    """A scheduler named by its address does the same work."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        found = over_chunks(doubled, chunks_of(TABLE, 4), scheduler=cluster.scheduler_address)
    pd.testing.assert_frame_equal(pd.concat(found), TABLE * 2)
