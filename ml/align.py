"""From a face in the photograph to the upright crop that a network takes."""

import functools
from typing import Final

import cv2
import numpy as np

from ml.light import lit
from ml.manifest import InputSpec
from ml.photo import Photo
from ml.types import F32, F64, Face, RgbU8

ARCFACE_112_XY: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where ArcFace (Deng et al. 2019) puts the five points in a crop of 112x112."""
SHRINK_BEFORE_WARP = 2.0  # bilinear sampling reads 2x2 pixels: beyond this it would skip some
_CONVERSIONS: Final = {"rgb": None, "bgr": cv2.COLOR_RGB2BGR, "gray": cv2.COLOR_RGB2GRAY}
CV2_SIDE: Final = 32000  # cv2.warpAffine and cv2.remap take images of at most 32767 pixels a side


def similarity(source_xy: F32 | F64, target_xy: F64) -> F64:
    """(n, 2) and (n, 2) -> (2, 3): least-squares rotation, scale and shift from source to target (Umeyama 1991).

    Points that all coincide give a pure shift.
    """
    source = np.asarray(source_xy, np.float64)
    source_mean, target_mean = source.mean(0), target_xy.mean(0)
    centred, wanted = source - source_mean, target_xy - target_mean
    spread = (centred**2).sum()
    if spread == 0:
        return np.hstack([np.eye(2), (target_mean - source_mean)[:, None]])
    # In the plane the optimum without reflection has this closed form.
    a = (centred * wanted).sum() / spread
    b = (centred[:, 0] * wanted[:, 1] - centred[:, 1] * wanted[:, 0]).sum() / spread
    linear = np.array([[a, -b], [b, a]])
    return np.hstack([linear, (target_mean - linear @ source_mean)[:, None]])


def roll_of(points_xy: F32 | F64) -> float:
    """Angle of the eye line in radians; 0 when the head is upright, positive when it is turned clockwise."""
    (x1, y1), (x2, y2) = points_xy[0].tolist(), points_xy[1].tolist()
    return float(np.arctan2(y2 - y1, x2 - x1))


def box_matrix(face: Face, size: tuple[int, int], margin: float) -> F64:
    """(2, 3) from the photograph to a crop around the box, `margin` times its longer side, turned so that the eyes are level."""
    x1, y1, x2, y2 = face.box_xyxy.tolist()
    height, width = size
    side = max(x2 - x1, y2 - y1, 1.0) * margin
    angle = roll_of(face.points_xy)
    scale = max(height, width) / side
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    linear = np.array([[cos, sin], [-sin, cos]])
    centre = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    # Pixel centres lie on integers in cv2.warpAffine, hence the halves.
    shift = np.array([width / 2 - 0.5, height / 2 - 0.5]) - linear @ (centre - 0.5)
    return np.hstack([linear, shift[:, None]])


def crop_matrix(spec: InputSpec, face: Face, image_size: tuple[int, int]) -> F64:
    """(2, 3) matrix that takes pixels of the photograph of image_size (height, width) to pixels of the crop."""
    height, width = spec.fixed_size
    if spec.align == "box":
        return box_matrix(face, (height, width), spec.margin)
    if spec.align == "five_points":
        return similarity(face.points_xy, ARCFACE_112_XY * (width / 112.0))
    scale_x, scale_y = width / image_size[1], height / image_size[0]
    return np.array([[scale_x, 0, scale_x / 2 - 0.5], [0, scale_y, scale_y / 2 - 0.5]])


def crop(photo: Photo, matrix: F64, size: tuple[int, int]) -> RgbU8:
    """Crop of `size` (height, width) by a (2, 3) matrix from the photograph, which is decoded no finer than the crop needs."""
    view = photo.view(_pixels_per_crop_pixel(matrix))
    return warp(view.rgb_u8, matrix @ view.matrix, size)


def warp(rgb_u8: RgbU8, matrix: F64, size: tuple[int, int]) -> RgbU8:
    """Crop of `size` (height, width); the border of the photograph is repeated outside it, shrinking averages pixels."""
    factor = _pixels_per_crop_pixel(matrix)
    if factor > SHRINK_BEFORE_WARP or max(rgb_u8.shape) > CV2_SIDE:
        rgb_u8, matrix = _shrunk(rgb_u8, matrix, size, max(factor, 1.0))
    height, width = size
    return np.asarray(
        cv2.warpAffine(rgb_u8, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _pixels_per_crop_pixel(matrix: F64) -> float:
    return 1.0 / max(float(np.sqrt(abs(np.linalg.det(matrix[:, :2])))), 1e-6)


def _shrunk(rgb_u8: RgbU8, matrix: F64, size: tuple[int, int], factor: float) -> tuple[RgbU8, F64]:
    """The part of the photograph that the crop covers, averaged down to about the crop's resolution, and the matrix from there."""
    x1, y1, x2, y2 = _covered(matrix, size, rgb_u8.shape[:2])
    part = rgb_u8[y1:y2, x1:x2]
    width, height = max(1, round((x2 - x1) / factor)), max(1, round((y2 - y1) / factor))
    small = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    scale_x, scale_y = (x2 - x1) / width, (y2 - y1) / height
    back = np.array([[scale_x, 0, x1 + scale_x / 2 - 0.5], [0, scale_y, y1 + scale_y / 2 - 0.5], [0, 0, 1]])
    return small, matrix @ back


def _covered(matrix: F64, size: tuple[int, int], image_size: tuple[int, ...]) -> tuple[int, int, int, int]:
    height, width = size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    there = apply(inverse(matrix), corners)
    low = np.floor(there.min(0)).astype(int) - 2
    high = np.ceil(there.max(0)).astype(int) + 3
    limit = np.array([image_size[1], image_size[0]])
    low = np.clip(low, 0, limit - 1)
    high = np.clip(high, low + 1, limit)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def inverse(matrix: F64) -> F64:
    """(2, 3) -> (2, 3): the way back."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.hstack([linear, -linear @ matrix[:, 2:]])


def apply(matrix: F64, points_xy: F32 | F64) -> F64:
    """(2, 3) and (n, 2) -> (n, 2): the points moved by the matrix."""
    return np.asarray(points_xy @ matrix[:, :2].T + matrix[:, 2], np.float64)


def look(spec: InputSpec, photo: Photo, matrix: F64) -> F32:
    """What a network sees of a photograph: the crop by a (2, 3) matrix, with its levels stretched if it is dark or pale."""
    return prepare(spec, lit(crop(photo, matrix, spec.fixed_size)))


def prepare(spec: InputSpec, rgb_u8: RgbU8) -> F32:
    """A crop (height, width, 3) -> (1, height, width, 3 or 1) float32 in the colour order and range the network wants."""
    conversion = _CONVERSIONS[spec.colour]
    pixels = rgb_u8 if conversion is None else cv2.cvtColor(rgb_u8, conversion)
    channels = 1 if spec.colour == "gray" else 3
    values = cv2.LUT(pixels, _table(channels, tuple(spec.mean), spec.scale))
    return np.asarray(values, np.float32).reshape(1, *rgb_u8.shape[:2], channels)


@functools.lru_cache(64)  # one for each kind of input
def _table(channels: int, mean: tuple[float, ...], scale: float) -> F32:
    """(1, 256, channels): (x - mean) * scale of every x; looking it up takes a quarter of the time of the arithmetic."""
    levels = np.tile(np.arange(256, dtype=np.float32)[:, None], channels)
    return np.asarray((levels - np.asarray(mean, np.float32)) * np.float32(scale), np.float32)[None]
