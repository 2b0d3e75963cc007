"""The package fer."""

from importlib import metadata
from typing import Any

from bench.peers.protocol import Peer, Task, serve


def imports() -> None:
    """Everything that `load` needs."""
    import fer.fer  # noqa: F401, PLC0415


def load(threads: int) -> Peer:
    """The detector with its default options."""
    import cv2  # noqa: PLC0415
    from fer.fer import FER  # noqa: PLC0415

    cv2.setNumThreads(threads)
    peer = FER()
    emotion = Task(peer.detect_emotions, lambda found: [_face(face["box"], face["emotions"]) for face in found])
    detect = Task(peer.find_faces, lambda found: [_face(box, {}) for box in found])
    return Peer(metadata.version("fer"), cv2.imread, {"detect": detect, "emotion": emotion})


def _face(box: Any, emotions: dict[str, float]) -> dict[str, Any]:
    x, y, width, height = map(float, box)
    said: dict[str, Any] = {"box": [x, y, x + width, y + height]}
    return said | ({"emotion": max(emotions, key=lambda name: emotions[name])} if emotions else {})


if __name__ == "__main__":
    serve(imports, load)
