"""Where the time of one request goes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ml.photo import Photo


class Timer:
    """Milliseconds per named step, beginning with the decoding of the photographs; steps of several threads add up."""

    def __init__(self, *photos: Photo) -> None:
        self._ms = {"decode": sum(photo.decode_ms for photo in photos)} if photos else {}
        self._decode_ms = sum(self._ms.values())
        self._start = time.perf_counter()
        self._lock = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a block."""
        start = time.perf_counter()
        yield
        with self._lock:
            self._ms[name] = self._ms.get(name, 0.0) + (time.perf_counter() - start) * 1000

    def finish(self) -> dict[str, float]:
        """The steps, and under "total" the time that a clock on the wall would show, decoding included."""
        return self._ms | {"total": self._decode_ms + (time.perf_counter() - self._start) * 1000}
