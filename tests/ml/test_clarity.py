"""Faces that are too small or too blurred are said to be so."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.clarity import LEAST, Clarity, detail, uncertain
from ml.engine import Engine
from ml.photo import Photo
from ml.tasks import FACE_TASKS
from ml.types import Face, RgbU8

TASKS_MD = Path(__file__).parents[2] / "docs" / "tasks.md"


def doubted(engine: Engine, rgb_u8: RgbU8) -> set[str]:
    results = engine.analyze(Photo(rgb_u8), FACE_TASKS).faces[0].results
    return {task for task in LEAST if results[task].uncertain}


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda image: image, set()),
        (lambda image: cv2.convertScaleAbs(image, alpha=0.3, beta=20), set()),  # dim and flat, yet sharp
        (lambda image: cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), {"emotion"}),
        (lambda image: cv2.GaussianBlur(image, (0, 0), 5), set(LEAST)),
        (lambda image: cv2.resize(cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA), (512, 512)), set(LEAST)),
    ],
    ids=["as it is", "dim", "small", "blurred", "enlarged"],
)
def test_who_is_doubted(engine: Engine, astronaut: RgbU8, spoil: object, expected: set[str]) -> None:
    assert callable(spoil)
    assert doubted(engine, np.asarray(spoil(astronaut), np.uint8)) == expected


def test_limits_are_those_of_the_docs() -> None:
    rows = [f"| {task} | {least.pixels:g} | {least.detail:.2f} |" for task, least in LEAST.items()]
    text = TASKS_MD.read_text("utf-8")
    assert [row for row in rows if row not in text] == []


@pytest.mark.parametrize(("pixels", "seen", "expected"), [(15, 1, True), (16, 0.46, False), (100, 0.4, True)])
def test_size_and_detail_are_both_needed(pixels: float, seen: float, expected: bool) -> None:  # noqa: FBT001
    assert uncertain("age", Clarity(pixels, seen)) is expected
    assert not uncertain("landmarks", Clarity(pixels, seen))


def test_nothing_to_see_has_no_detail() -> None:
    face = Face(np.array([10, 10, 50, 50], np.float32), 1.0, np.zeros((5, 2), np.float32))
    assert detail(Photo(np.full((60, 60, 3), 90, np.uint8)), face) == 0
