"""Where the faces are: the detector's own answer in words."""

from dataclasses import dataclass

from ml.types import POINT_NAMES, Face


@dataclass(frozen=True, slots=True)
class DetectResult:
    """Five points by name, each [x, y] in pixels of the photograph; "left" is the left of the upright image."""

    points: dict[str, tuple[float, float]]


def decode(face: Face) -> DetectResult:
    """Name the five points of a face."""
    return DetectResult({name: (float(x), float(y)) for name, (x, y) in zip(POINT_NAMES, face.points_xy, strict=True)})
