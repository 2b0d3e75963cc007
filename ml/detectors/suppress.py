"""Non-maximum suppression as the cascade wants it: a box goes when any better box overlaps it, even one that goes too."""

import numpy as np
import numpy.typing as npt

from ml.boxes import Overlap, iou_matrix
from ml.types import F32

_CHUNK = 512  # boxes compared at once: bounds the memory for photographs with tens of thousands of proposals


def ranked(boxes_xyxy: F32, scores: F32) -> npt.NDArray[np.intp]:
    """Indices by falling score; ties by the place of the box, so that the order of the input does not matter."""
    return np.lexsort((boxes_xyxy[:, 2], boxes_xyxy[:, 0], boxes_xyxy[:, 1], -scores))


def suppress(boxes_xyxy: F32, scores: F32, threshold: float, over: Overlap = "union") -> npt.NDArray[np.intp]:
    """Indices of the boxes (n, 4) that no better one overlaps by more than the threshold, best first."""
    order = ranked(boxes_xyxy, scores)
    boxes = boxes_xyxy[order]
    if len(boxes) <= _CHUNK:
        return order[_kept(boxes, np.arange(len(boxes)), np.arange(len(boxes)), threshold, over)]
    keep = np.zeros(len(boxes), np.bool_)
    by_x = np.argsort(boxes[:, 0], kind="stable")
    for start in range(0, len(by_x), _CHUNK):
        own = by_x[start : start + _CHUNK]
        left, right = boxes[own, 0].min(), boxes[own, 2].max()
        near = np.flatnonzero((boxes[:, 0] < right) & (boxes[:, 2] > left))
        keep[own] = _kept(boxes, own, near, threshold, over)
    return order[keep]


def _kept(
    boxes: F32, own: npt.NDArray[np.intp], near: npt.NDArray[np.intp], threshold: float, over: Overlap
) -> npt.NDArray[np.bool_]:
    overlaps = iou_matrix(boxes[near], boxes[own], over) > threshold
    better = near[:, None] < own[None, :]
    return np.logical_not((overlaps & better).any(axis=0), dtype=np.bool_)
