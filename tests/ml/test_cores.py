"""Which cores helping threads wake on."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from ml.answering import spread
from ml.cores import helpers, keep_apart, stay
from ml.runtime import Networks
from ml.workers import Workers

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system knows no affinity")
WEIGHTS = Path(__file__).parents[2] / "weights"


@contextmanager
def _waiting(count: int) -> Iterator[list[int]]:
    """Native ids of threads that wait."""
    end = threading.Event()
    threads = [threading.Thread(target=end.wait) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield [thread.native_id or 0 for thread in threads]
    end.set()
    for thread in threads:
        thread.join()


@contextmanager
def _one_core() -> Iterator[None]:
    """Only one core for this process."""
    cores = os.sched_getaffinity(os.getpid())
    os.sched_setaffinity(os.getpid(), {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(os.getpid(), cores)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_helpers_are_the_threads_started_meanwhile(count: int) -> None:
    name = Path("/proc/thread-self/comm").read_text()
    with _waiting(2), ExitStack() as stack:
        with helpers() as started:
            ours = stack.enter_context(_waiting(count))
        assert sorted(started) == sorted(ours)
    assert Path("/proc/thread-self/comm").read_text() == name


def test_threads_of_others_are_no_helpers() -> None:
    begin, begun, end = threading.Event(), threading.Event(), threading.Event()

    def other() -> None:
        begin.wait()
        with _waiting(1):
            begun.set()
            end.wait()

    thread = threading.Thread(target=other)
    thread.start()
    with helpers() as started:
        begin.set()
        begun.wait()
    end.set()
    thread.join()
    assert started == []


def test_a_helper_may_wake_on_every_core_but_the_callers() -> None:
    cores = os.sched_getaffinity(os.getpid())
    keep_apart([])
    with _waiting(2) as threads:
        keep_apart(threads)
        for thread in threads:
            allowed = os.sched_getaffinity(thread)
            assert allowed <= cores
            assert len(allowed) == max(1, len(cores) - 1)


def test_on_one_core_a_helper_may_wake_there() -> None:
    with _waiting(1) as (thread,), _one_core():
        keep_apart([thread])
        assert os.sched_getaffinity(thread) == os.sched_getaffinity(os.getpid())


def test_a_thread_that_has_ended_is_passed_over() -> None:
    with _waiting(1) as threads:
        pass
    keep_apart(threads)


def test_each_worker_stays_on_a_core_of_its_own() -> None:
    cores = sorted(os.sched_getaffinity(os.getpid()))
    workers, all_there = Workers(len(cores) + 1), threading.Barrier(len(cores) + 1, timeout=5)

    def where(_: int) -> list[int]:
        all_there.wait()
        return sorted(os.sched_getaffinity(0))

    assert sorted(workers.map(where, range(len(cores) + 1))) == sorted([[core] for core in [*cores, cores[0]]])
    workers.close()


@pytest.mark.parametrize(
    ("cores", "threads", "shares"),
    [
        ([3], 2, [[3], [3]]),
        ([0, 1], 2, [[0], [1]]),
        ([0, 1], 3, [[0], [1], [0]]),
        ([0, 2, 4, 6], 2, [[0, 4], [2, 6]]),
        ([0, 1, 2], 2, [[0, 2], [1]]),
    ],
)
def test_threads_share_the_cores_of_the_process(
    monkeypatch: pytest.MonkeyPatch, cores: list[int], threads: int, shares: list[list[int]]
) -> None:
    asked: list[list[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(cores))
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, share: asked.append(list(share)))
    for number in range(threads):
        stay(number, threads)
    assert asked == shares


def test_a_system_that_forbids_affinity_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError

    with _waiting(1) as threads:
        monkeypatch.setattr(os, "sched_setaffinity", forbidden)
        keep_apart(threads)
        workers = Workers(2)
        assert list(workers.map(abs, [-1, 2])) == [1, 2]
        workers.close()


def test_a_network_on_two_cores_keeps_its_helper_from_the_callers() -> None:
    network = Networks(WEIGHTS).get("scrfd")
    batch = np.random.default_rng(0).normal(size=(1, 96, 96, 3)).astype(np.float32)

    def run() -> None:
        stay(0, len(os.sched_getaffinity(0)))
        network.run(batch, 2)

    caller = threading.Thread(target=run)
    caller.start()
    caller.join()
    cores = sorted(os.sched_getaffinity(os.getpid()))
    named = {path.parent.name for path in Path("/proc/self/task").glob("*/comm") if "helper-" in path.read_text()}
    newest = max(named, key=int)
    assert os.sched_getaffinity(int(newest)) == set(cores[1:] or cores)


@pytest.mark.parametrize(
    ("jobs", "cores", "threads"),
    [
        (0, 2, []),
        (1, 1, [1]),
        (3, 1, [1, 1, 1]),
        (1, 2, [2]),
        (2, 2, [1, 1]),
        (3, 2, [1, 1, 2]),
        (1, 4, [4]),
        (2, 4, [2, 2]),
        (3, 4, [1, 1, 1]),
        (6, 4, [1, 1, 1, 1, 2, 2]),
    ],
)
def test_the_last_jobs_share_cores_that_would_be_idle(jobs: int, cores: int, threads: list[int]) -> None:
    assert spread(jobs, cores) == threads
