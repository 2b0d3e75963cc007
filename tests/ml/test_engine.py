"""One contract for every task, on the real weights and through the engine's door."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.boxes import iou_matrix
from ml.engine import DETECT, PHOTO_TASKS, Engine
from ml.errors import InvalidRequest, NoFace, NotReady
from ml.finding import DetectOptions
from ml.generation import EDITS
from ml.photo import Photo
from ml.reports import Report
from ml.tasks.emotion import EMOTIONS
from ml.training.directions import judged
from ml.types import F32, POINT_NAMES, RgbU8

ROOT = Path(__file__).parents[2]
BLANK = Photo(np.full((240, 320, 3), 128, np.uint8))
SCHEMES = {"5": 5, "15": 15, "68": 68, "76": 76, "468": 468}


def answers(report: Report) -> list[dict[str, Any]]:
    faces = [{name: asdict(result) for name, result in face.results.items()} for face in report.faces]
    boxes = [[*face.face.box_xyxy.tolist(), face.face.confidence] for face in report.faces]
    return [{"box": box, **results} for box, results in zip(boxes, faces, strict=True)]


def in_range(name: str, result: dict[str, Any]) -> bool:
    if name == "detect":
        return set(result["points"]) == set(POINT_NAMES)
    if name == "age":
        return bool(0 <= result["low"] <= result["years"] <= result["high"] <= 120 and result["high"] > result["low"])
    if name == "emotion":
        return set(result["scores"]) == set(EMOTIONS) and abs(sum(result["scores"].values()) - 1) < 1e-4
    if name == "attributes":
        present = {name for name, score in result["scores"].items() if score >= 0.5}
        return len(result["scores"]) == 40 and present == set(result["present"])
    if name == "landmarks":
        return len(result["points"]) == SCHEMES[result["scheme"]]
    return bool(0.5 <= result["probability"] <= 1)


def test_attributes_do_not_contradict_gender(engine: Engine, pair: Photo) -> None:
    for face in engine.analyze(pair, ["gender", "attributes"]).faces:
        gender, male = face.results["gender"], face.results["attributes"].scores["Male"]
        assert male == pytest.approx(gender.probability if gender.label == "male" else 1 - gender.probability)


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


@pytest.mark.parametrize("task", PHOTO_TASKS)
def test_no_face(engine: Engine, task: str) -> None:
    if task == DETECT:
        assert engine.analyze(BLANK, [task]).faces == []
        return
    with pytest.raises(NoFace) as caught:
        engine.analyze(BLANK, [task])
    assert caught.value.details["rotations"] == [0, 90, 180, 270]
    assert caught.value.details["brightness"] == 128


@pytest.mark.parametrize("task", PHOTO_TASKS)
def test_one_face(engine: Engine, astronaut: RgbU8, task: str) -> None:
    photo = Photo(astronaut)
    report = engine.analyze(photo, [task])
    assert report.size == (512, 512)
    assert list(report.models) == [task]
    assert {"decode", "detect", task} <= set(report.timing_ms)
    (face,) = answers(report)
    assert set(face) == {"box", task}
    assert in_range(task, face[task])
    assert answers(engine.analyze(photo, [task])) == [face]


@pytest.mark.parametrize("task", PHOTO_TASKS)
def test_many_faces(engine: Engine, crowd: Photo, task: str) -> None:
    report = engine.analyze(crowd, [task])
    assert len(report.faces) == 20
    assert all(in_range(task, face[task]) for face in answers(report))
    assert len(engine.analyze(crowd, [task], detect=DetectOptions(max_faces=3)).faces) == 3


def test_all_tasks_at_once_give_what_each_gives_alone(engine: Engine, pair: Photo) -> None:
    together = answers(engine.analyze(pair, PHOTO_TASKS))
    assert len(together) == 2
    for task in PHOTO_TASKS:
        assert [face[task] for face in answers(engine.analyze(pair, [task]))] == [face[task] for face in together]


def test_eight_threads_give_the_serial_answers(engine: Engine, crowd: Photo, pair: Photo, astronaut: RgbU8) -> None:
    photos = [crowd, pair, Photo(astronaut), pair] * 4
    serial = [answers(engine.analyze(photo, PHOTO_TASKS)) for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda photo: answers(engine.analyze(photo, PHOTO_TASKS)), photos)) == serial


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


@pytest.mark.parametrize("scheme", SCHEMES)
def test_landmarks_lie_on_the_face(engine: Engine, astronaut: RgbU8, scheme: str) -> None:
    (face,) = engine.analyze(Photo(astronaut), ["landmarks"], landmarks=scheme).faces
    points_xy = np.array(face.results["landmarks"].points)
    assert points_xy.shape == (SCHEMES[scheme], 2)
    x1, y1, x2, y2 = face.face.box_xyxy.tolist()
    reach = 0.25 * (x2 - x1)
    assert (points_xy > (x1 - reach, y1 - reach)).all()
    assert (points_xy < (x2 + reach, y2 + reach)).all()


def test_expressions_come_by_the_labels_that_were_asked_for(engine: Engine, astronaut: RgbU8) -> None:
    said = {}
    for asked, version in (("crowd", None), ("fer2013", None), ("fer2013", {"emotion": "mini-xception 1.0.0"})):
        report = engine.analyze(Photo(astronaut), ["emotion"], emotion_labels=asked, versions=version)
        result = report.faces[0].results["emotion"]
        assert sum(result.scores.values()) == pytest.approx(1, abs=1e-3)
        said[result.labels] = result.scores
    assert list(said) == ["crowd", "fer2013", "own"]
    assert said["crowd"] != said["fer2013"]


def test_five_landmarks_agree_with_the_detector(engine: Engine, pair: Photo) -> None:
    for face in engine.analyze(pair, ["landmarks"], landmarks="5").faces:
        eyes = np.linalg.norm(face.face.points_xy[1] - face.face.points_xy[0])
        away = np.linalg.norm(np.array(face.results["landmarks"].points) - face.face.points_xy, axis=1)
        assert away.max() < 0.25 * eyes


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


@pytest.mark.parametrize(
    ("tasks", "options"),
    [
        ([], {}),
        (["age", "height"], {}),
        (["verify"], {}),
        (["age"], {"detect": DetectOptions(detector="none")}),
        (["age"], {"detect": DetectOptions(min_face=1)}),
        (["landmarks"], {"landmarks": "69"}),
        (["emotion"], {"emotion_labels": "mine"}),
    ],
    ids=["no task", "unknown task", "not a photo task", "detector", "min_face", "scheme", "labels"],
)
def test_wrong_options_are_refused(engine: Engine, astronaut: RgbU8, tasks: list[str], options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        engine.analyze(Photo(astronaut), tasks, **options)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (11, 11), (20, 20)])
def test_odd_sizes_have_no_face(engine: Engine, shape: tuple[int, int]) -> None:
    assert engine.analyze(Photo(np.zeros((*shape, 3), np.uint8)), [DETECT]).faces == []


def test_verify_tells_the_same_person_from_another(engine: Engine, astronaut: RgbU8, hopper: RgbU8) -> None:
    mirrored = Photo(np.ascontiguousarray(astronaut[:, ::-1]))
    same = engine.verify(Photo(astronaut), mirrored)
    other = engine.verify(Photo(astronaut), Photo(hopper))
    assert same.verified
    assert not other.verified
    assert same.similarity > same.threshold > other.similarity
    assert other.distance == pytest.approx(1 - other.similarity)
    assert engine.verify(Photo(hopper), Photo(astronaut)).similarity == pytest.approx(other.similarity, abs=1e-5)
    assert engine.verify(Photo(astronaut), Photo(astronaut)).similarity == pytest.approx(1, abs=1e-4)


def test_verify_takes_the_largest_face_or_the_asked_one(engine: Engine, astronaut: RgbU8, pair: Photo) -> None:
    faces = engine.verify(pair, Photo(astronaut)).candidates[0]
    largest = max(range(2), key=lambda index: faces[index].area)
    results = [engine.verify(pair, Photo(astronaut), face1=index) for index in range(2)]
    assert engine.verify(pair, Photo(astronaut)).similarity == results[largest].similarity
    assert [result.verified for result in results].count(True) == 1


def test_a_stricter_false_match_rate_raises_the_threshold(engine: Engine, astronaut: RgbU8) -> None:
    rates = [1e-2, 1e-3]
    thresholds = [engine.verify(Photo(astronaut), Photo(astronaut), false_match_rate=rate).threshold for rate in rates]
    assert thresholds[0] < thresholds[1]
    assert engine.verify(Photo(astronaut), Photo(astronaut)).false_match_rate == 1e-3


@pytest.mark.parametrize(
    "options", [{"face1": 1}, {"face2": -1}, {"false_match_rate": 0.9}, {"false_match_rate": 1e-12}]
)
def test_verify_refuses(engine: Engine, astronaut: RgbU8, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        engine.verify(Photo(astronaut), Photo(astronaut), **options)


@pytest.mark.parametrize("which", ["image1", "image2"])
def test_verify_names_the_photograph_without_a_face(engine: Engine, astronaut: RgbU8, which: str) -> None:
    photos = [Photo(astronaut), BLANK] if which == "image2" else [BLANK, Photo(astronaut)]
    with pytest.raises(NoFace) as caught:
        engine.verify(*photos)
    assert caught.value.details["image"] == which


def test_the_same_seed_gives_the_same_faces(engine: Engine) -> None:
    three, five = engine.synthesize(count=3, seed=7), engine.synthesize(count=5, seed=7)
    assert (three.images == five.images[:3]).all()
    assert three.images.dtype == np.uint8
    assert three.size == (three.images.shape[2], three.images.shape[1])
    assert len(five.genders) == 5
    assert not (engine.synthesize(count=3, seed=8).images == three.images).all()


def test_a_drawn_seed_repeats_its_faces(engine: Engine) -> None:
    drawn = engine.synthesize(count=2)
    assert (engine.synthesize(count=2, seed=drawn.seed).images == drawn.images).all()


def test_truncation_reduces_the_variety(engine: Engine) -> None:
    spread = [engine.synthesize(count=6, seed=1, truncation=t).images.astype(float).std(0).mean() for t in (0, 0.5, 1)]
    assert spread[0] == 0
    assert spread[0] < spread[1] < spread[2]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_faces_lead_from_one_seed_to_another(engine: Engine, count: int) -> None:
    way = engine.synthesize(count=count, seed=1, to_seed=2).images
    ends = [engine.synthesize(count=1, seed=seed).images[0] for seed in (1, 2)]
    assert len(way) == count
    assert (way[0] == ends[0]).all()
    assert count == 1 or np.abs(way[-1].astype(int) - ends[1]).max() <= 1
    assert count < 3 or not (way[1] == way[0]).all()


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_what_it_names(engine: Engine, name: str) -> None:
    less, more = (engine.synthesize(count=24, seed=3, edits={name: amount}).images for amount in (-2.0, 2.0))
    change = judged(engine, more) - judged(engine, less)
    assert (change[:, EDITS.index(name)] > 0).mean() > 0.8


def test_no_edit_is_no_change(engine: Engine) -> None:
    plain = engine.synthesize(count=2, seed=3).images
    assert (engine.synthesize(count=2, seed=3, edits=dict.fromkeys(EDITS, 0.0)).images == plain).all()


def test_an_unknown_direction_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidRequest, match="hat"):
        engine.synthesize(count=1, seed=3, edits={"hat": 1.0})


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_damaged_weights_stop_the_start(tmp_path: Path, damage: str) -> None:
    shutil.copytree(ROOT / "weights", tmp_path / "weights")
    victim = next((tmp_path / "weights").glob("mobilefacenet-*.tflite"))
    victim.unlink() if damage == "missing" else victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    with pytest.raises(NotReady, match="mobilefacenet"):
        Engine(tmp_path / "weights")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('age = "face 1.8.0-int8"', "", "no active network for age"),
        ('age = "face 1.8.0-int8"', 'age = "mesh 1.0.0"', "cannot answer age"),
        ('verify = "mobilefacenet 2.0.0-int8"', 'verify = "face 1.8.0-int8"', "cannot answer verify"),
    ],
)
def test_a_task_without_a_fitting_network_stops_the_start(tmp_path: Path, old: str, new: str, says: str) -> None:
    shutil.copytree(ROOT / "weights", tmp_path / "weights")
    manifest = tmp_path / "weights" / "manifest.toml"
    text = manifest.read_text("utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(NotReady, match=says):
        Engine(tmp_path / "weights")


def test_embeddings_of_analyze_are_what_verify_compares(engine: Engine, astronaut: RgbU8, hopper: RgbU8) -> None:
    photos = [Photo(astronaut), Photo(np.ascontiguousarray(astronaut[:, ::-1])), Photo(hopper)]
    reports = [engine.analyze(photo, [DETECT], embedding=True) for photo in photos]
    vectors = [np.array(report.faces[0].results["embedding"].vector) for report in reports]
    for place in (1, 2):
        expected = engine.verify(photos[0], photos[place]).similarity
        assert float(vectors[0] @ vectors[place]) == pytest.approx(expected, abs=1e-6)
    assert set(reports[0].models) == {DETECT, "embedding"}
    assert "embedding" not in engine.analyze(photos[0], [DETECT]).faces[0].results
    pinned = engine.analyze(photos[0], [DETECT], embedding=True, versions={"verify": "mobilefacenet 2.0.0-int8"})
    assert pinned.models["embedding"].network == "mobilefacenet"
    with pytest.raises(NoFace):
        engine.analyze(Photo(np.zeros((64, 64, 3), np.uint8)), [DETECT], embedding=True)
