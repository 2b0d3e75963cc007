"""The numbers by which two faces are compared, for those who keep a gallery of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.tasks.base import Scene, Task
from ml.types import F32


@dataclass(frozen=True, slots=True)
class EmbeddingResult:
    """A vector of length 1; the product of two of the same network is the cosine similarity that verification compares."""

    vector: list[float]


def unit(outputs: Mapping[str, F32]) -> F32:
    """(d,) embedding of length 1 out of a network's outputs."""
    vector = outputs["embedding"][0]
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


def _decode(outputs: Mapping[str, F32], _scene: Scene) -> EmbeddingResult:
    return EmbeddingResult(unit(outputs).tolist())


EMBEDDING: Final = Task("embedding", ("embedding",), EmbeddingResult, _decode)
