"""The thread of a server process that follows the activations in the database and writes down what this process does.

It starts with the server, never with a command: `start` first brings the engine in step, so that the first answer is by the right version.
"""

import atexit
import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

from apps.core import usage
from apps.core.engine import get_engine
from apps.versions.models import ProcessState, VersionUse
from apps.versions.serving import Follower, Standing
from ml.engine import Engine

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
NOTE_SECONDS: Final = 5.0
GONE: Final = timedelta(seconds=30)
"""A process that has written nothing for so long is taken for dead."""


class Watcher:
    """Follows the database for one engine."""

    def __init__(self, engine: Engine, *, look_seconds: float = LOOK_SECONDS) -> None:
        self.process = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._engine = engine
        self._follower = Follower(engine)
        self._pause = look_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="versions", daemon=True)
        self._trouble = ""
        self._noted: tuple[float, Mapping[str, Standing]] = (0.0, {})

    def start(self) -> None:
        """Bring the engine in step, then follow in a thread. A database that does not answer delays nothing: the shipped versions serve."""
        self._look()
        close_old_connections()
        self._thread.start()

    def stop(self) -> None:
        """Stop following and take this process off the list."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(10)
        with contextlib.suppress(DatabaseError):
            _write_use()
        with contextlib.suppress(DatabaseError):  # another process will take it off
            ProcessState.objects.filter(process=self.process).delete()

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            close_old_connections()
            self._look()
        connection.close()

    def _look(self) -> None:
        try:
            standings = self._follower.step()
            self._engine.give_back()
            self._note(standings)
            self._trouble = ""
        except DatabaseError as error:
            if str(error) != self._trouble:  # once, not every second
                logger.warning("model versions could not be looked up: %s", error)
            self._trouble = str(error)
        except Exception:  # this thread must outlive whatever happens
            logger.exception("following the model versions failed")

    def _note(self, standings: Mapping[str, Standing]) -> None:
        last, before = self._noted
        if standings == before and time.monotonic() - last < NOTE_SECONDS:
            return
        self._noted = (time.monotonic(), standings)
        _write_states(self.process, standings)
        _write_use()


def _write_states(process: str, standings: Mapping[str, Standing]) -> None:
    now = timezone.now()
    rows = [
        ProcessState(
            process=process, task=task, wanted=state.wanted, serving=state.serving, error=state.error, seen_at=now
        )
        for task, state in standings.items()
    ]
    ProcessState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["process", "task"],
        update_fields=["wanted", "serving", "error", "seen_at"],
    )
    ProcessState.objects.filter(seen_at__lt=now - GONE).delete()


def _write_use() -> None:
    taken = usage.take()
    try:
        with transaction.atomic():
            _add_use(taken)
    except Exception:
        usage.give_back(taken)
        raise


def _add_use(taken: Mapping[tuple[str, str, str], usage.Tally]) -> None:
    # In one order, so that processes never wait for each other's rows in a ring.
    for (task, network, version), tally in sorted(taken.items(), key=lambda entry: entry[0]):
        row, _ = VersionUse.objects.select_for_update().get_or_create(
            task=task,
            key=f"{network} {version}",
            defaults={"since": timezone.now(), "buckets": [0] * usage.BUCKETS},
        )
        row.requests += tally.requests
        row.buckets = [old + new for old, new in zip(row.buckets, tally.buckets, strict=True)]
        row.save(update_fields=["requests", "buckets"])


def start() -> Watcher:
    """Follow for the engine of this process, until it ends."""
    watcher = Watcher(get_engine())
    watcher.start()
    atexit.register(watcher.stop)
    return watcher
