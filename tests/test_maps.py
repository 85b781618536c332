"""The map as a file: same bytes, no outside, small, its ledger adds up; no browser needed."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re

import folium
import numpy as np
import pandas as pd
import pytest
import shapely
from branca.element import JavascriptLink
from map_study import HOSTILE, large_study, small_roadmap, small_study

from hexi_solar.errors import OutputError
from hexi_solar.labels import catalogue
from hexi_solar.maps import Extras, write_map
from hexi_solar.maps.ledger import whole_steps
from hexi_solar.maps.page import SCRIPTS, StudyLayer, _own, map_page
from hexi_solar.maps.payload import payload
from hexi_solar.maps.shapes import pack_shapes, packed
from hexi_solar.schema import SOURCES, YES_NO


def unpacked(text: str) -> list[int]:
    """Read packed whole numbers back, group by group."""
    values, value, shift = [], 0, 0
    for byte in base64.b64decode(text):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            values.append(value >> 1 if value % 2 == 0 else -((value + 1) >> 1))
            value, shift = 0, 0
    return values


@pytest.fixture(scope="module")
def page():
    return map_page(small_study())


def data_of(page: str) -> dict:
    """Read the data block as a browser does, up to the first end of a script."""
    block = page.split('id="hexi-data">', 1)[1].split("</script", 1)[0]
    return json.loads(block)


def test_two_runs_write_the_same_bytes(tmp_path):
    """Nothing random and no time of day goes into the page."""
    for name in ("one.html", "two.html"):
        write_map(small_study(), tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_page_refers_to_nothing_outside(page):
    """No element, style or import of the page names a place outside of the file."""
    markup = re.sub(r"(?s)<script[^>]*>.*?</script>", "<script></script>", page)
    markup = re.sub(r"(?s)/\*.*?\*/", "", markup)  # comments of the styles
    assert not re.findall(r"""\s(?:src|href|action|poster|srcset)\s*=|https?:""", markup)
    assert not re.findall(r"url\(|@import|<link|<iframe|<img", markup)
    assert not re.findall("|".join(url.split("/")[2] for _, url in folium.Map.default_js), page)
    assert "sourceMappingURL" not in page
    # the only addresses in our scripts are names of formats
    addresses = {a for name in SCRIPTS for a in re.findall(r"https?://[^\"'\s]+", _own(name))}
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_the_policy_names_every_script_and_style_by_its_hash(page):
    """A script or style that is not hashed would not run; one that is not ours has no hash."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    for tag in ("script", "style"):
        for text in re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", page):
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    # scripts that run stand before anything else could
    assert page.index("Content-Security-Policy") < page.index("<script>")


def test_no_style_attribute_is_needed(page):
    """The policy refuses style attributes, so the page's own markup has none."""
    assert not re.search(r"<[a-z]+[^>]*\sstyle=", re.sub(r"(?s)<script.*?</script>", "", page))


@pytest.mark.parametrize(("language", "lang"), [("zh", "zh-CN"), ("en", "en")])
def test_the_page_says_its_language_and_title(language, lang):
    """Screen readers and tabs need both; a title is text, not markup."""
    written = map_page(small_study(language))
    assert f'<html lang="{lang}">' in written
    assert "<title>河西区屋顶光伏 &amp; &lt;测试&gt;</title>" in written


def test_hostile_names_stay_inside_the_data_block(page):
    """The block ends where it should and holds every name letter by letter."""
    outside = page.replace(page.split('id="hexi-data">', 1)[1].split("</script", 1)[0], "")
    names = data_of(page)["buildings"]["names"].split("\n")
    for name in HOSTILE:
        assert name.replace("\n", " ") in names
        assert name not in outside
    assert "49" not in names  # {{7*7}} was not read as a template


def test_an_asset_nobody_knows_is_an_error(monkeypatch):
    """A link that folium might add one day is refused, not passed on."""
    monkeypatch.setattr(
        folium.Map, "default_js", [*folium.Map.default_js, ("newcomer", "https://example.org/x.js")]
    )
    with pytest.raises(OutputError, match=r"newcomer.*example\.org"):
        map_page(small_study())


def test_our_scripts_are_not_read_as_templates():
    """The text of a script reaches the page unchanged, braces and all."""
    written = map_page(small_study())
    for name in SCRIPTS:
        assert _own(name) in written
    assert not any(isinstance(child, JavascriptLink) for child in StudyLayer()._children.values())


def test_every_text_the_scripts_ask_for_exists():
    """A misspelt key would show only where it is used."""
    keys = set()
    for name in SCRIPTS:
        keys |= set(re.findall(r'say\("([a-z0-9_]+)"[,)]', _own(name)))
    endings = {
        "colour_": ("type", "capacity"), "eligible_": YES_NO, "reasons_": YES_NO,
        "layer_": ("candidates", "cohort", "existing", "coverage", "others", "outlines"),
        "source_": SOURCES, "tier_": ("footprint", "surface_model", "unknown"),
    }  # fmt: skip
    keys |= {stem + end for stem, ends in endings.items() for end in ends}
    assert len(keys) > 60
    assert [key for key in sorted(keys) if f"map.{key}" not in catalogue()] == []


@pytest.mark.parametrize(
    "values", [[0, -1, 1, 63, 64, -64, -65, 8191, 8192], [2**40, -(2**40)], []]
)
def test_packed_numbers_read_back(values):
    """Folding and grouping lose nothing, at each border between one byte and the next."""
    assert unpacked(packed(np.array(values, np.int64))) == values


def test_shapes_read_back_to_a_tenth_of_a_metre():
    """Steps summed up give the vertices; holes and parts are rings of one shape."""
    ring = shapely.box(117.2, 39.0, 117.21, 39.01).difference(
        shapely.box(117.203, 39.003, 117.206, 39.006)
    )
    two = shapely.MultiPolygon(
        [shapely.box(117.3, 39.1, 117.31, 39.11), shapely.box(117.4, 39.1, 117.41, 39.11)]
    )
    written = pack_shapes(np.array([ring, None, two], object))
    assert unpacked(written["rings"]) == [2, 0, 2]
    assert unpacked(written["sizes"]) == [4, 4, 4, 4]
    found = np.cumsum([unpacked(written["x"]), unpacked(written["y"])], axis=1).T / 1e6
    expected = [
        shapely.get_coordinates(r)[:-1]
        for r in (*shapely.get_rings(ring), *shapely.get_rings(shapely.get_parts(two)))
    ]
    assert np.abs(found - np.concatenate(expected)).max() <= 0.5e-6 + 1e-12


def test_a_rounded_ledger_adds_up():
    """Whole steps never drift from the rounded rest, however many there are."""
    rng = np.random.default_rng(7)
    for _ in range(200):
        parts = rng.uniform(0, 50, 8)
        total = parts.sum() + rng.uniform(0, 500)
        whole, steps = whole_steps(total, parts)
        assert whole - steps.sum() == np.rint(total - np.cumsum(parts)[-1])
        assert np.abs(steps - parts).max() <= 1.0


def test_the_ledger_of_each_candidate_ends_at_its_usable_area():
    """Roof less exclusions is what the roof table calls the rest, to the square metre."""
    study = small_study()
    book = payload(study)["candidates"]["ledger"]
    ends = np.cumsum(book["entries"])
    ranked = study.candidates.sort_values("rank")
    for place, end in enumerate(ends):
        taken = sum(book["area"][end - book["entries"][place] : end])
        rest = ranked["roof_area_m2"].iloc[place] * (1 - 0.1 - 0.0533 - 0.0417 - 0.0291)
        assert book["total"][place] - taken == np.rint(rest)


def test_the_panel_repeats_the_reported_row():
    """The headline is the last reported year; its parts and lists come from the same row."""
    study = small_study()
    told = payload(study)["progress"]
    row = study.coverage.xs(
        (2026, "cumulative", "installable"), level=["year", "cohort", "definition"]
    ).iloc[0]
    assert told["rate"] == pytest.approx(
        row["rate"], abs=1e-8
    )  # rounded once only, where it is shown
    assert told["rate"] == pytest.approx(told["numerator"] / told["denominator"], abs=1e-4)
    assert len(told["denominator_rows"]) == row["buildings"] == 6
    assert set(told["numerator_rows"]) <= set(told["denominator_rows"])
    assert [year["year"] for year in told["years"]] == list(range(2021, 2027))
    assert told["this_year"]["rate"] is None  # nothing was completed in 2026: 0/0 is unknown
    assert [o["reported"] for o in told["others"]].count(True) == 1


def test_a_subdistrict_has_the_rate_of_its_name():
    """Rates come by name; an unknown one stays unknown, and one that is not listed too."""
    assert payload(small_study())["areas"]["rate"] == [0.3, None]
    assert payload(small_study(record={}))["areas"]["rate"] == [None, None]


def test_a_study_without_results_still_has_a_page():
    """No candidate, no rate, no layer but the buildings: the page says so and stands."""
    study = small_study()
    empty = dataclasses.replace(
        study, candidates=study.candidates.iloc[:0], coverage=study.coverage.iloc[:0],
        projects=study.projects.iloc[:0], yields=study.yields.iloc[:0],
        boundary=None, subdistricts=None, record={},
    )  # fmt: skip
    data = data_of(map_page(empty))
    assert data["progress"] is None
    assert data["candidates"]["row"] == []
    assert data["buildings"]["count"] == 12


def test_unknown_numbers_are_null():
    """A roof whose energy is not known is not a roof with no energy."""
    study = small_study()
    study.candidates.loc["A01", ["energy_ac_kwh", "co2_t"]] = np.nan
    study.yields.loc["A01-1", "energy_ac_01_kwh"] = np.nan
    table = payload(study)["candidates"]
    place = int(study.candidates["rank"].sort_values().index.get_loc("A01"))
    assert table["energy_ac_kwh"][place] is None
    months = unpacked(table["monthly"])[12 * place : 12 * place + 12]
    assert months[0] == -1  # stands for unknown
    assert min(months[1:]) > 0


def test_other_buildings_can_be_left_out():
    """Without them the page holds the candidates and what the rates count."""
    study = small_study()
    plan = dataclasses.replace(study.plan, map=dataclasses.replace(study.plan.map, others=False))
    told = payload(dataclasses.replace(study, plan=plan))
    assert told["buildings"]["ids"].split("\n") == [f"A0{n}" for n in range(1, 10)]


def test_a_layer_without_a_system_is_refused():
    """Degrees cannot be guessed."""
    study = small_study()
    bare = study.buildings.set_crs(None, allow_override=True)
    with pytest.raises(OutputError, match="coordinate reference system"):
        payload(dataclasses.replace(study, buildings=bare))


def test_twenty_thousand_buildings_fit_in_three_megabytes():
    """The goal of the page: all with shape, name, type and area, 2,000 with full popups."""
    page = map_page(large_study(20_000, 2_000))
    assert data_of(page)["buildings"]["count"] == 20_000
    assert len(data_of(page)["candidates"]["row"]) == 2_000
    assert len(page.encode()) <= 3_000_000


def test_no_path_of_the_machine_is_in_the_page(page, tmp_path):
    """Sources are named by file name alone."""
    study = small_study()
    layer = dataclasses.replace(study.plan.layers.buildings, path=tmp_path / "建筑.gpkg")
    layers = dataclasses.replace(study.plan.layers, buildings=layer)
    plan = dataclasses.replace(study.plan, layers=layers)
    written = map_page(dataclasses.replace(study, plan=plan))
    assert "建筑：建筑.gpkg" in written
    assert str(tmp_path) not in written


def test_list_cells_may_be_unknown():
    """An empty cell of a list column is no building, not one called nan."""
    study = small_study()
    study.coverage["flagged_ids"] = pd.Series(
        [np.nan] * len(study.coverage), study.coverage.index, dtype=object
    )
    assert payload(study)["progress"]["flagged_rows"] == []


def test_a_plain_map_carries_nothing_of_the_path():
    """Script, styles, words and data of the slider come with a pathway alone."""
    page = map_page(small_study())
    assert "path-timeline" not in page and '"path.title"' not in page and "THEME_SCALES" not in page


def test_a_map_with_a_path_names_years_roofs_and_rates():
    """What the slider shows is the schedule: one row per roof, one rate per year, under one policy."""
    found = small_roadmap()
    data = payload(found.study, Extras(roadmap=found))["pathway"]
    assert [one["year"] for one in data["years"]] == [2027, 2028, 2029]
    assert (
        len(data["roofs"]["row"]) == len(found.schedule) == sum(y["built"] for y in data["years"])
    )
    assert data["years"][-1]["rate"] == 0.6 and data["definitions"][0]["reported"]
    page = map_page(found.study, Extras(roadmap=found))
    assert "path-timeline" in page and "default-src 'none'" in page and "http-equiv" in page


def test_themes_take_what_is_known():
    """A building without a known use is not coloured; what is assumed is marked."""
    study = small_study()
    demand = pd.DataFrame(
        {"electricity_kwh_m2": [80.0, np.nan, 45.0], "electricity_source": ["metered", "unknown", "assumed"]},
        index=["A01", "A02", "A03"],
    )  # fmt: skip
    data = payload(study, Extras(demand=demand))["themes"]["intensity"]
    assert data == {"row": [0, 2], "value": [80.0, 45.0], "assumed": "01"}


def test_what_rounds_to_zero_has_no_sign():
    """A shading loss from -0.0004 to 0.02 is said as 0.0 % to 2.0 %."""
    study = small_study()
    candidates = study.candidates.assign(shading_loss_low=-0.0004, shading_loss_high=0.02)
    data = payload(dataclasses.replace(study, candidates=candidates))
    assert any("0.0%" in word for word in data["words"])
    assert not any("-0.0" in word for word in data["words"])
