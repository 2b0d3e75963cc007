"""P-Net over a photograph at all sizes: the windows that may hold a face."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.detectors.packing import OVERLAP, STRIDE, WINDOW, Packing, Part, pack
from ml.detectors.shrink import Shrinker, halvings, resized
from ml.detectors.suppress import suppress
from ml.runtime import Network
from ml.types import F32, RgbU8
from ml.workers import Workers

FACTOR: Final = 0.709
WITHIN_LEVEL: Final = 0.5
BETWEEN_LEVELS: Final = 0.7
_CACHED_PLANS: Final = 64
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
        yield Level(scale, int(height * scale), int(width * scale), halvings(1 / scale))
        scale *= FACTOR


def propose(rgb_u8: RgbU8, pnet: Network, workers: Workers, *, min_face: float, threshold: float) -> tuple[F32, F32]:
    """Boxes (n, 4) in pixels of the photograph and their logits (n,): windows that P-Net takes for a face, best first."""
    pyramid = plan(rgb_u8.shape[0], rgb_u8.shape[1], min_face)
    look = partial(_windows, pyramid, pnet, threshold)
    found = list(workers.map(look, _canvases(rgb_u8, pyramid, workers)))
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


def _images(rgb_u8: RgbU8, pyramid: Plan, workers: Workers) -> Iterator[RgbU8]:
    """The photograph at the size of each level."""
    shrinker = Shrinker(rgb_u8)
    wanted = ((shrinker.source(level.halvings), level) for level in pyramid.levels)
    return workers.map(lambda job: resized(job[0], job[1].height, job[1].width), wanted)


def _canvases(rgb_u8: RgbU8, pyramid: Plan, workers: Workers) -> Iterator[tuple[F32, list[Part]]]:
    """Each canvas with its parts as soon as it is full, so that few are alive at a time."""
    packing = pyramid.packing
    waiting = Counter(part.canvas for part in packing.parts)
    opened: dict[int, tuple[F32, list[Part]]] = {}
    by_level = groupby(packing.parts, key=lambda part: part.level)
    for image, (_, parts) in zip(_images(rgb_u8, pyramid, workers), by_level, strict=True):
        for part in parts:
            if part.canvas not in opened:
                opened[part.canvas] = np.zeros((*packing.canvases[part.canvas], 3), np.float32), []
            canvas, own = opened[part.canvas]
            _paste(canvas, image, part)
            own.append(part)
            waiting[part.canvas] -= 1
            if not waiting[part.canvas]:
                yield opened.pop(part.canvas)


def _paste(canvas: F32, image: RgbU8, part: Part) -> None:
    piece = image[part.y : part.y + part.height, part.x : part.x + part.width]
    height, width = piece.shape[:2]
    target = canvas[part.top : part.top + part.height, part.left : part.left + part.width]
    target[:height, :width] = piece
    # An odd side is one pixel short of the last window: its edge is repeated.
    target[height:, :width] = piece[-1:]
    target[:, width:] = target[:, width - 1 : width]


def _windows(
    pyramid: Plan, pnet: Network, threshold: float, filled: tuple[F32, list[Part]]
) -> tuple[F32, F32, npt.NDArray[np.intp]]:
    """Boxes, logits and level of the windows above the threshold on one canvas."""
    canvas, parts = filled
    cells = pnet.run(canvas[None])["cells"][0]
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
