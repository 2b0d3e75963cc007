"""Every request has an id: it is in the answer, in its header and on each line of the log."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER: Final = "x-request-id"
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current_id: ContextVar[str] = ContextVar("request_id", default="-")


def request_id_of(request: HttpRequest) -> str:
    """The id that RequestIdMiddleware gave to the request."""
    return getattr(request, "request_id", "-")


class RequestIdFilter(logging.Filter):
    """Puts the id of the request at hand on every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attribute; Django's own lines about a response come after the request has ended, but carry it."""
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "request_id", None) or _current_id.get()
        return True


class RequestIdMiddleware:
    """Gives every request an id: the client's own when it is short and plain, a new one otherwise. Every response carries it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        given = request.headers.get(HEADER, "")
        request_id = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        token = _current_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            _current_id.reset(token)
            _forget_body(request)
        response[HEADER] = request_id
        return response


def _forget_body(request: HttpRequest) -> None:
    """A request is part of a ring of references and lives on until Python collects rings; its photographs must not."""
    for name in ("_body", "_stream"):
        request.__dict__.pop(name, None)
