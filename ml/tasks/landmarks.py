"""Facial landmarks: a mesh of 468 points and four sets of named points derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.align import apply, inverse, roll_of
from ml.errors import InvalidRequest
from ml.landmark_schemes import points5_from_68, points15_from_68
from ml.tasks.base import Scene, Task
from ml.types import F32, F64

SCHEMES: Final = ("5", "15", "68", "76", "468")
SLACK: Final = 1.2
OFF: Final = 0.1
"""How far the mesh's longer side (as a factor) and middle (in widths of the crop) may be from the usual; every face of landmarks68 val
that was framed well is within 1.15 and 0.07."""
CLOSEST: Final = 4.0
"""A crop is not cut anew that much smaller: what looks so small there is hardly a face."""
_EYES: Final = (33, 263)
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


def _again(outputs: Mapping[str, F32], scene: Scene) -> F64 | None:
    """The crop around the mesh, when the first one framed the face otherwise than the network is used to.

    What it is used to stands in the manifest, [network.calibration.landmarks]: `extent`, the mesh's longer side, and `middle`, both in 0..1
    of the crop. Without them, and when the mesh is no mesh, None.
    """
    usual, mesh_xy = scene.calibration("landmarks"), outputs["mesh"][0, :, :2].astype(np.float64)
    if not usual or not np.isfinite(mesh_xy).all():
        return None
    low, high = mesh_xy.min(0), mesh_xy.max(0)
    extent, off = float((high - low).max()) / usual["extent"], np.abs((low + high) / 2 - usual["middle"]).max()
    if extent < 1 / CLOSEST or (1 / SLACK < extent < SLACK and off < OFF):
        return None
    size = np.array(scene.spec.input.fixed_size[::-1], np.float64)
    return _around(
        apply(inverse(scene.matrix), mesh_xy * size), size * usual["middle"], float(size.max()) * usual["extent"]
    )


def _around(mesh_xy: F64, middle_xy: F64, extent: float) -> F64:
    """(2, 3) from the photograph to a crop in which the mesh (468, 2) is upright, its longer side `extent`, its middle there."""
    angle = roll_of(mesh_xy[list(_EYES)])
    cos, sin = np.cos(angle), np.sin(angle)
    upright = np.array([[cos, sin], [-sin, cos]])
    turned = mesh_xy @ upright.T
    low, high = turned.min(0), turned.max(0)
    scale = extent / float((high - low).max())
    return np.hstack([scale * upright, (middle_xy - scale * (low + high) / 2)[:, None]])


LANDMARKS = Task("landmarks", tuple(_OUTPUTS.values()), LandmarksResult, _decode, _again)
