"""Non-maximum suppression: a box goes when any better box overlaps it, even one that goes too."""

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.boxes import Overlap, areas
from ml.types import F32

Indices = npt.NDArray[np.intp]
_BLOCK: Final = 128  # boxes compared at once with all better ones: large enough for numpy, small enough for the cache
_MANY: Final = 1024  # boxes from which on it pays to compare neighbours only


def ranked(boxes_xyxy: F32, scores: F32) -> Indices:
    """Indices by falling score; ties by the place of the box, so that the order of the input does not matter."""
    return np.lexsort((boxes_xyxy[:, 2], boxes_xyxy[:, 0], boxes_xyxy[:, 1], -scores))


def suppress(boxes_xyxy: F32, scores: F32, threshold: float, over: Overlap = "union") -> Indices:
    """Indices of the boxes (n, 4) that no better one overlaps by more than the threshold, best first."""
    order = ranked(boxes_xyxy, scores)
    boxes = boxes_xyxy[order]
    columns = [*np.ascontiguousarray(boxes.T), areas(boxes)]
    keep = np.ones(len(boxes), np.bool_)
    for own, better in _blocks(boxes):
        keep[own] = ~_beaten(columns, own, better, threshold, over)
    return order[keep]


def _blocks(boxes: F32) -> list[tuple[Indices, Indices]]:
    """Blocks of boxes, and for each those that may beat one of them; boxes come by rank, so both are by rank."""
    ranks = np.arange(len(boxes))
    if len(boxes) <= _MANY:
        return [(ranks[i : i + _BLOCK], ranks[: i + _BLOCK]) for i in range(0, len(boxes), _BLOCK)]
    by_x = np.argsort(boxes[:, 0], kind="stable")
    blocks = []
    for start in range(0, len(boxes), _BLOCK):
        own = np.sort(by_x[start : start + _BLOCK])
        reached = (boxes[:, 0] < boxes[own, 2].max()) & (boxes[:, 2] > boxes[own, 0].min()) & (ranks < own[-1])
        blocks.append((own, np.flatnonzero(reached)))
    return blocks


def _beaten(
    columns: list[F32], own: Indices, others: Indices, threshold: float, over: Overlap
) -> npt.NDArray[np.bool_]:
    """Which of `own` overlap one of `others` of better rank by more than the threshold."""
    x1, y1, x2, y2, area = ((column[others][:, None], column[own][None]) for column in columns)
    width = np.minimum(*x2)
    width -= np.maximum(*x1)
    height = np.minimum(*y2)
    height -= np.maximum(*y1)
    inner = np.maximum(width, 0, out=width)
    inner *= np.maximum(height, 0, out=height)
    whole = np.add(*area) - inner if over == "union" else np.minimum(*area)
    whole *= threshold
    beaten = (inner > whole) & (others[:, None] < own[None])
    return np.asarray(beaten.any(axis=0), np.bool_)
