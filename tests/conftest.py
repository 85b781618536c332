"""What tests share: the real layers, where they are to be had."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from hexi_solar.config import Plan
    from hexi_solar.reports.year import Year
    from hexi_solar.study import Study
    from hexi_solar.supervising import Case, Supervision

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


@dataclass(frozen=True)
class Office:
    """The demonstration district with its register, one year published."""

    plan: Plan
    study: Study
    case: Case
    found: Supervision
    year: Year


@pytest.fixture(scope="session")
def demo_office(tmp_path_factory) -> Office:
    """Demonstration district, its office's files imported, 2025 published; worked out once."""
    from hexi_solar.accounting import account
    from hexi_solar.demo import write_demo
    from hexi_solar.demonstration import fill_register
    from hexi_solar.plan import run
    from hexi_solar.planfile import read_plan
    from hexi_solar.publishing import publish
    from hexi_solar.supervising import Case, ledger_of, supervise
    from hexi_solar.yearbook import year_of_study

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        plan = read_plan(write_demo(tmp_path_factory.mktemp("office") / "demo"))
        fill_register(plan)
        publish(plan, 2025, by="李")
        study = run(plan)
        case = Case(study, account(plan, 2026), ledger_of(plan))
        return Office(plan, study, case, supervise(case), year_of_study(study, 2025))
