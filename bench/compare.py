"""The section "peers": every peer in a process of its own, on the same photographs and processors, in turns."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import detecting, folders, starting
from bench.aims import aims
from bench.common import Settings
from bench.crews import Commands, Crew, commands, crew
from bench.environments import Peer, peers
from bench.photographs import GROUPS, WIDTHS, Photograph, folder_of, photographs
from bench.rounds import Candidate, candidates, take_turns

ONE: Final = "face-640"
FACE: Final = ("landmarks", "embedding", "age and gender", "emotion", "identity", "together")
"""Tasks beside detection; each includes it. identity: detection, landmarks and embedding; together: all that a peer offers."""
Rows = Sequence[tuple[str, str]]
"""Task and photograph of each row."""
SHORT: Final[Rows] = (
    ("detect", ONE),
    *((task, ONE) for task in FACE),
    ("together", "group-1"),
    ("together", "group-20"),
)
LONG: Final[Rows] = (
    *(("detect", name) for name in ("face-320", ONE, "face-1280", "face-4000", "group-20")),
    *((task, ONE) for task in FACE),
    ("identity", "group-20"),
    *(("together", name) for name in ("group-1", "group-5", "group-20")),
)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: starts of each peer, files in the folder, and the rows of each number of threads."""

    starts: int
    files: int
    rows: Mapping[int, Rows]
    widths: Sequence[int] = WIDTHS
    groups: Sequence[int] = GROUPS


def extent(settings: Settings, most: int) -> Extent:
    """By the settings; at most `most` threads."""
    if settings.small:
        return Extent(1, 12, {1: (("detect", ONE), ("together", ONE))}, widths=(640,), groups=())
    if settings.quick:
        return Extent(1, folders.CHUNK, {most: SHORT})
    return Extent(3, 500, {1: SHORT} | {most: LONG})


def measure(settings: Settings) -> dict[str, Any]:
    """Everything about single processes: starts, rows, accuracy, folder, aims."""
    chosen = [peer for peer in peers() if _wanted(peer, settings)]
    found, missing = commands(chosen, settings.work)
    processors = sorted(os.sched_getaffinity(0))[:2]
    wanted = extent(settings, len(processors))
    made = photographs(settings.work, widths=wanted.widths, groups=wanted.groups)
    starts = starting.starts(found, made[ONE], settings.work, times=wanted.starts, processors=processors)
    missing |= {name: figures["failed"] for name, figures in starts.items() if "failed" in figures}
    found = {name: parts for name, parts in found.items() if name not in missing}
    versions: dict[str, str] = {}
    result: dict[str, Any] = {
        "runs": settings.runs,
        "photographs": _sizes(made),
        "start": starts,
        "rows": [],
        "memory": {},
    }
    slow = {peer.name for peer in chosen if peer.slow}
    for threads, rows in wanted.rows.items():
        most = threads == max(wanted.rows)
        ready = {name: parts for name, parts in found.items() if most or name not in slow}
        with crew(ready, settings.work, [processors[:threads]]) as loaded:
            missing |= loaded.failed
            versions |= {name: told["version"] for name, told in loaded.told.items()}
            result["rows"] += list(_rows(loaded, slow, made, rows, (settings.runs, threads)))
            result["memory"][str(threads)] = loaded.memory()
            if most and settings.data is not None:
                print("  labelled photographs ...", flush=True)
                result["accuracy"] = detecting.accuracy(_candidates(loaded, "detect"), settings.data)
    result["folder"] = _folders(found, settings.work, wanted.files, processors[: max(wanted.rows)])
    result["peers"] = {peer.name: _about(peer, versions, missing) for peer in chosen}
    return result | {"aims": aims(result)}


def _wanted(peer: Peer, settings: Settings) -> bool:
    if settings.only:
        return peer.name in {"hexaface", *settings.only}
    return peer.runtime == "own" or not settings.small


def _candidates(loaded: Crew, task: str) -> list[Candidate]:
    return candidates(loaded.first, {name: told["tasks"] for name, told in loaded.told.items()}, task)


def _rows(
    loaded: Crew,
    slow: set[str],
    made: Mapping[str, Photograph],
    rows: Rows,
    count: tuple[int, int],
) -> Iterator[dict[str, Any]]:
    runs, threads = count
    for task, name in rows:
        print(f"  {task}, {name}, {threads} thread{'s' * (threads > 1)} ...", flush=True)
        those = [one for one in _candidates(loaded, task) if name == ONE or one.key.split("/")[0] not in slow]
        figures = take_turns(those, made[name], runs)
        yield {"task": task, "photograph": name, "threads": threads, "figures": figures}


def _folders(found: Commands, work: Path, files: int, processors: Sequence[int]) -> dict[str, Any]:
    """One process on one processor, and two processes on two, each on its own."""
    paths = folder_of(work, files)
    result = {}
    for count in range(1, len(processors) + 1):
        print(f"  folder, {count} process{'es' * (count > 1)} ...", flush=True)
        with crew(found, work, [[processor] for processor in processors[:count]]) as loaded:
            failed = {name: {"failed": why} for name, why in loaded.failed.items()}
            result[str(count)] = folders.folder(loaded.workers, paths, "detect") | failed
    return result


def _sizes(made: Mapping[str, Photograph]) -> dict[str, dict[str, int]]:
    return {name: {"width": p.width, "height": p.height, "faces": len(p.faces)} for name, p in made.items()}


def _about(peer: Peer, versions: Mapping[str, str], missing: Mapping[str, str]) -> dict[str, Any]:
    said = {"title": peer.title, "called": peer.called, "note": peer.note, "version": versions.get(peer.name)}
    return said | ({"missing": missing[peer.name]} if peer.name in missing else {})
