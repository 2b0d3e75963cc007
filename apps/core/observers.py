"""Others may look at answers that have been given: they register here, core does not know them. They cannot change or delay an answer."""

import logging
from collections.abc import Callable
from typing import Final

from ml.photo import Photo
from ml.reports import Report, VerifyReport

logger = logging.getLogger(__name__)

Observer = Callable[[tuple[Photo, ...], Report | VerifyReport], None]
"""Takes the photographs and the engine's answer; must return at once and keep neither for longer than it needs them."""

_observers: Final[list[Observer]] = []


def register(observer: Observer) -> None:
    """Let an observer see answers from now on."""
    _observers.append(observer)


def notify(photos: tuple[Photo, ...], report: Report | VerifyReport) -> None:
    """Show an answer to all observers; what fails in one of them is logged and nothing else."""
    for observer in _observers:
        try:
            observer(photos, report)
        except Exception:
            logger.exception("an observer failed")
