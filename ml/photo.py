"""An upright photograph, whole or at first reduced."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ml.light import lit
from ml.types import F32, F64, RgbU8


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A photograph's pixels, `factor` times smaller along each side; its own left and top edges lie `before_xy` pixels outside."""

    rgb_u8: RgbU8
    factor: int = 1
    before_xy: tuple[int, int] = (0, 0)

    @property
    def matrix(self) -> F64:
        """(3, 3): from indices of its pixels to indices of the photograph's."""
        middle = (self.factor - 1) / 2
        x, y = self.before_xy
        return np.array([[self.factor, 0, middle - x], [0, self.factor, middle - y], [0, 0, 1]], np.float64)

    def halved(self) -> "View":
        """The same at half the size, by averages. Of an odd number of rows or columns the last is left out."""
        height, width = (side // 2 for side in self.rgb_u8.shape[:2])
        whole = self.rgb_u8[: 2 * height, : 2 * width]
        half = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
        return View(np.asarray(half, np.uint8), 2 * self.factor, self.before_xy)

    def lit(self) -> "View":
        """The same with its levels stretched if it is dark or pale."""
        return View(lit(self.rgb_u8), self.factor, self.before_xy)

    def mirrored(self, share: float) -> "View":
        """The same with that share of its sides more on each side, in which its edges are mirrored."""
        height, width = self.rgb_u8.shape[:2]
        x, y = int(share * width), int(share * height)
        wider = cv2.copyMakeBorder(self.rgb_u8, y, y, x, x, cv2.BORDER_REFLECT_101)
        before_x, before_y = self.before_xy
        return View(np.asarray(wider, np.uint8), self.factor, (before_x + x * self.factor, before_y + y * self.factor))

    def in_photo(self, places_xy: F32) -> F32:
        """(…, 2) places in this view, as distances from its left and top edges -> places in the photograph."""
        return np.asarray(places_xy * self.factor - np.array(self.before_xy), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """How a reduced photograph belongs to the whole one: see View; size is the whole one's (height, width), `whole` decodes it."""

    factor: int
    before_xy: tuple[int, int]
    size: tuple[int, int]
    whole: Callable[[], RgbU8]


class Photo:
    """A photograph of rgb_u8 (height, width, 3), and how long decoding took so far.

    With a `reduction` the given pixels are reduced ones, and the whole photograph is decoded once somebody needs it. Any thread may ask.
    Raises ValueError for other arrays.
    """

    def __init__(self, rgb_u8: RgbU8, decode_ms: float = 0.0, reduction: Reduction | None = None) -> None:
        shape, dtype = rgb_u8.shape, rgb_u8.dtype
        if len(shape) != 3 or shape[2] != 3 or min(shape) < 1 or dtype != np.uint8:
            raise ValueError(f"rgb_u8 must be uint8 of shape (height, width, 3), got {dtype} of shape {shape}")
        self.decode_ms = decode_ms
        height, width = reduction.size if reduction else shape[:2]
        self.height, self.width = int(height), int(width)
        self._first = View(rgb_u8, reduction.factor, reduction.before_xy) if reduction else View(rgb_u8)
        self._decode = reduction.whole if reduction else None
        self._whole = None if reduction else self._first
        self._lock = threading.Lock()

    @property
    def rgb_u8(self) -> RgbU8:
        """All pixels, (height, width, 3). Raises InvalidImage when they cannot be decoded."""
        return self.view(1.0).rgb_u8

    def view(self, coarsest: float) -> View:
        """The pixels, at most `coarsest` times smaller than the photograph along each side; decoded no finer than that needs."""
        if self._first.factor <= max(coarsest, 1.0):
            return self._first
        with self._lock:
            if self._whole is None:
                assert self._decode is not None  # noqa: S101  a reduced photograph has it
                start = time.perf_counter()
                self._whole = View(self._decode())
                self.decode_ms += (time.perf_counter() - start) * 1000
            return self._whole
