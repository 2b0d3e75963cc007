"""Full measurements of a network: weights/reports/<name>-<version>.json, read when a page wants to draw them."""

import functools
import json
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core.engine import get_engine
from ml.manifest import NetworkSpec


def distributions(task: str) -> dict[str, Any] | None:
    """Histogram of similarities of same and different pairs that a task's network was measured with, if its report has one."""
    spec = get_engine().active.get(task)
    if spec is None:
        return None
    report = _read(Path(settings.HEXAFACE.weights) / "reports" / f"{spec.name}-{spec.version}.json")
    histogram: dict[str, Any] | None = report.get(task, {}).get("lfw", {}).get("histogram")
    if histogram is None:
        return None
    return {"edges": histogram["bin_edges"], **{key: histogram[key] for key in ("same", "different", "data")}}


def size_of(spec: NetworkSpec) -> int:
    """Bytes of a network's file; 0 when it is missing."""
    path = Path(settings.HEXAFACE.weights) / spec.file
    return path.stat().st_size if path.is_file() else 0


@functools.lru_cache(maxsize=32)
def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return report
