"""The job that compares two versions."""

import time
from typing import Any

from django.conf import settings

from apps.evaluation import sets
from apps.evaluation.models import Comparison
from apps.jobs.registry import JobFailed, Progress, kind
from apps.versions.description import file_of, folder_of, network_spec
from apps.versions.models import ModelVersion
from ml import figures, footprint
from ml.comparing import Comparer
from ml.errors import FaceError
from ml.finding import Finder
from ml.runtime import LiteRtNetwork, Networks
from ml.tasks.base import Choices

MEASURED = 0.92
"""Share of the work that is done when all photographs have been seen."""


@kind("compare", title="Compare two versions")
def compare(progress: Progress, *, comparison: int) -> dict[str, Any]:
    """Run both versions over the set and keep the figures with the comparison."""
    row = Comparison.objects.select_related("first", "second", "set").filter(pk=comparison).first()
    if row is None or row.set is None:
        raise JobFailed("The comparison or its evaluation set was deleted.")
    start = time.monotonic()
    report = _measure(row, progress)
    progress(MEASURED, "measuring memory")
    report["memory"] = {"first": _memory(row.first), "second": _memory(row.second)}
    report["seconds"] = round(time.monotonic() - start, 1)
    Comparison.objects.filter(pk=row.pk).update(report=report)
    return {"images": report["images"], "disagreements": report["disagreements"]["count"]}


def _measure(row: Comparison, progress: Progress) -> dict[str, Any]:
    assert row.set is not None  # noqa: S101
    finder = Finder(Networks(settings.HEXAFACE.weights, threads=1))
    networks = (_network(row.first), _network(row.second))
    comparer = Comparer(
        task=row.task,
        networks=networks,
        finder=finder,
        skip=row.set.skip,
        choices=Choices(emotion_labels=row.set.emotion_labels),
    )
    with sets.opened(row.set) as open_set:
        outcome = comparer.run(
            open_set.items, open_set.read, lambda share, message: progress(share * MEASURED, message)
        )
    progress(MEASURED, "drawing intervals")
    return figures.report(row.task, outcome)


def _network(version: ModelVersion) -> LiteRtNetwork:
    try:
        return LiteRtNetwork(network_spec(version), folder_of(version), 1)
    except (FaceError, KeyError, TypeError, ValueError) as error:
        raise JobFailed(f"{version} cannot be loaded: {error}") from error


def _memory(version: ModelVersion) -> int | None:
    spec = network_spec(version)
    channels = 1 if spec.input.colour == "gray" else 3
    return footprint.in_child(file_of(version), (1, *spec.input.fixed_size, channels), spec.precision)
