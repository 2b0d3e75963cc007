"""Evaluation sets, comparisons of two versions, and candidates beside the active version."""

from django.conf import settings
from django.db import models

from apps.jobs.models import Job
from apps.versions.models import ModelVersion
from ml.tasks.base import USUAL
from ml.tasks.emotion import LABELS


class EvaluationSet(models.Model):
    """Photographs with labels for one task. Those of an upload lie in a folder named by `token` until the row is deleted."""

    name = models.CharField(max_length=100, unique=True)
    task = models.CharField(max_length=50)
    skip = models.BooleanField("cut to one face", default=False, help_text="Each image is one face; none is left out.")
    emotion_labels = models.CharField(
        "whose labels", max_length=20, choices=[(name, name) for name in LABELS], default=USUAL.emotion_labels
    )
    token = models.CharField(max_length=64, blank=True, editable=False)
    source = models.CharField(max_length=50, blank=True, help_text="Data set in HEXAFACE_DATA; empty for an upload.")
    images = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0, help_text="Labels or pairs.")
    size_bytes = models.PositiveBigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By task, then by name."""

        ordering = ("task", "name")
        verbose_name = "evaluation set"

    def __str__(self) -> str:
        """Name."""
        return self.name


class Comparison(models.Model):
    """Two versions on one set. The figures stay when the set is deleted; the photographs do not."""

    task = models.CharField(max_length=50)
    first = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    set = models.ForeignKey(EvaluationSet, null=True, blank=True, on_delete=models.SET_NULL)
    set_name = models.CharField(max_length=100)
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL)
    report = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        """Task and versions."""
        return f"{self.task}: {self.first} and {self.second}"


class Shadow(models.Model):
    """A candidate that is asked beside the active version of a task, on a share of live photographs. Counts only; no photograph."""

    task = models.CharField(max_length=50, unique=True)
    candidate = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    active_key = models.CharField("beside", max_length=151)
    share = models.FloatField(default=0.1, help_text="Share of photographs, 0 to 1.")
    running = models.BooleanField(default=True)
    reason = models.CharField("stopped because", max_length=300, blank=True)
    photographs = models.PositiveBigIntegerField(default=0)
    compared = models.PositiveBigIntegerField(default=0, help_text="Faces, or pairs of faces.")
    disagreements = models.PositiveBigIntegerField(default=0)
    difference_sum = models.FloatField(default=0.0)
    candidate_ms_sum = models.FloatField(default=0.0)
    dropped = models.PositiveBigIntegerField(
        default=0, help_text="Photographs that were left out: the server had other work."
    )
    failures = models.PositiveIntegerField(default=0, help_text="Since the candidate last answered.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By task."""

        ordering = ("task",)
        verbose_name = "candidate in shadow mode"
        verbose_name_plural = "candidates in shadow mode"

    def __str__(self) -> str:
        """Task and candidate."""
        return f"{self.task}: {self.candidate} beside {self.active_key}"

    @property
    def disagreement(self) -> float | None:
        """Share of compared faces on which both disagree."""
        return self.disagreements / self.compared if self.compared else None

    @property
    def mean_difference(self) -> float | None:
        """In the task's unit."""
        return self.difference_sum / self.compared if self.compared else None

    @property
    def mean_ms(self) -> float | None:
        """Milliseconds of the candidate per face."""
        return self.candidate_ms_sum / self.compared if self.compared else None
