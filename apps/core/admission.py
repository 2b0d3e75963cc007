"""A bound on concurrent work: so many photographs at once, so many waiting, and nobody waits for ever."""

import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ml.errors import Busy


class Admission:
    """Lets `running` callers work and `waiting` wait, each for at most `seconds`; others get Busy at once."""

    def __init__(self, *, running: int, waiting: int, seconds: float) -> None:
        self._places = running
        self._room = waiting
        self._seconds = seconds
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()
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
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            if self._busy < self._places:
                self._busy += 1
                return
            if len(self._queue) >= self._room:
                raise self._refusal()
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(self._seconds):
            return
        with self._lock:
            if not turn.is_set():  # it may have become so meanwhile
                self._queue.remove(turn)
                raise self._refusal()

    def _leave(self) -> None:
        with self._lock:
            # The place goes to the next in the queue; waking all who wait would take their time from those at work.
            if self._queue:
                self._queue.popleft().set()
            else:
                self._busy -= 1

    def _refusal(self) -> Busy:
        retry = max(1, min(30, math.ceil(self._seconds / 2)))
        return Busy("The server has as much work as it takes on. Try again in a moment.", {"retry_after": retry})
