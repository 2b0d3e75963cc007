"""The record of background jobs. The queue only carries their numbers; what counts is written here."""

from django.conf import settings
from django.db import models


class State(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class Job(models.Model):
    """One piece of background work. `run` names the attempt that may write to the row; an older attempt finds it changed and stops."""

    kind = models.CharField(max_length=50)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0.0, help_text="0 to 1.")
    message = models.TextField(blank=True, help_text="What is being done, or why it failed.")
    attempts = models.PositiveSmallIntegerField(default=0)
    result = models.JSONField(null=True, blank=True)
    run = models.CharField(max_length=32, blank=True, editable=False)
    worker = models.CharField(max_length=200, blank=True, help_text="Host and process of the last attempt.")
    task_id = models.CharField(max_length=64, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField("last sign of life", null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-pk",)
        indexes = (models.Index(fields=("state",)),)

    def __str__(self) -> str:
        """Number and kind."""
        return f"{self.kind} {self.pk}"

    @property
    def is_over(self) -> bool:
        """Done or failed."""
        return self.state in {State.DONE, State.FAILED}
