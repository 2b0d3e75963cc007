"""R-Net and O-Net on square crops of a photograph."""

import math
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from ml.align import CV2_SIDE
from ml.runtime import Network
from ml.types import F32, RgbU8
from ml.workers import Workers

RNET_SIDE: Final = 24
ONET_SIDE: Final = 48
RNET_BATCHES: Final = (64, 16, 4)
ONET_BATCHES: Final = (16, 4, 1)
_OUTSIDE: Final = (128, 128, 128)  # what the networks were trained to see beyond the photograph: the middle grey


def squares(boxes_xyxy: F32) -> F32:
    """(n, 4) boxes -> squares with the same centres and the longer sides."""
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    longest = sides.max(1, keepdims=True)
    corner = boxes_xyxy[:, :2] + (sides - longest) / 2
    return np.concatenate([corner, corner + longest], 1, dtype=np.float32)


def moved(boxes_xyxy: F32, offsets: F32) -> F32:
    """Boxes (n, 4) moved by offsets (n, 4) in parts of their sides, counted with both edge pixels as the weights expect."""
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2] + 1
    return np.add(boxes_xyxy, offsets * np.tile(sides, 2), dtype=np.float32)


def points_of(boxes_xyxy: F32, answers: F32) -> F32:
    """O-Net's answers (n, 10), five x and five y in parts of the box -> (n, 5, 2) pixels."""
    parts = answers.reshape(-1, 2, 5).transpose(0, 2, 1)
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2] + 1
    return np.asarray(parts * sides[:, None] + boxes_xyxy[:, None, :2] - 1, np.float32)


def refine(
    rgb_u8: RgbU8, boxes_xyxy: F32, network: Network, *, side: int, batches: tuple[int, ...], workers: Workers
) -> F32:
    """Answers (n, k) of a network for the crops of the n > 0 boxes; batches are padded to the few sizes in `batches`."""

    def ask(part: tuple[int, int, int]) -> F32:
        start, count, size = part
        batch = np.zeros((size, side, side, 3), np.float32)
        batch[:count] = crops(rgb_u8, boxes_xyxy[start : start + count], side)
        return network.run(batch)["faces"][:count]

    return np.concatenate(list(workers.map(ask, _batched(len(boxes_xyxy), batches))))


def crops(rgb_u8: RgbU8, boxes_xyxy: F32, side: int) -> RgbU8:
    """(n, side, side, 3): pixels of the boxes, bilinear, corner on corner; grey beyond the photograph."""
    height, width = rgb_u8.shape[:2]
    steps = np.arange(side, dtype=np.float32) / (side - 1)
    spans = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    xs = (boxes_xyxy[:, :1] + steps * spans[:, :1]) * np.float32((width - 1) / width)
    ys = (boxes_xyxy[:, 1:2] + steps * spans[:, 1:]) * np.float32((height - 1) / height)
    if max(height, width) <= CV2_SIDE:
        return _sampled(rgb_u8, xs, ys)
    return np.concatenate([_sampled_near(rgb_u8, xs[i : i + 1], ys[i : i + 1]) for i in range(len(xs))])


def _sampled(rgb_u8: RgbU8, xs: F32, ys: F32) -> RgbU8:
    """(n, side) columns and rows -> (n, side, side, 3)."""
    shape = (*xs.shape, xs.shape[1])
    map_x = np.broadcast_to(xs[:, None, :], shape).reshape(-1, shape[2])
    map_y = np.broadcast_to(ys[:, :, None], shape).reshape(-1, shape[2])
    flat = cv2.remap(rgb_u8, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=_OUTSIDE)
    return np.asarray(flat, np.uint8).reshape(*shape, 3)


def _sampled_near(rgb_u8: RgbU8, xs: F32, ys: F32) -> RgbU8:
    """The same for one crop, from a piece of a photograph that is too long for cv2."""
    (top, bottom), (left, right) = (_reach(at, size) for at, size in zip((ys, xs), rgb_u8.shape[:2], strict=True))
    piece = rgb_u8[top:bottom, left:right]
    # A box may be as long as the photograph; of its pixels few are sampled.
    step = np.float32(math.ceil(max(piece.shape) / CV2_SIDE))
    return _sampled(piece[:: int(step), :: int(step)], (xs - left) / step, (ys - top) / step)


def _reach(at: F32, size: int) -> tuple[int, int]:
    start = min(max(int(at.min()) - 2, 0), size - 1)
    return start, min(max(int(at.max()) + 3, start + 1), size)


def _batched(count: int, sizes: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """(start, count, padded size) of batches in few sizes, largest first."""
    start = 0
    while start < count:
        left = count - start
        size = next((size for size in sizes if size <= left), sizes[-1])
        yield start, min(size, left), size
        start += size
