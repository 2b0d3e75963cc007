"""HexaFace's engine."""

import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.peers.protocol import Faces, Peer, Task, serve

ROOT = Path(__file__).resolve().parents[3]


def imports() -> None:
    """Everything that `load` needs."""
    import ml.engine  # noqa: F401, PLC0415


def load(threads: int) -> Peer:
    """The engine, warmed up as the server does it."""
    from ml import embedding  # noqa: PLC0415
    from ml.engine import PHOTO_TASKS, VERIFY, Engine  # noqa: PLC0415
    from ml.finding import DetectOptions  # noqa: PLC0415
    from ml.images import decode  # noqa: PLC0415
    from ml.runtime import Networks  # noqa: PLC0415

    engine = Engine(ROOT / "weights", threads=threads)
    engine.warm_up()
    pool = ThreadPoolExecutor(threads)
    spec = engine.active[VERIFY]
    networks = Networks(ROOT / "weights", threads=threads)
    held: list[Any] = []

    def network() -> Any:
        """The active embedding network; loaded when first asked, since the engine gives embeddings only through `verify`."""
        if not held:
            held.append(networks.get(spec.name, spec.version))
        return held[0]

    def analyze(*tasks: str, **options: Any) -> Task:
        chosen = DetectOptions(**options)
        return Task(lambda photo: engine.analyze(photo, tasks, detect=chosen), plain)

    def embedded(*tasks: str) -> Task:
        def call(photo: Any) -> Any:
            report = engine.analyze(photo, tasks)
            cores = threads if len(report.faces) == 1 else 1  # as the engine shares them
            embed: Callable[[Any], Any] = lambda found: embedding.embed(network(), photo, found.face, cores)  # noqa: E731
            return report, list(pool.map(embed, report.faces))

        def said(answer: Any) -> Faces:
            return [face | {"embedding": len(vector)} for face, vector in zip(plain(answer[0]), answer[1], strict=True)]

        return Task(call, said)

    tasks = {
        "detect": analyze("detect"),
        "detect/20px": analyze("detect", min_face=20, min_confidence=0.45),
        "detect/blazeface": analyze("detect", detector="blazeface"),
        "landmarks": analyze("landmarks"),
        "landmarks/blazeface": analyze("landmarks", detector="blazeface"),
        "embedding": embedded("detect"),
        "age and gender": analyze("age", "gender"),
        "emotion": analyze("emotion"),
        "identity": embedded("detect", "landmarks"),
        "together": embedded(*PHOTO_TASKS),
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
    if "age" in results:
        said["age"] = results["age"].years
    for name in ("gender", "emotion"):
        if name in results:
            said[name] = results[name].label
    return said


if __name__ == "__main__":
    serve(imports, load)
