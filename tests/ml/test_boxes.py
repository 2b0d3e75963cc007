"""Box arithmetic."""

import numpy as np
import pytest

from ml.boxes import Overlap, areas, iou_matrix, prominent
from ml.types import F32, Face


def boxes(*rows: tuple[float, float, float, float]) -> F32:
    return np.array(rows, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("box_xyxy", "area"),
    [
        (boxes(), []),
        (boxes((0, 0, 2, 3)), [6]),
        (boxes((2, 2, 1, 1)), [0]),
        (boxes((-1, -1, 1, 1), (0, 0, 0, 5)), [4, 0]),
    ],
)
def test_areas(box_xyxy: F32, area: list[float]) -> None:
    assert areas(box_xyxy).tolist() == area


@pytest.mark.parametrize(
    ("first", "second", "over", "expected"),
    [
        (boxes(), boxes((0, 0, 1, 1)), "union", np.zeros((0, 1))),
        (boxes((0, 0, 1, 1)), boxes(), "union", np.zeros((1, 0))),
        (boxes((0, 0, 2, 2)), boxes((0, 0, 2, 2)), "union", [[1]]),
        (boxes((0, 0, 2, 2)), boxes((1, 0, 3, 2)), "union", [[1 / 3]]),
        (boxes((0, 0, 4, 4)), boxes((1, 1, 3, 3)), "min", [[1]]),
        (boxes((0, 0, 4, 4)), boxes((1, 1, 3, 3)), "union", [[0.25]]),
        (boxes((0, 0, 1, 1)), boxes((1, 1, 2, 2), (5, 5, 6, 6)), "union", [[0, 0]]),
        (boxes((1, 1, 1, 1)), boxes((1, 1, 1, 1)), "union", [[0]]),
    ],
)
def test_iou_matrix(first: F32, second: F32, over: Overlap, expected: F32) -> None:
    np.testing.assert_allclose(iou_matrix(first, second, over), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ([(10, 10, 20, 20)], 0),
        ([(0, 30, 20, 60), (40, 40, 60, 60)], 1),  # a larger neighbour at the edge
        ([(45, 45, 55, 55), (20, 20, 80, 80)], 1),  # a face on a shirt in the middle
    ],
)
def test_the_prominent_face_is_large_and_near_the_middle(
    rows: list[tuple[float, float, float, float]], first: int
) -> None:
    faces = [Face(box, 1.0, np.zeros((5, 2), np.float32)) for box in boxes(*rows)]
    assert prominent(faces, (100, 100)) is faces[first]
