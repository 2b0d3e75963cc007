"""Which faces of a photograph are found, through the engine: crops, turned photographs, detectors, small and doubtful ones."""

from typing import Any

import cv2
import numpy as np
import pytest

from ml.boxes import iou_matrix
from ml.engine import DETECT, Engine
from ml.finding import DetectOptions
from ml.photo import Photo
from ml.types import F32, Face, RgbU8


@pytest.mark.parametrize(("margin", "least"), [(1.0, 0.7), (1.4, 0.8), (2.0, 0.8)])
def test_a_crop_is_framed_around_its_face(engine: Engine, astronaut: RgbU8, margin: float, least: float) -> None:
    face = engine.analyze(Photo(astronaut), [DETECT]).faces[0].face
    low, high = face.box_xyxy.reshape(2, 2)
    middle, half = (low + high) / 2, margin * (high - low).max() / 2
    (x1, y1), (x2, y2) = np.rint(middle - half).astype(int), np.rint(middle + half).astype(int)
    crop = Photo(np.ascontiguousarray(astronaut[max(y1, 0) : y2, x1:x2]))
    report = engine.analyze(crop, [DETECT], detect=DetectOptions(detector="skip"))
    assert report.models[DETECT].network == "scrfd"  # it framed the face, and its terms hold
    there = report.faces[0].face.box_xyxy + np.array([x1, max(y1, 0)] * 2, np.float32)
    assert iou_matrix(there[None], face.box_xyxy[None])[0, 0] > least


def test_a_crop_without_a_face_is_taken_as_it_is(engine: Engine) -> None:
    blank = Photo(np.full((110, 220, 3), 90, np.uint8))
    face = engine.analyze(blank, [DETECT], detect=DetectOptions(detector="skip")).faces[0].face
    np.testing.assert_allclose(face.box_xyxy, [10, 5, 210, 105], atol=1e-3)


@pytest.mark.parametrize(("sides", "top", "bottom"), [(0.08, 0.45, 0.15), (0.16, 0.45, 0.15), (0.28, 0.1, 0.0)])
def test_a_face_that_the_edges_cut_off(
    engine: Engine, astronaut: RgbU8, sides: float, top: float, bottom: float
) -> None:
    face = engine.analyze(Photo(astronaut), [DETECT]).faces[0].face
    side = (face.box_xyxy[2:] - face.box_xyxy[:2]).max()
    x1, y1, x2, y2 = (face.box_xyxy + side * np.array([sides, top, -sides, -bottom])).astype(int)
    cut = Photo(np.ascontiguousarray(astronaut[y1:y2, x1:x2]))
    found = engine.analyze(cut, [DETECT]).faces[0].face
    assert iou_matrix(found.box_xyxy[None] + np.array([x1, y1] * 2, np.float32), face.box_xyxy[None])[0, 0] > 0.5


@pytest.mark.parametrize("margin", [1.0, 1.6, 2.4])
def test_landmarks_of_a_face_that_is_cut_out_loosely(engine: Engine, astronaut: RgbU8, margin: float) -> None:
    face = engine.analyze(Photo(astronaut), ["landmarks"]).faces[0]
    expected = np.array(face.results["landmarks"].points)
    middle, half = (
        face.face.box_xyxy.reshape(2, 2).mean(0),
        margin * np.ptp(face.face.box_xyxy.reshape(2, 2), 0).max() / 2,
    )
    padded = np.pad(astronaut, ((200, 200), (200, 200), (0, 0)), mode="edge")
    (x1, y1), (x2, y2) = np.rint(middle - half).astype(int), np.rint(middle + half).astype(int)
    cut = Photo(np.ascontiguousarray(padded[y1 + 200 : y2 + 200, x1 + 200 : x2 + 200]))
    found = engine.analyze(cut, ["landmarks"], detect=DetectOptions(detector="skip")).faces[0]
    away = np.linalg.norm(np.array(found.results["landmarks"].points) - (expected - np.array([x1, y1])), axis=1).mean()
    assert away < 0.02 * np.linalg.norm(expected[36] - expected[45])


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_photograph_is_found_and_mapped_back(engine: Engine, astronaut: RgbU8, turn: int) -> None:
    upright = engine.analyze(Photo(astronaut), ["gender", "landmarks"]).faces[0]
    turned = Photo(np.ascontiguousarray(np.rot90(astronaut, turn // 90)))
    report = engine.analyze(turned, ["gender", "landmarks"])
    assert report.rotation == turn
    assert report.faces[0].results["gender"].label == upright.results["gender"].label
    points_xy = np.array(upright.results["landmarks"].points)
    for _ in range(turn // 90):  # anticlockwise quarter turns of a square of 512
        points_xy = np.stack([points_xy[:, 1], 512 - points_xy[:, 0]], 1)
    eyes = np.linalg.norm(points_xy[36] - points_xy[45])
    assert np.linalg.norm(points_xy - report.faces[0].results["landmarks"].points, axis=1).mean() < 0.05 * eyes
    assert engine.analyze(turned, [DETECT], detect=DetectOptions(rotate=False)).rotation == 0


def test_every_detector_finds_the_face(engine: Engine, astronaut: RgbU8) -> None:
    reference: F32 = engine.analyze(Photo(astronaut), [DETECT]).faces[0].face.box_xyxy[None]
    assert {"mtcnn", "haar", "skip"} <= set(engine.detectors)
    for name in engine.detectors:
        crop = astronaut[40:190, 150:300] if name == "skip" else astronaut
        offset = np.array([150, 40, 150, 40], np.float32) if name == "skip" else np.zeros(4, np.float32)
        faces = engine.analyze(Photo(np.ascontiguousarray(crop)), ["gender"], detect=DetectOptions(detector=name)).faces
        assert max(iou_matrix(face.face.box_xyxy[None] + offset, reference)[0, 0] for face in faces) > 0.4, name


def test_a_client_that_names_the_smallest_face_gets_more_than_a_glance(engine: Engine, astronaut: RgbU8) -> None:
    photo = Photo(astronaut)
    glance, whole = (engine.analyze(photo, [DETECT], detect=DetectOptions(min_face=size)) for size in (None, 15))
    boxes = [report.faces[0].face.box_xyxy for report in (glance, whole)]
    assert (boxes[0] != boxes[1]).any()
    assert iou_matrix(boxes[0][None], boxes[1][None])[0, 0] > 0.85


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (11, 11), (20, 20)])
def test_odd_sizes_have_no_face(engine: Engine, shape: tuple[int, int]) -> None:
    assert engine.analyze(Photo(np.zeros((*shape, 3), np.uint8)), [DETECT]).faces == []


def thumbnail(photo: RgbU8, face: Face, margin: float, side: int) -> Photo:
    """The face with `margin` times its size around it, `side` pixels wide."""
    low, high = face.box_xyxy.reshape(2, 2)
    middle, half = (low + high) / 2, margin * (high - low).max() / 2
    (x1, y1), (x2, y2) = np.rint(middle - half).astype(int), np.rint(middle + half).astype(int)
    small = cv2.resize(photo[max(y1, 0) : y2, max(x1, 0) : x2], (side, side), interpolation=cv2.INTER_AREA)
    return Photo(np.asarray(small, np.uint8))


@pytest.mark.parametrize("margin", [0.7, 0.8, 1.0])
def test_a_thumbnail_that_shows_no_face_is_enlarged(engine: Engine, astronaut: RgbU8, margin: float) -> None:
    small = thumbnail(astronaut, engine.analyze(Photo(astronaut), [DETECT]).faces[0].face, margin, 20)
    assert engine.analyze(small, [DETECT], detect=DetectOptions(min_face=12)).faces == []
    (found,) = engine.analyze(small, [DETECT]).faces
    assert found.face.confidence >= 0.5
    assert iou_matrix(found.face.box_xyxy[None], np.array([[0, 0, 20, 20]], np.float32))[0, 0] > 0.5


@pytest.mark.parametrize(
    ("options", "faces"),
    [
        ({}, 1),
        ({"min_confidence": 0.5}, 0),  # the client's bound holds
        ({"min_face": 12}, 0),
        ({"detector": "mtcnn"}, 0),
    ],
)
def test_a_doubtful_face_that_fills_the_photograph_is_one(
    engine: Engine, hopper: RgbU8, options: dict[str, Any], faces: int
) -> None:
    tight = thumbnail(hopper, engine.analyze(Photo(hopper), [DETECT]).faces[0].face, 0.5, 28)
    found = engine.analyze(tight, [DETECT], detect=DetectOptions(**options)).faces
    assert len(found) == faces
    assert all(0.3 <= face.face.confidence < 0.5 for face in found)


def test_noise_is_no_doubtful_face(engine: Engine) -> None:
    rng = np.random.default_rng(0)
    for side in (20, 48, 160):
        assert engine.analyze(Photo(rng.integers(0, 256, (side, side, 3), np.uint8)), [DETECT]).faces == []
