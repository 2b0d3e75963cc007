"""Area averages of a photograph at many sizes."""

from typing import Final

import cv2
import numpy as np

from ml.types import RgbU8

_REMAINING: Final = 1.4
"""At least so many source pixels per pixel of a level, along a side, remain after halving. A halved pixel on the edge between two
pixels of a level is split evenly, which is not exact; neither that nor whole grey levels cost a face (docs/decisions.md)."""


class Shrinker:
    """Sources of one photograph's sizes: large steps start from a halved copy, made once. Ask from large to small."""

    def __init__(self, rgb_u8: RgbU8) -> None:
        self._source = rgb_u8
        self._halvings = 0

    def source(self, halvings: int) -> RgbU8:
        """The photograph, halved that often."""
        while self._halvings < halvings:
            self._source = resized(self._source, self._source.shape[0] // 2, self._source.shape[1] // 2)
            self._halvings += 1
        return self._source


def halvings(ratio: float) -> int:
    """How often to halve a photograph before a level that is `ratio` times smaller."""
    return max(0, int(np.log2(ratio / _REMAINING)))


def resized(rgb_u8: RgbU8, height: int, width: int) -> RgbU8:
    """(height, width, 3) area averages; not larger than the image."""
    return np.asarray(cv2.resize(rgb_u8, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
