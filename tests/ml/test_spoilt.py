"""Photographs spoilt for the evaluation: the face stays where it is, and doubted answers are told apart."""

import numpy as np
import pytest

from ml.types import Face

pytest.importorskip("tensorflow")  # statistics that the recipes share

from ml.training.evaluate import spoilt

RNG = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("kind", "value", "shape", "side"),
    [
        ("as it is", 0, (60, 80), 40),
        ("shrunk", 20, (30, 40), 20),
        ("enlarged", 20, (60, 80), 40),
        ("blurred", 0.1, (60, 80), 40),
        ("dark", 0.4, (60, 80), 40),
        ("pale", 0.5, (60, 80), 40),
        ("grey", 0, (60, 80), 40),
        ("compressed", 15, (60, 80), 40),
    ],
)
def test_spoiling_keeps_the_face(kind: spoilt.Kind, value: float, shape: tuple[int, int], side: float) -> None:
    image = RNG.integers(0, 256, (60, 80, 3), np.uint8)
    face = Face(np.array([10, 10, 50, 40], np.float32), 1.0, np.zeros((5, 2), np.float32))
    found = spoilt.spoil(image, face, kind, value)
    assert found is not None
    assert found[0].shape[:2] == shape
    assert float(found[1].box_xyxy[2] - found[1].box_xyxy[0]) == pytest.approx(side)
    assert (kind == "as it is") is bool(found[0].std() >= image.std())


@pytest.mark.parametrize(("part", "rows", "columns"), [(0.0, (10, 40), (0, 48)), (0.1, (13, 37), (3, 43))])
def test_cutting_through_the_face(part: float, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    image = RNG.integers(0, 256, (60, 80, 3), np.uint8)
    face = Face(np.array([-2, 10, 48, 40], np.float32), 1.0, np.full((5, 2), 25, np.float32))
    found = spoilt.spoil(image, face, "cut", part)
    assert found is not None
    assert (found[0] == image[slice(*rows), slice(*columns)]).all()
    assert (face.points_xy - found[1].points_xy == (columns[0], rows[0])).all()
    assert (face.box_xyxy - found[1].box_xyxy == (columns[0], rows[0]) * 2).all()


def test_small_faces_are_not_shrunk_to_more_pixels() -> None:
    face = Face(np.array([10, 10, 30, 30], np.float32), 1.0, np.zeros((5, 2), np.float32))
    assert spoilt.spoil(np.zeros((60, 60, 3), np.uint8), face, "shrunk", 24) is None


def test_doubted_answers_are_summed_apart() -> None:
    asked = [spoilt.Asked(1.0, doubted=True), spoilt.Asked(0.0, doubted=False), spoilt.Asked(0.5, doubted=False)]
    assert spoilt.summary(asked) == {
        "error": 0.5,
        "error_doubted": 1.0,
        "error_rest": 0.25,
        "doubted": 0.3333,
        "images": 3,
    }
    assert "error_doubted" not in spoilt.summary(asked[1:])
