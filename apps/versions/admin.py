"""The administrator adds, activates and rolls back model versions; rows themselves are not edited."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.versions import admin_activations, admin_views, services
from apps.versions.admin_parts import ActiveFilter, ReadOnly, TaskFilter, figure, headline
from apps.versions.forms import UploadForm
from apps.versions.models import ModelVersion, Origin, State

admin.site.site_header = admin.site.site_title = "HexaFace"
admin.site.index_title = "Administration"
__all__ = ["ModelVersionAdmin", "admin_activations"]

_CARD = (
    (None, {"fields": (("network", "version"), "title", "state_shown", "tasks_shown", "active_for", "metrics_shown")}),
    ("Terms", {"fields": (("licence", "commercial"), "source", "training_data", "notes")}),
    ("Network", {"fields": ("input_shown", "outputs_shown", "labels_shown", "precision", "check_shown")}),
    ("File", {"fields": (("file", "size"), "sha256", ("origin", "added_by", "added_at"))}),
)
_FORM = (
    (None, {"fields": ("upload", "description", "network", "version", "title", "tasks")}),
    ("Terms", {"fields": ("licence", "commercial", "source", "training_data", "notes")}),
    (
        "Input and outputs",
        {
            "fields": (
                ("height", "width"),
                "align",
                "margin",
                "colour",
                "mean",
                "scale",
                "outputs",
                "labels",
                "calibration",
                "precision",
            )
        },
    ),
)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly):
    """List and card of model versions; adding one by upload; buttons that lead to `admin_views`."""

    list_display = (
        "__str__",
        "title",
        "state_shown",
        "tasks_shown",
        "active_for",
        "headline",
        "licence",
        "commercial",
        "size",
        "origin",
    )
    list_filter = (TaskFilter, ActiveFilter, "state", "commercial", "licence", "origin")
    search_fields = ("network", "version", "title", "licence", "source", "training_data", "sha256")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """By permission."""
        return bool(request.user.has_perm(services.ADD))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of added versions that do not answer, by permission."""
        free = obj is None or (obj.origin == Origin.ADDED and not obj.activations.all())
        return free and bool(request.user.has_perm("versions.delete_modelversion"))

    def delete_model(self, request: HttpRequest, obj: ModelVersion) -> None:
        """The file goes too."""
        services.delete(version=obj, user=request.user)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The card again, with the reason, when the version was activated meanwhile."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except services.Refused as refused:
            messages.error(request, str(refused))
            return admin_views.to_card(int(object_id))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """The upload's form for a new version."""
        return UploadForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The form or the card."""
        return _FORM if obj is None else _CARD

    def save_model(self, request: HttpRequest, obj: ModelVersion, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001
        """Store the upload."""
        upload = form.cleaned_data["upload"]
        row = services.add_upload(values=form.values, content=upload.chunks(), user=request.user)  # type: ignore[attr-defined]
        obj.pk = row.pk

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The check comes after Django's transaction: it would keep every other writer waiting."""
        try:
            response = super().add_view(request, form_url, extra_context)
        except services.Refused as refused:
            messages.error(request, str(refused))
            return redirect("admin:versions_modelversion_add")
        pk = getattr(request, "added_version", None)
        if pk is not None:
            admin_views.check(request, ModelVersion.objects.get(pk=pk))
        return response

    def response_add(
        self, request: HttpRequest, obj: ModelVersion, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the card, which says how the check went."""
        request.added_version = obj.pk  # type: ignore[attr-defined]
        return admin_views.to_card(obj.pk)

    def get_urls(self) -> list[URLPattern]:
        """The buttons' addresses."""
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/activate/<slug:task>/", wrap(admin_views.ActivateView.as_view()), name="versions_activate"),
            path("roll-back/<slug:task>/", wrap(admin_views.RollBackView.as_view()), name="versions_roll_back"),
            path("<int:pk>/check/", wrap(admin_views.CheckView.as_view()), name="versions_check"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The card with buttons, history and processes."""
        row = self.get_object(request, object_id)
        extra = {} if row is None else admin_views.card_context(request, row)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        """With activations, in one more query."""
        found: QuerySet[ModelVersion] = super().get_queryset(request)
        return found.prefetch_related("activations")

    @admin.display(description="state", ordering="state")
    def state_shown(self, row: ModelVersion) -> str:
        """The state, and why if it failed; an active version says so under "active for"."""
        return f"{row.get_state_display()}: {row.reason}" if row.state == State.FAILED else row.get_state_display()

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
        return headline(row)

    @admin.display(description="metrics")
    def metrics_shown(self, row: ModelVersion) -> SafeString:
        """All figures as a table."""
        rows = [(task, name, figure(value)) for task, figures in row.metrics.items() for name, value in figures.items()]
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        head = format_html("<thead><tr><th>Task</th><th>Figure</th><th>Value</th></tr></thead>")
        return format_html("<table>{}<tbody>{}</tbody></table>", head, body) if rows else format_html("not measured")

    @admin.display(description="input")
    def input_shown(self, row: ModelVersion) -> str:
        """How it is fed."""
        return _pairs(row.input)

    @admin.display(description="outputs")
    def outputs_shown(self, row: ModelVersion) -> str:
        """By name."""
        return ", ".join(row.outputs)

    @admin.display(description="labels")
    def labels_shown(self, row: ModelVersion) -> str:
        """Where their order is not ours."""
        return _pairs(row.labels) or "in our order"

    @admin.display(description="check")
    def check_shown(self, row: ModelVersion) -> str:
        """What the check found."""
        if row.origin == Origin.SHIPPED:
            return "its hash is checked at each start"
        return _pairs({name: value for name, value in row.check_report.items() if name not in {"ok", "sha256"}}) or "-"

    @admin.display(description="size", ordering="size_bytes")
    def size(self, row: ModelVersion) -> str:
        """Megabytes."""
        return f"{row.size_bytes / 1e6:.1f} MB"


def _pairs(values: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in values.items())
