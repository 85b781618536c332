"""Where a register is: a file beside the plan, or a database that an address names.

A file on a network share is refused: SQLite's locks do not hold there, and two offices
that write at once would tear it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hexi_solar.config import Plan
from hexi_solar.errors import Problem, RegisterError

FILE = "register.sqlite3"
SHARES = {
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ncpfs", "davfs", "fuse.sshfs",
    "fuse.davfs", "fuse.davfs2", "fuse.smbnetfs", "fuse.glusterfs", "glusterfs", "ceph",
    "fuse.ceph", "lustre", "fuse.rclone", "fuse.s3fs", "beegfs",
}  # fmt: skip
MOUNTS = Path("/proc/mounts")


@dataclass(frozen=True)
class Target:
    """One register: a SQLite file, or a PostgreSQL database."""

    file: Path | None = None
    address: str = ""
    database: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """How Django is told."""

    @property
    def name(self) -> str:
        """What people know it by; never with a password."""
        if self.file is not None:
            return str(self.file)
        said = urlsplit(self.address)
        where = said.hostname or dict(parse_qsl(said.query)).get("host", "")
        return f"postgresql://{where}/{said.path.strip('/')}"


def target_of(plan: Plan) -> Target:
    """
    Find the register of a plan.

    Parameters
    ----------
    plan
        `office.register` names a file; without one it stands beside the plan. If
        DATABASE_URL is set in the environment, it is that database instead.

    Raises
    ------
    RegisterError
        If DATABASE_URL is not the address of a PostgreSQL database.
    """
    address = os.environ.get("DATABASE_URL", "").strip()
    if address:
        return postgres(address)
    beside = plan.path.parent if plan.path else Path()
    return sqlite(plan.office.register or beside / FILE)


def sqlite(file: Path) -> Target:
    """Describe a register in a file."""
    file = Path(file).absolute()
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON",
    }
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}
    return Target(file=file, database=database)


def postgres(address: str) -> Target:
    """
    Describe a register in a PostgreSQL database.

    Examples
    --------
    >>> postgres("postgresql://office:secret@db.example:5433/hexi").name
    'postgresql://db.example/hexi'
    """
    said = urlsplit(address)
    try:
        port = said.port
    except ValueError:
        port = None
    name = unquote(said.path.strip("/"))
    if said.scheme not in ("postgres", "postgresql") or not name:
        found = re.sub(r"//[^/@]*@", "//", address)
        raise RegisterError(Problem("office_address", {"found": found}))
    options = dict(parse_qsl(said.query))
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(said.username or options.pop("user", "")),
        "PASSWORD": unquote(said.password or options.pop("password", "")),
        "HOST": unquote(said.hostname or "") or options.pop("host", ""),
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": {"connect_timeout": "10"} | options,
    }
    return Target(address=address, database=database)


def refuse_share(file: Path) -> None:
    """
    Refuse a file on a network share.

    On Linux the file system is looked up in /proc/mounts; on Windows a path that starts
    with two backslashes is taken for a share, a drive letter that stands for one is not
    recognised; on macOS nothing is checked.

    Raises
    ------
    RegisterError
        With the kind of share.
    """
    kind = file_system(file)
    if kind in SHARES:
        raise RegisterError(Problem("office_share", {"file": file, "kind": kind}))


def file_system(file: Path) -> str:
    r"""Name the kind of file system that a path lies on; empty where it cannot be told."""
    if str(file).startswith(("\\\\", "//")) and os.name == "nt":
        return "smb"
    try:
        mounts = MOUNTS.read_text("utf-8", errors="replace")
    except OSError:
        return ""
    folder = Path(os.path.realpath(file))
    best, kind = -1, ""
    for line in mounts.splitlines():
        parts = line.split()
        if len(parts) < 3:
            continue
        # blanks in names stand there as \040
        point = Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), parts[1]))
        # of two mounts on one point the later one is seen
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), parts[2]
    return kind
