"""Dark, pale and hazy pictures: where grey levels span little, they are stretched to what networks were taught on.

On faces of which a quarter or a sixth of the contrast was left, this takes back nearly all that was lost (docs/accuracy.md). What spans
enough already stays as it is to the bit.
"""

from typing import Final

import cv2
import numpy as np

from ml.types import RgbU8

SPAN: Final = 140.0
"""Grey levels from the darkest to the lightest hundredth that a picture shall span at least."""
MOST: Final = 8.0
"""Times that differences grow at most: beyond, there are more steps than there is picture."""
_SAMPLES: Final = 64
"""Rows and columns that are looked at, about."""
_EDGES: Final = (0.01, 0.99)


def lit(rgb_u8: RgbU8) -> RgbU8:
    """The picture (h, w, 3), with one gain and one shift for all its levels if they span less than SPAN."""
    low, high = _edges(rgb_u8)
    if high - low >= SPAN or high <= low:
        return rgb_u8
    gain = min(SPAN / (high - low), MOST)
    half = gain * (high - low) / 2
    middle = np.clip((low + high) / 2, half, 255 - half)  # no lighter than it must be for all levels to have room
    levels = (np.arange(256) - (low + high) / 2) * gain + middle
    return np.asarray(cv2.LUT(rgb_u8, np.clip(np.rint(levels), 0, 255).astype(np.uint8)), np.uint8)


def _edges(rgb_u8: RgbU8) -> tuple[float, float]:
    """The grey levels between which all but the darkest and the lightest hundredth lie."""
    rows, columns = (max(1, side // _SAMPLES) for side in rgb_u8.shape[:2])
    gray = cv2.cvtColor(np.ascontiguousarray(rgb_u8[::rows, ::columns]), cv2.COLOR_RGB2GRAY)
    below = np.cumsum(np.bincount(gray.ravel(), minlength=256))
    low, high = np.searchsorted(below, np.array(_EDGES) * gray.size)
    return float(low), float(high)
