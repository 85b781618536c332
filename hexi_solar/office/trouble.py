"""What databases say when something is in the way, turned into one message each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from hexi_solar.errors import Problem, RegisterError
from hexi_solar.office.target import Target
from hexi_solar.office.triggers import APPEND_ONLY, NOT_NEXT

# what is found in the driver's words, and the text of ours that says it
WORDS = (
    ("locked", "office_locked"),
    ("disk is full", "office_full"),
    ("no space left", "office_full"),
    ("could not extend file", "office_full"),
    ("readonly", "office_readonly"),
    ("read-only", "office_readonly"),
    ("unable to open", "office_readonly"),
    ("permission denied", "office_readonly"),
    ("must be owner", "office_readonly"),
    ("not a database", "office_damaged"),
    ("malformed", "office_damaged"),
    ("corrupt", "office_damaged"),
    ("disk i/o error", "office_io"),
    ("no such table", "office_foreign"),
    ("no such column", "office_foreign"),
    ("does not exist", "office_unreachable"),
    ("could not decode", "office_damaged"),
    (APPEND_ONLY, "office_append_only"),
    (NOT_NEXT, "office_append_only"),
)

# what is to be done about it is another thing where a server keeps the register
OF_SERVER = {"office_readonly": "office_readonly_server"}


def problem_of(error: Exception, target: Target) -> Problem:
    """Say in our words what a database or the disk refused."""
    found = " ".join(str(error).split())
    known = [code for word, code in WORDS if word.lower() in found.lower()]
    usual = "office_unreachable" if target.file is None else "office_refused"
    code = known[0] if known else usual
    if target.file is None:
        code = OF_SERVER.get(code, code)
    return Problem(code, {"file": target.name, "found": found})


@contextmanager
def spoken(target: Target) -> Iterator[None]:
    """
    Turn every error of the database or the disk into one message.

    Raises
    ------
    RegisterError
        What was in the way; nothing of the transaction was kept.
    """
    from django.db import Error

    try:
        yield
    except (Error, sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise RegisterError(problem_of(error, target)) from error
