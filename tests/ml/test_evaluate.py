"""The evaluation: what is measured is what a client gets, and the statistics of it."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ml.engine import Engine
from ml.finding import SKIP, DetectOptions
from ml.photo import Photo
from ml.runtime import Networks
from ml.training import pairs
from ml.training.detection_scores import Outcome, recall_and_precision, recall_at
from ml.training.evaluate import served
from ml.training.evaluate.images import Images
from ml.training.evaluate.worst import worst
from ml.types import RgbU8

pytest.importorskip("tensorflow")  # statistics that the recipes share

from ml.training.evaluate import att, people, speed

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(ROOT / "weights", threads=1)


def test_a_clients_answer_is_what_is_measured(
    engine: Engine, networks: Networks, astronaut: RgbU8, tmp_path: Path
) -> None:
    blank = np.full((120, 120, 3), 90, np.uint8)
    images = Images("two", ("two/a", "two/b"), [astronaut, blank].__getitem__)
    faces = served.find(images, networks, tmp_path)
    assert faces.confidences[0] > 0.7
    assert faces.confidences[1] == 0
    for key in {engine.active[task].key for task in people.TASKS}:
        network = networks.get(*key.split(" "))
        tasks = [task for task in people.TASKS if engine.active[task].key == key]
        measured = served.answers(network, images, faces, tasks)
        for place, options in enumerate((None, DetectOptions(detector=SKIP))):
            report = engine.analyze(Photo(images.read(place)), tasks, detect=options)
            for task in tasks:
                assert json.dumps(asdict(measured[task][place])) == json.dumps(asdict(report.faces[0].results[task]))


def test_found_faces_are_kept_until_the_images_change(networks: Networks, astronaut: RgbU8, tmp_path: Path) -> None:
    first = served.find(Images("one", ("one/a",), lambda _: astronaut), networks, tmp_path)

    def unread(_: int) -> RgbU8:
        raise AssertionError

    again = served.find(Images("one", ("one/a",), unread), networks, tmp_path)
    np.testing.assert_array_equal(first.boxes_xyxy, again.boxes_xyxy)
    with pytest.raises(AssertionError):
        served.find(Images("one", ("one/b",), unread), networks, tmp_path)


def test_every_pair_is_counted_once() -> None:
    embeddings = RNG.normal(size=(700, 8)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    people_ = RNG.integers(0, 40, 700)
    counted = pairs.score_all(embeddings, people_)
    first, second = np.triu_indices(700, 1)
    scores, same = (embeddings[first] * embeddings[second]).sum(1), people_[first] == people_[second]
    assert counted.same.sum() == same.sum()
    assert counted.different.sum() == (~same).sum()
    for rate in (0.1, 0.01, 0.001):
        threshold = counted.threshold(rate)
        matched, missed = counted.at(threshold)
        assert matched <= rate
        assert matched == pytest.approx((scores[~same] >= threshold).mean(), abs=2e-5)
        assert missed == pytest.approx((scores[same] < threshold).mean(), abs=2e-3)
        assert counted.at(threshold - 2 * pairs.STEP)[0] > rate


@pytest.mark.parametrize(
    ("confidences", "right", "precision", "recall"),
    [
        ([], [], 0.9, 0.0),
        ([0.9, 0.8, 0.7], [True, True, False], 0.6, 0.5),
        ([0.9, 0.8, 0.7], [False, True, True], 0.6, 0.5),
        ([0.9, 0.8, 0.7], [False, True, True], 0.7, 0.0),
    ],
)
def test_recall_at_a_precision(confidences: list[float], right: list[bool], precision: float, recall: float) -> None:
    boxes = np.zeros((len(right), 4), np.float32)
    outcome = Outcome("fddb", boxes, np.array(confidences, np.float32), np.array(right, np.bool_), 4)
    assert recall_at([outcome], precision) == recall
    assert recall_and_precision([outcome])[0] == sum(right) / 4


def test_worst_images_come_worst_first_and_by_name_only() -> None:
    found = worst([f"set/{i}" for i in range(100)], np.arange(50, 100), np.arange(50), {"error": np.arange(50) / 3})
    assert len(found) == 24
    assert found[0] == {"file": "set/99", "error": 16.3333}


def test_the_gap_is_between_the_best_and_the_worst_group() -> None:
    right = np.concatenate([np.ones(100), np.tile([1, 1, 1, 0], 25), np.tile([1, 0], 50)])
    found = people.gap(right, np.repeat([0.0, 1.0, 2.0], 100), {0: "a", 1: "b", 2: "c"})
    assert (found["best"], found["worst"], found["value"]) == ("a", "c", 0.5)
    assert 0.35 < found["low"] < 0.5 < found["high"] < 0.65
    assert found["as_large"] == 0


@pytest.mark.parametrize(("groups", "by_chance"), [(1, 0.0), (2, 0.024), (7, 0.108)])
def test_a_gap_of_groups_that_are_alike_is_told_as_chance(groups: int, by_chance: float) -> None:
    members = np.arange(700) % groups
    found = people.gap(np.random.default_rng(1).random(700) < 0.8, members, {k: str(k) for k in range(groups)})
    assert found["by_chance"] == pytest.approx(by_chance, abs=0.01)
    assert found["as_large"] > 0.05


def test_every_network_takes_its_turn_in_every_round(networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []
    found = speed.milliseconds({name: lambda name=name: turns.append(name) for name in ("a", "b")})  # type: ignore[misc]
    assert turns == ["a", "b"] * (speed.ROUNDS + speed.WARM_UP)
    assert set(found) == {"a", "b"}
    monkeypatch.setattr(speed, "package", lambda _photo: None)
    specs = [spec for spec in networks.specs if spec.tasks]
    runs = speed.candidates(networks, specs)
    assert {spec.key for spec in specs if {"age", "landmarks", "verify"} & set(spec.tasks)} <= set(runs)
    assert all(run() is not None for run in runs.values())


def test_lists_of_pairs_are_judged_on_average() -> None:
    scores = np.concatenate([np.full(900, 0.9), np.full(100, 0.1), np.full(5000, 0.1)]).astype(np.float32)
    same = np.arange(6000) < 1000
    found = att.balanced(scores, same, np.ones(6000, np.bool_), 0.5)
    assert found["value"] == pytest.approx(0.95, abs=0.002)
    assert found["low"] < 0.94
    assert 0.96 < found["high"] <= 1
    assert (found["pairs"], found["lists"]) == (240, 1000)
