"""A row as the engine and the checks want it."""

from pathlib import Path
from typing import Any

from django.conf import settings

from apps.versions import store
from apps.versions.models import ModelVersion, Origin
from ml.manifest import NetworkSpec, spec_of

_FIELDS = (
    "version", "title", "tasks", "file", "sha256", "outputs", "input", "labels", "calibration", "precision",
    "licence", "commercial", "source", "training_data", "notes", "metrics",
)  # fmt: skip


def entry_of(row: ModelVersion) -> dict[str, Any]:
    """The row as an entry of the manifest."""
    return {"name": row.network} | {name: getattr(row, name) for name in _FIELDS}


def network_spec(row: ModelVersion) -> NetworkSpec:
    """The row as the engine takes it. Raises KeyError or TypeError when its description is damaged."""
    return spec_of(entry_of(row))


def folder_of(row: ModelVersion) -> Path:
    """Where the row's file lies."""
    return Path(settings.HEXAFACE.weights) if row.origin == Origin.SHIPPED else store.folder()


def file_of(row: ModelVersion) -> Path:
    """The row's file."""
    return folder_of(row) / Path(row.file).name
