"""A candidate beside the active version: one thread of low priority, one photograph that waits, counts and nothing else.

An answer is never delayed: `see` looks at a dictionary and puts a photograph aside, or drops it. The thread works only while no
request does.
"""

import logging
import os
import queue
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import DatabaseError, connections

from apps.core.engine import get_admission
from apps.evaluation.candidates import Candidate, Count, Counts, keep_counts, read_candidates
from ml.photo import Photo
from ml.reports import Report, VerifyReport

logger = logging.getLogger(__name__)

READ_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 2.0  # how long a photograph may wait for a moment without requests
LARGEST: Final = 16_000_000  # pixels; larger photographs are not kept back
NICE: Final = 15


@dataclass(frozen=True)
class Seen:
    """Photographs and what the active version said; `draw` decides whether they are within a candidate's share."""

    photos: tuple[Photo, ...]
    report: Report | VerifyReport
    draw: float

    @property
    def answered(self) -> Mapping[str, str]:
        """The version that answered each task."""
        if isinstance(self.report, VerifyReport):
            return {"verify": f"{self.report.model.network} {self.report.model.version}"}
        return {task: f"{model.network} {model.version}" for task, model in self.report.models.items()}


class Shadows:
    """All candidates of this process."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Seen | None] = queue.Queue(maxsize=1)
        self._candidates: Mapping[str, Candidate] = {}
        self._read_at = -READ_SECONDS
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._dropped = Counts()

    def see(self, photos: tuple[Photo, ...], report: Report | VerifyReport) -> None:
        """Look at an answer; costs microseconds."""
        seen = Seen(photos, report, random.random())  # noqa: S311  a sample, no secret
        fresh = time.monotonic() - self._read_at < READ_SECONDS
        if fresh and not self._chosen(seen):
            return
        if sum(photo.width * photo.height for photo in photos) > LARGEST:
            return
        self._start()
        try:
            self._waiting.put_nowait(seen)
        except queue.Full:
            self._drop(seen)

    def drain(self, seconds: float = 60.0) -> None:
        """Wait until all that was put aside has been looked at."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def _chosen(self, seen: Seen) -> list[Candidate]:
        answered = seen.answered
        return [
            candidate
            for task, candidate in self._candidates.items()
            if answered.get(task) == candidate.active_key and seen.draw < candidate.share
        ]

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        _step_back()
        while True:
            seen = self._waiting.get()
            try:
                if seen is not None:
                    self._look(seen)
            except DatabaseError:
                logger.exception("counts of a candidate could not be kept")
            except Exception:
                logger.exception("shadow mode failed")
            finally:
                seen = None  # no photograph is held while nothing waits
                connections.close_all()
                self._waiting.task_done()

    def _look(self, seen: Seen) -> None:
        if time.monotonic() - self._read_at >= READ_SECONDS:
            self._candidates = read_candidates(self._candidates)
            self._read_at = time.monotonic()
        with self._lock:
            dropped, self._dropped = self._dropped, Counts()
        for task, count in dropped.items():
            if task in self._candidates:
                keep_counts(self._candidates[task], count)
        for candidate in self._chosen(seen):
            keep_counts(candidate, self._compare(candidate, seen))

    def _compare(self, candidate: Candidate, seen: Seen) -> Count:
        if not _wait_for_idle():
            return Count(dropped=1)
        return candidate.compare(seen.photos, seen.report, go_on=_wait_for_idle)

    def _drop(self, seen: Seen) -> None:
        with self._lock:
            for candidate in self._chosen(seen):
                self._dropped.setdefault(candidate.task, Count()).dropped += 1


def _wait_for_idle() -> bool:
    """Wait for a moment in which no request is worked on; False when there was none."""
    deadline = time.monotonic() + IDLE_SECONDS
    while get_admission().busy:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _step_back() -> None:
    """Let every other thread go first. Linux gives each thread a priority of its own; elsewhere nothing is changed."""
    if hasattr(os, "setpriority") and hasattr(threading, "get_native_id") and os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


shadows: Final = Shadows()
"""Of this process."""
