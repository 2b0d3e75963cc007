"""The evaluation: what is measured is what a client gets, and the statistics of it."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from ml.engine import Engine
from ml.finding import SKIP, DetectOptions
from ml.manifest import InputSpec, Manifest, NetworkSpec, load
from ml.photo import Photo
from ml.runtime import Networks
from ml.training import cards, pairs, plots, svg, tables, targets
from ml.training.detection_scores import Outcome, recall_and_precision, recall_at
from ml.training.evaluate import served
from ml.training.evaluate.images import Images
from ml.training.evaluate.worst import worst
from ml.training.weaker import weaker
from ml.types import Face, RgbU8

pytest.importorskip("tensorflow")  # statistics that the recipes share

from ml.training.evaluate import att, people, speed, spoilt, writer

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(5)
SPEC = NetworkSpec(
    "n", "1.0.0", "n-1.0.0.tflite", "a" * 64, ("age",), InputSpec((8, 8)), "N", ("age",), metrics={"age": {}}
)


def figure(value: float, spread: float = 0.01, images: int = 100) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread, "images": images}


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


def test_weaker_groups_lie_wholly_on_the_worse_side() -> None:
    report = {
        "age": {
            "mae": figure(5),
            "mae_by_decade": {"young": figure(4), "near": figure(5.005), "old": figure(8), "few": figure(9, images=20)},
            "bias_by_decade": {"old": figure(8)},
            "coverage": figure(0.9),
            "coverage_by_decade": {"old": figure(0.8), "young": figure(0.95)},
        },
        "mask": {"all": figure(0.99), "by_source": {"a": figure(0.9), "b": {"images": 0}}},
    }
    found = [(row.table, row.group, row.usual) for row in weaker(report)]
    assert found == [("mae_by_decade", "old", 5), ("coverage_by_decade", "old", 0.9), ("by_source", "a", 0.99)]


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (targets.Target("age", "", "", 4.6, targets.at("mae"), less=True), 4.6, True),
        (targets.Target("age", "", "", 4.6, targets.at("mae"), less=True), 4.7, False),
        (targets.Target("age", "", "", 0.9, targets.at("mae")), 0.8, False),
        (targets.Target("age", "", "", 0.88, targets.at("mae"), top=0.92), 0.95, False),
        (targets.Target("age", "", "", 0.88, targets.at("mae"), top=0.92), 0.9, True),
    ],
)
def test_a_target_is_met_or_not(target: targets.Target, value: float, met: bool) -> None:  # noqa: FBT001
    assert target.met(value) is met


def test_the_table_says_what_is_missing_and_who_else_was_measured() -> None:
    rival = replace(SPEC, name="rival")
    active = {target.task: SPEC.key for target in targets.TARGETS}
    manifest = Manifest({SPEC.key: SPEC, rival.key: rival}, active)
    reports = {SPEC.key: {"age": {"mae": figure(5.0)}}, rival.key: {"age": {"mae": figure(4.0)}}}
    rows = [row for row in targets.table(manifest, reports).splitlines() if "mean absolute error" in row]
    goal = "| age | UTKFace val, mean absolute error | 6 | at most 4.60 years (4.20 years) |"
    assert rows == [f"{goal} 5.00 years | 4.99 to 5.01 years | 100 images | no | rival 1.0.0: 4.00 years |"]
    assert "| mask | mask val | 97 % | at least 99.3 % (99.7 %) | not measured |" in targets.table(manifest, reports)


def test_a_report_of_other_weights_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    writer.put(tmp_path, SPEC, {"age": {"mae": figure(5)}})
    writer.put(tmp_path, SPEC, {"gender": {"utkface": figure(0.9)}})
    assert {"age", "gender"} < set(json.loads(writer.path_of(tmp_path, SPEC).read_text("utf-8")))
    writer.put(tmp_path, replace(SPEC, sha256="b" * 64), {"mask": {"all": figure(0.9)}})
    assert set(json.loads(writer.path_of(tmp_path, SPEC).read_text("utf-8"))) == {
        "network",
        "version",
        "sha256",
        "mask",
    }


def test_charts_are_valid_and_repeat() -> None:
    counts = {"a": {"a": 3, "b": 1}, "b": {"a": 0, "b": 0}}
    charts: list[Callable[[], str]] = [
        lambda: svg.bars("A & B", [("x <y>", 1.0, 0.5, 2.0), ("none", 0.0, 0.0, 0.0)], unit="years", reference=1.2),
        lambda: svg.bars("empty", []),
        lambda: svg.table("t", ["a", "b"], counts),
        lambda: svg.lines(
            "l", {"one": [(1e-4, 0.1), (1e-2, 0.001)]}, x=(1e-5, 1), y=(1e-4, 1), axes=("x", "y"), log=True
        ),
    ]
    for draw in charts:
        root = ET.fromstring(draw())
        assert root.tag.endswith("svg")
        assert "NaN" not in draw()
        assert draw() == draw()


def test_plots_leave_out_what_was_not_measured() -> None:
    assert list(plots.of_report({}, "N", ("age", "detect"))) == []


def test_a_card_tells_the_terms_and_the_weaker_groups() -> None:
    report = {
        "age": {"mae": figure(5), "mae_by_decade": {"60-69": figure(9)}, "calibration": {"ece": 0.03, "curve": []}}
    }
    text = cards.card(replace(SPEC, licence="MIT", commercial=False), report, ("age",))
    assert "Commercial use: **not allowed**" in text
    assert "| age | mae by decade | 60-69 | 9 | 8.99 to 9.01 | 5 | 100 |" in text
    assert "0.030" in text


def test_every_report_is_about_the_weights_that_are_served() -> None:
    manifest = load(ROOT / "weights" / "manifest.toml")
    reports = tables.read_reports(manifest, ROOT / "weights" / "reports")
    assert set(manifest.active.values()) - {"scrfd 1.0.0-int8"} <= set(reports)
    stale = [
        key
        for key, report in reports.items()
        if key in manifest.networks and report["sha256"] != manifest.networks[key].sha256
    ]
    assert stale == [], "run: make evaluate"


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
