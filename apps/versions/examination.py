"""The check of an added version's file, in child processes with limits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.versions import store
from apps.versions.description import entry_of, file_of
from apps.versions.models import ModelVersion, Origin
from ml import checking, converting, sandbox


def examine(version: ModelVersion) -> dict[str, Any]:
    """{"ok": True, ...} or {"ok": False, "reason": ...}, as ml.checking reports; a Keras file is converted first."""
    config = settings.HEXAFACE
    limits: dict[str, Any] = {"max_bytes": config.max_model_bytes, "seconds": config.check_seconds}
    if version.file.endswith(store.KERAS):
        report = _convert(version, limits)
        if not report["ok"]:
            return report
    return checking.check(
        file_of(version),
        entry_of(version),
        version.tasks,
        weights=Path(config.weights),
        probes=sorted(Path(settings.SAMPLES_DIR).glob("*.jpg")),
        **limits,
    )


def _convert(version: ModelVersion, limits: Mapping[str, Any]) -> dict[str, Any]:
    """From now on the row's file is the LiteRT file; the Keras file goes."""
    with sandbox.work_folder() as folder:
        target = Path(folder) / "network"
        report = converting.convert(file_of(version), version.outputs, target, **limits)
        if not report["ok"]:
            return report
        stored = store.keep([target.read_bytes()])
    keras = version.file
    version.file, version.sha256, version.size_bytes = stored.name, stored.sha256, stored.size_bytes
    version.outputs = report["outputs"]
    there = ModelVersion.objects.filter(pk=version.pk).update(
        file=stored.name, sha256=stored.sha256, size_bytes=stored.size_bytes, outputs=report["outputs"]
    )
    drop_unused(keras if there else stored.name)
    return report


def drop_unused(name: str) -> None:
    """Remove a file unless a row has it: two may share one, and it goes with the last of them."""
    if not ModelVersion.objects.filter(file=name, origin=Origin.ADDED).exists():
        store.drop(name)
