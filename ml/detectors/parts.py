"""Which parts of a photograph a network of bounded input sees, how much reduced, and which boxes their cuts touch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.types import F32

STEP: Final = 32  # sides of inputs are multiples of it
SMALLEST: Final = 96  # side of an input
LARGEST: Final = 640
WHOLE: Final = 448  # longer side to which a photograph is reduced that is seen in tiles too
SHARED: Final = 112
"""Pixels that neighbouring tiles have in common: a face up to that is whole in one of them, a larger one is seen in the whole photograph,
where it has a fifth of that at least (ml.finding.FINEST)."""
_NEAR: Final = 3.0  # pixels from a cut within which a box counts as cut off


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of the photograph in pixels, and how the network sees it: (height, width) after reduction."""

    left: int
    top: int
    right: int
    bottom: int
    seen: tuple[int, int]

    @property
    def canvas(self) -> tuple[int, int]:
        """(height, width) of the input that holds it."""
        height, width = (max(SMALLEST, -(-side // STEP) * STEP) for side in self.seen)
        return height, width

    @property
    def pixels(self) -> F32:
        """Pixels of the photograph per pixel of the input, along x and y."""
        height, width = self.seen
        return np.array([(self.right - self.left) / width, (self.bottom - self.top) / height], np.float32)

    def whole(self, boxes_xyxy: F32, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Which boxes (n, 4), in pixels of a photograph of (height, width), keep away from those sides of the part that lie inside it."""
        height, width = size
        near = _NEAR * self.pixels
        low = np.where([self.left > 0, self.top > 0], np.array([self.left, self.top]) + near, -np.inf)
        high = np.where([self.right < width, self.bottom < height], np.array([self.right, self.bottom]) - near, np.inf)
        return np.asarray(((boxes_xyxy[:, :2] > low) & (boxes_xyxy[:, 2:] < high)).all(1), np.bool_)


def parts(height: int, width: int, scale: float) -> list[Part]:
    """The whole photograph at `scale`, at most 1, if it fits an input; else reduced further, and tiles of it at `scale`."""
    longer = max(height, width)
    if longer * scale <= LARGEST:
        return [_part(0, 0, width, height, scale)]
    tiles = [
        _part(left, top, right, bottom, scale)
        for top, bottom in _spans(height, scale)
        for left, right in _spans(width, scale)
    ]
    return [_part(0, 0, width, height, WHOLE / longer), *tiles]


def _part(left: int, top: int, right: int, bottom: int, scale: float) -> Part:
    seen = tuple(min(max(1, round(side * scale)), LARGEST) for side in (bottom - top, right - left))
    return Part(left, top, right, bottom, (seen[0], seen[1]))


def _spans(size: int, scale: float) -> Iterator[tuple[int, int]]:
    """Starts and ends of as few equal pieces as possible that fit an input and share SHARED pixels of it or more."""
    shared = SHARED / scale
    count = max(1, int(np.ceil((size - shared) / (LARGEST / scale - shared))))
    piece = min(size, int(np.ceil((size - shared) / count + shared)))
    for start in np.linspace(0, size - piece, count).astype(int).tolist():
        yield start, start + piece
