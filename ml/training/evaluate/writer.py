"""The one place that writes weights/reports/<network>-<version>.json, and the figures of a manifest entry with it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml.manifest import NetworkSpec
from ml.training.entries import annotate
from ml.training.evaluate import generated, matching, people, points

_OTHER_HEADLINES = {"landmarks": points.headline, "verify": matching.headline, "synthesis": generated.headline}


def path_of(weights: Path, spec: NetworkSpec) -> Path:
    """The report of a network."""
    return weights / "reports" / f"{spec.name}-{spec.version}.json"


def write(weights: Path, spec: NetworkSpec, figures: Mapping[str, Any]) -> None:
    """Put the figures (by task) into the network's report and their headlines into its manifest entry; other tasks' figures stay."""
    put(weights, spec, figures)
    annotate(
        weights,
        spec.name,
        spec.version,
        calibration={},
        metrics={task: headline(task, figures[task]) for task in figures},
    )


def put(weights: Path, spec: NetworkSpec, parts: Mapping[str, Any]) -> None:
    """Put parts into the network's report. A report of other weights under the same name is begun anew."""
    path = path_of(weights, spec)
    old = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if old.get("sha256", spec.sha256) != spec.sha256:
        old = {}
    head = {"network": spec.name, "version": spec.version, "sha256": spec.sha256}
    path.parent.mkdir(exist_ok=True)
    dump(path, {**head, **{name: old[name] for name in old if name not in head}, **parts})


def dump(path: Path, report: Mapping[str, Any]) -> None:
    """A report as JSON: one figure a line where it fits, so that a change can be read."""
    path.write_text(_text(report, 0) + "\n", "utf-8")


def headline(task: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest's entry shows of a task's figures."""
    other = _OTHER_HEADLINES.get(task)
    return other(figures) if other else people.headline(task, figures)


def _text(value: Any, depth: int) -> str:
    """JSON whose innermost objects and lists stand on one line."""
    children = list(value.values() if isinstance(value, dict) else value) if isinstance(value, dict | list) else []
    nested = any(isinstance(child, dict | list) and child for child in children)
    if not nested or depth > 5:
        return json.dumps(value, ensure_ascii=False)
    space = "\n" + " " * (depth + 1)
    if isinstance(value, dict):
        parts = [f"{json.dumps(str(name))}: {_text(child, depth + 1)}" for name, child in value.items()]
        return "{" + space + f",{space}".join(parts) + "\n" + " " * depth + "}"
    return "[" + space + f",{space}".join(_text(child, depth + 1) for child in value) + "\n" + " " * depth + "]"
