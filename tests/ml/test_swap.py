"""Networks are switched, pinned, added and given back while clients are being answered."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from ml.engine import Engine
from ml.errors import InvalidRequest, NotReady
from ml.photo import Photo
from ml.tasks.emotion import EMOTIONS
from tests.ml.switching import OTHER, OWN, TASKS, WEIGHTS, copy_of, keys, results


def test_a_switch_changes_one_task_only(live: Engine, photo: Photo) -> None:
    before = results(live.analyze(photo, TASKS))
    live.activate("age", OTHER)
    report = live.analyze(photo, TASKS)
    assert keys(report) == {"age": OTHER, "gender": OWN, "emotion": "mini-xception 1.0.0", "mask": OWN}
    after = results(report)
    assert after.pop("age") != before.pop("age")
    assert after == before
    assert live.active["age"].key == OTHER
    assert live.active["gender"].key == OWN


@pytest.mark.parametrize(
    ("task", "key", "says"),
    [
        ("age", "", "not a version"),
        ("age", "face 9.9.9", "not a version"),
        ("age", "mesh 1.0.0", "not a version"),
        ("emotion", "1.0.0", "several networks"),
        ("verify", OWN, "not a version"),
        ("detect", "blazeface 1.0.0", "cannot be switched"),
    ],
)
def test_what_cannot_answer_is_not_activated(live: Engine, photo: Photo, task: str, key: str, says: str) -> None:
    before = live.active
    with pytest.raises(InvalidRequest, match=says):
        live.activate(task, key)
    assert live.active == before


def test_a_pinned_version_answers_that_request_only(live: Engine, photo: Photo) -> None:
    usual = live.analyze(photo, TASKS)
    pinned = live.analyze(photo, TASKS, versions={"age": OTHER, "emotion": OWN})
    assert keys(pinned) == keys(usual) | {"age": OTHER, "emotion": OWN}
    assert results(pinned)["age"] != results(usual)["age"]
    assert results(live.analyze(photo, TASKS)) == results(usual)


@pytest.mark.parametrize(
    "versions",
    [
        {"age": "face 2"},
        {"age": "mesh 1.0.0"},
        {"emotion": "1.0.0"},
        {"landmarks": "mesh 1.0.0"},
        {"detect": "scrfd 1.0.0"},
    ],
    ids=["unknown", "unable", "of several networks", "not asked", "detect"],
)
def test_wrong_pins_are_refused(live: Engine, photo: Photo, versions: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        live.analyze(photo, TASKS, versions=versions)


def test_verify_and_synthesis_take_a_version(live: Engine, photo: Photo) -> None:
    assert live.verify(photo, photo, version="2.0.0").model.network == "mobilefacenet"
    assert live.synthesize(count=1, seed=1, version="dcgan 1.0.0").model.network == "dcgan"
    for call in (lambda: live.verify(photo, photo, version=OWN), lambda: live.synthesize(count=1, version="2")):
        with pytest.raises(InvalidRequest):
            call()


def test_verify_takes_threshold_and_embedding_of_one_version(live: Engine, photo: Photo) -> None:
    old = live.verify(photo, photo)
    spec = copy_of(live, "mobilefacenet 2.0.0", version="1.0.1", calibration=calibration(0.9))
    live.add(spec, WEIGHTS)
    live.activate("verify", spec.key)
    new = live.verify(photo, photo)
    assert (new.model.version, new.threshold) == ("1.0.1", 0.9)
    assert (old.model.version, old.threshold != 0.9) == ("2.0.0-int8", True)


def calibration(threshold: float) -> dict[str, Any]:
    return {"verify": {"operating_points": [{"false_match_rate": 1e-3, "threshold": threshold}]}}


def test_a_network_that_cannot_be_loaded_leaves_the_old_one(live: Engine, photo: Photo, tmp_path: Path) -> None:
    before = results(live.analyze(photo, TASKS))
    empty, noise = b"", b"x" * 1000
    (tmp_path / "empty.tflite").write_bytes(empty)
    (tmp_path / "noise.tflite").write_bytes(noise)
    for version, content in (("0.0.1", empty), ("0.0.2", noise), ("0.0.3", None)):
        name = {empty: "empty.tflite", noise: "noise.tflite", None: "missing.tflite"}[content]
        spec = copy_of(live, OWN, version=version, file=name, sha256=digest(content or b""))
        live.add(spec, tmp_path)
        with pytest.raises(NotReady):
            live.activate("age", spec.key)
        assert results(live.analyze(photo, TASKS)) == before
    assert live.active["age"].key == OWN


def digest(content: bytes) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(content).hexdigest()


def test_added_networks(live: Engine, photo: Photo) -> None:
    spec = copy_of(live, OTHER, version="1.0.1")
    with pytest.raises(InvalidRequest):
        live.activate("age", spec.key)
    live.add(spec, WEIGHTS)
    live.add(spec, WEIGHTS)
    with pytest.raises(InvalidRequest, match="another network"):
        live.add(dataclasses.replace(spec, sha256="0" * 64), WEIGHTS)
    live.activate("age", spec.key)
    assert results(live.analyze(photo, ["age"])) == results(live.analyze(photo, ["age"], versions={"age": OTHER}))
    with pytest.raises(InvalidRequest, match="answers age"):
        live.remove(spec.key)
    live.activate("age", OWN)
    live.remove(spec.key)
    with pytest.raises(InvalidRequest):
        live.remove(spec.key)
    with pytest.raises(InvalidRequest):
        live.remove(OWN)
    with pytest.raises(InvalidRequest):
        live.activate("age", spec.key)


def test_labels_in_another_order_become_ours(live: Engine, photo: Photo) -> None:
    usual = results(live.analyze(photo, ["emotion"]))["emotion"]["scores"]
    theirs = EMOTIONS[1:] + EMOTIONS[:1]
    live.add(copy_of(live, "mini-xception 1.0.0", version="1.0.1", labels={"emotion": theirs}), WEIGHTS)
    moved = results(live.analyze(photo, ["emotion"], versions={"emotion": "1.0.1"}))["emotion"]["scores"]
    assert {theirs[place]: usual[label] for place, label in enumerate(EMOTIONS)} == moved
