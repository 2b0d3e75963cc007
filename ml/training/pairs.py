"""Embeddings of whole data sets, and the scores of their pairs counted in fine steps: millions of pairs need no list."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.align import crop_matrix, prepare, warp
from ml.runtime import Network
from ml.training.evaluate.images import Images
from ml.training.evaluate.served import Faces
from ml.types import F32, F64, Face, RgbU8

STEP: Final = 1e-4
_BINS: Final = round(2 / STEP) + 1
_BLOCK: Final = 500
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Embeddings (n, d) of length 1 of a data set's images.

    mirrored: averaged with those of the mirrored crops; equal to `plain` where they were not asked for. found: (n,) whether there is a
    face.
    """

    files: tuple[str, ...]
    plain: F32
    mirrored: F32
    found: npt.NDArray[np.bool_]

    def places(self, files: Sequence[str]) -> npt.NDArray[np.intp]:
        """The numbers of files."""
        numbers = {file: place for place, file in enumerate(self.files)}
        return np.array([numbers[file] for file in files], np.intp)


def embed_all(network: Network, images: Images, faces: Faces, work: Path, *, mirror: bool = False) -> Gallery:
    """Embeddings of all images, kept in `work`; other weights or faces embed again."""
    mark = f"{network.spec.sha256[:12]}-{zlib.crc32(faces.boxes_xyxy.tobytes()):08x}"
    path = work / "evaluate" / f"embeddings-{images.name}{'-mirrored' * mirror}-{mark}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            _embedded(network, images.read(place), faces.face(place), mirror=mirror) for place in range(len(images))
        ]
        np.savez(path, plain=[plain for plain, _ in rows], mirrored=[mirrored for _, mirrored in rows])
    with np.load(path) as arrays:
        both = arrays["plain"] + arrays["mirrored"]
        mirrored = both / np.linalg.norm(both, axis=1, keepdims=True)
        return Gallery(images.files, arrays["plain"], mirrored, faces.confidences > 0)


def _embedded(network: Network, rgb_u8: RgbU8, face: Face, *, mirror: bool) -> tuple[F32, F32]:
    spec = network.spec.input
    crop = warp(rgb_u8, crop_matrix(spec, face, rgb_u8.shape[:2]), spec.fixed_size)
    plain = _unit(network, crop)
    return plain, _unit(network, np.ascontiguousarray(crop[:, ::-1])) if mirror else plain


def _unit(network: Network, crop: RgbU8) -> F32:
    vector = network.run(prepare(network.spec.input, crop))["embedding"][0]
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


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
