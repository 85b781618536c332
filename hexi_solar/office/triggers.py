"""What makes the ledger append-only: the database itself refuses anything else.

An event may only be added behind the last one. That also closes the way around by
`INSERT OR REPLACE`, for which SQLite fires no delete trigger.
"""

from __future__ import annotations

from hexi_solar.ledger import FIRST

TABLE = "office_event"
APPEND_ONLY = "the ledger is append-only"
NOT_NEXT = "an event must follow the last one"
_LAST = f"(SELECT coalesce(max(seq), 0) FROM {TABLE})"
_NEXT = f"""
    new.seq <> {_LAST} + 1
    OR new.previous <> coalesce((SELECT hash FROM {TABLE} WHERE seq = {_LAST}), '{FIRST}')
    OR EXISTS (SELECT 1 FROM {TABLE}
               WHERE event_id = new.event_id OR previous = new.previous OR hash = new.hash)"""

SQLITE = {
    "office_event_no_update": f"""CREATE TRIGGER office_event_no_update
        BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    "office_event_no_delete": f"""CREATE TRIGGER office_event_no_delete
        BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    "office_event_next": f"""CREATE TRIGGER office_event_next BEFORE INSERT ON {TABLE}
        WHEN {_NEXT}
        BEGIN SELECT RAISE(ABORT, '{NOT_NEXT}'); END""",
}
_REFUSE = f"""CREATE OR REPLACE FUNCTION office_event_refuse() RETURNS trigger AS $$
    BEGIN RAISE EXCEPTION '{APPEND_ONLY}'; END $$ LANGUAGE plpgsql"""
_FOLLOW = f"""CREATE OR REPLACE FUNCTION office_event_follow() RETURNS trigger AS $$
    BEGIN
        IF {_NEXT} THEN RAISE EXCEPTION '{NOT_NEXT}'; END IF;
        RETURN new;
    END $$ LANGUAGE plpgsql"""
POSTGRES = {
    "office_event_no_change": f"""CREATE TRIGGER office_event_no_change
        BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION office_event_refuse()""",
    "office_event_no_truncate": f"""CREATE TRIGGER office_event_no_truncate
        BEFORE TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION office_event_refuse()""",
    "office_event_next": f"""CREATE TRIGGER office_event_next BEFORE INSERT ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION office_event_follow()""",
}
FUNCTIONS = (_REFUSE, _FOLLOW)
# triggers that a session could switch off with session_replication_role stay on
ALWAYS = tuple(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {name}" for name in POSTGRES)


def statements(vendor: str) -> list[str]:
    """Return what makes the ledger of one kind of database append-only."""
    if vendor == "postgresql":
        return [*FUNCTIONS, *POSTGRES.values(), *ALWAYS]
    return list(SQLITE.values())


def find_missing(vendor: str, there: dict[str, str]) -> list[str]:
    """
    Name the triggers that are not as they were made.

    Parameters
    ----------
    vendor
        ``"sqlite"`` or ``"postgresql"``.
    there
        Triggers of the table: name and, in SQLite, its text; in PostgreSQL, "A" where it
        is always on.
    """
    if vendor == "postgresql":
        return [name for name in POSTGRES if there.get(name) != "A"]
    return [name for name, sql in SQLITE.items() if there.get(name) != sql]
