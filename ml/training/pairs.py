"""Embeddings of whole data sets, and the scores of their pairs counted in fine steps: millions of pairs need no list."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.embedding import embed
from ml.photo import Photo
from ml.runtime import Network
from ml.training.evaluate.images import Images
from ml.training.evaluate.served import Faces
from ml.types import F32, F64

STEP: Final = 1e-4
_BINS: Final = round(2 / STEP) + 1
_BLOCK: Final = 500
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Embeddings (n, d) of length 1 of a data set's images; found: (n,) whether there is a face."""

    files: tuple[str, ...]
    embeddings: F32
    found: npt.NDArray[np.bool_]

    def places(self, files: Sequence[str]) -> npt.NDArray[np.intp]:
        """The numbers of files."""
        numbers = {file: place for place, file in enumerate(self.files)}
        return np.array([numbers[file] for file in files], np.intp)


def embed_all(network: Network, images: Images, faces: Faces, work: Path) -> Gallery:
    """Embeddings of all images, kept in `work`; other weights or faces embed again."""
    mark = f"{network.spec.sha256[:12]}-{network.spec.precision}-{zlib.crc32(faces.boxes_xyxy.tobytes()):08x}"
    path = work / "evaluate" / f"embeddings-{images.name}-{mark}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = [embed(network, Photo(images.read(place)), faces.face(place)) for place in range(len(images))]
        np.savez(path, embeddings=np.stack(found))
    with np.load(path) as arrays:
        return Gallery(images.files, arrays["embeddings"], faces.confidences > 0)


@dataclass(frozen=True, slots=True)
class Scores:
    """How many pairs of one person (same) and of two (different) score at each step of STEP from -1 to 1."""

    same: Counts
    different: Counts

    def rates(self) -> tuple[F64, F64, F64]:
        """(thresholds, share of different pairs at or above, share of same pairs below), thresholds rising."""
        above = self.different[::-1].cumsum()[::-1] / max(int(self.different.sum()), 1)
        below = (self.same.cumsum() - self.same) / max(int(self.same.sum()), 1)
        return np.asarray(np.arange(_BINS) * STEP - 1, np.float64), above, below

    def threshold(self, false_match_rate: float) -> float:
        """The lowest step at or above which at most that share of the different pairs lies."""
        thresholds, above, _ = self.rates()
        return round(float(thresholds[int(np.argmax(above <= false_match_rate))]), 4)

    def at(self, threshold: float) -> tuple[float, float]:
        """(false-match rate, false-non-match rate) at a threshold."""
        _, above, below = self.rates()
        place = int(np.ceil((threshold + 1) / STEP - 1e-6))
        return float(above[place]), float(below[place])


def score_all(embeddings: F32, people: npt.NDArray[Any]) -> Scores:
    """Every pair of the images, by whose they are."""
    identity = np.unique(people, return_inverse=True)[1]
    same, every = np.zeros(_BINS, np.int64), np.zeros(_BINS, np.int64)
    for start in range(0, len(embeddings), _BLOCK):
        stop = start + _BLOCK
        near = np.triu_indices(len(embeddings[start:stop]), 1)
        scores = embeddings[start:stop] @ embeddings[start:].T
        steps = np.clip((scores + 1) / np.float32(STEP), 0, _BINS - 1).astype(np.int32)
        later = steps[:, _BLOCK:]
        every += np.bincount(later.ravel(), minlength=_BINS) + np.bincount(steps[near], minlength=_BINS)
        alike = identity[start:stop, None] == identity[start:]
        same += np.bincount(later[alike[:, _BLOCK:]], minlength=_BINS)
        same += np.bincount(steps[near][alike[near]], minlength=_BINS)
    return Scores(same, every - same)
