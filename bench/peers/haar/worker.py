"""OpenCV's cascade of Haar features."""

from pathlib import Path
from typing import Any

from bench.peers.protocol import Faces, Peer, Task, serve


def imports() -> None:
    """Everything that `load` needs."""
    import cv2  # noqa: F401, PLC0415


def load(threads: int) -> Peer:
    """The frontal cascade that OpenCV ships."""
    import cv2  # noqa: PLC0415

    cv2.setNumThreads(threads)
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))

    def detect(gray: Any) -> Any:
        return cascade.detectMultiScale(gray, 1.1, 5, minSize=(30, 30))

    return Peer(cv2.__version__, lambda path: cv2.imread(path, cv2.IMREAD_GRAYSCALE), {"detect": Task(detect, plain)})


def plain(found: Any) -> Faces:
    """From x, y, width, height."""
    return [{"box": [float(x), float(y), float(x + width), float(y + height)]} for x, y, width, height in found]


if __name__ == "__main__":
    serve(imports, load)
