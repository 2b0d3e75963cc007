"""Boxes in the form x1, y1, x2, y2 (float32, pixels; x2 and y2 exclusive)."""

from typing import Literal

import numpy as np

from ml.types import F32

Overlap = Literal["union", "min"]


def areas(boxes_xyxy: F32) -> F32:
    """(n, 4) -> (n,) areas; 0 for a box that is inside out."""
    sides = np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0)
    product: F32 = sides[:, 0] * sides[:, 1]
    return product


def iou_matrix(first_xyxy: F32, second_xyxy: F32, over: Overlap = "union") -> F32:
    """(n, 4) and (m, 4) -> (n, m): intersection over the union, or over the smaller of the two areas."""
    top_left = np.maximum(first_xyxy[:, None, :2], second_xyxy[None, :, :2])
    bottom_right = np.minimum(first_xyxy[:, None, 2:], second_xyxy[None, :, 2:])
    sides = np.maximum(bottom_right - top_left, 0)
    inner = sides[..., 0] * sides[..., 1]
    first, second = areas(first_xyxy)[:, None], areas(second_xyxy)[None, :]
    whole = first + second - inner if over == "union" else np.minimum(first, second)
    ratio: F32 = np.divide(inner, whole, out=np.zeros_like(inner), where=whole > 0)
    return ratio
