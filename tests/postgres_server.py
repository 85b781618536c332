"""A PostgreSQL server of the test's own: made, started, stopped and gone with its folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"


def binaries() -> Path | None:
    """Return the folder with the newest server's programs; None if there is no server."""
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).parent if elsewhere else None


def as_server(command: list[str], folder: Path) -> None:
    """Run a program of the server: as its own account where we are root, which it refuses to be."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", ACCOUNT, "--", *command]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)


def why_not() -> str:
    """Say why there can be no server here; empty if there can."""
    if binaries() is None:
        return "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0:
        if not shutil.which("runuser"):
            return "root cannot run the server, and there is no runuser"
        try:
            pwd.getpwnam(ACCOUNT)
        except KeyError:
            return f"root cannot run the server, and there is no account {ACCOUNT}"
    return ""


@contextmanager
def server(folder: Path | None = None) -> Iterator[str]:
    """Run a server; gives the address of its database `postgres`, without the name at the end."""
    programs = binaries()
    assert programs is not None
    place = Path(tempfile.mkdtemp(prefix="hexi-pg-")) if folder is None else folder
    try:
        if os.geteuid() == 0:
            shutil.chown(place, ACCOUNT)
        data = place / "data"
        as_server(
            [str(programs / "initdb"), "-A", "trust", "-U", "office", "-E", "UTF8", str(data)],
            place,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {place}"
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
        as_server([*control, "-l", str(place / "log"), "-o", options, "start"], place)
        try:
            yield f"postgresql://office@127.0.0.1:{port}/"
        finally:
            as_server([*control, "-m", "immediate", "stop"], place)
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def new_database(address: str, name: str) -> str:
    """Make an empty database and return its address."""
    import psycopg

    with psycopg.connect(address + "postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return address + name
