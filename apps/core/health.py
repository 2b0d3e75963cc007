"""For those who watch over the server: is it alive, and can it answer?"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from apps.core.engine import get_admission, is_loaded


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Networks are loaded and warm and the database answers: 200, otherwise 503."""
    checks = {"networks": is_loaded(), "database": _database_answers()}
    ready = all(checks.values())
    admission = get_admission()
    body = {
        "status": "ready" if ready else "not_ready",
        "checks": checks,
        "work": {"running": admission.busy, "waiting": admission.waiting},
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
