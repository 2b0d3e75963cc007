"""The JSON API. Its endpoints come from the registry: one per task, documented from the same options and result types."""

from collections.abc import Callable
from http import HTTPStatus

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger
from pydantic_core import to_json

from apps.core import openapi, registry, services
from apps.core.errors import failure_of
from apps.core.inputs import JSON, read
from apps.core.registry import TaskPage
from apps.core.request_ids import request_id_of
from apps.core.schemas import ErrorAnswer, answer_type
from ml.errors import FaceError

VERSION = "1"


def _build() -> NinjaAPI:
    api = NinjaAPI(
        title="HexaFace",
        version=VERSION,
        description=openapi.DESCRIPTION,
        urls_namespace="api",
        docs=Swagger({"defaultModelsExpandDepth": 0, "displayRequestDuration": True, "validatorUrl": None}),
        # Swagger's page sets style attributes; nothing else on the site may
        docs_decorator=csp_update({"style-src": [UNSAFE_INLINE]}),
        openapi_extra=openapi.EXTRA,
    )
    api.exception_handler(FaceError)(_on_face_error)
    for task in registry.tasks():
        _add_task(api, task)
    return api


def _on_face_error(request: HttpRequest, error: FaceError | type[FaceError]) -> HttpResponse:
    if isinstance(error, type):
        raise TypeError(error)
    return failure_of(error).response(request_id_of(request))


def _add_task(api: NinjaAPI, task: TaskPage) -> None:
    statuses = openapi.statuses(task)
    register = api.post(
        f"/v1/{task.slug}",
        operation_id=task.slug,
        summary=task.title,
        description=task.summary,
        tags=["tasks"],
        url_name=f"v1-{task.slug}",
        response={HTTPStatus.OK: answer_type(task), **dict.fromkeys(statuses, ErrorAnswer)},
        openapi_extra=openapi.task_extra(task, answer_type(task)),
    )
    register(_endpoint(task))


def _endpoint(task: TaskPage) -> Callable[[HttpRequest], HttpResponse]:
    def endpoint(request: HttpRequest) -> HttpResponse:
        outcome = services.run(task=task, given=read(request, task), request_id=request_id_of(request))
        return HttpResponse(to_json(outcome.report, inf_nan_mode="null"), content_type=JSON)

    return endpoint


api = _build()
