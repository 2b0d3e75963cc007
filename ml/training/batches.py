"""Batches of augmented crops with their labels, made ahead of the network."""

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.align import box_matrix, warp
from ml.training import augment
from ml.training.corpus import I64, SOURCES, SPLITS, Corpus, Labels
from ml.types import F32, F64, Face, RgbU8

FACE_SHARES: Final = {"utkface": 26, "fairface": 14, "celeba": 12, "fer2013": 6, "mask": 6}
"""Images of each set in a batch of 64 for the face network."""
_AHEAD: Final = 4
Crops = npt.NDArray[np.uint8]
"""(n, side, side, 3), RGB."""
Batch = tuple[Crops, Labels]


@dataclass(frozen=True, slots=True)
class Faces:
    """The corpus with the place of each face: boxes_xyxy (n, 4), points_xy (n, 5, 2)."""

    corpus: Corpus
    boxes_xyxy: F32
    points_xy: F32

    def face(self, row: int) -> Face:
        """The face of one image."""
        return Face(self.boxes_xyxy[row], 1.0, self.points_xy[row])

    def crop(self, row: int, side: int, margin: float) -> RgbU8:
        """Exactly the crop that serving takes."""
        return warp(self.corpus.image(row), box_matrix(self.face(row), (side, side), margin), (side, side))

    def crops(self, rows: I64, side: int, margin: float, size: int = 64) -> Iterator[Crops]:
        """Such crops of many images, in order, at most `size` at a time."""
        for start in range(0, len(rows), size):
            yield np.stack([self.crop(row, side, margin) for row in rows[start : start + size].tolist()])

    def varied(
        self, row: int, side: int, margin: float, rng: np.random.Generator, how: augment.Kinds = augment.USUAL
    ) -> RgbU8:
        """A crop moved, turned, mirrored and spoilt at random, as much as fits the set."""
        gray = bool(self.corpus.labels.source[row] == SOURCES.index("fer2013"))
        crop = augment.framed(self.corpus.image(row), self.face(row), side, margin, rng=rng, how=how[gray])
        return augment.spoilt(crop, rng, how[gray])


def chances(labels: Labels, source: str) -> F64:
    """How often each of a set's images is drawn: rare ages, and rare pairs of mask source and label, more often."""
    if source in {"utkface", "fairface"}:
        keys = labels.age_low // 10
    elif source == "mask":
        keys = labels.group * 2 + labels.mask
    elif source == "fer2013":
        # Images that the FER+ annotators call no face teach nothing.
        useful = labels.votes.sum(1) > 0
        return np.asarray(useful / useful.sum(), np.float64)
    else:
        return np.full(len(labels), 1 / len(labels))
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    weights = counts[inverse] ** -0.5
    return np.asarray(weights / weights.sum(), np.float64)


class Sampler:
    """Draws batches: shares of each set, in proportion for any size, with replacement."""

    def __init__(self, corpus: Corpus, rows: I64, size: int, shares: Mapping[str, int] = FACE_SHARES) -> None:
        self._parts: list[tuple[I64, F64, int]] = []
        for source, share in shares.items():
            wanted = corpus.rows(source, SPLITS[0])
            places = np.flatnonzero(np.isin(rows, wanted))
            sums = chances(corpus.labels.take(rows[places]), source).cumsum()
            self._parts.append((places, sums, round(share * size / sum(shares.values()))))

    def places(self, rng: np.random.Generator) -> I64:
        """Places in `rows` of one batch."""
        parts = [
            places[np.searchsorted(sums, rng.random(count) * sums[-1], side="right").clip(max=len(places) - 1)]
            for places, sums, count in self._parts
        ]
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Source:
    """Where batches come from: augmented crops (n, side, side, 3) of the images `rows`; a batch depends on seed and number only."""

    faces: Faces
    rows: I64
    side: int
    margin: float
    size: int
    seed: int
    shares: Mapping[str, int] = field(default_factory=lambda: FACE_SHARES)
    how: augment.Kinds = augment.USUAL

    def stream(self, start: int) -> Generator[Batch, None, None]:
        """Batches number `start`, start + 1, … without end, made by threads ahead of the network."""
        cv2.setNumThreads(1)
        sampler = Sampler(self.faces.corpus, self.rows, self.size, self.shares)
        with ThreadPoolExecutor(2) as pool:
            waiting: deque[Future[Batch]] = deque()
            for number in count(start):
                waiting.append(pool.submit(self._batch, sampler, number))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()

    def _batch(self, sampler: Sampler, number: int) -> Batch:
        rng = np.random.default_rng((self.seed, number))
        rows = self.rows[sampler.places(rng)]
        crops = [self.faces.varied(row, self.side, self.margin, rng, self.how) for row in rows.tolist()]
        return np.stack(crops), self.faces.corpus.labels.take(rows)
