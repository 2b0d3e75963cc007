"""The administrator sees what runs in the background and why something failed."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django_tasks_db.models import DBTaskResult

from apps.jobs import registry
from apps.jobs.models import Job

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Job]
else:
    _Admin = admin.ModelAdmin  # not subscriptable at run time

admin.site.unregister(DBTaskResult)  # the queue's own rows say less than ours


@admin.register(Job)
class JobAdmin(_Admin):
    """Jobs are started where they belong and only looked at here; those that are over may be deleted."""

    list_display = ("id", "title", "state", "done", "message", "attempts", "created_by", "created_at", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("created_by",)
    fields = (
        ("kind", "state", "done"),
        "message",
        ("attempts", "worker"),
        "arguments",
        "result",
        ("created_by", "created_at", "started_at", "heartbeat", "finished_at"),
    )
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Only what is over."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_over)

    @admin.display(description="job")
    def title(self, job: Job) -> str:
        """The kind in words."""
        kind = registry.find(job.kind)
        return kind.title if kind else job.kind

    @admin.display(description="progress")
    def done(self, job: Job) -> str:
        """Per cent."""
        return f"{job.progress:.0%}"
