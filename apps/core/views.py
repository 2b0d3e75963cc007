"""Pages. One view serves every task: what differs is data (registry) and the template of the result."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View
from django.views.decorators.http import require_safe

from apps.core import model_reports, registry, services
from apps.core.errors import MESSAGES, Failure, failure_of
from apps.core.forms import TaskForm, form_class
from apps.core.request_ids import request_id_of
from ml.errors import FaceError

RESULT_TEMPLATE = "core/result.html"
OLD_PAGE = (
    "The page was open for too long, or somebody logged in or out meanwhile. Reload it and send the photograph again."
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The nine tasks and analyze."""
    return render(request, "home.html", {"tasks": registry.tasks()})


class TaskView(View):
    """The page of one task: GET shows the form, POST answers; htmx gets the fragment with the result only."""

    http_method_names = ("get", "head", "post")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the task."""
        super().setup(request, *args, **kwargs)
        task = registry.find(kwargs["slug"])
        if task is None:
            raise Http404(MESSAGES["not_found"])
        self.task = task

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG002
        """Show the form."""
        return render(request, "task.html", {"task": self.task, "form": form_class(self.task)()})

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG002
        """Answer with a page, or with the fragment for htmx."""
        form = form_class(self.task)(request.POST, request.FILES)
        context: dict[str, Any] = {"task": self.task, "form": form, "request_id": request_id_of(request)}
        status, headers = 200, {}
        try:
            context |= self._answer(form, request_id_of(request))
        except FaceError as error:
            failure = failure_of(error)
            status, headers = failure.status.value, failure.headers
            context["error"] = failure.as_dict()
        template = RESULT_TEMPLATE if is_htmx(request) else "task.html"
        response = render(request, template, context, status=status)
        for name, value in headers.items():
            response[name] = value
        return response

    def _answer(self, form: TaskForm, request_id: str) -> dict[str, Any]:
        outcome = services.run(task=self.task, given=form.to_input(), request_id=request_id, previews=True)
        photos = list(outcome.previews)
        return {
            "report": outcome.report,
            "report_json": json.dumps(outcome.report, indent=2),
            "photos": photos,
            "photo": photos[0] if len(photos) == 1 else None,
            "distributions": model_reports.distributions("verify") if self.task.kind == "verify" else None,
        }


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def error_page(request: HttpRequest, failure: Failure) -> HttpResponse:
    """An error as a page, or as the fragment for htmx."""
    context = {"error": failure.as_dict(), "request_id": request_id_of(request)}
    template = RESULT_TEMPLATE if is_htmx(request) else "error.html"
    response = render(request, template, context, status=failure.status)
    for name, value in failure.headers.items():
        response[name] = value
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """400."""
    return error_page(request, Failure("invalid_request", MESSAGES["invalid_request"]))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """403."""
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403 for a form whose token is not right: the page was open for long, or somebody logged in or out beside it."""
    if is_htmx(request):
        return error_page(request, Failure("forbidden", OLD_PAGE))
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    if is_htmx(request):
        return error_page(request, Failure("internal", MESSAGES["internal"]))
    return render(request, "500.html", {"request_id": request_id_of(request)}, status=500)
