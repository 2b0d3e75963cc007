"""One contract for every task, on the real weights and through the engine's door."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.engine import DETECT, PHOTO_TASKS, Engine
from ml.errors import InvalidRequest, NoFace, NotReady
from ml.finding import DetectOptions
from ml.photo import Photo
from ml.reports import Report
from ml.tasks.emotion import EMOTIONS
from ml.types import POINT_NAMES, RgbU8

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
        ('age = "face 1.9.0-int8"', "", "no active network for age"),
        ('age = "face 1.9.0-int8"', 'age = "mesh 1.0.0"', "cannot answer age"),
        ('verify = "mobilefacenet 2.0.0-int8"', 'verify = "face 1.9.0-int8"', "cannot answer verify"),
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
