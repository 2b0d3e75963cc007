"""Memory that the C library would keep: large photographs, and interpreters that went, leave holes which it does not return by itself."""

import ctypes
import threading
import weakref
from typing import Final

LARGE: Final = 24_000_000
"""Bytes of a decoded photograph from which on what it leaves behind is worth a search, which takes up to tens of milliseconds."""
_due = threading.Event()


def watch(holder: object, nbytes: int) -> None:
    """If that many bytes are large, `give_back` has something to do once the holder of them is gone."""
    if nbytes >= LARGE:
        weakref.finalize(holder, _due.set).atexit = False


def give_back() -> bool:
    """Return free memory to the system if a large photograph went since the last call; whether one did."""
    if not _due.is_set():
        return False
    _due.clear()
    trim()
    return True


def trim() -> None:
    """Ask the C library to return free memory. Not every system has the call."""
    call = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if call is not None:
        call(0)
