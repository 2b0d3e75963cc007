"""The worker's side of the harness: one peer in a process of its own, asked by JSON lines, answering by JSON lines.

This module runs in the peers' environments: only the standard library is imported.

    {"do": "load", "threads": 2}                          -> import_ms, load_ms, tasks, version
    {"do": "run", "task": "detect", "photo": "a.png"}     -> ms, faces
    {"do": "folder", "task": "detect", "photos": [...]}   -> ms, photos, faces

`ms` is the time of the peer's own call, on a photograph that is decoded already; in a folder decoding counts too.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Faces = list[dict[str, Any]]
"""Per face: box [x1, y1, x2, y2] in pixels, and what else was asked: score, points (how many), embedding (length), age, gender, emotion."""


@dataclass(frozen=True)
class Task:
    """A peer's own call on a decoded photograph, which is timed, and what its answer says in plain words, which is not."""

    call: Callable[[Any], Any]
    plain: Callable[[Any], Faces]


@dataclass(frozen=True)
class Peer:
    """A loaded peer. decode: a file's path to what its calls take."""

    version: str
    decode: Callable[[str], Any]
    tasks: Mapping[str, Task]
    photos: dict[str, Any] = field(default_factory=dict)

    def run(self, task: str, path: str) -> dict[str, Any]:
        """One call; a photograph is decoded when it is first met, outside the time."""
        if path not in self.photos:
            self.photos.clear()
            self.photos[path] = self.decode(path)
        photo, chosen = self.photos[path], self.tasks[task]
        start = time.perf_counter()
        answer = chosen.call(photo)
        taken = time.perf_counter() - start
        return {"ms": taken * 1000, "faces": chosen.plain(answer)}

    def folder(self, task: str, paths: list[str]) -> dict[str, Any]:
        """File after file, decoding included."""
        chosen, faces = self.tasks[task], 0
        start = time.perf_counter()
        for path in paths:
            faces += len(chosen.plain(chosen.call(self.decode(path))))
        return {"ms": (time.perf_counter() - start) * 1000, "photos": len(paths), "faces": faces}


def serve(imports: Callable[[], object], load: Callable[[int], Peer]) -> None:
    """Answer until the input ends. What the peer prints goes to the log, not between the answers."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    loaded: list[Peer] = []
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _answer(request, loaded, imports, load)
        except Exception as error:  # noqa: BLE001  whatever a peer raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


def _answer(
    request: dict[str, Any], loaded: list[Peer], imports: Callable[[], object], load: Callable[[int], Peer]
) -> dict[str, Any]:
    if request["do"] == "load":
        start = time.perf_counter()
        imports()
        imported = time.perf_counter()
        loaded.append(load(request["threads"]))
        return {
            "import_ms": (imported - start) * 1000,
            "load_ms": (time.perf_counter() - imported) * 1000,
            "tasks": list(loaded[0].tasks),
            "version": loaded[0].version,
        }
    if request["do"] == "run":
        return loaded[0].run(request["task"], request["photo"])
    return loaded[0].folder(request["task"], request["photos"])
