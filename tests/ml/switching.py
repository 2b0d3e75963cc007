"""What the tests of switching share."""

import dataclasses
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml import manifest
from ml.engine import Engine
from ml.manifest import NetworkSpec
from ml.reports import Report

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights"
TASKS = ("age", "gender", "emotion", "mask")
OWN = manifest.load(WEIGHTS / "manifest.toml").active["age"]
OTHER = "tiny-xception 1.0.0"
DETECTORS = {f"{name} 1.0.0" for name in ("blazeface", "mtcnn-onet", "mtcnn-pnet", "mtcnn-rnet", "scrfd")}


def held() -> int:
    """Bytes that this process holds; shared pages count in part."""
    text = Path("/proc/self/smaps_rollup").read_text("ascii")
    return int(text.split("Pss:")[1].split()[0]) * 1024


def results(report: Report) -> dict[str, Any]:
    (face,) = report.faces
    return {task: asdict(result) for task, result in face.results.items()}


def copy_of(engine: Engine, key: str, **changes: Any) -> NetworkSpec:
    spec = next(spec for spec in engine.specs if spec.key == key)
    return dataclasses.replace(spec, **changes)


def keys(report: Report) -> dict[str, str]:
    return {task: f"{model.network} {model.version}" for task, model in report.models.items()}
