"""Keep the rows of shipped networks in step with the manifest; leave alone what an administrator added or chose."""

import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from apps.versions.models import Activation, ActivationEvent, ModelVersion, Origin, State
from ml import manifest
from ml.manifest import NetworkSpec

WHY: Final = "Shipped with the portal."
GONE: Final = "No longer shipped."


@dataclass(frozen=True)
class SyncResult:
    """What a sync did."""

    added: int
    changed: int
    gone: int
    kept: int


@transaction.atomic
def sync_from_manifest(*, weights: Path) -> SyncResult:
    """Add and update rows of shipped networks and the activations that nobody chose by hand. Doing it twice changes nothing.

    Networks that have left the manifest cannot answer any more, whoever chose them: the shipped choice does.

    Raises:
        NotReady: the manifest is missing or damaged.
    """
    shipped = manifest.load(weights / "manifest.toml")
    outcomes = [_sync_version(spec, weights) for spec in shipped.networks.values()]
    gone = _retire_all_but(shipped.networks)
    for task, key in shipped.active.items():
        _sync_activation(task, shipped.networks[key])
    return SyncResult(outcomes.count("added"), outcomes.count("changed"), gone, outcomes.count("kept"))


def _retire_all_but(networks: Collection[str]) -> int:
    rows = ModelVersion.objects.filter(origin=Origin.SHIPPED, state=State.AVAILABLE)
    gone = [row.pk for row in rows if row.key not in networks]
    return ModelVersion.objects.filter(pk__in=gone).update(state=State.FAILED, reason=GONE)


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
        "state": State.AVAILABLE,
        "reason": "",
        "title": spec.title,
        "tasks": list(spec.tasks),
        "file": spec.file,
        "sha256": spec.sha256,
        "size_bytes": path.stat().st_size if path.is_file() else 0,
        "input": _plain(dataclasses.asdict(spec.input)),
        "outputs": list(spec.outputs),
        "labels": _plain(spec.labels),
        "calibration": _plain(spec.calibration),
        "precision": spec.precision,
        "licence": spec.licence,
        "commercial": spec.commercial,
        "source": spec.source,
        "training_data": spec.training_data,
        "notes": spec.notes,
        "metrics": _plain(spec.metrics),
    }


def _plain(values: Mapping[str, Any]) -> Any:
    """As the database gives it back: lists instead of tuples."""
    return json.loads(json.dumps(dict(values)))


def _sync_activation(task: str, spec: NetworkSpec) -> None:
    version = ModelVersion.objects.get(network=spec.name, version=spec.version)
    row = Activation.objects.select_related("version").filter(task=task).first()
    before, why = "", WHY
    if row is None:
        row = Activation(task=task)
    else:
        able = row.version.state == State.AVAILABLE
        if row.version_id == version.pk or (row.chosen and able):
            return
        before, why = row.version.key, WHY if able else f"{row.version} is no longer shipped."
    row.version, row.changed_by, row.chosen = version, None, False
    row.save()
    ActivationEvent.objects.create(task=task, from_key=before, to_key=version.key, to_sha256=version.sha256, why=why)
