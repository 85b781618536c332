"""Forms that record: each makes one event, never changes one."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from hexi_solar.ledger import CORRECTION, WITHDRAWN, Event
from hexi_solar.office.web.words import BESIDE, FACTS, column_name, kind_name, say, say_later
from hexi_solar.schema import STAGES, ColumnSpec

KINDS = {
    "project": (CORRECTION, *STAGES),
    "building": (CORRECTION, "stated"),
    "meter": ("reading",),
    "diagnosis": (CORRECTION, "planned", "done"),
    "tracker": (CORRECTION, "stated"),
    "equipment": (CORRECTION, "stated"),
}
LONGEST = 2000


class Day(forms.DateField):
    """A day, picked or typed."""

    def __init__(self, **more: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


class RecordForm(forms.Form):
    """What someone wants to record of one thing: only what is filled in is said."""

    def __init__(self, entity_type: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.entity_type = entity_type
        kinds = [(kind, kind_name(kind)) for kind in KINDS[entity_type]]
        self.fields["kind"] = forms.ChoiceField(label=say("kind"), choices=kinds)
        self.fields["valid_on"] = Day(
            label=say("valid_on"), initial=dt.date.today(), help_text=say("valid_on_help")
        )
        self.fields["reason"] = forms.CharField(
            label=say("reason"), required=False, max_length=LONGEST, help_text=say("reason_help")
        )
        self.facts: list[str] = []
        if entity_type in FACTS:
            for column in FACTS[entity_type]:
                if column.name not in BESIDE:
                    self._ask(column)
        if entity_type == "meter":
            self._ask_month()
        if entity_type not in FACTS:
            self.fields["payload"] = forms.CharField(
                label=say("payload"),
                widget=forms.Textarea(attrs={"rows": 6}),
                max_length=LONGEST,
                help_text=say("payload_help"),
            )

    def _ask(self, column: ColumnSpec) -> None:
        """Ask for one fact."""
        label = column_name(FACTS[self.entity_type].name, column.name)
        self.facts.append(column.name)
        field: forms.Field
        if column.words:
            words = [("", "")] + [(w, _word(column.name, w)) for w in column.words]
            field = forms.ChoiceField(label=label, choices=words, required=False)
        elif column.kind in ("float", "int"):
            low = None if column.low == float("-inf") else column.low
            high = None if column.high == float("inf") else column.high
            field = forms.FloatField(label=label, required=False, min_value=low, max_value=high)
        elif column.kind == "date":
            field = Day(label=label, required=False)
        else:
            field = forms.CharField(label=label, required=False, max_length=LONGEST)
        self.fields[column.name] = field

    def _ask_month(self) -> None:
        self.facts.insert(0, "month")
        self.fields["month"] = forms.RegexField(
            r"^20\d\d-(0[1-9]|1[0-2])$", label=say("month"), help_text="2025-03"
        )

    def clean_payload(self) -> dict[str, Any]:
        """Read lines of name = value."""
        said: dict[str, Any] = {}
        for line in str(self.cleaned_data["payload"]).splitlines():
            name, sign, value = line.partition("=")
            if not line.strip():
                continue
            if not sign or not name.strip() or not value.strip():
                raise ValidationError(say("payload_line", line=line.strip()))
            said[name.strip()] = _number(value.strip())
        return said

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where something is corrected, and for something to say."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") == CORRECTION and not cleaned.get("reason"):
            self.add_error("reason", say("reason_needed"))
        if not self.errors and cleaned.get("kind") in (CORRECTION, "reading", "stated"):
            said = self.said()
            said.pop("month", None)
            if not said:
                raise ValidationError(say("nothing_said"))
        return cleaned

    def said(self) -> dict[str, Any]:
        """Return the facts that were filled in."""
        if "payload" in self.fields:
            return dict(self.cleaned_data["payload"])
        return {
            name: self.cleaned_data[name]
            for name in self.facts
            if self.cleaned_data.get(name) not in (None, "")
        }

    def event(self, entity: str) -> Event:
        """Return the event that would be recorded."""
        data = self.cleaned_data
        day: dt.date = data["valid_on"]
        if self.entity_type == "meter":
            year, month = map(int, data["month"].split("-"))
            day = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
        return Event(self.entity_type, entity, data["kind"], day, self.said(), data["reason"])


class WithdrawForm(forms.Form):
    """Take an event back, and say why."""

    event_id = forms.CharField(widget=forms.HiddenInput, max_length=200)
    reason = forms.CharField(label=say_later("reason"), max_length=LONGEST)

    def event(self, entity_type: str, entity: str, day: dt.date) -> Event:
        """Return the withdrawal."""
        data = self.cleaned_data
        payload = {"event_id": data["event_id"]}
        return Event(entity_type, entity, WITHDRAWN, day, payload, data["reason"])


class NewForm(forms.Form):
    """Which thing to record something of."""

    entity_type = forms.ChoiceField(label=say_later("entity_type"))
    entity = forms.CharField(label=say_later("entity"), max_length=200, strip=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        from hexi_solar.office.web.words import entity_type_name

        self.fields["entity_type"].choices = [(kind, entity_type_name(kind)) for kind in KINDS]


class LookForm(forms.Form):
    """Which projects, on which day, as known on which."""

    q = forms.CharField(label=say_later("search"), required=False, max_length=200)
    stage = forms.ChoiceField(label=say_later("stage"), required=False)
    on = Day(label=say_later("as_of"), required=False)
    known_on = Day(label=say_later("known_on"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        stages = [(stage, kind_name(stage)) for stage in STAGES]
        self.fields["stage"].choices = [("", say("all")), *stages]


class UploadForm(forms.Form):
    """A spreadsheet to read."""

    file = forms.FileField(label=say_later("file"), help_text=say_later("file_help"))
    reason = forms.CharField(
        label=say_later("reason"),
        required=False,
        max_length=LONGEST,
        help_text=say_later("import_reason"),
    )


def _word(column: str, word: str) -> str:
    from hexi_solar.labels import column_label
    from hexi_solar.office.web.words import language

    return column_label(column, word, language())


def _number(value: str) -> Any:
    """Take what looks like a number as one."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, int | float) else value
