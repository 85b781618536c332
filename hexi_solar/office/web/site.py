"""The admin of the register: events to look at, contacts and logins to look after."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join

from hexi_solar.office.models import Contact, Event
from hexi_solar.office.web import views, words
from hexi_solar.office.web.guard import LoginForm
from hexi_solar.office.web.look import when
from hexi_solar.schema import ENTITY_TYPES, LEDGER


class OfficeSite(admin.AdminSite):
    """The register's face."""

    site_header = site_title = words.say_later("site")
    index_title = words.say_later("site")
    login_form = LoginForm
    enable_nav_sidebar = False
    site_url = None

    def get_urls(self) -> list[Any]:
        """Put the pages of the register before those of the admin."""
        pages = [
            path("", views.home, name="index"),
            path("projects/", views.projects, name="projects"),
            path("record/<str:entity_type>/<path:entity>/correct/", views.correct, name="correct"),
            path("record/<str:entity_type>/<path:entity>/", views.record, name="record"),
            path("new/", views.new, name="new"),
            path("coverage/", views.coverage, name="coverage"),
            path("import/", views.upload, name="import"),
            path("import/<str:key>/", views.proposal, name="proposal"),
            path("import/<str:key>/workbook/", views.workbook, name="import-workbook"),
        ]
        for page in pages:
            page.callback = self._guarded(page.callback)
        return [*pages, *super().get_urls()]

    def _guarded(self, view: Any) -> Any:
        """Show a page only to who is logged in, within the frame of the admin."""

        def shown(request: Any, **more: Any) -> Any:
            if not request.user.has_perm("office.view_event"):
                return views.forbidden(request)
            return view(request, self.each_context(request), **more)

        return self.admin_view(shown)


SITE = OfficeSite(name="admin")


class _YearFilter(admin.SimpleListFilter):
    """Chooses the events of a year by one of their days."""

    column = ""

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """List what can be chosen."""
        values = model_admin.model.objects.order_by().values_list(self.column, flat=True).distinct()
        years = sorted({str(value)[:4] for value in values}, reverse=True)
        return [(year, year) for year in years]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep the events that were chosen."""
        year = self.value()
        return queryset.filter(**{f"{self.column}__startswith": year}) if year else queryset


class HeldIn(_YearFilter):
    """Chooses by the day from which an event holds."""

    title = words.say_later("held_in")
    parameter_name = column = "valid_on"


class RecordedIn(_YearFilter):
    """Chooses by the time at which an event was recorded."""

    title = words.say_later("recorded_in")
    parameter_name = column = "recorded_at"


class OfType(admin.SimpleListFilter):
    """Chooses by the kind of thing."""

    title = words.say_later("entity_type")
    parameter_name = "entity_type"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """List what can be chosen."""
        return [(value, words.entity_type_name(value)) for value in ENTITY_TYPES]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep the events that were chosen."""
        return queryset.filter(entity_type=self.value()) if self.value() else queryset


class OfKind(admin.SimpleListFilter):
    """Chooses by the kind of event."""

    title = words.say_later("kind")
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """List what can be chosen."""
        kinds = model_admin.model.objects.order_by("kind").values_list("kind", flat=True)
        return [(value, words.kind_name(value)) for value in kinds.distinct()]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep the events that were chosen."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Event, site=SITE)
class EventAdmin(admin.ModelAdmin):
    """Events are looked at; what is wrong gets a correction, on the page of its thing."""

    list_display = ("seq", "day", "what", "thing", "kind_of", "said", "known_from", "who")
    list_display_links = ("seq",)
    list_filter = (OfType, OfKind, HeldIn, RecordedIn)
    search_fields = ("entity", "event_id", "payload", "reason", "recorded_by", "source")
    list_per_page = 50
    show_full_result_count = False
    actions = None
    fields = readonly_fields = (
        "seq", "event_id", "what", "thing", "kind_of", "day", "said", "reason", "who", "known_from",
        "entered", "source", "source_sha256", "source_row", "previous", "hash",
    )  # fmt: skip

    def has_add_permission(self, request: Any) -> bool:
        """Refuse: events are recorded on the page of their thing."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Refuse: an event is never changed."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Refuse: an event is never deleted."""
        return False

    @admin.display(description=words.say_later("valid_on"), ordering="valid_on")
    def day(self, event: Event) -> str:
        """Show the day from which it holds."""
        return str(event.valid_on)

    @admin.display(description=words.say_later("entity_type"), ordering="entity_type")
    def what(self, event: Event) -> str:
        """Name the kind of thing."""
        return words.entity_type_name(event.entity_type)

    @admin.display(description=words.say_later("entity"), ordering="entity")
    def thing(self, event: Event) -> Any:
        """Lead to the page of the thing."""
        address = reverse("admin:record", args=[event.entity_type, event.entity])
        return format_html('<a href="{}">{}</a>', address, event.entity)

    @admin.display(description=words.say_later("kind"), ordering="kind")
    def kind_of(self, event: Event) -> str:
        """Name the kind of event."""
        return words.kind_name(event.kind)

    @admin.display(description=words.say_later("payload"))
    def said(self, event: Event) -> Any:
        """Write out what it says."""
        facts = words.facts_of(event.entity_type, event.payload)
        return format_html_join("", '<span class="fact"><b>{}</b> {}</span> ', facts)

    @admin.display(description=words.say_later("recorded_at"), ordering="recorded_at")
    def known_from(self, event: Event) -> str:
        """Show since when the office knew it."""
        return when(event.recorded_at)

    @admin.display(description=words.say_later("entered_at"), ordering="entered_at")
    def entered(self, event: Event) -> str:
        """Show the machine's clock."""
        return str(event.entered_at)

    @admin.display(description=words.say_later("recorded_by"), ordering="recorded_by")
    def who(self, event: Event) -> str:
        """Name who recorded it."""
        return str(event.recorded_by)


@admin.register(Contact, site=SITE)
class ContactAdmin(admin.ModelAdmin):
    """Whom to call; deleted for good when asked."""

    list_display = ("entity", "entity_type", "role", "name", "phone", "email")
    search_fields = ("entity", "name", "phone", "email", "role")
    list_filter = ("entity_type",)


@admin.register(User, site=SITE)
class LoginAdmin(UserAdmin):
    """Logins with their roles; nobody is above the rules."""

    list_display = ("username", "roles", "is_active", "last_login")
    list_filter = ("is_active",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (words.say_later("role"), {"fields": ("is_active", "groups")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "password1", "password2")}),
    )
    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: Any, **more: Any) -> Any:
        """Name the roles."""
        field = super().formfield_for_manytomany(db_field, request, **more)
        if field is not None:
            field.label, field.help_text = words.say("role"), words.say("role_help")
            field.label_from_instance = lambda group: words.role_name(group.name)
        return field

    @admin.display(description=words.say_later("role"))
    def roles(self, user: Any) -> str:
        """Name the roles."""
        return ", ".join(words.role_name(group.name) for group in user.groups.all())

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Let whoever has a login in; what they may do comes from the role alone."""
        obj.is_staff, obj.is_superuser = True, False
        super().save_model(request, obj, form, change)


def _name_columns() -> None:
    """Name the columns of the tables in the reader's language."""
    apps.get_app_config("office").verbose_name = words.say_later("site")
    for column in LEDGER:
        field = Event._meta.get_field(column.name)
        field.verbose_name = words.column_name_later("ledger", column.name)
    Event._meta.get_field("seq").verbose_name = words.say_later("seq")
    Event._meta.get_field("event_id").verbose_name = words.say_later("event_id")
    Event._meta.verbose_name = words.say_later("event")
    Event._meta.verbose_name_plural = words.say_later("events")
    for name in ("entity_type", "entity", "role", "name", "phone", "email", "note"):
        key = {"entity_type": "entity_type", "entity": "entity"}.get(name, f"contact_{name}")
        Contact._meta.get_field(name).verbose_name = words.say_later(key)
    Contact._meta.get_field("entity_type").choices = [
        (value, words.entity_type_later(value)) for value in ENTITY_TYPES
    ]
    Contact._meta.verbose_name = words.say_later("contact")
    Contact._meta.verbose_name_plural = words.say_later("contacts")


_name_columns()
