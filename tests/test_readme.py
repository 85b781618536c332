"""What the README promises a new user."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.zh-CN.md")


def commands(name: str) -> list[str]:
    """List the lines of all shell blocks, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("name", PAGES)
def test_two_commands_set_everything_up(name):
    """The first runs the demonstration district, the second the tests; both can be run as they are."""
    first, second = commands(name)[:2]
    assert (first, second) == ("./demo", "./test")
    for command in (first, second):
        assert (ROOT / command).stat().st_mode & 0o111


def test_ci_calls_the_test_command_as_the_readme_writes_it():
    """What is promised is what is checked."""
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert re.search(r"(?m)\s\./test$", script)


@pytest.mark.parametrize("name", PAGES)
def test_every_command_named_exists(name):
    """No `hexi-solar` command stands in a README that the program does not know."""
    text = (ROOT / name).read_text("utf-8")
    named = set(re.findall(r"hexi-solar ([a-z]+)", text))
    shown = subprocess.run(
        [sys.executable, "-m", "hexi_solar", "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout
    assert named
    for command in named:
        assert f" {command} " in shown


@pytest.mark.parametrize("name", PAGES)
def test_every_file_linked_exists(name):
    """Links inside the repository lead somewhere."""
    text = (ROOT / name).read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)", text):
        if not link.startswith("http"):
            assert (ROOT / link).exists(), link


@pytest.mark.slow
def test_a_fresh_clone_makes_the_map(tmp_path):
    """Cloned into an empty folder, the first command ends with a map."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout: there is nothing to clone")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    subprocess.run(["./demo"], cwd=clone, check=True, timeout=900)
    assert (clone / "outputs/demo/map.html").stat().st_size > 100_000
