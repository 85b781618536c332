"""Start Django, once per process, and tell it of registers as they are opened."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from hexi_solar.office.target import Target


def boot() -> None:
    """Start Django if it does not run yet."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hexi_solar.office.settings")
    # a notebook's cells run inside an event loop; nothing of ours is asynchronous
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup(set_prefix=False)


def alias_of(target: Target) -> str:
    """Return the name under which Django knows a register; make it known if it is new."""
    boot()
    where = target.address or str(target.file)
    alias = "r" + hashlib.blake2b(where.encode(), digest_size=8).hexdigest()
    announce(alias, target)
    return alias


def announce(alias: str, target: Target) -> None:
    """Tell Django of a register under a name."""
    from django.db import connections

    known: dict[str, Any] = connections.databases
    if alias not in known or known[alias]["NAME"] != target.database["NAME"]:
        wanted = {"default": dict(target.database), alias: dict(target.database)}
        known[alias] = connections.configure_settings(wanted)[alias]


def forget(alias: str) -> None:
    """Close a register in this thread."""
    from django.db import connections

    connections[alias].close()
