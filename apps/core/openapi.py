"""What OpenAPI says beyond the types: request bodies in both encodings, examples, error cases, the request id."""

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from apps.core.examples import answer_example, request_example
from apps.core.registry import TaskPage

DESCRIPTION: Final = """\
Nine tasks on photographs of faces, answered on this server. Send a photograph as a multipart file, or as base64 or a data URI in JSON:

    curl -F image=@photo.jpg http://localhost:8000/api/v1/age

Coordinates are pixels of the upright photograph, x to the right and y down; "left" is the left of the image. Probabilities are 0 to 1.
Unknown options are refused. Errors have one shape, and every answer has an `x-request-id`.

[The portal](/) · [models, figures and licences](/models/)
"""
EXTRA: Final[dict[str, Any]] = {
    "info": {"license": {"name": "Licences of the networks", "url": "/models/"}},
    "tags": [
        {"name": "tasks", "description": "One endpoint per task."},
        {"name": "models", "description": "Which network answers."},
    ],
}
_PHOTO: Final = "JPEG, PNG, WebP, BMP, GIF (first frame) or HEIC."
_HEADER: Final = {
    "name": "x-request-id",
    "in": "header",
    "required": False,
    "description": "Your own id for this request: up to 64 letters, digits, dots, dashes or underscores. It comes back.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
}
_MEANINGS: Final = {
    HTTPStatus.BAD_REQUEST: "invalid_request (options, JSON, base64) or invalid_image (damaged photograph)",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large: more bytes or pixels than the limits allow",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media: neither JSON nor multipart, or not a photograph",
    HTTPStatus.UNPROCESSABLE_ENTITY: "no_face: details say what was tried",
    HTTPStatus.TOO_MANY_REQUESTS: "busy: try again after Retry-After seconds",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal: the request id helps the administrator",
    HTTPStatus.SERVICE_UNAVAILABLE: "not_ready: a network is missing or not loaded",
}


def statuses(task: TaskPage) -> list[HTTPStatus]:
    """Error statuses that a task can answer with."""
    never = {HTTPStatus.UNPROCESSABLE_ENTITY} if task.slug in {"detect", "synthesis"} else set()
    return [status for status in _MEANINGS if status not in never]


def task_extra(task: TaskPage, answer: type[BaseModel]) -> dict[str, Any]:
    """Request body, header, error meanings and an example answer of a task's operation."""
    responses: dict[Any, Any] = {status: _error(status) for status in statuses(task)}
    responses[HTTPStatus.OK] = {
        "description": (answer.__doc__ or "The answer.").strip().split("\n")[0],
        "headers": _id_header(),
        "content": {"application/json": {"example": answer_example(task)}},
    }
    return {"parameters": [_HEADER], "requestBody": _body(task), "responses": responses}


def models_extra() -> dict[str, Any]:
    """Header and descriptions of the models operation."""
    responses = {
        HTTPStatus.OK: {"description": "Cards by task.", "headers": _id_header()},
        HTTPStatus.SERVICE_UNAVAILABLE: _error(HTTPStatus.SERVICE_UNAVAILABLE),
    }
    return {"parameters": [_HEADER], "responses": responses}


def _body(task: TaskPage) -> dict[str, Any]:
    json_image = {"type": "string", "description": f"{_PHOTO} As base64 or as a data URI."}
    file_image = {"type": "string", "format": "binary", "description": _PHOTO}
    return {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _schema(task, file_image)},  # first: the docs then offer to choose a file
            "application/json": {"schema": _schema(task, json_image), "example": request_example(task)},
        },
    }


def _schema(task: TaskPage, image: dict[str, Any]) -> dict[str, Any]:
    schema = task.options.model_json_schema()
    properties = dict.fromkeys(task.images, image) | schema["properties"]
    required = {"required": list(task.images)} if task.images else {}
    return {"type": "object", "additionalProperties": False, "properties": properties} | required


def _error(status: HTTPStatus) -> dict[str, Any]:
    code = _MEANINGS[status].split(":")[0].split(" ")[0]
    example = {"error": {"code": code, "message": "A sentence for people.", "details": {}}, "request_id": "5f2c9d"}
    described = {
        "description": _MEANINGS[status],
        "headers": _id_header(),
        "content": {"application/json": {"example": example}},
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        described["headers"] = _id_header() | {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return described


def _id_header() -> dict[str, Any]:
    return {"x-request-id": {"description": "The id of this request.", "schema": {"type": "string"}}}
