"""P-Net over a photograph at all sizes: the windows that may hold a face."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from ml.detectors.packing import OVERLAP, STRIDE, WINDOW, Packing, Part, pack
from ml.detectors.suppress import suppress
from ml.runtime import Network
from ml.types import F32, RgbU8

FACTOR: Final = 0.709
WITHIN_LEVEL: Final = 0.5
BETWEEN_LEVELS: Final = 0.7
_CACHED_PLANS: Final = 64
REMAINING: Final = 100.0
_SPAN: Final = WINDOW - 1


@dataclass(frozen=True, slots=True)
class Level:
    """One size of the photograph: level pixels per pixel, and how often the photograph is halved on the way."""

    scale: float
    height: int
    width: int
    halvings: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The levels of a pyramid and where they lie on canvases."""

    levels: tuple[Level, ...]
    packing: Packing


@lru_cache(maxsize=_CACHED_PLANS)
def plan(height: int, width: int, min_face: float) -> Plan:
    """The pyramid of a photograph of that size; no levels when it is too small for a face."""
    levels = tuple(_levels(height, width, min_face))
    return Plan(levels, pack([(level.height, level.width) for level in levels]))


def _levels(height: int, width: int, min_face: float) -> Iterator[Level]:
    scale = WINDOW / min_face
    while min(height, width) * scale >= WINDOW:
        halvings = max(0, int(np.log2(1 / scale / REMAINING)))
        yield Level(scale, int(height * scale), int(width * scale), halvings)
        scale *= FACTOR


def propose(rgb_u8: RgbU8, pnet: Network, *, min_face: float, threshold: float) -> tuple[F32, F32]:
    """Boxes (n, 4) in pixels of the photograph and their logits (n,): windows that P-Net takes for a face, best first."""
    pyramid = plan(rgb_u8.shape[0], rgb_u8.shape[1], min_face)
    found = [_windows(pyramid, *canvas, pnet, threshold) for canvas in _canvases(rgb_u8, pyramid)]
    if not found:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    boxes, logits, levels = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    per_level = []
    for level in range(len(pyramid.levels)):
        own = np.flatnonzero(levels == level)
        per_level.append(own[suppress(boxes[own], logits[own], WITHIN_LEVEL)])
    kept = np.concatenate(per_level)
    kept = kept[suppress(boxes[kept], logits[kept], BETWEEN_LEVELS)]
    return boxes[kept], logits[kept]


def _canvases(rgb_u8: RgbU8, pyramid: Plan) -> Iterator[tuple[RgbU8, list[Part]]]:
    """Each canvas with its parts as soon as it is full, so that few are alive at a time."""
    waiting: dict[int, list[Part]] = {}
    for part in pyramid.packing.parts:
        waiting.setdefault(part.canvas, []).append(part)
    missing = {index: len(parts) for index, parts in waiting.items()}
    open_canvases: dict[int, RgbU8] = {}
    images = _Levels(rgb_u8, pyramid.levels)
    for part in pyramid.packing.parts:
        shape = pyramid.packing.canvases[part.canvas]
        canvas = open_canvases.setdefault(part.canvas, np.zeros((0, 0, 3), np.uint8))
        if not canvas.size:
            canvas = open_canvases[part.canvas] = np.zeros((*shape, 3), np.uint8)
        _paste(canvas, images.get(part.level), part)
        missing[part.canvas] -= 1
        if not missing[part.canvas]:
            yield open_canvases.pop(part.canvas), waiting[part.canvas]


def _paste(canvas: RgbU8, image: RgbU8, part: Part) -> None:
    piece = image[part.y : part.y + part.height, part.x : part.x + part.width]
    height, width = piece.shape[:2]
    target = canvas[part.top : part.top + part.height, part.left : part.left + part.width]
    target[:height, :width] = piece
    # An odd side is one pixel short of the last window: its edge is repeated.
    target[height:, :width] = piece[-1:]
    target[:, width:] = target[:, width - 1 : width]


class _Levels:
    """Makes the levels in order; keeps the current one and the halved photograph it comes from."""

    def __init__(self, rgb_u8: RgbU8, levels: tuple[Level, ...]) -> None:
        self._levels = levels
        self._source, self._halvings = rgb_u8, 0
        self._current = -1
        self._image = rgb_u8

    def get(self, index: int) -> RgbU8:
        if index != self._current:
            level = self._levels[index]
            while self._halvings < level.halvings:
                height, width = self._source.shape[:2]
                self._source = _resized(self._source, height // 2, width // 2)
                self._halvings += 1
            self._image, self._current = _resized(self._source, level.height, level.width), index
        return self._image


def _resized(image: RgbU8, height: int, width: int) -> RgbU8:
    shrinks = height <= image.shape[0]
    resized: RgbU8 = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized


def _windows(
    pyramid: Plan, canvas: RgbU8, parts: list[Part], pnet: Network, threshold: float
) -> tuple[F32, F32, "np.typing.NDArray[np.intp]"]:
    """Boxes, logits and level of the windows above the threshold on one canvas."""
    cells = pnet.run(canvas[None].astype(np.float32))["cells"][0]
    owners = np.full(cells.shape[:2], -1, np.int32)
    for index, part in enumerate(parts):
        y, x = part.top // STRIDE, part.left // STRIDE
        owners[y : y + (part.height - OVERLAP) // STRIDE, x : x + (part.width - OVERLAP) // STRIDE] = index
    ys, xs = np.nonzero((cells[..., 0] > threshold) & (owners >= 0))
    owner = owners[ys, xs]
    shift = np.array([(part.x - part.left, part.y - part.top) for part in parts], np.float32)[owner]
    level = np.array([part.level for part in parts], np.intp)[owner]
    scale = np.array([item.scale for item in pyramid.levels])[level]
    answers = cells[ys, xs]
    # The weights count pixels from 1 and both edges as inside: windows of 11, shifted by 1.
    corner = np.stack([xs, ys], 1) * STRIDE + shift + 1
    boxes = np.concatenate([corner, corner + _SPAN], 1) + answers[:, 1:] * _SPAN
    return (boxes / scale[:, None]).astype(np.float32), answers[:, 0], level
