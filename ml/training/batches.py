"""Batches of stored activations with their labels, read by a thread ahead of the network; a batch depends on seed and number only."""

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml.align import box_matrix, warp
from ml.training.corpus import I64, SPLITS, Corpus, Labels
from ml.types import F32, F64, Face, RgbU8

SHARES: Final = {"fer2013": 26, "utkface": 18, "celeba": 10, "fairface": 5, "mask": 5}
"""Images of each set in a batch of 64."""
_AHEAD: Final = 4
Batch = tuple[F32, Labels]


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
    """Draws batches: SHARES of each set, in proportion for other sizes, with replacement."""

    def __init__(self, corpus: Corpus, rows: I64, size: int) -> None:
        self._parts: list[tuple[I64, F64, int]] = []
        for source, share in SHARES.items():
            wanted = corpus.rows(source, SPLITS[0])
            places = np.flatnonzero(np.isin(rows, wanted))
            sums = chances(corpus.labels.take(rows[places]), source).cumsum()
            self._parts.append((places, sums, round(share * size / sum(SHARES.values()))))

    def places(self, rng: np.random.Generator) -> I64:
        """Places in `rows` of one batch."""
        parts = [
            places[np.searchsorted(sums, rng.random(count) * sums[-1], side="right").clip(max=len(places) - 1)]
            for places, sums, count in self._parts
        ]
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Store:
    """Activations of the images `rows` of a corpus, in one or more views: each (n, h, w, c) float16, augmented differently."""

    corpus: Corpus
    rows: I64
    views: Sequence[Any]

    def read(self, places: I64, rng: np.random.Generator) -> Batch:
        """A view of each image, drawn at random."""
        chosen = rng.integers(0, len(self.views), len(places))
        values = [self.views[view][place] for view, place in zip(chosen, places, strict=True)]
        return np.stack(values).astype(np.float32), self.corpus.labels.take(self.rows[places])


def stream(store: Store, *, size: int, seed: int, start: int) -> Generator[Batch, None, None]:
    """Batches number `start`, start + 1, … without end."""
    sampler = Sampler(store.corpus, store.rows, size)

    def batch(number: int) -> Batch:
        rng = np.random.default_rng((seed, number))
        return store.read(sampler.places(rng), rng)

    with ThreadPoolExecutor(1) as pool:
        waiting: list[Future[Batch]] = []
        number = start
        while True:
            while len(waiting) < _AHEAD:
                waiting.append(pool.submit(batch, number))
                number += 1
            yield waiting.pop(0).result()
