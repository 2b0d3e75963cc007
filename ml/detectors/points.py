"""O-Net's second look at a box: five points for boxes that come without, and which way up the face is."""

from typing import Final

import numpy as np

from ml.detectors.refine import ONET_BATCHES, ONET_SIDE, points_of, refine, squares
from ml.runtime import Networks
from ml.types import F32, RgbU8

TURNS: Final = (0, 90, 180, 270)
CLEARLY: Final = 2.0  # logits by which a turn must look more like a face than the photograph as it is


def points_in(rgb_u8: RgbU8, boxes_xyxy: F32, networks: Networks) -> F32:
    """(n, 4) boxes -> (n, 5, 2) points in the order of POINT_NAMES; no boxes, no points."""
    around = squares(boxes_xyxy)
    return points_of(around, _answers(rgb_u8, around, networks)[:, 5:])


def five_points(rgb_u8: RgbU8, box_xyxy: F32, networks: Networks) -> F32:
    """(4,) box -> (5, 2) points in the order of POINT_NAMES."""
    points: F32 = points_in(rgb_u8, box_xyxy[None], networks)[0]
    return points


def turn_of(rgb_u8: RgbU8, box_xyxy: F32, networks: Networks) -> int:
    """Clockwise turn of the photograph (0, 90, 180, 270) in which O-Net takes the box (4,) most clearly for a face."""
    piece, inner = _around(rgb_u8, squares(box_xyxy[None])[0])
    logits = []
    for _ in TURNS:
        logits.append(float(_answers(np.ascontiguousarray(piece), inner[None], networks)[0, 0]))
        x1, y1, x2, y2 = inner
        piece, inner = np.rot90(piece, -1), np.array([len(piece) - y2, x1, len(piece) - y1, x2], np.float32)
    best = int(np.argmax(logits))
    return TURNS[best] if logits[best] - logits[0] > CLEARLY else 0


def _answers(rgb_u8: RgbU8, squares_xyxy: F32, networks: Networks) -> F32:
    onet = networks.get("mtcnn-onet")
    return refine(rgb_u8, squares_xyxy, onet, side=ONET_SIDE, batches=ONET_BATCHES, workers=networks.workers)


def _around(rgb_u8: RgbU8, square_xyxy: F32) -> tuple[RgbU8, F32]:
    """A square piece of the photograph around the box, grey beyond its border, and the box in the piece."""
    side = float(square_xyxy[2] - square_xyxy[0])
    left, top = np.floor(square_xyxy[:2] - 0.1 * side).astype(int).tolist()
    whole = int(np.ceil(1.2 * side)) + 1
    height, width = rgb_u8.shape[:2]
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + whole, width), min(top + whole, height)
    piece = np.full((whole, whole, 3), 128, np.uint8)
    piece[y1 - top : y2 - top, x1 - left : x2 - left] = rgb_u8[y1:y2, x1:x2]
    return piece, square_xyxy - np.array([left, top, left, top], np.float32)
