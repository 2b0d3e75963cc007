"""Is a face large and sharp enough for a task? Measured on its upright crop; docs/accuracy.md shows what the limits do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ml.align import box_matrix, crop
from ml.photo import Photo
from ml.types import Face

_SIDE: Final = 64
_FLAT: Final = 0.3  # grey levels: keeps the ratio steady where there is nothing to see


@dataclass(frozen=True, slots=True)
class Clarity:
    """pixels: the longer side of the face's box in the photograph. detail: see `detail`."""

    pixels: float
    detail: float


CLEAR: Final = Clarity(float("inf"), float("inf"))
LEAST: Final[Mapping[str, Clarity]] = {
    "age": Clarity(16, 0.46),
    "gender": Clarity(20, 0.50),
    "emotion": Clarity(28, 0.55),
    "attributes": Clarity(16, 0.46),
    "mask": Clarity(16, 0.46),
}
"""What a task needs. Below it, on validation faces that were shrunk or blurred, ten more answers in a hundred were wrong, or the error
of the age or of the attributes had grown by half (`python -m ml.training.evaluate --only clarity`)."""


def clarity(photo: Photo, face: Face) -> Clarity:
    """How large and how sharp a face is."""
    x1, y1, x2, y2 = face.box_xyxy.tolist()
    return Clarity(max(x2 - x1, y2 - y1), detail(photo, face))


def uncertain(task: str, found: Clarity) -> bool:
    """Whether a face is too small or too blurred for the task; never for a task that LEAST does not name."""
    least = LEAST.get(task)
    return least is not None and (found.pixels < least.pixels or found.detail < least.detail)


def detail(photo: Photo, face: Face) -> float:
    """How much structure of 1 to 2 pixels there is beside that of 2 to 4 pixels, in the grey crop of 64 pixels.

    Bands are differences of Gaussians. The ratio does not depend on contrast, light or the photograph's size. A sharp face gives about
    0.7; one that was enlarged from 16 pixels, or blurred by a Gaussian of 3 % of its side, about 0.45.
    """
    square = crop(photo, box_matrix(face, (_SIDE, _SIDE), 1.0), (_SIDE, _SIDE))
    gray = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    one, two, four = (cv2.GaussianBlur(gray, (0, 0), sigma) for sigma in (1, 2, 4))
    return float((one - two).std() / ((two - four).std() + _FLAT))
