"""Public pages about model versions."""

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.versions import catalogue
from apps.versions.models import ModelVersion


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """Which network answers each task, under which terms, how well it measured; and which other versions there are."""
    context = {"rows": catalogue.by_task(catalogue.active()), "versions": catalogue.versions()}
    return render(request, "models.html", context)


@require_safe
def version(request: HttpRequest, network: str, version: str) -> HttpResponse:
    """One version: card, figures, drawings, history, use."""
    row = _found(network, version)
    context = {
        "card": catalogue.card(row),
        "active_for": catalogue.active_for(row),
        "history": catalogue.history(row),
        "use": catalogue.use(row),
        "plots": catalogue.plots(row),
        "has_report": catalogue.report_path(row) is not None,
    }
    return render(request, "version.html", context)


@require_safe
def report(request: HttpRequest, network: str, version: str) -> HttpResponseBase:  # noqa: ARG001
    """The report with all figures, as JSON."""
    path = catalogue.report_path(_found(network, version))
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), content_type="application/json")


@require_safe
@csp_update({"style-src": [UNSAFE_INLINE]})  # type: ignore[arg-type]  # the drawings carry their own style element
def plot(request: HttpRequest, name: str) -> HttpResponseBase:  # noqa: ARG001
    """A drawing of a version's figures."""
    path = catalogue.plot_path(name)
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), content_type="image/svg+xml")


def _found(network: str, version: str) -> ModelVersion:
    row = catalogue.find(network, version)
    if row is None:
        raise Http404
    return row
