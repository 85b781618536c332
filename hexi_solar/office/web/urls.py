"""Where the pages are: Django's admin at the root, ours among its own."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import JavaScriptCatalog

from hexi_solar.office.web.site import SITE

urlpatterns = [
    path("jsi18n/", JavaScriptCatalog.as_view(packages=["django.contrib.admin"])),
    path("", SITE.urls),
]
handler403 = "hexi_solar.office.web.views.forbidden"
handler404 = "hexi_solar.office.web.views.missing"
handler500 = "hexi_solar.office.web.views.failed"
