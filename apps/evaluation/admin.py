"""The administrator finds comparisons, sets and candidates here; they are started and stopped on the pages below /compare/."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.evaluation.models import Comparison, EvaluationSet, Shadow

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin  # not subscriptable at run time


class _Seen(_Admin):
    """What can be seen and deleted; adding leads to the page where it is done."""

    page = "evaluation:index"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """To the page."""
        return redirect(self.page)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False


@admin.register(Comparison)
class ComparisonAdmin(_Seen):
    """Comparisons; the name leads to the figures."""

    list_display = ("__str__", "set_name", "created_by", "created_at")
    list_filter = ("task",)
    list_select_related = ("first", "second", "created_by")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """To the figures."""
        if self.get_object(request, object_id) is None:
            return super().change_view(request, object_id, form_url, extra_context)  # which says so
        return redirect(reverse("evaluation:detail", args=[object_id]))


@admin.register(EvaluationSet)
class EvaluationSetAdmin(_Seen):
    """Sets; deleting one deletes its photographs."""

    page = "evaluation:sets"
    list_display = ("name", "task", "emotion_labels", "images", "rows", "created_by", "created_at")
    list_filter = ("task",)
    list_select_related = ("created_by",)


@admin.register(Shadow)
class ShadowAdmin(_Seen):
    """Candidates and their counts."""

    list_display = (
        "task",
        "candidate",
        "active_key",
        "share",
        "running",
        "reason",
        "compared",
        "disagreements",
        "dropped",
    )
    list_select_related = ("candidate",)
