"""When landmarks are looked for again, and where."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.align import apply, inverse
from ml.manifest import load
from ml.tasks.base import Scene
from ml.tasks.landmarks import LANDMARKS
from ml.types import F32, Face

SPEC = load(Path(__file__).parents[2] / "weights" / "manifest.toml").find("mesh")
USUAL = SPEC.calibration["landmarks"]
FACE = Face(np.array([10, 20, 90, 100], np.float32), 1.0, np.zeros((5, 2), np.float32))
MATRIX = np.array([[1.6, 0, -10], [0, 1.6, 4]])


def mesh(extent: float, middle: Any = USUAL["middle"], angle: float = 0.0) -> dict[str, F32]:
    """A flat oval of that longer side, as a share of the crop, its eyes 33 and 263 level but for the angle."""
    around = np.linspace(0, 2 * np.pi, 468, endpoint=False)
    shape = np.stack([0.4 * np.cos(around), 0.5 * np.sin(around)], 1)
    shape[33], shape[263] = (-0.2, -0.1), (0.2, -0.1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = extent * shape @ turn.T + middle
    return {"mesh": np.concatenate([points, np.zeros((468, 1))], 1)[None].astype(np.float32)}


def again(outputs: dict[str, F32], **changes: Any) -> Any:
    assert LANDMARKS.again is not None
    return LANDMARKS.again(outputs, Scene(FACE, replace(SPEC, **changes), MATRIX))


@pytest.mark.parametrize(
    ("outputs", "changes"),
    [
        (mesh(0.0), {}),
        (mesh(0.4), {"calibration": {}}),
        (mesh(USUAL["extent"]), {}),
        (mesh(1.1 * USUAL["extent"], angle=0.3), {}),
        (mesh(USUAL["extent"] / 5), {}),
        ({"mesh": np.full((1, 468, 3), np.nan, np.float32)}, {}),
        ({"mesh": np.full((1, 468, 3), np.inf, np.float32)}, {}),
    ],
    ids=["no extent", "framing unknown", "as usual", "nearly", "hardly a face", "nan", "infinite"],
)
def test_one_look_is_enough(outputs: dict[str, F32], changes: dict[str, Any]) -> None:
    assert again(outputs, **changes) is None


@pytest.mark.parametrize(
    ("extent", "middle", "angle"),
    [(0.4, USUAL["middle"], 0.0), (0.95, USUAL["middle"], 0.2), (0.7, (0.3, 0.6), -0.4), (0.3, (0.8, 0.2), 1.0)],
)
def test_the_next_crop_frames_the_mesh_as_usual(extent: float, middle: Any, angle: float) -> None:
    outputs = mesh(extent, middle, angle)
    matrix = again(outputs)
    seen = apply(inverse(MATRIX), outputs["mesh"][0, :, :2].astype(np.float64) * 192)
    found = apply(matrix, seen) / 192
    low, high = found.min(0), found.max(0)
    assert (high - low).max() == pytest.approx(USUAL["extent"], rel=1e-4)
    assert (low + high) / 2 == pytest.approx(USUAL["middle"], abs=1e-4)
    assert found[263, 1] == pytest.approx(found[33, 1], abs=1e-4)
