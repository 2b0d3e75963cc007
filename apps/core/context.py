"""What every page may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.core import registry


def site(request: HttpRequest) -> dict[str, Any]:
    """The tasks, for navigation; the version; the request id, for people who report a problem."""
    return {"tasks": registry.tasks(), "version": settings.VERSION, "request_id": getattr(request, "request_id", "")}
