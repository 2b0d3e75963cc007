"""Evaluation sets: upload one, see them, delete one."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.evaluation import sets
from apps.evaluation.access import ADD_SET, COMPARE, DELETE_SET, allowed
from apps.evaluation.forms import SetForm
from apps.evaluation.models import EvaluationSet
from apps.evaluation.services import TASKS
from ml import labelled
from ml.labelled import LabelError


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(COMPARE)
def index(request: HttpRequest) -> HttpResponse:
    """All sets, and the form for a new one."""
    form = SetForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not request.user.has_perm(ADD_SET):
            raise PermissionDenied
        problems = _take_in(request, form) if form.is_valid() else []
        if problems is None:
            return redirect("evaluation:sets")
        return _page(request, form, problems, status=400)
    sets.sweep()
    return _page(request, form, [])


@require_POST
@allowed(DELETE_SET)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a set and its photographs."""
    row = get_object_or_404(EvaluationSet, pk=pk)
    row.delete()
    messages.success(request, f"{row.name} and its photographs were deleted.")
    return redirect("evaluation:sets")


def _take_in(request: HttpRequest, form: SetForm) -> list[str] | None:
    """Keep the set; what is wrong with it, or None."""
    given = form.cleaned_data
    file = given["archive"]
    if file.size > settings.HEXAFACE.max_set_bytes:
        return [f"The archive has {file.size:,} bytes; at most {settings.HEXAFACE.max_set_bytes:,} are read."]
    try:
        row = sets.take_in(
            name=given["name"],
            task=given["task"],
            emotion_labels=given["emotion_labels"],
            skip=given["skip"],
            chunks=file.chunks(),
            created_by_id=request.user.pk,
        )
    except LabelError as error:
        return error.problems
    messages.success(request, f"{row.name} was checked and kept: {row.images:,} photographs.")
    return None


def _page(request: HttpRequest, form: SetForm, problems: list[str], *, status: int = 200) -> HttpResponse:
    limits = sets.limits()
    context: dict[str, Any] = {
        "rows": [(row, sets.is_there(row)) for row in EvaluationSet.objects.select_related("created_by")],
        "form": form,
        "problems": problems,
        "limits": limits,
        "tables": [(task, labelled.table_name(task), _shown(labelled.columns(task))) for task in TASKS],
        "task_names": TASKS,
        "may_add": request.user.has_perm(ADD_SET),
        "may_delete": request.user.has_perm(DELETE_SET),
    }
    return render(request, "evaluation/sets.html", context, status=status)


def _shown(columns: tuple[str, ...]) -> str:
    return ", ".join(columns) if len(columns) < 6 else f"{', '.join(columns[:4])}, … {columns[-1]}"
