"""HexaFace's engine."""

import tomllib
from pathlib import Path
from typing import Any

from bench.peers.protocol import Faces, Peer, Task, serve

ROOT = Path(__file__).resolve().parents[3]


def imports() -> None:
    """Everything that `load` needs."""
    import ml.engine  # noqa: F401, PLC0415


def load(threads: int) -> Peer:
    """The engine, warmed up as the server does it."""
    from ml.engine import PHOTO_TASKS, Engine  # noqa: PLC0415
    from ml.finding import DetectOptions  # noqa: PLC0415
    from ml.images import decode  # noqa: PLC0415

    engine = Engine(ROOT / "weights", threads=threads)
    engine.warm_up()

    def analyze(*tasks: str, embedding: bool = False, **options: Any) -> Task:
        chosen = DetectOptions(**options)
        return Task(lambda photo: engine.analyze(photo, tasks, detect=chosen, embedding=embedding), plain)

    tasks = {
        "detect": analyze("detect"),
        "detect/20px": analyze("detect", min_face=20, min_confidence=0.45),
        "detect/blazeface": analyze("detect", detector="blazeface"),
        "landmarks": analyze("landmarks"),
        "landmarks/blazeface": analyze("landmarks", detector="blazeface"),
        "embedding": analyze("detect", embedding=True),
        "age and gender": analyze("age", "gender"),
        "emotion": analyze("emotion"),
        "identity": analyze("detect", "landmarks", embedding=True),
        "together": analyze(*PHOTO_TASKS, embedding=True),
        "together/without embedding": analyze(*PHOTO_TASKS),
    }
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return Peer(version, lambda path: decode(Path(path).read_bytes()), tasks)


def plain(report: Any) -> Faces:
    """A report's faces."""
    return [_face(found) for found in report.faces]


def _face(found: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "box": [float(value) for value in found.face.box_xyxy],
        "score": float(found.face.confidence),
    }
    results = found.results
    if "landmarks" in results:
        said["points"] = len(results["landmarks"].points)
    if "embedding" in results:
        said["embedding"] = len(results["embedding"].vector)
    if "age" in results:
        said["age"] = results["age"].years
    for name in ("gender", "emotion"):
        if name in results:
            said[name] = results[name].label
    return said


if __name__ == "__main__":
    serve(imports, load)
