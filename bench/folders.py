"""A folder of photographs: decode and detect, file after file; with two processors two processes share the files."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.environments import PeerError
from bench.workers import Worker

CHUNK: Final = 20
MOST_SECONDS: Final = 10.0
"""Per peer; a peer that is slower sees fewer files, and its figure says how many."""


def folder(crews: Mapping[str, Sequence[Worker]], paths: Sequence[Path], task: str) -> dict[str, Any]:
    """Photographs per second of each crew, in turns of CHUNK files per worker."""
    seconds = dict.fromkeys(crews, 0.0)
    counts: dict[str, dict[str, int]] = {name: {"photos": 0, "faces": 0} for name in crews}
    failed: dict[str, str] = {}
    texts = [str(path) for path in paths]
    while open_ := [name for name in crews if _goes_on(name, seconds, counts, failed, len(paths))]:
        for name in open_:
            crew, start = crews[name], counts[name]["photos"]
            share = texts[start : start + CHUNK * len(crew)]
            begun = time.perf_counter()
            try:
                answers = _together(crew, [share[place :: len(crew)] for place in range(len(crew))], task)
            except PeerError as failure:
                failed[name] = str(failure)
                continue
            seconds[name] += time.perf_counter() - begun
            for part in ("photos", "faces"):
                counts[name][part] += sum(answer[part] for answer in answers)
    return {
        name: {"failed": failed[name]}
        if name in failed
        else {"per_second": round(counts[name]["photos"] / max(seconds[name], 1e-9), 2), **counts[name]}
        for name in crews
    }


def _goes_on(
    name: str,
    seconds: Mapping[str, float],
    counts: Mapping[str, Mapping[str, int]],
    failed: Mapping[str, str],
    most: int,
) -> bool:
    return name not in failed and counts[name]["photos"] < most and seconds[name] < MOST_SECONDS


def _together(crew: Sequence[Worker], shares: Sequence[Sequence[str]], task: str) -> list[dict[str, Any]]:
    for worker, share in zip(crew, shares, strict=True):
        worker.send({"do": "folder", "task": task, "photos": list(share)})
    return [worker.receive() for worker in crew]
