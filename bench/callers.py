"""What a second core brings: the engine asked by one caller, by two threads, and in two processes."""

import multiprocessing
import statistics
import threading
import time
from typing import Any, Final

from bench.overhead import engine_for
from ml.engine import PHOTO_TASKS, Engine
from ml.images import decode

AIM: Final = 1.7
ROUNDS: Final = 3


def two_callers(photo: bytes, seconds: float) -> dict[str, Any]:
    """Photographs per second (decode and all tasks) in turns: one thread, two threads of one process, two processes.

    Two processes share nothing but the machine: what they reach beyond one is what its two cores can give (caches, memory and clock are
    shared); what two threads lack against them is Python's global lock.
    """
    single, double = engine_for(1), engine_for(2)
    each = seconds / ROUNDS
    rates: dict[str, list[float]] = {"one": [], "two_threads": [], "two_processes": []}
    with Pair(photo) as pair:
        for _ in range(ROUNDS):
            rates["one"].append(rate(single, photo, 1, each))
            rates["two_threads"].append(rate(double, photo, 2, each))
            rates["two_processes"].append(pair.rate(each))
    single.close()
    double.close()
    medians = {name: round(statistics.median(values), 2) for name, values in rates.items()}
    ratios = {f"{name}_over_one": round(medians[name] / medians["one"], 2) for name in ("two_threads", "two_processes")}
    return {"per_second": medians, **ratios}


def rate(engine: Engine, photo: bytes, callers: int, seconds: float) -> float:
    """Photographs per second of so many threads."""
    counts = [0] * callers
    until = time.monotonic() + seconds

    def call(place: int) -> None:
        while time.monotonic() < until:
            engine.analyze(decode(photo), PHOTO_TASKS)
            counts[place] += 1

    threads = [threading.Thread(target=call, args=(place,)) for place in range(callers)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - start)


class Pair:
    """Two processes with an engine each, which work when they are told to."""

    def __init__(self, photo: bytes) -> None:
        context = multiprocessing.get_context("spawn")
        self._ends = []
        self._processes = []
        for _ in range(2):
            ours, theirs = context.Pipe()
            process = context.Process(target=_child, args=(theirs, photo), daemon=True)
            process.start()
            self._ends.append(ours)
            self._processes.append(process)

    def __enter__(self) -> "Pair":
        for end in self._ends:
            end.recv()
        return self

    def __exit__(self, *_: object) -> None:
        for end in self._ends:
            end.send(0.0)
        for process in self._processes:
            process.join(30)

    def rate(self, seconds: float) -> float:
        """Photographs per second of both together."""
        for end in self._ends:
            end.send(seconds)
        return float(sum(end.recv() for end in self._ends))


def _child(end: Any, photo: bytes) -> None:
    engine = engine_for(1)
    end.send("ready")
    while seconds := end.recv():
        end.send(rate(engine, photo, 1, seconds))
    engine.close()


def aim_threads(measured: dict[str, Any]) -> dict[str, Any]:
    """The aim about two threads."""
    ratio = measured["two_threads_over_one"]
    possible = measured["two_processes_over_one"]
    return {
        "aim": "two threads at least 1.7 times the throughput of one",
        "measured": f"{ratio:.2f} times (two processes, which share no lock: {possible:.2f})",
        "met": ratio >= AIM,
    }
