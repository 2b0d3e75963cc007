"""How many requests each version has answered in this process, and how fast: counts only, nothing about photographs."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_FASTEST_MS: Final = 1.0
_STEP: Final = 1.2
BUCKETS: Final = 64
"""Milliseconds in steps of a fifth: the last one begins at 97 seconds."""
_MOST: Final = 500  # tasks times versions; there are never so many
_lock = threading.Lock()
_counts: dict[tuple[str, str, str], "Tally"] = {}


@dataclass
class Tally:
    """Requests and how many of them fell into each bucket of time."""

    requests: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * BUCKETS)


def count(report: Mapping[str, Any]) -> None:
    """Note an answer of the contract: each version in it has served one request, in the time that the answer took."""
    models = report["models"] if "models" in report else {report["task"]: report["model"]}
    bucket = bucket_of(report["timing_ms"]["total"])
    with _lock:
        for task, model in models.items():
            key = (task, model["network"], model["version"]) if model else None
            if key is not None and (key in _counts or len(_counts) < _MOST):
                tally = _counts.setdefault(key, Tally())
                tally.requests += 1
                tally.buckets[bucket] += 1


def take() -> dict[tuple[str, str, str], Tally]:
    """What was counted since the last call, by (task, network, version)."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    return taken


def give_back(taken: Mapping[tuple[str, str, str], Tally]) -> None:
    """Count again what was taken and could not be written down."""
    with _lock:
        for key, old in taken.items():
            tally = _counts.setdefault(key, Tally())
            tally.requests += old.requests
            tally.buckets = [one + other for one, other in zip(tally.buckets, old.buckets, strict=True)]


def bucket_of(ms: float) -> int:
    """The bucket that a duration falls into."""
    bucket, edge = 0, _FASTEST_MS * _STEP
    while ms >= edge and bucket < BUCKETS - 1:
        bucket, edge = bucket + 1, edge * _STEP
    return bucket


def percentile(buckets: Sequence[int], share: float) -> float | None:
    """Milliseconds that `share` (0..1) of the requests stayed below, to a fifth; None without requests."""
    total = sum(buckets)
    if not total:
        return None
    seen = 0
    for bucket, number in enumerate(buckets):
        seen += number
        if seen >= share * total:
            return float(_FASTEST_MS * _STEP ** (bucket + 1))
    return None
