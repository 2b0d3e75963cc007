"""facenet-pytorch's MTCNN on torch."""

from importlib import metadata
from typing import Any

from bench.peers.protocol import Faces, Peer, Task, serve


def imports() -> None:
    """Everything that `load` needs."""
    import facenet_pytorch  # noqa: F401, PLC0415


def load(threads: int) -> Peer:
    """The detector with its default options, every face kept."""
    import torch  # noqa: PLC0415
    from facenet_pytorch import MTCNN  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    torch.set_num_threads(threads)
    detector = MTCNN(keep_all=True, device="cpu")

    def decode(path: str) -> Any:
        return Image.open(path).convert("RGB")

    return Peer(metadata.version("facenet-pytorch"), decode, {"detect": Task(detector.detect, plain)})


def plain(answer: Any) -> Faces:
    """From boxes and probabilities; None when there is no face."""
    boxes, scores = answer
    if boxes is None:
        return []
    return [
        {"box": [float(value) for value in box], "score": float(score)}
        for box, score in zip(boxes, scores, strict=True)
    ]


if __name__ == "__main__":
    serve(imports, load)
