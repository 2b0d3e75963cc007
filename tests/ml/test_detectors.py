"""Every detector on the real weights: public-domain faces, crowds, blanks, odd sizes, threads."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from ml.boxes import iou_matrix
from ml.detectors import Detector, five_points
from ml.photo import Photo
from ml.runtime import Networks
from ml.training.detection_scores import average_precision, outcome_of, photos
from ml.types import F32, RgbU8
from tests.ml.detecting import BEST, DATA, NAMES, found


def test_the_default_comes_first(detectors: Mapping[str, Detector]) -> None:
    assert tuple(detectors) == NAMES
    assert all(detector.name == name for name, detector in detectors.items())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 11), (11, 12), (12, 12), (19, 19), (21, 20), (1, 5000), (5000, 1), (21, 33001)]
)
@pytest.mark.parametrize("value", [0, 128, 255])
def test_no_face_in_a_blank(detectors: Mapping[str, Detector], name: str, shape: tuple[int, int], value: int) -> None:
    assert len(found(detectors[name], np.full((*shape, 3), value, np.uint8))) == 0


@pytest.mark.parametrize("name", NAMES)
def test_noise_of_any_size_is_answered(detectors: Mapping[str, Detector], name: str) -> None:
    rng = np.random.default_rng(0)
    for shape in ((12, 13), (25, 64), (201, 97), (130, 400)):
        faces = found(detectors[name], rng.integers(0, 256, (*shape, 3), np.uint8))
        assert len(faces) < 5


@pytest.mark.parametrize(
    ("name", "box_xyxy", "least"),
    [
        ("scrfd", (178.3, 59.3, 271.1, 177.0), 0.95),
        ("mtcnn", (181.60, 63.73, 264.55, 171.08), 0.95),
        ("haar", (177, 66, 272, 161), 0.95),
        ("blazeface", (171.96, 74.24, 277.33, 179.61), 0.95),
    ],
)
@pytest.mark.parametrize("grey", [False, True])
def test_the_astronaut(
    detectors: Mapping[str, Detector],
    astronaut: RgbU8,
    *,
    name: str,
    box_xyxy: tuple[float, float, float, float],
    least: float,
    grey: bool,
) -> None:
    image = np.repeat(cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2) if grey else astronaut
    faces = found(detectors[name], np.asarray(image, np.uint8))
    assert len(faces) == 1
    expected = np.array(
        [box_xyxy], np.float32
    )  # mtcnn: what the package mtcnn 1.0.0 says; the others: their own answer
    assert iou_matrix(faces.boxes_xyxy, expected)[0, 0] > (0.8 if grey else least)
    points = np.array([(203.5, 100.1), (245.4, 102.2), (224.2, 126.4), (201.8, 138.6), (244.4, 140.4)])
    assert np.abs(faces.points_xy[0] - points).max() < (8 if grey else 4)


@pytest.mark.parametrize("name", NAMES)
def test_twenty_faces_most_confident_first(detectors: Mapping[str, Detector], crowd: Photo, name: str) -> None:
    faces = found(detectors[name], crowd.rgb_u8)
    assert len(faces) == 20
    assert (np.diff(faces.confidences) <= 0).all()
    assert ((faces.confidences > 0.5) & (faces.confidences <= 1)).all()
    centres = (faces.boxes_xyxy[:, :2] + faces.boxes_xyxy[:, 2:]) / 2
    assert len({(int(x) // 160, int(y) // 160) for x, y in centres.tolist()}) == 20
    inside = (faces.points_xy > faces.boxes_xyxy[:, None, :2]) & (faces.points_xy < faces.boxes_xyxy[:, None, 2:])
    assert inside.all()


@pytest.mark.parametrize("name", NAMES)
def test_threads_give_the_serial_answers(
    detectors: Mapping[str, Detector], astronaut: RgbU8, hopper: RgbU8, crowd: Photo, name: str
) -> None:
    images = [astronaut, hopper, crowd.rgb_u8, np.ascontiguousarray(astronaut[:300, 80:400])] * 2
    serial = [found(detectors[name], image) for image in images]
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(lambda image: found(detectors[name], image), images))
    for one, other in zip(serial, parallel, strict=True):
        assert one.boxes_xyxy.tobytes() == other.boxes_xyxy.tobytes()
        assert one.confidences.tobytes() == other.confidences.tobytes()
        assert one.points_xy.tobytes() == other.points_xy.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_options_narrow_the_answer(detectors: Mapping[str, Detector], crowd: Photo, name: str) -> None:
    everything = found(detectors[name], crowd.rgb_u8)
    median = float(np.median(everything.confidences))
    sure = found(detectors[name], crowd.rgb_u8, min_confidence=median)
    assert 0 < len(sure) < len(everything)
    assert (sure.confidences >= median).all()
    assert len(found(detectors[name], crowd.rgb_u8, min_face=300)) == 0


@pytest.mark.parametrize("shape", [(33, 40), (700, 900)])
def test_no_confidence_is_too_low_to_be_answered_soon(
    detectors: Mapping[str, Detector], shape: tuple[int, int]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    everything = found(detectors["scrfd"], noise, min_face=12, min_confidence=0)
    assert (
        everything.boxes_xyxy.tobytes()
        == found(detectors["scrfd"], noise, min_face=12, min_confidence=0.05).boxes_xyxy.tobytes()
    )
    assert len(everything) < 200


@pytest.mark.parametrize("name", BEST)
@pytest.mark.parametrize("cut", [200, 215])
def test_a_face_at_the_border(detectors: Mapping[str, Detector], astronaut: RgbU8, name: str, cut: int) -> None:
    faces = found(detectors[name], np.ascontiguousarray(astronaut[:, cut:]))
    assert len(faces) == 1
    assert np.isfinite(faces.boxes_xyxy).all()
    assert faces.boxes_xyxy[0, 0] < 5


@pytest.mark.parametrize("name", BEST)
def test_a_very_wide_photograph(detectors: Mapping[str, Detector], astronaut: RgbU8, name: str) -> None:
    wide = np.zeros((200, 33001, 3), np.uint8)  # wider than cv2.remap takes
    wide[:, 20000:20200] = cv2.resize(astronaut[:250, 100:350], (200, 200))
    faces = found(detectors[name], wide)
    alone = found(detectors[name], np.ascontiguousarray(wide[:, 19800:20400]))
    assert len(faces) == len(alone) == 1
    assert iou_matrix(faces.boxes_xyxy - np.array([19800, 0] * 2, np.float32), alone.boxes_xyxy)[0, 0] > 0.8


@pytest.mark.parametrize("name", BEST)
@pytest.mark.parametrize("min_face", [40, 100])  # scrfd: in tiles, and in one piece
def test_large_photographs_give_the_same_face(
    detectors: Mapping[str, Detector], astronaut: RgbU8, name: str, min_face: float
) -> None:
    large = np.asarray(cv2.resize(astronaut, (2560, 2560), interpolation=cv2.INTER_CUBIC), np.uint8)
    confidence = detectors[name].default_confidence
    (box,) = found(detectors[name], large, min_face=min_face, min_confidence=confidence).boxes_xyxy
    expected = found(detectors[name], astronaut, min_confidence=confidence).boxes_xyxy
    assert iou_matrix(box[None] / 5, expected)[0, 0] > 0.85


@pytest.mark.parametrize("shape", [(1, 40_000), (40_000, 100), (12, 100_000)])
def test_five_points_of_a_box_longer_than_opencv_takes(networks: Networks, shape: tuple[int, int]) -> None:
    height, width = shape
    points = five_points(np.full((*shape, 3), 128, np.uint8), np.array([0, 0, width, height], np.float32), networks)
    assert points.shape == (5, 2)
    assert np.isfinite(points).all()


def test_five_points_of_a_given_box(networks: Networks, astronaut: RgbU8) -> None:
    points = five_points(astronaut, np.array([170, 60, 275, 175], np.float32), networks)
    expected: F32 = np.array([(204, 100), (246, 102), (224, 127), (202, 138), (245, 140)], np.float32)
    assert points.shape == (5, 2)
    assert points.dtype == np.float32
    assert np.abs(points - expected).max() < 4


@pytest.mark.skipif(not DATA.exists(), reason="needs the detection photographs")
@pytest.mark.parametrize(
    ("name", "fddb", "facemask"),
    [("scrfd", 0.95, 0.70), ("mtcnn", 0.85, 0.50), ("haar", 0.60, 0.05), ("blazeface", 0.80, 0.40)],
)
def test_labelled_photographs(detectors: Mapping[str, Detector], name: str, fddb: float, facemask: float) -> None:
    for source, least in (("fddb", fddb), ("facemask", facemask)):
        chosen = [photo for photo in photos(DATA) if photo.source == source][::10]
        results = [
            outcome_of(photo, faces.boxes_xyxy, faces.confidences)
            for photo in chosen
            for faces in [found(detectors[name], photo.rgb_u8, min_confidence=0.1)]
        ]
        confidences = np.concatenate([result.confidences for result in results])
        right = np.concatenate([result.right for result in results])
        assert average_precision(confidences, right, sum(result.faces for result in results)) > least


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_same_faces_as_the_package(
    detectors: Mapping[str, Detector], astronaut: RgbU8, hopper: RgbU8, crowd: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    package = pytest.importorskip("mtcnn").MTCNN()
    images = [astronaut, hopper, crowd.rgb_u8]
    if DATA.exists():
        images += [photo.rgb_u8 for photo in photos(DATA)[::27]]
    overlaps = []
    for image in images:
        rows = package.detect_faces(image, fit_to_image=False, box_format="xyxy", output_type="numpy")
        rows = np.asarray(rows, np.float32).reshape(-1, 16)
        theirs = rows[rows[:, 5] > 0.95]
        ours = found(detectors["mtcnn"], image, min_confidence=0.8).boxes_xyxy
        overlaps += iou_matrix(theirs[:, 1:5], ours).max(axis=1, initial=0).tolist()
    assert len(overlaps) > 20
    assert (
        np.array(overlaps) > 0.75
    ).mean() >= 0.98  # levels of whole grey levels, from halved copies, move a box by pixels
