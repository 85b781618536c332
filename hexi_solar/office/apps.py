"""The register as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class Office(AppConfig):
    """The register and its people."""

    name = "hexi_solar.office"
    label = "office"
    verbose_name = "建档立卡"
    default_auto_field = "django.db.models.BigAutoField"
