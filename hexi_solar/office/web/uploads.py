"""Uploads that wait for someone to say yes: kept in this process, each for its own login."""

from __future__ import annotations

import logging
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hexi_solar.errors import HexiSolarError, Problem, RegisterError
from hexi_solar.office.services import Preview, Sent
from hexi_solar.office.web import look

LOG = logging.getLogger(__name__)
SUFFIXES = (".xlsx", ".csv")
KEPT_SECONDS, KEPT = 3600, 8
Read = Callable[[Any, Path, Sent], Preview]


@dataclass(frozen=True)
class Upload:
    """One upload: whose, what it is called, what it would change."""

    user: int
    sent: Sent
    content: bytes
    preview: Preview
    since: float = field(default_factory=time.monotonic)


_waiting: dict[str, Upload] = {}
_lock = threading.Lock()


def take(request: Any, file: Any, reason: str, read: Read) -> str:
    """
    Read an uploaded file and keep what it would change.

    Raises
    ------
    RegisterError
        If it is no spreadsheet, or cannot be read.
    """
    name = Path(str(file.name)).name
    if Path(name).suffix.lower() not in SUFFIXES:
        facts = {"file": name, "known": ", ".join(SUFFIXES)}
        raise RegisterError(Problem("office_upload_kind", facts))
    content = b"".join(file.chunks())
    sent = Sent(name, reason)
    made = Upload(request.user.pk, sent, content, _preview(content, sent, read))
    key = secrets.token_urlsafe(16)
    with _lock:
        _forget_old()
        _waiting[key] = made
    return key


def answer(request: Any, key: str, answers: Mapping[str, str], read: Read) -> None:
    """Read an upload again with answers to what was asked."""
    found = find(request, key)
    if found is not None:
        sent = replace(found.sent, answers={**found.sent.answers, **answers})
        preview = _preview(found.content, sent, read)
        with _lock:
            _waiting[key] = replace(found, preview=preview, sent=sent)


def _preview(content: bytes, sent: Sent, read: Read) -> Preview:
    """Hand a file to whoever reads spreadsheets; whatever goes wrong is one message."""
    with tempfile.TemporaryDirectory(prefix="hexi-upload-") as folder:
        path = Path(folder) / f"upload{Path(sent.name).suffix.lower()}"
        path.write_bytes(content)
        try:
            return read(look.register(), path, sent)
        except HexiSolarError as error:
            raise RegisterError(*(_as_sent(p, path, sent) for p in error.problems)) from error
        except Exception as error:
            LOG.exception("upload %s", sent.name)
            facts = {"file": sent.name, "found": type(error).__name__}
            raise RegisterError(Problem("office_upload", facts)) from error


def _as_sent(problem: Problem, path: Path, sent: Sent) -> Problem:
    """Name a file in a message as it was sent, not as it lies here."""
    if problem.fields.get("file") not in (path.name, path.as_posix()):
        return problem
    return Problem(problem.code, {**problem.fields, "file": sent.name}, problem.level)


def _forget_old() -> None:
    """Let go of what waited too long, or of the oldest if there are many."""
    now = time.monotonic()
    for key in [k for k, u in _waiting.items() if now - u.since > KEPT_SECONDS]:
        del _waiting[key]
    while len(_waiting) >= KEPT:
        del _waiting[next(iter(_waiting))]


def find(request: Any, key: str) -> Upload | None:
    """Return an upload to whoever made it."""
    with _lock:
        found = _waiting.get(key)
    return found if found is not None and found.user == request.user.pk else None


def drop(request: Any, key: str) -> None:
    """Let go of an upload."""
    with _lock:
        _waiting.pop(key, None)
