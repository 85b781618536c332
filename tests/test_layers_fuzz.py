"""Files damaged at random: read, or refused in words; never a traceback."""

from __future__ import annotations

import random
import shutil
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from layer_files import blocks, layer_of, read

from hexi_solar.config import AttributeTable
from hexi_solar.errors import HexiSolarError


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small sound file of every format."""
    folder = tmp_path_factory.mktemp("sound")
    cells = {
        "id": [f"A{i}" for i in range(6)],
        "name": ["甲"] * 6,
        "height": [3.0 + i for i in range(6)],
    }
    layer = layer_of(blocks(6), cells)
    for name in ("a.gpkg", "a.shp", "a.fgb"):
        layer.to_file(folder / name)
    layer.to_file(folder / "a.gml", driver="GML")
    layer.to_crs("EPSG:4326").to_file(folder / "a.geojson")
    layer.to_crs("EPSG:4326").to_file(folder / "a.kml", driver="KML")
    layer.to_parquet(folder / "a.parquet")
    table = layer.drop(columns="geometry")
    table.to_excel(folder / "t.xlsx", index=False)
    table.to_csv(folder / "t.csv", index=False)
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        archive.write(folder / "a.gpkg", "a.gpkg")
    return folder


def damage(data: bytes, dice: random.Random) -> bytes:
    """Cut a file off, overwrite some bytes, or push some in."""
    kind, spoilt = dice.random(), bytearray(data)
    if kind < 0.25:
        return data[: dice.randrange(len(data) + 1)]
    if kind < 0.8:
        for _ in range(dice.choice([1, 2, 5, 20])):
            spoilt[dice.randrange(len(spoilt))] = dice.choice([0, 255, dice.randrange(256)])
        return bytes(spoilt)
    at = dice.randrange(len(spoilt) + 1)
    spoilt[at:at] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 40)))
    return bytes(spoilt)


def spoil_and_read(sound: Path, work: Path, dice: random.Random) -> str:
    """Damage one file and read it; return what became of it."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(sound, work)
    name = dice.choice(sorted(p.name for p in sound.iterdir() if p.stat().st_size))
    (work / name).write_bytes(damage((work / name).read_bytes(), dice))
    main = f"a{Path(name).suffix}" if name.startswith("a.") else name
    main = "a.shp" if Path(name).suffix in (".dbf", ".shx", ".prj", ".cpg") else main
    main = "a.gml" if name.endswith(".xsd") else main
    try:
        if main.startswith("t."):
            read(work / "a.gpkg", attributes=(AttributeTable(work / main),))
        else:
            read(work / main)
    except HexiSolarError as error:
        assert error.message("zh")
        assert error.message("en")
        return "refused"
    return "read"


def damaged(sound: Path, work: Path, seed: int, go_on: Callable[[int], bool]) -> set[str]:
    """Damage files again and again."""
    dice, count, ends = random.Random(seed), 0, set()
    with warnings.catch_warnings():
        # readers warn of what they find in a broken file, from threads of their own too
        warnings.simplefilter("ignore")
        while go_on(count):
            ends.add(spoil_and_read(sound, work, dice))
            count += 1
    return ends


def test_some_damage(sound, tmp_path):
    """Forty damaged files of one seed: some can be read, the others are refused in words."""
    assert damaged(sound, tmp_path / "w", 1, lambda count: count < 40) == {"read", "refused"}


@pytest.mark.fuzz
def test_much_damage(sound, tmp_path):
    """Two minutes of damage under a seed that changes."""
    end = time.monotonic() + 120
    seed = time.time_ns()
    print(f"seed {seed}")
    assert damaged(sound, tmp_path / "w", seed, lambda _: time.monotonic() < end)
