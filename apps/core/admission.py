"""A bound on concurrent work: so many photographs at once, so many waiting, and nobody waits for ever."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ml.errors import Busy


class Admission:
    """Lets `running` callers work and `waiting` wait, each for at most `seconds`; others get Busy at once."""

    def __init__(self, *, running: int, waiting: int, seconds: float) -> None:
        self._places = running
        self._room = waiting
        self._seconds = seconds
        self._condition = threading.Condition()
        self._queue: list[object] = []
        self._busy = 0

    @property
    def busy(self) -> int:
        """Callers at work now."""
        return self._busy

    @property
    def waiting(self) -> int:
        """Callers that wait for their turn now."""
        return len(self._queue)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while the body runs; first come, first served.

        Raises:
            Busy: the queue is full, or the wait took too long. Details say when to try again.
        """
        self._enter()
        try:
            yield
        finally:
            with self._condition:
                self._busy -= 1
                self._condition.notify_all()

    def _enter(self) -> None:
        with self._condition:
            if self._busy >= self._places and len(self._queue) >= self._room:
                raise self._refusal()
            ticket = object()
            self._queue.append(ticket)
            deadline = time.monotonic() + self._seconds
            try:
                while not (self._busy < self._places and self._queue[0] is ticket):
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._condition.wait(left):
                        raise self._refusal()
                self._busy += 1
            finally:
                self._queue.remove(ticket)
                self._condition.notify_all()

    def _refusal(self) -> Busy:
        retry = max(1, min(30, math.ceil(self._seconds / 2)))
        return Busy("The server has as much work as it takes on. Try again in a moment.", {"retry_after": retry})
