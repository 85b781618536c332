"""What every answer carries, and what happens when something is in the way."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.shortcuts import render

from hexi_solar.errors import HexiSolarError
from hexi_solar.office.web.words import language, say

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TRIES, PER_ADDRESS, MINUTES = 5, 20, 15


class Guard:
    """Adds the headers that keep a page to itself, and turns our errors into a page."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer = answer

    def __call__(self, request: Any) -> Any:
        """Answer a request."""
        response = self.answer(request)
        response["Content-Security-Policy"] = POLICY
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if not request.path.startswith("/static/"):
            response["Cache-Control"] = "no-store"
        return response

    def process_exception(self, request: Any, error: Exception) -> Any:
        """Say what is in the way instead of showing a trace."""
        if not isinstance(error, HexiSolarError):
            return None
        problems = [problem.message(language()) for problem in error.problems]
        return render(request, "office/problem.html", {"problems": problems}, status=503)


class Attempts:
    """Counts failed logins of the last minutes, per name and per address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: dict[str, list[float]] = defaultdict(list)

    def _recent(self, key: str, now: float) -> list[float]:
        self._failed[key] = [t for t in self._failed[key] if now - t < MINUTES * 60]
        return self._failed[key]

    def too_many(self, name: str, address: str) -> bool:
        """Tell whether a name or an address has to wait."""
        now = time.monotonic()
        with self._lock:
            by_name = len(self._recent(f"name {name.lower()}", now))
            return by_name >= TRIES or len(self._recent(f"from {address}", now)) >= PER_ADDRESS

    def failed(self, name: str, address: str) -> None:
        """Count one."""
        now = time.monotonic()
        with self._lock:
            self._failed[f"name {name.lower()}"].append(now)
            self._failed[f"from {address}"].append(now)

    def forget(self, name: str = "") -> None:
        """Start anew, for one name or for all."""
        with self._lock:
            if name:
                self._failed.pop(f"name {name.lower()}", None)
            else:
                self._failed.clear()


ATTEMPTS = Attempts()


class LoginForm(AdminAuthenticationForm):
    """Lets nobody guess passwords quickly."""

    def clean(self) -> dict[str, Any]:
        """Refuse before the password is looked at when there were too many tries."""
        name = str(self.cleaned_data.get("username", ""))
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        if ATTEMPTS.too_many(name, address):
            raise ValidationError(say("too_many", minutes=MINUTES), code="throttled")
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            ATTEMPTS.failed(name, address)
            raise
        ATTEMPTS.forget(name)
        return cleaned
