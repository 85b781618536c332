"""Plans: defaults, refusals, and the template that explains itself."""

from __future__ import annotations

import inspect
import re
import tomllib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from hexi_solar import config
from hexi_solar.errors import ConfigError
from hexi_solar.labels import catalogue
from hexi_solar.planfile import parse_plan, read_plan
from hexi_solar.template import (
    meaning,
    meanings,
    plan_template,
    study_name,
    table_key,
    table_meaning,
    toml_value,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.gpkg").touch()
    return tmp_path


def parse(folder: Path, text: str) -> config.Plan:
    given = '[layers.buildings]\npath = "b.gpkg"\n' + text
    return parse_plan(tomllib.loads(given), folder / "plan.toml")


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(folder, text)
    return str(caught.value)


def test_everything_has_a_default(folder):
    """A plan need only name its buildings; paths are taken from its folder."""
    plan = parse(folder, "")
    assert plan.layers.buildings.path == (folder / "b.gpkg").resolve()
    assert plan.roofs == config.Roofs()


def test_a_misspelt_key_names_the_nearest(folder):
    """Typing errors are found where they stand."""
    message = refusal(folder, "[pv]\nmismatch_los = 0.1\n")
    assert message == "- plan.toml, [pv]: unknown key 'mismatch_los' (did you mean mismatch_loss?)"


def test_all_problems_at_once(folder):
    """Kind, range, word, date and file, in one message."""
    message = refusal(
        folder,
        '[roofs]\nsetback_m = "wide"\nthreshold_m2 = -1\n[layout]\nlayout = "sout"\n[coverage]\nstart = "x"\n',
    )
    for part in ("setback_m", "threshold_m2", "did you mean south", "start"):
        assert part in message


def test_files_that_are_not_there(folder):
    """Every missing file is named with its key."""
    message = refusal(folder, '[weather]\npaths = ["a.epw", "b.epw"]\n')
    assert "weather.paths[0]" in message
    assert "weather.paths[1]" in message


def test_a_wrong_key_does_not_hide_a_missing_file(folder):
    """What is misspelt and what is not there are said together."""
    message = refusal(folder, '[pv]\nmismatch_los = 0.1\n[weather]\npaths = ["a.epw"]\n')
    assert "mismatch_los" in message
    assert "a.epw" in message


def test_no_buildings():
    """The one layer that a study cannot do without."""
    with pytest.raises(ConfigError, match="no building layer"):
        parse_plan({}, Path("plan.toml"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[ranking]\nweights = { capacity = 0 }\n", ["ranking.weights", "more than 0"]),
        ("[ranking]\nweights = { lcoe = 3 }\n", ["lcoe", "specific_yield"]),
        ('[ranking]\nemission_factor = "mars"\n', ["mars", "tianjin"]),
        ('[site]\ntz = "Mars/Phobos"\n', ["site.tz", "Asia/Shanghai"]),
        ("[coverage]\nstart = 2130-01-01\n", ["coverage.start", "not after today"]),
        ("[coverage.definitions]\nmine = 3\n", ["coverage.definitions.mine", "a table"]),
        (
            '[coverage.definitions.mine]\nnumerator = "pv_area"\ntargets = { default = "a" }\n',
            ["coverage.definitions.mine.targets"],
        ),
    ],
)
def test_words_that_nothing_answers_to(folder, text, words):
    """A word of the right type that means nothing is refused where it stands."""
    message = refusal(folder, text)
    assert all(word in message for word in words), message


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_the_name_is_a_folder(folder, name):
    """Results never leave outputs/ by their name."""
    with pytest.raises(ConfigError, match="folder name"):
        parse_plan(
            {"name": name, "layers": {"buildings": {"path": "b.gpkg"}}}, folder / "plan.toml"
        )


def test_a_loss_for_all_months(folder):
    """One number stands for twelve; eleven are refused."""
    assert parse(folder, "[pv]\nsoiling_loss = 0.03\n").pv.soiling_loss == (0.03,) * 12
    assert "12 values" in refusal(folder, f"[pv]\nsoiling_loss = {[0.03] * 11}\n")


def test_columns_with_units(folder):
    """A column is a name, or a name with its unit."""
    plan = parse(
        folder,
        '[layers.buildings.columns]\nname = "名称"\nfloor_area_m2 = { column = "面积", unit = "亩" }\n',
    )
    assert plan.layers.buildings.columns["name"] == config.Column("名称")
    assert plan.layers.buildings.columns["floor_area_m2"] == config.Column("面积", "亩")


def test_not_toml_and_not_there(tmp_path):
    """Two ways in which a plan is no plan."""
    (tmp_path / "plan.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_plan(tmp_path / "plan.toml")
    with pytest.raises(ConfigError, match="no such plan"):
        read_plan(tmp_path / "other.toml")


SETTING = re.compile(r"# ([a-z_0-9]+ = .*)")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_template_says_the_defaults(folder, language):
    """As it is and with the comments taken off its settings, it is the defaults."""
    template = plan_template("河西", language)
    # what stands below a table that is itself commented out is an example
    template = re.sub(r"(?m)^# \[+layers.*\n(# .*\n)+", "", template)
    template = template.replace("layers/buildings.gpkg", "b.gpkg")
    opened = "\n".join(SETTING.sub(r"\1", line) for line in template.splitlines())
    assert opened.count(" = ") > 60
    for text in (template, opened):
        plan = parse_plan(tomllib.loads(text), folder / "plan.toml")
        assert (plan.name, plan.language) == ("河西", language)
        bare = parse(folder, "")
        assert plan == replace(bare, name="河西", language=language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_template_speaks_one_language(language):
    """Every explanation is Chinese in a Chinese plan; examples and Chinese terms may stand in an English one."""
    said = [line for line in plan_template("x", language).splitlines() if line.startswith("# ")]
    said = [s for s in said if not re.match(r"# ([a-z_0-9]+ =|\[)", s)]
    assert len(said) > 80
    chinese = [s for s in said if re.search("[\u4e00-\u9fff]", s)]
    assert chinese == said if language == "zh" else len(chinese) < 5


def test_a_default_that_is_unknown_stands_without_a_value():
    """What is left open is not written as an empty text."""
    lines = plan_template().splitlines()
    assert {"# as_of =", "# pitch_m =", "# sun_offset_minutes ="} <= set(lines)


@pytest.mark.parametrize(
    ("folder_name", "name"),
    [("河西 2026", "河西 2026"), ('a"b', 'a"b'), ("tab\there", "tab_here"), ("a/..", None)],
)
def test_a_study_is_named_after_its_folder(tmp_path, folder_name, name):
    """Each gets results of its own, whatever its folder is called."""
    found = study_name(tmp_path / folder_name)
    assert found == (tmp_path.name if name is None else name)
    assert tomllib.loads(plan_template(found))["name"] == found
    assert study_name(Path("/")) == "study"


CLASSES = [c for c in vars(config).values() if inspect.isclass(c) and is_dataclass(c)]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_setting_is_explained_in_both_languages(kind):
    """No table and no setting stands without its meaning, and none is explained that there is not."""
    known = {f.name for f in fields(kind) if not f.metadata.get("internal")}
    if kind is config.Plan:
        # a table is explained by its class
        known = {n for n in known if not is_dataclass(getattr(config.Plan(), n))}
    assert set(meanings(kind)) == known
    start = f"setting.{table_key(kind)}."
    chinese = {k.removeprefix(start): v for k, v in catalogue().items() if k.startswith(start)}
    assert set(chinese) == known
    assert table_meaning(kind, "zh")
    assert table_meaning(kind, "en")
    # a unit is the same in both languages
    for name in known:
        units = [re.search(r"\[[^\]]+\]$", meaning(kind, name, la)) for la in ("zh", "en")]
        assert len({u and u.group() for u in units}) == 1, name


def test_no_meaning_without_its_table():
    """The Chinese meanings are of classes that there are."""
    said = {k.split(".")[1] for k in catalogue() if k.startswith(("setting.", "setting_table."))}
    assert said == {table_key(kind) for kind in CLASSES}


@pytest.mark.parametrize("value", [True, 3, 0.5, 'a"b\\c', [1, 2], {"a": 1.0}])
def test_values_survive_toml(value):
    """What is written reads back."""
    assert tomllib.loads(f"x = {toml_value(value)}")["x"] == value
