"""The tables of a register, and the triggers that keep its ledger append-only."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from hexi_solar.office.triggers import statements


def _text(length: int, **more: Any) -> models.CharField:
    return models.CharField(max_length=length, **more)


def _keep_append_only(apps: Any, editor: Any) -> None:
    for statement in statements(editor.connection.vendor):
        editor.execute(statement)


EVENT = [
    ("seq", models.IntegerField(primary_key=True, serialize=False)),
    ("event_id", _text(200, unique=True)),
    ("entity_type", _text(20)),
    ("entity", _text(200)),
    ("kind", _text(40)),
    ("valid_on", _text(10)),
    ("recorded_at", _text(32)),
    ("entered_at", _text(32)),
    ("recorded_by", _text(200)),
    ("reason", models.TextField(blank=True)),
    ("payload", models.TextField()),
    ("source", models.TextField(blank=True)),
    ("source_sha256", _text(64, blank=True)),
    ("source_row", models.IntegerField(null=True)),
    ("previous", _text(64, unique=True)),
    ("hash", _text(64, unique=True)),
]
CONTACT = [
    ("id", models.BigAutoField(primary_key=True, serialize=False)),
    ("entity_type", _text(20)),
    ("entity", _text(200)),
    ("role", _text(100, blank=True)),
    ("name", _text(100)),
    ("phone", _text(50, blank=True)),
    ("email", _text(200, blank=True)),
    ("note", models.TextField(blank=True)),
]
SETTING = [("key", _text(100, primary_key=True, serialize=False)), ("value", models.TextField())]
INDEXES = [
    models.Index(fields=["entity_type", "entity"], name="office_event_entity"),
    models.Index(fields=["recorded_at"], name="office_event_recorded"),
    models.Index(fields=["entered_at"], name="office_event_entered"),
]


class Migration(migrations.Migration):
    """Make the tables."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel("Contact", CONTACT),
        migrations.CreateModel("Setting", SETTING),
        migrations.CreateModel("Event", EVENT, options={"indexes": INDEXES}),
        migrations.RunPython(_keep_append_only, migrations.RunPython.noop),
    )
