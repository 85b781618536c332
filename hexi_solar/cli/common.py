"""What all commands share: the words they take, the plan, progress, and how they speak."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hexi_solar.errors import HexiSolarError
from hexi_solar.labels import text

if TYPE_CHECKING:
    from hexi_solar.config import Plan

DEMO = Path("layers/demo")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="城区屋顶光伏与公共建筑节能改造规划。 Rooftop PV and public-building retrofit for a city district.",
)


class Language(StrEnum):
    """Languages that people are spoken to in."""

    zh = "zh"
    en = "en"


PlanFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="PLAN",
        help="计划文件 plan.toml；不填则用示范区。 The plan; none for the demonstration district.",
    ),
]
Lang = Annotated[
    Language | None,
    typer.Option("--lang", help="语言；默认按计划。 Language; the plan's by default."),
]
# where there is no plan to ask
Speech = Annotated[
    Language, typer.Option("--lang", help="语言；默认中文。 Language; Chinese by default.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="只输出一个 JSON。 Print one JSON object instead of text.")
]
Out = Annotated[Path | None, typer.Option("--out", help="结果文件夹。 Folder of the results.")]


# which signal stopped us, for the exit code that shells expect
stopped_by = [int(signal.SIGINT)]


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say what is wrong in the reader's language, and stop."""
    try:
        yield
    except HexiSolarError as error:
        typer.echo(text("cli.stopped", language) + "\n" + error.message(language), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        # a disk that is full or may not be written, wherever it shows
        said = text("cli.disk", language, file=error.filename or "", found=error.strerror or error)
        typer.echo(text("cli.stopped", language) + "\n- " + said, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("\n" + text("cli.interrupted", language), err=True)
        raise typer.Exit(128 + stopped_by[0]) from None


class Steps:
    """Shows which step runs, and keeps the seconds that each took and the memory by then."""

    def __init__(self, language: str, quiet: bool) -> None:
        from rich.console import Console

        self.seconds: dict[str, float] = {}
        self.peak_mib: dict[str, float] = {}
        self.language = language
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.started = time.perf_counter()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Run one step."""
        before = time.perf_counter()
        with self.console.status(text(f"step.{name}", self.language)):
            yield
        self.seconds[name] = round(time.perf_counter() - before, 3)
        self.peak_mib[name] = peak_mib()
        if self.console.is_terminal:
            took = f"{self.seconds[name]:6.1f} s"
            self.console.print(f"{took}  {text(f'step.{name}', self.language)}", style="dim")

    def total(self) -> dict[str, float]:
        """Return the seconds per step and in all."""
        return {**self.seconds, "total": round(time.perf_counter() - self.started, 3)}


def peak_mib() -> float:
    """Return the most memory that this process has held so far; NaN where the system does not tell. [MiB]"""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def plan_of(file: Path | None, lang: Language | None) -> Plan:
    """Read the plan; none stands for the demonstration district, written if it is not there."""
    from dataclasses import replace

    from hexi_solar.planfile import read_plan

    language = lang.value if lang else "zh"
    with speaking(language):
        if file is None:
            from hexi_solar.demo import write_demo

            file = DEMO / "plan.toml"
            if not file.exists():
                write_demo(DEMO)
        plan = read_plan(file)
    return replace(plan, language=lang.value) if lang else plan


def folder_of(plan: Plan, out: Path | None) -> Path:
    """Return the folder of a plan's results."""
    return out if out is not None else Path("outputs") / plan.name


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object, and nothing else."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
