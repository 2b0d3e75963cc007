"""Arrays and faces that every stage shares.

All coordinates are pixels of the upright photograph, x to the right, y down. "Left" is the left of the image.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

RgbU8 = npt.NDArray[np.uint8]
"""(height, width, 3) red, green, blue, 0..255."""
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

POINT_NAMES: Final = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face: box_xyxy (4,), confidence 0..1, points_xy (5, 2) in the order of POINT_NAMES."""

    box_xyxy: F32
    confidence: float
    points_xy: F32

    def __post_init__(self) -> None:
        _check("box_xyxy", self.box_xyxy, (4,))
        _check("points_xy", self.points_xy, (5, 2))

    @property
    def area(self) -> float:
        """Area of the box in pixels; 0 when it is inside out."""
        x1, y1, x2, y2 = map(float, self.box_xyxy)
        return max(0.0, x2 - x1) * max(0.0, y2 - y1)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What a detector found: boxes_xyxy (n, 4), confidences (n,), points_xy (n, 5, 2); boxes may reach outside the image."""

    boxes_xyxy: F32
    confidences: F32
    points_xy: F32

    def __post_init__(self) -> None:
        count = len(self.boxes_xyxy)
        _check("boxes_xyxy", self.boxes_xyxy, (count, 4))
        _check("confidences", self.confidences, (count,))
        _check("points_xy", self.points_xy, (count, 5, 2))

    def __len__(self) -> int:
        return len(self.boxes_xyxy)

    @classmethod
    def empty(cls) -> "Detections":
        """No faces."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))

    def take(self, places: Any) -> "Detections":
        """Some of them."""
        return Detections(self.boxes_xyxy[places], self.confidences[places], self.points_xy[places])

    def faces(self) -> list[Face]:
        """The same as a list, in the same order."""
        rows = zip(self.boxes_xyxy, self.confidences.tolist(), self.points_xy, strict=True)
        return [Face(box, confidence, points) for box, confidence, points in rows]


def _check(name: str, array: F32, shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype != np.float32:
        raise ValueError(f"{name} must be float32 of shape {shape}, got {array.dtype} of shape {array.shape}")
