"""The pages of the register: its state, the history of each thing, and what records."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from hexi_solar.errors import RegisterError
from hexi_solar.ledger import Event, fresh_id
from hexi_solar.office.contacts import keep_contacts
from hexi_solar.office.services import Rates, services
from hexi_solar.office.store import MOVED, Head
from hexi_solar.office.web import forms, look, uploads
from hexi_solar.office.web.words import (
    definition_name,
    entity_type_name,
    fact_name,
    fact_value,
    kind_name,
    language,
    say,
)
from hexi_solar.schema import ENTITY_TYPES

PER_PAGE = 100
RATES = (
    "year", "cohort", "at", "definition", "reading", "scope", "numerator", "denominator", "unit",
    "rate", "rate_low", "rate_high", "target", "buildings_with_pv", "buildings",
)  # fmt: skip
SHOWN = ("building_id", "capacity_kwp", "modules", "module_area_m2", "mode", "contract", "operator")


MEASURED = SHOWN[1:4]
NUMBERS = {*RATES[6:8], *RATES[9:]}


def home(request: Any, frame: dict[str, Any]) -> HttpResponse:
    """Show how much the register holds, and what was recorded last."""
    events = look.ledger()
    counts = [
        (entity_type_name(kind), kind, events["entity"][events["entity_type"] == kind].nunique())
        for kind in ENTITY_TYPES
    ]
    last = [
        line
        for _, row in events.tail(8).iloc[::-1].iterrows()
        for line in look.history(row["entity_type"], row["entity"])
        if line.seq == row["seq"]
    ]
    more = {"counts": counts, "total": len(events), "head": look.register().head(), "last": last}
    return render(request, "office/home.html", {**frame, "title": say("overview"), **more})


def projects(request: Any, frame: dict[str, Any]) -> HttpResponse:
    """List the projects with their state on a day, as known on a day."""
    form = forms.LookForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    on = asked.get("on") or dt.date.today()
    table = look.projects(on, asked.get("known_on"))
    if asked.get("stage"):
        table = table[table["kind"] == asked["stage"]]
    if asked.get("q"):
        found = table.astype(str).apply(" ".join, axis=1) + " " + table.index.astype(str)
        table = (
            table[found.str.contains(asked["q"], case=False, regex=False)] if len(table) else table
        )
    capacity = pd.to_numeric(table.get("capacity_kwp", pd.Series(dtype=float))).sum()
    page = max(1, _whole(request.GET.get("page")))
    rows = [
        _project(str(entity), row)
        for entity, row in table.iloc[(page - 1) * PER_PAGE : page * PER_PAGE].iterrows()
    ]
    query = request.GET.copy()
    query.pop("page", None)
    more = {
        "form": form,
        "rows": rows,
        "names": [(fact_name("project", name), name in MEASURED) for name in SHOWN],
        "count": len(table),
        "capacity": f"{capacity:,.1f}",
        "page": page,
        "pages": max(1, -(-len(table) // PER_PAGE)),
        "query": query.urlencode(),
    }
    return render(request, "office/projects.html", {**frame, "title": say("projects"), **more})


def _whole(said: str | None) -> int:
    return int(said) if said and said.isdigit() and len(said) < 7 else 1


def _project(entity: str, row: pd.Series) -> dict[str, Any]:
    """Write one project as a row."""
    day = "" if pd.isna(row["kind_on"]) else f"{row['kind_on']:%Y-%m-%d}"
    values = []
    for name in SHOWN:
        value = row.get(name)
        known = value is not None and not pd.isna(value)
        values.append((fact_value(name, value) if known else "", isinstance(value, int | float)))
    stage = kind_name(row["kind"]) if isinstance(row["kind"], str) else ""
    return {"entity": entity, "stage": stage, "day": day, "values": values}


def record(request: Any, frame: dict[str, Any], entity_type: str, entity: str) -> HttpResponse:
    """Show one thing: what is true of it, and everything that was ever said."""
    lines = look.history(entity_type, entity)
    if entity_type not in ENTITY_TYPES or not lines:
        raise Http404
    may_record = request.user.has_perm("office.add_event") and entity_type in forms.KINDS
    if request.method == "POST":
        if not may_record:
            return forbidden(request)
        form = forms.WithdrawForm(request.POST)
        ids = {line.event_id for line in lines if not line.withdrawn}
        if form.is_valid() and form.cleaned_data["event_id"] in ids:
            event = form.event(entity_type, entity, dt.date.today())
            return _keep(request, event)
        messages.error(request, say("withdraw_failed"))
    from hexi_solar.office.models import Contact

    contacts = Contact.objects.filter(entity_type=entity_type, entity=entity)
    more = {
        "entity_type": entity_type,
        "entity": entity,
        "state": look.state_of(entity_type, entity, dt.date.today()),
        "lines": lines,
        "may_record": may_record,
        "contacts": contacts if request.user.has_perm("office.view_contact") else [],
    }
    title = f"{entity_type_name(entity_type)} {entity}"
    return render(request, "office/record.html", {**frame, "title": title, **more})


def new(request: Any, frame: dict[str, Any]) -> HttpResponse:
    """Ask which thing something is to be recorded of."""
    if not request.user.has_perm("office.add_event"):
        return forbidden(request)
    form = forms.NewForm(request.GET or None)
    if form.is_valid():
        data = form.cleaned_data
        return redirect("admin:correct", data["entity_type"], data["entity"])
    return render(request, "office/new.html", {**frame, "title": say("new"), "form": form})


def correct(request: Any, frame: dict[str, Any], entity_type: str, entity: str) -> HttpResponse:
    """Record something of one thing: filled in, looked over, recorded."""
    if not request.user.has_perm("office.add_event"):
        return forbidden(request)
    if entity_type not in forms.KINDS:
        raise Http404
    form = forms.RecordForm(entity_type, request.POST or None)
    now = look.raw_state(entity_type, entity, dt.date.today())
    changes: list[tuple[str, str, str]] = []
    if request.method == "POST" and form.is_valid():
        event = form.event(entity)
        if "confirm" in request.POST:
            return _keep(request, event)
        changes = [
            (fact_name(entity_type, k), fact_value(k, now.get(k)), fact_value(k, _shown(v)))
            for k, v in event.payload.items()
        ]
    more = {
        "form": form,
        "entity_type": entity_type,
        "entity": entity,
        "looked_over": request.method == "POST" and form.is_valid(),
        "changes": changes,
        "fields": [(form[name], _hint(entity_type, name, now)) for name in form.fields],
        "is_new": not look.history(entity_type, entity),
    }
    title = say("record_title", what=f"{entity_type_name(entity_type)} {entity}")
    return render(request, "office/correct.html", {**frame, "title": title, **more})


def _hint(entity_type: str, name: str, now: dict[str, Any]) -> str:
    """Say what a fact is now."""
    return fact_value(name, now[name]) if name in now and name != "kind" else ""


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _keep(request: Any, event: Event) -> HttpResponse:
    """Record one event and go to the page of its thing."""
    from dataclasses import replace

    # said again on purpose, e.g. corrected back: not the same event as the first time
    event = replace(event, event_id=fresh_id(event, set(look.ledger().index)))
    try:
        look.register().append([event], by=request.user.get_username())
    except RegisterError as error:
        for problem in error.problems:
            messages.error(request, problem.message(language()))
    else:
        messages.success(request, say("recorded"))
    if look.history(event.entity_type, event.entity):
        return redirect("admin:record", event.entity_type, event.entity)
    return redirect("admin:index")


def coverage(request: Any, frame: dict[str, Any]) -> HttpResponse:
    """Show the rates of each year, and what was published."""
    given = services().coverage
    whole = "all" in request.GET
    found = given(look.register()) if given is not None else Rates(pd.DataFrame())
    table = found.table.reset_index()
    if len(table) and not whole:
        table = table[table["reported"].astype(bool)]
    shown = [name for name in RATES if name in table]
    rows = [[_cell(name, row[name]) for name in shown] for row in table.to_dict("records")]
    events = look.ledger()
    published = events.loc[events["entity_type"] == "publication", "entity"].unique()
    more = {
        "names": [(say(f"column_{name}"), name in NUMBERS) for name in shown],
        "rows": rows,
        "whole": whole,
        "waiting": ", ".join(map(str, found.waiting)),
        "problems": [p.message(language()) for p in found.problems],
        "published": [line for entity in published for line in look.history("publication", entity)],
    }
    return render(request, "office/coverage.html", {**frame, "title": say("coverage"), **more})


def _cell(name: str, value: Any) -> tuple[str, bool]:
    """Write one value, and say whether it is a number."""
    if isinstance(value, pd.Timestamp | dt.date):
        return f"{value:%Y-%m-%d}", False
    if value is None or pd.isna(value):
        return "", False
    if name == "definition":
        return definition_name(str(value)), False
    if name in ("rate", "rate_low", "rate_high", "target"):
        return f"{value:.1%}", True
    if isinstance(value, float):
        return f"{value:,.1f}", True
    return fact_value(name, value), name in ("buildings", "buildings_with_pv")


def upload(request: Any, frame: dict[str, Any]) -> HttpResponse:
    """Take a spreadsheet and show what it would change."""
    if not request.user.has_perm("office.add_event"):
        return forbidden(request)
    given = services().preview_import
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if given is not None and request.method == "POST" and form.is_valid():
        try:
            key = uploads.take(
                request, form.cleaned_data["file"], form.cleaned_data["reason"], given
            )
        except RegisterError as error:
            for problem in error.problems:
                form.add_error("file", problem.message(language()))
        else:
            return redirect("admin:proposal", key)
    more = {"form": form, "given": given is not None}
    return render(request, "office/import.html", {**frame, "title": say("import"), **more})


def proposal(request: Any, frame: dict[str, Any], key: str) -> HttpResponse:
    """Show what an upload would change; record all of it when asked."""
    found = uploads.find(request, key)
    if found is None or not request.user.has_perm("office.add_event"):
        raise Http404
    given = services().preview_import
    if request.method == "POST" and "answer" in request.POST and given is not None:
        asked = {
            question.key: request.POST.get(question.key, "") for question in found.preview.questions
        }
        return _look_again(request, key, {k: v for k, v in asked.items() if v}, given)
    if request.method == "POST" and found.preview.accepted:
        try:
            ids = look.register().append(
                found.preview.events,
                by=request.user.get_username(),
                take_over=found.preview.take_over,
                expected_head=Head(*found.preview.head) if found.preview.head else None,
            )
            keep_contacts(look.register(), found.preview.contacts)
            if found.preview.remember is not None:
                found.preview.remember()
        except RegisterError as error:
            for problem in error.problems:
                messages.error(request, problem.message(language()))
            if given is not None and error.problems[0].code == MOVED:
                return _look_again(request, key, {}, given)
        else:
            uploads.drop(request, key)
            messages.success(request, say("imported", count=len(ids), file=found.sent.name))
            return redirect("admin:index")
    rows = found.preview.rows.head(500)
    more = {
        "key": key,
        "name": found.sent.name,
        "preview": found.preview,
        "counts": [(say(f"verdict_{k}"), v) for k, v in found.preview.counts.items() if v],
        "names": [str(name) for name in rows.columns],
        "rows": rows.astype(object).where(rows.notna(), "").to_numpy().tolist(),
        "cut": max(0, len(found.preview.rows) - len(rows)),
    }
    return render(request, "office/proposal.html", {**frame, "title": say("import"), **more})


def _look_again(
    request: Any, key: str, answers: dict[str, str], read: uploads.Read
) -> HttpResponse:
    """Read an upload anew: with answers, or because the register moved on."""
    try:
        uploads.answer(request, key, answers, read)
    except RegisterError as error:
        for problem in error.problems:
            messages.error(request, problem.message(language()))
    return redirect("admin:proposal", key)


def workbook(request: Any, frame: dict[str, Any], key: str) -> HttpResponse:
    """Hand out the verdicts of an upload as a workbook."""
    found = uploads.find(request, key)
    if found is None or not found.preview.workbook:
        raise Http404
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"Content-Disposition": 'attachment; filename="import.xlsx"'}
    return HttpResponse(found.preview.workbook, content_type=kind, headers=headers)


def forbidden(request: Any, exception: Exception | None = None) -> HttpResponse:
    """Say that a role does not allow this."""
    return render(request, "office/problem.html", {"problems": [say("forbidden")]}, status=403)


def missing(request: Any, exception: Exception | None = None) -> HttpResponse:
    """Say that there is nothing here."""
    return render(request, "office/problem.html", {"problems": [say("missing")]}, status=404)


def failed(request: Any) -> HttpResponse:
    """Say that something went wrong, and nothing of how the program is made."""
    return render(None, "office/problem.html", {"problems": [say("failed")]}, status=500)
