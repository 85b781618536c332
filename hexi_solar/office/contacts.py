"""Whom to call: kept beside the ledger, where it can be deleted for good.

Identity numbers are never kept: nothing of ours needs them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from hexi_solar.ledger import Event
from hexi_solar.office.trouble import spoken

if TYPE_CHECKING:
    from hexi_solar.office.store import Register

COLUMNS = {"person": "name", "name": "name", "phone": "phone", "email": "email", "role": "role"}
NAMES = ("role", "name", "phone", "email", "note")


def keep_contacts(
    register: Register, contacts: Iterable[tuple[str, str, Mapping[str, str]]]
) -> int:
    """
    Keep people beside the ledger; one who is there already is kept once.

    Parameters
    ----------
    register
        The open register.
    contacts
        Kind of thing, its id, and what is known: person, phone, email, role, wechat.

    Returns
    -------
    kept
        How many were new.
    """
    from django.db import transaction

    from hexi_solar.office.models import Contact

    kept = 0
    with spoken(register.target), transaction.atomic(using=register.alias):
        for entity_type, entity, facts in contacts:
            said = {COLUMNS[k]: str(v)[:200] for k, v in facts.items() if k in COLUMNS}
            if facts.get("wechat"):
                said["note"] = f"微信 {facts['wechat']}"
            if said:
                _, made = Contact.objects.using(register.alias).get_or_create(
                    entity_type=entity_type, entity=entity, **said
                )
                kept += made
    return kept


def contacts_for(register: Register, file: str, by: str) -> list[tuple[str, str, dict[str, str]]]:
    """
    Return all contacts to someone who asked; that they did is recorded first.

    Parameters
    ----------
    register
        The open register.
    file
        Into which they are written.
    by
        Who asked.

    Returns
    -------
    contacts
        Kind of thing, its id, and what is known: name, phone, email, role, note.
    """
    from hexi_solar.office.models import Contact

    with spoken(register.target):
        found = [
            (c.entity_type, c.entity, {n: str(getattr(c, n)) for n in NAMES if getattr(c, n)})
            for c in Contact.objects.using(register.alias).order_by("entity_type", "entity", "pk")
        ]
    now = dt.datetime.now(dt.UTC)
    facts = {"file": file, "count": len(found), "at": now.isoformat()}
    register.append([Event("office", "contacts", "exported", now.date(), facts)], by=by)
    return found
