"""What changed between two publications is said in words, with what moved the rate near the top."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from hexi_solar.reports.changed import (
    column_title,
    rate_title,
    reported_first,
    value_shown,
    worth_showing,
)

ROWS = [
    ("rate", "installable/module_area/all/cumulative", "numerator", "22409.6", "22183.9"),
    ("rate", "installable/module_area/all/cumulative", "rate", "0.3447424719", "0.3412703717"),
    ("rate", "buildings/-/all/cumulative", "rate_low", "0.27", "0.26"),
    ("rate", "buildings/-/all/cumulative", "rate", "0.45", "0.44"),
    ("pv", "B1", "module_area_m2", "816.3", "897.9"),
]
FOUND = pd.DataFrame(ROWS, columns=["subject", "name", "column", "before", "after"])


def test_what_follows_is_left_out_and_what_moved_the_rate_comes_before_the_other_rates():
    shown = reported_first(worth_showing(FOUND))
    assert list(shown["column"]) == ["numerator", "rate", "module_area_m2", "rate"]
    assert shown["name"].iloc[-1] == "buildings/-/all/cumulative"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_key_of_the_program_is_shown(language):
    """Neither names with underlines and slashes nor a rate as a bare fraction."""
    for row in FOUND.to_dict("records"):
        said = column_title(row["column"], row["subject"], language)
        if row["subject"] == "rate":
            said += rate_title(row["name"], language)
        assert not re.search(r"[a-z]_[a-z]|/", said)
    rate = FOUND.iloc[1].to_dict()
    assert [value_shown(rate, side, language) for side in ("before", "after")] == [
        "34.47%",
        "34.13%",
    ]
    assert value_shown({**rate, "before": np.nan}, "before", language) == "-"
