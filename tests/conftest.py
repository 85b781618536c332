"""What tests share: the real layers, where they are to be had."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# the same examples on every machine: a run that passes here passes there; `-m fuzz` draws new ones
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real layers and weather; they are not ours to ship, so they may be absent."""
    folder = Path(os.environ.get("HEXI_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(
            "the real layers (../shared/data) are not here; the same facts are tested on generated ones"
        )
    return folder
