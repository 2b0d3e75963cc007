"""Workers by peer: started, loaded, and ended whatever happens."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.environments import Peer, PeerError, command
from bench.workers import Worker

Commands = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Crew:
    """Loaded workers by peer, what each told when it was loaded, and why others are not here."""

    workers: dict[str, list[Worker]] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> dict[str, Worker]:
        """One worker of each."""
        return {name: workers[0] for name, workers in self.workers.items()}

    def memory(self) -> dict[str, dict[str, float]]:
        """Megabytes now and at the most, of the first worker of each that still runs."""
        result = {}
        for name, worker in self.first.items():
            try:
                result[name] = {part: round(value, 1) for part, value in worker.memory().items()}
            except PeerError:
                continue
        return result


def commands(chosen: Sequence[Peer], work: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """How each peer's worker is started, installed where needed, and why some cannot be."""
    found: dict[str, list[str]] = {}
    missing: dict[str, str] = {}
    for peer in chosen:
        try:
            found[peer.name] = command(peer, work)
        except PeerError as failure:
            missing[peer.name] = str(failure)
            print(f"  {peer.title}: {failure}", flush=True)
    return found, missing


@contextmanager
def crew(found: Commands, work: Path, places: Sequence[Sequence[int]]) -> Iterator[Crew]:
    """For each peer one loaded worker per place; a place is the processors that it is bound to."""
    started: list[Worker] = []
    result = Crew()
    try:
        for name, parts in found.items():
            try:
                workers = [
                    _started(parts, work / "homes" / f"{name}-{n}", place, started) for n, place in enumerate(places)
                ]
                told = [worker.load() for worker in workers]
                result.told[name] = told[0]
                result.workers[name] = workers
            except PeerError as failure:
                result.failed[name] = str(failure)
        yield result
    finally:
        for worker in started:
            worker.close()


def _started(parts: Sequence[str], home: Path, place: Sequence[int], started: list[Worker]) -> Worker:
    worker = Worker(parts, home, processors=place)
    started.append(worker)
    return worker
