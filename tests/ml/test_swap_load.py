"""Networks are switched while clients are being answered: each request keeps its own, and what went gives its memory back."""

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ml.active import MAX_PINNED
from ml.engine import Engine
from ml.photo import Photo
from tests.ml.switching import DETECTORS, OTHER, OWN, WEIGHTS, copy_of, held, keys, results

HELD_BACK = 12e6  # bytes that may stay: a single network holds more
HELD_BACK_BY_LOAD = 60e6  # twenty networks that stayed would hold 400 MB; the pools of interpreters come and go


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
    before = held()
    switches(live, 20, ask)
    assert wrong == []
    assert seen == set(expected)
    assert live.give_back()
    assert set(live._networks._loaded) <= {spec.key for spec in live.active.values()} | DETECTORS | {
        OTHER
    }  # pinned above
    assert held() - before < HELD_BACK_BY_LOAD


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


def test_memory_of_a_network_is_given_back(live: Engine, photo: Photo) -> None:
    live.activate("age", OTHER)
    live.activate("age", OWN)
    live.give_back()
    gc.collect()
    before = held()
    batch = np.zeros((1, 112, 112, 3), np.float32)
    for number in range(1, 6):
        spec = copy_of(live, "mobilefacenet 2.0.0", version=f"1.0.{number}")
        live.add(spec, WEIGHTS)
        live.activate("verify", spec.key)
        live._active.snapshot["verify"].run(batch)
    live.activate("verify", "mobilefacenet 2.0.0")
    assert live.give_back()
    assert held() - before < HELD_BACK
