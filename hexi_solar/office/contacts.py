"""Whom to call: kept beside the ledger, where it can be deleted for good.

Identity numbers are never kept: nothing of ours needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from hexi_solar.office.trouble import spoken

if TYPE_CHECKING:
    from hexi_solar.office.store import Register

COLUMNS = {"person": "name", "name": "name", "phone": "phone", "email": "email", "role": "role"}


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
    from hexi_solar.office.models import Contact

    kept = 0
    with spoken(register.target):
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
