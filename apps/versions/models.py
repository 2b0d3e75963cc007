"""Model versions, which of them answers each task, and what became of both."""

from typing import Any, Never

from django.conf import settings
from django.db import models


class Origin(models.TextChoices):
    """Where a version came from."""

    SHIPPED = "shipped", "shipped with the portal"
    ADDED = "added", "added by an administrator"


class State(models.TextChoices):
    """Whether a version may answer. That it answers now is said by an Activation."""

    AVAILABLE = "available", "available"
    CHECKING = "checking", "being checked"
    FAILED = "failed", "failed"


class ModelVersion(models.Model):
    """One network in one version: the file, how it is fed, its terms and what it measured."""

    network = models.CharField(max_length=100)
    version = models.CharField(max_length=50)
    title = models.CharField(max_length=200, blank=True)
    tasks = models.JSONField(default=list, help_text="Tasks that this network can answer.")
    state = models.CharField(max_length=10, choices=State, default=State.AVAILABLE)
    reason = models.TextField(blank=True, help_text="Why it failed.")
    file = models.CharField(max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    input = models.JSONField(default=dict, help_text="How the network wants its pixels, as in the manifest.")
    outputs = models.JSONField(default=list, help_text="Names of the outputs in the order of the file.")
    labels = models.JSONField(default=dict, help_text="Labels of an output where their order is not ours.")
    calibration = models.JSONField(default=dict, help_text="Constants by task.")
    precision = models.CharField(max_length=10, default="float32", help_text="In which its convolutions are counted.")
    licence = models.CharField(max_length=200, blank=True)
    commercial = models.BooleanField(
        "commercial use", default=False, help_text="Whether the terms allow commercial use."
    )
    source = models.TextField(blank=True)
    training_data = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    metrics = models.JSONField(default=dict, help_text="Figures by task.")
    check_report = models.JSONField(default=dict, help_text="What the check of the file found.")
    checked_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.ADDED)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A network has each version once."""

        ordering = ("network", "-version")
        verbose_name = "model version"
        constraints = (models.UniqueConstraint(fields=("network", "version"), name="one_row_per_version"),)
        permissions = (("activate_modelversion", "Can activate model versions and roll them back"),)

    def __str__(self) -> str:
        """Network and version."""
        return self.key

    @property
    def key(self) -> str:
        """Network and version in one string, as the engine names it."""
        return f"{self.network} {self.version}"


class Activation(models.Model):
    """The version that answers a task now. One row per task; `chosen` by a person, or else as shipped."""

    task = models.CharField(max_length=50, unique=True)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="activations")
    chosen = models.BooleanField(default=False, help_text="Whether a person chose it; the shipped choice may change.")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Tasks in order of their names."""

        ordering = ("task",)
        verbose_name = "active version"

    def __str__(self) -> str:
        """Task and version."""
        return f"{self.task}: {self.version}"


class ActivationEvent(models.Model):
    """One change of what answers a task. Names instead of links: the trail stays when versions and people go."""

    task = models.CharField(max_length=50)
    from_key = models.CharField("from", max_length=151, blank=True)
    to_key = models.CharField("to", max_length=151)
    to_sha256 = models.CharField("SHA-256", max_length=64)
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    who_name = models.CharField("by", max_length=150, blank=True)
    why = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ("-at", "-pk")
        verbose_name = "change of the active version"
        verbose_name_plural = "changes of active versions"
        indexes = (models.Index(fields=("task", "-at"), name="events_of_a_task"),)

    def __str__(self) -> str:
        """Task, from, to."""
        return f"{self.task}: {self.from_key or 'nothing'} to {self.to_key}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        if not self._state.adding:
            raise TypeError("what has happened is not changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:  # noqa: ARG002
        """Never."""
        raise TypeError("what has happened is not deleted")


class ProcessState(models.Model):
    """What a server process is asked to serve for a task, what it serves, and why if these differ."""

    process = models.CharField(max_length=120)
    task = models.CharField(max_length=50)
    wanted = models.CharField(max_length=151)
    serving = models.CharField(max_length=151)
    error = models.TextField(blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        """One row per process and task."""

        ordering = ("process", "task")
        verbose_name = "server process"
        verbose_name_plural = "server processes"
        constraints = (models.UniqueConstraint(fields=("process", "task"), name="one_row_per_process_and_task"),)

    def __str__(self) -> str:
        """Process, task and network."""
        return f"{self.process}: {self.task} by {self.serving}"


class VersionUse(models.Model):
    """Requests that a version has answered for a task since it was last activated, over all processes, and how fast."""

    task = models.CharField(max_length=50)
    key = models.CharField(max_length=151)
    since = models.DateTimeField()
    requests = models.PositiveBigIntegerField(default=0)
    buckets = models.JSONField(default=list, help_text="Requests by time in steps of a fifth, from one millisecond on.")

    class Meta:
        """One row per task and version."""

        ordering = ("task", "key")
        constraints = (models.UniqueConstraint(fields=("task", "key"), name="one_row_per_task_and_version"),)

    def __str__(self) -> str:
        """Task, version and count."""
        return f"{self.key} for {self.task}: {self.requests}"
