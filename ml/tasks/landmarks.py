"""Facial landmarks: a mesh of 468 points and four sets of named points derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.align import apply, inverse
from ml.errors import InvalidRequest
from ml.landmark_schemes import points5_from_68, points15_from_68
from ml.tasks.base import Scene, Task
from ml.types import F32, F64

SCHEMES: Final = ("5", "15", "68", "76", "468")
_OUTPUTS: Final = {"68": "points68", "76": "points76", "468": "mesh"}


@dataclass(frozen=True, slots=True)
class LandmarksResult:
    """The scheme's points, each [x, y] in pixels of the photograph, in the scheme's own order."""

    scheme: str
    points: list[tuple[float, float]]


def _decode(outputs: Mapping[str, F32], scene: Scene) -> LandmarksResult:
    points_xy = _in_photograph(outputs, scene)
    return LandmarksResult(scene.choices.landmarks, [(x, y) for x, y in points_xy.tolist()])


def _in_photograph(outputs: Mapping[str, F32], scene: Scene) -> F64:
    if scene.choices.landmarks not in SCHEMES:
        raise InvalidRequest(f"landmarks must be one of {', '.join(SCHEMES)}.", {"landmarks": scene.choices.landmarks})
    height, width = scene.spec.input.fixed_size
    in_crop = outputs[_OUTPUTS.get(scene.choices.landmarks, "points68")][0, :, :2] * (width, height)
    points_xy = apply(inverse(scene.matrix), in_crop)
    if scene.choices.landmarks == "15":
        return points15_from_68(points_xy)
    return points5_from_68(points_xy) if scene.choices.landmarks == "5" else points_xy


LANDMARKS = Task("landmarks", tuple(_OUTPUTS.values()), LandmarksResult, _decode)
