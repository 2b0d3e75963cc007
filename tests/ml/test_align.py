"""Crops: the right place, upright, the right size, and the way back."""

import math

import cv2
import numpy as np
import pytest

from ml.align import ARCFACE_112_XY, apply, box_matrix, crop_matrix, inverse, prepare, roll_of, similarity, warp
from ml.manifest import InputSpec
from ml.types import F32, Face

UPRIGHT = np.array([[40, 40], [60, 40], [50, 50], [42, 60], [58, 60]], np.float32)


def turned(points_xy: F32, degrees: float, around: tuple[float, float] = (50, 50)) -> F32:
    angle = math.radians(degrees)
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.asarray((points_xy - around) @ rotation.T + around, np.float32)


def face(points_xy: F32 = UPRIGHT) -> Face:
    return Face(np.array([30, 30, 70, 70], np.float32), 1.0, points_xy)


@pytest.mark.parametrize("degrees", [0, 15, 90, 180, -45])
@pytest.mark.parametrize("scale", [0.5, 1, 3])
def test_similarity_is_recovered(degrees: float, scale: float) -> None:
    target = turned(UPRIGHT, degrees).astype(np.float64) * scale + (7, -3)
    np.testing.assert_allclose(apply(similarity(UPRIGHT, target), UPRIGHT), target, atol=1e-3)


def test_similarity_of_one_repeated_point_is_a_shift() -> None:
    matrix = similarity(np.full((5, 2), 3, np.float32), ARCFACE_112_XY)
    assert np.isfinite(matrix).all()
    np.testing.assert_allclose(matrix[:, :2], np.eye(2))


@pytest.mark.parametrize("degrees", [0, 20, 90, 179, -120])
def test_roll(degrees: float) -> None:
    assert math.degrees(roll_of(turned(UPRIGHT, degrees))) == pytest.approx(degrees, abs=0.01)


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, 270])
@pytest.mark.parametrize("margin", [1.0, 1.5])
def test_box_crop_turns_the_eyes_level_and_centres_the_box(degrees: float, margin: float) -> None:
    there = face(turned(UPRIGHT, degrees))
    matrix = box_matrix(there, (128, 128), margin)
    eyes = apply(matrix, there.points_xy[:2])
    assert eyes[0, 1] == pytest.approx(eyes[1, 1], abs=1e-3)
    assert eyes[0, 0] < eyes[1, 0]
    np.testing.assert_allclose(apply(matrix, np.array([[49.5, 49.5]])), [[63.5, 63.5]], atol=1e-6)
    assert np.linalg.norm(eyes[1] - eyes[0]) == pytest.approx(20 * 128 / (40 * margin), rel=1e-5)


@pytest.mark.parametrize("align", ["box", "five_points", "none"])
def test_there_and_back(align: str) -> None:
    spec = InputSpec((96, 96), align, 1.2)  # type: ignore[arg-type]
    matrix = crop_matrix(spec, face(turned(UPRIGHT, 25)), (100, 120))
    np.testing.assert_allclose(apply(inverse(matrix), apply(matrix, UPRIGHT)), UPRIGHT, atol=1e-4)


def test_five_points_land_on_the_template() -> None:
    points_xy = turned((ARCFACE_112_XY * 2 + 5).astype(np.float32), 33)
    matrix = crop_matrix(InputSpec((112, 112), "five_points"), face(points_xy), (400, 400))
    np.testing.assert_allclose(apply(matrix, points_xy), ARCFACE_112_XY, atol=0.01)


@pytest.mark.parametrize("shrink", [0.5, 1.0, 4.0, 9.0])
def test_warp_keeps_mean_and_place_at_every_scale(shrink: float) -> None:
    side = round(64 * shrink)
    image = np.zeros((side, side, 3), np.uint8)
    image[:, : side // 2] = 200
    matrix = crop_matrix(InputSpec((64, 64), "none"), face(), (side, side))
    crop = warp(image, matrix, (64, 64))
    assert crop.shape == (64, 64, 3)
    assert crop.mean() == pytest.approx(100, abs=2)
    assert (crop[:, :30] == 200).all()
    assert (crop[:, 34:] == 0).all()


def test_warp_averages_when_it_shrinks() -> None:
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = warp(stripes, crop_matrix(InputSpec((64, 64), "none"), face(), (512, 512)), (64, 64))
    assert np.abs(crop.astype(int) - 127).max() <= 2


def test_warp_repeats_the_border_outside_the_photograph() -> None:
    image = np.full((20, 20, 3), 77, np.uint8)
    outside = Face(np.array([-50, -50, 10, 10], np.float32), 1.0, UPRIGHT)
    assert (warp(image, box_matrix(outside, (32, 32), 1.5), (32, 32)) == 77).all()


def test_warp_agrees_with_opencv_on_a_large_turned_crop() -> None:
    rng = np.random.default_rng(0)
    image = np.asarray(cv2.GaussianBlur(rng.integers(0, 255, (900, 900, 3)).astype(np.uint8), (0, 0), 15), np.uint8)
    there = Face(np.array([200, 200, 700, 700], np.float32), 1.0, turned(UPRIGHT * 9, 20, (450, 450)))
    matrix = box_matrix(there, (96, 96), 1.2)
    direct = cv2.warpAffine(image, matrix, (96, 96), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    assert np.abs(warp(image, matrix, (96, 96)).astype(int) - direct).mean() < 2


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (InputSpec((1, 1)), [10, 20, 30]),
        (InputSpec((1, 1), colour="bgr", mean=(1, 2, 3), scale=0.5), [14.5, 9, 3.5]),
        (InputSpec((1, 1), colour="rgb", mean=(127.5,), scale=1 / 127.5), [-0.9216, -0.8431, -0.7647]),
        (InputSpec((1, 1), colour="gray", mean=(0,), scale=1), [18]),
    ],
)
def test_prepare(spec: InputSpec, expected: list[float]) -> None:
    pixels = prepare(spec, np.array([[[10, 20, 30]]], np.uint8))
    assert pixels.dtype == np.float32
    assert pixels.shape == (1, 1, 1, len(expected))
    np.testing.assert_allclose(pixels[0, 0, 0], expected, atol=1e-3)


def test_a_face_far_out_in_a_panorama() -> None:
    wide = np.zeros((60, 40_000, 3), np.uint8)
    wide[:, 39_000:39_100] = np.random.default_rng(1).integers(0, 256, (60, 100, 3), np.uint8)
    matrix = np.array([[1.0, 0, -39_020], [0, 1.0, -5]])
    np.testing.assert_array_equal(warp(wide, matrix, (50, 50)), wide[5:55, 39_020:39_070])
