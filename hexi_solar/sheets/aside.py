"""Workbooks from people we do not know, read in a process of its own with limits.

A workbook of a few kilobytes can unpack to gigabytes or keep a reader busy for hours. Here
it takes down a child and nobody else: the child has so much memory and so much time, and
what it read comes back whole or not at all.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hexi_solar.errors import HexiSolarError, LayerError, Notices, Problem
from hexi_solar.sheets import books, files
from hexi_solar.sheets.books import Sheet

try:
    import resource
except ImportError:  # Windows: only the clock limits there
    resource = None  # type: ignore[assignment]

CHILD = "from hexi_solar.sheets.aside import child; child()"
OUT_OF_MEMORY = 3
TOO_BIG, TOO_LONG = "layer_too_big", "layer_too_long"
PROLOG = 1 << 20
"""Of each part of a workbook, where declarations of entities stand."""


@dataclass(frozen=True)
class Limits:
    """What reading one file may take."""

    memory_mb: int = 1500
    """Address space of the child; not limited where the system cannot (Windows, macOS)."""
    seconds: int = 60
    """By the clock on the wall."""
    answer_mb: int = 256
    """What it may hand back."""


USUAL = Limits()


def limits_memory() -> bool:
    """Tell whether this system keeps a child within its memory."""
    return resource is not None and sys.platform == "linux"


def read_aside(path: Path, notices: Notices, limits: Limits = USUAL) -> list[Sheet]:
    """
    Read every sheet of a workbook or CSV, as `books.read_book`, in a child with limits.

    Raises
    ------
    LayerError
        If the file cannot be read, or takes more than the limits.
    """
    with TemporaryDirectory(prefix="hexi-aside-") as folder:
        answer = Path(folder) / "answer"
        command = [sys.executable, "-c", CHILD, str(path.absolute()), str(answer)]
        command += [str(limits.memory_mb), str(limits.seconds), str(limits.answer_mb)]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=limits.seconds,
                env=_quiet(),
            )
        except subprocess.TimeoutExpired:
            raise _too_much(TOO_LONG, path, seconds=limits.seconds) from None
        if resource is not None and done.returncode == -signal.SIGXCPU:
            raise _too_much(TOO_LONG, path, seconds=limits.seconds)
        if done.returncode or not answer.exists():
            raise _too_much(TOO_BIG, path, memory=limits.memory_mb)
        # written by our own child from our own tables, never by the file
        sheets, problems, noticed = pickle.loads(answer.read_bytes())
    for problem in noticed:
        notices.add(problem.level, problem.code, **problem.fields)
    if problems:
        raise LayerError(*map(_of_a_book, problems))
    return list(sheets)


def _of_a_book(problem: Problem) -> Problem:
    """Say of a workbook what is said of an archive of layers."""
    if problem.code == "layer_zip_bomb":
        return Problem("layer_book_bomb", problem.fields)
    return problem


def _too_much(code: str, path: Path, **facts: int) -> LayerError:
    return LayerError(Problem(code, {"file": path.name, **facts}))


def _quiet() -> dict[str, str]:
    """Return the environment of the child: no passwords, one thread, this package's folder."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "HEXI_PASSWORD")}
    package = str(Path(__file__).parents[2])
    where = os.pathsep.join(p for p in (package, kept.get("PYTHONPATH", "")) if p)
    return {**kept, "PYTHONPATH": where, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def child() -> None:
    """Read one file within limits and leave what was read in another file."""
    path, answer = Path(sys.argv[1]), Path(sys.argv[2])
    memory, seconds, size = map(int, sys.argv[3:])
    _limit(memory, seconds, size)
    notices = Notices()
    sheets: list[Sheet] = []
    problems: tuple[Problem, ...] = ()
    try:
        try:
            refuse_entities(path)
            sheets = books.read_book(path, notices)
        except HexiSolarError as error:
            problems = error.problems
        content = pickle.dumps((sheets, problems, tuple(notices)))
        answer.write_bytes(content)
    except (MemoryError, OSError):
        answer.unlink(missing_ok=True)
        os._exit(OUT_OF_MEMORY)


def refuse_entities(path: Path) -> None:
    """
    Refuse a workbook that declares XML entities: no spreadsheet program writes any.

    Raises
    ------
    LayerError
        With the part that declares them.
    """
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return
    for member in files.check_archive(path):
        with zipfile.ZipFile(path) as archive, archive.open(member) as part:
            prolog = part.read(PROLOG).replace(b"\0", b"").upper()
        if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
            facts = {"file": path.name, "found": member.filename[:80]}
            raise LayerError(Problem("layer_entities", facts))


def _limit(memory_mb: int, seconds: int, answer_mb: int) -> None:
    """Bind this process; a limit that the system does not know is left to the clock."""
    if resource is None:
        return
    wanted = [(resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, answer_mb << 20)]
    wanted += [(resource.RLIMIT_CORE, 0)]
    if limits_memory():
        wanted.append((resource.RLIMIT_AS, memory_mb << 20))
    for kind, most in wanted:
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))
