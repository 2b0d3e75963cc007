"""Detectors that see the whole photograph in one square, and ways to make a detector look closer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ml.boxes import iou_matrix
from ml.detectors.mtcnn import logit, probability
from ml.runtime import Network
from ml.training.detection import Find
from ml.training.detection_scores import Bools
from ml.types import F32, RgbU8

Decode = Callable[[Mapping[str, F32]], tuple[F32, F32]]
"""Outputs of a network -> boxes (n, 4) x1, y1, x2, y2 in 0..1 of the square, and logits (n,)."""
_TILE: Final = 0.6  # of a side: two tiles and a fifth in which they overlap
_NEAR: Final = 3.0  # pixels from a cut within which a box counts as cut off
_SAME: Final = 0.4  # overlap of boxes from two views that are one face


@dataclass(frozen=True, slots=True)
class SquareDetector:
    """The photograph in the top left of a square, black beside it; boxes that overlap a better one by more than `overlap` go."""

    network: Network
    decode: Decode
    overlap: float
    floor: float

    def __call__(self, rgb_u8: RgbU8) -> tuple[F32, F32]:
        """Boxes (n, 4) in pixels, and confidences (n,) above `floor`."""
        batch, pixels = self._square(rgb_u8)
        boxes, logits = self.decode(self.network.run(batch))
        sure = logits > logit(self.floor)
        boxes, logits = boxes[sure] * np.tile(pixels, 2), logits[sure]
        best = greedy(boxes, logits, self.overlap)
        return boxes[best], probability(logits[best])

    def _square(self, rgb_u8: RgbU8) -> tuple[F32, F32]:
        """(1, side, side, 3) as the network wants it; width and height of the square in pixels of the photograph."""
        spec = self.network.spec.input
        side = spec.fixed_size[0]
        height, width = rgb_u8.shape[:2]
        scale = side / max(height, width)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        square = np.zeros((1, side, side, 3), np.float32)
        square[0, : inner[1], : inner[0]] = cv2.resize(rgb_u8, inner, interpolation=_interpolation(scale))
        square -= np.array(spec.mean, np.float32)
        square *= np.float32(spec.scale)
        return square, np.array([side / inner[0] * width, side / inner[1] * height], np.float32)


def enlarged(find: Find, factor: float) -> Find:
    """The detector on a photograph enlarged by a factor; boxes in pixels of the photograph as it was."""

    def find_larger(rgb_u8: RgbU8) -> tuple[F32, F32]:
        height, width = rgb_u8.shape[:2]
        size = round(width * factor), round(height * factor)
        larger = np.asarray(cv2.resize(rgb_u8, size, interpolation=_interpolation(factor)), np.uint8)
        boxes, confidences = find(larger)
        back = np.tile(np.array([width / size[0], height / size[1]], np.float32), 2)
        return boxes * back, confidences

    return find_larger


def tiled(find: Find) -> Find:
    """The detector on the whole photograph and on four overlapping tiles of it; boxes that a cut touches are left to the others."""

    def find_closer(rgb_u8: RgbU8) -> tuple[F32, F32]:
        found = [find(rgb_u8)]
        height, width = rgb_u8.shape[:2]
        for top, bottom in _spans(height):
            for left, right in _spans(width):
                boxes, confidences = find(np.ascontiguousarray(rgb_u8[top:bottom, left:right]))
                boxes = boxes + np.array([left, top, left, top], np.float32)
                whole = _untouched(boxes, (left, top, right, bottom), (width, height))
                found.append((boxes[whole], confidences[whole]))
        boxes, confidences = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        best = greedy(boxes, confidences, _SAME)
        return boxes[best], confidences[best]

    return find_closer


def greedy(boxes_xyxy: F32, scores: F32, overlap: float) -> list[int]:
    """Indices of the boxes (n, 4) that overlap no better box that is kept by more than `overlap`, best first."""
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(waiting):
        best, waiting = int(waiting[0]), waiting[1:]
        kept.append(best)
        waiting = waiting[iou_matrix(boxes_xyxy[best][None], boxes_xyxy[waiting])[0] <= overlap]
    return kept


def _interpolation(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def _spans(size: int) -> Sequence[tuple[int, int]]:
    tile = round(size * _TILE)
    return (0, tile), (size - tile, size)


def _untouched(boxes_xyxy: F32, tile_xyxy: tuple[int, int, int, int], size: tuple[int, int]) -> Bools:
    """Which boxes keep away from those sides of the tile that lie inside a photograph of that size."""
    left, top, right, bottom = tile_xyxy
    low = np.array([left + _NEAR if left else -np.inf, top + _NEAR if top else -np.inf])
    high = np.array([np.inf if side == end else side - _NEAR for side, end in zip((right, bottom), size, strict=True)])
    inside = (boxes_xyxy[:, :2] > low) & (boxes_xyxy[:, 2:] < high)
    return np.asarray(inside.all(1), np.bool_)
