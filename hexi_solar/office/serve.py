"""Serve the office in the browser: from this machine only, unless logins protect it."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import socket
from typing import Any

from hexi_solar.errors import Problem, RegisterError
from hexi_solar.office.boot import announce, boot
from hexi_solar.office.people import make_roles, protected
from hexi_solar.office.services import Services, hand_over
from hexi_solar.office.store import open_target
from hexi_solar.office.target import Target
from hexi_solar.office.trouble import spoken


def prepare_site(
    target: Target, language: str, services: Services, names: tuple[str, ...] = ()
) -> Any:
    """
    Make the pages of one register ready.

    Parameters
    ----------
    target
        The register; made if it is not there.
    language
        ``"zh"`` or ``"en"``.
    services
        What the pages may ask of the rest of the program.
    names
        Under which the machine is reached, besides localhost.

    Returns
    -------
    application
        By the WSGI convention.
    """
    boot()
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.db import connections
    from django.utils import translation
    from django.utils.translation import trans_real

    with open_target(target) as register:
        settings.SECRET_KEY = _key(register)
        with spoken(target):
            make_roles(register.alias)
    from hexi_solar.office.web import look

    connections["default"].close()
    del connections["default"]
    connections.databases.pop("default")
    announce("default", target)
    look.close()
    look.SERVED["default"] = target
    settings.LANGUAGE_CODE = "en" if language == "en" else "zh-hans"
    trans_real._default = None  # the language of threads that choose none
    translation.activate(settings.LANGUAGE_CODE)
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *names]
    hand_over(services)
    return get_wsgi_application()


def _key(register: Any) -> str:
    """Return the key that sessions are signed with; it stays with the register."""
    from hexi_solar.office.models import Setting

    with spoken(register.target):
        made, _ = Setting.objects.using(register.alias).get_or_create(
            key="sessions", defaults={"value": secrets.token_urlsafe(50)}
        )
    return str(made.value)


def refuse_open_door(target: Target, host: str) -> None:
    """
    Refuse to serve the network while nobody has to log in.

    Raises
    ------
    RegisterError
        If the host is not this machine alone and there is no login with a strong password.
    """
    if is_local(host):
        return
    with open_target(target) as register:
        if not protected(register):
            raise RegisterError(Problem("office_open_door", {"host": host}))


def is_local(host: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def own_names(host: str) -> tuple[str, ...]:
    """List the names under which a page of this machine may be asked for."""
    if is_local(host):
        return ()
    if host not in ("0.0.0.0", "::"):
        return (host,)
    name = socket.gethostname()
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
    except OSError:
        addresses = set()
    return (name, socket.getfqdn(), *sorted(addresses))


def listen(application: Any, host: str, port: int) -> Any:
    """
    Open the port.

    Raises
    ------
    RegisterError
        If the port is taken or may not be used.
    """
    from django.conf import settings
    from waitress.server import create_server

    # a page asks for several files at once: that some wait their turn is no news
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        return create_server(
            application,
            host=host,
            port=port,
            threads=4,
            ident="hexi-solar",
            max_request_body_size=settings.UPLOAD_MB * 1024 * 1024,
        )
    except (OSError, ValueError) as error:
        facts = {"host": host, "port": port, "found": getattr(error, "strerror", None) or error}
        raise RegisterError(Problem("office_port", facts)) from error
