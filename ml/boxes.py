"""Boxes in the form x1, y1, x2, y2 (float32, pixels; x2 and y2 exclusive)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ml.types import F32, Face

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


def prominent(faces: Sequence[Face], size: tuple[int, int]) -> Face:
    """The face that a photograph of size (width, height) is of: large and near the middle. ValueError when there is none.

    Size counts against distance one to one: a neighbour who is cut off by the edge loses even when larger.
    """
    middle = np.array(size, np.float64) / 2

    def weight(face: Face) -> float:
        low, high = face.box_xyxy[:2].astype(np.float64), face.box_xyxy[2:].astype(np.float64)
        return float((high - low).max() - np.linalg.norm((low + high) / 2 - middle))

    return max(faces, key=weight)
