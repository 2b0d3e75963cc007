"""Threads that requests share: order, bounds, errors, no waiting for oneself."""

import threading
import time

import pytest

from ml.workers import Workers


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_answers_in_order(threads: int, count: int) -> None:
    workers = Workers(threads)

    def late(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item * item

    assert list(workers.map(late, range(count))) == [item * item for item in range(count)]
    workers.close()


def test_takes_no_more_than_it_needs_ahead() -> None:
    workers, taken = Workers(2), []

    def items() -> object:
        for number in range(100):
            taken.append(number)
            yield number

    answers = workers.map(str, items())  # type: ignore[arg-type]
    next(answers)
    assert len(taken) < 10
    answers.close()  # type: ignore[attr-defined]
    workers.close()


def test_several_threads_work_at_once() -> None:
    workers, both = Workers(2), threading.Barrier(2, timeout=5)
    assert sorted(workers.map(lambda _: both.wait(), range(2))) == [0, 1]
    workers.close()


def test_a_worker_may_ask_the_workers() -> None:
    workers = Workers(2)
    assert list(workers.map(lambda item: sum(workers.map(abs, range(item))), range(6))) == [0, 0, 1, 3, 6, 10]
    workers.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_first_error_is_raised_in_its_turn(threads: int) -> None:
    workers = Workers(threads)
    answers = workers.map(lambda item: 1 // item, [1, 1, 0, 1])
    assert [next(answers), next(answers)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(answers)
    workers.close()


def test_callers_as_many_as_cores_work_alone() -> None:
    workers, begun, done = Workers(2), threading.Event(), threading.Event()
    names: dict[str, list[str]] = {}

    def name(_: object) -> str:
        return threading.current_thread().name

    def first() -> None:
        answers = workers.map(name, range(9))
        names["first"] = [next(answers)]
        begun.set()
        done.wait(5)
        names["first"] += answers

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(5)
    names["second"] = list(workers.map(name, range(3)))
    done.set()
    thread.join()
    names["third"] = list(workers.map(name, range(3)))
    assert set(names["second"]) == {threading.current_thread().name}
    assert all(name.startswith("worker") for name in names["first"] + names["third"])
    workers.close()


@pytest.mark.parametrize(("threads", "first", "second"), [(1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 2), (16, 4, 4)])
def test_callers_share_the_cores(threads: int, first: int, second: int) -> None:
    workers, told = Workers(threads), []

    def ask(_: int = 0) -> int:
        with workers.cores() as cores:
            return cores

    with workers.cores() as mine:
        assert mine == ask() == first
        assert list(workers.map(ask, range(2))) == [1 if threads > 1 else mine] * 2
        other = threading.Thread(target=lambda: told.append(ask()))
        other.start()
        other.join()
    assert told == [second]
    workers.close()
