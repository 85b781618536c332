"""Tables are checked whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hexi_solar.errors import SchemaError
from hexi_solar.labels import catalogue
from hexi_solar.schema import EXCLUSION_LEDGER, ROOFS, TABLES, check, dictionary_text


def roofs() -> pd.DataFrame:
    row = dict.fromkeys(ROOFS.names, 1.0) | {
        "building_id": "hall", "roof_kind": "flat", "mounting": "anchored",
        "tilt_source": "assumed", "source": "footprint",
    }  # fmt: skip
    return pd.DataFrame([row, row], index=pd.Index(["r1", "r2"], name="roof_id"))


def test_a_table_as_declared_passes():
    """Nothing is said about a sound table."""
    check(roofs(), ROOFS, "roofs")


def test_every_problem_at_once_with_its_rows():
    """A missing column, a value out of range, an unknown word and a gap, each with its roof."""
    wrong = roofs().drop(columns="area_m2")
    wrong.loc["r2", "surface_tilt"] = 91.0
    wrong.loc["r1", "roof_kind"] = "thatch"
    wrong.loc["r2", "usable_area_m2"] = np.nan
    with pytest.raises(SchemaError) as caught:
        check(wrong, ROOFS, "layers/roofs.gpkg")
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert "no column 'area_m2'" in lines[0]
    assert any("surface_tilt" in line and "0..90 °" in line and "r2" in line for line in lines)
    assert any("thatch" in line and "r1" in line for line in lines)
    assert any("usable_area_m2" in line and "missing in 1 of 2" in line for line in lines)


def test_infinite_is_out_of_range():
    """Infinity is no number of square metres."""
    wrong = roofs()
    wrong.loc["r1", "area_m2"] = np.inf
    with pytest.raises(SchemaError, match="area_m2"):
        check(wrong, ROOFS, "roofs")


def test_repeated_ids():
    """Two rows of one id are one problem."""
    twice = pd.concat([roofs(), roofs()])
    with pytest.raises(SchemaError, match="repeats"):
        check(twice, ROOFS, "roofs")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("table", sorted(TABLES))
def test_the_dictionary_has_every_column(table, language):
    """Each column appears with its name, and an area with its unit."""
    written = dictionary_text(TABLES[table], language)
    assert all(column.name in written for column in TABLES[table])


def test_words_have_names_in_both_languages():
    """No word of a table shows bare to staff."""
    known = catalogue()
    kinds = {"owner_type": "owner_type", "status": "status", "roof_kind": "roof_kind", "mounting": "mounting",
             "load_evidence": "load_evidence", "arrangement": "arrangement", "eligible": "yes_no"}  # fmt: skip
    for table in TABLES.values():
        for column in table:
            if column.name in kinds:
                for word in column.words:
                    assert f"enum.{kinds[column.name]}.{word}" in known
    assert EXCLUSION_LEDGER["area_m2"].unit == "m²"


def test_every_text_is_in_both_languages():
    """A text without its translation is a defect; settings have their English in `config.py`."""
    for key, entry in catalogue().items():
        if key.startswith(("setting.", "setting_table.")):
            assert set(entry) == {"zh"}, key
            continue
        assert entry["zh"].strip() and entry["en"].strip(), key
