"""Networks are switched, pinned, added and given back while clients are being answered."""

import dataclasses
import gc
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import manifest
from ml.active import MAX_PINNED
from ml.engine import Engine
from ml.errors import InvalidRequest, NotReady
from ml.manifest import NetworkSpec
from ml.photo import Photo
from ml.reports import Report
from ml.tasks.emotion import EMOTIONS
from ml.types import RgbU8

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights"
TASKS = ("age", "gender", "emotion", "mask")
OWN = manifest.load(WEIGHTS / "manifest.toml").active["age"]
OTHER = "tiny-xception 1.0.0"
DETECTORS = {f"{name} 1.0.0" for name in ("blazeface", "mtcnn-onet", "mtcnn-pnet", "mtcnn-rnet", "scrfd")}
HELD_BACK = 12e6  # bytes that may stay: a single network holds more
HELD_BACK_BY_LOAD = 60e6  # twenty networks that stayed would hold 400 MB; the pools of interpreters come and go


@pytest.fixture
def live() -> Iterator[Engine]:
    """An engine of its own: these tests change what answers."""
    engine = Engine(WEIGHTS)
    engine.activate("emotion", "mini-xception 1.0.0")
    engine.warm_up()
    yield engine
    engine.close()


@pytest.fixture
def photo(astronaut: RgbU8) -> Photo:
    return Photo(astronaut)


def results(report: Report) -> dict[str, Any]:
    (face,) = report.faces
    return {task: asdict(result) for task, result in face.results.items()}


def copy_of(engine: Engine, key: str, **changes: Any) -> NetworkSpec:
    spec = next(spec for spec in engine.specs if spec.key == key)
    return dataclasses.replace(spec, **changes)


def keys(report: Report) -> dict[str, str]:
    return {task: f"{model.network} {model.version}" for task, model in report.models.items()}


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


def test_pins_are_bounded(live: Engine, photo: Photo) -> None:
    """A client cannot make the server load everything it has."""
    names = [f"1.0.{number}" for number in range(1, 9)]
    for version in names:
        live.add(copy_of(live, OTHER, version=version), WEIGHTS)
    for version in names:
        live.analyze(photo, ["age"], versions={"age": version})
    gc.collect()
    loaded = set(live._networks._loaded)
    assert loaded >= {f"tiny-xception {version}" for version in names[-MAX_PINNED:]}
    assert not loaded & {f"tiny-xception {version}" for version in names[:-MAX_PINNED]}
    assert live.give_back()


def test_a_request_ends_with_the_network_it_began_with(
    live: Engine, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch comes between detection and the networks, and the old network is freed only afterwards."""
    find = live._finder.find
    waiting: list[bool] = []

    def switch_meanwhile(*args: Any) -> Any:
        found = find(*args)
        live.activate("emotion", OWN)
        waiting.append(live.give_back())
        return found

    monkeypatch.setattr(live._finder, "find", switch_meanwhile)
    assert keys(live.analyze(photo, ["emotion"])) == {"emotion": "mini-xception 1.0.0"}
    monkeypatch.undo()
    assert waiting == [False]
    assert keys(live.analyze(photo, ["emotion"])) == {"emotion": OWN}
    gc.collect()
    assert live.give_back()
    assert "mini-xception 1.0.0" not in live._networks._loaded


@pytest.mark.slow
def test_switches_under_load(live: Engine, photo: Photo) -> None:
    """Eight clients, twenty switches of two tasks: no error, and each answer is exactly that of the versions it names."""
    expected = {
        (task, key): results(live.analyze(photo, [task], versions={task: key}))[task]
        for task, other in (("age", OTHER), ("emotion", "mini-xception 1.0.0"), ("gender", OTHER))
        for key in (OWN, other)
    }
    seen: set[tuple[str, str]] = set()
    wrong: list[Any] = []

    def ask() -> None:
        report = live.analyze(photo, ["age", "emotion", "gender"])
        named = set(keys(report).items())
        seen.update(named)
        wrong.extend(pair for pair in named if results(report)[pair[0]] != expected[pair])

    switches(live, 6, ask)  # the pools fill up
    before = memory()
    switches(live, 20, ask)
    assert wrong == []
    assert seen == set(expected)
    assert live.give_back()
    assert set(live._networks._loaded) <= {spec.key for spec in live.active.values()} | DETECTORS | {
        OTHER
    }  # pinned above
    assert memory() - before < HELD_BACK_BY_LOAD


def switches(live: Engine, count: int, ask: Callable[[], None]) -> None:
    """Switch while eight clients ask without a pause; the pair of networks is back in its first place at the end."""
    stop, errors = threading.Event(), []

    def client() -> None:
        while not stop.is_set():
            try:
                ask()
            except Exception as error:  # noqa: BLE001 (any is one too many)
                errors.append(error)

    clients = [threading.Thread(target=client) for _ in range(8)]
    for thread in clients:
        thread.start()
    for number in range(count):
        own = number % 2 == 1
        live.activate("age", OWN if own else OTHER)
        live.activate("gender", OWN if own else OTHER)
        live.activate("emotion", "mini-xception 1.0.0" if own else OWN)
        stop.wait(0.1)
        live.give_back()
    stop.set()
    for thread in clients:
        thread.join()
    assert errors == []
    gc.collect()
    live.give_back()


def memory() -> int:
    """Bytes that this process holds; shared pages count in part."""
    text = Path("/proc/self/smaps_rollup").read_text("ascii")
    return int(text.split("Pss:")[1].split()[0]) * 1024


def test_memory_of_a_network_is_given_back(live: Engine, photo: Photo) -> None:
    live.activate("age", OTHER)
    live.activate("age", OWN)
    live.give_back()
    gc.collect()
    before = memory()
    batch = np.zeros((1, 112, 112, 3), np.float32)
    for number in range(1, 6):
        spec = copy_of(live, "mobilefacenet 2.0.0", version=f"1.0.{number}")
        live.add(spec, WEIGHTS)
        live.activate("verify", spec.key)
        live._active.snapshot["verify"].run(batch)
    live.activate("verify", "mobilefacenet 2.0.0")
    assert live.give_back()
    assert memory() - before < HELD_BACK
