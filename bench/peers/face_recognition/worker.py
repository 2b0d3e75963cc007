"""face_recognition on dlib."""

from importlib import metadata
from typing import Any

from bench.peers.protocol import Faces, Peer, Task, serve


def imports() -> None:
    """Everything that `load` needs; the models are read here too."""
    import face_recognition  # noqa: F401, PLC0415


def load(threads: int) -> Peer:  # noqa: ARG001  dlib has one
    """Nothing is left to load."""
    import face_recognition as peer  # noqa: PLC0415

    def landmarks(rgb: Any) -> Any:
        boxes = peer.face_locations(rgb)
        return boxes, {"points": peer.face_landmarks(rgb, boxes)}

    def embedding(rgb: Any) -> Any:
        boxes = peer.face_locations(rgb)
        return boxes, {"embedding": peer.face_encodings(rgb, boxes)}

    def identity(rgb: Any) -> Any:
        boxes = peer.face_locations(rgb)
        return boxes, {"points": peer.face_landmarks(rgb, boxes), "embedding": peer.face_encodings(rgb, boxes)}

    tasks = {
        "detect": Task(lambda rgb: (peer.face_locations(rgb), {}), plain),
        "landmarks": Task(landmarks, plain),
        "embedding": Task(embedding, plain),
        "identity": Task(identity, plain),
    }
    version = f"{metadata.version('face_recognition')}, dlib {metadata.version('dlib-bin')}"
    return Peer(version, peer.load_image_file, tasks)


def plain(answer: Any) -> Faces:
    """From top, right, bottom, left, and per-face lists of points and embeddings."""
    boxes, more = answer
    faces: Faces = [{"box": [float(x1), float(y1), float(x2), float(y2)]} for y1, x2, y2, x1 in boxes]
    for name, values in more.items():
        for face, value in zip(faces, values, strict=True):
            face[name] = len({point for part in value.values() for point in part}) if name == "points" else len(value)
    return faces


if __name__ == "__main__":
    serve(imports, load)
