"""Calls in turns: every candidate once per round, so that a slow moment of the machine meets all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.environments import PeerError
from bench.photographs import Photograph
from bench.workers import Worker

WARM: Final = 3
SLOW: Final = ((5000.0, 5), (2000.0, 10))
"""Calls that take at least so many milliseconds are counted so often only, after one to warm up; the figure says how often."""
Figure = dict[str, Any]
"""median, low (25 %), high (75 %), min in milliseconds, runs, found, wrong; or failed: why there is none."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One column of a row: a worker and the name of its task, with the variant."""

    key: str
    worker: Worker
    task: str


def candidates(workers: Mapping[str, Worker], tasks: Mapping[str, Sequence[str]], task: str) -> list[Candidate]:
    """Every worker that knows the task, once for each of its variants: "task" and "task/variant"."""
    return [
        Candidate(name + known[len(task) :], worker, known)
        for name, worker in workers.items()
        for known in tasks[name]
        if known.partition("/")[0] == task
    ]


def take_turns(those: Sequence[Candidate], photograph: Photograph, runs: int) -> dict[str, Figure]:
    """One row: a figure per candidate. Slow calls are counted less often (SLOW)."""
    taken: dict[str, list[float]] = {one.key: [] for one in those}
    answers: dict[str, Figure] = {}
    left = list(those)
    for turn in range(WARM + runs):
        shift = turn % max(len(left), 1)
        for one in [*left[shift:], *left[:shift]]:
            if _enough(taken[one.key], runs):
                continue
            try:
                answer = one.worker.ask({"do": "run", "task": one.task, "photo": str(photograph.path)})
            except PeerError as failed:
                answers[one.key] = {"failed": str(failed)}
                left.remove(one)
                continue
            taken[one.key].append(float(answer["ms"]))
            answers[one.key] = _found(answer["faces"], photograph)
    return {
        key: answer if "failed" in answer else summary(_counted(taken[key])) | answer for key, answer in answers.items()
    }


def summary(values: Sequence[float]) -> Figure:
    """Median, quartiles, least and how many."""
    if not values:
        return {"runs": 0}
    low, median, high = np.percentile(values, [25, 50, 75])
    return {
        "median": round(float(median), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
        "min": round(float(min(values)), 3),
        "runs": len(values),
    }


def _enough(values: Sequence[float], most: int) -> bool:
    """Whether a candidate has had its turns."""
    few = _few(values)
    return len(values) >= (WARM + most if few is None else 1 + min(few, most))


def _counted(values: Sequence[float]) -> Sequence[float]:
    return values[WARM:] if _few(values) is None else values[1:]


def _few(values: Sequence[float]) -> int | None:
    """How often a slow call is counted; None for others."""
    least = min(values, default=0.0)
    return next((runs for slow, runs in SLOW if least >= slow), None)


def _found(faces: Sequence[Mapping[str, Any]], photograph: Photograph) -> Figure:
    boxes = [face["box"] for face in faces]
    found = photograph.found(boxes)
    return {"found": found, "of": len(photograph.faces), "wrong": len(boxes) - found}
