"""The section "peers": every peer in a process of its own, on the same photographs and processors, in turns."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench import detecting, folders, starting
from bench.aims import aims
from bench.common import Settings
from bench.environments import Peer, PeerError, command, peers
from bench.photographs import GROUPS, Photograph, folder_of, photographs
from bench.rounds import candidates, take_turns
from bench.workers import Worker

ONE: Final = "face-640"
CROWD: Final = "group-20"
PER_FACE: Final = ("landmarks", "embedding", "age and gender", "emotion", "identity")
"""Tasks beside detection; each includes it. identity: detection, landmarks and embedding; together: all that a peer offers."""
DETECTED: Final = ("face-320", "face-640", "face-1280", "group-5", "group-20")
LARGE: Final = "face-4000"  # with two threads only: it costs most of the time
STARTS: Final = 5
FOLDER: Final = 500


def measure(settings: Settings) -> dict[str, Any]:
    """Everything about single processes: starts, rows, folder, accuracy, aims."""
    chosen = [peer for peer in peers() if _wanted(peer, settings)]
    commands, missing = _commands(chosen, settings.work)
    made = photographs(settings.work)
    processors = sorted(os.sched_getaffinity(0))[:2]
    result: dict[str, Any] = {
        "runs": settings.runs,
        "photographs": {
            name: {"width": p.width, "height": p.height, "faces": len(p.faces)} for name, p in made.items()
        },
    }
    result["start"] = starting.starts(
        commands, made[ONE], settings.work, times=2 if settings.small else STARTS, processors=processors
    )
    missing |= {name: figures["failed"] for name, figures in result["start"].items() if "failed" in figures}
    commands = {name: parts for name, parts in commands.items() if name not in missing}
    result["rows"] = []
    versions: dict[str, str] = {}
    for threads in range(1, len(processors) + 1):
        with crew(commands, settings.work, processors[:threads], missing) as (workers, told):
            versions |= {name: answer["version"] for name, answer in told.items()}
            tasks = {name: answer["tasks"] for name, answer in told.items()}
            result["rows"] += list(_rows(workers, tasks, made, settings, threads))
            result.setdefault("memory", {})[str(threads)] = _memory(workers)
            if threads == len(processors) and settings.data is not None:
                those = candidates(workers, tasks, "detect")
                result["accuracy"] = detecting.accuracy(those, settings.data)
    result["folder"] = _folders(commands, settings, processors)
    result["peers"] = {peer.name: _about(peer, versions, missing) for peer in chosen}
    return result | {"aims": aims(result)}


def _wanted(peer: Peer, settings: Settings) -> bool:
    if settings.only:
        return peer.name in {"hexaface", *settings.only}
    return peer.runtime == "own" or not settings.small


def _commands(chosen: list[Peer], work: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """How each peer is started, and why some cannot be."""
    commands: dict[str, list[str]] = {}
    missing: dict[str, str] = {}
    for peer in chosen:
        try:
            commands[peer.name] = command(peer, work)
        except PeerError as failure:
            missing[peer.name] = str(failure)
            print(f"  {peer.title}: {failure}", flush=True)
    return commands, missing


@contextmanager
def crew(
    commands: Mapping[str, list[str]], work: Path, processors: list[int], missing: dict[str, str]
) -> Iterator[tuple[dict[str, Worker], dict[str, dict[str, Any]]]]:
    """One loaded worker per peer, and what each told; those that do not load are added to `missing`."""
    workers: dict[str, Worker] = {}
    told: dict[str, dict[str, Any]] = {}
    try:
        for name, parts in commands.items():
            worker = Worker(parts, work / "homes" / name, processors=processors)
            try:
                told[name] = worker.load()
                workers[name] = worker
            except PeerError as failure:
                missing[name] = str(failure)
        yield workers, told
    finally:
        for worker in workers.values():
            worker.close()


def _rows(
    workers: Mapping[str, Worker],
    tasks: Mapping[str, list[str]],
    made: Mapping[str, Photograph],
    settings: Settings,
    threads: int,
) -> Iterator[dict[str, Any]]:
    for task, name in _plan(threads, small=settings.small):
        those = candidates(workers, tasks, task)
        print(f"  {task}, {name}, {threads} thread{'s' * (threads > 1)} ...", flush=True)
        figures = take_turns(those, made[name], settings.runs)
        yield {"task": task, "photograph": name, "threads": threads, "figures": figures}


def _plan(threads: int, *, small: bool) -> list[tuple[str, str]]:
    """Task and photograph of each row."""
    if small:
        return [("detect", ONE), ("together", ONE)] if threads == 1 else []
    rows = [("detect", name) for name in (*DETECTED, *([LARGE] if threads > 1 else []))]
    rows += [(task, name) for task in PER_FACE for name in (ONE, CROWD)]
    return rows + [("together", name) for name in (ONE, *(f"group-{count}" for count in GROUPS))]


def _memory(workers: Mapping[str, Worker]) -> dict[str, dict[str, float]]:
    """Megabytes after all rows, and at the most."""
    result = {}
    for name, worker in workers.items():
        try:
            result[name] = {part: round(value, 1) for part, value in worker.memory().items()}
        except PeerError:
            continue
    return result


def _folders(commands: Mapping[str, list[str]], settings: Settings, processors: list[int]) -> dict[str, Any]:
    """One process on one processor, and two processes on two, each on its own."""
    paths = folder_of(settings.work, 12 if settings.small else FOLDER)
    result = {}
    for count in range(1, len(processors) + 1):
        crews: dict[str, list[Worker]] = {name: [] for name in commands}
        missing: dict[str, str] = {}
        try:
            for place in range(count):
                for name, parts in commands.items():
                    worker = Worker(parts, settings.work / "homes" / f"{name}-{place}", processors=[processors[place]])
                    crews[name].append(worker)
                    try:
                        worker.load()
                    except PeerError as failure:
                        missing[name] = str(failure)
            ready = {name: crew_ for name, crew_ in crews.items() if name not in missing}
            result[str(count)] = folders.folder(ready, paths, "detect")
        finally:
            for crew_ in crews.values():
                for worker in crew_:
                    worker.close()
    return result


def _about(peer: Peer, versions: Mapping[str, str], missing: Mapping[str, str]) -> dict[str, Any]:
    said = {"title": peer.title, "called": peer.called, "note": peer.note, "version": versions.get(peer.name)}
    return said | ({"missing": missing[peer.name]} if peer.name in missing else {})
