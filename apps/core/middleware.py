"""Middleware: early size limits, security headers, and one error shape for everything below /api."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from csp.constants import HEADER as POLICY_HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.core.chunked import BEYOND
from apps.core.errors import Failure, failure_of, failure_with_status
from apps.core.request_ids import request_id_of
from apps.core.uploads import large_upload
from ml.errors import FaceError

GetResponse = Callable[[HttpRequest], HttpResponseBase]

API_PREFIX: Final = "/api/"
_FIELDS_BYTES: Final = 1_000_000  # room for the other fields of a form
_PERMISSIONS: Final = "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


class ErrorMiddleware:
    """Below /api every error is JSON in the one shape, whichever layer it comes from; never a page, never a traceback.

    Elsewhere an error of the engine that no view expected (networks that cannot be loaded) becomes a page.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        response = self.get_response(request)
        plain = response.status_code >= HTTPStatus.BAD_REQUEST and not response.get("Content-Type", "").startswith(
            "application/json"
        )
        if not (plain and request.path_info.startswith(API_PREFIX)):
            return response
        answer = failure_with_status(response.status_code).response(request_id_of(request))
        for name in ("Allow", "Retry-After"):
            if name in response:
                answer[name] = response[name]
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer errors of the engine; leave others to Django."""
        if isinstance(exception, FaceError):
            return refusal(request, failure_of(exception))
        return None


class SecurityHeadersMiddleware:
    """Headers that Django has no setting for, and no caching of answers about faces."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path_info.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp with the site's own policy built once, not for every answer; what a view changes is built by django-csp."""

    @functools.cached_property
    def _usual(self) -> str:
        return str(build_policy())

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Add the header."""
        special = self.get_policy_parts(request, response) != PolicyParts() or hasattr(response, "_csp_exempt")
        if special or settings.DEBUG:  # Django's debug pages go without
            return super().process_response(request, response)
        response.headers.setdefault(POLICY_HEADER, self._usual)
        return response


class BodyLimitMiddleware:
    """Refuses a request that announces more bytes than any task takes, before they are read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        limit = _body_limit(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) <= limit:
            return self.get_response(request)
        if not length.isdecimal():
            return refusal(request, Failure("invalid_request", "Content-Length is not a number."))
        if int(length) == BEYOND:
            limit = settings.HEXAFACE.max_body_bytes
            message = f"The request has no Content-Length, and more than the {limit:,} bytes that are read then."
        else:
            message = f"The request has {int(length):,} bytes; at most {limit:,} are read."
        return refusal(request, Failure("too_large", message, {"max_bytes": limit}))


def _body_limit(request: HttpRequest) -> int:
    usual: int = settings.HEXAFACE.max_body_bytes
    large = large_upload(request)
    return usual if large is None else max(usual, large.max_bytes + _FIELDS_BYTES)


def refusal(request: HttpRequest, failure: Failure) -> HttpResponse:
    """The failure as JSON below /api, as a page elsewhere."""
    if request.path_info.startswith(API_PREFIX):
        return failure.response(request_id_of(request))
    from apps.core.views import error_page  # noqa: PLC0415 (views need the registry, which needs the apps)

    return error_page(request, failure)
