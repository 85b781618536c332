"""Importers that are killed at any moment: an import that was acknowledged is whole, and none is half."""

from __future__ import annotations

import csv
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from layer_files import blocks, layer_of
from test_office_faults import plan, server, settle  # noqa: F401

from hexi_solar.office.store import open_register

pytestmark = pytest.mark.fault
ROUNDS, IMPORTERS, SHEETS, ROWS = 40, 3, 4, 6
PLAN = 'crs = "EPSG:4548"\nas_of = 2026-06-30\n[layers.buildings]\npath = "b.gpkg"\n'
SUMMARY = re.compile(rf'"file": "(.+?)\.csv",.+?"recorded": {ROWS},', re.DOTALL)
IMPORTER = Path(__file__).with_name("office_importer.py")


def write_sheet(file: Path, name: str, rows: int = ROWS) -> None:
    """Write a list of projects that were filed, all of one sheet beginning with its name."""
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["项目编号", "备案日期", "装机容量(kW)"])
        lines.writerows([f"{name}-{row}", "2024-03-01", 50 + row] for row in range(rows))


def write_plan(path: Path) -> None:
    """Write a plan with three buildings."""
    layer_of(blocks(), {"编号": ["B1", "B2", "B3"]}).to_file(path.parent / "b.gpkg")
    path.write_text(PLAN, encoding="utf-8")


def importers(plan, folder: Path, turn: int) -> list[subprocess.Popen]:  # noqa: F811
    """Start three importers, each with sheets of its own."""
    started = []
    for n in range(IMPORTERS):
        sheets = [folder / f"r{turn}i{n}s{s}.csv" for s in range(SHEETS)]
        for sheet in sheets:
            write_sheet(sheet, sheet.stem)
        with (folder / f"said-{turn}-{n}").open("w") as out:
            command = [sys.executable, str(IMPORTER), str(plan.path), *map(str, sheets)]
            started.append(subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL))
    return started


def acknowledged(file: Path) -> list[str]:
    """Name the sheets that an importer was told are recorded: it prints a summary with the file's name."""
    whole = file.read_text().rpartition("\n")[0]
    return [name for part in whole.split("\n}") for name in SUMMARY.findall(part)]


def test_forty_rounds_of_death_in_mid_import(plan, tmp_path):  # noqa: F811
    """Three `register import FILE --record` at once, killed 40 times: acknowledged is whole, none is half.

    Each importer runs the command for one sheet after another and is killed at a moment that
    differs from round to round, from reading the sheet to writing the verdicts.
    """
    dice = random.Random(20261122)
    write_plan(plan.path)
    said: list[str] = []
    with open_register(plan) as register:
        for turn in range(ROUNDS):
            before = register.head()
            started = importers(plan, tmp_path, turn)
            until = time.monotonic() + 120
            while register.head() == before and any(one.poll() is None for one in started):
                assert time.monotonic() < until, "no importer got anywhere"
                time.sleep(0.01)
            time.sleep(dice.uniform(0.0, 0.25))
            for one in dice.sample(started, IMPORTERS):
                one.send_signal(signal.SIGKILL)
                time.sleep(dice.uniform(0.0, 0.05))
            for one in started:
                one.wait()
            for n in range(IMPORTERS):
                said += acknowledged(tmp_path / f"said-{turn}-{n}")
            if turn % 10 == 9:
                assert not register.verify()
        settle(register)
        ledger = register.ledger()
        assert not register.verify()
    sheets = ledger["entity"].str.rpartition("-")[0].value_counts()
    assert set(sheets) == {ROWS}
    assert set(said) <= set(sheets.index)
    assert len(said) > ROUNDS / 4, "too few imports were acknowledged for the test to mean anything"
    assert len(sheets) < ROUNDS * IMPORTERS * SHEETS, "nobody was killed in mid-work"


def test_a_killed_import_is_simply_repeated(plan, tmp_path):  # noqa: F811
    """After a kill the same sheet imported again brings what is missing, and nothing twice."""
    write_plan(plan.path)
    sheet = tmp_path / "once.csv"
    write_sheet(sheet, "once", 400)
    command = [sys.executable, str(IMPORTER), str(plan.path), str(sheet)]
    dice = random.Random(7)
    with open_register(plan) as register:
        for _ in range(3):
            one = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(1.0, 4.0))
            one.send_signal(signal.SIGKILL)
            one.wait()
            settle(register)
            assert register.head().seq in (0, 400)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
        assert register.head().seq == 400
        assert not register.verify()
