"""Kinds of jobs. An app's module `background` registers the functions that do the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Progress(Protocol):
    """Called by the work as it goes on; raises when the work should end at once (the server stops, the attempt was given up)."""

    def __call__(self, share: float, message: str = "") -> None:
        """Record that `share` (0..1) is done."""
        ...


Work = Callable[..., Mapping[str, Any] | None]
"""Takes the progress, then the job's arguments by name; returns what is kept as the result (JSON values)."""


class JobFailed(Exception):  # noqa: N818
    """The work cannot be done; the message tells a person why. It is not tried again."""


@dataclass(frozen=True)
class Kind:
    """A kind of job: its name in the database, its name for people, the function."""

    name: str
    title: str
    work: Work


_kinds: dict[str, Kind] = {}


def kind(name: str, *, title: str) -> Callable[[Work], Work]:
    """Register the decorated function as a kind of job."""

    def register(work: Work) -> Work:
        _kinds[name] = Kind(name, title, work)
        return work

    return register


def find(name: str) -> Kind | None:
    """The kind of that name."""
    return _kinds.get(name)
