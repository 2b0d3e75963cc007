"""Model versions and which of them answers each task."""

from django.conf import settings
from django.db import models


class Origin(models.TextChoices):
    """Where a version came from."""

    SHIPPED = "shipped", "shipped with the portal"
    ADDED = "added", "added by an administrator"


class ModelVersion(models.Model):
    """One network in one version: the file, its terms and what it measured."""

    network = models.CharField(max_length=100)
    version = models.CharField(max_length=50)
    title = models.CharField(max_length=200, blank=True)
    tasks = models.JSONField(default=list, help_text="Tasks that this network can answer.")
    file = models.CharField(max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    licence = models.CharField(max_length=200, blank=True)
    commercial = models.BooleanField(
        "commercial use", default=False, help_text="Whether the terms allow commercial use."
    )
    source = models.TextField(blank=True)
    training_data = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    metrics = models.JSONField(default=dict, help_text="Figures by task.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.ADDED)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A network has each version once."""

        ordering = ("network", "-version")
        verbose_name = "model version"
        constraints = (models.UniqueConstraint(fields=("network", "version"), name="one_row_per_version"),)

    def __str__(self) -> str:
        """Network and version."""
        return f"{self.network} {self.version}"


class Activation(models.Model):
    """The version that answers a task now. One row per task; without `changed_by` it is the shipped choice."""

    task = models.CharField(max_length=50, unique=True)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="activations")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Tasks in order of their names."""

        ordering = ("task",)
        verbose_name = "active version"

    def __str__(self) -> str:
        """Task and version."""
        return f"{self.task}: {self.version}"
