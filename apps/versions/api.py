"""GET /api/v1/models."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI

from apps.core import openapi
from apps.core.request_ids import request_id_of
from apps.core.schemas import ErrorAnswer, ModelsAnswer
from apps.versions import catalogue


def add_models(api: NinjaAPI) -> None:
    """Add the endpoint to the API."""

    @api.get(
        "/v1/models",
        operation_id="models",
        summary="Model versions",
        description="The network that answers each task, and every available version: licence, source, metrics.",
        tags=["models"],
        url_name="v1-models",
        response={HTTPStatus.OK: ModelsAnswer, HTTPStatus.SERVICE_UNAVAILABLE: ErrorAnswer},
        openapi_extra=openapi.models_extra(),
    )
    def models(request: HttpRequest) -> HttpResponse:
        body = {"models": catalogue.active(), "versions": catalogue.versions(), "request_id": request_id_of(request)}
        return JsonResponse(body)
