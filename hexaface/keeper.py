"""Keeps the embedded worker alive: every server process looks whether there is one, and starts it when there is none.

The lock in HEXAFACE_HOME decides between several that start one at the same time. The worker ends with the process that started it;
another server process then starts the next.
"""

import contextlib
import fcntl
import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hexaface.config import BASE_DIR

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
SLOWEST_SECONDS: Final = 60.0
HEALTHY_SECONDS: Final = 10.0  # a worker that lived so long did not fail at its start
STOP_SECONDS: Final = 12.0  # a little more than the worker gives its work


class Keeper:
    """A thread that starts the command whenever nobody holds the lock. Dead starts are repeated ever more slowly."""

    def __init__(self, *, command: Sequence[str], lock: Path) -> None:
        self._command = list(command)
        self._lock = lock
        self._over = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop our worker, if it is ours, and start no other."""
        self._over.set()
        self._thread.join(LOOK_SECONDS)
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _keep(self) -> None:
        pause = LOOK_SECONDS
        while not self._over.is_set():
            if self._is_free():
                lived = self._run_once()
                pause = LOOK_SECONDS if lived else min(pause * 2, SLOWEST_SECONDS)
            self._over.wait(pause)

    def _run_once(self) -> bool:
        """Run the worker until it ends or we are told to; whether it lived long enough to be healthy."""
        try:
            # A session of its own: Ctrl+C in the terminal reaches the server, which stops the worker in order.
            self._child = subprocess.Popen(  # noqa: S603
                self._command, cwd=BASE_DIR, stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError:  # no memory or no process to be had now
            logger.exception("the worker could not be started")
            return False
        passed = 0.0
        while self._child.poll() is None and not self._over.wait(0.2):
            passed += 0.2
        return passed >= HEALTHY_SECONDS or self._child.poll() == 0

    def _is_free(self) -> bool:
        with contextlib.suppress(OSError), self._lock.open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False


def worker_command(parent: int) -> list[str]:
    """How the embedded worker of a server process is started."""
    return [sys.executable, str(BASE_DIR / "manage.py"), "run_worker", "--parent", str(parent)]
