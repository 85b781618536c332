"""Every fact says what it is, where it is from and how sure it is, in both languages."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from hexi_solar.exports.words import unit_name
from hexi_solar.facts import CONFIDENCE, Fact, all_facts, cited, read_facts
from hexi_solar.labels import LANGUAGES, catalogue

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_RUN = re.compile(r"[A-Za-z]{2,}(?:[ ,;:]+[A-Za-z]{2,}){2,}")
# what FACTS.md of the planning stage found only where someone else quotes it
QUOTED = {
    "carbon.tianjin",
    "carbon.north_china",
    "carbon.national",
    "demo.district.area_km2",
    "roofs.lane_width_m",
    "tariffs.surplus.benchmark",
}


@pytest.mark.parametrize("entry", all_facts().values(), ids=lambda e: e.key)
def test_every_fact_is_named_and_sourced_in_both_languages(entry: Fact):
    """Chinese is Chinese: no run of English words in it; English names hold no Chinese."""
    for language in LANGUAGES:
        assert entry.name(language)
        assert entry.cited(language)
    assert CHINESE.search(entry.name("zh"))
    assert CHINESE.search(entry.cited("zh")) or " " not in entry.cited("zh")
    assert not ENGLISH_RUN.search(entry.name("zh") + "。" + entry.cited("zh"))
    assert not CHINESE.search(entry.name("en"))
    assert entry.source_zh


def test_every_fact_says_how_sure_it_is():
    """The level is a known one, and workbooks have a name for each."""
    assert {e.confidence for e in all_facts().values()} <= set(CONFIDENCE)
    shown = catalogue()
    assert {f"exports.confidence.{level}" for level in CONFIDENCE} <= set(shown)


def test_what_was_only_quoted_does_not_stand_as_read():
    """Second-hand is used for what someone else quotes, and for nothing else."""
    assert {k for k, e in all_facts().items() if e.confidence == "second-hand"} == QUOTED
    loose = re.compile(r"second-hand|not seen|no figure|our (choice|reading|estimate)|recalled")
    for entry in all_facts().values():
        if entry.confidence == "verified":
            assert not loose.search(entry.source), entry.key


def test_names_of_facts_differ():
    """Two facts of one file never bear one name, in either language."""
    for language in LANGUAGES:
        named = [(k.partition(".")[0], e.name(language)) for k, e in all_facts().items()]
        assert len(named) == len(set(named))


def test_files_of_facts_have_headings():
    """The sheet of provenance opens each file's facts with its subject."""
    for key in all_facts():
        assert f"enum.facts.{key.partition('.')[0]}" in catalogue()


def test_families_name_facts_that_exist():
    """Each pattern of a family fits some fact, whose last word the enumeration knows."""
    for file in files("hexi_solar.facts").iterdir():
        if file.name.endswith(".toml"):
            stem = file.name.removesuffix(".toml")
            for pattern, family in read_facts(stem).get("family", {}).items():
                ours = [e for e in all_facts().values() if e.name_zh == family["zh"]]
                assert ours, pattern
                assert {f"enum.{e.enum}.{e.word}" for e in ours} <= set(catalogue())


def test_units_are_words_where_they_are_no_symbols():
    """What remains as it is written in the file is a symbol that Chinese uses too."""
    left = {e.unit for e in all_facts().values() if e.unit == unit_name(e.unit, "zh")}
    words = re.compile(r"(?<![A-Za-z])(date|year|cells|CNY|a|-)(?![A-Za-z])")
    assert not {u for u in left if words.search(u)}


def test_definitions_are_sourced_in_both_languages():
    """Whose words a definition follows is said in the reader's language."""
    for entry in read_facts("coverage")["definitions"].values():
        assert CHINESE.search(cited(entry, "zh"))
        assert not ENGLISH_RUN.search(cited(entry, "zh"))
        assert cited(entry, "en") == entry["source"]
        assert not CHINESE.search(entry["source"].split("《")[0].split("(")[0])
