"""Notebooks run from top to bottom."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(notebook, tmp_path):
    """Every cell runs, with the real weather where it is to be had and without it elsewhere."""
    made = tmp_path / f"{notebook.stem}.ipynb"
    shared = os.environ.get("HEXI_SHARED", str(ROOT.parent / "shared"))
    environment = os.environ | {"HEXI_SHARED": shared, "MPLBACKEND": "agg"}
    convert = [
        sys.executable,
        "-m",
        "jupytext",
        "--to",
        "ipynb",
        "--output",
        str(made),
        str(notebook),
    ]
    subprocess.run(convert, check=True, capture_output=True, env=environment)
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbmake", str(made)]
    found = subprocess.run(
        run, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert found.returncode == 0, found.stdout[-3000:]
