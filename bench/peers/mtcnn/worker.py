"""The package mtcnn on TensorFlow."""

from importlib import metadata
from typing import Any

from bench.peers.protocol import Faces, Peer, Task, serve


def imports() -> None:
    """Everything that `load` needs."""
    import mtcnn  # noqa: F401, PLC0415
    import tensorflow as tf  # noqa: F401, PLC0415


def load(threads: int) -> Peer:
    """The detector with its default options."""
    import tensorflow as tf  # noqa: PLC0415
    from mtcnn import MTCNN  # noqa: PLC0415
    from mtcnn.utils.images import load_image  # noqa: PLC0415

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    detector = MTCNN()
    return Peer(metadata.version("mtcnn"), load_image, {"detect": Task(detector.detect_faces, plain)})


def plain(found: Any) -> Faces:
    """From x, y, width, height."""
    return [_face(face) for face in found]


def _face(face: dict[str, Any]) -> dict[str, Any]:
    x, y, width, height = map(float, face["box"])
    return {"box": [x, y, x + width, y + height], "score": float(face["confidence"]), "points": len(face["keypoints"])}


if __name__ == "__main__":
    serve(imports, load)
