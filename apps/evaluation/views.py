"""Comparisons: start one, watch it, read it."""

from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.engine import get_admission
from apps.core.preview import jpeg_of
from apps.core.views import is_htmx
from apps.evaluation import services, sets
from apps.evaluation.access import COMPARE, SHADOW, allowed
from apps.evaluation.forms import CompareForm, ShadowForm
from apps.evaluation.models import Comparison, Shadow
from apps.jobs.models import State
from apps.jobs.reaper import reap
from ml.differing import RULES, UNITS
from ml.errors import FaceError

LATEST: Final = 20
THUMBNAIL: Final = 192


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(COMPARE)
def index(request: HttpRequest) -> HttpResponse:
    """The form for a task, its candidate, and the latest comparisons."""
    sets.sync_data_sets()
    task = task_of(request)
    form = CompareForm(task, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = services.compare(
                task=task,
                first=form.cleaned_data["first"],
                second=form.cleaned_data["second"],
                chosen=form.cleaned_data["set"],
                created_by_id=request.user.pk,
            )
        except services.Refused as error:
            form.add_error(None, str(error))
        else:
            return redirect("evaluation:detail", pk=row.pk)
    return overview(request, task, form=form)


def overview(request: HttpRequest, task: str, **forms: Any) -> HttpResponse:
    """The page of a task; a form that was refused comes with its errors."""
    rows = Comparison.objects.select_related("first", "second", "job").filter(task=task)[:LATEST]
    context: dict[str, Any] = {
        "task": task,
        "task_names": services.TASKS,
        "form": CompareForm(task),
        "shadow_form": ShadowForm(task),
        "shadow": Shadow.objects.select_related("candidate").filter(task=task).first(),
        "rule": RULES[task],
        "unit": UNITS[task],
        "rows": rows,
        "may_shadow": request.user.has_perm(SHADOW),
    }
    refused = any(form.is_bound for form in forms.values())
    return render(request, "evaluation/index.html", context | forms, status=400 if refused else 200)


def task_of(request: HttpRequest) -> str:
    """The task that the address or the form names; the first one without."""
    task = request.POST.get("task") or request.GET.get("task") or services.TASKS[0]
    if task not in services.TASKS:
        raise SuspiciousOperation("There is no such task.")
    return task


@require_safe
@allowed(COMPARE)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Progress while it runs, figures afterwards."""
    return render(request, "evaluation/detail.html", {"row": _row(pk)})


@require_safe
@allowed(COMPARE)
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes; it reloads the page when the work is over."""
    row = _row(pk)
    if not is_htmx(request):
        return redirect("evaluation:detail", pk=pk)
    response = render(request, "evaluation/progress.html", {"row": row})
    if row.job is None or row.job.is_over:
        response["HX-Redirect"] = reverse("evaluation:detail", args=[pk])
    return response


@require_safe
@allowed(COMPARE)
def photo(request: HttpRequest, pk: int, number: int, part: int) -> HttpResponse:  # noqa: ARG001
    """A small picture of a photograph on which both versions disagree, and of no other."""
    row = _row(pk)
    shown = (row.report or {}).get("disagreements", {}).get("shown", [])
    if row.set is None or number >= len(shown) or part >= len(shown[number]["files"]):
        raise Http404
    with get_admission().place():
        try:
            small = jpeg_of(sets.photo_of(row.set, shown[number]["files"][part]), THUMBNAIL)
        except FaceError as error:
            raise Http404 from error
    return HttpResponse(small, content_type="image/jpeg")


def _row(pk: int) -> Comparison:
    row = get_object_or_404(Comparison.objects.select_related("first", "second", "set", "job", "created_by"), pk=pk)
    if row.job is not None and row.job.state == State.RUNNING and reap():
        row.job.refresh_from_db()
    return row
