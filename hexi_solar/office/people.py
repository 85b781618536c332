"""Who may open the office in the browser, and what they may do there.

A viewer reads, an editor records, an admin also looks after logins. Passwords are checked
for strength before they are taken and kept as argon2 hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hexi_solar.errors import Problem, RegisterError
from hexi_solar.labels import text
from hexi_solar.office.trouble import spoken

if TYPE_CHECKING:
    from hexi_solar.office.store import Register

_VIEW = ("office.view_event",)
_CONTACT = tuple(f"office.{what}_contact" for what in ("view", "add", "change", "delete"))
_LOGIN = tuple(f"auth.{what}_user" for what in ("view", "add", "change", "delete"))
ROLES = {
    "viewer": _VIEW,
    "editor": (*_VIEW, "office.add_event", *_CONTACT),
    "admin": (*_VIEW, "office.add_event", *_CONTACT, *_LOGIN, "auth.view_group"),
}


SHORTEST = 12


class LongEnough:
    """Asks for passwords of some length, in the reader's language."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse a short one."""
        from django.core.exceptions import ValidationError

        if len(password) < SHORTEST:
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        """Say what is asked for."""
        from django.utils import translation

        language = "en" if translation.get_language() == "en" else "zh"
        return text("office.longer", language, count=SHORTEST)


@dataclass(frozen=True)
class Login:
    """One person who may log in."""

    name: str
    role: str
    active: bool
    strong: bool
    """Has a password, kept as an argon2 hash."""


def add_login(register: Register, name: str, role: str, password: str, language: str) -> None:
    """
    Let someone log in, or give them a new role and password.

    Raises
    ------
    RegisterError
        If there is no such role, or the password is weak: with every reason.
    """
    if role not in ROLES:
        raise RegisterError(Problem("office_role", {"found": role, "known": ", ".join(ROLES)}))
    with spoken(register.target):
        roles = make_roles(register.alias)
        users = _users(register)
        login = users.filter(username=name).first() or users.model(username=name)
        _check_password(password, login, language)
        login.set_password(password)
        login.is_staff, login.is_active, login.is_superuser = True, True, False
        login.save(using=register.alias)
        login.groups.set([roles[role]])


def remove_login(register: Register, name: str) -> None:
    """
    Take a login away; what it recorded stays recorded.

    Raises
    ------
    RegisterError
        If there is none of that name.
    """
    with spoken(register.target):
        count, _ = _users(register).filter(username=name).delete()
    if not count:
        raise RegisterError(Problem("office_no_login", {"name": name}))


def logins(register: Register) -> list[Login]:
    """List who may log in."""
    with spoken(register.target):
        return [
            Login(
                user.username,
                ", ".join(sorted(group.name for group in user.groups.all())),
                user.is_active,
                user.password.startswith("argon2"),
            )
            for user in _users(register).order_by("username")
        ]


def protected(register: Register) -> bool:
    """Tell whether somebody can log in with a strong password: only then is the network let in."""
    return any(login.active and login.strong for login in logins(register))


def make_roles(alias: str) -> dict[str, Any]:
    """Make the roles with their permissions; return them by name."""
    from django.contrib.auth.models import Group, Permission

    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.using(alias).select_related("content_type")
    }
    made = {}
    for role, names in ROLES.items():
        made[role], _ = Group.objects.using(alias).get_or_create(name=role)
        made[role].permissions.set([known[name] for name in names])
    return made


def _users(register: Register) -> Any:
    from django.contrib.auth.models import User

    return User.objects.using(register.alias)


def _check_password(password: str, login: Any, language: str) -> None:
    """Refuse a weak password, with every reason in the reader's language."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.utils import translation

    with translation.override("zh-hans" if language == "zh" else "en"):
        try:
            validate_password(password, login)
        except ValidationError as error:
            raise RegisterError(
                *(Problem("office_password", {"found": reason}) for reason in error.messages)
            ) from None
