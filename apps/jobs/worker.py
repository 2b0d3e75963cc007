"""The embedded worker: one per HEXAFACE_HOME, small until a job needs networks, gone when its server is."""

import fcntl
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from django.core.management import call_command
from django.db import connections
from django_tasks_db.management.commands.db_worker import Worker

from apps.jobs import running
from apps.jobs.reaper import reap

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
REAP_SECONDS: Final = 3.0
PARENT_SECONDS: Final = 1.0
LAST_SECONDS: Final = 10.0  # how long running work may take to come to its next step
TASKS_PER_PROCESS: Final = 50  # then a fresh process, so that nothing piles up


class EmbeddedWorker(Worker):
    """The database queue's worker, with an end that does not wait for long work."""

    def __init__(self, *, batch: bool) -> None:
        super().__init__(
            queue_names=["*"],
            interval=LOOK_SECONDS,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None if batch else TASKS_PER_PROCESS,
            worker_id=f"embedded-{os.getpid()}",
            excluded_queue_names=[],
        )

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Running work is put back at its next step; what comes to no step is cut off."""
        running.stopping.set()
        _exit_later()
        super().shutdown(signum, frame)


def work(*, batch: bool) -> None:
    """Run jobs until told to stop; with `batch` until none waits."""
    call_command("prune_db_task_results", min_age_days=1, queue_name="*", verbosity=0)  # our rows are the record
    reap()
    worker = EmbeddedWorker(batch=batch)
    if not batch:
        worker.configure_signals()
        _in_background("reaper", reap_for_ever)
    worker.run()


@contextmanager
def only_one(lock: Path) -> Iterator[bool]:
    """Hold the lock of the home folder and write our number into it; False when another worker holds it.

    The system frees the lock when the process ends, however it ends.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield True
    finally:
        os.close(descriptor)


def end_with(parent: int) -> None:
    """End this process soon after its parent is gone, however the parent went."""

    def watch() -> None:
        wait = threading.Event()
        while os.getppid() == parent:
            wait.wait(PARENT_SECONDS)
        logger.warning("the server is gone, the worker ends")
        os.kill(os.getpid(), signal.SIGTERM)

    _in_background("parent", watch)


def reap_for_ever() -> None:
    """Look after jobs every few seconds, until this process is told to stop."""
    while not running.stopping.wait(REAP_SECONDS):
        try:
            reap()
        except Exception:
            logger.exception("looking after jobs failed")
        finally:
            connections.close_all()


def _exit_later() -> None:
    def cut() -> None:
        threading.Event().wait(LAST_SECONDS)
        os._exit(1)

    _in_background("last seconds", cut)


def _in_background(name: str, target: Callable[[], None]) -> None:
    threading.Thread(target=target, name=name, daemon=True).start()
