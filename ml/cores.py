"""Threads that help each other run on different cores.

After a pause the kernel of a virtual machine wakes a helper on the core of the thread that calls it, although another sleeps: it holds a
sleeping core for one that its host has taken away (`vcpu_is_preempted` in Linux). Both then share one core for milliseconds, and two
threads take longer than one. Where the system knows no affinity, as macOS, nothing is done.
"""

import ctypes
import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

_KNOWN: Final = hasattr(os, "sched_setaffinity")
_OWN_NAME: Final = Path("/proc/thread-self/comm")
_THREADS: Final = Path("/proc/self/task")
_numbers: Final = itertools.count(1)


@contextmanager
def helpers() -> Iterator[list[int]]:
    """Native ids of the threads that a library starts meanwhile for the caller; the list is filled at the end.

    A thread inherits the name of the one that starts it, so the caller has a name of its own meanwhile.
    """
    started: list[int] = []
    try:
        name, mark = _name(_OWN_NAME), f"helper-{next(_numbers)}"
        _OWN_NAME.write_text(mark)
    except OSError:  # no such file, or not to be written
        yield started
        return
    try:
        yield started
    finally:
        _OWN_NAME.write_text(name)
        started += [int(thread.name) for thread in _THREADS.iterdir() if _is(thread, mark)]


def keep_apart(threads: Iterable[int]) -> None:
    """Let threads, given by native id, wake on any core of this process but the caller's; anywhere if there is no other."""
    for thread in threads:
        with suppress(OSError):  # it has ended, or the system forbids it
            others = os.sched_getaffinity(os.getpid()) - {_current()}
            os.sched_setaffinity(thread, others or {_current()})


def stay(number: int, threads: int) -> None:
    """Keep the caller, one of so many threads, on its share of this process's cores: every `threads`-th, from the one of its number on.

    A share is a single core only where there is a thread for each; several processes thus never crowd on the first cores.
    """
    if _KNOWN:
        with suppress(OSError):  # the system forbids it
            cores = sorted(os.sched_getaffinity(os.getpid()))
            os.sched_setaffinity(0, cores[number % len(cores) :: threads])


def _current() -> int:
    return int(_libc().sched_getcpu())


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _name(comm: Path) -> str:
    return comm.read_text().removesuffix("\n")


def _is(thread: Path, name: str) -> bool:
    try:
        return _name(thread / "comm") == name
    except OSError:  # it has ended
        return False
