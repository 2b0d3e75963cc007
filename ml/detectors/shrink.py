"""Area averages of a photograph at many sizes, in floats: what the cascade finds depends on fractions of a grey level."""

from typing import Final

import cv2
import numpy as np

from ml.types import F32, RgbU8

_FLOAT_PIXELS: Final = 4_000_000  # a larger source is not copied to float: its levels are rounded to bytes
_REMAINING: Final = ((400_000, 6.5), (_FLOAT_PIXELS, 2.0), (np.inf, 1.0))
"""Pixels of the photograph up to which so many source pixels per level pixel, along a side, must remain after halving."""


class Shrinker:
    """Sources of one photograph's sizes: large steps start from a halved copy, made once. Ask from large to small."""

    def __init__(self, rgb_u8: RgbU8) -> None:
        self._source: F32 | RgbU8 = rgb_u8
        self._halvings = 0

    def source(self, halvings: int) -> F32 | RgbU8:
        """The photograph, halved that often."""
        while self._halvings < halvings:
            self._source = resized(self._source, self._source.shape[0] // 2, self._source.shape[1] // 2)
            self._halvings += 1
        if self._source.dtype == np.uint8 and self._source.shape[0] * self._source.shape[1] <= _FLOAT_PIXELS:
            self._source = self._source.astype(np.float32)
        return self._source


def halvings(ratio: float, pixels: int) -> int:
    """How often to halve a photograph of that many pixels before a level that is `ratio` times smaller.

    A halved pixel on the edge between two level pixels is split evenly, which is not exact. With 6.5 remaining no box moves;
    larger photographs are made small faster, at the cost of boxes that move by a pixel or two, no faces.
    """
    remaining = next(remaining for limit, remaining in _REMAINING if pixels <= limit)
    return max(0, int(np.log2(ratio / remaining)))


def resized(image: F32 | RgbU8, height: int, width: int) -> F32 | RgbU8:
    """(height, width, 3) area averages, 0..255, of the image's type."""
    grows = height > image.shape[0] or width > image.shape[1]
    kind = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    resized = cv2.resize(image, (width, height), interpolation=kind)
    return np.asarray(resized, np.uint8) if image.dtype == np.uint8 else np.asarray(resized, np.float32)
