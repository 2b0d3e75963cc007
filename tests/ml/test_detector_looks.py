"""How detectors look at a photograph: a glance, tiles, and closer where small faces show."""

from collections.abc import Mapping

import cv2
import numpy as np
import pytest

from ml.boxes import iou_matrix
from ml.detectors import Detector
from ml.photo import Photo
from ml.training.detection_scores import outcome_of, photos
from ml.types import RgbU8
from tests.ml.detecting import DATA, NAMES, found


def test_small_faces_of_a_large_photograph_are_seen_in_tiles(
    detectors: Mapping[str, Detector], crowd: Photo, astronaut: RgbU8
) -> None:
    """Twenty small faces, and a large one that no tile holds whole: each found once, wherever tiles cut it."""
    scrfd, rgb_u8 = detectors["scrfd"], np.zeros((1600, 2400, 3), np.uint8)
    height, width = crowd.rgb_u8.shape[:2]
    half = np.asarray(cv2.resize(crowd.rgb_u8, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
    rgb_u8[1000 : 1000 + height // 2, 100 : 100 + width // 2] = half
    rgb_u8[:1536, 864:] = cv2.resize(astronaut, (1536, 1536))
    faces = found(scrfd, rgb_u8, min_face=12)
    small = faces.boxes_xyxy[(faces.boxes_xyxy[:, 3] - faces.boxes_xyxy[:, 1]) < 150]
    assert len(faces) == 21
    assert len(small) == 20
    assert len(found(scrfd, rgb_u8, min_face=200)) == 1


def placed(rgb_u8: RgbU8, side: int, canvas: int) -> RgbU8:
    """A photograph reduced to `side` pixels, in the middle of a grey canvas."""
    small = cv2.resize(rgb_u8, (side, side), interpolation=cv2.INTER_AREA)
    result, start = np.full((canvas, canvas, 3), 128, np.uint8), (canvas - side) // 2
    result[start : start + side, start : start + side] = small
    return result


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (600, 600)])
def test_a_glance_at_a_blank_is_not_enough(
    detectors: Mapping[str, Detector], name: str, shape: tuple[int, int]
) -> None:
    assert detectors[name].glance(np.full((*shape, 3), 128, np.uint8), min_confidence=0.5) is None


@pytest.mark.parametrize(
    ("sides", "confidence", "faces"),
    [
        ((512, 512), 0.5, 1),
        ((512, 512), 0.9999, 0),
        ((280, 280), 0.5, None),  # so small that looking at all of it costs little more
        ((512, 1800), 0.5, None),  # a small face: there could be others
    ],
)
def test_a_glance_is_enough_for_a_large_face(
    detectors: Mapping[str, Detector], astronaut: RgbU8, sides: tuple[int, int], confidence: float, faces: int | None
) -> None:
    scrfd, photo = detectors["scrfd"], placed(astronaut, *sides)
    glanced = scrfd.glance(photo, min_confidence=confidence)
    assert (None if glanced is None else len(glanced)) == faces
    if faces:
        whole = found(scrfd, photo)
        assert glanced is not None
        assert iou_matrix(glanced.boxes_xyxy, whole.boxes_xyxy)[0, 0] > 0.85
        assert np.abs(glanced.points_xy - whole.points_xy).max() < 6


def test_a_glance_at_many_faces_is_not_enough(detectors: Mapping[str, Detector], crowd: Photo) -> None:
    assert detectors["scrfd"].glance(crowd.rgb_u8, min_confidence=0.5) is None


@pytest.mark.skipif(not DATA.exists(), reason="needs the detection photographs")
def test_a_glance_loses_no_labelled_face(detectors: Mapping[str, Detector]) -> None:
    scrfd, enough = detectors["scrfd"], 0
    for photo in photos(DATA)[::3]:
        glanced = scrfd.glance(photo.rgb_u8, min_confidence=0.5)
        if glanced is None:
            continue
        enough += 1
        whole = found(scrfd, photo.rgb_u8, min_face=scrfd.usual_face(max(photo.rgb_u8.shape)))
        seen, all_ = (outcome_of(photo, each.boxes_xyxy, each.confidences).right.sum() for each in (glanced, whole))
        assert seen >= all_
    assert enough > 30


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (960, 1280)])
def test_a_closer_look_at_a_blank_finds_nothing(
    detectors: Mapping[str, Detector], name: str, shape: tuple[int, int]
) -> None:
    blank = np.full((*shape, 3), 128, np.uint8)
    assert len(detectors[name].look(blank, min_face=32, min_confidence=0.5)) == 0


def shrunk(crowd: Photo, face: int) -> RgbU8:
    """The crowd's twenty faces with about `face` pixels each on 1280x960."""
    photo, scale = np.full((960, 1280, 3), 90, np.uint8), face / 75
    small = cv2.resize(crowd.rgb_u8, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    photo[100 : 100 + small.shape[0], 100 : 100 + small.shape[1]] = small
    return photo


@pytest.mark.parametrize("face", [32, 28, 25])
def test_small_faces_are_looked_at_closer(detectors: Mapping[str, Detector], crowd: Photo, face: int) -> None:
    scrfd, photo = detectors["scrfd"], shrunk(crowd, face)
    usual = scrfd.usual_face(1280)
    assert len(found(scrfd, photo, min_face=usual)) < 20
    assert len(scrfd.look(photo, min_face=usual, min_confidence=0.5)) == 20


def test_large_faces_are_not_looked_at_closer(detectors: Mapping[str, Detector], crowd: Photo) -> None:
    scrfd, photo = detectors["scrfd"], shrunk(crowd, 75)
    whole = found(scrfd, photo, min_face=scrfd.usual_face(1280))
    looked = scrfd.look(photo, min_face=scrfd.usual_face(1280), min_confidence=0.5)
    assert len(looked) == 20
    assert (looked.boxes_xyxy == whole.boxes_xyxy).all()


def test_a_small_photograph_has_no_closer_look(detectors: Mapping[str, Detector], crowd: Photo) -> None:
    scrfd = detectors["scrfd"]
    small = np.asarray(cv2.resize(crowd.rgb_u8, (400, 320), interpolation=cv2.INTER_AREA)[:110], np.uint8)
    usual = scrfd.usual_face(400)
    whole, looked = found(scrfd, small, min_face=usual), scrfd.look(small, min_face=usual, min_confidence=0.5)
    assert scrfd.closest_face(400) == usual
    assert (looked.boxes_xyxy == whole.boxes_xyxy).all()
