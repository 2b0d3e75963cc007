"""What a face may look like by the time it reaches the network: framing, light, colour, resolution, compression, occlusion.

Everything is drawn from the generator that is passed in, so a seed repeats a run.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from ml.align import box_matrix
from ml.types import F32, F64, Face, RgbU8

SMALLEST: Final = 24  # pixels to which a crop is at most reduced


@dataclass(frozen=True, slots=True)
class Strength:
    """How much is done. Framing: spreads of log size, of shift in parts of the crop, of roll in degrees; then probabilities.

    cut: of a photograph whose edges cut the face off.
    """

    size: float = 0.10
    shift: float = 0.03
    roll: float = 6.0
    loose: float = 0.1
    light: float = 0.6
    tint: float = 0.3
    gray: float = 0.15
    small: float = 0.2
    blur: float = 0.1
    jpeg: float = 0.15
    hide: float = 0.15
    noise: float = 0.0
    cut: float = 0.0


COLOUR: Final = Strength()
GRAY48: Final = Strength(roll=8.0, tint=0.4, gray=0.0, small=0.05, blur=0.05, jpeg=0.05)
"""For FER-2013, whose images are grey and of 48 pixels already."""
Kinds = tuple[Strength, Strength]
"""What is done to images in colour, and to FER-2013's."""
USUAL: Final[Kinds] = (COLOUR, GRAY48)
ROUGH: Final[Kinds] = (Strength(noise=0.2, cut=0.4), replace(GRAY48, noise=0.2, cut=0.3))


def framed(rgb_u8: RgbU8, face: Face, side: int, margin: float, *, rng: np.random.Generator, how: Strength) -> RgbU8:
    """The crop (side, side, 3) that serving would take, a little off, mirrored half of the time."""
    if how.cut and rng.random() < how.cut:
        rgb_u8, face = _cut_off(rgb_u8, face, rng)
    matrix = box_matrix(face, (side, side), margin)
    scale = float(np.exp(np.clip(rng.normal(0, how.size), -2.5 * how.size, 2.5 * how.size)))
    if rng.random() < how.loose:
        # An image that is taken for a face crop as a whole is framed more loosely or tightly than a detector would.
        scale *= float(rng.uniform(0.65, 1.15))
    angle = np.deg2rad(np.clip(rng.normal(0, how.roll), -2.5 * how.roll, 2.5 * how.roll))
    shift = np.clip(rng.normal(0, how.shift, 2), -2.5 * how.shift, 2.5 * how.shift) * side
    moved = _about_centre(side, scale, float(angle), shift, mirror=bool(rng.random() < 0.5)) @ np.vstack(
        [matrix, [0, 0, 1]]
    )
    crop = cv2.warpAffine(rgb_u8, moved[:2], (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def _cut_off(rgb_u8: RgbU8, face: Face, rng: np.random.Generator) -> tuple[RgbU8, Face]:
    """The photograph cut close around the face or through it, and the face as it is found then: somewhat smaller, less surely in its place.

    From a twelfth of the box outside to a fifth inside, the forehead more; the box's errors are those of SCRFD on such photographs.
    """
    depth = float(rng.random())
    inside = -0.08 + 0.26 * depth + rng.normal(0, 0.03, 4) + np.array([0, rng.uniform(0, 0.1), 0, 0])
    low, high = face.box_xyxy[:2], face.box_xyxy[2:]
    size = high - low
    part_u8, before_xy = window(rgb_u8, face, inside)
    scale = np.exp(-0.07 * depth + rng.normal(0, 0.04 + 0.1 * depth))
    middle = (low + high) / 2 + rng.normal(0, 0.015 + 0.03 * depth, 2) * size.max() - before_xy
    box = np.concatenate([middle - scale * size / 2, middle + scale * size / 2]).astype(np.float32)
    return part_u8, Face(box, face.confidence, face.points_xy - before_xy)


def window(rgb_u8: RgbU8, face: Face, inside: F32 | F64) -> tuple[RgbU8, F32]:
    """What lies in the face's box less these parts of its width and height, and where that begins (x, y).

    inside: (4,) of the left, top, right and bottom side; where negative, so much more than the box.
    """
    low, high = face.box_xyxy[:2], face.box_xyxy[2:]
    size, limit = high - low, np.array(rgb_u8.shape[1::-1])
    x1, y1 = np.clip(low + inside[:2] * size, 0, limit - 1).astype(int).tolist()
    x2, y2 = np.clip(high - inside[2:] * size, [x1 + 1, y1 + 1], limit).astype(int).tolist()
    return rgb_u8[y1:y2, x1:x2], np.array([x1, y1], np.float32)


def _about_centre(side: int, scale: float, angle: float, shift: F64, *, mirror: bool) -> F64:
    centre = (side - 1) / 2
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    linear = np.array([[cos, sin], [-sin, cos]])
    if mirror:
        linear[0] *= -1
    offset = np.array([centre, centre]) + shift - linear @ np.array([centre, centre])
    return np.vstack([np.hstack([linear, offset[:, None]]), [0, 0, 1]])


def spoilt(rgb_u8: RgbU8, rng: np.random.Generator, how: Strength) -> RgbU8:
    """The crop with other light and colour, coarser, blurred, compressed or partly hidden."""
    chances = rng.random(7)
    image = rgb_u8
    if chances[0] < how.hide:
        image = _hidden(image, rng)
    if chances[1] < how.small:
        image = _coarse(image, rng)
    elif chances[2] < how.blur:
        image = np.asarray(
            cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 2.0)) * image.shape[0] / 128), np.uint8
        )
    if chances[3] < how.light or chances[4] < how.tint:
        image = _lit(image, rng, light=bool(chances[3] < how.light), tint=bool(chances[4] < how.tint))
    if chances[5] < how.gray:
        image = np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
    if chances[6] < how.jpeg:
        image = _compressed(image, int(rng.integers(20, 85)))
    if how.noise and rng.random() < how.noise:
        image = _noisy(image, rng)
    return image


def _lit(image: RgbU8, rng: np.random.Generator, *, light: bool, tint: bool) -> RgbU8:
    gain, bias, gamma = np.ones(3), 0.0, 1.0
    if light:
        gain = gain * rng.uniform(0.7, 1.35)
        bias = float(rng.uniform(-25, 25))
        gamma = float(np.exp(rng.uniform(-0.35, 0.35)))
    if tint:
        gain = gain * rng.uniform(0.85, 1.15, 3)
    levels = 255 * (np.arange(256)[:, None] / 255) ** gamma
    table = np.clip((levels - 128) * gain + 128 + bias, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table[None]), np.uint8)


def _coarse(image: RgbU8, rng: np.random.Generator) -> RgbU8:
    side = image.shape[0]
    small = int(np.exp(rng.uniform(np.log(SMALLEST), np.log(0.75 * side))))
    back = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[int(rng.choice(3, p=(0.6, 0.3, 0.1)))]
    reduced = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(reduced, (side, side), interpolation=back), np.uint8)


def _compressed(image: RgbU8, quality: int) -> RgbU8:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _noisy(image: RgbU8, rng: np.random.Generator) -> RgbU8:
    grain = rng.normal(0, rng.uniform(3, 18), image.shape)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def _hidden(image: RgbU8, rng: np.random.Generator) -> RgbU8:
    side = image.shape[0]
    width, height = (rng.uniform(0.1, 0.35, 2) * side).astype(int)
    x, y = int(rng.integers(0, side - width)), int(rng.integers(0, side - height))
    image = image.copy()
    noise = rng.integers(0, 256, 3) if rng.random() < 0.5 else rng.integers(0, 256, (int(height), int(width), 3))
    image[y : y + height, x : x + width] = noise
    return image


def network_input(crops_u8: RgbU8, mean_bgr: tuple[float, ...]) -> F32:
    """(n, h, w, 3) RGB -> float32 BGR minus the mean."""
    return crops_u8[..., ::-1].astype(np.float32) - np.asarray(mean_bgr, np.float32)
