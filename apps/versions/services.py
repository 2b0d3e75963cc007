"""Keep the rows of shipped networks in step with the manifest; leave alone what an administrator added or chose."""

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from apps.versions.models import Activation, ModelVersion, Origin
from ml import manifest
from ml.manifest import NetworkSpec


@dataclass(frozen=True)
class SyncResult:
    """What a sync did."""

    added: int
    changed: int
    kept: int


@transaction.atomic
def sync_from_manifest(*, weights: Path) -> SyncResult:
    """Add and update rows of shipped networks and the activations that nobody chose by hand. Doing it twice changes nothing.

    Raises:
        NotReady: the manifest is missing or damaged.
    """
    shipped = manifest.load(weights / "manifest.toml")
    outcomes = [_sync_version(spec, weights) for spec in shipped.networks.values()]
    for task, key in shipped.active.items():
        _sync_activation(task, shipped.networks[key])
    return SyncResult(outcomes.count("added"), outcomes.count("changed"), outcomes.count("kept"))


def _sync_version(spec: NetworkSpec, weights: Path) -> str:
    values = _values(spec, weights)
    row = ModelVersion.objects.filter(network=spec.name, version=spec.version).first()
    if row is None:
        ModelVersion.objects.create(network=spec.name, version=spec.version, origin=Origin.SHIPPED, **values)
        return "added"
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if row.origin != Origin.SHIPPED or not changed:
        return "kept"
    for name in changed:
        setattr(row, name, values[name])
    row.save(update_fields=changed)
    return "changed"


def _values(spec: NetworkSpec, weights: Path) -> dict[str, object]:
    path = weights / spec.file
    return {
        "title": spec.title,
        "tasks": list(spec.tasks),
        "file": spec.file,
        "sha256": spec.sha256,
        "size_bytes": path.stat().st_size if path.is_file() else 0,
        "licence": spec.licence,
        "commercial": spec.commercial,
        "source": spec.source,
        "training_data": spec.training_data,
        "notes": spec.notes,
        "metrics": {task: dict(figures) for task, figures in spec.metrics.items()},
    }


def _sync_activation(task: str, spec: NetworkSpec) -> None:
    version = ModelVersion.objects.get(network=spec.name, version=spec.version)
    row, created = Activation.objects.get_or_create(task=task, defaults={"version": version})
    if not created and row.changed_by_id is None and row.version_id != version.pk:
        row.version = version
        row.save(update_fields=["version", "changed_at"])
