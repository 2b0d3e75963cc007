"""Every error as one status, one code and one JSON shape."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from ml.errors import FaceError, InvalidRequest, TooLarge

STATUS: Final = {
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "invalid_image": HTTPStatus.BAD_REQUEST,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unsupported_media": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "no_face": HTTPStatus.UNPROCESSABLE_ENTITY,
    "busy": HTTPStatus.TOO_MANY_REQUESTS,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "not_ready": HTTPStatus.SERVICE_UNAVAILABLE,
}
MESSAGES: Final = {
    "invalid_request": "The request cannot be understood.",
    "forbidden": "This is not allowed.",
    "not_found": "There is nothing at this address.",
    "method_not_allowed": "This address does not take that method.",
    "too_large": "The request is too large.",
    "internal": "Something went wrong on the server. The request id helps the administrator to find it.",
    "not_ready": "The server is not ready.",
}
REQUEST_ERRORS: Final = (SuspiciousOperation, MultiPartParserError, UnreadablePostError)
"""What Django raises while it reads a request that makes no sense."""


@dataclass(frozen=True)
class Failure:
    """An error on its way to the client."""

    code: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> HTTPStatus:
        """HTTP status of the code."""
        return STATUS[self.code]

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to the error."""
        retry = self.details.get("retry_after")
        return {} if retry is None else {"Retry-After": str(retry)}

    def as_dict(self) -> dict[str, Any]:
        """The `error` object of the contract."""
        return {"code": self.code, "message": self.message, "details": self.details}

    def response(self, request_id: str) -> HttpResponse:
        """The JSON answer."""
        body = {"error": self.as_dict(), "request_id": request_id}
        return JsonResponse(body, status=self.status, headers=self.headers)


def failure_of(error: FaceError) -> Failure:
    """The failure that an error of the engine or of our own checks means."""
    return Failure(error.code, error.message, error.details)


def failure_with_status(status: int) -> Failure:
    """The failure for a status that some other layer has chosen."""
    exact = {value: code for code, value in STATUS.items() if code not in {"invalid_image", "forbidden"}}
    fallback = "internal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
    code = "forbidden" if status == HTTPStatus.FORBIDDEN else exact.get(HTTPStatus(status), fallback)
    return Failure(code, MESSAGES.get(code, MESSAGES["invalid_request"]))


def as_face_error(error: Exception) -> FaceError:
    """Django's complaint about a request in our own words."""
    if isinstance(error, RequestDataTooBig):
        return TooLarge(MESSAGES["too_large"])
    if isinstance(error, TooManyFieldsSent):
        return InvalidRequest(f"The form has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields.")
    if isinstance(error, TooManyFilesSent):
        return InvalidRequest(f"The form has more than {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files.")
    return InvalidRequest(f"{MESSAGES['invalid_request']} {error}".strip())
