"""The administrator sees model versions; this page does not change them."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.versions.models import Activation, ModelVersion

admin.site.site_header = admin.site.site_title = "HexaFace"
admin.site.index_title = "Administration"


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


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly):
    """List and card of model versions."""

    list_display = (
        "__str__",
        "title",
        "tasks_shown",
        "active_for",
        "headline",
        "licence",
        "commercial",
        "size",
        "origin",
    )
    list_filter = (TaskFilter, ActiveFilter, "commercial", "licence", "origin")
    search_fields = ("network", "version", "title", "licence", "source", "training_data", "sha256")
    fields = (
        ("network", "version"),
        "title",
        "tasks_shown",
        "active_for",
        "metrics_shown",
        ("licence", "commercial"),
        "source",
        "training_data",
        "notes",
        ("file", "size"),
        "sha256",
        ("origin", "added_by", "added_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        """With activations, in one more query."""
        found: QuerySet[ModelVersion] = super().get_queryset(request)
        return found.prefetch_related("activations")

    @admin.display(description="tasks")
    def tasks_shown(self, row: ModelVersion) -> str:
        """Tasks by name."""
        return ", ".join(row.tasks)

    @admin.display(description="active for")
    def active_for(self, row: ModelVersion) -> str:
        """Tasks that it answers now."""
        return ", ".join(activation.task for activation in row.activations.all()) or "-"

    @admin.display(description="measured")
    def headline(self, row: ModelVersion) -> SafeString:
        """The first figure of each task."""
        firsts = [(task, *next(iter(figures.items()))) for task, figures in row.metrics.items() if figures]
        return format_html_join(
            format_html("<br>"), "{} {} {}", [(task, name, _figure(value)) for task, name, value in firsts]
        )

    @admin.display(description="metrics")
    def metrics_shown(self, row: ModelVersion) -> SafeString:
        """All figures as a table."""
        rows = [
            (task, name, _figure(value)) for task, figures in row.metrics.items() for name, value in figures.items()
        ]
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        head = format_html("<thead><tr><th>Task</th><th>Figure</th><th>Value</th></tr></thead>")
        return format_html("<table>{}<tbody>{}</tbody></table>", head, body) if rows else format_html("not measured")

    @admin.display(description="size", ordering="size_bytes")
    def size(self, row: ModelVersion) -> str:
        """Megabytes."""
        return f"{row.size_bytes / 1e6:.1f} MB"


@admin.register(Activation)
class ActivationAdmin(ReadOnly):
    """Which version answers each task."""

    list_display = ("task", "version", "changed_by", "changed_at")
    search_fields = ("task", "version__network")


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
