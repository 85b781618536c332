"""Django's settings: one register, its people, nothing from the network.

The register itself is named when it is opened (`boot`); what stands here never changes.
"""

from __future__ import annotations

import secrets
from typing import Any

DATABASES: dict[str, Any] = {"default": {"ENGINE": "django.db.backends.dummy"}}
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "hexi_solar.office.apps.Office",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# replaced by one that is kept in the register when it is served
SECRET_KEY = secrets.token_urlsafe(50)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_CHECKS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "hexi_solar.office.people.LongEnough"},
    {"NAME": f"{_CHECKS}.CommonPasswordValidator"},
    {"NAME": f"{_CHECKS}.NumericPasswordValidator"},
    {"NAME": f"{_CHECKS}.UserAttributeSimilarityValidator"},
]
LANGUAGE_CODE = "zh-hans"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
DEBUG = False
LOGGING_CONFIG = None
