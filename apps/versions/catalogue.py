"""What anybody may know of model versions: no file names, no people, no reasons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import Q

from apps.core import usage
from apps.core.engine import get_engine, model_card
from apps.versions.entries import NAME, VERSION
from apps.versions.models import ActivationEvent, ModelVersion, Origin, State, VersionUse

HISTORY: Final = 50
_FIELDS: Final = (
    "network", "version", "title", "tasks", "licence", "commercial", "source", "training_data", "notes", "sha256", "precision", "metrics",
)  # fmt: skip
_PLOT: Final = re.compile(r"[A-Za-z0-9.+-]{1,200}\.svg", re.ASCII)


@dataclass(frozen=True)
class Use:
    """Requests since the activation, and how fast: half and 95 of 100 took at most so many milliseconds."""

    task: str
    requests: int
    since: datetime
    p50_ms: float | None
    p95_ms: float | None


def active() -> dict[str, dict[str, Any]]:
    """Task -> card of the network that answers in this process."""
    return {task: model_card(spec) for task, spec in get_engine().active.items()}


def versions() -> list[dict[str, Any]]:
    """Cards of all versions that may answer, with the tasks that each answers now."""
    rows = ModelVersion.objects.filter(state=State.AVAILABLE).order_by("network", "-version")
    return [card(row) | {"active_for": active_for(row)} for row in rows]


def active_for(row: ModelVersion) -> list[str]:
    """Tasks that the version answers in this process."""
    return [task for task, spec in get_engine().active.items() if spec.key == row.key]


def card(row: ModelVersion) -> dict[str, Any]:
    """The public part of a row."""
    return {name: getattr(row, name) for name in _FIELDS} | {
        "size_bytes": row.size_bytes,
        "shipped": row.origin == Origin.SHIPPED,
    }


def find(network: str, version: str) -> ModelVersion | None:
    """A version that may answer."""
    if not (NAME.fullmatch(network) and VERSION.fullmatch(version)):
        return None
    return ModelVersion.objects.filter(network=network, version=version, state=State.AVAILABLE).first()


def history(row: ModelVersion) -> list[dict[str, Any]]:
    """When the version began and ceased to answer which task, newest first."""
    events = ActivationEvent.objects.filter(Q(to_key=row.key) | Q(from_key=row.key)).order_by("-at", "-pk")[:HISTORY]
    return [
        {
            "at": event.at,
            "task": event.task,
            "began": event.to_key == row.key,
            "other": event.from_key if event.to_key == row.key else event.to_key,
        }
        for event in events
    ]


def use(row: ModelVersion) -> list[Use]:
    """Requests that the version has answered, by task."""
    found = VersionUse.objects.filter(key=row.key, requests__gt=0)
    return [
        Use(
            entry.task,
            entry.requests,
            entry.since,
            usage.percentile(entry.buckets, 0.5),
            usage.percentile(entry.buckets, 0.95),
        )
        for entry in found
    ]


def report_path(row: ModelVersion) -> Path | None:
    """The report with all figures of a shipped version."""
    path = Path(settings.HEXAFACE.weights) / "reports" / f"{row.network}-{row.version}.json"
    return path if row.origin == Origin.SHIPPED and path.is_file() else None


def plots(row: ModelVersion) -> list[tuple[str, str]]:
    """Names of the drawings of a shipped version's figures, and what they show."""
    if row.origin != Origin.SHIPPED:
        return []
    prefix = f"{row.network}-{row.version}-"
    longer = ModelVersion.objects.filter(network=row.network, version__startswith=f"{row.version}-")
    others = tuple(f"{other.network}-{other.version}-" for other in longer)
    names = sorted(path.name for path in settings.PLOTS_DIR.glob(f"{prefix}*.svg") if not path.name.startswith(others))
    return [(name, name.removeprefix(prefix).removesuffix(".svg").replace("-", " ")) for name in names]


def plot_path(name: str) -> Path | None:
    """The drawing of that name; no other file is ever found."""
    path: Path = settings.PLOTS_DIR / name
    return path if _PLOT.fullmatch(name) and path.is_file() else None


def by_task(cards: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the models page: one per task, with that task's figures only."""
    sizes = {row.key: row.size_bytes for row in ModelVersion.objects.all()}
    return [
        entry
        | {
            "task": task,
            "metrics": entry["metrics"].get(task, {}),
            "size_bytes": sizes.get(f"{entry['network']} {entry['version']}", 0),
        }
        for task, entry in cards.items()
    ]
