"""Threads that all requests share: parts of one photograph are worked on side by side when cores are free."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from ml.cores import stay

_MOST_CORES: Final = 4  # more bring little: the networks are small
_AHEAD: Final = 2  # items per thread that are begun before the first is answered: bounds memory, keeps the threads busy
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Workers:
    """`threads` threads for as many cores, started when first needed; none when it is 1.

    They help while callers are fewer than cores. A caller beyond that works alone: handing work over would only cost time.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "worker", self._mark) if threads > 1 else None
        self._mine = threading.local()
        """alone: does this thread work without help? share: how many cores are its own. depth: how many of its maps run."""
        self._callers = 0
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def map(self, function: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
        """Answers in the order of the items, which are taken as late as keeps the threads busy. The first error is raised in its turn.

        May be called from any thread, from a worker and while items are made: who called first decides.
        """
        pool = self._pool
        with self._calling() as alone:
            if pool is None or alone:
                yield from map(function, items)
            else:
                yield from _in_order(lambda item: pool.submit(function, item), items, _AHEAD * self._threads)

    @contextmanager
    def cores(self) -> Iterator[int]:
        """How many threads one network may use meanwhile: the caller's share of the cores, at most four."""
        with self._calling() as alone:
            yield 1 if alone else min(self._mine.share, _MOST_CORES)

    def close(self) -> None:
        """Stop the threads; running work ends first."""
        if self._pool is not None:
            self._pool.shutdown()

    def _mark(self) -> None:
        # A worker that waited for other workers could wait for ever.
        self._mine.depth, self._mine.alone = 1, True
        stay(next(self._numbers), self._threads)

    @contextmanager
    def _calling(self) -> Iterator[bool]:
        mine, outermost = self._mine, getattr(self._mine, "depth", 0) == 0
        if outermost:
            mine.depth = 0
            with self._lock:
                self._callers += 1
                mine.alone = self._callers >= self._threads
                mine.share = max(1, self._threads // self._callers)
        mine.depth += 1
        try:
            yield mine.alone
        finally:
            mine.depth -= 1
            if outermost:
                with self._lock:
                    self._callers -= 1


def _in_order(submit: Callable[[Item], Future[Answer]], items: Iterable[Item], ahead: int) -> Iterator[Answer]:
    begun: deque[Future[Answer]] = deque()
    try:
        for item in items:
            begun.append(submit(item))
            if len(begun) > ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:  # after an error nobody wants the rest
        for future in begun:
            future.cancel()


ALONE: Final = Workers(1)
"""The caller's own thread."""
