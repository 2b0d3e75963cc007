"""Django settings, all derived from `hexaface.config.Config`."""

from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from hexaface import __version__
from hexaface.config import BASE_DIR, Config
from hexaface.secret import read_or_create

HEXAFACE = Config.from_environ()
VERSION = __version__

HEXAFACE.home.mkdir(mode=0o700, parents=True, exist_ok=True)

SECRET_KEY = HEXAFACE.secret_key or read_or_create(HEXAFACE.home / "secret_key")
DEBUG = HEXAFACE.debug
ALLOWED_HOSTS = list(HEXAFACE.allowed_hosts)
ROOT_URLCONF = "hexaface.urls"
WSGI_APPLICATION = "hexaface.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

TASK_APPS = sorted(f"apps.{path.parent.name}" for path in (BASE_DIR / "apps").glob("*/task.py"))
"""A folder with a task.py is a task: nothing else has to be told about it."""

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "ninja",
    "django_tasks",
    "django_tasks_db",
    "apps.core",
    "apps.jobs",
    "apps.versions",
    "apps.evaluation",
    *TASK_APPS,
]

MIDDLEWARE = [
    "apps.core.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.middleware.SecurityHeadersMiddleware",
    "apps.core.middleware.ContentPolicyMiddleware",
    "apps.core.middleware.ErrorMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.site",
            ],
        },
    },
]

# Database: SQLite in write-ahead mode, so that readers never wait for a writer; PostgreSQL by DATABASE_URL.


def _database() -> Any:
    if HEXAFACE.database_url:
        return dj_database_url.parse(HEXAFACE.database_url, conn_max_age=60, conn_health_checks=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HEXAFACE.home / "hexaface.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


DATABASES = {"default": _database()}

# Background jobs: django-tasks carries them, apps.jobs keeps the record. Another queue is a matter of configuration.

_BACKENDS = {
    "database": "django_tasks_db.DatabaseBackend",
    "celery": "hexaface.celery_backend.CeleryBackend",
    "immediate": "django_tasks.backends.immediate.ImmediateBackend",
}
TASKS = {"default": {"BACKEND": _BACKENDS[HEXAFACE.tasks]}}

# Uploads stay in memory and within limits; the limits are checked again when the photograph is decoded.

FILE_UPLOAD_HANDLERS = ["apps.core.uploads.LargeUploadHandler", "apps.core.uploads.MemoryOnlyUploadHandler"]
LARGE_UPLOADS = {
    "/admin/versions/modelversion/add/": ("versions.add_modelversion", HEXAFACE.max_model_bytes),
    "/compare/sets/": ("evaluation.add_evaluationset", HEXAFACE.max_set_bytes),
}
"""Addresses that take more than photographs: the permission that it needs, and the most bytes of one file."""
DATA_UPLOAD_MAX_MEMORY_SIZE = HEXAFACE.max_body_bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# Security

LOGIN_URL = "admin:login"
_FROM_SELF = [SELF]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": _FROM_SELF,
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "script-src": _FROM_SELF,
        "style-src": _FROM_SELF,
        "connect-src": _FROM_SELF,
        "font-src": _FROM_SELF,
        "form-action": _FROM_SELF,
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.views.csrf_failure"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = list(HEXAFACE.trusted_origins)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HEXAFACE.https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HEXAFACE.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HEXAFACE.behind_proxy else None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = HEXAFACE.home / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # no file is ever kept by Django
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
SAMPLES_DIR = BASE_DIR / "static" / "samples"
PLOTS_DIR = BASE_DIR / "docs" / "plots"

# Language and time

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# Logging: one line per event with the request id; bodies, file names and photographs are never logged.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "apps.core.request_ids.RequestIdFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": HEXAFACE.log_level},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": ["console"], "propagate": False},
        "django_tasks": {"level": "WARNING"},  # apps.jobs says when a job begins and ends
        "django_tasks_db": {"level": "WARNING"},
    },
}
