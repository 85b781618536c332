"""Results appear whole or not at all.

Everything is written into a folder beside the one that readers know, and takes its
place in one step when it is complete. Until then, and whenever something goes wrong,
the earlier results are what is there. A folder is ours if it holds the `run.json` of
an earlier run; what others put into it is never thrown away.
"""

from __future__ import annotations

import ctypes
import errno
import glob
import json
import os
import shutil
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

from hexi_solar.errors import HexiSolarError, LayerError, OutputError, Problem

RECORD = "run.json"
FULL = (errno.ENOSPC, errno.EDQUOT)
# files that people write into: a changed one is somebody's work
FOR_PEOPLE = (".xlsx", ".csv")
# an unfinished folder that cannot be locked belongs to a live run for at most this long [s]
PATIENCE = 24 * 3600.0


@contextmanager
def published(folder: Path) -> Iterator[Path]:
    """
    Write aside, then move into place whole.

    Yields a fresh folder beside `folder`. When the block ends it takes the place of
    `folder` in one step where the file system can exchange two folders, in two steps
    with the way back otherwise. When the block fails, by an exception, Ctrl-C or
    SIGTERM, it is removed and `folder` is as it was.

    Parameters
    ----------
    folder
        Where readers look for the results; made with its parents if it is not there.

    Raises
    ------
    OutputError
        If the results cannot be written or put in place: no space, no permission,
        `folder` is a file, or holds files that are not an earlier run's.
    """
    folder = Path(folder).resolve()
    check_target(folder)
    with _as_output_error(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clean_leftovers(folder)
    aside = folder.parent / f"{_prefix(folder)}{uuid.uuid4().hex[:12]}"
    lock = None
    try:
        # from the moment it is there, whatever stops us takes it away again
        with _as_output_error(folder), _stop_signals():
            aside.mkdir()
            lock = _lock(aside)
            yield aside
            _list_files(aside)
            _flush(aside)
            check_target(folder)
            _move_into_place(aside, folder)
    finally:
        if lock is not None:
            os.close(lock)
        shutil.rmtree(aside, ignore_errors=True)


def check_target(folder: Path) -> None:
    """
    Refuse a folder whose contents are not ours to replace.

    Call it before a long computation: `published` says the same only at its start.

    Raises
    ------
    OutputError
        If `folder` is a file, or holds files that no earlier run wrote, or workbooks
        and lists that were changed since.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(Problem("output_is_file", {"folder": folder}))
    with _as_output_error(folder):
        found = _files(folder)
        listed = _listed(folder)
        ours = {*(listed or {}), RECORD}
        foreign = [name for name in found if name not in ours]
        changed = [name for name in found if _changed(folder / name, (listed or {}).get(name))]
    if found and listed is None:
        raise OutputError(Problem("output_not_ours", {"folder": folder}))
    if foreign:
        raise OutputError(Problem("output_foreign", {"folder": folder, "files": _named(foreign)}))
    if changed:
        raise OutputError(Problem("output_changed", {"folder": folder, "files": _named(changed)}))


def _files(folder: Path) -> list[str]:
    """List the files below a folder, less what programs that show them leave behind."""
    found = sorted(p for p in folder.rglob("*") if not p.is_dir() and not _is_litter(p.name))
    return [p.relative_to(folder).as_posix() for p in found]


def _is_litter(name: str) -> bool:
    """Tell hidden files and the locks of spreadsheet programs from results."""
    return name.startswith((".", "~$")) or name in ("Thumbs.db", "desktop.ini")


def _listed(folder: Path) -> dict[str, str] | None:
    """Read which files a run wrote, with their sha256; None without a record of ours."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    files = record.get("files") if isinstance(record, dict) else None
    return files if isinstance(files, dict) else None


def _changed(path: Path, written: str | None) -> bool:
    """Tell whether a file that people write into is not what a run wrote."""
    return written is not None and path.suffix in FOR_PEOPLE and file_sha256(path) != written


def _named(files: list[str], limit: int = 5) -> str:
    return ", ".join(files[:limit]) + (", ..." if len(files) > limit else "")


def file_sha256(path: Path) -> str:
    """Calculate the sha256 of one file."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def list_files(folder: Path) -> dict[str, str]:
    """Calculate the sha256 of every file of a folder but the record itself."""
    return {name: file_sha256(folder / name) for name in _files(folder) if name != RECORD}


def _list_files(aside: Path) -> None:
    """Enter the files written into the record, so that the next run knows them as ours."""
    path = aside / RECORD
    record = json.loads(path.read_text("utf-8")) if path.exists() else {}
    record["files"] = list_files(aside)
    path.write_text(json_text(record), "utf-8", newline="\n")


def json_text(record: dict[str, Any]) -> str:
    """Write a record so that the same facts are the same bytes."""
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _flush(folder: Path) -> None:
    """Force everything to the disk: network shares tell only now that they are full."""
    for name in _files(folder):
        with (folder / name).open("rb+") as file:
            os.fsync(file.fileno())


# -- moving ------------------------------------------------------------------------------------


def _move_into_place(aside: Path, folder: Path) -> None:
    """Put the finished folder where readers look; afterwards `aside` holds the earlier one."""
    if not folder.exists():
        aside.rename(folder)
    elif not _exchange(aside, folder):
        _rename_twice(aside, folder)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, where kernel and file system can (Linux)."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    at_cwd, exchange = -100, 2
    return bool(rename(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), exchange) == 0)


def _rename_twice(aside: Path, folder: Path) -> None:
    """Move the earlier folder out and the new one in; back again if that fails."""
    earlier = aside.with_name(f"{aside.name}-earlier")
    try:
        folder.rename(earlier)
        aside.rename(folder)
    except BaseException:
        if earlier.exists() and not folder.exists():
            earlier.rename(folder)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


# -- leftovers of killed runs ------------------------------------------------------------------


def _prefix(folder: Path) -> str:
    return f".{folder.name}.writing-"


def _clean_leftovers(folder: Path) -> None:
    """Remove what killed runs left beside `folder`; give back what one was about to replace."""
    for left in sorted(folder.parent.glob(f"{glob.escape(_prefix(folder))}*")):
        if not left.is_dir() or _alive(left):
            continue
        if left.name.endswith("-earlier") and not folder.exists():
            left.rename(folder)
        else:
            shutil.rmtree(left, ignore_errors=True)


def _lock(folder: Path) -> int | None:
    """Hold a folder for as long as this process lives; None where folders cannot be locked."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _alive(folder: Path) -> bool:
    """Tell whether the run that made a folder may still be writing into it."""
    descriptor = _lock(folder)
    if descriptor is not None:
        os.close(descriptor)
        return False
    return time.time() - folder.stat().st_mtime < PATIENCE


# -- what interrupts ---------------------------------------------------------------------------


@contextmanager
def _stop_signals() -> Iterator[None]:
    """Let a request to end the process unwind the block, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    known = [getattr(signal, n) for n in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, n)]
    # whoever lets one be ignored, as nohup does, has a reason
    heard = [number for number in known if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    """Say what the system refused in words that help."""
    try:
        yield
    except HexiSolarError:
        raise
    except OSError as error:
        if _is_elsewhere(error, folder):
            facts = {"file": error.filename, "found": error}
            raise LayerError(Problem("file_failed", facts)) from error
        raise OutputError(_explain(error, folder)) from error


def _is_elsewhere(error: OSError, folder: Path) -> bool:
    """Tell whether it is a file that the study reads, not one it writes, that failed."""
    if error.errno in FULL or not isinstance(error.filename, str):
        return False
    failed = Path(error.filename).absolute()
    ours = failed == folder or folder in failed.parents or failed in folder.parents
    return not ours and _prefix(folder) not in str(failed)


def _explain(error: OSError, folder: Path) -> Problem:
    """Name the cause that the system gives by its number."""
    fields = {"folder": folder, "found": error}
    if error.errno in FULL:
        with suppress(OSError):
            near = next(p for p in (folder, *folder.parents) if p.exists())
            fields["free_mb"] = f"{shutil.disk_usage(near).free / 1e6:,.0f}"
        return Problem("output_disk_full", {"free_mb": "?"} | fields)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Problem("output_read_only", fields)
    return Problem("output_failed", fields)
