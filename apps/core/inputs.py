"""What a program sends: JSON with base64 or multipart with files, read into the same bytes and options with the same errors.

No URL and no path is ever opened: text that is not base64 is refused.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Never, get_args, get_origin

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from pydantic import ValidationError
from pydantic_core import from_json

from apps.core.errors import REQUEST_ERRORS, as_face_error
from apps.core.options import Options
from apps.core.registry import TaskPage
from ml.errors import FaceError, InvalidRequest, TooLarge, UnsupportedMedia

JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"
_DATA_URI: Final = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w.+-]+=[\w.+-]+)*;base64,", re.ASCII | re.IGNORECASE)
_BLANKS: Final = {ord(blank): None for blank in " \t\r\n"}
_MAX_COMMAS: Final = 1_000
"""In a JSON body. They part its values and base64 has none: counting them bounds what is built from it, however it is nested."""
_MAX_TEXT: Final = 10_000  # characters of an option in multipart
_PYTHONS: Final = {"True": "true", "False": "false", "None": "null"}
"""How Python's libraries write these into a form."""
_MAX_TOLD: Final = 20  # unknown options


@dataclass(frozen=True)
class TaskInput:
    """The photographs of one request as bytes, in the order of the task's fields, and its options."""

    images: tuple[bytes, ...]
    options: Options


def read(request: HttpRequest, task: TaskPage) -> TaskInput:
    """Read a request to the API.

    Raises:
        InvalidRequest: not JSON, unknown or wrong options, a missing photograph, text that is not base64.
        TooLarge: more bytes than the limits allow.
        UnsupportedMedia: neither JSON nor multipart.
    """
    try:
        fields = _fields(request, task)
    except REQUEST_ERRORS as error:
        raise as_face_error(error) from error
    images = tuple(_image(name, fields.pop(name, None)) for name in task.images)
    return TaskInput(images, validate(task.options, fields))


def validate(model: type[Options], values: Mapping[str, Any]) -> Options:
    """The options as a model.

    Raises:
        InvalidRequest: details name the first unknown options, the wrong ones and why they are wrong, and the allowed ones.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise _refusal(model, error) from error


def _refusal(model: type[Options], error: ValidationError) -> InvalidRequest:
    unknown, wrong = [], {}
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(problem["loc"][0])
        if problem["type"] == "extra_forbidden":
            unknown.append(name[:100])
        else:
            wrong[name] = problem["msg"].removeprefix("Value error, ")
    unknown = unknown[:_MAX_TOLD]
    parts = [f"unknown option {name}" for name in unknown] + [f"{name}: {why}" for name, why in wrong.items()]
    details: dict[str, Any] = {"unknown": unknown, "wrong": wrong, "allowed": list(model.model_fields)}
    return InvalidRequest(f"The options are not right: {'; '.join(parts[:10])}.", details)


def _fields(request: HttpRequest, task: TaskPage) -> dict[str, Any]:
    if request.content_type == MULTIPART:
        return _multipart_fields(request, task)
    if request.content_type == JSON:
        return _json_fields(request)
    raise UnsupportedMedia(
        f"Send {JSON} or {MULTIPART}, not {request.content_type or 'a request without content type'}.",
        {"accepted": [JSON, MULTIPART]},
    )


def _json_fields(request: HttpRequest) -> dict[str, Any]:
    if request.body.count(b",") > _MAX_COMMAS:
        raise _too_many()
    try:
        fields = from_json(request.body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise InvalidRequest("The body must be a JSON object.")
    if len(fields) > settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:  # Django holds multipart to it
        raise _too_many()
    return fields


def _too_many() -> InvalidRequest:
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    return InvalidRequest(f"The body holds too many values; at most {most} fields are read.", {"max_fields": most})


def _multipart_fields(request: HttpRequest, task: TaskPage) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, values in request.POST.lists():
        fields[name] = values[0] if name in task.images else _from_texts(name, values, task.options)
    for name, files in request.FILES.lists():
        if len(files) != 1 or name in fields:
            raise InvalidRequest(f"{name} was sent more than once.")
        fields[name] = files[0]
    return fields


def _from_texts(name: str, texts: list[Any], model: type[Options]) -> Any:
    field = model.model_fields.get(name)
    if field is None:
        return texts
    if sum(map(len, texts)) > _MAX_TEXT:
        raise InvalidRequest(f"{name} is too long.", {"wrong": {name: f"more than {_MAX_TEXT:,} characters"}})
    if _is_list(field.annotation):
        return [part.strip() for text in texts for part in text.split(",")]
    if len(texts) != 1:
        raise InvalidRequest(f"{name} was sent more than once.")
    text = _PYTHONS.get(texts[0], texts[0])
    if _is_text(field.annotation):
        return None if text == "null" and type(None) in get_args(field.annotation) else texts[0]
    return _value(name, text)


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", annotation) is list


def _is_text(annotation: Any) -> bool:
    choices = (annotation, *get_args(annotation)) if get_origin(annotation) is not dict else ()
    return any(choice is str or isinstance(choice, str) or get_origin(choice) is Annotated for choice in choices)


def _value(name: str, text: str) -> Any:
    """A number, true, false, an object or nothing, written as in JSON."""
    try:
        value = json.loads(text.strip() or "null", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"{name} must be a number, true, false or a JSON object.", {"wrong": {name: "not JSON"}}
        ) from error
    return value


def _refuse_constant(constant: str) -> Never:
    raise ValueError(constant)


def _image(name: str, value: Any) -> bytes:
    if isinstance(value, UploadedFile):
        return file_bytes(value)
    if isinstance(value, str) and value:
        return _from_base64(name, value)
    if value is None or value == "":
        raise InvalidRequest(f"{name} is missing.", {"missing": [name]})
    raise InvalidRequest(f"{name} must be a base64 text or a file.")


def file_bytes(file: "UploadedFile[Any]") -> bytes:
    """The bytes of an upload. Raises TooLarge when there were more than the handler kept."""
    _check_size(file.size or 0)
    data: bytes = file.read()
    return data


def _from_base64(name: str, text: str) -> bytes:
    header = _DATA_URI.match(text[:200])
    body = text[header.end() if header else 0 :].translate(_BLANKS)
    _check_size(len(body) * 3 // 4 - 2)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        wanted = "base64 or a data URI with base64; addresses and paths are not opened"
        raise InvalidRequest(f"{name} is not {wanted}.", {"wrong": {name: "not base64"}}) from error


def _check_size(size: int) -> None:
    limit = settings.HEXAFACE.max_upload_bytes
    if size > limit:
        error: FaceError = TooLarge(
            f"The photograph has {size:,} bytes; at most {limit:,} are read.", {"max_bytes": limit}
        )
        raise error
