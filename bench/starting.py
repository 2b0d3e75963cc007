"""What a start costs: importing, loading, the first answer, and the memory that is then held."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.environments import PeerError
from bench.photographs import Photograph
from bench.rounds import summary
from bench.workers import Worker

PARTS: Final = ("import_ms", "load_ms", "first_ms", "ready_ms", "memory_mb")


def starts(
    commands: Mapping[str, list[str]], photograph: Photograph, work: Path, *, times: int, processors: list[int]
) -> dict[str, Any]:
    """Each peer started that often, in turns, after one start that fills the file cache.

    import_ms, load_ms: said by the worker. first_ms: its first detection. ready_ms: from nothing to that answer, by our clock.
    memory_mb: resident after it.
    """
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    failed: dict[str, str] = {}
    for turn in range(times + 1):
        print(f"  starts, round {turn + 1} of {times + 1} ...", flush=True)
        for name, command in commands.items():
            if name in failed:
                continue
            try:
                once = _start(command, photograph, work / "homes" / name, processors)
            except PeerError as failure:
                failed[name] = str(failure)
                continue
            if turn:
                taken[name].append(once)
    return {
        name: {"failed": failed[name]}
        if name in failed
        else {part: summary([once[part] for once in taken[name]]) for part in PARTS}
        for name in commands
    }


def _start(command: list[str], photograph: Photograph, home: Path, processors: list[int]) -> dict[str, float]:
    begun = time.perf_counter()
    worker = Worker(command, home, processors=processors)
    try:
        loaded = worker.load()
        first = worker.ask({"do": "run", "task": "detect", "photo": str(photograph.path)})
        ready = time.perf_counter() - begun
        return {
            "import_ms": loaded["import_ms"],
            "load_ms": loaded["load_ms"],
            "first_ms": first["ms"],
            "ready_ms": ready * 1000,
            "memory_mb": worker.memory()["now"],
        }
    finally:
        worker.close()
