"""What answers now, what answered before, and what each server process does: looked at, not edited."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.versions.admin_parts import ReadOnly, headline
from apps.versions.models import Activation, ActivationEvent, ProcessState
from ml.active import SWITCHABLE


@admin.register(Activation)
class ActivationAdmin(ReadOnly):
    """Which version answers each task, how well it measured, and the way back."""

    list_display = ("task", "version_shown", "headline", "changed_by", "changed_at", "way_back")
    list_display_links = None
    list_select_related = ("version", "changed_by")
    search_fields = ("task", "version__network")
    actions = None

    @admin.display(description="answered by", ordering="version__network")
    def version_shown(self, row: Activation) -> SafeString:
        """A link to the version."""
        address = reverse("admin:versions_modelversion_change", args=(row.version_id,))
        return format_html('<a href="{}">{}</a>', address, row.version)

    @admin.display(description="measured")
    def headline(self, row: Activation) -> SafeString:
        """The first figure for this task."""
        return headline(row.version, row.task)

    @admin.display(description="change")
    def way_back(self, row: Activation) -> SafeString:
        """Other versions of the task, and back to the one before."""
        if row.task not in SWITCHABLE:
            return format_html("the detector is an option of each request")
        others = reverse("admin:versions_modelversion_changelist") + f"?task={row.task}"
        back = reverse("admin:versions_roll_back", args=(row.task,)) if row.chosen else ""
        link = format_html('<a href="{}">Other versions</a>', others)
        return format_html('{} · <a href="{}">Roll back</a>', link, back) if back else link


@admin.register(ActivationEvent)
class ActivationEventAdmin(ReadOnly):
    """Who activated what, when and why."""

    list_display = ("at", "task", "from_key", "to_key", "who_name", "why")
    list_filter = ("task",)
    search_fields = ("task", "from_key", "to_key", "who_name", "why")
    date_hierarchy = "at"
    actions = None


@admin.register(ProcessState)
class ProcessStateAdmin(ReadOnly):
    """What each server process serves."""

    list_display = ("process", "task", "wanted", "serving", "error", "seen_at")
    list_filter = ("task",)
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A warning where a process lags behind."""
        if ProcessState.objects.exclude(error="").exists():
            messages.warning(request, "A process goes on with an earlier version: see the column Error.")
        return super().changelist_view(request, extra_context)
