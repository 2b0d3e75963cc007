"""Candidates in shadow mode: start, stop, begin again from zero."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.evaluation import services
from apps.evaluation.access import SHADOW, allowed
from apps.evaluation.forms import ShadowForm
from apps.evaluation.models import Shadow
from apps.evaluation.views import overview, task_of


@require_POST
@allowed(SHADOW)
def start(request: HttpRequest) -> HttpResponse:
    """Let a candidate run beside the active version."""
    task = task_of(request)
    form = ShadowForm(task, request.POST)
    if form.is_valid():
        try:
            services.start_shadow(
                task=task,
                candidate=form.cleaned_data["candidate"],
                share=form.cleaned_data["share"],
                started_by_id=request.user.pk,
            )
        except services.Refused as error:
            form.add_error(None, str(error))
        else:
            return _back(task)
    return overview(request, task, shadow_form=form)


@require_POST
@allowed(SHADOW)
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop it; the counts stay to be read."""
    row = get_object_or_404(Shadow, pk=pk)
    services.stop_shadow(row, reason=f"Stopped by {request.user.get_username()}.")
    return _back(row.task)


@require_POST
@allowed(SHADOW)
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Start the same candidate again from zero."""
    row = get_object_or_404(Shadow.objects.select_related("candidate"), pk=pk)
    try:
        services.start_shadow(task=row.task, candidate=row.candidate, share=row.share, started_by_id=request.user.pk)
    except services.Refused as error:
        services.stop_shadow(row, reason=str(error))
    return _back(row.task)


def _back(task: str) -> HttpResponse:
    return redirect(f"{reverse('evaluation:index')}?task={task}#shadow")
