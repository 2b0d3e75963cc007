"""Filters, and a base that changes nothing, for the admin of model versions."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.versions.models import ModelVersion


class TaskFilter(admin.SimpleListFilter):
    """Versions that can answer a task."""

    title = "task"
    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All tasks that any version answers."""
        names = {task for tasks in ModelVersion.objects.values_list("tasks", flat=True) for task in tasks}
        return [(name, name) for name in sorted(names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
        """Rows whose list names the task; few rows, and not every database can look into JSON."""
        chosen = self.value()
        if chosen is None:
            return queryset
        rows = ModelVersion.objects.values_list("pk", "tasks")
        return queryset.filter(pk__in=[key for key, tasks in rows if chosen in tasks])


class ActiveFilter(admin.SimpleListFilter):
    """Versions that answer a task now."""

    title = "active"
    parameter_name = "active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Yes or no."""
        return [("yes", "Active"), ("no", "Not active")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
        """By the activations that point at the row."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(activations__isnull=chosen == "no").distinct()


if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin  # not subscriptable at run time


class ReadOnly(_Admin):
    """Nothing can be added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False


def headline(row: ModelVersion, task: str | None = None) -> SafeString:
    """The first figure of each task, or of one."""
    shown = {name: figures for name, figures in row.metrics.items() if task in {None, name} and figures}
    firsts = [(name, *next(iter(figures.items()))) for name, figures in shown.items()]
    return format_html_join(
        format_html("<br>"), "{} {} {}", [(name, key, figure(value)) for name, key, value in firsts]
    )


def figure(value: object) -> str:
    """A number in a few digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
